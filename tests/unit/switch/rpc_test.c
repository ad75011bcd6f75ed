/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request line to one answer line, with methods of the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "switch/control/rpc.h"

static enum xsw_status method_echo(void *context, const struct rpc_caller *caller,
                                   const json_t *params, struct rpc_reply *reply,
                                   struct xsw_error *error)
{
    (void)context;
    (void)caller;
    (void)error;
    reply->result = json_deep_copy(params);
    return XSW_OK;
}

static enum xsw_status method_missing(void *context, const struct rpc_caller *caller,
                                      const json_t *params, struct rpc_reply *reply,
                                      struct xsw_error *error)
{
    (void)context;
    (void)caller;
    (void)params;
    (void)reply;
    return error_set(error, XSW_NOT_FOUND, "there is no such thing");
}

static enum xsw_status method_count(void *context, const struct rpc_caller *caller,
                                    const json_t *params, struct rpc_reply *reply,
                                    struct xsw_error *error)
{
    (void)caller;
    (void)params;
    (void)reply;
    (void)error;
    ++*(int *)context;
    return XSW_OK;
}

static enum xsw_status method_huge(void *context, const struct rpc_caller *caller,
                                   const json_t *params, struct rpc_reply *reply,
                                   struct xsw_error *error)
{
    (void)context;
    (void)caller;
    (void)params;
    (void)error;
    char *text = malloc(RPC_REPLY_MAX + 1);
    assert_non_null(text);
    memset(text, 'x', RPC_REPLY_MAX);
    text[RPC_REPLY_MAX] = '\0';
    reply->result = json_pack("{s:o}", "text", json_string(text));
    free(text);
    return XSW_OK;
}

/* Refuses where nobody would get what it gives. */
static enum xsw_status method_give(void *context, const struct rpc_caller *caller,
                                   const json_t *params, struct rpc_reply *reply,
                                   struct xsw_error *error)
{
    (void)params;
    (void)reply;
    if (caller->is_notification) {
        return error_set(error, XSW_INVALID, "expected an id");
    }
    ++*(int *)context;
    return XSW_OK;
}

static const struct rpc_method methods[] = {
    {"echo", false, method_echo},
    {"missing", false, method_missing},
    {"count", true, method_count},
    {"huge", false, method_huge},
};

/* Runs `line` on the table and compares the answer; null: none is expected. */
static void assert_table_answer(const struct rpc_table *table, bool may_manage, const char *line,
                                const char *expected)
{
    struct rpc_registry registry = {0};
    struct rpc_caller caller = {.client = 1, .may_manage = may_manage};
    struct rpc_answer answer;
    assert_int_equal(rpc_registry_add(&registry, table, NULL), XSW_OK);
    rpc_handle(&registry, &caller, line, strlen(line), &answer);
    if (expected == NULL) {
        assert_null(answer.text);
    } else {
        assert_non_null(answer.text);
        assert_int_equal(answer.text[answer.length - 1], '\n');
        answer.text[answer.length - 1] = '\0';
        assert_string_equal(answer.text, expected);
    }
    rpc_answer_fini(&answer);
}

static void assert_answer(bool may_manage, int *count, const char *line, const char *expected)
{
    const struct rpc_table table = {.methods = methods, .count = 4, .context = count};
    assert_table_answer(&table, may_manage, line, expected);
}

/* Two counters, "first" and "second". */
static enum xsw_status counter_resolve(void *context, const char *name, void **resolved,
                                       struct xsw_error *error)
{
    int *counts = context;
    if (name == NULL) {
        return error_set(error, XSW_INVALID, "there are several");
    }
    if (strcmp(name, "first") != 0 && strcmp(name, "second") != 0) {
        return error_set(error, XSW_NOT_FOUND, "there is no %s", name);
    }
    *resolved = &counts[strcmp(name, "second") == 0];
    return XSW_OK;
}

static void a_request_says_what_it_is_about_and_the_method_does_not_see_it(void **state)
{
    int counts[2] = {0};
    const struct rpc_table table = {
        .methods = methods, .count = 4, .context = counts, .resolve = counter_resolve};
    (void)state;
    assert_table_answer(&table, true,
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"count\","
                        "\"params\":{\"switch\":\"second\"}}",
                        "{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":1}");
    assert_int_equal(counts[0], 0);
    assert_int_equal(counts[1], 1);
    assert_table_answer(&table, true,
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\","
                        "\"params\":{\"switch\":\"first\",\"x\":1}}",
                        "{\"jsonrpc\":\"2.0\",\"result\":{\"x\":1},\"id\":1}");
}

static void what_cannot_be_resolved_runs_no_method(void **state)
{
    int counts[2] = {0};
    const struct rpc_table table = {
        .methods = methods, .count = 4, .context = counts, .resolve = counter_resolve};
    (void)state;
    assert_table_answer(&table, true, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"count\"}",
                        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32602,\"message\":\"there are "
                        "several\",\"data\":{\"status\":\"invalid\"}},\"id\":1}");
    assert_table_answer(&table, true,
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"count\","
                        "\"params\":{\"switch\":\"third\"}}",
                        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":\"there is no "
                        "third\",\"data\":{\"status\":\"not-found\"}},\"id\":1}");
    assert_int_equal(counts[0] + counts[1], 0);
}

static void the_methods_are_listed_with_their_rights(void **state)
{
    (void)state;
    const struct rpc_table table = {.methods = methods + 2, .count = 1};
    assert_table_answer(&table, false, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.methods\"}",
                        "{\"jsonrpc\":\"2.0\",\"result\":{\"methods\":[{\"name\":\"count\","
                        "\"needs_manage\":true,\"has_switch\":false}]},\"id\":1}");
}

static void a_request_gets_its_result_and_id(void **state)
{
    (void)state;
    assert_answer(false, NULL,
                  "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"echo\",\"params\":{\"x\":1}}",
                  "{\"jsonrpc\":\"2.0\",\"result\":{\"x\":1},\"id\":\"a\"}");
    assert_answer(false, NULL, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"echo\"}",
                  "{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":7}");
}

static void a_notification_is_done_and_gets_no_answer(void **state)
{
    int count = 0;
    (void)state;
    assert_answer(true, &count, "{\"jsonrpc\":\"2.0\",\"method\":\"count\"}", NULL);
    assert_answer(true, &count, "{\"jsonrpc\":\"2.0\",\"method\":\"missing\"}", NULL);
    assert_answer(true, &count, "{\"jsonrpc\":\"2.0\",\"method\":\"nothing\"}", NULL);
    assert_int_equal(count, 1);
}

static void an_observer_may_not_manage(void **state)
{
    int count = 0;
    (void)state;
    assert_answer(
        false, &count, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"count\"}",
        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32001,\"message\":\"count: the owner of "
        "xswd and root may do this; members of group xsw only observe\",\"data\":"
        "{\"status\":\"denied\"}},\"id\":1}");
    assert_answer(false, &count, "{\"jsonrpc\":\"2.0\",\"method\":\"count\"}", NULL);
    assert_int_equal(count, 0);
}

static void a_failure_carries_its_status(void **state)
{
    (void)state;
    assert_answer(false, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"missing\"}",
                  "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":\"there is no such "
                  "thing\",\"data\":{\"status\":\"not-found\"}},\"id\":1}");
}

static void what_is_no_json_is_told_with_its_place(void **state)
{
    (void)state;
    assert_answer(
        false, NULL, "{\"jsonrpc\":",
        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"line 1, column 11: "
        "unexpected token near end of file\",\"data\":{\"status\":\"invalid\"}},"
        "\"id\":null}");
    assert_answer(
        false, NULL, "{\"id\":1,\"id\":2}",
        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"line 1, column 12: "
        "duplicate object key near '\\\"id\\\"'\",\"data\":{\"status\":\"invalid\"}},"
        "\"id\":null}");
}

static void what_is_no_request_is_told_with_its_path(void **state)
{
    (void)state;
    assert_answer(
        false, NULL, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\"}]",
        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"request: batches are "
        "not offered: send one request a line\",\"data\":{\"status\":\"invalid\"}},"
        "\"id\":null}");
    assert_answer(false, NULL, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":7}",
                  "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"request.method: "
                  "expected the name of a method\",\"data\":{\"status\":\"invalid\"}},\"id\":4}");
    assert_answer(
        false, NULL, "{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"echo\"}",
        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"request.id: expected "
        "a text, a number or null\",\"data\":{\"status\":\"invalid\"}},\"id\":null}");
    assert_answer(
        false, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":[1]}",
        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32602,\"message\":\"params: expected an "
        "object\",\"data\":{\"status\":\"invalid\"}},\"id\":1}");
}

static void an_unknown_method_names_the_near_one(void **state)
{
    (void)state;
    assert_answer(
        false, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ehco\"}",
        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,\"message\":\"method: there is no "
        "\\\"ehco\\\": did you mean \\\"echo\\\"?\",\"data\":{\"status\":\"not-found\"}},"
        "\"id\":1}");
}

static void a_reply_that_is_too_long_becomes_an_error(void **state)
{
    (void)state;
    assert_answer(
        false, NULL, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"huge\"}",
        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":\"the reply would have "
        "33554478 bytes, more than the 33554432 allowed\",\"data\":{\"status\":\"limit\"}},"
        "\"id\":1}");
}

static void a_method_knows_whether_somebody_gets_the_answer(void **state)
{
    (void)state;
    static const struct rpc_method giving[] = {{"give", false, method_give}};
    int count = 0;
    const struct rpc_table table = {.methods = giving, .count = 1, .context = &count};
    assert_table_answer(&table, false, "{\"jsonrpc\":\"2.0\",\"method\":\"give\"}", NULL);
    assert_int_equal(count, 0);
    assert_table_answer(&table, false, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"give\"}",
                        "{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":7}");
    assert_int_equal(count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_gets_its_result_and_id),
        cmocka_unit_test(a_request_says_what_it_is_about_and_the_method_does_not_see_it),
        cmocka_unit_test(what_cannot_be_resolved_runs_no_method),
        cmocka_unit_test(the_methods_are_listed_with_their_rights),
        cmocka_unit_test(a_notification_is_done_and_gets_no_answer),
        cmocka_unit_test(an_observer_may_not_manage),
        cmocka_unit_test(a_failure_carries_its_status),
        cmocka_unit_test(what_is_no_json_is_told_with_its_place),
        cmocka_unit_test(what_is_no_request_is_told_with_its_path),
        cmocka_unit_test(an_unknown_method_names_the_near_one),
        cmocka_unit_test(a_reply_that_is_too_long_becomes_an_error),
        cmocka_unit_test(a_method_knows_whether_somebody_gets_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
