/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_PRIVACY_HEADERS_H
#define XSW_CAPTURE_PRIVACY_HEADERS_H

/*
 * One version of a frame, walked from its first byte to the end of its headers, whose addresses
 * become pseudonyms on the way and whose checksums follow. What is behind is not touched here: the
 * result says where it begins.
 *
 * Every length inside of the frame is believed only as far as the bytes are there. Where one lies
 * or something is cut off, the headers end in front of it: it counts as not understood.
 *
 * Threads: any; `cache` belongs to the caller.
 */

#include <stdbool.h>
#include <stdint.h>

#include "capture/privacy/pseudonym.h"

/* Headers end here at the latest; longer chains of them count as not understood. */
enum { PRIVACY_HEADERS_MAX = 512 };

struct privacy_headers {
    uint8_t *bytes;         /* a copy of the first `available` bytes, which is changed */
    const uint8_t *real;    /* the whole frame */
    uint32_t available;     /* the smaller of length and PRIVACY_HEADERS_MAX */
    uint32_t length;        /* of the frame */
    uint32_t partial_start; /* where the sum starts that is still to be finished; 0: it is done */
    bool masks;             /* all behind the headers will be zeros, and checksums are to say so */
    const struct pseudonym_key *key; /* null: addresses stay */
    struct pseudonym_cache *cache;
};

/* Returns the length of the headers. */
uint32_t privacy_headers_treat(const struct privacy_headers *headers);

/* Between the sources that walk the headers ---------------------------------------------------- */

/* The transport header of an IP packet: where it is, and the sums of the addresses in its pseudo
 * header before and after. */
struct privacy_transport {
    uint8_t protocol;
    bool is_fragment;     /* the rest of what it carries is not in this frame */
    uint32_t offset, end; /* of what the IP packet carries */
    uint32_t real_sum, new_sum;
};

/* The pseudonym of what stands at `offset`; nothing happens when addresses stay. */
void privacy_mac_at(const struct privacy_headers *headers, uint32_t offset);
void privacy_ipv4_at(const struct privacy_headers *headers, uint32_t offset);
void privacy_ipv6_at(const struct privacy_headers *headers, uint32_t offset);
/* The same when addresses go away: zeros in the place of what may hold some. */
void privacy_blank(const struct privacy_headers *headers, uint32_t offset, uint32_t length);
/* The checksum at `offset`, after the sum of what it covers went from one to the other. */
void privacy_checksum_at(const struct privacy_headers *headers, uint32_t offset, uint32_t real_sum,
                         uint32_t new_sum);

/* An IP packet that ends at `end`, with its addresses and its own checksum. Returns where its
 * headers end, `offset` when it is none; `transport->offset` is 0 when it carries nothing that is
 * understood. (privacy_network.c) */
uint32_t privacy_ipv4(const struct privacy_headers *headers, uint32_t offset, uint32_t end,
                      struct privacy_transport *transport);
uint32_t privacy_ipv6(const struct privacy_headers *headers, uint32_t offset, uint32_t end,
                      struct privacy_transport *transport);
/* A transport header, with its options and its checksum. Returns where it ends: at its beginning
 * when it is none that is understood. */
uint32_t privacy_transport(const struct privacy_headers *headers,
                           const struct privacy_transport *transport);
/* The checksum alone, when the header ends at `headers_end`; it is all there. */
void privacy_transport_checksum(const struct privacy_headers *headers,
                                const struct privacy_transport *transport, uint32_t headers_end);
/* The end of an ICMP message's headers; its checksum is the caller's. (privacy_icmp.c) */
uint32_t privacy_icmp(const struct privacy_headers *headers, uint32_t offset, uint32_t end);
uint32_t privacy_icmpv6(const struct privacy_headers *headers, uint32_t offset, uint32_t end);

#endif
