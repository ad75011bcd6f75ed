/* SPDX-License-Identifier: Apache-2.0 */
/* The values that terms of a metadata expression are compared with, and the errors for those that
 * make no sense, which name what would. */
#include <stdio.h>
#include <string.h>

#include "formats/filter/journey_filter_parts.h"

enum { NAMES_MAX = 65536 /* entries that are looked at */ };

/* Names that are nearly so ------------------------------------------------------------------- */

static size_t minimum(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be put in, taken out or replaced to make one of the other; of long names,
 * their beginnings. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NEAR_LENGTH + 1];
    size_t b_length = strnlen(b, NEAR_LENGTH);
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < NEAR_LENGTH && a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_length; j++) {
            size_t replaced = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = minimum(replaced, minimum(row[j], row[j + 1]) + 1);
        }
    }
    return row[b_length];
}

void filter_near_offer(struct near_names *near, const char *name)
{
    size_t length = strlen(near->asked);
    bool is_part = length >= 2 && (strstr(name, near->asked) != NULL ||
                                   (strlen(name) >= 2 && strstr(near->asked, name) != NULL));
    bool is_near = is_part || distance(near->asked, name) <= (length + 2) / 3;
    /* Several entries of one name stand behind each other. */
    bool is_told = near->count > 0 && strlen(name) <= near->length &&
                   strcmp(near->text + near->length - strlen(name), name) == 0;
    if (!is_near || is_told || near->count == NEAR_MAX || name[0] == '\0') {
        return;
    }
    near->length +=
        (size_t)snprintf(near->text + near->length, sizeof(near->text) - near->length, "%s%.*s",
                         near->count == 0 ? "; near: " : ", ", NEAR_LENGTH, name);
    near->count++;
}

/* Values ------------------------------------------------------------------------------------- */

void filter_value_add(struct filter_parser *parser, uint64_t value, uint64_t mask)
{
    struct journey_filter *filter = parser->filter;
    if (filter->value_count == JOURNEY_FILTER_VALUES_MAX) {
        filter_fail(parser, parser->token.start, XSW_LIMIT, "more than %d values",
                    JOURNEY_FILTER_VALUES_MAX);
        return;
    }
    filter->values[filter->value_count++] = (struct filter_value){value & mask, mask};
}

/* Digits at the beginning; null when there are none, or too many. `end`: behind them. */
static bool digits_read(const char *text, uint64_t *number, const char **end)
{
    int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
    const char *at = base == 16 ? text + 2 : text;
    const char *first = at;
    *number = 0;
    for (;; at++) {
        uint64_t digit = *at >= '0' && *at <= '9'                 ? (uint64_t)(*at - '0')
                         : base == 16 && *at >= 'a' && *at <= 'f' ? (uint64_t)(*at - 'a') + 10
                         : base == 16 && *at >= 'A' && *at <= 'F' ? (uint64_t)(*at - 'A') + 10
                                                                  : UINT64_MAX;
        if (digit == UINT64_MAX) {
            break;
        }
        if (__builtin_mul_overflow(*number, (uint64_t)base, number) ||
            __builtin_add_overflow(*number, digit, number)) {
            return false;
        }
    }
    *end = at;
    return at != first;
}

static void number_read(struct filter_parser *parser, const struct filter_term *term)
{
    const char *end;
    uint64_t number;
    if (!digits_read(parser->token.text, &number, &end) || *end != '\0' || number > term->maximum) {
        filter_fail(parser, parser->token.start, XSW_INVALID,
                    "%s: expected a number from 0 to %llu, found %.40s", term->name,
                    (unsigned long long)term->maximum, filter_token_name(&parser->token));
        return;
    }
    filter_value_add(parser, number, UINT64_MAX);
}

/* 10us, 1.5ms, 2s; a plain number is nanoseconds. */
static bool duration_parse(const char *text, uint64_t *ns)
{
    static const struct {
        const char *unit;
        uint64_t ns;
    } units[] = {{"", 1}, {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    const char *end;
    uint64_t fraction = 0;
    uint64_t scale = 1;
    if (text[0] < '0' || text[0] > '9' || !digits_read(text, ns, &end)) {
        return false;
    }
    if (*end == '.') {
        for (end++; *end >= '0' && *end <= '9' && scale < 1000000000; end++) {
            fraction = fraction * 10 + (uint64_t)(*end - '0');
            scale *= 10;
        }
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].unit) == 0) {
            return !__builtin_mul_overflow(*ns, units[i].ns, ns) &&
                   !__builtin_add_overflow(*ns, fraction * units[i].ns / scale, ns);
        }
    }
    return false;
}

static void duration_read(struct filter_parser *parser, const struct filter_term *term)
{
    uint64_t ns;
    if (!duration_parse(parser->token.text, &ns)) {
        filter_fail(parser, parser->token.start, XSW_INVALID,
                    "%s: expected a time with its unit, such as 10us, 1.5ms or 2s, found %.40s",
                    term->name, filter_token_name(&parser->token));
        return;
    }
    filter_value_add(parser, ns, UINT64_MAX);
}

static void word_value_read(struct filter_parser *parser, const struct filter_term *term)
{
    char list[120];
    size_t length = 0;
    for (const struct filter_word *word = term->words; word->word != NULL; word++) {
        if (strcmp(word->word, parser->token.text) == 0) {
            filter_value_add(parser, word->value, UINT64_MAX);
            return;
        }
        length += (size_t)snprintf(list + length, sizeof(list) - length, "%s%s",
                                   length == 0 ? "" : ", ", word->word);
    }
    filter_fail(parser, parser->token.start, XSW_INVALID, "%s: expected one of %s, found %.40s",
                term->name, list, filter_token_name(&parser->token));
}

/* A name may stand for several numbers. One that is not there and is a number stands for itself. */
static void name_read(struct filter_parser *parser, const struct filter_term *term)
{
    const struct journey_names *names = parser->names;
    struct near_names near = {.asked = parser->token.text};
    bool is_found = false;
    uint32_t value = 0;
    const char *name;
    for (size_t i = 0; i < NAMES_MAX && parser->status == XSW_OK &&
                       (name = names->at(names->context, term->kind, i, &value)) != NULL;
         i++) {
        if (strcmp(name, parser->token.text) == 0) {
            is_found = true;
            filter_value_add(parser, value, UINT64_MAX);
        } else {
            filter_near_offer(&near, name);
        }
    }
    const char *end;
    uint64_t number;
    bool is_number = digits_read(parser->token.text, &number, &end) && *end == '\0';
    if (is_found || parser->status != XSW_OK) {
        return;
    }
    if (is_number && number <= term->maximum && parser->token.kind == TOKEN_WORD) {
        filter_value_add(parser, number, UINT16_MAX);
    } else if (!names->is_lenient) {
        filter_fail(parser, parser->token.start, XSW_INVALID, "there is no %s \"%.40s\"%s",
                    term->kind == JOURNEY_NAME_PORT ? "port" : term->name, parser->token.text,
                    near.text);
    }
}

void filter_value_read(struct filter_parser *parser, const struct filter_term *term)
{
    /* Where a value must be, `in` and the like are names. */
    bool is_word = parser->token.text[0] >= 'a' && parser->token.text[0] <= 'z';
    bool is_value = parser->token.kind == TOKEN_WORD || parser->token.kind == TOKEN_STRING;
    if (!is_value && !is_word) {
        filter_fail(parser, parser->token.start, XSW_INVALID, "%s: expected a value, found %.40s",
                    term->name, filter_token_name(&parser->token));
        return;
    }
    switch ((enum term_type)term->type) {
    case TYPE_NUMBER:
        number_read(parser, term);
        break;
    case TYPE_DURATION:
        duration_read(parser, term);
        break;
    case TYPE_WORD:
        word_value_read(parser, term);
        break;
    case TYPE_NAME:
        name_read(parser, term);
        break;
    }
    filter_token_next(parser);
}
