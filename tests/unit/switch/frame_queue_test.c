/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/path/frame_queue.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct frame_queue *queue;

static int setup(void **state)
{
    (void)state;
    return frame_queue_create(&queue, NULL) == XSW_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    frame_queue_destroy(queue);
    return 0;
}

/* Frame number n: a length and bytes that depend on it. */
static uint32_t length_of(uint32_t number)
{
    return 14 + number * 7919 % 60000;
}

static enum xsw_status put(uint32_t number)
{
    static uint8_t bytes[65536];
    memset(bytes, (int)(number & 0xff), length_of(number));
    return frame_queue_put(queue, (uint16_t)(number % 256), bytes, length_of(number));
}

/* Takes the oldest; returns whether it is frame number n in full, byte for byte. */
static int take(uint32_t number)
{
    struct queued_frame frame;
    if (!frame_queue_look(queue, &frame) || frame.length != length_of(number) ||
        frame.source_port != number % 256) {
        return 0;
    }
    for (uint32_t i = 0; i < frame.length; i++) {
        if (frame.bytes[i] != (number & 0xff)) {
            return 0;
        }
    }
    frame_queue_drop(queue);
    return 1;
}

static void frames_come_out_whole_and_in_order(void **state)
{
    (void)state;
    uint32_t in = 0;
    uint32_t out = 0;
    struct queued_frame frame;
    assert_false(frame_queue_look(queue, &frame));
    for (int round = 0; round < 300; round++) {
        while (put(in) == XSW_OK) {
            in++;
        }
        for (int i = 0; i < 3 && out < in; i++) {
            assert_true(take(out++));
        }
    }
    while (out < in) {
        assert_true(take(out++));
    }
    assert_false(frame_queue_look(queue, &frame));
    assert_true(in > 300);
}

static void a_full_queue_says_again_and_keeps_what_it_has(void **state)
{
    (void)state;
    static uint8_t bytes[65535];
    uint32_t count = 0;
    while (frame_queue_put(queue, 1, bytes, sizeof(bytes)) == XSW_OK) {
        count++;
        assert_true(count < 100);
    }
    assert_true(count >= 3);
    assert_int_equal(frame_queue_put(queue, 1, bytes, sizeof(bytes)), XSW_AGAIN);
    struct queued_frame frame;
    while (frame_queue_look(queue, &frame)) {
        assert_int_equal(frame.length, sizeof(bytes));
        frame_queue_drop(queue);
        count--;
    }
    assert_int_equal(count, 0);
}

enum { HAMMERED = 3000 };

static void *consume(void *argument)
{
    uint32_t *failed_at = argument;
    for (uint32_t number = 0; number < HAMMERED; number++) {
        struct queued_frame frame;
        while (!frame_queue_look(queue, &frame)) {
            sched_yield();
        }
        if (!take(number)) {
            *failed_at = number;
            return NULL;
        }
    }
    return NULL;
}

static void a_producer_and_a_consumer_need_no_lock(void **state)
{
    (void)state;
    pthread_t thread;
    uint32_t failed_at = UINT32_MAX;
    assert_int_equal(pthread_create(&thread, NULL, consume, &failed_at), 0);
    for (uint32_t number = 0; number < HAMMERED; number++) {
        while (put(number) == XSW_AGAIN) {
            sched_yield();
        }
    }
    pthread_join(thread, NULL);
    assert_int_equal(failed_at, UINT32_MAX);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(frames_come_out_whole_and_in_order),
        CLAIM(a_full_queue_says_again_and_keeps_what_it_has),
        CLAIM(a_producer_and_a_consumer_need_no_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
