/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/privacy/privacy_notes.h"

#include <string.h>

#include "capture/privacy/privacy_headers.h"
#include "switch/path/byte_diff.h"

static struct meta_reader reader_of(const struct privacy_frame *frame)
{
    return (struct meta_reader){.next = frame->notes, .end = frame->notes + frame->notes_length};
}

bool privacy_notes_have_changes(const struct privacy_frame *frame)
{
    struct meta_reader reader = reader_of(frame);
    struct meta_item item;
    enum xsw_status status;
    while ((status = meta_next(&reader, &item, NULL)) == XSW_OK) {
        if (item.type == META_TLV_CHANGE) {
            return true;
        }
    }
    return status != XSW_END; /* what cannot be read is not passed on either */
}

/* Puts `put_length` bytes in the place of `taken`. False when they are not there. */
static bool replace(struct privacy_history *history, uint32_t offset, uint32_t taken,
                    const uint8_t *put, uint32_t put_length)
{
    if (offset + taken > history->length ||
        history->length - taken + put_length > PRIVACY_FRAME_MAX) {
        return false;
    }
    uint32_t rest = history->length - offset - taken;
    if (taken != put_length) {
        memmove(history->bytes + offset + put_length, history->bytes + offset + taken, rest);
    }
    if (put_length > 0) {
        memcpy(history->bytes + offset, put, put_length);
    }
    history->length = offset + put_length + rest;
    return true;
}

static bool changes_take(struct privacy_history *history, const struct privacy_frame *frame)
{
    struct meta_reader reader = reader_of(frame);
    struct meta_item item;
    enum xsw_status status;
    history->change_count = 0;
    while ((status = meta_next(&reader, &item, NULL)) == XSW_OK) {
        if (item.type == META_TLV_CHANGE) {
            if (history->change_count == UNFOLD_CHANGES_MAX) {
                return false;
            }
            history->changes[history->change_count++] = item.change;
        }
    }
    return status == XSW_END;
}

bool privacy_history_begin(struct privacy_history *history, const struct privacy_frame *frame)
{
    if (!changes_take(history, frame)) {
        return false;
    }
    memcpy(history->bytes, frame->bytes, frame->length);
    history->length = frame->length;
    history->reader = reader_of(frame);
    for (uint32_t i = history->change_count; i-- > 0;) {
        const struct meta_change *change = &history->changes[i];
        if (!replace(history, change->offset, change->new_length, change->bytes,
                     change->old_length)) {
            return false;
        }
    }
    return history->length == frame->rx_length;
}

/* An item as it stands in the notes: its type and length are the two bytes before its data. */
static void item_copy(struct meta_builder *builder, const struct meta_item *item)
{
    size_t size = 2 + (size_t)item->data[-1];
    if (builder->overflow || builder->length + size > builder->size) {
        builder->overflow = 1;
        return;
    }
    memcpy(builder->bytes + builder->length, item->data - 2, size);
    builder->length += size;
}

bool privacy_history_next(struct privacy_history *history, struct meta_builder *builder,
                          uint16_t *stage)
{
    struct meta_item item;
    bool has_changed = false;
    for (;;) {
        struct meta_reader here = history->reader;
        if (meta_next(&history->reader, &item, NULL) != XSW_OK) {
            return has_changed;
        }
        bool is_change = item.type == META_TLV_CHANGE;
        if (has_changed && (!is_change || item.change.stage != *stage)) {
            history->reader = here; /* it comes behind this version */
            return true;
        }
        if (!is_change) {
            item_copy(builder, &item);
            continue;
        }
        /* It was undone before, so it can be done. */
        (void)replace(history, item.change.offset, item.change.old_length,
                      item.change.bytes + item.change.old_length, item.change.new_length);
        *stage = item.change.stage;
        has_changed = true;
    }
}

uint32_t privacy_notes_without_changes(const struct privacy_frame *frame, uint8_t *notes,
                                       size_t size)
{
    struct meta_builder builder = {.bytes = notes, .size = size};
    struct meta_reader reader = reader_of(frame);
    struct meta_item item;
    while (meta_next(&reader, &item, NULL) == XSW_OK) {
        if (item.type != META_TLV_CHANGE) {
            item_copy(&builder, &item);
        }
    }
    return (uint32_t)builder.length;
}

static void change_note(struct meta_builder *builder, uint16_t stage,
                        const struct byte_change *change)
{
    uint8_t bytes[META_CHANGE_BYTES_MAX];
    memcpy(bytes, change->old_bytes, change->old_length);
    memcpy(bytes + change->old_length, change->new_bytes, change->new_length);
    meta_add_change(builder, &(struct meta_change){.stage = stage,
                                                   .offset = change->offset,
                                                   .old_length = change->old_length,
                                                   .new_length = change->new_length,
                                                   .bytes = bytes});
}

/* The zeros that both end with need not be compared. */
static uint32_t common_zeros(const struct privacy_pair *pair)
{
    uint32_t shorter = pair->old_length < pair->new_length ? pair->old_length : pair->new_length;
    return shorter > PRIVACY_HEADERS_MAX ? shorter - PRIVACY_HEADERS_MAX : 0;
}

void privacy_difference_note(struct meta_builder *builder, uint16_t stage,
                             const struct privacy_pair *pair)
{
    uint32_t zeros = common_zeros(pair);
    struct byte_diff diff;
    struct byte_change change;
    bool has_noted = false;
    byte_diff_begin(&diff, pair->old_bytes, pair->old_length - zeros, pair->old_length - zeros,
                    pair->new_bytes, pair->new_length - zeros);
    while (byte_diff_next(&diff, &change)) {
        change_note(builder, stage, &change);
        has_noted = true;
    }
    if (diff.is_cut) {
        builder->overflow = 1; /* places beyond what a change can name */
    }
    if (!has_noted) {
        uint32_t offset = pair->headers_length;
        change = (struct byte_change){
            .offset = (uint16_t)offset, .old_bytes = pair->old_bytes, .new_bytes = pair->new_bytes};
        change_note(builder, stage, &change);
    }
}
