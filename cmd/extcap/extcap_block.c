/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/extcap/extcap_block.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/byte_order.h"
#include "formats/pcapng/pcapng_wire.h"

enum { JSON_HEAD_SIZE = 12 /* of our option, before the text */ };

enum xsw_status extcap_bytes_add(struct extcap_bytes *bytes, const void *data, size_t length,
                                 struct xsw_error *error)
{
    if (bytes->size - bytes->length < length) {
        size_t size = (bytes->length + length) * 2;
        uint8_t *grown = realloc(bytes->data, size);
        if (grown == NULL) {
            return error_set(error, XSW_NO_MEMORY, "no memory for %zu bytes of a recording", size);
        }
        bytes->data = grown;
        bytes->size = size;
    }
    if (length > 0) {
        memcpy(bytes->data + bytes->length, data, length);
    }
    bytes->length += length;
    return XSW_OK;
}

void extcap_bytes_drop(struct extcap_bytes *bytes, size_t length)
{
    memmove(bytes->data, bytes->data + length, bytes->length - length);
    bytes->length -= length;
}

struct option {
    uint16_t code, length;
    const uint8_t *data;
};

/* XSW_END behind the last. */
static enum xsw_status option_take(const uint8_t **place, const uint8_t *end, struct option *option,
                                   struct xsw_error *error)
{
    if (end - *place < PCAPNG_OPTION_HEAD_SIZE) {
        return XSW_END;
    }
    option->code = get_le16(*place);
    option->length = get_le16(*place + 2);
    option->data = *place + PCAPNG_OPTION_HEAD_SIZE;
    if (option->code == 0) {
        return XSW_END;
    }
    size_t padded = ((size_t)option->length + 3) & ~(size_t)3;
    if ((size_t)(end - option->data) < padded) {
        return error_set(error, XSW_CORRUPT,
                         "option %u of %u bytes, expected at most the %td that its block has left",
                         option->code, option->length, end - option->data);
    }
    *place = option->data + padded;
    return XSW_OK;
}

json_t *extcap_json_find(const uint8_t *place, const uint8_t *end, uint8_t kind)
{
    struct extcap_bytes text = {0};
    struct option option;
    enum xsw_status status = XSW_OK;
    while (status == XSW_OK && option_take(&place, end, &option, NULL) == XSW_OK) {
        if (option.code == META_OPTION_CODE && option.length > JSON_HEAD_SIZE &&
            get_le32(option.data) == META_ENTERPRISE && memcmp(option.data + 4, "XSW1", 4) == 0 &&
            option.data[8] == kind) {
            status = extcap_bytes_add(&text, option.data + JSON_HEAD_SIZE,
                                      (size_t)option.length - JSON_HEAD_SIZE, NULL);
        }
    }
    json_t *json = status == XSW_OK && text.length > 0
                       ? json_loadb((const char *)text.data, text.length, 0, NULL)
                       : NULL;
    free(text.data);
    return json;
}

enum xsw_status extcap_record_read(const uint8_t *block, uint32_t length,
                                   struct extcap_record *record, struct xsw_error *error)
{
    const size_t fixed = PCAPNG_ENHANCED_PACKET_SIZE + PCAPNG_TAIL_SIZE;
    *record =
        (struct extcap_record){.block = block, .options_end = block + length - PCAPNG_TAIL_SIZE};
    size_t captured = length >= fixed ? ((size_t)get_le32(block + 20) + 3) & ~(size_t)3 : 0;
    if (length < fixed || captured > length - fixed) {
        return error_set(error, XSW_CORRUPT, "a packet longer than its block of %u bytes", length);
    }
    record->interface = get_le32(block + PCAPNG_HEAD_SIZE);
    record->options = block + PCAPNG_ENHANCED_PACKET_SIZE + captured;
    const uint8_t *place = record->options;
    struct option option;
    enum xsw_status status;
    while ((status = option_take(&place, record->options_end, &option, error)) == XSW_OK) {
        struct meta_reader reader;
        if (option.code == PCAPNG_PACKET_ID && option.length == 8) {
            record->id = get_le64(option.data);
        } else if (option.code == PCAPNG_PACKET_DROPCOUNT && option.length == 8) {
            record->lost = get_le64(option.data);
        } else if (option.code == META_OPTION_CODE && !record->has_meta &&
                   meta_read(&reader, option.data, option.length, NULL) == XSW_OK) {
            record->has_meta = true;
            record->meta = reader.fixed;
        }
    }
    return status == XSW_END ? XSW_OK : status;
}

/* An option with a dropcount, or nothing for none. */
static enum xsw_status lost_add(struct extcap_bytes *to, uint64_t lost, struct xsw_error *error)
{
    uint8_t told[PCAPNG_OPTION_HEAD_SIZE + 8];
    put_le16(told, PCAPNG_PACKET_DROPCOUNT);
    put_le16(told + 2, 8);
    put_le64(told + PCAPNG_OPTION_HEAD_SIZE, lost);
    return lost > 0 ? extcap_bytes_add(to, told, sizeof(told), error) : XSW_OK;
}

static enum xsw_status options_add(struct extcap_bytes *to, const uint8_t *place,
                                   const uint8_t *end, uint16_t left_out, struct xsw_error *error)
{
    static const uint8_t end_of_options[PCAPNG_OPTION_HEAD_SIZE];
    enum xsw_status status = XSW_OK;
    const uint8_t *start = place;
    struct option option;
    while (status == XSW_OK && option_take(&place, end, &option, NULL) == XSW_OK) {
        if (option.code != META_OPTION_CODE && option.code != left_out) {
            status = extcap_bytes_add(to, start, (size_t)(place - start), error);
        }
        start = place;
    }
    return status == XSW_OK ? extcap_bytes_add(to, end_of_options, sizeof(end_of_options), error)
                            : status;
}

/* The tail, and the length that it repeats. */
static enum xsw_status block_end(struct extcap_bytes *to, size_t start, struct xsw_error *error)
{
    uint8_t tail[PCAPNG_TAIL_SIZE];
    put_le32(tail, (uint32_t)(to->length - start + PCAPNG_TAIL_SIZE));
    enum xsw_status status = extcap_bytes_add(to, tail, sizeof(tail), error);
    if (status == XSW_OK) {
        memcpy(to->data + start + 4, tail, sizeof(tail));
    }
    return status;
}

enum xsw_status extcap_record_add_plain(struct extcap_bytes *to, const struct extcap_record *record,
                                        uint64_t lost, struct xsw_error *error)
{
    size_t start = to->length;
    enum xsw_status status =
        extcap_bytes_add(to, record->block, (size_t)(record->options - record->block), error);
    if (status == XSW_OK) {
        status = lost_add(to, lost, error);
    }
    if (status == XSW_OK) {
        status =
            options_add(to, record->options, record->options_end, PCAPNG_PACKET_DROPCOUNT, error);
    }
    return status == XSW_OK ? block_end(to, start, error) : status;
}

enum xsw_status extcap_block_add_plain(struct extcap_bytes *to, const uint8_t *block,
                                       uint32_t length, size_t fixed, struct xsw_error *error)
{
    size_t start = to->length;
    if (length < fixed + PCAPNG_TAIL_SIZE) {
        return error_set(error, XSW_CORRUPT, "a block of %u bytes, expected at least %zu", length,
                         fixed + PCAPNG_TAIL_SIZE);
    }
    enum xsw_status status = extcap_bytes_add(to, block, fixed, error);
    if (status == XSW_OK) {
        status = options_add(to, block + fixed, block + length - PCAPNG_TAIL_SIZE,
                             PCAPNG_OPTION_END, error);
    }
    return status == XSW_OK ? block_end(to, start, error) : status;
}
