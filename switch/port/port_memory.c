/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/port/port_memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "switch/path/reasons.h"

/* A ring of frames. `head` is written by who puts in, `tail` by who takes out; each is published
 * with release and read by the other with acquire. */
struct frame_ring {
    _Atomic uint32_t head, tail;
    struct memory_frame slots[MEMORY_PORT_SLOTS];
};

struct memory_queue {
    struct frame_ring in;
    struct frame_ring *out; /* null: what is sent is thrown away */
    const struct memory_frame *played;
    uint32_t played_count, played_next;
    int wake_fd;
};

/* Played frames stand at multiples of it, so that they can be copied in whole chunks. */
enum { PLAYED_CHUNK = 64 };
_Static_assert(PACKET_SMALL_BYTES % PLAYED_CHUNK == 0, "a buffer takes whole chunks");

struct port_memory {
    struct port port;
    struct memory_queue *queues;
    struct memory_frame *played;
    uint8_t *played_bytes;
};

static struct port_memory *memory_of(struct port *port)
{
    return (struct port_memory *)port;
}

static void ring_free(struct frame_ring *ring)
{
    for (uint32_t i = 0; i < MEMORY_PORT_SLOTS; i++) {
        free(ring->slots[i].bytes);
    }
}

static void memory_close(struct port *port)
{
    struct port_memory *memory = memory_of(port);
    for (uint32_t i = 0; memory->queues != NULL && i < port->queues; i++) {
        struct memory_queue *queue = &memory->queues[i];
        ring_free(&queue->in);
        if (queue->out != NULL) {
            ring_free(queue->out);
            free(queue->out);
        }
        if (queue->wake_fd >= 0) {
            close(queue->wake_fd);
        }
    }
    free(memory->queues);
    free(memory->played);
    free(memory->played_bytes);
    free(memory);
}

static enum xsw_status memory_open(const struct port_config *config, uint32_t queues,
                                   struct port **port, struct xsw_error *error)
{
    (void)config;
    struct port_memory *memory = calloc(1, sizeof(*memory));
    if (memory == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a memory port");
    }
    memory->port.ops = &port_memory_ops;
    memory->port.queues = queues;
    memory->queues = calloc(queues, sizeof(struct memory_queue));
    if (memory->queues == NULL) {
        memory_close(&memory->port);
        return error_set(error, XSW_NO_MEMORY, "no memory for a memory port");
    }
    for (uint32_t i = 0; i < queues; i++) {
        memory->queues[i].wake_fd = -1; /* what is not open is not to be closed */
    }
    for (uint32_t i = 0; i < queues; i++) {
        memory->queues[i].wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (memory->queues[i].wake_fd < 0) {
            enum xsw_status status = error_errno(error, "no descriptor for a memory port");
            memory_close(&memory->port);
            return status;
        }
    }
    *port = &memory->port;
    return XSW_OK;
}

/* The worker's side ------------------------------------------------------------------------- */

static void fill(struct packet *packet, const struct memory_frame *frame)
{
    memcpy(packet->seen.data, frame->bytes, frame->length);
    packet->seen.length = frame->length;
    packet->seen.offload = frame->offload;
}

static size_t played_size(const struct memory_frame *frame)
{
    return ((size_t)frame->length + PLAYED_CHUNK) & ~(size_t)(PLAYED_CHUNK - 1);
}

static uint32_t played_receive(struct memory_queue *queue, struct packet_pool *pool,
                               struct packet **packets, uint32_t capacity)
{
    uint32_t count = packet_alloc_small(pool, packets, capacity);
    uint32_t next = queue->played_next;
    for (uint32_t i = 0; i < count; i++) {
        const struct memory_frame *frame = &queue->played[next];
        struct xsw_packet *seen = &packets[i]->seen;
        for (uint32_t at = 0; at < frame->length; at += PLAYED_CHUNK) {
            memcpy(seen->data + at, frame->bytes + at, PLAYED_CHUNK);
        }
        seen->length = frame->length;
        seen->offload = frame->offload;
        next = next + 1 < queue->played_count ? next + 1 : 0;
    }
    queue->played_next = next;
    return count;
}

static uint32_t memory_receive(struct port *port, uint32_t queue_index, struct packet_pool *pool,
                               struct packet **packets, uint32_t capacity)
{
    struct memory_queue *queue = &memory_of(port)->queues[queue_index];
    if (queue->played != NULL) {
        return played_receive(queue, pool, packets, capacity);
    }
    struct frame_ring *ring = &queue->in;
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint32_t count = 0;
    for (; tail != head && count < capacity; tail++, count++) {
        const struct memory_frame *frame = &ring->slots[tail % MEMORY_PORT_SLOTS];
        packets[count] = packet_alloc_received(pool, frame->length);
        if (packets[count] == NULL) {
            break;
        }
        fill(packets[count], frame);
    }
    atomic_store_explicit(&ring->tail, tail, memory_order_release);
    return count;
}

/* Returns whether the frame was left out. */
static int out_put(struct frame_ring *ring, struct packet *packet)
{
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    if (head - tail == MEMORY_PORT_SLOTS) {
        packet->drop_reason = REASON_QUEUE_FULL;
        return 1;
    }
    struct memory_frame *slot = &ring->slots[head % MEMORY_PORT_SLOTS];
    memcpy(slot->bytes, packet->seen.data, packet->seen.length);
    slot->length = packet->seen.length;
    slot->offload = packet->seen.offload;
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return 0;
}

static uint32_t memory_send(struct port *port, uint32_t queue_index, struct packet *const *packets,
                            uint32_t count)
{
    struct frame_ring *ring = memory_of(port)->queues[queue_index].out;
    uint32_t failed = 0;
    for (uint32_t i = 0; ring != NULL && i < count; i++) {
        failed += (uint32_t)out_put(ring, packets[i]);
    }
    return failed;
}

static int memory_poll_fd(struct port *port, uint32_t queue)
{
    return memory_of(port)->queues[queue].wake_fd;
}

static int memory_is_ready(struct port *port, uint32_t queue_index)
{
    const struct memory_queue *queue = &memory_of(port)->queues[queue_index];
    return queue->played != NULL || atomic_load_explicit(&queue->in.head, memory_order_acquire) !=
                                        atomic_load_explicit(&queue->in.tail, memory_order_relaxed);
}

static enum port_state memory_state(struct port *port)
{
    (void)port;
    return PORT_UP;
}

/* The test's side ---------------------------------------------------------------------------- */

int port_memory_feed(struct port *port, const void *bytes, uint32_t length,
                     const struct xsw_offload *offload)
{
    struct memory_queue *queue = &memory_of(port)->queues[0];
    struct frame_ring *ring = &queue->in;
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    struct memory_frame *slot = &ring->slots[head % MEMORY_PORT_SLOTS];
    uint8_t *kept = head - tail < MEMORY_PORT_SLOTS ? malloc(length + 1) : NULL;
    if (kept == NULL) {
        return 0;
    }
    memcpy(kept, bytes, length);
    free(slot->bytes); /* of the frame that was taken out of this slot before */
    *slot = (struct memory_frame){.bytes = kept, .length = length};
    if (offload != NULL) {
        slot->offload = *offload;
    }
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    uint64_t one = 1;
    ssize_t put = write(queue->wake_fd, &one, sizeof(one));
    (void)put; /* EAGAIN: the counter is full, the worker will wake */
    return 1;
}

int port_memory_play(struct port *port, const struct memory_frame *frames, uint32_t count)
{
    struct port_memory *memory = memory_of(port);
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (frames[i].length > PACKET_SMALL_BYTES) {
            return 0;
        }
        size += played_size(&frames[i]);
    }
    memory->played = calloc(count, sizeof(*memory->played));
    memory->played_bytes = aligned_alloc(PLAYED_CHUNK, size);
    if (memory->played == NULL || memory->played_bytes == NULL) {
        return 0;
    }
    uint8_t *next = memory->played_bytes;
    for (uint32_t i = 0; i < count; i++) {
        memory->played[i] = frames[i];
        memory->played[i].bytes = next;
        memcpy(next, frames[i].bytes, frames[i].length);
        next += played_size(&frames[i]);
    }
    for (uint32_t i = 0; i < port->queues; i++) {
        struct memory_queue *queue = &memory->queues[i];
        queue->played = memory->played;
        queue->played_count = count;
    }
    return 1;
}

int port_memory_keep(struct port *port)
{
    for (uint32_t i = 0; i < port->queues; i++) {
        struct frame_ring *ring = calloc(1, sizeof(*ring));
        if (ring == NULL) {
            return 0;
        }
        memory_of(port)->queues[i].out = ring;
        for (uint32_t slot = 0; slot < MEMORY_PORT_SLOTS; slot++) {
            ring->slots[slot].bytes = malloc(PACKET_LARGE_BYTES);
            if (ring->slots[slot].bytes == NULL) {
                return 0;
            }
        }
    }
    return 1;
}

int port_memory_take(struct port *port, struct memory_frame *frame)
{
    for (uint32_t i = 0; i < port->queues; i++) {
        struct frame_ring *ring = memory_of(port)->queues[i].out;
        if (ring == NULL) {
            continue;
        }
        uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
        uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
        if (tail != head) {
            /* The slot stays whole until MEMORY_PORT_SLOTS more frames have come. */
            *frame = ring->slots[tail % MEMORY_PORT_SLOTS];
            atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
            return 1;
        }
    }
    return 0;
}

const struct port_ops port_memory_ops = {
    .kind = "memory",
    .takes_checksum = 1,
    .takes_gso = 1,
    .open = memory_open,
    .close = memory_close,
    .receive = memory_receive,
    .send = memory_send,
    .poll_fd = memory_poll_fd,
    .state = memory_state,
    .is_ready = memory_is_ready,
};
