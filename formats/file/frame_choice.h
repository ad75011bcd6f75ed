/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FRAME_CHOICE_H
#define XSW_FRAME_CHOICE_H

/*
 * How hard the next piece of a file is to be packed. The more there is to come, the less time a
 * piece gets, down to none: a larger file is better than journeys that are lost in the ring. Where
 * the disk is slower than packing, storing would not help, and is not chosen.
 *
 * Threads: pressure is one thread's, and read by any; all else under the caller's lock. Private to
 * formats.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "formats/file/frame_pack.h"

/* Of the last pieces; older ones count less and less. */
struct frame_speed {
    uint64_t bytes, ns;
};

struct frame_choice {
    _Atomic unsigned pressure; /* percent, and 1: 0 when nobody has told */
    unsigned packers;          /* that pack side by side */
    struct frame_speed disk,
        fastest; /* of writing frames, and of packing content as FRAME_FASTEST */
};

/* How full, in percent, that is from which the next pieces come. */
void frame_choice_press(struct frame_choice *choice, unsigned percent);
/* `waiting`: pieces that no packer has begun with. */
enum frame_effort frame_choice_make(const struct frame_choice *choice, uint64_t waiting);
/* How long content of so many bytes took one packer, and frames of so many bytes the disk. */
void frame_choice_packed(struct frame_choice *choice, enum frame_effort effort, uint64_t bytes,
                         uint64_t ns);
void frame_choice_written(struct frame_choice *choice, uint64_t bytes, uint64_t ns);

#endif
