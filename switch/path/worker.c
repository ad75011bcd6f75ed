/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/path/worker.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "switch/life/announce.h"
#include "switch/path/reasons.h"

static uint64_t clock_of_system(void *context)
{
    (void)context;
    return clock_mono_ns();
}

static enum xsw_status worker_open(struct worker *worker, uint32_t small_buffers,
                                   struct xsw_error *error)
{
    worker->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (worker->wake_fd < 0 || worker->epoll_fd < 0) {
        return error_errno(error, "worker %u: no descriptor for its sleep", worker->index);
    }
    struct epoll_event event = {.events = EPOLLIN, .data.fd = worker->wake_fd};
    if (epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, worker->wake_fd, &event) != 0) {
        return error_errno(error, "worker %u: epoll", worker->index);
    }
    void *memory = NULL;
    enum xsw_status status = memory_map(sizeof(struct worker_counters), &memory, error);
    if (status != XSW_OK) {
        return status;
    }
    worker->counters = memory;
    worker->queues = calloc(XSW_PORTS_MAX, sizeof(struct batch));
    if (worker->queues == NULL) {
        return error_set(error, XSW_NO_MEMORY, "worker %u: no memory for its queues",
                         worker->index);
    }
    worker->later = calloc(1, sizeof(*worker->later));
    if (worker->later == NULL) {
        return error_set(error, XSW_NO_MEMORY, "worker %u: no memory for its queues",
                         worker->index);
    }
    status = watcher_create(&worker->watcher, error);
    if (status == XSW_OK) {
        status = held_pool_create(small_buffers, &worker->held, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    return packet_pool_create(small_buffers, WORKER_LARGE_BUFFERS, &worker->pool, error);
}

enum xsw_status worker_create(uint32_t index, uint32_t count, uint32_t small_buffers,
                              _Atomic(const struct pipeline *) *published, struct worker **worker,
                              struct xsw_error *error)
{
    struct worker *made = aligned_alloc(64, (sizeof(*made) + 63) & ~(size_t)63);
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for worker %u", index);
    }
    memset(made, 0, sizeof(*made));
    made->index = index;
    made->wake_fd = -1;
    made->epoll_fd = -1;
    made->published = published;
    made->next_id = index + 1;
    made->id_step = count;
    made->clock = clock_of_system;
    enum xsw_status status =
        worker_open(made, small_buffers != 0 ? small_buffers : WORKER_SMALL_BUFFERS, error);
    if (status != XSW_OK) {
        worker_destroy(made);
        return status;
    }
    *worker = made;
    return XSW_OK;
}

void worker_destroy(struct worker *worker)
{
    if (worker == NULL) {
        return;
    }
    packet_pool_destroy(worker->pool);
    watcher_destroy(worker->watcher);
    memory_unmap(worker->counters, sizeof(struct worker_counters));
    held_pool_destroy(worker->held);
    free(worker->later);
    free(worker->queues);
    if (worker->wake_fd >= 0) {
        close(worker->wake_fd);
    }
    if (worker->epoll_fd >= 0) {
        close(worker->epoll_fd);
    }
    free(worker);
}

/* Taking up a snapshot ----------------------------------------------------------------------- */

static int has_observer(const struct pipeline *pipeline, const struct observer *observer)
{
    for (uint32_t i = 0; pipeline != NULL && i < pipeline->observer_count; i++) {
        if (pipeline->observers[i] == observer) {
            return 1;
        }
    }
    return 0;
}

static void observers_change(struct worker *worker, const struct pipeline *from,
                             const struct pipeline *to)
{
    for (uint32_t i = 0; from != NULL && i < from->observer_count; i++) {
        const struct observer *observer = from->observers[i];
        if (!has_observer(to, observer)) {
            observer->ops->end(observer->state, worker->index, worker->counters);
            held_unwatch(worker->held, observer->bit);
        }
    }
    for (uint32_t i = 0; i < to->observer_count; i++) {
        const struct observer *observer = to->observers[i];
        if (!has_observer(from, observer)) {
            observer->ops->begin(observer->state, worker->index, worker->counters);
        }
    }
}

static int port_fd(const struct worker *worker, const struct pipeline *pipeline, uint16_t id)
{
    struct port *port = pipeline != NULL ? pipeline->ports[id].port : NULL;
    return port != NULL && worker->index < port->queues ? port->ops->poll_fd(port, worker->index)
                                                        : -1;
}

/* Waits for the queues of the new snapshot instead of those of the old one. A port that stays keeps
 * its descriptor; one that left is still open here, as it is closed only after this. */
static void queues_change(struct worker *worker, const struct pipeline *from,
                          const struct pipeline *to)
{
    worker->queue_count = 0;
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        struct port *now = to->ports[id].port;
        struct port *before = from != NULL ? from->ports[id].port : NULL;
        if (now != before) {
            int old_fd = port_fd(worker, from, id);
            int new_fd = port_fd(worker, to, id);
            struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = new_fd};
            if (old_fd >= 0) {
                epoll_ctl(worker->epoll_fd, EPOLL_CTL_DEL, old_fd, NULL);
            }
            if (new_fd >= 0) {
                epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, new_fd, &event);
            }
        }
        if (now != NULL && worker->index < now->queues) {
            worker->queue_ports[worker->queue_count++] = id;
        }
    }
}

void worker_quiet_ask(struct worker *worker)
{
    uint32_t number = atomic_load_explicit(&worker->quiet_asked, memory_order_relaxed) + 1;
    /* Pairs with the acquire in quiet_answer. */
    atomic_store_explicit(&worker->quiet_asked, number, memory_order_release);
    worker_wake(worker);
}

int worker_quiet_is_passed(const struct worker *worker)
{
    return atomic_load_explicit(&worker->quiet_passed, memory_order_acquire) ==
           atomic_load_explicit(&worker->quiet_asked, memory_order_relaxed);
}

static void quiet_answer(struct worker *worker)
{
    uint32_t asked = atomic_load_explicit(&worker->quiet_asked, memory_order_acquire);
    if (asked != atomic_load_explicit(&worker->quiet_passed, memory_order_relaxed)) {
        /* Pairs with the acquire in worker_quiet_is_passed. */
        atomic_store_explicit(&worker->quiet_passed, asked, memory_order_release);
    }
}

/* Stored before `adopted`, with which the control thread sees it. */
static void held_ports_show(struct worker *worker)
{
    struct xsw_port_set ports;
    held_ports_read(worker, &ports);
    for (uint32_t i = 0; i < XSW_PORTS_MAX / 64; i++) {
        atomic_store_explicit(&worker->held_ports[i], ports.words[i], memory_order_relaxed);
    }
}

void worker_adopt(struct worker *worker)
{
    quiet_answer(worker);
    const struct pipeline *published =
        atomic_load_explicit(worker->published, memory_order_acquire);
    if (published == worker->pipeline) {
        return;
    }
    /* In the old snapshot, which knows the stage that held them. One that goes may hold on egress
     * what it let go on ingress: each round takes the packets a stage further. */
    worker->later->is_busy = 1;
    while (held_pool_count(worker->held) > 0 &&
           held_adopt(worker, worker->pipeline, published) > 0) {
        later_run(worker);
    }
    worker->later->is_busy = 0;
    held_ports_show(worker);
    observers_change(worker, worker->pipeline, published);
    queues_change(worker, worker->pipeline, published);
    worker->pipeline = published;
    worker->is_observed = published->is_followed;
    worker->is_shown = published->observer_count > 0;
    worker->turns_idle = 0;
    memset(worker->tick_due, 0, sizeof(worker->tick_due));
    worker->bandwidth_due = 0;
    /* Pairs with the acquire in the control thread's wait: it may now free the old snapshot. */
    atomic_store_explicit(&worker->adopted, published, memory_order_release);
}

/* One turn ----------------------------------------------------------------------------------- */

static void queue_receive(struct worker *worker, uint16_t id)
{
    struct batch *batch = &worker->batch;
    uint32_t room = XSW_BATCH_MAX - batch->count;
    uint32_t burst = room < WORKER_BURST ? room : WORKER_BURST;
    struct port *port = worker->pipeline->ports[id].port;
    struct packet **packets = &batch->packets[batch->count];
    uint32_t count = port->ops->receive(port, worker->index, worker->pool, packets, burst);
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct packet *packet = packets[i];
        packet->id = worker_new_id(worker);
        packet->seen.id = packet->id;
        packet->seen.source_port = id;
        packet->source_port = id;
        packet->rx_length = packet->seen.length;
        bytes += packet->seen.length;
    }
    batch->count += count;
    struct port_account *account = &worker->counters->ports[id];
    if (count > 0) {
        counter_add(&account->rx_packets, count);
        counter_add(&account->rx_bytes, bytes);
    }
}

static void batch_receive(struct worker *worker)
{
    worker->batch.count = 0;
    if (__builtin_expect(worker->pipeline->announcements != NULL && worker->index == 0, 0)) {
        worker->batch.count = announce_receive(worker, worker->batch.packets, WORKER_BURST);
    }
    uint32_t count = worker->queue_count;
    for (uint32_t i = 0; i < count && worker->batch.count < XSW_BATCH_MAX; i++) {
        queue_receive(worker, worker->queue_ports[(worker->next_queue + i) % count]);
    }
    worker->next_queue++;
}

static void batch_observe(struct worker *worker)
{
    const struct pipeline *pipeline = worker->pipeline;
    struct timeline *timeline = watcher_timeline(worker->watcher);
    timeline->rx_mono_ns = worker->now_ns;
    timeline->generation = pipeline->generation;
    timeline->batch = worker->batches;
    timeline->count = 0;
    for (uint32_t i = 0; i < pipeline->observer_count; i++) {
        const struct observer *observer = pipeline->observers[i];
        observer->ops->received(observer->state, worker->index, worker->batch.packets,
                                worker->batch.count, observer->bit);
    }
}

static void clock_advance(struct worker *worker)
{
    worker->now_ns = worker->clock(worker->clock_context);
    worker->now_seconds = (uint32_t)(worker->now_ns / NS_PER_SECOND);
}

uint32_t worker_turn(struct worker *worker)
{
    worker_adopt(worker);
    batch_receive(worker);
    uint32_t count = worker->batch.count;
    if (count > 0) {
        worker->batches++;
        clock_advance(worker);
        if (worker->is_observed) {
            batch_observe(worker);
        }
        pipeline_run(worker, worker->pipeline, &worker->batch, 0);
    } else if (worker->pipeline->has_timers) {
        clock_advance(worker);
    }
    if (__builtin_expect(worker->pipeline->has_timers || later_is_due(worker->later), 0)) {
        count += worker_chores(worker);
    }
    if (__builtin_expect(worker->pipeline->turn_budget_ns != 0, 0) && count > 0) {
        worker_event_turn(worker, count);
    }
    return count;
}

/* For the stages ----------------------------------------------------------------------------- */

void worker_stamp(struct worker *worker, const struct stage *stage, uint32_t place)
{
    struct timeline *timeline = watcher_timeline(worker->watcher);
    uint64_t now = worker->clock(worker->clock_context);
    struct timeline_hop *hop = &timeline->hops[place];
    hop->stage = stage->id;
    hop->place = (uint16_t)place;
    hop->since_rx_ns = (uint32_t)(now - timeline->rx_mono_ns);
    timeline->count = place + 1;
}

static void dropped_count(struct worker *worker, const struct stage *stage)
{
    for (uint32_t i = 0; i < worker->dropped.count; i++) {
        const struct packet *packet = worker->dropped.packets[i];
        if (packet->drop_reason == REASON_REPLACED) {
            counter_add(&worker->counters->stages[stage->id].consumed, 1);
            continue;
        }
        counter_add(&worker->counters->drops[stage->id][packet->drop_reason], 1);
        int is_outgoing = stage->is_egress && packet->seen.destination_port != XSW_PORT_NONE;
        struct port_account *ports = worker->counters->ports;
        counter_add(is_outgoing ? &ports[packet->seen.destination_port].dropped_out
                                : &ports[packet->source_port].dropped_in,
                    1);
    }
}

static void show_ended(struct worker *worker, struct packet *const *packets, uint32_t count)
{
    const struct pipeline *pipeline = worker->pipeline;
    struct ended_batch ended = {packets, count, watcher_timeline(worker->watcher), pipeline,
                                worker->watch_cycles};
    int is_drop = packets[0]->drop_reason != REASON_NONE; /* then all of them are */
    for (uint32_t i = 0; i < pipeline->observer_count; i++) {
        const struct observer *observer = pipeline->observers[i];
        if (is_drop || !observer->drops_only) {
            observer->ops->ended(observer->state, worker->index, &ended, observer->bit);
        }
    }
    watcher_forget(worker->watcher, packets, count);
}

/* For observers of drops alone, for whom no timeline was kept: what the dropping stage makes of
 * one.
 */
static void drop_stamp(struct worker *worker, const struct stage *stage)
{
    struct timeline *timeline = watcher_timeline(worker->watcher);
    timeline->rx_mono_ns = worker->now_ns;
    timeline->generation = worker->pipeline->generation;
    timeline->batch = worker->batches;
    worker_stamp(worker, stage, worker->stage_place);
}

static void packets_end(struct worker *worker, struct packet *const *packets, uint32_t count)
{
    if (__builtin_expect(held_pool_is_used(worker->held), 0)) {
        /* It may have been noted before its observers went. */
        watcher_forget(worker->watcher, packets, count);
        held_forget(worker->held, packets, count);
    }
    packet_free(worker->pool, packets, count);
}

void worker_bury(struct worker *worker, const struct stage *stage)
{
    struct batch *dropped = &worker->dropped;
    dropped_count(worker, stage);
    if (worker_event_is_wanted(worker, SWITCH_EVENT_SILENT_DROP)) {
        worker_event_silent_drops(worker, stage);
    }
    if (worker->is_shown) {
        if (!worker->is_observed) {
            drop_stamp(worker, stage);
        }
        show_ended(worker, dropped->packets, dropped->count);
    }
    packets_end(worker, dropped->packets, dropped->count);
    dropped->count = 0;
}

void worker_deliver(struct worker *worker, const struct batch *batch)
{
    if (worker->is_observed) {
        show_ended(worker, batch->packets, batch->count);
    }
    packets_end(worker, batch->packets, batch->count);
}

/* The copy that could not be made has an id and an end all the same, so that its loss is told like
 * any other: it borrows the bytes of the original for the moment in which it is shown. */
static void copy_failed(struct worker *worker, const struct stage *stage,
                        const struct packet *original, struct xsw_packet *seen)
{
    struct packet lost = *original;
    seen->data = original->seen.data;
    lost.seen = *seen;
    lost.id = seen->id;
    lost.rx_length = seen->length;
    lost.notes = NULL;
    lost.held = NULL;
    lost.parent_id = original->id;
    lost.drop_reason = REASON_NO_BUFFER;
    lost.drop_rule = 0;
    lost.first_hop = (uint8_t)worker->stage_place;
    counter_add(&worker->counters->drops[stage->id][REASON_NO_BUFFER], 1);
    counter_add(&worker->counters->ports[seen->destination_port].dropped_out, 1);
    if (worker->is_shown) {
        struct packet *one = &lost;
        if (worker->is_observed) {
            worker_stamp(worker, stage, worker->stage_place);
        } else {
            drop_stamp(worker, stage);
        }
        show_ended(worker, &one, 1);
    }
}

void worker_copy(struct worker *worker, const struct stage *stage, struct batch *copies,
                 struct packet *original, uint16_t destination, uint8_t flag)
{
    struct packet *copy = packet_copy(worker->pool, original);
    if (copy == NULL && copies->count > 0) {
        /* The copies made so far go on their way, and their buffers come back. */
        worker_run_copies(worker, stage, copies);
        copy = packet_copy(worker->pool, original);
    }
    struct xsw_packet failed = original->seen;
    struct xsw_packet *seen = copy != NULL ? &copy->seen : &failed;
    seen->id = worker_new_id(worker);
    seen->parent_id = original->id;
    seen->destination_port = destination;
    seen->flags |= flag;
    counter_add(&worker->counters->stages[stage->id].clones, 1);
    if (copy == NULL) {
        copy_failed(worker, stage, original, seen);
        return;
    }
    copy->id = seen->id;
    copy->parent_id = original->id;
    copy->first_hop = (uint8_t)worker->stage_place;
    copies->packets[copies->count++] = copy;
    if (copies->count == XSW_BATCH_MAX) {
        worker_run_copies(worker, stage, copies);
    }
}

void worker_run_copies(struct worker *worker, const struct stage *stage, struct batch *copies)
{
    if (copies->count == 0) {
        return;
    }
    uint32_t place = worker->stage_place;
    if (worker->is_observed) {
        worker_stamp(worker, stage, place);
    }
    /* What the running stage has dropped so far belongs to it, not to the stages that follow now.
     */
    if (worker->dropped.count > 0) {
        worker_bury(worker, stage);
    }
    counter_add(&worker->counters->stages[stage->id].out, copies->count);
    pipeline_run(worker, worker->pipeline, copies, place + 1);
    worker->stage_place = place;
}

/* The thread --------------------------------------------------------------------------------- */

static int something_is_ready(const struct worker *worker)
{
    for (uint32_t i = 0; i < worker->queue_count; i++) {
        struct port *port = worker->pipeline->ports[worker->queue_ports[i]].port;
        if (port->ops->is_ready != NULL && port->ops->is_ready(port, worker->index)) {
            return 1;
        }
    }
    return 0;
}

/* Until the next chore; null: for ever. */
static const struct timespec *sleep_length(const struct worker *worker, struct timespec *length)
{
    if (!worker->pipeline->has_timers) {
        return NULL;
    }
    uint64_t due = worker_chores_due(worker);
    uint64_t now = worker->clock(worker->clock_context);
    uint64_t wait = due > now ? due - now : 0;
    if (due == UINT64_MAX) {
        return NULL;
    }
    *length = (struct timespec){.tv_sec = (time_t)(wait / NS_PER_SECOND),
                                .tv_nsec = (long)(wait % NS_PER_SECOND)};
    return length;
}

static void worker_sleep(struct worker *worker)
{
    struct epoll_event events[16];
    struct timespec length;
    int count = epoll_pwait2(worker->epoll_fd, events, 16, sleep_length(worker, &length), NULL);
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == worker->wake_fd) {
            uint64_t value = 0;
            ssize_t got = read(worker->wake_fd, &value, sizeof(value));
            (void)got; /* EAGAIN: somebody else's wake-up has been read already */
        }
    }
    worker->turns_idle = 0;
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    while (!atomic_load_explicit(&worker->must_stop, memory_order_acquire)) {
        if (worker_turn(worker) > 0) {
            worker->turns_idle = 0;
        } else if (++worker->turns_idle >= WORKER_IDLE_TURNS && !something_is_ready(worker)) {
            worker_sleep(worker);
        }
    }
    return NULL;
}

enum xsw_status worker_start(struct worker *worker, struct xsw_error *error)
{
    int failed = pthread_create(&worker->thread, NULL, worker_main, worker);
    if (failed != 0) {
        errno = failed;
        return error_errno(error, "cannot start worker %u", worker->index);
    }
    char name[16];
    snprintf(name, sizeof(name), "xsw-worker-%u", worker->index);
    pthread_setname_np(worker->thread, name);
    return XSW_OK;
}

void worker_wake(struct worker *worker)
{
    uint64_t one = 1;
    ssize_t put = write(worker->wake_fd, &one, sizeof(one));
    (void)put; /* EAGAIN: the counter is full, so it will wake anyway */
}

void worker_stop(struct worker *worker)
{
    atomic_store_explicit(&worker->must_stop, 1, memory_order_release);
    worker_wake(worker);
    pthread_join(worker->thread, NULL);
}
