/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_TAG_H
#define XSW_SWITCH_TAG_H

/* The 802.1Q tag of a packet, for the stages that read it or write to it. Workers. */

#include <stdint.h>

#include "packet/wire.h"
#include "switch/path/worker.h"

/* The 16 bits of a frame's tag: priority, drop eligible, VLAN. The packet is tagged. */
static inline uint16_t tag_control(const struct xsw_packet *packet)
{
    return wire_read16(packet->data + ETHERNET_SIZE);
}

/* Writes them, and notes the change for `stage` when somebody watches. */
static inline void tag_control_write(struct worker *worker, struct packet *packet, uint16_t stage,
                                     uint16_t control)
{
    uint8_t *bytes = packet->seen.data + ETHERNET_SIZE;
    uint8_t before[2] = {bytes[0], bytes[1]};
    if (wire_read16(bytes) == control) {
        return;
    }
    wire_write16(bytes, control);
    if (packet->watch != 0) {
        watcher_note_change(worker->watcher, packet, stage,
                            &(struct byte_change){.offset = ETHERNET_SIZE,
                                                  .old_length = sizeof(before),
                                                  .new_length = sizeof(before),
                                                  .old_bytes = before,
                                                  .new_bytes = bytes});
    }
}

/* Gives the packet the tag, or none, that its VLAN has on the port. */
void tag_fit(struct worker *worker, struct packet *packet, const struct port_view *port);

#endif
