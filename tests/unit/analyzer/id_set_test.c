/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/books/id_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void knows_an_id_once_it_was_added(void **state)
{
    struct id_set set;
    (void)state;
    id_set_init(&set, 16);
    assert_true(id_set_add(&set, 0, 1000));
    assert_false(id_set_add(&set, 0, 1000));
    assert_true(id_set_has(&set, 0, 1000));
    assert_false(id_set_has(&set, 0, 1001));
    assert_true(id_set_add(&set, 0, UINT64_MAX));
    assert_true(id_set_has(&set, 0, UINT64_MAX));
    assert_true(id_set_has(&set, 0, 1000));
    id_set_fini(&set);
}

static void owners_do_not_share_ids(void **state)
{
    struct id_set set;
    (void)state;
    id_set_init(&set, 16);
    assert_true(id_set_add(&set, 0, 7));
    assert_false(id_set_has(&set, 1, 7));
    assert_true(id_set_add(&set, 1, 7));
    id_set_fini(&set);
}

static void full_set_counts_what_it_refused(void **state)
{
    struct id_set set;
    (void)state;
    id_set_init(&set, 2);
    for (uint64_t page = 0; page < 5; page++)
        assert_true(id_set_add(&set, 0, page * ID_SET_PAGE_BITS));
    assert_int_equal(set.refused, 3);
    assert_true(id_set_has(&set, 0, 0));
    assert_false(id_set_has(&set, 0, 4 * ID_SET_PAGE_BITS));
    assert_false(id_set_add(&set, 0, 0));
    id_set_fini(&set);
}

static void neighbours_take_one_bit_each(void **state)
{
    struct id_set set;
    (void)state;
    id_set_init(&set, 1);
    for (uint64_t id = 0; id < ID_SET_PAGE_BITS; id++)
        assert_true(id_set_add(&set, 3, id));
    assert_int_equal(set.refused, 0);
    assert_int_equal(set.pages.count, 1);
    id_set_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_an_id_once_it_was_added),
        cmocka_unit_test(owners_do_not_share_ids),
        cmocka_unit_test(full_set_counts_what_it_refused),
        cmocka_unit_test(neighbours_take_one_bit_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
