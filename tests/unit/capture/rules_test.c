/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules of a capture session let through, each alone and all together; and that what they
 * leave out is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/session_rig.h"
#include "switch/path/reasons.h"

/* Ports -------------------------------------------------------------------------------------- */

/* Stations 1, 2 and 3 at ports of the same number; 2 sends one to 1, 1 three to 2, 3 one to all,
 * and of 1 two are too short. */
static void traffic(void)
{
    static const uint8_t runt[9] = {0};
    sent(2, 2, 1, 1);
    sent(1, 1, 2, 3);
    sent(3, 3, 99, 1);
    rig_feed_bytes(&rig, 1, runt, sizeof(runt), NULL);
    rig_feed_bytes(&rig, 1, runt, sizeof(runt), NULL);
    rig_run(&rig);
    sent_away();
}

static void stations_learn(void)
{
    ports_make(3);
    for (uint8_t port = 1; port <= 3; port++) {
        sent(port, port, 77, 1);
    }
}

static uint64_t traffic_written(const char *ports, enum capture_direction direction)
{
    begin(0, &(struct capture_rules){.ports = ports, .direction = direction});
    traffic();
    uint64_t count = written(0);
    assert_int_equal(account_of(0).offered, 1 + 3 + 2 + 2);
    end(0);
    return count;
}

static void in_is_what_came_in_there_with_its_copies_and_drops(void **state)
{
    (void)state;
    stations_learn();
    assert_int_equal(traffic_written("p1", CAPTURE_IN), 3 + 2);
    assert_int_equal(traffic_written("p2", CAPTURE_IN), 1);
    assert_int_equal(traffic_written("p3", CAPTURE_IN), 2);
    assert_int_equal(traffic_written("p1,p3", CAPTURE_IN), 3 + 2 + 2);
    assert_int_equal(traffic_written(" p2 , p1,", CAPTURE_IN), 1 + 3 + 2);
}

static void out_is_what_was_to_go_out_there_and_no_drop_before_that_is_known(void **state)
{
    (void)state;
    stations_learn();
    assert_int_equal(traffic_written("p1", CAPTURE_OUT), 1 + 1);
    assert_int_equal(traffic_written("p2", CAPTURE_OUT), 3 + 1);
    assert_int_equal(traffic_written("p3", CAPTURE_OUT), 0);
    assert_int_equal(traffic_written("p1,p2", CAPTURE_OUT), 2 + 4);
}

static void in_or_out_is_both_and_none_twice(void **state)
{
    (void)state;
    stations_learn();
    assert_int_equal(traffic_written("p1", CAPTURE_IN_OR_OUT), 3 + 2 + 1 + 1);
    assert_int_equal(traffic_written("p1,p2,p3", CAPTURE_IN_OR_OUT), 1 + 3 + 2 + 2);
    assert_int_equal(traffic_written("", CAPTURE_IN_OR_OUT), 1 + 3 + 2 + 2);
}

static void of_a_flood_only_the_copies_to_the_port_go_out_there(void **state)
{
    (void)state;
    stations_learn();
    begin(0, &(struct capture_rules){.ports = "p2", .direction = CAPTURE_OUT});
    sent(3, 3, 99, 5);
    assert_int_equal(written(0), 5);
    assert_int_equal(seen[0].by_destination[2], 5);
    assert_int_equal(account_of(0).unwanted, 5);
}

static void a_drop_on_the_way_out_was_to_go_out_there(void **state)
{
    (void)state;
    stations_learn();
    struct acl_rule deny = {.action = ACL_DENY, .direction = ACL_OUT};
    rig_rule(&rig, 2, &deny);
    begin(0, &(struct capture_rules){.ports = "p2", .direction = CAPTURE_OUT});
    sent(1, 1, 2, 4);
    assert_int_equal(written(0), 4);
    assert_int_equal(seen[0].last.drop_reason, REASON_ACL_DENIED);
}

static void load(const char *how)
{
    struct xsw_error error;
    if (rig_extension(&rig, EXTENSION_DIR "/test/workshop.so", "", "how", how, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    rig_run(&rig);
}

static void what_an_extension_makes_comes_in_nowhere_and_goes_out(void **state)
{
    (void)state;
    stations_learn();
    load("originate-in-tick");
    begin(0, &(struct capture_rules){.ports = "p1", .direction = CAPTURE_IN});
    begin(1, &(struct capture_rules){.ports = "p1", .direction = CAPTURE_OUT});
    begin(2, &(struct capture_rules){0});
    rig.clock.now_ns += 1000000;
    rig_run(&rig);
    sent_away();
    uint64_t made = written(2);
    assert_true(made > 0);
    assert_int_equal(written(0), 0);
    assert_int_equal(written(1), seen[2].by_destination[1]);
    assert_true(seen[2].by_destination[1] > 0);
}

static void ports_and_stages_that_are_missing_are_named(void **state)
{
    (void)state;
    ports_make(1);
    static const struct {
        struct capture_rules rules;
        const char *expected;
    } bad[] = {{{.ports = "p1,nobody"}, "ports: no port \"nobody\" (xsw port list"},
               {{.direction = CAPTURE_IN}, "direction: expected ports with it"},
               {{.ports = " ,", .direction = CAPTURE_OUT}, "direction: expected ports with it"},
               {{.stages = "rx,nowhere"}, "stages: no stage \"nowhere\" (xsw stats"},
               {{.sample = 2000000000}, "sample: 2000000000; expected 0 to 1000000"}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct capture_options options = {.rules = bad[i].rules};
        struct capture_session *none = NULL;
        struct xsw_error error;
        assert_int_equal(capture_session_open(rig.vswitch, &options, &none, &error), XSW_INVALID);
        if (strstr(error.text, bad[i].expected) == NULL) {
            fail_msg("%s", error.text);
        }
    }
}

/* Stages ------------------------------------------------------------------------------------- */

static void a_stage_is_for_journeys_that_came_to_it(void **state)
{
    (void)state;
    stations_learn();
    struct acl_rule deny = {.action = ACL_DENY, .direction = ACL_IN, .has_source_mac = 1};
    deny.source_mac = (struct mac_address){{2, 0, 0, 0, 0, 7}};
    rig_rule(&rig, 1, &deny);
    begin(0, &(struct capture_rules){.stages = "forward"});
    begin(1, &(struct capture_rules){.stages = "ingress-policy"});
    begin(2, &(struct capture_rules){.stages = "tx, mirror"});
    static const uint8_t runt[9] = {0};
    rig_feed_bytes(&rig, 1, runt, sizeof(runt), NULL);
    sent(1, 7, 2, 3);
    sent(1, 1, 2, 4);
    assert_int_equal(written(0), 4);
    assert_int_equal(written(1), 3 + 4);
    assert_int_equal(written(2), 4);
    assert_int_equal(account_of(0).unwanted, 1 + 3);
    assert_int_equal(capture_session_stages(seen[0].session), UINT64_C(1) << STAGE_FORWARD);
}

static void a_held_packet_came_also_to_the_stages_before_it_was_held(void **state)
{
    (void)state;
    stations_learn();
    load("hold-in");
    begin(0, &(struct capture_rules){.stages = "rx"});
    begin(1, &(struct capture_rules){.stages = "ingress-filter.workshop"});
    begin(2, &(struct capture_rules){.stages = "ingress-policy"});
    rig_run(&rig);    /* with its first tick behind it */
    sent(1, 1, 2, 4); /* every fourth is dropped when it is released */
    assert_int_equal(account_of(0).offered, 0);
    rig.clock.now_ns += 1000000;
    rig_run(&rig);
    sent_away();
    assert_int_equal(written(0), 4);
    assert_int_equal(written(1), 4);
    assert_int_equal(written(2), 3);
}

/* The rest ------------------------------------------------------------------------------------ */

static void flow_send(uint16_t port, unsigned flow, int is_reply)
{
    struct frame frame;
    rig_frame(&frame, is_reply ? 2 : 1, is_reply ? 1 : 2, 10);
    uint8_t *ports = frame.bytes + frame.transport;
    ports[is_reply ? 2 : 0] = (uint8_t)(flow >> 8);
    ports[is_reply ? 3 : 1] = (uint8_t)flow;
    ports[is_reply ? 0 : 2] = 0;
    ports[is_reply ? 1 : 3] = 80;
    if (is_reply) {
        uint8_t address[4];
        memcpy(address, frame.bytes + frame.network + 12, 4);
        memcpy(frame.bytes + frame.network + 12, frame.bytes + frame.network + 16, 4);
        memcpy(frame.bytes + frame.network + 16, address, 4);
    }
    rig_send(&rig, port, &frame);
    sent_away();
}

static void of_a_sample_both_directions_of_a_flow_are_in_or_out(void **state)
{
    (void)state;
    enum { FLOWS = 1600, ONE_IN = 8 };
    stations_learn();
    begin(0, &(struct capture_rules){.sample = ONE_IN});
    unsigned in = 0;
    for (unsigned flow = 1; flow <= FLOWS; flow++) {
        uint64_t before = seen[0].journeys;
        flow_send(1, flow, 0);
        ring_read(0);
        uint64_t there = seen[0].journeys - before;
        flow_send(2, flow, 1);
        ring_read(0);
        assert_int_equal(seen[0].journeys - before, 2 * there);
        in += (unsigned)there;
    }
    struct capture_account account = account_of(0);
    assert_int_equal(account.offered, 2 * FLOWS);
    assert_int_equal(account.written, 2 * in);
    assert_int_equal(account.sampled, 2 * (FLOWS - in));
    assert_int_equal(account.filtered, 0);
    /* About one in eight: five standard deviations of a binomial to either side. */
    assert_in_range(in, FLOWS / ONE_IN - 66, FLOWS / ONE_IN + 66);
}

static void what_the_filter_leaves_out_is_not_sampled_out(void **state)
{
    (void)state;
    stations_learn();
    begin(0, &(struct capture_rules){.filter = "udp src portrange 1-300", .sample = 4});
    for (unsigned flow = 1; flow <= 500; flow++) {
        flow_send(1, flow, 0);
    }
    struct capture_account account = account_of(0);
    assert_int_equal(account.filtered, 200);
    assert_int_equal(account.written + account.sampled, 300);
    assert_in_range(account.written, 30, 120);
}

static void copies_are_in_the_sample_with_their_original(void **state)
{
    (void)state;
    ports_make(4);
    begin(0, &(struct capture_rules){.sample = 3});
    for (unsigned flow = 1; flow <= 60; flow++) {
        flow_send(1, flow, 0);
        uint64_t count = written(0);
        assert_true(count == 0 || count == 3);
    }
    struct capture_account account = account_of(0);
    assert_int_equal(account.offered, 180);
    assert_int_equal(account.sampled, 180 - account.written);
    assert_true(account.sampled > 0 && account.written > 0);
}

static void more_than_the_rate_is_lost_and_told_by_a_gap(void **state)
{
    (void)state;
    stations_learn();
    begin(0, &(struct capture_rules){.rate = 100});
    sent(1, 1, 2, 50); /* a tenth of a second's may come at once */
    assert_int_equal(written(0), 10);
    assert_int_equal(account_of(0).lost[META_LOSS_RATE], 40);
    for (int i = 0; i < 100; i++) {
        rig.clock.now_ns += 10000000;
        sent(1, 1, 2, 3);
    }
    assert_int_equal(written(0), 100);
    struct capture_account account = account_of(0);
    assert_int_equal(account.lost[META_LOSS_RATE], 40 + 200);
    assert_int_equal(account.filtered, 0);
    rig.clock.now_ns += 10000000;
    sent(1, 1, 2, 1); /* brings the last gap with it */
    assert_int_equal(written(0), 1);
    assert_int_equal(seen[0].gaps[META_LOSS_RATE], 40 + 200);
}

static void the_rate_is_of_what_is_wanted_and_one_is_one(void **state)
{
    (void)state;
    stations_learn();
    begin(0, &(struct capture_rules){.filter = "ether src 02:00:00:00:00:01", .rate = 1});
    for (int second = 0; second < 10; second++) {
        sent(2, 2, 1, 5);
        sent(1, 1, 2, 5);
        rig.clock.now_ns += 1000000000;
    }
    struct capture_account account = account_of(0);
    assert_int_equal(account.written, 10);
    assert_int_equal(account.filtered, 50);
    assert_int_equal(account.lost[META_LOSS_RATE], 40);
}

static void every_session_has_its_own_snap_length(void **state)
{
    (void)state;
    stations_learn();
    begin(0, &(struct capture_rules){.snap_length = 20});
    begin(1, &(struct capture_rules){0});
    struct frame frame;
    rig_frame(&frame, 1, 2, 300);
    rig_send(&rig, 1, &frame);
    sent_away();
    ring_read(0);
    ring_read(1);
    assert_int_equal(seen[0].last.captured_length, 20);
    assert_int_equal(seen[0].last.length, frame.length);
    assert_int_equal(seen[1].last.captured_length, frame.length);
}

static void all_rules_together_are_the_least_of_all(void **state)
{
    (void)state;
    stations_learn();
    struct acl_rule deny = {
        .action = ACL_DENY, .direction = ACL_OUT, .source_ports = {1200, 65535}};
    rig_rule(&rig, 2, &deny);
    begin(0, &(struct capture_rules){.filter = "udp dst port 80",
                                     .where = "dropped",
                                     .ports = "p2",
                                     .direction = CAPTURE_OUT,
                                     .stages = "egress-policy",
                                     .snap_length = 60,
                                     .sample = 2,
                                     .rate = 20});
    for (unsigned flow = 1001; flow <= 1400; flow++) {
        flow_send(1, flow, 0);
        flow_send(2, flow, 1);
    }
    struct capture_account account = account_of(0);
    assert_int_equal(account.offered, 800);
    assert_int_equal(written(0), 2); /* the clock stands still */
    assert_int_equal(seen[0].last.captured_length, 52);
    /* Replies go to another port than 80. Of the rest, half is in the sample, and of that what was
     * not dropped is unwanted, and more than two are over the rate. */
    assert_int_equal(account.filtered, 400 + account.unwanted);
    assert_in_range(account.sampled, 150, 250);
    assert_in_range(account.unwanted, 70, 130);
    assert_in_range(account.lost[META_LOSS_RATE], 70, 130);
}

static void sessions_side_by_side_have_accounts_of_their_own(void **state)
{
    (void)state;
    stations_learn();
    begin(0, &(struct capture_rules){.ports = "p1", .direction = CAPTURE_IN});
    begin(1, &(struct capture_rules){.filter = "ether src 02:00:00:00:00:02"});
    begin(2, &(struct capture_rules){.where = "dropped"});
    begin(3, &(struct capture_rules){.rate = 10});
    traffic();
    const uint64_t expected[] = {3 + 2, 1, 2, 1};
    for (int place = 0; place < 4; place++) {
        assert_int_equal(written(place), expected[place]);
        assert_int_equal(account_of(place).offered, 8);
    }
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(in_is_what_came_in_there_with_its_copies_and_drops),
        CLAIM(out_is_what_was_to_go_out_there_and_no_drop_before_that_is_known),
        CLAIM(in_or_out_is_both_and_none_twice),
        CLAIM(of_a_flood_only_the_copies_to_the_port_go_out_there),
        CLAIM(a_drop_on_the_way_out_was_to_go_out_there),
        CLAIM(what_an_extension_makes_comes_in_nowhere_and_goes_out),
        CLAIM(ports_and_stages_that_are_missing_are_named),
        CLAIM(a_stage_is_for_journeys_that_came_to_it),
        CLAIM(a_held_packet_came_also_to_the_stages_before_it_was_held),
        CLAIM(of_a_sample_both_directions_of_a_flow_are_in_or_out),
        CLAIM(what_the_filter_leaves_out_is_not_sampled_out),
        CLAIM(copies_are_in_the_sample_with_their_original),
        CLAIM(more_than_the_rate_is_lost_and_told_by_a_gap),
        CLAIM(the_rate_is_of_what_is_wanted_and_one_is_one),
        CLAIM(every_session_has_its_own_snap_length),
        CLAIM(all_rules_together_are_the_least_of_all),
        CLAIM(sessions_side_by_side_have_accounts_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
