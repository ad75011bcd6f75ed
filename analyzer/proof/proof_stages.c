/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of a proof: the books of the stages, and what the switch counted against what the
 * file shows. */
#include "analyzer/proof/proof_lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/report/words.h"

static int stage_place_compare(const void *left, const void *right)
{
    const struct proof_stage *a = left;
    const struct proof_stage *b = right;
    if (a->order != b->order) {
        return a->order < b->order ? -1 : 1;
    }
    return a->id < b->id ? -1 : a->id > b->id;
}

static void stage_line(struct proof_builder *builder, const struct proof_stage *place)
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

static void link_line(struct proof_builder *builder, const struct proof_stage *from,
                      const struct proof_stage *to)
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
 * out on purpose: by a rule of the capture, or behind the limit of the recording. */
struct comparison {
    uint64_t held; /* packets that somebody still held at the end: their journeys have not ended */
    uint64_t lost;
    uint64_t filtered; /* by the filter, by any other rule, or not in the sample */
    uint64_t past_limit;
    bool is_at_stage; /* these three are of the packets that ended at one stage */
    bool is_evicted;
    bool is_limited; /* of some journeys there are records at some stages only */
    bool is_vague;   /* nobody knows exactly how many are missing */
};

static uint64_t comparison_bound(const struct comparison *comparison)
{
    return account_sum(account_sum(comparison->lost, comparison->filtered), comparison->past_limit);
}

static bool comparison_is_complete(const struct comparison *comparison)
{
    return comparison_bound(comparison) == 0 && !comparison->is_evicted && !comparison->is_limited;
}

static struct comparison comparison_make(const struct account *account)
{
    struct account_worker workers = account_workers_sum(account);
    const uint64_t *recorder_lost = account->recorder_lost;
    return (struct comparison){.lost = account_lost(account),
                               .filtered = account_sum(workers.filtered, workers.sampled),
                               .past_limit = account_past_limit(account),
                               .is_evicted = account->file.evicted != 0,
                               .is_limited = account->is_limited,
                               .is_vague =
                                   (recorder_lost[META_LOSS_READER] | recorder_lost[0]) != 0 ||
                                   account_lost_in_band(account) > account_lost_at_end(account)};
}

/* Of the packets that ended at the stage. Of those that the recorder lost it is not known where
 * they ended. */
static struct comparison comparison_at(const struct account *account, const struct comparison *all,
                                       uint16_t stage_id)
{
    const struct account_stage *stage = table_find(&account->stages, &stage_id);
    struct comparison at = *all;
    if (stage == NULL || account_stages_sum(account).offered == 0) {
        return at; /* the account does not tell */
    }
    uint64_t by_recorder = account_sum(account->recorder_lost[META_LOSS_DISK],
                                       account->recorder_lost[META_LOSS_READER]);
    by_recorder = account_sum(by_recorder, account->recorder_lost[0]);
    at.lost = account_sum(account_worker_lost(&stage->journeys), by_recorder);
    at.filtered = account_sum(stage->journeys.filtered, stage->journeys.sampled);
    at.is_at_stage = true;
    return at;
}

static enum proof_state comparison_judge(const struct comparison *comparison, uint64_t by_switch,
                                         uint64_t in_files)
{
    if (in_files == by_switch) {
        return PROOF_HOLDS;
    }
    if (in_files > by_switch) {
        return PROOF_FAILS;
    }
    uint64_t missing = by_switch - in_files;
    if (comparison_is_complete(comparison)) {
        return missing <= comparison->held ? PROOF_HOLDS : PROOF_FAILS;
    }
    if (comparison->is_evicted || comparison->is_limited || comparison->is_vague) {
        return PROOF_UNKNOWN;
    }
    if (missing > account_sum(comparison_bound(comparison), comparison->held)) {
        return PROOF_FAILS;
    }
    return comparison->lost != 0 ? PROOF_UNKNOWN : PROOF_HOLDS;
}

/* What may have become of packets that the files do not show. */
static void lost_say(struct proof_builder *builder, const struct comparison *comparison,
                     uint64_t missing)
{
    struct words words;
    struct words lost;
    bool is_all = (comparison->filtered | comparison->past_limit | comparison->held) == 0;
    uint64_t most = missing < comparison->lost ? missing : comparison->lost;
    if (comparison->is_limited) {
        proof_say(builder, ": of %s no record was wanted", words_number(missing, &words));
    } else if (comparison->lost == 0) {
        proof_say(builder, ": %s given up, too many were open at once",
                  words_number(missing, &words));
    } else {
        proof_say(builder, ": %s%s of the %s lost%s", is_all ? "" : "at most ",
                  words_number(most, &words), words_number(comparison->lost, &lost),
                  comparison->is_at_stage ? " there" : "");
    }
}

static void left_out_say(struct proof_builder *builder, const struct comparison *comparison,
                         uint64_t missing)
{
    struct words words;
    words_number(missing, &words);
    if (comparison->past_limit == 0) {
        proof_say(builder, ": %s not wanted by the rules of the capture", words.text);
    } else {
        proof_say(builder, ": %s came after the limit%s", words.text,
                  comparison->filtered == 0 ? "" : " or were not wanted");
    }
}

__attribute__((format(printf, 5, 6))) static void
compare_line(struct proof_builder *builder, const struct comparison *comparison, uint64_t by_switch,
             uint64_t in_files, const char *format, ...)
{
    char subject[80];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(subject, sizeof(subject), format, arguments);
    va_end(arguments);
    enum proof_state state = comparison_judge(comparison, by_switch, in_files);
    proof_line_begin(builder, state, proof_difference(by_switch, in_files), "%s", subject);
    proof_say_number(builder, "switch", by_switch);
    proof_say_number(builder, in_files == by_switch ? " = file" : ", file", in_files);
    if (in_files == by_switch) {
        return;
    }
    if (state == PROOF_FAILS) {
        proof_say_residue(builder, by_switch, in_files, "packet");
    } else if (state == PROOF_UNKNOWN) {
        lost_say(builder, comparison, by_switch - in_files);
    } else if (comparison_is_complete(comparison)) {
        struct words words;
        proof_say(builder, ": %s still held at the end",
                  words_number(by_switch - in_files, &words));
    } else {
        left_out_say(builder, comparison, by_switch - in_files);
    }
}

/* Returns how many ends of packets are not in the files. */
static uint64_t drop_lines(struct proof_builder *builder, const struct comparison *all)
{
    const struct account *account = builder->account;
    const struct dictionary *dictionary = builder->context->dictionary;
    uint64_t absent = 0;
    for (size_t i = 0; i < account->drops.count; i++) {
        const struct account_drop_key *key = table_key(&account->drops, i);
        const struct account_drop *drop = table_value(&account->drops, i);
        struct dictionary_name stage;
        struct dictionary_name reason;
        if (drop->by_switch == 0 && drop->in_files == 0) {
            continue;
        }
        struct comparison there = comparison_at(account, all, key->stage);
        compare_line(builder, &there, drop->by_switch, drop->in_files, "dropped at %s: %s",
                     dictionary_stage(dictionary, key->stage, &stage),
                     dictionary_reason(dictionary, key->reason, &reason));
        if (drop->by_switch > drop->in_files) {
            absent = account_sum(absent, drop->by_switch - drop->in_files);
        }
    }
    return absent;
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

/* What is missing is what was left out or lost: all of it, neither more nor less, unless a journey
 * that the disk lost may be there in part. */
static void absent_line(struct proof_builder *builder, const struct comparison *comparison,
                        uint64_t absent)
{
    uint64_t allowed = comparison_bound(comparison);
    bool is_exact = !comparison->is_vague && builder->account->recorder_lost[META_LOSS_DISK] == 0;
    bool holds = is_exact ? absent == allowed : absent <= allowed;
    enum proof_state state = holds                  ? PROOF_HOLDS
                             : comparison->is_vague ? PROOF_UNKNOWN
                                                    : PROOF_FAILS;
    proof_line_begin(builder, state, holds ? 0 : proof_difference(absent, allowed),
                     "not in the file");
    proof_say_number(builder, "ends of packets", absent);
    proof_say_number(builder,
                     absent == allowed   ? " = left out"
                     : absent <= allowed ? " <= left out"
                                         : " is more than left out",
                     comparison->filtered);
    proof_say_term(builder, "lost", comparison->lost);
    proof_say_term(builder, "past the limit", comparison->past_limit);
    if (state == PROOF_FAILS) {
        proof_say_residue(builder, allowed, absent, "packet");
    }
}

static void compare_lines(struct proof_builder *builder, const struct proof_stage *places,
                          size_t count)
{
    const struct account *account = builder->account;
    const struct account_file *file = &account->file;
    struct comparison all = comparison_make(account);
    struct account_stage sum = stages_sum(account);
    uint64_t made = file->copies_other + file->injected;
    uint64_t delivered = places[count - 1].stage->out;
    all.held = sum.held > sum.released ? sum.held - sum.released : 0;
    compare_line(builder, &all, places[0].stage->in, file->received, "received");
    compare_line(builder, &all, sum.clones, file->copies_flood + file->copies_mirror,
                 "copies made");
    if (sum.injected != 0 || made != 0) {
        compare_line(builder, &all, sum.injected, made, "made by extensions");
    }
    all.held = 0; /* the rest is about ends */
    struct comparison at_end = comparison_at(account, &all, places[count - 1].id);
    compare_line(builder, &at_end, delivered, file->delivered, "delivered");
    if (sum.consumed != 0 || file->consumed != 0) {
        compare_line(builder, &all, sum.consumed, file->consumed, "replaced by clones");
    }
    uint64_t absent = drop_lines(builder, &all);
    if (sum.consumed > file->consumed) {
        absent = account_sum(absent, sum.consumed - file->consumed);
    }
    if (delivered > file->delivered) {
        absent = account_sum(absent, delivered - file->delivered);
    }
    if (!comparison_is_complete(&all) && !all.is_evicted && !all.is_limited) {
        absent_line(builder, &all, absent);
    }
}

void proof_stages_build(struct proof_builder *builder)
{
    const struct account *account = builder->account;
    size_t count = account->stages.count;
    struct proof_stage *places = calloc(count + 1, sizeof(*places));
    if (places == NULL) {
        builder->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint16_t id = *(const uint16_t *)table_key(&account->stages, i);
        places[i] =
            (struct proof_stage){id, dictionary_stage_order(builder->context->dictionary, id),
                                 table_value(&account->stages, i)};
    }
    qsort(places, count, sizeof(*places), stage_place_compare);
    size_t chained = 0;
    for (size_t i = 0; i < count; i++) {
        stage_line(builder, &places[i]);
        chained += places[i].order != STAGE_ORDER_NONE;
    }
    proof_journeys_build(builder, places, count, chained);
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
