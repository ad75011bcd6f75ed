/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "switch/path/mac_table.h"

enum { AGEING = 300, NOW = 5000 };

static struct mac_table *table_make(uint32_t limit)
{
    struct mac_table *table = NULL;
    assert_int_equal(mac_table_create(limit, AGEING, &table, NULL), XSW_OK);
    return table;
}

static uint64_t key_of(uint32_t station, uint16_t vlan)
{
    const uint8_t mac[6] = {2,
                            0,
                            (uint8_t)(station >> 24),
                            (uint8_t)(station >> 16),
                            (uint8_t)(station >> 8),
                            (uint8_t)station};
    return mac_key(mac, vlan);
}

static void a_learned_address_is_found_in_its_vlan_only(void **state)
{
    (void)state;
    struct mac_table *table = table_make(16);
    assert_int_equal(mac_table_learn(table, key_of(1, 10), 3, NOW), MAC_LEARNED);
    assert_int_equal(mac_table_learn(table, key_of(1, 10), 3, NOW), MAC_KNOWN);
    assert_int_equal(mac_table_find(table, key_of(1, 10), NOW), 3);
    assert_int_equal(mac_table_find(table, key_of(1, 11), NOW), XSW_PORT_NONE);
    assert_int_equal(mac_table_find(table, key_of(2, 10), NOW), XSW_PORT_NONE);
    mac_table_destroy(table);
}

static void an_address_moves_to_the_port_that_it_was_last_seen_on(void **state)
{
    (void)state;
    struct mac_table *table = table_make(16);
    assert_int_equal(mac_table_learn(table, key_of(1, 1), 3, NOW), MAC_LEARNED);
    assert_int_equal(mac_table_learn(table, key_of(1, 1), 4, NOW), MAC_MOVED);
    assert_int_equal(mac_table_find(table, key_of(1, 1), NOW), 4);
    assert_int_equal(table->live, 1);
    mac_table_destroy(table);
}

static void an_entry_is_absent_when_it_is_too_old_swept_or_not(void **state)
{
    (void)state;
    struct mac_table *table = table_make(16);
    assert_int_equal(mac_table_learn(table, key_of(1, 1), 3, NOW), MAC_LEARNED);
    assert_int_equal(mac_table_find(table, key_of(1, 1), NOW + AGEING), 3);
    assert_int_equal(mac_table_find(table, key_of(1, 1), NOW + AGEING + 1), XSW_PORT_NONE);
    assert_int_equal(mac_table_list(table, NOW + AGEING + 1, NULL, 0), 0);
    /* Seen again on another port it is a new address, not one that moved. */
    assert_int_equal(mac_table_learn(table, key_of(1, 1), 4, NOW + AGEING + 1), MAC_LEARNED);
    assert_int_equal(table->live, 1);
    mac_table_destroy(table);
}

static void a_packet_makes_an_entry_young_again(void **state)
{
    (void)state;
    struct mac_table *table = table_make(16);
    assert_int_equal(mac_table_learn(table, key_of(1, 1), 3, NOW), MAC_LEARNED);
    assert_int_equal(mac_table_learn(table, key_of(1, 1), 3, NOW + AGEING), MAC_KNOWN);
    assert_int_equal(mac_table_find(table, key_of(1, 1), NOW + AGEING + 1), 3);
    mac_table_destroy(table);
}

static void an_ageing_time_of_zero_is_never(void **state)
{
    (void)state;
    struct mac_table *table = NULL;
    assert_int_equal(mac_table_create(16, 0, &table, NULL), XSW_OK);
    assert_int_equal(mac_table_learn(table, key_of(1, 1), 3, 1), MAC_LEARNED);
    assert_int_equal(mac_table_find(table, key_of(1, 1), UINT32_MAX / 2), 3);
    assert_int_equal(mac_table_age(table, UINT32_MAX / 2, NULL, NULL), 0);
    mac_table_destroy(table);
}

static void a_clock_that_is_a_moment_behind_finds_the_entry(void **state)
{
    (void)state;
    struct mac_table *table = table_make(16);
    assert_int_equal(mac_table_learn(table, key_of(1, 1), 3, NOW), MAC_LEARNED);
    assert_int_equal(mac_table_find(table, key_of(1, 1), NOW - 1), 3);
    assert_int_equal(mac_table_age(table, NOW - 1, NULL, NULL), 0);
    mac_table_destroy(table);
}

static void one_address_more_than_the_limit_is_refused(void **state)
{
    (void)state;
    enum { LIMIT = 100 };
    struct mac_table *table = table_make(LIMIT);
    for (uint32_t i = 0; i < LIMIT; i++) {
        assert_int_equal(mac_table_learn(table, key_of(i, 1), 3, NOW), MAC_LEARNED);
    }
    assert_int_equal(mac_table_learn(table, key_of(LIMIT, 1), 3, NOW), MAC_REFUSED);
    assert_int_equal(mac_table_find(table, key_of(LIMIT, 1), NOW), XSW_PORT_NONE);
    assert_int_equal(mac_table_list(table, NOW, NULL, 0), LIMIT);
    /* Those that are in it may still move, and one that ages makes room. */
    assert_int_equal(mac_table_learn(table, key_of(0, 1), 4, NOW + 1), MAC_MOVED);
    assert_int_equal(mac_table_age(table, NOW + AGEING + 1, NULL, NULL), LIMIT - 1);
    assert_int_equal(mac_table_learn(table, key_of(LIMIT, 1), 3, NOW + AGEING + 1), MAC_LEARNED);
    mac_table_destroy(table);
}

static void a_flush_of_a_port_leaves_the_others(void **state)
{
    (void)state;
    struct mac_table *table = table_make(16);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(mac_table_learn(table, key_of(i, 1), (uint16_t)(1 + i % 2), NOW),
                         MAC_LEARNED);
    }
    mac_table_flush(table, 1);
    assert_int_equal(mac_table_list(table, NOW, NULL, 0), 5);
    assert_int_equal(mac_table_find(table, key_of(0, 1), NOW), XSW_PORT_NONE);
    assert_int_equal(mac_table_find(table, key_of(1, 1), NOW), 2);
    mac_table_flush(table, XSW_PORT_NONE);
    assert_int_equal(mac_table_list(table, NOW, NULL, 0), 0);
    assert_int_equal(table->live, 0);
    mac_table_destroy(table);
}

static void the_list_tells_address_vlan_port_and_age(void **state)
{
    (void)state;
    struct mac_table *table = table_make(16);
    assert_int_equal(mac_table_learn(table, key_of(0x01020304, 4094), 255, NOW), MAC_LEARNED);
    struct mac_entry entry;
    assert_int_equal(mac_table_list(table, NOW + 7, &entry, 1), 1);
    const uint8_t mac[6] = {2, 0, 1, 2, 3, 4};
    assert_memory_equal(entry.mac.bytes, mac, sizeof(mac));
    assert_int_equal(entry.vlan, 4094);
    assert_int_equal(entry.port, 255);
    assert_int_equal(entry.age_seconds, 7);
    mac_table_destroy(table);
}

/* An attacker sends from ever new addresses, and the table is swept: keys die. */
static void table_wear(struct mac_table *table, uint32_t limit)
{
    for (uint32_t station = 0; !mac_table_is_worn(table); station++) {
        assert_true(station < 100 * limit);
        assert_int_equal(mac_table_learn(table, key_of(station, 1), 3, NOW), MAC_LEARNED);
        mac_table_flush(table, 3);
    }
}

static void dead_keys_are_reclaimed_by_the_copy(void **state)
{
    (void)state;
    enum { LIMIT = 64 };
    struct mac_table *table = table_make(LIMIT);
    assert_int_equal(mac_table_learn(table, key_of(0x70000000, 9), 5, NOW), MAC_LEARNED);
    table_wear(table, LIMIT);
    struct mac_table *fresh = table_make(LIMIT);
    mac_table_copy(fresh, table);
    assert_false(mac_table_is_worn(fresh));
    assert_int_equal(fresh->keys, 1);
    assert_int_equal(mac_table_find(fresh, key_of(0x70000000, 9), NOW), 5);
    mac_table_destroy(table);
    mac_table_destroy(fresh);
}

static void dead_keys_never_fill_the_table(void **state)
{
    (void)state;
    enum { LIMIT = 16 };
    struct mac_table *table = table_make(LIMIT);
    for (uint32_t i = 0; i < 100 * LIMIT; i++) {
        if (mac_table_learn(table, key_of(i, 1), 3, NOW) == MAC_REFUSED) {
            mac_table_flush(table, XSW_PORT_NONE);
        }
    }
    assert_true(table->keys <= 3 * LIMIT);
    assert_true(table->keys < table->mask); /* a probe ends at a free slot */
    assert_int_equal(mac_table_find(table, key_of(1u << 30, 1), NOW), XSW_PORT_NONE);
    mac_table_destroy(table);
}

/* Several workers learn the same and other addresses while the control thread sweeps. */
enum { THREADS = 4, ROUNDS = 20000, SHARED_LIMIT = 128, STATIONS = 300 };

struct hammer {
    struct mac_table *table;
    uint16_t port;
    int has_found_nonsense;
};

static void *hammer_run(void *argument)
{
    struct hammer *hammer = argument;
    uint32_t random = hammer->port * 2654435761u;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        random = random * 1664525 + 1013904223;
        uint64_t key = key_of((random >> 8) % STATIONS, 1);
        (void)mac_table_learn(hammer->table, key, hammer->port, NOW + i / 64);
        uint16_t port = mac_table_find(hammer->table, key, NOW + i / 64);
        hammer->has_found_nonsense |= port > THREADS;
    }
    return NULL;
}

static void keys_are_unique(const struct mac_table *table)
{
    for (uint64_t i = 0; i <= table->mask; i++) {
        for (uint64_t j = i + 1; j <= table->mask; j++) {
            uint64_t key = table->slots[i].key;
            assert_true(key == 0 || key != table->slots[j].key);
        }
    }
}

static void workers_at_once_stay_within_the_limit_and_never_double_an_address(void **state)
{
    (void)state;
    struct mac_table *table = table_make(SHARED_LIMIT);
    struct hammer hammers[THREADS];
    pthread_t threads[THREADS];
    for (uint16_t i = 0; i < THREADS; i++) {
        hammers[i] = (struct hammer){.table = table, .port = (uint16_t)(i + 1)};
        assert_int_equal(pthread_create(&threads[i], NULL, hammer_run, &hammers[i]), 0);
    }
    for (uint32_t i = 0; i < 200; i++) {
        mac_table_flush(table, (uint16_t)(1 + i % THREADS));
        (void)mac_table_age(table, NOW + AGEING + i, NULL, NULL);
    }
    for (uint16_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(hammers[i].has_found_nonsense);
    }
    assert_true(table->live <= SHARED_LIMIT);
    uint32_t live = 0;
    for (uint64_t i = 0; i <= table->mask; i++) {
        live += table->slots[i].value != 0;
    }
    assert_int_equal(live, table->live);
    keys_are_unique(table);
    mac_table_destroy(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_learned_address_is_found_in_its_vlan_only),
        cmocka_unit_test(an_address_moves_to_the_port_that_it_was_last_seen_on),
        cmocka_unit_test(an_entry_is_absent_when_it_is_too_old_swept_or_not),
        cmocka_unit_test(a_packet_makes_an_entry_young_again),
        cmocka_unit_test(an_ageing_time_of_zero_is_never),
        cmocka_unit_test(a_clock_that_is_a_moment_behind_finds_the_entry),
        cmocka_unit_test(one_address_more_than_the_limit_is_refused),
        cmocka_unit_test(a_flush_of_a_port_leaves_the_others),
        cmocka_unit_test(the_list_tells_address_vlan_port_and_age),
        cmocka_unit_test(dead_keys_are_reclaimed_by_the_copy),
        cmocka_unit_test(dead_keys_never_fill_the_table),
        cmocka_unit_test(workers_at_once_stay_within_the_limit_and_never_double_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
