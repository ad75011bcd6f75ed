/* SPDX-License-Identifier: Apache-2.0 */
/* The path of a packet. Every stage takes the batch, leaves those that pass in it, in order, and
 * hands those that it drops to worker_drop(); all accounting is here, once a batch and stage. */
#include "switch/path/pipeline.h"

#include "switch/path/worker.h"

/* `incoming`: the counter of those that enter the stage, which is not always its `in`. */
static void stage_run(struct worker *worker, const struct pipeline *pipeline, struct batch *batch,
                      uint32_t place, counter *incoming)
{
    const struct stage *stage = &pipeline->stages[place];
    worker->stage_place = place;
    counter_add(incoming, batch->count);
    stage->run(worker, stage, batch);
    counter_add(&worker->counters->stages[stage->id].out, batch->count);
    if (worker->is_observed) {
        worker_stamp(worker, stage, place);
    }
    if (worker->dropped.count > 0) {
        worker_bury(worker, stage);
    }
}

void pipeline_run(struct worker *worker, const struct pipeline *pipeline, struct batch *batch,
                  uint32_t first)
{
    for (uint32_t place = first; place < pipeline->stage_count && batch->count > 0; place++) {
        stage_run(worker, pipeline, batch, place,
                  &worker->counters->stages[pipeline->stages[place].id].in);
    }
    if (batch->count > 0) {
        worker_deliver(worker, batch);
        batch->count = 0;
    }
}

void pipeline_enter(struct worker *worker, const struct pipeline *pipeline, struct batch *batch,
                    uint32_t place, counter *incoming)
{
    if (batch->count > 0) {
        stage_run(worker, pipeline, batch, place, incoming);
        pipeline_run(worker, pipeline, batch, place + 1);
    }
}
