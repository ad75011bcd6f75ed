/* SPDX-License-Identifier: Apache-2.0 */
/* Several threads tell the same as one, to the last byte of every report. */
#include "analyzer/part.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/recording.h"
#include "support/telling.h"

/* All that can be said of a recording. */
static char *told_of(const char *path, unsigned threads, size_t run_bytes, uint64_t *merged)
{
    struct analysis *analysis = NULL;
    assert_int_equal(analysis_create(2048, &analysis, NULL), XSW_OK);
    analysis_use_threads(analysis, threads, run_bytes);
    assert_int_equal(analysis_read(analysis, path, NULL, NULL, NULL), XSW_OK);
    assert_int_equal(analysis_finish(analysis, NULL), XSW_OK);
    char *text = analysis_told(analysis);
    *merged = analysis->runs_merged;
    analysis_destroy(analysis);
    return text;
}

/* Returns how many runs were merged. */
static uint64_t told_the_same(const char *path)
{
    static const size_t sizes[] = {1, 700, 5000, 60000, 0};
    uint64_t merged = 0;
    uint64_t sum = 0;
    char *one = told_of(path, 0, 0, &merged);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (unsigned threads = 1; threads <= 3; threads++) {
            char *several = told_of(path, threads, sizes[i], &merged);
            assert_string_equal(several, one);
            sum += merged;
            free(several);
        }
    }
    free(one);
    return sum;
}

static void every_fate_is_told_the_same(void **state)
{
    (void)state;
    const char *path = recording_path("parts-demo.pcapng");
    recording_demo(path, 1);
    (void)told_the_same(path);
}

/* Traffic that differs from packet to packet: flows, values, drops, copies, losses. */
static void trips_write(struct recording *recording, uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++) {
        struct trip trip = {.id = i,
                            .from = i % 7 == 3 ? PORT_BOB : PORT_ALICE,
                            .to = i % 3 == 0 ? PORT_CAROL : PORT_BOB,
                            .udp_destination = (uint16_t)(1000 + i * i % 97)};
        if (i % 5 == 1) {
            trip.dscp = (uint8_t)(1 + i % 40);
            trip.keeps_checksum = i % 15 == 1;
        }
        if (i % 11 == 4) {
            trip.drop_at = i % 22 == 4 ? STAGE_INGRESS_POLICY : STAGE_FLOWFILTER;
            trip.reason = i % 22 == 4 ? REASON_ACL_DENIED : REASON_FLOW_DENIED;
            trip.rule = (uint32_t)(i % 3);
        }
        if (i % 13 == 0 && i > 20) {
            trip.parent = i - i % 17 - 1;
            trip.copy_flags = META_FLOOD;
        }
        if (i % 101 == 0) {
            recording->gap = (struct meta_gap){.journeys = 3, .worker = 0, .cause = 1};
        }
        recording_trip(recording, &trip);
    }
}

static void much_traffic_is_told_the_same(void **state)
{
    (void)state;
    struct recording recording;
    const char *path = recording_path("parts-much.pcapng");
    recording_begin(&recording, path, "switch", 1);
    trips_write(&recording, 1, 3000);
    recording_end(&recording);
    assert_true(told_the_same(path) > 1000);
}

static void journeys_across_runs_are_told_the_same(void **state)
{
    (void)state;
    struct recording recording;
    const char *path = recording_path("parts-across.pcapng");
    recording_begin(&recording, path, "switch", 1);
    for (uint64_t i = 1; i <= 400; i++) {
        struct trip begin = {.id = i, .from = PORT_ALICE, .to = PORT_BOB, .without_last = true};
        struct trip end = {.id = i - 3, .from = PORT_ALICE, .to = PORT_BOB, .without_first = true};
        recording_trip(&recording, &begin);
        if (i > 3 && i % 50 != 0) {
            recording_trip(&recording, &end);
        }
        if (i % 100 < 10) {
            trips_write(&recording, 10000 + i * 40, 40);
        }
    }
    recording_end(&recording);
    (void)told_the_same(path);
}

static void ids_that_are_used_twice_are_told_the_same(void **state)
{
    (void)state;
    struct recording recording;
    const char *path = recording_path("parts-twice.pcapng");
    recording_begin(&recording, path, "switch", 1);
    trips_write(&recording, 1, 300);
    trips_write(&recording, 200, 300);
    recording_end(&recording);
    (void)told_the_same(path);
}

static void torn_and_damaged_files_are_told_the_same(void **state)
{
    (void)state;
    struct recording recording;
    const char *path = recording_path("parts-torn.pcapng");
    recording_begin(&recording, path, "switch", 1);
    trips_write(&recording, 1, 500);
    recording_end_torn(&recording);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    assert_int_equal(ftruncate(fileno(file), length - 37), 0);
    (void)told_the_same(path);
    for (long at = length / 2; at < length / 2 + 600; at += 41) {
        unsigned char byte;
        fseek(file, at, SEEK_SET);
        assert_int_equal(fread(&byte, 1, 1, file), 1);
        byte ^= 0x55;
        fseek(file, at, SEEK_SET);
        assert_int_equal(fwrite(&byte, 1, 1, file), 1);
        fflush(file);
        uint64_t merged;
        char *one = told_of(path, 0, 0, &merged);
        char *several = told_of(path, 2, 3000, &merged);
        assert_string_equal(several, one);
        free(one);
        free(several);
        byte ^= 0x55;
        fseek(file, at, SEEK_SET);
        assert_int_equal(fwrite(&byte, 1, 1, file), 1);
        fflush(file);
    }
    fclose(file);
}

/* More flows, pairs and open journeys than a part has places for. */
static void what_is_too_much_for_a_part_is_told_the_same(void **state)
{
    (void)state;
    struct recording recording;
    const char *path = recording_path("parts-crowd.pcapng");
    recording_begin(&recording, path, "switch", 1);
    for (uint64_t i = 1; i <= 6000; i++) {
        struct trip trip = {.id = i,
                            .from = PORT_ALICE,
                            .to = PORT_BOB,
                            .udp_destination = (uint16_t)i,
                            .without_last = i % 4 == 0};
        recording_trip(&recording, &trip);
    }
    recording_end(&recording);
    (void)told_the_same(path);
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
        cmocka_unit_test(every_fate_is_told_the_same),
        cmocka_unit_test(much_traffic_is_told_the_same),
        cmocka_unit_test(journeys_across_runs_are_told_the_same),
        cmocka_unit_test(ids_that_are_used_twice_are_told_the_same),
        cmocka_unit_test(torn_and_damaged_files_are_told_the_same),
        cmocka_unit_test(what_is_too_much_for_a_part_is_told_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, cleanup);
}
