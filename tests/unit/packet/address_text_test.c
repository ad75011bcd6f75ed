/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "packet/address_text.h"

static void an_address_is_found_in_any_usual_spelling(void **state)
{
    static const char *const texts[] = {"10.0.0.7",
                                        "tap-10.0.0.7",
                                        "vm10-0-0-7x",
                                        "a_192_168_1_1",
                                        "52-54-00-12-34-56",
                                        "tap525400123456",
                                        "52:54:00:12:34:56",
                                        "5254.0012.3456",
                                        "to fd13::1 and on",
                                        "::1",
                                        "host fe80:0:0:0:5:6:7:8abc"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!address_text_is_in(texts[i])) {
            fail_msg("%s", texts[i]);
        }
    }
}

static void ordinary_names_are_left_as_they_are(void **state)
{
    static const char *const texts[] = {"",       "alice",   "vm-17",     "eth0.100",
                                        "1.2.3",  "out-4-5", "p12345",    "truth",
                                        "z::zoo", "facade",  "0.1234.5.6"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char told[48];
        if (address_text_is_in(texts[i])) {
            fail_msg("%s", texts[i]);
        }
        address_text_port_name(texts[i], 7, told, sizeof(told));
        assert_string_equal(told, texts[i]);
    }
}

static void a_port_whose_name_tells_an_address_is_called_by_its_number(void **state)
{
    char told[48];
    (void)state;
    address_text_port_name("tap-10.0.0.7", 200, told, sizeof(told));
    assert_string_equal(told, "port-200");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_found_in_any_usual_spelling),
        cmocka_unit_test(ordinary_names_are_left_as_they_are),
        cmocka_unit_test(a_port_whose_name_tells_an_address_is_called_by_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
