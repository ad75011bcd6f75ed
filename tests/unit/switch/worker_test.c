/* SPDX-License-Identifier: Apache-2.0 */
/* Workers: ids, snapshots, threads that sleep and wake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/switch_rig.h"
#include "switch/path/observe.h"

static struct rig rig;

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

static void make(uint32_t workers)
{
    struct switch_config config;
    switch_config_init(&config);
    config.workers = workers;
    rig_init(&rig, &config);
}

/* Keeps the ids that it sees. */
enum { IDS_MAX = 4096 };
struct ids {
    uint64_t ids[IDS_MAX];
    uint32_t count;
};

static void ids_begin(void *state, uint32_t worker, const struct worker_counters *counters)
{
    (void)state;
    (void)worker;
    (void)counters;
}

static void ids_received(void *state, uint32_t worker, struct packet *const *packets,
                         uint32_t count, uint8_t bit)
{
    (void)state;
    (void)worker;
    (void)packets;
    (void)count;
    (void)bit;
}

static void ids_ended(void *state, uint32_t worker, const struct ended_batch *batch, uint8_t bit)
{
    (void)worker;
    (void)bit;
    struct ids *ids = state;
    for (uint32_t i = 0; i < batch->count && ids->count < IDS_MAX; i++) {
        ids->ids[ids->count++] = batch->packets[i]->id;
    }
}

static const struct observer_ops ids_ops = {ids_begin, ids_begin, ids_received, ids_ended};

static void ids_of_several_workers_are_never_the_same(void **state)
{
    (void)state;
    enum { WORKERS = 3 };
    static struct ids ids;
    ids.count = 0;
    make(WORKERS);
    for (unsigned i = 0; i < 3; i++) {
        rig_port(&rig, NULL);
    }
    static struct frame frame;
    static struct memory_frame played;
    rig_frame(&frame, 1, 9, 10);
    played = (struct memory_frame){.bytes = frame.bytes, .length = (uint32_t)frame.length};
    port_memory_play(rig.ports[1], &played, 1);
    struct observer observer = {.ops = &ids_ops, .state = &ids};
    assert_int_equal(vswitch_observer_add(rig.vswitch, &observer, NULL), XSW_OK);
    for (uint32_t round = 0; round < 4; round++) {
        for (uint32_t i = 0; i < WORKERS; i++) {
            assert_true(worker_turn(vswitch_worker(rig.vswitch, i)) > 0);
        }
    }
    assert_true(ids.count > 1000);
    for (uint32_t i = 0; i < ids.count; i++) {
        assert_true(ids.ids[i] != 0);
        for (uint32_t j = 0; j < i; j++) {
            assert_true(ids.ids[i] != ids.ids[j]);
        }
    }
    assert_int_equal(vswitch_observer_remove(rig.vswitch, &observer, NULL), XSW_OK);
    rig_expect_chain(&rig);
}

static void an_idle_worker_receives_nothing_and_counts_no_batch(void **state)
{
    (void)state;
    make(1);
    rig_port(&rig, NULL);
    uint64_t clock = rig.clock.now_ns;
    rig.clock.step_ns = 1;
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(worker_turn(rig.worker), 0);
    }
    assert_int_equal(rig.worker->batches, 0);
    assert_int_equal(rig.clock.now_ns, clock); /* nobody asked the time */
}

static void busy_ports_take_turns(void **state)
{
    (void)state;
    enum { PORTS = 8 };
    make(1);
    static struct frame frames[PORTS];
    static struct memory_frame played[PORTS];
    for (uint16_t port = 1; port <= PORTS; port++) {
        rig_port_access(&rig, port);
        rig_frame(&frames[port - 1], (uint8_t)port, 9, 10);
        played[port - 1] = (struct memory_frame){.bytes = frames[port - 1].bytes,
                                                 .length = (uint32_t)frames[port - 1].length};
        port_memory_play(rig.ports[port], &played[port - 1], 1);
    }
    for (unsigned turn = 0; turn < 2 * PORTS; turn++) {
        assert_int_equal(worker_turn(rig.worker), XSW_BATCH_MAX);
    }
    for (uint16_t port = 1; port <= PORTS; port++) {
        assert_int_equal(rig_counters(&rig, port).rx_packets, 2 * XSW_BATCH_MAX);
    }
}

/* Waits for a frame that a sleeping or busy worker is to bring. */
static void arrives(uint16_t port, const struct frame *frame)
{
    struct memory_frame got;
    while (!rig_take(&rig, port, &got)) {
    }
    assert_int_equal(got.length, frame->length);
    assert_memory_equal(got.bytes, frame->bytes, frame->length);
}

static void a_sleeping_worker_wakes_for_a_packet_and_for_a_change(void **state)
{
    (void)state;
    make(1);
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    rig_start(&rig);
    struct frame frame;
    for (uint8_t i = 0; i < 100; i++) {
        rig_frame(&frame, 1, 9, i);
        rig_feed(&rig, 1, &frame);
        arrives(2, &frame);
        /* Returns only when the worker has taken it up, asleep or not. */
        struct port_config config = rig_port_config(&rig, 2);
        config.mtu = 1400u + i;
        rig_port_set(&rig, &config);
    }
    rig_stop(&rig);
    rig_expect_chain(&rig);
}

static void ports_come_and_go_under_traffic(void **state)
{
    (void)state;
    make(2);
    static struct frame frame;
    static struct memory_frame played;
    rig_port(&rig, NULL);
    rig_frame(&frame, 1, 9, 10);
    played = (struct memory_frame){.bytes = frame.bytes, .length = (uint32_t)frame.length};
    port_memory_play(rig.ports[1], &played, 1);
    rig_start(&rig);
    for (unsigned round = 0; round < 50; round++) {
        struct port_config config;
        port_config_init(&config);
        config.kind = PORT_KIND_MEMORY;
        snprintf(config.name, sizeof(config.name), "passing");
        uint16_t id = 0;
        assert_int_equal(vswitch_port_add(rig.vswitch, &config, &id, NULL), XSW_OK);
        uint64_t before = vswitch_stage_counters(rig.vswitch, STAGE_TX).out;
        while (vswitch_stage_counters(rig.vswitch, STAGE_TX).out < before + 100) {
        }
        assert_int_equal(vswitch_port_remove(rig.vswitch, "passing", NULL), XSW_OK);
    }
    rig_stop(&rig);
    for (uint16_t stage = 0; stage < STAGES_MAX; stage++) {
        struct stage_counters counters = vswitch_stage_counters(rig.vswitch, stage);
        assert_int_equal(counters.in + counters.clones, counters.out + counters.dropped);
    }
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(packet_pool_in_use(vswitch_worker(rig.vswitch, i)->pool), 0);
    }
}

#define CLAIM(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(ids_of_several_workers_are_never_the_same),
        CLAIM(an_idle_worker_receives_nothing_and_counts_no_batch),
        CLAIM(busy_ports_take_turns),
        CLAIM(a_sleeping_worker_wakes_for_a_packet_and_for_a_change),
        CLAIM(ports_come_and_go_under_traffic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
