/* SPDX-License-Identifier: Apache-2.0 */
/* Stage rx: is this a frame at all? What passes here has a whole Ethernet header, offload fields
 * that agree with its length, and its headers parsed. */
#include "packet/parse.h"
#include "switch/path/reasons.h"
#include "switch/path/worker.h"

enum { PREFETCH_AHEAD = 8 };

static int offload_is_sane(const struct xsw_packet *packet)
{
    const struct xsw_offload *offload = &packet->offload;
    uint32_t checksum_end = (uint32_t)offload->csum_start + offload->csum_offset + 2;
    if ((offload->flags & XSW_OFFLOAD_NEEDS_CHECKSUM) != 0 && checksum_end > packet->length) {
        return 0;
    }
    if (offload->gso_type == XSW_GSO_NONE) {
        return 1;
    }
    return offload->gso_size > 0 && offload->header_length <= packet->length;
}

/* The headers are measured in the frame: the length beside it is only what the sender claims. */
uint32_t port_segment_length(const struct xsw_packet *packet)
{
    uint32_t headers = packet->offload.header_length;
    if (packet->l4_offset != 0 && packet->ip_protocol == PROTOCOL_TCP) {
        uint32_t words = packet->data[packet->l4_offset + 12] >> 4;
        headers = packet->l4_offset + words * 4;
    } else if (packet->l4_offset != 0 && packet->ip_protocol == PROTOCOL_UDP) {
        /* Datagrams with a header each; or fragments, of which the first has the header in it. */
        int has_headers = packet->offload.gso_type == XSW_GSO_UDP_L4;
        headers = packet->l4_offset + (has_headers ? UDP_SIZE : 0);
    }
    /* In a tunnel the sender's kernel tells where the inner header begins that repeats too. */
    uint32_t inner = packet->offload.csum_start;
    if ((packet->offload.flags & XSW_OFFLOAD_NEEDS_CHECKSUM) != 0 && inner > packet->l4_offset &&
        inner + TCP_MIN_SIZE <= packet->length) {
        int is_udp = packet->offload.gso_type == XSW_GSO_UDP_L4;
        uint32_t size = is_udp ? UDP_SIZE : (uint32_t)(packet->data[inner + 12] >> 4) * 4;
        headers = inner + size > headers ? inner + size : headers;
    }
    return headers + packet->offload.gso_size;
}

static uint16_t check(struct xsw_packet *packet, const struct port_view *port)
{
    if (packet->length < ETHERNET_SIZE) {
        return REASON_RUNT_FRAME;
    }
    int has_offload = packet->offload.flags != 0 || packet->offload.gso_type != XSW_GSO_NONE;
    if (has_offload && !offload_is_sane(packet)) {
        return REASON_BAD_OFFLOAD;
    }
    parse_packet(packet);
    return port_frame_is_too_long(port, packet) ? REASON_MTU_EXCEEDED : REASON_NONE;
}

void stage_receive(struct worker *worker, const struct stage *stage, struct batch *batch)
{
    (void)stage;
    const struct port_view *ports = worker->pipeline->ports;
    uint32_t count = batch->count;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i + PREFETCH_AHEAD < count) {
            __builtin_prefetch(batch->packets[i + PREFETCH_AHEAD]->seen.data);
        }
        struct packet *packet = batch->packets[i];
        uint16_t reason = check(&packet->seen, &ports[packet->seen.source_port]);
        if (__builtin_expect(reason != REASON_NONE, 0)) {
            worker_drop(worker, packet, reason, 0);
            continue;
        }
        batch->packets[kept++] = packet;
    }
    batch->count = kept;
}
