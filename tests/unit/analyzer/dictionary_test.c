/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/dictionary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct dictionary dictionary;
    struct notes notes;
};

static int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    dictionary_init(&fixture->dictionary);
    *state = fixture;
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    dictionary_fini(&fixture->dictionary);
    free(fixture);
    return 0;
}

static void add(struct fixture *fixture, const char *json,
                void (*function)(struct dictionary *, const struct json_in *))
{
    struct json_in place;
    if (json_in_open(&place, json, strlen(json), "f", &fixture->notes))
        function(&fixture->dictionary, &place);
    json_in_close(&place);
}

static void section_gives_names_to_numbers(void **state)
{
    struct fixture *fixture = *state;
    struct dictionary_name name;
    add(fixture,
        "{\"ports\":[{\"id\":3,\"name\":\"alice\"}],\"stages\":[{\"id\":2,\"name\":\"rx\","
        "\"order\":0,\"extension\":\"e\"}],\"reasons\":[{\"id\":9,\"name\":\"r\",\"sentence\":"
        "\"s\"}],\"rules\":[{\"port\":0,\"stage\":2,\"rule\":10,\"text\":\"t\"}]}",
        dictionary_add_section);
    assert_string_equal(dictionary_port(&fixture->dictionary, 3, &name), "alice");
    assert_string_equal(dictionary_stage(&fixture->dictionary, 2, &name), "rx");
    assert_string_equal(dictionary_reason(&fixture->dictionary, 9, &name), "r");
    assert_string_equal(dictionary_stage_extension(&fixture->dictionary, 2), "e");
    assert_int_equal(dictionary_stage_order(&fixture->dictionary, 2), 0);
    struct dictionary_rule_key key = {.rule = 10, .port = 77, .stage = 2};
    assert_string_equal(dictionary_find_rule(&fixture->dictionary, &key), "t");
    assert_int_equal(fixture->notes.count, 0);
}

static void unknown_numbers_are_shown_as_numbers(void **state)
{
    struct fixture *fixture = *state;
    struct dictionary_name name;
    struct dictionary_rule_key key = {.rule = 1};
    assert_string_equal(dictionary_port(&fixture->dictionary, 300, &name), "port 300");
    assert_string_equal(dictionary_stage(&fixture->dictionary, 4, &name), "stage 4");
    assert_string_equal(dictionary_reason(&fixture->dictionary, 5, &name), "reason 5");
    assert_null(dictionary_find_rule(&fixture->dictionary, &key));
    assert_int_equal(dictionary_stage_order(&fixture->dictionary, 4), STAGE_ORDER_NONE);
}

static void summary_replaces_names(void **state)
{
    struct fixture *fixture = *state;
    struct dictionary_name name;
    add(fixture, "{\"stages\":[{\"id\":2,\"name\":\"old\",\"order\":1}]}", dictionary_add_section);
    add(fixture, "{\"stages_info\":[{\"id\":2,\"name\":\"new\",\"order\":65535}]}",
        dictionary_add_summary);
    assert_string_equal(dictionary_stage(&fixture->dictionary, 2, &name), "new");
    assert_int_equal(dictionary_stage_order(&fixture->dictionary, 2), STAGE_ORDER_NONE);
}

static void assert_note(const struct fixture *fixture, const char *part)
{
    for (size_t i = 0; i < fixture->notes.count; i++)
        if (strstr(fixture->notes.texts[i], part) != NULL)
            return;
    fail_msg("no note has \"%s\"; the first is \"%s\"", part, fixture->notes.texts[0]);
}

static void wrong_types_are_told_with_their_place(void **state)
{
    struct fixture *fixture = *state;
    add(fixture,
        "{\"ports\":{},\"stages\":[7,{\"id\":-1},{\"name\":5,\"id\":1}],"
        "\"reasons\":[{\"id\":70000}],\"rules\":[{}]}",
        dictionary_add_section);
    assert_note(fixture, "f.ports is an object, expected an array");
    assert_note(fixture, "f.stages[0] is a number, expected an object");
    assert_note(fixture, "f.stages[1].id is a number, expected a whole number from 0 to 65535");
    assert_note(fixture, "f.stages[2].name is a number, expected a text");
    assert_note(fixture, "f.reasons[0].id is a number");
    assert_note(fixture, "f.rules[0].port is missing, expected a whole number");
}

static void broken_json_is_told_with_its_byte(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, "{\"ports\":[", dictionary_add_section);
    assert_note(fixture, "expected JSON");
    add(fixture, "[]", dictionary_add_section);
    assert_note(fixture, "f is an array, expected an object");
}

static void endless_names_fill_no_memory(void **state)
{
    struct fixture *fixture = *state;
    char *json = malloc(64 * 20000);
    size_t length = (size_t)sprintf(json, "{\"ports\":[{\"id\":0}");
    for (unsigned i = 1; i < 20000; i++)
        length += (size_t)sprintf(json + length, ",{\"id\":%u,\"name\":\"p\"}", i);
    strcpy(json + length, "]}");
    add(fixture, json, dictionary_add_section);
    assert_int_equal(fixture->dictionary.ports.count, DICTIONARY_MAX);
    free(json);
}

static void deep_nesting_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char *json = malloc(200001);
    memset(json, '[', 200000);
    json[200000] = '\0';
    add(fixture, json, dictionary_add_section);
    assert_int_equal(fixture->notes.count, 1);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(section_gives_names_to_numbers, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(unknown_numbers_are_shown_as_numbers, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(summary_replaces_names, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(wrong_types_are_told_with_their_place, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(broken_json_is_told_with_its_byte, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(endless_names_fill_no_memory, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(deep_nesting_is_refused, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
