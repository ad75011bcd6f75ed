/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict: what matters, in plain words, before the tables. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/report_text.h"
#include "analyzer/words.h"
#include "base/text.h"

enum {
    VERDICT_DROPS = 3, /* kinds of drops that are told in the verdict */
    VERDICT_LINES = 3, /* lines of the proof */
    VERDICT_GAPS = 3,
    VERDICT_FIELDS = 3
};

static const char *be(uint64_t number)
{
    return number == 1 ? "was" : "were";
}

static enum proof_state switch_state(const struct analysis *analysis,
                                     const struct analysis_switch *of)
{
    enum proof_state worst = PROOF_HOLDS;
    for (size_t i = 0; i < analysis->session_count; i++) {
        enum proof_state state = proof_state(&analysis->sessions[i]->proof);
        if (analysis->sessions[i]->of == of && state > worst) {
            worst = state;
        }
    }
    return worst;
}

static void headline_counts(struct text *text, const struct account_file *total)
{
    uint64_t copies = total->copies_flood + total->copies_mirror;
    uint64_t made = total->copies_other + total->injected;
    struct words words;
    if (copies == 1) {
        text_append_string(text, ", and the switch made 1 copy of them");
    } else if (copies != 0) {
        text_format(text, ", and the switch made %s copies of them", words_number(copies, &words));
    }
    if (made != 0) {
        text_format(text, ", extensions made %s", words_count(made, "packet", &words));
    }
    text_format(text, "; %s %s delivered", words_number(total->delivered, &words),
                be(total->delivered));
    text_format(text, ", %s dropped", words_number(total->dropped, &words));
    text_format(text, ", %s changed", words_number(total->changed, &words));
    uint64_t open = total->unfinished;
    if (open != 0) {
        text_format(text, ", the end of %s is not in the recording", words_number(open, &words));
    }
    text_append_string(text, ".");
}

static void headline(const struct page *page, const struct analysis_switch *of,
                     enum proof_state state)
{
    static const char *const endings[] = {" The numbers add up.",
                                          " No number contradicts another, but NOT ALL IS KNOWN.",
                                          " THE NUMBERS DO NOT ADD UP."};
    static const enum page_colour colours[] = {PAGE_GOOD, PAGE_WARN, PAGE_BAD};
    const struct account_file *total = &of->total;
    struct words words;
    struct text text = {0};
    text_format(&text, "%s came in", words_count(total->received, "packet", &words));
    if (of->receive_ports.count != 0) {
        text_format(&text, " at %s", words_count(of->receive_ports.count, "port", &words));
    }
    text_format(&text, " within %s", words_duration(total->last_ns - total->first_ns, &words));
    headline_counts(&text, total);
    text_append_string(&text, endings[state]);
    page_say(page, 0, 0, colours[state], "%s", text_string(&text));
    text_fini(&text);
}

static void verdict_drop(const struct page *page, const struct analysis_switch *of, size_t place)
{
    const struct dictionary *dictionary = &of->dictionary;
    const struct drops_row_key *key = table_key(&of->drops.rows, place);
    const struct drops_row *row = table_value(&of->drops.rows, place);
    struct dictionary_rule_key rule_key = {key->rule, key->port.id, key->stage};
    const char *rule = dictionary_find_rule(dictionary, &rule_key);
    const struct dictionary_reason *known = dictionary_find_reason(dictionary, key->reason);
    const char *extension = dictionary_stage_extension(dictionary, key->stage);
    struct dictionary_name name;
    struct words words;
    struct text text = {0};
    text_format(&text, "%s %s dropped", words_count(row->packets, "packet", &words),
                be(row->packets));
    text_format(&text, " at %s", dictionary_stage(dictionary, key->stage, &name));
    if (key->port.id != 0) {
        text_format(&text, ", port %s", dictionary_port(dictionary, key->port, &name));
    }
    if (key->rule != 0) {
        text_format(&text, ", by rule %" PRIu32, key->rule);
    }
    if (key->rule != 0 && rule != NULL) {
        text_format(&text, " \"%s\"", rule);
    }
    if (extension[0] != '\0') {
        text_format(&text, "%s extension %s", key->rule != 0 ? " of" : ", by", extension);
    }
    text_format(&text, ": %s", dictionary_reason(dictionary, key->reason, &name));
    if (known != NULL && known->sentence[0] != '\0') {
        text_format(&text, " (%s)", known->sentence);
    }
    page_label(page, 2, "-", PAGE_BAD, 4, "%s", text_string(&text));
    text_fini(&text);
}

static void verdict_drops(const struct page *page, const struct analysis_switch *of)
{
    size_t *rows = drops_rows_sorted(&of->drops);
    size_t count = of->drops.rows.count;
    uint64_t told = 0;
    struct words words;
    for (size_t i = 0; rows != NULL && i < count && i < VERDICT_DROPS; i++) {
        verdict_drop(page, of, rows[i]);
        told += ((struct drops_row *)table_value(&of->drops.rows, rows[i]))->packets;
    }
    if (told < of->drops.packets) {
        page_label(page, 2, "-", PAGE_BAD, 4, "%s for other reasons, see the table",
                   words_count(of->drops.packets - told, "packet", &words));
    }
    free(rows);
}

static void verdict_change(const struct page *page, const struct analysis_switch *of, size_t place,
                           const size_t *fields)
{
    const struct changes *changes = &of->changes;
    uint16_t id = *(const uint16_t *)table_key(&changes->stages, place);
    const struct changes_stage *stage = table_value(&changes->stages, place);
    const char *extension = dictionary_stage_extension(&of->dictionary, id);
    struct dictionary_name name;
    struct words words;
    struct text text = {0};
    text_format(&text, "%s %s changed at %s", words_count(stage->packets, "packet", &words),
                be(stage->packets), dictionary_stage(&of->dictionary, id, &name));
    if (extension[0] != '\0') {
        text_format(&text, " by extension %s", extension);
    }
    size_t told = 0;
    for (size_t i = 0; fields != NULL && i < changes->fields.count; i++) {
        const struct changes_field_key *key = table_key(&changes->fields, fields[i]);
        if (key->stage != id) {
            continue;
        }
        if (told++ < VERDICT_FIELDS) {
            text_format(&text, "%s%s", told == 1 ? ": " : ", ", key->name);
        }
    }
    if (told > VERDICT_FIELDS) {
        text_format(&text, " and %s more", words_number(told - VERDICT_FIELDS, &words));
    }
    if (stage->undeclared != 0) {
        text_format(&text, "; %s UNDECLARED: the extension does not say that it changes bytes",
                    words_count(stage->undeclared, "packet", &words));
    }
    if (stage->checksums_broken != 0) {
        text_format(&text, "; %s left with a WRONG CHECKSUM",
                    words_count(stage->checksums_broken, "packet", &words));
    }
    page_label(page, 2, "-", PAGE_WARN, 4, "%s", text_string(&text));
    text_fini(&text);
}

static void verdict_gap(const struct page *page, const struct analysis_session *session,
                        const struct meta_gap *gap)
{
    struct words count;
    struct words from;
    struct words to;
    uint64_t from_ns = analysis_wall_ns(session, gap->from_mono_ns);
    uint64_t to_ns = analysis_wall_ns(session, gap->to_mono_ns);
    words_count(gap->journeys, "journey", &count);
    if (from_ns != 0 && to_ns != 0) {
        page_label(page, 2, "?", PAGE_WARN, 4,
                   "unknown: %s %s lost by capture (%s, worker %u) between %s and %s", count.text,
                   be(gap->journeys), meta_loss_name(gap->cause), gap->worker,
                   words_time(from_ns, &from), words_time(to_ns, &to));
    } else {
        page_label(page, 2, "?", PAGE_WARN, 4,
                   "unknown: %s %s lost by capture (%s), the time is not told", count.text,
                   be(gap->journeys), meta_loss_name(gap->cause));
    }
}

static void verdict_losses(const struct page *page, const struct analysis_session *session)
{
    const struct account_file *file = &session->account.file;
    uint64_t told = 0;
    struct words words;
    size_t shown = 0;
    for (size_t i = 0; i < file->gap_count && shown < VERDICT_GAPS; i++) {
        if (file->gaps[i].cause == META_LOSS_PAST_LIMIT) {
            continue;
        }
        verdict_gap(page, session, &file->gaps[i]);
        told = account_sum(told, file->gaps[i].journeys);
        shown++;
    }
    uint64_t lost = account_lost(&session->account);
    if (lost > told) {
        page_label(page, 2, "?", PAGE_WARN, 4, "unknown: %s%s lost by capture, see the proof",
                   words_count(lost - told, "journey", &words), told == 0 ? "" : " more");
    }
    if (lost != 0) {
        page_label(page, 2, "?", PAGE_WARN, 4,
                   "What became of lost journeys is not known: that a packet is not in a list "
                   "below does not mean that it was not dropped or changed.");
    }
}

/* What is not in the recording because it was not wanted there. */
static void verdict_left_out(const struct page *page, const struct analysis_session *session)
{
    uint64_t past_limit = account_past_limit(&session->account);
    struct account_worker workers = account_workers_sum(&session->account);
    uint64_t unwanted = workers.unwanted;
    uint64_t filtered = workers.filtered > unwanted ? workers.filtered - unwanted : 0;
    struct words words;
    if (past_limit != 0) {
        page_label(page, 2, "-", PAGE_PLAIN, 4,
                   "%s came after the limit of --count was reached and %s not in the recording",
                   words_count(past_limit, "journey", &words), past_limit == 1 ? "is" : "are");
    }
    if (filtered != 0) {
        page_label(page, 2, "-", PAGE_PLAIN, 4,
                   "%s did not match the capture filter \"%s\" and %s not looked at",
                   words_count(filtered, "journey", &words), session->filter, be(filtered));
    }
    if (unwanted != 0) {
        page_label(page, 2, "-", PAGE_PLAIN, 4,
                   "%s did not match the capture's --where \"%s\" and %s not recorded",
                   words_count(unwanted, "journey", &words), session->where, be(unwanted));
    }
}

static void verdict_lines(const struct page *page, const struct analysis_session *session,
                          enum proof_state state)
{
    const struct proof *proof = &session->proof;
    size_t told = 0;
    struct words words;
    for (size_t i = 0; i < proof->count && told < VERDICT_LINES; i++) {
        if (proof->lines[i].state != state) {
            continue;
        }
        page_label(page, 2, state == PROOF_FAILS ? "!" : "?",
                   state == PROOF_FAILS ? PAGE_BAD : PAGE_WARN, 4, "%s: %s",
                   proof->lines[i].subject, proof->lines[i].text);
        told++;
    }
    if (proof->counts[state] > told) {
        page_label(page, 2, " ", PAGE_PLAIN, 4, "and %s more of the proof",
                   words_count(proof->counts[state] - told, "line", &words));
    }
}

/* How a single recording ended is told when it was not meant to end so. */
static void verdict_ending(const struct page *page, const struct analysis_session *session,
                           bool is_only_session)
{
    const struct account *account = &session->account;
    bool was_meant = strcmp(account->why, "signal") == 0 || strcmp(account->why, "limit") == 0;
    char name[64] = "the capture";
    if (!is_only_session) {
        snprintf(name, sizeof(name), "capture session %" PRIu64, session->id);
    }
    if (account->error[0] != '\0') {
        page_label(page, 2, "!", PAGE_BAD, 4, "%s ended with an error: %s", name, account->error);
    } else if (account->why[0] != '\0' && !(is_only_session && was_meant)) {
        page_label(page, 2, "-", PAGE_PLAIN, 4, "%s ended by: %s", name, account->why);
    }
}

void report_verdict(const struct page *page, const struct analysis *analysis,
                    const struct analysis_switch *of)
{
    headline(page, of, switch_state(analysis, of));
    for (size_t i = 0; i < analysis->session_count; i++) {
        const struct analysis_session *session = analysis->sessions[i];
        if (session->of != of) {
            continue;
        }
        verdict_lines(page, session, PROOF_FAILS);
        verdict_losses(page, session);
        verdict_left_out(page, session);
        if (account_lost(&session->account) == 0) {
            verdict_lines(page, session, PROOF_UNKNOWN);
        }
    }
    verdict_drops(page, of);
    size_t *stages = changes_stages_sorted(&of->changes);
    size_t *fields = changes_fields_sorted(&of->changes);
    for (size_t i = 0; stages != NULL && i < of->changes.stages.count; i++) {
        verdict_change(page, of, stages[i], fields);
    }
    free(stages);
    free(fields);
    for (size_t i = 0; i < analysis->session_count; i++) {
        if (analysis->sessions[i]->of == of) {
            verdict_ending(page, analysis->sessions[i], analysis_sessions_of(analysis, of) == 1);
        }
    }
}
