/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/timeline/timeline_report.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "analyzer/report/words.h"
#include "formats/json_write.h"

enum { HOST_WIDTH = 12, TIME_WIDTH = 17 };

static const char *kind_name(uint8_t kind)
{
    static const char *const names[] = {[TIMELINE_EVENT] = "event",
                                        [TIMELINE_BEGIN] = "begin",
                                        [TIMELINE_END] = "end",
                                        [TIMELINE_RECOVERY] = "recovery",
                                        [TIMELINE_UNKNOWN] = "unknown"};
    return names[kind];
}

/* Text ---------------------------------------------------------------------------------------- */

static enum page_colour colour_of(const struct timeline_entry *entry)
{
    if (entry->kind == TIMELINE_RECOVERY) {
        return PAGE_GOOD;
    }
    if (entry->kind == TIMELINE_UNKNOWN) {
        return PAGE_WARN;
    }
    return entry->priority <= PCAPNG_PRIORITY_WARNING ? PAGE_BAD : PAGE_PLAIN;
}

static void say_entry(const struct page *page, const struct timeline *timeline,
                      const struct timeline_entry *entry, bool has_hosts)
{
    char label[64];
    char packet[48] = "";
    struct words time;
    if (entry->packet_id != 0 && entry->kind != TIMELINE_END) {
        snprintf(packet, sizeof(packet), " [packet %" PRIu64 "%s]", entry->packet_id,
                 entry->alike != 0 ? ", or one alike" : "");
    }
    snprintf(label, sizeof(label), "%s", words_time(entry->place_ns, &time));
    int column = TIME_WIDTH;
    if (has_hosts) {
        size_t used = strlen(label);
        snprintf(label + used, sizeof(label) - used, "  %-.*s", HOST_WIDTH - 2,
                 sources_machine_name(timeline_sources(timeline), entry->machine));
        column += HOST_WIDTH;
    }
    page_label(page, 0, label, colour_of(entry), column, "%s%s", entry->text, packet);
}

void timeline_text(const struct page *page, const struct timeline *timeline)
{
    const struct timeline_entry *entries;
    size_t count = timeline_entries(timeline, &entries);
    bool has_hosts = timeline_sources(timeline)->machine_count > 1;
    struct words words;
    sources_text(page, timeline_sources(timeline));
    if (count == 0) {
        page_say(page, 0, 0, PAGE_PLAIN, "Nothing happened beside packets that were delivered.");
        return;
    }
    char day[32] = "";
    page_blank(page);
    for (size_t i = 0; i < count; i++) {
        char today[32];
        time_t seconds = (time_t)(entries[i].place_ns / 1000000000);
        struct tm local;
        localtime_r(&seconds, &local);
        strftime(today, sizeof(today), "%Y-%m-%d %z", &local);
        if (entries[i].place_ns < SOURCES_EPOCH_NS) {
            snprintf(today, sizeof(today), "By another clock");
        }
        if (strcmp(day, today) != 0) {
            page_say(page, 0, 0, PAGE_BOLD, "%s", today);
            memcpy(day, today, sizeof(day));
        }
        say_entry(page, timeline, &entries[i], has_hosts);
    }
    if (timeline_beyond(timeline) > 0) {
        page_say(page, 0, 0, PAGE_WARN, "%s more found no room in the timeline",
                 words_number(timeline_beyond(timeline), &words));
    }
}

/* JSON ---------------------------------------------------------------------------------------- */

static void json_entry(struct json_writer *json, const struct timeline *timeline,
                       const struct timeline_entry *entry)
{
    json_object_open(json, NULL);
    json_u64(json, "time_ns", entry->place_ns);
    json_u64(json, "mono_ns", entry->mono_ns);
    json_text(json, "host", sources_machine_name(timeline_sources(timeline), entry->machine));
    json_u64(json, "source", entry->source);
    json_text(json, "kind", kind_name(entry->kind));
    json_text(json, "name", entry->name);
    json_u64(json, "priority", entry->priority);
    json_u64(json, "count", entry->count);
    json_u64(json, "span_ns", entry->span_ns);
    json_i64(json, "episode", entry->episode);
    if (entry->kind == TIMELINE_UNKNOWN) {
        json_bool(json, "begin_is_known", !entry->is_up_to);
        json_bool(json, "end_is_known", !entry->is_open);
    }
    if (entry->packet_id != 0) {
        json_u64(json, "packet_id", entry->packet_id);
    }
    if (entry->alike != 0) {
        json_u64(json, "packets_alike", entry->alike);
    }
    json_text(json, "text", entry->text);
    json_object_close(json);
}

/* Which recorded packet each drop of the kernel was. */
static void json_joins(struct json_writer *json, const struct timeline *timeline)
{
    static const char *const ways[] = {
        [TIMELINE_JOIN_BYTES] = "bytes", [TIMELINE_JOIN_TIME] = "port and time"};
    const struct timeline_join *joins;
    size_t count = timeline_joins(timeline, &joins);
    json_array_open(json, "kernel_drops");
    for (size_t i = 0; i < count; i++) {
        json_object_open(json, NULL);
        json_u64(json, "time_ns", joins[i].place_ns);
        json_u64(json, "packets", joins[i].packets);
        json_i64(json, "episode", joins[i].episode);
        if (joins[i].packet_id != 0) {
            json_u64(json, "packet_id", joins[i].packet_id);
        } else {
            json_none(json, "packet_id");
        }
        json_text(json, "known_by", ways[joins[i].by]);
        if (joins[i].alike != 0) {
            json_u64(json, "alike", joins[i].alike);
        }
        json_object_close(json);
    }
    json_array_close(json);
}

enum xsw_status timeline_json(FILE *out, const struct timeline *timeline, struct xsw_error *error)
{
    struct json_writer json;
    const struct timeline_entry *entries;
    size_t count = timeline_entries(timeline, &entries);
    json_init_stream(&json, out, 2);
    json_object_open(&json, NULL);
    json_u64(&json, "format", 1);
    json_object_open(&json, "timeline");
    sources_json(&json, timeline_sources(timeline));
    json_array_open(&json, "entries");
    for (size_t i = 0; i < count; i++) {
        json_entry(&json, timeline, &entries[i]);
    }
    json_array_close(&json);
    json_joins(&json, timeline);
    json_u64(&json, "beyond", timeline_beyond(timeline));
    json_object_close(&json);
    json_object_close(&json);
    enum xsw_status status = json_finish(&json, error);
    fputc('\n', out);
    return status;
}
