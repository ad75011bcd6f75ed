/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room that the recorder makes just when an event has found none: the journeys of that batch must
 * not get in front of it. The recorder's part is done between the two, in place of what tells the
 * event (see the linker's --wrap).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/tap.h"
#include "support/session_rig.h"

int __real_tap_record_event(struct tap_worker *worker, const struct ring_event *event);
int __wrap_tap_record_event(struct tap_worker *worker, const struct ring_event *event);

static unsigned untold; /* events that found no room, and room was made behind them */

int __wrap_tap_record_event(struct tap_worker *worker, const struct ring_event *event)
{
    int is_told = __real_tap_record_event(worker, event);
    if (!is_told) {
        untold++;
        ring_read(0);
    }
    return is_told;
}

static void journeys_wait_for_the_rules_that_they_are_under(void **state)
{
    (void)state;
    untold = 0;
    ports_make(2);
    begin_with(0, &(struct capture_rules){.filter = "udp"}, CAPTURE_RING_MIN);
    while (account_of(0).lost[META_LOSS_RING_FULL] == 0) {
        sent(1, 1, 9, 200);
    }
    struct capture_account before = account_of(0);
    set_with(0, &(struct capture_rules){.stages = "tx"});
    sent(1, 1, 9, 3);
    assert_int_equal(untold, 1);
    assert_int_equal(account_of(0).written, before.written);
    assert_int_equal(account_of(0).lost[META_LOSS_RING_FULL], before.lost[META_LOSS_RING_FULL] + 3);
    sent(1, 1, 9, 4);
    assert_int_equal(untold, 1);
    ring_read(0);
    assert_int_equal(seen[0].events[RING_EVENT_RULES], 1);
    assert_int_equal(seen[0].before_event, before.written);
    assert_int_equal(seen[0].journeys, before.written + 4);
    assert_int_equal(seen[0].gaps[META_LOSS_RING_FULL], account_of(0).lost[META_LOSS_RING_FULL]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(journeys_wait_for_the_rules_that_they_are_under, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
