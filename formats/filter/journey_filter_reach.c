/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an expression can be true when only some of the facts are known: both ways are gone at a
 * test that asks for one that is not. Asked once a batch, for what its packets have in common. */
#include "formats/filter/journey_filter_parts.h"

enum answer { ANSWER_NO = 1, ANSWER_YES = 2, ANSWER_EITHER = 3 };

static enum answer answer_of(bool is_so)
{
    return is_so ? ANSWER_YES : ANSWER_NO;
}

/* The facts that are known of packets to which nothing happened, beside the latency. */
static bool is_of_plain(enum fact fact)
{
    switch (fact) {
    case FACT_OUTCOME:
    case FACT_REASON:
    case FACT_STAGE:
    case FACT_FLAGS:
    case FACT_LATENCY:
        return true;
    default:
        return false;
    }
}

static enum answer plain_answer(const struct journey_filter *filter, const struct filter_test *test,
                                const struct journey_range *range)
{
    if (test->fact == FACT_CHANGED_AT || test->fact == FACT_HELD_AT) {
        return answer_of(test->compare == COMPARE_IS_NOT); /* nothing happened to them anywhere */
    }
    return is_of_plain((enum fact)test->fact)
               ? answer_of(filter_test_run(filter, test, &range->low))
               : ANSWER_EITHER;
}

/* Whether the numbers between both ends are on one side of all values: then they compare alike. */
static bool is_on_one_side(const struct journey_filter *filter, const struct filter_test *test,
                           uint64_t low, uint64_t high)
{
    for (uint16_t i = 0; i < test->value_count; i++) {
        const struct filter_value *value = &filter->values[test->value_first + i];
        if (value->mask != UINT64_MAX || (value->value >= low && value->value <= high)) {
            return false;
        }
    }
    return true;
}

static enum answer range_answer(const struct journey_filter *filter, const struct filter_test *test,
                                const struct journey_range *range, uint64_t low, uint64_t high)
{
    return low == high || is_on_one_side(filter, test, low, high)
               ? answer_of(filter_test_run(filter, test, &range->low))
               : ANSWER_EITHER;
}

/* What the journeys of a range have in common, and what lies between two numbers. */
static enum answer class_answer(const struct journey_filter *filter, const struct filter_test *test,
                                const struct journey_range *range)
{
    const struct journey_facts *low = &range->low;
    const struct journey_facts *high = &range->high;
    switch ((enum fact)test->fact) {
    case FACT_LATENCY:
        return range_answer(filter, test, range, low->latency_ns, high->latency_ns);
    case FACT_PACKET:
        return range_answer(filter, test, range, low->packet_id, high->packet_id);
    case FACT_PARENT:
        return range_answer(filter, test, range, low->parent_id, high->parent_id);
    case FACT_LENGTH:
        return range_answer(filter, test, range, low->length, high->length);
    case FACT_PCAP:
        return ANSWER_EITHER;
    default:
        return answer_of(filter_test_run(filter, test, low));
    }
}

typedef enum answer answer_find(const struct journey_filter *filter, const struct filter_test *test,
                                const struct journey_range *range);

static bool may_match(const struct journey_filter *filter, const struct journey_range *range,
                      answer_find *find)
{
    /* Jumps lead forward, so that one look at each test in its turn is enough. */
    bool is_reached[JOURNEY_FILTER_TESTS_MAX + 2] = {false};
    is_reached[filter->entry] = true;
    for (uint16_t place = filter->entry; place < JOURNEY_FILTER_TESTS_MAX; place++) {
        if (!is_reached[place]) {
            continue;
        }
        const struct filter_test *test = &filter->tests[place];
        enum answer answer = find(filter, test, range);
        is_reached[test->on_true] |= (answer & ANSWER_YES) != 0;
        is_reached[test->on_false] |= (answer & ANSWER_NO) != 0;
        if (is_reached[TEST_ACCEPT]) {
            return true;
        }
    }
    return is_reached[TEST_ACCEPT];
}

bool journey_filter_may_match(const struct journey_filter *filter,
                              const struct journey_facts *facts)
{
    const struct journey_range range = {.low = *facts};
    return may_match(filter, &range, plain_answer);
}

bool journey_filter_may_match_range(const struct journey_filter *filter,
                                    const struct journey_range *range)
{
    return may_match(filter, range, class_answer);
}
