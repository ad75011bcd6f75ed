/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/timeline_parts.h"
#include "base/error.h"

enum { ENTRIES_AT_FIRST = 256 };

enum xsw_status timeline_create(struct timeline **timeline, struct xsw_error *error)
{
    struct timeline *made = calloc(1, sizeof(*made));
    if (made != NULL) {
        made->episodes = calloc(TIMELINE_EPISODES_MAX, sizeof(*made->episodes));
        made->ends = calloc(PACKET_ENDS, sizeof(*made->ends));
        made->flows = calloc(FLOWS_FOLLOWED, sizeof(*made->flows));
        table_init(&made->open, sizeof(struct episode_key), sizeof(uint32_t),
                   TIMELINE_EPISODES_MAX);
    }
    if (made == NULL || made->episodes == NULL || made->flows == NULL || made->ends == NULL) {
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
    free(timeline->entries);
    free(timeline->episodes);
    free(timeline->flows);
    free(timeline->ends);
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

/* Sources and machines ------------------------------------------------------------------------ */

enum xsw_status timeline_source_begin(struct timeline *timeline, const char *path, const char *kind,
                                      struct xsw_error *error)
{
    if (timeline->source_count == TIMELINE_SOURCES_MAX) {
        return error_set(error, XSW_LIMIT, "%s: more than %d sources", path, TIMELINE_SOURCES_MAX);
    }
    struct timeline_source *source = &timeline->sources[timeline->source_count++];
    *source = (struct timeline_source){.machine = -1};
    snprintf(source->path, sizeof(source->path), "%s", path);
    snprintf(source->kind, sizeof(source->kind), "%s", kind);
    return XSW_OK;
}

struct timeline_source *timeline_source_now(struct timeline *timeline)
{
    return &timeline->sources[timeline->source_count - 1];
}

/* Both spellings of a UUID are one. */
static void boot_id_plain(char plain[33], const char *boot_id)
{
    size_t length = 0;
    for (const char *c = boot_id; c != NULL && *c != '\0' && length < 32; c++) {
        if (*c != '-') {
            plain[length++] = *c;
        }
    }
    plain[length] = '\0';
}

int timeline_machine(struct timeline *timeline, const char *host, const char *boot_id)
{
    char plain[33];
    boot_id_plain(plain, boot_id);
    if (plain[0] == '\0' && (host == NULL || host[0] == '\0')) {
        return -1;
    }
    for (size_t i = 0; i < timeline->machine_count; i++) {
        const struct timeline_machine *machine = &timeline->machines[i];
        bool is_same = plain[0] != '\0' ? strcmp(machine->boot_id, plain) == 0
                                        : strcmp(machine->host, host) == 0;
        if (is_same) {
            return (int)i;
        }
    }
    if (timeline->machine_count == TIMELINE_MACHINES_MAX) {
        return -1;
    }
    struct timeline_machine *machine = &timeline->machines[timeline->machine_count];
    *machine = (struct timeline_machine){0};
    memcpy(machine->boot_id, plain, sizeof(plain));
    text_make_safe(machine->host, sizeof(machine->host), host != NULL ? host : "");
    return (int)timeline->machine_count++;
}

void timeline_machine_clock(struct timeline *timeline, int number, uint64_t mono_ns,
                            uint64_t wall_ns)
{
    if (number < 0 || mono_ns == 0 || wall_ns == 0) {
        return;
    }
    struct timeline_machine *machine = &timeline->machines[number];
    uint64_t offset_ns = wall_ns - mono_ns;
    if (!machine->has_clock) {
        machine->has_clock = true;
        machine->offset_ns = offset_ns;
    }
    uint64_t apart = offset_ns > machine->offset_ns ? offset_ns - machine->offset_ns
                                                    : machine->offset_ns - offset_ns;
    machine->spread_ns = apart > machine->spread_ns ? apart : machine->spread_ns;
}

void timeline_clock(struct timeline *timeline, uint32_t session, const char *host,
                    const char *boot_id, uint64_t mono_ns, uint64_t wall_ns)
{
    int machine = timeline_machine(timeline, host, boot_id);
    struct timeline_source *source = timeline_source_now(timeline);
    source->machine = source->machine < 0 ? machine : source->machine;
    timeline_machine_clock(timeline, machine, mono_ns, wall_ns);
    if (session < ANALYSIS_SESSIONS_MAX) {
        timeline->sessions[session] =
            (struct timeline_session){.is_known = mono_ns != 0,
                                      .machine = machine,
                                      .offset_ns = wall_ns - mono_ns,
                                      .generation = timeline->sessions[session].generation};
    }
}

/* The end ------------------------------------------------------------------------------------- */

int timeline_reference(const struct timeline *timeline)
{
    for (size_t i = 0; i < timeline->machine_count; i++) {
        if (timeline->machines[i].has_clock) {
            return (int)i;
        }
    }
    return timeline->machine_count > 0 ? 0 : -1;
}

bool timeline_uncertainty(const struct timeline *timeline, int machine, uint64_t *error_ns)
{
    int reference = timeline_reference(timeline);
    *error_ns = 0;
    if (machine == reference) {
        return machine >= 0;
    }
    if (machine < 0 || reference < 0) {
        return false;
    }
    const struct timeline_machine *one = &timeline->machines[machine];
    const struct timeline_machine *other = &timeline->machines[reference];
    *error_ns = one->error_ns + one->spread_ns + other->error_ns + other->spread_ns;
    return one->is_kept && other->is_kept;
}

/* A source that does not tell its machine is taken for the only one that there is; it says so. */
static void sources_guess(struct timeline *timeline)
{
    for (size_t i = 0; i < timeline->source_count; i++) {
        struct timeline_source *source = &timeline->sources[i];
        if (source->machine < 0 && timeline->machine_count == 1) {
            source->machine = 0;
            source->is_guess = true;
        }
    }
}

static uint64_t place_of(const struct timeline *timeline, const struct timeline_entry *entry)
{
    int machine = timeline->sources[entry->source].machine;
    if (machine >= 0 && entry->mono_ns != 0 && timeline->machines[machine].has_clock) {
        return entry->mono_ns + timeline->machines[machine].offset_ns;
    }
    return entry->wall_ns != 0 ? entry->wall_ns : entry->mono_ns;
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

/* Where the switch itself tells of changes, their traces in the packets need not be told. */
static void generations_drop(struct timeline *timeline)
{
    size_t kept = 0;
    for (size_t i = 0; i < timeline->count; i++) {
        const struct timeline_entry *entry = &timeline->entries[i];
        bool is_trace = entry->kind == TIMELINE_EVENT && strcmp(entry->name, "generation") == 0;
        if (!is_trace || timeline->sources[entry->source].events == 0) {
            timeline->entries[kept++] = *entry;
        }
    }
    timeline->count = kept;
}

static bool is_repeat(const struct timeline *timeline, const struct timeline_entry *entry,
                      const struct timeline_entry *of)
{
    return entry->kind == TIMELINE_EVENT && of->kind == TIMELINE_EVENT &&
           entry->place_ns == of->place_ns && entry->mono_ns != 0 && entry->source != of->source &&
           strcmp(entry->name, of->name) == 0 &&
           timeline->sources[entry->source].machine == timeline->sources[of->source].machine;
}

/* Two sources that hold the same event of one machine: it happened once. */
static void repeats_drop(struct timeline *timeline)
{
    size_t kept = 0;
    for (size_t i = 0; i < timeline->count; i++) {
        size_t same = kept;
        while (same > 0 && timeline->entries[same - 1].place_ns == timeline->entries[i].place_ns &&
               !is_repeat(timeline, &timeline->entries[i], &timeline->entries[same - 1])) {
            same--;
        }
        bool is_new =
            same == 0 || !is_repeat(timeline, &timeline->entries[i], &timeline->entries[same - 1]);
        if (is_new) {
            timeline->entries[kept++] = timeline->entries[i];
        }
    }
    timeline->count = kept;
}

enum xsw_status timeline_finish(struct timeline *timeline, struct xsw_error *error)
{
    episodes_close(timeline);
    sources_guess(timeline);
    generations_drop(timeline);
    for (size_t i = 0; i < timeline->count; i++) {
        timeline->entries[i].place_ns = place_of(timeline, &timeline->entries[i]);
    }
    if (timeline->count > 0) {
        qsort(timeline->entries, timeline->count, sizeof(*timeline->entries), by_place);
        repeats_drop(timeline);
    }
    return timeline->has_failed ? error_set(error, XSW_NO_MEMORY, "no memory for the timeline")
                                : XSW_OK;
}

size_t timeline_entries(const struct timeline *timeline, const struct timeline_entry **entries)
{
    *entries = timeline->entries;
    return timeline->count;
}

size_t timeline_sources(const struct timeline *timeline, const struct timeline_source **sources)
{
    *sources = timeline->sources;
    return timeline->source_count;
}

size_t timeline_machines(const struct timeline *timeline, const struct timeline_machine **machines)
{
    *machines = timeline->machines;
    return timeline->machine_count;
}

uint64_t timeline_beyond(const struct timeline *timeline)
{
    return timeline->beyond;
}
