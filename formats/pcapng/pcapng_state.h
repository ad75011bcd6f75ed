/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAPNG_STATE_H
#define XSW_PCAPNG_STATE_H

/*
 * What the parsers of blocks (pcapng_parse.c, pcapng_packet.c) and of pcap records share: what has
 * to be remembered from block to block, options, times and texts. Private to formats.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "base/error.h"
#include "formats/byte_order.h"
#include "formats/pcapng/json_pieces.h"
#include "formats/pcapng/pcapng_items.h"
#include "formats/pcapng/pcapng_wire.h"

/* How the times of an interface become nanoseconds. */
enum time_scale {
    TIME_IS_NS,
    TIME_MULTIPLY,
    TIME_DIVIDE,
    TIME_SHIFT /* parts of 2^-scale seconds */
};

struct parse_interface {
    enum time_scale scale;
    uint32_t shift;
    uint64_t factor; /* TIME_DIVIDE: 0 when it is above 64 bits, which leaves no ns of any time */
    int64_t offset_s;
    uint32_t snap_length;
};

struct parse_state {
    bool big_endian;
    struct parse_interface *interfaces; /* of the whole file */
    uint32_t interface_count;
    uint32_t interface_room;
    uint32_t section_first; /* running number of interface 0 of this section */
    uint64_t ignored_options;
    struct json_joiner joiner;
    struct json_joiner section_joiner; /* for an interface, which may have both */
    struct pcapng_event_field event_fields[PCAPNG_EVENT_FIELDS_MAX];
    char *texts; /* the texts of the last block, each with its zero */
    size_t texts_size;
    size_t texts_length;
};

/* The inside of a block: what stands between its head and its tail. */
struct parse_block {
    uint32_t type;
    const uint8_t *body;
    size_t length;
};

struct option {
    uint16_t code;
    uint16_t length;
    const uint8_t *data;
};

struct option_cursor {
    const uint8_t *next;
    size_t left;
    bool big_endian;
};

/* XSW_END behind the last. */
static inline enum xsw_status option_next(struct option_cursor *cursor, struct option *option,
                                          struct xsw_error *error)
{
    if (cursor->left < PCAPNG_OPTION_HEAD_SIZE) {
        return XSW_END;
    }
    option->code = get_16(cursor->next, cursor->big_endian);
    option->length = get_16(cursor->next + 2, cursor->big_endian);
    option->data = cursor->next + PCAPNG_OPTION_HEAD_SIZE;
    if (option->code == PCAPNG_OPTION_END) {
        return XSW_END;
    }
    size_t padded = ((size_t)option->length + 3) & ~(size_t)3;
    cursor->left -= PCAPNG_OPTION_HEAD_SIZE;
    if (padded > cursor->left) {
        return error_set(error, XSW_CORRUPT,
                         "option %u is %u bytes long, expected at most the %zu that are left of "
                         "the block",
                         option->code, option->length, cursor->left);
    }
    cursor->left -= padded;
    cursor->next = option->data + padded;
    return XSW_OK;
}

/* Times stand as two numbers of 32 bits, the high one first in both byte orders. */
static inline uint64_t get_time(const uint8_t *p, bool big_endian)
{
    return (uint64_t)get_32(p, big_endian) << 32 | get_32(p + 4, big_endian);
}

/* Whether a custom option has our enterprise number and magic, and at least a kind behind them. */
bool option_is_ours(const struct option *option, bool big_endian);
/* Whether an option has the only length that it may have; counts those that have another. */
bool option_fits(struct parse_state *state, const struct option *option, size_t length);

/* `time` in the interface's units, in ns since 1970, kept inside of what 64 bits hold. */
uint64_t parse_time(const struct parse_interface *interface, uint64_t time);

/* Adds an interface to the section. */
enum xsw_status parse_interface_add(struct parse_state *state, uint8_t tsresol, int64_t offset_s,
                                    uint32_t snap_length, struct xsw_error *error) XSW_MUST_CHECK;
/* The running number of the section's interface `id`. */
enum xsw_status parse_interface_find(const struct parse_state *state, uint32_t id, uint32_t *index,
                                     struct xsw_error *error) XSW_MUST_CHECK;

/* Makes room for all texts of a block that is `length` bytes long, and forgets those before. */
enum xsw_status parse_texts_begin(struct parse_state *state, size_t length,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* Keeps a copy with a zero behind it, until the next parse_texts_begin. */
const char *parse_text_keep(struct parse_state *state, const void *bytes, size_t length);

void parse_state_fini(struct parse_state *state);

#endif
