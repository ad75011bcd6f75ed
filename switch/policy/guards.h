/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_GUARDS_H
#define XSW_SWITCH_GUARDS_H

/*
 * The DHCP guard and the router guard: does a port answer as a DHCP server, or advertise or
 * redirect as a router? They look behind tags, LLC/SNAP headers, IPv4 options and IPv6 extension
 * headers, and refuse what hides from them: a first fragment that ends before the header that would
 * tell, and more headers in a row than anybody needs (RFC 6980, RFC 7113).
 *
 * Threads: any; only the packet is read.
 */

#include <stdint.h>

#include <xsw/packet.h>

enum {
    GUARD_DHCP = 1,  /* DHCPv4 and DHCPv6 messages of servers */
    GUARD_ROUTER = 2 /* router advertisements and redirects of ICMPv6 and ICMP */
};

enum { GUARDS_IPV6_HEADERS_MAX = 16 };

/* guards: GUARD_* bits. The packet is parsed. Gives REASON_DHCP_GUARD, REASON_ROUTER_GUARD or
 * REASON_NONE. */
uint16_t guards_check(const struct xsw_packet *packet, unsigned guards);

#endif
