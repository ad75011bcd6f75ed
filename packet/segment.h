/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SEGMENT_H
#define XSW_SEGMENT_H

/*
 * What a network card's offloads would do, in software: a packet with a gso_type is cut into the
 * frames that go onto the wire, and an unfinished checksum is finished. An iterator without memory
 * of its own: each frame is written straight into a buffer of the caller.
 *
 *     struct segmenter segmenter;
 *     if (segmenter_begin(&segmenter, packet) == XSW_OK) {
 *         while (!segmenter_is_done(&segmenter)) {
 *             length = segmenter_write(&segmenter, buffer);  // of segmenter.frame_max bytes
 *         }
 *     }
 *
 * TCP over IPv4 and IPv6 (RFC 9293; with ECN, RFC 3168, 6.1.2: only the first frame has CWR), UDP
 * as many datagrams (UDP_L4), and UDP as one datagram in IP fragments (UDP; RFC 791, 3.2; RFC 8200,
 * 4.5). VLAN tags, IPv4 options and IPv6 extension headers stay in front of each frame. TCP and
 * datagrams in a tunnel are cut too, where packet/tunnel.h knows it.
 *
 * Threads: any; the packet is not changed and must live as long as the iterator.
 */

#include <stdint.h>

#include <xsw/error.h>
#include <xsw/packet.h>

#include "packet/tunnel.h"

enum {
    /* Frames of one packet. A guest chooses gso_size: without a limit one packet of it would become
     * 65,000 frames. Enough for segments of 32 bytes. */
    SEGMENT_FRAMES_MAX = 2048
};

struct segmenter {
    struct xsw_packet packet;
    uint32_t frames;    /* how many come in all */
    uint32_t frame_max; /* bytes of the longest */
    /* The iterator's own: */
    uint32_t next;
    uint32_t headers;     /* bytes that each frame repeats */
    uint32_t payload_end; /* of the packet: what is behind it pads an Ethernet frame */
    uint32_t step;        /* bytes of payload in a frame */
    uint32_t pseudo_sum;  /* of the transport checksum, without the length */
    uint32_t l4_offset;
    uint16_t first_id;          /* IPv4 */
    uint16_t datagram_checksum; /* of the one datagram that is cut into fragments */
    uint8_t kind;
    uint8_t is_ipv6;
    struct tunnel tunnel;
};

/* For any packet: without offloads it gives the frame as it is, once. XSW_INVALID when the offload
 * fields contradict the headers, XSW_UNSUPPORTED when they are of a kind that is not cut here. */
enum xsw_status segmenter_begin(struct segmenter *segmenter,
                                const struct xsw_packet *packet) XSW_MUST_CHECK;

static inline int segmenter_is_done(const struct segmenter *segmenter)
{
    return segmenter->next == segmenter->frames;
}

/* The next frame into `bytes`, which has room for frame_max; returns its length. Not to be called
 * when all are done. */
uint32_t segmenter_write(struct segmenter *segmenter, uint8_t *bytes);

/* Of a packet with a gso_type: whether that means its outermost headers, so that a kernel that gets
 * it with these offload fields understands it. Where it is not, as in a tunnel, a port cuts it.
 * What is not IP is left to the kernel. */
int segment_is_plain(const struct xsw_packet *packet);

/* Finds out whether a frame that came without offload fields has an unfinished TCP or UDP checksum,
 * and says so in its offload fields. Parses the packet. See segment.c for why this never spoils a
 * frame that is finished. */
void segment_find_unfinished(struct xsw_packet *packet);

#endif
