/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of ports that are given again while their journeys are on the viewer's screens. */
#include "cmd/top/top_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct stand {
    struct dictionary dictionary;
    struct top_names names;
    const char *answer; /* of the switch, when it is asked */
    int asked;
};

static void read_text(struct stand *stand, const char *text)
{
    struct notes notes = {0};
    json_t *reply = json_loads(text, 0, NULL);
    assert_non_null(reply);
    struct json_in section = {.object = reply, .notes = &notes};
    dictionary_add_section(&stand->dictionary, &section);
    top_names_read(&stand->names, reply);
    json_decref(reply);
}

static void ask(void *context)
{
    struct stand *stand = context;
    stand->asked++;
    read_text(stand, stand->answer);
}

static int stand_open(void **state)
{
    static struct stand stand;
    memset(&stand, 0, sizeof(stand));
    dictionary_init(&stand.dictionary);
    stand.names.dictionary = &stand.dictionary;
    stand.names.ask = ask;
    stand.names.context = &stand;
    *state = &stand;
    return 0;
}

static int stand_close(void **state)
{
    struct stand *stand = *state;
    top_names_fini(&stand->names);
    dictionary_fini(&stand->dictionary);
    return 0;
}

static void comes(struct stand *stand, uint16_t id, uint64_t since, const char *name)
{
    struct ring_port came = {.event = {.values = {id, since, 0}}};
    strncpy(came.name, name, sizeof(came.name) - 1);
    top_names_port_came(&stand->names, &came);
}

static void is_named(struct stand *stand, uint16_t id, uint64_t generation, const char *name)
{
    struct dictionary_name made;
    struct dictionary_label label = top_names_label(&stand->names, id, generation);
    assert_int_equal(label.id, id);
    assert_string_equal(dictionary_port(&stand->dictionary, label, &made), name);
}

static const char *const with_old = "{\"generation\":5,\"past_ports\":[],\"ports\":["
                                    "{\"id\":2,\"name\":\"oldport\",\"since\":3}]}";
static const char *const with_new = "{\"generation\":9,\"past_ports\":["
                                    "{\"id\":2,\"name\":\"oldport\",\"since\":3}],\"ports\":["
                                    "{\"id\":2,\"name\":\"newport\",\"since\":8}]}";
static const char *const elsewhere = "{\"generation\":4,\"past_ports\":[],\"ports\":["
                                     "{\"id\":2,\"name\":\"other\",\"since\":4}]}";

static void a_row_keeps_its_name_when_the_id_is_given_again(void **state)
{
    struct stand *stand = *state;
    struct dictionary_name made;
    read_text(stand, with_old);
    struct dictionary_label old = top_names_label(&stand->names, 2, 5);
    comes(stand, 2, 8, "newport");
    struct dictionary_label new = top_names_label(&stand->names, 2, 8);
    read_text(stand, with_new);
    assert_string_equal(dictionary_port(&stand->dictionary, old, &made), "oldport");
    assert_string_equal(dictionary_port(&stand->dictionary, new, &made), "newport");
    assert_int_equal(stand->asked, 0);
}

/* Journeys of before the newest dictionary may still be in the ring of another worker. */
static void a_journey_has_the_name_of_its_generation_whenever_it_is_read(void **state)
{
    struct stand *stand = *state;
    read_text(stand, with_new);
    is_named(stand, 2, 9, "newport");
    is_named(stand, 2, 7, "oldport");
    is_named(stand, 2, 8, "newport");
    is_named(stand, 2, 3, "oldport");
    is_named(stand, 2, 2, "port 2");
    is_named(stand, 7, 9, "port 7");
}

static void what_nobody_told_is_asked_for_once(void **state)
{
    struct stand *stand = *state;
    read_text(stand, with_old);
    stand->answer = with_new;
    top_names_port_came(&stand->names, NULL);
    is_named(stand, 2, 5, "oldport"); /* the dictionary has it */
    assert_int_equal(stand->asked, 0);
    is_named(stand, 2, 9, "newport");
    is_named(stand, 2, 9, "newport");
    is_named(stand, 2, 7, "oldport");
    assert_int_equal(stand->asked, 1);
}

static void a_port_that_nobody_can_name_is_unknown_and_not_another_one(void **state)
{
    struct stand *stand = *state;
    read_text(stand, with_old);
    stand->answer = with_old;
    top_names_port_came(&stand->names, NULL);
    is_named(stand, 2, 9, "port 2");
    is_named(stand, 2, 9, "port 2");
    assert_int_equal(stand->asked, 1);
}

static void a_switch_that_is_started_again_counts_anew(void **state)
{
    struct stand *stand = *state;
    struct dictionary_name made;
    read_text(stand, with_new);
    struct dictionary_label old = top_names_label(&stand->names, 2, 4);
    top_names_begin_anew(&stand->names);
    read_text(stand, elsewhere);
    is_named(stand, 2, 4, "other");
    assert_string_equal(dictionary_port(&stand->dictionary, old, &made), "oldport");
}

static void what_is_no_port_has_no_name(void **state)
{
    struct stand *stand = *state;
    read_text(stand, with_old);
    assert_int_equal(top_names_label(&stand->names, XSW_PORT_NONE, 5).name, 0);
    assert_int_equal(top_names_label(&stand->names, UINT16_MAX, 5).name, 0);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, stand_open, stand_close)
    const struct CMUnitTest tests[] = {
        CLAIM(a_row_keeps_its_name_when_the_id_is_given_again),
        CLAIM(a_journey_has_the_name_of_its_generation_whenever_it_is_read),
        CLAIM(what_nobody_told_is_asked_for_once),
        CLAIM(a_port_that_nobody_can_name_is_unknown_and_not_another_one),
        CLAIM(a_switch_that_is_started_again_counts_anew),
        CLAIM(what_is_no_port_has_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
