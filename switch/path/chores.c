/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker does between batches when somebody wants it: ticks of extensions, frames that the
 * control thread originates, bandwidth queues, and the packets that come of all that. */
#include "switch/extension/extension_host.h"
#include "switch/extension/services_data.h"
#include "switch/path/frame_queue.h"
#include "switch/path/worker.h"
#include "switch/policy/bandwidth.h"

enum { FRAMES_A_TURN = 64 };

static void tick(struct worker *worker, struct extension_instance *instance)
{
    uint16_t stage =
        instance->ingress_stage != 0 ? instance->ingress_stage : instance->egress_stage;
    extension_call_begin(worker, instance, CALL_TICK, stage, NULL);
    instance->tick(instance->state, worker->index, worker->now_ns);
    extension_call_end(worker);
}

static void ticks_run(struct worker *worker)
{
    const struct pipeline *pipeline = worker->pipeline;
    for (uint32_t i = 0; i < pipeline->ticker_count; i++) {
        if (!pipeline->ticks[i] || worker->now_ns < worker->tick_due[i]) {
            continue;
        }
        worker->tick_due[i] = worker->now_ns + pipeline->tickers[i]->tick_ns;
        tick(worker, pipeline->tickers[i]);
    }
}

static void frames_take(struct worker *worker, struct extension_instance *instance)
{
    struct queued_frame frame;
    for (uint32_t i = 0; i < FRAMES_A_TURN && frame_queue_look(instance->frames, &frame); i++) {
        if (service_originate(worker, instance, frame.source_port, frame.bytes, frame.length) !=
            XSW_OK) {
            return; /* it stays where it is until there is a buffer */
        }
        frame_queue_drop(instance->frames);
    }
}

static void frames_run(struct worker *worker)
{
    const struct pipeline *pipeline = worker->pipeline;
    for (uint32_t i = 0; i < pipeline->ticker_count; i++) {
        if (pipeline->tickers[i]->frames != NULL) {
            frames_take(worker, pipeline->tickers[i]);
        }
    }
}

uint32_t worker_chores(struct worker *worker)
{
    const struct pipeline *pipeline = worker->pipeline;
    if (pipeline->ticker_count > 0) {
        ticks_run(worker);
    }
    if (pipeline->has_frames && worker->index == 0) {
        frames_run(worker);
    }
    if (pipeline->has_bandwidth) {
        worker->bandwidth_due = bandwidth_run(worker, worker->now_ns);
    }
    later_resume(worker->later);
    return later_run(worker);
}

uint64_t worker_chores_due(const struct worker *worker)
{
    const struct pipeline *pipeline = worker->pipeline;
    uint64_t due = pipeline->has_bandwidth ? worker->bandwidth_due : UINT64_MAX;
    for (uint32_t i = 0; i < pipeline->ticker_count; i++) {
        if (pipeline->ticks[i] && worker->tick_due[i] < due) {
            due = worker->tick_due[i];
        }
    }
    return due;
}
