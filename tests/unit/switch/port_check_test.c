/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that cannot be: each is refused before anything has changed, with words that say why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/switch_rig.h"
#include "switch/policy/port_check.h"
#include "switch/state.h"

static struct rig rig;

static int set_up(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

static struct port_config plain(void)
{
    struct port_config config;
    port_config_init(&config);
    config.kind = PORT_KIND_MEMORY;
    strcpy(config.name, "new");
    return config;
}

static struct port_config private_port(enum private_vlan_type type, uint16_t primary,
                                       uint16_t secondary)
{
    struct port_config config = plain();
    config.vlan =
        (struct vlan_config){.mode = VLAN_PRIVATE, .private_type = type, .primary = primary};
    if (type == PRIVATE_VLAN_PROMISCUOUS) {
        config.vlan.allowed[secondary / 64] = UINT64_C(1) << secondary % 64;
    } else {
        config.vlan.secondary = secondary;
    }
    return config;
}

static void refused(const struct port_config *config, enum xsw_status status, const char *words)
{
    struct xsw_error error;
    uint64_t generation = vswitch_generation(rig.vswitch);
    assert_int_equal(vswitch_port_add(rig.vswitch, config, NULL, &error), status);
    assert_int_equal(vswitch_generation(rig.vswitch), generation);
    if (strstr(error.text, words) == NULL) {
        fail_msg("\"%s\" has no \"%s\"", error.text, words);
    }
}

static void accepted(const struct port_config *config)
{
    struct xsw_error error = {0};
    if (vswitch_port_add(rig.vswitch, config, NULL, &error) != XSW_OK ||
        vswitch_port_remove(rig.vswitch, config->name, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static void vlans_out_of_range_are_refused(void **state)
{
    (void)state;
    struct port_config config = plain();
    config.vlan.access = 4095;
    refused(&config, XSW_INVALID, "access VLAN 4095; expected 1 to 4094");
    config = private_port(PRIVATE_VLAN_ISOLATED, 0, 101);
    refused(&config, XSW_INVALID, "primary VLAN 0; expected 1 to 4094");
    config = private_port(PRIVATE_VLAN_ISOLATED, 100, 100);
    refused(&config, XSW_INVALID, "secondary VLAN 100");
    config = private_port(PRIVATE_VLAN_PROMISCUOUS, 100, 4095);
    refused(&config, XSW_INVALID, "secondary VLAN 4095");
    config = private_port(PRIVATE_VLAN_PROMISCUOUS, 100, 100);
    refused(&config, XSW_INVALID, "secondary VLAN 100");
    config.vlan.allowed[100 / 64] = 0;
    refused(&config, XSW_INVALID, "needs the secondary VLANs");
}

static void a_vlan_has_one_meaning_on_a_switch(void **state)
{
    (void)state;
    struct port_config first = private_port(PRIVATE_VLAN_ISOLATED, 100, 101);
    rig_port(&rig, &first);
    struct port_config config = private_port(PRIVATE_VLAN_ISOLATED, 200, 101);
    refused(&config, XSW_INVALID, "secondary VLAN 101 belongs to another primary VLAN on port p1");
    config = private_port(PRIVATE_VLAN_PROMISCUOUS, 200, 101);
    refused(&config, XSW_INVALID, "secondary VLAN 101 belongs to another primary VLAN on port p1");
    config = private_port(PRIVATE_VLAN_COMMUNITY, 100, 101);
    refused(&config, XSW_INVALID, "secondary VLAN 101 is an isolated VLAN on port p1");
    config = private_port(PRIVATE_VLAN_ISOLATED, 101, 102);
    refused(&config, XSW_INVALID, "VLAN 101 is a primary VLAN, and on port p1");
    config = private_port(PRIVATE_VLAN_ISOLATED, 99, 100);
    refused(&config, XSW_INVALID, "secondary VLAN 100 is a primary VLAN on port p1");
    config = plain();
    config.vlan.access = 101;
    refused(&config, XSW_INVALID, "VLAN 101 is the access VLAN, and on port p1");
    config = private_port(PRIVATE_VLAN_COMMUNITY, 100, 102);
    accepted(&config);
    config = private_port(PRIVATE_VLAN_PROMISCUOUS, 100, 101);
    accepted(&config);
    /* A port may change what only itself has said. */
    struct port_config same = rig_port_config(&rig, 1);
    same.vlan.primary = 300;
    rig_port_set(&rig, &same);
}

static void required_extensions_are_named_once(void **state)
{
    (void)state;
    struct port_config config = plain();
    strcpy(config.required[0], "wall");
    strcpy(config.required[1], "wall");
    config.required_count = 2;
    refused(&config, XSW_INVALID, "required extension \"wall\" is there twice");
    config.required_count = 1;
    accepted(&config);
}

static void a_policy_that_the_forwarder_does_not_enforce_is_refused(void **state)
{
    (void)state;
    struct xsw_error error;
    rig_port(&rig, NULL);
    assert_int_equal(rig_extension(&rig, EXTENSION_DIR "/test/hub.so", "hub", NULL, NULL, &error),
                     XSW_OK);
    struct port_config config = plain();
    config.vlan.access = 2;
    refused(&config, XSW_UNSUPPORTED, "forwarder \"hub\" does not enforce VLANs");
    config = plain();
    config.dhcp_guard = true;
    refused(&config, XSW_UNSUPPORTED, "forwarder \"hub\" does not enforce guards");
    config = plain();
    config.storm.multicast = 1;
    refused(&config, XSW_UNSUPPORTED, "forwarder \"hub\" does not enforce guards");
    config = plain();
    config.reset_priority = true; /* built in, whoever forwards */
    accepted(&config);
    struct port_config set = rig_port_config(&rig, 1);
    set.router_guard = true;
    assert_int_equal(vswitch_port_set(rig.vswitch, &set, &error), XSW_UNSUPPORTED);
}

static void a_forwarder_is_refused_where_policies_would_be_lost(void **state)
{
    (void)state;
    static const struct xsw_extension forward = {.kind = XSW_EXTENSION_FORWARD};
    static const struct xsw_extension filter = {.kind = XSW_EXTENSION_FILTER};
    struct extension_instance instance = {.extension = &forward, .name = "next"};
    struct xsw_error error;
    rig_port(&rig, NULL);
    assert_int_equal(policy_forwarder_check(rig.vswitch, &instance, &error), XSW_OK);
    rig_port_access(&rig, 7);
    assert_int_equal(policy_forwarder_check(rig.vswitch, &instance, &error), XSW_UNSUPPORTED);
    assert_non_null(strstr(error.text, "port p2: forwarder \"next\" does not enforce VLANs"));
    instance.enforces = XSW_POLICY_VLAN;
    assert_int_equal(policy_forwarder_check(rig.vswitch, &instance, &error), XSW_OK);
    struct port_config config = rig_port_config(&rig, 1);
    config.router_guard = true;
    rig_port_set(&rig, &config);
    assert_int_equal(policy_forwarder_check(rig.vswitch, &instance, &error), XSW_UNSUPPORTED);
    instance.enforces |= XSW_POLICY_SECURITY;
    assert_int_equal(policy_forwarder_check(rig.vswitch, &instance, &error), XSW_OK);
    instance = (struct extension_instance){.extension = &filter};
    assert_int_equal(policy_forwarder_check(rig.vswitch, &instance, &error), XSW_OK);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CLAIM(vlans_out_of_range_are_refused),
        CLAIM(a_vlan_has_one_meaning_on_a_switch),
        CLAIM(required_extensions_are_named_once),
        CLAIM(a_policy_that_the_forwarder_does_not_enforce_is_refused),
        CLAIM(a_forwarder_is_refused_where_policies_would_be_lost),
    };
#undef CLAIM
    return cmocka_run_group_tests_name("port_check", tests, NULL, NULL);
}
