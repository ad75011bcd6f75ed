/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Announcements of a port's addresses: who gets them, with which bytes, and that they are accounted
 * for like all that the port sends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/switch_rig.h"
#include "switch/life/announce.h"
#include "switch/path/reasons.h"

/* Of station 1: Ethernet, then ARP's layout with operation 3; the rest is padding. */
static const uint8_t announcement[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x80,
                                         0x35, 0,    1,    8,    0,    6,    4, 0, 3, 2, 0, 0, 0,
                                         0,    1,    0,    0,    0,    0,    2, 0, 0, 0, 0, 1};

static int setup(void **state)
{
    static struct rig rig;
    rig_init(&rig, NULL);
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    rig_fini(*state);
    return 0;
}

static size_t announced(struct rig *rig, const char *port)
{
    size_t count = 0;
    assert_int_equal(vswitch_announce(rig->vswitch, port, &count, NULL), XSW_OK);
    rig_run(rig);
    return count;
}

static void a_learned_address_is_announced_to_the_other_ports_of_its_vlan(void **state)
{
    struct rig *rig = *state;
    struct frame frame;
    uint16_t guest = rig_port_access(rig, 5);
    uint16_t same = rig_port_access(rig, 5);
    uint16_t other = rig_port_access(rig, 6);
    rig_frame(&frame, 1, 2, 100);
    rig_send(rig, guest, &frame);
    rig_drain(rig, same);

    assert_int_equal(announced(rig, "p1"), 1);
    rig_expect(rig, same, announcement, sizeof(announcement));
    rig_expect_nothing(rig, same);
    rig_expect_nothing(rig, other);
    rig_expect_nothing(rig, guest);
    assert_int_equal(rig_counters(rig, guest).rx_packets, 2);
    rig_expect_balance(rig);
}

static void a_tagged_vlan_of_a_trunk_is_announced_with_its_tag(void **state)
{
    static const uint16_t vlans[] = {1, 7, 0};
    struct rig *rig = *state;
    struct frame frame;
    uint8_t tagged[64];
    uint16_t guest = rig_port_trunk(rig, 1, vlans);
    uint16_t other = rig_port_trunk(rig, 1, vlans);
    rig_frame_tagged(&frame, 1, 2, 7);
    rig_send(rig, guest, &frame);
    rig_drain(rig, other);

    assert_int_equal(announced(rig, "p1"), 1);
    memcpy(tagged, announcement, 12);
    memcpy(tagged + 12, "\x81\x00\x00\x07", 4);
    memcpy(tagged + 16, announcement + 12, 48);
    rig_expect(rig, other, tagged, sizeof(tagged));
}

static void addresses_of_the_guard_are_announced_before_the_guest_speaks(void **state)
{
    struct rig *rig = *state;
    uint16_t guest = rig_port(rig, NULL);
    uint16_t other = rig_port(rig, NULL);
    struct port_config config = rig_port_config(rig, guest);
    config.macs[0] = (struct mac_address){{2, 0, 0, 0, 0, 1}};
    config.mac_count = 1;
    rig_port_set(rig, &config);

    assert_int_equal(announced(rig, "p1"), 1);
    rig_expect(rig, other, announcement, sizeof(announcement));
    /* It is learned by that, and announced once all the same. */
    assert_int_equal(announced(rig, "p1"), 1);
    assert_int_equal(rig_drain(rig, other), 1);
}

static void policies_of_the_port_apply_to_its_announcements(void **state)
{
    struct rig *rig = *state;
    uint16_t guest = rig_port(rig, NULL);
    uint16_t other = rig_port(rig, NULL);
    struct port_config config = rig_port_config(rig, guest);
    config.macs[0] = (struct mac_address){{2, 0, 0, 0, 0, 1}};
    config.mac_count = 1;
    rig_port_set(rig, &config);
    rig_rule(rig, guest, &(struct acl_rule){.direction = ACL_IN, .action = ACL_DENY});

    assert_int_equal(announced(rig, "p1"), 1);
    rig_expect_nothing(rig, other);
    assert_int_equal(rig_dropped(rig, STAGE_INGRESS_POLICY, REASON_ACL_DENIED), 1);
    rig_expect_balance(rig);
}

static void an_announcement_of_a_port_that_went_is_forgotten(void **state)
{
    struct rig *rig = *state;
    size_t count = 0;
    struct frame frame;
    uint16_t guest = rig_port(rig, NULL);
    uint16_t other = rig_port(rig, NULL);
    rig_frame(&frame, 1, 2, 100);
    rig_send(rig, guest, &frame);
    rig_drain(rig, other);
    assert_int_equal(vswitch_announce(rig->vswitch, "p1", &count, NULL), XSW_OK);
    assert_int_equal(vswitch_port_remove(rig->vswitch, "p1", NULL), XSW_OK);
    rig_run(rig);
    rig_expect_nothing(rig, other);
    assert_int_equal(vswitch_announce(rig->vswitch, "p1", &count, NULL), XSW_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_learned_address_is_announced_to_the_other_ports_of_its_vlan, setup, teardown),
        cmocka_unit_test_setup_teardown(a_tagged_vlan_of_a_trunk_is_announced_with_its_tag, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            addresses_of_the_guard_are_announced_before_the_guest_speaks, setup, teardown),
        cmocka_unit_test_setup_teardown(policies_of_the_port_apply_to_its_announcements, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_announcement_of_a_port_that_went_is_forgotten, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
