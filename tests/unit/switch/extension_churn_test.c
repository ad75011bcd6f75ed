/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions of all classes are enabled, disabled, moved, set and upgraded a thousand times while
 * two workers carry traffic as fast as they can. Every packet is accounted for, and nothing is left
 * behind. For the sanitizers of memory and of threads as much as for itself. */
#include <dirent.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/switch_rig.h"
#include "switch/path/reasons.h"
#include "switch/state.h"

enum { CYCLES = 1000, BURST = 200, ONE_IN_UPGRADE = 40, ONE_IN_SET = 25, ONE_IN_MOVE = 10 };

static struct rig rig;
static struct xsw_error error;
static uint64_t fed;

/* One of each class and behaviour: sees, passes and remembers, holds, forwards. */
static const struct {
    const char *name, *file, *setting, *value;
} instances[] = {
    {"look", "test/lookcount", NULL, NULL},
    {"book", "test/notebook1", "records", "2"},
    {"hold", "test/notebook1", "trouble", "hold"},
    {"hub", "test/hub", NULL, NULL},
    {"under", "rewrite", "dscp", "46"},
};
enum { INSTANCES = sizeof(instances) / sizeof(instances[0]) };

static void must(enum xsw_status status)
{
    if (status != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static uint32_t descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint32_t count = 0;
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

/* Packets that are still on their way when it returns. */
static void burst_feed(void)
{
    struct frame frame;
    rig_frame(&frame, 1, 2, 100);
    for (uint32_t i = 0; i < BURST; i++) {
        while (!port_memory_feed(rig.ports[1], frame.bytes, (uint32_t)frame.length, NULL)) {
            sched_yield();
        }
        fed++;
    }
}

static void all_are_received(void)
{
    while (vswitch_stage_counters(rig.vswitch, STAGE_RX).in < fed) {
        sched_yield();
    }
}

/* A port that throws away what it is sent. */
static void sink_add(const char *name)
{
    struct port_config config;
    port_config_init(&config);
    config.kind = PORT_KIND_MEMORY;
    snprintf(config.name, sizeof(config.name), "%s", name);
    must(vswitch_port_add(rig.vswitch, &config, &rig.port_count, &error));
}

static void extensions_add(void)
{
    for (size_t i = 0; i < INSTANCES; i++) {
        char path[256];
        snprintf(path, sizeof(path), EXTENSION_DIR "/%s.so", instances[i].file);
        must(rig_extension(&rig, path, instances[i].name, instances[i].setting, instances[i].value,
                           &error));
    }
}

static void one_cycle(uint32_t cycle)
{
    const char *name = instances[cycle % INSTANCES].name;
    burst_feed();
    must(vswitch_extension_disable(rig.vswitch, name, &error));
    burst_feed();
    must(vswitch_extension_enable(rig.vswitch, name, &error));
    if (cycle % ONE_IN_UPGRADE == 0) {
        must(vswitch_extension_upgrade(rig.vswitch, "book", NULL, &error));
        must(vswitch_extension_upgrade(rig.vswitch, "hold", NULL, &error));
    }
    if (cycle % ONE_IN_SET == 0) {
        const char *texts[] = {"10"};
        struct extension_setting setting = {.name = "dscp", .texts = texts, .text_count = 1};
        struct extension_config config = {
            .name = "under", .settings = &setting, .setting_count = 1};
        must(vswitch_extension_set(rig.vswitch, &config, &error));
    }
    if (cycle % ONE_IN_MOVE == 0) {
        must(vswitch_extension_move(
            rig.vswitch, "book", cycle % 2 == 0 ? EXTENSION_TOP : EXTENSION_BOTTOM, NULL, &error));
    }
}

static void losses_are_those_of_the_hold_limit(void)
{
    uint64_t at_limit = 0;
    for (uint16_t stage = 0; stage < STAGES_MAX; stage++) {
        at_limit += rig_dropped(&rig, stage, REASON_HOLD_LIMIT);
    }
    assert_int_equal(rig_dropped_in_all(&rig), at_limit);
}

static void a_thousand_changes_under_traffic_lose_nothing_untold(void **state)
{
    (void)state;
    struct switch_config config;
    switch_config_init(&config);
    config.workers = 2;
    rig_init(&rig, &config);
    rig_port(&rig, NULL);
    sink_add("p2");
    sink_add("p3");
    rig.clock.step_ns = 1000;
    extensions_add();
    uint32_t before = descriptors();

    rig_start(&rig);
    for (uint32_t cycle = 0; cycle < CYCLES; cycle++) {
        one_cycle(cycle);
    }
    all_are_received();
    /* What it holds goes on its way. */
    must(vswitch_extension_disable(rig.vswitch, "hold", &error));
    rig_stop(&rig);
    rig_run(&rig);

    assert_int_equal(descriptors(), before);
    assert_int_equal(rig_counters(&rig, 1).rx_packets, fed);
    losses_are_those_of_the_hold_limit();
    rig_expect_balance(&rig);
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_changes_under_traffic_lose_nothing_untold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
