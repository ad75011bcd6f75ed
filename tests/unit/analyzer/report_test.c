/* SPDX-License-Identifier: Apache-2.0 */
/* Reports against texts in tests/golden/. With XSW_GOLDEN_WRITE=1 the texts are written anew: look
 * at the difference before committing it. */
#include "analyzer/report/report_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyzer/packet/packet_view.h"
#include "analyzer/report/report_json.h"
#include "support/analyzing.h"
#include "support/recording.h"

static const char switch_id[] = "5f0c6f0e-0000-4000-8000-000000000001";

enum { LINE_MAX_WIDTH = 80, GOLDEN_SIZE = 1 << 16 };

static void golden_compare(const char *name, const char *text)
{
    char path[512];
    char *expected = calloc(1, GOLDEN_SIZE);
    snprintf(path, sizeof(path), "%s/%s", GOLDEN_FOLDER, name);
    FILE *file;
    if (getenv("XSW_GOLDEN_WRITE") != NULL) {
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
    }
    file = fopen(path, "r");
    if (file == NULL)
        fail_msg("%s is missing", path);
    expected[fread(expected, 1, GOLDEN_SIZE - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
    free(expected);
}

static void assert_width(const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        if (length > LINE_MAX_WIDTH)
            fail_msg("wider than 80 columns: %.*s", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void report_compare(const char *name, const char *file, const struct report_options *options)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    struct analysis *analysis = analyze(file);
    report_text(out, analysis, options);
    fclose(out);
    assert_width(text);
    golden_compare(name, text);
    analysis_destroy(analysis);
    free(text);
}

static void verdict_comes_first_then_tables_then_proof(void **state)
{
    struct report_options options = {0};
    (void)state;
    recording_demo("demo.pcapng", 1);
    report_compare("demo.txt", "demo.pcapng", &options);
}

static void tables_can_be_asked_for_alone(void **state)
{
    struct report_options drops = {.only = REPORT_DROPS, .is_full = true};
    struct report_options changes = {.only = REPORT_CHANGES};
    (void)state;
    recording_demo("demo.pcapng", 1);
    report_compare("demo-drops.txt", "demo.pcapng", &drops);
    report_compare("demo-changes.txt", "demo.pcapng", &changes);
}

static void losses_are_said_to_be_unknown_with_their_times(void **state)
{
    struct recording recording;
    struct report_options options = {0};
    (void)state;
    recording_begin(&recording, "lost.pcapng", switch_id, 1);
    recording_demo_trips(&recording);
    recording.offered += 12;
    recording.lost_ring_full = 12;
    for (int stage = STAGE_RX; stage < STAGE_COUNT; stage++) {
        recording.stages[stage].in += 12;
        recording.stages[stage].out += 12;
    }
    recording.gap = (struct meta_gap){1042000000, 1043500000, 12, 0, META_LOSS_RING_FULL};
    recording_trip(&recording, &(struct trip){.id = 3000, .from = PORT_ALICE, .to = PORT_BOB});
    recording_end(&recording);
    report_compare("lost.txt", "lost.pcapng", &options);
}

static void limited_write(const char *path, uint64_t session, uint64_t lost)
{
    struct recording recording;
    recording_begin(&recording, path, switch_id, session);
    recording_demo_trips(&recording);
    recording.why = "limit";
    recording.offered += 1 + lost;
    recording.written += 1;
    recording.past_limit = 1;
    recording.lost_ring_full = lost;
    for (int stage = STAGE_RX; stage < STAGE_COUNT; stage++) {
        recording.stages[stage].in += 1 + lost;
        recording.stages[stage].out += 1 + lost;
    }
    recording_end(&recording);
}

static void what_came_after_the_limit_is_not_called_lost(void **state)
{
    struct report_options options = {0};
    (void)state;
    limited_write("limited.pcapng", 1, 0);
    report_compare("limited.txt", "limited.pcapng", &options);
}

static void assert_said(const char *text, const char *part, bool is_said)
{
    if ((strstr(text, part) != NULL) != is_said)
        fail_msg("\"%s\" is %s: %s", part, is_said ? "missing" : "there", text);
}

static char *report_of(const char *const *paths, size_t count)
{
    char *text = NULL;
    size_t length;
    struct report_options options = {0};
    FILE *out = open_memstream(&text, &length);
    struct analysis *analysis = analyze_bounded(1024, paths, count);
    report_text(out, analysis, &options);
    fclose(out);
    assert_width(text);
    analysis_destroy(analysis);
    return text;
}

static void losses_and_a_limit_are_told_apart(void **state)
{
    const char *path = "both.pcapng";
    (void)state;
    limited_write(path, 1, 5);
    char *text = report_of(&path, 1);
    assert_said(text, "The capture lost 5 journeys", true);
    assert_said(text, "1 journey came after the limit of --count was reached", true);
    assert_said(text, "whether packets of the 5 journeys", true);
    free(text);
}

static void ending_names_its_session_and_is_told_when_it_matters(void **state)
{
    const char *paths[] = {"ended.pcapng", "limited.pcapng"};
    struct recording recording;
    (void)state;
    recording_demo(paths[0], 7);
    limited_write(paths[1], 8, 0);
    char *text = report_of(paths, 2);
    assert_said(text, "- capture session 7 ended by: signal", true);
    assert_said(text, "- capture session 8 ended by: limit", true);
    free(text);
    text = report_of(paths, 1);
    assert_said(text, "ended by", false);
    free(text);
    recording_begin(&recording, paths[0], switch_id, 1);
    recording_demo_trips(&recording);
    recording.why = "switch-stopped";
    recording_end(&recording);
    text = report_of(paths, 1);
    assert_said(text, "- the capture ended by: switch-stopped", true);
    free(text);
}

static void failed_proof_is_loud(void **state)
{
    struct recording recording;
    struct report_options options = {.has_colours = true};
    (void)state;
    recording_begin(&recording, "failed.pcapng", switch_id, 1);
    recording_demo_trips(&recording);
    recording.stages[STAGE_EGRESS_POLICY].out -= 2;
    recording_trip(&recording, &(struct trip){.id = 3000,
                                              .from = PORT_ALICE,
                                              .to = PORT_BOB,
                                              .dscp = 10,
                                              .keeps_checksum = true,
                                              .change_flags = META_UNDECLARED});
    recording_end(&recording);
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    struct analysis *analysis = analyze("failed.pcapng");
    report_text(out, analysis, &options);
    fclose(out);
    golden_compare("failed.txt", text);
    analysis_destroy(analysis);
    free(text);
}

static void torn_file_says_what_is_missing(void **state)
{
    struct report_options options = {0};
    (void)state;
    recording_demo("torn.pcapng", 1);
    assert_int_equal(truncate("torn.pcapng", 9000), 0);
    report_compare("torn.txt", "torn.pcapng", &options);
}

static void other_writers_are_named(void **state)
{
    struct pcapng_writer *writer;
    struct pcapng_section section = {.application = "Dumpcap (Wireshark) 4.0.17"};
    struct report_options options = {0};
    (void)state;
    assert_int_equal(pcapng_writer_open("other.pcapng", &writer, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_section(writer, &section, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_close(writer, NULL, NULL), XSW_OK);
    report_compare("other.txt", "other.pcapng", &options);
}

static void view_compare(const char *name, uint64_t id, const char *file)
{
    struct packet_view view;
    struct analysis *analysis = NULL;
    char *text = NULL;
    size_t length;
    struct page page = {open_memstream(&text, &length), false};
    packet_view_init(&view, id);
    do {
        analysis_destroy(analysis);
        packet_view_rewind(&view);
        assert_int_equal(analysis_create(64, &analysis, NULL), XSW_OK);
        analysis_observe(analysis, packet_view_offer, &view);
        assert_int_equal(analysis_read(analysis, file, NULL, NULL, NULL), XSW_OK);
        assert_int_equal(analysis_finish(analysis, NULL), XSW_OK);
    } while (!packet_view_is_settled(&view));
    packet_view_text(&page, analysis, &view);
    fclose(page.out);
    assert_width(text);
    golden_compare(name, text);
    analysis_destroy(analysis);
    packet_view_fini(&view);
    free(text);
}

static void journey_is_told_step_by_step(void **state)
{
    (void)state;
    recording_demo("demo.pcapng", 1);
    view_compare("packet-changed.txt", 1001, "demo.pcapng");
    view_compare("packet-dropped.txt", 1031, "demo.pcapng");
    view_compare("packet-copied.txt", 2001, "demo.pcapng");
    view_compare("packet-absent.txt", 5, "demo.pcapng");
}

static void json_is_valid_and_says_the_same(void **state)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    (void)state;
    recording_demo("demo.pcapng", 1);
    struct analysis *analysis = analyze("demo.pcapng");
    assert_int_equal(report_json(out, analysis, NULL, NULL, NULL), XSW_OK);
    fclose(out);
    struct notes notes = {0};
    struct json_in root;
    uint64_t format = 0;
    assert_true(json_in_open(&root, text, length, "report", &notes));
    assert_true(json_in_number(&root, "format", UINT64_MAX, &format));
    assert_int_equal(format, REPORT_JSON_FORMAT);
    json_in_close(&root);
    golden_compare("demo.json", text);
    analysis_destroy(analysis);
    free(text);
}

static int folder_enter(void **state)
{
    char folder[128];
    (void)state;
    setenv("TZ", "UTC", 1);
    snprintf(folder, sizeof(folder), "%s", recording_path(""));
    return chdir(folder);
}

static int folder_remove(void **state)
{
    (void)state;
    recording_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdict_comes_first_then_tables_then_proof),
        cmocka_unit_test(tables_can_be_asked_for_alone),
        cmocka_unit_test(losses_are_said_to_be_unknown_with_their_times),
        cmocka_unit_test(what_came_after_the_limit_is_not_called_lost),
        cmocka_unit_test(losses_and_a_limit_are_told_apart),
        cmocka_unit_test(ending_names_its_session_and_is_told_when_it_matters),
        cmocka_unit_test(failed_proof_is_loud),
        cmocka_unit_test(torn_file_says_what_is_missing),
        cmocka_unit_test(other_writers_are_named),
        cmocka_unit_test(journey_is_told_step_by_step),
        cmocka_unit_test(json_is_valid_and_says_the_same),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_remove);
}
