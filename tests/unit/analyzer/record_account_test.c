/* SPDX-License-Identifier: Apache-2.0 */
/* Each record of a file is analyzed, or it is counted why not. */
#include "analyzer/analysis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/analyzing.h"
#include "support/recording.h"

static const char of_switch[] = "5f0c6f0e-0000-4000-8000-000000000001";

static const struct account_file *book_of(const struct analysis *analysis)
{
    return &analysis->sessions[0]->account.file;
}

static void all_records_of_a_recording_are_analyzed(void **state)
{
    const char *path = recording_path("whole.pcapng");
    (void)state;
    recording_demo(path, 1);
    struct analysis *analysis = analyze(path);
    assert_int_equal(book_of(analysis)->packets, analysis->files[0].packets);
    assert_int_equal(book_of(analysis)->records, analysis->files[0].packets);
    const struct proof_line *line = line_of(analysis, "records");
    assert_int_equal(line->state, PROOF_HOLDS);
    assert_string_equal(line->text, "in the file 104 = analyzed 104");
    analysis_destroy(analysis);
}

static void whole_records_of_a_torn_file_are_analyzed(void **state)
{
    const char *path = recording_path("torn.pcapng");
    (void)state;
    recording_demo(path, 1);
    struct analysis *whole = analyze(path);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    fclose(file);
    assert_int_equal(truncate(path, length / 2), 0);
    struct analysis *analysis = analyze(path);
    assert_int_equal(analysis->files[0].status, XSW_TRUNCATED);
    assert_true(book_of(analysis)->packets > 0);
    assert_true(book_of(analysis)->packets < book_of(whole)->packets);
    assert_int_equal(book_of(analysis)->packets, book_of(analysis)->records);
    assert_int_equal(line_of(analysis, "records")->state, PROOF_HOLDS);
    analysis_destroy(analysis);
    analysis_destroy(whole);
}

static void unreadable_records_are_part_of_all(void **state)
{
    const char *path = recording_path("unreadable.pcapng");
    struct recording recording;
    (void)state;
    recording_begin(&recording, path, of_switch, 1);
    recording_demo_trips(&recording);
    struct meta_fixed open_drop = {.kind = META_DROP, .port = 1, .stage = 1};
    for (uint64_t id = 9001; id <= 9003; id++) {
        recording_raw(&recording, id, &open_drop, NULL, 0);
    }
    recording_end(&recording);
    struct analysis *analysis = analyze(path);
    const struct proof_line *line = line_of(analysis, "records");
    assert_int_equal(book_of(analysis)->packets,
                     book_of(analysis)->records + book_of(analysis)->broken);
    assert_int_equal(analysis->files[0].unreadable, 3);
    assert_int_equal(line->state, PROOF_FAILS);
    assert_int_equal(line->residue, 3);
    assert_non_null(strstr(line->text, " + unreadable 3 (see the notes)"));
    analysis_destroy(analysis);
}

/* Further files than there are places for, each of a switch or of a session of its own. */
static struct analysis *many_analyze(unsigned count, bool of_one_switch)
{
    struct analysis *analysis = NULL;
    assert_int_equal(analysis_create(1024, &analysis, NULL), XSW_OK);
    for (unsigned i = 0; i < count; i++) {
        struct recording recording;
        struct trip trip = {.id = 1000 + i, .from = PORT_ALICE, .to = PORT_BOB};
        char id[64];
        const char *path = recording_path("many.pcapng");
        snprintf(id, sizeof(id), "5f0c6f0e-0000-4000-8000-%012u", of_one_switch ? 1 : i);
        recording_begin(&recording, path, id, i);
        recording_trip(&recording, &trip);
        recording_end(&recording);
        assert_int_equal(analysis_read(analysis, path, NULL, NULL, NULL), XSW_OK);
    }
    assert_int_equal(analysis_finish(analysis, NULL), XSW_OK);
    return analysis;
}

static uint64_t records_in_sessions(const struct analysis *analysis)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < analysis->session_count; i++) {
        sum += analysis->sessions[i]->account.file.records;
    }
    return sum;
}

static void left_out_holds(const struct analysis *analysis, uint64_t left_out)
{
    uint64_t packets = 0;
    uint64_t told = 0;
    for (size_t i = 0; i < analysis->file_count; i++) {
        packets += analysis->files[i].packets;
        told += analysis->files[i].left_out;
    }
    assert_int_equal(told, left_out);
    assert_int_equal(packets, records_in_sessions(analysis) + left_out);
    assert_int_equal(analysis_state(analysis), PROOF_UNKNOWN);
    const struct proof *proof = &analysis->sessions[0]->proof;
    const struct proof_line *line = line_of(analysis, "records") + 1;
    assert_true(line < proof->lines + proof->count);
    assert_string_equal(line->subject, "records");
    assert_int_equal(line->state, PROOF_UNKNOWN);
    assert_int_equal(line->residue, left_out);
    assert_int_equal(analysis->notes.beyond, 0);
}

static void records_of_switches_beyond_the_limit_are_counted(void **state)
{
    (void)state;
    struct analysis *analysis = many_analyze(ANALYSIS_SWITCHES_MAX + 2, false);
    assert_int_equal(analysis->switch_count, ANALYSIS_SWITCHES_MAX);
    left_out_holds(analysis, 4);
    assert_int_equal(analysis->notes.count, 1);
    analysis_destroy(analysis);
}

static void records_of_sessions_beyond_the_limit_are_counted_and_make_no_switch(void **state)
{
    (void)state;
    struct analysis *analysis = many_analyze(ANALYSIS_SESSIONS_MAX + 3, true);
    assert_int_equal(analysis->session_count, ANALYSIS_SESSIONS_MAX);
    assert_int_equal(analysis->switch_count, 1);
    left_out_holds(analysis, 6);
    assert_int_equal(analysis->notes.count, 1);
    analysis_destroy(analysis);
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
        cmocka_unit_test(all_records_of_a_recording_are_analyzed),
        cmocka_unit_test(whole_records_of_a_torn_file_are_analyzed),
        cmocka_unit_test(unreadable_records_are_part_of_all),
        cmocka_unit_test(records_of_switches_beyond_the_limit_are_counted),
        cmocka_unit_test(records_of_sessions_beyond_the_limit_are_counted_and_make_no_switch),
    };
    return cmocka_run_group_tests(tests, NULL, cleanup);
}
