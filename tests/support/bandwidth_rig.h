/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_BANDWIDTH_RIG_H
#define XSW_TEST_BANDWIDTH_RIG_H

/*
 * A switch for tests of bandwidth: alice and bob send to the sink. A rate of 8 Mbit/s is one byte
 * in a microsecond, so that a packet of 1,000 bytes is one millisecond. The clock stands still but
 * where a test moves it. For one source file.
 */

#include <stddef.h>
#include <string.h>

#include "support/switch_rig.h"
#include "switch/path/reasons.h"
#include "switch/policy/bandwidth.h"
#include "switch/state.h"

enum { BYTE_A_US = 8000000, SIZE = 1000, US = 1000, BURST = 5 * SIZE };

static struct rig rig;
static uint16_t alice, bob, sink; /* stations 1, 2 and 3 */

static inline void rig_make(enum bandwidth_mode mode, uint32_t workers)
{
    struct switch_config config;
    switch_config_init(&config);
    config.bandwidth_mode = mode;
    config.workers = workers;
    rig_init(&rig, &config);
    alice = rig_port_access(&rig, 1);
    bob = rig_port_access(&rig, 1);
    sink = rig_port_access(&rig, 1);
    struct frame frame;
    for (uint8_t station = 1; station <= 3; station++) {
        rig_frame(&frame, station, 9, 0);
        rig_send(&rig, station, &frame);
    }
    for (uint16_t port = 1; port <= 3; port++) {
        rig_drain(&rig, port);
    }
}

static inline int set_up(void **state)
{
    (void)state;
    rig_make(BANDWIDTH_NONE, 1);
    return 0;
}

static inline int set_up_weight(void **state)
{
    (void)state;
    rig_make(BANDWIDTH_WEIGHT, 1);
    return 0;
}

static inline int set_up_absolute(void **state)
{
    (void)state;
    rig_make(BANDWIDTH_ABSOLUTE, 1);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    rig_expect_balance(&rig);
    rig_fini(&rig);
    return 0;
}

static inline void advance_us(uint64_t microseconds)
{
    rig.clock.now_ns += microseconds * US;
}

static inline void bandwidth_set(uint16_t port, const struct bandwidth_config *bandwidth)
{
    struct port_config config = rig_port_config(&rig, port);
    config.bandwidth = *bandwidth;
    rig_port_set(&rig, &config);
}

static inline void limit_set(uint16_t port, uint64_t limit, uint32_t burst)
{
    bandwidth_set(port, &(struct bandwidth_config){.limit = limit, .burst = burst});
}

static inline void capacity_set(uint64_t capacity)
{
    bandwidth_set(sink, &(struct bandwidth_config){.capacity = capacity});
}

/* Packets from a station to the sink; the last byte numbers them. */
static inline void feed_sized(uint16_t port, uint32_t count, uint32_t size)
{
    struct frame frame;
    rig_frame(&frame, (uint8_t)port, 3, size - 42);
    for (uint32_t i = 0; i < count; i++) {
        frame.bytes[frame.length - 1] = (uint8_t)i;
        rig_feed(&rig, port, &frame);
    }
}

static inline void feed(uint16_t port, uint32_t count)
{
    feed_sized(port, count, SIZE);
}

/* How many come out at the sink now. */
static inline uint32_t sent(void)
{
    rig_run(&rig);
    return rig_drain(&rig, sink);
}

static inline struct bandwidth_info info_of(uint16_t port)
{
    struct bandwidth_info info;
    bandwidth_read(rig.vswitch->bandwidth, port, &info);
    return info;
}

static inline uint64_t dropped(uint16_t reason)
{
    return rig_dropped(&rig, STAGE_EGRESS_POLICY, reason);
}

#endif
