/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_SERVICES_H
#define XSW_TEST_SERVICES_H

/*
 * What a host offers, played by a test: packets that the extension makes, injects, sends or
 * releases are kept for the test to look at; ports and properties are what the test says.
 */

#include <stdint.h>

#include <xsw/extension.h>

enum { SERVICES_KEPT_MAX = 256, SERVICES_FRAME_MAX = 2048, SERVICES_PORTS_MAX = 16 };

struct services_frame {
    struct xsw_packet packet; /* data points to bytes */
    struct xsw_packet *original;
    enum xsw_direction direction;
    uint8_t bytes[SERVICES_FRAME_MAX];
};

struct services {
    struct services_frame sent[SERVICES_KEPT_MAX]; /* by send and inject, in order */
    uint32_t sent_count;
    struct xsw_packet *released[SERVICES_KEPT_MAX];
    struct xsw_verdict released_with[SERVICES_KEPT_MAX];
    uint32_t released_count;
    int32_t made;               /* packets that the extension has, and has to give back */
    enum xsw_status send_gives; /* XSW_OK, or what send and inject refuse with */
    uint8_t is_exhausted;       /* no buffer is left for alloc and clone */
    struct xsw_port_info ports[SERVICES_PORTS_MAX];
    uint32_t port_count;
    struct xsw_property properties[SERVICES_PORTS_MAX]; /* one of each port at most */
    uint32_t synchronized;                              /* calls of synchronize */
    struct services_frame pool[8];
    uint8_t is_used[8];
};

/* Gives the host its tables; host->context points to a struct that begins with a pointer to
 * `services`. */
void services_offer(struct services *services, struct xsw_host *host);

#endif
