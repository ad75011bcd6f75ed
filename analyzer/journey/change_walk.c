/* SPDX-License-Identifier: Apache-2.0 */
/* See change_walk.h. */
#include "analyzer/journey/change_walk.h"

#include <stdlib.h>
#include <string.h>

struct frame {
    uint8_t *bytes;
    size_t length;
    size_t size;
    size_t wire_length;
};

/* Puts the old bytes back. A range that begins behind the bytes that were kept changes nothing that
 * we can see. */
static void range_undo(struct frame *frame, const struct meta_change *range)
{
    size_t wire_length = frame->wire_length + range->old_length;
    frame->wire_length = wire_length > range->new_length ? wire_length - range->new_length : 0;
    if (range->offset > frame->length) {
        return;
    }
    size_t rest = frame->length - range->offset;
    size_t removed = range->new_length < rest ? range->new_length : rest;
    size_t tail = rest - removed;
    if (frame->length - removed + range->old_length > frame->size) {
        return;
    }
    uint8_t *at = frame->bytes + range->offset;
    memmove(at + range->old_length, at + removed, tail);
    memcpy(at, range->bytes, range->old_length);
    frame->length = frame->length - removed + range->old_length;
}

static bool ranges_collect(struct change_walk *walk, const struct record *record)
{
    struct meta_reader items = record->items;
    struct meta_item item;
    walk->count = 0;
    while (record_next_item(&items, &item)) {
        if (item.type != META_TLV_CHANGE) {
            continue;
        }
        if (walk->count == CHANGE_RANGES_MAX) {
            return false;
        }
        walk->ranges[walk->count++] = item.change;
    }
    return true;
}

static bool frames_reserve(struct change_walk *walk, size_t size)
{
    if (size <= walk->size) {
        return true;
    }
    for (int i = 0; i < 2; i++) {
        uint8_t *bytes = realloc(walk->frames[i], size);
        if (bytes == NULL) {
            return false;
        }
        walk->frames[i] = bytes;
    }
    walk->size = size;
    return true;
}

bool change_walk(struct change_walk *walk, const struct record *record, change_visit *visit,
                 void *context)
{
    bool is_whole = ranges_collect(walk, record);
    if (walk->count == 0) {
        return is_whole;
    }
    if (!frames_reserve(walk, record->captured_length + CHANGE_RANGES_MAX * 255u)) {
        return false;
    }
    struct frame after = {walk->frames[0], record->captured_length, walk->size,
                          record->original_length};
    struct frame before = after;
    before.bytes = walk->frames[1];
    memcpy(after.bytes, record->bytes, record->captured_length);
    size_t end = walk->count;
    while (end > 0) {
        size_t begin = end;
        memcpy(before.bytes, after.bytes, after.length);
        before.length = after.length;
        before.wire_length = after.wire_length;
        do {
            range_undo(&before, &walk->ranges[--begin]);
        } while (begin > 0 && walk->ranges[begin - 1].stage == walk->ranges[begin].stage);
        struct change_step step = {
            .stage = walk->ranges[begin].stage,
            .ranges = &walk->ranges[begin],
            .range_count = end - begin,
            .before = {before.bytes, before.length, before.wire_length, record->checksum_partial},
            .after = {after.bytes, after.length, after.wire_length, record->checksum_partial}};
        visit(&step, context);
        uint8_t *swap = after.bytes;
        after = before;
        before.bytes = swap;
        end = begin;
    }
    return is_whole;
}

void change_walk_fini(struct change_walk *walk)
{
    free(walk->frames[0]);
    free(walk->frames[1]);
    *walk = (struct change_walk){0};
}
