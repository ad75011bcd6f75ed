/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_FRAME_QUEUE_H
#define XSW_SWITCH_FRAME_QUEUE_H

/*
 * Frames that an extension originates on the control thread, on their way to worker 0: a bounded
 * ring of bytes with one producer and one consumer. Each instance that declares
 * XSW_EXTENSION_ORIGINATES has one; see extension_instance.frames.
 *
 * Threads: put on the control thread, look and drop on worker 0; create and destroy on the control
 * thread when no worker uses it.
 */

#include <stdint.h>

#include <xsw/error.h>

struct frame_queue;

enum { FRAME_QUEUE_BYTES = 256 << 10 }; /* three of the largest frames and their headers fit */

/* The bytes belong to the queue until frame_queue_drop. */
struct queued_frame {
    const uint8_t *bytes;
    uint32_t length;
    uint16_t source_port;
};

enum xsw_status frame_queue_create(struct frame_queue **queue,
                                   struct xsw_error *error) XSW_MUST_CHECK;
void frame_queue_destroy(struct frame_queue *queue); /* accepts null */

/* Copies the frame in. XSW_AGAIN: there is no room now. `length` is at most 65,535. */
enum xsw_status frame_queue_put(struct frame_queue *queue, uint16_t source_port, const void *bytes,
                                uint32_t length) XSW_MUST_CHECK;
/* The oldest frame; 0 when there is none. */
int frame_queue_look(struct frame_queue *queue, struct queued_frame *frame);
/* Whether all that was put in has been taken; for the control thread. */
/* The producer: whether a frame waits that is to come from this port. */
int frame_queue_has_source(const struct frame_queue *queue, uint16_t source_port);
int frame_queue_is_empty(const struct frame_queue *queue);
/* Gives up the frame that frame_queue_look has shown. */
void frame_queue_drop(struct frame_queue *queue);

#endif
