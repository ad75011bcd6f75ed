/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/journey/dictionary.h"

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

static const char *port_name(const struct fixture *fixture, uint16_t id, uint16_t name)
{
    static struct dictionary_name storage;
    return dictionary_port(&fixture->dictionary, (struct dictionary_label){id, name}, &storage);
}

static struct dictionary_label add_tap(struct fixture *fixture, const char *json)
{
    struct dictionary_label label = {0};
    struct json_in place;
    if (json_in_open(&place, json, strlen(json), "f", &fixture->notes))
        label = dictionary_add_tap(&fixture->dictionary, &place);
    json_in_close(&place);
    return label;
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
    assert_string_equal(port_name(fixture, 3, 0), "alice");
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
    assert_string_equal(port_name(fixture, 300, 0), "port 300");
    assert_string_equal(dictionary_stage(&fixture->dictionary, 4, &name), "stage 4");
    assert_string_equal(dictionary_reason(&fixture->dictionary, 5, &name), "reason 5");
    assert_null(dictionary_find_rule(&fixture->dictionary, &key));
    assert_int_equal(dictionary_stage_order(&fixture->dictionary, 4), STAGE_ORDER_NONE);
}

/* The id of a port that was removed is given to another one, which has a rule of the same number.
 */
static void a_rule_is_that_of_the_port_that_had_the_id_then(void **state)
{
    struct fixture *fixture = *state;
    static const char stage[] = "\"stages\":[{\"id\":2,\"name\":\"in\"}]";
    char text[400];
    snprintf(text, sizeof(text),
             "{\"ports\":[{\"id\":3,\"name\":\"old\"}],%s,"
             "\"rules\":[{\"port\":3,\"stage\":2,\"rule\":10,\"text\":\"deny a\"}]}",
             stage);
    add(fixture, text, dictionary_add_section);
    struct dictionary_label old =
        add_tap(fixture, "{\"port\":3,\"port_name\":\"old\",\"stage\":2,\"stage_name\":\"in\"}");
    snprintf(text, sizeof(text),
             "{\"ports\":[{\"id\":3,\"name\":\"new\"}],"
             "\"rules\":[{\"port\":3,\"stage\":2,\"rule\":10,\"text\":\"deny b\"},"
             "{\"port\":3,\"stage\":2,\"rule\":11,\"text\":\"deny c\"}]}");
    add(fixture, text, dictionary_add_summary);
    struct dictionary_label new =
        add_tap(fixture, "{\"port\":3,\"port_name\":\"new\",\"stage\":2,\"stage_name\":\"in\"}");
    struct dictionary_rule_key key = dictionary_rule_of(10, old, 2);
    assert_string_equal(dictionary_find_rule(&fixture->dictionary, &key), "deny a");
    key = dictionary_rule_of(10, new, 2);
    assert_string_equal(dictionary_find_rule(&fixture->dictionary, &key), "deny b");
    key = dictionary_rule_of(11, old, 2); /* it never had one of this number */
    assert_null(dictionary_find_rule(&fixture->dictionary, &key));
    /* Who knows no more than the id means the port that has it by the lists. */
    key = (struct dictionary_rule_key){.rule = 11, .port = 3, .stage = 2};
    assert_string_equal(dictionary_find_rule(&fixture->dictionary, &key), "deny c");
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

static void tap_point_keeps_its_name_when_a_port_id_is_given_again(void **state)
{
    struct fixture *fixture = *state;
    add(fixture, "{\"ports\":[{\"id\":1,\"name\":\"alice\"}]}", dictionary_add_section);
    struct dictionary_label alice =
        add_tap(fixture, "{\"port\":1,\"port_name\":\"alice\",\"stage\":1,\"stage_name\":\"rx\"}");
    struct dictionary_label dave =
        add_tap(fixture, "{\"port\":1,\"port_name\":\"dave\",\"stage\":7,\"stage_name\":\"tx\"}");
    struct dictionary_label again =
        add_tap(fixture, "{\"port\":1,\"port_name\":\"alice\",\"stage\":3,\"stage_name\":\"f\"}");
    add(fixture, "{\"ports\":[{\"id\":1,\"name\":\"zoe\"}]}", dictionary_add_summary);
    assert_string_equal(port_name(fixture, alice.id, alice.name), "alice");
    assert_string_equal(port_name(fixture, dave.id, dave.name), "dave");
    assert_int_equal(again.name, alice.name);
    assert_string_equal(port_name(fixture, 1, 0), "zoe");
}

static void tap_point_without_a_name_goes_by_the_lists(void **state)
{
    struct fixture *fixture = *state;
    struct dictionary_label label = add_tap(fixture, "{\"port\":4,\"stage\":2}");
    add(fixture,
        "{\"ports\":[{\"id\":4,\"name\":\"dave\"}],"
        "\"stages_info\":[{\"id\":2,\"name\":\"f\"}]}",
        dictionary_add_summary);
    struct dictionary_name name;
    assert_int_equal(label.id, 4);
    assert_string_equal(port_name(fixture, label.id, label.name), "dave");
    assert_string_equal(dictionary_stage(&fixture->dictionary, 2, &name), "f");
}

static void summary_tells_the_place_of_a_stage_and_not_its_name(void **state)
{
    struct fixture *fixture = *state;
    struct dictionary_name name;
    add_tap(fixture, "{\"port\":1,\"port_name\":\"a\",\"stage\":9,\"stage_name\":\"mark\","
                     "\"order\":1,\"extension\":\"mark\"}");
    add(fixture, "{\"stages_info\":[{\"id\":9,\"name\":\"other\",\"order\":65535}]}",
        dictionary_add_summary);
    assert_string_equal(dictionary_stage(&fixture->dictionary, 9, &name), "mark");
    assert_string_equal(dictionary_stage_extension(&fixture->dictionary, 9), "mark");
    assert_int_equal(dictionary_stage_order(&fixture->dictionary, 9), STAGE_ORDER_NONE);
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

static struct dictionary_label tap_of(struct fixture *fixture, unsigned id, unsigned number)
{
    char json[128];
    snprintf(json, sizeof(json),
             "{\"port\":%u,\"port_name\":\"q%u\",\"stage\":1,\"stage_name\":\"rx\"}", id, number);
    return add_tap(fixture, json);
}

static void a_port_for_whose_name_there_is_no_room_is_a_number_and_not_another_port(void **state)
{
    struct fixture *fixture = *state;
    struct dictionary_label label = {0};
    char name[32];
    for (unsigned number = 0; number < DICTIONARY_MAX; number++) {
        label = tap_of(fixture, 1 + number % 7, number);
    }
    snprintf(name, sizeof(name), "q%u", DICTIONARY_MAX - 1);
    assert_string_equal(port_name(fixture, label.id, label.name), name);
    label = tap_of(fixture, 3, DICTIONARY_MAX);
    assert_string_equal(port_name(fixture, label.id, label.name), "port 3");
    label = dictionary_find_label(&fixture->dictionary, 3, "q99999", strlen("q99999"));
    assert_string_equal(port_name(fixture, label.id, label.name), "port 3");
    label = tap_of(fixture, 1, 0);
    assert_string_equal(port_name(fixture, label.id, label.name), "q0");
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
        cmocka_unit_test_setup_teardown(a_rule_is_that_of_the_port_that_had_the_id_then,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(tap_point_keeps_its_name_when_a_port_id_is_given_again,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(tap_point_without_a_name_goes_by_the_lists, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(summary_tells_the_place_of_a_stage_and_not_its_name,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(wrong_types_are_told_with_their_place, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(broken_json_is_told_with_its_byte, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(endless_names_fill_no_memory, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(
            a_port_for_whose_name_there_is_no_room_is_a_number_and_not_another_port, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(deep_nesting_is_refused, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
