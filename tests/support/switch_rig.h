/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_SWITCH_RIG_H
#define XSW_TEST_SWITCH_RIG_H

/*
 * A switch with memory ports and a clock that a test sets. Without rig_start the worker runs on the
 * test's thread, one turn at a time, so that every test is the same each time. Whatever cannot be
 * made fails the running cmocka test.
 */

#include <stdatomic.h>
#include <stdint.h>

#include "switch/config/config.h"
#include "switch/path/worker.h"
#include "switch/port/port_memory.h"
#include "switch/switch.h"
#include "unit/packet/frames.h"

enum { RIG_PORTS_MAX = 32 };

struct rig_clock {
    _Atomic uint64_t now_ns;
    uint64_t step_ns; /* that it goes on by with each reading */
};

struct rig {
    struct vswitch *vswitch;
    struct worker *worker; /* number 0 */
    struct rig_clock clock;
    struct port *ports[RIG_PORTS_MAX]; /* by id */
    uint16_t port_count;               /* ids are 1 … port_count */
};

/* Null: one worker and the defaults. */
void rig_init(struct rig *rig, const struct switch_config *config);
void rig_fini(struct rig *rig);
void rig_advance(struct rig *rig, uint32_t seconds);

/* A memory port that keeps what it is sent, named p<id>. Null: access VLAN 1, MTU 1500. */
uint16_t rig_port(struct rig *rig, const struct port_config *config);
uint16_t rig_port_access(struct rig *rig, uint16_t vlan);
/* A trunk of the VLANs of a list that ends with 0. */
uint16_t rig_port_trunk(struct rig *rig, uint16_t native, const uint16_t *vlans);
struct port_config rig_port_config(struct rig *rig, uint16_t port);
void rig_port_set(struct rig *rig, const struct port_config *config);
void rig_rule(struct rig *rig, uint16_t port, struct acl_rule *rule);

/* An instance `name` of the extension at `path`, with one setting, or none when it is null. */
enum xsw_status rig_extension(struct rig *rig, const char *path, const char *name,
                              const char *setting, const char *value, struct xsw_error *error);
/* The workers on threads of their own, and back on the test's. */
void rig_start(struct rig *rig);
void rig_stop(struct rig *rig);

void rig_feed(struct rig *rig, uint16_t port, const struct frame *frame);
void rig_feed_bytes(struct rig *rig, uint16_t port, const void *bytes, uint32_t length,
                    const struct xsw_offload *offload);
/* Turns until nothing comes in any more. */
void rig_run(struct rig *rig);
/* Feeds and runs. */
void rig_send(struct rig *rig, uint16_t port, const struct frame *frame);
/* The next frame that was sent to the port; false when there is none. */
int rig_take(struct rig *rig, uint16_t port, struct memory_frame *frame);
/* Takes all; returns how many. */
uint32_t rig_drain(struct rig *rig, uint16_t port);
/* The next frame is these bytes. */
void rig_expect(struct rig *rig, uint16_t port, const void *bytes, uint32_t length);
void rig_expect_frame(struct rig *rig, uint16_t port, const struct frame *frame);
void rig_expect_nothing(struct rig *rig, uint16_t port);

uint64_t rig_dropped(struct rig *rig, uint16_t stage, uint16_t reason);
/* Of all stages and reasons. */
uint64_t rig_dropped_in_all(struct rig *rig);
struct port_counters rig_counters(struct rig *rig, uint16_t port);
/* The stage's id by its name. */
uint16_t rig_stage(struct rig *rig, const char *name);
/* What went into each stage came out of it or is accounted for, and only what is held is in use. */
void rig_expect_balance(struct rig *rig);
/* The same, and what came out of each stage went into the next: for a pipeline that never changed.
 */
void rig_expect_chain(struct rig *rig);

/* Frames: 02:00:00:00:00:<n> is station n. UDP over IPv4 with `payload` bytes. */
void rig_frame(struct frame *frame, uint8_t from, uint8_t to, uint32_t payload);
/* The same behind a tag. */
void rig_frame_tagged(struct frame *frame, uint8_t from, uint8_t to, uint16_t control);
void rig_frame_stations(struct frame *frame, uint8_t from, uint8_t to);

#endif
