/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text tables. Widths count characters, not bytes, so that names in UTF-8 line up.
 */
#include "cmd/listing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/exit_codes.h"

enum { TEXT_COLUMNS = 80, PROSE_COLUMNS_MIN = 20 };

void listing_init(struct listing *listing, const struct listing_column *columns,
                  size_t column_count)
{
    *listing = (struct listing){.columns = columns, .column_count = column_count};
}

void listing_fini(struct listing *listing)
{
    for (size_t i = 0; i < listing->cell_count; i++) {
        free(listing->cells[i]);
    }
    free(listing->cells);
    *listing = (struct listing){0};
}

static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            *text = '?';
        }
    }
}

/* Takes `text`, which is null when memory was short. */
static void cell_add(struct listing *listing, char *text)
{
    if (text != NULL && listing->cell_count == listing->capacity) {
        size_t capacity = listing->capacity == 0 ? 64 : listing->capacity * 2;
        char **larger = realloc(listing->cells, capacity * sizeof(*larger));
        if (larger == NULL) {
            free(text);
            text = NULL;
        } else {
            listing->cells = larger;
            listing->capacity = capacity;
        }
    }
    if (text == NULL) {
        listing->failed = true;
        return;
    }
    make_printable(text);
    listing->cells[listing->cell_count++] = text;
}

void listing_text(struct listing *listing, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0) {
        text = NULL;
    }
    va_end(arguments);
    cell_add(listing, text);
}

const char *count_format(long long number, char text[COUNT_TEXT_SIZE])
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%lld", number);
    int first = digits[0] == '-' ? 1 : 0;
    int written = 0;
    for (int i = 0; i < length; i++) {
        if (i > first && (length - i) % 3 == 0) {
            text[written++] = ',';
        }
        text[written++] = digits[i];
    }
    text[written] = '\0';
    return text;
}

void listing_count(struct listing *listing, long long number)
{
    char text[COUNT_TEXT_SIZE];
    cell_add(listing, strdup(count_format(number, text)));
}

size_t listing_rows(const struct listing *listing)
{
    return listing->cell_count / listing->column_count;
}

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

/* Prose that begins in column `from`: it is broken between words, as far as there are any. */
static void prose_print(const char *text, size_t from)
{
    size_t at = from;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        char *word = strndup(text, length);
        size_t width = word != NULL ? characters(word) : length;
        if (at > from && at + 1 + width > TEXT_COLUMNS) {
            printf("\n%*s", (int)from, "");
            at = from;
        }
        at += (size_t)printf("%s", at > from ? " " : "") + width;
        printf("%.*s", (int)length, text);
        free(word);
        text += length + strspn(text + length, " ");
    }
}

static void cell_print(const struct listing *listing, size_t column, const char *text, size_t width,
                       size_t from)
{
    size_t used = characters(text);
    int gap = used < width ? (int)(width - used) : 0;
    bool last = column + 1 == listing->column_count;
    if (listing->columns[column].right) {
        printf("%*s%s", gap, "", text);
    } else if (last && listing->wraps && from + PROSE_COLUMNS_MIN <= TEXT_COLUMNS) {
        prose_print(text, from);
    } else if (last) {
        fputs(text, stdout);
    } else if (used > width) {
        printf("%s\n%*s", text, (int)width, "");
    } else {
        printf("%s%*s", text, gap, "");
    }
    fputs(last ? "\n" : "  ", stdout);
}

/* A name that makes the table wider than a terminal stands on a line of its own, above the rest of
 * its row: the width that is left for the first column then. */
static size_t first_width(const struct listing *listing, const size_t *widths)
{
    size_t columns = listing->column_count;
    size_t least = characters(listing->columns[0].title);
    size_t rest = 0;
    for (size_t i = 1; i < columns; i++) {
        rest += 2 + (i + 1 < columns || !listing->wraps ? widths[i] : PROSE_COLUMNS_MIN);
    }
    bool is_foldable = columns > 1 && !listing->columns[0].right && rest + least <= TEXT_COLUMNS;
    return is_foldable && rest + widths[0] > TEXT_COLUMNS ? TEXT_COLUMNS - rest : widths[0];
}

int listing_print(const struct listing *listing)
{
    size_t widths[LISTING_COLUMNS_MAX] = {0};
    size_t columns = listing->column_count;
    if (listing->failed) {
        fprintf(stderr, "xsw: no memory for the table\n");
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < columns; i++) {
        widths[i] = characters(listing->columns[i].title);
    }
    for (size_t i = 0; i < listing->cell_count; i++) {
        size_t width = characters(listing->cells[i]);
        if (width > widths[i % columns]) {
            widths[i % columns] = width;
        }
    }
    size_t last_from = 0;
    widths[0] = first_width(listing, widths);
    for (size_t i = 0; i + 1 < columns; i++) {
        last_from += widths[i] + 2;
    }
    for (size_t i = 0; i < columns; i++) {
        cell_print(listing, i, listing->columns[i].title, widths[i], last_from);
    }
    for (size_t i = 0; i < listing->cell_count; i++) {
        cell_print(listing, i % columns, listing->cells[i], widths[i % columns], last_from);
    }
    return EXIT_DONE;
}

void line_print(const char *name, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) >= 0) {
        make_printable(text);
        printf("%-14s %s\n", name, text);
        free(text);
    }
    va_end(arguments);
}
