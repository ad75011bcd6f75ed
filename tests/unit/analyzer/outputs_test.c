/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as CSV, journeys as a recording of their own, and streams that are read elsewhere. */
#include "analyzer/report/report_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyzer/selection/selection_file.h"
#include "formats/pcapng/pcapng_read.h"
#include "support/analyzing.h"
#include "support/recording.h"

static char *csv_of(const char *path, enum report_table table)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    struct analysis *analysis = analyze(path);
    report_csv(out, analysis, table);
    fclose(out);
    analysis_destroy(analysis);
    return text;
}

/* Cells of a line, with the quotes understood; returns where the next line begins. */
static const char *cells_count(const char *line, size_t *count)
{
    bool is_quoted = false;
    *count = 1;
    for (; *line != '\0' && (is_quoted || *line != '\n'); line++) {
        is_quoted ^= *line == '"';
        *count += *line == ',' && !is_quoted;
    }
    return *line == '\0' ? line : line + 1;
}

static void each_line_of_a_table_has_as_many_cells_as_its_head(void **state)
{
    (void)state;
    recording_demo("demo.pcapng", 1);
    for (int table = REPORT_FINDINGS; table < REPORT_TABLES; table++) {
        char *text = csv_of("demo.pcapng", (enum report_table)table);
        size_t head;
        size_t cells;
        size_t lines = 0;
        for (const char *line = cells_count(text, &head); *line != '\0'; lines++) {
            line = cells_count(line, &cells);
            assert_int_equal(cells, head);
        }
        assert_true(lines > 0);
        free(text);
    }
}

static void quotes_and_commas_are_told_apart_from_cells(void **state)
{
    (void)state;
    recording_demo("demo.pcapng", 1);
    char *text = csv_of("demo.pcapng", REPORT_DROPS);
    assert_non_null(
        strstr(text, "\ndemo,ingress-policy,acl-denied,alice,10,deny in udp dst port 23,,5,"));
    free(text);
    text = csv_of("demo.pcapng", REPORT_FINDINGS);
    assert_non_null(
        strstr(text, ",\"5 packets at ingress-policy, port alice, by rule 10 \"\"deny in"));
    free(text);
}

static bool is_wanted(uint32_t session, uint64_t packet_id, const void *context)
{
    const uint64_t *from = context;
    return session == 0 && packet_id >= *from && packet_id < *from + 5;
}

static uint64_t export(const char *from, const char *to, uint64_t first)
{
    struct selection_file *file = NULL;
    struct analysis *analysis = NULL;
    uint64_t records = 0;
    struct analysis *known = analyze(from);
    struct selection_order order = {to, "five packets", known, is_wanted, &first};
    assert_int_equal(selection_file_open(&order, &file, NULL), XSW_OK);
    assert_int_equal(analysis_create(0, &analysis, NULL), XSW_OK);
    analysis_observe_items(analysis, selection_file_offer, file);
    assert_int_equal(analysis_read(analysis, from, NULL, NULL, NULL), XSW_OK);
    assert_int_equal(selection_file_close(file, &records, NULL), XSW_OK);
    analysis_destroy(analysis);
    analysis_destroy(known);
    return records;
}

static void exported_journeys_are_the_same_and_say_that_they_are_a_part(void **state)
{
    (void)state;
    recording_demo("demo.pcapng", 1);
    assert_int_equal(export("demo.pcapng", "part.pcapng", 1031), 10);
    struct analysis *part = analyze("part.pcapng");
    const struct analysis_switch *of = part->switches[0];
    assert_int_equal(of->total.received, 5);
    assert_int_equal(of->total.dropped, 5);
    assert_int_equal(of->drops.rows.count, 1);
    const struct drops_row_key *key = table_key(&of->drops.rows, 0);
    const struct drops_row *row = table_value(&of->drops.rows, 0);
    struct dictionary_rule_key rule = dictionary_rule_of(key->rule, key->port, key->stage);
    assert_int_equal(row->example_packet, 1031);
    assert_string_equal(dictionary_find_rule(&of->dictionary, &rule), "deny in udp dst port 23");
    assert_string_equal(part->sessions[0]->selection, "five packets");
    assert_int_equal(analysis_state(part), PROOF_UNKNOWN);
    assert_non_null(strstr(line_of(part, "end account")->text, "a selection of a recording: five"));
    analysis_destroy(part);
}

static void a_rule_that_is_named_at_the_end_alone_is_named_in_the_export(void **state)
{
    struct recording recording;
    (void)state;
    recording_begin(&recording, "late.pcapng", "1", 1);
    recording_trip(&recording, &(struct trip){.id = 5,
                                              .from = PORT_BOB,
                                              .to = PORT_ALICE,
                                              .rule = 55,
                                              .drop_at = STAGE_INGRESS_POLICY,
                                              .reason = REASON_ACL_DENIED});
    recording_end_text(&recording, "{\"format\":1,\"rules\":[{\"port\":2,\"stage\":3,\"rule\":55,"
                                   "\"text\":\"deny all of a sudden\"}]}");
    assert_int_equal(export("late.pcapng", "part.pcapng", 5), 2);
    struct analysis *part = analyze("part.pcapng");
    struct dictionary_rule_key rule = {.rule = 55, .port = PORT_BOB, .stage = STAGE_INGRESS_POLICY};
    assert_string_equal(dictionary_find_rule(&part->switches[0]->dictionary, &rule),
                        "deny all of a sudden");
    analysis_destroy(part);
}

/* Two files of one session that have their tap points in another order. */
static void records_keep_their_tap_points_over_several_files(void **state)
{
    static const char *const names[] = {"one.pcapng", "two.pcapng"};
    static const uint16_t froms[] = {PORT_ALICE, PORT_BOB};
    struct selection_file *file = NULL;
    struct analysis *analysis = NULL;
    struct pcapng_reader *reader = NULL;
    struct pcapng_item item;
    char interfaces[16][64] = {{0}};
    size_t found = 0;
    uint64_t first = 1;
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct recording recording;
        recording_begin(&recording, names[i], "1", 1);
        recording_trip(&recording,
                       &(struct trip){.id = (uint64_t)i + 1, .from = froms[i], .to = froms[1 - i]});
        recording_end(&recording);
    }
    struct analysis *known = analyze_bounded(64, names, 2);
    struct selection_order order = {"both.pcapng", "two packets", known, is_wanted, &first};
    assert_int_equal(selection_file_open(&order, &file, NULL), XSW_OK);
    assert_int_equal(analysis_create(0, &analysis, NULL), XSW_OK);
    analysis_observe_items(analysis, selection_file_offer, file);
    for (int i = 0; i < 2; i++)
        assert_int_equal(analysis_read(analysis, names[i], NULL, NULL, NULL), XSW_OK);
    assert_int_equal(selection_file_close(file, NULL, NULL), XSW_OK);
    analysis_destroy(analysis);
    analysis_destroy(known);
    assert_int_equal(pcapng_reader_open("both.pcapng", &reader, NULL), XSW_OK);
    while (pcapng_reader_next(reader, &item, NULL) == XSW_OK) {
        if (item.kind == PCAPNG_INTERFACE && item.interface.index < 16)
            snprintf(interfaces[item.interface.index], 64, "%s", item.interface.name);
        if (item.kind == PCAPNG_PACKET && item.packet.interface < 16) {
            const char *name = interfaces[item.packet.interface];
            bool is_rx = strstr(name, ".rx") != NULL;
            found += is_rx && strstr(name, item.packet.id == 1 ? "alice" : "bob") != NULL;
        }
    }
    pcapng_reader_close(reader);
    assert_int_equal(found, 2);
}

/* The same items, given one by one, come to the same analysis. */
static void a_stream_that_is_read_elsewhere_comes_to_the_same(void **state)
{
    struct pcapng_reader *reader = NULL;
    struct pcapng_item item;
    struct analysis_stream *stream = NULL;
    struct analysis *live = NULL;
    (void)state;
    recording_demo("demo.pcapng", 1);
    struct analysis *read = analyze("demo.pcapng");
    assert_int_equal(analysis_create(0, &live, NULL), XSW_OK);
    assert_int_equal(analysis_stream_open(live, "live", &stream, NULL), XSW_OK);
    assert_int_equal(pcapng_reader_open("demo.pcapng", &reader, NULL), XSW_OK);
    while (pcapng_reader_next(reader, &item, NULL) == XSW_OK)
        analysis_stream_item(stream, &item);
    pcapng_reader_close(reader);
    /* All but the proof is there before the end. */
    assert_int_equal(live->switches[0]->total.dropped, 10);
    assert_int_equal(live->switches[0]->paths.rows.count, 6);
    analysis_stream_close(stream, XSW_END, "");
    assert_int_equal(analysis_finish(live, NULL), XSW_OK);
    assert_int_equal(analysis_state(live), analysis_state(read));
    assert_memory_equal(&live->switches[0]->total, &read->switches[0]->total,
                        sizeof(read->switches[0]->total));
    assert_int_equal(live->switches[0]->flows.rows.count, read->switches[0]->flows.rows.count);
    analysis_destroy(live);
    analysis_destroy(read);
}

static int enter(void **state)
{
    static char folder[128];
    (void)state;
    setenv("TZ", "UTC", 1);
    snprintf(folder, sizeof(folder), "%s", recording_path(""));
    return chdir(folder);
}

static int cleanup(void **state)
{
    (void)state;
    recording_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_of_a_table_has_as_many_cells_as_its_head),
        cmocka_unit_test(quotes_and_commas_are_told_apart_from_cells),
        cmocka_unit_test(exported_journeys_are_the_same_and_say_that_they_are_a_part),
        cmocka_unit_test(a_rule_that_is_named_at_the_end_alone_is_named_in_the_export),
        cmocka_unit_test(records_keep_their_tap_points_over_several_files),
        cmocka_unit_test(a_stream_that_is_read_elsewhere_comes_to_the_same),
    };
    return cmocka_run_group_tests(tests, enter, cleanup);
}
