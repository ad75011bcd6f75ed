/* SPDX-License-Identifier: Apache-2.0 */
/* The terms of a metadata expression: what they are called and what they are compared with. */
#include <stdio.h>
#include <string.h>

#include "formats/filter/journey_filter_parts.h"
#include "formats/filter/pcap_words.h"

static const struct filter_word outcome_words[] = {{"delivered", FACTS_DELIVERED},
                                                   {"dropped", FACTS_DROPPED},
                                                   {"replaced", FACTS_REPLACED},
                                                   {"unfinished", FACTS_UNFINISHED},
                                                   {NULL, 0}};

static const struct filter_word origin_words[] = {
    {"none", FACTS_RECEIVED}, {"flood", FACTS_FLOOD},       {"mirror", FACTS_MIRROR},
    {"clone", FACTS_CLONE},   {"injected", FACTS_INJECTED}, {NULL, 0}};

static const struct filter_term terms[] = {
    {"outcome", FACT_OUTCOME, TYPE_WORD, 0, outcome_words, 0},
    {"reason", FACT_REASON, TYPE_NAME, JOURNEY_NAME_REASON, NULL, UINT16_MAX},
    {"stage", FACT_STAGE, TYPE_NAME, JOURNEY_NAME_STAGE, NULL, UINT16_MAX},
    {"extension", FACT_EXTENSION, TYPE_NAME, JOURNEY_NAME_EXTENSION, NULL, UINT16_MAX},
    {"made.at", FACT_MADE_AT, TYPE_NAME, JOURNEY_NAME_STAGE, NULL, UINT16_MAX},
    {"changed.at", FACT_CHANGED_AT, TYPE_NAME, JOURNEY_NAME_STAGE, NULL, UINT16_MAX},
    {"held.at", FACT_HELD_AT, TYPE_NAME, JOURNEY_NAME_STAGE, NULL, UINT16_MAX},
    {"end.rule", FACT_END_RULE, TYPE_NUMBER, 0, NULL, UINT32_MAX},
    {"rule", FACT_RULE, TYPE_NUMBER, 0, NULL, UINT32_MAX},
    {"port", FACT_PORT, TYPE_NAME, JOURNEY_NAME_PORT, NULL, UINT16_MAX},
    {"source", FACT_SOURCE, TYPE_NAME, JOURNEY_NAME_PORT, NULL, UINT16_MAX},
    {"in.port", FACT_SOURCE, TYPE_NAME, JOURNEY_NAME_PORT, NULL, UINT16_MAX},
    {"destination", FACT_DESTINATION, TYPE_NAME, JOURNEY_NAME_PORT, NULL, UINT16_MAX},
    {"out.port", FACT_DESTINATION, TYPE_NAME, JOURNEY_NAME_PORT, NULL, UINT16_MAX},
    {"latency", FACT_LATENCY, TYPE_DURATION, 0, NULL, UINT64_MAX},
    {"clone", FACT_ORIGIN, TYPE_WORD, 0, origin_words, 0},
    {"packet", FACT_PACKET, TYPE_NUMBER, 0, NULL, UINT64_MAX},
    {"parent", FACT_PARENT, TYPE_NUMBER, 0, NULL, UINT64_MAX},
    {"vlan", FACT_VLAN, TYPE_NUMBER, 0, NULL, 4095},
    {"length", FACT_LENGTH, TYPE_NUMBER, 0, NULL, UINT32_MAX},
};

/* Conditions of one word. */
static const struct {
    const char *name;
    uint8_t fact, compare, value;
} bare_words[] = {
    {"delivered", FACT_OUTCOME, COMPARE_IS, FACTS_DELIVERED},
    {"dropped", FACT_OUTCOME, COMPARE_IS, FACTS_DROPPED},
    {"replaced", FACT_OUTCOME, COMPARE_IS, FACTS_REPLACED},
    {"unfinished", FACT_OUTCOME, COMPARE_IS, FACTS_UNFINISHED},
    {"changed", FACT_FLAGS, COMPARE_IS, FACTS_CHANGED},
    {"undeclared", FACT_FLAGS, COMPARE_IS, FACTS_UNDECLARED},
    {"held", FACT_FLAGS, COMPARE_IS, FACTS_HELD},
    {"clone", FACT_ORIGIN, COMPARE_IS_NOT, FACTS_RECEIVED},
    {"flood", FACT_ORIGIN, COMPARE_IS, FACTS_FLOOD},
    {"mirror", FACT_ORIGIN, COMPARE_IS, FACTS_MIRROR},
    {"injected", FACT_ORIGIN, COMPARE_IS, FACTS_INJECTED},
};

enum {
    TERMS = sizeof(terms) / sizeof(terms[0]),
    BARE_WORDS = sizeof(bare_words) / sizeof(bare_words[0])
};

/* Terms -------------------------------------------------------------------------------------- */

static void list_read(struct filter_parser *parser, const struct filter_term *term)
{
    if (parser->token.kind != TOKEN_OPEN) {
        filter_fail(parser, parser->token.start, XSW_INVALID,
                    "expected ( and a list behind in, such as in (1, 2)");
        return;
    }
    do {
        filter_token_next(parser);
        filter_value_read(parser, term);
    } while (parser->status == XSW_OK && parser->token.kind == TOKEN_COMMA);
    if (parser->status == XSW_OK && parser->token.kind != TOKEN_CLOSE) {
        filter_fail(parser, parser->token.start, XSW_INVALID,
                    "expected , or ) in the list, found %.40s", filter_token_name(&parser->token));
    }
    filter_token_next(parser);
}

static void comparison_read(struct filter_parser *parser, const struct filter_term *term,
                            struct filter_test *test)
{
    bool has_order = term->type == TYPE_NUMBER || term->type == TYPE_DURATION;
    uint16_t first = parser->filter->value_count;
    test->fact = term->fact;
    test->value_first = first;
    if (parser->token.kind == TOKEN_IN) {
        filter_token_next(parser);
        test->compare = COMPARE_IS;
        list_read(parser, term);
    } else if (parser->token.kind != TOKEN_COMPARE) {
        filter_fail(parser, parser->token.start, XSW_INVALID,
                    "expected a comparison behind %s: %s or in (...); found %.40s", term->name,
                    has_order ? "== != < <= > >=" : "== !=", filter_token_name(&parser->token));
    } else if (!has_order && parser->token.compare > COMPARE_IS_NOT) {
        filter_fail(parser, parser->token.start, XSW_INVALID,
                    "%s has no order: expected ==, != or in (...)", term->name);
    } else {
        test->compare = parser->token.compare;
        filter_token_next(parser);
        filter_value_read(parser, term);
    }
    test->value_count = (uint16_t)(parser->filter->value_count - first);
}

/* Whether a pcap filter may be compiled: of who is not trusted only what is done at once. */
static bool pcap_is_allowed(struct filter_parser *parser)
{
    const char *text = parser->token.text;
    size_t length = 0;
    if (!parser->names->is_bounded) {
        return true;
    }
    if (strlen(text) > PCAP_WORDS_TEXT_MAX) {
        filter_fail(parser, parser->token.start, XSW_INVALID,
                    "pcap: more than %d bytes; who may not manage the switch gives such a filter "
                    "beside this expression, not in it",
                    PCAP_WORDS_TEXT_MAX);
        return false;
    }
    const char *name = pcap_words_find_name(text, &length);
    if (name != NULL) {
        filter_fail(parser, parser->token.start, XSW_INVALID,
                    "pcap: \"%.*s\" would have to be looked up; expected words of pcap-filter(7), "
                    "numbers and addresses of who may not manage the switch",
                    length < 40 ? (int)length : 40, name);
    }
    return name == NULL;
}

/* pcap "EXPRESSION" */
static void pcap_read(struct filter_parser *parser, struct filter_test *test)
{
    enum { SNAP = 262144 };
    struct journey_filter *filter = parser->filter;
    size_t start = parser->token.start;
    if (parser->token.kind != TOKEN_STRING) {
        filter_fail(parser, start, XSW_INVALID,
                    "expected a pcap filter in quotes behind pcap, such as pcap \"tcp port 80\"");
        return;
    }
    if (filter->pcap_count == JOURNEY_FILTER_PCAPS_MAX) {
        filter_fail(parser, start, XSW_LIMIT, "more than %d pcap filters; join some with or",
                    JOURNEY_FILTER_PCAPS_MAX);
        return;
    }
    pcap_t *pcap = pcap_is_allowed(parser) ? pcap_open_dead(DLT_EN10MB, SNAP) : NULL;
    if (pcap == NULL) {
        filter_fail(parser, start, XSW_NO_MEMORY, "no memory for a pcap filter");
        return;
    }
    int optimize = !parser->names->is_bounded; /* the optimizer may take seconds */
    *test = (struct filter_test){.fact = FACT_PCAP, .value_first = filter->value_count};
    if (pcap_compile(pcap, &filter->pcaps[filter->pcap_count], parser->token.text, optimize,
                     PCAP_NETMASK_UNKNOWN) != 0) {
        filter_fail(parser, start, XSW_INVALID, "pcap: %.200s (see pcap-filter(7))",
                    pcap_geterr(pcap));
    } else {
        filter_value_add(parser, filter->pcap_count++, UINT64_MAX);
    }
    pcap_close(pcap);
    filter_token_next(parser);
}

static const struct filter_term *term_find(const char *name)
{
    for (size_t i = 0; i < TERMS; i++) {
        if (strcmp(terms[i].name, name) == 0) {
            return &terms[i];
        }
    }
    return NULL;
}

static bool bare_word_read(struct filter_parser *parser, const char *name, struct filter_test *test)
{
    for (size_t i = 0; i < BARE_WORDS; i++) {
        if (strcmp(bare_words[i].name, name) == 0) {
            *test = (struct filter_test){.fact = bare_words[i].fact,
                                         .compare = bare_words[i].compare,
                                         .value_first = parser->filter->value_count,
                                         .value_count = 1};
            filter_value_add(parser, bare_words[i].value, UINT64_MAX);
            return true;
        }
    }
    return false;
}

static void term_unknown(struct filter_parser *parser, size_t start, const char *name)
{
    struct near_names near = {.asked = name};
    struct filter_test alone;
    if (bare_word_read(parser, name, &alone)) {
        filter_fail(parser, parser->token.start, XSW_INVALID,
                    "%s stands alone: expected and, or, ) or the end, found %.40s", name,
                    filter_token_name(&parser->token));
    }
    for (size_t i = 0; i < TERMS; i++) {
        filter_near_offer(&near, terms[i].name);
    }
    for (size_t i = 0; i < BARE_WORDS; i++) {
        filter_near_offer(&near, bare_words[i].name);
    }
    filter_fail(parser, start, XSW_INVALID, "there is no term \"%.40s\"%s; see xsw-filter(7)", name,
                near.text);
}

void filter_term_read(struct filter_parser *parser, struct filter_test *test)
{
    size_t start = parser->token.start;
    char name[32];
    snprintf(name, sizeof(name), "%.31s", parser->token.text);
    bool is_short = strlen(parser->token.text) < sizeof(name);
    const struct filter_term *term = is_short ? term_find(name) : NULL;
    filter_token_next(parser);
    bool is_compared = parser->token.kind == TOKEN_COMPARE || parser->token.kind == TOKEN_IN;
    if (is_short && strcmp(name, "pcap") == 0) {
        pcap_read(parser, test);
    } else if (!is_compared && is_short && bare_word_read(parser, name, test)) {
        return;
    } else if (term != NULL) {
        comparison_read(parser, term, test);
    } else {
        term_unknown(parser, start, name);
    }
}
