/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of a connection, followed by its sequence numbers as they came in. Numbers wrap, so
 * that only their differences are compared. See flows.h for what a symptom is. */
#include "analyzer/books/flows_tcp.h"

#include <stdlib.h>
#include <string.h>

static bool is_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static bool overlaps(uint32_t sequence, uint32_t end, uint32_t other, uint32_t other_end)
{
    return is_before(sequence, other_end) && is_before(other, end);
}

/* Journeys stand in the order of their ends: one that was dropped early ends before those that came
 * in before it. */
static struct flow_moment moment_of(const struct trail *trail)
{
    return (struct flow_moment){trail->first_ns, trail->packet_id};
}

static bool is_earlier(struct flow_moment a, struct flow_moment b)
{
    return a.time_ns < b.time_ns || (a.time_ns == b.time_ns && a.packet_id < b.packet_id);
}

/* Null before its first segment. */
static struct flow_tcp *tcp_of(const struct flows *flows, const struct flow *flow)
{
    return flow->tcp == 0 ? NULL : &flows->tcp[flow->tcp - 1];
}

/* Sees to it that the flow has one; others may move. False: memory ran out. */
static bool tcp_make(struct flows *flows, struct flow *flow)
{
    enum { FIRST_ROOM = 16 };
    if (flow->tcp != 0) {
        return true;
    }
    if (flows->tcp_count == flows->tcp_room) {
        size_t room = flows->tcp_room == 0 ? FIRST_ROOM : flows->tcp_room * 2;
        struct flow_tcp *tcp = realloc(flows->tcp, room * sizeof(*tcp));
        if (tcp == NULL) {
            return false;
        }
        flows->tcp = tcp;
        flows->tcp_room = room;
    }
    flows->tcp[flows->tcp_count++] = (struct flow_tcp){0};
    flow->tcp = (uint32_t)flows->tcp_count;
    return true;
}

/* Drops -------------------------------------------------------------------------------------- */

static void drop_keep(struct flow_tcp *tcp, const struct trail *trail)
{
    if (tcp->drop_count == FLOW_DROPS_KEPT) {
        memmove(tcp->drops, tcp->drops + 1, sizeof(tcp->drops) - sizeof(tcp->drops[0]));
        tcp->drop_count--;
    }
    tcp->drops[tcp->drop_count++] = (struct flow_drop){
        .packet_id = trail->packet_id,
        .time_ns = trail->last_ns,
        .sequence = trail->tcp.sequence,
        .end = trail->tcp.sequence + trail->tcp.length,
        .acknowledged = trail->tcp.acknowledged,
        .rule = trail->rule,
        .stage = trail->end_stage,
        .reason = trail->reason,
        .port = trail->destination_port.id != 0 ? trail->destination_port : trail->source_port,
        .window = trail->tcp.window,
        .flags = trail->tcp.flags};
}

/* The dropped segment that had any of these bytes, the latest. */
static const struct flow_drop *drop_of_bytes(const struct flow_tcp *tcp, uint32_t sequence,
                                             uint32_t end)
{
    for (size_t i = tcp->drop_count; i > 0; i--) {
        const struct flow_drop *drop = &tcp->drops[i - 1];
        if (overlaps(sequence, end, drop->sequence, drop->end)) {
            return drop;
        }
    }
    return NULL;
}

/* A dropped segment of the other direction that acknowledged these bytes. */
static const struct flow_drop *drop_of_answer(const struct flow_tcp *tcp, uint32_t end)
{
    for (size_t i = tcp->drop_count; i > 0; i--) {
        const struct flow_drop *drop = &tcp->drops[i - 1];
        if ((drop->flags & TRAIL_TCP_ACK) != 0 && !is_before(drop->acknowledged, end)) {
            return drop;
        }
    }
    return NULL;
}

static const struct flow_drop *drop_last(const struct flow_tcp *tcp)
{
    return tcp == NULL || tcp->drop_count == 0 ? NULL : &tcp->drops[tcp->drop_count - 1];
}

/* Symptoms ----------------------------------------------------------------------------------- */

static struct flow_symptom *symptom_place(struct flows *flows)
{
    if (flows->symptoms == NULL) {
        flows->symptoms = calloc(FLOW_SYMPTOMS_MAX, sizeof(*flows->symptoms));
    }
    if (flows->symptoms == NULL || flows->symptom_count == FLOW_SYMPTOMS_MAX) {
        flows->symptoms_beyond++;
        return NULL;
    }
    return &flows->symptoms[flows->symptom_count++];
}

static void symptom_add(struct flows *flows, const struct trail *trail, enum flow_symptom_kind kind,
                        const struct flow_drop *cause, bool is_reverse)
{
    flows->counts[kind]++;
    flows->counts_by_drop[kind] += cause != NULL;
    struct flow_symptom *symptom = symptom_place(flows);
    if (symptom == NULL) {
        return;
    }
    *symptom = (struct flow_symptom){.packet_id = trail->packet_id,
                                     .time_ns = trail->first_ns,
                                     .flow = trail->flow,
                                     .kind = (uint8_t)kind,
                                     .has_cause = cause != NULL,
                                     .is_cause_reverse = is_reverse};
    if (cause != NULL) {
        symptom->cause = *cause;
    }
}

/* Holes: bytes that were left out ------------------------------------------------------------- */

static void hole_add(struct flow_tcp *tcp, uint32_t sequence, uint32_t end,
                     struct flow_moment since)
{
    if (tcp->hole_count == FLOW_HOLES_KEPT) {
        memmove(tcp->holes, tcp->holes + 1, sizeof(tcp->holes) - sizeof(tcp->holes[0]));
        tcp->hole_count--;
    }
    tcp->holes[tcp->hole_count++] = (struct flow_hole){sequence, end, since};
}

/* True when the segment begins in a hole, since when that was there; what it fills is cut off. */
static bool hole_fill(struct flow_tcp *tcp, uint32_t sequence, uint32_t end,
                      struct flow_moment *since)
{
    for (size_t i = 0; i < tcp->hole_count; i++) {
        struct flow_hole hole = tcp->holes[i];
        if (is_before(sequence, hole.sequence) || !is_before(sequence, hole.end)) {
            continue;
        }
        bool has_front = is_before(hole.sequence, sequence);
        bool has_back = is_before(end, hole.end);
        memmove(&tcp->holes[i], &tcp->holes[i + 1],
                (tcp->hole_count - i - 1) * sizeof(tcp->holes[0]));
        tcp->hole_count--;
        if (has_front) {
            hole_add(tcp, hole.sequence, sequence, hole.since);
        }
        if (has_back) {
            hole_add(tcp, end, hole.end, hole.since);
        }
        *since = hole.since;
        return true;
    }
    return false;
}

/* Advances: when the bytes were seen first ---------------------------------------------------- */

static void advance(struct flow_tcp *tcp, uint32_t end, struct flow_moment now)
{
    if (tcp->advance_count == FLOW_ADVANCES_KEPT) {
        memmove(tcp->advances, tcp->advances + 1, sizeof(tcp->advances) - sizeof(tcp->advances[0]));
        tcp->advance_count--;
    }
    tcp->next = end;
    tcp->advances[tcp->advance_count++] = (struct flow_advance){end, now};
}

/* Whether a segment that came in before had this byte: so that one whose journey merely ended later
 * is not taken for a repetition. When that is too long ago to be told, it did. */
static bool was_seen_before(const struct flow_tcp *tcp, uint32_t sequence, struct flow_moment now)
{
    size_t i = 0;
    while (i < tcp->advance_count && !is_before(sequence, tcp->advances[i].end)) {
        i++;
    }
    return i < tcp->advance_count && !is_earlier(now, tcp->advances[i].since);
}

/* Following ---------------------------------------------------------------------------------- */

static void again_tell(struct flows *flows, struct flow *flow, const struct flow_tcp *reverse,
                       const struct trail *trail)
{
    uint32_t sequence = trail->tcp.sequence;
    uint32_t end = sequence + trail->tcp.length;
    const struct flow_drop *cause = drop_of_bytes(tcp_of(flows, flow), sequence, end);
    bool is_reverse = false;
    if (cause == NULL && reverse != NULL) {
        cause = drop_of_answer(reverse, end);
        is_reverse = cause != NULL;
    }
    flow->retransmissions++;
    flow->retransmissions_by_drop += cause != NULL;
    symptom_add(flows, trail, FLOW_RETRANSMISSION, cause, is_reverse);
}

static void bytes_follow(struct flows *flows, struct flow *flow, const struct flow_tcp *reverse,
                         const struct trail *trail)
{
    struct flow_tcp *tcp = tcp_of(flows, flow);
    uint32_t sequence = trail->tcp.sequence;
    uint32_t end = sequence + trail->tcp.length;
    struct flow_moment now = moment_of(trail);
    struct flow_moment since;
    if (!tcp->has_begun) {
        tcp->has_begun = true;
        advance(tcp, end, now);
        return;
    }
    bool is_data = (trail->tcp.flags & (TRAIL_TCP_SYN | TRAIL_TCP_FIN)) == 0;
    bool is_keep_alive = is_data && trail->tcp.length == 1 && sequence == tcp->next - 1;
    if (!is_before(sequence, tcp->next)) {
        if (sequence != tcp->next) {
            hole_add(tcp, tcp->next, sequence, now);
        }
    } else if (hole_fill(tcp, sequence, end, &since)) {
        if (!is_earlier(now, since)) {
            flow->late++;
            symptom_add(flows, trail, FLOW_LATE, NULL, false);
        }
    } else if (was_seen_before(tcp, sequence, now) && !is_keep_alive) {
        again_tell(flows, flow, reverse, trail);
    }
    if (is_before(tcp->next, end)) {
        advance(tcp, end, now);
    }
}

static void reset_tell(struct flows *flows, struct flow *flow, const struct flow_tcp *reverse,
                       const struct trail *trail)
{
    const struct flow_drop *own = drop_last(tcp_of(flows, flow));
    const struct flow_drop *other = drop_last(reverse);
    bool is_reverse = own == NULL || (other != NULL && other->time_ns > own->time_ns);
    const struct flow_drop *cause = is_reverse ? other : own;
    flow->resets++;
    flow->resets_by_drop += cause != NULL;
    symptom_add(flows, trail, FLOW_RESET, cause, is_reverse && cause != NULL);
}

/* A window that is told to be closed again after the segment that opened it was dropped. */
static void window_follow(struct flows *flows, struct flow *flow, const struct trail *trail)
{
    struct flow_tcp *tcp = tcp_of(flows, flow);
    bool is_closed = trail->tcp.window == 0 && (trail->tcp.flags & TRAIL_TCP_SYN) == 0;
    if (is_closed) {
        flow->zero_windows++;
        symptom_add(flows, trail, FLOW_ZERO_WINDOW, NULL, false);
    } else if (tcp->is_closed_window && trail->outcome == FACTS_DROPPED) {
        struct flow_drop cause = *drop_last(tcp);
        flow->zero_windows_by_drop++;
        flows->counts_by_drop[FLOW_ZERO_WINDOW]++;
        /* The symptom is the last closed window, which the sender still believes in. */
        for (size_t i = flows->symptom_count; i > 0; i--) {
            struct flow_symptom *symptom = &flows->symptoms[i - 1];
            if (symptom->kind == FLOW_ZERO_WINDOW && flow_key_equal(&symptom->flow, &trail->flow)) {
                symptom->has_cause = true;
                symptom->cause = cause;
                break;
            }
        }
    }
    tcp->is_closed_window = is_closed || (tcp->is_closed_window && trail->outcome == FACTS_DROPPED);
}

void flows_tcp_follow(struct flows *flows, struct flow *flow, const struct trail *trail)
{
    struct flow_key key = flow_key_reverse(&trail->flow);
    const struct flow *other = flows_find(flows, &key);
    if (!tcp_make(flows, flow)) {
        return;
    }
    struct flow_tcp *tcp = tcp_of(flows, flow);
    const struct flow_tcp *reverse = other == NULL ? NULL : tcp_of(flows, other);
    /* A clone goes on for what it replaces, and has been seen. */
    bool is_new = trail->origin != FACTS_CLONE;
    bool is_first_syn = (trail->tcp.flags & TRAIL_TCP_SYN) != 0 && tcp->has_begun &&
                        trail->tcp.sequence + trail->tcp.length != tcp->next;
    if (is_first_syn) {
        *tcp = (struct flow_tcp){0}; /* another connection with the same ports */
    }
    if (is_new && (trail->tcp.flags & TRAIL_TCP_RST) != 0) {
        reset_tell(flows, flow, reverse, trail);
    } else if (is_new && trail->tcp.length != 0) {
        bytes_follow(flows, flow, reverse, trail);
    }
    if (trail->outcome == FACTS_DROPPED) {
        drop_keep(tcp, trail);
    }
    if (is_new && (trail->tcp.flags & TRAIL_TCP_RST) == 0) {
        window_follow(flows, flow, trail);
    }
}
