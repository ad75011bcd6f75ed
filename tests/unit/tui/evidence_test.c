/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { BYTES = 64 };

static struct dictionary dictionary;

/* A record of packet `id`, whose bytes are all `fill`. */
static void add(struct evidence *evidence, uint64_t id, uint8_t flags, uint8_t kind, uint8_t fill)
{
    uint8_t bytes[BYTES];
    memset(bytes, fill, sizeof(bytes));
    struct record record = {.packet_id = id,
                            .time_ns = 1000 * id,
                            .fixed = {.kind = kind, .flags = flags, .port = 1, .stage = 1},
                            .port = {.id = 1},
                            .items = {.next = bytes, .end = bytes}, /* no TLV */
                            .bytes = bytes,
                            .captured_length = sizeof(bytes),
                            .original_length = sizeof(bytes)};
    evidence_add(evidence, 0, &record, &dictionary);
}

static void trip_add(struct evidence *evidence, uint64_t id)
{
    add(evidence, id, META_FIRST, META_PASS, (uint8_t)id);
    add(evidence, id, META_LAST, META_DROP, (uint8_t)(id + 1));
}

static size_t records_of(const struct evidence *evidence, uint64_t id, uint8_t *fills)
{
    const struct evidence_journey *journey = evidence_find(evidence, 0, id);
    if (journey == NULL)
        return 0;
    uint64_t position = journey->first_record;
    struct record record;
    size_t count = 0;
    while (evidence_record(evidence, &position, &record)) {
        assert_int_equal(record.packet_id, id);
        for (size_t i = 1; i < record.captured_length; i++)
            assert_int_equal(record.bytes[i], record.bytes[0]);
        fills[count++] = record.bytes[0];
    }
    return count;
}

static struct evidence *evidence_make(size_t journeys, uint64_t bytes)
{
    struct evidence *evidence = NULL;
    assert_int_equal(evidence_create(journeys, bytes, &evidence, NULL), XSW_OK);
    return evidence;
}

static void records_come_back_as_they_were(void **state)
{
    struct evidence *evidence = evidence_make(16, 1 << 16);
    uint8_t fills[4];
    (void)state;
    trip_add(evidence, 7);
    assert_int_equal(records_of(evidence, 7, fills), 2);
    assert_int_equal(fills[0], 7);
    assert_int_equal(fills[1], 8);
    const struct evidence_journey *journey = evidence_find(evidence, 0, 7);
    assert_true(journey->has_first && journey->has_end);
    assert_int_equal(journey->story.facts.outcome, FACTS_DROPPED);
    assert_null(evidence_find(evidence, 1, 7));
    evidence_destroy(evidence);
}

static void records_of_several_journeys_may_be_mixed(void **state)
{
    struct evidence *evidence = evidence_make(16, 1 << 16);
    uint8_t fills[4];
    (void)state;
    for (uint64_t id = 1; id <= 5; id++)
        add(evidence, id, META_FIRST, META_PASS, (uint8_t)id);
    for (uint64_t id = 5; id >= 1; id--)
        add(evidence, id, META_LAST, META_PASS, (uint8_t)(id + 100));
    for (uint64_t id = 1; id <= 5; id++) {
        assert_int_equal(records_of(evidence, id, fills), 2);
        assert_int_equal(fills[1], id + 100);
    }
    evidence_destroy(evidence);
}

static void a_journey_that_two_sessions_have_is_kept_once(void **state)
{
    struct evidence *evidence = evidence_make(16, 1 << 16);
    uint8_t fills[8];
    (void)state;
    trip_add(evidence, 7);
    trip_add(evidence, 7);
    assert_int_equal(evidence_count(evidence), 1);
    assert_int_equal(records_of(evidence, 7, fills), 2);
    evidence_destroy(evidence);
}

static void the_oldest_goes_when_there_are_too_many(void **state)
{
    struct evidence *evidence = evidence_make(8, 1 << 20);
    uint8_t fills[4];
    (void)state;
    for (uint64_t id = 1; id <= 20; id++)
        trip_add(evidence, id);
    assert_int_equal(evidence_count(evidence), 8);
    assert_int_equal(evidence->evicted, 12);
    assert_int_equal(evidence_at(evidence, 0)->id, 20);
    assert_int_equal(evidence_at(evidence, 7)->id, 13);
    assert_int_equal(records_of(evidence, 12, fills), 0);
    assert_int_equal(records_of(evidence, 13, fills), 2);
    evidence_destroy(evidence);
}

/* Every journey that is still found is whole, whatever went over the end of the arena. */
static void memory_is_bounded_and_what_is_kept_is_whole(void **state)
{
    struct evidence *evidence = evidence_make(1024, 10000);
    uint8_t fills[4];
    (void)state;
    for (uint64_t id = 1; id <= 5000; id++) {
        trip_add(evidence, id);
        assert_true(evidence_count(evidence) <= 10000 / BYTES);
        assert_int_equal(records_of(evidence, id, fills), 2);
        assert_int_equal(fills[0], (uint8_t)id);
    }
    assert_true(evidence_count(evidence) > 4);
    for (size_t back = 0; back < evidence_count(evidence); back++)
        assert_int_equal(records_of(evidence, 5000 - back, fills), 2);
    assert_int_equal(evidence->taken, evidence->evicted + evidence_count(evidence));
    evidence_destroy(evidence);
}

static void a_record_that_is_larger_than_the_memory_is_counted(void **state)
{
    struct evidence *evidence = evidence_make(8, 800);
    (void)state;
    trip_add(evidence, 1);
    assert_true(evidence->too_big > 0);
    assert_int_equal(evidence_count(evidence), 0);
    evidence_destroy(evidence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_as_they_were),
        cmocka_unit_test(records_of_several_journeys_may_be_mixed),
        cmocka_unit_test(a_journey_that_two_sessions_have_is_kept_once),
        cmocka_unit_test(the_oldest_goes_when_there_are_too_many),
        cmocka_unit_test(memory_is_bounded_and_what_is_kept_is_whole),
        cmocka_unit_test(a_record_that_is_larger_than_the_memory_is_counted),
    };
    dictionary_init(&dictionary);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dictionary_fini(&dictionary);
    return failed;
}
