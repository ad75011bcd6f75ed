/* SPDX-License-Identifier: Apache-2.0 */
/* Packet memory: two stacks of free packets, small ones and ones for 64-KiB segments. The last one
 * freed is the next one used, so that a busy worker stays in the cache. */
#include "packet/packet.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

_Static_assert(sizeof(struct xsw_packet) == 64, "the public part is one cache line");
_Static_assert(sizeof(struct packet) == 128, "a descriptor is two cache lines");
_Static_assert((PACKET_SMALL_STRIDE / 64) % 2 == 1, "small buffers spread over the cache sets");
_Static_assert((PACKET_LARGE_STRIDE / 64) % 2 == 1, "large buffers spread over the cache sets");

struct packet_stack {
    struct packet **free;
    uint32_t count;
    uint32_t total;
};

struct packet_pool {
    struct packet_stack small;
    struct packet_stack large;
    void *memory;
    size_t memory_size;
};

static uint8_t *stack_fill(struct packet_stack *stack, struct packet *packets, uint8_t *buffers,
                           size_t stride, int is_large)
{
    for (uint32_t i = 0; i < stack->total; i++) {
        struct packet *packet = &packets[i];
        packet->buffer = buffers + i * stride;
        packet->is_large = is_large != 0;
        stack->free[stack->total - 1 - i] = packet;
    }
    stack->count = stack->total;
    return buffers + stack->total * stride;
}

enum xsw_status packet_pool_create(uint32_t small, uint32_t large, struct packet_pool **pool,
                                   struct xsw_error *error)
{
    struct packet_pool *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a packet pool");
    }
    size_t packets = (size_t)small + large;
    made->memory_size = packets * sizeof(struct packet) + (size_t)small * PACKET_SMALL_STRIDE +
                        (size_t)large * PACKET_LARGE_STRIDE;
    made->small.total = small;
    made->large.total = large;
    made->small.free = calloc(small + 1, sizeof(struct packet *));
    made->large.free = calloc(large + 1, sizeof(struct packet *));
    enum xsw_status status = XSW_OK;
    if (made->small.free == NULL || made->large.free == NULL) {
        status = error_set(error, XSW_NO_MEMORY, "no memory for a packet pool");
        goto cleanup;
    }
    status = memory_map(made->memory_size, &made->memory, error);
    if (status != XSW_OK) {
        error_prefix(error, "%zu packet buffers", packets);
        goto cleanup;
    }
    struct packet *descriptors = made->memory;
    uint8_t *buffers = (uint8_t *)(descriptors + packets);
    buffers = stack_fill(&made->small, descriptors, buffers, PACKET_SMALL_STRIDE, 0);
    stack_fill(&made->large, descriptors + small, buffers, PACKET_LARGE_STRIDE, 1);
    *pool = made;
    made = NULL;

cleanup:
    packet_pool_destroy(made);
    return status;
}

void packet_pool_destroy(struct packet_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    memory_unmap(pool->memory, pool->memory_size);
    free(pool->small.free);
    free(pool->large.free);
    free(pool);
}

static inline void packet_reset(struct packet *packet)
{
    memset(&packet->seen, 0, sizeof(packet->seen));
    unsigned is_large = packet->is_large;
    size_t kept = offsetof(struct packet, buffer) + sizeof(packet->buffer);
    memset((uint8_t *)packet + kept, 0, sizeof(*packet) - kept);
    packet->is_large = is_large & 1;
    packet->seen.data = packet->buffer + PACKET_HEADROOM;
}

static struct packet *stack_take(struct packet_stack *stack)
{
    if (stack->count == 0) {
        return NULL;
    }
    struct packet *packet = stack->free[--stack->count];
    packet_reset(packet);
    return packet;
}

struct packet *packet_alloc(struct packet_pool *pool, uint32_t length)
{
    if (length <= PACKET_SMALL_BYTES) {
        return stack_take(&pool->small);
    }
    return length <= PACKET_LARGE_BYTES ? stack_take(&pool->large) : NULL;
}

struct packet *packet_alloc_received(struct packet_pool *pool, uint32_t length)
{
    int is_large = length > PACKET_SMALL_BYTES;
    return is_large && pool->large.count <= PACKET_LARGE_RESERVE ? NULL
                                                                 : packet_alloc(pool, length);
}

uint32_t packet_alloc_small(struct packet_pool *pool, struct packet **packets, uint32_t count)
{
    struct packet_stack *stack = &pool->small;
    uint32_t taken = count < stack->count ? count : stack->count;
    for (uint32_t i = 0; i < taken; i++) {
        packets[i] = stack->free[--stack->count];
        packet_reset(packets[i]);
    }
    return taken;
}

void packet_free(struct packet_pool *pool, struct packet *const *packets, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct packet_stack *stack = packets[i]->is_large ? &pool->large : &pool->small;
        stack->free[stack->count++] = packets[i];
    }
}

struct packet *packet_copy(struct packet_pool *pool, const struct packet *original)
{
    /* A small frame in a large buffer is copied into a small one. */
    struct packet *copy = packet_alloc(pool, original->seen.length);
    if (copy == NULL) {
        return NULL;
    }
    uint8_t *data = copy->seen.data;
    copy->seen = original->seen;
    copy->seen.data = data;
    copy->rx_length = original->seen.length;
    copy->watch = original->watch;
    copy->sampled_out = original->sampled_out;
    copy->over_budget = original->over_budget;
    copy->source_port = original->source_port;
    copy->mirrors_served = original->mirrors_served;
    copy->clone_depth = original->clone_depth;
    memcpy(data, original->seen.data, original->seen.length);
    return copy;
}

int packet_pool_can_receive(const struct packet_pool *pool)
{
    return pool->small.count > 0 && pool->large.count > PACKET_LARGE_RESERVE;
}

uint32_t packet_pool_in_use(const struct packet_pool *pool)
{
    return pool->small.total - pool->small.count + pool->large.total - pool->large.count;
}

int packet_pool_owns(const struct packet_pool *pool, const struct packet *packet)
{
    uintptr_t first = (uintptr_t)pool->memory;
    uintptr_t offset = (uintptr_t)packet - first;
    size_t packets = (size_t)pool->small.total + pool->large.total;
    return (uintptr_t)packet >= first && offset < packets * sizeof(struct packet) &&
           offset % sizeof(struct packet) == 0;
}
