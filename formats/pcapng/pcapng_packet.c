/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packet blocks of the three kinds. This is the hot path of reading: one pass over the options, and
 * nothing is copied.
 */
#include <inttypes.h>

#include "formats/pcapng/pcapng_parse.h"

enum { KIND_OFFSET = 8 /* of the kind in our custom option */ };

/* An option with a number: the first of each counts. */
static void packet_number(struct parse_state *state, const struct option *option, uint32_t has,
                          struct pcapng_packet *packet)
{
    bool is_long = has == PCAPNG_HAS_ID || has == PCAPNG_HAS_DROPCOUNT;
    if (!option_fits(state, option, is_long ? 8 : 4) || (packet->has & has) != 0) {
        return;
    }
    packet->has |= has;
    switch (has) {
    case PCAPNG_HAS_FLAGS:
        packet->flags = get_32(option->data, state->big_endian);
        break;
    case PCAPNG_HAS_QUEUE:
        packet->queue = get_32(option->data, state->big_endian);
        break;
    case PCAPNG_HAS_ID:
        packet->id = get_64(option->data, state->big_endian);
        break;
    default:
        packet->dropcount = get_64(option->data, state->big_endian);
        break;
    }
}

static enum xsw_status parse_packet_options(struct parse_state *state, struct option_cursor cursor,
                                            struct pcapng_packet *packet, struct xsw_error *error)
{
    static const uint8_t has[] = {
        [PCAPNG_PACKET_FLAGS] = PCAPNG_HAS_FLAGS,
        [PCAPNG_PACKET_DROPCOUNT] = PCAPNG_HAS_DROPCOUNT,
        [PCAPNG_PACKET_ID] = PCAPNG_HAS_ID,
        [PCAPNG_PACKET_QUEUE] = PCAPNG_HAS_QUEUE,
    };
    struct option option;
    enum xsw_status status;
    while ((status = option_next(&cursor, &option, error)) == XSW_OK) {
        if (option.code < sizeof(has) && has[option.code] != 0) {
            packet_number(state, &option, has[option.code], packet);
        } else if (option.code == PCAPNG_OPTION_CUSTOM_BYTES) {
            if (packet->meta == NULL && option_is_ours(&option, state->big_endian) &&
                option.data[KIND_OFFSET] < META_SECTION) {
                packet->meta = option.data;
                packet->meta_length = option.length;
            }
        } else if (option.code == PCAPNG_OPTION_COMMENT && packet->comment == NULL) {
            packet->comment = (const char *)option.data;
            packet->comment_length = option.length;
        }
    }
    return status == XSW_END ? XSW_OK : status;
}

/* The bytes of the packet, and the options behind them. */
static enum xsw_status parse_packet_bytes(struct parse_state *state,
                                          const struct parse_block *block, size_t fixed,
                                          struct pcapng_packet *packet, struct xsw_error *error)
{
    size_t room = block->length - fixed;
    if (packet->captured_length > room) {
        return error_set(error, XSW_CORRUPT,
                         "%" PRIu32
                         " captured bytes, expected at most the %zu that the block holds",
                         packet->captured_length, room);
    }
    size_t padded = ((size_t)packet->captured_length + 3) & ~(size_t)3;
    packet->data = block->body + fixed;
    struct option_cursor cursor = {packet->data + padded, room - padded, state->big_endian};
    return parse_packet_options(state, cursor, packet, error);
}

static enum xsw_status parse_enhanced(struct parse_state *state, const struct parse_block *block,
                                      struct pcapng_packet *packet, struct xsw_error *error)
{
    const uint8_t *p = block->body;
    bool big_endian = state->big_endian;
    *packet = (struct pcapng_packet){.has = PCAPNG_HAS_TIMESTAMP};
    enum xsw_status status =
        parse_interface_find(state, get_32(p, big_endian), &packet->interface, error);
    if (status != XSW_OK) {
        return status;
    }
    packet->timestamp_ns =
        parse_time(&state->interfaces[packet->interface], get_time(p + 4, big_endian));
    packet->captured_length = get_32(p + 12, big_endian);
    packet->original_length = get_32(p + 16, big_endian);
    return parse_packet_bytes(state, block, PCAPNG_ENHANCED_PACKET_SIZE - PCAPNG_HEAD_SIZE, packet,
                              error);
}

static enum xsw_status parse_obsolete(struct parse_state *state, const struct parse_block *block,
                                      struct pcapng_packet *packet, struct xsw_error *error)
{
    const uint8_t *p = block->body;
    bool big_endian = state->big_endian;
    *packet = (struct pcapng_packet){.has = PCAPNG_HAS_TIMESTAMP};
    enum xsw_status status =
        parse_interface_find(state, get_16(p, big_endian), &packet->interface, error);
    if (status != XSW_OK) {
        return status;
    }
    packet->timestamp_ns =
        parse_time(&state->interfaces[packet->interface], get_time(p + 4, big_endian));
    packet->captured_length = get_32(p + 12, big_endian);
    packet->original_length = get_32(p + 16, big_endian);
    uint16_t drops = get_16(p + 2, big_endian);
    if (drops != UINT16_MAX) { /* which says that the number is not known */
        packet->has |= PCAPNG_HAS_DROPCOUNT;
        packet->dropcount = drops;
    }
    return parse_packet_bytes(state, block, PCAPNG_PACKET_SIZE - PCAPNG_HEAD_SIZE, packet, error);
}

static enum xsw_status parse_simple(struct parse_state *state, const struct parse_block *block,
                                    struct pcapng_packet *packet, struct xsw_error *error)
{
    size_t room = block->length - 4;
    *packet = (struct pcapng_packet){.original_length = get_32(block->body, state->big_endian),
                                     .data = block->body + 4};
    enum xsw_status status = parse_interface_find(state, 0, &packet->interface, error);
    if (status != XSW_OK) {
        return status;
    }
    uint32_t snap = state->interfaces[packet->interface].snap_length;
    bool is_cut = snap != 0 && snap < packet->original_length;
    packet->captured_length = is_cut ? snap : packet->original_length;
    if (packet->captured_length > room) {
        return error_set(error, XSW_CORRUPT,
                         "a simple packet of %" PRIu32
                         " bytes, expected at most the %zu that the block holds",
                         packet->captured_length, room);
    }
    return XSW_OK;
}

enum xsw_status parse_packet(struct parse_state *state, const struct parse_block *block,
                             struct pcapng_packet *packet, struct xsw_error *error)
{
    switch (block->type) {
    case PCAPNG_BLOCK_ENHANCED_PACKET:
        return parse_enhanced(state, block, packet, error);
    case PCAPNG_BLOCK_PACKET:
        return parse_obsolete(state, block, packet, error);
    default:
        return parse_simple(state, block, packet, error);
    }
}
