/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CERTIFY_STAND_H
#define XSW_CERTIFY_STAND_H

/*
 * A test stand: a real switch with a memory port for each station of certify/traffic.h and a clock
 * that only the trial moves. Its worker runs on the calling thread, a turn at a time, so that every
 * run is the same.
 *
 * Ports: 1 is the internal one, 2 the external one, 3 a guest, 4 a trunk with native VLAN 1 and
 * VLAN 20.
 *
 * Threads: one.
 */

#include <stdint.h>

#include <xsw/error.h>

#include "certify/traffic.h"
#include "switch/config/config.h"
#include "switch/extension/extension_host.h"
#include "switch/port/port_memory.h"
#include "switch/switch.h"

struct spy;
struct worker;

enum { STAND_TURNS_MAX = 4096 /* of one stand_run */ };

struct stand {
    struct vswitch *vswitch;
    struct worker *worker;
    struct port *ports[TRAFFIC_STATIONS + 1]; /* by id */
    uint64_t now_ns;
    struct extension_interposer interposer;
};

/* Without ports. `spy` stands between it and what it loads; null: it will load nothing. */
enum xsw_status stand_create(struct stand *stand, struct spy *spy,
                             struct xsw_error *error) XSW_MUST_CHECK;
void stand_destroy(struct stand *stand);
/* The ports, and the activation of the switch. `has_trunk`: not beside a forwarder, which may
 * refuse VLANs; port 4 is like port 3 then. */
enum xsw_status stand_ports(struct stand *stand, bool has_trunk,
                            struct xsw_error *error) XSW_MUST_CHECK;

/* The extension under trial, as instance "trial". */
enum xsw_status stand_load(struct stand *stand, const char *path,
                           const struct extension_setting *settings, size_t count,
                           struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status stand_unload(struct stand *stand, struct xsw_error *error) XSW_MUST_CHECK;

void stand_feed(struct stand *stand, const struct traffic_frame *frame);
/* Turns until a turn finds nothing to do, at most STAND_TURNS_MAX. False when that was too few. */
bool stand_run(struct stand *stand);
/* Lets time pass, in steps of `step_ns` with a turn and what comes of it after each. False as
 * stand_run. */
bool stand_wait(struct stand *stand, uint64_t duration_ns, uint64_t step_ns);
/* The next frame that a port was sent; false when there is none. */
bool stand_take(struct stand *stand, uint16_t port, struct memory_frame *frame);
void stand_drain(struct stand *stand);

/* A violation that the host has counted, by its place in the table; adds up all stages. */
uint64_t stand_violations(struct stand *stand, int violation);

#endif
