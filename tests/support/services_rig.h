/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_SERVICES_RIG_H
#define XSW_TEST_SERVICES_RIG_H

/*
 * A switch of three ports for tests of what extensions do to packets beyond a verdict. The filter
 * workshop and the forwarder postpone do what their setting "how" names, and have a tick each
 * millisecond. For one source file.
 */

#include <stdint.h>

#include "support/switch_rig.h"
#include "switch/path/reasons.h"
#include "switch/state.h"

static struct rig rig;

static inline int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    rig.clock.now_ns = 1000000000;
    for (int i = 0; i < 3; i++) {
        rig_port(&rig, NULL);
    }
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

static inline void tick(void)
{
    rig.clock.now_ns += 1000000;
    rig_run(&rig);
}

/* With its first tick behind it, so that the next one comes when a test wants it. */
static inline void load_from(const char *path, const char *how)
{
    struct xsw_error error;
    if (rig_extension(&rig, path, "", "how", how, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    rig_run(&rig);
}

static inline void load(const char *how)
{
    load_from(EXTENSION_DIR "/test/workshop.so", how);
}

static inline uint16_t ingress_stage(void)
{
    return rig_stage(&rig, "ingress-filter.workshop");
}

static inline uint16_t egress_stage(void)
{
    return rig_stage(&rig, "egress-filter.workshop");
}

static inline struct stage_counters counters_of(uint16_t stage)
{
    return vswitch_stage_counters(rig.vswitch, stage);
}

static inline uint64_t violations(uint16_t stage, enum violation violation)
{
    return VSWITCH_SUM(rig.vswitch, violations[stage][violation]);
}

static inline uint64_t violations_in_all(void)
{
    uint64_t sum = 0;
    for (uint16_t stage = 0; stage < STAGES_MAX; stage++) {
        for (int violation = 0; violation < VIOLATION_COUNT; violation++) {
            sum += violations(stage, (enum violation)violation);
        }
    }
    return sum;
}

/* Stations 1 and 2 have been heard of, so that nothing is flooded. */
static inline void stations_learn(void)
{
    struct frame frame;
    rig_frame(&frame, 1, 2, 10);
    rig_send(&rig, 1, &frame);
    rig_frame(&frame, 2, 1, 10);
    rig_send(&rig, 2, &frame);
    tick();
    tick();
    for (uint16_t port = 1; port <= 3; port++) {
        rig_drain(&rig, port);
    }
}

static inline void load_forwarder(const char *how)
{
    load_from(EXTENSION_DIR "/test/postpone.so", how);
}

#endif
