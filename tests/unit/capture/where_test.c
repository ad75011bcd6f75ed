/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata expression of a session on a switch: what is kept, and that what is not is never
 * lost. tests/system/where.sh compares more expressions with the analyzer's answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/ring.h"
#include "capture/session.h"
#include "support/switch_rig.h"

static struct rig rig;
static struct capture_session *session;
static struct ring_consumer ring;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    rig.clock.step_ns = 10;
    session = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (session != NULL) {
        ring_detach(&ring);
        capture_session_close(session);
    }
    rig_expect_chain(&rig);
    rig_fini(&rig);
    return 0;
}

static void session_begin(const char *where, uint32_t ring_bytes)
{
    struct capture_options options = {.rules = {.where = where}, .ring_bytes = ring_bytes};
    struct xsw_error error;
    if (capture_session_open(rig.vswitch, &options, &session, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    const int *fds = NULL;
    assert_int_equal(capture_session_rings(session, &fds), 1);
    assert_int_equal(ring_attach(&ring, fds[0], NULL), XSW_OK);
}

/* Three ports, and rule 5 on the first: what comes from station 7 is dropped there. */
static void switch_make(void)
{
    for (int i = 0; i < 3; i++) {
        rig_port(&rig, NULL);
    }
    struct acl_rule rule = {.id = 5, .direction = ACL_IN, .action = ACL_DENY, .has_source_mac = 1};
    struct frame frame;
    rig_frame(&frame, 7, 9, 10);
    memcpy(rule.source_mac.bytes, frame.bytes + 6, 6);
    rig_rule(&rig, 1, &rule);
}

static void sent(uint16_t port, uint8_t from, uint8_t to, unsigned count)
{
    struct frame frame;
    rig_frame(&frame, from, to, 10);
    for (unsigned i = 0; i < count; i++) {
        rig_feed(&rig, port, &frame);
    }
    rig_run(&rig);
    for (uint16_t other = 1; other <= rig.port_count; other++) {
        rig_drain(&rig, other);
    }
}

static struct capture_account account_balanced(void)
{
    struct capture_account account = capture_session_account(session, 0);
    assert_int_equal(account.offered, account.filtered + account.sampled + account.written +
                                          capture_account_lost(&account));
    assert_true(account.unwanted <= account.filtered);
    return account;
}

/* Journeys in the ring; `last` is a copy of the last one, without its bytes. */
static uint64_t journeys_read(struct ring_journey *last)
{
    const struct ring_record *record = NULL;
    uint64_t journeys = 0;
    while (ring_next(&ring, &record, NULL) == XSW_OK) {
        if (record->type == RING_JOURNEY) {
            memcpy(last, record, sizeof(*last));
            journeys++;
        }
    }
    ring_release(&ring);
    return journeys;
}

static void only_journeys_that_match_at_their_end_are_kept(void **state)
{
    struct ring_journey last;
    (void)state;
    switch_make();
    session_begin("dropped and rule == 5", 0);
    sent(1, 1, 9, 20);
    sent(1, 7, 9, 3);
    sent(2, 7, 9, 4);
    assert_int_equal(journeys_read(&last), 3);
    assert_int_equal(last.source_port, 1);
    assert_true(last.drop_reason != 0);
    struct capture_account account = account_balanced();
    assert_int_equal(account.written, 3);
    assert_int_equal(account.unwanted, account.offered - 3);
    assert_int_equal(account.unwanted, account.filtered);
}

static void names_of_the_switch_are_known(void **state)
{
    struct ring_journey last;
    (void)state;
    switch_make();
    session_begin("source == p2 and stage == tx and flood or "
                  "reason == acl-denied and stage == ingress-policy",
                  0);
    sent(1, 7, 9, 2);
    sent(1, 1, 9, 5);
    assert_int_equal(journeys_read(&last), 2);
    sent(2, 2, 9, 6);
    /* Flooded to two ports: the packet itself goes to one of them, its copy to the other. */
    assert_int_equal(journeys_read(&last), 6);
    assert_true((last.packet_flags & XSW_PACKET_FLOOD_COPY) != 0);
    account_balanced();
}

static void a_pcap_filter_sees_the_bytes_as_they_came_in(void **state)
{
    static const uint16_t vlans[] = {1, 0};
    struct ring_journey last;
    (void)state;
    rig_port(&rig, NULL);
    rig_port_trunk(&rig, 0, vlans);
    session_begin("changed and pcap \"not vlan\"", 0);
    sent(1, 1, 9, 4); /* leaves port 2 with a tag that it did not have */
    assert_int_equal(journeys_read(&last), 4);
    assert_int_equal(last.length, last.rx_length + 4);
    assert_int_equal(account_balanced().unwanted, 0);
}

static void what_does_not_match_is_never_lost(void **state)
{
    struct ring_journey last;
    (void)state;
    switch_make();
    session_begin("dropped", CAPTURE_RING_MIN);
    for (int i = 0; i < 100; i++) {
        sent(1, 1, 9, 50);
    }
    sent(1, 7, 9, 1);
    assert_int_equal(journeys_read(&last), 1);
    struct capture_account account = account_balanced();
    assert_int_equal(account.lost[META_LOSS_RING_FULL], 0);
    assert_true(account.offered > 5000);
    assert_int_equal(account.unwanted, account.offered - 1);
}

static void an_expression_that_is_wrong_opens_no_session(void **state)
{
    struct capture_options options = {.rules = {.where = "port == p1 and reason == acl-denid"}};
    struct xsw_error error;
    (void)state;
    switch_make();
    struct capture_session *none = NULL;
    assert_int_equal(capture_session_open(rig.vswitch, &options, &none, &error), XSW_INVALID);
    assert_string_equal(error.text,
                        "where: column 26: there is no reason \"acl-denid\"; near: acl-denied");
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_journeys_that_match_at_their_end_are_kept, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(names_of_the_switch_are_known, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pcap_filter_sees_the_bytes_as_they_came_in, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_does_not_match_is_never_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(an_expression_that_is_wrong_opens_no_session, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
