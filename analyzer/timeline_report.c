/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/timeline_report.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "analyzer/words.h"
#include "formats/json_write.h"

enum { HOST_WIDTH = 12, TIME_WIDTH = 17 };

static const char *machine_name(const struct timeline *timeline, int number)
{
    const struct timeline_machine *machines;
    size_t count = timeline_machines(timeline, &machines);
    if (number < 0 || (size_t)number >= count) {
        return "?";
    }
    return machines[number].host[0] != '\0' ? machines[number].host : machines[number].boot_id;
}

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

static void say_clock(const struct page *page, const struct timeline *timeline, int number)
{
    const struct timeline_machine *machines;
    (void)timeline_machines(timeline, &machines);
    const struct timeline_machine *machine = &machines[number];
    int reference = timeline_reference(timeline);
    uint64_t error_ns;
    struct words words;
    if (number == reference) {
        page_say(page, 4, 4, PAGE_PLAIN, "times are by its clock");
    } else if (timeline_uncertainty(timeline, number, &error_ns)) {
        page_say(page, 4, 4, PAGE_PLAIN,
                 "laid beside by the wall clocks, which are at most %s apart, as the time services "
                 "of both estimate",
                 words_duration(error_ns, &words));
    } else {
        page_say(page, 4, 4, PAGE_WARN,
                 "laid beside by the wall clocks; how far these are apart is unknown: no time "
                 "service told of both. The order of what %s and %s tell is not sure",
                 machine->host[0] != '\0' ? machine->host : "it",
                 machine_name(timeline, reference));
    }
    if (machine->spread_ns > 1000000) {
        page_say(page, 4, 4, PAGE_WARN,
                 "its wall clock was moved by %s in the meantime; times are by its monotonic clock",
                 words_duration(machine->spread_ns, &words));
    }
}

static void say_sources(const struct page *page, const struct timeline *timeline, int machine)
{
    const struct timeline_source *sources;
    size_t count = timeline_sources(timeline, &sources);
    for (size_t i = 0; i < count; i++) {
        if (sources[i].machine == machine) {
            page_say(page, 4, 6, PAGE_PLAIN, "%s (%s)%s", sources[i].path, sources[i].kind,
                     sources[i].is_guess
                         ? ", which does not tell of which machine it is: taken for this one, "
                           "and its times for CLOCK_MONOTONIC"
                         : "");
        }
    }
}

static void say_machines(const struct page *page, const struct timeline *timeline)
{
    const struct timeline_machine *machines;
    size_t count = timeline_machines(timeline, &machines);
    for (size_t i = 0; i < count; i++) {
        page_say(page, 2, 4, PAGE_BOLD, "%s%s%.8s", machine_name(timeline, (int)i),
                 machines[i].boot_id[0] != '\0' ? ", boot " : "", machines[i].boot_id);
        say_sources(page, timeline, (int)i);
        say_clock(page, timeline, (int)i);
    }
    const struct timeline_source *sources;
    size_t source_count = timeline_sources(timeline, &sources);
    for (size_t i = 0; i < source_count; i++) {
        if (sources[i].machine < 0) {
            page_say(page, 2, 4, PAGE_WARN,
                     "%s (%s) does not tell of which machine it is: where it stands beside the "
                     "others is unknown",
                     sources[i].path, sources[i].kind);
        }
    }
}

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
    const struct timeline_source *sources;
    (void)timeline_sources(timeline, &sources);
    char label[64];
    char packet[40] = "";
    struct words time;
    if (entry->packet_id != 0 && entry->kind != TIMELINE_END) {
        snprintf(packet, sizeof(packet), " [packet %" PRIu64 "]", entry->packet_id);
    }
    snprintf(label, sizeof(label), "%s", words_time(entry->place_ns, &time));
    int column = TIME_WIDTH;
    if (has_hosts) {
        size_t used = strlen(label);
        snprintf(label + used, sizeof(label) - used, "  %-.*s", HOST_WIDTH - 2,
                 machine_name(timeline, sources[entry->source].machine));
        column += HOST_WIDTH;
    }
    page_label(page, 0, label, colour_of(entry), column, "%s%s", entry->text, packet);
}

void timeline_text(const struct page *page, const struct timeline *timeline)
{
    const struct timeline_entry *entries;
    const struct timeline_machine *machines;
    size_t count = timeline_entries(timeline, &entries);
    bool has_hosts = timeline_machines(timeline, &machines) > 1;
    struct words words;
    say_machines(page, timeline);
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

static void json_machines(struct json_writer *json, const struct timeline *timeline)
{
    const struct timeline_machine *machines;
    size_t count = timeline_machines(timeline, &machines);
    json_array_open(json, "machines");
    for (size_t i = 0; i < count; i++) {
        uint64_t error_ns;
        bool is_known = timeline_uncertainty(timeline, (int)i, &error_ns);
        json_object_open(json, NULL);
        json_text(json, "host", machines[i].host);
        json_text(json, "boot_id", machines[i].boot_id);
        json_bool(json, "is_reference", (int)i == timeline_reference(timeline));
        if (is_known) {
            json_u64(json, "uncertainty_ns", error_ns);
        } else {
            json_none(json, "uncertainty_ns");
        }
        json_u64(json, "wall_clock_moved_ns", machines[i].spread_ns);
        json_object_close(json);
    }
    json_array_close(json);
}

static void json_sources(struct json_writer *json, const struct timeline *timeline)
{
    const struct timeline_source *sources;
    size_t count = timeline_sources(timeline, &sources);
    json_array_open(json, "sources");
    for (size_t i = 0; i < count; i++) {
        json_object_open(json, NULL);
        json_text(json, "path", sources[i].path);
        json_text(json, "kind", sources[i].kind);
        if (sources[i].machine >= 0) {
            json_u64(json, "machine", (uint64_t)sources[i].machine);
        } else {
            json_none(json, "machine");
        }
        json_bool(json, "machine_is_a_guess", sources[i].is_guess);
        json_u64(json, "events", sources[i].events);
        json_object_close(json);
    }
    json_array_close(json);
}

static void json_entry(struct json_writer *json, const struct timeline *timeline,
                       const struct timeline_entry *entry)
{
    const struct timeline_source *sources;
    (void)timeline_sources(timeline, &sources);
    json_object_open(json, NULL);
    json_u64(json, "time_ns", entry->place_ns);
    json_u64(json, "mono_ns", entry->mono_ns);
    json_text(json, "host", machine_name(timeline, sources[entry->source].machine));
    json_u64(json, "source", entry->source);
    json_text(json, "kind", kind_name(entry->kind));
    json_text(json, "name", entry->name);
    json_u64(json, "priority", entry->priority);
    json_u64(json, "count", entry->count);
    json_u64(json, "span_ns", entry->span_ns);
    json_i64(json, "episode", entry->episode);
    if (entry->packet_id != 0) {
        json_u64(json, "packet_id", entry->packet_id);
    }
    json_text(json, "text", entry->text);
    json_object_close(json);
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
    json_machines(&json, timeline);
    json_sources(&json, timeline);
    json_array_open(&json, "entries");
    for (size_t i = 0; i < count; i++) {
        json_entry(&json, timeline, &entries[i]);
    }
    json_array_close(&json);
    json_u64(&json, "beyond", timeline_beyond(timeline));
    json_object_close(&json);
    json_object_close(&json);
    enum xsw_status status = json_finish(&json, error);
    fputc('\n', out);
    return status;
}
