/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_PORT_MEMORY_H
#define XSW_SWITCH_PORT_MEMORY_H

/*
 * The port of tests and benchmarks: packets from and to memory. It takes every offload as it is.
 *
 * Threads: feed, play, keep and take on one thread of the test, beside the workers; each direction
 * of a queue is a single-producer single-consumer ring.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/packet.h>

#include "switch/port/port.h"

enum { MEMORY_PORT_SLOTS = 1024 }; /* frames that wait in a direction of a queue */

struct memory_frame {
    uint8_t *bytes;
    uint32_t length;
    struct xsw_offload offload;
};

/* Puts a frame in, as if it came from outside, at queue 0; the bytes are copied. False when
 * MEMORY_PORT_SLOTS frames wait already. `offload` may be null. */
int port_memory_feed(struct port *port, const void *bytes, uint32_t length,
                     const struct xsw_offload *offload);
/* From now on plays copies of these frames for ever, on every queue; once, before the workers run.
 * False without memory, or when one is longer than PACKET_SMALL_BYTES. */
int port_memory_play(struct port *port, const struct memory_frame *frames, uint32_t count);
/* From now on keeps what is sent to it, instead of throwing it away; before the workers run. False
 * without memory. */
int port_memory_keep(struct port *port);
/* The oldest kept frame; false when there is none. The bytes are valid until the next call. */
int port_memory_take(struct port *port, struct memory_frame *frame);

#endif
