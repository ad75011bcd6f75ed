/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/books/marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void dictionary_fill(struct dictionary *dictionary, const struct json_in *section)
{
    dictionary_init(dictionary);
    dictionary_add_section(dictionary, section);
}

/* What is marked between two texts: the marks' sentences, one a line. */
static char *marked(const char *before, const char *after, struct marks *marks)
{
    struct notes notes = {0};
    struct json_in section;
    struct json_in summary;
    struct dictionary dictionary;
    char *text = calloc(1, MARKS_MAX * MARK_TEXT_SIZE);
    *marks = (struct marks){0};
    assert_true(json_in_open(&section, before, strlen(before), "section", &notes));
    assert_true(json_in_open(&summary, after, strlen(after), "summary", &notes));
    dictionary_fill(&dictionary, &section);
    marks_begin(marks, &section);
    json_in_close(&section);
    marks_end(marks, &dictionary, &summary);
    json_in_close(&summary);
    dictionary_fini(&dictionary);
    for (size_t i = 0; i < marks->count; i++) {
        strcat(text, marks->list[i].text);
        strcat(text, "\n");
    }
    return text;
}

static void assert_marked(const char *before, const char *after, const char *expected)
{
    struct marks marks;
    char *text = marked(before, after, &marks);
    assert_string_equal(text, expected);
    free(text);
    marks_fini(&marks);
}

#define PORTS "\"ports\":[{\"id\":2,\"name\":\"alice\"}]"

static void rules_that_came_went_and_changed_are_told(void **state)
{
    (void)state;
    assert_marked(
        "{" PORTS ",\"rules\":[{\"port\":2,\"stage\":1,\"rule\":4,\"text\":\"deny in icmp\"},"
        "{\"port\":2,\"stage\":1,\"rule\":5,\"text\":\"deny in udp\"}]}",
        "{" PORTS ",\"rules\":[{\"port\":2,\"stage\":1,\"rule\":5,\"text\":\"deny in tcp\"},"
        "{\"port\":2,\"stage\":1,\"rule\":9,\"text\":\"allow in arp\"}]}",
        "rule 9 of port alice was added: \"allow in arp\"\n"
        "rule 4 of port alice was removed: \"deny in icmp\"\n"
        "rule 5 of port alice was changed: \"deny in tcp\"\n");
}

static void nothing_is_told_of_what_stayed_or_is_not_in_both_texts(void **state)
{
    (void)state;
    const char *same = "{" PORTS ",\"rules\":[{\"port\":2,\"stage\":1,\"rule\":4,\"text\":\"x\"}]}";
    assert_marked(same, same, "");
    assert_marked(same, "{\"why\":\"signal\"}", "");
}

static void ports_stages_and_settings_are_told(void **state)
{
    (void)state;
    assert_marked("{\"ports\":[{\"id\":1,\"name\":\"old\"}],"
                  "\"stages\":[{\"id\":8,\"name\":\"f.gone\",\"order\":1,\"extension\":\"gone\"}],"
                  "\"extensions\":[{\"name\":\"slow\",\"settings\":{\"milliseconds\":\"5\"}}]}",
                  "{\"ports\":[{\"id\":2,\"name\":\"new\"}],"
                  "\"stages_info\":[{\"id\":8,\"name\":\"f.gone\",\"order\":65535,"
                  "\"extension\":\"gone\"},"
                  "{\"id\":10,\"name\":\"f.brief\",\"order\":65535,\"extension\":\"brief\"},"
                  "{\"id\":9,\"name\":\"f.come\",\"order\":1,\"extension\":\"come\"}],"
                  "\"extensions\":[{\"name\":\"slow\",\"settings\":{\"milliseconds\":\"50\"}}]}",
                  "port old was removed\n"
                  "extension gone went, and with it stage f.gone\n"
                  "port new was added\n"
                  "extension come came, with stage f.come\n"
                  "setting milliseconds of extension slow was changed: \"5\" -> \"50\"\n");
}

static void a_rule_leads_to_its_mark(void **state)
{
    struct marks marks;
    struct dictionary_rule_key added = {.rule = 9, .port = 2, .stage = 1};
    struct dictionary_rule_key other = {.rule = 8, .port = 2, .stage = 1};
    (void)state;
    free(marked("{" PORTS ",\"generation\":4,\"rules\":[]}",
                "{" PORTS ",\"generation\":6,"
                "\"rules\":[{\"port\":2,\"stage\":1,\"rule\":9,\"text\":\"deny\"}]}",
                &marks));
    assert_non_null(marks_find_rule(&marks, &added));
    assert_null(marks_find_rule(&marks, &other));
    assert_int_equal(marks.generation_before, 4);
    assert_int_equal(marks.generation_after, 6);
    marks_fini(&marks);
}

#define CHANGE(number, generation, members)                                                        \
    "{\"number\":" #number ",\"mono_ns\":" #number "00,\"generation\":" #generation "," members "}"

static const struct mark_change *changed(const struct marks *marks, uint32_t rule, const char *port,
                                         const char *extension, uint64_t generation,
                                         uint64_t mono_ns)
{
    struct mark_subject subject = {.rule = rule, .port = port, .extension = extension};
    return marks_find_change(marks, &subject, generation, mono_ns);
}

static void the_change_before_is_that_of_the_rule_or_the_extension_or_the_last(void **state)
{
    struct marks marks;
    (void)state;
    free(marked(
        "{" PORTS
        ",\"changes\":[" CHANGE(1, 4, "\"text\":\"rule\",\"port\":\"alice\",\"rule\":9") "]}",
        "{" PORTS
        ",\"changes\":[" CHANGE(1, 4, "\"text\":\"rule\",\"port\":\"alice\",\"rule\":9") "," CHANGE(
            2, 5,
            "\"text\":\"slow\",\"extension\":\"slow\"") "," CHANGE(3, 6,
                                                                   "\"text\":\"vlan\",\"port\":"
                                                                   "\"web\"") "," CHANGE(4, 8,
                                                                                         "\"text\":"
                                                                                         "\"later"
                                                                                         "\"") "]}",
        &marks));
    assert_true(marks.has_changes);
    assert_int_equal(marks.change_count, 4); /* the first is told twice and is there once */
    assert_int_equal(marks.changes_missing, 0);
    assert_string_equal(changed(&marks, 0, "alice", "", 7, 0)->text, "vlan");
    assert_string_equal(changed(&marks, 9, "alice", "", 7, 0)->text, "rule");
    assert_string_equal(changed(&marks, 9, "bob", "", 7, 0)->text, "vlan"); /* another's rule 9 */
    assert_string_equal(changed(&marks, 0, "alice", "slow", 7, 0)->text, "slow");
    assert_string_equal(changed(&marks, 0, "", "", 0, 250)->text, "slow"); /* by the time */
    assert_null(changed(&marks, 0, "", "", 3, 0));
    marks_fini(&marks);
}

static void changes_between_two_logs_are_counted(void **state)
{
    struct marks marks;
    (void)state;
    free(marked("{\"changes\":[" CHANGE(5, 4, "\"text\":\"a\"") "]}",
                "{\"changes\":[" CHANGE(9, 8, "\"text\":\"b\"") ",7,{\"number\":\"x\"}," CHANGE(
                    2, 3, "\"text\":\"backwards\"") "]}",
                &marks));
    assert_int_equal(marks.change_count, 2);
    assert_int_equal(marks.changes_missing, 3);
    marks_fini(&marks);
}

/* Numbers are counted from 1: a switch that had no change yet, and whose log forgot the first ones.
 */
static void changes_that_an_empty_log_was_followed_by_are_counted(void **state)
{
    const char *after =
        "{\"changes\":[" CHANGE(7, 9, "\"text\":\"g\"") "," CHANGE(8, 10, "\"text\":\"h\"") "]}";
    struct marks marks;
    (void)state;
    free(marked("{\"changes\":[]}", after, &marks));
    assert_int_equal(marks.change_count, 2);
    assert_int_equal(marks.changes_missing, 6);
    marks_fini(&marks);
    free(marked("{}", after, &marks)); /* made before there were logs at the beginning */
    assert_int_equal(marks.changes_missing, 0);
    marks_fini(&marks);
    /* What was forgotten before the recording began is none of its own. */
    free(marked("{\"changes\":[" CHANGE(7, 9, "\"text\":\"g\"") "]}", after, &marks));
    assert_int_equal(marks.changes_missing, 0);
    marks_fini(&marks);
}

static void the_number_of_changes_is_bounded(void **state)
{
    struct marks marks;
    char after[65536] = "{\"changes\":[";
    (void)state;
    for (int i = 1; i <= MARK_CHANGES_MAX + 5; i++) {
        size_t length = strlen(after);
        snprintf(after + length, sizeof(after) - length,
                 "%s{\"number\":%d,\"mono_ns\":%d,\"generation\":%d,\"text\":\"t\"}",
                 i == 1 ? "" : ",", i, i, i);
    }
    strcat(after, "]}");
    free(marked("{}", after, &marks));
    assert_int_equal(marks.change_count, MARK_CHANGES_MAX);
    assert_int_equal(marks.changes_missing, 5);
    assert_int_equal(marks.changes[MARK_CHANGES_MAX - 1].number, MARK_CHANGES_MAX + 5);
    marks_fini(&marks);
}

static void texts_that_make_no_sense_are_borne(void **state)
{
    (void)state;
    assert_marked("{\"rules\":[1,null,{\"rule\":\"x\"}],\"ports\":[{\"id\":-1}],\"stages\":[[]],"
                  "\"extensions\":[{\"name\":5}]}",
                  "{\"rules\":[{\"rule\":1}],\"ports\":[],\"stages_info\":[7],"
                  "\"extensions\":[{\"settings\":[]}]}",
                  "rule 1 of extension  was added: \"\"\nport  was removed\n");
}

static void the_number_of_marks_is_bounded(void **state)
{
    struct marks marks;
    char after[65536] = "{\"ports\":[";
    (void)state;
    for (int i = 0; i < MARKS_MAX + 5; i++) {
        size_t length = strlen(after);
        snprintf(after + length, sizeof(after) - length, "%s{\"id\":%d,\"name\":\"p\"}",
                 i == 0 ? "" : ",", i);
    }
    strcat(after, "]}");
    free(marked("{\"ports\":[]}", after, &marks));
    assert_int_equal(marks.count, MARKS_MAX);
    assert_int_equal(marks.beyond, 5);
    marks_fini(&marks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_that_came_went_and_changed_are_told),
        cmocka_unit_test(nothing_is_told_of_what_stayed_or_is_not_in_both_texts),
        cmocka_unit_test(ports_stages_and_settings_are_told),
        cmocka_unit_test(a_rule_leads_to_its_mark),
        cmocka_unit_test(the_change_before_is_that_of_the_rule_or_the_extension_or_the_last),
        cmocka_unit_test(changes_between_two_logs_are_counted),
        cmocka_unit_test(changes_that_an_empty_log_was_followed_by_are_counted),
        cmocka_unit_test(the_number_of_changes_is_bounded),
        cmocka_unit_test(texts_that_make_no_sense_are_borne),
        cmocka_unit_test(the_number_of_marks_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
