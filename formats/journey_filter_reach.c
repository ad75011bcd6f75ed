/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an expression can be true when only some of the facts are known: both ways are gone at a
 * test that asks for one that is not. Asked once a batch, for what its packets have in common. */
#include "formats/journey_filter_parts.h"

enum answer { ANSWER_NO = 1, ANSWER_YES = 2, ANSWER_EITHER = 3 };

static enum answer answer_of(bool is_so)
{
    return is_so ? ANSWER_YES : ANSWER_NO;
}

/* The facts that are known of packets to which nothing happened, beside the latency. */
static enum answer plain_answer(const struct journey_filter *filter, const struct filter_test *test,
                                const struct journey_facts *facts)
{
    switch (test->fact) {
    case FACT_OUTCOME:
    case FACT_REASON:
    case FACT_STAGE:
    case FACT_FLAGS:
    case FACT_LATENCY:
        return answer_of(filter_test_run(filter, test, facts));
    default:
        return ANSWER_EITHER;
    }
}

bool journey_filter_may_match(const struct journey_filter *filter,
                              const struct journey_facts *facts)
{
    /* Jumps lead forward, so that one look at each test in its turn is enough. */
    bool is_reached[JOURNEY_FILTER_TESTS_MAX + 2] = {false};
    is_reached[filter->entry] = true;
    for (uint16_t place = filter->entry; place < JOURNEY_FILTER_TESTS_MAX; place++) {
        if (!is_reached[place]) {
            continue;
        }
        const struct filter_test *test = &filter->tests[place];
        enum answer answer = plain_answer(filter, test, facts);
        is_reached[test->on_true] |= (answer & ANSWER_YES) != 0;
        is_reached[test->on_false] |= (answer & ANSWER_NO) != 0;
        if (is_reached[TEST_ACCEPT]) {
            return true;
        }
    }
    return is_reached[TEST_ACCEPT];
}
