/* SPDX-License-Identifier: Apache-2.0 */
/* What can be configured on a port: rules and mirrors, while extensions look on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/puppets.h"
#include "switch/state.h"

static struct puppets puppets;
static struct vswitch *vswitch;

static int setup(void **unused)
{
    (void)unused;
    puppets_init(&puppets);
    vswitch = puppets.rig.vswitch;
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    puppets_fini(&puppets);
    return 0;
}

static struct port_config config_of(const char *name)
{
    struct port_config config;
    port_config_init(&config);
    config.kind = PORT_KIND_NONE;
    snprintf(config.name, sizeof(config.name), "%s", name);
    return config;
}

static void add(const char *name)
{
    struct port_config config = config_of(name);
    assert_int_equal(vswitch_port_add(vswitch, &config, NULL, NULL), XSW_OK);
}

static void a_port_on_its_way_out_becomes_nobodys_mirror(void **unused)
{
    (void)unused;
    struct port_config mirrored = config_of("p2");
    const struct xsw_host *host = puppets.puppets[PUPPET_TOP].host;
    add("p1");
    add("p2");
    uint16_t id = vswitch_port_id(vswitch, "p1");
    assert_int_equal(host->control->port_reference(host, id), XSW_OK);
    assert_int_equal(vswitch_port_remove(vswitch, "p1", NULL), XSW_BUSY);
    snprintf(mirrored.mirror_to, sizeof(mirrored.mirror_to), "p1");
    assert_int_equal(vswitch_port_set(vswitch, &mirrored, NULL), XSW_NOT_FOUND);
    host->control->port_dereference(host, id);
    vswitch_tick(vswitch);
    assert_int_equal(vswitch_port_id(vswitch, "p1"), XSW_PORT_NONE);
}

static void a_rule_has_an_id_that_a_configuration_can_have(void **unused)
{
    (void)unused;
    struct acl_rule rule = {.id = UINT32_MAX, .action = ACL_DENY};
    add("p1");
    assert_int_equal(vswitch_acl_add(vswitch, "p1", &rule, NULL), XSW_INVALID);
    rule.id = INT32_MAX;
    assert_int_equal(vswitch_acl_add(vswitch, "p1", &rule, NULL), XSW_OK);
    for (uint32_t id = 1; id < 4; id++) {
        rule.id = 0;
        assert_int_equal(vswitch_acl_add(vswitch, "p1", &rule, NULL), XSW_OK);
        assert_int_equal(rule.id, id);
    }
}

static void a_refused_change_of_a_rule_leaves_the_old_one_in_force(void **unused)
{
    (void)unused;
    struct acl_rule_info rules[2];
    size_t count = 0;
    struct acl_rule rule = {.id = 7, .action = ACL_DENY, .weight = 1};
    add("p1");
    assert_int_equal(vswitch_acl_add(vswitch, "p1", &rule, NULL), XSW_OK);
    puppets_forget(&puppets);
    puppets_refuse(&puppets, PUPPET_LOW, XSW_OP_PORT_PROPERTY_UPDATE, XSW_DENIED, 1);
    rule.action = ACL_ALLOW;
    assert_int_equal(vswitch_acl_set(vswitch, "p1", &rule, NULL), XSW_DENIED);
    puppets_expect(&puppets, "top?property-update low?property-update top-property-update ");
    assert_int_equal(vswitch_acl_list(vswitch, "p1", rules, 2, &count, NULL), XSW_OK);
    assert_true(count == 1 && rules[0].rule.id == 7 && rules[0].rule.action == ACL_DENY);
    assert_int_equal(vswitch_acl_set(vswitch, "p1", &rule, NULL), XSW_OK);
    assert_int_equal(vswitch_acl_list(vswitch, "p1", rules, 2, &count, NULL), XSW_OK);
    assert_true(count == 1 && rules[0].rule.id == 7 && rules[0].rule.action == ACL_ALLOW);
    rule.id = 8;
    assert_int_equal(vswitch_acl_set(vswitch, "p1", &rule, NULL), XSW_NOT_FOUND);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest claims[] = {
        CLAIM(a_port_on_its_way_out_becomes_nobodys_mirror),
        CLAIM(a_refused_change_of_a_rule_leaves_the_old_one_in_force),
        CLAIM(a_rule_has_an_id_that_a_configuration_can_have),
    };
    return cmocka_run_group_tests(claims, NULL, NULL);
}
