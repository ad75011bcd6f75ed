/* SPDX-License-Identifier: Apache-2.0 */
/* What the rewriter changes, and that every checksum is right behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "conformance/loaded.h"
#include "packet/checksum.h"
#include "packet/parse.h"
#include "unit/packet/frames.h"

static struct loaded loaded;

static int setup(void **state)
{
    (void)state;
    return loaded_open(&loaded, EXTENSION_PATH) == NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    loaded_fini(&loaded);
    loaded_close(&loaded);
    return 0;
}

static void configure(const char *const *assignments, size_t count)
{
    struct xsw_error error;
    loaded_fini(&loaded);
    loaded_defaults(&loaded);
    for (size_t i = 0; i < count; i++) {
        assert_null(loaded_set(&loaded, assignments[i]));
    }
    assert_int_equal(loaded_init(&loaded, &error), XSW_OK);
}

/* Gives the packet to the extension; the rule of its verdict. */
static uint32_t rewrite(struct xsw_packet *packet)
{
    struct xsw_batch batch = {&packet, 1, 0, 0};
    struct xsw_verdict verdict = {0};
    parse_packet(packet);
    loaded.descriptor->filter->ingress(loaded.state, &batch, &verdict);
    assert_int_equal(verdict.action, XSW_PASS);
    return verdict.rule;
}

static uint32_t rewrite_frame(struct frame *frame)
{
    struct xsw_packet packet = {.data = frame->bytes, .length = (uint32_t)frame->length};
    return rewrite(&packet);
}

static const char *const all_ipv4[] = {"dscp=46",          "eth-src=0a:00:00:00:00:AA",
                                       "ip-src=192.0.2.1", "ip-dst=255.255.255.255",
                                       "port-src=1",       "port-dst=65535",
                                       "vlan-priority=5",  "rule=7"};
static const char *const all_ipv6[] = {"dscp=0", "ip-src=2001:db8::1", "ip-dst=::ffff",
                                       "port-src=40000", "eth-dst=0a:00:00:00:00:bb"};

/* The same by hand: fields set, and all checksums summed from the start. */
static void expect(struct frame *frame, int is_all_ipv4)
{
    static const uint8_t source4[4] = {192, 0, 2, 1};
    static const uint8_t source6[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
    static const uint8_t destination6[16] = {[14] = 0xff, [15] = 0xff};
    uint8_t *ip = frame->bytes + frame->network;
    uint8_t dscp = is_all_ipv4 ? 46 : 0;
    if (frame->is_v6) {
        ip[0] = (uint8_t)(0x60 | dscp >> 2);
        ip[1] = (uint8_t)((dscp & 3) << 6 | (ip[1] & 0x3f));
    } else {
        ip[1] = (uint8_t)(dscp << 2 | (ip[1] & 3));
    }
    if (is_all_ipv4 && !frame->is_v6) {
        memcpy(ip + 12, source4, 4);
        memset(ip + 16, 255, 4);
    } else if (!is_all_ipv4 && frame->is_v6) {
        memcpy(ip + 8, source6, 16);
        memcpy(ip + 24, destination6, 16);
    }
    memcpy(frame->bytes + (is_all_ipv4 ? 6 : 0),
           is_all_ipv4 ? "\x0a\0\0\0\0\xaa" : "\x0a\0\0\0\0\xbb", 6);
    if (is_all_ipv4 && wire_read16(frame->bytes + 12) == ETHER_TYPE_VLAN) {
        frame->bytes[14] = (uint8_t)((frame->bytes[14] & 0x1f) | 5 << 5);
    }
    if (frame->protocol == PROTOCOL_TCP || frame->protocol == PROTOCOL_UDP) {
        wire_write16(frame->bytes + frame->transport, is_all_ipv4 ? 1 : 40000);
        if (is_all_ipv4) {
            wire_write16(frame->bytes + frame->transport + 2, 65535);
        }
    }
    frame_finish(frame);
}

static void check_random_frames(int is_all_ipv4)
{
    uint64_t random = 21;
    for (unsigned round = 0; round < 20000; round++) {
        struct frame frame, expected;
        frame_make_random(&frame, &random);
        frame.bytes[frame.network + 1] |= frame.is_v6 ? 0x30 : 0x03;
        frame_finish(&frame);
        expected = frame;
        expect(&expected, is_all_ipv4);
        assert_int_equal(rewrite_frame(&frame), is_all_ipv4 ? 7 : 1);
        assert_true(frame_is_valid(&frame));
        /* 0 and 0xffff are one number: both are right for TCP and ICMP. */
        size_t place = frame_checksum_place(&frame);
        if (frame.protocol == PROTOCOL_UDP) {
            assert_int_not_equal(wire_read16(frame.bytes + place), 0);
        }
        wire_write16(frame.bytes + place, 0);
        wire_write16(expected.bytes + place, 0);
        assert_memory_equal(frame.bytes, expected.bytes, frame.length);
    }
}

static void rewritten_ipv4_equals_a_frame_made_that_way(void **state)
{
    (void)state;
    configure(all_ipv4, sizeof all_ipv4 / sizeof all_ipv4[0]);
    check_random_frames(1);
}

static void rewritten_ipv6_equals_a_frame_made_that_way(void **state)
{
    (void)state;
    configure(all_ipv6, sizeof all_ipv6 / sizeof all_ipv6[0]);
    check_random_frames(0);
}

static void partial_checksums_are_right_once_finished(void **state)
{
    (void)state;
    uint64_t random = 22;
    for (unsigned round = 0; round < 5000; round++) {
        struct frame frame;
        frame_make_random(&frame, &random);
        if (frame.protocol == PROTOCOL_ICMP) {
            continue;
        }
        if (round % 1000 == 0) {
            int is_all_ipv4 = round % 2000 == 0;
            configure(is_all_ipv4 ? all_ipv4 : all_ipv6, is_all_ipv4 ? 8 : 5);
        }
        size_t place = frame_checksum_place(&frame);
        wire_write16(frame.bytes + place, slow_transport_sum(&frame));
        struct xsw_packet packet = {
            .data = frame.bytes,
            .length = (uint32_t)frame.length,
            .offload = {.flags = XSW_OFFLOAD_NEEDS_CHECKSUM,
                        .csum_start = (uint16_t)frame.transport,
                        .csum_offset = (uint16_t)(place - frame.transport)},
        };
        assert_int_not_equal(rewrite(&packet), 0);
        assert_int_equal(checksum_finish(&packet), XSW_OK);
        assert_true(frame_is_valid(&frame));
    }
}

static void make_udp(struct frame *frame)
{
    frame_ethernet(frame, ETHER_TYPE_IPV4);
    frame_ipv4(frame, PROTOCOL_UDP);
    frame_udp(frame);
    frame_put(frame, "payload", 7);
    frame_finish(frame);
}

static void udp_without_checksum_stays_without(void **state)
{
    (void)state;
    struct frame frame;
    make_udp(&frame);
    wire_write16(frame.bytes + 40, 0);
    configure(all_ipv4, 8);
    assert_int_equal(rewrite_frame(&frame), 7);
    assert_int_equal(wire_read16(frame.bytes + 40), 0);
    assert_int_equal(slow_checksum(0, frame.bytes + 14, 20), 0);
}

static void a_udp_checksum_never_becomes_zero(void **state)
{
    (void)state;
    static const char *const settings[] = {"port-dst=54"};
    struct frame frame;
    make_udp(&frame);
    frame_put(&frame, "\0", 1);
    wire_write16(frame.bytes + 36, 54);
    wire_write16(frame.bytes + 48, 0);
    frame_finish(&frame);
    /* The last word that makes the sum all ones is the checksum without it. */
    wire_write16(frame.bytes + 48, wire_read16(frame.bytes + 40));
    wire_write16(frame.bytes + 36, 53);
    frame_finish(&frame);
    configure(settings, 1);
    assert_int_equal(rewrite_frame(&frame), 1);
    assert_int_equal(wire_read16(frame.bytes + 40), 0xffff);
    assert_true(frame_is_valid(&frame));
}

static void later_fragments_keep_what_follows_the_ip_header(void **state)
{
    (void)state;
    struct frame frame, before;
    make_udp(&frame);
    wire_write16(frame.bytes + 20, 100);
    wire_write16(frame.bytes + 24, 0);
    wire_write16(frame.bytes + 24, slow_checksum(0, frame.bytes + 14, 20));
    before = frame;
    configure(all_ipv4, 8);
    assert_int_equal(rewrite_frame(&frame), 7);
    assert_memory_equal(frame.bytes + 34, before.bytes + 34, frame.length - 34);
    assert_int_equal(slow_checksum(0, frame.bytes + 14, 20), 0);
}

static void a_destination_behind_a_routing_header_is_not_summed(void **state)
{
    (void)state;
    static const char *const settings[] = {"ip-dst=2001:db8::9"};
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_ROUTING);
    frame_extension(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    frame_finish(&frame);
    frame.bytes[57] = 1; /* segments left */
    uint16_t checksum = wire_read16(frame.bytes + 68);
    configure(settings, 1);
    assert_int_equal(rewrite_frame(&frame), 1);
    assert_int_equal(frame.bytes[53], 9);
    assert_int_equal(wire_read16(frame.bytes + 68), checksum);
}

static void what_is_so_already_is_no_change(void **state)
{
    (void)state;
    static const char *const settings[] = {"port-dst=53", "ip-src=10.0.0.1"};
    struct frame frame;
    make_udp(&frame);
    configure(settings, 2);
    assert_int_equal(rewrite_frame(&frame), 0);
}

static void only_what_matches_is_changed(void **state)
{
    (void)state;
    static const char *const settings[] = {"match=tcp", "dscp=1"};
    struct frame frame, before;
    make_udp(&frame);
    before = frame;
    configure(settings, 2);
    assert_int_equal(rewrite_frame(&frame), 0);
    assert_memory_equal(frame.bytes, before.bytes, frame.length);
}

static void bad_settings_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *assignment, *sentence;
    } bad[] = {
        {"eth-src=02:00:00:00:00", "eth-src \"02:00:00:00:00\": expected a MAC address"},
        {"eth-dst=02:00:00:00:00:01:", "expected a MAC address"},
        {"eth-dst=0", "expected a MAC address"},
        {"ip-src=10.0.0", "ip-src \"10.0.0\": expected an IPv4 or IPv6 address"},
        {"match=tcp and", "match \"tcp and\": "},
    };
    loaded_fini(&loaded);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct xsw_error error;
        loaded_defaults(&loaded);
        assert_null(loaded_set(&loaded, bad[i].assignment));
        assert_int_equal(loaded_init(&loaded, &error), XSW_INVALID);
        assert_non_null(strstr(error.text, bad[i].sentence));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rewritten_ipv4_equals_a_frame_made_that_way),
        cmocka_unit_test(rewritten_ipv6_equals_a_frame_made_that_way),
        cmocka_unit_test(partial_checksums_are_right_once_finished),
        cmocka_unit_test(udp_without_checksum_stays_without),
        cmocka_unit_test(a_udp_checksum_never_becomes_zero),
        cmocka_unit_test(later_fragments_keep_what_follows_the_ip_header),
        cmocka_unit_test(a_destination_behind_a_routing_header_is_not_summed),
        cmocka_unit_test(what_is_so_already_is_no_change),
        cmocka_unit_test(only_what_matches_is_changed),
        cmocka_unit_test(bad_settings_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
