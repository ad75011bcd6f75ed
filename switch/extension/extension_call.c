/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/extension/extension_call.h"

#include "switch/path/worker.h"

void extension_call_begin(struct worker *worker, struct extension_instance *instance,
                          enum call_kind kind, uint16_t stage, const struct batch *batch)
{
    struct extension_call *call = &worker->call;
    call->instance = instance;
    call->batch = batch;
    call->kind = kind;
    call->stage = stage;
    call->made_count = 0;
}

void extension_call_end(struct worker *worker)
{
    struct extension_call *call = &worker->call;
    for (uint32_t i = 0; i < call->made_count; i++) {
        if (call->made[i].packet != NULL) {
            extension_violation(worker, call->stage, VIOLATION_LEAKED_PACKET);
            packet_free(worker->pool, &call->made[i].packet, 1);
            call->made[i].packet = NULL;
        }
    }
    call->instance = NULL;
    call->kind = CALL_NONE;
}

int extension_call_has_replaced(const struct worker *worker, const struct packet *packet)
{
    const struct extension_call *call = &worker->call;
    for (uint32_t i = 0; i < call->made_count; i++) {
        if (call->made[i].original == packet && call->made[i].is_injected) {
            return 1;
        }
    }
    return 0;
}

void extension_violation(struct worker *worker, uint16_t stage, enum violation violation)
{
    counter_add(&worker->counters->violations[stage][violation], 1);
}
