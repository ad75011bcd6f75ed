/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_EVENTS_H
#define XSW_CMD_CAPTURE_EVENTS_H

/*
 * What happened to the capture session itself, among the packets of the file: that it has other
 * rules, and that its budget let it do less or more (RING_EVENT in capture/ring.h).
 */

#include "capture/ring.h"
#include "cmd/capture/capture_recorder.h"

/* An event of the ring of `worker`. What cannot be written is told like records of journeys. */
void capture_event_take(struct recorder *recorder, uint32_t worker, const struct ring_event *event);

#endif
