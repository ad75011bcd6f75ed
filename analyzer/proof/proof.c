/* SPDX-License-Identifier: Apache-2.0 */
/* See proof.h. The lines come in the order of a packet's way: capture, ring, file, journeys,
 * stages, and last the file against the switch (proof_capture.c, proof_stages.c). */
#include "analyzer/proof/proof.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/proof/proof_lines.h"
#include "analyzer/report/words.h"
#include "base/error.h"

const char *proof_state_name(enum proof_state state)
{
    static const char *const names[] = {"holds", "unknown", "fails"};
    return names[state];
}

enum proof_state proof_state(const struct proof *proof)
{
    if (proof->counts[PROOF_FAILS] != 0) {
        return PROOF_FAILS;
    }
    return proof->counts[PROOF_UNKNOWN] != 0 ? PROOF_UNKNOWN : PROOF_HOLDS;
}

void proof_fini(struct proof *proof)
{
    free(proof->lines);
    *proof = (struct proof){0};
}

void proof_line_begin(struct proof_builder *builder, enum proof_state state, uint64_t residue,
                      const char *format, ...)
{
    struct proof *proof = builder->proof;
    builder->line = &builder->spare;
    if (proof->count == proof->capacity) {
        size_t capacity = proof->capacity == 0 ? 32 : proof->capacity * 2;
        struct proof_line *lines = realloc(proof->lines, capacity * sizeof(*lines));
        if (lines != NULL) {
            proof->lines = lines;
            proof->capacity = capacity;
        }
    }
    if (proof->count < proof->capacity) {
        builder->line = &proof->lines[proof->count++];
    } else {
        builder->out_of_memory = true;
    }
    *builder->line = (struct proof_line){.state = state, .residue = residue};
    proof->counts[state]++;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(builder->line->subject, sizeof(builder->line->subject), format, arguments);
    va_end(arguments);
}

void proof_say(struct proof_builder *builder, const char *format, ...)
{
    struct proof_line *line = builder->line;
    size_t length = strlen(line->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line->text + length, sizeof(line->text) - length, format, arguments);
    va_end(arguments);
}

void proof_say_term(struct proof_builder *builder, const char *name, uint64_t number)
{
    struct words words;
    if (number != 0) {
        proof_say(builder, " + %s %s", name, words_number(number, &words));
    }
}

void proof_say_number(struct proof_builder *builder, const char *name, uint64_t number)
{
    struct words words;
    proof_say(builder, "%s %s", name, words_number(number, &words));
}

uint64_t proof_difference(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

void proof_say_residue(struct proof_builder *builder, uint64_t left, uint64_t right,
                       const char *noun)
{
    struct words words;
    if (left != right) {
        proof_say(builder, ": %s %s", words_count(proof_difference(left, right), noun, &words),
                  left > right ? "missing" : "too many");
    }
}

enum proof_state proof_state_of(uint64_t left, uint64_t right)
{
    return left == right ? PROOF_HOLDS : PROOF_FAILS;
}

static void recorder_lines(struct proof_builder *builder)
{
    const struct account *account = builder->account;
    const struct account_file *file = &account->file;
    if (!account->has_recorder) {
        proof_line_begin(builder, PROOF_UNKNOWN, 0, "recorder");
        proof_say(builder, "the end account does not say what the recorder wrote");
        return;
    }
    struct account_worker workers = account_workers_sum(account);
    uint64_t sum = account_sum(account->recorder_written, account_recorder_left_out(account));
    proof_line_begin(builder, proof_state_of(workers.written, sum),
                     proof_difference(workers.written, sum), "recorder");
    proof_say_number(builder, "from the rings", workers.written);
    proof_say_number(builder, " = written", account->recorder_written);
    proof_say_term(builder, "lost (disk)", account->recorder_lost[META_LOSS_DISK]);
    proof_say_term(builder, "lost (not read)", account->recorder_lost[META_LOSS_READER]);
    proof_say_term(builder, "past the limit", account->recorder_lost[META_LOSS_PAST_LIMIT]);
    proof_say_term(builder, "lost (other causes)", account->recorder_lost[0]);
    proof_say_residue(builder, workers.written, sum, "journey");

    uint64_t found = account_sum(account_started(account), file->headless);
    bool may_differ = file->evicted != 0 || account->is_limited;
    enum proof_state state = proof_state_of(account->recorder_written, found);
    proof_line_begin(builder, state == PROOF_FAILS && may_differ ? PROOF_UNKNOWN : state,
                     proof_difference(account->recorder_written, found), "file");
    proof_say_number(builder, "written by the recorder", account->recorder_written);
    proof_say_number(builder, " = journeys in the file", found);
    proof_say_residue(builder, account->recorder_written, found, "journey");
}

/* The losses that the records tell of cannot be more than those that the session admits. */
static void gap_line(struct proof_builder *builder)
{
    const struct account *account = builder->account;
    uint64_t in_band = account_lost_in_band(account);
    uint64_t admitted = account_lost_at_end(account);
    if (in_band == 0 && admitted == 0) {
        return;
    }
    /* The first records of a file may tell of what was lost at the end of the file before. */
    bool may_be_earlier = account_span(account).first > 1 || account_span(account).has_hole;
    enum proof_state state = in_band <= admitted ? PROOF_HOLDS
                             : may_be_earlier    ? PROOF_UNKNOWN
                                                 : PROOF_FAILS;
    proof_line_begin(builder, state, state == PROOF_HOLDS ? 0 : in_band - admitted, "losses");
    proof_say_number(builder, "told by the records", in_band);
    proof_say_number(builder,
                     state == PROOF_HOLDS ? " <= told at the end" : " is more than told at the end",
                     admitted);
}

static void journey_line(struct proof_builder *builder)
{
    const struct account *account = builder->account;
    const struct account_file *file = &account->file;
    uint64_t residue = account_sum(file->headless, file->unfinished);
    residue = account_sum(residue, account_sum(file->stray, file->duplicates));
    bool is_torn = !account->has_summary && residue == file->unfinished;
    bool is_explained = is_torn || file->evicted != 0 || account->is_limited ||
                        account->recorder_lost[META_LOSS_DISK] != 0;
    enum proof_state state = residue == 0 && file->evicted == 0      ? PROOF_HOLDS
                             : is_explained && file->duplicates == 0 ? PROOF_UNKNOWN
                                                                     : PROOF_FAILS;
    struct words words;
    proof_line_begin(builder, state, residue, "journeys");
    proof_say_number(builder, "begun", account_started(account));
    proof_say_number(builder, state == PROOF_HOLDS ? " = ended" : ", ended",
                     account_ended(account));
    if (file->unfinished != 0) {
        proof_say(builder, ": %s without an end", words_count(file->unfinished, "journey", &words));
    }
    if (file->headless != 0) {
        proof_say(builder, ": %s without a beginning",
                  words_count(file->headless, "journey", &words));
    }
    if (account->is_limited) {
        proof_say(builder, ": of some there are records at some stages only (--stage)");
    }
    if (file->duplicates != 0) {
        proof_say(builder, ": %s used twice (was a file given twice?)",
                  words_count(file->duplicates, "packet id", &words));
    }
    if (file->stray != 0) {
        proof_say(builder, ": %s behind an end", words_count(file->stray, "record", &words));
    }
    if (file->evicted != 0) {
        proof_say(builder, ": %s given up, too many were open at once",
                  words_count(file->evicted, "journey", &words));
    }
}

static void copies_line(struct proof_builder *builder)
{
    const struct account *account = builder->account;
    const struct account_file *file = &account->file;
    uint64_t copies = file->copies_flood + file->copies_mirror + file->copies_other;
    if (copies == 0) {
        return;
    }
    bool is_explained = account_lost(account) != 0 || account_past_limit(account) != 0 ||
                        account->is_limited || !account->has_summary ||
                        !account_span(account).is_whole;
    /* Each journey is judged by itself: that of a copy may be wanted and that of its original not.
     */
    uint64_t unwanted = account_workers_sum(account).unwanted;
    bool may_be_unwanted = unwanted != 0 && !is_explained;
    uint64_t orphans = may_be_unwanted ? 0 : file->orphans;
    enum proof_state state = orphans != 0 && !is_explained                  ? PROOF_FAILS
                             : orphans != 0 || file->parents_unchecked != 0 ? PROOF_UNKNOWN
                                                                            : PROOF_HOLDS;
    struct words words;
    proof_line_begin(builder, state, orphans, "copies");
    proof_say(builder, "%s", words_number(copies, &words));
    if (file->orphans != 0) {
        proof_say(builder, ": the original of %s %s", words_number(file->orphans, &words),
                  may_be_unwanted ? "was not wanted at its end" : "is not in the file");
    } else if (state == PROOF_HOLDS) {
        proof_say(builder, ", the original of each is in the file");
    }
    if (file->parents_unchecked != 0) {
        proof_say(builder, ": %s could not be checked in bounded memory",
                  words_number(file->parents_unchecked, &words));
    }
}

/* Which files of a recording all of this is about. */
static void series_line(struct proof_builder *builder)
{
    struct account_span span = account_span(builder->account);
    if (span.last == 0) {
        return;
    }
    proof_line_begin(builder, span.has_hole ? PROOF_UNKNOWN : PROOF_HOLDS, 0, "files");
    if (span.is_whole) {
        proof_say(builder, "%u of %u: the whole recording", span.last, span.last);
    } else if (span.has_hole) {
        proof_say(builder, "from number %u to %u, and not all of them were given", span.first,
                  span.last);
    } else {
        proof_say(builder, "numbers %u to %u: the account is that of this part of the recording",
                  span.first, span.last);
    }
}

/* Every record that the reader gave was counted, or it is said why not. */
static void records_lines(struct proof_builder *builder)
{
    const struct account_file *file = &builder->account->file;
    struct words words;
    uint64_t sum = account_sum(account_sum(file->records, file->broken), file->foreign);
    uint64_t residue = account_sum(proof_difference(file->packets, sum), file->broken);
    proof_line_begin(builder, residue == 0 ? PROOF_HOLDS : PROOF_FAILS, residue, "records");
    proof_say_number(builder, "in the file", file->packets);
    proof_say_number(builder, " = analyzed", file->records);
    proof_say_term(builder, "of another writer", file->foreign);
    proof_say_term(builder, "unreadable", file->broken);
    proof_say(builder, "%s", file->broken != 0 ? " (see the notes)" : "");
    proof_say_residue(builder, file->packets, sum, "record");
    uint64_t left_out = builder->context->left_out;
    if (left_out != 0) {
        proof_line_begin(builder, PROOF_UNKNOWN, left_out, "records");
        proof_say(builder, "%s of further switches or sessions left out (see the notes)",
                  words_count(left_out, "record", &words));
    }
}

enum xsw_status proof_build(struct proof *proof, const struct proof_context *context,
                            struct xsw_error *error)
{
    const struct account *account = context->account;
    struct proof_builder builder = {.proof = proof, .context = context, .account = account};
    series_line(&builder);
    if (account->has_summary) {
        proof_workers_build(&builder);
        recorder_lines(&builder);
        gap_line(&builder);
    } else {
        proof_line_begin(&builder, PROOF_UNKNOWN, 0, "end account");
        proof_say(&builder,
                  "missing (%s); what the switch counted and what was filtered or lost "
                  "cannot be told",
                  context->missing);
    }
    records_lines(&builder);
    journey_line(&builder);
    copies_line(&builder);
    if (account->has_summary) {
        proof_stages_build(&builder);
    }
    if (builder.out_of_memory) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the lines of the proof");
    }
    return XSW_OK;
}
