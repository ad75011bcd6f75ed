/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks as formats/pcapng/pcapng_wire.h has them. encode_packet is the hot path: one check for
 * room, then straight copies. The others go option by option.
 */
#include "formats/pcapng/pcapng_encode.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/byte_order.h"
#include "formats/pcapng/json_pieces.h"
#include "formats/pcapng/pcapng_wire.h"

enum { TSRESOL_NS = 9, PAGE = 4096 };

/* A block that is being built; the first failure is kept. */
struct block {
    struct block_buffer *buffer;
    size_t start;
    enum xsw_status status;
    struct xsw_error *error;
};

static size_t padded(size_t length)
{
    return (length + 3) & ~(size_t)3;
}

static enum xsw_status make_room(struct block_buffer *buffer, size_t more, struct xsw_error *error)
{
    if (more <= buffer->size - buffer->length) {
        return XSW_OK;
    }
    size_t size = ((buffer->length + more) * 3 / 2 + PAGE - 1) / PAGE * PAGE;
    uint8_t *bytes = aligned_alloc(PAGE, size);
    if (bytes == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a buffer of %zu bytes", size);
    }
    if (buffer->length > 0) {
        memcpy(bytes, buffer->bytes, buffer->length);
    }
    free(buffer->bytes);
    buffer->bytes = bytes;
    buffer->size = size;
    return XSW_OK;
}

/* `length` bytes at the end of the buffer, for which there is room. */
static uint8_t *extend(struct block_buffer *buffer, size_t length)
{
    uint8_t *room = buffer->bytes + buffer->length;
    buffer->length += length;
    return room;
}

/* Copies and pads with zeros; returns what is behind. */
static inline uint8_t *put_padded(uint8_t *p, const void *bytes, size_t length)
{
    if (length == 0) {
        return p;
    }
    size_t whole = padded(length);
    memset(p + whole - 4, 0, 4);
    memcpy(p, bytes, length);
    return p + whole;
}

static inline uint8_t *put_option_head(uint8_t *p, uint16_t code, size_t length)
{
    put_le16(p, code);
    put_le16(p + 2, (uint16_t)length);
    return p + PCAPNG_OPTION_HEAD_SIZE;
}

static void put_time(uint8_t *p, uint64_t ns)
{
    put_le32(p, (uint32_t)(ns >> 32));
    put_le32(p + 4, (uint32_t)ns);
}

/* Blocks, option by option ------------------------------------------------------------------- */

/* Room for `fixed` bytes behind the head; the type is there already. Null when it failed. */
static uint8_t *block_begin(struct block *block, uint32_t type, size_t fixed)
{
    block->start = block->buffer->length;
    block->status = make_room(block->buffer, fixed, block->error);
    if (block->status != XSW_OK) {
        return NULL;
    }
    uint8_t *p = extend(block->buffer, fixed);
    memset(p, 0, fixed);
    put_le32(p, type);
    return p;
}

static void block_option(struct block *block, uint16_t code, const void *bytes, size_t length)
{
    if (block->status != XSW_OK) {
        return;
    }
    if (length > PCAPNG_OPTION_LENGTH_MAX) {
        block->status = error_set(block->error, XSW_INVALID,
                                  "option %u would be %zu bytes long, expected at most %d", code,
                                  length, PCAPNG_OPTION_LENGTH_MAX);
        return;
    }
    size_t whole = PCAPNG_OPTION_HEAD_SIZE + padded(length);
    block->status = make_room(block->buffer, whole, block->error);
    if (block->status == XSW_OK) {
        put_padded(put_option_head(extend(block->buffer, whole), code, length), bytes, length);
    }
}

static void block_text(struct block *block, uint16_t code, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        block_option(block, code, text, strlen(text));
    }
}

static void block_u64(struct block *block, uint16_t code, uint64_t value)
{
    uint8_t bytes[8];
    put_le64(bytes, value);
    block_option(block, code, bytes, sizeof(bytes));
}

static void block_filter(struct block *block, const char *filter)
{
    if (filter == NULL || filter[0] == '\0') {
        return;
    }
    size_t length = strlen(filter) + 1;
    uint8_t *bytes = malloc(length);
    if (bytes == NULL) {
        block->status = error_set(block->error, XSW_NO_MEMORY, "no memory for the filter");
        return;
    }
    bytes[0] = 0; /* a pcap-filter expression follows */
    memcpy(bytes + 1, filter, length - 1);
    block_option(block, PCAPNG_INTERFACE_FILTER, bytes, length);
    free(bytes);
}

static void block_json_piece(struct block *block, enum meta_kind kind,
                             const struct pcapng_json *json, uint16_t index)
{
    size_t start = (size_t)index * JSON_PIECE_MAX;
    size_t left = json->length - start;
    size_t length = left < JSON_PIECE_MAX ? left : JSON_PIECE_MAX;
    size_t whole = PCAPNG_OPTION_HEAD_SIZE + padded(JSON_PIECE_HEAD_SIZE + length);
    block->status = make_room(block->buffer, whole, block->error);
    if (block->status != XSW_OK) {
        return;
    }
    uint8_t *p = put_option_head(extend(block->buffer, whole), PCAPNG_OPTION_CUSTOM_BYTES,
                                 JSON_PIECE_HEAD_SIZE + length);
    json_piece_head(p, kind, index, length == left);
    put_padded(p + JSON_PIECE_HEAD_SIZE, json->text + start, length);
}

static void block_json(struct block *block, enum meta_kind kind, const struct pcapng_json *json)
{
    if (json->text == NULL || block->status != XSW_OK) {
        return;
    }
    if (json->length > PCAPNG_JSON_MAX) {
        block->status =
            error_set(block->error, XSW_INVALID, "a JSON text of %zu bytes, expected at most %d",
                      json->length, PCAPNG_JSON_MAX);
        return;
    }
    size_t pieces = json->length == 0 ? 1 : (json->length + JSON_PIECE_MAX - 1) / JSON_PIECE_MAX;
    for (size_t index = 0; index < pieces && block->status == XSW_OK; index++) {
        block_json_piece(block, kind, json, (uint16_t)index);
    }
}

/* Closes the options and fills in the lengths; takes all back when something failed. */
static enum xsw_status block_end(struct block *block)
{
    struct block_buffer *buffer = block->buffer;
    block_option(block, PCAPNG_OPTION_END, NULL, 0);
    if (block->status == XSW_OK) {
        block->status = make_room(buffer, PCAPNG_TAIL_SIZE, block->error);
    }
    if (block->status != XSW_OK) {
        buffer->length = block->start;
        return block->status;
    }
    size_t length = buffer->length - block->start + PCAPNG_TAIL_SIZE;
    if (length > PCAPNG_BLOCK_LENGTH_MAX) {
        buffer->length = block->start;
        return error_set(block->error, XSW_INVALID, "a block of %zu bytes, expected at most %d",
                         length, PCAPNG_BLOCK_LENGTH_MAX);
    }
    put_le32(extend(buffer, PCAPNG_TAIL_SIZE), (uint32_t)length);
    put_le32(buffer->bytes + block->start + 4, (uint32_t)length);
    return XSW_OK;
}

enum xsw_status encode_section(struct block_buffer *buffer, const struct pcapng_section *section,
                               struct xsw_error *error)
{
    struct block block = {.buffer = buffer, .error = error};
    uint8_t *p = block_begin(&block, PCAPNG_BLOCK_SECTION, PCAPNG_SECTION_SIZE);
    if (p != NULL) {
        put_le32(p + 8, PCAPNG_BYTE_ORDER_MAGIC);
        put_le16(p + 12, PCAPNG_VERSION_MAJOR);
        put_le64(p + 16, UINT64_MAX); /* the section's length is not known beforehand */
    }
    block_text(&block, PCAPNG_OPTION_COMMENT, section->comment);
    block_text(&block, PCAPNG_SECTION_HARDWARE, section->hardware);
    block_text(&block, PCAPNG_SECTION_OS, section->os);
    block_text(&block, PCAPNG_SECTION_APPLICATION, section->application);
    block_json(&block, META_SECTION, &section->json);
    return block_end(&block);
}

enum xsw_status encode_interface(struct block_buffer *buffer,
                                 const struct pcapng_interface *interface, struct xsw_error *error)
{
    static const uint8_t tsresol = TSRESOL_NS;
    struct block block = {.buffer = buffer, .error = error};
    uint8_t *p = block_begin(&block, PCAPNG_BLOCK_INTERFACE, PCAPNG_INTERFACE_SIZE);
    if (p != NULL) {
        put_le16(p + 8, PCAPNG_LINKTYPE_ETHERNET);
        put_le32(p + 12, PCAPNG_SNAP_LENGTH);
    }
    block_text(&block, PCAPNG_OPTION_COMMENT, interface->comment);
    block_text(&block, PCAPNG_INTERFACE_NAME, interface->name);
    block_text(&block, PCAPNG_INTERFACE_DESCRIPTION, interface->description);
    if (interface->mac != NULL) {
        block_option(&block, PCAPNG_INTERFACE_MAC, interface->mac, 6);
    }
    if (interface->speed_bits_per_second != 0) {
        block_u64(&block, PCAPNG_INTERFACE_SPEED, interface->speed_bits_per_second);
    }
    block_option(&block, PCAPNG_INTERFACE_TSRESOL, &tsresol, sizeof(tsresol));
    block_filter(&block, interface->filter);
    block_text(&block, PCAPNG_INTERFACE_HARDWARE, interface->hardware);
    block_json(&block, META_TAP, &interface->json);
    block_json(&block, META_SECTION, &interface->section);
    return block_end(&block);
}

static void block_times(struct block *block, const struct pcapng_statistics *statistics)
{
    uint8_t time[8];
    if ((statistics->has & PCAPNG_HAS_START) != 0) {
        put_time(time, statistics->start_ns);
        block_option(block, PCAPNG_STATISTICS_START, time, sizeof(time));
    }
    if ((statistics->has & PCAPNG_HAS_END) != 0) {
        put_time(time, statistics->end_ns);
        block_option(block, PCAPNG_STATISTICS_END, time, sizeof(time));
    }
}

enum xsw_status encode_statistics(struct block_buffer *buffer,
                                  const struct pcapng_statistics *statistics,
                                  struct xsw_error *error)
{
    struct block block = {.buffer = buffer, .error = error};
    const uint64_t counts[] = {statistics->received, statistics->dropped, statistics->accepted,
                               statistics->os_dropped, statistics->delivered};
    uint8_t *p = block_begin(&block, PCAPNG_BLOCK_STATISTICS, PCAPNG_STATISTICS_SIZE);
    if (p != NULL) {
        put_le32(p + 8, statistics->interface);
        put_time(p + 12, statistics->timestamp_ns);
    }
    block_text(&block, PCAPNG_OPTION_COMMENT, statistics->comment);
    block_times(&block, statistics);
    for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        if ((statistics->has & (uint32_t)PCAPNG_HAS_RECEIVED << i) != 0) {
            block_u64(&block, (uint16_t)(PCAPNG_STATISTICS_RECEIVED + i), counts[i]);
        }
    }
    block_json(&block, META_SUMMARY, &statistics->json);
    return block_end(&block);
}

/* Packets ------------------------------------------------------------------------------------ */

static enum xsw_status check_packet(const struct pcapng_packet *packet, struct xsw_error *error)
{
    if (packet->captured_length > PCAPNG_SNAP_LENGTH) {
        return error_set(error, XSW_INVALID,
                         "a packet with %" PRIu32 " captured bytes, expected at most %d",
                         packet->captured_length, PCAPNG_SNAP_LENGTH);
    }
    if (packet->meta_length > PCAPNG_OPTION_LENGTH_MAX ||
        packet->comment_length > PCAPNG_OPTION_LENGTH_MAX) {
        return error_set(error, XSW_INVALID,
                         "a packet with %zu bytes of metadata and %zu of comment, expected at most "
                         "%d of each",
                         packet->meta_length, packet->comment_length, PCAPNG_OPTION_LENGTH_MAX);
    }
    return XSW_OK;
}

static uint8_t *put_option_u32(uint8_t *p, uint16_t code, uint32_t value)
{
    p = put_option_head(p, code, 4);
    put_le32(p, value);
    return p + 4;
}

static uint8_t *put_option_u64(uint8_t *p, uint16_t code, uint64_t value)
{
    p = put_option_head(p, code, 8);
    put_le64(p, value);
    return p + 8;
}

uint8_t *encode_options(uint8_t *p, const struct pcapng_packet *packet)
{
    uint8_t *first = p;
    if ((packet->has & PCAPNG_HAS_FLAGS) != 0) {
        p = put_option_u32(p, PCAPNG_PACKET_FLAGS, packet->flags);
    }
    if ((packet->has & PCAPNG_HAS_ID) != 0) {
        p = put_option_u64(p, PCAPNG_PACKET_ID, packet->id);
    }
    if ((packet->has & PCAPNG_HAS_QUEUE) != 0) {
        p = put_option_u32(p, PCAPNG_PACKET_QUEUE, packet->queue);
    }
    if ((packet->has & PCAPNG_HAS_DROPCOUNT) != 0 && packet->dropcount != 0) {
        p = put_option_u64(p, PCAPNG_PACKET_DROPCOUNT, packet->dropcount);
    }
    if (packet->meta != NULL) {
        p = put_option_head(p, PCAPNG_OPTION_CUSTOM_BYTES, packet->meta_length);
        p = put_padded(p, packet->meta, packet->meta_length);
    }
    if (packet->comment != NULL) {
        p = put_option_head(p, PCAPNG_OPTION_COMMENT, packet->comment_length);
        p = put_padded(p, packet->comment, packet->comment_length);
    }
    return p == first ? p : put_option_head(p, PCAPNG_OPTION_END, 0);
}

size_t encode_options_size(const struct pcapng_packet *packet)
{
    enum { NUMBERS_SIZE = (4 + 4) + (4 + 8) + (4 + 4) + (4 + 8) };
    return NUMBERS_SIZE + padded(packet->meta_length) + padded(packet->comment_length) +
           3 * PCAPNG_OPTION_HEAD_SIZE;
}

enum xsw_status encode_packet(struct block_buffer *buffer, const struct pcapng_packet *packet,
                              struct xsw_error *error)
{
    enum xsw_status status = check_packet(packet, error);
    size_t most = PCAPNG_ENHANCED_PACKET_SIZE + padded(packet->captured_length) +
                  encode_options_size(packet) + PCAPNG_TAIL_SIZE;
    if (status == XSW_OK) {
        status = make_room(buffer, most, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    uint8_t *start = buffer->bytes + buffer->length;
    put_le32(start, PCAPNG_BLOCK_ENHANCED_PACKET);
    put_le32(start + 8, packet->interface);
    put_time(start + 12, packet->timestamp_ns);
    put_le32(start + 20, packet->captured_length);
    put_le32(start + 24, packet->original_length);
    uint8_t *p =
        put_padded(start + PCAPNG_ENHANCED_PACKET_SIZE, packet->data, packet->captured_length);
    p = encode_options(p, packet);
    uint32_t length = (uint32_t)(p - start) + PCAPNG_TAIL_SIZE;
    put_le32(p, length);
    put_le32(start + 4, length);
    buffer->length += length;
    return XSW_OK;
}

enum { COPY_CHUNK = 32, WORD = 8 };

/* Up to `length` rounded up to a chunk, on both sides. */
static inline void copy_chunks(uint8_t *to, const uint8_t *from, size_t length)
{
    for (size_t i = 0; i < length; i += COPY_CHUNK) {
        memcpy(to + i, from + i, COPY_CHUNK);
    }
}

/* Up to `length` rounded up to a word, on both sides. */
static inline void copy_words(uint8_t *to, const uint8_t *from, size_t length)
{
    enum { INLINE_MAX = 512 };
    if (length > INLINE_MAX) {
        memcpy(to, from, length);
        return;
    }
    size_t at = 0;
    for (; at + COPY_CHUNK <= length; at += COPY_CHUNK) {
        memcpy(to + at, from + at, COPY_CHUNK);
    }
    for (; at < length; at += WORD) {
        memcpy(to + at, from + at, WORD);
    }
}

enum xsw_status encode_repeat(struct block_buffer *buffer, const struct pcapng_template *made,
                              const struct pcapng_repeat *repeat, struct xsw_error *error)
{
    enum { PORT_AT = 12, FLOW_HASH_AT = 20 }; /* in the metadata: formats/pcapng/stage_meta.h */
    size_t data_length = padded(repeat->captured_length);
    size_t length = PCAPNG_ENHANCED_PACKET_SIZE + data_length + made->length;
    enum xsw_status status = make_room(buffer, length + PCAPNG_TEMPLATE_SLACK, error);
    if (status != XSW_OK) {
        return status;
    }
    uint8_t *block = extend(buffer, length);
    put_le32(block, PCAPNG_BLOCK_ENHANCED_PACKET);
    put_le32(block + 4, (uint32_t)length);
    put_le32(block + 8, repeat->interface);
    put_time(block + 12, repeat->timestamp_ns);
    put_le32(block + 20, repeat->captured_length);
    put_le32(block + 24, repeat->original_length);
    uint8_t *data = block + PCAPNG_ENHANCED_PACKET_SIZE;
    copy_words(data, repeat->data, repeat->captured_length);
    put_le32(data + repeat->captured_length, 0);
    uint8_t *options = data + data_length;
    copy_chunks(options, made->options, made->length);
    put_le64(options + made->id_at, repeat->id);
    put_le16(options + made->meta_at + PORT_AT, repeat->port);
    put_le32(options + made->meta_at + FLOW_HASH_AT, repeat->flow_hash);
    if (made->vlan_at != 0) {
        put_le16(options + made->vlan_at, repeat->vlan);
    }
    put_le32(block + length - PCAPNG_TAIL_SIZE, (uint32_t)length);
    return XSW_OK;
}

/* Between blocks ----------------------------------------------------------------------------- */

/* A section alone is filled with an option: Wireshark looks for the interfaces behind it, and a
 * block that it does not know would end that search. */
static enum xsw_status pad_section(struct block_buffer *buffer, size_t length,
                                   struct xsw_error *error)
{
    enum { END_SIZE = PCAPNG_OPTION_HEAD_SIZE + PCAPNG_TAIL_SIZE };
    enum xsw_status status = make_room(buffer, length, error);
    if (status != XSW_OK) {
        return status;
    }
    uint8_t *option = buffer->bytes + buffer->length - END_SIZE;
    memset(extend(buffer, length) - END_SIZE, 0, length + END_SIZE);
    put_option_head(option, PCAPNG_SECTION_PADDING, length - PCAPNG_OPTION_HEAD_SIZE);
    put_le32(buffer->bytes + 4, (uint32_t)buffer->length);
    put_le32(buffer->bytes + buffer->length - PCAPNG_TAIL_SIZE, (uint32_t)buffer->length);
    return XSW_OK;
}

static enum xsw_status pad_with_block(struct block_buffer *buffer, size_t length,
                                      struct xsw_error *error)
{
    enum xsw_status status = make_room(buffer, length, error);
    if (status != XSW_OK) {
        return status;
    }
    uint8_t *block = extend(buffer, length);
    memset(block, 0, length);
    put_le32(block, PCAPNG_BLOCK_PADDING);
    put_le32(block + 4, (uint32_t)length);
    put_le32(block + length - PCAPNG_TAIL_SIZE, (uint32_t)length);
    return XSW_OK;
}

enum xsw_status encode_padding(struct block_buffer *buffer, size_t alignment,
                               struct xsw_error *error)
{
    enum { SMALLEST = PCAPNG_HEAD_SIZE + PCAPNG_TAIL_SIZE };
    size_t over = buffer->length % alignment;
    if (over == 0) {
        return XSW_OK;
    }
    size_t length = alignment - over;
    bool is_section = get_le32(buffer->bytes) == PCAPNG_BLOCK_SECTION &&
                      get_le32(buffer->bytes + 4) == buffer->length;
    if (!is_section) {
        return pad_with_block(buffer, length < SMALLEST ? length + alignment : length, error);
    }
    bool has_options = buffer->length > PCAPNG_SECTION_SIZE + PCAPNG_TAIL_SIZE;
    return has_options ? pad_section(buffer, length, error) : XSW_OK;
}

enum xsw_status block_buffer_append(struct block_buffer *buffer, const struct block_buffer *more,
                                    struct xsw_error *error)
{
    if (more->length == 0) {
        return XSW_OK;
    }
    enum xsw_status status = make_room(buffer, more->length, error);
    if (status == XSW_OK) {
        memcpy(extend(buffer, more->length), more->bytes, more->length);
    }
    return status;
}
