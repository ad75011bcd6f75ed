/* SPDX-License-Identifier: Apache-2.0 */
/* The rings of an AF_XDP socket. Frames are copied between them and the worker's packets: a packet
 * may be queued, copied or held for long, and the kernel must have its frames back soon. */
#include <errno.h>
#include <linux/if_xdp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/error.h"
#include "base/memory.h"
#include "packet/segment.h"
#include "switch/path/reasons.h"
#include "switch/port/port_xdp.h"

enum { MEMORY_BYTES = 2 * XDP_FRAMES * XDP_FRAME_BYTES, SEND_BUFFER_BYTES = 4 << 20 };

_Static_assert(XDP_FRAMES == XSK_RING_PROD__DEFAULT_NUM_DESCS, "a frame for each place of a ring");

/* Opening ------------------------------------------------------------------------------------ */

static void frames_give(struct xdp_queue *queue)
{
    uint32_t place = 0;
    (void)xsk_ring_prod__reserve(&queue->fill, XDP_FRAMES, &place); /* it is empty */
    for (uint32_t i = 0; i < XDP_FRAMES; i++) {
        *xsk_ring_prod__fill_addr(&queue->fill, place + i) = (uint64_t)i * XDP_FRAME_BYTES;
        queue->free_frames[i] = (uint64_t)(XDP_FRAMES + i) * XDP_FRAME_BYTES;
    }
    queue->free_count = XDP_FRAMES;
    xsk_ring_prod__submit(&queue->fill, XDP_FRAMES);
}

/* The kernel gives a queue free a moment after the socket that had it was closed, by a worker of
 * its own and without a word; so a queue that is taken is asked for again, for half a second. */
static int socket_create(struct xdp_queue *queue, const struct port_device *device, uint32_t number)
{
    enum { TRIES = 100 };
    const struct timespec moment = {.tv_nsec = 5000000};
    const struct xsk_socket_config rings = {.rx_size = XDP_FRAMES,
                                            .tx_size = XDP_FRAMES,
                                            .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
                                            .bind_flags = XDP_USE_NEED_WAKEUP};
    int failed = -EBUSY;
    for (int i = 0; i < TRIES && failed == -EBUSY; i++) {
        if (i > 0) {
            (void)nanosleep(&moment, NULL);
        }
        failed = xsk_socket__create(&queue->socket, device->name, number, queue->umem, &queue->rx,
                                    &queue->tx, &rings);
    }
    return failed;
}

static enum xsw_status socket_failed(const struct port_device *device, uint32_t number, int failed,
                                     struct xsw_error *error)
{
    errno = -failed;
    const char *hint = errno == EPERM     ? " (it needs CAP_NET_RAW: run as root)"
                       : errno == EBUSY   ? " (another program has this queue)"
                       : errno == ENOBUFS ? " (it needs CAP_IPC_LOCK or a larger \"ulimit -l\")"
                                          : "";
    return error_errno(error, "cannot open an AF_XDP socket on queue %u of \"%s\"%s", number,
                       device->name, hint);
}

enum xsw_status xdp_queue_open(struct xdp_queue *queue, const struct port_device *device,
                               uint32_t number, struct xsw_error *error)
{
    const struct xsk_umem_config frames = {
        .fill_size = XDP_FRAMES, .comp_size = XDP_FRAMES, .frame_size = XDP_FRAME_BYTES};
    void *memory = NULL;
    enum xsw_status status = memory_map(MEMORY_BYTES, &memory, error);
    if (status != XSW_OK) {
        return status;
    }
    queue->memory = memory;
    int failed = xsk_umem__create(&queue->umem, memory, MEMORY_BYTES, &queue->fill,
                                  &queue->completion, &frames);
    if (failed == 0) {
        frames_give(queue);
        failed = socket_create(queue, device, number);
    }
    if (failed != 0) {
        return socket_failed(device, number, failed, error);
    }
    int bytes = SEND_BUFFER_BYTES;
    int fd = xsk_socket__fd(queue->socket);
    struct xdp_options options = {0};
    socklen_t size = sizeof(options);
    queue->is_zero_copy = getsockopt(fd, SOL_XDP, XDP_OPTIONS, &options, &size) == 0 &&
                          (options.flags & XDP_OPTIONS_ZEROCOPY) != 0;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    }
    return XSW_OK;
}

void xdp_queue_close(struct xdp_queue *queue)
{
    xsk_socket__delete(queue->socket);
    if (queue->umem != NULL) {
        (void)xsk_umem__delete(queue->umem);
    }
    memory_unmap(queue->memory, MEMORY_BYTES);
    *queue = (struct xdp_queue){0};
}

/* Asks for the sending of what is in the ring, if anything is; 0, or -1 and errno. */
static int kernel_send(const struct xdp_queue *queue)
{
    return sendto(xsk_socket__fd(queue->socket), NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 ? -1 : 0;
}

static int errno_is_down(void)
{
    return errno == ENETDOWN || errno == ENXIO || errno == ENODEV;
}

static uint32_t unsent_count(const struct xdp_queue *queue)
{
    return queue->tx.cached_prod - __atomic_load_n(queue->tx.consumer, __ATOMIC_ACQUIRE);
}

/* Receiving ---------------------------------------------------------------------------------- */

/* A received frame has its place again as soon as its bytes are copied. */
static void frame_return(struct xdp_queue *queue, uint64_t address)
{
    uint32_t place = 0;
    if (xsk_ring_prod__reserve(&queue->fill, 1, &place) == 1) {
        *xsk_ring_prod__fill_addr(&queue->fill, place) =
            address / XDP_FRAME_BYTES * XDP_FRAME_BYTES;
    }
}

static void kernel_wake(const struct xdp_queue *queue)
{
    (void)!recvfrom(xsk_socket__fd(queue->socket), NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

uint32_t xdp_queue_receive(struct xdp_queue *queue, struct packet_pool *pool,
                           struct packet **packets, uint32_t capacity)
{
    uint32_t place = 0;
    uint32_t waiting = xsk_ring_cons__peek(&queue->rx, capacity, &place);
    uint32_t count = 0;
    for (; count < waiting; count++) {
        const struct xdp_desc *frame = xsk_ring_cons__rx_desc(&queue->rx, place + count);
        struct packet *packet = packet_alloc_received(pool, frame->len);
        if (packet == NULL) {
            break;
        }
        memcpy(packet->seen.data, queue->memory + frame->addr, frame->len);
        packet->seen.length = frame->len;
        segment_find_unfinished(&packet->seen);
        frame_return(queue, frame->addr);
        packets[count] = packet;
    }
    if (count < waiting) {
        xsk_ring_cons__cancel(&queue->rx, waiting - count);
    }
    if (count > 0) {
        xsk_ring_cons__release(&queue->rx, count);
        xsk_ring_prod__submit(&queue->fill, count);
    }
    if (xsk_ring_prod__needs_wakeup(&queue->fill)) {
        kernel_wake(queue);
    }
    if (!queue->is_down && unsent_count(queue) > 0) {
        (void)kernel_send(queue); /* the device had no room the last time */
    }
    return count;
}

int xdp_queue_is_ready(const struct xdp_queue *queue)
{
    return __atomic_load_n(queue->rx.producer, __ATOMIC_ACQUIRE) != queue->rx.cached_cons ||
           (!queue->is_down && unsent_count(queue) > 0);
}

/* Sending ------------------------------------------------------------------------------------ */

static void frames_reclaim(struct xdp_queue *queue)
{
    uint32_t place = 0;
    uint32_t done = xsk_ring_cons__peek(&queue->completion, XDP_FRAMES, &place);
    for (uint32_t i = 0; i < done; i++) {
        queue->free_frames[queue->free_count++] =
            *xsk_ring_cons__comp_addr(&queue->completion, place + i);
    }
    if (done > 0) {
        xsk_ring_cons__release(&queue->completion, done);
    }
}

/* Writes the packet's frames behind those that are in the ring already: all of them or none.
 * Returns how many; 0, and the reason in the packet, when it cannot be sent. */
static uint32_t packet_put(struct xdp_queue *queue, struct packet *packet)
{
    struct segmenter segmenter;
    if (segmenter_begin(&segmenter, &packet->seen) != XSW_OK) {
        packet->drop_reason = REASON_NOT_SEGMENTED;
        return 0;
    }
    if (segmenter.frame_max > XDP_FRAME_BYTES) {
        packet->drop_reason = REASON_MTU_EXCEEDED;
        return 0;
    }
    uint32_t place = 0;
    if (segmenter.frames > queue->free_count ||
        xsk_ring_prod__reserve(&queue->tx, segmenter.frames, &place) != segmenter.frames) {
        packet->drop_reason = REASON_QUEUE_FULL;
        return 0;
    }
    while (!segmenter_is_done(&segmenter)) {
        struct xdp_desc *frame = xsk_ring_prod__tx_desc(&queue->tx, place++);
        uint64_t address = queue->free_frames[--queue->free_count];
        *frame = (struct xdp_desc){.addr = address,
                                   .len = segmenter_write(&segmenter, queue->memory + address)};
    }
    if (segmenter.frames > 1) {
        counter_add(&queue->segments, segmenter.frames);
    }
    return segmenter.frames;
}

/* Has the kernel send what is in the ring; without zero copy it does so within these calls, at most
 * 32 frames in each. What it leaves there is the device's, as on any card, and is offered again at
 * the next occasion. Returns how many frames the device threw away instead, for want of a carrier.
 */
static uint32_t ring_kick(struct xdp_queue *queue)
{
    uint32_t unsent = unsent_count(queue);
    uint32_t refused = 0;
    while (unsent > 0 && refused < unsent && xsk_ring_prod__needs_wakeup(&queue->tx)) {
        if (kernel_send(queue) == 0) {
            break;
        }
        uint32_t rest = unsent_count(queue);
        if (errno == EBUSY && !queue->is_zero_copy) {
            refused++;
        } else if (errno != EAGAIN || rest == unsent) {
            queue->is_down = errno_is_down();
            break;
        }
        frames_reclaim(queue);
    }
    return refused;
}

/* The device threw away as many frames; it does so with all that are left of a batch. */
static uint32_t refused_drop(struct packet *const *packets, const uint16_t *frames, uint32_t count,
                             uint32_t refused)
{
    uint32_t failed = 0;
    for (uint32_t i = count; i-- > 0 && refused > 0;) {
        if (frames[i] > 0) {
            packets[i]->drop_reason = REASON_PORT_DOWN;
            refused -= frames[i] < refused ? frames[i] : refused;
            failed++;
        }
    }
    return failed;
}

uint32_t xdp_queue_send(struct xdp_queue *queue, struct packet *const *packets, uint32_t count)
{
    uint16_t frames[XSW_BATCH_MAX];
    uint32_t first = 0; /* of those that are not yet offered to the kernel */
    uint32_t failed = 0;
    /* Asked first: what is in the ring when a device goes down would be sent when it comes back. */
    queue->is_down = !queue->is_zero_copy && kernel_send(queue) != 0 && errno_is_down();
    frames_reclaim(queue);
    for (uint32_t i = 0; i < count; i++) {
        frames[i] = queue->is_down ? 0 : (uint16_t)packet_put(queue, packets[i]);
        if (queue->is_down) {
            packets[i]->drop_reason = REASON_PORT_DOWN;
        }
        failed += frames[i] == 0;
        /* There is room for few packets of 64 KiB: it is made before the next one finds none. */
        if (!queue->is_down && (queue->free_count < XDP_FRAMES / 2 || i + 1 == count)) {
            xsk_ring_prod__submit(&queue->tx, queue->tx.cached_prod - *queue->tx.producer);
            failed +=
                refused_drop(&packets[first], &frames[first], i + 1 - first, ring_kick(queue));
            first = i + 1;
        }
    }
    return failed;
}
