/* SPDX-License-Identifier: Apache-2.0 */
/* What does not add up, and what is not known: both are said before all that depends on them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/explain/explain_parts.h"
#include "analyzer/report/words.h"

enum { LINES_TOLD = 3, GAPS_TOLD = 3 };

static void lines_append(struct text *text, const struct proof *proof, enum proof_state state)
{
    size_t told = 0;
    for (size_t i = 0; i < proof->count && told < LINES_TOLD; i++) {
        const struct proof_line *line = &proof->lines[i];
        if (line->state == state) {
            text_format(text, "%s%s: %s.", told++ == 0 ? "" : " ", line->subject, line->text);
        }
    }
    if (proof->counts[state] > told) {
        text_format(text, " And %zu more of the proof.", proof->counts[state] - told);
    }
}

static void books_explain(struct explaining *explaining, const struct analysis_session *session)
{
    const struct proof *proof = &session->proof;
    if (proof->counts[PROOF_FAILS] == 0) {
        return;
    }
    struct finding *finding = finding_add(explaining, FINDING_BOOKS, FINDING_BAD);
    struct text text = {0};
    if (finding == NULL) {
        return;
    }
    for (size_t i = 0; i < proof->count; i++) {
        finding->packets += proof->lines[i].state == PROOF_FAILS ? proof->lines[i].residue : 0;
    }
    lines_append(&text, proof, PROOF_FAILS);
    finding_say(finding, &text);
}

/* An account that is not there, or lines that cannot be judged though nothing was lost. */
static void open_explain(struct explaining *explaining, const struct analysis_session *session)
{
    const struct proof *proof = &session->proof;
    if (proof->counts[PROOF_UNKNOWN] == 0 || account_lost(&session->account) != 0) {
        return;
    }
    struct finding *finding = finding_add(explaining, FINDING_OPEN, FINDING_UNKNOWN);
    struct text text = {0};
    if (finding == NULL) {
        return;
    }
    lines_append(&text, proof, PROOF_UNKNOWN);
    finding_say(finding, &text);
}

void explain_books(struct explaining *explaining)
{
    for (size_t i = 0; i < explaining->analysis->session_count; i++) {
        const struct analysis_session *session = explaining->analysis->sessions[i];
        if (session->of == explaining->of) {
            books_explain(explaining, session);
            open_explain(explaining, session);
        }
    }
}

/* Losses ------------------------------------------------------------------------------------- */

static void gap_append(struct text *text, const struct analysis_session *session,
                       const struct meta_gap *gap)
{
    struct words count;
    struct words from;
    struct words to;
    uint64_t from_ns = analysis_wall_ns(session, gap->from_mono_ns);
    uint64_t to_ns = analysis_wall_ns(session, gap->to_mono_ns);
    text_format(text, " %s %s lost (%s, worker %u)", words_count(gap->journeys, "journey", &count),
                words_be(gap->journeys), meta_loss_name(gap->cause), gap->worker);
    if (from_ns != 0 && to_ns >= from_ns) { /* else the file contradicts itself */
        text_format(text, " between %s and %s", words_time(from_ns, &from), words_time(to_ns, &to));
    }
    text_append_string(text, ".");
}

static void span_take(struct finding *finding, const struct analysis_session *session,
                      const struct meta_gap *gap)
{
    uint64_t from_ns = analysis_wall_ns(session, gap->from_mono_ns);
    uint64_t to_ns = analysis_wall_ns(session, gap->to_mono_ns);
    if (from_ns == 0 || to_ns < from_ns) {
        return;
    }
    if (finding->first_ns == 0 || from_ns < finding->first_ns) {
        finding->first_ns = from_ns;
    }
    if (to_ns > finding->last_ns) {
        finding->last_ns = to_ns;
    }
}

static uint64_t gaps_append(struct text *text, struct finding *finding,
                            const struct analysis_session *session)
{
    const struct account_file *file = &session->account.file;
    uint64_t told = 0;
    size_t shown = 0;
    for (size_t i = 0; i < file->gap_count; i++) {
        const struct meta_gap *gap = &file->gaps[i];
        if (gap->cause == META_LOSS_PAST_LIMIT) {
            continue;
        }
        span_take(finding, session, gap);
        if (shown++ < GAPS_TOLD) {
            gap_append(text, session, gap);
            told = account_sum(told, gap->journeys);
        }
    }
    return told;
}

static const char *advice_of(const struct account *account)
{
    struct account_worker sum = account_workers_sum(account);
    if (sum.lost[META_LOSS_RING_FULL] + account->recorder_lost[META_LOSS_RING_FULL] != 0) {
        return " The recorder did not keep up with the switch: record less (a filter, --where, "
               "--snap) or into a larger ring (--ring).";
    }
    if (account->recorder_lost[META_LOSS_DISK] != 0) {
        return " The recorder could not write them to its file.";
    }
    if (sum.lost[META_LOSS_BUDGET] != 0) {
        return " The capture took more of the switch's time than it may: record less, or let it "
               "take more (--budget).";
    }
    if (sum.lost[META_LOSS_RATE] != 0) {
        return " They were more a second than the capture was to record (--rate).";
    }
    return "";
}

void explain_losses(struct explaining *explaining)
{
    for (size_t i = 0; i < explaining->analysis->session_count; i++) {
        const struct analysis_session *session = explaining->analysis->sessions[i];
        uint64_t lost = account_lost(&session->account);
        if (session->of != explaining->of || lost == 0) {
            continue;
        }
        struct finding *finding = finding_add(explaining, FINDING_LOST, FINDING_UNKNOWN);
        struct text text = {0};
        struct words words;
        if (finding == NULL) {
            return;
        }
        finding->packets = lost;
        text_format(&text,
                    "The capture lost %s, not the switch: what became of these packets is not "
                    "known, and that one is not in a list below does not mean that it was not "
                    "dropped or changed.",
                    words_count(lost, "journey", &words));
        uint64_t told = gaps_append(&text, finding, session);
        if (told != 0 && told < lost) {
            text_format(&text, " %s more: see the proof.", words_number(lost - told, &words));
        }
        text_append_string(&text, advice_of(&session->account));
        finding_say(finding, &text);
    }
}
