/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segmentation and checksums in software. begin() believes neither the offload fields nor the
 * headers before it has compared them; write() then only copies and counts.
 *
 * The transport checksum of a segment starts from what the sender left at its place, the sum of the
 * pseudo header, less the length of the whole: so it is right also where the pseudo header has
 * another destination than the IP header, behind an IPv6 routing header.
 */
#include "packet/segment.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/network.h"
#include "packet/parse.h"
#include "packet/wire.h"

enum { CUT_NOTHING, CUT_TCP, CUT_DATAGRAMS, CUT_FRAGMENTS };

enum { FRAGMENT_UNIT = 8 }; /* offsets of fragments are counted in it */

static uint32_t checksum_place(const struct xsw_packet *packet)
{
    return packet->l4_offset +
           (packet->ip_protocol == PROTOCOL_TCP ? TCP_CHECKSUM_OFFSET : UDP_CHECKSUM_OFFSET);
}

/* What is to be cut, by the headers that are really there. */
static int cut_kind(const struct xsw_packet *packet)
{
    int is_tcp = packet->ip_protocol == PROTOCOL_TCP;
    int is_udp = packet->ip_protocol == PROTOCOL_UDP;
    if (packet->l4_offset == 0 || network_is_fragment(packet)) {
        return CUT_NOTHING;
    }
    switch (packet->offload.gso_type & ~XSW_GSO_ECN) {
    case XSW_GSO_TCPV4:
        return is_tcp && packet->ether_type == ETHER_TYPE_IPV4 ? CUT_TCP : CUT_NOTHING;
    case XSW_GSO_TCPV6:
        return is_tcp && packet->ether_type == ETHER_TYPE_IPV6 ? CUT_TCP : CUT_NOTHING;
    case XSW_GSO_UDP_L4:
        return is_udp ? CUT_DATAGRAMS : CUT_NOTHING;
    case XSW_GSO_UDP:
        return is_udp ? CUT_FRAGMENTS : CUT_NOTHING;
    default:
        return CUT_NOTHING;
    }
}

static enum xsw_status frames_count(struct segmenter *segmenter, uint32_t payload)
{
    if (segmenter->step == 0) {
        return XSW_INVALID;
    }
    uint32_t frames = (payload + segmenter->step - 1) / segmenter->step;
    segmenter->frames = frames > 0 ? frames : 1;
    segmenter->frame_max =
        segmenter->headers + (payload < segmenter->step ? payload : segmenter->step);
    return segmenter->frames <= SEGMENT_FRAMES_MAX ? XSW_OK : XSW_UNSUPPORTED;
}

static enum xsw_status segments_begin(struct segmenter *segmenter)
{
    const struct xsw_packet *packet = &segmenter->packet;
    uint32_t header = UDP_SIZE;
    if (segmenter->kind == CUT_TCP) {
        const struct wire_tcp *tcp = (const struct wire_tcp *)(packet->data + packet->l4_offset);
        header = (uint32_t)(tcp->data_offset >> 4) * 4;
    }
    segmenter->headers = packet->l4_offset + header;
    if ((segmenter->kind == CUT_TCP && header < TCP_MIN_SIZE) ||
        segmenter->headers > segmenter->payload_end) {
        return XSW_INVALID;
    }
    segmenter->step = packet->offload.gso_size;
    uint32_t length = segmenter->payload_end - packet->l4_offset;
    segmenter->pseudo_sum = network_pseudo_sum(packet, 0);
    if ((packet->offload.flags & XSW_OFFLOAD_NEEDS_CHECKSUM) != 0) {
        segmenter->pseudo_sum =
            (uint32_t)wire_read16(packet->data + checksum_place(packet)) + (uint16_t)~length;
    }
    return frames_count(segmenter, segmenter->payload_end - segmenter->headers);
}

/* One datagram: its checksum is over all of it, and each fragment carries a part. */
static enum xsw_status fragments_begin(struct segmenter *segmenter)
{
    const struct xsw_packet *packet = &segmenter->packet;
    uint32_t length = segmenter->payload_end - packet->l4_offset;
    segmenter->headers =
        (uint32_t)packet->l4_offset + (segmenter->is_ipv6 ? IPV6_FRAGMENT_SIZE : 0);
    segmenter->step = packet->offload.gso_size / FRAGMENT_UNIT * FRAGMENT_UNIT;
    segmenter->datagram_checksum = wire_read16(packet->data + checksum_place(packet));
    if ((packet->offload.flags & XSW_OFFLOAD_NEEDS_CHECKSUM) != 0) {
        uint16_t sum = checksum_close(checksum_add(0, packet->data + packet->l4_offset, length));
        segmenter->datagram_checksum = sum == 0 ? 0xffff : sum;
    }
    return frames_count(segmenter, length);
}

static enum xsw_status whole_begin(struct segmenter *segmenter)
{
    const struct xsw_packet *packet = &segmenter->packet;
    segmenter->kind = CUT_NOTHING;
    segmenter->frames = 1;
    segmenter->frame_max = packet->length;
    uint32_t checksum_end = (uint32_t)packet->offload.csum_start + packet->offload.csum_offset + 2;
    return (packet->offload.flags & XSW_OFFLOAD_NEEDS_CHECKSUM) != 0 &&
                   checksum_end > packet->length
               ? XSW_INVALID
               : XSW_OK;
}

enum xsw_status segmenter_begin(struct segmenter *segmenter, const struct xsw_packet *packet)
{
    *segmenter = (struct segmenter){.packet = *packet};
    if (packet->offload.gso_type == XSW_GSO_NONE) {
        return whole_begin(segmenter);
    }
    struct xsw_packet *parsed = &segmenter->packet;
    parse_packet(parsed);
    if (tunnel_is_meant(parsed) && !tunnel_enter(&segmenter->tunnel, parsed)) {
        return XSW_UNSUPPORTED;
    }
    segmenter->kind = (uint8_t)cut_kind(parsed);
    if (segmenter->kind == CUT_NOTHING) {
        return XSW_UNSUPPORTED;
    }
    const struct xsw_offload *offload = &packet->offload;
    if ((offload->flags & XSW_OFFLOAD_NEEDS_CHECKSUM) != 0 &&
        (offload->csum_start != parsed->l4_offset ||
         (uint32_t)offload->csum_start + offload->csum_offset != checksum_place(parsed))) {
        return XSW_UNSUPPORTED;
    }
    segmenter->is_ipv6 = parsed->ether_type == ETHER_TYPE_IPV6;
    segmenter->payload_end = network_end(parsed);
    if (segmenter->payload_end < (uint32_t)parsed->l4_offset + UDP_SIZE) {
        return XSW_INVALID; /* an IPv6 payload length of 0 */
    }
    if (!segmenter->is_ipv6) {
        segmenter->first_id = wire_read16(parsed->data + parsed->l3_offset + 4);
    }
    if (segmenter->kind != CUT_FRAGMENTS) {
        return segments_begin(segmenter);
    }
    enum xsw_status status = fragments_begin(segmenter);
    return status == XSW_OK && segmenter->frames == 1 ? whole_begin(segmenter) : status;
}

static void network_write(const struct segmenter *segmenter, uint8_t *bytes, uint32_t length)
{
    network_length_write(bytes, segmenter->packet.l3_offset, segmenter->is_ipv6, length);
}

static void transport_checksum_write(const struct segmenter *segmenter, uint8_t *bytes,
                                     uint32_t length)
{
    const struct xsw_packet *packet = &segmenter->packet;
    uint32_t place = checksum_place(packet);
    int is_udp = segmenter->kind == CUT_DATAGRAMS;
    if (is_udp && (packet->offload.flags & XSW_OFFLOAD_NEEDS_CHECKSUM) == 0 &&
        wire_read16(bytes + place) == 0) {
        return; /* the sender of the datagrams wants none */
    }
    wire_write16(bytes + place, 0);
    uint32_t covered = length - packet->l4_offset;
    uint16_t sum = checksum_close(
        checksum_add(segmenter->pseudo_sum + covered, bytes + packet->l4_offset, covered));
    wire_write16(bytes + place, is_udp && sum == 0 ? 0xffff : sum);
}

int segment_is_plain(const struct xsw_packet *packet)
{
    struct xsw_packet parsed = *packet;
    parse_packet(&parsed);
    return !network_is_ip(&parsed) ||
           (!tunnel_is_meant(&parsed) && cut_kind(&parsed) != CUT_NOTHING);
}

static uint32_t segment_write(const struct segmenter *segmenter, uint8_t *bytes)
{
    const struct xsw_packet *packet = &segmenter->packet;
    uint32_t index = segmenter->next;
    uint32_t start = segmenter->headers + index * segmenter->step;
    uint32_t rest = segmenter->payload_end - start;
    uint32_t payload = rest < segmenter->step ? rest : segmenter->step;
    uint32_t length = segmenter->headers + payload;
    memcpy(bytes, packet->data, segmenter->headers);
    memcpy(bytes + segmenter->headers, packet->data + start, payload);
    uint8_t *transport = bytes + packet->l4_offset;
    if (segmenter->kind == CUT_TCP) {
        struct wire_tcp *tcp = (struct wire_tcp *)transport;
        be32_set(&tcp->sequence, be32_get(tcp->sequence) + index * segmenter->step);
        uint8_t only_first = index == 0 ? 0 : TCP_CWR;
        uint8_t only_last = index + 1 == segmenter->frames ? 0 : TCP_FIN | TCP_PSH;
        tcp->flags = (uint8_t)(tcp->flags & ~(only_first | only_last));
    } else {
        be16_set(&((struct wire_udp *)transport)->length, (uint16_t)(UDP_SIZE + payload));
    }
    if (!segmenter->is_ipv6) {
        wire_write16(bytes + packet->l3_offset + 4, (uint16_t)(segmenter->first_id + index));
    }
    network_write(segmenter, bytes, length);
    transport_checksum_write(segmenter, bytes, length);
    if (segmenter->tunnel.l3_offset != 0) {
        tunnel_write(&segmenter->tunnel, bytes, length, index);
    }
    return length;
}

/* Puts a fragment header between the IPv6 headers and the datagram; the header before it gets to
 * name it. */
static void fragment_header_write(const struct segmenter *segmenter, uint8_t *bytes,
                                  uint16_t offset_and_more)
{
    const struct xsw_packet *packet = &segmenter->packet;
    uint32_t next_header = packet->l3_offset + offsetof(struct wire_ipv6, next_header);
    uint32_t at = packet->l3_offset + IPV6_SIZE;
    while (at < packet->l4_offset) {
        uint8_t unit = bytes[next_header] == PROTOCOL_AH ? 4 : 8;
        uint32_t constant = unit == 4 ? 2 : 1;
        next_header = at;
        at += (bytes[at + 1] + constant) * unit;
    }
    struct wire_ipv6_fragment *header = (struct wire_ipv6_fragment *)(bytes + packet->l4_offset);
    *header = (struct wire_ipv6_fragment){.next_header = bytes[next_header]};
    be16_set(&header->offset, offset_and_more);
    be32_set(&header->identification, (uint32_t)packet->id);
    bytes[next_header] = PROTOCOL_FRAGMENT;
}

static uint32_t fragment_write(const struct segmenter *segmenter, uint8_t *bytes)
{
    const struct xsw_packet *packet = &segmenter->packet;
    uint32_t offset = segmenter->next * segmenter->step;
    uint32_t rest = segmenter->payload_end - packet->l4_offset - offset;
    uint32_t payload = rest < segmenter->step ? rest : segmenter->step;
    int has_more = segmenter->next + 1 < segmenter->frames;
    memcpy(bytes, packet->data, packet->l4_offset);
    memcpy(bytes + segmenter->headers, packet->data + packet->l4_offset + offset, payload);
    if (offset == 0) {
        wire_write16(bytes + segmenter->headers + UDP_CHECKSUM_OFFSET,
                     segmenter->datagram_checksum);
    }
    if (segmenter->is_ipv6) {
        fragment_header_write(segmenter, bytes,
                              (uint16_t)(offset | (has_more ? IPV6_MORE_FRAGMENTS : 0)));
    } else {
        struct wire_ipv4 *ip = (struct wire_ipv4 *)(bytes + packet->l3_offset);
        be16_set(&ip->fragment,
                 (uint16_t)(offset / FRAGMENT_UNIT | (has_more ? IPV4_MORE_FRAGMENTS : 0)));
    }
    uint32_t length = segmenter->headers + payload;
    network_write(segmenter, bytes, length);
    return length;
}

static uint32_t whole_write(const struct segmenter *segmenter, uint8_t *bytes)
{
    struct xsw_packet copy = segmenter->packet;
    memcpy(bytes, copy.data, copy.length);
    copy.data = bytes;
    (void)!checksum_finish(&copy); /* begin has looked at the place */
    return copy.length;
}

uint32_t segmenter_write(struct segmenter *segmenter, uint8_t *bytes)
{
    uint32_t length = segmenter->kind == CUT_NOTHING     ? whole_write(segmenter, bytes)
                      : segmenter->kind == CUT_FRAGMENTS ? fragment_write(segmenter, bytes)
                                                         : segment_write(segmenter, bytes);
    segmenter->next++;
    return length;
}

/*
 * A sender that leaves the checksum to its card puts the folded sum P of the pseudo header at its
 * place; a frame that has exactly P there is unfinished. It may also be finished, and have P by
 * chance (1 in 65,536). Then P + P + R = 0 in ones' complement, R being all else that is covered,
 * as every good frame sums up to 0; and finishing it writes ~(P + R), which is P: the same frame.
 * This needs the whole of what is covered, so fragments and padded frames are left alone.
 */
void segment_find_unfinished(struct xsw_packet *packet)
{
    parse_packet(packet);
    if (packet->offload.flags != 0 || packet->l4_offset == 0 ||
        (packet->ip_protocol != PROTOCOL_TCP && packet->ip_protocol != PROTOCOL_UDP) ||
        network_is_fragment(packet) || network_end(packet) != packet->length) {
        return;
    }
    uint32_t place = checksum_place(packet);
    if (wire_read16(packet->data + place) !=
        network_pseudo_sum(packet, packet->length - packet->l4_offset)) {
        return;
    }
    packet->offload.flags = XSW_OFFLOAD_NEEDS_CHECKSUM;
    packet->offload.csum_start = packet->l4_offset;
    packet->offload.csum_offset = (uint16_t)(place - packet->l4_offset);
}
