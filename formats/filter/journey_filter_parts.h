/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_JOURNEY_FILTER_PARTS_H
#define XSW_JOURNEY_FILTER_PARTS_H

/*
 * What the sources of the metadata expression share: journey_filter_parse.c makes a tree of the
 * text, journey_filter_terms.c knows the terms, journey_filter_values.c reads their values,
 * journey_filter.c turns the tree into the program, journey_filter_run.c runs that,
 * and journey_filter_reach.c runs it over facts of which only some are known.
 *
 * Threads: as in journey_filter.h.
 */

#include <pcap/pcap.h>

#include "formats/filter/journey_filter.h"

enum fact {
    FACT_OUTCOME,
    FACT_REASON,
    FACT_END_RULE,
    FACT_STAGE,
    FACT_EXTENSION,
    FACT_MADE_AT,
    FACT_CHANGED_AT,
    FACT_HELD_AT,
    FACT_RULE,
    FACT_PORT,
    FACT_SOURCE,
    FACT_DESTINATION,
    FACT_LATENCY,
    FACT_ORIGIN,
    FACT_PACKET,
    FACT_PARENT,
    FACT_VLAN,
    FACT_LENGTH,
    FACT_FLAGS, /* compared with a set of FACTS_* flags: has any of them */
    FACT_PCAP   /* compared with the number of a pcap filter: it matched */
};

enum compare { COMPARE_IS, COMPARE_IS_NOT, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };

struct filter_value {
    uint64_t value, mask; /* what of a fact is compared */
};

enum { TEST_ACCEPT = JOURNEY_FILTER_TESTS_MAX, TEST_REJECT = JOURNEY_FILTER_TESTS_MAX + 1 };

struct filter_test {
    uint8_t fact, compare;
    uint16_t value_first, value_count;
    uint16_t on_true, on_false; /* the next test, or TEST_* */
};

struct journey_filter {
    uint16_t entry;
    uint16_t value_count;
    uint16_t pcap_count;
    bool needs_history;
    struct filter_test tests[JOURNEY_FILTER_TESTS_MAX]; /* from the end of the array */
    struct filter_value values[JOURNEY_FILTER_VALUES_MAX];
    struct bpf_program pcaps[JOURNEY_FILTER_PCAPS_MAX];
};

enum node_kind { NODE_TEST, NODE_AND, NODE_OR, NODE_NOT };

struct filter_node {
    uint8_t kind;
    uint16_t left, right;
    struct filter_test test;
};

enum { NODES_MAX = 1024, NODE_NONE = UINT16_MAX };

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_STRING,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_COMPARE,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_NOT,
    TOKEN_IN
};

struct token {
    enum token_kind kind;
    uint8_t compare;                        /* of TOKEN_COMPARE */
    size_t start;                           /* in the text */
    char text[JOURNEY_FILTER_TEXT_MAX + 1]; /* without quotes and escapes */
};

struct filter_parser {
    const char *text;
    size_t next; /* first byte behind the token */
    struct token token;
    const struct journey_names *names;
    struct journey_filter *filter;
    struct filter_node nodes[NODES_MAX];
    uint16_t node_count;
    uint16_t test_count;
    uint16_t depth;
    enum xsw_status status;
    size_t column;
    struct xsw_error *error;
};

enum term_type { TYPE_NUMBER, TYPE_DURATION, TYPE_WORD, TYPE_NAME };

struct filter_word {
    const char *word;
    uint8_t value;
};

struct filter_term {
    const char *name;
    uint8_t fact, type;
    uint8_t kind;                    /* enum journey_name, of TYPE_NAME */
    const struct filter_word *words; /* of TYPE_WORD; ended by an empty one */
    uint64_t maximum;                /* of TYPE_NUMBER, or of the number in place of a name */
};

enum { NEAR_MAX = 3, NEAR_LENGTH = 63 };

/* Names that are nearly the one that was asked for; none offered: text is empty. */
struct near_names {
    const char *asked;
    char text[NEAR_MAX * (NEAR_LENGTH + 8)];
    size_t length;
    unsigned count;
};

/* The root of the tree; NODE_NONE when `status` tells an error. */
uint16_t filter_parse(struct filter_parser *parser);

/* The error at a place of the text; the first one counts. */
void filter_fail(struct filter_parser *parser, size_t place, enum xsw_status status,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));
void filter_token_next(struct filter_parser *parser);
/* What the token is, for an error. */
const char *filter_token_name(const struct token *token);

/* Reads a term: what stands where a condition is expected and is no parenthesis. */
void filter_term_read(struct filter_parser *parser, struct filter_test *test);
/* Reads one value of a term, the current token, and steps behind it. */
void filter_value_read(struct filter_parser *parser, const struct filter_term *term);

/* What one test says of the facts. */
bool filter_test_run(const struct journey_filter *filter, const struct filter_test *test,
                     const struct journey_facts *facts);

void filter_value_add(struct filter_parser *parser, uint64_t value, uint64_t mask);
void filter_near_offer(struct near_names *near, const char *name);

#endif
