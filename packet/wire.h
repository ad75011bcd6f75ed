/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_WIRE_H
#define XSW_WIRE_H

/*
 * Header layouts as they are on the wire, made of bytes only: no member needs alignment, and a
 * number in network byte order cannot be used without a getter. Offsets into a frame are turned
 * into these by a cast; whoever casts has checked that the header fits.
 */

#include <stddef.h>
#include <stdint.h>

/* clang-format off */
typedef struct { uint8_t bytes[2]; } xsw_be16;
typedef struct { uint8_t bytes[4]; } xsw_be32;
/* clang-format on */

static inline uint16_t wire_read16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline uint32_t wire_read32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void wire_write16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static inline void wire_write32(uint8_t *bytes, uint32_t value)
{
    wire_write16(bytes, (uint16_t)(value >> 16));
    wire_write16(bytes + 2, (uint16_t)value);
}

static inline uint16_t be16_get(xsw_be16 value)
{
    return wire_read16(value.bytes);
}

static inline uint32_t be32_get(xsw_be32 value)
{
    return wire_read32(value.bytes);
}

static inline void be16_set(xsw_be16 *value, uint16_t number)
{
    wire_write16(value->bytes, number);
}

static inline void be32_set(xsw_be32 *value, uint32_t number)
{
    wire_write32(value->bytes, number);
}

/* IEEE 802 numbers, "EtherType"; values below 1536 are lengths (IEEE 802.3-2018, 3.2.6). */
enum {
    ETHER_TYPE_IPV4 = 0x0800,
    ETHER_TYPE_ARP = 0x0806,
    ETHER_TYPE_VLAN = 0x8100, /* customer tag, IEEE 802.1Q-2018, 9.5 */
    ETHER_TYPE_IPV6 = 0x86dd,
    ETHER_TYPE_SERVICE_VLAN = 0x88a8, /* service tag, IEEE 802.1Q-2018, 9.5 */
    ETHER_TYPE_LLDP = 0x88cc,
    ETHER_TYPE_OLD_VLAN = 0x9100, /* service tag before the standard had one */
    ETHER_TYPE_MINIMUM = 1536
};

/* IANA "Assigned Internet Protocol Numbers". */
enum {
    PROTOCOL_HOP_OPTIONS = 0,
    PROTOCOL_ICMP = 1,
    PROTOCOL_IGMP = 2,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_DCCP = 33,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_GRE = 47,
    PROTOCOL_ESP = 50,
    PROTOCOL_AH = 51,
    PROTOCOL_ICMPV6 = 58,
    PROTOCOL_NO_NEXT_HEADER = 59,
    PROTOCOL_DESTINATION_OPTIONS = 60,
    PROTOCOL_SCTP = 132,
    PROTOCOL_MOBILITY = 135,
    PROTOCOL_UDP_LITE = 136,
    PROTOCOL_HIP = 139,
    PROTOCOL_SHIM6 = 140
};

/* Sizes: whole headers without options. */
enum {
    MAC_SIZE = 6,
    ETHERNET_SIZE = 14,
    VLAN_TAG_SIZE = 4,
    ARP_IPV4_SIZE = 28,
    IPV4_MIN_SIZE = 20,
    IPV4_MAX_SIZE = 60,
    IPV6_SIZE = 40,
    IPV6_FRAGMENT_SIZE = 8,
    TCP_MIN_SIZE = 20,
    UDP_SIZE = 8,
    ICMP_MIN_SIZE = 4, /* type, code and checksum: what all messages have */
    SCTP_SIZE = 12,
    DCCP_MIN_SIZE = 12
};

/* IEEE 802.3-2018, 3.1.1 */
struct wire_ethernet {
    uint8_t destination[MAC_SIZE];
    uint8_t source[MAC_SIZE];
    xsw_be16 type;
};

/* IEEE 802.1Q-2018, 9.6: what follows the tag protocol identifier */
struct wire_vlan {
    xsw_be16 control; /* 3 bits priority, 1 bit drop eligible, 12 bits VLAN id */
    xsw_be16 type;
};

enum { VLAN_ID_MASK = 0x0fff, VLAN_DROP_ELIGIBLE = 0x1000, VLAN_PRIORITY_SHIFT = 13 };

/* RFC 826 with RFC 5342: IPv4 over Ethernet */
struct wire_arp {
    xsw_be16 hardware_type; /* 1: Ethernet */
    xsw_be16 protocol_type; /* an EtherType */
    uint8_t hardware_size;
    uint8_t protocol_size;
    xsw_be16 operation;
    uint8_t sender_mac[MAC_SIZE];
    uint8_t sender_ip[4];
    uint8_t target_mac[MAC_SIZE];
    uint8_t target_ip[4];
};

enum { ARP_HARDWARE_ETHERNET = 1, ARP_REQUEST = 1, ARP_REPLY = 2 };

/* RFC 791, 3.1; the second byte is RFC 2474, 3 and RFC 3168, 5 */
struct wire_ipv4 {
    uint8_t version_ihl;
    uint8_t dscp_ecn;
    xsw_be16 total_length;
    xsw_be16 identification;
    xsw_be16 fragment; /* 3 bits flags, 13 bits offset in units of 8 bytes */
    uint8_t ttl;
    uint8_t protocol;
    xsw_be16 checksum;
    uint8_t source[4];
    uint8_t destination[4];
};

enum { IPV4_DONT_FRAGMENT = 0x4000, IPV4_MORE_FRAGMENTS = 0x2000, IPV4_FRAGMENT_OFFSET = 0x1fff };

/* RFC 8200, 3 */
struct wire_ipv6 {
    xsw_be32 version_class_flow; /* 4 bits, 8 bits, 20 bits */
    xsw_be16 payload_length;
    uint8_t next_header;
    uint8_t hop_limit;
    uint8_t source[16];
    uint8_t destination[16];
};

/* RFC 8200, 4.3, 4.4, 4.6; the length of RFC 4302, 2.2 (AH) has another unit */
struct wire_ipv6_extension {
    uint8_t next_header;
    uint8_t length; /* in units of 8 bytes, without the first 8 */
};

/* RFC 8200, 4.5 */
struct wire_ipv6_fragment {
    uint8_t next_header;
    uint8_t reserved;
    xsw_be16 offset; /* 13 bits in units of 8 bytes, 2 reserved, 1 more fragments */
    xsw_be32 identification;
};

enum { IPV6_FRAGMENT_OFFSET = 0xfff8, IPV6_MORE_FRAGMENTS = 0x0001 };

/* RFC 9293, 3.1 */
struct wire_tcp {
    xsw_be16 source_port;
    xsw_be16 destination_port;
    xsw_be32 sequence;
    xsw_be32 acknowledgment;
    uint8_t data_offset; /* upper 4 bits, in units of 4 bytes */
    uint8_t flags;
    xsw_be16 window;
    xsw_be16 checksum;
    xsw_be16 urgent;
};

enum {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,
    TCP_ECE = 0x40,
    TCP_CWR = 0x80
};

/* RFC 768 */
struct wire_udp {
    xsw_be16 source_port;
    xsw_be16 destination_port;
    xsw_be16 length;
    xsw_be16 checksum; /* 0: none (IPv4 only; RFC 8200, 8.1) */
};

/* RFC 792 and RFC 4443, 2.1; the last four bytes as in echo messages */
struct wire_icmp {
    uint8_t type;
    uint8_t code;
    xsw_be16 checksum;
    xsw_be16 identifier;
    xsw_be16 sequence;
};

enum {
    ICMP_ECHO_REPLY = 0,
    ICMP_UNREACHABLE = 3,
    ICMP_ECHO_REQUEST = 8,
    ICMP_TIME_EXCEEDED = 11,
    ICMPV6_UNREACHABLE = 1,
    ICMPV6_PACKET_TOO_BIG = 2,
    ICMPV6_TIME_EXCEEDED = 3,
    ICMPV6_ECHO_REQUEST = 128,
    ICMPV6_ECHO_REPLY = 129,
    ICMPV6_ROUTER_SOLICIT = 133,
    ICMPV6_ROUTER_ADVERT = 134,
    ICMPV6_NEIGHBOUR_SOLICIT = 135,
    ICMPV6_NEIGHBOUR_ADVERT = 136
};

/* Where the checksum of a transport header is, from its first byte. */
enum {
    TCP_CHECKSUM_OFFSET = offsetof(struct wire_tcp, checksum),
    UDP_CHECKSUM_OFFSET = offsetof(struct wire_udp, checksum),
    ICMP_CHECKSUM_OFFSET = offsetof(struct wire_icmp, checksum)
};

_Static_assert(sizeof(struct wire_ethernet) == ETHERNET_SIZE, "Ethernet header");
_Static_assert(sizeof(struct wire_vlan) == VLAN_TAG_SIZE, "VLAN tag");
_Static_assert(sizeof(struct wire_arp) == ARP_IPV4_SIZE, "ARP packet");
_Static_assert(sizeof(struct wire_ipv4) == IPV4_MIN_SIZE, "IPv4 header");
_Static_assert(sizeof(struct wire_ipv6) == IPV6_SIZE, "IPv6 header");
_Static_assert(sizeof(struct wire_ipv6_fragment) == IPV6_FRAGMENT_SIZE, "IPv6 fragment header");
_Static_assert(sizeof(struct wire_tcp) == TCP_MIN_SIZE, "TCP header");
_Static_assert(sizeof(struct wire_udp) == UDP_SIZE, "UDP header");
_Static_assert(sizeof(struct wire_icmp) == 8, "ICMP echo header");
_Static_assert(TCP_CHECKSUM_OFFSET == 16, "TCP checksum");
_Static_assert(UDP_CHECKSUM_OFFSET == 6, "UDP checksum");
_Static_assert(_Alignof(struct wire_ipv6) == 1, "wire layouts are made of bytes");

#endif
