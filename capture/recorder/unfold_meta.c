/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/recorder/unfold_meta.h"

void unfold_meta_add(struct meta_builder *builder, const struct unfold_step *step,
                     uint64_t generation, const char *source_name)
{
    if (step->hop_count > 0) {
        meta_add_hops(builder, step->hops, step->hop_count);
    }
    meta_add_stage_time(builder, step->since_rx_ns);
    for (size_t i = 0; i < step->decision_count; i++) {
        meta_add_decision(builder, &step->decisions[i]);
    }
    if (step->fixed.kind != META_PASS || step->decision_count > 0) {
        meta_add_generation(builder, generation);
    }
    for (size_t i = 0; i < step->hold_count; i++) {
        meta_add_held(builder, &step->holds[i]);
    }
    if (step->has_offload) {
        meta_add_offload(builder, &step->offload);
    }
    if (step->vlan != 0) {
        meta_add_vlan(builder, step->vlan);
    }
    if (step->has_source) {
        meta_add_source(builder, step->source_port, source_name);
    }
    for (size_t i = 0; i < step->change_count; i++) {
        meta_add_change(builder, &step->changes[i]);
    }
}
