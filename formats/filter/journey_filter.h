/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_JOURNEY_FILTER_H
#define XSW_JOURNEY_FILTER_H

/*
 * The metadata expression of xsw-filter(7): which journeys somebody wants, by how they ended,
 * where, why, by whose rule, how long they took. Capture asks it at the end of a journey, the
 * analyzer when it has read the last record of one; both fill the same facts.
 *
 * An expression is compiled once to a small program: tests, each of which says which test is next
 * when it is true and when it is false. Every jump leads forward, so that a program ends after at
 * most as many steps as it has tests; it is immutable, and evaluated without allocation.
 *
 * Threads: compile on one; a compiled filter may be used by any number of them at once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

enum {
    JOURNEY_FILTER_TEXT_MAX = 4095, /* bytes of an expression */
    JOURNEY_FILTER_DEPTH_MAX = 32,  /* parentheses and `not` in each other */
    JOURNEY_FILTER_TESTS_MAX = 256,
    JOURNEY_FILTER_VALUES_MAX = 1024,
    JOURNEY_FILTER_PCAPS_MAX = 8,
    FACTS_SET_MAX = 32 /* rules, and stages, of one journey that are told apart */
};

enum facts_outcome { FACTS_UNFINISHED, FACTS_DELIVERED, FACTS_DROPPED, FACTS_REPLACED };

enum facts_origin { FACTS_RECEIVED, FACTS_FLOOD, FACTS_MIRROR, FACTS_CLONE, FACTS_INJECTED };

/* struct journey_facts.flags */
enum {
    FACTS_CHANGED = 1,    /* any byte was changed on the way */
    FACTS_UNDECLARED = 2, /* by an extension that does not declare it */
    FACTS_HELD = 4        /* kept on the way, by an extension or for want of bandwidth */
};

/* What a stage did to a journey: struct journey_facts.stage_deeds. It is there too when it ended
 * the journey, or decided by a rule, and did none of these. */
enum { FACTS_DID_MAKE = 1, FACTS_DID_CHANGE = 2, FACTS_DID_HOLD = 4 };

enum { FACTS_PORT_UNKNOWN = UINT32_MAX };

/* What is known of one journey at its end. Ports, stages and reasons are numbers; what they are
 * called is known when an expression is compiled. A port's number may carry more than its id in its
 * upper 16 bits, as the names of struct journey_names do. */
struct journey_facts {
    uint64_t packet_id;
    uint64_t parent_id;  /* 0: none */
    uint64_t latency_ns; /* from when it, or what it was copied from, came in, to its end */
    uint32_t length;     /* of the frame when the journey began */
    uint32_t source_port, destination_port; /* FACTS_PORT_UNKNOWN: there is none, or not told */
    uint32_t end_rule;                      /* by which it was dropped, 0: by none */
    uint16_t reason;                        /* of a drop */
    uint16_t stage;                         /* where it ended; not when unfinished */
    uint16_t vlan;                          /* that the ingress policy assigned, 0: none */
    uint8_t outcome;                        /* enum facts_outcome */
    uint8_t origin;                         /* enum facts_origin */
    uint8_t flags;
    uint8_t pcap_matches; /* bit n: journey_filter_bytes() */
    uint16_t rule_count, stage_count;
    uint32_t rules[FACTS_SET_MAX];  /* that decided about it, at any stage */
    uint16_t stages[FACTS_SET_MAX]; /* that made, changed, held or ended it, or decided by a rule */
    uint8_t stage_deeds[FACTS_SET_MAX]; /* of each, FACTS_DID_* */
};

/* Adds to a set; what is there already, and what finds no place, is left out. The deeds of a stage
 * join those that are known of it. */
void facts_add_rule(struct journey_facts *facts, uint32_t rule);
void facts_add_stage(struct journey_facts *facts, uint16_t stage, uint8_t deeds);

enum journey_name {
    JOURNEY_NAME_REASON,
    JOURNEY_NAME_STAGE,
    JOURNEY_NAME_EXTENSION,
    JOURNEY_NAME_PORT
};

/* The names that an expression may use: of a live switch, or of a recording. */
struct journey_names {
    /* The entry number `index` of a kind, counted from 0, and its value in the facts (of an
     * extension: a stage of it, so that one name may have several entries). Null behind the last.
     */
    const char *(*at)(const void *context, enum journey_name kind, size_t index, uint32_t *value);
    const void *context;
    bool is_lenient; /* a name that is not there is no error: nothing has it */
    bool is_bounded; /* of somebody who is not trusted: see formats/filter/pcap_words.h */
};

struct journey_filter;

/* `column` is where an error is, counted in bytes from 1; the error's text begins with it. An empty
 * expression is an error. */
enum xsw_status journey_filter_compile(const char *text, const struct journey_names *names,
                                       struct journey_filter **filter, size_t *column,
                                       struct xsw_error *error) XSW_MUST_CHECK;
void journey_filter_destroy(struct journey_filter *filter); /* accepts null */
/* Whether both were compiled to the same program. */
bool journey_filter_is_same(const struct journey_filter *filter,
                            const struct journey_filter *other);

/* Whether it asks what happened on the way: else flags, rules and stages need not be filled in. */
bool journey_filter_needs_history(const struct journey_filter *filter);
/* Whether the expression looks at bytes: then `pcap_matches` is to be filled in. */
bool journey_filter_needs_bytes(const struct journey_filter *filter);
/* `bytes`: of the frame as the journey began, `captured` of `length`. */
uint8_t journey_filter_bytes(const struct journey_filter *filter, const uint8_t *bytes,
                             uint32_t length, uint32_t captured);
bool journey_filter_matches(const struct journey_filter *filter, const struct journey_facts *facts);
/* Of packets to which nothing happened on their way: whether it may be true for one of them, when
 * outcome, reason, stage, latency and flags are these, and all else is not known. False: for none,
 * whatever else they are. So what all packets of a batch have in common is asked once. */
bool journey_filter_may_match(const struct journey_filter *filter,
                              const struct journey_facts *facts);

/* Journeys that have all facts in common but their packet and parent ids, latency and length, which
 * lie between these two, and their bytes, of which nothing is known. */
struct journey_range {
    struct journey_facts low, high;
};

/* False: it is true for none of them. */
bool journey_filter_may_match_range(const struct journey_filter *filter,
                                    const struct journey_range *range);

#endif
