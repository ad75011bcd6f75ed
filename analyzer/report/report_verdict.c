/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict: what matters, in plain words, before the tables. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/explain/explain.h"
#include "analyzer/report/report_text.h"
#include "analyzer/report/words.h"
#include "base/text.h"

enum { VERDICT_FINDINGS = 8, VERDICT_PACKETS = 3 };

static const char *be(uint64_t number)
{
    return number == 1 ? "was" : "were";
}

static void packets_append(struct text *text, const struct finding *finding)
{
    size_t count = 0;
    while (count < FINDING_EXAMPLES && finding->examples[count] != 0) {
        count++;
    }
    for (size_t i = 0; i < count && i < VERDICT_PACKETS; i++) {
        text_format(text, "%s%" PRIu64,
                    i == 0           ? count == 1 ? " See packet " : " See packets "
                    : i == count - 1 ? " and "
                                     : ", ",
                    finding->examples[i]);
    }
    if (count != 0) {
        text_append_string(text, " (--packet).");
    }
}

static void finding_tell(const struct page *page, const struct finding *finding, size_t number)
{
    static const enum page_colour colours[] = {PAGE_BAD, PAGE_WARN, PAGE_BOLD};
    char label[48];
    struct text text = {0};
    snprintf(label, sizeof(label), "%zu %s", number, finding_kind_label(finding->kind));
    text_append_string(&text, finding->text);
    packets_append(&text, finding);
    page_label(page, 0, label, colours[finding->weight], 2, "%s", text_string(&text));
    text_fini(&text);
}

static void findings_tell(const struct page *page, const struct explain *explain, bool is_full)
{
    static const enum page_colour colours[] = {PAGE_GOOD, PAGE_WARN, PAGE_BAD};
    bool is_bad = explain->state == PROOF_HOLDS && !explain->is_clean;
    page_say(page, 0, 2, is_bad ? PAGE_BAD : colours[explain->state], "%s", explain->headline);
    size_t shown =
        is_full || explain->count <= VERDICT_FINDINGS ? explain->count : VERDICT_FINDINGS;
    for (size_t i = 0; i < shown; i++) {
        finding_tell(page, &explain->findings[i], i + 1);
    }
    size_t more = explain->count - shown + explain->beyond;
    if (more != 0) {
        page_label(page, 2, "-", PAGE_PLAIN, 4, "%zu more: %s", more,
                   shown == explain->count ? "see the tables" : "--all tells them");
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
    if (filtered != 0 && session->filter[0] == '\0') {
        page_label(page, 2, "-", PAGE_PLAIN, 4,
                   "%s did not come in at a port of the capture and %s not looked at",
                   words_count(filtered, "journey", &words), be(filtered));
    } else if (filtered != 0) {
        page_label(page, 2, "-", PAGE_PLAIN, 4,
                   "%s did not match the capture filter \"%s\" and %s not looked at",
                   words_count(filtered, "journey", &words), session->filter, be(filtered));
    }
    if (workers.sampled != 0) {
        page_label(page, 2, "-", PAGE_PLAIN, 4,
                   "%s %s of flows that are not in the capture's --sample",
                   words_count(workers.sampled, "journey", &words), be(workers.sampled));
    }
    if (unwanted != 0 && session->where[0] == '\0') {
        page_label(page, 2, "-", PAGE_PLAIN, 4,
                   "%s did not come to a port or stage of the capture and %s not recorded",
                   words_count(unwanted, "journey", &words), be(unwanted));
    } else if (unwanted != 0) {
        page_label(page, 2, "-", PAGE_PLAIN, 4,
                   "%s did not match the capture's --where \"%s\" and %s not recorded",
                   words_count(unwanted, "journey", &words), session->where, be(unwanted));
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

/* What a recording without a flaw shows, and why that can be believed. */
static void verdict_clean(const struct page *page, const struct analysis *analysis,
                          const struct analysis_switch *of)
{
    const struct account_file *total = &of->total;
    size_t lines = 0;
    struct words received;
    struct words delivered;
    struct words count;
    for (size_t i = 0; i < analysis->session_count; i++) {
        const struct proof *proof = &analysis->sessions[i]->proof;
        lines += analysis->sessions[i]->of == of ? proof->counts[PROOF_HOLDS] : 0;
    }
    page_say(page, 0, 2, PAGE_PLAIN,
             "No loss, no wrong checksum, no undeclared change: %s came in, %s delivered, and "
             "%s between the counters of the switch, the recorder and this file hold.",
             words_count(total->received, "packet", &received),
             words_number(total->delivered, &delivered), words_count(lines, "equation", &count));
}

/* What to ask next, in words that can be pasted: for one recording, whose name a shell takes as it
 * is. */
static void next_tell(const struct page *page, const struct analysis *analysis,
                      const struct explain *explain)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./:@%+=,-";
    const char *path = analysis->file_count == 1 ? analysis->files[0].path : "-";
    if (path[0] == '-' || path[strspn(path, plain)] != '\0') {
        return;
    }
    for (size_t i = 0; i < explain->count; i++) {
        if (explain->findings[i].examples[0] != 0) {
            page_label(page, 0, "Next", PAGE_DIM, 2,
                       "xsw analyze --packet %" PRIu64 " %s (its way, step by step); --timeline "
                       "(what happened when); or xsw top %s (to look around).",
                       explain->findings[i].examples[0], path, path);
            return;
        }
    }
}

void report_verdict(const struct page *page, const struct analysis *analysis,
                    const struct analysis_switch *of, bool is_full)
{
    struct explain *explain = NULL;
    struct words from;
    struct words duration;
    if (explain_create(analysis, of, &explain, NULL) < 0) {
        page_say(page, 0, 2, PAGE_BAD, "No memory for the explanation.");
        return;
    }
    findings_tell(page, explain, is_full);
    if (explain->is_clean && !of->is_traced) {
        verdict_clean(page, analysis, of);
    }
    for (size_t i = 0; i < analysis->session_count; i++) {
        if (analysis->sessions[i]->of == of) {
            verdict_left_out(page, analysis->sessions[i]);
            verdict_ending(page, analysis->sessions[i], analysis_sessions_of(analysis, of) == 1);
        }
    }
    if (!of->is_traced) { /* else there is no recording of it */
        page_say(page, 0, 2, PAGE_DIM, "Recorded on %s from %s, for %s.",
                 of->host[0] == '\0' ? "an unknown host" : of->host,
                 words_date_time(of->total.first_ns, &from),
                 words_duration(of->total.last_ns - of->total.first_ns, &duration));
        next_tell(page, analysis, explain);
    }
    explain_destroy(explain);
}
