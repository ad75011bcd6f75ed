/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a recording: what each says of itself at its beginning, and at its end of its part
 * of the account. */
#include "cmd/capture/capture_recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/recorder/journey_file.h"
#include "formats/pcapng/pcapng_write.h"

enum {
    SIZE_STEP = 64 << 10,       /* of records, after which the size of the file is looked at */
    TOLD_AGAIN_NS = 10000000000 /* between two messages about the disk */
};

static json_t *member(const json_t *object, const char *name)
{
    return json_incref(json_object_get(object, name));
}

/* Whether some journeys have records at some stages only. Other rules do not hold for all workers
 * at the same time. */
static bool is_limited(const struct recorder *recorder)
{
    uint64_t sets = 0;
    for (uint32_t i = 0; i < CONFIG_WORKERS_MAX; i++) {
        sets |= recorder->stage_sets[i];
    }
    return sets != 0;
}

/* The section info: the switch's dictionary and what this session is. All files have the clock of
 * the first, by which all their times are. */
static char *section_make(const struct recorder *recorder)
{
    json_t *section = json_copy(recorder->names.dictionary);
    json_object_del(section, "past_ports"); /* the tap points tell what is needed of them */
    json_object_set_new(section, "format", json_integer(META_FORMAT));
    json_object_set_new(section, "clock", member(recorder->first, "clock"));
    json_t *capture = json_object();
    static const char *const members[] = {"session", "name",       "filter", "where",       "ports",
                                          "stages",  "direction",  "sample", "snap_length", "rate",
                                          "budget",  "ring_bytes", "privacy"};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        json_object_set_new(capture, members[i], member(recorder->attached, members[i]));
    }
    if (recorder->files.number != 0) {
        json_object_set_new(capture, "segment", json_integer(recorder->files.number));
    }
    json_object_set_new(capture, "stage_limited", json_boolean(is_limited(recorder)));
    json_object_set_new(section, "capture", capture);
    char *text = json_dumps(section, JSON_COMPACT);
    json_decref(section);
    return text;
}

static uint64_t number_of(const json_t *object, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(object, name));
    return value > 0 ? (uint64_t)value : 0;
}

const char *recorder_switch_name(const struct recorder *recorder)
{
    const json_t *of = json_object_get(recorder->names.dictionary, "switch");
    return json_string_value(json_object_get(of, "name"));
}

enum xsw_status recorder_file_open(struct recorder *recorder, struct xsw_error *error)
{
    const json_t *dictionary = recorder->names.dictionary;
    const json_t *clock = json_object_get(dictionary, "clock");
    const char *host = json_string_value(json_object_get(dictionary, "host"));
    const char *name = recorder_switch_name(recorder);
    if (host == NULL || name == NULL) {
        return error_set(error, XSW_CORRUPT, "xswd's dictionary has no host or no switch");
    }
    enum xsw_status status = capture_files_open(&recorder->files, name, &recorder->writer, error);
    if (status != XSW_OK) {
        return status;
    }
    recorder->first = json_incref(recorder->names.dictionary);
    recorder->first_filter = json_incref(json_object_get(recorder->attached, "filter"));
    uint64_t stages =
        (uint64_t)json_integer_value(json_object_get(recorder->attached, "stage_set"));
    for (uint32_t i = 0; i < recorder->set.count; i++) {
        recorder->stage_sets[i] = stages;
    }
    char *section = section_make(recorder);
    if (section == NULL) {
        (void)pcapng_writer_close(recorder->writer, NULL, NULL);
        return error_set(error, XSW_NO_MEMORY, "no memory for the section info");
    }
    struct utsname system;
    uname(&system);
    snprintf(recorder->os, sizeof(recorder->os), "%.64s %.64s %.32s", system.sysname,
             system.release, system.machine);
    snprintf(recorder->comment, sizeof(recorder->comment),
             "switch %.64s on %.64s, recorded by xsw capture", name, host);
    struct journey_file_options options = {
        .writer = recorder->writer,
        .section_json = section,
        .host = host,
        .switch_name = name,
        .os = recorder->os,
        .comment = recorder->comment,
        .filter = recorder->names.hides ? json_string_value(recorder->first_filter)
                                        : recorder->options.filter,
        .wall_offset_ns = number_of(clock, "wall_ns") - number_of(clock, "mono_ns"),
        .snap_length = (uint32_t)number_of(recorder->attached, "snap_length"),
        .stages = stages,
        .every_stage = recorder->options.every_stage,
        .names = capture_names_tap,
        .reason_name = capture_names_reason,
        .port = capture_names_port,
        .port_came = capture_names_port_came,
        .context = &recorder->names};
    status = journey_file_open(&options, &recorder->file, error);
    free(section);
    return status;
}

/* The account -------------------------------------------------------------------------------- */

void recorder_account(const struct recorder *recorder, struct capture_end *end)
{
    struct journey_file_account account = journey_file_account(recorder->file);
    end->written = account.written;
    end->lost_disk = account.lost_disk;
    end->past_limit = recorder->past_limit;
    end->path = recorder->files.path;
    end->files = recorder->files.number;
    end->deleted = recorder->files.deleted;
    end->seconds = (double)(clock_mono_ns() - recorder->started_ns) / NS_PER_SECOND;
    end->error = recorder->disk_error.text[0] != '\0' ? recorder->disk_error.text : NULL;
    end->ring_count = recorder->set.count;
    /* A switch that has gone left its account in the rings, as of its last batch. */
    for (uint32_t i = 0; i < recorder->set.count; i++) {
        end->rings[i] = ring_header_account(recorder->set.rings[i].header);
    }
}

/* While the switch goes on, its counters are not of one moment, and journeys are in the rings. The
 * account of a file that is not the last is of what has been taken out of them; the last one gets
 * what is left of the switch's own. */
static void account_so_far(const struct recorder *recorder, struct capture_end *end)
{
    recorder_account(recorder, end);
    end->lost_reader = recorder->end.lost_reader;
    for (uint32_t i = 0; i < end->ring_count; i++) {
        struct capture_account *ring = &end->rings[i];
        ring->written = recorder->set.journeys[i];
        ring->offered = ring->written + ring->filtered + ring->sampled + capture_account_lost(ring);
    }
}

/* Rotation ----------------------------------------------------------------------------------- */

static enum xsw_status part_conclude(struct recorder *recorder, struct xsw_error *error)
{
    struct capture_end so_far = {0};
    account_so_far(recorder, &so_far);
    struct capture_end part = capture_end_since(&so_far, &recorder->told);
    part.why = "rotated";
    part.segment = recorder->files.number - 1; /* the next one is open already */
    part.dictionary = recorder->names.dictionary;
    char *summary = capture_report_summary(&part);
    if (summary == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the summary");
    }
    pcapng_writer_reserve(recorder->writer, 0);
    enum xsw_status status =
        journey_file_summary(recorder->file, summary, capture_end_lost(&part), error);
    free(summary);
    recorder->told = so_far;
    return status;
}

static enum xsw_status next_open(struct recorder *recorder, struct pcapng_writer **next,
                                 struct xsw_error *error)
{
    const char *name = recorder_switch_name(recorder);
    if (name == NULL) {
        return error_set(error, XSW_CORRUPT, "xswd's dictionary has no switch");
    }
    return capture_files_open(&recorder->files, name, next, error);
}

/* The new file is open before the old one is concluded: when there can be no new one, the old one
 * goes on. */
static void rotate(struct recorder *recorder)
{
    struct xsw_error error;
    struct pcapng_writer *next = NULL;
    if (journey_file_flush(recorder->file, &error) != XSW_OK) {
        recorder_write_failed(recorder, &error);
    }
    /* Rules, ports and extensions that came since. */
    capture_names_refresh(&recorder->names);
    if (next_open(recorder, &next, &error) != XSW_OK) {
        recorder_write_failed(recorder, &error);
        recorder->files.opened_ns = clock_mono_ns();
        recorder->rotate_again_ns = recorder->files.opened_ns + NS_PER_SECOND;
        return;
    }
    if (part_conclude(recorder, &error) != XSW_OK) {
        recorder_write_failed(recorder, &error);
    }
    char *section = section_make(recorder);
    recorder->writer = next;
    struct pcapng_writer *before =
        journey_file_next(recorder->file, next, section != NULL ? section : "{}", &error);
    if (error.status != XSW_OK) {
        recorder_write_failed(recorder, &error);
    }
    free(section);
    capture_files_retire(&recorder->files, before);
}

void recorder_rotate_if_full(struct recorder *recorder)
{
    uint64_t limit = recorder->options.rotate_bytes;
    uint64_t content = journey_file_content(recorder->file);
    uint64_t step = limit / 16 < SIZE_STEP ? limit / 16 : SIZE_STEP;
    /* A file that the disk does not take does not grow, and the next one would not either. */
    if (limit == 0 || recorder->has_disk_error || content - recorder->content_checked < step) {
        return;
    }
    recorder->content_checked = content;
    if (journey_file_bytes(recorder->file) >= limit &&
        clock_mono_ns() >= recorder->rotate_again_ns) {
        rotate(recorder);
    }
}

void recorder_rotate_if_late(struct recorder *recorder, uint64_t now)
{
    capture_files_make_room(&recorder->files);
    if (capture_files_is_late(&recorder->files, now)) {
        rotate(recorder);
    }
}

/* A disk that does not take it ---------------------------------------------------------------- */

void recorder_write_failed(struct recorder *recorder, const struct xsw_error *error)
{
    uint64_t now = clock_mono_ns();
    recorder->disk_error = *error;
    recorder->written_then = journey_file_account(recorder->file).written;
    bool is_told = recorder->disk_told_ns != 0 && now - recorder->disk_told_ns < TOLD_AGAIN_NS;
    if (!recorder->has_disk_error && !is_told) {
        recorder->disk_told_ns = now;
        fprintf(stderr, "\nxsw capture: %s; what cannot be written is counted as lost\n",
                error->text);
    }
    recorder->has_disk_error = true;
}

void recorder_write_goes_on(struct recorder *recorder)
{
    if (recorder->has_disk_error &&
        journey_file_account(recorder->file).written > recorder->written_then) {
        recorder->has_disk_error = false;
        fprintf(stderr, "\nxsw capture: %s: is written again\n", recorder->files.path);
    }
}
