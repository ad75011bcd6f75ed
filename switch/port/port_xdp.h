/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_PORT_XDP_H
#define XSW_SWITCH_PORT_XDP_H

/*
 * One AF_XDP socket on one receive queue of a device, with frames of its own: port_xdp.c has one or
 * more of them for each worker. Linux: Documentation/networking/af_xdp.rst.
 *
 * Threads: open and close on the control thread; the rest on the worker that has the queue.
 */

#include <stdint.h>
#include <xdp/xsk.h>

#include <xsw/error.h>

#include "packet/packet.h"
#include "switch/path/counters.h"
#include "switch/port/port_device.h"

enum {
    XDP_FRAME_BYTES = 4096,
    XDP_FRAMES = 2048,          /* in each direction */
    XDP_RECEIVE_HEADROOM = 256, /* XDP_PACKET_HEADROOM of <linux/bpf.h>: the kernel's */
    XDP_FRAME_MAX = XDP_FRAME_BYTES - XDP_RECEIVE_HEADROOM
};

struct xdp_queue {
    struct xsk_socket *socket;
    struct xsk_umem *umem;
    uint8_t *memory; /* the frames: first those to receive into, then those to send from */
    struct xsk_ring_prod fill, tx;
    struct xsk_ring_cons completion, rx;
    uint64_t free_frames[XDP_FRAMES]; /* to send from */
    uint32_t free_count;
    uint8_t is_zero_copy;
    uint8_t is_down;  /* by the last answer of the kernel */
    counter segments; /* frames that were cut from larger packets */
};

/* The device's queue `number`. `queue` is zero before; after a failure it is to be closed too. */
enum xsw_status xdp_queue_open(struct xdp_queue *queue, const struct port_device *device,
                               uint32_t number, struct xsw_error *error) XSW_MUST_CHECK;
void xdp_queue_close(struct xdp_queue *queue);

/* As port_ops.receive and port_ops.send. */
uint32_t xdp_queue_receive(struct xdp_queue *queue, struct packet_pool *pool,
                           struct packet **packets, uint32_t capacity);
uint32_t xdp_queue_send(struct xdp_queue *queue, struct packet *const *packets, uint32_t count);
int xdp_queue_is_ready(const struct xdp_queue *queue);

#endif
