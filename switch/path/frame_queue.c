/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of bytes. A frame stands in one piece behind its header, both in steps of 8 bytes; where
 * the rest up to the end is too short for it, a header without a frame says so. */
#include "switch/path/frame_queue.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { STEP = 8, SKIP = UINT16_MAX, LENGTH_MAX = 65535 };

struct frame_header {
    uint32_t length;
    uint16_t source_port;
    uint16_t mark; /* SKIP: the rest of the ring is not used this time */
};

/* Positions only grow; the place of one in `bytes` is its remainder. */
struct frame_queue {
    _Alignas(64) _Atomic uint64_t tail; /* written by put */
    _Alignas(64) _Atomic uint64_t head; /* written by drop */
    _Alignas(64) uint8_t bytes[FRAME_QUEUE_BYTES];
};

static uint64_t size_of(uint32_t length)
{
    return sizeof(struct frame_header) + ((length + STEP - 1) & ~(uint64_t)(STEP - 1));
}

enum xsw_status frame_queue_create(struct frame_queue **queue, struct xsw_error *error)
{
    struct frame_queue *made = aligned_alloc(64, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a queue of frames");
    }
    atomic_init(&made->tail, 0);
    atomic_init(&made->head, 0);
    *queue = made;
    return XSW_OK;
}

void frame_queue_destroy(struct frame_queue *queue)
{
    free(queue);
}

static void header_write(struct frame_queue *queue, uint64_t position,
                         const struct frame_header *header)
{
    memcpy(&queue->bytes[position % FRAME_QUEUE_BYTES], header, sizeof(*header));
}

enum xsw_status frame_queue_put(struct frame_queue *queue, uint16_t source_port, const void *bytes,
                                uint32_t length)
{
    assert(length <= LENGTH_MAX);
    uint64_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    /* Pairs with the release in frame_queue_drop: what was read there can be written over. */
    uint64_t head = atomic_load_explicit(&queue->head, memory_order_acquire);
    uint64_t room_behind = FRAME_QUEUE_BYTES - tail % FRAME_QUEUE_BYTES;
    uint64_t skipped = room_behind < size_of(length) ? room_behind : 0;
    if (tail + skipped + size_of(length) - head > FRAME_QUEUE_BYTES) {
        return XSW_AGAIN;
    }
    if (skipped > 0) {
        header_write(queue, tail, &(struct frame_header){.mark = SKIP});
        tail += skipped;
    }
    header_write(queue, tail, &(struct frame_header){.length = length, .source_port = source_port});
    memcpy(&queue->bytes[tail % FRAME_QUEUE_BYTES + sizeof(struct frame_header)], bytes, length);
    /* Pairs with the acquire in frame_queue_look: the frame is whole. */
    atomic_store_explicit(&queue->tail, tail + size_of(length), memory_order_release);
    return XSW_OK;
}

int frame_queue_look(struct frame_queue *queue, struct queued_frame *frame)
{
    uint64_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
    if (head == atomic_load_explicit(&queue->tail, memory_order_acquire)) {
        return 0;
    }
    struct frame_header header;
    memcpy(&header, &queue->bytes[head % FRAME_QUEUE_BYTES], sizeof(header));
    if (header.mark == SKIP) {
        /* A frame follows always: both were published together. */
        head += FRAME_QUEUE_BYTES - head % FRAME_QUEUE_BYTES;
        atomic_store_explicit(&queue->head, head, memory_order_release);
        memcpy(&header, queue->bytes, sizeof(header));
    }
    *frame =
        (struct queued_frame){.bytes = &queue->bytes[head % FRAME_QUEUE_BYTES + sizeof(header)],
                              .length = header.length,
                              .source_port = header.source_port};
    return 1;
}

void frame_queue_drop(struct frame_queue *queue)
{
    struct frame_header header;
    uint64_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
    memcpy(&header, &queue->bytes[head % FRAME_QUEUE_BYTES], sizeof(header));
    atomic_store_explicit(&queue->head, head + size_of(header.length), memory_order_release);
}

int frame_queue_is_empty(const struct frame_queue *queue)
{
    return atomic_load_explicit(&queue->head, memory_order_acquire) ==
           atomic_load_explicit(&queue->tail, memory_order_relaxed);
}

int frame_queue_has_source(const struct frame_queue *queue, uint16_t source_port)
{
    uint64_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    uint64_t place = atomic_load_explicit(&queue->head, memory_order_acquire);
    while (place != tail) {
        struct frame_header header;
        memcpy(&header, &queue->bytes[place % FRAME_QUEUE_BYTES], sizeof(header));
        if (header.mark != SKIP && header.source_port == source_port) {
            return 1;
        }
        place += header.mark == SKIP ? FRAME_QUEUE_BYTES - place % FRAME_QUEUE_BYTES
                                     : size_of(header.length);
    }
    return 0;
}
