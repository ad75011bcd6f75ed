/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/books/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void keeps_what_was_added_in_order(void **state)
{
    struct table table;
    (void)state;
    table_init(&table, sizeof(uint32_t), sizeof(uint64_t), 100000);
    for (uint32_t i = 0; i < 50000; i++) {
        uint32_t key = i * 7919;
        uint64_t *value = table_add(&table, &key);
        assert_non_null(value);
        assert_int_equal(*value, 0);
        *value = i;
    }
    assert_int_equal(table.count, 50000);
    for (uint32_t i = 0; i < 50000; i++) {
        uint32_t key = i * 7919;
        assert_int_equal(*(uint64_t *)table_find(&table, &key), i);
        assert_int_equal(*(const uint32_t *)table_key(&table, i), key);
    }
    uint32_t other = 1;
    assert_null(table_find(&table, &other));
    table_fini(&table);
}

static void limit_refuses_new_keys_and_keeps_old_ones(void **state)
{
    struct table table;
    (void)state;
    table_init(&table, sizeof(uint16_t), 1, 3);
    for (uint16_t key = 0; key < 3; key++)
        assert_non_null(table_add(&table, &key));
    uint16_t key = 3;
    assert_null(table_add(&table, &key));
    key = 1;
    assert_non_null(table_add(&table, &key));
    assert_int_equal(table.count, 3);
    table_fini(&table);
}

/* Keys that differ in one byte only, at each place of each size. */
static void each_byte_of_a_key_tells(void **state)
{
    enum { SIZE_MAX_TRIED = 104 };
    (void)state;
    for (size_t size = 1; size <= SIZE_MAX_TRIED; size++) {
        struct table table;
        unsigned char key[SIZE_MAX_TRIED] = {0};
        table_init(&table, size, sizeof(uint64_t), 1000);
        assert_non_null(table_add(&table, key));
        for (size_t at = 0; at < size; at++) {
            key[at] = 1;
            table_expect(&table, key);
            assert_null(table_find(&table, key));
            *(uint64_t *)table_add(&table, key) = at + 1;
            key[at] = 0;
        }
        assert_int_equal(table.count, size + 1);
        for (size_t at = 0; at < size; at++) {
            key[at] = 1;
            assert_int_equal(*(uint64_t *)table_find(&table, key), at + 1);
            key[at] = 0;
        }
        table_fini(&table);
    }
}

static void empty_table_finds_nothing(void **state)
{
    struct table table;
    uint64_t key = 5;
    (void)state;
    table_init(&table, sizeof(key), 8, 10);
    assert_null(table_find(&table, &key));
    assert_null(table_sorted(&table, NULL));
    table_fini(&table);
}

static int by_value(const void *key_a, const void *value_a, const void *key_b, const void *value_b)
{
    (void)key_a;
    (void)key_b;
    return *(const int *)value_a - *(const int *)value_b;
}

static void sorts_by_value_and_keeps_the_order_of_ties(void **state)
{
    static const int values[] = {3, 1, 2, 1};
    static const size_t expected[] = {1, 3, 2, 0};
    struct table table;
    (void)state;
    table_init(&table, sizeof(int), sizeof(int), 10);
    for (int i = 0; i < 4; i++)
        *(int *)table_add(&table, &i) = values[i];
    size_t *places = table_sorted(&table, by_value);
    assert_memory_equal(places, expected, sizeof(expected));
    free(places);
    table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_added_in_order),
        cmocka_unit_test(limit_refuses_new_keys_and_keeps_old_ones),
        cmocka_unit_test(each_byte_of_a_key_tells),
        cmocka_unit_test(empty_table_finds_nothing),
        cmocka_unit_test(sorts_by_value_and_keeps_the_order_of_ties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
