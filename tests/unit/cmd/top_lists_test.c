/* SPDX-License-Identifier: Apache-2.0 */
/* What the viewer makes of the daemon's replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/command.h"
#include "cmd/top/top_lists.h"
#include "tui/screens/screen.h"

/* top_lists.c asks these two of the rest of cmd/. */
const char *reply_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

long long reply_number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

bool top_rings_is_own(const struct top_rings *rings, int64_t session)
{
    (void)rings;
    return session == 7;
}

struct stand {
    struct analysis_switch of;
    struct model *model;
    struct top_news news;
};

static int stand_open(void **state)
{
    static struct stand stand;
    memset(&stand, 0, sizeof(stand));
    dictionary_init(&stand.of.dictionary);
    assert_int_equal(model_create(&stand.model, NULL), XSW_OK);
    stand.model->of = &stand.of;
    *state = &stand;
    return 0;
}

static int stand_close(void **state)
{
    struct stand *stand = *state;
    model_destroy(stand->model);
    dictionary_fini(&stand->of.dictionary);
    return 0;
}

static json_t *parse(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    return value;
}

static void ports(struct stand *stand, const char *text)
{
    json_t *list = parse(text);
    top_ports_read(stand->model, &stand->news, list);
    json_decref(list);
}

static void last_event_is(const struct stand *stand, size_t count, const char *text)
{
    assert_int_equal(model_event_count(stand->model), count);
    if (count > 0 && strstr(model_event_at(stand->model, 0)->text, text) == NULL)
        fail_msg("the event is \"%s\"", model_event_at(stand->model, 0)->text);
}

static void push(struct stand *stand, const char *stats, uint64_t wall_ns)
{
    json_t *reply = parse(stats);
    struct model_sample sample = {.wall_ns = wall_ns};
    top_stats_read(stand->model, &sample, reply);
    model_push(stand->model, &sample);
    top_samples_compare(stand->model);
    json_decref(reply);
}

static double rate_shown(const struct stand *stand, const char *column)
{
    struct scene scene = {.model = stand->model,
                          .now = model_sample(stand->model, 0),
                          .before = model_sample(stand->model, 1)};
    for (size_t i = 0; i < screen_ports.column_count; i++) {
        struct screen_cell cell = {.kind = CELL_NONE};
        if (strcmp(screen_ports.columns[i].name, column) == 0) {
            screen_ports.cell(&scene, 0, i, &cell);
            return cell.number;
        }
    }
    fail_msg("there is no column %s", column);
    return 0;
}

/* The counters of the new port begin anew, where those of the old one were. */
static void a_port_with_a_used_id_has_a_rate_of_its_own(void **state)
{
    struct stand *stand = *state;
    static const char told[] = "{\"ports\":[{\"id\":2,\"name\":\"%s\",\"counters\":{"
                               "\"rx_packets\":%d}}]}";
    char stats[200];
    ports(stand, "[{\"id\":2,\"name\":\"old\",\"state\":\"up\"}]");
    snprintf(stats, sizeof(stats), told, "old", 10);
    push(stand, stats, 1000000000);
    snprintf(stats, sizeof(stats), told, "old", 40);
    push(stand, stats, 2000000000);
    assert_true(rate_shown(stand, "in_per_second") == 30);
    ports(stand, "[{\"id\":2,\"name\":\"new\",\"state\":\"up\"}]");
    snprintf(stats, sizeof(stats), told, "new", 45);
    push(stand, stats, 3000000000);
    assert_true(rate_shown(stand, "in_per_second") == 45); /* and not five */
    assert_true(rate_shown(stand, "in_total") == 45);
    snprintf(stats, sizeof(stats), told, "new", 47);
    push(stand, stats, 4000000000);
    assert_true(rate_shown(stand, "in_per_second") == 2);
}

static void counters_are_read_into_a_sample(void **state)
{
    struct stand *stand = *state;
    push(stand,
         "{\"generation\":4,\"stages\":[{\"stage\":3,\"in\":10,\"clones\":2,\"injected\":1,"
         "\"out\":8,\"dropped_packets\":4,\"consumed\":1,\"held\":5,\"released\":4,\"residue\":-1,"
         "\"dropped\":[{\"reason\":8,\"packets\":3},{\"reason\":9,\"packets\":1}]},"
         "{\"stage\":900,\"in\":1}],"
         "\"ports\":[{\"id\":2,\"counters\":{\"rx_packets\":7,\"tx_bytes\":99,\"dropped_in\":2}},"
         "{\"id\":5000,\"counters\":{}}],\"mac\":{\"entries\":3,\"moved\":1}}",
         1);
    const struct model_sample *sample = model_sample(stand->model, 0);
    const struct model_stage *stage = &sample->stages[3];
    assert_int_equal(stage->in, 10);
    assert_int_equal(stage->made, 3);
    assert_int_equal(stage->dropped, 4);
    assert_int_equal(stage->held, 1);
    assert_int_equal(stage->residue, -1);
    assert_int_equal(sample->drops[model_drop_place(stand->model, 3, 8)], 3);
    assert_int_equal(sample->drops[model_drop_place(stand->model, 3, 9)], 1);
    assert_int_equal(sample->ports[2].rx_packets, 7);
    assert_int_equal(sample->ports[2].tx_bytes, 99);
    assert_int_equal(sample->generation, 4);
}

static void ports_that_come_go_and_change_are_events(void **state)
{
    struct stand *stand = *state;
    ports(stand, "[{\"id\":1,\"name\":\"alice\",\"state\":\"up\",\"life\":\"connected\"}]");
    last_event_is(stand, 0, "");
    ports(stand, "[{\"id\":1,\"name\":\"alice\",\"state\":\"down\",\"life\":\"connected\"},"
                 "{\"id\":2,\"name\":\"bob\",\"state\":\"up\",\"life\":\"connected\"}]");
    assert_int_equal(model_event_count(stand->model), 2);
    assert_string_equal(model_event_at(stand->model, 1)->text, "alice is down, before it was up");
    last_event_is(stand, 2, "bob is a new port");
    ports(stand, "[{\"id\":2,\"name\":\"bob\",\"state\":\"up\",\"life\":\"disconnected\"}]");
    assert_string_equal(model_event_at(stand->model, 1)->text, "bob is off, before it was up");
    last_event_is(stand, 4, "alice was removed");
    assert_false(stand->model->ports[1].is_there);
}

static void what_the_kernel_lost_at_a_port_is_an_event(void **state)
{
    struct stand *stand = *state;
    ports(stand,
          "[{\"id\":1,\"name\":\"up\",\"state\":\"up\",\"numbers\":{\"lost_by_kernel\":5}}]");
    last_event_is(stand, 0, "");
    ports(stand,
          "[{\"id\":1,\"name\":\"up\",\"state\":\"up\",\"numbers\":{\"lost_by_kernel\":12}}]");
    last_event_is(stand, 1, "7 packets were lost by the kernel at port up");
    assert_int_equal(model_event_at(stand->model, 0)->severity, MODEL_ALARM);
}

static void drops_that_begin_are_an_event_once(void **state)
{
    struct stand *stand = *state;
    const char *none = "{\"generation\":1,\"stages\":[{\"stage\":3,\"dropped\":[]}]}";
    const char *some = "{\"generation\":1,\"stages\":[{\"stage\":3,\"dropped\":[{\"reason\":8,"
                       "\"packets\":2}]}]}";
    const char *more = "{\"generation\":1,\"stages\":[{\"stage\":3,\"dropped\":[{\"reason\":8,"
                       "\"packets\":9}]}]}";
    const char *most = "{\"generation\":1,\"stages\":[{\"stage\":3,\"dropped\":[{\"reason\":8,"
                       "\"packets\":10}]}]}";
    push(stand, none, 1);
    push(stand, none, 2);
    push(stand, some, 3);
    last_event_is(stand, 1, ": 2 packets");
    push(stand, some, 1000000000);
    push(stand, more, 2000000000);
    last_event_is(stand, 1, ": 2 packets");
    push(stand, more, 20000000000);
    push(stand, more, 31000000000);
    push(stand, most, 31500000000);
    last_event_is(stand, 2, ": 1 packet"); /* after a long time without one */
    assert_non_null(strstr(model_event_at(stand->model, 0)->where, "reason == "));
}

static void extensions_that_lose_packets_are_an_alarm(void **state)
{
    struct stand *stand = *state;
    json_t *list = parse("[{\"name\":\"fw\",\"version\":\"1\",\"silently_dropped\":0}]");
    top_extensions_read(stand->model, &stand->news, list);
    json_decref(list);
    last_event_is(stand, 0, "");
    list = parse("[{\"name\":\"fw\",\"version\":\"2\",\"enabled\":false,\"silently_dropped\":6}]");
    top_extensions_read(stand->model, &stand->news, list);
    json_decref(list);
    last_event_is(stand, 3, "fw lost packets without a reason: 6");
    assert_int_equal(model_event_at(stand->model, 0)->severity, MODEL_ALARM);
    assert_string_equal(model_event_at(stand->model, 0)->where, "extension == fw");
    list = parse("[]");
    top_extensions_read(stand->model, &stand->news, list);
    json_decref(list);
    last_event_is(stand, 4, "fw was removed");
}

static void sessions_of_others_are_told_and_ours_are_marked(void **state)
{
    struct stand *stand = *state;
    static struct top_rings rings;
    json_t *list =
        parse("[{\"session\":7,\"name\":\"top\",\"account\":{\"offered\":9,\"written\":4,"
              "\"filtered\":3,\"sampled\":1,\"lost\":{\"ring-full\":1}}}]");
    top_sessions_read(stand->model, &stand->news, &rings, list);
    json_decref(list);
    assert_true(stand->model->sessions[0].is_own);
    assert_int_equal(stand->model->sessions[0].account.lost, 1);
    list = parse("[{\"session\":8,\"name\":\"theirs\"}]");
    top_sessions_read(stand->model, &stand->news, &rings, list);
    json_decref(list);
    last_event_is(stand, 1, "\"theirs\" began"); /* that ours ended is no event */
    list = parse("[]");
    top_sessions_read(stand->model, &stand->news, &rings, list);
    json_decref(list);
    last_event_is(stand, 2, "session 8 ended");
}

static void more_than_there_is_room_for_is_left_out(void **state)
{
    struct stand *stand = *state;
    json_t *list = json_array();
    for (int i = 0; i < MODEL_EXTENSIONS_MAX + 9; i++) {
        char name[32];
        snprintf(name, sizeof(name), "e%d", i);
        json_array_append_new(list, json_pack("{s:s}", "name", name));
    }
    top_extensions_read(stand->model, &stand->news, list);
    assert_int_equal(stand->model->extension_count, MODEL_EXTENSIONS_MAX);
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counters_are_read_into_a_sample, stand_open, stand_close),
        cmocka_unit_test_setup_teardown(a_port_with_a_used_id_has_a_rate_of_its_own, stand_open,
                                        stand_close),
        cmocka_unit_test_setup_teardown(ports_that_come_go_and_change_are_events, stand_open,
                                        stand_close),
        cmocka_unit_test_setup_teardown(what_the_kernel_lost_at_a_port_is_an_event, stand_open,
                                        stand_close),
        cmocka_unit_test_setup_teardown(drops_that_begin_are_an_event_once, stand_open,
                                        stand_close),
        cmocka_unit_test_setup_teardown(extensions_that_lose_packets_are_an_alarm, stand_open,
                                        stand_close),
        cmocka_unit_test_setup_teardown(sessions_of_others_are_told_and_ours_are_marked, stand_open,
                                        stand_close),
        cmocka_unit_test_setup_teardown(more_than_there_is_room_for_is_left_out, stand_open,
                                        stand_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
