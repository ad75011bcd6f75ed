/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of a proof: the books of the stages, and what the switch counted against what the
 * file shows. */
#include "analyzer/proof_lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/words.h"

struct stage_place {
    uint16_t id;
    uint16_t order;
    const struct account_stage *stage;
};

static int stage_place_compare(const void *left, const void *right)
{
    const struct stage_place *a = left;
    const struct stage_place *b = right;
    if (a->order != b->order) {
        return a->order < b->order ? -1 : 1;
    }
    return a->id < b->id ? -1 : a->id > b->id;
}

static void stage_line(struct proof_builder *builder, const struct stage_place *place)
{
    const struct account_stage *stage = place->stage;
    struct dictionary_name name;
    uint64_t left = account_sum(account_sum(stage->in, stage->clones),
                                account_sum(stage->injected, stage->released));
    uint64_t right = account_sum(account_sum(stage->out, stage->dropped),
                                 account_sum(stage->consumed, stage->held));
    proof_line_begin(builder, proof_state_of(left, right), proof_difference(left, right),
                     "stage %s", dictionary_stage(builder->context->dictionary, place->id, &name));
    proof_say_number(builder, "in", stage->in);
    proof_say_term(builder, "copies", stage->clones);
    proof_say_term(builder, "injected", stage->injected);
    proof_say_term(builder, "released", stage->released);
    proof_say_number(builder, " = out", stage->out);
    proof_say_term(builder, "dropped", stage->dropped);
    proof_say_term(builder, "replaced", stage->consumed);
    proof_say_term(builder, "held", stage->held);
    proof_say_residue(builder, left, right, "packet");
}

static void link_line(struct proof_builder *builder, const struct stage_place *from,
                      const struct stage_place *to)
{
    const struct dictionary *dictionary = builder->context->dictionary;
    struct dictionary_name name;
    uint64_t out = from->stage->out;
    uint64_t in = to->stage->in;
    if (out == in) {
        return;
    }
    bool is_explained = builder->context->pipeline_was_changed;
    proof_line_begin(builder, is_explained ? PROOF_UNKNOWN : PROOF_FAILS, proof_difference(out, in),
                     "between stages");
    proof_say_number(builder, "out of", out);
    proof_say(builder, " (%s)", dictionary_stage(dictionary, from->id, &name));
    proof_say_number(builder, " = in of", in);
    proof_say(builder, " (%s)", dictionary_stage(dictionary, to->id, &name));
    proof_say_residue(builder, out, in, "packet");
    if (is_explained) {
        proof_say(builder, "; stages came or went during the session");
    }
}

/* One number of the switch against the files. They are equal when nothing was lost and nothing left
 * out on purpose: by the filter, or behind the limit of the recording. */
struct comparison {
    uint64_t held; /* packets that somebody still held at the end: their journeys have not ended */
    uint64_t absent; /* packets of the switch that the files do not show, summed up */
    uint64_t lost, filtered, past_limit;
    bool is_evicted;
};

static bool comparison_is_complete(const struct comparison *comparison)
{
    return (comparison->lost | comparison->filtered | comparison->past_limit) == 0 &&
           !comparison->is_evicted;
}

/* What became of packets that the files do not show. */
static void absent_say(struct proof_builder *builder, const struct comparison *comparison,
                       uint64_t absent, bool is_unknown)
{
    struct words words;
    words_number(absent, &words);
    if (is_unknown) {
        proof_say(builder, ": %s among the lost", words.text);
    } else if (comparison->past_limit == 0) {
        proof_say(builder, ": %s did not match the filter", words.text);
    } else {
        proof_say(builder, ": %s came after the limit%s", words.text,
                  comparison->filtered == 0 ? "" : " or did not match the filter");
    }
}

__attribute__((format(printf, 5, 6))) static void
compare_line(struct proof_builder *builder, struct comparison *comparison, uint64_t by_switch,
             uint64_t in_files, const char *format, ...)
{
    char subject[80];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(subject, sizeof(subject), format, arguments);
    va_end(arguments);
    enum proof_state state = PROOF_HOLDS;
    bool is_held = in_files < by_switch && by_switch - in_files <= comparison->held &&
                   comparison_is_complete(comparison);
    if (is_held) {
        state = PROOF_HOLDS;
    } else if (in_files > by_switch ||
               (in_files < by_switch && comparison_is_complete(comparison))) {
        state = PROOF_FAILS;
    } else if (in_files < by_switch && (comparison->lost != 0 || comparison->is_evicted)) {
        state = PROOF_UNKNOWN;
    }
    proof_line_begin(builder, state, proof_difference(by_switch, in_files), "%s", subject);
    proof_say_number(builder, "switch", by_switch);
    proof_say_number(builder, in_files == by_switch ? " = file" : ", file", in_files);
    if (in_files == by_switch) {
        return;
    }
    if (is_held) {
        struct words words;
        proof_say(builder, ": %s still held at the end",
                  words_number(by_switch - in_files, &words));
    } else if (state == PROOF_FAILS) {
        proof_say_residue(builder, by_switch, in_files, "packet");
    } else {
        absent_say(builder, comparison, by_switch - in_files, state == PROOF_UNKNOWN);
    }
}

static void drop_lines(struct proof_builder *builder, struct comparison *comparison)
{
    const struct account *account = builder->account;
    const struct dictionary *dictionary = builder->context->dictionary;
    for (size_t i = 0; i < account->drops.count; i++) {
        const struct account_drop_key *key = table_key(&account->drops, i);
        const struct account_drop *drop = table_value(&account->drops, i);
        struct dictionary_name stage;
        struct dictionary_name reason;
        if (drop->by_switch == 0 && drop->in_files == 0) {
            continue;
        }
        compare_line(builder, comparison, drop->by_switch, drop->in_files, "dropped at %s: %s",
                     dictionary_stage(dictionary, key->stage, &stage),
                     dictionary_reason(dictionary, key->reason, &reason));
        if (drop->by_switch > drop->in_files) {
            comparison->absent = account_sum(comparison->absent, drop->by_switch - drop->in_files);
        }
    }
}

static struct account_stage stages_sum(const struct account *account)
{
    struct account_stage sum = {0};
    for (size_t i = 0; i < account->stages.count; i++) {
        const struct account_stage *stage = table_value(&account->stages, i);
        sum.clones = account_sum(sum.clones, stage->clones);
        sum.injected = account_sum(sum.injected, stage->injected);
        sum.consumed = account_sum(sum.consumed, stage->consumed);
        sum.held = account_sum(sum.held, stage->held);
        sum.released = account_sum(sum.released, stage->released);
    }
    return sum;
}

static void compare_lines(struct proof_builder *builder, const struct stage_place *places,
                          size_t count)
{
    const struct account *account = builder->account;
    const struct account_file *file = &account->file;
    struct comparison comparison = {.lost = account_lost(account),
                                    .filtered = account_workers_sum(account).filtered,
                                    .past_limit = account_past_limit(account),
                                    .is_evicted = file->evicted != 0};
    struct account_stage sum = stages_sum(account);
    uint64_t made = file->copies_other + file->injected;
    uint64_t delivered = places[count - 1].stage->out;
    comparison.held = sum.held > sum.released ? sum.held - sum.released : 0;
    compare_line(builder, &comparison, places[0].stage->in, file->received, "received");
    compare_line(builder, &comparison, sum.clones, file->copies_flood + file->copies_mirror,
                 "copies made");
    if (sum.injected != 0 || made != 0) {
        compare_line(builder, &comparison, sum.injected, made, "made by extensions");
    }
    comparison.held = 0; /* the rest is about ends */
    compare_line(builder, &comparison, delivered, file->delivered, "delivered");
    if (sum.consumed != 0 || file->consumed != 0) {
        compare_line(builder, &comparison, sum.consumed, file->consumed, "replaced by clones");
    }
    drop_lines(builder, &comparison);
    if (sum.consumed > file->consumed) {
        comparison.absent = account_sum(comparison.absent, sum.consumed - file->consumed);
    }
    if (delivered > file->delivered) {
        comparison.absent = account_sum(comparison.absent, delivered - file->delivered);
    }
    if (comparison_is_complete(&comparison) || comparison.is_evicted) {
        return;
    }
    uint64_t allowed = account_sum(comparison.lost, comparison.filtered);
    allowed = account_sum(allowed, comparison.past_limit);
    enum proof_state state = comparison.absent <= allowed ? PROOF_HOLDS : PROOF_FAILS;
    proof_line_begin(builder, state, state == PROOF_HOLDS ? 0 : comparison.absent - allowed,
                     "not in the file");
    proof_say_number(builder, "ends of packets", comparison.absent);
    proof_say_number(builder, state == PROOF_HOLDS ? " <= filtered" : " is more than filtered",
                     comparison.filtered);
    proof_say_term(builder, "lost", comparison.lost);
    proof_say_term(builder, "past the limit", comparison.past_limit);
}

void proof_stages_build(struct proof_builder *builder)
{
    const struct account *account = builder->account;
    size_t count = account->stages.count;
    struct stage_place *places = calloc(count + 1, sizeof(*places));
    if (places == NULL) {
        builder->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint16_t id = *(const uint16_t *)table_key(&account->stages, i);
        places[i] =
            (struct stage_place){id, dictionary_stage_order(builder->context->dictionary, id),
                                 table_value(&account->stages, i)};
    }
    qsort(places, count, sizeof(*places), stage_place_compare);
    size_t chained = 0;
    for (size_t i = 0; i < count; i++) {
        stage_line(builder, &places[i]);
        chained += places[i].order != STAGE_ORDER_NONE;
    }
    size_t failures = builder->proof->count;
    for (size_t i = 1; i < chained; i++) {
        link_line(builder, &places[i - 1], &places[i]);
    }
    if (chained > 1 && failures == builder->proof->count) {
        proof_line_begin(builder, PROOF_HOLDS, 0, "between stages");
        proof_say(builder, "out of each stage = in of the next");
    }
    struct account_span span = account_span(account);
    if (chained != 0 && span.is_whole) {
        compare_lines(builder, places, chained);
    } else if (!span.is_whole) {
        /* The switch's counters are those of the whole recording, and stand in its last file. */
        proof_line_begin(builder, PROOF_HOLDS, 0, "the switch");
        proof_say(builder, "not compared: its counters are those of all files of the recording");
    } else {
        proof_line_begin(builder, PROOF_UNKNOWN, 0, "the switch");
        proof_say(builder, "the end account has no counters of the stages");
    }
    free(places);
}
