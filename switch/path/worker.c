/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/path/worker.h"

#include <errno.h>
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
