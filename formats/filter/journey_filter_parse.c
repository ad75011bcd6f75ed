/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a metadata expression becomes a tree. `or` binds weaker than `and`, `and` weaker than
 * `not`. The nodes lie in one array, so that neither a long text nor a deep one costs more than is
 * known beforehand. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "formats/filter/journey_filter_parts.h"

void filter_fail(struct filter_parser *parser, size_t place, enum xsw_status status,
                 const char *format, ...)
{
    if (parser->status != XSW_OK) {
        return;
    }
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    parser->column = place + 1;
    parser->status = error_set(parser->error, status, "column %zu: %s", place + 1, text);
}

/* Tokens ------------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What names, numbers and durations are made of. Whatever is not ASCII may stand in a name. */
static bool is_word(char c)
{
    bool is_alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return is_alnum || (unsigned char)c >= 0x80 || (c != '\0' && strchr("_.:-/*+@%#", c) != NULL);
}

static void word_read(struct filter_parser *parser)
{
    static const struct {
        const char *word;
        enum token_kind kind;
    } keywords[] = {{"and", TOKEN_AND}, {"or", TOKEN_OR}, {"not", TOKEN_NOT}, {"in", TOKEN_IN}};
    struct token *token = &parser->token;
    size_t length = 0;
    while (is_word(parser->text[parser->next])) {
        token->text[length++] = parser->text[parser->next++];
    }
    token->text[length] = '\0';
    token->kind = TOKEN_WORD;
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (strcmp(token->text, keywords[i].word) == 0) {
            token->kind = keywords[i].kind;
        }
    }
}

static void string_read(struct filter_parser *parser)
{
    struct token *token = &parser->token;
    char quote = parser->text[parser->next++];
    size_t length = 0;
    char c;
    while ((c = parser->text[parser->next]) != quote && c != '\0') {
        if (c == '\\' && parser->text[parser->next + 1] != '\0') {
            c = parser->text[++parser->next];
        }
        token->text[length++] = c;
        parser->next++;
    }
    token->text[length] = '\0';
    token->kind = TOKEN_STRING;
    if (c == '\0') {
        filter_fail(parser, token->start, XSW_INVALID, "expected a second %c behind this one",
                    quote);
        return;
    }
    parser->next++;
}

static void sign_read(struct filter_parser *parser)
{
    static const struct {
        const char *sign;
        enum token_kind kind;
        enum compare compare;
    } signs[] = {{"==", TOKEN_COMPARE, COMPARE_IS}, {"!=", TOKEN_COMPARE, COMPARE_IS_NOT},
                 {"<=", TOKEN_COMPARE, COMPARE_LE}, {">=", TOKEN_COMPARE, COMPARE_GE},
                 {"<", TOKEN_COMPARE, COMPARE_LT},  {">", TOKEN_COMPARE, COMPARE_GT},
                 {"&&", TOKEN_AND, COMPARE_IS},     {"||", TOKEN_OR, COMPARE_IS},
                 {"!", TOKEN_NOT, COMPARE_IS},      {"(", TOKEN_OPEN, COMPARE_IS},
                 {")", TOKEN_CLOSE, COMPARE_IS},    {",", TOKEN_COMMA, COMPARE_IS}};
    const char *at = parser->text + parser->next;
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        size_t length = strlen(signs[i].sign);
        if (strncmp(at, signs[i].sign, length) == 0) {
            parser->token.kind = signs[i].kind;
            parser->token.compare = (uint8_t)signs[i].compare;
            memcpy(parser->token.text, signs[i].sign, length + 1);
            parser->next += length;
            return;
        }
    }
    if (*at == '=') {
        filter_fail(parser, parser->next, XSW_INVALID, "expected == (two signs)");
    } else {
        bool is_printable = *at > ' ' && *at < 0x7f;
        filter_fail(parser, parser->next, XSW_INVALID, "%.*s has no meaning here",
                    is_printable ? 1 : 14, is_printable ? at : "this character");
    }
}

void filter_token_next(struct filter_parser *parser)
{
    struct token *token = &parser->token;
    while (is_space(parser->text[parser->next])) {
        parser->next++;
    }
    char c = parser->text[parser->next];
    token->start = parser->next;
    token->kind = TOKEN_END;
    token->text[0] = '\0';
    if (c == '\0' || parser->status != XSW_OK) {
        return;
    }
    if (is_word(c)) {
        word_read(parser);
    } else if (c == '"' || c == '\'') {
        string_read(parser);
    } else {
        sign_read(parser);
    }
}

const char *filter_token_name(const struct token *token)
{
    return token->kind == TOKEN_END ? "the end" : token->text;
}

/* The tree ----------------------------------------------------------------------------------- */

static uint16_t node_add(struct filter_parser *parser, enum node_kind kind, uint16_t left,
                         uint16_t right)
{
    if (parser->status == XSW_OK && parser->node_count == NODES_MAX) {
        filter_fail(parser, parser->token.start, XSW_LIMIT, "the expression is too long");
    }
    if (parser->status != XSW_OK) {
        return NODE_NONE;
    }
    parser->nodes[parser->node_count] =
        (struct filter_node){.kind = (uint8_t)kind, .left = left, .right = right};
    return parser->node_count++;
}

static uint16_t term_parse(struct filter_parser *parser)
{
    if (parser->token.kind != TOKEN_WORD) {
        filter_fail(parser, parser->token.start, XSW_INVALID,
                    "expected a condition, such as dropped or latency > 10us, found %.40s",
                    filter_token_name(&parser->token));
        return NODE_NONE;
    }
    if (parser->test_count == JOURNEY_FILTER_TESTS_MAX) {
        filter_fail(parser, parser->token.start, XSW_LIMIT, "more than %d conditions",
                    JOURNEY_FILTER_TESTS_MAX);
        return NODE_NONE;
    }
    struct filter_test test = {0};
    filter_term_read(parser, &test);
    uint16_t node = node_add(parser, NODE_TEST, NODE_NONE, NODE_NONE);
    if (node != NODE_NONE) {
        parser->test_count++;
        parser->nodes[node].test = test;
    }
    return node;
}

static uint16_t or_parse(struct filter_parser *parser);

static uint16_t parenthesis_parse(struct filter_parser *parser)
{
    size_t opened = parser->token.start;
    filter_token_next(parser);
    uint16_t node = or_parse(parser);
    if (parser->status == XSW_OK && parser->token.kind != TOKEN_CLOSE) {
        filter_fail(parser, parser->token.start, XSW_INVALID,
                    "expected and, or, or the ) for the ( at column %zu, found %.40s", opened + 1,
                    filter_token_name(&parser->token));
    }
    filter_token_next(parser);
    return node;
}

static uint16_t not_parse(struct filter_parser *parser)
{
    uint16_t node;
    if (parser->depth == JOURNEY_FILTER_DEPTH_MAX) {
        filter_fail(parser, parser->token.start, XSW_LIMIT,
                    "more than %d parentheses and nots in each other", JOURNEY_FILTER_DEPTH_MAX);
        return NODE_NONE;
    }
    parser->depth++;
    if (parser->token.kind == TOKEN_NOT) {
        filter_token_next(parser);
        node = not_parse(parser);
        node = node_add(parser, NODE_NOT, node, NODE_NONE);
    } else if (parser->token.kind == TOKEN_OPEN) {
        node = parenthesis_parse(parser);
    } else {
        node = term_parse(parser);
    }
    parser->depth--;
    return node;
}

static uint16_t and_parse(struct filter_parser *parser)
{
    uint16_t node = not_parse(parser);
    while (parser->status == XSW_OK && parser->token.kind == TOKEN_AND) {
        filter_token_next(parser);
        uint16_t right = not_parse(parser);
        node = node_add(parser, NODE_AND, node, right);
    }
    return node;
}

static uint16_t or_parse(struct filter_parser *parser)
{
    uint16_t node = and_parse(parser);
    while (parser->status == XSW_OK && parser->token.kind == TOKEN_OR) {
        filter_token_next(parser);
        uint16_t right = and_parse(parser);
        node = node_add(parser, NODE_OR, node, right);
    }
    return node;
}

uint16_t filter_parse(struct filter_parser *parser)
{
    filter_token_next(parser);
    uint16_t root = or_parse(parser);
    if (parser->status == XSW_OK && parser->token.kind != TOKEN_END) {
        filter_fail(parser, parser->token.start, XSW_INVALID,
                    "expected and, or, or the end, found %.40s", filter_token_name(&parser->token));
    }
    return parser->status == XSW_OK ? root : NODE_NONE;
}
