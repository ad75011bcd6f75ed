/* SPDX-License-Identifier: Apache-2.0 */
/* Events that are missing, and what they make unsure. */
#include <stdio.h>
#include <string.h>

#include "analyzer/explain/explain_parts.h"
#include "analyzer/report/words.h"
#include "base/clock.h"

enum { SPANS_TOLD = 3 };

static const char *consequence_of(uint8_t kind)
{
    static const char *const sentences[LOSS_KINDS] = {
        [LOSS_KERNEL] = " What the kernel dropped behind ports then is not known whole.",
        [LOSS_UNTOLD] = " Whether the kernel dropped packets behind ports then is not known.",
        [LOSS_EVENTS] = " What happened then, and is not in a recording, is not known whole.",
        [LOSS_PACKETS] = " What happened then, and is not in a recording, is not known whole.",
        [LOSS_JOURNEYS] = " What became of these packets is not known."};
    return sentences[kind];
}

/* Journeys that a recording lacks are told by its own account, with their causes; and what two
 * sources tell alike is told once. */
static bool is_told(const struct loss *loss)
{
    return loss->is_repeat || (loss->kind == LOSS_JOURNEYS && loss->source >= EVENTS_OF_SESSIONS);
}

static void kind_explain(struct explaining *explaining, uint8_t kind)
{
    const struct losses *losses = &explaining->analysis->events.losses;
    struct finding *finding = NULL;
    struct text text = {0};
    const struct loss *loss;
    size_t place = 0;
    size_t told = 0;
    struct words words;
    while ((loss = losses_find(losses, explaining->of->machine, 0, UINT64_MAX, &place)) != NULL) {
        if (loss->kind != kind || is_told(loss)) {
            continue;
        }
        if (finding == NULL) {
            finding = finding_add(explaining, FINDING_LOST, FINDING_UNKNOWN);
        }
        if (finding == NULL) {
            break;
        }
        finding->first_ns = told == 0 ? loss->from_ns : finding->first_ns;
        finding->last_ns = loss->until_ns;
        if (told++ < SPANS_TOLD) {
            text_append_string(&text, told > 1 ? " " : "");
            loss_append(&text, loss);
            text_append_string(&text, " ");
            loss_span_append(&text, loss);
            text_append_string(&text, ".");
        }
    }
    if (finding == NULL) {
        text_fini(&text);
        return;
    }
    if (told > SPANS_TOLD) {
        text_format(&text, " And %s more.", words_count(told - SPANS_TOLD, "loss", &words));
    }
    text_append_string(&text, consequence_of(kind));
    finding_say(finding, &text);
}

/* Losses of a machine are said once, with its first switch. */
void explain_missing(struct explaining *explaining)
{
    const struct analysis *analysis = explaining->analysis;
    for (size_t i = 0; i < analysis->switch_count && analysis->switches[i] != explaining->of; i++) {
        if (analysis->switches[i]->machine == explaining->of->machine) {
            return;
        }
    }
    for (uint8_t kind = 0; kind < LOSS_KINDS; kind++) {
        kind_explain(explaining, kind);
    }
}

/* Doubts ------------------------------------------------------------------------------------- */

static void finding_append(struct finding *finding, const struct text *text)
{
    size_t used = strlen(finding->text);
    snprintf(finding->text + used, sizeof(finding->text) - used, "%s",
             text_string((struct text *)text));
}

/* Whether such a loss may hide more of what the finding tells. */
static bool hides_more(const struct finding *finding, const struct loss *loss)
{
    if (finding->kind == FINDING_KERNEL) {
        return loss->kind != LOSS_JOURNEYS;
    }
    /* A finding without a stage is one of which only a trace tells. */
    return finding->kind == FINDING_DROPS && !finding->has_stage &&
           (loss->kind == LOSS_EVENTS || loss->kind == LOSS_PACKETS);
}

static void more_doubt(struct explaining *explaining, struct finding *finding)
{
    const struct losses *losses = &explaining->analysis->events.losses;
    const struct loss *loss;
    size_t place = 0;
    while ((loss = losses_find(losses, explaining->of->machine, finding->first_ns, finding->last_ns,
                               &place)) != NULL) {
        if (hides_more(finding, loss)) {
            struct text text = {0};
            text_append_string(&text, " There may be more: ");
            loss_append(&text, loss);
            text_append_string(&text, " ");
            loss_span_append(&text, loss);
            text_append_string(&text, ".");
            finding_append(finding, &text);
            text_fini(&text);
            return;
        }
    }
}

/* Journeys that the capture lost while the finding lasted. */
static void gap_doubt(struct explaining *explaining, struct finding *finding)
{
    const struct analysis *analysis = explaining->analysis;
    uint64_t lost = 0;
    for (size_t i = 0; i < analysis->session_count; i++) {
        const struct analysis_session *session = analysis->sessions[i];
        const struct account_file *file = &session->account.file;
        for (size_t j = 0; session->of == explaining->of && j < file->gap_count; j++) {
            const struct meta_gap *gap = &file->gaps[j];
            bool is_within = gap->cause != META_LOSS_PAST_LIMIT &&
                             analysis_wall_ns(session, gap->from_mono_ns) <= finding->last_ns &&
                             analysis_wall_ns(session, gap->to_mono_ns) >= finding->first_ns;
            lost = account_sum(lost, is_within ? gap->journeys : 0);
        }
    }
    if (lost != 0) {
        struct text text = {0};
        struct words words;
        text_format(&text, " There may be more: in this time the capture lost %s.",
                    words_count(lost, "journey", &words));
        finding_append(finding, &text);
        text_fini(&text);
    }
}

/* What had changed before may be among events that are missing. */
static void cause_doubt(struct explaining *explaining, struct finding *finding)
{
    const struct losses *losses = &explaining->analysis->events.losses;
    const uint64_t before_ns = EXPLAIN_BEFORE_SECONDS * (uint64_t)NS_PER_SECOND;
    uint64_t since_ns = finding->first_ns > before_ns ? finding->first_ns - before_ns : 0;
    const struct loss *loss;
    size_t place = 0;
    while ((loss = losses_find(losses, explaining->of->machine, since_ns, finding->first_ns,
                               &place)) != NULL) {
        if (loss->kind == LOSS_EVENTS || loss->kind == LOSS_PACKETS) {
            struct text text = {0};
            text_append_string(&text, " Its cause may be among events that are missing: ");
            loss_append(&text, loss);
            text_append_string(&text, " ");
            loss_span_append(&text, loss);
            text_append_string(&text, ".");
            finding_append(finding, &text);
            text_fini(&text);
            return;
        }
    }
}

void explain_doubts(struct explaining *explaining)
{
    for (size_t i = 0; i < explaining->explain->count; i++) {
        struct finding *finding = &explaining->explain->findings[i];
        if (finding->first_ns == 0 || finding->weight != FINDING_BAD) {
            continue;
        }
        if (finding->has_stage) {
            gap_doubt(explaining, finding);
        }
        more_doubt(explaining, finding);
        if (finding->kind == FINDING_DROPS || finding->kind == FINDING_KERNEL) {
            cause_doubt(explaining, finding);
        }
    }
}
