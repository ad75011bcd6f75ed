/* SPDX-License-Identifier: Apache-2.0 */
/* Behind each number of each screen that can be chosen are as many packets as it says: no column is
 * left out. The recording has what tells stages, ports and rules apart that look alike: changes by
 * two stages, drops in both directions of a port, packets that were held, made and copied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "support/recording.h"
#include "support/top_stand.h"

enum { REASON_SILENT = 39, META_SIZE = 512, HELD_NS = 250000000, BACK = 3026 };

static const char section[] =
    "{\"format\":1,\"host\":\"box\",\"switch\":{\"name\":\"demo\",\"id\":"
    "\"5f0c6f0e-0000-4000-8000-000000000001\"},\"clock\":{\"mono_ns\":1000000000,\"wall_ns\":"
    "1767323045000000000},\"capture\":{\"filter\":\"\",\"snap_length\":262144,\"session\":1},"
    "\"workers\":1,\"generation\":3,\"stages\":["
    "{\"id\":1,\"name\":\"rx\",\"order\":0,\"egress\":false,\"extension\":\"\"},"
    "{\"id\":2,\"name\":\"ingress-filter.rewrite\",\"order\":1,\"egress\":false,\"extension\":"
    "\"rewrite\"},"
    "{\"id\":3,\"name\":\"ingress-policy\",\"order\":2,\"egress\":false,\"extension\":\"\"},"
    "{\"id\":4,\"name\":\"forward\",\"order\":3,\"egress\":false,\"extension\":\"\"},"
    "{\"id\":5,\"name\":\"egress-policy\",\"order\":4,\"egress\":true,\"extension\":\"\"},"
    "{\"id\":6,\"name\":\"egress-filter.flowfilter\",\"order\":5,\"egress\":true,\"extension\":"
    "\"flowfilter\"},"
    "{\"id\":7,\"name\":\"tx\",\"order\":6,\"egress\":true,\"extension\":\"\"}],"
    "\"ports\":[{\"id\":1,\"name\":\"alice\",\"kind\":\"tap\"},{\"id\":2,\"name\":\"bob\","
    "\"kind\":\"tap\"},{\"id\":3,\"name\":\"carol\",\"kind\":\"tap\"}],"
    "\"reasons\":[{\"id\":4,\"name\":\"acl-denied\",\"sentence\":\"a rule denies it\",\"owner\":"
    "\"xsw\"},{\"id\":5,\"name\":\"mac-spoofed\",\"sentence\":\"x\",\"owner\":\"xsw\"},"
    "{\"id\":39,\"name\":\"silent-drop\",\"sentence\":\"lost without a reason\",\"owner\":\"xsw\"},"
    "{\"id\":40,\"name\":\"flow-denied\",\"sentence\":\"x\",\"owner\":\"flowfilter\"}],"
    "\"rules\":[],\"extensions\":[{\"name\":\"rewrite\",\"extension\":\"rewrite\",\"version\":"
    "\"0.1.0\",\"kind\":\"filter\"},{\"name\":\"flowfilter\",\"extension\":\"flowfilter\","
    "\"version\":\"0.1.0\",\"kind\":\"filter\"}]}";

/* Records of one packet -------------------------------------------------------------------------
 */

struct part {
    uint8_t bytes[META_SIZE];
    struct meta_builder builder;
};

/* What stands beside the fixed part: recording_raw() puts that in front. */
static size_t rest_of(struct part *part, const uint8_t **rest)
{
    uint8_t nothing[META_SIZE];
    struct meta_builder empty;
    meta_build(&empty, nothing, sizeof(nothing), &(struct meta_fixed){0});
    *rest = part->bytes + empty.length;
    return part->builder.length - empty.length;
}

static void part_begin(struct part *part)
{
    meta_build(&part->builder, part->bytes, sizeof(part->bytes), &(struct meta_fixed){0});
}

static void part_write(struct recording *recording, uint64_t id, const struct meta_fixed *fixed,
                       struct part *part)
{
    const uint8_t *rest;
    size_t length = rest_of(part, &rest);
    recording_raw(recording, id, fixed, rest, length);
    bool is_end = (fixed->flags & META_LAST) != 0;
    recording->offered += is_end;
    recording->written += is_end;
    recording->recorder_written += is_end;
    recording->now_ns += 1000;
}

static void hops_add(struct part *part, uint16_t from, uint16_t to)
{
    struct meta_hop hops[STAGE_COUNT];
    size_t count = 0;
    for (uint16_t stage = from; stage <= to; stage++)
        hops[count++] = (struct meta_hop){stage, 100u * stage};
    if (count > 0)
        meta_add_hops(&part->builder, hops, count);
}

/* From alice to bob, kept by rewrite, and changed by flowfilter at the end of its way. */
static void held_and_changed(struct recording *recording, uint64_t id)
{
    const uint8_t pair[2] = {0, 1};
    const struct meta_change change = {STAGE_FLOWFILTER, 40, 1, 1, pair};
    struct part part;
    part_begin(&part);
    part_write(recording, id,
               &(struct meta_fixed){
                   .kind = META_PASS, .flags = META_FIRST, .port = PORT_ALICE, .stage = STAGE_RX},
               &part);
    recording->now_ns += HELD_NS;
    part_begin(&part);
    hops_add(&part, STAGE_REWRITE, STAGE_EGRESS_POLICY);
    meta_add_held(&part.builder, &(struct meta_held){.stage = STAGE_REWRITE, .held_ns = HELD_NS});
    meta_add_change(&part.builder, &change);
    part_write(recording, id,
               &(struct meta_fixed){
                   .kind = META_CHANGED, .flags = 0, .port = PORT_BOB, .stage = STAGE_FLOWFILTER},
               &part);
    part_begin(&part);
    part_write(recording, id,
               &(struct meta_fixed){
                   .kind = META_PASS, .flags = META_LAST, .port = PORT_BOB, .stage = STAGE_TX},
               &part);
}

/* Made by rewrite, from nothing or from another packet; it goes to carol. */
static void made(struct recording *recording, uint64_t id, uint64_t parent)
{
    struct part part;
    part_begin(&part);
    meta_add_source(&part.builder, PORT_ALICE, "alice");
    part_write(recording, id,
               &(struct meta_fixed){.kind = parent != 0 ? META_CLONE : META_INJECTED,
                                    .flags = META_FIRST,
                                    .port = PORT_ALICE,
                                    .stage = STAGE_REWRITE,
                                    .parent_id = parent},
               &part);
    part_begin(&part);
    hops_add(&part, STAGE_INGRESS_POLICY, STAGE_FLOWFILTER);
    part_write(recording, id,
               &(struct meta_fixed){.kind = META_PASS,
                                    .flags = META_LAST,
                                    .port = PORT_CAROL,
                                    .stage = STAGE_TX,
                                    .parent_id = parent},
               &part);
}

/* Denied on its way out, by different rules and by none; what was allowed on its way in by rule 10
 * may be among it. The first ones are from bob to carol, those from BACK on the other way. */
static void denied_on_the_way_out(struct recording *recording, uint64_t id, uint32_t rule,
                                  bool was_allowed)
{
    const uint16_t from = id < BACK ? PORT_BOB : PORT_CAROL;
    const uint16_t to = id < BACK ? PORT_CAROL : PORT_BOB;
    struct part part;
    part_begin(&part);
    part_write(recording, id,
               &(struct meta_fixed){
                   .kind = META_PASS, .flags = META_FIRST, .port = from, .stage = STAGE_RX},
               &part);
    part_begin(&part);
    hops_add(&part, STAGE_REWRITE, STAGE_FORWARD);
    if (was_allowed)
        meta_add_decision(&part.builder,
                          &(struct meta_decision){.stage = STAGE_INGRESS_POLICY, .rule = 10});
    part_write(recording, id,
               &(struct meta_fixed){.kind = META_DROP,
                                    .flags = META_LAST,
                                    .reason = REASON_ACL_DENIED,
                                    .port = to,
                                    .stage = STAGE_EGRESS_POLICY,
                                    .rule = rule},
               &part);
}

static struct stand *stand_of_all_kinds(void)
{
    char path[128];
    struct recording recording;
    snprintf(path, sizeof(path), "%s", recording_path("kinds.pcapng"));
    recording_begin_text(&recording, path, section);
    recording_demo_trips(&recording);
    for (uint64_t id = 3000; id < 3003; id++)
        held_and_changed(&recording, id);
    made(&recording, 3010, 0);
    made(&recording, 3011, 3010);
    for (uint64_t id = 3020; id < 3024; id++)
        denied_on_the_way_out(&recording, id, id % 2 == 0 ? 20 : 0, id > 3021);
    denied_on_the_way_out(&recording, 3024, 10, false);
    denied_on_the_way_out(&recording, BACK, 20, false);
    for (uint64_t id = 3030; id < 3032; id++)
        recording_trip(&recording, &(struct trip){.id = id,
                                                  .from = PORT_ALICE,
                                                  .to = PORT_CAROL,
                                                  .dscp = 8,
                                                  .drop_at = STAGE_FLOWFILTER,
                                                  .reason = REASON_SILENT});
    recording_end(&recording);
    struct stand *stand = stand_open_file(path, 256, 200, 50);
    assert_non_null(stand);
    return stand;
}

/* What is behind --------------------------------------------------------------------------------
 */

struct behind {
    uint64_t count, bytes, latency_sum_ns, latency_max_ns;
};

static void filter_set(struct stand *stand, const char *expression, const char *of)
{
    char problem[400];
    if (!app_filter_set(&stand->app, expression, problem, sizeof(problem)))
        fail_msg("%s: %s: %s", of, expression, problem);
    app_derive(&stand->app);
}

static struct behind behind_get(struct stand *stand, const char *expression, const char *of)
{
    struct behind behind = {0};
    if (expression[0] == '\0')
        return behind;
    filter_set(stand, expression, of);
    behind.count = stand->app.derived->shown_count;
    for (size_t i = 0; i < behind.count; i++) {
        const struct evidence_journey *journey =
            evidence_number(stand->evidence, stand->app.derived->shown[i]);
        behind.bytes += journey->story.facts.length;
        behind.latency_sum_ns += journey->story.facts.latency_ns;
        if (journey->story.facts.latency_ns > behind.latency_max_ns)
            behind.latency_max_ns = journey->story.facts.latency_ns;
    }
    filter_set(stand, "", of);
    return behind;
}

/* What a column counts when its number is not that of the packets behind it. */
static bool is_told_apart(const struct screen *screen, const char *column,
                          const struct screen_cell *cell, const struct behind *behind)
{
    if (strcmp(column, "moves") == 0) /* leads to the packet that moved the address first */
        return behind->count == (cell->whole > 0 ? 1 : 0);
    if (strcmp(column, "held") == 0) /* those that are held have no journey yet: those that were */
        return cell->whole == 0;
    if (strcmp(column, "bytes") == 0)
        return behind->bytes == cell->whole;
    if (strcmp(column, "p50_ns") == 0 || strcmp(column, "p99_ns") == 0)
        return behind->count == 1; /* one that took so long */
    if (strcmp(column, "latency_mean_ns") == 0)
        return behind->count > 0 && behind->latency_sum_ns / behind->count == cell->whole;
    if (strcmp(column, "latency_max_ns") == 0)
        return behind->latency_max_ns == cell->whole;
    fail_msg("%s: nobody says what %s counts", screen->name, column);
    return false;
}

static long long rounded(double number)
{
    return (long long)(number + 0.5);
}

static double whole_of(const struct scene *scene, const struct screen *screen, size_t row)
{
    if (screen != &screen_drops)
        return (double)scene->derived->shown_count;
    double whole = 0;
    bool is_detail = scene->derived->drop_rows[row].is_detail;
    while (is_detail && scene->derived->drop_rows[row].is_detail)
        row--;
    for (size_t i = 0; i < scene->derived->drop_row_count; i++)
        if (!scene->derived->drop_rows[i].is_detail && (!is_detail || i == row))
            whole += (double)scene->derived->drop_rows[i].seen;
    return whole;
}

static bool is_right(const struct scene *scene, const struct screen *screen, size_t row,
                     size_t column, const struct screen_cell *cell, const struct behind *behind)
{
    double seconds = (double)(scene->now->wall_ns - scene->before->wall_ns) / 1e9;
    const char *name = screen->columns[column].name;
    switch (cell->kind) {
    case CELL_RATE:
        return rounded(cell->number * seconds) == (long long)behind->count;
    case CELL_BITS:
        return rounded(cell->number * seconds / 8) == (long long)behind->bytes;
    case CELL_PERCENT:
        return rounded(cell->number / 100 * whole_of(scene, screen, row)) ==
               (long long)behind->count;
    case CELL_COUNT:
        return strcmp(name, "moves") == 0 || strcmp(name, "held") == 0 || strcmp(name, "bytes") == 0
                   ? is_told_apart(screen, name, cell, behind)
                   : cell->whole == behind->count;
    default:
        return is_told_apart(screen, name, cell, behind);
    }
}

static void behind_every_number_are_as_many_packets_as_it_says(void **state)
{
    struct stand *stand = stand_of_all_kinds();
    size_t opened = 0;
    (void)state;
    frame(stand);
    for (int i = 0; i < SCREEN_COUNT; i++) {
        const struct screen *screen = screen_get((enum screen_id)i);
        struct scene scene = app_scene(&stand->app);
        size_t rows = screen->expression != NULL ? screen->rows(&scene) : 0;
        for (size_t row = 0; row < rows; row++) {
            for (size_t column = 0; column < screen->column_count; column++) {
                struct screen_cell cell = {.kind = CELL_NONE};
                char expression[SCREEN_EXPRESSION_SIZE] = "";
                screen->cell(&scene, row, column, &cell);
                if (!screen->columns[column].is_opened || cell.kind == CELL_NONE)
                    continue;
                screen->expression(&scene, row, column, expression);
                struct behind behind = behind_get(stand, expression, screen->name);
                scene = app_scene(&stand->app);
                if (!is_right(&scene, screen, row, column, &cell, &behind))
                    fail_msg(
                        "%s, row %zu, %s: %g (%llu) is shown; behind %s are %llu of %llu bytes",
                        screen->name, row, screen->columns[column].name, cell.number,
                        (unsigned long long)cell.whole, expression,
                        (unsigned long long)behind.count, (unsigned long long)behind.bytes);
                opened += behind.count > 0;
            }
        }
    }
    assert_true(opened > 100);
    stand_close(stand);
}

/* Those that a stage holds now are on no list; those that it held are. */
static void behind_what_is_held_are_those_that_the_stage_held(void **state)
{
    struct stand *stand = stand_of_all_kinds();
    enum { HELD_COLUMN = 10, REWRITE_ROW = 1, FORWARD_ROW = 3 };
    (void)state;
    frame(stand);
    struct scene scene = app_scene(&stand->app);
    char expression[SCREEN_EXPRESSION_SIZE];
    assert_string_equal(screen_pipeline.columns[HELD_COLUMN].name, "held");
    screen_pipeline.expression(&scene, REWRITE_ROW, HELD_COLUMN, expression);
    assert_int_equal(behind_get(stand, expression, "held").count, 3);
    screen_pipeline.expression(&scene, FORWARD_ROW, HELD_COLUMN, expression);
    assert_int_equal(behind_get(stand, expression, "held").count, 0);
    stand_close(stand);
}

static void what_a_row_leads_to_is_what_its_first_number_counts(void **state)
{
    struct stand *stand = stand_of_all_kinds();
    char row[SCREEN_EXPRESSION_SIZE];
    (void)state;
    frame(stand);
    struct scene scene = app_scene(&stand->app);
    for (size_t i = 0; i < screen_extensions.rows(&scene); i++) {
        char rate[SCREEN_EXPRESSION_SIZE];
        screen_extensions.expression(&scene, i, 0, row);
        screen_extensions.expression(&scene, i, 3, rate);
        assert_string_equal(row, rate);
        assert_true(behind_get(stand, row, "extension").count > 30); /* it lets most of them pass */
    }
    stand_close(stand);
}

/* Of a recording with a summary that says so. */
static void what_was_lost_or_left_out_is_said_in_words(void **state)
{
    struct stand *stand = stand_of_all_kinds();
    (void)state;
    frame(stand);
    assert_int_equal(stand->model->session_count, 1);
    stand->model->sessions[0].account.lost = 12;
    stand->model->sessions[0].account.sampled = 5;
    app_go(&stand->app, SCREEN_SESSIONS);
    stand->app.tables[SCREEN_SESSIONS].column = 6;
    assert_string_equal(screen_sessions.columns[6].name, "lost");
    key(stand, TUI_KEY_ENTER);
    assert_true(screen_has(stand, "what was lost was recorded nowhere"));
    stand->app.tables[SCREEN_SESSIONS].column = 5;
    assert_true(screen_sessions.columns[5].is_opened);
    key(stand, TUI_KEY_ENTER);
    assert_true(screen_has(stand, "what the sample left out was recorded nowhere"));
    stand->model->sessions[0].account.sampled = 0;
    key(stand, TUI_KEY_ENTER);
    assert_true(screen_has(stand, "there are no packets behind this one"));
    stand_close(stand);
}

/* From here on the id of alice is dave's. */
static void id_is_given_to_dave(struct recording *recording)
{
    static const uint16_t stages[] = {STAGE_RX, STAGE_INGRESS_POLICY};
    for (size_t i = 0; i < 2; i++) {
        char json[200];
        uint32_t made = 0;
        snprintf(json, sizeof(json),
                 "{\"format\":1,\"port\":1,\"port_name\":\"dave\",\"stage\":%u,"
                 "\"stage_name\":\"%s\",\"order\":%d,\"egress\":false,\"extension\":\"\"}",
                 stages[i], i == 0 ? "rx" : "ingress-policy", i == 0 ? 0 : 2);
        struct pcapng_interface interface = {.name = "box/dave",
                                             .json = {.text = json, .length = strlen(json)}};
        assert_int_equal(pcapng_writer_interface(recording->writer, &interface, &made, NULL),
                         XSW_OK);
        recording->interfaces[PORT_ALICE][stages[i]] = (int32_t)made + 1;
    }
}

/* Two ports had one id, one after the other, and a rule 10 of the same number each. */
static void a_port_whose_id_was_given_again_is_a_port_of_its_own(void **state)
{
    struct recording recording;
    char path[128];
    (void)state;
    snprintf(path, sizeof(path), "%s", recording_path("again.pcapng"));
    recording_begin(&recording, path, "5f0c6f0e-0000-4000-8000-000000000001", 1);
    struct trip trip = {.from = PORT_ALICE,
                        .to = PORT_BOB,
                        .rule = 10,
                        .drop_at = STAGE_INGRESS_POLICY,
                        .reason = REASON_ACL_DENIED};
    for (trip.id = 1; trip.id <= 5; trip.id++)
        recording_trip(&recording, &trip);
    id_is_given_to_dave(&recording);
    for (; trip.id <= 7; trip.id++)
        recording_trip(&recording, &trip);
    recording_end(&recording);
    struct stand *stand = stand_open_file(path, 64, 100, 40);
    assert_non_null(stand);
    frame(stand);
    struct scene scene = app_scene(&stand->app);
    uint64_t ins[2] = {0, 0};
    for (size_t row = 0; row < screen_ports.rows(&scene); row++) {
        enum { IN_TOTAL = 11 };
        struct screen_cell name = {.kind = CELL_NONE};
        struct screen_cell in = {.kind = CELL_NONE};
        assert_string_equal(screen_ports.columns[IN_TOTAL].name, "in_total");
        screen_ports.cell(&scene, row, 0, &name);
        screen_ports.cell(&scene, row, IN_TOTAL, &in);
        ins[0] += strcmp(name.text, "alice") == 0 ? in.whole : 0;
        ins[1] += strcmp(name.text, "dave") == 0 ? in.whole : 0;
    }
    assert_int_equal(ins[0], 5);
    assert_int_equal(ins[1], 2);
    app_open_journey(&stand->app, 0, 1);
    assert_true(screen_has(stand, "rule 10: deny in udp dst port 23"));
    key(stand, TUI_KEY_ESCAPE);
    app_open_journey(&stand->app, 0, 7);
    assert_true(screen_has(stand, "DROPPED acl-denied at dave  rule 10"));
    assert_false(screen_has(stand, "deny in udp dst port 23")); /* that was alice's */
    stand_close(stand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behind_every_number_are_as_many_packets_as_it_says),
        cmocka_unit_test(behind_what_is_held_are_those_that_the_stage_held),
        cmocka_unit_test(what_a_row_leads_to_is_what_its_first_number_counts),
        cmocka_unit_test(what_was_lost_or_left_out_is_said_in_words),
        cmocka_unit_test(a_port_whose_id_was_given_again_is_a_port_of_its_own),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    recording_cleanup();
    return failed;
}
