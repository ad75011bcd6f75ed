/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CHECKSUM_H
#define XSW_CHECKSUM_H

/*
 * The Internet checksum (RFC 1071): sums of 16-bit words in host order, folded; a checksum is the
 * complement of such a sum. A sum is started with 0 and may be handed on from piece to piece as
 * long as every piece but the last has an even length.
 *
 * Threads: any.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>
#include <xsw/packet.h>

/* Adds `length` bytes to `sum`; the result is below 65536. */
uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, size_t length);

/* The complement of a sum: what a header holds. */
uint16_t checksum_close(uint32_t sum);

/* The checksum after a word of what it covers was replaced: RFC 1624, equation 3. */
uint16_t checksum_replace16(uint16_t checksum, uint16_t old_word, uint16_t new_word);

/* Sums of the pseudo headers. source, destination: 4 bytes (RFC 9293, 3.1; RFC 768) or 16 bytes
 * (RFC 8200, 8.1); length: of the transport header and what follows it. */
uint32_t checksum_pseudo_ipv4(const uint8_t *source, const uint8_t *destination, uint8_t protocol,
                              uint32_t length);
uint32_t checksum_pseudo_ipv6(const uint8_t *source, const uint8_t *destination, uint8_t protocol,
                              uint32_t length);

/* Does in software what XSW_OFFLOAD_NEEDS_CHECKSUM asks for, and takes the flag away; nothing
 * happens without the flag. One checksum for the whole frame: a packet with a gso_type is to be
 * segmented first. XSW_INVALID, and no byte changed, when the place is not within the frame. */
enum xsw_status checksum_finish(struct xsw_packet *packet) XSW_MUST_CHECK;

#endif
