/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PACKET_NETWORK_H
#define XSW_PACKET_NETWORK_H

/*
 * What is asked of the IP header of a parsed packet (l3_offset is not 0, ether_type is IPv4 or
 * IPv6), and what is written there when a frame gets another length. Threads: any.
 */

#include <stdint.h>

#include <xsw/packet.h>

#include "packet/wire.h"

static inline int network_is_ip(const struct xsw_packet *packet)
{
    return packet->l3_offset != 0 &&
           (packet->ether_type == ETHER_TYPE_IPV4 || packet->ether_type == ETHER_TYPE_IPV6);
}

/* The first byte behind the IP packet; parsing has made sure that it is in the frame. */
uint32_t network_end(const struct xsw_packet *packet);
int network_is_fragment(const struct xsw_packet *packet);
/* The sum of the pseudo header with a transport length of `length`. */
uint32_t network_pseudo_sum(const struct xsw_packet *packet, uint32_t length);
/* The length in the IP header at `at` of a frame of `length` bytes that ends with the IP packet,
 * and the IPv4 header's own checksum. */
void network_length_write(uint8_t *bytes, uint32_t at, int is_ipv6, uint32_t length);

#endif
