/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/orphans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/recorder/journey_file.h"
#include "capture/ring_set.h"
#include "cmd/capture/capture_hide.h"
#include "cmd/capture/capture_names.h"
#include "cmd/capture/journey_ids.h"
#include "cmd/client.h"
#include "formats/pcapng/pcapng_write.h"

enum {
    BURST = 1024,
    /* Behind all files that the recorder may have written itself: so that nobody takes this one for
     * the whole recording. */
    SEGMENT_OF_THE_REST = 1000000
};

struct recovery {
    struct ring_set set;
    struct journey_file *file;
    struct pcapng_writer *writer; /* the file's */
    struct capture_names names;
    struct journey_ids *known;
    json_t *ended; /* the account of the whole session */
    json_t *about; /* what capture.attach had answered */
    char comment[256];
    struct orphan_recovered *told;
    uint64_t rx_mono_ns; /* of the last timeline */
    struct xsw_error write_error;
    enum xsw_status write_status; /* the first failure */
};

enum xsw_status orphans_list(struct client *client, json_t **list, struct xsw_error *error)
{
    struct client_reply reply;
    enum xsw_status status = client_call(client, "capture.orphans", NULL, &reply, error);
    if (status == XSW_OK) {
        *list = json_incref(json_object_get(reply.result, "orphans"));
        client_reply_fini(&reply);
    }
    return status;
}

static enum xsw_status rings_get(struct recovery *recovery, struct client *client, uint64_t orphan,
                                 struct xsw_error *error)
{
    struct client_reply reply;
    enum xsw_status status = client_call(
        client, "capture.recover", json_pack("{s:I}", "orphan", (json_int_t)orphan), &reply, error);
    if (status != XSW_OK) {
        return status;
    }
    recovery->about = json_incref(json_object_get(reply.result, "capture"));
    recovery->ended = json_incref(json_object_get(reply.result, "ended"));
    capture_names_take(&recovery->names, json_incref(json_object_get(reply.result, "dictionary")));
    for (size_t i = 0; status == XSW_OK && i < reply.fd_count; i++) {
        status = ring_set_add(&recovery->set, reply.fds[i], error);
    }
    client_reply_fini(&reply);
    if (status == XSW_OK && recovery->set.count == 0) {
        status = error_set(error, XSW_CORRUPT, "xswd sent no rings for orphan %llu",
                           (unsigned long long)orphan);
    }
    if (status == XSW_OK && capture_hides(recovery->about)) {
        capture_hide_session(recovery->about);
        capture_names_hide(&recovery->names);
    }
    return status;
}

/* The file ----------------------------------------------------------------------------------- */

static uint64_t number_of(const json_t *object, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(object, name));
    return value > 0 ? (uint64_t)value : 0;
}

static char *section_make(const struct recovery *recovery)
{
    json_t *section = json_copy(recovery->names.dictionary);
    json_object_del(section, "past_ports"); /* the tap points tell what is needed of them */
    json_object_set_new(section, "format", json_integer(META_FORMAT));
    json_t *capture = json_object();
    static const char *const members[] = {"session", "name",       "filter", "where",       "ports",
                                          "stages",  "direction",  "sample", "snap_length", "rate",
                                          "budget",  "ring_bytes", "privacy"};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        json_object_set(capture, members[i], json_object_get(recovery->about, members[i]));
    }
    json_object_set_new(capture, "segment", json_integer(SEGMENT_OF_THE_REST));
    json_object_set(capture, "recovered", json_object_get(recovery->ended, "account"));
    json_object_set_new(capture, "stage_limited",
                        json_boolean(number_of(recovery->about, "stage_set") != 0));
    json_object_set_new(section, "capture", capture);
    char *text = json_dumps(section, JSON_COMPACT);
    json_decref(section);
    return text;
}

static enum xsw_status writer_open(const char *path, struct pcapng_writer **writer,
                                   struct xsw_error *error)
{
    enum xsw_status status = pcapng_writer_create(path, writer, error);
    if (status == XSW_OK) {
        status = pcapng_writer_start(*writer, 1, error);
        if (status != XSW_OK) {
            (void)pcapng_writer_close(*writer, NULL, NULL);
        }
    }
    return status;
}

static enum xsw_status file_open(struct recovery *recovery, const char *path,
                                 struct xsw_error *error)
{
    const json_t *dictionary = recovery->names.dictionary;
    const json_t *clock = json_object_get(dictionary, "clock");
    const char *host = json_string_value(json_object_get(dictionary, "host"));
    const char *name =
        json_string_value(json_object_get(json_object_get(dictionary, "switch"), "name"));
    char *section = section_make(recovery);
    if (host == NULL || name == NULL || section == NULL) {
        free(section);
        return error_set(error, XSW_CORRUPT, "xswd's dictionary has no host or no switch");
    }
    snprintf(recovery->comment, sizeof(recovery->comment),
             "switch %.64s on %.64s, recovered from the rings of a recorder that died", name, host);
    enum xsw_status status = writer_open(path, &recovery->writer, error);
    if (status == XSW_OK) {
        const struct journey_file_options options = {
            .writer = recovery->writer,
            .section_json = section,
            .host = host,
            .switch_name = name,
            .os = "",
            .comment = recovery->comment,
            .filter = json_string_value(json_object_get(recovery->about, "filter")),
            .wall_offset_ns = number_of(clock, "wall_ns") - number_of(clock, "mono_ns"),
            .snap_length = (uint32_t)number_of(recovery->about, "snap_length"),
            .stages = number_of(recovery->about, "stage_set"),
            .names = capture_names_tap,
            .reason_name = capture_names_reason,
            .port = capture_names_port,
            .port_came = capture_names_port_came,
            .context = &recovery->names};
        status = journey_file_open(&options, &recovery->file, error);
    }
    free(section);
    return status;
}

/* The rings ---------------------------------------------------------------------------------- */

static void write_failed(struct recovery *recovery, const struct xsw_error *error)
{
    if (recovery->write_status == XSW_OK) {
        recovery->write_status = error->status;
        recovery->write_error = *error;
    }
}

static void journey_note(struct recovery *recovery, const struct ring_journey *journey)
{
    struct orphan_recovered *told = recovery->told;
    uint64_t at = recovery->rx_mono_ns;
    told->last_id = journey->id;
    told->first_ns = told->first_ns == 0 || at < told->first_ns ? at : told->first_ns;
    told->last_ns = at > told->last_ns ? at : told->last_ns;
}

static bool record_take(void *context, uint32_t worker, const struct ring_record *record)
{
    struct recovery *recovery = context;
    struct xsw_error error;
    uint64_t mark = journey_file_mark(recovery->file);
    if (record->type == RING_TIMELINE) {
        recovery->rx_mono_ns = ((const struct ring_timeline *)record)->rx_mono_ns;
    } else if (record->type == RING_JOURNEY) {
        const struct ring_journey *journey = (const struct ring_journey *)record;
        if (recovery->known != NULL && journey_ids_has(recovery->known, journey->id)) {
            recovery->told->known++;
            return true;
        }
        journey_note(recovery, journey);
    }
    if (journey_file_put(recovery->file, worker, record, &error) != XSW_OK) {
        write_failed(recovery, &error);
    }
    return record->type != RING_JOURNEY || journey_file_mark(recovery->file) == mark;
}

/* Gives room back only while all is written: what the disk refuses stays in the ring. */
static void rings_settle(struct recovery *recovery)
{
    struct xsw_error error;
    if (journey_file_settle(recovery->file, &error) != XSW_OK) {
        write_failed(recovery, &error);
    }
    if (recovery->write_status == XSW_OK) {
        ring_set_release(&recovery->set, recovery->file);
    }
}

static void ring_drain(struct recovery *recovery, uint32_t worker)
{
    struct ring_set *set = &recovery->set;
    struct xsw_error error;
    while (recovery->write_status == XSW_OK &&
           ring_set_take(set, worker, BURST, record_take, recovery, &error) > 0) {
        rings_settle(recovery);
    }
    if ((set->unreadable >> worker & 1) != 0) {
        recovery->told->unreadable_rings++;
    }
}

static void rings_drain(struct recovery *recovery)
{
    for (uint32_t i = 0; i < recovery->set.count; i++) {
        ring_drain(recovery, i);
    }
    struct xsw_error error;
    if (journey_file_flush(recovery->file, &error) != XSW_OK) {
        write_failed(recovery, &error);
    }
    rings_settle(recovery);
}

/* Without an account at its end: it belongs to the files of the dead recorder, and what those have
 * nobody knows here. That of the session stands in the section. */
static enum xsw_status file_conclude(struct recovery *recovery, struct xsw_error *error)
{
    struct journey_file_account account = journey_file_account(recovery->file);
    recovery->told->journeys = account.written;
    recovery->told->lost_disk = account.lost_disk;
    recovery->told->rings = recovery->set.count;
    enum xsw_status status = journey_file_statistics(recovery->file, 0, error);
    recovery->told->file_bytes = journey_file_bytes(recovery->file);
    enum xsw_status closed =
        journey_file_close(recovery->file, status == XSW_OK ? error : &recovery->write_error);
    recovery->file = NULL;
    if (recovery->write_status != XSW_OK) {
        *error = recovery->write_error;
        return recovery->write_status;
    }
    return status != XSW_OK ? status : closed;
}

enum xsw_status orphan_write(struct client *client, uint64_t orphan, const char *path,
                             struct orphan_recovered *recovered, struct xsw_error *error)
{
    return orphan_write_behind(client, orphan, path, NULL, recovered, error);
}

enum xsw_status orphan_write_behind(struct client *client, uint64_t orphan, const char *path,
                                    struct journey_ids *known, struct orphan_recovered *recovered,
                                    struct xsw_error *error)
{
    struct recovery *recovery = calloc(1, sizeof(*recovery));
    if (recovery == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory to recover a recording");
    }
    *recovered = (struct orphan_recovered){.orphan = orphan};
    recovery->told = recovered;
    recovery->known = known;
    enum xsw_status status = rings_get(recovery, client, orphan, error);
    if (status == XSW_OK) {
        status = file_open(recovery, path, error);
    }
    if (status == XSW_OK) {
        rings_drain(recovery);
        status = file_conclude(recovery, error);
    }
    ring_set_fini(&recovery->set);
    capture_names_close(&recovery->names);
    json_decref(recovery->about);
    json_decref(recovery->ended);
    free(recovery);
    return status;
}
