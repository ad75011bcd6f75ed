/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/books/latency.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RX, HOLDER = 9, QUEUER = 4, TX = 5 };

static void dictionary_make(struct dictionary *dictionary)
{
    struct notes notes = {0};
    struct json_in section;
    const char text[] = "{\"stages\": [{\"id\": 0, \"name\": \"rx\", \"order\": 0},"
                        "{\"id\": 9, \"name\": \"filter\", \"order\": 1, \"extension\": \"slow\"},"
                        "{\"id\": 4, \"name\": \"egress-policy\", \"order\": 2},"
                        "{\"id\": 5, \"name\": \"tx\", \"order\": 3}]}";
    dictionary_init(dictionary);
    assert_true(json_in_open(&section, text, sizeof(text) - 1, "test", &notes));
    dictionary_add_section(dictionary, &section);
    json_in_close(&section);
    assert_int_equal(notes.count, 0);
}

/* rx at 0, the filter done at 1000 + held, egress-policy 300 later + queued, tx 50 later. */
static struct trail trail_make(uint64_t id, uint32_t held, uint32_t queued)
{
    struct trail trail = {.packet_id = id,
                          .rx_ns = 5000,
                          .last_ns = 5000 + 1350 + held + queued,
                          .has_first = true,
                          .outcome = FACTS_DELIVERED,
                          .step_count = 4,
                          .steps = {{.stage = RX},
                                    {HOLDER, 0, 1000 + held},
                                    {QUEUER, 0, 1300 + held + queued},
                                    {TX, 0, 1350 + held + queued}}};
    if (held != 0)
        trail.holds[trail.hold_count++] = (struct trail_hold){HOLDER, held};
    if (queued != 0)
        trail.holds[trail.hold_count++] = (struct trail_hold){QUEUER, queued};
    return trail;
}

static uint64_t only_value(const struct latency *latency, enum latency_kind kind, uint16_t stage)
{
    const struct histogram *histogram = latency_find(latency, kind, stage);
    assert_non_null(histogram);
    assert_int_equal(histogram->count, 1);
    assert_int_equal(histogram->max_packet, 7);
    return histogram->max_ns;
}

static void work_hold_and_queue_are_told_apart(void **state)
{
    struct dictionary dictionary;
    struct latency latency;
    struct trail trail = trail_make(7, 20000, 4000);
    (void)state;
    dictionary_make(&dictionary);
    latency_init(&latency);
    latency_add(&latency, &dictionary, &trail);
    assert_int_equal(only_value(&latency, LATENCY_WHOLE, 0), 25350);
    assert_int_equal(only_value(&latency, LATENCY_WORK, HOLDER), 1000);
    assert_int_equal(only_value(&latency, LATENCY_HOLD, HOLDER), 20000);
    assert_int_equal(only_value(&latency, LATENCY_WORK, QUEUER), 300);
    assert_int_equal(only_value(&latency, LATENCY_QUEUE, QUEUER), 4000);
    assert_int_equal(only_value(&latency, LATENCY_WORK, TX), 50);
    assert_null(latency_find(&latency, LATENCY_QUEUE, HOLDER));
    assert_null(latency_find(&latency, LATENCY_WORK, RX));
    latency_fini(&latency);
    dictionary_fini(&dictionary);
}

static void rows_stand_in_the_order_of_the_pipeline(void **state)
{
    static const uint16_t stages[] = {0, HOLDER, HOLDER, QUEUER, QUEUER, TX};
    static const uint16_t kinds[] = {LATENCY_WHOLE, LATENCY_WORK,  LATENCY_HOLD,
                                     LATENCY_WORK,  LATENCY_QUEUE, LATENCY_WORK};
    struct dictionary dictionary;
    struct latency latency;
    struct trail plain = trail_make(6, 0, 0);
    struct trail trail = trail_make(7, 20000, 4000);
    (void)state;
    dictionary_make(&dictionary);
    latency_init(&latency);
    latency_add(&latency, &dictionary, &plain);
    latency_add(&latency, &dictionary, &trail);
    size_t *places = latency_rows_sorted(&latency, &dictionary);
    assert_int_equal(latency.rows.count, 6);
    for (size_t i = 0; i < latency.rows.count; i++) {
        const struct latency_key *key = table_key(&latency.rows, places[i]);
        assert_int_equal(key->stage, stages[i]);
        assert_int_equal(key->kind, kinds[i]);
    }
    free(places);
    assert_int_equal(latency_find(&latency, LATENCY_WHOLE, 0)->count, 2);
    assert_int_equal(latency_find(&latency, LATENCY_WORK, TX)->count, 2);
    assert_int_equal(latency_find(&latency, LATENCY_HOLD, HOLDER)->count, 1);
    latency_fini(&latency);
    dictionary_fini(&dictionary);
}

static void what_has_no_beginning_or_end_is_not_timed(void **state)
{
    struct dictionary dictionary;
    struct latency latency;
    struct trail headless = trail_make(1, 0, 0);
    struct trail endless = trail_make(2, 0, 0);
    struct trail dropped = trail_make(3, 0, 0);
    (void)state;
    headless.has_first = false;
    endless.outcome = FACTS_UNFINISHED;
    dropped.outcome = FACTS_DROPPED;
    dictionary_make(&dictionary);
    latency_init(&latency);
    latency_add(&latency, &dictionary, &headless);
    latency_add(&latency, &dictionary, &endless);
    assert_int_equal(latency.rows.count, 0);
    latency_add(&latency, &dictionary, &dropped);
    assert_null(latency_find(&latency, LATENCY_WHOLE, 0));
    assert_non_null(latency_find(&latency, LATENCY_WORK, TX));
    latency_fini(&latency);
    dictionary_fini(&dictionary);
}

static void the_number_of_histograms_is_bounded(void **state)
{
    struct dictionary dictionary;
    struct latency latency;
    (void)state;
    dictionary_make(&dictionary);
    latency_init(&latency);
    for (uint16_t stage = 0; stage < LATENCY_ROWS_MAX + 10; stage++) {
        struct trail trail = trail_make(stage, 0, 0);
        trail.steps[3].stage = (uint16_t)(stage + 100);
        latency_add(&latency, &dictionary, &trail);
    }
    assert_int_equal(latency.rows.count, LATENCY_ROWS_MAX);
    assert_int_equal(latency.beyond, 13);
    latency_fini(&latency);
    dictionary_fini(&dictionary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_hold_and_queue_are_told_apart),
        cmocka_unit_test(rows_stand_in_the_order_of_the_pipeline),
        cmocka_unit_test(what_has_no_beginning_or_end_is_not_timed),
        cmocka_unit_test(the_number_of_histograms_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
