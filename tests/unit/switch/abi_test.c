/* SPDX-License-Identifier: Apache-2.0 */
/* The extension ABI of version 1: where every member is, what every constant means, and that an
 * extension which knows nothing later runs on the host of today. Numbers are written out, not taken
 * from the headers that they judge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <xsw/extension.h>

#include "support/switch_rig.h"
#include "switch/reasons.h"

_Static_assert(sizeof(void *) == 8, "the numbers below are those of 64-bit systems");

/* Structs that begin with their size may have grown since. */
#define PLACE(name, member, offset, size)                                                          \
    _Static_assert(offsetof(struct name, member) == (offset) &&                                    \
                       sizeof(((struct name *)0)->member) == (size),                               \
                   "layout of version 1: " #name "." #member)

_Static_assert(sizeof(struct xsw_offload) == 12, "layout of version 1");
PLACE(xsw_offload, flags, 0, 1);
PLACE(xsw_offload, gso_type, 1, 1);
PLACE(xsw_offload, header_length, 2, 2);
PLACE(xsw_offload, gso_size, 4, 2);
PLACE(xsw_offload, csum_start, 6, 2);
PLACE(xsw_offload, csum_offset, 8, 2);
PLACE(xsw_offload, reserved, 10, 2);

_Static_assert(sizeof(struct xsw_packet) == 64, "layout of version 1");
PLACE(xsw_packet, data, 0, 8);
PLACE(xsw_packet, length, 8, 4);
PLACE(xsw_packet, source_port, 12, 2);
PLACE(xsw_packet, destination_port, 14, 2);
PLACE(xsw_packet, id, 16, 8);
PLACE(xsw_packet, parent_id, 24, 8);
PLACE(xsw_packet, vlan, 32, 2);
PLACE(xsw_packet, ether_type, 34, 2);
PLACE(xsw_packet, l3_offset, 36, 2);
PLACE(xsw_packet, l4_offset, 38, 2);
PLACE(xsw_packet, ip_protocol, 40, 1);
PLACE(xsw_packet, flags, 41, 1);
PLACE(xsw_packet, reserved, 42, 2);
PLACE(xsw_packet, flow_hash, 44, 4);
PLACE(xsw_packet, offload, 48, 12);
PLACE(xsw_packet, reserved2, 60, 4);

_Static_assert(sizeof(struct xsw_port_set) == 32, "layout of version 1");
PLACE(xsw_port_set, words, 0, 32);

_Static_assert(sizeof(struct xsw_reason_info) == 16, "layout of version 1");
PLACE(xsw_reason_info, name, 0, 8);
PLACE(xsw_reason_info, sentence, 8, 8);

_Static_assert(sizeof(struct xsw_setting_info) == 56, "layout of version 1");
PLACE(xsw_setting_info, name, 0, 8);
PLACE(xsw_setting_info, type, 8, 4);
PLACE(xsw_setting_info, minimum, 16, 8);
PLACE(xsw_setting_info, maximum, 24, 8);
PLACE(xsw_setting_info, default_number, 32, 8);
PLACE(xsw_setting_info, default_text, 40, 8);
PLACE(xsw_setting_info, help, 48, 8);

_Static_assert(sizeof(struct xsw_setting) == 24, "layout of version 1");
PLACE(xsw_setting, number, 0, 8);
PLACE(xsw_setting, texts, 8, 8);
PLACE(xsw_setting, text_count, 16, 4);
PLACE(xsw_setting, reserved, 20, 4);

_Static_assert(sizeof(struct xsw_host) >= 24, "layout of version 1");
PLACE(xsw_host, abi, 0, 4);
PLACE(xsw_host, size, 4, 4);
PLACE(xsw_host, context, 8, 8);
PLACE(xsw_host, log, 16, 8);

_Static_assert(sizeof(struct xsw_batch) == 24, "layout of version 1");
PLACE(xsw_batch, packets, 0, 8);
PLACE(xsw_batch, count, 8, 4);
PLACE(xsw_batch, worker, 12, 4);
PLACE(xsw_batch, now_ns, 16, 8);

_Static_assert(sizeof(struct xsw_const_batch) == 24, "layout of version 1");
PLACE(xsw_const_batch, packets, 0, 8);
PLACE(xsw_const_batch, count, 8, 4);
PLACE(xsw_const_batch, worker, 12, 4);
PLACE(xsw_const_batch, now_ns, 16, 8);

_Static_assert(sizeof(struct xsw_verdict) == 8, "layout of version 1");
PLACE(xsw_verdict, action, 0, 2);
PLACE(xsw_verdict, reason, 2, 2);
PLACE(xsw_verdict, rule, 4, 4);

_Static_assert(sizeof(struct xsw_capture_ops) >= 16, "layout of version 1");
PLACE(xsw_capture_ops, size, 0, 8);
PLACE(xsw_capture_ops, look, 8, 8);

_Static_assert(sizeof(struct xsw_filter_ops) >= 24, "layout of version 1");
PLACE(xsw_filter_ops, size, 0, 8);
PLACE(xsw_filter_ops, ingress, 8, 8);
PLACE(xsw_filter_ops, egress, 16, 8);

_Static_assert(sizeof(struct xsw_forward_ops) >= 16, "layout of version 1");
PLACE(xsw_forward_ops, size, 0, 8);
PLACE(xsw_forward_ops, forward, 8, 8);

_Static_assert(sizeof(struct xsw_extension) >= 128, "layout of version 1");
PLACE(xsw_extension, abi, 0, 4);
PLACE(xsw_extension, size, 4, 4);
PLACE(xsw_extension, name, 8, 8);
PLACE(xsw_extension, version, 16, 8);
PLACE(xsw_extension, description, 24, 8);
PLACE(xsw_extension, kind, 32, 4);
PLACE(xsw_extension, flags, 36, 4);
PLACE(xsw_extension, state_size, 40, 8);
PLACE(xsw_extension, reasons, 48, 8);
PLACE(xsw_extension, reason_count, 56, 8);
PLACE(xsw_extension, settings, 64, 8);
PLACE(xsw_extension, setting_count, 72, 8);
PLACE(xsw_extension, init, 80, 8);
PLACE(xsw_extension, close, 88, 8);
PLACE(xsw_extension, fini, 96, 8);
PLACE(xsw_extension, capture, 104, 8);
PLACE(xsw_extension, filter, 112, 8);
PLACE(xsw_extension, forward, 120, 8);

_Static_assert(sizeof(struct xsw_error) == 368, "layout of version 1");
PLACE(xsw_error, status, 0, 4);
PLACE(xsw_error, errno_value, 4, 4);
PLACE(xsw_error, text, 8, 360);

#define VALUE(name, value) _Static_assert((name) == (value), "constant of version 1: " #name)

VALUE(XSW_EXTENSION_ABI, 1);
VALUE(XSW_EXTENSION_CAPTURE, 1);
VALUE(XSW_EXTENSION_FILTER, 2);
VALUE(XSW_EXTENSION_FORWARD, 3);
VALUE(XSW_EXTENSION_CHANGES_BYTES, 1);
VALUE(XSW_SETTING_BOOL, 1);
VALUE(XSW_SETTING_NUMBER, 2);
VALUE(XSW_SETTING_TEXT, 3);
VALUE(XSW_SETTING_TEXT_LIST, 4);
VALUE(XSW_PASS, 0);
VALUE(XSW_DROP, 1);
VALUE(XSW_INGRESS, 1);
VALUE(XSW_EGRESS, 2);
VALUE(XSW_BATCH_MAX, 256);
VALUE(XSW_PORTS_MAX, 256);
VALUE(XSW_PORT_NONE, 0);
VALUE(XSW_OFFLOAD_NEEDS_CHECKSUM, 1);
VALUE(XSW_OFFLOAD_CHECKSUM_VALID, 2);
VALUE(XSW_GSO_NONE, 0);
VALUE(XSW_GSO_TCPV4, 1);
VALUE(XSW_GSO_UDP, 3);
VALUE(XSW_GSO_TCPV6, 4);
VALUE(XSW_GSO_UDP_L4, 5);
VALUE(XSW_GSO_ECN, 0x80);
VALUE(XSW_PACKET_TAGGED, 0x01);
VALUE(XSW_PACKET_MULTICAST, 0x02);
VALUE(XSW_PACKET_FRAGMENT, 0x04);
VALUE(XSW_PACKET_FLOOD_COPY, 0x08);
VALUE(XSW_PACKET_MIRROR_COPY, 0x10);
VALUE(XSW_OK, 0);
VALUE(XSW_END, 1);
VALUE(XSW_AGAIN, 2);
VALUE(XSW_INVALID, -1);
VALUE(XSW_NO_MEMORY, -2);
VALUE(XSW_IO, -3);
VALUE(XSW_NOT_FOUND, -4);
VALUE(XSW_EXISTS, -5);
VALUE(XSW_DENIED, -6);
VALUE(XSW_UNSUPPORTED, -7);
VALUE(XSW_CORRUPT, -8);
VALUE(XSW_TRUNCATED, -9);
VALUE(XSW_BUSY, -10);
VALUE(XSW_LIMIT, -11);

static void a_port_set_has_what_was_added_and_nothing_else(void **state)
{
    (void)state;
    for (unsigned port = 0; port < XSW_PORTS_MAX; port++) {
        struct xsw_port_set set = {{0}};
        xsw_port_set_add(&set, (uint16_t)port);
        assert_true(set.words[port / 64] == UINT64_C(1) << port % 64);
        for (unsigned other = 0; other < XSW_PORTS_MAX; other++) {
            assert_int_equal(xsw_port_set_has(&set, (uint16_t)other), other == port);
        }
        xsw_port_set_remove(&set, (uint16_t)port);
        assert_int_equal(xsw_port_set_has(&set, (uint16_t)port), 0);
    }
    /* A number that is no port stays inside of the set. */
    struct xsw_port_set set = {{0}};
    xsw_port_set_add(&set, UINT16_MAX);
    assert_int_equal(xsw_port_set_has(&set, 255), 1);
}

static void line_keep(void *context, const char *line)
{
    strncpy(context, line, 99);
}

static void an_extension_of_version_1_runs_on_the_host_of_today(void **state)
{
    (void)state;
    static struct rig rig;
    char logged[100] = "";
    const struct vswitch_log log = {.line = line_keep, .context = logged};
    struct xsw_error error;
    rig_init(&rig, NULL);
    vswitch_set_log(rig.vswitch, &log);
    for (unsigned i = 0; i < 3; i++) {
        rig_port(&rig, NULL);
    }
    if (rig_extension(&rig, FROZEN_PATH, "", "longest", "200", &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    assert_string_equal(logged, "extension-log: extension=frozen text=\"frozen: init\"");
    struct frame frame;
    rig_frame(&frame, 1, 9, 50);
    rig_feed(&rig, 2, &frame);
    frame.bytes[frame.length - 1] = 'x';
    frame.bytes[frame.length - 2] = 2; /* no names, port 2 */
    struct frame longer;
    rig_frame(&longer, 1, 9, 500);
    rig_feed(&rig, 1, &longer);
    rig_run(&rig);
    rig_expect_frame(&rig, 1, &frame);
    rig_expect_nothing(&rig, 3);
    assert_int_equal(rig_dropped(&rig, rig_stage(&rig, "ingress-filter.frozen"), 65), 1);
    assert_int_equal(rig_dropped(&rig, rig_stage(&rig, "egress-filter.frozen"), 64), 1);
    assert_int_equal(rig_dropped_in_all(&rig), 2);
    rig_expect_chain(&rig);
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_set_has_what_was_added_and_nothing_else),
        cmocka_unit_test(an_extension_of_version_1_runs_on_the_host_of_today),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
