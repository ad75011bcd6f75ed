/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_PRIVACY_NOTES_H
#define XSW_CAPTURE_PRIVACY_NOTES_H

/*
 * The notes of a journey, walked from the bytes at its beginning to those at its end, version by
 * version; and notes written anew, with the differences of other versions in their place.
 *
 * Threads: of the worker whose memory it is. Nothing is allocated.
 */

#include <stdbool.h>
#include <stdint.h>

#include "capture/privacy/privacy.h"
#include "capture/recorder/unfold.h"
#include "formats/pcapng/stage_meta.h"

enum { PRIVACY_FRAME_MAX = UNFOLD_BYTES };

struct privacy_history {
    uint32_t length; /* of `bytes` now */
    uint32_t change_count;
    struct meta_reader reader; /* what comes next */
    struct meta_change changes[UNFOLD_CHANGES_MAX];
    uint8_t bytes[PRIVACY_FRAME_MAX];
};

/* Whether the frame had other bytes before. */
bool privacy_notes_have_changes(const struct privacy_frame *frame);
/* `bytes` become those of the beginning. False when the notes do not lead there. */
bool privacy_history_begin(struct privacy_history *history, const struct privacy_frame *frame);
/* The next version, and the stage that made it; what is noted besides changes goes to `builder` as
 * it comes. False behind the last one. */
bool privacy_history_next(struct privacy_history *history, struct meta_builder *builder,
                          uint16_t *stage);
/* All but the changes, as far as they fit. Returns their length. */
uint32_t privacy_notes_without_changes(const struct privacy_frame *frame, uint8_t *notes,
                                       size_t size);

/* Two versions, of which everything behind the first PRIVACY_HEADERS_MAX bytes is zeros. */
struct privacy_pair {
    const uint8_t *old_bytes, *new_bytes;
    uint32_t old_length, new_length;
    uint32_t headers_length; /* of the new one */
};

/* Notes what `stage` changed. Where nothing of it is left to be seen, a change of no bytes tells
 * that there was one. */
void privacy_difference_note(struct meta_builder *builder, uint16_t stage,
                             const struct privacy_pair *pair);

#endif
