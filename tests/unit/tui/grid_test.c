/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void text_is(const struct grid *grid, const char *expected)
{
    struct text text = {0};
    grid_to_text(grid, &text);
    assert_string_equal(text_string(&text), expected);
    text_fini(&text);
}

static void grid_make(struct grid *grid, int width, int height)
{
    *grid = (struct grid){0};
    assert_int_equal(grid_resize(grid, width, height, NULL), XSW_OK);
}

static void what_lies_outside_is_cut_off(void **state)
{
    struct grid grid;
    (void)state;
    grid_make(&grid, 5, 2);
    assert_int_equal(grid_put(&grid, 3, 0, 10, GRID_PLAIN, "abcdef"), 9);
    grid_put(&grid, -2, 1, 10, GRID_PLAIN, "xyz");
    grid_put(&grid, 0, 2, 10, GRID_PLAIN, "below");
    grid_put(&grid, 0, -1, 10, GRID_PLAIN, "above");
    grid_restyle(&grid, -5, 1, 100, GRID_BAD);
    grid_restyle(&grid, 0, 7, 100, GRID_BAD);
    text_is(&grid, "   ab\nz\n");
    assert_int_equal(grid_at(&grid, 4, 1)->style, GRID_BAD);
    grid_fini(&grid);
}

static void a_text_ends_at_its_width(void **state)
{
    struct grid grid;
    (void)state;
    grid_make(&grid, 10, 2);
    grid_put(&grid, 0, 0, 4, GRID_PLAIN, "abcdef");
    grid_put_right(&grid, 0, 1, 6, GRID_PLAIN, "12");
    text_is(&grid, "abcd\n    12\n");
    grid_fini(&grid);
}

static void hostile_text_takes_one_harmless_column_a_character(void **state)
{
    struct grid grid;
    (void)state;
    grid_make(&grid, 20, 1);
    /* An escape, a broken sequence, one that is cut, a wide and a combining character. */
    grid_put(&grid, 0, 0, 20, GRID_PLAIN,
             "\033[2J\xff\xc3(\xe4\xb8\xad"
             "e\xcc\x81\xe2\x82");
    text_is(&grid, "?[2J?"
                   "?(?e??\n");
    assert_int_equal(grid_text_width("a\xe2\x94\x80z"), 3);
    grid_fini(&grid);
}

static void ascii_grids_hold_nothing_but_ascii(void **state)
{
    struct grid grid;
    (void)state;
    grid_make(&grid, 20, 1);
    grid.is_ascii = true;
    grid_put(&grid, 0, 0, 20, GRID_PLAIN, "┌─└├▁▄█▶…→é");
    for (int x = 0; x < grid.width; x++)
        assert_true(grid_at(&grid, x, 0)->rune < 0x80);
    text_is(&grid, "+-`|_=#>~>?\n");
    grid_fini(&grid);
}

static void sizes_beyond_the_limits_are_cut_to_them(void **state)
{
    struct grid grid;
    (void)state;
    grid_make(&grid, 100000, 0);
    assert_int_equal(grid.width, GRID_WIDTH_MAX);
    assert_int_equal(grid.height, 1);
    grid_fini(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_outside_is_cut_off),
        cmocka_unit_test(a_text_ends_at_its_width),
        cmocka_unit_test(hostile_text_takes_one_harmless_column_a_character),
        cmocka_unit_test(ascii_grids_hold_nothing_but_ascii),
        cmocka_unit_test(sizes_beyond_the_limits_are_cut_to_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
