/* SPDX-License-Identifier: Apache-2.0 */
/* Features: declared, typed, in ranges, and the same verbs for built-in ones and for those of an
 * extension that nothing here knows. */
#include "switch/extension/features.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/feature_rig.h"
#include "switch/state.h"

static struct rig rig;
static struct xsw_error error;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

static void notebook_add(const char *name, const char *settings)
{
    if (feature_rig_notebook(&rig, name, settings, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static void must(enum xsw_status status)
{
    if (status != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static void refused(enum xsw_status status, enum xsw_status expected, const char *text)
{
    assert_int_equal(status, expected);
    if (strstr(error.text, text) == NULL) {
        fail_msg("expected \"%s\" in \"%s\"", text, error.text);
    }
}

static void log_is(const char *port, const char *expected)
{
    char *log = feature_rig_status_text(&rig, port, "book.page", "log");
    assert_string_equal(log, expected);
    free(log);
}

/* Built in ----------------------------------------------------------------------------------- */

static void a_built_in_feature_is_the_configuration_of_the_port(void **state)
{
    (void)state;
    must(feature_rig_set(&rig, "p1", "vlan", 0,
                         "{'mode':'trunk','native':'5','allowed':[10,'20-30']}", &error));
    struct port_config config = rig_port_config(&rig, 1);
    assert_int_equal(config.vlan.mode, VLAN_TRUNK);
    assert_int_equal(config.vlan.native, 5);
    feature_rig_expect(&rig, "p1", "vlan",
                       "[{'feature':'vlan','id':0,'values':{'mode':'trunk','native':5,'allowed':['"
                       "10','20-30']}}]");
    must(feature_rig_set(&rig, "p1", "vlan", 0, "{'native':6}", &error));
    assert_int_equal(rig_port_config(&rig, 1).vlan.native, 6);
    must(vswitch_feature_remove(rig.vswitch, "p1", "vlan", 0, &error));
    config = rig_port_config(&rig, 1);
    assert_int_equal(config.vlan.mode, VLAN_ACCESS);
    assert_int_equal(config.vlan.access, 1);
}

static void each_built_in_feature_goes_there_and_back(void **state)
{
    (void)state;
    static const char *const values[][2] = {
        {"guards", "{'spoof-guard':true,'macs':['02:00:00:00:00:01'],'dhcp-guard':true,"
                   "'router-guard':true}"},
        {"priority-tag", "{'action':'reset'}"},
        {"storm-limit", "{'broadcast':100,'multicast':0,'unknown-unicast':7}"},
        {"mirror", "{'to':'p2','direction':'in'}"},
        {"required-extensions", "{'names':['one','two']}"},
        {"mtu", "{'bytes':9000}"},
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char expected[512];
        struct port_config before = rig_port_config(&rig, 1);
        must(feature_rig_set(&rig, "p1", values[i][0], 0, values[i][1], &error));
        snprintf(expected, sizeof(expected), "[{'feature':'%s','id':0,'values':%s}]", values[i][0],
                 values[i][1]);
        feature_rig_expect(&rig, "p1", values[i][0], expected);
        must(vswitch_feature_remove(rig.vswitch, "p1", values[i][0], 0, &error));
        struct port_config after = rig_port_config(&rig, 1);
        assert_string_equal(after.mirror_to, before.mirror_to);
        assert_int_equal(after.mtu, before.mtu);
        assert_int_equal(after.storm.broadcast, 0);
        assert_int_equal(after.required_count, 0);
        assert_false(after.spoof_guard || after.dhcp_guard || after.router_guard);
    }
}

static void rules_are_entries_with_ids(void **state)
{
    (void)state;
    must(feature_rig_add(&rig, "p1", "acl", 0,
                         "{'direction':'in','action':'deny','protocol':'tcp','weight':'-3'}",
                         &error));
    must(feature_rig_add(&rig, "p1", "acl", 9,
                         "{'direction':'out','action':'allow','destination':'10.0.0.0/8'}",
                         &error));
    must(
        feature_rig_set(&rig, "p1", "acl", 1, "{'protocol':'udp','destination-ports':53}", &error));
    struct acl_rule_info rules[4];
    size_t count = 0;
    must(vswitch_acl_list(rig.vswitch, "p1", rules, 4, &count, &error));
    assert_int_equal(count, 2);
    assert_int_equal(rules[0].rule.id, 9);
    assert_int_equal(rules[1].rule.weight, -3);
    assert_int_equal(rules[1].rule.protocol, 17);
    assert_int_equal(rules[1].rule.destination_ports.first, 53);
    /* A change that makes no sense leaves the old rule. */
    refused(feature_rig_set(&rig, "p1", "acl", 1, "{'source':'nobody'}", &error), XSW_INVALID,
            "values.source");
    refused(feature_rig_set(&rig, "p1", "acl", 2, "{'protocol':'tcp'}", &error), XSW_NOT_FOUND,
            "no rule 2");
    must(vswitch_feature_remove(rig.vswitch, "p1", "acl", 9, &error));
    must(vswitch_acl_list(rig.vswitch, "p1", rules, 4, &count, &error));
    assert_int_equal(count, 1);
    assert_int_equal(rules[0].rule.protocol, 17);
}

static void features_of_the_switch_are_changed_by_the_same_verbs(void **state)
{
    (void)state;
    must(feature_rig_set(&rig, NULL, "mac-table", 0, "{'ageing-seconds':0}", &error));
    assert_int_equal(vswitch_config(rig.vswitch)->mac_ageing_seconds, 0);
    assert_int_equal(vswitch_config(rig.vswitch)->mac_limit, 8192);
    refused(feature_rig_set(&rig, "p1", "mac-table", 0, "{'limit':5}", &error), XSW_INVALID,
            "feature of the switch");
    refused(feature_rig_set(&rig, NULL, "vlan", 0, "{'access':5}", &error), XSW_INVALID,
            "feature of ports");
}

static void what_is_not_of_the_schema_is_refused_and_said(void **state)
{
    (void)state;
    refused(feature_rig_set(&rig, "p1", "vlan", 0, "{'acess':5}", &error), XSW_INVALID,
            "did you mean \"access\"");
    refused(feature_rig_set(&rig, "p1", "vlan", 0, "{'access':5000}", &error), XSW_INVALID,
            "from 0 to 4094");
    refused(feature_rig_set(&rig, "p1", "guards", 0, "{'dhcp-guard':'maybe'}", &error), XSW_INVALID,
            "true or false");
    refused(feature_rig_set(&rig, "p1", "vlan", 0, "{'mode':['trunk']}", &error), XSW_INVALID,
            "expected a text");
    refused(feature_rig_set(&rig, "p1", "vlan", 0, "[]", &error), XSW_INVALID, "object");
    refused(feature_rig_set(&rig, "p9", "vlan", 0, "{}", &error), XSW_NOT_FOUND, "\"p9\"");
    refused(feature_rig_set(&rig, "p1", "vlam", 0, "{}", &error), XSW_NOT_FOUND, "\"vlan\"");
    refused(feature_rig_set(&rig, "p1", "traffic", 0, "{}", &error), XSW_INVALID, "only status");
}

static void status_counts_what_the_port_carried(void **state)
{
    (void)state;
    struct frame frame;
    rig_frame(&frame, 1, 2, 50);
    for (int i = 0; i < 5; i++) {
        rig_send(&rig, 1, &frame);
    }
    assert_int_equal(feature_rig_status(&rig, "p1", "traffic", "rx-packets"), 5);
    assert_int_equal(feature_rig_status(&rig, "p2", "traffic", "tx-packets"), 5);
    assert_int_equal(feature_rig_status(&rig, NULL, "mac-table", "entries"), 1);
}

/* Of extensions ------------------------------------------------------------------------------ */

static void an_extension_is_brought_what_was_set(void **state)
{
    (void)state;
    notebook_add("book", "");
    must(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'milk'}", &error));
    must(feature_rig_add(&rig, "p1", "book.note", 0,
                         "{'text':'eggs','level':'7','urgent':'true','tags':'food'}", &error));
    feature_rig_expect(&rig, "p1", "book.note",
                       "[{'feature':'book.note','id':1,'values':{'text':'milk','level':3,"
                       "'urgent':false,'tags':[]}},"
                       "{'feature':'book.note','id':2,'values':{'text':'eggs','level':7,"
                       "'urgent':true,'tags':['food']}}]");
    must(feature_rig_set(&rig, "p1", "book.note", 1, "{'tags':['a','b']}", &error));
    must(vswitch_feature_remove(rig.vswitch, "p1", "book.note", 2, &error));
    log_is("p1", "+1(milk,3,0) +2(eggs,7,1) =1(milk,3,2) -2(eggs,7,1)");
    refused(vswitch_feature_remove(rig.vswitch, "p1", "book.note", 2, &error), XSW_NOT_FOUND,
            "no entry 2");
    refused(feature_rig_add(&rig, "p1", "book.note", 1, "{'text':'x'}", &error), XSW_EXISTS,
            "entry of this id");
}

static void values_of_an_extension_are_checked_before_it_sees_them(void **state)
{
    (void)state;
    notebook_add("book", "");
    refused(feature_rig_add(&rig, "p1", "book.note", 0, "{}", &error), XSW_INVALID,
            "text must be given");
    refused(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'x','level':0}", &error),
            XSW_INVALID, "from 1 to 7");
    refused(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'x','levle':1}", &error),
            XSW_INVALID, "did you mean \"level\"");
    refused(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'x','tags':[{}]}", &error),
            XSW_INVALID, "values.tags[0]");
    log_is("p1", "");
}

static void a_refused_value_is_not_stored(void **state)
{
    (void)state;
    notebook_add("book", "trouble=refuse");
    refused(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'x'}", &error), XSW_DENIED,
            "the notebook is full");
    feature_rig_expect(&rig, "p1", "book.note", "[]");
    /* Built-in ones it may refuse as well. */
    refused(feature_rig_set(&rig, "p1", "storm-limit", 0, "{'broadcast':5}", &error), XSW_DENIED,
            "the notebook is full");
    assert_int_equal(rig_port_config(&rig, 1).storm.broadcast, 0);
    refused(feature_rig_set(&rig, NULL, "mac-table", 0, "{'limit':5}", &error), XSW_DENIED,
            "extension book refused to set mac-table of the switch: the notebook is full");
    assert_int_equal(vswitch_config(rig.vswitch)->mac_limit, 8192);
}

static void values_go_with_their_port_and_their_instance(void **state)
{
    (void)state;
    notebook_add("book", "");
    notebook_add("other", "");
    must(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'one'}", &error));
    must(feature_rig_add(&rig, "p1", "other.note", 0, "{'text':'two'}", &error));
    must(feature_rig_add(&rig, "p2", "book.note", 0, "{'text':'three'}", &error));
    must(vswitch_extension_remove(rig.vswitch, "book", &error));
    notebook_add("book", "");
    feature_rig_expect(&rig, "p1", "book.note", "[]");
    feature_rig_expect(&rig, "p2", "book.note", "[]");
    must(vswitch_port_remove(rig.vswitch, "p1", &error));
    json_t *left = features_custom_json(rig.vswitch, 1);
    assert_int_equal(json_array_size(left), 0);
    json_decref(left);
}

static void a_status_text_gets_the_room_that_it_takes(void **state)
{
    (void)state;
    char long_text[300];
    char values[400];
    notebook_add("book", "");
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    snprintf(values, sizeof(values), "{'text':'%.120s'}", long_text);
    for (int i = 0; i < 8; i++) {
        must(feature_rig_add(&rig, "p1", "book.note", 0, values, &error));
    }
    char *log = feature_rig_status_text(&rig, "p1", "book.page", "log");
    assert_true(strlen(log) > 8 * 120);
    free(log);
}

static void an_endless_wish_for_room_is_refused(void **state)
{
    (void)state;
    json_t *entries = NULL;
    notebook_add("book", "trouble=status");
    refused(vswitch_feature_status(rig.vswitch, "p1", "book.page", &entries, &error), XSW_LIMIT,
            "book.page");
}

static void schemas_tell_types_ranges_and_defaults(void **state)
{
    (void)state;
    struct feature feature;
    notebook_add("book", "");
    must(vswitch_feature_find(rig.vswitch, "book.note", &feature, &error));
    json_t *schema = feature_schema_json(&feature);
    json_t *expected = feature_rig_json(
        "{'name':'book.note','owner':'book','scope':'port','list':true,"
        "'help':'something to remember about a port','status':[],'fields':["
        "{'name':'text','type':'text','help':'what is to be remembered'},"
        "{'name':'level','type':'number','help':'how important it is','default':3,'minimum':1,"
        "'maximum':7},"
        "{'name':'urgent','type':'bool','help':'whether it is urgent','default':false},"
        "{'name':'tags','type':'list','help':'words to find it by','default':[]}]}");
    assert_true(json_equal(schema, expected));
    json_decref(schema);
    json_decref(expected);
}

static enum xsw_status change_note(void *context, enum xsw_operation operation,
                                   const struct xsw_property *property)
{
    char *text = context;
    strcat(text, operation == XSW_OP_PORT_PROPERTY_ADD      ? "+"
                 : operation == XSW_OP_PORT_PROPERTY_UPDATE ? "="
                                                            : "-");
    strcat(text, property->feature);
    strcat(text, " ");
    return XSW_OK;
}

static void a_difference_names_what_comes_changes_and_goes(void **state)
{
    (void)state;
    char text[256] = "";
    struct port_config before = rig_port_config(&rig, 1);
    before.storm.broadcast = 5;
    before.dhcp_guard = true;
    struct port_config after = before;
    after.storm.broadcast = 6;
    after.dhcp_guard = false;
    after.reset_priority = true;
    after.mtu = 9000;
    must(features_diff(&before, &after, change_note, text));
    assert_string_equal(text, "-guards +priority-tag =storm-limit ");
    text[0] = '\0';
    must(features_diff(NULL, &after, change_note, text));
    assert_string_equal(text, "+priority-tag +storm-limit ");
    text[0] = '\0';
    must(features_diff(&after, &after, change_note, text));
    assert_string_equal(text, "");
}

static void one_that_fails_hides_no_other_status(void **state)
{
    (void)state;
    json_t *entries = NULL;
    bool is_told = false;
    bool has_traffic = false;
    notebook_add("bad", "trouble=status");
    notebook_add("good", "records=1");
    must(vswitch_feature_status(rig.vswitch, "p1", NULL, &entries, &error));
    for (size_t i = 0; i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        const char *name = json_string_value(json_object_get(entry, "feature"));
        const char *fault = json_string_value(json_object_get(entry, "error"));
        assert_true((fault != NULL) == (strcmp(name, "bad.page") == 0));
        assert_true((fault != NULL) == (json_object_get(entry, "status") == NULL));
        is_told = is_told || (fault != NULL && strstr(fault, "more room") != NULL);
        has_traffic = has_traffic || strcmp(name, "traffic") == 0;
    }
    json_decref(entries);
    assert_true(is_told && has_traffic);
    refused(vswitch_feature_status(rig.vswitch, "p1", "bad.page", &entries, &error), XSW_LIMIT,
            "more room");
}

static void an_entry_of_a_list_is_named_by_its_id(void **state)
{
    (void)state;
    notebook_add("book", "records=1");
    refused(vswitch_feature_remove(rig.vswitch, "p1", "acl", 0, &error), XSW_INVALID,
            "say which entry with id N");
    refused(feature_rig_set(&rig, "p1", "acl", 0, "{'protocol':'tcp'}", &error), XSW_INVALID,
            "say which entry with id N");
    refused(vswitch_feature_remove(rig.vswitch, "p1", "book.note", 0, &error), XSW_INVALID,
            "say which entry with id N");
}

static void behind_the_last_id_is_the_first_free_one(void **state)
{
    (void)state;
    notebook_add("book", "records=1");
    must(feature_rig_add(&rig, "p1", "book.note", UINT32_MAX, "{'text':'last'}", &error));
    must(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'one'}", &error));
    must(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'two'}", &error));
    must(vswitch_feature_remove(rig.vswitch, "p1", "book.note", 1, &error));
    must(vswitch_feature_remove(rig.vswitch, "p1", "book.note", 2, &error));
}

static void line_keep(void *context, const char *line)
{
    if (strncmp(line, "extension-log:", 14) == 0) {
        snprintf(context, 256, "%s", line);
    }
}

static void what_an_extension_says_stays_between_its_quotes(void **state)
{
    (void)state;
    char logged[256] = "";
    vswitch_set_log(rig.vswitch, &(struct vswitch_log){.line = line_keep, .context = logged});
    notebook_add("book", "trouble=talk");
    assert_string_equal(logged,
                        "extension-log: extension=book text=\"a 'word' outcome='done'  [2J\"");
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_built_in_feature_is_the_configuration_of_the_port),
        CLAIM(each_built_in_feature_goes_there_and_back),
        CLAIM(rules_are_entries_with_ids),
        CLAIM(features_of_the_switch_are_changed_by_the_same_verbs),
        CLAIM(what_is_not_of_the_schema_is_refused_and_said),
        CLAIM(status_counts_what_the_port_carried),
        CLAIM(an_extension_is_brought_what_was_set),
        CLAIM(values_of_an_extension_are_checked_before_it_sees_them),
        CLAIM(a_refused_value_is_not_stored),
        CLAIM(values_go_with_their_port_and_their_instance),
        CLAIM(a_status_text_gets_the_room_that_it_takes),
        CLAIM(an_endless_wish_for_room_is_refused),
        CLAIM(schemas_tell_types_ranges_and_defaults),
        CLAIM(a_difference_names_what_comes_changes_and_goes),
        CLAIM(one_that_fails_hides_no_other_status),
        CLAIM(an_entry_of_a_list_is_named_by_its_id),
        CLAIM(behind_the_last_id_is_the_first_free_one),
        CLAIM(what_an_extension_says_stays_between_its_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
