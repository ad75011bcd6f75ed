/* SPDX-License-Identifier: Apache-2.0 */
/* The first part of a proof: of each worker, and of each stage at which journeys ended, what became
 * of all that the capture was offered. */
#include "analyzer/proof/proof_lines.h"

#include <stdio.h>

#include "analyzer/report/words.h"

/* The equation of some journeys, as a line whose subject is `subject`. */
static void journeys_line(struct proof_builder *builder, const char *subject,
                          const struct account_worker *journeys)
{
    struct words words;
    uint64_t sum = account_sum(journeys->written, journeys->filtered);
    sum = account_sum(sum, account_sum(journeys->sampled, account_worker_lost(journeys)));
    proof_line_begin(builder, proof_state_of(journeys->offered, sum),
                     proof_difference(journeys->offered, sum), "%s", subject);
    proof_say_number(builder, "offered", journeys->offered);
    proof_say_number(builder, " = written", journeys->written);
    proof_say_term(builder, "filtered", journeys->filtered);
    if (journeys->unwanted != 0) {
        proof_say(builder, " (%s at their end)", words_number(journeys->unwanted, &words));
    }
    proof_say_term(builder, "sampled out", journeys->sampled);
    for (unsigned cause = 1; cause < META_LOSS_COUNT; cause++) {
        char name[40];
        snprintf(name, sizeof(name), "lost (%s)", meta_loss_name(cause));
        proof_say_term(builder, name, journeys->lost[cause]);
    }
    proof_say_term(builder, "lost (other causes)", journeys->lost[0]);
    proof_say_residue(builder, journeys->offered, sum, "journey");
}

void proof_workers_build(struct proof_builder *builder)
{
    const struct account *account = builder->account;
    for (size_t i = 0; i < account->workers.count; i++) {
        char subject[80];
        snprintf(subject, sizeof(subject), "capture, worker %u",
                 *(const uint32_t *)table_key(&account->workers, i));
        journeys_line(builder, subject, table_value(&account->workers, i));
    }
}

/* Capture was offered each packet that ended there, as the stage itself counted them. */
static void ends_line(struct proof_builder *builder, const struct proof_stage *place, bool is_last)
{
    const struct account_stage *stage = place->stage;
    struct dictionary_name name;
    uint64_t ended = account_sum(stage->dropped, stage->consumed);
    ended = account_sum(ended, is_last ? stage->out : 0);
    if (stage->journeys.offered == ended) {
        return;
    }
    proof_line_begin(builder, PROOF_FAILS, proof_difference(stage->journeys.offered, ended),
                     "capture, ends");
    proof_say(builder, "at %s", dictionary_stage(builder->context->dictionary, place->id, &name));
    proof_say_number(builder, " capture was offered", stage->journeys.offered);
    proof_say_number(builder, ", the switch dropped", stage->dropped);
    proof_say_term(builder, "replaced", stage->consumed);
    proof_say_term(builder, "delivered", is_last ? stage->out : 0);
    proof_say_residue(builder, ended, stage->journeys.offered, "journey");
}

/* What the stages tell is the same journeys as what the workers tell. */
static void sum_line(struct proof_builder *builder)
{
    struct account_worker workers = account_workers_sum(builder->account);
    struct account_worker stages = account_stages_sum(builder->account);
    bool is_same = workers.written == stages.written && workers.filtered == stages.filtered &&
                   workers.sampled == stages.sampled &&
                   account_worker_lost(&workers) == account_worker_lost(&stages);
    enum proof_state state =
        is_same ? proof_state_of(workers.offered, stages.offered) : PROOF_FAILS;
    proof_line_begin(builder, state, proof_difference(workers.offered, stages.offered),
                     "capture, stages");
    proof_say_number(builder, "offered by the workers", workers.offered);
    proof_say_number(builder, state == PROOF_HOLDS ? " = at the stages" : ", at the stages",
                     stages.offered);
    if (!is_same) {
        proof_say(builder, ": written, left out and lost are not the same");
    }
}

void proof_journeys_build(struct proof_builder *builder, const struct proof_stage *places,
                          size_t count, size_t chained)
{
    struct dictionary_name name;
    bool has_any = false;
    for (size_t i = 0; i < count; i++) {
        has_any = has_any || places[i].stage->has_journeys;
    }
    if (!has_any) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (places[i].stage->has_journeys) {
            char subject[80];
            snprintf(subject, sizeof(subject), "capture, at %.60s",
                     dictionary_stage(builder->context->dictionary, places[i].id, &name));
            journeys_line(builder, subject, &places[i].stage->journeys);
        }
    }
    /* The stages' accounts are those of the whole recording, and stand in its last file. */
    if (!account_span(builder->account).is_whole) {
        return;
    }
    sum_line(builder);
    size_t before = builder->proof->count;
    for (size_t i = 0; i < count; i++) {
        ends_line(builder, &places[i], i + 1 == chained);
    }
    if (before == builder->proof->count) {
        proof_line_begin(builder, PROOF_HOLDS, 0, "capture, ends");
        proof_say(builder, "offered at each stage = dropped, replaced or delivered there");
    }
}
