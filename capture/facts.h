/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_FACTS_H
#define XSW_CAPTURE_FACTS_H

/*
 * What a metadata expression may ask about a packet that has just ended, from what the worker knows
 * of it. Threads: the packet's worker.
 */

#include <stdint.h>

#include "formats/filter/journey_filter.h"
#include "formats/pcapng/stage_meta.h"
#include "packet/packet.h"
#include "switch/path/observe.h"

enum {
    FACTS_CHANGES_MAX = NOTES_BYTES / 8, /* no change is shorter than its head */
    FACTS_FRAME_MAX = PACKET_LARGE_BYTES + PACKET_HEADROOM + NOTES_BYTES
};

/* The frame as it came in, when it was changed since. */
struct facts_frame {
    uint32_t length;
    struct meta_change noted[FACTS_CHANGES_MAX];
    uint8_t bytes[FACTS_FRAME_MAX];
};

/* Everything but flags, rules, stages and `pcap_matches`, which are left empty. The packet ended at
 * the last hop of the timeline. */
void facts_take(struct journey_facts *facts, const struct packet *packet,
                const struct timeline *timeline);
/* Flags, rules and stages, behind facts_take(). */
void facts_take_history(struct journey_facts *facts, const struct packet *packet,
                        const struct timeline *timeline);
/* The bytes as they came in: the changes that were noted, undone in reverse order. Only of a packet
 * with notes. */
void facts_frame_rewind(struct facts_frame *frame, const struct packet *packet);

#endif
