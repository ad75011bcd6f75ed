/* SPDX-License-Identifier: Apache-2.0 */
/* What every kind of port must do, whatever is behind it (switch/port/port.h). Frames are compared
 * as they would be on a wire: an unfinished checksum finished, and a segment cut, by
 * packet/segment.h, which its own test judges; where the kernel cuts instead, it is the judge.
 * Usage: port_suite KIND, in a network namespace that the program makes for itself. Exit status:
 * 77, not on this machine. */
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conformance/port_rig.h"
#include "switch/path/reasons.h"
#include "unit/packet/frames.h"

static void frames_of_all_lengths_come_in_as_they_are_and_in_order(void **state)
{
    (void)state;
    if (rig.config.kind != PORT_KIND_FILE) {
        port_start(1);
    }
    for (uint32_t length = 15; length <= 1514; length += 17) {
        item_raw(length);
        item_put();
        item_udp(length * 1472 / 1514, (uint16_t)length, 0);
        item_put();
    }
    if (rig.config.kind == PORT_KIND_FILE) {
        port_start(1);
    }
    all_receive(1);
    wires_are_equal();
}

static void frames_of_all_lengths_go_out_as_they_are_and_in_order(void **state)
{
    (void)state;
    struct packet *packets[XSW_BATCH_MAX];
    uint32_t count = 0;
    port_start(1);
    for (uint32_t length = 15; length <= 1472; length += 13) {
        item_raw(length);
        wire_add(&rig.expected, rig.item.bytes, rig.item.length, &rig.item.offload);
        packets[count++] = packet_of_item();
        item_udp(length, (uint16_t)length, 0);
        wire_add(&rig.expected, rig.item.bytes, rig.item.length, &rig.item.offload);
        packets[count++] = packet_of_item();
    }
    assert_int_equal(rig.port->ops->send(rig.port, 0, packets, count), 0);
    packet_free(rig.pool, packets, count);
    all_take();
    wires_are_equal();
}

static void tags_come_in_and_go_out_with_the_frame(void **state)
{
    (void)state;
    if (rig.config.kind != PORT_KIND_FILE) {
        port_start(1);
    }
    for (uint32_t payload = 0; payload <= 1472; payload += 368) {
        item_udp(payload, 1, 1);
        item_put();
    }
    if (rig.config.kind == PORT_KIND_FILE) {
        port_start(1);
    }
    all_receive(1);
    wires_are_equal();
    wire_clear(&rig.expected);
    wire_clear(&rig.got);
    for (uint32_t payload = 0; payload <= 1472; payload += 368) {
        item_udp(payload, 1, 1);
        item_send_well(0);
    }
    all_take();
    wires_are_equal();
}

static void unfinished_checksums_are_right_when_they_come_in(void **state)
{
    (void)state;
    if (!rig.outside->has_offload) {
        skip();
    }
    port_start(1);
    for (uint32_t payload = 0; payload <= 1440; payload += 45) {
        item_tcp(payload / 45 % 2 != 0, payload, 0);
        item_put();
    }
    all_receive(1);
    wires_are_equal();
}

static void unfinished_checksums_are_right_when_they_go_out(void **state)
{
    (void)state;
    port_start(1);
    for (uint32_t payload = 0; payload <= 1440; payload += 45) {
        item_tcp(payload / 45 % 2 != 0, payload, 0);
        item_send_well(0);
    }
    all_take();
    wires_are_equal();
}

static void large_segments_are_right_when_they_come_in(void **state)
{
    (void)state;
    if (!rig.outside->has_offload) {
        skip();
    }
    port_start(1);
    for (int i = 0; i < 6; i++) {
        item_tcp(i % 2, 60000 + (uint32_t)i, 1440);
        item_put();
    }
    all_receive(1);
    wires_are_equal();
}

static void large_segments_are_right_when_they_go_out(void **state)
{
    (void)state;
    struct packet *packets[8];
    port_start(1);
    for (uint32_t i = 0; i < 8; i++) {
        item_tcp(i % 2 != 0, 64000 + i, 1440);
        wire_add(&rig.expected, rig.item.bytes, rig.item.length, &rig.item.offload);
        packets[i] = packet_of_item();
    }
    assert_int_equal(rig.port->ops->send(rig.port, 0, packets, 8), 0);
    packet_free(rig.pool, packets, 8);
    all_take();
    wires_are_equal();
    if (rig.port->ops->numbers != NULL && !rig.port->ops->takes_gso) {
        struct port_number numbers[PORT_NUMBERS_MAX];
        assert_true(rig.port->ops->numbers(rig.port, numbers) >= 1);
        assert_string_equal(numbers[0].name, "tx_segments");
        assert_int_equal(numbers[0].value, rig.expected.count);
    }
}

static void what_cannot_be_cut_is_dropped_alone(void **state)
{
    (void)state;
    struct packet *packets[3];
    if (rig.outside->ops->takes_gso) {
        skip(); /* what it is behind the port judges */
    }
    port_start(1);
    item_udp(100, 1, 0);
    wire_add(&rig.expected, rig.item.bytes, rig.item.length, &rig.item.offload);
    packets[0] = packet_of_item();
    item_tcp(0, 9000, 1440);
    rig.item.offload.gso_type = XSW_GSO_TCPV6; /* it is not */
    packets[1] = packet_of_item();
    item_udp(200, 1, 0);
    wire_add(&rig.expected, rig.item.bytes, rig.item.length, &rig.item.offload);
    packets[2] = packet_of_item();
    assert_int_equal(rig.port->ops->send(rig.port, 0, packets, 3), 1);
    assert_int_equal(packets[0]->drop_reason, REASON_NONE);
    assert_int_equal(packets[1]->drop_reason, REASON_NOT_SEGMENTED);
    assert_int_equal(packets[2]->drop_reason, REASON_NONE);
    packet_free(rig.pool, packets, 3);
    all_take();
    wires_are_equal();
}

static void it_is_readable_exactly_when_something_is_there(void **state)
{
    (void)state;
    if (rig.config.kind == PORT_KIND_FILE) {
        skip(); /* it is ready until its end has been read */
    }
    port_start(1);
    for (int round = 0; round < 3; round++) {
        assert_false(port_is_readable(0, 0));
        item_udp(100, 1, 0);
        item_put();
        assert_true(port_is_readable(0, PATIENCE_MS));
        all_receive(1);
        wires_are_equal();
        /* An eventfd of the memory port has told of a frame that has been taken since. */
        if (rig.config.kind == PORT_KIND_MEMORY) {
            uint64_t value;
            assert_int_equal(read(rig.port->ops->poll_fd(rig.port, 0), &value, sizeof(value)), 8);
        }
    }
}

static void without_a_buffer_frames_wait(void **state)
{
    (void)state;
    struct packet *kept[POOL_SMALL + POOL_LARGE];
    struct packet *packet;
    if (rig.config.kind != PORT_KIND_FILE) {
        port_start(1);
    }
    for (uint32_t i = 0; i < 10; i++) {
        item_udp(100 + i, 1, 0);
        item_put();
    }
    if (rig.config.kind == PORT_KIND_FILE) {
        port_start(1);
    }
    uint32_t count = 0;
    while ((kept[count] = packet_alloc(rig.pool, 0)) != NULL) {
        count++;
    }
    assert_true(port_is_readable(0, PATIENCE_MS));
    assert_int_equal(rig.port->ops->receive(rig.port, 0, rig.pool, &packet, 1), 0);
    packet_free(rig.pool, kept, count);
    all_receive(1);
    wires_are_equal();
}

/* The kernel tells of a carrier a moment after it has come or gone. */
static void state_becomes(enum port_state state)
{
    for (int tries = 0; rig.port->ops->state(rig.port) != state && tries < PATIENCE_MS / 10;
         tries++) {
        (void)poll(NULL, 0, 10);
    }
    assert_int_equal(rig.port->ops->state(rig.port), state);
}

/* Sends the item many times at once; what is not taken is dropped because the device is down. */
static void items_send(void)
{
    enum { COUNT = 100 };
    struct packet *packets[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        packets[i] = packet_of_item();
    }
    uint32_t failed = rig.port->ops->send(rig.port, 0, packets, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        failed -= packets[i]->drop_reason == REASON_PORT_DOWN;
        if (packets[i]->drop_reason == REASON_NONE) {
            wire_add(&rig.expected, rig.item.bytes, rig.item.length, &rig.item.offload);
        }
    }
    packet_free(rig.pool, packets, COUNT);
    assert_int_equal(failed, 0);
}

static void a_device_that_is_down_says_so_and_comes_back(void **state)
{
    (void)state;
    if (!rig.outside->has_device) {
        skip();
    }
    port_start(1);
    for (int round = 0; round < 3; round++) {
        item_udp(100, 1, 0);
        item_send_well(0);
        state_becomes(PORT_UP);
        rig.outside->device_set(0);
        uint32_t before = rig.expected.count;
        items_send();
        items_send();
        assert_int_equal(rig.expected.count, before);
        state_becomes(PORT_DOWN);
        rig.outside->device_set(1);
        /* A TAP learns it only by sending. */
        items_send();
        assert_int_equal(rig.expected.count, before + 100);
        state_becomes(PORT_UP);
        all_take();
        wires_are_equal();
        assert_false(
            rig.outside->take(rig.port, &rig.item, 20)); /* of what was sent into the void */
    }
    wire_clear(&rig.expected);
    wire_clear(&rig.got);
    item_udp(200, 1, 0);
    item_put();
    all_receive(1);
    wires_are_equal();
}

static void a_device_without_a_carrier_is_down_and_comes_back(void **state)
{
    (void)state;
    if (rig.outside->carrier_set == NULL) {
        skip();
    }
    port_start(1);
    rig.outside->carrier_set(0);
    item_udp(100, 1, 0);
    for (int i = 0; i < 5; i++) {
        struct packet *packet = packet_of_item();
        (void)rig.port->ops->send(rig.port, 0, &packet,
                                  1); /* it may be lost, and must harm nothing */
        packet_free(rig.pool, &packet, 1);
    }
    state_becomes(PORT_DOWN);
    rig.outside->carrier_set(1);
    state_becomes(PORT_UP);
    while (rig.outside->take(rig.port, &rig.item, 0)) {
    }
    for (uint32_t i = 0; i < 50; i++) {
        item_udp(300 + i, 1, 0);
        item_send_well(0);
    }
    all_take();
    wires_are_equal();
}

static void a_device_that_vanished_is_told_and_harms_nobody(void **state)
{
    (void)state;
    struct packet *packet;
    char advice[PORT_ADVICE_SIZE];
    struct port_number numbers[PORT_NUMBERS_MAX];
    if (!rig.outside->has_device) {
        skip();
    }
    port_start(1);
    rig.outside->device_delete();
    item_udp(100, 1, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(item_send(0), REASON_PORT_DOWN);
        assert_int_equal(rig.port->ops->receive(rig.port, 0, rig.pool, &packet, 1), 0);
    }
    assert_int_equal(rig.port->ops->state(rig.port), PORT_VANISHED);
    if (rig.port->ops->numbers != NULL) {
        assert_true(rig.port->ops->numbers(rig.port, numbers) <= PORT_NUMBERS_MAX);
    }
    if (rig.port->ops->advice != NULL) {
        rig.port->ops->advice(rig.port, advice);
    }
}

/* For a port that moves to another switch: it finds its device there. */
static void a_kept_device_outlives_its_port(void **state)
{
    (void)state;
    struct xsw_error error;
    if (rig.outside->ops->keep_device == NULL) {
        skip(); /* the device is never the port's */
    }
    port_start(1);
    assert_int_equal(rig.port->ops->keep_device(rig.port, 1, &error), XSW_OK);
    rig.port->ops->close(rig.port);
    rig.outside->leave();
    unsigned kept = if_nametoindex(rig.config.device);
    assert_int_not_equal(kept, 0);
    port_start(1);
    assert_int_equal(if_nametoindex(rig.config.device), kept);
    assert_int_equal(rig.port->ops->keep_device(rig.port, 0, &error), XSW_OK);
    item_udp(100, 1, 0);
    item_send_well(0);
    all_take();
    wires_are_equal();
    rig.port->ops->close(rig.port);
    rig.port = NULL;
    assert_int_equal(if_nametoindex(rig.config.device), 0);
}

static void a_missing_device_is_refused(void **state)
{
    (void)state;
    struct xsw_error error = {0};
    struct port *none = NULL;
    if (rig.config.kind == PORT_KIND_TAP || rig.config.kind == PORT_KIND_MEMORY) {
        skip(); /* they make it */
    }
    snprintf(rig.config.device, sizeof(rig.config.device), "absent0");
    snprintf(rig.config.input_path, sizeof(rig.config.input_path), "/absent/file.pcap");
    assert_true(rig.outside->ops->open(&rig.config, 1, &none, &error) < XSW_OK);
    assert_null(none);
    assert_non_null(strstr(error.text, "absent"));
}

static uint32_t descriptors_count(void)
{
    uint32_t count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static void opening_and_closing_leaves_nothing_behind(void **state)
{
    (void)state;
    struct xsw_error error;
    uint32_t before = descriptors_count();
    for (int i = 0; i < 20; i++) {
        if (rig.outside->ops->open(&rig.config, 1, &rig.port, &error) != XSW_OK) {
            fail_msg("%s", error.text);
        }
        rig.port->ops->close(rig.port);
        rig.port = NULL;
    }
    assert_int_equal(descriptors_count(), before);
}

/* Flows are divided between the queues: each frame comes once, and each flow in its order. */
static void several_queues_share_the_flows_and_keep_their_order(void **state)
{
    (void)state;
    enum { FLOWS = 15, FRAMES = 8 };
    uint32_t next[FLOWS] = {0};
    if (!rig.outside->has_queues) {
        skip();
    }
    port_start(QUEUES);
    assert_int_equal(rig.port->queues, QUEUES);
    for (uint32_t i = 0; i < FLOWS * FRAMES; i++) {
        item_udp(i / FLOWS, (uint16_t)(1000 + i % FLOWS), 0);
        item_put();
    }
    all_receive(QUEUES);
    assert_int_equal(rig.got.count, rig.expected.count);
    for (uint32_t i = 0; i < rig.got.count; i++) {
        uint32_t flow = wire_read16(rig.got.bytes[i] + 34) - 1000u;
        assert_true(flow < FLOWS);
        assert_int_equal(rig.got.lengths[i] - 42, next[flow]++);
    }
}

static void each_queue_sends(void **state)
{
    (void)state;
    if (!rig.outside->has_queues) {
        skip();
    }
    port_start(QUEUES);
    for (uint32_t i = 0; i < 40; i++) {
        item_udp(100 + i, 1, 0);
        item_send_well(i % QUEUES);
        assert_true(rig.outside->take(rig.port, &rig.item, PATIENCE_MS));
        wire_add(&rig.got, rig.item.bytes, rig.item.length, &rig.item.offload);
    }
    wires_are_equal();
}

int main(int argc, char **argv)
{
    rig.outside = argc == 2 ? outside_find(argv[1]) : NULL;
    if (rig.outside == NULL) {
        fprintf(stderr, "usage: port_suite tap|packet|xdp|memory|file\n");
        return 2;
    }
    if (rig.outside->has_device && unshare(CLONE_NEWNET) != 0 &&
        unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        printf("skipped: no network namespace for this user here\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_of_all_lengths_come_in_as_they_are_and_in_order,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(frames_of_all_lengths_go_out_as_they_are_and_in_order,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(tags_come_in_and_go_out_with_the_frame, setup, teardown),
        cmocka_unit_test_setup_teardown(unfinished_checksums_are_right_when_they_come_in, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(unfinished_checksums_are_right_when_they_go_out, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(large_segments_are_right_when_they_come_in, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(large_segments_are_right_when_they_go_out, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_cut_is_dropped_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_readable_exactly_when_something_is_there, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_a_buffer_frames_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(a_device_that_is_down_says_so_and_comes_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_device_without_a_carrier_is_down_and_comes_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_device_that_vanished_is_told_and_harms_nobody, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_kept_device_outlives_its_port, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_device_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(opening_and_closing_leaves_nothing_behind, setup, teardown),
        cmocka_unit_test_setup_teardown(several_queues_share_the_flows_and_keep_their_order,
                                        setup_queues, teardown),
        cmocka_unit_test_setup_teardown(each_queue_sends, setup_queues, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
