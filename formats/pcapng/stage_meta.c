/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoding and decoding of the custom option on packets. The layout is in stage_meta.h.
 */
#include "formats/pcapng/stage_meta.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "formats/byte_order.h"

enum {
    NUMBER_SIZE = 4, /* the enterprise number */
    MAGIC_SIZE = 4,
    TLV_HEAD_SIZE = 2,
    TLV_DATA_MAX = 255,
    HOP_SIZE = 8,
    HOPS_OF_TLV = TLV_DATA_MAX / HOP_SIZE,
    CHANGE_HEAD_SIZE = 6,
    DECISION_SIZE = 8,
    OFFLOAD_SIZE = 10,
    VLAN_SIZE = 2,
    GAP_SIZE = 28,
    GENERATION_SIZE = 8,
    STAGE_TIME_SIZE = 4,
    UNDECLARED_SIZE = 2,
    SOURCE_SIZE = 2,
    SOURCE_NAME_MAX = 64,
    HELD_SIZE = 20
};

static const uint8_t magic[MAGIC_SIZE] = {'X', 'S', 'W', '1'};

static_assert(HOPS_OF_TLV == 31, "stage_meta.h says 31");
static_assert(CHANGE_HEAD_SIZE + META_CHANGE_BYTES_MAX <= TLV_DATA_MAX, "a change fits into a TLV");

/* Room for `length` bytes, or null and overflow. */
static uint8_t *extend(struct meta_builder *builder, size_t length)
{
    if (builder->overflow || length > builder->size - builder->length) {
        builder->overflow = 1;
        return NULL;
    }
    uint8_t *room = builder->bytes + builder->length;
    builder->length += length;
    return room;
}

static uint8_t *extend_tlv(struct meta_builder *builder, enum meta_tlv type, size_t length)
{
    uint8_t *room = extend(builder, TLV_HEAD_SIZE + length);
    if (room == NULL) {
        return NULL;
    }
    room[0] = (uint8_t)type;
    room[1] = (uint8_t)length;
    return room + TLV_HEAD_SIZE;
}

void meta_build(struct meta_builder *builder, void *buffer, size_t size,
                const struct meta_fixed *fixed)
{
    *builder = (struct meta_builder){.bytes = buffer, .size = size};
    uint8_t *p = extend(builder, NUMBER_SIZE + META_FIXED_SIZE);
    if (p == NULL) {
        return;
    }
    put_le32(p, META_ENTERPRISE);
    memcpy(p + 4, magic, MAGIC_SIZE);
    p[8] = fixed->kind;
    p[9] = fixed->flags;
    put_le16(p + 10, fixed->reason);
    put_le16(p + 12, fixed->port);
    put_le16(p + 14, fixed->stage);
    put_le32(p + 16, fixed->rule);
    put_le32(p + 20, fixed->flow_hash);
    put_le64(p + 24, fixed->parent_id);
}

void meta_add_hops(struct meta_builder *builder, const struct meta_hop *hops, size_t count)
{
    while (count > 0) {
        size_t piece = count < HOPS_OF_TLV ? count : HOPS_OF_TLV;
        uint8_t *p = extend_tlv(builder, META_TLV_HOPS, piece * HOP_SIZE);
        if (p == NULL) {
            return;
        }
        for (size_t i = 0; i < piece; i++, p += HOP_SIZE) {
            put_le16(p, hops[i].stage);
            put_le16(p + 2, 0);
            put_le32(p + 4, hops[i].since_rx_ns);
        }
        hops += piece;
        count -= piece;
    }
}

void meta_add_change(struct meta_builder *builder, const struct meta_change *change)
{
    size_t length = (size_t)change->old_length + change->new_length;
    assert(length <= META_CHANGE_BYTES_MAX);
    uint8_t *p = extend_tlv(builder, META_TLV_CHANGE, CHANGE_HEAD_SIZE + length);
    if (p == NULL) {
        return;
    }
    put_le16(p, change->stage);
    put_le16(p + 2, change->offset);
    p[4] = change->old_length;
    p[5] = change->new_length;
    if (length > 0) {
        memcpy(p + CHANGE_HEAD_SIZE, change->bytes, length);
    }
}

void meta_add_decision(struct meta_builder *builder, const struct meta_decision *decision)
{
    uint8_t *p = extend_tlv(builder, META_TLV_DECISION, DECISION_SIZE);
    if (p != NULL) {
        put_le16(p, decision->stage);
        put_le16(p + 2, 0);
        put_le32(p + 4, decision->rule);
    }
}

void meta_add_offload(struct meta_builder *builder, const struct meta_offload *offload)
{
    uint8_t *p = extend_tlv(builder, META_TLV_OFFLOAD, OFFLOAD_SIZE);
    if (p != NULL) {
        p[0] = offload->flags;
        p[1] = offload->gso_type;
        put_le16(p + 2, offload->header_length);
        put_le16(p + 4, offload->gso_size);
        put_le16(p + 6, offload->csum_start);
        put_le16(p + 8, offload->csum_offset);
    }
}

void meta_add_gap(struct meta_builder *builder, const struct meta_gap *gap)
{
    uint8_t *p = extend_tlv(builder, META_TLV_GAP, GAP_SIZE);
    if (p != NULL) {
        put_le64(p, gap->from_mono_ns);
        put_le64(p + 8, gap->to_mono_ns);
        put_le64(p + 16, gap->journeys);
        put_le16(p + 24, gap->worker);
        put_le16(p + 26, gap->cause);
    }
}

void meta_add_held(struct meta_builder *builder, const struct meta_held *held)
{
    uint8_t *p = extend_tlv(builder, META_TLV_HELD, HELD_SIZE);
    if (p == NULL) {
        return;
    }
    put_le16(p, held->stage);
    put_le16(p + 2, 0);
    put_le64(p + 4, held->held_ns);
    put_le64(p + 12, held->rx_mono_ns);
}

void meta_add_vlan(struct meta_builder *builder, uint16_t vlan)
{
    uint8_t *p = extend_tlv(builder, META_TLV_VLAN, VLAN_SIZE);
    if (p != NULL) {
        put_le16(p, vlan);
    }
}

void meta_add_generation(struct meta_builder *builder, uint64_t generation)
{
    uint8_t *p = extend_tlv(builder, META_TLV_GENERATION, GENERATION_SIZE);
    if (p != NULL) {
        put_le64(p, generation);
    }
}

void meta_add_stage_time(struct meta_builder *builder, uint32_t since_rx_ns)
{
    uint8_t *p = extend_tlv(builder, META_TLV_STAGE_TIME, STAGE_TIME_SIZE);
    if (p != NULL) {
        put_le32(p, since_rx_ns);
    }
}

void meta_add_undeclared(struct meta_builder *builder, uint16_t stage)
{
    uint8_t *p = extend_tlv(builder, META_TLV_UNDECLARED, UNDECLARED_SIZE);
    if (p != NULL) {
        put_le16(p, stage);
    }
}

void meta_add_source(struct meta_builder *builder, uint16_t port, const char *name)
{
    size_t length = name != NULL ? strnlen(name, SOURCE_NAME_MAX) : 0;
    uint8_t *p = extend_tlv(builder, META_TLV_SOURCE, SOURCE_SIZE + length);
    if (p != NULL) {
        put_le16(p, port);
        memcpy(p + SOURCE_SIZE, name != NULL ? name : "", length);
    }
}

_Static_assert(sizeof(struct meta_fixed) == META_FIXED_SIZE - MAGIC_SIZE &&
                   offsetof(struct meta_fixed, stage) == 6 &&
                   offsetof(struct meta_fixed, rule) == 8 &&
                   offsetof(struct meta_fixed, parent_id) == 16,
               "the members stand as they do in the option");

/* As a whole, since it is copied as a whole: a copy waits for members that were just written. */
static void fixed_read(struct meta_fixed *fixed, const uint8_t *p)
{
    memcpy(fixed, p, sizeof(*fixed));
    fixed->reason = le16toh(fixed->reason);
    fixed->port = le16toh(fixed->port);
    fixed->stage = le16toh(fixed->stage);
    fixed->rule = le32toh(fixed->rule);
    fixed->flow_hash = le32toh(fixed->flow_hash);
    fixed->parent_id = le64toh(fixed->parent_id);
}

enum xsw_status meta_read(struct meta_reader *reader, const void *bytes, size_t size,
                          struct xsw_error *error)
{
    const uint8_t *p = bytes;
    if (size < NUMBER_SIZE + MAGIC_SIZE ||
        (get_32(p, false) != META_ENTERPRISE && get_32(p, true) != META_ENTERPRISE) ||
        memcmp(p + NUMBER_SIZE, magic, MAGIC_SIZE) != 0) {
        return error_set(error, XSW_NOT_FOUND, "the custom option is not one of xsw");
    }
    if (size < NUMBER_SIZE + META_FIXED_SIZE) {
        return error_set(error, XSW_CORRUPT,
                         "xsw metadata of %zu bytes, expected at least %d behind the number",
                         size - NUMBER_SIZE, META_FIXED_SIZE);
    }
    if (p[8] >= META_SECTION) {
        return error_set(error, XSW_CORRUPT, "xsw metadata of kind %u, expected one below %u", p[8],
                         META_SECTION);
    }
    fixed_read(&reader->fixed, p + NUMBER_SIZE + MAGIC_SIZE);
    reader->next = p + NUMBER_SIZE + META_FIXED_SIZE;
    reader->end = p + size;
    return XSW_OK;
}

/* Lengths are at least these; a later version may append to a TLV. */
static size_t smallest_length(unsigned type)
{
    static const uint8_t smallest[] = {
        [META_TLV_HOPS] = HOP_SIZE,
        [META_TLV_CHANGE] = CHANGE_HEAD_SIZE,
        [META_TLV_DECISION] = DECISION_SIZE,
        [META_TLV_OFFLOAD] = OFFLOAD_SIZE,
        [META_TLV_VLAN] = VLAN_SIZE,
        [META_TLV_GAP] = GAP_SIZE,
        [META_TLV_GENERATION] = GENERATION_SIZE,
        [META_TLV_STAGE_TIME] = STAGE_TIME_SIZE,
        [META_TLV_UNDECLARED] = UNDECLARED_SIZE,
        [META_TLV_HELD] = HELD_SIZE,
        [META_TLV_SOURCE] = SOURCE_SIZE,
    };
    return type < sizeof(smallest) ? smallest[type] : 0;
}

static bool lengths_agree(const struct meta_item *item, size_t length)
{
    const uint8_t *p = item->data;
    switch (item->type) {
    case META_TLV_HOPS:
        return length % HOP_SIZE == 0;
    case META_TLV_CHANGE:
        return length == CHANGE_HEAD_SIZE + (size_t)p[4] + p[5];
    default:
        return true;
    }
}

static void decode(struct meta_item *item, size_t length)
{
    const uint8_t *p = item->data;
    switch (item->type) {
    case META_TLV_HOPS:
        item->hop_count = length / HOP_SIZE;
        break;
    case META_TLV_CHANGE:
        item->change =
            (struct meta_change){get_le16(p), get_le16(p + 2), p[4], p[5], p + CHANGE_HEAD_SIZE};
        break;
    case META_TLV_DECISION:
        item->decision = (struct meta_decision){get_le16(p), get_le32(p + 4)};
        break;
    case META_TLV_OFFLOAD:
        item->offload = (struct meta_offload){
            p[0], p[1], get_le16(p + 2), get_le16(p + 4), get_le16(p + 6), get_le16(p + 8)};
        break;
    case META_TLV_GAP:
        item->gap = (struct meta_gap){get_le64(p), get_le64(p + 8), get_le64(p + 16),
                                      get_le16(p + 24), get_le16(p + 26)};
        break;
    case META_TLV_VLAN:
        item->vlan = get_le16(p);
        break;
    case META_TLV_GENERATION:
        item->generation = get_le64(p);
        break;
    case META_TLV_STAGE_TIME:
        item->since_rx_ns = get_le32(p);
        break;
    case META_TLV_UNDECLARED:
        item->stage = get_le16(p);
        break;
    case META_TLV_SOURCE:
        item->source.port = get_le16(p);
        item->source.name = (const char *)p + SOURCE_SIZE;
        item->source.name_length = (uint16_t)(length - SOURCE_SIZE);
        break;
    case META_TLV_HELD:
        item->held = (struct meta_held){get_le16(p), get_le64(p + 4), get_le64(p + 12)};
        break;
    }
}

enum xsw_status meta_next(struct meta_reader *reader, struct meta_item *item,
                          struct xsw_error *error)
{
    while (reader->next < reader->end) {
        const uint8_t *p = reader->next;
        size_t left = (size_t)(reader->end - p);
        if (left < TLV_HEAD_SIZE || p[1] > left - TLV_HEAD_SIZE) {
            reader->next = reader->end;
            return error_set(error, XSW_CORRUPT,
                             "xsw metadata: an element reaches beyond the option (%zu bytes left)",
                             left);
        }
        size_t length = p[1];
        size_t smallest = smallest_length(p[0]);
        reader->next = p + TLV_HEAD_SIZE + length;
        if (smallest == 0) {
            continue;
        }
        *item = (struct meta_item){.type = p[0], .data = p + TLV_HEAD_SIZE};
        if (length < smallest || !lengths_agree(item, length)) {
            reader->next = reader->end;
            return error_set(error, XSW_CORRUPT,
                             "xsw metadata: element %u of %zu bytes does not fit its content, "
                             "expected at least %zu",
                             p[0], length, smallest);
        }
        decode(item, length);
        return XSW_OK;
    }
    return XSW_END;
}

struct meta_hop meta_hop_at(const struct meta_item *item, size_t index)
{
    assert(item->type == META_TLV_HOPS && index < item->hop_count);
    const uint8_t *p = item->data + index * HOP_SIZE;
    return (struct meta_hop){get_le16(p), get_le32(p + 4)};
}

const char *meta_loss_name(unsigned cause)
{
    static const char *const names[META_LOSS_COUNT] = {
        [META_LOSS_RING_FULL] = "ring-full", [META_LOSS_TOO_BIG] = "record-too-big",
        [META_LOSS_DISK] = "disk",           [META_LOSS_PAST_LIMIT] = "past-limit",
        [META_LOSS_READER] = "reader",       [META_LOSS_BUDGET] = "budget",
        [META_LOSS_RATE] = "rate-limit",     [META_LOSS_OVERWRITTEN] = "overwritten",
    };
    return cause < META_LOSS_COUNT && names[cause] != NULL ? names[cause] : "unknown";
}
