/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/timeline/timeline_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/books/notes.h"
#include "analyzer/report/words.h"
#include "base/text.h"

static int32_t episode_begin(struct timeline *timeline, uint32_t *place, uint64_t hash,
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
    *episode = (struct episode){.hash = hash,
                                .begin = timeline->count - 1,
                                .teller = begin.episode,
                                .last = *entry,
                                .noun = "time",
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

int32_t episode_take(struct timeline *timeline, uint64_t hash, const struct timeline_entry *entry,
                     uint64_t last_ns, const char *what)
{
    const struct episode_key key = {
        .hash = hash, .machine = entry->machine, .source = entry->source};
    uint32_t *place = table_add(&timeline->open, &key);
    if (place == NULL) {
        timeline->beyond++;
        return -1;
    }
    struct episode *episode = *place != 0 ? &timeline->episodes[*place - 1] : NULL;
    if (episode == NULL || entry->wall_ns > episode->last_ns + TIMELINE_PAUSE_NS ||
        entry->wall_ns + TIMELINE_PAUSE_NS < episode->first_ns) {
        if (episode_begin(timeline, place, hash, entry, what) < 0) {
            return -1;
        }
        episode = &timeline->episodes[*place - 1];
    }
    last_ns = last_ns < entry->wall_ns ? entry->wall_ns : last_ns;
    episode_go_on(timeline, episode, entry, last_ns);
    return (int32_t)(*place - 1);
}

void episode_drop(struct timeline *timeline, int32_t episode, const struct event_sum_key *key)
{
    if (episode >= 0) {
        timeline->episodes[episode].noun = "packet";
        timeline->episodes[episode].plain_hash = timeline_sum_hash(key);
        timeline->episodes[episode].switch_hash = timeline_switch_hash(key);
    }
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

static uint64_t placed(const struct timeline *timeline, const struct timeline_entry *entry)
{
    return sources_place(&timeline->sources, entry->machine, entry->mono_ns, entry->wall_ns);
}

/* Of which two sources of a machine tell ------------------------------------------------------ */

/* Two who see the same note it one behind the other. */
static const uint64_t APART_NS = 1000000;

/* A source that does not name the switch may mean any. */
static bool is_same_key(const struct episode *one, const struct episode *other)
{
    bool is_drop = one->plain_hash != 0 && one->plain_hash == other->plain_hash;
    return one->hash == other->hash ||
           (is_drop && (one->switch_hash == 0 || other->switch_hash == 0));
}

static bool is_same(const struct timeline *timeline, const struct episode *one,
                    const struct episode *other)
{
    const struct timeline_entry *a = &timeline->entries[one->begin];
    const struct timeline_entry *b = &timeline->entries[other->begin];
    return is_same_key(one, other) && a->source != b->source && a->machine == b->machine &&
           placed(timeline, a) <= placed(timeline, &other->last) + APART_NS &&
           placed(timeline, b) <= placed(timeline, &one->last) + APART_NS;
}

/* Of two lists of the packets that the same drops were, the one that knows more stays. */
static void joins_melt(struct timeline *timeline, struct episode *stays, const struct episode *goes)
{
    bool is_less = goes->joined > stays->joined;
    timeline->episodes[is_less ? stays->teller : goes->teller].is_unlisted = true;
    if (is_less) {
        stays->teller = goes->teller;
        stays->joined = goes->joined;
    }
}

/* The one that tells of more stays: what the other did not see, it lost. */
static void episode_melt(struct timeline *timeline, struct episode *stays, struct episode *goes)
{
    struct timeline_entry *begin = &timeline->entries[stays->begin];
    const struct timeline_entry *other = &timeline->entries[goes->begin];
    goes->is_hidden = true;
    stays->others += goes->others + 1;
    joins_melt(timeline, stays, goes);
    begin->alike = begin->packet_id == 0 ? other->alike : begin->alike;
    begin->packet_id = begin->packet_id == 0 ? other->packet_id : begin->packet_id;
    if (stays->recovered_ns == 0 && goes->recovered_ns > goes->last_ns) {
        uint64_t later_ns = goes->recovered_ns - goes->last_ns;
        stays->recovered_ns = stays->last_ns + later_ns;
        stays->recovered_id = goes->recovered_id;
    }
}

static void episodes_melt(struct timeline *timeline)
{
    for (size_t i = 0; i < timeline->episode_count; i++) {
        struct episode *one = &timeline->episodes[i];
        for (size_t j = i + 1; j < timeline->episode_count && !one->is_hidden; j++) {
            struct episode *other = &timeline->episodes[j];
            if (other->is_hidden || !is_same(timeline, one, other)) {
                continue;
            }
            bool is_less = other->count > one->count;
            episode_melt(timeline, is_less ? other : one, is_less ? one : other);
        }
    }
}

/* The end ------------------------------------------------------------------------------------- */

/* What came behind the last one, as far as the source tells. */
static void say_since(struct text *text, const struct timeline *timeline,
                      const struct episode *episode)
{
    const struct source *source = &timeline->sources.list[timeline->entries[episode->begin].source];
    struct words words;
    if (source->last_ns > episode->last_ns + TIMELINE_PAUSE_NS) {
        text_format(text, "; then none for %s",
                    words_duration(source->last_ns - episode->last_ns, &words));
    } else {
        text_format(text, "; the source ends %s later",
                    words_duration(
                        source->last_ns > episode->last_ns ? source->last_ns - episode->last_ns : 0,
                        &words));
    }
}

/* Whether it may have been more, since not all is known of that time. */
static bool is_doubtful(const struct timeline *timeline, const struct episode *episode)
{
    const struct timeline_entry *begin = &timeline->entries[episode->begin];
    const struct loss *loss;
    size_t place = 0;
    while ((loss = losses_find(&timeline->losses, begin->machine, placed(timeline, begin),
                               placed(timeline, &episode->last), &place)) != NULL) {
        bool is_kernels = loss->kind == LOSS_KERNEL || loss->kind == LOSS_UNTOLD;
        bool is_own = loss->source == begin->source;
        if (is_kernels ? episode->is_of_kernel : is_own) {
            return true;
        }
    }
    return false;
}

static void say_end(struct timeline_entry *end, const struct timeline *timeline,
                    const struct episode *episode)
{
    struct text text = {0};
    struct words count;
    struct words span;
    double seconds = (double)(episode->last_ns - episode->first_ns) / 1e9;
    text_format(&text, "last of %s%s in %s", is_doubtful(timeline, episode) ? "at least " : "",
                words_count(episode->count, episode->noun, &count),
                words_duration(episode->last_ns - episode->first_ns, &span));
    double rate = seconds >= 0.001 ? (double)episode->count / seconds : 0;
    if (rate >= 1000) {
        text_format(&text, ", %s/s", words_number((uint64_t)rate, &count));
    } else if (rate > 0) {
        text_format(&text, ", %.3g/s", rate);
    }
    text_format(&text, ": %s", episode->what);
    if (episode->joined != 0) {
        text_format(&text, "; %s found in the recording", words_number(episode->joined, &count));
    }
    if (episode->others != 0) {
        text_format(&text, "; %s too", words_count(episode->others, "other source", &count));
    }
    if (episode->recovered_ns == 0) {
        say_since(&text, timeline, episode);
    }
    text_make_safe(end->text, sizeof(end->text), text_string(&text));
    text_fini(&text);
}

static void recovery_add(struct timeline *timeline, const struct episode *episode)
{
    const struct timeline_entry *begin = &timeline->entries[episode->begin];
    struct timeline_entry back = episode->last;
    uint64_t later = episode->recovered_ns - episode->last_ns;
    struct words pause;
    back.kind = TIMELINE_RECOVERY;
    back.source = begin->source;
    back.machine = begin->machine;
    back.episode = begin->episode;
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

static void episode_close(struct timeline *timeline, const struct episode *episode)
{
    struct timeline_entry *begin = &timeline->entries[episode->begin];
    begin->count = episode->count;
    begin->span_ns = episode->last_ns - episode->first_ns;
    if (episode->count > 1) {
        struct timeline_entry end = episode->last;
        end.kind = TIMELINE_END;
        end.source = begin->source;
        end.machine = begin->machine;
        end.episode = begin->episode;
        end.count = episode->count;
        end.span_ns = begin->span_ns;
        say_end(&end, timeline, episode);
        (void)timeline_add(timeline, &end);
    }
    if (episode->recovered_ns != 0) {
        recovery_add(timeline, episode);
    }
}

void episodes_close(struct timeline *timeline)
{
    for (size_t i = 0; i < timeline->episode_count; i++) {
        struct timeline_entry *last = &timeline->episodes[i].last;
        last->machine = timeline->entries[timeline->episodes[i].begin].machine;
    }
    episodes_melt(timeline);
    for (size_t i = 0; i < timeline->episode_count; i++) {
        if (!timeline->episodes[i].is_hidden) {
            episode_close(timeline, &timeline->episodes[i]);
        }
    }
}
