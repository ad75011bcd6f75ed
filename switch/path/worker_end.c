/* SPDX-License-Identifier: Apache-2.0 */
/* Where packets end, and the copies that go on: what a worker does for the stage that is running.
 */
#include "switch/path/worker.h"

#include "switch/path/reasons.h"

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
