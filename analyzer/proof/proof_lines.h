/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_PROOF_LINES_H
#define XSW_ANALYZER_PROOF_LINES_H

/* How the lines of a proof are written: for proof.c, proof_capture.c and proof_stages.c alone.
 * Threads: one. */

#include <stdbool.h>

#include "analyzer/proof/proof.h"

/* When memory runs out the spare line takes what is said, and the build fails at its end. */
struct proof_builder {
    struct proof *proof;
    const struct proof_context *context;
    const struct account *account;
    struct proof_line spare;
    struct proof_line *line; /* the one that is being written */
    bool out_of_memory;
};

/* A new line; `format` is its subject. */
void proof_line_begin(struct proof_builder *builder, enum proof_state state, uint64_t residue,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The parts of its text: anything; "name 12"; " + name 12", left out when it is 0; ": 3 packets
 * missing", left out when both sides are equal. */
void proof_say(struct proof_builder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void proof_say_number(struct proof_builder *builder, const char *name, uint64_t number);
void proof_say_term(struct proof_builder *builder, const char *name, uint64_t number);
void proof_say_residue(struct proof_builder *builder, uint64_t left, uint64_t right,
                       const char *noun);

enum proof_state proof_state_of(uint64_t left, uint64_t right); /* holds or fails */
uint64_t proof_difference(uint64_t a, uint64_t b);

/* A stage with its account, in the order of the pipeline. */
struct proof_stage {
    uint16_t id;
    uint16_t order;
    const struct account_stage *stage;
};

/* What became of the journeys, by worker; and by the stage at which they ended. `chained` of the
 * stages are in the pipeline, and the last of these delivers (proof_capture.c). */
void proof_workers_build(struct proof_builder *builder);
void proof_journeys_build(struct proof_builder *builder, const struct proof_stage *places,
                          size_t count, size_t chained);
/* The lines of the stages, and of the file against the switch (proof_stages.c). */
void proof_stages_build(struct proof_builder *builder);

#endif
