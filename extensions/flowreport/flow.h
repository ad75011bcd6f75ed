/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FLOWREPORT_FLOW_H
#define XSW_FLOWREPORT_FLOW_H

/*
 * A flow record, and the cache in which a worker keeps its own until they end. The cache has a
 * fixed size: buckets of FLOW_BUCKET places, found by a hash of the key. Flows that ended wait in a
 * ring for the control thread, which exports them; while the ring is full they stay where they are.
 *
 * Threads: flow_cache_count, flow_cache_sweep: the worker that owns the cache. flow_cache_take: the
 * control thread. The numbers may be read by any.
 */

#include <stdatomic.h>
#include <stdint.h>

#include <xsw/extension.h>

enum { FLOW_BUCKET = 8, FLOW_RING = 4096 };

/* Why a flow ended: values of flowEndReason (RFC 5102, 5.11.3). */
enum flow_end {
    FLOW_END_IDLE = 1,
    FLOW_END_ACTIVE = 2,
    FLOW_END_DETECTED = 3,
    FLOW_END_FORCED = 4,
    FLOW_END_RESOURCES = 5
};

/* Compared as bytes: what is not used is zero. */
struct flow_key {
    uint8_t source[16]; /* IPv4: 4 used; neither IPv4 nor IPv6: the 6 of the MAC address */
    uint8_t destination[16];
    uint16_t source_port;
    uint16_t destination_port; /* ICMP: type and code */
    uint16_t vlan;
    uint16_t input, output; /* ports of the switch */
    uint16_t ether_type;
    uint8_t protocol;
    uint8_t reserved[3];
};

struct flow {
    struct flow_key key;
    uint64_t first_ns, last_ns; /* the switch's clock */
    uint64_t packets;           /* 0: the place is free */
    uint64_t octets;            /* of IP packets with their headers; else of whole frames */
    uint32_t hash;
    uint8_t tcp_flags;     /* of all packets together */
    uint8_t traffic_class; /* of the first packet */
    uint8_t end;           /* enum flow_end; 0: it goes on */
    uint8_t reserved;
};

struct flow_timeouts {
    uint64_t idle_ns, active_ns;
};

struct flow_cache {
    struct flow *flows; /* FLOW_BUCKET * bucket_count */
    struct flow *ring;  /* FLOW_RING */
    uint32_t bucket_mask;
    uint32_t sweep_at;
    atomic_uint_fast64_t active;            /* flows in the cache; written by the worker */
    atomic_uint_fast64_t lost_packets;      /* no place for their flow; written by the worker */
    _Alignas(64) atomic_uint_fast32_t head; /* of the ring; written by the worker */
    _Alignas(64) atomic_uint_fast32_t tail; /* written by the control thread */
};

/* flow_count: a power of two, at least FLOW_BUCKET. The memory comes zeroed and untouched, so that
 * a cache that no worker uses costs address space only. */
enum xsw_status flow_cache_init(struct flow_cache *cache, uint32_t flow_count) XSW_MUST_CHECK;
void flow_cache_fini(struct flow_cache *cache);

/* Fills in the key of a packet, and the octets and TCP flags that it adds. */
void flow_read(struct flow *flow, const struct xsw_packet *packet);
/* Adds a packet to its flow; `packet` is what flow_read filled. */
void flow_cache_count(struct flow_cache *cache, const struct flow *packet, uint64_t now_ns);
/* Ends the flows that are due among the next `count` places. */
void flow_cache_sweep(struct flow_cache *cache, const struct flow_timeouts *timeouts,
                      uint32_t count, uint64_t now_ns);
/* Takes the oldest ended flow; 0 when there is none. */
int flow_cache_take(struct flow_cache *cache, struct flow *flow);
/* How many have ended and were not taken. */
uint32_t flow_cache_waiting(const struct flow_cache *cache);
/* For when no worker is left: the next flow, ended or not; 0 when there is none. */
int flow_cache_take_last(struct flow_cache *cache, struct flow *flow);
uint32_t flow_cache_size(const struct flow_cache *cache);

#endif
