/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of flows of one worker. A full bucket gives up the flow that was quiet for longest. */
#include "extensions/flowreport/flow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86dd,
    PROTOCOL_ICMP = 1,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_DCCP = 33,
    PROTOCOL_ICMPV6 = 58,
    PROTOCOL_SCTP = 132,
    PROTOCOL_UDP_LITE = 136,
    IPV4_SIZE = 20,
    IPV6_SIZE = 40,
    TCP_FLAGS_AT = 13,
    TCP_FIN = 1,
    TCP_RST = 4
};

/* How long a TCP flow that said its good-bye stays open for the last acknowledgements. */
static const uint64_t linger_ns = 1000000000;

static_assert(sizeof(struct flow_key) == 48, "the key has no hidden padding");

enum xsw_status flow_cache_init(struct flow_cache *cache, uint32_t flow_count)
{
    cache->flows = calloc(flow_count, sizeof *cache->flows);
    cache->ring = calloc(FLOW_RING, sizeof *cache->ring);
    cache->bucket_mask = flow_count / FLOW_BUCKET - 1;
    if (cache->flows == NULL || cache->ring == NULL) {
        flow_cache_fini(cache);
        return XSW_NO_MEMORY;
    }
    return XSW_OK;
}

void flow_cache_fini(struct flow_cache *cache)
{
    free(cache->flows);
    free(cache->ring);
    cache->flows = NULL;
    cache->ring = NULL;
}

uint32_t flow_cache_size(const struct flow_cache *cache)
{
    return (cache->bucket_mask + 1) * FLOW_BUCKET;
}

static uint16_t read16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static int has_ports(uint8_t protocol)
{
    return protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP || protocol == PROTOCOL_DCCP ||
           protocol == PROTOCOL_SCTP || protocol == PROTOCOL_UDP_LITE;
}

static void read_transport(struct flow *flow, const struct xsw_packet *packet)
{
    uint32_t at = packet->l4_offset;
    if (at == 0 || at + 4 > packet->length || (packet->flags & XSW_PACKET_FRAGMENT) != 0) {
        return;
    }
    const uint8_t *header = packet->data + at;
    if (has_ports(flow->key.protocol)) {
        flow->key.source_port = read16(header);
        flow->key.destination_port = read16(header + 2);
    } else if (flow->key.protocol == PROTOCOL_ICMP || flow->key.protocol == PROTOCOL_ICMPV6) {
        flow->key.destination_port = read16(header);
    }
    if (flow->key.protocol == PROTOCOL_TCP && at + TCP_FLAGS_AT < packet->length) {
        flow->tcp_flags = header[TCP_FLAGS_AT];
    }
}

/* The length that the IP header tells, unless the frame is shorter or it tells none, as in a large
 * segment that is still to be cut. */
static uint64_t ip_octets(uint32_t told, uint32_t there)
{
    return told != 0 && told < there ? told : there;
}

static int read_ip(struct flow *flow, const struct xsw_packet *packet)
{
    uint32_t at = packet->l3_offset;
    const uint8_t *header = packet->data + at;
    uint32_t there = packet->length - at;
    if (at == 0 || at > packet->length) {
        return 0;
    }
    if (packet->ether_type == TYPE_IPV4 && there >= IPV4_SIZE) {
        memcpy(flow->key.source, header + 12, 4);
        memcpy(flow->key.destination, header + 16, 4);
        flow->traffic_class = header[1];
        flow->octets = ip_octets(read16(header + 2), there);
    } else if (packet->ether_type == TYPE_IPV6 && there >= IPV6_SIZE) {
        memcpy(flow->key.source, header + 8, 16);
        memcpy(flow->key.destination, header + 24, 16);
        flow->traffic_class = (uint8_t)(header[0] << 4 | header[1] >> 4);
        uint32_t told = read16(header + 4);
        flow->octets = ip_octets(told == 0 ? 0 : told + IPV6_SIZE, there);
    } else {
        return 0;
    }
    flow->key.protocol = packet->ip_protocol;
    return 1;
}

void flow_read(struct flow *flow, const struct xsw_packet *packet)
{
    memset(flow, 0, sizeof *flow);
    flow->key.vlan = packet->vlan;
    flow->key.input = packet->source_port;
    flow->key.output = packet->destination_port;
    flow->key.ether_type = packet->ether_type;
    if (read_ip(flow, packet)) {
        read_transport(flow, packet);
        return;
    }
    /* What is cut off in its IP header is reported as the frame that it is. */
    if (flow->key.ether_type == TYPE_IPV4 || flow->key.ether_type == TYPE_IPV6) {
        flow->key.ether_type = 0;
    }
    flow->octets = packet->length;
    if (packet->length >= 12) {
        memcpy(flow->key.destination, packet->data, 6);
        memcpy(flow->key.source, packet->data + 6, 6);
    }
}

static uint32_t key_hash(const struct flow_key *key)
{
    const uint8_t *bytes = (const uint8_t *)key;
    uint64_t hash = 0x9e3779b97f4a7c15u;
    for (size_t at = 0; at < sizeof *key; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, 8);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    return (uint32_t)hash;
}

/* Only the owner writes these numbers, so a load and a store make an addition. */
static void number_add(atomic_uint_fast64_t *number, uint64_t amount)
{
    uint64_t value = atomic_load_explicit(number, memory_order_relaxed);
    atomic_store_explicit(number, value + amount, memory_order_relaxed);
}

/* Moves the flow to the ring; 0 when that is full. */
static int end_flow(struct flow_cache *cache, struct flow *flow, enum flow_end end)
{
    uint32_t head = (uint32_t)atomic_load_explicit(&cache->head, memory_order_relaxed);
    /* Partner: the release in flow_cache_take. */
    uint32_t tail = (uint32_t)atomic_load_explicit(&cache->tail, memory_order_acquire);
    if (head - tail >= FLOW_RING) {
        return 0;
    }
    flow->end = (uint8_t)end;
    cache->ring[head % FLOW_RING] = *flow;
    flow->packets = 0;
    flow->end = 0;
    /* Partner: the acquire in flow_cache_take. */
    atomic_store_explicit(&cache->head, head + 1, memory_order_release);
    number_add(&cache->active, (uint64_t)-1);
    return 1;
}

int flow_cache_take(struct flow_cache *cache, struct flow *flow)
{
    uint32_t tail = (uint32_t)atomic_load_explicit(&cache->tail, memory_order_relaxed);
    uint32_t head = (uint32_t)atomic_load_explicit(&cache->head, memory_order_acquire);
    if (head == tail) {
        return 0;
    }
    *flow = cache->ring[tail % FLOW_RING];
    atomic_store_explicit(&cache->tail, tail + 1, memory_order_release);
    return 1;
}

/* The flow's own place, or one for it; null when the bucket is full and so is the ring. */
static struct flow *find_place(struct flow_cache *cache, const struct flow_key *key, uint32_t hash)
{
    struct flow *bucket = &cache->flows[(size_t)(hash & cache->bucket_mask) * FLOW_BUCKET];
    struct flow *place = NULL;
    struct flow *quiet = &bucket[0];
    for (uint32_t i = 0; i < FLOW_BUCKET; i++) {
        if (bucket[i].packets == 0) {
            place = place == NULL ? &bucket[i] : place;
        } else if (bucket[i].hash == hash && memcmp(&bucket[i].key, key, sizeof *key) == 0) {
            return &bucket[i];
        } else if (bucket[i].last_ns < quiet->last_ns) {
            quiet = &bucket[i];
        }
    }
    if (place == NULL && end_flow(cache, quiet, FLOW_END_RESOURCES)) {
        place = quiet;
    }
    return place;
}

void flow_cache_count(struct flow_cache *cache, const struct flow *packet, uint64_t now_ns)
{
    uint32_t hash = key_hash(&packet->key);
    struct flow *flow = find_place(cache, &packet->key, hash);
    if (flow == NULL) {
        number_add(&cache->lost_packets, 1);
        return;
    }
    if (flow->packets == 0) {
        *flow = *packet;
        flow->hash = hash;
        flow->first_ns = now_ns;
        flow->octets = 0;
        number_add(&cache->active, 1);
    }
    flow->packets++;
    flow->octets += packet->octets;
    flow->tcp_flags |= packet->tcp_flags;
    flow->last_ns = now_ns;
}

static enum flow_end is_due(const struct flow *flow, const struct flow_timeouts *timeouts,
                            uint64_t now_ns)
{
    uint64_t quiet = now_ns - flow->last_ns;
    int is_closed =
        flow->key.protocol == PROTOCOL_TCP && (flow->tcp_flags & (TCP_FIN | TCP_RST)) != 0;
    if (is_closed && quiet >= linger_ns) {
        return FLOW_END_DETECTED;
    }
    if (quiet >= timeouts->idle_ns) {
        return FLOW_END_IDLE;
    }
    return now_ns - flow->first_ns >= timeouts->active_ns ? FLOW_END_ACTIVE : 0;
}

void flow_cache_sweep(struct flow_cache *cache, const struct flow_timeouts *timeouts,
                      uint32_t count, uint64_t now_ns)
{
    uint32_t size = flow_cache_size(cache);
    if (atomic_load_explicit(&cache->active, memory_order_relaxed) == 0) {
        return;
    }
    for (uint32_t i = 0; i < count && i < size; i++) {
        struct flow *flow = &cache->flows[cache->sweep_at];
        enum flow_end end = flow->packets == 0 ? 0 : is_due(flow, timeouts, now_ns);
        if (end != 0 && !end_flow(cache, flow, end)) {
            return; /* it is looked at again when there is room */
        }
        cache->sweep_at = (cache->sweep_at + 1) & (size - 1);
    }
}

uint32_t flow_cache_waiting(const struct flow_cache *cache)
{
    return (uint32_t)(atomic_load_explicit(&cache->head, memory_order_relaxed) -
                      atomic_load_explicit(&cache->tail, memory_order_relaxed));
}

int flow_cache_take_last(struct flow_cache *cache, struct flow *flow)
{
    uint32_t size = flow_cache_size(cache);
    if (flow_cache_take(cache, flow)) {
        return 1;
    }
    for (uint32_t left = size; left > 0; left--) {
        struct flow *open = &cache->flows[cache->sweep_at];
        cache->sweep_at = (cache->sweep_at + 1) & (size - 1);
        if (open->packets != 0) {
            *flow = *open;
            flow->end = FLOW_END_FORCED;
            open->packets = 0;
            number_add(&cache->active, (uint64_t)-1);
            return 1;
        }
    }
    return 0;
}
