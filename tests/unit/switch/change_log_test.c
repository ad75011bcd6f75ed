/* SPDX-License-Identifier: Apache-2.0 */
/* The last changes of a switch, in lines for people. */
#include "switch/control/change_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "support/feature_rig.h"
#include "switch/events.h"
#include "switch/state.h"

static struct rig rig;
static struct xsw_error error;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    vswitch_activate(rig.vswitch);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

static void must(enum xsw_status status)
{
    if (status != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static size_t log_length(void)
{
    json_t *log = change_log_json(rig.vswitch);
    size_t length = json_array_size(log);
    json_decref(log);
    return length;
}

/* The last entry is this, and is about this port and rule. */
static void last_is(const char *text, const char *port, json_int_t rule)
{
    json_t *log = change_log_json(rig.vswitch);
    const json_t *last = json_array_get(log, json_array_size(log) - 1);
    const char *about = json_string_value(json_object_get(last, "port"));
    assert_non_null(last);
    assert_string_equal(json_string_value(json_object_get(last, "text")), text);
    assert_string_equal(about != NULL ? about : "", port);
    assert_int_equal(json_integer_value(json_object_get(last, "rule")), rule);
    assert_int_equal(json_integer_value(json_object_get(last, "generation")),
                     vswitch_generation(rig.vswitch));
    assert_int_equal(json_integer_value(json_object_get(last, "mono_ns")), rig.clock.now_ns);
    json_decref(log);
}

static void what_it_was_started_with_is_no_change(void **state)
{
    struct rig fresh;
    (void)state;
    assert_int_equal(log_length(), 0);
    rig_init(&fresh, NULL);
    rig_port(&fresh, NULL);
    struct acl_rule rule = {.direction = ACL_IN, .action = ACL_DENY};
    rig_rule(&fresh, 1, &rule);
    json_t *log = change_log_json(fresh.vswitch);
    assert_int_equal(json_array_size(log), 0);
    json_decref(log);
    rig_fini(&fresh);
}

static void a_policy_is_told_with_its_old_and_its_new_value(void **state)
{
    (void)state;
    must(feature_rig_set(&rig, "p1", "vlan", 0, "{'mode':'access','access':20}", &error));
    last_is("port p1: vlan access 1 -> 20", "p1", 0);
    must(feature_rig_set(&rig, "p1", "vlan", 0, "{'mode':'trunk','native':5,'allowed':[10,20]}",
                         &error));
    last_is(
        "port p1: vlan mode access -> trunk, vlan access 20 -> not set, vlan native not set -> 5, "
        "vlan allowed not set -> [10,20]",
        "p1", 0);
    must(feature_rig_set(&rig, "p1", "vlan", 0, "{'allowed':[20,30]}", &error));
    last_is("port p1: vlan allowed lost 10 and got 30", "p1", 0);
    struct port_config config = rig_port_config(&rig, 2);
    config.mtu = 9000;
    rig_port_set(&rig, &config);
    last_is("port p2: mtu 1500 -> 9000", "p2", 0);
    assert_int_equal(log_length(), 4);
    rig_port_set(&rig, &config); /* nothing that differs is no change */
    assert_int_equal(log_length(), 4);
}

static void a_rule_that_comes_changes_and_goes_is_told_each_time(void **state)
{
    struct acl_rule rule = {.id = 7, .direction = ACL_IN, .action = ACL_DENY};
    (void)state;
    must(vswitch_acl_add(rig.vswitch, "p1", &rule, &error));
    last_is("rule 7 of port p1 was added: \"deny in all\"", "p1", 7);
    rule.action = ACL_ALLOW;
    must(vswitch_acl_set(rig.vswitch, "p1", &rule, &error));
    last_is("rule 7 of port p1 was changed: \"deny in all\" -> \"allow in all\"", "p1", 7);
    must(vswitch_acl_remove(rig.vswitch, "p1", 7, &error));
    last_is("rule 7 of port p1 was removed: \"allow in all\"", "p1", 7);
    assert_int_equal(log_length(), 3);
}

static void what_was_refused_is_no_change(void **state)
{
    struct acl_rule rule = {.id = 7, .direction = ACL_IN, .action = ACL_DENY};
    struct port_config config = rig_port_config(&rig, 1);
    (void)state;
    must(vswitch_acl_add(rig.vswitch, "p1", &rule, &error));
    assert_int_equal(vswitch_acl_add(rig.vswitch, "p1", &rule, &error), XSW_EXISTS);
    config.mtu = 1;
    assert_int_equal(vswitch_port_set(rig.vswitch, &config, &error), XSW_INVALID);
    assert_int_equal(log_length(), 1);
}

static void a_port_that_comes_with_all_that_it_has_is_one_change(void **state)
{
    struct acl_rule rules[2] = {{.direction = ACL_IN, .action = ACL_DENY},
                                {.direction = ACL_OUT, .action = ACL_DENY}};
    struct port_config config;
    (void)state;
    port_config_init(&config);
    strcpy(config.name, "new");
    config.kind = PORT_KIND_NONE;
    config.vlan.access = 30;
    struct port_request request = {.config = config, .rules = rules, .rule_count = 2};
    must(vswitch_port_validate(rig.vswitch, &request, &error));
    assert_int_equal(log_length(), 0); /* a trial */
    must(vswitch_port_make(rig.vswitch, &request, NULL, &error));
    assert_int_equal(log_length(), 1);
    json_t *log = change_log_json(rig.vswitch);
    assert_string_equal(json_string_value(json_object_get(json_array_get(log, 0), "text")),
                        "port new was added");
    json_decref(log);
    must(vswitch_port_remove(rig.vswitch, "new", &error));
    last_is("port new was removed", "new", 0);
}

static void a_nic_and_settings_of_the_switch_are_told(void **state)
{
    struct switch_config config = *vswitch_config(rig.vswitch);
    (void)state;
    must(vswitch_nic_disconnect(rig.vswitch, "p2", &error));
    last_is("the NIC of port p2 was disconnected", "p2", 0);
    config.mac_limit = 100;
    must(vswitch_set(rig.vswitch, &config, &error));
    last_is("the switch: mac_limit 8192 -> 100", "", 0);
}

static void extensions_and_their_features_are_told(void **state)
{
    (void)state;
    must(feature_rig_notebook(&rig, "book", "records=3", &error));
    json_t *log = change_log_json(rig.vswitch);
    json_t *last = json_array_get(log, json_array_size(log) - 1);
    assert_string_equal(json_string_value(json_object_get(last, "extension")), "book");
    assert_non_null(
        strstr(json_string_value(json_object_get(last, "text")), "extension book was added"));
    json_decref(log);
    must(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'hello'}", &error));
    log = change_log_json(rig.vswitch);
    last = json_array_get(log, json_array_size(log) - 1);
    assert_string_equal(json_string_value(json_object_get(last, "port")), "p1");
    assert_non_null(strstr(json_string_value(json_object_get(last, "text")),
                           "port p1: book.note 1 was set: text hello"));
    json_decref(log);
}

static void the_oldest_are_forgotten_and_the_numbers_show_it(void **state)
{
    struct port_config config = rig_port_config(&rig, 1);
    (void)state;
    for (uint16_t i = 0; i < CHANGE_LOG_MAX + 3; i++) {
        config.vlan.access = (uint16_t)(i + 2);
        rig_port_set(&rig, &config);
    }
    json_t *log = change_log_json(rig.vswitch);
    assert_int_equal(json_array_size(log), CHANGE_LOG_MAX);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(log, 0), "number")), 4);
    json_decref(log);
    last_is("port p1: vlan access 67 -> 68", "p1", 0);
}

static void a_text_that_is_too_long_is_cut_between_characters(void **state)
{
    json_t *before = json_object();
    json_t *after = json_object();
    char name[700];
    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        size_t length = shift;
        memset(name, 'x', shift);
        while (length + 3 < sizeof(name)) {
            memcpy(name + length, "\xe2\x82\xac", 3); /* three bytes a letter */
            length += 3;
        }
        name[length] = '\0';
        json_object_set_new(before, "text", json_string("a"));
        json_object_set_new(after, "text", json_string(name));
        change_log_settings(rig.vswitch, "book", before, after);
        assert_int_equal(log_length(), shift + 1); /* what is no UTF-8 would be no JSON */
    }
    json_decref(before);
    json_decref(after);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CLAIM(what_it_was_started_with_is_no_change),
        CLAIM(a_policy_is_told_with_its_old_and_its_new_value),
        CLAIM(a_rule_that_comes_changes_and_goes_is_told_each_time),
        CLAIM(what_was_refused_is_no_change),
        CLAIM(a_port_that_comes_with_all_that_it_has_is_one_change),
        CLAIM(a_nic_and_settings_of_the_switch_are_told),
        CLAIM(extensions_and_their_features_are_told),
        CLAIM(the_oldest_are_forgotten_and_the_numbers_show_it),
        CLAIM(a_text_that_is_too_long_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
