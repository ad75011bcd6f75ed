/* SPDX-License-Identifier: Apache-2.0 */
/* A port as a document: what extensions keep for it is asked for to the end, carried, and given
 * back to its owner; one that never ends is stopped; a document from anywhere is checked before it
 * is believed. */
#include "switch/life/port_state.h"

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
static struct rig target;
static struct xsw_error error;
static char logged[8192];

static void log_line(void *context, const char *line)
{
    (void)context;
    size_t used = strlen(logged);
    snprintf(logged + used, sizeof(logged) - used, "%s\n", line);
}

static int setup(void **state)
{
    (void)state;
    static const struct vswitch_log log = {.line = log_line};
    logged[0] = '\0';
    rig_init(&rig, NULL);
    rig_init(&target, NULL);
    vswitch_set_log(target.vswitch, &log);
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    rig_fini(&target);
    return 0;
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

static json_t *saved(void)
{
    json_t *document = NULL;
    must(port_state_save(rig.vswitch, "p1", &document, &error));
    return document;
}

static size_t records_of(const json_t *document)
{
    return json_array_size(json_object_get(document, "records"));
}

static void log_is(struct rig *on, const char *feature, const char *expected)
{
    char *log = feature_rig_status_text(on, "p1", feature, "log");
    assert_string_equal(log, expected);
    free(log);
}

/* Saving ------------------------------------------------------------------------------------- */

static void all_records_of_all_extensions_are_asked_for(void **state)
{
    (void)state;
    must(feature_rig_notebook(&rig, "none", "", &error));
    must(feature_rig_notebook(&rig, "one", "records=1", &error));
    must(feature_rig_notebook(&rig, "many", "records=300 bytes=0", &error));
    json_t *document = saved();
    assert_int_equal(records_of(document), 301);
    /* The newest is on top, and asked first. */
    json_t *first = json_array_get(json_object_get(document, "records"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "instance")), "many");
    assert_string_equal(json_string_value(json_object_get(first, "extension")), "notebook");
    log_is(&rig, "none.page", "saved");
    log_is(&rig, "many.page", "saved");
    json_decref(document);
    /* SAVE_COMPLETE has ended it: the next save begins anew. */
    document = saved();
    assert_int_equal(records_of(document), 301);
    json_decref(document);
}

static void a_large_record_gets_the_room_that_it_takes(void **state)
{
    (void)state;
    must(feature_rig_notebook(&rig, "book", "records=2 bytes=65535", &error));
    must(feature_rig_notebook(&target, "book", "", &error));
    json_t *document = saved();
    assert_int_equal(records_of(document), 2);
    must(port_state_restore(target.vswitch, document, NULL, &error));
    assert_int_equal(feature_rig_status(&target, "p1", "book.page", "restored"), 2);
    json_decref(document);
}

static void one_that_never_ends_is_stopped_and_named(void **state)
{
    (void)state;
    json_t *document = NULL;
    must(feature_rig_notebook(&rig, "book", "trouble=endless bytes=1", &error));
    refused(port_state_save(rig.vswitch, "p1", &document, &error), XSW_LIMIT, "extension book");
    assert_non_null(strstr(error.text, "4096 records"));
    log_is(&rig, "book.page", "saved");
    must(vswitch_extension_remove(rig.vswitch, "book", &error));
    must(feature_rig_notebook(&rig, "book", "trouble=endless bytes=60000", &error));
    refused(port_state_save(rig.vswitch, "p1", &document, &error), XSW_LIMIT, "16 MiB");
}

static void one_that_wants_more_than_a_record_is_refused(void **state)
{
    (void)state;
    json_t *document = NULL;
    must(feature_rig_notebook(&rig, "book", "records=1 trouble=greedy", &error));
    refused(port_state_save(rig.vswitch, "p1", &document, &error), XSW_INVALID, "65536 bytes");
}

/* Restoring ---------------------------------------------------------------------------------- */

static void policies_rules_features_and_addresses_travel(void **state)
{
    (void)state;
    struct frame frame;
    must(feature_rig_notebook(&rig, "book", "records=1", &error));
    must(feature_rig_notebook(&target, "book", "", &error));
    must(feature_rig_add(&rig, "p1", "book.note", 5, "{'text':'keep'}", &error));
    must(feature_rig_set(&rig, "p1", "storm-limit", 0, "{'broadcast':77}", &error));
    must(feature_rig_add(&rig, "p1", "acl", 3,
                         "{'direction':'in','action':'deny','protocol':'tcp'}", &error));
    rig_frame(&frame, 1, 2, 50);
    rig_send(&rig, 1, &frame);
    json_t *document = saved();
    must(port_state_restore(target.vswitch, document, NULL, &error));
    json_decref(document);

    struct acl_rule_info rule;
    struct mac_entry mac;
    size_t count = 0;
    must(vswitch_acl_list(target.vswitch, "p1", &rule, 1, &count, &error));
    assert_int_equal(count, 1);
    assert_int_equal(rule.rule.id, 3);
    feature_rig_expect(&target, "p1", "storm-limit",
                       "[{'feature':'storm-limit','id':0,'values':{'broadcast':77,'multicast':0,"
                       "'unknown-unicast':0}}]");
    feature_rig_expect(&target, "p1", "book.note",
                       "[{'feature':'book.note','id':5,'values':{'text':'keep','level':3,"
                       "'urgent':false,'tags':[]}}]");
    assert_int_equal(vswitch_macs(target.vswitch, &mac, 1), 1);
    assert_int_equal(mac.mac.bytes[5], 1);
    assert_int_equal(mac.port, 1);
    /* The value came before the NIC, the record behind the connection. */
    log_is(&target, "book.page", "+5(keep,3,0) restored");
}

static void a_record_goes_to_the_instance_that_saved_it(void **state)
{
    (void)state;
    must(feature_rig_notebook(&rig, "left", "records=1", &error));
    must(feature_rig_notebook(&rig, "right", "records=2", &error));
    must(feature_rig_notebook(&target, "right", "", &error));
    must(feature_rig_notebook(&target, "left", "", &error));
    json_t *document = saved();
    must(port_state_restore(target.vswitch, document, NULL, &error));
    assert_int_equal(feature_rig_status(&target, "p1", "left.page", "restored"), 1);
    assert_int_equal(feature_rig_status(&target, "p1", "right.page", "restored"), 2);
    json_decref(document);
}

static void what_nobody_owns_is_logged_and_no_failure(void **state)
{
    (void)state;
    must(feature_rig_notebook(&rig, "book", "records=2", &error));
    json_t *document = saved();
    must(port_state_restore(target.vswitch, document, NULL, &error));
    assert_non_null(strstr(logged, "restored-data-unowned: port=p1 extension=notebook "
                                   "instance=book class=7 bytes=100\n"));
    assert_non_null(strstr(logged, "restore-complete: port=p1"));
    json_decref(document);
}

static void the_owners_failure_takes_the_port_back(void **state)
{
    (void)state;
    must(feature_rig_notebook(&rig, "book", "records=1", &error));
    must(feature_rig_notebook(&target, "book", "trouble=restore", &error));
    json_t *document = saved();
    refused(port_state_restore(target.vswitch, document, NULL, &error), XSW_CORRUPT,
            "extension book: it cannot work with what was saved for port p1: the pages do not fit");
    assert_int_equal(vswitch_ports(target.vswitch, NULL, 0), 0);
    json_decref(document);
}

static void a_value_without_its_extension_is_refused_and_not_forgotten(void **state)
{
    (void)state;
    must(feature_rig_notebook(&rig, "book", "", &error));
    must(feature_rig_add(&rig, "p1", "book.note", 0, "{'text':'keep'}", &error));
    json_t *document = saved();
    refused(port_state_restore(target.vswitch, document, NULL, &error), XSW_NOT_FOUND,
            "\"book.note\"");
    assert_int_equal(vswitch_ports(target.vswitch, NULL, 0), 0);
    json_decref(document);
}

static void a_port_comes_back_under_another_name(void **state)
{
    (void)state;
    json_t *document = saved();
    struct port_state_change change = {.name = "copy"};
    must(port_state_restore(rig.vswitch, document, &change, &error));
    struct port_info info;
    must(vswitch_port_find(rig.vswitch, "copy", &info, &error));
    refused(port_state_restore(rig.vswitch, document, NULL, &error), XSW_EXISTS, "p1");
    json_decref(document);
}

static void a_hostile_document_is_refused_with_the_place(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"[]", "state: expected"},
        {"{}", "state.xsw_port_state"},
        {"{'xsw_port_state':2,'port':{'name':'a'}}", "expected version 1, found 2"},
        {"{'xsw_port_state':1}", "state.port"},
        {"{'xsw_port_state':1,'port':{'name':''}}", "state.port.name"},
        {"{'xsw_port_state':1,'port':{'name':'a','kind':'memory'},'more':1}",
         "unknown member \"more\""},
        {"{'xsw_port_state':1,'port':{'name':'a','kind':'memory','acl':[{}]}}",
         "state.port.acl[0]"},
        {"{'xsw_port_state':1,'port':{'name':'a','kind':'memory'},'records':{}}", "state.records"},
        {"{'xsw_port_state':1,'port':{'name':'a','kind':'memory'},'records':[{'extension':'x',"
         "'data':'Zg='}]}",
         "state.records[0].data"},
        {"{'xsw_port_state':1,'port':{'name':'a','kind':'memory'},'records':[{'data':'Zg=='}]}",
         "state.records[0].extension"},
        {"{'xsw_port_state':1,'port':{'name':'a','kind':'memory'},'records':[{'extension':'x',"
         "'version':-1,'data':''}]}",
         "state.records[0].version"},
        {"{'xsw_port_state':1,'port':{'name':'a','kind':'memory'},'macs':[{'mac':'x','vlan':1}]}",
         "state.macs[0]"},
        {"{'xsw_port_state':1,'port':{'name':'a','kind':'memory'},'macs':[{'mac':"
         "'02:00:00:00:00:01','vlan':4095}]}",
         "state.macs[0].vlan"},
        {"{'xsw_port_state':1,'port':{'name':'a','kind':'memory','features':[{'feature':7}]}}",
         "features[0].feature"},
        {"{'xsw_port_state':1,'port':{'name':'a','kind':'memory','features':[{'feature':'vlan'}]}}",
         "built in"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        json_t *document = feature_rig_json(wrong[i][0]);
        error.text[0] = '\0';
        assert_true(port_state_restore(target.vswitch, document, NULL, &error) < 0);
        if (strstr(error.text, wrong[i][1]) == NULL) {
            fail_msg("%s: expected \"%s\" in \"%s\"", wrong[i][0], wrong[i][1], error.text);
        }
        assert_int_equal(vswitch_ports(target.vswitch, NULL, 0), 0);
        json_decref(document);
    }
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(all_records_of_all_extensions_are_asked_for),
        CLAIM(a_large_record_gets_the_room_that_it_takes),
        CLAIM(one_that_never_ends_is_stopped_and_named),
        CLAIM(one_that_wants_more_than_a_record_is_refused),
        CLAIM(policies_rules_features_and_addresses_travel),
        CLAIM(a_record_goes_to_the_instance_that_saved_it),
        CLAIM(what_nobody_owns_is_logged_and_no_failure),
        CLAIM(the_owners_failure_takes_the_port_back),
        CLAIM(a_value_without_its_extension_is_refused_and_not_forgotten),
        CLAIM(a_port_comes_back_under_another_name),
        CLAIM(a_hostile_document_is_refused_with_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
