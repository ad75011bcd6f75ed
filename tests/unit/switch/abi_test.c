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
#include "switch/path/reasons.h"

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
PLACE(xsw_packet, injector, 42, 2);
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
PLACE(xsw_host, instance, 24, 8);
PLACE(xsw_host, self, 32, 2);
PLACE(xsw_host, reserved, 34, 6);
PLACE(xsw_host, data, 40, 8);
PLACE(xsw_host, control, 48, 8);

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
PLACE(xsw_extension, tick_ns, 128, 8);
PLACE(xsw_extension, tick, 136, 8);
PLACE(xsw_extension, control, 144, 8);
PLACE(xsw_extension, features, 152, 8);
PLACE(xsw_extension, feature_count, 160, 8);
PLACE(xsw_extension, enforces, 168, 4);
PLACE(xsw_extension, reserved, 172, 4);

/* What was appended to version 1. */
_Static_assert(sizeof(struct xsw_data_services) >= 56, "layout of version 1");
PLACE(xsw_data_services, size, 0, 8);
PLACE(xsw_data_services, alloc, 8, 8);
PLACE(xsw_data_services, clone, 16, 8);
PLACE(xsw_data_services, discard, 24, 8);
PLACE(xsw_data_services, set_source, 32, 8);
PLACE(xsw_data_services, inject, 40, 8);
PLACE(xsw_data_services, release, 48, 8);
PLACE(xsw_data_services, hold_room, 56, 8);

_Static_assert(sizeof(struct xsw_port_info) >= 56, "layout of version 1");
PLACE(xsw_port_info, size, 0, 8);
PLACE(xsw_port_info, id, 8, 2);
PLACE(xsw_port_info, is_validation, 10, 2);
PLACE(xsw_port_info, type, 12, 4);
PLACE(xsw_port_info, state, 16, 4);
PLACE(xsw_port_info, mtu, 20, 4);
PLACE(xsw_port_info, name, 24, 8);
PLACE(xsw_port_info, friendly_name, 32, 8);
PLACE(xsw_port_info, nic_kind, 40, 8);
PLACE(xsw_port_info, nic_name, 48, 8);

_Static_assert(sizeof(struct xsw_switch_info) >= 96, "layout of version 1");
PLACE(xsw_switch_info, size, 0, 8);
PLACE(xsw_switch_info, name, 8, 32);
PLACE(xsw_switch_info, uuid, 40, 40);
PLACE(xsw_switch_info, port_count, 80, 4);
PLACE(xsw_switch_info, is_active, 84, 4);
PLACE(xsw_switch_info, generation, 88, 8);

_Static_assert(sizeof(struct xsw_property) >= 48, "layout of version 1");
PLACE(xsw_property, size, 0, 8);
PLACE(xsw_property, feature, 8, 8);
PLACE(xsw_property, own, 16, 4);
PLACE(xsw_property, id, 20, 4);
PLACE(xsw_property, value_count, 24, 4);
PLACE(xsw_property, reserved, 28, 4);
PLACE(xsw_property, fields, 32, 8);
PLACE(xsw_property, values, 40, 8);

_Static_assert(sizeof(struct xsw_change) >= 32, "layout of version 1");
PLACE(xsw_change, size, 0, 8);
PLACE(xsw_change, operation, 8, 4);
PLACE(xsw_change, port, 12, 2);
PLACE(xsw_change, reserved, 14, 2);
PLACE(xsw_change, info, 16, 8);
PLACE(xsw_change, property, 24, 8);

_Static_assert(sizeof(struct xsw_control_services) >= 80, "layout of version 1");
PLACE(xsw_control_services, size, 0, 8);
PLACE(xsw_control_services, switch_info, 8, 8);
PLACE(xsw_control_services, ports, 16, 8);
PLACE(xsw_control_services, properties, 24, 8);
PLACE(xsw_control_services, port_reference, 32, 8);
PLACE(xsw_control_services, port_dereference, 40, 8);
PLACE(xsw_control_services, nic_reference, 48, 8);
PLACE(xsw_control_services, nic_dereference, 56, 8);
PLACE(xsw_control_services, synchronize, 64, 8);
PLACE(xsw_control_services, send, 72, 8);

_Static_assert(sizeof(struct xsw_feature_info) >= 64, "layout of version 1");
PLACE(xsw_feature_info, size, 0, 8);
PLACE(xsw_feature_info, name, 8, 8);
PLACE(xsw_feature_info, help, 16, 8);
PLACE(xsw_feature_info, scope, 24, 4);
PLACE(xsw_feature_info, is_list, 28, 4);
PLACE(xsw_feature_info, fields, 32, 8);
PLACE(xsw_feature_info, field_count, 40, 8);
PLACE(xsw_feature_info, status_fields, 48, 8);
PLACE(xsw_feature_info, status_count, 56, 8);

_Static_assert(sizeof(struct xsw_status_value) == 24, "layout of version 1");
PLACE(xsw_status_value, number, 0, 8);
PLACE(xsw_status_value, text, 8, 8);
PLACE(xsw_status_value, capacity, 16, 4);
PLACE(xsw_status_value, length, 20, 4);

_Static_assert(sizeof(struct xsw_record) >= 32, "layout of version 1");
PLACE(xsw_record, size, 0, 8);
PLACE(xsw_record, feature_class, 8, 4);
PLACE(xsw_record, version, 12, 4);
PLACE(xsw_record, capacity, 16, 4);
PLACE(xsw_record, length, 20, 4);
PLACE(xsw_record, data, 24, 8);

_Static_assert(sizeof(struct xsw_control_ops) >= 64, "layout of version 1");
PLACE(xsw_control_ops, size, 0, 8);
PLACE(xsw_control_ops, ask, 8, 8);
PLACE(xsw_control_ops, done, 16, 8);
PLACE(xsw_control_ops, told, 24, 8);
PLACE(xsw_control_ops, status, 32, 8);
PLACE(xsw_control_ops, save, 40, 8);
PLACE(xsw_control_ops, restore, 48, 8);
PLACE(xsw_control_ops, second, 56, 8);

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
VALUE(XSW_EXTENSION_ORIGINATES, 2);
VALUE(XSW_EXTENSION_HOLDS, 4);
VALUE(XSW_EXTENSION_DROPS_HELD, 8);
VALUE(XSW_HOLD, 2);
VALUE(XSW_REPLACED, 3);
VALUE(XSW_REASON_STANDARD, 32768);
VALUE(XSW_REASON_VLAN_NOT_ALLOWED, 5);
VALUE(XSW_REASON_BAD_SOURCE_MAC, 6);
VALUE(XSW_REASON_MAC_SPOOFED, 7);
VALUE(XSW_REASON_NO_DESTINATION, 9);
VALUE(XSW_REASON_SAME_PORT, 10);
VALUE(XSW_REASON_PRIVATE_VLAN, 16);
VALUE(XSW_REASON_DHCP_GUARD, 17);
VALUE(XSW_REASON_ROUTER_GUARD, 18);
VALUE(XSW_REASON_STORM_LIMIT, 19);
VALUE(XSW_PORT_GENERIC, 1);
VALUE(XSW_PORT_EXTERNAL, 2);
VALUE(XSW_PORT_INTERNAL, 3);
VALUE(XSW_STATE_NOT_CREATED, 0);
VALUE(XSW_STATE_PORT_CREATED, 1);
VALUE(XSW_STATE_NIC_CREATED, 2);
VALUE(XSW_STATE_CONNECTED, 3);
VALUE(XSW_STATE_DISCONNECTED, 4);
VALUE(XSW_STATE_NIC_DELETED, 5);
VALUE(XSW_STATE_TEARING_DOWN, 6);
VALUE(XSW_OP_PORT_CREATE, 1);
VALUE(XSW_OP_PORT_UPDATED, 2);
VALUE(XSW_OP_PORT_TEARDOWN, 3);
VALUE(XSW_OP_PORT_DELETE, 4);
VALUE(XSW_OP_NIC_CREATE, 5);
VALUE(XSW_OP_NIC_CONNECT, 6);
VALUE(XSW_OP_NIC_UPDATED, 7);
VALUE(XSW_OP_NIC_DISCONNECT, 8);
VALUE(XSW_OP_NIC_DELETE, 9);
VALUE(XSW_OP_PORT_PROPERTY_ADD, 10);
VALUE(XSW_OP_PORT_PROPERTY_UPDATE, 11);
VALUE(XSW_OP_PORT_PROPERTY_DELETE, 12);
VALUE(XSW_OP_SWITCH_PROPERTY_ADD, 13);
VALUE(XSW_OP_SWITCH_PROPERTY_UPDATE, 14);
VALUE(XSW_OP_SWITCH_PROPERTY_DELETE, 15);
VALUE(XSW_OP_SAVE_COMPLETE, 16);
VALUE(XSW_OP_RESTORE_COMPLETE, 17);
VALUE(XSW_OP_SWITCH_ACTIVATE, 18);
VALUE(XSW_SCOPE_PORT, 1);
VALUE(XSW_SCOPE_SWITCH, 2);
VALUE(XSW_RECORD_MAX, 65535);
VALUE(XSW_POLICY_VLAN, 1);
VALUE(XSW_POLICY_SECURITY, 2);
VALUE(XSW_TICK_MINIMUM_NS, 100000);

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
    if (strncmp(line, "extension-log:", 14) == 0) {
        strncpy(context, line, 99);
    }
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
