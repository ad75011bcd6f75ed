/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/books/stations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EGRESS_POLICY = 4, INGRESS_POLICY = 1 };

struct place {
    struct dictionary dictionary;
    struct stations stations;
    uint64_t next_id;
};

static void place_begin(struct place *place)
{
    struct notes notes = {0};
    struct json_in section;
    const char text[] =
        "{\"stages\": [{\"id\": 1, \"name\": \"ingress-policy\", \"order\": 1},"
        "{\"id\": 4, \"name\": \"egress-policy\", \"order\": 4, \"egress\": true}]}";
    *place = (struct place){.next_id = 1};
    dictionary_init(&place->dictionary);
    stations_init(&place->stations);
    assert_true(json_in_open(&section, text, sizeof(text) - 1, "test", &notes));
    dictionary_add_section(&place->dictionary, &section);
    json_in_close(&section);
}

static void place_end(struct place *place)
{
    stations_fini(&place->stations);
    dictionary_fini(&place->dictionary);
}

static struct trail heard(struct place *place, uint16_t port, uint8_t mac)
{
    uint64_t id = place->next_id++;
    return (struct trail){.packet_id = id,
                          .first_ns = id * 100,
                          .has_first = true,
                          .outcome = FACTS_DELIVERED,
                          .source_port = {.id = port},
                          .source_mac = {2, 0, 0, 0, 0, mac}};
}

static void hear(struct place *place, uint16_t port, uint8_t mac)
{
    struct trail trail = heard(place, port, mac);
    stations_add(&place->stations, &place->dictionary, &trail);
}

static const struct station *first(const struct place *place)
{
    return table_value(&place->stations.rows, 0);
}

static void an_address_that_moves_once_does_not_return(void **state)
{
    struct place place;
    (void)state;
    place_begin(&place);
    hear(&place, 1, 5);
    hear(&place, 1, 5);
    hear(&place, 2, 5);
    hear(&place, 2, 5);
    assert_int_equal(first(&place)->moves, 1);
    assert_int_equal(first(&place)->returns, 0);
    assert_int_equal(first(&place)->port.id, 2);
    assert_int_equal(first(&place)->port_before.id, 1);
    assert_int_equal(first(&place)->first_move_ns, 300);
    assert_int_equal(first(&place)->example_packet, 3);
    assert_int_equal(first(&place)->silent_ns, 100); /* the second packet until the third */
    place_end(&place);
}

/* Journeys come in the order of their ends: one that was held began before those that came first.
 */
static void a_packet_that_was_held_does_not_lengthen_the_silence(void **state)
{
    struct place place;
    (void)state;
    place_begin(&place);
    hear(&place, 1, 5);
    place.next_id = 9;
    hear(&place, 1, 5);
    place.next_id = 4;
    hear(&place, 1, 5);
    place.next_id = 10;
    hear(&place, 2, 5);
    assert_int_equal(first(&place)->silent_ns, 100); /* the second packet until the last */
    place_end(&place);
}

static void one_that_goes_forth_and_back_returns(void **state)
{
    struct place place;
    (void)state;
    place_begin(&place);
    for (uint16_t i = 0; i < 6; i++)
        hear(&place, 1 + i % 2, 5);
    assert_int_equal(first(&place)->moves, 5);
    assert_int_equal(first(&place)->returns, 4);
    place_end(&place);
}

static void what_ingress_refuses_teaches_nothing(void **state)
{
    struct place place;
    (void)state;
    place_begin(&place);
    hear(&place, 1, 5);
    struct trail spoofed = heard(&place, 2, 5);
    spoofed.outcome = FACTS_DROPPED;
    spoofed.end_stage = INGRESS_POLICY;
    stations_add(&place.stations, &place.dictionary, &spoofed);
    assert_int_equal(first(&place)->moves, 0);
    spoofed.end_stage = EGRESS_POLICY;
    stations_add(&place.stations, &place.dictionary, &spoofed);
    assert_int_equal(first(&place)->moves, 1);
    place_end(&place);
}

static void groups_copies_and_other_vlans_are_no_moves(void **state)
{
    struct place place;
    (void)state;
    place_begin(&place);
    hear(&place, 1, 5);
    struct trail trail = heard(&place, 2, 5);
    trail.origin = FACTS_FLOOD;
    stations_add(&place.stations, &place.dictionary, &trail);
    trail.origin = FACTS_RECEIVED;
    trail.source_mac[0] = 3;
    stations_add(&place.stations, &place.dictionary, &trail);
    trail.source_mac[0] = 2;
    trail.vlan = 30;
    stations_add(&place.stations, &place.dictionary, &trail);
    assert_int_equal(place.stations.rows.count, 2);
    assert_int_equal(place.stations.moves, 0);
    place_end(&place);
}

static void the_number_of_addresses_is_bounded(void **state)
{
    struct place place;
    (void)state;
    place_begin(&place);
    for (uint32_t i = 0; i < STATIONS_MAX + 4; i++) {
        struct trail trail = heard(&place, 1, 0);
        trail.source_mac[3] = (uint8_t)(i >> 16);
        trail.source_mac[4] = (uint8_t)(i >> 8);
        trail.source_mac[5] = (uint8_t)i;
        stations_add(&place.stations, &place.dictionary, &trail);
    }
    assert_int_equal(place.stations.rows.count, STATIONS_MAX);
    assert_int_equal(place.stations.beyond, 4);
    place_end(&place);
}

/* Three addresses at three ports, in an order that a number tells, in parts that another tells; and
 * in an order of time that is not that in which they come. */
static void hear_in_parts(struct place *whole, struct place *parts, uint32_t order, uint32_t cuts)
{
    struct place part;
    place_begin(whole);
    place_begin(parts);
    place_begin(&part);
    for (unsigned i = 0; i < 12; i++, order /= 9) {
        uint8_t mac = (uint8_t)(1 + order % 3);
        uint16_t port = (uint16_t)(1 + order / 3 % 3);
        whole->next_id = part.next_id = 1 + (i ^ (order & 3));
        hear(whole, port, mac);
        hear(&part, port, mac);
        if ((cuts >> i & 1) != 0 || i == 11) {
            stations_merge(&parts->stations, &part.stations);
            stations_clear(&part.stations);
        }
    }
    place_end(&part);
}

static void stations_equal(const struct stations *a, const struct stations *b)
{
    assert_int_equal(a->rows.count, b->rows.count);
    assert_int_equal(a->moves, b->moves);
    for (size_t i = 0; i < a->rows.count; i++) {
        const struct station *left = table_value(&a->rows, i);
        const struct station *right = table_value(&b->rows, i);
        assert_memory_equal(table_key(&a->rows, i), table_key(&b->rows, i),
                            sizeof(struct station_key));
        assert_int_equal(left->packets, right->packets);
        assert_int_equal(left->port.id, right->port.id);
        assert_int_equal(left->port_before.id, right->port_before.id);
        assert_int_equal(left->moves, right->moves);
        assert_int_equal(left->returns, right->returns);
        assert_int_equal(left->first_move_ns, right->first_move_ns);
        assert_int_equal(left->last_move_ns, right->last_move_ns);
        assert_int_equal(left->silent_ns, right->silent_ns);
        assert_int_equal(left->example_packet, right->example_packet);
        assert_int_equal(left->last_packet, right->last_packet);
        assert_int_equal(left->last_ns, right->last_ns);
    }
}

static void parts_that_are_merged_say_what_the_whole_says(void **state)
{
    uint32_t dice = 1;
    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        struct place whole;
        struct place parts;
        dice = dice * 1664525 + 1013904223;
        uint32_t order = dice;
        dice = dice * 1664525 + 1013904223;
        hear_in_parts(&whole, &parts, order, dice >> 16);
        stations_equal(&whole.stations, &parts.stations);
        place_end(&whole);
        place_end(&parts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_that_moves_once_does_not_return),
        cmocka_unit_test(a_packet_that_was_held_does_not_lengthen_the_silence),
        cmocka_unit_test(one_that_goes_forth_and_back_returns),
        cmocka_unit_test(what_ingress_refuses_teaches_nothing),
        cmocka_unit_test(groups_copies_and_other_vlans_are_no_moves),
        cmocka_unit_test(the_number_of_addresses_is_bounded),
        cmocka_unit_test(parts_that_are_merged_say_what_the_whole_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
