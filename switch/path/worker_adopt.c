/* SPDX-License-Identifier: Apache-2.0 */
/* How a worker takes up a new snapshot of the configuration, between two batches. */
#include "switch/path/worker.h"

#include <string.h>
#include <sys/epoll.h>

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
