/* SPDX-License-Identifier: Apache-2.0 */
/* See where.h. */
#include "cmd/where.h"

#include <stdio.h>
#include <string.h>

#include "formats/filter/journey_filter.h"

enum { WINDOW = 72 /* bytes of a long expression that are shown */ };

static const char *no_name(const void *context, enum journey_name kind, size_t index,
                           uint32_t *value)
{
    (void)context;
    (void)kind;
    (void)index;
    (void)value;
    return NULL;
}

/* Bytes behind the first of a character of several take no place on the screen. */
static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Below an error: the expression, and a caret at the column, counted from 1. */
static void where_show(const char *expression, size_t column)
{
    size_t length = strlen(expression);
    size_t place = column > 0 && column <= length + 1 ? column - 1 : 0;
    size_t first = place > WINDOW - 12 ? place - (WINDOW - 12) : 0;
    while (first < place && is_continuation(expression[first])) {
        first++;
    }
    size_t blanks = 0;
    fputs("  ", stderr);
    for (size_t i = first; i < length && i < first + WINDOW; i++) {
        unsigned char c = (unsigned char)expression[i];
        fputc(c < ' ' || c == 0x7f ? ' ' : c, stderr);
        blanks += i < place && !is_continuation(expression[i]);
    }
    fprintf(stderr, "\n  %*s^\n", (int)blanks, "");
}

bool where_is_readable(const char *program, const char *expression)
{
    static const struct journey_names any = {.at = no_name, .is_lenient = true};
    struct journey_filter *filter = NULL;
    struct xsw_error error;
    size_t column;
    enum xsw_status status = journey_filter_compile(expression, &any, &filter, &column, &error);
    journey_filter_destroy(filter);
    if (status == XSW_OK) {
        return true;
    }
    fprintf(stderr, "%s: --where: %s\n", program, error.text);
    where_show(expression, column);
    return false;
}

void where_explain(const char *expression, const char *error)
{
    size_t column;
    if (expression != NULL && sscanf(error, "where: column %zu:", &column) == 1) {
        where_show(expression, column);
    }
}
