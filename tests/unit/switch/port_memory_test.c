/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "switch/port/port_memory.h"

enum { LARGE = 4 }; /* large packets for what is received */

static struct port *port;
static struct packet_pool *pool;

static int setup(void **state)
{
    (void)state;
    struct port_config config = {.kind = PORT_KIND_MEMORY};
    assert_int_equal(port_memory_ops.open(&config, 2, &port, NULL), XSW_OK);
    assert_int_equal(packet_pool_create(2048, LARGE + PACKET_LARGE_RESERVE, &pool, NULL), XSW_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    port->ops->close(port);
    packet_pool_destroy(pool);
    return 0;
}

static uint32_t receive(struct packet **packets, uint32_t capacity)
{
    return port->ops->receive(port, 0, pool, packets, capacity);
}

static void frames_come_in_as_they_were_fed(void **state)
{
    (void)state;
    const struct xsw_offload offload = {.flags = 1, .csum_start = 2};
    struct packet *packets[4];
    assert_int_equal(receive(packets, 4), 0);
    assert_true(port_memory_feed(port, "first", 5, NULL));
    assert_true(port_memory_feed(port, "second", 6, &offload));
    assert_int_equal(receive(packets, 1), 1);
    assert_int_equal(packets[0]->seen.length, 5);
    assert_memory_equal(packets[0]->seen.data, "first", 5);
    assert_int_equal(receive(packets + 1, 3), 1);
    assert_memory_equal(packets[1]->seen.data, "second", 6);
    assert_memory_equal(&packets[1]->seen.offload, &offload, sizeof(offload));
    packet_free(pool, packets, 2);
}

static void a_full_port_takes_no_more_frames(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MEMORY_PORT_SLOTS; i++) {
        assert_true(port_memory_feed(port, &i, sizeof(i), NULL));
    }
    unsigned over = MEMORY_PORT_SLOTS;
    assert_false(port_memory_feed(port, &over, sizeof(over), NULL));
    for (unsigned i = 0; i < 2 * MEMORY_PORT_SLOTS; i++) {
        struct packet *packet = NULL;
        assert_int_equal(receive(&packet, 1), 1);
        assert_memory_equal(packet->seen.data, &i, sizeof(i));
        packet_free(pool, &packet, 1);
        unsigned next = i + MEMORY_PORT_SLOTS;
        assert_true(port_memory_feed(port, &next, sizeof(next), NULL));
    }
}

static void a_frame_waits_until_there_is_a_buffer_for_it(void **state)
{
    (void)state;
    static uint8_t bytes[4000];
    struct packet *packets[8];
    for (unsigned i = 0; i < 6; i++) {
        bytes[0] = (uint8_t)i;
        assert_true(port_memory_feed(port, bytes, sizeof(bytes), NULL));
    }
    assert_int_equal(receive(packets, 8), LARGE);
    assert_int_equal(receive(packets + 4, 4), 0);
    packet_free(pool, packets, LARGE);
    assert_int_equal(receive(packets, 8), 2);
    assert_int_equal(packets[0]->seen.data[0], LARGE);
    packet_free(pool, packets, 2);
    assert_int_equal(packet_pool_in_use(pool), 0);
}

static void played_frames_come_for_ever_on_every_queue(void **state)
{
    (void)state;
    uint8_t bytes[2][4] = {"one", "two"};
    const struct memory_frame frames[2] = {{.bytes = bytes[0], .length = 3},
                                           {.bytes = bytes[1], .length = 3}};
    struct packet *packets[64];
    port_memory_play(port, frames, 2);
    for (uint32_t queue = 0; queue < 2; queue++) {
        for (unsigned round = 0; round < 50; round++) {
            assert_int_equal(port->ops->receive(port, queue, pool, packets, 63), 63);
            for (unsigned i = 0; i < 63; i++) {
                assert_memory_equal(packets[i]->seen.data, bytes[(round * 63 + i) % 2], 3);
            }
            packet_free(pool, packets, 63);
        }
    }
}

static void a_fed_port_is_ready_and_wakes_who_waits(void **state)
{
    (void)state;
    int fd = port->ops->poll_fd(port, 0);
    int waiting = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    assert_int_equal(epoll_ctl(waiting, EPOLL_CTL_ADD, fd, &event), 0);
    assert_int_equal(epoll_wait(waiting, &event, 1, 0), 0);
    assert_false(port->ops->is_ready(port, 0));
    assert_true(port_memory_feed(port, "x", 1, NULL));
    assert_int_equal(epoll_wait(waiting, &event, 1, 0), 1);
    assert_true(port->ops->is_ready(port, 0));
    close(waiting);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(frames_come_in_as_they_were_fed),
        CLAIM(a_full_port_takes_no_more_frames),
        CLAIM(a_frame_waits_until_there_is_a_buffer_for_it),
        CLAIM(played_frames_come_for_ever_on_every_queue),
        CLAIM(a_fed_port_is_ready_and_wakes_who_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
