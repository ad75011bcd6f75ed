/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_PROOF_H
#define XSW_ANALYZER_PROOF_H

/*
 * Does it add up? Each line of a proof is one equation between numbers that were counted in
 * different places: by the workers, by the stages, by the recorder, and by the analyzer in the
 * file. A line holds, fails, or is unknown; what was lost or is missing makes it unknown, and a
 * difference that no loss explains makes it fail.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/books/account.h"
#include "analyzer/journey/dictionary.h"

enum proof_state { PROOF_HOLDS, PROOF_UNKNOWN, PROOF_FAILS };

struct proof_line {
    enum proof_state state;
    char subject[80]; /* "stage ingress-policy" */
    char text[320];   /* the equation with its numbers, and the residue */
    uint64_t residue; /* packets or journeys that are missing or too many */
};

struct proof {
    struct proof_line *lines;
    size_t count;
    size_t capacity;
    size_t counts[3]; /* lines by state */
};

struct proof_context {
    const struct account *account;
    const struct dictionary *dictionary;
    const char *missing;       /* why there is no summary: "the file is torn" …; only then used */
    bool pipeline_was_changed; /* stages came or went during the session */
    uint64_t left_out;         /* records of the files that are of no session */
};

/* Adds the lines of one session. Fini also after a failure. */
enum xsw_status proof_build(struct proof *proof, const struct proof_context *context,
                            struct xsw_error *error) XSW_MUST_CHECK;
void proof_fini(struct proof *proof);

/* The worst line: fails before unknown before holds. */
enum proof_state proof_state(const struct proof *proof);
const char *proof_state_name(enum proof_state state); /* "holds", "unknown", "fails" */

#endif
