/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/timeline_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/words.h"

static int32_t episode_begin(struct timeline *timeline, uint32_t *place,
                             const struct timeline_entry *entry, const char *what)
{
    if (timeline->episode_count == TIMELINE_EPISODES_MAX) {
        timeline->beyond++;
        return -1;
    }
    struct timeline_entry begin = *entry;
    begin.kind = TIMELINE_BEGIN;
    begin.episode = (int32_t)timeline->episode_count;
    if (timeline_add(timeline, &begin) == NULL) {
        return -1;
    }
    struct episode *episode = &timeline->episodes[timeline->episode_count++];
    *episode = (struct episode){.begin = timeline->count - 1,
                                .last = *entry,
                                .first_ns = entry->wall_ns,
                                .last_ns = entry->wall_ns};
    snprintf(episode->what, sizeof(episode->what), "%s", what);
    *place = (uint32_t)timeline->episode_count;
    return begin.episode;
}

static void episode_go_on(struct timeline *timeline, struct episode *episode,
                          const struct timeline_entry *entry, uint64_t last_ns)
{
    episode->count += entry->count;
    if (entry->wall_ns < episode->first_ns) {
        /* Workers end their packets each in an order of its own. */
        struct timeline_entry *begin = &timeline->entries[episode->begin];
        begin->wall_ns = entry->wall_ns;
        begin->mono_ns = entry->mono_ns;
        begin->packet_id = entry->packet_id;
        episode->first_ns = entry->wall_ns;
    }
    if (last_ns >= episode->last_ns) {
        uint64_t more = last_ns - entry->wall_ns;
        episode->last = *entry;
        episode->last.wall_ns += more;
        episode->last.mono_ns += entry->mono_ns != 0 ? more : 0;
        episode->last_ns = last_ns;
    }
    if (episode->recovered_ns != 0 && episode->recovered_ns < episode->last_ns) {
        episode->recovered_ns = 0;
    }
}

int32_t episode_take(struct timeline *timeline, const struct episode_key *key,
                     const struct timeline_entry *entry, uint64_t last_ns, const char *what)
{
    uint32_t *place = table_add(&timeline->open, key);
    if (place == NULL) {
        timeline->beyond++;
        return -1;
    }
    struct episode *episode = *place != 0 ? &timeline->episodes[*place - 1] : NULL;
    if (episode == NULL || entry->wall_ns > episode->last_ns + TIMELINE_PAUSE_NS ||
        entry->wall_ns + TIMELINE_PAUSE_NS < episode->first_ns) {
        if (episode_begin(timeline, place, entry, what) < 0) {
            return -1;
        }
        episode = &timeline->episodes[*place - 1];
    }
    last_ns = last_ns < entry->wall_ns ? entry->wall_ns : last_ns;
    episode_go_on(timeline, episode, entry, last_ns);
    return (int32_t)(*place - 1);
}

/* The flows' places are given anew to others: then the older one is no longer followed. */
static struct followed_flow *flow_place(const struct timeline *timeline, uint64_t flow)
{
    return &timeline->flows[(flow * 0x9e3779b97f4a7c15ULL >> 32) % FLOWS_FOLLOWED];
}

void episode_flow_dropped(struct timeline *timeline, uint64_t flow, int32_t episode)
{
    if (episode >= 0) {
        *flow_place(timeline, flow) = (struct followed_flow){flow, episode};
    }
}

void episode_flow_delivered(struct timeline *timeline, uint64_t flow, uint64_t time_ns,
                            uint64_t packet_id)
{
    const struct followed_flow *place = flow_place(timeline, flow);
    if (place->key != flow || flow == 0) {
        return;
    }
    struct episode *episode = &timeline->episodes[place->episode];
    if (time_ns > episode->last_ns &&
        (episode->recovered_ns == 0 || time_ns < episode->recovered_ns)) {
        episode->recovered_ns = time_ns;
        episode->recovered_id = packet_id;
    }
}

static void say_end(struct timeline_entry *end, const struct episode *episode)
{
    struct words count;
    struct words span;
    double seconds = (double)(episode->last_ns - episode->first_ns) / 1e9;
    char rate[40] = "";
    words_count(episode->count, "packet", &count);
    words_duration(episode->last_ns - episode->first_ns, &span);
    if (seconds >= 0.001) {
        snprintf(rate, sizeof(rate), ", %.3g/s", (double)episode->count / seconds);
    }
    snprintf(end->text, sizeof(end->text), "last of %s in %s%s: %s", count.text, span.text, rate,
             episode->what);
}

static void episode_close(struct timeline *timeline, const struct episode *episode)
{
    struct timeline_entry *begin = &timeline->entries[episode->begin];
    begin->count = episode->count;
    begin->span_ns = episode->last_ns - episode->first_ns;
    if (episode->count > 1) {
        struct timeline_entry end = episode->last;
        end.kind = TIMELINE_END;
        end.source = begin->source;
        end.episode = begin->episode;
        end.count = episode->count;
        end.span_ns = begin->span_ns;
        say_end(&end, episode);
        (void)timeline_add(timeline, &end);
    }
    if (episode->recovered_ns != 0) {
        struct timeline_entry back = episode->last;
        uint64_t later = episode->recovered_ns - episode->last_ns;
        struct words pause;
        back.kind = TIMELINE_RECOVERY;
        back.source = timeline->entries[episode->begin].source;
        back.episode = timeline->entries[episode->begin].episode;
        back.priority = PCAPNG_PRIORITY_NOTICE;
        back.wall_ns = episode->recovered_ns;
        back.mono_ns += back.mono_ns != 0 ? later : 0;
        back.packet_id = episode->recovered_id;
        back.count = 1;
        snprintf(back.text, sizeof(back.text),
                 "delivered again, %s after the last drop, a flow that was hit: %s",
                 words_duration(later, &pause), episode->what);
        (void)timeline_add(timeline, &back);
    }
}

void episodes_close(struct timeline *timeline)
{
    for (size_t i = 0; i < timeline->episode_count; i++) {
        episode_close(timeline, &timeline->episodes[i]);
    }
}
