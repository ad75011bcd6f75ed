/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CERTIFY_FINDINGS_H
#define XSW_CERTIFY_FINDINGS_H

/*
 * What a trial has found. It lies in memory that the child shares with the kit, so that all that
 * was found before a crash is there after it, and what was running too. The extension lives in the
 * same child and may have scribbled over it: the kit believes nothing in it that it has not bounded
 * (findings_collect).
 *
 * Threads: one, but for an extension that starts some, which knows nothing of it.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "certify/certify.h"

struct rule_findings {
    uint64_t times;
    uint32_t evidence_count;
    bool is_skipped; /* not applicable in this trial: `evidence[0]` says why */
    char evidence[CERTIFY_EVIDENCE_MAX][CERTIFY_TEXT_SIZE];
};

enum { DOING_SIZE = 160 };

struct findings {
    struct rule_findings rules[RULE_COUNT];
    char doing[DOING_SIZE];          /* which code of the extension is running; empty: none */
    char problem[CERTIFY_TEXT_SIZE]; /* why the trial could not be made */
    char name[32], version[32];
    uint32_t kind;
    bool is_hopeless;  /* what was found makes further trials pointless */
    bool is_cut_short; /* the trial could not look at the rest of what it judges */
    bool is_finished;  /* the trial came to its end */
};

struct findings *findings_create(void); /* null without memory */
void findings_destroy(struct findings *findings);

/* A rule is broken. The first few texts of a rule are kept, all are counted. */
void findings_add(struct findings *findings, enum certify_rule rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The rule has nothing to say about this extension. */
void findings_skip(struct findings *findings, enum certify_rule rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The trial cannot be made. */
void findings_problem(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool findings_is_broken(const struct findings *findings, enum certify_rule rule);
/* Whether any rule is. */
bool findings_any(const struct findings *findings);

/* Adds what a trial found about a rule to the result. For the kit, when the child has ended. */
void findings_collect(const struct findings *findings, enum certify_rule rule,
                      struct certify_result *result);

#endif
