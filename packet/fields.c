/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference of two states of a frame: layer by layer, field by field, and for the bytes that
 * are no field, range by range.
 */
#include "packet/fields.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "packet/layers.h"
#include "packet/wire.h"

enum { TEXT_BYTES_MAX = 12 }; /* of a range that are shown */

struct side {
    const struct fields_frame *frame;
    struct layers layers;
    bool is_cut;
};

struct comparison {
    struct side before;
    struct side after;
    struct field_change *changes;
    size_t capacity;
    size_t count;
};

static const char absent_text[] = "(none)";

/* The next change to fill, null when there is no room. */
static struct field_change *comparison_add(struct comparison *comparison)
{
    if (comparison->count == comparison->capacity) {
        return NULL;
    }
    struct field_change *change = &comparison->changes[comparison->count++];
    memset(change, 0, sizeof *change);
    return change;
}

static uint32_t field_number(const struct field_info *field, const uint8_t *header)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < field->length; i++) {
        value = value << 8 | header[field->offset + i];
    }
    if (field->mask == 0) {
        return value * field->scale;
    }
    return ((value & field->mask) / (field->mask & -field->mask)) * field->scale;
}

static bool field_equal(const struct field_info *field, const uint8_t *a, const uint8_t *b)
{
    if (field->format == FIELD_DECIMAL || field->format == FIELD_HEX) {
        return field_number(field, a) == field_number(field, b);
    }
    return memcmp(a + field->offset, b + field->offset, field->length) == 0;
}

/* Hex digits as Wireshark writes them: as many as the bits of the field need. */
static int field_digits(const struct field_info *field)
{
    uint32_t highest = field->length >= 4 ? UINT32_MAX : (1u << 8 * field->length) - 1;
    if (field->mask != 0) {
        highest = field->mask / (field->mask & -field->mask);
    }
    int digits = 0;
    for (; highest != 0; highest >>= 4) {
        digits++;
    }
    return digits;
}

static void field_text(const struct field_info *field, const uint8_t *header, char *text)
{
    const uint8_t *bytes = header + field->offset;
    switch (field->format) {
    case FIELD_DECIMAL:
        snprintf(text, FIELD_TEXT_SIZE, "%u", field_number(field, header));
        break;
    case FIELD_HEX:
        snprintf(text, FIELD_TEXT_SIZE, "0x%0*x", field_digits(field), field_number(field, header));
        break;
    case FIELD_MAC:
        snprintf(text, FIELD_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1],
                 bytes[2], bytes[3], bytes[4], bytes[5]);
        break;
    case FIELD_IPV4:
        inet_ntop(AF_INET, bytes, text, FIELD_TEXT_SIZE);
        break;
    case FIELD_IPV6:
        inet_ntop(AF_INET6, bytes, text, FIELD_TEXT_SIZE);
        break;
    }
}

/* "45 00 00 28", and how many there are when they are not all shown; "(none)" for none. */
static void bytes_text(const uint8_t *bytes, uint32_t length, char *text)
{
    if (length == 0) {
        snprintf(text, FIELD_TEXT_SIZE, "%s", absent_text);
        return;
    }
    size_t at = 0;
    for (uint32_t i = 0; i < length && i < TEXT_BYTES_MAX; i++) {
        at +=
            (size_t)snprintf(text + at, FIELD_TEXT_SIZE - at, i == 0 ? "%02x" : " %02x", bytes[i]);
    }
    if (length > TEXT_BYTES_MAX) {
        snprintf(text + at, FIELD_TEXT_SIZE - at, " ... (%u bytes)", length);
    }
}

/* old_header, new_header: null when the layer is not there. */
static void compare_fields(struct comparison *comparison, const struct field_table *table,
                           const uint8_t *old_header, const uint8_t *new_header)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct field_info *field = &table->fields[i];
        if (old_header != NULL && new_header != NULL &&
            field_equal(field, old_header, new_header)) {
            continue;
        }
        struct field_change *change = comparison_add(comparison);
        if (change == NULL) {
            return;
        }
        snprintf(change->name, sizeof change->name, "%s", field->name);
        memcpy(change->old_text, absent_text, sizeof absent_text);
        memcpy(change->new_text, absent_text, sizeof absent_text);
        if (old_header != NULL) {
            field_text(field, old_header, change->old_text);
        }
        if (new_header != NULL) {
            field_text(field, new_header, change->new_text);
        }
    }
}

/* A part of a layer that no field covers. */
struct range {
    const uint8_t *bytes;
    uint32_t offset; /* in the frame */
    uint32_t length;
};

static struct range range_of(const struct side *side, enum layer_kind kind, uint32_t covered)
{
    const struct layer *layer = &side->layers.kinds[kind];
    if (layer->length <= covered) {
        return (struct range){NULL, 0, 0};
    }
    uint32_t offset = layer->offset + covered;
    return (struct range){side->frame->bytes + offset, offset, layer->length - covered};
}

static void add_range(struct comparison *comparison, struct range old_range, struct range new_range)
{
    struct field_change *change = comparison_add(comparison);
    if (change == NULL) {
        return;
    }
    const struct range *shown = new_range.length != 0 ? &new_range : &old_range;
    snprintf(change->name, sizeof change->name, shown->length == 1 ? "byte %u" : "bytes %u-%u",
             shown->offset, shown->offset + shown->length - 1);
    bytes_text(old_range.bytes, old_range.length, change->old_text);
    bytes_text(new_range.bytes, new_range.length, change->new_text);
}

static struct range range_part(struct range range, uint32_t from, uint32_t to)
{
    if (range.length <= from) {
        return (struct range){NULL, 0, 0};
    }
    uint32_t end = to < range.length ? to : range.length;
    return (struct range){range.bytes + from, range.offset + from, end - from};
}

static void compare_ranges(struct comparison *comparison, struct range old_range,
                           struct range new_range)
{
    uint32_t common = old_range.length < new_range.length ? old_range.length : new_range.length;
    uint32_t at = 0;
    while (at < common) {
        if (old_range.bytes[at] == new_range.bytes[at]) {
            at++;
            continue;
        }
        uint32_t from = at;
        while (at < common && old_range.bytes[at] != new_range.bytes[at]) {
            at++;
        }
        add_range(comparison, range_part(old_range, from, at), range_part(new_range, from, at));
    }
    const struct side *shorter =
        old_range.length < new_range.length ? &comparison->before : &comparison->after;
    if (old_range.length != new_range.length && !shorter->is_cut) {
        add_range(comparison, range_part(old_range, common, UINT32_MAX),
                  range_part(new_range, common, UINT32_MAX));
    }
}

static void compare_tcp_options(struct comparison *comparison, struct range old_range,
                                struct range new_range)
{
    if (old_range.length == new_range.length &&
        (old_range.length == 0 ||
         memcmp(old_range.bytes, new_range.bytes, old_range.length) == 0)) {
        return;
    }
    if (old_range.length != new_range.length &&
        (comparison->before.is_cut || comparison->after.is_cut)) {
        return;
    }
    struct field_change *change = comparison_add(comparison);
    if (change != NULL) {
        snprintf(change->name, sizeof change->name, "tcp.options");
        bytes_text(old_range.bytes, old_range.length, change->old_text);
        bytes_text(new_range.bytes, new_range.length, change->new_text);
    }
}

/* True when one of the two ends before it could have shown this layer. */
static bool is_unknown(const struct comparison *comparison, enum layer_kind kind)
{
    const struct side *before = &comparison->before;
    const struct side *after = &comparison->after;
    if (kind == LAYER_PAYLOAD) {
        return (before->is_cut || after->is_cut) && before->layers.deepest != after->layers.deepest;
    }
    return (before->is_cut && before->layers.deepest < kind) ||
           (after->is_cut && after->layers.deepest < kind);
}

static void compare_layer(struct comparison *comparison, enum layer_kind kind)
{
    const struct layer *old_layer = &comparison->before.layers.kinds[kind];
    const struct layer *new_layer = &comparison->after.layers.kinds[kind];
    if ((old_layer->length == 0 && new_layer->length == 0) || is_unknown(comparison, kind)) {
        return;
    }
    const struct field_table table = layers_fields(kind);
    compare_fields(
        comparison, &table,
        old_layer->length == 0 ? NULL : comparison->before.frame->bytes + old_layer->offset,
        new_layer->length == 0 ? NULL : comparison->after.frame->bytes + new_layer->offset);
    struct range old_range = range_of(&comparison->before, kind, table.covered);
    struct range new_range = range_of(&comparison->after, kind, table.covered);
    if (kind == LAYER_TCP) {
        compare_tcp_options(comparison, old_range, new_range);
    } else {
        compare_ranges(comparison, old_range, new_range);
    }
}

static void side_init(struct side *side, const struct fields_frame *frame)
{
    side->frame = frame;
    side->is_cut = frame->length < frame->wire_length;
    layers_from_bytes(&side->layers, frame->bytes, frame->length, frame->wire_length);
}

size_t fields_compare(const struct fields_frame *before, const struct fields_frame *after,
                      struct field_change *changes, size_t capacity)
{
    struct comparison comparison = {.changes = changes, .capacity = capacity};
    side_init(&comparison.before, before);
    side_init(&comparison.after, after);
    for (int kind = LAYER_ETHERNET; kind < LAYER_COUNT; kind++) {
        compare_layer(&comparison, (enum layer_kind)kind);
    }
    return comparison.count;
}
