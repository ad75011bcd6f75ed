/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/file/frame_choice.h"

#include <stdbool.h>

void frame_choice_press(struct frame_choice *choice, unsigned percent)
{
    atomic_store_explicit(&choice->pressure, percent + 1, memory_order_relaxed);
}

/* The disk takes more than all packers give when they pack as FRAME_FASTEST: only then it is faster
 * to store. Until both are known it is taken to be. */
static bool is_disk_faster(const struct frame_choice *choice)
{
    const struct frame_speed *disk = &choice->disk;
    const struct frame_speed *fastest = &choice->fastest;
    return disk->ns == 0 || fastest->ns == 0 ||
           disk->bytes * fastest->ns > fastest->bytes * choice->packers * disk->ns;
}

/* Three quarters are kept for what else may come, as a disk that stands still for a while. */
static enum frame_effort effort_under(const struct frame_choice *choice, unsigned percent)
{
    enum { STEP_PERCENT = 8 };
    unsigned step = percent / STEP_PERCENT;
    enum frame_effort most = is_disk_faster(choice) ? FRAME_STORED : FRAME_FASTEST;
    return step < most ? (enum frame_effort)step : most;
}

enum frame_effort frame_choice_make(const struct frame_choice *choice, uint64_t waiting)
{
    unsigned pressure = atomic_load_explicit(&choice->pressure, memory_order_relaxed);
    if (pressure > 0) {
        return effort_under(choice, pressure - 1);
    }
    if (waiting * 2 < choice->packers) {
        return FRAME_SMALL;
    }
    return waiting < choice->packers ? FRAME_FAST : FRAME_FASTEST;
}

static void speed_add(struct frame_speed *speed, uint64_t bytes, uint64_t ns)
{
    enum { KEPT = 7, PARTS = 8 };
    speed->bytes = speed->bytes * KEPT / PARTS + bytes;
    speed->ns = speed->ns * KEPT / PARTS + ns;
}

void frame_choice_packed(struct frame_choice *choice, enum frame_effort effort, uint64_t bytes,
                         uint64_t ns)
{
    if (effort == FRAME_FASTEST) {
        speed_add(&choice->fastest, bytes, ns);
    }
}

void frame_choice_written(struct frame_choice *choice, uint64_t bytes, uint64_t ns)
{
    speed_add(&choice->disk, bytes, ns);
}
