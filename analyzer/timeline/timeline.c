/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/timeline/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/books/notes.h"
#include "analyzer/timeline/timeline_parts.h"
#include "base/error.h"
#include "base/text.h"

enum { ENTRIES_AT_FIRST = 256 };

enum xsw_status timeline_create(struct timeline **timeline, struct xsw_error *error)
{
    struct timeline *made = calloc(1, sizeof(*made));
    if (made != NULL) {
        made->episodes = calloc(TIMELINE_EPISODES_MAX, sizeof(*made->episodes));
        made->wanted = calloc(TIMELINE_JOINS_MAX, sizeof(*made->wanted));
        made->flows = calloc(FLOWS_FOLLOWED, sizeof(*made->flows));
        table_init(&made->open, sizeof(struct episode_key), sizeof(uint32_t),
                   TIMELINE_EPISODES_MAX);
        table_init(&made->changes, sizeof(struct changes_key), sizeof(struct changes_told),
                   SWITCHES_FOLLOWED);
    }
    if (made == NULL || made->episodes == NULL || made->flows == NULL || made->wanted == NULL) {
        timeline_destroy(made);
        return error_set(error, XSW_NO_MEMORY, "no memory for the timeline");
    }
    *timeline = made;
    return XSW_OK;
}

void timeline_destroy(struct timeline *timeline)
{
    if (timeline == NULL) {
        return;
    }
    table_fini(&timeline->open);
    table_fini(&timeline->changes);
    free(timeline->entries);
    free(timeline->episodes);
    free(timeline->flows);
    free(timeline->wanted);
    free(timeline->joins);
    free(timeline);
}

struct timeline_entry *timeline_add(struct timeline *timeline, const struct timeline_entry *entry)
{
    if (timeline->count == timeline->room) {
        size_t room = timeline->room == 0 ? ENTRIES_AT_FIRST : timeline->room * 2;
        struct timeline_entry *more =
            room <= TIMELINE_ENTRIES_MAX
                ? realloc(timeline->entries, room * sizeof(*timeline->entries))
                : NULL;
        if (more == NULL) {
            timeline->has_failed |= room <= TIMELINE_ENTRIES_MAX;
            timeline->beyond++;
            return NULL;
        }
        timeline->entries = more;
        timeline->room = room;
    }
    timeline->entries[timeline->count] = *entry;
    return &timeline->entries[timeline->count++];
}

uint64_t timeline_hash(uint64_t hash, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * 1099511628211ULL;
    }
    return (hash ^ 0xff) * 1099511628211ULL;
}

uint64_t timeline_sum_hash(const struct event_sum_key *key)
{
    uint64_t hash = timeline_hash(1469598103934665603ULL, key->kind);
    hash = timeline_hash(hash, key->port);
    hash = timeline_hash(hash, key->device);
    hash = timeline_hash(hash, key->stage);
    hash = timeline_hash(hash, key->reason);
    return timeline_hash(hash, key->why) | 1;
}

uint64_t timeline_switch_hash(const struct event_sum_key *key)
{
    return key->switch_name[0] != '\0' ? timeline_hash(1469598103934665603ULL, key->switch_name) | 1
                                       : 0;
}

void timeline_source_begin(struct timeline *timeline, const char *path, const char *kind)
{
    timeline->source_now = sources_begin(&timeline->sources, path, kind);
}

void timeline_origin(struct timeline *timeline, const char *host, const char *system)
{
    sources_origin(&timeline->sources, timeline->source_now, host, system);
}

void timeline_clock(struct timeline *timeline, uint32_t session, const char *host,
                    const char *boot_id, uint64_t mono_ns, uint64_t wall_ns)
{
    int machine = sources_machine(&timeline->sources, host, boot_id);
    sources_tell(&timeline->sources, timeline->source_now, machine, wall_ns);
    sources_clock(&timeline->sources, machine, mono_ns, wall_ns, session < ANALYSIS_SESSIONS_MAX);
    if (session < ANALYSIS_SESSIONS_MAX) {
        timeline->sessions[session] =
            (struct timeline_session){.is_known = mono_ns != 0,
                                      .source = timeline->source_now,
                                      .machine = machine,
                                      .offset_ns = wall_ns - mono_ns,
                                      .generation = timeline->sessions[session].generation};
    }
}

/* The end ------------------------------------------------------------------------------------- */

/* A source that does not tell its machine is taken for the only one that there is. */
static void machines_settle(struct timeline *timeline)
{
    const struct sources *sources = &timeline->sources;
    for (size_t i = 0; i < timeline->count; i++) {
        struct timeline_entry *entry = &timeline->entries[i];
        if (entry->machine < 0) {
            entry->machine = (int16_t)sources_machine_of(sources, entry->source);
        }
    }
}

static int by_place(const void *a, const void *b)
{
    const struct timeline_entry *left = a;
    const struct timeline_entry *right = b;
    if (left->place_ns != right->place_ns) {
        return left->place_ns < right->place_ns ? -1 : 1;
    }
    int order = (left->source > right->source) - (left->source < right->source);
    return order != 0 ? order : (left->kind > right->kind) - (left->kind < right->kind);
}

/* Where the switch itself tells of changes, their traces in the packets need not be told; and of
 * episodes of which two sources tell, one is. */
static void hidden_drop(struct timeline *timeline)
{
    size_t kept = 0;
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_entry *entry = &timeline->entries[i];
        bool is_trace = entry->kind == TIMELINE_EVENT && strcmp(entry->name, "generation") == 0 &&
                        timeline->sources.list[entry->source].tells_changes;
        bool is_hidden = entry->episode >= 0 && timeline->episodes[entry->episode].is_hidden;
        if (!is_trace && !is_hidden) {
            timeline->entries[kept++] = *entry;
        }
    }
    timeline->count = kept;
}

/* Conversions between the formats may lose some nanoseconds. */
static const uint64_t SAME_NS = 1000;

static bool is_repeat(const struct timeline_entry *entry, const struct timeline_entry *of)
{
    bool is_lone = (entry->kind == TIMELINE_EVENT || entry->kind == TIMELINE_RECOVERY) &&
                   entry->episode < 0 && of->kind == entry->kind;
    return is_lone && entry->mono_ns != 0 && entry->source != of->source &&
           entry->machine == of->machine && strcmp(entry->name, of->name) == 0;
}

/* Two sources that hold the same event of one machine: it happened once. */
static void repeats_drop(struct timeline *timeline)
{
    size_t kept = 0;
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_entry *entry = &timeline->entries[i];
        size_t same = kept;
        while (same > 0 && timeline->entries[same - 1].place_ns + SAME_NS >= entry->place_ns &&
               !is_repeat(entry, &timeline->entries[same - 1])) {
            same--;
        }
        bool is_again = same > 0 &&
                        timeline->entries[same - 1].place_ns + SAME_NS >= entry->place_ns &&
                        is_repeat(entry, &timeline->entries[same - 1]);
        if (!is_again) {
            timeline->entries[kept++] = *entry;
        }
    }
    timeline->count = kept;
}

static void loss_tell(struct timeline *timeline, const struct loss *loss)
{
    bool is_up_to = loss->from_ns == 0;
    struct timeline_entry entry = {.wall_ns = is_up_to ? loss->until_ns : loss->from_ns,
                                   .mono_ns = is_up_to ? loss->until_mono_ns : loss->from_mono_ns,
                                   .count = loss->count,
                                   .source = loss->source,
                                   .machine = loss->machine,
                                   .episode = -1,
                                   .kind = TIMELINE_UNKNOWN,
                                   .priority = PCAPNG_PRIORITY_WARNING,
                                   .is_up_to = is_up_to,
                                   .is_open = loss->is_open};
    struct text text = {0};
    if (!is_up_to && loss->until_ns > loss->from_ns) {
        entry.span_ns = loss->until_ns - loss->from_ns;
    }
    text_append_string(&text, "unknown ");
    loss_span_append(&text, loss);
    text_append_string(&text, ": ");
    loss_append(&text, loss);
    snprintf(entry.name, sizeof(entry.name), "%s-lost", loss_kind_name(loss->kind));
    text_make_safe(entry.text, sizeof(entry.text), text_string(&text));
    text_fini(&text);
    (void)timeline_add(timeline, &entry);
}

enum xsw_status timeline_finish(struct timeline *timeline, struct xsw_error *error)
{
    sources_guess(&timeline->sources);
    machines_settle(timeline);
    losses_place(&timeline->losses, &timeline->sources);
    wanted_close(timeline);
    episodes_close(timeline);
    wanted_list(timeline);
    for (size_t i = 0; i < timeline->losses.count; i++) {
        if (!timeline->losses.list[i].is_repeat) {
            loss_tell(timeline, &timeline->losses.list[i]);
        }
    }
    hidden_drop(timeline);
    for (size_t i = 0; i < timeline->count; i++) {
        struct timeline_entry *entry = &timeline->entries[i];
        entry->place_ns =
            sources_place(&timeline->sources, entry->machine, entry->mono_ns, entry->wall_ns);
    }
    if (timeline->count > 0) {
        qsort(timeline->entries, timeline->count, sizeof(*timeline->entries), by_place);
        repeats_drop(timeline);
    }
    timeline->beyond += timeline->losses.beyond;
    return timeline->has_failed ? error_set(error, XSW_NO_MEMORY, "no memory for the timeline")
                                : XSW_OK;
}

size_t timeline_entries(const struct timeline *timeline, const struct timeline_entry **entries)
{
    *entries = timeline->entries;
    return timeline->count;
}

const struct sources *timeline_sources(const struct timeline *timeline)
{
    return &timeline->sources;
}

size_t timeline_joins(const struct timeline *timeline, const struct timeline_join **joins)
{
    *joins = timeline->joins;
    return timeline->join_count;
}

uint64_t timeline_beyond(const struct timeline *timeline)
{
    return timeline->beyond;
}
