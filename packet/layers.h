/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_LAYERS_H
#define XSW_LAYERS_H

/*
 * A frame taken apart into its headers, each of a kind that occurs at most once, and the fields
 * that a header of each kind has. What fields_compare() works with.
 *
 * Threads: any.
 */

#include <stddef.h>
#include <stdint.h>

#include "packet/parse.h"

/* In the order of the frame. LAYER_TAG + 3 is the innermost tag, so that tags pair from within. */
enum layer_kind {
    LAYER_ETHERNET,
    LAYER_TAG,
    LAYER_ARP = LAYER_TAG + PARSE_TAGS_MAX,
    LAYER_IPV4,
    LAYER_IPV6,
    LAYER_IPV6_EXTENSIONS,
    LAYER_TCP,
    LAYER_UDP,
    LAYER_SCTP,
    LAYER_ICMP,
    LAYER_ICMP_ECHO,
    LAYER_ICMPV6,
    LAYER_ICMPV6_ECHO,
    LAYER_PAYLOAD, /* all behind the last header that is known */
    LAYER_COUNT
};

struct layer {
    uint32_t offset;
    uint32_t length; /* bytes that are there; 0 when the frame has no such layer */
};

struct layers {
    struct layer kinds[LAYER_COUNT];
    enum layer_kind deepest; /* the last layer before the payload */
};

/* A frame without an Ethernet header is all payload. */
void layers_from_bytes(struct layers *layers, const uint8_t *bytes, size_t length,
                       size_t wire_length);

enum field_format { FIELD_DECIMAL, FIELD_HEX, FIELD_MAC, FIELD_IPV4, FIELD_IPV6 };

struct field_info {
    const char *name; /* as Wireshark has it */
    enum field_format format;
    uint8_t offset; /* in the header */
    uint8_t length; /* bytes; at most 4 for numbers */
    uint8_t scale;  /* a number is multiplied by it, as Wireshark does */
    uint32_t mask;  /* the bits of a number, 0 for all */
};

/* The fields of a kind; together they cover its first `covered` bytes to the bit. */
struct field_table {
    const struct field_info *fields;
    size_t count;
    uint32_t covered;
};

struct field_table layers_fields(enum layer_kind kind);

#endif
