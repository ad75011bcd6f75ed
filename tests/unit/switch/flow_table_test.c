/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xsw/flow_table.h>

#include "packet/parse.h"
#include "unit/packet/frames.h"

enum { SEED = 77, CLOSING = 5 };

static struct xsw_flow_table *table_make(uint32_t capacity)
{
    size_t size = (xsw_flow_table_size(capacity) + 63) & ~(size_t)63;
    void *memory = aligned_alloc(64, size);
    assert_non_null(memory);
    memset(memory, 0, size);
    return xsw_flow_table_init(memory, capacity, CLOSING, SEED);
}

static struct xsw_flow_parts parts_of(uint32_t number)
{
    return (struct xsw_flow_parts){.family = 4,
                                   .protocol = PROTOCOL_TCP,
                                   .source_port = (uint16_t)number,
                                   .destination_port = 80,
                                   .source = {10, 0, (uint8_t)(number >> 16), 1},
                                   .destination = {10, 0, 0, 2}};
}

static struct xsw_flow_key key_of(uint32_t number)
{
    struct xsw_flow_parts parts = parts_of(number);
    struct xsw_flow_key key;
    xsw_flow_key_make(&key, &parts, 1);
    return key;
}

static struct xsw_flow_key answer_of(uint32_t number)
{
    struct xsw_flow_parts there = parts_of(number);
    struct xsw_flow_parts back = there;
    back.source_port = there.destination_port;
    back.destination_port = there.source_port;
    memcpy(back.source, there.destination, 16);
    memcpy(back.destination, there.source, 16);
    struct xsw_flow_key key;
    xsw_flow_key_make(&key, &back, 1);
    return key;
}

static const struct xsw_flow_value value = {.rule = 7, .timeout_seconds = 30, .user = 3};

static enum xsw_flow_result insert(struct xsw_flow_table *table, uint32_t number, uint32_t now)
{
    struct xsw_flow_key key = key_of(number);
    struct xsw_flow flow;
    return xsw_flow_insert(table, &key, &value, now, &flow);
}

static int is_there(const struct xsw_flow_table *table, uint32_t number, uint32_t now)
{
    struct xsw_flow_key key = key_of(number);
    struct xsw_flow flow;
    return xsw_flow_find(table, &key, now, &flow);
}

/* Keys ------------------------------------------------------------------------------------- */

static void both_directions_have_one_key(void **state)
{
    (void)state;
    struct xsw_flow_key there = key_of(5000);
    struct xsw_flow_key back = answer_of(5000);
    assert_memory_equal(there.words, back.words, sizeof(there.words));
    assert_int_not_equal(there.direction, back.direction);
}

static void every_part_makes_another_key(void **state)
{
    (void)state;
    struct xsw_flow_key first = key_of(5000);
    struct xsw_flow_parts parts[6];
    for (size_t i = 0; i < 6; i++) {
        parts[i] = parts_of(5000);
    }
    parts[0].family = 6;
    parts[1].protocol = PROTOCOL_UDP;
    parts[2].source_port ^= 1;
    parts[3].destination_port ^= 1;
    parts[4].source[15] ^= 1;
    parts[5].destination[0] ^= 1;
    for (size_t i = 0; i < 6; i++) {
        struct xsw_flow_key other;
        xsw_flow_key_make(&other, &parts[i], 1);
        assert_memory_not_equal(first.words, other.words, sizeof(first.words));
    }
    struct xsw_flow_parts same = parts_of(5000);
    struct xsw_flow_key scoped;
    xsw_flow_key_make(&scoped, &same, 2);
    assert_memory_not_equal(first.words, scoped.words, sizeof(first.words));
}

static void a_key_tells_its_parts_again(void **state)
{
    (void)state;
    for (uint32_t number = 1; number < 100000; number += 997) {
        struct xsw_flow_parts wanted = parts_of(number);
        struct xsw_flow_key key = key_of(number);
        struct xsw_flow_parts got;
        xsw_flow_key_parts(key.words, key.direction, &got);
        assert_memory_equal(&got, &wanted, sizeof(got));
        xsw_flow_key_parts(key.words, !key.direction, &got);
        assert_memory_equal(got.source, wanted.destination, 16);
        assert_int_equal(got.source_port, wanted.destination_port);
    }
}

static int key_of_frame(struct frame *frame, struct xsw_flow_key *key)
{
    struct xsw_packet packet = parse_bytes(frame->bytes, frame->length, frame->length);
    return xsw_flow_key_from_packet(key, &packet, 1);
}

static void echo_make(struct frame *frame, uint8_t type, int is_back)
{
    frame_ethernet(frame, ETHER_TYPE_IPV4);
    frame_ipv4(frame, PROTOCOL_ICMP);
    frame_icmp_echo(frame, type);
    frame_finish(frame);
    if (is_back) {
        uint8_t *ip = frame->bytes + frame->network;
        uint8_t source[4];
        memcpy(source, ip + 12, 4);
        memcpy(ip + 12, ip + 16, 4);
        memcpy(ip + 16, source, 4);
    }
}

static void an_echo_reply_answers_and_an_echo_request_does_not(void **state)
{
    (void)state;
    struct frame request, reply, other_request, unreachable;
    struct xsw_flow_key asked, answered, asked_back, none;
    echo_make(&request, ICMP_ECHO_REQUEST, 0);
    echo_make(&reply, ICMP_ECHO_REPLY, 1);
    echo_make(&other_request, ICMP_ECHO_REQUEST, 1);
    echo_make(&unreachable, ICMP_UNREACHABLE, 1);
    assert_true(key_of_frame(&request, &asked));
    assert_true(key_of_frame(&reply, &answered));
    assert_true(key_of_frame(&other_request, &asked_back));
    assert_memory_equal(asked.words, answered.words, sizeof(asked.words));
    assert_int_not_equal(asked.direction, answered.direction);
    assert_memory_not_equal(asked.words, asked_back.words, sizeof(asked.words));
    assert_false(key_of_frame(&unreachable, &none));
}

static void what_has_no_connection_has_no_key(void **state)
{
    (void)state;
    struct frame frame;
    struct xsw_flow_key key;
    frame_ethernet(&frame, 0x88b5);
    assert_false(key_of_frame(&frame, &key));
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    wire_write16(frame.bytes + frame.network + 2, 20); /* ends before its ports */
    assert_false(key_of_frame(&frame, &key));
}

/* Entries ---------------------------------------------------------------------------------- */

static void an_entry_is_found_from_both_sides(void **state)
{
    (void)state;
    struct xsw_flow_table *table = table_make(16);
    struct xsw_flow_key back = answer_of(9);
    struct xsw_flow flow;
    assert_false(xsw_flow_find(table, &back, 100, &flow));
    assert_int_equal(insert(table, 9, 100), XSW_FLOW_MADE);
    assert_int_equal(insert(table, 9, 101), XSW_FLOW_FOUND);
    assert_int_equal(xsw_flow_count(table), 1);
    assert_true(xsw_flow_find(table, &back, 101, &flow));
    assert_true(flow.is_answer);
    assert_int_equal(flow.value.rule, 7);
    assert_int_equal(flow.value.timeout_seconds, 30);
    assert_int_equal(flow.value.user, 3);
    assert_int_equal(flow.made_seconds, 100);
    struct xsw_flow_key there = key_of(9);
    assert_true(xsw_flow_find(table, &there, 101, &flow));
    assert_false(flow.is_answer);
    free(table);
}

static void an_entry_made_by_an_answer_knows_its_direction(void **state)
{
    (void)state;
    struct xsw_flow_table *table = table_make(16);
    struct xsw_flow_key back = answer_of(9);
    struct xsw_flow_key there = key_of(9);
    struct xsw_flow flow;
    assert_int_equal(xsw_flow_insert(table, &back, &value, 1, &flow), XSW_FLOW_MADE);
    assert_false(flow.is_answer);
    assert_true(xsw_flow_find(table, &there, 1, &flow));
    assert_true(flow.is_answer);
    free(table);
}

static void an_entry_ends_with_its_time_and_a_packet_moves_it(void **state)
{
    (void)state;
    struct xsw_flow_table *table = table_make(16);
    struct xsw_flow_key key = key_of(1);
    struct xsw_flow flow;
    insert(table, 1, 100);
    assert_true(is_there(table, 1, 130));
    assert_false(is_there(table, 1, 131));
    assert_true(xsw_flow_find(table, &key, 130, &flow));
    assert_true(xsw_flow_touch(table, &flow, 60, 0, 130));
    assert_true(is_there(table, 1, 160));
    assert_false(is_there(table, 1, 161));
    /* A clock that is behind makes nothing older. */
    assert_true(xsw_flow_touch(table, &flow, 60, 0, 120));
    assert_true(is_there(table, 1, 160));
    assert_true(is_there(table, 1, 50));
    free(table);
}

static void an_old_entry_gives_way_to_a_new_one(void **state)
{
    (void)state;
    struct xsw_flow_table *table = table_make(16);
    struct xsw_flow_key key = key_of(1);
    const struct xsw_flow_value other = {.rule = 8, .timeout_seconds = 10};
    struct xsw_flow flow;
    insert(table, 1, 100);
    assert_int_equal(xsw_flow_insert(table, &key, &other, 200, &flow), XSW_FLOW_MADE);
    assert_int_equal(flow.value.rule, 8);
    assert_int_equal(xsw_flow_count(table), 1);
    assert_true(xsw_flow_find(table, &key, 200, &flow));
    assert_int_equal(flow.value.rule, 8);
    free(table);
}

static void closing_shortens_the_time(void **state)
{
    (void)state;
    struct xsw_flow_table *table = table_make(16);
    struct xsw_flow_key key = key_of(1);
    struct xsw_flow flow;
    xsw_flow_insert(table, &key, &value, 100, &flow);
    assert_true(xsw_flow_touch(table, &flow, 60, 1 | XSW_FLOW_CLOSING, 101));
    assert_true(xsw_flow_find(table, &key, 101 + CLOSING, &flow));
    assert_true((flow.value.flags & 1) != 0);
    assert_false(is_there(table, 1, 102 + CLOSING));
    free(table);
}

static void packets_are_counted_by_direction(void **state)
{
    (void)state;
    struct xsw_flow_table *table = table_make(16);
    struct xsw_flow_key back = answer_of(1);
    struct xsw_flow_key there = key_of(1);
    struct xsw_flow flow;
    struct xsw_flow_record record;
    uint32_t cursor = 0;
    xsw_flow_insert(table, &there, &value, 1, &flow);
    xsw_flow_touch(table, &flow, 60, 0, 1);
    xsw_flow_find(table, &back, 1, &flow);
    xsw_flow_touch(table, &flow, 1000, 0, 1);
    xsw_flow_touch(table, &flow, 1000, 0, 1);
    assert_true(xsw_flow_next(table, 1, &cursor, &record));
    assert_int_equal(record.packets[0], 1);
    assert_int_equal(record.bytes[0], 60);
    assert_int_equal(record.packets[1], 2);
    assert_int_equal(record.bytes[1], 2000);
    assert_int_equal(record.scope, 1);
    struct xsw_flow_parts wanted = parts_of(1);
    assert_memory_equal(&record.parts, &wanted, sizeof(wanted));
    assert_false(xsw_flow_next(table, 1, &cursor, &record));
    free(table);
}

static void a_full_table_refuses_and_counts(void **state)
{
    (void)state;
    struct xsw_flow_table *table = table_make(1000);
    uint32_t made = 0;
    for (uint32_t i = 0; i < 1500; i++) {
        made += insert(table, i, 1) == XSW_FLOW_MADE;
    }
    assert_int_equal(made, 1000);
    assert_int_equal(xsw_flow_count(table), 1000);
    assert_int_equal(xsw_flow_refused(table), 500);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_true(is_there(table, i, 1));
    }
    free(table);
}

static void a_place_rests_before_it_is_used_again(void **state)
{
    (void)state;
    struct xsw_flow_table *table = table_make(8);
    struct xsw_flow_key key = key_of(1);
    struct xsw_flow flow;
    xsw_flow_insert(table, &key, &value, 1, &flow);
    assert_true(xsw_flow_remove(table, &flow));
    assert_false(xsw_flow_remove(table, &flow));
    assert_int_equal(xsw_flow_count(table), 0);
    for (uint32_t run = 0; run < 2; run++) {
        assert_int_not_equal(xsw_flow_status(xsw_flow_states(table)[flow.place]),
                             XSW_FLOW_STATUS_FREE);
        assert_int_equal(xsw_flow_expire(table, 1), 0);
    }
    assert_int_equal(xsw_flow_status(xsw_flow_states(table)[flow.place]), XSW_FLOW_STATUS_FREE);
    free(table);
}

static void an_old_handle_has_no_effect(void **state)
{
    (void)state;
    struct xsw_flow_table *table = table_make(1);
    struct xsw_flow_key first = key_of(1);
    struct xsw_flow old, now;
    xsw_flow_insert(table, &first, &value, 1, &old);
    /* Until another key has the same place. */
    for (uint32_t number = 2;; number++) {
        struct xsw_flow_key key = key_of(number);
        xsw_flow_remove(table, &old);
        xsw_flow_expire(table, 1);
        xsw_flow_expire(table, 1);
        assert_int_equal(xsw_flow_insert(table, &key, &value, 1, &now), XSW_FLOW_MADE);
        if (now.place == old.place) {
            break;
        }
        xsw_flow_remove(table, &now);
    }
    assert_false(xsw_flow_touch(table, &old, 60, XSW_FLOW_CLOSING, 9));
    assert_false(xsw_flow_remove(table, &old));
    struct xsw_flow_record record;
    uint32_t cursor = 0;
    assert_true(xsw_flow_next(table, 1, &cursor, &record));
    assert_int_equal(record.flow.seen_seconds, 1);
    assert_int_equal(record.flow.value.flags & XSW_FLOW_CLOSING, 0);
    assert_int_equal(record.packets[0], 0);
    free(table);
}

static void a_half_written_entry_is_not_found(void **state)
{
    (void)state;
    struct xsw_flow_table *table = table_make(16);
    struct xsw_flow_key key = key_of(1);
    struct xsw_flow flow;
    struct xsw_flow_record record;
    uint32_t cursor = 0;
    xsw_flow_insert(table, &key, &value, 1, &flow);
    uint64_t *word = &xsw_flow_states(table)[flow.place];
    uint64_t live = *word;
    *word = (live & ~UINT64_C(7)) | XSW_FLOW_STATUS_WRITING;
    assert_false(xsw_flow_find(table, &key, 1, &flow));
    assert_false(xsw_flow_next(table, 1, &cursor, &record));
    /* What was read under another state than the one that was seen does not count. */
    assert_false(xsw_flow_read(table, flow.place, live, &flow, NULL));
    free(table);
}

static void one_of_two_equal_entries_goes(void **state)
{
    (void)state;
    struct xsw_flow_table *table = table_make(64);
    struct xsw_flow_key key = key_of(1);
    struct xsw_flow_hash hash = xsw_flow_hash(table, &key);
    struct xsw_flow flows[2];
    for (uint32_t i = 0; i < 2; i++) { /* as two workers do at once */
        uint64_t claimed = 0;
        int64_t place = xsw_flow_claim(table, &hash, &claimed);
        assert_true(place >= 0);
        uint64_t live = (claimed & ~UINT64_C(7)) | XSW_FLOW_STATUS_LIVE;
        xsw_flow_write(&xsw_flow_places(table)[place], (uint32_t)(claimed >> 32), &key, &value, 1);
        xsw_flow_states(table)[place] = live;
        table->count++;
        assert_true(xsw_flow_read(table, (uint32_t)place, live, &flows[i], NULL));
    }
    struct xsw_flow settled[2] = {flows[1], flows[0]};
    int own = xsw_flow_settle(table, &key, &hash, 1, &settled[0]);
    own += xsw_flow_settle(table, &key, &hash, 1, &settled[1]);
    assert_int_equal(xsw_flow_count(table), 1);
    assert_int_equal(settled[0].place, settled[1].place);
    assert_int_equal(own, 1);
    free(table);
}

static void expire_takes_what_is_too_old_and_nothing_else(void **state)
{
    (void)state;
    struct xsw_flow_table *table = table_make(100);
    for (uint32_t i = 0; i < 100; i++) {
        insert(table, i, i);
    }
    assert_int_equal(xsw_flow_expire(table, 80), 50); /* 0 … 49 are older than 30 seconds */
    assert_int_equal(xsw_flow_count(table), 50);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(is_there(table, i, 80), i >= 50);
    }
    free(table);
}

static void a_table_of_any_size_holds_what_it_promises(void **state)
{
    (void)state;
    for (uint32_t capacity = 1; capacity <= 4096; capacity = capacity * 3 + 1) {
        struct xsw_flow_table *table = table_make(capacity);
        for (uint32_t i = 0; i < capacity; i++) {
            assert_int_equal(insert(table, i, 1), XSW_FLOW_MADE);
        }
        assert_int_equal(insert(table, capacity, 1), XSW_FLOW_FULL);
        free(table);
    }
}

/* Many at once ----------------------------------------------------------------------------- */

enum { THREADS = 4, KEYS = 96, ROUNDS = 40000 };

struct hammer {
    struct xsw_flow_table *table;
    uint32_t index;
    uint32_t wrong; /* entries that belonged to another key */
    uint32_t must_stop;
};

/* rule and user of an entry follow from its key, so that a mix of two is noticed. */
static void *hammer_run(void *argument)
{
    struct hammer *hammer = argument;
    uint32_t random = hammer->index + 1;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        random = random * 1664525 + 1013904223;
        uint32_t number = (random >> 8) % KEYS;
        struct xsw_flow_key key = (random & 1) != 0 ? key_of(number) : answer_of(number);
        struct xsw_flow_value mine = {
            .rule = number, .timeout_seconds = 30, .user = number ^ 0x5555};
        struct xsw_flow flow;
        if (xsw_flow_insert(hammer->table, &key, &mine, i / 1000, &flow) != XSW_FLOW_FULL) {
            hammer->wrong += flow.value.rule != number || flow.value.user != (number ^ 0x5555);
            (void)xsw_flow_touch(hammer->table, &flow, 60, 0, i / 1000);
        }
        if (random >> 28 == 0 && xsw_flow_find(hammer->table, &key, i / 1000, &flow)) {
            hammer->wrong += flow.value.rule != number;
            (void)xsw_flow_remove(hammer->table, &flow);
        }
    }
    return NULL;
}

static void *hammer_sweep(void *argument)
{
    struct hammer *hammer = argument;
    while (!__atomic_load_n(&hammer->must_stop, __ATOMIC_RELAXED)) {
        struct xsw_flow_record record;
        uint32_t cursor = 0;
        (void)xsw_flow_expire(hammer->table, 0);
        while (xsw_flow_next(hammer->table, 0, &cursor, &record)) {
            uint16_t port = record.parts.source_port == 80 ? record.parts.destination_port
                                                           : record.parts.source_port;
            hammer->wrong += record.flow.value.rule != port;
        }
    }
    return NULL;
}

static uint32_t copies_of(const struct xsw_flow_table *table, uint32_t number)
{
    struct xsw_flow_record record;
    uint32_t cursor = 0;
    uint32_t copies = 0;
    while (xsw_flow_next(table, ROUNDS / 1000, &cursor, &record)) {
        copies += record.flow.value.rule == number;
    }
    return copies;
}

static void many_at_once_never_mix_two_connections(void **state)
{
    (void)state;
    struct xsw_flow_table *table = table_make(64); /* fewer than there are keys */
    struct hammer hammers[THREADS + 1];
    pthread_t threads[THREADS + 1];
    for (uint32_t i = 0; i <= THREADS; i++) {
        hammers[i] = (struct hammer){.table = table, .index = i};
        void *(*run)(void *) = i < THREADS ? hammer_run : hammer_sweep;
        assert_int_equal(pthread_create(&threads[i], NULL, run, &hammers[i]), 0);
    }
    for (uint32_t i = 0; i <= THREADS; i++) {
        if (i == THREADS) {
            __atomic_store_n(&hammers[i].must_stop, 1, __ATOMIC_RELAXED);
        }
        pthread_join(threads[i], NULL);
        assert_int_equal(hammers[i].wrong, 0);
    }
    uint32_t in_all = 0;
    for (uint32_t number = 0; number < KEYS; number++) {
        uint32_t copies = copies_of(table, number);
        assert_true(copies <= 1);
        in_all += copies;
    }
    assert_int_equal(in_all, xsw_flow_count(table));
    free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_directions_have_one_key),
        cmocka_unit_test(every_part_makes_another_key),
        cmocka_unit_test(a_key_tells_its_parts_again),
        cmocka_unit_test(an_echo_reply_answers_and_an_echo_request_does_not),
        cmocka_unit_test(what_has_no_connection_has_no_key),
        cmocka_unit_test(an_entry_is_found_from_both_sides),
        cmocka_unit_test(an_entry_made_by_an_answer_knows_its_direction),
        cmocka_unit_test(an_entry_ends_with_its_time_and_a_packet_moves_it),
        cmocka_unit_test(an_old_entry_gives_way_to_a_new_one),
        cmocka_unit_test(closing_shortens_the_time),
        cmocka_unit_test(packets_are_counted_by_direction),
        cmocka_unit_test(a_full_table_refuses_and_counts),
        cmocka_unit_test(a_place_rests_before_it_is_used_again),
        cmocka_unit_test(an_old_handle_has_no_effect),
        cmocka_unit_test(a_half_written_entry_is_not_found),
        cmocka_unit_test(one_of_two_equal_entries_goes),
        cmocka_unit_test(expire_takes_what_is_too_old_and_nothing_else),
        cmocka_unit_test(a_table_of_any_size_holds_what_it_promises),
        cmocka_unit_test(many_at_once_never_mix_two_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
