/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as the memory of a capture ring. What the ring gives is unfolded, and
 * every byte that a step points to is read, so that a sanitizer sees a pointer or length that is
 * wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "capture/recorder/unfold.h"
#include "fuzz/target.h"

enum { DATA_MAX = 1 << 16 };

static volatile unsigned sink; /* so that no reading is optimised away */

static void touch(const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    unsigned sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum += next[i];
    }
    sink += sum;
}

static void step_touch(const struct unfold_step *step)
{
    touch(step->bytes, step->captured_length);
    touch(step->hops, step->hop_count * sizeof(step->hops[0]));
    touch(step->decisions, step->decision_count * sizeof(step->decisions[0]));
    for (size_t i = 0; i < step->change_count; i++) {
        const struct meta_change *change = &step->changes[i];
        touch(change->bytes, (size_t)change->old_length + change->new_length);
    }
}

static void journey_unfold(struct unfold *unfold, const struct ring_journey *journey,
                           const struct ring_timeline *timeline)
{
    struct unfold_step step;
    uint32_t count = timeline->record.count < STAGES_MAX ? timeline->record.count : STAGES_MAX;
    for (int every_stage = 0; every_stage < 2; every_stage++) {
        struct unfold_timeline whole = {timeline->hops, count, timeline->rx_mono_ns};
        if (unfold_begin(unfold, journey, &whole, every_stage != 0, NULL) != XSW_OK) {
            continue;
        }
        unsigned steps = 0;
        while (unfold_next(unfold, &step)) {
            step_touch(&step);
            if (steps++ > UNFOLD_CHANGES_MAX + 2 * STAGES_MAX) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct unfold unfold;
    if (size > DATA_MAX) {
        return 0;
    }
    /* Exactly as large as the bytes, aligned as a ring's memory is. */
    struct ring_header *header = aligned_alloc(64, sizeof(*header));
    uint8_t *memory = NULL;
    if (header == NULL || posix_memalign((void **)&memory, 64, size > 0 ? size : 1) != 0) {
        abort();
    }
    memset(header, 0, sizeof(*header));
    memcpy(memory, data, size);
    atomic_store(&header->head, size & ~(uint64_t)7);
    struct ring_consumer ring = {.header = header, .data = memory, .mask = DATA_MAX - 1};
    const struct ring_record *record = NULL;
    const struct ring_timeline *timeline = NULL;
    while (ring_next(&ring, &record, NULL) == XSW_OK) {
        if (record->type == RING_TIMELINE) {
            timeline = (const struct ring_timeline *)record;
        } else if (record->type == RING_JOURNEY && timeline != NULL) {
            journey_unfold(&unfold, (const struct ring_journey *)record, timeline);
        }
    }
    free(memory);
    free(header);
    return 0;
}
