/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_BYTE_DIFF_H
#define XSW_SWITCH_BYTE_DIFF_H

/*
 * The difference of two versions of a frame, as the list of changes that turn the old one into the
 * new one. Frames of one length are compared place by place. Of frames of two lengths the common
 * start and the common end are found, and what lies between was replaced: that is how a tag or a
 * header that was put in or taken out looks.
 *
 * Threads: any. Nothing is allocated; the changes point into the two versions.
 */

#include <stdint.h>

struct byte_change {
    uint16_t offset; /* in the frame after the changes before this one */
    uint8_t old_length, new_length;
    const uint8_t *old_bytes, *new_bytes;
};

struct byte_diff {
    const uint8_t *old_bytes, *new_bytes;
    uint32_t old_at, old_end; /* the part that is still to be compared */
    uint32_t new_at, new_end;
    int is_replaced; /* the lengths differ */
    int is_cut;      /* the list is not the whole, or its places are not sure */
};

/* kept: how many of the old bytes there are; what lies beyond is not compared. When the lengths
 * differ and not all was kept, nobody can say where bytes came in or went out: `is_cut` says so. */
void byte_diff_begin(struct byte_diff *diff, const uint8_t *old_bytes, uint32_t old_length,
                     uint32_t kept, const uint8_t *new_bytes, uint32_t new_length);
/* The next change; false when there is none. */
int byte_diff_next(struct byte_diff *diff, struct byte_change *change);

#endif
