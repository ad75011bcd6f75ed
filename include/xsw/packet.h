/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PACKET_H
#define XSW_PACKET_H

/*
 * The packet as every stage and every extension sees it. The layout is frozen: offsets are asserted
 * by tests/unit/switch/abi_test.c.
 *
 * A packet is one Ethernet frame, whole and contiguous in memory, without the frame check sequence.
 * With offloads it may be up to 64 KiB long and carry a checksum that is still to be finished; the
 * offload fields travel with it and have the meaning of struct virtio_net_hdr (virtio 1.2, 5.1.6).
 *
 * Threads: a packet belongs to one worker from receive to its end. Byte order: host, throughout.
 */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    XSW_BATCH_MAX = 256,  /* most packets of a batch */
    XSW_PORTS_MAX = 256,  /* port ids are 1 … 255 */
    XSW_WORKERS_MAX = 16, /* numbers of workers are 0 … 15 */
    XSW_PORT_NONE = 0
};

/* struct xsw_offload.flags */
enum {
    XSW_OFFLOAD_NEEDS_CHECKSUM = 1, /* sum from csum_start to the end, store at + csum_offset */
    XSW_OFFLOAD_CHECKSUM_VALID = 2  /* the sender's kernel has checked it */
};

/* struct xsw_offload.gso_type: the values of VIRTIO_NET_HDR_GSO_* */
enum {
    XSW_GSO_NONE = 0,
    XSW_GSO_TCPV4 = 1,
    XSW_GSO_UDP = 3,
    XSW_GSO_TCPV6 = 4,
    XSW_GSO_UDP_L4 = 5,
    XSW_GSO_ECN = 0x80
};

struct xsw_offload {
    uint8_t flags;
    uint8_t gso_type;
    uint16_t header_length; /* bytes of headers that each segment repeats */
    uint16_t gso_size;      /* bytes of payload in a segment */
    uint16_t csum_start;    /* from the first byte of the frame */
    uint16_t csum_offset;   /* from csum_start */
    uint16_t reserved;
};

/* struct xsw_packet.flags */
enum {
    XSW_PACKET_TAGGED = 0x01,    /* an 802.1Q tag follows the addresses */
    XSW_PACKET_MULTICAST = 0x02, /* group bit of the destination address, broadcast included */
    XSW_PACKET_FRAGMENT = 0x04, /* an IP fragment that is not the first: there are no ports in it */
    XSW_PACKET_FLOOD_COPY = 0x08,
    XSW_PACKET_MIRROR_COPY = 0x10,
    XSW_PACKET_INJECTED = 0x20,  /* an extension made it: see injector */
    XSW_PACKET_HAS_COPIES = 0x40 /* forwarding made flood copies of it for other ports */
};

struct xsw_packet {
    uint8_t *data;             /* first byte of the frame */
    uint32_t length;           /* bytes of the frame */
    uint16_t source_port;      /* the port that it came in by; XSW_PORT_NONE: trusted, an extension
                                  made it and no port policy applies */
    uint16_t destination_port; /* the port that it goes to; XSW_PORT_NONE before forwarding */
    uint64_t id;               /* unique for the life of the switch, never reused */
    uint64_t parent_id;        /* the packet that this one was copied from, 0 for none */
    uint16_t vlan;             /* assigned by the ingress policy; 0 before it */
    uint16_t ether_type;       /* behind all tags; 0 when the frame is too short to tell */
    uint16_t l3_offset;        /* of the network header, 0 when there is none we know */
    uint16_t l4_offset;        /* of the transport header, 0 when there is none we know */
    uint8_t ip_protocol;       /* meaningful when l3_offset is not 0 and the packet is IP */
    uint8_t flags;             /* XSW_PACKET_* */
    uint16_t injector;  /* xsw_host.self of the extension that made it; 0: it came in by a port */
    uint32_t flow_hash; /* 0 until somebody asked for it */
    struct xsw_offload offload;
    uint32_t reserved2;
};

/* A set of ports: bit n of word n / 64 stands for port n. */
struct xsw_port_set {
    uint64_t words[XSW_PORTS_MAX / 64];
};

static inline void xsw_port_set_add(struct xsw_port_set *set, uint16_t port)
{
    set->words[(port / 64) & 3] |= (uint64_t)1 << (port % 64);
}

static inline void xsw_port_set_remove(struct xsw_port_set *set, uint16_t port)
{
    set->words[(port / 64) & 3] &= ~((uint64_t)1 << (port % 64));
}

static inline int xsw_port_set_has(const struct xsw_port_set *set, uint16_t port)
{
    return (int)((set->words[(port / 64) & 3] >> (port % 64)) & 1);
}

#ifdef __cplusplus
}
#endif
#endif
