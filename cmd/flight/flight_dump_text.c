/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/flight/flight_dump_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd/capture/capture_account.h"
#include "cmd/capture/capture_report.h"
#include "formats/pcapng/stage_meta.h"
#include "packet/address_text.h"

enum { NS_PER_MS = 1000000, US_NS = 1000, SAME_NAMES_MAX = 1000 };

static void stamp_make(uint64_t wall_ns, const char *format, char *text, size_t size)
{
    time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
    struct tm local;
    char whole[40];
    localtime_r(&seconds, &local);
    strftime(whole, sizeof(whole), format, &local);
    snprintf(text, size, "%s.%03u", whole, (unsigned)(wall_ns % NS_PER_SECOND / NS_PER_MS));
}

/* What may stand in the name of a file. */
static void word_make(const char *from, char *word, size_t size)
{
    size_t length = 0;
    for (; *from != '\0' && length + 1 < size; from++) {
        bool is_plain = isalnum((unsigned char)*from) || strchr("_.-", *from) != NULL;
        word[length++] = is_plain ? *from : '-';
    }
    word[length] = '\0';
    if (word[0] == '.') {
        word[0] = '-';
    }
}

void flight_cause_hide(const struct flight_header *header, struct flight_cause *cause)
{
    if ((header->privacy & (uint32_t)FLIGHT_PSEUDONYMS) == 0) {
        return;
    }
    if (address_text_is_in(cause->name)) {
        snprintf(cause->name, sizeof(cause->name), "hidden");
    }
    if (address_text_is_in(cause->text)) {
        snprintf(cause->text, sizeof(cause->text), "(hidden)");
    }
}

enum xsw_status flight_dump_name(const char *folder, const struct flight_info *info,
                                 const struct flight_cause *cause, bool compresses,
                                 char path[PATH_MAX], struct xsw_error *error)
{
    char stamp[48], name[CONFIG_NAME_SIZE], why[CONFIG_NAME_SIZE];
    stamp_make(cause->mono_ns + info->header.wall_offset_ns, "%Y%m%dT%H%M%S", stamp, sizeof(stamp));
    struct flight_cause told = *cause;
    flight_cause_hide(&info->header, &told);
    word_make(info->header.switch_name, name, sizeof(name));
    word_make(told.name, why, sizeof(why));
    for (int number = 1; number < SAME_NAMES_MAX; number++) {
        char again[16] = "";
        if (number > 1) {
            snprintf(again, sizeof(again), "-%d", number);
        }
        int length = snprintf(path, PATH_MAX, "%s/%s-%s-%s%s.pcapng%s", folder, name, stamp, why,
                              again, compresses ? ".zst" : "");
        if (length >= PATH_MAX) {
            return error_set(error, XSW_INVALID, "%.200s: the name of the file gets too long",
                             folder);
        }
        if (access(path, F_OK) != 0) {
            return XSW_OK;
        }
    }
    return error_set(error, XSW_LIMIT, "%.200s: there are too many files of this moment", folder);
}

void flight_dump_comment(const struct flight_header *header, const struct flight_cause *cause,
                         char *text, size_t size)
{
    char stamp[48], packet[48] = "";
    stamp_make(cause->mono_ns + header->wall_offset_ns, "%Y-%m-%d %H:%M:%S", stamp, sizeof(stamp));
    if (cause->packet_id != 0) {
        snprintf(packet, sizeof(packet), ", packet %llu", (unsigned long long)cause->packet_id);
    }
    snprintf(text, size, "switch %s on %s, flight recorder: %s at %s%s%s%s", header->switch_name,
             header->host, cause->name, stamp, packet, cause->text[0] != '\0' ? "; " : "",
             cause->text);
}

static json_t *cause_json(const struct flight_cause *cause,
                          const struct flight_dump_options *options)
{
    json_t *object = json_pack("{s:s,s:s,s:I}", "cause", cause->name, "text", cause->text,
                               "mono_ns", (json_int_t)cause->mono_ns);
    if (cause->packet_id != 0) {
        json_object_set_new(object, "packet", json_integer((json_int_t)cause->packet_id));
    }
    if (cause->suppressed != 0) {
        json_object_set_new(object, "suppressed", json_integer((json_int_t)cause->suppressed));
    }
    if (!options->is_whole) {
        json_object_set_new(object, "from_mono_ns",
                            json_integer((json_int_t)options->from_mono_ns));
        json_object_set_new(object, "to_mono_ns", json_integer((json_int_t)options->to_mono_ns));
    }
    return object;
}

char *flight_dump_section(const struct flight_header *header, const json_t *dictionary,
                          const struct flight_dump_options *options)
{
    json_t *section = json_copy((json_t *)(uintptr_t)dictionary);
    json_object_del(section, "past_ports"); /* the tap points tell what is needed of them */
    json_object_set_new(section, "format", json_integer(META_FORMAT));
    json_object_set_new(section, "clock",
                        json_pack("{s:I,s:I}", "mono_ns", (json_int_t)header->started_mono_ns,
                                  "wall_ns",
                                  (json_int_t)(header->started_mono_ns + header->wall_offset_ns)));
    if (json_object_get(section, "switch") == NULL) { /* nobody wrote a dictionary */
        json_object_set_new(section, "host", json_string(header->host));
        json_object_set_new(
            section, "switch",
            json_pack("{s:s,s:s}", "name", header->switch_name, "id", header->switch_uuid));
    }
    /* Each file is a recording of its own: the microsecond of its cause is its number. */
    json_t *capture = json_pack(
        "{s:I,s:s,s:s,s:s,s:I,s:o}", "session", (json_int_t)(options->cause.mono_ns / US_NS),
        "name", header->name[0] != '\0' ? header->name : "flight", "filter", header->filter,
        "where", header->where, "snap_length", (json_int_t)header->snap_length, "flight",
        cause_json(&options->cause, options));
    json_object_set_new(capture, "privacy",
                        json_pack("{s:b,s:b,s:b}", "headers_only",
                                  (header->privacy & FLIGHT_HEADERS_ONLY) != 0, "mask_payload",
                                  (header->privacy & FLIGHT_MASK_PAYLOAD) != 0, "pseudonyms",
                                  (header->privacy & FLIGHT_PSEUDONYMS) != 0));
    json_object_set_new(section, "capture", capture);
    char *text = json_dumps(section, JSON_COMPACT);
    json_decref(section);
    return text;
}

char *flight_dump_summary(const struct flight_dump_result *result, json_t *dictionary,
                          const struct xsw_error *write_error, uint64_t *lost)
{
    struct capture_end end = {.why = "flight",
                              .path = result->path,
                              .written = result->written,
                              .lost_disk = result->lost_disk,
                              .ring_count = result->worker_count,
                              .dictionary = dictionary};
    if (write_error->status != XSW_OK) {
        end.error = write_error->text;
    }
    for (uint32_t i = 0; i < result->worker_count; i++) {
        end.rings[i] = result->workers[i].account;
        end.past_limit += result->workers[i].outside;
        end.lost_reader += result->workers[i].unreadable;
    }
    *lost = capture_end_lost(&end);
    return capture_report_summary(&end);
}

struct flight_dump_worker flight_dump_sum(const struct flight_dump_result *result)
{
    struct flight_dump_worker sum = {0};
    for (uint32_t i = 0; i < result->worker_count; i++) {
        const struct flight_dump_worker *worker = &result->workers[i];
        sum.put += worker->put;
        sum.outside += worker->outside;
        sum.overwritten += worker->overwritten;
        sum.unreadable += worker->unreadable;
        sum.blocks += worker->blocks;
        sum.torn_blocks += worker->torn_blocks;
        capture_account_add(&sum.account, &worker->account);
    }
    return sum;
}

json_t *flight_dump_json(const struct flight_dump_result *result)
{
    struct flight_dump_worker sum = flight_dump_sum(result);
    json_t *object =
        json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "file", result->path, "bytes",
                  (json_int_t)result->bytes, "written", (json_int_t)result->written, "outside",
                  (json_int_t)sum.outside, "overwritten", (json_int_t)sum.overwritten, "unreadable",
                  (json_int_t)sum.unreadable, "lost_disk", (json_int_t)result->lost_disk, "account",
                  capture_account_json(&sum.account));
    if (result->problem[0] != '\0') {
        json_object_set_new(object, "problem", json_string(result->problem));
    }
    return object;
}
