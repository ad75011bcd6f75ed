/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_EVENTS_PACKET_H
#define XSW_TRACE_EVENTS_PACKET_H

/*
 * The end of a packet as events: how it was made, the stages that it passed, the bytes that were
 * changed, and where it ended.
 *
 * Threads: workers.
 */

#include <stdint.h>

#include "switch/path/observe.h"
#include "trace/provider.h"

/* wanted: switch_event_bit() of the kinds to tell of. */
void events_packet_tell(const struct trace_provider *provider, uint64_t wanted, uint32_t worker,
                        const struct ended_batch *batch, const struct packet *packet);

#endif
