/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_LISTING_H
#define XSW_CMD_LISTING_H

/*
 * A table of text for people: columns as wide as their longest cell, numbers to the right and in
 * groups of three. Control characters in cells are shown as '?'.
 *
 * Threads: main only.
 */

#include <stdbool.h>
#include <stddef.h>

enum { LISTING_COLUMNS_MAX = 12 };

struct listing_column {
    const char *title;
    bool right; /* aligned to the right */
};

struct listing {
    const struct listing_column *columns;
    size_t column_count;
    char **cells; /* row by row */
    size_t cell_count, capacity;
    bool failed; /* memory was short */
    bool wraps;  /* the last column is prose: it goes on below itself, within 80 columns */
};

/* columns: borrowed, column_count of them, the last one with any width. */
void listing_init(struct listing *listing, const struct listing_column *columns,
                  size_t column_count);
void listing_fini(struct listing *listing);
void listing_text(struct listing *listing, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void listing_count(struct listing *listing, long long number);
size_t listing_rows(const struct listing *listing);
/* To standard output. Returns an exit code. */
int listing_print(const struct listing *listing);

enum { COUNT_TEXT_SIZE = 32 };
/* "-1,234,567" */
const char *count_format(long long number, char text[COUNT_TEXT_SIZE]);
/* "name:  text" with the texts of several lines below each other. */
void line_print(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
