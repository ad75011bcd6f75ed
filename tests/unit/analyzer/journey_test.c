/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/journey/journey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct journey_joiner *joiner_make(uint32_t capacity)
{
    struct journey_joiner *joiner = NULL;
    assert_int_equal(journey_joiner_create(capacity, &joiner, NULL), XSW_OK);
    return joiner;
}

static unsigned join(struct journey_joiner *joiner, uint64_t id, uint8_t kind, uint8_t flags,
                     struct journey *journey)
{
    struct journey evicted;
    struct record record = {
        .packet_id = id, .time_ns = 10, .fixed = {.kind = kind, .flags = flags}};
    return journey_join(joiner, 0, &record, journey, &evicted);
}

static void records_of_one_id_are_one_journey(void **state)
{
    struct journey_joiner *joiner = joiner_make(4);
    struct journey journey;
    (void)state;
    assert_int_equal(join(joiner, 1, META_PASS, META_FIRST, &journey), JOURNEY_STARTED);
    assert_int_equal(join(joiner, 2, META_PASS, META_FIRST, &journey), JOURNEY_STARTED);
    assert_int_equal(join(joiner, 1, META_CHANGED, 0, &journey), 0);
    assert_int_equal(join(joiner, 1, META_PASS, META_LAST, &journey), JOURNEY_ENDED);
    assert_int_equal(journey.record_count, 3);
    assert_true(journey.is_changed);
    assert_true(journey_joiner_drain(joiner, &journey));
    assert_int_equal(journey.packet_id, 2);
    assert_false(journey_joiner_drain(joiner, &journey));
    journey_joiner_destroy(joiner);
}

static void first_and_last_may_be_one_record(void **state)
{
    struct journey_joiner *joiner = joiner_make(4);
    struct journey journey;
    (void)state;
    assert_int_equal(join(joiner, 1, META_DROP, META_FIRST | META_LAST, &journey),
                     JOURNEY_STARTED | JOURNEY_ENDED);
    assert_false(journey_joiner_drain(joiner, &journey));
    journey_joiner_destroy(joiner);
}

static void missing_beginning_is_told(void **state)
{
    struct journey_joiner *joiner = joiner_make(4);
    struct journey journey;
    (void)state;
    assert_int_equal(join(joiner, 1, META_DROP, META_LAST, &journey),
                     JOURNEY_HEADLESS | JOURNEY_ENDED);
    journey_joiner_destroy(joiner);
}

static void second_beginning_is_told(void **state)
{
    struct journey_joiner *joiner = joiner_make(4);
    struct journey journey;
    (void)state;
    join(joiner, 1, META_PASS, META_FIRST, &journey);
    assert_int_equal(join(joiner, 1, META_PASS, META_FIRST, &journey), JOURNEY_RESTARTED);
    journey_joiner_destroy(joiner);
}

static void same_id_in_two_sessions_is_two_journeys(void **state)
{
    struct journey_joiner *joiner = joiner_make(4);
    struct journey journey;
    struct journey evicted;
    struct record record = {.packet_id = 1, .fixed = {.flags = META_FIRST}};
    (void)state;
    assert_int_equal(journey_join(joiner, 0, &record, &journey, &evicted), JOURNEY_STARTED);
    assert_int_equal(journey_join(joiner, 1, &record, &journey, &evicted), JOURNEY_STARTED);
    journey_joiner_destroy(joiner);
}

static void bound_evicts_the_one_that_began_first(void **state)
{
    enum { CAPACITY = 64, COUNT = 100000 };
    struct journey_joiner *joiner = joiner_make(CAPACITY);
    (void)state;
    for (uint64_t id = 0; id < COUNT; id++) {
        struct journey journey;
        struct journey evicted = {0};
        struct record record = {.packet_id = id, .fixed = {.flags = META_FIRST}};
        unsigned events = journey_join(joiner, 0, &record, &journey, &evicted);
        assert_int_equal(events & JOURNEY_EVICTED, id < CAPACITY ? 0 : JOURNEY_EVICTED);
        if (id >= CAPACITY)
            assert_int_equal(evicted.packet_id, id - CAPACITY);
    }
    struct journey journey;
    for (uint64_t id = COUNT - CAPACITY; id < COUNT; id++) {
        assert_true(journey_joiner_drain(joiner, &journey));
        assert_int_equal(journey.packet_id, id);
    }
    assert_false(journey_joiner_drain(joiner, &journey));
    journey_joiner_destroy(joiner);
}

static void ended_journeys_make_room(void **state)
{
    struct journey_joiner *joiner = joiner_make(2);
    struct journey journey;
    (void)state;
    for (uint64_t id = 0; id < 1000; id++) {
        assert_int_equal(join(joiner, id, META_PASS, META_FIRST, &journey), JOURNEY_STARTED);
        assert_int_equal(join(joiner, id, META_PASS, META_LAST, &journey), JOURNEY_ENDED);
    }
    journey_joiner_destroy(joiner);
}

static void marks_stay_with_the_journey(void **state)
{
    struct journey_joiner *joiner = joiner_make(2);
    struct journey journey;
    (void)state;
    join(joiner, 1, META_PASS, META_FIRST, &journey);
    journey.is_repeat = true;
    journey_mark(joiner, &journey);
    join(joiner, 1, META_PASS, META_LAST, &journey);
    assert_true(journey.is_repeat);
    journey_mark(joiner, &journey);
    journey_joiner_destroy(joiner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_one_id_are_one_journey),
        cmocka_unit_test(first_and_last_may_be_one_record),
        cmocka_unit_test(missing_beginning_is_told),
        cmocka_unit_test(second_beginning_is_told),
        cmocka_unit_test(same_id_in_two_sessions_is_two_journeys),
        cmocka_unit_test(bound_evicts_the_one_that_began_first),
        cmocka_unit_test(ended_journeys_make_room),
        cmocka_unit_test(marks_stay_with_the_journey),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
