/* SPDX-License-Identifier: Apache-2.0 */
/* What events and records mean for the timeline. */
#include "analyzer/timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/timeline_parts.h"
#include "analyzer/words.h"

/* Events -------------------------------------------------------------------------------------- */

static const char *field_of(const struct pcapng_event *event, const char *name)
{
    for (size_t i = 0; i < event->field_count; i++) {
        if (strcmp(event->fields[i].name, name) == 0) {
            return event->fields[i].value;
        }
    }
    return NULL;
}

static uint64_t number_of(const struct pcapng_event *event, const char *name, uint64_t otherwise)
{
    const char *text = field_of(event, name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* What a time service says of the clock is no event for people. */
static bool take_clock(struct timeline *timeline, int number, const struct pcapng_event *event)
{
    if (event->name == NULL || strcmp(event->name, "clock") != 0 ||
        field_of(event, "synchronized") == NULL || number < 0) {
        return false;
    }
    struct timeline_machine *machine = &timeline->machines[number];
    const char *error_us = field_of(event, "max_error_us");
    bool is_kept = number_of(event, "synchronized", 0) == 1 && error_us != NULL;
    uint64_t error_ns = is_kept ? strtoull(error_us, NULL, 10) * 1000 : 0;
    machine->is_kept = is_kept;
    machine->error_ns = error_ns > machine->error_ns ? error_ns : machine->error_ns;
    if (event->mono_ns != 0) {
        timeline_machine_clock(timeline, number, event->mono_ns,
                               event->mono_ns + number_of(event, "wall_offset_ns", 0));
    }
    return true;
}

/* What is told of each packet that nothing happened to, and of clocks, is no news. */
static bool is_news(const struct pcapng_event *event)
{
    static const char *const dull[] = {"packet_received", "packet_delivered", "packet_passed",
                                       "packet_hop", "clock"};
    for (size_t i = 0; event->name != NULL && i < sizeof(dull) / sizeof(dull[0]); i++) {
        if (strcmp(event->name, dull[i]) == 0) {
            return false;
        }
    }
    return true;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * 1099511628211ULL;
    }
    return (hash ^ 0xff) * 1099511628211ULL;
}

/* Whether it happens for each of many packets, or so often that it is told as an episode. */
static bool is_frequent(const struct timeline_source *source, const struct pcapng_event *event)
{
    const char *name = event->name != NULL ? event->name : "";
    return strncmp(name, "packet_", 7) == 0 || strcmp(name, "kernel_drop") == 0 ||
           strncmp(name, "kernel_xdp", 10) == 0 ||
           (strcmp(source->kind, "pcapng") != 0 && event->priority >= PCAPNG_PRIORITY_INFO);
}

static void episode_of_event(struct timeline *timeline, const struct timeline_entry *entry,
                             const struct pcapng_event *event)
{
    static const char *const same[] = {"port",       "port_name", "reason",    "stage",
                                       "stage_name", "rule",      "extension", "device",
                                       "location",   "error",     "action"};
    struct episode_key key = {.hash = hash_text(1469598103934665603ULL, entry->name),
                              .source = entry->source};
    char what[EPISODE_WHAT_SIZE];
    size_t used = (size_t)snprintf(what, sizeof(what), "%s", entry->name);
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        const char *value = field_of(event, same[i]);
        if (value == NULL || value[0] == '\0') {
            continue;
        }
        key.hash = hash_text(key.hash, value);
        if (used < sizeof(what)) {
            used += (size_t)snprintf(what + used, sizeof(what) - used, " %s=%s", same[i], value);
        }
    }
    char safe[EPISODE_WHAT_SIZE];
    text_make_safe(safe, sizeof(safe), what);
    uint64_t last_mono_ns = number_of(event, "last_mono_ns", event->mono_ns);
    uint64_t more = last_mono_ns > event->mono_ns ? last_mono_ns - event->mono_ns : 0;
    (void)episode_take(timeline, &key, entry, entry->wall_ns + more, safe);
}

void timeline_event(struct timeline *timeline, const struct pcapng_event *event)
{
    struct timeline_source *source = timeline_source_now(timeline);
    int machine = timeline_machine(timeline, event->host, event->boot_id);
    source->machine = source->machine < 0 ? machine : source->machine;
    source->events++;
    if (take_clock(timeline, machine >= 0 ? machine : source->machine, event) || !is_news(event)) {
        return;
    }
    bool is_lost = event->name != NULL && (strstr(event->name, "_lost") != NULL ||
                                           strcmp(event->name, "kernel_untold") == 0);
    struct timeline_entry entry = {.wall_ns = event->wall_ns,
                                   .mono_ns = event->mono_ns,
                                   .count = number_of(event, "packets", 1),
                                   .packet_id = number_of(event, "packet_id", 0),
                                   .source = (uint32_t)(timeline->source_count - 1),
                                   .episode = -1,
                                   .kind = is_lost ? TIMELINE_UNKNOWN : TIMELINE_EVENT,
                                   .priority = event->priority};
    text_make_safe(entry.name, sizeof(entry.name),
                   event->name != NULL     ? event->name
                   : event->source != NULL ? event->source
                                           : "event");
    text_make_safe(entry.text, sizeof(entry.text), event->message);
    const char *head = field_of(event, "head");
    if (entry.packet_id == 0 && head != NULL) {
        entry.packet_id = packet_end_find(timeline, head, entry.wall_ns);
    }
    if (!is_lost && is_frequent(source, event)) {
        episode_of_event(timeline, &entry, event);
    } else {
        (void)timeline_add(timeline, &entry);
    }
}

/* Records ------------------------------------------------------------------------------------- */

static struct timeline_entry entry_of_record(const struct timeline *timeline,
                                             const struct analysis_session *session,
                                             const struct record *record)
{
    const struct timeline_session *known = &timeline->sessions[session->number];
    return (struct timeline_entry){.wall_ns = record->time_ns,
                                   .mono_ns =
                                       known->is_known ? record->time_ns - known->offset_ns : 0,
                                   .count = 1,
                                   .packet_id = record->packet_id,
                                   .source = (uint32_t)(timeline->source_count - 1),
                                   .episode = -1,
                                   .priority = PCAPNG_PRIORITY_WARNING};
}

static void drop_take(struct timeline *timeline, const struct analysis_session *session,
                      const struct record *record)
{
    const struct dictionary *names = &session->of->dictionary;
    const struct meta_fixed *fixed = &record->fixed;
    struct timeline_entry entry = entry_of_record(timeline, session, record);
    struct dictionary_name port, stage, reason;
    char rule[40] = "";
    char what[EPISODE_WHAT_SIZE];
    if (fixed->rule != 0) {
        snprintf(rule, sizeof(rule), " rule %" PRIu32, fixed->rule & 0xffffff);
    }
    snprintf(what, sizeof(what), "%s at %s%s, port %s",
             dictionary_reason(names, fixed->reason, &reason),
             dictionary_stage(names, fixed->stage, &stage), rule,
             dictionary_port(names, record->port, &port));
    snprintf(entry.name, sizeof(entry.name), "drop");
    snprintf(entry.text, sizeof(entry.text), "first drop: %s", what);
    const struct episode_key key = {
        .hash = ((uint64_t)fixed->rule << 32 | (uint64_t)fixed->reason << 16 | fixed->stage) *
                    0x9e3779b97f4a7c15ULL ^
                ((uint64_t)record->port.id << 16 | record->port.name) * 0xc2b2ae3d27d4eb4fULL ^
                session->number,
        .source = entry.source};
    int32_t episode = episode_take(timeline, &key, &entry, entry.wall_ns, what);
    if (fixed->flow_hash != 0) {
        episode_flow_dropped(timeline, (uint64_t)(session->number + 1) << 32 | fixed->flow_hash,
                             episode);
    }
}

static void gap_take(struct timeline *timeline, const struct analysis_session *session,
                     const struct record *record, const struct meta_gap *gap)
{
    struct timeline_entry entry = entry_of_record(timeline, session, record);
    struct words count;
    struct words span;
    const struct timeline_session *known = &timeline->sessions[session->number];
    entry.kind = TIMELINE_UNKNOWN;
    entry.count = gap->journeys;
    entry.packet_id = 0;
    entry.mono_ns = known->is_known ? gap->from_mono_ns : 0;
    entry.wall_ns = known->is_known ? gap->from_mono_ns + known->offset_ns : record->time_ns;
    entry.span_ns = gap->to_mono_ns - gap->from_mono_ns;
    snprintf(entry.name, sizeof(entry.name), "capture-lost");
    snprintf(entry.text, sizeof(entry.text), "unknown for %s: the capture lost %s (%s)",
             words_duration(entry.span_ns, &span), words_count(gap->journeys, "journey", &count),
             meta_loss_name(gap->cause));
    (void)timeline_add(timeline, &entry);
}

static void generation_take(struct timeline *timeline, const struct analysis_session *session,
                            const struct record *record, uint64_t generation)
{
    struct timeline_session *known = &timeline->sessions[session->number];
    if (generation <= known->generation) {
        return;
    }
    if (known->generation != 0) {
        struct timeline_entry entry = entry_of_record(timeline, session, record);
        snprintf(entry.name, sizeof(entry.name), "generation");
        snprintf(entry.text, sizeof(entry.text),
                 "configuration %" PRIu64 " decides from here on, %" PRIu64 " did before",
                 generation, known->generation);
        entry.priority = PCAPNG_PRIORITY_NOTICE;
        (void)timeline_add(timeline, &entry);
    }
    known->generation = generation;
}

void timeline_record(struct timeline *timeline, const struct analysis_session *session,
                     const struct record *record)
{
    const struct meta_fixed *fixed = &record->fixed;
    bool is_drop = fixed->kind == META_DROP;
    if (record_is_last(record)) {
        packet_end_put(timeline, record);
    }
    if (is_drop) {
        drop_take(timeline, session, record);
    } else if (record_is_last(record) && fixed->kind == META_PASS && fixed->flow_hash != 0) {
        episode_flow_delivered(timeline, (uint64_t)(session->number + 1) << 32 | fixed->flow_hash,
                               record->time_ns, record->packet_id);
    }
    if (!is_drop && !record->has_gap) {
        return;
    }
    struct meta_reader items = record->items;
    struct meta_item item;
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_GAP) {
            gap_take(timeline, session, record, &item.gap);
        } else if (item.type == META_TLV_GENERATION) {
            generation_take(timeline, session, record, item.generation);
        }
    }
}
