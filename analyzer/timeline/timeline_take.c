/* SPDX-License-Identifier: Apache-2.0 */
/* What events and records mean for the timeline. */
#include "analyzer/timeline/timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/books/notes.h"
#include "analyzer/report/words.h"
#include "analyzer/timeline/timeline_parts.h"

/* Events -------------------------------------------------------------------------------------- */

/* What happens so often that it is told as an episode: of what, whoever tells it. The texts of the
 * event itself, such as the address that was learned, are those of the first. */
static uint64_t episode_of(const struct pcapng_event *event, char *what, size_t size)
{
    struct event_sum_key key;
    if (event_sum_key_make(&key, event)) {
        timeline_say_drop(what, size, &key, event);
        return timeline_sum_hash(&key) + timeline_switch_hash(&key);
    }
    timeline_say_alike(what, size, event);
    return event_alike_hash(event) + event_switch_hash(event);
}

static bool is_of_kernel(const char *name)
{
    return strcmp(name, "kernel_drop") == 0 || strncmp(name, "kernel_xdp_", 11) == 0;
}

static void episode_event(struct timeline *timeline, struct timeline_entry *entry,
                          const struct pcapng_event *event)
{
    char what[EPISODE_WHAT_SIZE];
    struct event_sum_key key;
    uint64_t hash = episode_of(event, what, sizeof(what));
    uint64_t last_mono_ns = event_number(event, "last_mono_ns", entry->mono_ns);
    uint64_t more = last_mono_ns > entry->mono_ns ? last_mono_ns - entry->mono_ns : 0;
    bool is_drop = event_sum_key_make(&key, event);
    if (is_drop) {
        bool is_own = strcmp(key.kind, "packet_dropped") == 0;
        snprintf(entry->text, sizeof(entry->text), "%s%s", is_own ? "first drop: " : "", what);
    }
    int32_t episode = episode_take(timeline, hash, entry, entry->wall_ns + more, what);
    if (is_drop) {
        episode_drop(timeline, episode, &key);
    }
    if (episode >= 0) {
        timeline->episodes[episode].is_of_kernel = is_drop;
    }
    if (is_of_kernel(entry->name) && entry->packet_id == 0) {
        wanted_add(timeline, event, entry, episode);
    }
}

/* A turn of a worker was told at its end, and says how long it was. */
static void stall_take(struct timeline_entry *entry, const struct pcapng_event *event)
{
    uint64_t took_ns = event_number(event, "value", 0);
    struct words words;
    if (strcmp(entry->name, "worker_over_budget") != 0 || took_ns == 0 ||
        took_ns >= entry->wall_ns) {
        return;
    }
    entry->span_ns = took_ns;
    entry->wall_ns -= took_ns;
    entry->mono_ns -= entry->mono_ns > took_ns ? took_ns : 0;
    snprintf(entry->text, sizeof(entry->text),
             "a worker was at one batch for %s, longer than it may be: others waited",
             words_duration(took_ns, &words));
}

/* A port that is up again ends what began when it went down. */
static void port_follow(struct timeline *timeline, struct timeline_entry *entry,
                        const struct pcapng_event *event)
{
    const char *detail = event_field(event, "detail");
    bool is_state = strcmp(entry->name, "port_state") == 0 && detail != NULL;
    bool is_down =
        (is_state && strcmp(detail, "up") != 0) || strcmp(entry->name, "nic_disconnected") == 0;
    bool is_up =
        (is_state && strcmp(detail, "up") == 0) || strcmp(entry->name, "nic_connected") == 0;
    if (!is_down && !is_up) {
        return;
    }
    uint64_t hash = 1469598103934665603ULL + (uint64_t)entry->machine + is_state;
    hash = timeline_hash(hash, event_switch(event));
    hash = timeline_hash(hash, event_port(event)) | 1;
    struct followed_port *place = &timeline->ports[(hash >> 20) % PORTS_FOLLOWED];
    if (is_down) {
        *place = (struct followed_port){hash, entry->wall_ns};
    } else if (place->hash == hash && entry->wall_ns >= place->wall_ns) {
        struct words words;
        size_t used = strlen(entry->text);
        entry->kind = TIMELINE_RECOVERY;
        entry->span_ns = entry->wall_ns - place->wall_ns;
        snprintf(entry->text + used, sizeof(entry->text) - used, ", after %s",
                 words_duration(entry->span_ns, &words));
    }
}

static bool is_recording(const struct timeline *timeline)
{
    return strcmp(timeline->sources.list[timeline->source_now].kind, "pcapng") == 0;
}

static int machine_take(struct timeline *timeline, const struct pcapng_event *event, bool has_mono)
{
    struct sources *sources = &timeline->sources;
    int machine = sources_machine(sources, event->host, event->boot_id);
    sources_tell(sources, timeline->source_now, machine, event->wall_ns);
    sources->list[timeline->source_now].events++;
    if (has_mono) {
        sources_clock(sources, machine, event->mono_ns, event->wall_ns, false);
    }
    /* A recording's section comes before its events; of others timeline_finish may know. */
    return machine >= 0 || !is_recording(timeline)
               ? machine
               : sources_machine_of(sources, timeline->source_now);
}

/* Which of the switch's changes need not be taken from the log of a recording. */
static void changes_follow(struct timeline *timeline, const struct pcapng_event *event, int machine)
{
    const uint64_t generation = event_number(event, "generation", 0);
    const struct changes_key key = {.switch_hash = event_switch_hash(event), .machine = machine};
    if (!event_is_change(event->name)) {
        return;
    }
    timeline->sources.list[timeline->source_now].tells_changes = true;
    struct changes_told *told = table_find(&timeline->changes, &key);
    if (told == NULL) {
        told = table_add(&timeline->changes, &key);
        if (told == NULL) {
            timeline->beyond++;
            return;
        }
        told->least = UINT64_MAX;
    }
    /* Without a generation it is not known which these are: all of them. */
    told->least = generation < told->least ? generation : told->least;
    told->most = generation == 0 ? UINT64_MAX : generation > told->most ? generation : told->most;
}

static bool change_is_told(const struct timeline *timeline, uint64_t switch_hash, int machine,
                           uint64_t generation)
{
    const struct changes_key keys[] = {
        {switch_hash, machine}, {switch_hash, -1}, {0, machine}, {0, -1}};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct changes_told *told = table_find(&timeline->changes, &keys[i]);
        if (told != NULL && generation >= told->least && generation <= told->most) {
            return true;
        }
    }
    return false;
}

static void entry_take(struct timeline *timeline, const struct pcapng_event *event, int machine)
{
    if (sources_clock_event(&timeline->sources, machine, event) || event_is_dull(event->name) ||
        losses_take(&timeline->losses, event, timeline->source_now, machine)) {
        return;
    }
    struct timeline_entry entry = {.wall_ns = event->wall_ns != 0 ? event->wall_ns : event->mono_ns,
                                   .mono_ns = event->mono_ns,
                                   .count = event_number(event, "packets", 1),
                                   .packet_id = event_number(event, "packet_id", 0),
                                   .source = timeline->source_now,
                                   .machine = (int16_t)machine,
                                   .episode = -1,
                                   .kind = TIMELINE_EVENT,
                                   .priority = event->priority};
    text_make_safe(entry.name, sizeof(entry.name),
                   event->name != NULL     ? event->name
                   : event->source != NULL ? event->source
                                           : "event");
    timeline_say_event(entry.text, sizeof(entry.text), event);
    stall_take(&entry, event);
    /* A trace of others may hold anything, as often as it likes. */
    bool is_foreign = !is_recording(timeline) &&
                      (event->source == NULL || strcmp(event->source, "xsw") != 0) &&
                      event->priority >= PCAPNG_PRIORITY_INFO;
    if (event->name != NULL && (event_is_frequent(event->name) || is_foreign)) {
        episode_event(timeline, &entry, event);
        return;
    }
    port_follow(timeline, &entry, event);
    (void)timeline_add(timeline, &entry);
}

void timeline_event(struct timeline *timeline, const struct pcapng_event *event, bool has_mono)
{
    int machine = machine_take(timeline, event, has_mono);
    changes_follow(timeline, event, machine);
    entry_take(timeline, event, machine);
}

void timeline_change(struct timeline *timeline, const struct analysis_session *session,
                     const struct pcapng_event *event)
{
    const struct timeline_session *known = &timeline->sessions[session->number];
    if (!known->is_known || change_is_told(timeline, event_switch_hash(event), known->machine,
                                           event_number(event, "generation", 0))) {
        return;
    }
    timeline->source_now = known->source;
    timeline->sources.list[known->source].tells_changes = true;
    timeline->sources.list[known->source].events++;
    sources_tell(&timeline->sources, known->source, known->machine, event->wall_ns);
    entry_take(timeline, event, known->machine);
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
                                   .source = timeline->source_now,
                                   .machine = (int16_t)known->machine,
                                   .episode = -1,
                                   .priority = PCAPNG_PRIORITY_WARNING};
}

/* The same parts as of an event of that drop. */
static void drop_key_make(struct event_sum_key *key, const struct analysis_session *session,
                          const struct record *record)
{
    const struct dictionary *names = &session->of->dictionary;
    const struct meta_fixed *fixed = &record->fixed;
    struct dictionary_name name;
    memset(key, 0, sizeof(*key));
    snprintf(key->kind, sizeof(key->kind), "packet_dropped");
    snprintf(key->switch_name, sizeof(key->switch_name), "%s", session->of->name);
    snprintf(key->port, sizeof(key->port), "%s", dictionary_port(names, record->port, &name));
    snprintf(key->stage, sizeof(key->stage), "%s", dictionary_stage(names, fixed->stage, &name));
    snprintf(key->reason, sizeof(key->reason), "%s",
             dictionary_reason(names, fixed->reason, &name));
    if (fixed->rule != 0) {
        snprintf(key->why, sizeof(key->why), "rule %" PRIu32,
                 meta_rule_number(fixed->stage, fixed->rule));
    }
}

static void drop_take(struct timeline *timeline, const struct analysis_session *session,
                      const struct record *record)
{
    struct timeline_entry entry = entry_of_record(timeline, session, record);
    struct event_sum_key key;
    char what[EPISODE_WHAT_SIZE];
    drop_key_make(&key, session, record);
    timeline_say_drop(what, sizeof(what), &key, NULL);
    snprintf(entry.name, sizeof(entry.name), "drop");
    snprintf(entry.text, sizeof(entry.text), "first drop: %s", what);
    uint64_t hash = timeline_sum_hash(&key) + timeline_switch_hash(&key);
    int32_t episode = episode_take(timeline, hash, &entry, entry.wall_ns, what);
    episode_drop(timeline, episode, &key);
    if (record->fixed.flow_hash != 0) {
        episode_flow_dropped(
            timeline, (uint64_t)(session->number + 1) << 32 | record->fixed.flow_hash, episode);
    }
}

static void gap_take(struct timeline *timeline, const struct analysis_session *session,
                     const struct meta_gap *gap)
{
    const struct timeline_session *known = &timeline->sessions[session->number];
    uint64_t offset_ns = known->is_known ? known->offset_ns : 0;
    struct loss loss = {.kind = LOSS_JOURNEYS,
                        .from_ns = gap->from_mono_ns + offset_ns,
                        .until_ns = gap->to_mono_ns + offset_ns,
                        .from_mono_ns = gap->from_mono_ns,
                        .until_mono_ns = gap->to_mono_ns,
                        .count = gap->journeys,
                        .is_first_hand = true,
                        .machine = (int16_t)known->machine,
                        .source = timeline->source_now};
    snprintf(loss.text, sizeof(loss.text), "%s", meta_loss_name(gap->cause));
    loss_session_set(&loss, session->of->name, session->name);
    losses_keep(&timeline->losses, &loss);
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
    sources_tell(&timeline->sources, timeline->source_now, -1, record->time_ns);
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
            gap_take(timeline, session, &item.gap);
        } else if (item.type == META_TLV_GENERATION) {
            generation_take(timeline, session, record, item.generation);
        }
    }
}
