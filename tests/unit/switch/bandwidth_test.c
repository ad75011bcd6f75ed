/* SPDX-License-Identifier: Apache-2.0 */
/* What a port may send, to the packet. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/bandwidth_rig.h"
#include "switch/policy/bandwidth_bucket.h"

/* Limits ----------------------------------------------------------------------------------- */

static void a_limit_lets_out_one_packet_at_a_time(void **state)
{
    (void)state;
    limit_set(alice, BYTE_A_US, BURST);
    feed(alice, 40);
    assert_int_equal(sent(), 5); /* the burst */
    for (uint32_t i = 0; i < 20; i++) {
        advance_us(SIZE - 1);
        assert_int_equal(sent(), 0);
        assert_int_equal(rig.worker->bandwidth_due, rig.clock.now_ns + 1 * US);
        advance_us(1);
        assert_int_equal(sent(), 1);
    }
    advance_us(3 * SIZE);
    assert_int_equal(sent(), 3);
    assert_int_equal(info_of(alice).queued_packets, 12);
    assert_int_equal(info_of(alice).queued_bytes, 12 * SIZE);
    advance_us(1000 * SIZE);
    while (sent() != 0) {
        advance_us(1000 * SIZE);
    }
    assert_int_equal(info_of(alice).queued_packets, 0);
}

static void a_rate_is_exact_over_a_long_time(void **state)
{
    (void)state;
    enum { ROUNDS = 2000 };
    uint32_t in_all = 0;
    limit_set(alice, 33333333, 8000); /* no whole number of nanoseconds a byte */
    for (uint32_t i = 0; i < ROUNDS; i++) {
        feed_sized(alice, 20, 333);
        in_all += sent();
        advance_us(1000);
    }
    in_all += sent();
    uint64_t bytes = 8000 + (uint64_t)33333333 * ROUNDS / 8000;
    assert_in_range(in_all, bytes / 333 - 1, bytes / 333);
    advance_us(100000);
    sent();
}

static void others_are_not_limited(void **state)
{
    (void)state;
    limit_set(alice, BYTE_A_US, BURST);
    feed(alice, 20);
    feed(bob, 20);
    assert_int_equal(sent(), 25);
    advance_us(20 * SIZE);
    sent();
    advance_us(20 * SIZE);
    sent();
    advance_us(20 * SIZE);
    sent();
}

static void what_does_not_fit_is_dropped(void **state)
{
    (void)state;
    limit_set(alice, BYTE_A_US, BURST);
    feed(alice, 5 + 65 + 10); /* 65,536 bytes may wait: more than 50 ms at this rate */
    assert_int_equal(sent(), 5);
    assert_int_equal(dropped(REASON_BANDWIDTH_LIMIT), 10);
    assert_int_equal(info_of(alice).dropped, 10);
    assert_int_equal(info_of(alice).queued_packets, 65);
    advance_us(SIZE);
    feed(alice, 2);
    assert_int_equal(sent(), 1);
    assert_int_equal(dropped(REASON_BANDWIDTH_LIMIT), 12); /* asked before the queue moved */
    for (uint32_t i = 0; i < 20; i++) {
        advance_us(5 * SIZE);
        sent();
    }
}

static void the_queue_of_a_fast_port_holds_50_ms(void **state)
{
    (void)state;
    limit_set(alice, 2 * BYTE_A_US, BURST);
    feed(alice, 5 + 100);
    assert_int_equal(sent(), 5);
    assert_int_equal(info_of(alice).queued_packets, 100);
    feed(alice, 1);
    sent();
    assert_int_equal(dropped(REASON_BANDWIDTH_LIMIT), 1);
    for (uint32_t i = 0; i < 30; i++) {
        advance_us(4 * SIZE / 2);
        sent();
    }
}

static void packets_keep_their_order(void **state)
{
    (void)state;
    struct memory_frame frame;
    uint8_t next = 0;
    limit_set(alice, BYTE_A_US, BURST);
    feed(alice, 30);
    for (uint32_t i = 0; i < 40; i++) {
        rig_run(&rig);
        while (rig_take(&rig, sink, &frame)) {
            assert_int_equal(frame.bytes[frame.length - 1], next % 30);
            next++;
        }
        if (i == 10) {
            feed(alice, 30); /* behind those that wait */
        }
        advance_us(2 * SIZE);
    }
    assert_int_equal(next, 60);
}

static void a_packet_larger_than_the_bucket_leaves_a_debt(void **state)
{
    (void)state;
    static uint8_t bytes[60000];
    struct frame frame;
    rig_frame(&frame, 1, 3, 100);
    memcpy(bytes, frame.bytes, frame.length);
    wire_write16(bytes + ETHERNET_SIZE + 2, sizeof(bytes) - ETHERNET_SIZE);
    struct xsw_offload offload = {.flags = XSW_OFFLOAD_NEEDS_CHECKSUM,
                                  .gso_type = XSW_GSO_UDP_L4,
                                  .header_length = 42,
                                  .gso_size = 1400,
                                  .csum_start = 34,
                                  .csum_offset = 6};
    limit_set(alice, BYTE_A_US, BURST);
    rig_feed_bytes(&rig, alice, bytes, sizeof(bytes), &offload);
    feed(alice, 1);
    assert_int_equal(sent(), 1);
    advance_us(sizeof(bytes) + SIZE - BURST - 1);
    assert_int_equal(sent(), 0);
    advance_us(1);
    assert_int_equal(sent(), 1);
}

static void a_change_of_something_else_gives_no_second_burst(void **state)
{
    (void)state;
    limit_set(alice, BYTE_A_US, BURST);
    feed(alice, 10);
    assert_int_equal(sent(), 5);
    struct port_config config = rig_port_config(&rig, bob);
    config.mtu = 1400;
    rig_port_set(&rig, &config);
    assert_int_equal(sent(), 0);
    advance_us(5 * SIZE);
    assert_int_equal(sent(), 5);
}

static void without_the_limit_all_that_waited_goes_first(void **state)
{
    (void)state;
    struct memory_frame frame;
    limit_set(alice, BYTE_A_US, BURST);
    feed(alice, 20);
    assert_int_equal(sent(), 5);
    limit_set(alice, 0, 0);
    feed(alice, 3);
    rig_run(&rig);
    for (uint32_t i = 0; i < 18; i++) {
        assert_true(rig_take(&rig, sink, &frame));
        assert_int_equal(frame.bytes[frame.length - 1], i < 15 ? i + 5 : i - 15);
    }
    rig_expect_nothing(&rig, sink);
    assert_int_equal(info_of(alice).queued_bytes, 0);
}

static void a_higher_limit_is_not_kept_down_by_the_debt_of_the_lower_one(void **state)
{
    (void)state;
    limit_set(alice, 8000, 2000); /* a byte in a millisecond: a packet a second */
    feed(alice, 4);
    assert_int_equal(sent(), 2);
    limit_set(alice, 1000 * (uint64_t)BYTE_A_US, 2000);
    advance_us(100);
    assert_int_equal(sent(), 2);
}

static void what_waits_for_a_port_that_goes_is_dropped(void **state)
{
    (void)state;
    limit_set(alice, BYTE_A_US, BURST);
    feed(alice, 10);
    assert_int_equal(sent(), 5);
    struct port_config config = rig_port_config(&rig, sink);
    struct port_counters before = rig_counters(&rig, sink);
    assert_int_equal(before.tx_packets, 5 + 2);
    assert_int_equal(vswitch_port_remove(rig.vswitch, config.name, NULL), XSW_OK);
    for (uint32_t i = 0; i < 3; i++) {
        advance_us(5 * SIZE);
        rig_run(&rig);
    }
    assert_int_equal(dropped(REASON_PORT_DOWN), 5);
    assert_int_equal(packet_pool_in_use(rig.worker->pool), 0);
}

static void what_a_port_sent_before_it_went_goes_on(void **state)
{
    (void)state;
    limit_set(alice, BYTE_A_US, BURST);
    feed(alice, 10);
    assert_int_equal(sent(), 5);
    struct port_config config = rig_port_config(&rig, alice);
    assert_int_equal(vswitch_port_remove(rig.vswitch, config.name, NULL), XSW_OK);
    assert_int_equal(sent(), 5);
    assert_int_equal(packet_pool_in_use(rig.worker->pool), 0);
}

static void copies_of_a_flood_count_and_mirror_copies_do_not(void **state)
{
    (void)state;
    struct port_config config = rig_port_config(&rig, alice);
    snprintf(config.mirror_to, sizeof(config.mirror_to), "p2");
    config.bandwidth = (struct bandwidth_config){.limit = BYTE_A_US, .burst = BURST};
    config.mirror_direction = MIRROR_IN;
    rig_port_set(&rig, &config);
    feed(alice, 10);
    rig_run(&rig);
    assert_int_equal(rig_drain(&rig, sink), 5);
    assert_int_equal(rig_drain(&rig, bob), 10);
    advance_us(5 * SIZE);
    assert_int_equal(sent(), 5);
    config.mirror_to[0] = '\0';
    rig_port_set(&rig, &config);
    advance_us(5 * SIZE);
    struct frame frame;
    rig_frame(&frame, 1, 0x77, SIZE - 42); /* unknown: to bob and to the sink */
    for (uint32_t i = 0; i < 5; i++) {
        rig_feed(&rig, alice, &frame);
    }
    rig_run(&rig);
    assert_int_equal(rig_drain(&rig, sink) + rig_drain(&rig, bob), 5);
    advance_us(5 * SIZE);
    rig_run(&rig);
    assert_int_equal(rig_drain(&rig, sink) + rig_drain(&rig, bob), 5);
}

/* Workers share a bucket ------------------------------------------------------------------------
 */

enum { THREADS = 4, TAKES = 20000, TAKE_BYTES = 100 };

struct taker {
    _Atomic uint64_t *bucket;
    _Atomic uint64_t *clock_ns;
    const struct bandwidth_rate *rate;
    uint64_t taken;
};

static void *taker_run(void *argument)
{
    struct taker *taker = argument;
    for (uint32_t i = 0; i < TAKES; i++) {
        uint64_t now = atomic_fetch_add(taker->clock_ns, 1000);
        uint64_t ready;
        if (bucket_take(taker->bucket, taker->rate, TAKE_BYTES, now, &ready)) {
            taker->taken += TAKE_BYTES;
        }
    }
    return NULL;
}

static void workers_at_once_take_no_more_than_there_is(void **state)
{
    (void)state;
    const struct bandwidth_rate rate = {.rate = BYTE_A_US,
                                        .depth = 5000ull * 1000 * TIMES_A_NS,
                                        .debt = 65536ull * 1000 * TIMES_A_NS};
    const uint64_t start = UINT64_C(1000000000);
    _Atomic uint64_t bucket = 0;
    _Atomic uint64_t clock_ns = start;
    struct taker takers[THREADS];
    pthread_t threads[THREADS];
    uint64_t taken = 0;
    for (uint32_t i = 0; i < THREADS; i++) {
        takers[i] = (struct taker){.bucket = &bucket, .clock_ns = &clock_ns, .rate = &rate};
        assert_int_equal(pthread_create(&threads[i], NULL, taker_run, &takers[i]), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        taken += takers[i].taken;
    }
    uint64_t most = 5000 + (clock_ns - start) / 1000;
    assert_in_range(taken, most * 9 / 10, most);
}

/* What a port that is gone has counted is no part of the balance. */
static int tear_down_bare(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_PORT_GOES(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down_bare)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_limit_lets_out_one_packet_at_a_time),
        TEST(a_rate_is_exact_over_a_long_time),
        TEST(others_are_not_limited),
        TEST(what_does_not_fit_is_dropped),
        TEST(the_queue_of_a_fast_port_holds_50_ms),
        TEST(packets_keep_their_order),
        TEST(a_packet_larger_than_the_bucket_leaves_a_debt),
        TEST(a_change_of_something_else_gives_no_second_burst),
        TEST(without_the_limit_all_that_waited_goes_first),
        TEST(a_higher_limit_is_not_kept_down_by_the_debt_of_the_lower_one),
        TEST_PORT_GOES(what_waits_for_a_port_that_goes_is_dropped),
        TEST_PORT_GOES(what_a_port_sent_before_it_went_goes_on),
        TEST(workers_at_once_take_no_more_than_there_is),
        TEST(copies_of_a_flood_count_and_mirror_copies_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
