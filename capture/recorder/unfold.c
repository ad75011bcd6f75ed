/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/recorder/unfold.h"

#include <string.h>

#include "base/error.h"
#include "packet/flow_key.h"
#include "switch/path/pipeline.h"

/* Reading the ring's record ------------------------------------------------------------------ */

static void decision_take(struct unfold *unfold, const struct meta_decision *decision)
{
    if (unfold->decision_count < UNFOLD_DECISIONS_MAX) {
        unfold->decisions[unfold->decision_count++] = *decision;
    }
}

static void history_take(struct unfold *unfold, const struct meta_item *item)
{
    for (size_t i = 0; i < item->hop_count && unfold->history_count < STAGES_MAX; i++) {
        struct meta_hop hop = meta_hop_at(item, i);
        unfold->whole[unfold->history_count++] =
            (struct ring_hop){.stage = hop.stage, .since_rx_ns = hop.since_rx_ns};
    }
}

static enum xsw_status extras_read(struct unfold *unfold, const struct ring_journey *journey,
                                   struct xsw_error *error)
{
    uint32_t padded = (journey->captured_length + 7) & ~7U;
    const uint8_t *extras = journey->data + padded;
    struct meta_reader reader = {.next = extras, .end = extras + journey->record.count};
    for (;;) {
        struct meta_item item;
        enum xsw_status status = meta_next(&reader, &item, error);
        if (status != XSW_OK) {
            return status == XSW_END ? XSW_OK : status;
        }
        if (item.type == META_TLV_DECISION) {
            decision_take(unfold, &item.decision);
        } else if (item.type == META_TLV_OFFLOAD) {
            unfold->offload = item.offload;
            unfold->has_offload = true;
        } else if (item.type == META_TLV_UNDECLARED && item.stage < STAGES_MAX) {
            unfold->undeclared_stages |= (uint64_t)1 << item.stage;
        } else if (item.type == META_TLV_HOPS) {
            history_take(unfold, &item);
        } else if (item.type == META_TLV_HELD && unfold->hold_count < UNFOLD_HOLDS_MAX) {
            unfold->holds[unfold->hold_count++] = item.held;
        } else if (item.type == META_TLV_CHANGE && unfold->change_count < UNFOLD_CHANGES_MAX) {
            unfold->changes[unfold->change_count++] = item.change;
        }
    }
}

/* Bytes -------------------------------------------------------------------------------------- */

/* Offload fields count from the first byte of the frame: they move with what comes or goes before
 * the place that they mean. */
static void offload_move(struct unfold *unfold, uint32_t offset, uint32_t taken, uint32_t put)
{
    struct meta_offload *offload = &unfold->offload;
    uint16_t by = (uint16_t)(put - taken);
    if ((offload->flags & XSW_OFFLOAD_NEEDS_CHECKSUM) != 0 && offset < offload->csum_start) {
        offload->csum_start = (uint16_t)(offload->csum_start + by);
    }
    if (offload->gso_type != XSW_GSO_NONE && offset < offload->header_length) {
        offload->header_length = (uint16_t)(offload->header_length + by);
    }
}

/* Puts `put` in the place of `taken` bytes at `offset`, as far as the bytes were captured. */
static void replace(struct unfold *unfold, uint32_t offset, uint32_t taken, const uint8_t *put,
                    uint32_t put_length)
{
    unfold->length = unfold->length - taken + put_length;
    offload_move(unfold, offset, taken, put_length);
    uint32_t captured = unfold->captured_length;
    if (offset >= captured) {
        return;
    }
    uint32_t taken_here = taken < captured - offset ? taken : captured - offset;
    uint32_t rest = captured - offset - taken_here;
    if (offset + put_length + rest > UNFOLD_BYTES) {
        return;
    }
    memmove(unfold->bytes + offset + put_length, unfold->bytes + offset + taken_here, rest);
    memcpy(unfold->bytes + offset, put, put_length);
    unfold->captured_length = offset + put_length + rest;
}

static void changes_undo(struct unfold *unfold)
{
    for (size_t i = unfold->change_count; i-- > 0;) {
        const struct meta_change *change = &unfold->changes[i];
        replace(unfold, change->offset, change->new_length, change->bytes, change->old_length);
    }
}

static void change_apply(struct unfold *unfold, const struct meta_change *change)
{
    replace(unfold, change->offset, change->old_length, change->bytes + change->old_length,
            change->new_length);
}

static uint32_t maximum(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* Steps -------------------------------------------------------------------------------------- */

static uint16_t forward_place(const struct ring_hop *hops, uint32_t count)
{
    for (uint16_t place = 0; place < count; place++) {
        if (hops[place].stage == STAGE_FORWARD) {
            return place;
        }
    }
    return UINT16_MAX;
}

static void reset(struct unfold *unfold, const struct ring_journey *journey,
                  const struct unfold_timeline *timeline, bool every_stage)
{
    unfold->journey = journey;
    unfold->rx_mono_ns = timeline->rx_mono_ns;
    unfold->hops = timeline->hops;
    unfold->hop_count = timeline->hop_count;
    unfold->first_hop = journey->first_hop;
    unfold->flags = journey->flags;
    unfold->every_stage = every_stage;
    unfold->has_begun = unfold->has_ended = false;
    unfold->change_next = unfold->change_count = unfold->decision_count = 0;
    unfold->told_count = unfold->folded_count = 0;
    unfold->history_count = 0;
    unfold->hold_count = 0;
    unfold->has_offload = false;
    unfold->drop_rule = 0;
    unfold->undeclared_stages = 0;
    unfold->length = journey->length;
    unfold->captured_length = journey->captured_length;
}

/* One that was held has two timelines: the hops before it was held, which it brings along, and
 * those of the batch with which it was released. They become one, that begins when it came in. */
static void timelines_join(struct unfold *unfold)
{
    if (unfold->hold_count == 0) {
        return;
    }
    uint64_t rx_mono_ns = unfold->holds[0].rx_mono_ns;
    uint64_t base = unfold->rx_mono_ns > rx_mono_ns ? unfold->rx_mono_ns - rx_mono_ns : 0;
    uint32_t count = unfold->history_count;
    for (uint32_t place = unfold->first_hop; place < unfold->hop_count; place++) {
        uint64_t since = base + unfold->hops[place].since_rx_ns;
        unfold->whole[count].stage = unfold->hops[place].stage;
        unfold->whole[count++].since_rx_ns = since < UINT32_MAX ? (uint32_t)since : UINT32_MAX;
    }
    unfold->hops = unfold->whole;
    unfold->hop_count = count;
    unfold->first_hop = 0;
    unfold->rx_mono_ns = rx_mono_ns;
}

/* The bytes as they were at the beginning. */
static void bytes_rewind(struct unfold *unfold)
{
    const struct ring_journey *journey = unfold->journey;
    if (unfold->change_count > 0) {
        memcpy(unfold->bytes, journey->data, journey->captured_length);
        changes_undo(unfold);
    }
    /* Changes behind the snap length are not among those undone, but the length is known. */
    unfold->length = maximum(journey->rx_length, unfold->captured_length);
    const uint8_t *bytes = unfold->change_count > 0 ? unfold->bytes : journey->data;
    struct flow_key key;
    flow_key_from_bytes(&key, bytes, unfold->captured_length, unfold->length);
    unfold->flow_hash = flow_key_hash(&key);
}

enum xsw_status unfold_begin(struct unfold *unfold, const struct ring_journey *journey,
                             const struct unfold_timeline *timeline, bool every_stage,
                             struct xsw_error *error)
{
    if (timeline->hop_count == 0 || timeline->hop_count > STAGES_MAX ||
        journey->first_hop >= timeline->hop_count ||
        journey->captured_length > UNFOLD_CAPTURED_MAX) {
        return error_set(error, XSW_CORRUPT,
                         "journey %llu contradicts its timeline: %u hops, first %u",
                         (unsigned long long)journey->id, timeline->hop_count, journey->first_hop);
    }
    reset(unfold, journey, timeline, every_stage);
    enum xsw_status status =
        journey->record.count > 0 ? extras_read(unfold, journey, error) : XSW_OK;
    if (journey->has_drop_rule && unfold->decision_count > 0) {
        unfold->drop_rule = unfold->decisions[--unfold->decision_count].rule;
    }
    timelines_join(unfold);
    unfold->place = unfold->first_hop;
    unfold->forward_place = forward_place(unfold->hops, unfold->hop_count);
    bytes_rewind(unfold);
    return status;
}

/* Made by the switch for one destination, which it has from the beginning. */
static bool is_copy(const struct ring_journey *journey)
{
    return (journey->packet_flags & (XSW_PACKET_FLOOD_COPY | XSW_PACKET_MIRROR_COPY)) != 0;
}

static bool is_at_destination(const struct unfold *unfold, uint32_t place)
{
    const struct ring_journey *journey = unfold->journey;
    bool has_destination = place > unfold->forward_place ||
                           (is_copy(journey) && (!unfold->has_begun || place == unfold->first_hop));
    return has_destination && journey->destination_port != XSW_PORT_NONE;
}

static void step_fill(struct unfold *unfold, struct unfold_step *step, enum meta_kind kind)
{
    const struct ring_journey *journey = unfold->journey;
    const struct ring_hop *hop = &unfold->hops[unfold->place];
    bool at_destination = is_at_destination(unfold, unfold->place);
    *step = (struct unfold_step){
        .at_destination = at_destination,
        .fixed = {.kind = (uint8_t)kind,
                  .port = at_destination ? journey->destination_port : journey->source_port,
                  .stage = hop->stage,
                  .flow_hash = unfold->flow_hash,
                  .parent_id = journey->parent_id},
        .since_rx_ns = hop->since_rx_ns,
        .bytes = unfold->change_count > 0 ? unfold->bytes : journey->data,
        .captured_length = unfold->captured_length,
        .length = unfold->length,
        .hops = unfold->folded,
        .hop_count = unfold->folded_count,
        .decisions = unfold->told,
        .decision_count = unfold->told_count,
    };
    unfold->folded_count = 0;
    unfold->told_count = 0;
    if ((journey->packet_flags & XSW_PACKET_FLOOD_COPY) != 0) {
        step->fixed.flags |= META_FLOOD;
    }
    if ((journey->packet_flags & XSW_PACKET_MIRROR_COPY) != 0) {
        step->fixed.flags |= META_MIRROR;
    }
}

static void offload_tell(const struct unfold *unfold, struct unfold_step *step)
{
    step->has_offload = unfold->has_offload;
    step->offload = unfold->offload;
}

static void last_fill(struct unfold *unfold, struct unfold_step *step)
{
    const struct ring_journey *journey = unfold->journey;
    bool is_drop = journey->drop_reason != 0;
    bool is_replaced = (unfold->flags & RING_JOURNEY_REPLACED) != 0;
    unfold->length = maximum(journey->length, unfold->captured_length);
    step_fill(unfold, step, is_drop ? META_DROP : is_replaced ? META_CONSUMED : META_PASS);
    step->holds = unfold->holds;
    step->hold_count = unfold->hold_count;
    step->fixed.flags |= META_LAST;
    step->fixed.reason = journey->drop_reason;
    step->fixed.rule = unfold->drop_rule;
    step->vlan = journey->vlan;
    offload_tell(unfold, step);
    unfold->has_ended = true;
}

/* How the packet came to be. */
static enum meta_kind first_kind(const struct ring_journey *journey)
{
    if (journey->parent_id != 0) {
        return META_CLONE;
    }
    return (journey->packet_flags & XSW_PACKET_INJECTED) != 0 ? META_INJECTED : META_PASS;
}

static void first_fill(struct unfold *unfold, struct unfold_step *step)
{
    const struct ring_journey *journey = unfold->journey;
    enum meta_kind kind = first_kind(journey);
    if (kind == META_PASS && unfold->hop_count == 1) {
        last_fill(unfold, step); /* dropped where it came in */
    } else {
        step_fill(unfold, step, kind);
        offload_tell(unfold, step);
    }
    step->fixed.flags |= META_FIRST;
    step->has_source = kind != META_PASS;
    step->source_port = journey->source_port;
    if (kind == META_PASS && !unfold->has_ended) {
        step->since_rx_ns = 0; /* the bytes as they came in, not as the stage left them */
    }
    bool has_lost_bytes = unfold->change_count == 0 && journey->rx_length != journey->length;
    if ((journey->flags & RING_JOURNEY_NOTES_INCOMPLETE) != 0 || has_lost_bytes) {
        step->fixed.flags |= META_CHANGES_INCOMPLETE;
    }
    unfold->has_begun = true;
    /* One that is made goes on behind the stage that made it; where it could not, it ends there. */
    unfold->place += unfold->first_hop + 1U < unfold->hop_count;
}

static void decisions_tell(struct unfold *unfold, uint16_t stage)
{
    for (size_t i = 0; i < unfold->decision_count; i++) {
        if (unfold->decisions[i].stage == stage && unfold->told_count < UNFOLD_DECISIONS_MAX) {
            unfold->told[unfold->told_count++] = unfold->decisions[i];
            unfold->decisions[i].stage = UINT16_MAX;
        }
    }
}

/* The changes that the stage made, as one step with the bytes after them. */
static bool changes_tell(struct unfold *unfold, uint16_t stage, struct unfold_step *step)
{
    size_t first = unfold->change_next;
    while (unfold->change_next < unfold->change_count &&
           unfold->changes[unfold->change_next].stage == stage) {
        change_apply(unfold, &unfold->changes[unfold->change_next++]);
    }
    if (unfold->change_next == first) {
        return false;
    }
    struct meta_decision decided = {0};
    for (size_t i = 0; i < unfold->told_count; i++) {
        if (unfold->told[i].stage == stage) {
            decided = unfold->told[i];
        }
    }
    step_fill(unfold, step, META_CHANGED);
    step->fixed.rule = decided.rule;
    step->changes = &unfold->changes[first];
    step->change_count = unfold->change_next - first;
    if (stage < STAGES_MAX && (unfold->undeclared_stages >> stage & 1) != 0) {
        step->fixed.flags |= META_UNDECLARED;
    }
    if ((unfold->journey->flags & RING_JOURNEY_NOTES_INCOMPLETE) != 0) {
        step->fixed.flags |= META_CHANGES_INCOMPLETE;
    }
    return true;
}

static void hop_fold(struct unfold *unfold)
{
    const struct ring_hop *hop = &unfold->hops[unfold->place];
    unfold->folded[unfold->folded_count++] =
        (struct meta_hop){.stage = hop->stage, .since_rx_ns = hop->since_rx_ns};
}

static bool is_wanted(const struct unfold *unfold, uint16_t stage)
{
    return (unfold->stages >> stage % STAGES_MAX & 1) != 0;
}

static bool step_next(struct unfold *unfold, struct unfold_step *step)
{
    if (!unfold->has_begun) {
        first_fill(unfold, step);
        return true;
    }
    while (!unfold->has_ended) {
        uint16_t stage = unfold->hops[unfold->place].stage;
        bool is_last = unfold->place == unfold->hop_count - 1;
        decisions_tell(unfold, stage);
        if (changes_tell(unfold, stage, step)) {
            /* The record of the change names the stage; where it was also the end, that is next. */
            unfold->place += !is_last;
            return true;
        }
        if (is_last) {
            last_fill(unfold, step);
            return true;
        }
        if (unfold->every_stage || is_wanted(unfold, stage)) {
            step_fill(unfold, step, META_PASS);
            unfold->place++;
            return true;
        }
        hop_fold(unfold);
        unfold->place++;
    }
    return false;
}

bool unfold_next(struct unfold *unfold, struct unfold_step *step)
{
    while (step_next(unfold, step)) {
        if (unfold->stages == 0 || is_wanted(unfold, step->fixed.stage)) {
            return true;
        }
        unfold->told_count = step->decision_count;
        unfold->folded_count = step->hop_count;
        unfold->folded[unfold->folded_count++] =
            (struct meta_hop){.stage = step->fixed.stage, .since_rx_ns = step->since_rx_ns};
    }
    return false;
}
