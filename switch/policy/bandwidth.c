/* SPDX-License-Identifier: Apache-2.0 */
/* Bandwidth on the workers: buckets, queues, and whose turn it is. */
#include "switch/policy/bandwidth.h"

#include "switch/path/reasons.h"
#include "switch/path/worker.h"
#include "switch/policy/bandwidth_bucket.h"
#include "switch/policy/bandwidth_queue.h"

enum {
    RELEASES_A_RUN = XSW_BATCH_MAX, /* of a worker; the rest is due at once */
    VIRTUAL_BYTE = 100,             /* virtual time of a byte at weight 1 */
    /* How far the virtual time of a port may be ahead of one that waits on another worker. */
    VIRTUAL_SLACK = 2 * 1514 * VIRTUAL_BYTE,
    TURN_RETRY_NS = 100000, /* when another worker's port is next */
    TURN_LATE_NS = 2000000  /* after which nobody waits for that worker any more */
};

/* What a worker needs for all of that. */
struct desk {
    struct worker *worker;
    const struct pipeline *pipeline;
    struct bandwidth_worker *own;
    uint64_t now_ns;
    uint32_t releases; /* of this run */
};

static struct desk desk_of(struct worker *worker, uint64_t now_ns)
{
    const struct pipeline *pipeline = worker->pipeline;
    return (struct desk){.worker = worker,
                         .pipeline = pipeline,
                         .own = pipeline->bandwidth->workers[worker->index],
                         .now_ns = now_ns};
}

static const struct bandwidth_view *view_of(const struct desk *desk, uint16_t port)
{
    return &desk->pipeline->ports[port].bandwidth;
}

static struct bandwidth_queues *queues_of(const struct desk *desk,
                                          const struct bandwidth_view *view)
{
    return &view->state->queues[desk->worker->index];
}

static void desk_release(struct desk *desk, struct packet *packet, uint16_t reason)
{
    worker_release(desk->worker, packet, reason, 0);
    desk->releases++;
}

/* A destination's capacity --------------------------------------------------------------------- */

/* The packet is served: its port's virtual time goes on from there, or from that of the packet
 * that was served last when it has not waited. */
static void virtual_charge(const struct desk *desk, struct bandwidth_state *state, uint16_t source,
                           uint32_t bytes)
{
    uint32_t weight = view_of(desk, source)->weight;
    uint64_t cost = (uint64_t)bytes * VIRTUAL_BYTE / (weight != 0 ? weight : 1);
    uint64_t start = read_relaxed(&state->sources[source].virtual_time);
    uint64_t last = read_relaxed(&state->virtual_time);
    if (read_relaxed(&state->sources[source].bytes) == 0 && start < last) {
        start = last;
    }
    raise_relaxed(&state->sources[source].virtual_time, start + cost);
    raise_relaxed(&state->virtual_time, start);
}

/* Whether the packet can go at once: nobody waits for the destination, and there is room. */
static int capacity_take(const struct desk *desk, const struct bandwidth_view *view,
                         const struct packet *packet)
{
    uint64_t ready = 0;
    if (read_relaxed(&view->state->capacity.bytes) != 0) {
        return 0;
    }
    if (view->capacity.rate != 0 && !bucket_take(&view->state->capacity_bucket, &view->capacity,
                                                 packet->seen.length, desk->now_ns, &ready)) {
        return 0;
    }
    virtual_charge(desk, view->state, packet->seen.source_port, packet->seen.length);
    return 1;
}

/* The packet is held already. */
static void capacity_put(struct desk *desk, const struct bandwidth_view *view,
                         struct packet *packet)
{
    struct bandwidth_queues *queues = queues_of(desk, view);
    uint16_t port = packet->seen.source_port;
    struct bandwidth_source *source = &view->state->sources[port];
    if (read_relaxed(&source->bytes) == 0) {
        raise_relaxed(&source->virtual_time, read_relaxed(&view->state->virtual_time));
    }
    add_relaxed(&source->bytes, packet->seen.length);
    queue_put(desk->own, &queues->sources[port], packet);
    xsw_port_set_add(&queues->waiting, port);
    xsw_port_set_add(&desk->own->destinations, packet->seen.destination_port);
}

static int capacity_admit(const struct bandwidth_view *view, const struct packet *packet)
{
    uint64_t bytes = read_relaxed(&view->state->sources[packet->seen.source_port].bytes);
    return numbers_admit(&view->state->capacity, &view->capacity, bytes, packet->seen.length);
}

/* The lowest port of a set, and the set without it; 0 when it is empty. */
static uint16_t set_take(struct xsw_port_set *set)
{
    for (uint16_t word = 0; word < XSW_PORTS_MAX / 64; word++) {
        if (set->words[word] != 0) {
            uint16_t port = (uint16_t)(word * 64 + __builtin_ctzll(set->words[word]));
            set->words[word] &= set->words[word] - 1;
            return port;
        }
    }
    return 0;
}

/* The port whose packet of this worker is next. */
static uint16_t source_next(const struct desk *desk, const struct bandwidth_view *view)
{
    struct xsw_port_set waiting = queues_of(desk, view)->waiting;
    uint16_t best = 0;
    uint64_t least = UINT64_MAX;
    for (uint16_t port = set_take(&waiting); port != 0; port = set_take(&waiting)) {
        uint64_t time = read_relaxed(&view->state->sources[port].virtual_time);
        if (time < least) {
            least = time;
            best = port;
        }
    }
    return best;
}

/* The port that has most of its reservation left, if its packet fits into that; 0: none has. */
static uint16_t source_reserved(const struct desk *desk, const struct bandwidth_view *view)
{
    const struct bandwidth_queues *queues = queues_of(desk, view);
    struct xsw_port_set waiting = queues->waiting;
    uint64_t now = desk->now_ns * TIMES_A_NS;
    uint64_t most = 0;
    uint16_t best = 0;
    for (uint16_t port = set_take(&waiting); port != 0; port = set_take(&waiting)) {
        const struct bandwidth_rate *rate = &view_of(desk, port)->reservation;
        if (rate->rate == 0) {
            continue;
        }
        uint32_t bytes = queue_head(desk->own, &queues->sources[port])->seen.length;
        uint64_t cost = bytes * TIME_OF_BYTE / rate->rate;
        uint64_t needed = cost < rate->depth ? cost : rate->depth;
        uint64_t start =
            bucket_start(read_relaxed(&view->state->sources[port].reservation), rate, now);
        if (start + needed <= now && now - start > most) {
            most = now - start;
            best = port;
        }
    }
    return best;
}

/* Whether a port that waits on another worker is further behind. When the bucket has been full for
 * a while, that worker is late, and nobody waits for it. Not before: a large packet needs a full
 * bucket, and who takes from it earlier can keep it from ever being one. */
static int is_others_turn(const struct desk *desk, const struct bandwidth_view *view, uint16_t port)
{
    const struct bandwidth_state *state = view->state;
    uint64_t now = desk->now_ns * TIMES_A_NS;
    uint64_t late = read_relaxed(&state->capacity_bucket) + view->capacity.depth +
                    (uint64_t)TURN_LATE_NS * TIMES_A_NS;
    if (desk->pipeline->bandwidth->worker_count == 1 || now > late) {
        return 0;
    }
    uint64_t own = read_relaxed(&state->sources[port].virtual_time);
    struct xsw_port_set ports = desk->pipeline->connected;
    for (uint16_t other = set_take(&ports); other != 0; other = set_take(&ports)) {
        const struct bandwidth_source *source = &state->sources[other];
        if (read_relaxed(&source->bytes) != 0 &&
            read_relaxed(&source->virtual_time) + VIRTUAL_SLACK < own) {
            return 1;
        }
    }
    return 0;
}

static void capacity_release(struct desk *desk, const struct bandwidth_view *view, uint16_t port)
{
    struct bandwidth_queues *queues = queues_of(desk, view);
    struct packet *packet = queue_head(desk->own, &queues->sources[port]);
    queue_drop_head(desk->own, &queues->sources[port]);
    if (queue_is_empty(&queues->sources[port])) {
        xsw_port_set_remove(&queues->waiting, port);
    }
    subtract_relaxed(&view->state->sources[port].bytes, packet->seen.length);
    numbers_leave(&view->state->capacity, packet->seen.length);
    desk_release(desk, packet, REASON_NONE);
}

/* Serves one packet; 0 when one was, else when to come again. */
static uint64_t capacity_serve(struct desk *desk, const struct bandwidth_view *view)
{
    struct bandwidth_state *state = view->state;
    uint16_t reserved = source_reserved(desk, view);
    uint16_t port = reserved != 0 ? reserved : source_next(desk, view);
    uint32_t bytes = queue_head(desk->own, &queues_of(desk, view)->sources[port])->seen.length;
    uint64_t ready = 0;
    if (view->capacity.rate != 0) {
        if (reserved == 0 && is_others_turn(desk, view, port)) {
            return desk->now_ns + TURN_RETRY_NS;
        }
        if (!bucket_take(&state->capacity_bucket, &view->capacity, bytes, desk->now_ns, &ready)) {
            return ready;
        }
    }
    if (reserved != 0) {
        (void)bucket_take(&state->sources[port].reservation, &view_of(desk, port)->reservation,
                          bytes, desk->now_ns, &ready);
    } else {
        virtual_charge(desk, state, port, bytes);
    }
    capacity_release(desk, view, port);
    return 0;
}

static int set_is_empty(const struct xsw_port_set *set)
{
    uint64_t any = 0;
    for (uint32_t word = 0; word < XSW_PORTS_MAX / 64; word++) {
        any |= set->words[word];
    }
    return any == 0;
}

/* Returns when it wants to be called again. */
static uint64_t capacity_run(struct desk *desk, uint16_t destination)
{
    const struct bandwidth_view *view = view_of(desk, destination);
    while (!set_is_empty(&queues_of(desk, view)->waiting)) {
        uint64_t again =
            desk->releases < RELEASES_A_RUN ? capacity_serve(desk, view) : desk->now_ns;
        if (again != 0) {
            return again;
        }
    }
    xsw_port_set_remove(&desk->own->destinations, destination);
    return UINT64_MAX;
}

/* What a port may send --------------------------------------------------------------------------
 */

/* Whether the packet can go at once. Also of a port that has no limit any more: not before those
 * that wait since it had one. */
static int limit_take(const struct desk *desk, const struct bandwidth_view *view,
                      const struct packet *packet)
{
    uint64_t ready = 0;
    return queue_is_empty(&queues_of(desk, view)->limit) &&
           (view->limit.rate == 0 || bucket_take(&view->state->limit_bucket, &view->limit,
                                                 packet->seen.length, desk->now_ns, &ready));
}

/* Behind its limit the packet comes to the capacity of its destination. */
static void limit_pass(struct desk *desk, struct packet *packet)
{
    const struct bandwidth_view *view = view_of(desk, packet->seen.destination_port);
    if (view->state == NULL || capacity_take(desk, view, packet)) {
        desk_release(desk, packet, REASON_NONE);
    } else if (capacity_admit(view, packet)) {
        capacity_put(desk, view, packet);
    } else {
        desk_release(desk, packet, REASON_BANDWIDTH_LIMIT);
    }
}

static uint64_t limit_run(struct desk *desk, uint16_t port)
{
    const struct bandwidth_view *view = view_of(desk, port);
    struct waiting_queue *queue = &queues_of(desk, view)->limit;
    while (!queue_is_empty(queue)) {
        struct packet *packet = queue_head(desk->own, queue);
        uint64_t ready = desk->now_ns;
        if (desk->releases >= RELEASES_A_RUN ||
            (view->limit.rate != 0 && !bucket_take(&view->state->limit_bucket, &view->limit,
                                                   packet->seen.length, desk->now_ns, &ready))) {
            return ready;
        }
        queue_drop_head(desk->own, queue);
        numbers_leave(&view->state->limit, packet->seen.length);
        limit_pass(desk, packet);
    }
    xsw_port_set_remove(&desk->own->limited, port);
    return UINT64_MAX;
}

uint64_t bandwidth_run(struct worker *worker, uint64_t now_ns)
{
    struct desk desk = desk_of(worker, now_ns);
    uint64_t next = UINT64_MAX;
    if (desk.own->count == 0) {
        return next;
    }
    struct xsw_port_set limited = desk.own->limited;
    for (uint16_t port = set_take(&limited); port != 0; port = set_take(&limited)) {
        uint64_t again = limit_run(&desk, port);
        next = again < next ? again : next;
    }
    struct xsw_port_set destinations = desk.own->destinations;
    for (uint16_t port = set_take(&destinations); port != 0; port = set_take(&destinations)) {
        uint64_t again = capacity_run(&desk, port);
        next = again < next ? again : next;
    }
    return next;
}

/* The stage --------------------------------------------------------------------------------------
 */

/* Holds a packet that was admitted to a queue, or takes the admission back. */
static int hold(struct desk *desk, const struct stage *stage, struct bandwidth_numbers *numbers,
                struct packet *packet)
{
    if (desk->own->free != WAITING_NONE && worker_hold(desk->worker, stage, packet)) {
        desk->worker->bandwidth_due = 0;
        return 1;
    }
    numbers_leave(numbers, packet->seen.length);
    return 0;
}

static enum bandwidth_verdict limit_wait(struct desk *desk, const struct stage *stage,
                                         struct packet *packet, uint16_t *reason)
{
    const struct bandwidth_view *view = view_of(desk, packet->seen.source_port);
    struct bandwidth_state *state = view->state;
    if (!numbers_admit(&state->limit, &view->limit, read_relaxed(&state->limit.bytes),
                       packet->seen.length)) {
        *reason = REASON_BANDWIDTH_LIMIT;
        return BANDWIDTH_DROP;
    }
    if (!hold(desk, stage, &state->limit, packet)) {
        *reason = REASON_HOLD_LIMIT;
        return BANDWIDTH_DROP;
    }
    queue_put(desk->own, &queues_of(desk, view)->limit, packet);
    xsw_port_set_add(&desk->own->limited, packet->seen.source_port);
    return BANDWIDTH_HELD;
}

static enum bandwidth_verdict capacity_wait(struct desk *desk, const struct stage *stage,
                                            struct packet *packet, uint16_t *reason)
{
    const struct bandwidth_view *view = view_of(desk, packet->seen.destination_port);
    if (!capacity_admit(view, packet)) {
        *reason = REASON_BANDWIDTH_LIMIT;
        return BANDWIDTH_DROP;
    }
    if (!hold(desk, stage, &view->state->capacity, packet)) {
        *reason = REASON_HOLD_LIMIT;
        return BANDWIDTH_DROP;
    }
    capacity_put(desk, view, packet);
    return BANDWIDTH_HELD;
}

enum bandwidth_verdict bandwidth_take(struct worker *worker, const struct stage *stage,
                                      struct packet *packet, uint16_t *reason)
{
    struct desk desk = desk_of(worker, worker->now_ns);
    const struct bandwidth_view *source = view_of(&desk, packet->seen.source_port);
    const struct bandwidth_view *destination = view_of(&desk, packet->seen.destination_port);
    if (packet->seen.source_port == XSW_PORT_NONE ||
        (packet->seen.flags & XSW_PACKET_MIRROR_COPY) != 0) {
        return BANDWIDTH_PASS;
    }
    if (source->state != NULL && !limit_take(&desk, source, packet)) {
        return limit_wait(&desk, stage, packet, reason);
    }
    if (destination->state != NULL && !capacity_take(&desk, destination, packet)) {
        return capacity_wait(&desk, stage, packet, reason);
    }
    return BANDWIDTH_PASS;
}
