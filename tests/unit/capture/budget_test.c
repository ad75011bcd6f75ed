/* SPDX-License-Identifier: Apache-2.0 */
/* The budget of a session: when it does less, and when it does more again. Windows are closed by
 * hand: cycles are numbers like any other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/budget.h"

enum { WINDOW_CYCLES = 1000000, HALF = BUDGET_WHOLE / 2 };

struct hand {
    struct budget budget;
    uint64_t now_ns, now_cycles;
};

/* A window in which `share` millionths of the time were spent. Returns whether the level changed.
 */
static int window_close(struct hand *hand, uint32_t share, uint32_t allowed, uint64_t windows)
{
    hand->now_ns += windows * BUDGET_WINDOW_NS;
    hand->now_cycles += windows * WINDOW_CYCLES;
    hand->budget.spent_cycles += share * windows;
    return budget_close(&hand->budget, hand->now_ns, hand->now_cycles, allowed);
}

static struct hand hand_begin(void)
{
    struct hand hand = {.now_ns = 5, .now_cycles = 77};
    (void)window_close(&hand, 0, HALF, 1);
    return hand;
}

/* Closes windows until the level changes; returns how many that were, at most `most`. */
static unsigned windows_until_change(struct hand *hand, uint32_t share, unsigned most)
{
    for (unsigned count = 1; count <= most; count++) {
        if (window_close(hand, share, HALF, 1)) {
            return count;
        }
    }
    return 0;
}

static void the_first_window_has_no_beginning_and_decides_nothing(void **state)
{
    (void)state;
    struct hand hand = {.now_ns = UINT64_C(1) << 40, .now_cycles = UINT64_C(1) << 50};
    for (int i = 0; i < BUDGET_OVER_WINDOWS; i++) {
        hand.budget = (struct budget){.spent_cycles = UINT64_C(1) << 51};
        assert_false(window_close(&hand, 0, HALF, 1));
        assert_int_equal(hand.budget.over, 0);
    }
    assert_int_equal(hand.budget.level, BUDGET_FULL);
}

static void what_was_spent_becomes_a_share_of_the_window(void **state)
{
    (void)state;
    struct hand hand = hand_begin();
    window_close(&hand, 123456, HALF, 1);
    assert_int_equal(hand.budget.share, 123456);
    window_close(&hand, 3 * BUDGET_WHOLE, HALF, 1);
    assert_int_equal(hand.budget.share, BUDGET_WHOLE);
    assert_int_equal(hand.budget.spent_cycles, 0);
    /* A counter that stood still gives no share, and no division by zero. */
    hand.budget.spent_cycles = 9;
    budget_close(&hand.budget, hand.now_ns + BUDGET_WINDOW_NS, hand.now_cycles, HALF);
    assert_int_equal(hand.budget.share, 0);
}

static void a_window_is_due_after_ten_milliseconds(void **state)
{
    (void)state;
    struct hand hand = hand_begin();
    assert_false(budget_is_due(&hand.budget, hand.now_ns + BUDGET_WINDOW_NS - 1));
    assert_true(budget_is_due(&hand.budget, hand.now_ns + BUDGET_WINDOW_NS));
}

static void three_windows_over_it_are_a_step_and_two_are_none(void **state)
{
    (void)state;
    struct hand hand = hand_begin();
    static const enum budget_level levels[] = {BUDGET_SHORT, BUDGET_SAMPLED, BUDGET_DISARMED};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(windows_until_change(&hand, HALF + 1, 10), BUDGET_OVER_WINDOWS);
        assert_int_equal(hand.budget.level, levels[i]);
        /* Two more, and one within it between them and the next: no step. */
        assert_false(window_close(&hand, HALF + 1, HALF, 1));
        assert_false(window_close(&hand, HALF + 1, HALF, 1));
        assert_false(window_close(&hand, HALF, HALF, 1));
    }
    /* There is nothing less than nothing. */
    assert_int_equal(windows_until_change(&hand, BUDGET_WHOLE, 100), 0);
    assert_int_equal(hand.budget.level, BUDGET_DISARMED);
}

static void a_second_within_half_of_it_is_a_step_back(void **state)
{
    (void)state;
    struct hand hand = hand_begin();
    windows_until_change(&hand, BUDGET_WHOLE, 10);
    windows_until_change(&hand, BUDGET_WHOLE, 10);
    windows_until_change(&hand, BUDGET_WHOLE, 10);
    for (int level = BUDGET_SAMPLED; level >= BUDGET_FULL; level--) {
        assert_int_equal(windows_until_change(&hand, HALF / 2, 200), BUDGET_CALM_WINDOWS);
        assert_int_equal(hand.budget.level, level);
    }
}

static void between_half_of_it_and_all_of_it_nothing_changes(void **state)
{
    (void)state;
    struct hand hand = hand_begin();
    windows_until_change(&hand, BUDGET_WHOLE, 10);
    assert_int_equal(windows_until_change(&hand, HALF / 2 + 1, 1000), 0);
    assert_int_equal(windows_until_change(&hand, HALF, 1000), 0);
    /* Nor does it count as calm: the second begins anew. */
    assert_int_equal(windows_until_change(&hand, 0, BUDGET_CALM_WINDOWS - 1), 0);
    assert_false(window_close(&hand, HALF, HALF, 1));
    assert_int_equal(windows_until_change(&hand, 0, 200), BUDGET_CALM_WINDOWS);
}

static void after_a_relapse_it_waits_twice_as_long_up_to_a_minute(void **state)
{
    (void)state;
    struct hand hand = hand_begin();
    windows_until_change(&hand, BUDGET_WHOLE, 10);
    for (unsigned expected = BUDGET_CALM_WINDOWS; expected < 2 * BUDGET_CALM_WINDOWS_MAX;
         expected *= 2) {
        unsigned most = expected < BUDGET_CALM_WINDOWS_MAX ? expected : BUDGET_CALM_WINDOWS_MAX;
        assert_int_equal(windows_until_change(&hand, 0, 100000), most);
        assert_int_equal(hand.budget.level, BUDGET_FULL);
        assert_int_equal(windows_until_change(&hand, BUDGET_WHOLE, 10), BUDGET_OVER_WINDOWS);
    }
    /* It lasts for once as long as that: what was before is forgotten. */
    windows_until_change(&hand, 0, 100000);
    assert_int_equal(hand.budget.level, BUDGET_FULL);
    windows_until_change(&hand, 0, BUDGET_CALM_WINDOWS_MAX);
    windows_until_change(&hand, BUDGET_WHOLE, 10);
    assert_int_equal(windows_until_change(&hand, 0, 100000), BUDGET_CALM_WINDOWS);
}

static void a_time_without_packets_is_a_time_of_calm(void **state)
{
    (void)state;
    struct hand hand = hand_begin();
    windows_until_change(&hand, BUDGET_WHOLE, 10);
    assert_false(window_close(&hand, 0, HALF, BUDGET_CALM_WINDOWS - 1));
    assert_true(window_close(&hand, 0, HALF, 1));
    assert_int_equal(hand.budget.level, BUDGET_FULL);
    /* However long it was, it is one step. */
    windows_until_change(&hand, BUDGET_WHOLE, 10);
    windows_until_change(&hand, BUDGET_WHOLE, 10);
    assert_int_equal(hand.budget.level, BUDGET_SAMPLED);
    assert_true(window_close(&hand, 0, HALF, UINT64_C(1) << 33));
    assert_int_equal(hand.budget.level, BUDGET_SHORT);
}

static void all_of_the_time_is_no_limit_and_leads_back(void **state)
{
    (void)state;
    struct hand hand = hand_begin();
    windows_until_change(&hand, BUDGET_WHOLE, 10);
    for (unsigned i = 0; i < BUDGET_CALM_WINDOWS; i++) {
        window_close(&hand, BUDGET_WHOLE, BUDGET_WHOLE, 1);
    }
    assert_int_equal(hand.budget.level, BUDGET_FULL);
    for (unsigned i = 0; i < 1000; i++) {
        assert_false(window_close(&hand, BUDGET_WHOLE, BUDGET_WHOLE, 1));
    }
}

static void levels_have_names(void **state)
{
    (void)state;
    static const char *const names[] = {"full", "short", "sampled", "disarmed", "unknown"};
    for (unsigned level = 0; level < 5; level++) {
        assert_string_equal(budget_level_name(level), names[level]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_window_has_no_beginning_and_decides_nothing),
        cmocka_unit_test(what_was_spent_becomes_a_share_of_the_window),
        cmocka_unit_test(a_window_is_due_after_ten_milliseconds),
        cmocka_unit_test(three_windows_over_it_are_a_step_and_two_are_none),
        cmocka_unit_test(a_second_within_half_of_it_is_a_step_back),
        cmocka_unit_test(between_half_of_it_and_all_of_it_nothing_changes),
        cmocka_unit_test(after_a_relapse_it_waits_twice_as_long_up_to_a_minute),
        cmocka_unit_test(a_time_without_packets_is_a_time_of_calm),
        cmocka_unit_test(all_of_the_time_is_no_limit_and_leads_back),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
