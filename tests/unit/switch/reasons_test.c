/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "switch/path/reasons.h"

static void the_switchs_own_reasons_have_the_ids_that_files_know(void **state)
{
    (void)state;
    static const char *const frozen[] = {
        NULL,         "runt-frame",       "mtu-exceeded",   "bad-offload",
        "no-buffer",  "vlan-not-allowed", "bad-source-mac", "mac-spoofed",
        "acl-denied", "no-destination",   "same-port",      "port-down",
        "queue-full", "send-failed",      "silent-drop",    "bad-packet",
    };
    struct reasons reasons;
    reasons_init(&reasons);
    for (uint16_t id = 1; id < sizeof(frozen) / sizeof(frozen[0]); id++) {
        assert_string_equal(reasons.entries[id].name, frozen[id]);
        assert_string_equal(reasons.entries[id].owner, "xsw");
        assert_int_equal(reasons.entries[id].id, id);
        assert_true(strlen(reasons.entries[id].sentence) > 10);
        assert_true(strlen(reasons.entries[id].sentence) <
                    sizeof(reasons.entries[id].sentence) - 1);
    }
    assert_int_equal(REASON_EXTENSIONS_FIRST, 64);
}

static void an_extension_that_comes_back_gets_its_ids_back(void **state)
{
    (void)state;
    static const struct xsw_reason_info declared[] = {{"one", "first"}, {"two", "second"}};
    struct reasons reasons;
    reasons_init(&reasons);
    uint16_t first[2], other[2], again[2];
    assert_int_equal(reasons_declare(&reasons, "a", declared, 2, first, NULL), XSW_OK);
    assert_int_equal(reasons_declare(&reasons, "b", declared, 2, other, NULL), XSW_OK);
    assert_int_equal(reasons_declare(&reasons, "a", declared, 2, again, NULL), XSW_OK);
    assert_int_equal(first[0], 64);
    assert_int_equal(first[1], 65);
    assert_int_equal(other[0], 66);
    assert_memory_equal(first, again, sizeof(first));
    assert_string_equal(reasons.entries[66].owner, "b");
}

static void more_reasons_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    struct reasons reasons;
    reasons_init(&reasons);
    char name[CONFIG_NAME_SIZE];
    const struct xsw_reason_info declared = {name, "sentence"};
    uint16_t id = 0;
    struct xsw_error error;
    for (unsigned i = REASON_EXTENSIONS_FIRST; i < REASONS_MAX; i++) {
        snprintf(name, sizeof(name), "r%u", i);
        assert_int_equal(reasons_declare(&reasons, "a", &declared, 1, &id, &error), XSW_OK);
        assert_int_equal(id, i);
    }
    snprintf(name, sizeof(name), "over");
    assert_int_equal(reasons_declare(&reasons, "a", &declared, 1, &id, &error), XSW_LIMIT);
    assert_non_null(strstr(error.text, "\"over\""));
    assert_non_null(strstr(error.text, "at most 128"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_switchs_own_reasons_have_the_ids_that_files_know),
        cmocka_unit_test(an_extension_that_comes_back_gets_its_ids_back),
        cmocka_unit_test(more_reasons_than_there_is_room_for_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
