/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/path/later.h"

#include "packet/parse.h"
#include "switch/path/reasons.h"
#include "switch/path/worker.h"

_Static_assert(LATER_MAX >= HELD_MAX + LATER_INJECTED_MAX, "the queue cannot overflow");
_Static_assert((LATER_MAX & (LATER_MAX - 1)) == 0, "a power of two");

static void slot_add(struct later_queue *queue, const struct held_packet *slot)
{
    const struct later_packet later = {
        .packet = slot->packet, .stage = slot->stage, .kind = LATER_RELEASED, .reason = slot->doom};
    later_add(queue, &later);
}

void later_release(struct later_queue *queue, struct held_packet *slot)
{
    if (!queue->is_busy || slot->stage != STAGE_FORWARD || slot->doom != REASON_NONE) {
        slot_add(queue, slot);
        return;
    }
    slot->next = NULL;
    *(queue->again_first != NULL ? &queue->again_last->next : &queue->again_first) = slot;
    queue->again_last = slot;
}

void later_resume(struct later_queue *queue)
{
    struct held_packet *slot = queue->again_first;
    queue->again_first = NULL;
    for (; slot != NULL; slot = slot->next) {
        slot_add(queue, slot);
    }
}

/* The next packets that enter alike, at most a batch; their reasons are in the packets. */
static struct later_packet batch_take(struct later_queue *queue, struct batch *batch)
{
    struct later_packet first = queue->packets[queue->head % LATER_MAX];
    batch->count = 0;
    while (later_count(queue) > 0 && batch->count < XSW_BATCH_MAX) {
        const struct later_packet *next = &queue->packets[queue->head % LATER_MAX];
        if (next->stage != first.stage || next->kind != first.kind) {
            break;
        }
        next->packet->drop_reason = next->reason;
        batch->packets[batch->count++] = next->packet;
        queue->head++;
        queue->injected -= next->kind != LATER_RELEASED;
    }
    return first;
}

/* A batch that begins in the middle has passed nothing before. */
static void timeline_begin(struct worker *worker, uint32_t place)
{
    struct timeline *timeline = watcher_timeline(worker->watcher);
    timeline->rx_mono_ns = worker->now_ns;
    timeline->generation = worker->pipeline->generation;
    timeline->batch = worker->batches;
    timeline->count = place;
    for (uint32_t i = 0; i < place; i++) {
        timeline->hops[i] =
            (struct timeline_hop){.stage = worker->pipeline->stages[i].id, .place = (uint16_t)i};
    }
}

static void batch_begin(struct worker *worker, const struct later_packet *entry,
                        struct batch *batch, uint32_t place)
{
    const struct pipeline *pipeline = worker->pipeline;
    worker->batches++;
    worker->stage_place = place;
    worker->depth = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        packet->first_hop = (uint8_t)place;
        worker->depth = packet->clone_depth > worker->depth ? packet->clone_depth : worker->depth;
    }
    if (!worker->is_observed) {
        return;
    }
    timeline_begin(worker, place);
    if (entry->kind != LATER_ORIGINATED) {
        return;
    }
    for (uint32_t i = 0; i < pipeline->observer_count; i++) {
        const struct observer *observer = pipeline->observers[i];
        observer->ops->received(observer->state, worker->index, batch->packets, batch->count,
                                observer->bit);
    }
}

/* Those that are to be dropped end at the stage; returns how many are left. */
static uint32_t batch_sort(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct packet *packet = batch->packets[i];
        if (packet->drop_reason != REASON_NONE) {
            worker_drop(worker, packet, packet->drop_reason, packet->drop_rule);
        } else {
            batch->packets[kept++] = packet;
        }
    }
    batch->count = kept;
    if (worker->is_observed) {
        worker_stamp(worker, stage, worker->stage_place);
    }
    if (worker->dropped.count > 0) {
        worker_bury(worker, stage);
    }
    return kept;
}

static void batch_run(struct worker *worker, const struct later_packet *entry, struct batch *batch)
{
    const struct pipeline *pipeline = worker->pipeline;
    uint32_t place = pipeline->place_of[entry->stage];
    const struct stage *stage = &pipeline->stages[place];
    struct stage_account *account = &worker->counters->stages[entry->stage];
    int is_released = entry->kind == LATER_RELEASED;
    counter *incoming = is_released ? &account->released : &account->injected;
    batch_begin(worker, entry, batch, place);
    uint32_t all = batch->count;
    uint32_t kept = batch_sort(worker, stage, batch);
    if (entry->stage == STAGE_FORWARD || entry->stage == STAGE_INGRESS_POLICY) {
        /* A forwarder's: it chooses now where its own packets go, and those that it kept. */
        counter_add(incoming, all - kept);
        pipeline_enter(worker, pipeline, batch, place, incoming);
        return;
    }
    counter_add(incoming, all);
    counter_add(&account->out, kept);
    pipeline_run(worker, pipeline, batch, place + 1);
}

uint32_t later_run(struct worker *worker)
{
    uint32_t ran = 0;
    uint8_t was_busy = worker->later->is_busy;
    worker->later->is_busy = 1;
    while (later_count(worker->later) > 0) {
        struct later_packet entry = batch_take(worker->later, &worker->later_batch);
        ran += worker->later_batch.count;
        batch_run(worker, &entry, &worker->later_batch);
    }
    worker->later->is_busy = was_busy;
    worker->depth = 0;
    return ran;
}
