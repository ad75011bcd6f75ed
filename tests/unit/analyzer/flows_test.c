/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/books/flows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A connection between client and server, whose segments pass or are dropped as a test says. */
enum { CLIENT, SERVER, STAGE_DROPS = 4, REASON_DROPS = 8 };

struct talk {
    struct flows flows;
    uint64_t next_id;
};

static struct talk talk_begin(void)
{
    struct talk talk = {.next_id = 1};
    flows_init(&talk.flows);
    return talk;
}

static struct trail segment(struct talk *talk, int from, uint32_t sequence, uint32_t length)
{
    uint64_t id = talk->next_id++;
    struct trail trail = {.packet_id = id,
                          .first_ns = id * 1000,
                          .rx_ns = id * 1000,
                          .last_ns = id * 1000 + 10,
                          .length = 54 + length,
                          .outcome = FACTS_DELIVERED,
                          .has_first = true,
                          .source_port = {.id = (uint16_t)(1 + from)},
                          .tcp = {.is_there = true,
                                  .flags = TRAIL_TCP_ACK,
                                  .window = 500,
                                  .sequence = sequence,
                                  .length = length}};
    trail.flow.family = FLOW_IPV4;
    trail.flow.protocol = 6;
    trail.flow.source[3] = (uint8_t)(1 + from);
    trail.flow.destination[3] = (uint8_t)(2 - from);
    trail.flow.source_port = from == CLIENT ? 5000 : 80;
    trail.flow.destination_port = from == CLIENT ? 80 : 5000;
    return trail;
}

static uint64_t pass(struct talk *talk, int from, uint32_t sequence, uint32_t length)
{
    struct trail trail = segment(talk, from, sequence, length);
    flows_add(&talk->flows, &trail);
    return trail.packet_id;
}

static uint64_t drop(struct talk *talk, int from, uint32_t sequence, uint32_t length)
{
    struct trail trail = segment(talk, from, sequence, length);
    trail.outcome = FACTS_DROPPED;
    trail.end_stage = STAGE_DROPS;
    trail.reason = REASON_DROPS;
    trail.rule = 7;
    flows_add(&talk->flows, &trail);
    return trail.packet_id;
}

static const struct flow_symptom *only_symptom(const struct talk *talk)
{
    assert_int_equal(talk->flows.symptom_count, 1);
    return &talk->flows.symptoms[0];
}

static void a_repeated_segment_leads_to_the_one_that_was_dropped(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    pass(&talk, CLIENT, 100, 10);
    uint64_t lost = drop(&talk, CLIENT, 110, 10);
    pass(&talk, CLIENT, 120, 10);
    uint64_t again = pass(&talk, CLIENT, 110, 10);
    const struct flow_symptom *symptom = only_symptom(&talk);
    assert_int_equal(symptom->kind, FLOW_RETRANSMISSION);
    assert_int_equal(symptom->packet_id, again);
    assert_true(symptom->has_cause);
    assert_false(symptom->is_cause_reverse);
    assert_int_equal(symptom->cause.packet_id, lost);
    assert_int_equal(symptom->cause.stage, STAGE_DROPS);
    assert_int_equal(symptom->cause.reason, REASON_DROPS);
    assert_int_equal(symptom->cause.rule, 7);
    flows_fini(&talk.flows);
}

static void a_dropped_acknowledgement_is_the_cause_of_the_repetition(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    pass(&talk, CLIENT, 100, 10);
    struct trail answer = segment(&talk, SERVER, 900, 0);
    answer.tcp.acknowledged = 110;
    answer.outcome = FACTS_DROPPED;
    flows_add(&talk.flows, &answer);
    pass(&talk, CLIENT, 100, 10);
    const struct flow_symptom *symptom = only_symptom(&talk);
    assert_true(symptom->has_cause);
    assert_true(symptom->is_cause_reverse);
    assert_int_equal(symptom->cause.packet_id, answer.packet_id);
    flows_fini(&talk.flows);
}

static void an_older_acknowledgement_is_no_cause(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    pass(&talk, CLIENT, 100, 10);
    struct trail answer = segment(&talk, SERVER, 900, 0);
    answer.tcp.acknowledged = 100;
    answer.outcome = FACTS_DROPPED;
    flows_add(&talk.flows, &answer);
    pass(&talk, CLIENT, 100, 10);
    assert_false(only_symptom(&talk)->has_cause);
    flows_fini(&talk.flows);
}

static void a_repetition_without_a_drop_here_has_no_cause(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    pass(&talk, CLIENT, 100, 10);
    drop(&talk, CLIENT, 110, 10);
    pass(&talk, CLIENT, 100, 10);
    const struct flow_symptom *symptom = only_symptom(&talk);
    assert_int_equal(symptom->kind, FLOW_RETRANSMISSION);
    assert_false(symptom->has_cause);
    assert_int_equal(talk.flows.counts[FLOW_RETRANSMISSION], 1);
    assert_int_equal(talk.flows.counts_by_drop[FLOW_RETRANSMISSION], 0);
    flows_fini(&talk.flows);
}

static void what_fills_a_hole_came_late_and_is_no_repetition(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    pass(&talk, CLIENT, 100, 10);
    pass(&talk, CLIENT, 130, 10);
    pass(&talk, CLIENT, 110, 10);
    pass(&talk, CLIENT, 120, 10);
    assert_int_equal(talk.flows.counts[FLOW_LATE], 2);
    assert_int_equal(talk.flows.counts[FLOW_RETRANSMISSION], 0);
    pass(&talk, CLIENT, 120, 10); /* the hole is filled now */
    assert_int_equal(talk.flows.counts[FLOW_LATE], 2);
    assert_int_equal(talk.flows.counts[FLOW_RETRANSMISSION], 1);
    flows_fini(&talk.flows);
}

static void sequence_numbers_wrap(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    pass(&talk, CLIENT, 0xffffffe0u, 16);
    pass(&talk, CLIENT, 0xfffffff0u, 32);
    uint64_t lost = drop(&talk, CLIENT, 16, 16);
    pass(&talk, CLIENT, 32, 16);
    assert_int_equal(talk.flows.symptom_count, 0);
    pass(&talk, CLIENT, 0xfffffff0u, 32);
    assert_false(only_symptom(&talk)->has_cause);
    pass(&talk, CLIENT, 16, 16);
    assert_int_equal(talk.flows.symptom_count, 2);
    assert_int_equal(talk.flows.symptoms[1].cause.packet_id, lost);
    flows_fini(&talk.flows);
}

static void a_segment_that_came_earlier_and_ended_later_is_no_repetition(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    pass(&talk, CLIENT, 100, 10);
    struct trail held = segment(&talk, CLIENT, 110, 10);
    pass(&talk, CLIENT, 110, 20); /* what came in later ends first */
    flows_add(&talk.flows, &held);
    assert_int_equal(talk.flows.symptom_count, 0);
    flows_fini(&talk.flows);
}

/* A batch of three: the last was dropped early, and so stands first in the file. */
static void one_of_the_same_batch_that_ends_later_is_not_late(void **state)
{
    struct talk talk = talk_begin();
    struct trail batch[3];
    (void)state;
    pass(&talk, CLIENT, 90, 10);
    for (uint32_t i = 0; i < 3; i++) {
        batch[i] = segment(&talk, CLIENT, 100 + 10 * i, 10);
        batch[i].first_ns = 9000;
    }
    batch[2].outcome = FACTS_DROPPED;
    flows_add(&talk.flows, &batch[2]);
    flows_add(&talk.flows, &batch[0]);
    flows_add(&talk.flows, &batch[1]);
    assert_int_equal(talk.flows.symptom_count, 0);
    struct trail again = segment(&talk, CLIENT, 120, 10);
    again.first_ns = 10000;
    flows_add(&talk.flows, &again);
    assert_int_equal(only_symptom(&talk)->cause.packet_id, batch[2].packet_id);
    flows_fini(&talk.flows);
}

/* A repetition and new data in one batch, of which the new data ends first. */
static void a_repetition_is_known_though_newer_data_ends_before_it(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    pass(&talk, CLIENT, 100, 10);
    uint64_t lost = drop(&talk, CLIENT, 110, 10);
    struct trail again = segment(&talk, CLIENT, 110, 10);
    struct trail more = segment(&talk, CLIENT, 120, 10);
    again.first_ns = more.first_ns = 9000;
    flows_add(&talk.flows, &more);
    flows_add(&talk.flows, &again);
    assert_int_equal(only_symptom(&talk)->cause.packet_id, lost);
    flows_fini(&talk.flows);
}

static void a_probe_of_an_idle_connection_is_no_repetition(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    pass(&talk, CLIENT, 100, 10);
    pass(&talk, CLIENT, 109, 1);
    assert_int_equal(talk.flows.symptom_count, 0);
    flows_fini(&talk.flows);
}

static void a_repeated_syn_leads_to_the_dropped_one_and_new_connections_begin_anew(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    struct trail syn = segment(&talk, CLIENT, 100, 1);
    syn.tcp.flags = TRAIL_TCP_SYN;
    syn.outcome = FACTS_DROPPED;
    flows_add(&talk.flows, &syn);
    struct trail again = segment(&talk, CLIENT, 100, 1);
    again.tcp.flags = TRAIL_TCP_SYN;
    flows_add(&talk.flows, &again);
    assert_int_equal(only_symptom(&talk)->cause.packet_id, syn.packet_id);
    struct trail other = segment(&talk, CLIENT, 50, 1);
    other.tcp.flags = TRAIL_TCP_SYN;
    flows_add(&talk.flows, &other);
    pass(&talk, CLIENT, 51, 10);
    assert_int_equal(talk.flows.symptom_count, 1);
    flows_fini(&talk.flows);
}

static void a_reset_leads_to_the_last_drop_of_its_connection(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    pass(&talk, CLIENT, 100, 10);
    uint64_t lost = drop(&talk, SERVER, 500, 10);
    struct trail reset = segment(&talk, CLIENT, 110, 0);
    reset.tcp.flags = TRAIL_TCP_RST;
    flows_add(&talk.flows, &reset);
    const struct flow_symptom *symptom = only_symptom(&talk);
    assert_int_equal(symptom->kind, FLOW_RESET);
    assert_int_equal(symptom->cause.packet_id, lost);
    assert_true(symptom->is_cause_reverse);
    flows_fini(&talk.flows);
}

static void a_reset_without_a_drop_has_no_cause(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    struct trail reset = segment(&talk, SERVER, 1, 0);
    reset.tcp.flags = TRAIL_TCP_RST;
    flows_add(&talk.flows, &reset);
    assert_false(only_symptom(&talk)->has_cause);
    flows_fini(&talk.flows);
}

static void a_closed_window_leads_to_the_dropped_segment_that_opened_it(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    struct trail closed = segment(&talk, SERVER, 900, 0);
    closed.tcp.window = 0;
    flows_add(&talk.flows, &closed);
    assert_false(only_symptom(&talk)->has_cause);
    uint64_t lost = drop(&talk, SERVER, 900, 0);
    const struct flow_symptom *symptom = only_symptom(&talk);
    assert_int_equal(symptom->kind, FLOW_ZERO_WINDOW);
    assert_true(symptom->has_cause);
    assert_int_equal(symptom->cause.packet_id, lost);
    flows_fini(&talk.flows);
}

static void copies_are_counted_apart_and_followed_by_nobody(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    pass(&talk, CLIENT, 100, 10);
    struct trail copy = segment(&talk, CLIENT, 100, 10);
    copy.origin = FACTS_MIRROR;
    copy.outcome = FACTS_DROPPED;
    flows_add(&talk.flows, &copy);
    const struct flow *flow = flows_find(&talk.flows, &copy.flow);
    assert_int_equal(flow->packets, 1);
    assert_int_equal(flow->dropped, 0);
    assert_int_equal(flow->copies, 1);
    assert_int_equal(flow->copies_dropped, 1);
    assert_int_equal(talk.flows.symptom_count, 0);
    flows_fini(&talk.flows);
}

static void what_became_of_a_flow_is_counted(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    pass(&talk, CLIENT, 100, 10);
    uint64_t lost = drop(&talk, CLIENT, 110, 20);
    pass(&talk, SERVER, 900, 30);
    struct trail last = segment(&talk, CLIENT, 130, 1);
    last.flags = FACTS_CHANGED;
    flows_add(&talk.flows, &last);
    const struct flow *flow = flows_find(&talk.flows, &last.flow);
    assert_int_equal(flow->packets, 3);
    assert_int_equal(flow->bytes, 3 * 54 + 31);
    assert_int_equal(flow->delivered, 2);
    assert_int_equal(flow->dropped, 1);
    assert_int_equal(flow->changed, 1);
    assert_int_equal(flow->example_drop, lost);
    assert_int_equal(flow->first_ns, 1000);
    assert_int_equal(flow->last_ns, 4000);
    size_t *places = flows_sorted(&talk.flows);
    assert_memory_equal(table_key(&talk.flows.rows, places[0]), &last.flow, sizeof(last.flow));
    free(places);
    flows_fini(&talk.flows);
}

static void more_symptoms_and_flows_than_kept_are_counted(void **state)
{
    struct talk talk = talk_begin();
    (void)state;
    pass(&talk, CLIENT, 100, 10);
    for (int i = 0; i < FLOW_SYMPTOMS_MAX + 3; i++)
        pass(&talk, CLIENT, 100, 10);
    assert_int_equal(talk.flows.symptom_count, FLOW_SYMPTOMS_MAX);
    assert_int_equal(talk.flows.symptoms_beyond, 3);
    assert_int_equal(talk.flows.counts[FLOW_RETRANSMISSION], FLOW_SYMPTOMS_MAX + 3);
    for (uint32_t i = 0; i < FLOWS_MAX + 5; i++) {
        struct trail trail = segment(&talk, CLIENT, 0, 0);
        trail.tcp = (struct trail_tcp){0};
        memcpy(trail.flow.source, &i, sizeof(i));
        trail.flow.family = FLOW_IPV6;
        flows_add(&talk.flows, &trail);
    }
    assert_int_equal(talk.flows.rows.count, FLOWS_MAX);
    assert_int_equal(talk.flows.beyond, 6);
    flows_fini(&talk.flows);
}

/* A connection in which much goes wrong, as a number tells. */
static struct trail wrong_segment(struct talk *talk, uint32_t dice)
{
    struct trail trail =
        segment(talk, (int)(dice & 1), 1000 + (dice >> 1 & 7) * 100, (dice >> 4 & 3) * 100);
    trail.first_ns -= (dice >> 6 & 1) * 5000;
    trail.tcp.acknowledged = 1000 + (dice >> 7 & 7) * 100;
    trail.tcp.window = (dice >> 10 & 7) == 0 ? 0 : 500;
    trail.tcp.flags |= (dice >> 13 & 31) == 0 ? TRAIL_TCP_RST : 0;
    trail.tcp.flags |= (dice >> 18 & 31) == 0 ? TRAIL_TCP_SYN : 0;
    trail.outcome = (dice >> 23 & 3) == 0 ? FACTS_DROPPED : FACTS_DELIVERED;
    trail.origin = (dice >> 25 & 7) == 0 ? FACTS_FLOOD : FACTS_RECEIVED;
    trail.flow.source_port ^= (uint16_t)(dice >> 28 & 1);
    trail.flow.destination_port ^= (uint16_t)(dice >> 28 & 1);
    return trail;
}

static void flows_equal(const struct flows *a, const struct flows *b)
{
    assert_int_equal(a->rows.count, b->rows.count);
    assert_int_equal(a->symptom_count, b->symptom_count);
    for (size_t i = 0; i < a->rows.count; i++) {
        struct flow left = *(const struct flow *)table_value(&a->rows, i);
        struct flow right = *(const struct flow *)table_value(&b->rows, i);
        assert_memory_equal(table_key(&a->rows, i), table_key(&b->rows, i),
                            sizeof(struct flow_key));
        left.tcp = right.tcp = 0; /* places */
        assert_memory_equal(&left, &right, sizeof(left));
    }
    for (size_t i = 0; i < a->symptom_count; i++) {
        assert_memory_equal(&a->symptoms[i], &b->symptoms[i], sizeof(a->symptoms[i]));
    }
    assert_memory_equal(a->counts, b->counts, sizeof(a->counts));
    assert_memory_equal(a->counts_by_drop, b->counts_by_drop, sizeof(a->counts_by_drop));
}

static void parts_that_are_merged_say_what_the_whole_says(void **state)
{
    uint32_t dice = 7;
    uint64_t symptoms = 0;
    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct talk whole = talk_begin();
        struct talk parts = talk_begin();
        struct talk part = talk_begin();
        part.flows.is_part = true;
        for (unsigned i = 0; i < 60; i++) {
            dice = dice * 1664525 + 1013904223;
            struct trail trail = wrong_segment(&whole, dice ^ dice >> 15);
            flows_add(&whole.flows, &trail);
            flows_add(&part.flows, &trail);
            if ((dice >> 20 & 3) == 0 || i == 59) {
                flows_merge(&parts.flows, &part.flows);
                flows_clear(&part.flows);
            }
        }
        symptoms += whole.flows.symptom_count;
        flows_equal(&whole.flows, &parts.flows);
        flows_fini(&whole.flows);
        flows_fini(&parts.flows);
        flows_fini(&part.flows);
    }
    assert_true(symptoms > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repeated_segment_leads_to_the_one_that_was_dropped),
        cmocka_unit_test(a_dropped_acknowledgement_is_the_cause_of_the_repetition),
        cmocka_unit_test(an_older_acknowledgement_is_no_cause),
        cmocka_unit_test(a_repetition_without_a_drop_here_has_no_cause),
        cmocka_unit_test(what_fills_a_hole_came_late_and_is_no_repetition),
        cmocka_unit_test(sequence_numbers_wrap),
        cmocka_unit_test(a_segment_that_came_earlier_and_ended_later_is_no_repetition),
        cmocka_unit_test(one_of_the_same_batch_that_ends_later_is_not_late),
        cmocka_unit_test(a_repetition_is_known_though_newer_data_ends_before_it),
        cmocka_unit_test(a_probe_of_an_idle_connection_is_no_repetition),
        cmocka_unit_test(a_repeated_syn_leads_to_the_dropped_one_and_new_connections_begin_anew),
        cmocka_unit_test(a_reset_leads_to_the_last_drop_of_its_connection),
        cmocka_unit_test(a_reset_without_a_drop_has_no_cause),
        cmocka_unit_test(a_closed_window_leads_to_the_dropped_segment_that_opened_it),
        cmocka_unit_test(copies_are_counted_apart_and_followed_by_nobody),
        cmocka_unit_test(what_became_of_a_flow_is_counted),
        cmocka_unit_test(more_symptoms_and_flows_than_kept_are_counted),
        cmocka_unit_test(parts_that_are_merged_say_what_the_whole_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
