/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/path/byte_diff.h"

#include <string.h>

/* Changed places with fewer unchanged bytes between them are one change. */
enum { MERGE_GAP = 4, CHANGE_MAX = 120, OFFSET_MAX = 65535 };

static uint32_t minimum(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void byte_diff_begin(struct byte_diff *diff, const uint8_t *old_bytes, uint32_t old_length,
                     uint32_t kept, const uint8_t *new_bytes, uint32_t new_length)
{
    *diff = (struct byte_diff){.old_bytes = old_bytes, .new_bytes = new_bytes};
    if (old_length == new_length) {
        diff->old_end = diff->new_end = minimum(kept, OFFSET_MAX);
        if (memcmp(old_bytes, new_bytes, diff->old_end) == 0) {
            diff->old_at = diff->new_at = diff->old_end;
        }
        diff->is_cut = kept > OFFSET_MAX && memcmp(old_bytes + OFFSET_MAX, new_bytes + OFFSET_MAX,
                                                   kept - OFFSET_MAX) != 0;
        return;
    }
    diff->is_replaced = 1;
    uint32_t common = minimum(kept, new_length);
    uint32_t start = 0;
    while (start < common && old_bytes[start] == new_bytes[start]) {
        start++;
    }
    /* The end can only be compared when all of the old frame was kept. */
    uint32_t end = 0;
    uint32_t end_max = kept == old_length ? minimum(old_length, new_length) - start : 0;
    while (end < end_max && old_bytes[old_length - 1 - end] == new_bytes[new_length - 1 - end]) {
        end++;
    }
    diff->old_at = diff->new_at = start;
    diff->old_end = minimum(kept, old_length - end);
    /* What was not kept of the old frame is left out at the end of the new one, too. */
    uint32_t left_out = end + old_length - kept;
    diff->new_end = new_length > start + left_out ? new_length - left_out : start;
    diff->is_cut = kept < old_length || diff->old_end > OFFSET_MAX || diff->new_end > OFFSET_MAX;
}

/* What lies between start and end, in pieces that fit a change. */
static int next_replaced(struct byte_diff *diff, struct byte_change *change)
{
    uint32_t old_length = minimum(diff->old_end - diff->old_at, CHANGE_MAX);
    uint32_t new_length = minimum(diff->new_end - diff->new_at, CHANGE_MAX);
    if ((old_length == 0 && new_length == 0) || diff->new_at > OFFSET_MAX) {
        return 0;
    }
    *change = (struct byte_change){.offset = (uint16_t)diff->new_at,
                                   .old_length = (uint8_t)old_length,
                                   .new_length = (uint8_t)new_length,
                                   .old_bytes = diff->old_bytes + diff->old_at,
                                   .new_bytes = diff->new_bytes + diff->new_at};
    diff->old_at += old_length;
    diff->new_at += new_length;
    return 1;
}

static int next_changed(struct byte_diff *diff, struct byte_change *change)
{
    const uint8_t *old_bytes = diff->old_bytes;
    const uint8_t *new_bytes = diff->new_bytes;
    uint32_t at = diff->old_at;
    while (at < diff->old_end && old_bytes[at] == new_bytes[at]) {
        at++;
    }
    if (at >= diff->old_end) {
        diff->old_at = diff->old_end;
        return 0;
    }
    uint32_t last = at; /* the last place known to differ */
    for (uint32_t i = at; i < diff->old_end && i - last <= MERGE_GAP && i - at < CHANGE_MAX; i++) {
        if (old_bytes[i] != new_bytes[i]) {
            last = i;
        }
    }
    uint8_t length = (uint8_t)(last + 1 - at);
    *change = (struct byte_change){.offset = (uint16_t)at,
                                   .old_length = length,
                                   .new_length = length,
                                   .old_bytes = old_bytes + at,
                                   .new_bytes = new_bytes + at};
    diff->old_at = last + 1;
    return 1;
}

int byte_diff_next(struct byte_diff *diff, struct byte_change *change)
{
    return diff->is_replaced ? next_replaced(diff, change) : next_changed(diff, change);
}
