/* SPDX-License-Identifier: Apache-2.0 */
/* What an extension can ask and do on the control thread. */
#include "switch/extension/services_control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/feature_rig.h"
#include "switch/state.h"

static struct rig rig;
static struct xsw_error error;
static char seen[1024];

static int setup(void **state)
{
    (void)state;
    seen[0] = '\0';
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

/* The host as the instance on top has it. */
static const struct xsw_host *host_of(const char *file)
{
    char path[256];
    snprintf(path, sizeof(path), EXTENSION_DIR "/test/%s.so", file);
    const char *setting = strcmp(file, "workshop") == 0 ? "how" : NULL;
    if (rig_extension(&rig, path, "top", setting, "well", &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    return &rig.vswitch->extensions[0]->host;
}

static void port_note(void *context, const struct xsw_port_info *port)
{
    char text[64];
    (void)context;
    snprintf(text, sizeof(text), "%u:%s:%s:%u ", port->id, port->name, port->nic_kind, port->state);
    strcat(seen, text);
}

static void property_note(void *context, const struct xsw_property *property)
{
    char text[96];
    (void)context;
    snprintf(text, sizeof(text), "%s/%u/%d ", property->feature, property->id,
             property->own == UINT32_MAX ? -1 : (int)property->own);
    strcat(seen, text);
}

static void nothing_is_enumerated_before_the_switch_is_active(void **state)
{
    (void)state;
    const struct xsw_host *host = host_of("notebook1");
    struct xsw_switch_info info = {.size = sizeof(info)};
    assert_int_equal(host->control->ports(host, port_note, NULL), XSW_AGAIN);
    assert_int_equal(host->control->properties(host, 1, property_note, NULL), XSW_AGAIN);
    assert_int_equal(host->control->switch_info(host, &info), XSW_OK);
    assert_int_equal(info.is_active, 0);
    assert_string_equal(info.name, "xsw0");
    assert_int_equal(strlen(info.uuid), 36);
    vswitch_activate(rig.vswitch);
    assert_int_equal(host->control->switch_info(host, &info), XSW_OK);
    assert_int_equal(info.is_active, 1);
    assert_int_equal(info.port_count, 2);
    assert_int_equal(host->control->ports(host, port_note, NULL), XSW_OK);
    assert_string_equal(seen, "1:p1:memory:3 2:p2:memory:3 ");
}

static void all_that_is_configured_can_be_asked_for(void **state)
{
    (void)state;
    const struct xsw_host *host = host_of("notebook1");
    struct acl_rule rule = {.action = ACL_DENY};
    vswitch_activate(rig.vswitch);
    rig_rule(&rig, 1, &rule);
    assert_int_equal(feature_rig_set(&rig, "p1", "storm-limit", 0, "{'broadcast':5}", &error),
                     XSW_OK);
    assert_int_equal(feature_rig_notebook(&rig, "book", "", &error), XSW_OK);
    assert_int_equal(feature_rig_add(&rig, "p1", "book.note", 7, "{'text':'x'}", &error), XSW_OK);
    assert_int_equal(feature_rig_add(&rig, "p1", "top.note", 8, "{'text':'x'}", &error), XSW_OK);
    assert_int_equal(host->control->properties(host, 1, property_note, NULL), XSW_OK);
    assert_string_equal(seen, "storm-limit/0/-1 acl/1/-1 book.note/7/-1 top.note/8/0 ");
    seen[0] = '\0';
    assert_int_equal(host->control->properties(host, 0, property_note, NULL), XSW_OK);
    assert_non_null(strstr(seen, "mac-table/0/-1"));
    assert_int_equal(host->control->properties(host, 9, property_note, NULL), XSW_NOT_FOUND);
    assert_int_equal(host->control->properties(host, 60000, property_note, NULL), XSW_NOT_FOUND);
}

static void an_older_extension_gets_as_much_as_it_knows(void **state)
{
    (void)state;
    const struct xsw_host *host = host_of("notebook1");
    struct xsw_switch_info info;
    memset(&info, 0x55, sizeof(info));
    info.size = offsetof(struct xsw_switch_info, uuid);
    assert_int_equal(host->control->switch_info(host, &info), XSW_OK);
    assert_string_equal(info.name, "xsw0");
    assert_int_equal(info.uuid[0], 0x55);
    info.size = 0;
    assert_int_equal(host->control->switch_info(host, &info), XSW_INVALID);
}

static void only_who_says_that_it_originates_can_send(void **state)
{
    (void)state;
    struct frame frame;
    const struct xsw_host *host = host_of("notebook1");
    rig_frame(&frame, 1, 0xff, 50);
    assert_int_equal(host->control->send(host, 0, frame.bytes, (uint32_t)frame.length), XSW_DENIED);
}

static void what_is_sent_is_delivered_by_the_switch(void **state)
{
    (void)state;
    struct frame frame;
    const struct xsw_host *host = host_of("workshop");
    rig_frame(&frame, 9, 0x77, 50);
    uint32_t length = (uint32_t)frame.length;
    assert_int_equal(host->control->send(host, 0, frame.bytes, length), XSW_OK);
    assert_int_equal(host->control->send(host, 1, frame.bytes, length), XSW_OK);
    assert_int_equal(host->control->send(host, 3, frame.bytes, length), XSW_NOT_FOUND);
    assert_int_equal(host->control->send(host, 9999, frame.bytes, length), XSW_INVALID);
    assert_int_equal(host->control->send(host, 0, frame.bytes, 13), XSW_INVALID);
    assert_int_equal(host->control->send(host, 0, frame.bytes, 65001), XSW_INVALID);
    for (int i = 0; i < 4; i++) {
        worker_turn(rig.worker);
    }
    /* From nobody to all, and from port 1 to all others. */
    rig_expect_frame(&rig, 1, &frame);
    rig_expect_nothing(&rig, 1);
    assert_int_equal(rig_drain(&rig, 2), 2);
}

static void too_many_that_wait_are_told_to_come_again(void **state)
{
    (void)state;
    static uint8_t frame[60000];
    const struct xsw_host *host = host_of("workshop");
    enum xsw_status status = XSW_OK;
    int count = 0;
    while (status == XSW_OK && count < 1000) {
        status = host->control->send(host, 0, frame, sizeof(frame));
        count++;
    }
    assert_int_equal(status, XSW_AGAIN);
}

static void synchronize_returns_when_all_workers_have_gone_on(void **state)
{
    (void)state;
    const struct xsw_host *host = host_of("notebook1");
    host->control->synchronize(host);
    rig_start(&rig);
    for (int i = 0; i < 100; i++) {
        host->control->synchronize(host);
        assert_true(worker_quiet_is_passed(rig.worker));
    }
    rig_stop(&rig);
}

static void a_reference_that_was_never_taken_is_a_violation(void **state)
{
    (void)state;
    const struct xsw_host *host = host_of("notebook1");
    assert_int_equal(host->control->port_reference(host, 1), XSW_OK);
    assert_int_equal(host->control->nic_reference(host, 2), XSW_OK);
    host->control->port_dereference(host, 1);
    host->control->port_dereference(host, 1);
    host->control->nic_dereference(host, 1);
    host->control->nic_dereference(host, 2);
    assert_int_equal(vswitch_port_remove(rig.vswitch, "p1", &error), XSW_OK);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(nothing_is_enumerated_before_the_switch_is_active),
        CLAIM(all_that_is_configured_can_be_asked_for),
        CLAIM(an_older_extension_gets_as_much_as_it_knows),
        CLAIM(only_who_says_that_it_originates_can_send),
        CLAIM(what_is_sent_is_delivered_by_the_switch),
        CLAIM(too_many_that_wait_are_told_to_come_again),
        CLAIM(synchronize_returns_when_all_workers_have_gone_on),
        CLAIM(a_reference_that_was_never_taken_is_a_violation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
