/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PACKET_TUNNEL_H
#define XSW_PACKET_TUNNEL_H

/*
 * A packet in a tunnel that is yet to be cut. The offload fields have no word for tunnels: a kernel
 * hands such a packet over with the gso_type of the TCP or UDP inside, and only csum_start tells
 * where that is. The IP header in front of it is recognised by its version, length, protocol and
 * checksum, so the port numbers and the format of the tunnel need not be known. Between the headers
 * there is UDP (VXLAN, Geneve, FOU), GRE without checksum and sequence, or nothing (IP in IP), and
 * perhaps an Ethernet header. Tunnels in tunnels are not entered.
 *
 * Threads: any.
 */

#include <stdint.h>

#include <xsw/packet.h>

struct tunnel {
    uint32_t l3_offset; /* of the outer headers; 0: no tunnel */
    uint32_t l4_offset;
    uint16_t first_id; /* IPv4 */
    uint8_t is_ipv6;
    uint8_t is_udp;
};

/* Whether the offload fields, with a gso_type, mean headers that lie deeper than those that parsing
 * found. */
int tunnel_is_meant(const struct xsw_packet *parsed);
/* Makes the offsets, ether_type and ip_protocol those of the inner headers, and keeps the outer
 * ones in `tunnel`. 0, and nothing is changed: this is no tunnel that is known. */
int tunnel_enter(struct tunnel *tunnel, struct xsw_packet *parsed);
/* The outer headers of segment `index`, whose inner headers and payload are finished. */
void tunnel_write(const struct tunnel *tunnel, uint8_t *bytes, uint32_t length, uint32_t index);

#endif
