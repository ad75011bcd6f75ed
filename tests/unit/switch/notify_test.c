/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation against every class of extension and every answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/puppets.h"
#include "switch/extension/notify.h"
#include "switch/life/lifecycle.h"
#include "switch/state.h"

enum { PORT = 9 };

static const enum xsw_status answers[] = {XSW_OK,     XSW_AGAIN,          XSW_NO_MEMORY,
                                          XSW_DENIED, XSW_INVALID,        XSW_END,
                                          XSW_LIMIT,  (enum xsw_status)77};

static struct puppets puppets;
static struct xsw_port_info info;

static int setup(void **unused)
{
    (void)unused;
    puppets_init(&puppets);
    puppets.is_terse = true;
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    puppets.rig.vswitch->ports[PORT] = (struct port_slot){.life = XSW_STATE_NOT_CREATED};
    puppets_fini(&puppets);
    return 0;
}

static bool is_about_switch(enum xsw_operation operation)
{
    return (operation >= XSW_OP_SWITCH_PROPERTY_ADD &&
            operation <= XSW_OP_SWITCH_PROPERTY_DELETE) ||
           operation == XSW_OP_SWITCH_ACTIVATE;
}

/* A change of a port in a state in which it is legal, or of the switch. */
static struct xsw_change change_make(enum xsw_operation operation)
{
    static const struct xsw_property property = {
        .size = sizeof(property), .feature = "top.speed", .own = 55, .id = 3};
    struct vswitch *vswitch = puppets.rig.vswitch;
    bool has_property =
        operation >= XSW_OP_PORT_PROPERTY_ADD && operation <= XSW_OP_SWITCH_PROPERTY_DELETE;
    struct port_slot *slot = &vswitch->ports[PORT];
    *slot = (struct port_slot){.life = XSW_STATE_NOT_CREATED, .config.name = "p9"};
    while (!is_about_switch(operation) && !lifecycle_next(slot->life, operation, NULL)) {
        slot->life++;
        assert_true((int)slot->life < LIFECYCLE_STATES);
    }
    return notify_change(vswitch, operation, is_about_switch(operation) ? 0 : PORT, &info,
                         has_property ? &property : NULL);
}

/* What is called when `refuser` gives the answer. */
static void ask_calls(int refuser, enum xsw_status answer, char *calls, size_t size)
{
    static const char *const names[] = {"cap", "top", "low", "fwd"};
    int times = answer == XSW_AGAIN || answer == XSW_NO_MEMORY ? 3 : 1;
    calls[0] = '\0';
    for (int i = PUPPET_TOP; i <= PUPPET_FWD; i++) {
        for (int j = 0; j < (i == refuser ? times : 1); j++) {
            snprintf(calls + strlen(calls), size - strlen(calls), "%s? ", names[i]);
        }
        if (i == refuser && answer != XSW_OK) {
            while (--i >= PUPPET_TOP) {
                snprintf(calls + strlen(calls), size - strlen(calls), "%s- ", names[i]);
            }
            return;
        }
    }
}

static void veto_try(enum xsw_operation operation, int refuser, enum xsw_status answer)
{
    char expected[200];
    struct xsw_error error = {.text = ""};
    struct xsw_change change = change_make(operation);
    puppets_refuse(&puppets, refuser, 0, answer, -1);
    enum xsw_status status = notify_ask(puppets.rig.vswitch, &change, &error);
    ask_calls(refuser, answer, expected, sizeof(expected));
    puppets_expect(&puppets, expected);
    if (answer == XSW_OK) {
        assert_int_equal(status, XSW_OK);
        return;
    }
    assert_int_equal(status, XSW_DENIED);
    char begin[64];
    snprintf(begin, sizeof(begin), "extension %s refused to ", puppets.puppets[refuser].name);
    assert_memory_equal(error.text, begin, strlen(begin));
    assert_non_null(strstr(error.text, "the test says 'no'"));
    assert_non_null(strstr(puppets.events, "outcome=refused by="));
    assert_non_null(strstr(puppets.events, "reason=\"the test says 'no'\"\n"));
    puppets_forget(&puppets);
}

static void every_vetoable_operation_is_refused_by_every_answer_but_ok(void **unused)
{
    (void)unused;
    for (int operation = XSW_OP_PORT_CREATE; operation <= XSW_OP_SWITCH_ACTIVATE; operation++) {
        if (!lifecycle_is_vetoable((enum xsw_operation)operation)) {
            continue;
        }
        for (int refuser = PUPPET_TOP; refuser <= PUPPET_FWD; refuser++) {
            for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
                veto_try((enum xsw_operation)operation, refuser, answers[i]);
            }
        }
    }
}

static void nobody_is_asked_about_what_may_not_be_refused(void **unused)
{
    (void)unused;
    for (int operation = XSW_OP_PORT_CREATE; operation <= XSW_OP_SWITCH_ACTIVATE; operation++) {
        struct xsw_error error = {.text = ""};
        struct xsw_change change = change_make((enum xsw_operation)operation);
        if (lifecycle_is_vetoable((enum xsw_operation)operation)) {
            continue;
        }
        assert_int_equal(notify_ask(puppets.rig.vswitch, &change, &error), XSW_INVALID);
        puppets_expect(&puppets, "");
        puppets_refuse(&puppets, PUPPET_TOP, 0, XSW_DENIED, -1);
        notify_tell(puppets.rig.vswitch, &change);
        puppets_expect(&puppets, "cap! top! low! fwd! ");
    }
}

static void capture_learns_of_what_was_done_and_of_nothing_else(void **unused)
{
    (void)unused;
    for (int operation = XSW_OP_PORT_CREATE; operation <= XSW_OP_SWITCH_ACTIVATE; operation++) {
        if (!lifecycle_is_vetoable((enum xsw_operation)operation)) {
            continue;
        }
        struct xsw_change change = change_make((enum xsw_operation)operation);
        assert_int_equal(notify_ask(puppets.rig.vswitch, &change, NULL), XSW_OK);
        puppets_expect(&puppets, "top? low? fwd? ");
        notify_done(puppets.rig.vswitch, &change, XSW_OK);
        puppets_expect(&puppets, "cap! top+ low+ fwd+ ");
        assert_int_equal(notify_ask(puppets.rig.vswitch, &change, NULL), XSW_OK);
        puppets_expect(&puppets, "top? low? fwd? ");
        notify_done(puppets.rig.vswitch, &change, XSW_IO);
        puppets_expect(&puppets, "fwd- low- top- ");
        assert_non_null(strstr(puppets.events, "outcome=failed status=io\n"));
        puppets_forget(&puppets);
    }
}

static void a_shortage_that_passes_refuses_nothing(void **unused)
{
    (void)unused;
    for (int shortage = XSW_NO_MEMORY; shortage <= XSW_AGAIN;
         shortage += XSW_AGAIN - XSW_NO_MEMORY) {
        for (int times = 1; times <= 3; times++) {
            struct xsw_error error = {.text = ""};
            struct xsw_change change = change_make(XSW_OP_PORT_CREATE);
            puppets_refuse(&puppets, PUPPET_LOW, 0, (enum xsw_status)shortage, times);
            enum xsw_status status = notify_ask(puppets.rig.vswitch, &change, &error);
            assert_int_equal(status, times < 3 ? XSW_OK : XSW_DENIED);
            puppets_expect(&puppets, times == 1   ? "top? low? low? fwd? "
                                     : times == 2 ? "top? low? low? low? fwd? "
                                                  : "top? low? low? low? top- ");
        }
        assert_non_null(strstr(puppets.events, "refused"));
    }
}

static void what_is_not_legal_in_the_state_of_the_port_is_not_asked(void **unused)
{
    (void)unused;
    for (int state = 0; state < LIFECYCLE_STATES; state++) {
        for (int operation = XSW_OP_PORT_CREATE; operation <= XSW_OP_SWITCH_ACTIVATE; operation++) {
            struct xsw_error error = {.text = ""};
            struct xsw_change change = change_make((enum xsw_operation)operation);
            if (is_about_switch((enum xsw_operation)operation) ||
                !lifecycle_is_vetoable((enum xsw_operation)operation)) {
                continue;
            }
            puppets.rig.vswitch->ports[PORT].life = (enum xsw_port_state)state;
            bool is_legal =
                lifecycle_next((enum xsw_port_state)state, (enum xsw_operation)operation, NULL);
            assert_int_equal(notify_ask(puppets.rig.vswitch, &change, &error),
                             is_legal ? XSW_OK : XSW_UNSUPPORTED);
            puppets_expect(&puppets, is_legal ? "top? low? fwd? " : "");
        }
    }
}

static uint32_t own_seen[PUPPETS];

static void own_note(struct puppets *of, struct puppet *puppet, const struct xsw_change *change)
{
    own_seen[puppet - of->puppets] = change->property->own;
}

static void a_property_is_its_extensions_own_and_nobody_elses(void **unused)
{
    (void)unused;
    struct xsw_feature_info speed = {.size = sizeof(speed), .name = "speed"};
    struct xsw_feature_info other = {.size = sizeof(other), .name = "other"};
    struct vswitch *vswitch = puppets.rig.vswitch;
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        vswitch->extensions[i]->features[0] = other;
        vswitch->extensions[i]->features[1] = speed;
        vswitch->extensions[i]->feature_count = 2;
    }
    struct xsw_change change = change_make(XSW_OP_PORT_PROPERTY_DELETE);
    puppets.hook = own_note;
    notify_tell(vswitch, &change);
    assert_int_equal(own_seen[PUPPET_CAP], UINT32_MAX);
    assert_int_equal(own_seen[PUPPET_TOP], 1);
    assert_int_equal(own_seen[PUPPET_LOW], UINT32_MAX);
    assert_int_equal(own_seen[PUPPET_FWD], UINT32_MAX);
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        vswitch->extensions[i]->feature_count = 0;
    }
}

static void a_change_shows_the_port_as_it_will_be(void **unused)
{
    (void)unused;
    struct xsw_change change = change_make(XSW_OP_NIC_CONNECT);
    assert_int_equal(info.state, XSW_STATE_CONNECTED);
    assert_int_equal(change.info->id, PORT);
    assert_string_equal(info.name, "p9");
    assert_string_equal(info.nic_kind, "tap");
    assert_string_equal(info.nic_name, "p9");
    change = change_make(XSW_OP_PORT_CREATE);
    assert_int_equal(info.state, XSW_STATE_PORT_CREATED);
    assert_string_equal(info.nic_kind, "");
    assert_string_equal(info.nic_name, "");
    change = change_make(XSW_OP_SWITCH_ACTIVATE);
    assert_null(change.info);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_vetoable_operation_is_refused_by_every_answer_but_ok,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_is_asked_about_what_may_not_be_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(capture_learns_of_what_was_done_and_of_nothing_else, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_shortage_that_passes_refuses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_legal_in_the_state_of_the_port_is_not_asked,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_property_is_its_extensions_own_and_nobody_elses, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_change_shows_the_port_as_it_will_be, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
