/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CERTIFY_TRAFFIC_H
#define XSW_CERTIFY_TRAFFIC_H

/*
 * Frames for trials, the same for the same seed: what stations on a network say to each other, and
 * what nobody should. Station n has the address 02:00:00:00:00:0n and is on port n.
 *
 * Threads: one.
 */

#include <stdint.h>

#include <xsw/packet.h>

enum {
    TRAFFIC_FRAME_MAX = 65536,
    TRAFFIC_STATIONS = 4, /* 1 is the host itself, 2 the outside, the others are guests */
    TRAFFIC_INTERNAL = 1,
    TRAFFIC_EXTERNAL = 2,
    TRAFFIC_MTU = 1500
};

struct traffic {
    uint64_t random; /* not 0 */
    uint64_t count;  /* frames made */
};

struct traffic_frame {
    uint32_t length;
    uint16_t port; /* that it comes in by */
    struct xsw_offload offload;
    uint8_t bytes[TRAFFIC_FRAME_MAX];
};

uint64_t traffic_random(struct traffic *traffic);

/* An honest frame: ARP, IPv4 and IPv6 with TCP, UDP and ICMP, fragments, groups, everybody, tags,
 * large ones that are still to be segmented. */
void traffic_make(struct traffic *traffic, struct traffic_frame *frame);
/* The same without offload, of at most 1,514 bytes. */
void traffic_make_plain(struct traffic *traffic, struct traffic_frame *frame);
/* "I am here": a broadcast ARP request of a station. */
void traffic_announce(struct traffic_frame *frame, uint16_t station);
/* A UDP datagram from station to station, marked by a number. */
void traffic_between(struct traffic_frame *frame, uint16_t from, uint16_t to, uint32_t number);
/* A frame that somebody has bent, cut off, blown up, or lied about. */
void traffic_make_bad(struct traffic *traffic, struct traffic_frame *frame);

#endif
