/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FLOW_KEY_H
#define XSW_FLOW_KEY_H

/*
 * Who talks to whom, in one direction. A key has no padding and no byte that is not set, so that it
 * can be compared and hashed as 40 bytes. For IP the addresses, the protocol and, where the packet
 * has them, the ports; for all else the MAC addresses and the EtherType. The VLAN is no part of it:
 * a flow keeps its key when a tag is pushed.
 *
 * Threads: any.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <xsw/packet.h>

struct flow_key {
    uint8_t family;       /* FLOW_*: what the addresses are */
    uint8_t protocol;     /* IP protocol, 0 otherwise */
    uint16_t ether_type;  /* behind all tags; of a frame that ends inside them, the first tag's */
    uint16_t source_port; /* 0 when there is none */
    uint16_t destination_port;
    uint8_t source[16]; /* 6, 4 or 16 bytes, the rest is 0 */
    uint8_t destination[16];
};

enum {
    FLOW_NONE = 0,
    FLOW_ETHERNET = 1,
    FLOW_IPV4 = 4,
    FLOW_IPV6 = 6
}; /* struct flow_key.family */

enum { FLOW_TEXT_SIZE = 128 }; /* room for the text of any key */

_Static_assert(sizeof(struct flow_key) == 40, "a flow key has no padding");

/* packet: as parse_packet() left it. A frame too short for addresses gives FLOW_NONE, all zero. */
void flow_key_from_packet(struct flow_key *key, const struct xsw_packet *packet);

/* For bytes that nobody has parsed: `length` bytes of a frame that was `wire_length` long. */
void flow_key_from_bytes(struct flow_key *key, const uint8_t *bytes, size_t length,
                         size_t wire_length);

static inline bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Same on every machine and in every run; never 0. */
uint32_t flow_key_hash(const struct flow_key *key);

/* The hash of the packet's flow; computed once, then kept in packet->flow_hash. */
uint32_t flow_hash(struct xsw_packet *packet);

/* The key of the other direction. */
struct flow_key flow_key_reverse(const struct flow_key *key);

/* "10.0.0.1:5000 > 10.0.0.2:80 tcp", "[fd00::1]:53 > [fd00::2]:53 udp", "10.0.0.1 > 10.0.0.2 icmp",
 * "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff arp". `size` bytes at most, always terminated; returns
 * `text`. */
const char *flow_key_text(const struct flow_key *key, char *text, size_t size);

/* "tcp", "icmp6", "proto-99": for texts. Returns `text` or a constant. */
const char *flow_protocol_name(uint8_t protocol, char *text, size_t size);

#endif
