/* SPDX-License-Identifier: Apache-2.0 */
/* What the workers counted, summed; stages, reasons and addresses as a person reads them. */
#include <string.h>

#include "switch/state.h"

uint64_t vswitch_sum(const struct vswitch *vswitch, size_t offset)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < vswitch->worker_count; i++) {
        const char *counters = (const char *)vswitch->workers[i]->counters;
        sum += counter_read((const counter *)(const void *)(counters + offset));
    }
    return sum;
}

/* UINT16_MAX when the stage is not in the pipeline now. */
static uint16_t place_of(const struct pipeline *pipeline, uint16_t id)
{
    for (uint16_t place = 0; place < pipeline->stage_count; place++) {
        if (pipeline->stages[place].id == id) {
            return place;
        }
    }
    return UINT16_MAX;
}

size_t vswitch_stages(struct vswitch *vswitch, struct stage_info *stages, size_t capacity)
{
    const struct pipeline *pipeline =
        atomic_load_explicit(&vswitch->published, memory_order_relaxed);
    size_t count = 0;
    for (uint16_t id = 0; id < vswitch->next_stage; id++) {
        if (vswitch->stages[id].name[0] == '\0') {
            continue;
        }
        if (count < capacity) {
            stages[count] = vswitch->stages[id];
            stages[count].order = place_of(pipeline, id);
        }
        count++;
    }
    return count;
}

size_t vswitch_reasons(struct vswitch *vswitch, struct reason_info *reasons, size_t capacity)
{
    size_t count = 0;
    for (uint16_t id = 1; id < REASONS_MAX; id++) {
        if (vswitch->reasons.entries[id].name[0] == '\0') {
            continue;
        }
        if (count < capacity) {
            reasons[count] = vswitch->reasons.entries[id];
        }
        count++;
    }
    return count;
}

uint64_t vswitch_dropped(struct vswitch *vswitch, uint16_t stage, uint16_t reason)
{
    if (stage >= STAGES_MAX || reason >= REASONS_MAX) {
        return 0;
    }
    return VSWITCH_SUM(vswitch, drops[stage][reason]);
}

struct stage_counters vswitch_stage_counters(struct vswitch *vswitch, uint16_t stage)
{
    struct stage_counters counters = {0};
    if (stage >= STAGES_MAX) {
        return counters;
    }
    counters.in = VSWITCH_SUM(vswitch, stages[stage].in);
    counters.clones = VSWITCH_SUM(vswitch, stages[stage].clones);
    counters.injected = VSWITCH_SUM(vswitch, stages[stage].injected);
    counters.out = VSWITCH_SUM(vswitch, stages[stage].out);
    counters.consumed = VSWITCH_SUM(vswitch, stages[stage].consumed);
    /* Released first, so that no more seem to be released than were held. */
    counters.released = VSWITCH_SUM(vswitch, stages[stage].released);
    counters.held = VSWITCH_SUM(vswitch, stages[stage].held);
    for (uint16_t reason = 0; reason < REASONS_MAX; reason++) {
        counters.dropped += VSWITCH_SUM(vswitch, drops[stage][reason]);
    }
    return counters;
}

size_t vswitch_macs(struct vswitch *vswitch, struct mac_entry *entries, size_t capacity)
{
    return mac_table_list(vswitch->macs, vswitch_now_seconds(vswitch), entries, capacity);
}

struct mac_counters vswitch_mac_counters(struct vswitch *vswitch)
{
    return (struct mac_counters){.entries = vswitch_macs(vswitch, NULL, 0),
                                 .learned = VSWITCH_SUM(vswitch, macs_learned),
                                 .moved = VSWITCH_SUM(vswitch, macs_moved),
                                 .aged = vswitch->macs_aged,
                                 .refused = VSWITCH_SUM(vswitch, macs_refused)};
}

void vswitch_mac_flush(struct vswitch *vswitch, uint16_t port)
{
    mac_table_flush(vswitch->macs, port);
}
