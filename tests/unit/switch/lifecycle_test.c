/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a port's life against a second writing of them: the figure and the table of
 * xsw-pipeline(7), as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "switch/life/lifecycle.h"

enum { OPERATIONS = XSW_OP_SWITCH_ACTIVATE + 1 };

/* One line an operation, one letter a state, from NotCreated to TearingDown: where it leads (n, p,
 * N, C, D, d, t in that order), '.' where it is not legal. */
static const char *const figure[OPERATIONS] = {
    [0] = ".......",
    [XSW_OP_PORT_CREATE] = "p......",
    [XSW_OP_PORT_UPDATED] = ".pNCDd.",
    [XSW_OP_PORT_TEARDOWN] = ".t...t.",
    [XSW_OP_PORT_DELETE] = "......n",
    [XSW_OP_NIC_CREATE] = ".N...N.",
    [XSW_OP_NIC_CONNECT] = "..C....",
    [XSW_OP_NIC_UPDATED] = "...C...",
    [XSW_OP_NIC_DISCONNECT] = "...D...",
    [XSW_OP_NIC_DELETE] = "..d.d..",
    [XSW_OP_PORT_PROPERTY_ADD] = ".pNCDd.",
    [XSW_OP_PORT_PROPERTY_UPDATE] = ".pNCDd.",
    [XSW_OP_PORT_PROPERTY_DELETE] = ".pNCDdt",
    [XSW_OP_SWITCH_PROPERTY_ADD] = ".......",
    [XSW_OP_SWITCH_PROPERTY_UPDATE] = ".......",
    [XSW_OP_SWITCH_PROPERTY_DELETE] = ".......",
    [XSW_OP_SAVE_COMPLETE] = ".pNCDd.",
    [XSW_OP_RESTORE_COMPLETE] = ".pNCDd.",
    [XSW_OP_SWITCH_ACTIVATE] = ".......",
};
static const char letters[] = "npNCDdt";

static void every_operation_is_legal_where_the_figure_says(void **unused)
{
    (void)unused;
    for (int operation = -1; operation < OPERATIONS + 2; operation++) {
        for (int state = 0; state < LIFECYCLE_STATES; state++) {
            char expected =
                operation >= 0 && operation < OPERATIONS ? figure[operation][state] : '.';
            enum xsw_port_state to = (enum xsw_port_state)99;
            bool is_legal =
                lifecycle_next((enum xsw_port_state)state, (enum xsw_operation)operation, &to);
            if (is_legal != (expected != '.') || (is_legal && letters[to] != expected)) {
                fail_msg("operation %d in state %s: expected '%c', found %s", operation,
                         lifecycle_state_name((enum xsw_port_state)state), expected,
                         is_legal ? lifecycle_state_name(to) : "not legal");
            }
            assert_true(is_legal || to == (enum xsw_port_state)99);
        }
    }
    assert_false(lifecycle_next((enum xsw_port_state)7, XSW_OP_PORT_CREATE, NULL));
    assert_true(lifecycle_next(XSW_STATE_NOT_CREATED, XSW_OP_PORT_CREATE, NULL));
}

/* The columns: port reference, NIC reference, operations about and queries of the port, of the NIC,
 * packets from the switch, packets from extensions. */
static void each_state_allows_what_the_table_says(void **unused)
{
    static const char *const table[LIFECYCLE_STATES] = {
        [XSW_STATE_NOT_CREATED] = "--------",  [XSW_STATE_PORT_CREATED] = "y-yy----",
        [XSW_STATE_NIC_CREATED] = "y-yyy-y-",  [XSW_STATE_CONNECTED] = "yyyyyyyy",
        [XSW_STATE_DISCONNECTED] = "y-yyy-y-", [XSW_STATE_NIC_DELETED] = "y-yy----",
        [XSW_STATE_TEARING_DOWN] = "--y-----",
    };
    (void)unused;
    for (int state = 0; state < LIFECYCLE_STATES; state++) {
        const struct lifecycle_rights *rights = lifecycle_rights((enum xsw_port_state)state);
        const bool found[] = {rights->port_reference,      rights->nic_reference,
                              rights->port_operations,     rights->port_queries,
                              rights->nic_operations,      rights->nic_queries,
                              rights->packets_from_switch, rights->packets_from_extensions};
        for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
            assert_int_equal(found[i], table[state][i] == 'y');
        }
    }
}

/* Wherever an operation is legal the switch may send it: the two tables agree. */
static void operations_are_legal_only_where_the_switch_may_send_them(void **unused)
{
    (void)unused;
    for (int state = 0; state < LIFECYCLE_STATES; state++) {
        const struct lifecycle_rights *rights = lifecycle_rights((enum xsw_port_state)state);
        for (int operation = XSW_OP_PORT_UPDATED; operation < OPERATIONS; operation++) {
            if (lifecycle_next((enum xsw_port_state)state, (enum xsw_operation)operation, NULL)) {
                assert_true(rights->port_operations);
            }
        }
    }
}

static void exactly_the_documented_operations_may_be_refused(void **unused)
{
    (void)unused;
    for (int operation = 0; operation < OPERATIONS + 2; operation++) {
        bool expected =
            operation == XSW_OP_PORT_CREATE || operation == XSW_OP_NIC_CREATE ||
            operation == XSW_OP_PORT_PROPERTY_ADD || operation == XSW_OP_PORT_PROPERTY_UPDATE ||
            (operation >= XSW_OP_SWITCH_PROPERTY_ADD && operation <= XSW_OP_SWITCH_PROPERTY_DELETE);
        assert_int_equal(lifecycle_is_vetoable((enum xsw_operation)operation), expected);
    }
}

static void every_state_and_operation_has_a_name_of_its_own(void **unused)
{
    (void)unused;
    for (int a = 1; a < OPERATIONS; a++) {
        const char *name = lifecycle_operation_name((enum xsw_operation)a);
        assert_string_not_equal(name, "unknown");
        for (int b = 1; b < a; b++) {
            assert_string_not_equal(name, lifecycle_operation_name((enum xsw_operation)b));
        }
    }
    for (int a = 0; a < LIFECYCLE_STATES; a++) {
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(lifecycle_state_name((enum xsw_port_state)a),
                                    lifecycle_state_name((enum xsw_port_state)b));
        }
    }
    assert_string_equal(lifecycle_state_name((enum xsw_port_state)LIFECYCLE_STATES), "unknown");
    assert_string_equal(lifecycle_operation_name((enum xsw_operation)OPERATIONS), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_is_legal_where_the_figure_says),
        cmocka_unit_test(each_state_allows_what_the_table_says),
        cmocka_unit_test(operations_are_legal_only_where_the_switch_may_send_them),
        cmocka_unit_test(exactly_the_documented_operations_may_be_refused),
        cmocka_unit_test(every_state_and_operation_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
