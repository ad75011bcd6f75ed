/* SPDX-License-Identifier: Apache-2.0 */
/* The path of a packet. Every stage takes the batch, leaves those that pass in it, in order, and
 * hands those that it drops to worker_drop(); all accounting is here, once a batch and stage. */
#include "switch/pipeline.h"

#include "switch/worker.h"

void pipeline_run(struct worker *worker, const struct pipeline *pipeline, struct batch *batch,
                  uint32_t first)
{
    for (uint32_t place = first; place < pipeline->stage_count && batch->count > 0; place++) {
        const struct stage *stage = &pipeline->stages[place];
        struct stage_account *account = &worker->counters->stages[stage->id];
        worker->stage_place = place;
        counter_add(&account->in, batch->count);
        stage->run(worker, stage, batch);
        counter_add(&account->out, batch->count);
        if (worker->is_observed) {
            worker_stamp(worker, stage, place);
        }
        if (worker->dropped.count > 0) {
            worker_bury(worker, stage);
        }
    }
    if (batch->count > 0) {
        worker_deliver(worker, batch);
        batch->count = 0;
    }
}
