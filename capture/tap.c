/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/tap.h"

#include <string.h>

#include "base/cycles.h"
#include "packet/flow_key.h"
#include "packet/parse.h"
#include "switch/path/held.h"
#include "switch/path/pipeline.h"
#include "switch/policy/bandwidth_bucket.h"

static void tap_begin(void *state, uint32_t worker, const struct worker_counters *counters)
{
    struct tap *tap = state;
    memcpy(&tap->workers[worker].begin, counters, sizeof(*counters));
}

static void tap_end(void *state, uint32_t worker, const struct worker_counters *counters)
{
    struct tap *tap = state;
    struct tap_worker *own = &tap->workers[worker];
    memcpy(&own->end, counters, sizeof(*counters));
    /* A gap at the very end, if the recorder has made room meanwhile. */
    (void)tap_record_gaps(own);
    tap_record_publish(own);
}

static inline struct rules *rules_now(const struct tap *tap)
{
    return atomic_load_explicit(&tap->rules, memory_order_acquire);
}

/* When packets come in ------------------------------------------------------------------------- */

/* The same for both directions of a flow. The packet has not come to the stage that parses it. */
static uint32_t sample_hash(const struct xsw_packet *packet)
{
    struct flow_key key;
    struct xsw_packet parsed = {.data = packet->data, .length = packet->length};
    parse_packet(&parsed);
    flow_key_from_packet(&key, &parsed);
    struct flow_key other = flow_key_reverse(&key);
    uint64_t sum = (uint64_t)flow_key_hash(&key) + flow_key_hash(&other);
    return (uint32_t)((sum * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

static inline int filter_matches(const struct rules *rules, const struct xsw_packet *seen)
{
    const struct bpf_insn *program = rules->program.bf_insns;
    return program == NULL || bpf_filter(program, seen->data, seen->length, seen->length) != 0;
}

/* Of the flows in the sample, one in BUDGET_SAMPLE is left when the budget wants that. */
static void sample_take(const struct rules *rules, uint8_t level, struct packet *packet,
                        uint8_t bit)
{
    uint32_t hash = sample_hash(&packet->seen);
    if (hash % rules->told.sample != 0) {
        packet->sampled_out |= bit;
    } else if (level == BUDGET_SAMPLED && hash / rules->told.sample % BUDGET_SAMPLE != 0) {
        packet->over_budget |= bit;
    } else {
        packet->watch |= bit;
    }
}

/* Not the ordinary way: ports, a sample, or a budget that is used up are asked about. */
__attribute__((noinline)) static void received_ask(const struct rules *rules,
                                                   struct tap_worker *own,
                                                   struct packet *const *packets, uint32_t count,
                                                   uint8_t bit)
{
    uint8_t level = own->budget.level;
    own->has_left_out = 1;
    for (uint32_t i = 0; i < count; i++) {
        struct packet *packet = packets[i];
        if (level == BUDGET_DISARMED) {
            packet->over_budget |= bit;
        } else if (rules->told.direction == CAPTURE_IN && rules->has_ports &&
                   !xsw_port_set_has(&rules->ports, packet->source_port)) {
            continue;
        } else if (filter_matches(rules, &packet->seen)) {
            sample_take(rules, level, packet, bit);
        }
    }
}

static void tap_received(void *state, uint32_t worker, struct packet *const *packets,
                         uint32_t count, uint8_t bit)
{
    const struct tap *tap = state;
    struct tap_worker *own = &tap->workers[worker];
    struct rules *rules = rules_now(tap);
    uint64_t begun = cycles_now();
    if (__builtin_expect(rules->since_ids[worker] == UINT64_MAX, 0) && count > 0) {
        rules->since_ids[worker] = packets[0]->id;
    }
    if (__builtin_expect(rules->asks_at_begin || own->budget.level >= BUDGET_SAMPLED, 0)) {
        received_ask(rules, own, packets, count, bit);
    } else {
        for (uint32_t i = 0; i < count; i++) {
            if (filter_matches(rules, &packets[i]->seen)) {
                packets[i]->watch |= bit;
            }
        }
    }
    own->budget.spent_cycles += cycles_now() - begun;
}

/* When packets have ended ---------------------------------------------------------------------- */

/* What became of the packets of a batch that are not in the ring. */
struct left_out {
    uint32_t unwanted, sampled, lost;
};

/* The stages that the packet has come to, as bits. */
static uint64_t stages_of(const struct packet *packet, const struct timeline *timeline)
{
    uint64_t stages = 0;
    for (uint32_t place = packet->first_hop; place < timeline->count; place++) {
        stages |= UINT64_C(1) << timeline->hops[place].stage;
    }
    for (uint32_t i = 0; packet->held != NULL && i < packet->held->hop_count; i++) {
        stages |= UINT64_C(1) << packet->held->hops[i].stage;
    }
    return stages;
}

/* Whether it has to do with the ports and stages. Rules of which nothing is left to ask at the end
 * were asked when it came in. */
static int is_at_place(const struct rules *rules, const struct packet *packet,
                       const struct timeline *timeline)
{
    uint16_t to = packet->seen.destination_port;
    int goes_out = rules->told.direction != CAPTURE_IN && to != XSW_PORT_NONE &&
                   xsw_port_set_has(&rules->ports, to);
    int came_in = rules->told.direction != CAPTURE_OUT &&
                  xsw_port_set_has(&rules->ports, packet->source_port);
    if (rules->has_ports && rules->told.direction != CAPTURE_IN && !goes_out && !came_in) {
        return 0;
    }
    return rules->stages == 0 || (stages_of(packet, timeline) & rules->stages) != 0;
}

/* Of a batch to which nothing happened, the expression is asked once where it cannot be true for
 * such packets: who wants the dropped ones pays nothing for the others. */
static int is_wanted(const struct rules *rules, uint32_t worker, const struct packet *packet,
                     const struct timeline *timeline, int may_be_plain)
{
    return is_at_place(rules, packet, timeline) &&
           (may_be_plain || !where_packet_is_plain(packet)) &&
           (rules->where == NULL || where_matches(rules->where, worker, packet, timeline));
}

/* The id by which the rules of a packet are found: a copy that is made of one that was held, or
 * beside it, is judged by those under which the original came in. */
static inline uint64_t id_for_rules(const struct packet *packet)
{
    return packet->parent_id != 0 && packet->parent_id < packet->id ? packet->parent_id
                                                                    : packet->id;
}

/* Rules before these stay for what is held meanwhile: batches in which there is nothing of that are
 * not asked about for their sake. */
__attribute__((noinline)) static int has_older(const struct rules *rules, uint32_t worker,
                                               const struct ended_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        if (rules_may_be_older(rules, worker, id_for_rules(batch->packets[i]))) {
            return 1;
        }
    }
    return 0;
}

/* Journeys that are over and that nobody wants are followed no longer: they are not written, and
 * what does not fit into the ring is not one of them. */
__attribute__((noinline)) static uint32_t
unwanted_leave(struct rules *rules, uint32_t worker, const struct ended_batch *batch, uint8_t bit)
{
    uint32_t unwanted = 0;
    const struct timeline *timeline = batch->timeline;
    int may_be_plain = rules->where == NULL || where_may_match_plain(rules->where, timeline);
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        if ((packet->watch & bit) == 0) {
            continue;
        }
        const struct rules *own = rules_of(rules, worker, id_for_rules(packet));
        if (!is_wanted(own, worker, packet, timeline, may_be_plain || own != rules)) {
            packet->watch &= (uint8_t)~bit;
            unwanted++;
        }
    }
    return unwanted;
}

/* Those of a second that are more than the rate are lost. */
__attribute__((noinline)) static uint32_t rate_leave(struct tap *tap, const struct rules *rules,
                                                     struct tap_record *record,
                                                     const struct ended_batch *batch, uint8_t bit)
{
    const struct timeline *timeline = batch->timeline;
    uint64_t now = timeline->rx_mono_ns + timeline->hops[timeline->count - 1].since_rx_ns;
    uint64_t ready = 0;
    uint32_t lost = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        if ((packet->watch & bit) != 0 &&
            !bucket_take(&tap->rate_bucket, &rules->rate, 1, now, &ready)) {
            packet->watch &= (uint8_t)~bit;
            lost++;
        }
    }
    if (lost > 0) {
        tap_record_lose(record, META_LOSS_RATE, lost);
    }
    return lost;
}

/* Those that were not followed although the filter matched. */
__attribute__((noinline)) static void marks_count(struct tap_record *record,
                                                  const struct ended_batch *batch, uint8_t bit,
                                                  struct left_out *left_out)
{
    uint32_t over_budget = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        left_out->sampled += (batch->packets[i]->sampled_out & bit) != 0;
        over_budget += (batch->packets[i]->over_budget & bit) != 0;
    }
    if (over_budget > 0) {
        tap_record_lose(record, META_LOSS_BUDGET, over_budget);
        left_out->lost += over_budget;
    }
}

struct journeys_count {
    uint32_t watched, written;
};

/* When the recorder could not yet be told of the rules, it would not know what these are. */
static struct journeys_count
journeys_write(struct tap_record *record, const struct ended_batch *batch, uint8_t bit, int is_told)
{
    struct journeys_count count = {0};
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct packet *packet = batch->packets[i];
        if ((packet->watch & bit) == 0) {
            continue;
        }
        count.watched++;
        uint16_t cause = is_told ? tap_record_journey(record, packet) : META_LOSS_RING_FULL;
        if (__builtin_expect(cause != 0, 0)) {
            tap_record_lose(record, cause, 1);
        } else {
            count.written++;
        }
    }
    return count;
}

/* With another budget, what the one before led to is forgotten. Not with other rules alone: who
 * changes them again and again must not be rid of it. */
static void rules_begin(struct tap_worker *own, const struct rules *rules)
{
    own->rules_begun = rules->number;
    if (own->budget_begun == rules->told.budget) {
        return;
    }
    own->budget_begun = rules->told.budget;
    own->budget.level = BUDGET_FULL;
    own->budget.over = own->budget.calm = 0;
    own->budget.has_gone_back = 0;
    atomic_store_explicit(&own->shown_level, BUDGET_FULL, memory_order_relaxed);
}

/* What the recorder is to know of the session; when there is no room now, the next time. Returns
 * whether it knows the rules and the ports. */
__attribute__((noinline)) static int events_write(struct tap_worker *own, const struct rules *rules,
                                                  const struct pipeline_names *names,
                                                  uint64_t now_ns)
{
    struct ring_event event = {.mono_ns = now_ns};
    uint64_t level_since_ns = own->budget.window_ns;
    if (own->rules_begun != rules->number) {
        rules_begin(own, rules);
        level_since_ns = now_ns;
    }
    if (own->rules_told != rules->number) {
        event.record.count = RING_EVENT_RULES;
        event.values[0] = rules->number;
        event.values[1] = rules->stages;
        if (!tap_record_event(own, &event)) {
            return 0;
        }
        own->rules_told = rules->number;
    }
    if (own->ports_told < names->ports_changed && !tap_record_ports(own, names, now_ns)) {
        return 0;
    }
    if (own->level_told != own->budget.level) {
        event.mono_ns = level_since_ns;
        event.record.count = RING_EVENT_BUDGET;
        event.values[0] = own->budget.level;
        event.values[1] = own->level_told;
        event.values[2] = own->budget.share;
        event.values[3] = rules->told.budget;
        own->level_told = tap_record_event(own, &event) ? own->budget.level : own->level_told;
    }
    return 1;
}

/* What the switch spent on keeping and comparing bytes is for all who look on, and each of them is
 * charged with it. */
static inline void budget_spend(struct tap_worker *own, const struct rules *rules, uint64_t begun,
                                const struct ended_batch *batch)
{
    struct budget *budget = &own->budget;
    const struct timeline *timeline = batch->timeline;
    uint64_t now_ns = timeline->rx_mono_ns + timeline->hops[timeline->count - 1].since_rx_ns;
    uint64_t now = cycles_now();
    uint64_t watched = own->has_watch_cycles ? batch->watch_cycles - own->watch_cycles : 0;
    own->watch_cycles = batch->watch_cycles;
    own->has_watch_cycles = 1;
    budget->spent_cycles += now - begun + watched;
    if (budget_is_due(budget, now_ns)) {
        (void)budget_close(budget, now_ns, now, rules->told.budget);
        atomic_store_explicit(&own->shown_level, budget->level, memory_order_relaxed);
        atomic_store_explicit(&own->shown_share, budget->share, memory_order_relaxed);
    }
}

static void tap_ended(void *state, uint32_t worker, const struct ended_batch *batch, uint8_t bit)
{
    struct tap *tap = state;
    struct tap_worker *own = &tap->workers[worker];
    struct rules *rules = rules_now(tap);
    const struct timeline_hop *last = &batch->timeline->hops[batch->timeline->count - 1];
    struct ring_account *account = &own->stages[last->stage];
    uint64_t begun = cycles_now();
    uint32_t snap = rules->told.snap_length;
    int is_short = own->budget.level >= BUDGET_SHORT && snap > BUDGET_SNAP;
    struct tap_record record = {.worker = own,
                                .privacy = tap->privacy,
                                .worker_index = worker,
                                .timeline = batch->timeline,
                                .snap_length = is_short ? BUDGET_SNAP : snap};
    struct left_out left_out = {0};
    uint64_t now_ns = batch->timeline->rx_mono_ns + last->since_rx_ns;
    int is_told = 1;
    const struct pipeline_names *names = &batch->pipeline->names;
    if (__builtin_expect(own->rules_told != rules->number || own->level_told != own->budget.level ||
                             own->ports_told < names->ports_changed,
                         0)) {
        is_told = events_write(own, rules, names, now_ns);
    }
    if (__builtin_expect(own->has_left_out, 0)) {
        marks_count(&record, batch, bit, &left_out);
    }
    int has_before = atomic_load_explicit(&rules->older, memory_order_relaxed) != NULL;
    if (__builtin_expect(rules->asks_at_end || (has_before && has_older(rules, worker, batch)),
                         0)) {
        left_out.unwanted = unwanted_leave(rules, worker, batch, bit);
    }
    if (__builtin_expect(rules->rate.rate != 0, 0)) {
        left_out.lost += rate_leave(tap, rules, &record, batch, bit);
    }
    struct journeys_count count = journeys_write(&record, batch, bit, is_told);
    counter_add(&account->offered, batch->count);
    counter_add(&account->filtered,
                batch->count - count.watched - left_out.sampled - left_out.lost);
    counter_add(&account->unwanted, left_out.unwanted);
    counter_add(&account->sampled, left_out.sampled);
    counter_add(&account->written, count.written);
    tap_record_account(own, last->stage);
    tap_record_publish(own);
    budget_spend(own, rules, begun, batch);
}

const struct observer_ops tap_observer_ops = {
    .begin = tap_begin,
    .end = tap_end,
    .received = tap_received,
    .ended = tap_ended,
};
