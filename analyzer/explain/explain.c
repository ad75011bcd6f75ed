/* SPDX-License-Identifier: Apache-2.0 */
/* See explain.h. Gathers the findings, orders them, and says in one line what they come to. */
#include "analyzer/explain/explain.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/explain/explain_parts.h"
#include "analyzer/report/words.h"
#include "base/clock.h"
#include "base/error.h"

static const struct {
    const char *name, *label;
    uint8_t group; /* smaller groups come first; in a group, what hit more packets */
} kinds[FINDING_KINDS] = {
    [FINDING_BOOKS] = {"books", "DOES NOT ADD UP", 0},
    [FINDING_DROPS] = {"drops", "DROPPED", 1},
    [FINDING_KERNEL] = {"kernel-drops", "KERNEL", 1},
    [FINDING_LOST] = {"capture-loss", "UNKNOWN", 1},
    [FINDING_CHECKSUM] = {"wrong-checksum", "CHECKSUM", 1},
    [FINDING_UNDECLARED] = {"undeclared-change", "UNDECLARED", 1},
    [FINDING_MOVES] = {"address-moves", "MAC MOVES", 2},
    [FINDING_TCP] = {"tcp", "TCP", 3},
    [FINDING_LATENCY] = {"latency", "SLOW", 4},
    [FINDING_NEW_PATHS] = {"new-paths", "NEW", 5},
    [FINDING_OPEN] = {"no-end-account", "UNKNOWN", 6},
    [FINDING_CONFIGURATION] = {"configuration", "CONFIGURED", 7},
    [FINDING_CHANGED] = {"changed", "CHANGED", 8},
};

const char *finding_kind_name(enum finding_kind kind)
{
    return kinds[kind].name;
}

const char *finding_kind_label(enum finding_kind kind)
{
    return kinds[kind].label;
}

const char *finding_weight_name(enum finding_weight weight)
{
    static const char *const names[] = {"bad", "unknown", "notice"};
    return names[weight];
}

/* Parts -------------------------------------------------------------------------------------- */

struct finding *finding_add(struct explaining *explaining, enum finding_kind kind,
                            enum finding_weight weight)
{
    struct explain *explain = explaining->explain;
    if (explain->count == FINDINGS_MAX) {
        explain->beyond++;
        return NULL;
    }
    struct finding *finding = &explain->findings[explain->count++];
    *finding = (struct finding){.kind = kind, .weight = weight};
    return finding;
}

void finding_say(struct finding *finding, struct text *text)
{
    text_make_safe(finding->text, sizeof(finding->text), text_string(text));
    text_fini(text);
}

void finding_example(struct finding *finding, uint64_t packet_id)
{
    for (size_t i = 0; i < FINDING_EXAMPLES && packet_id != 0; i++) {
        if (finding->examples[i] == 0 || finding->examples[i] == packet_id) {
            finding->examples[i] = packet_id;
            return;
        }
    }
}

void sentence_append(struct text *text, const char *sentence)
{
    bool is_word = isupper((unsigned char)sentence[0]) && !isupper((unsigned char)sentence[1]);
    text_format(text, " (%c%s)", is_word ? tolower((unsigned char)sentence[0]) : sentence[0],
                sentence + 1);
}

void decider_append(struct text *text, const struct dictionary *dictionary,
                    const struct dictionary_rule_key *rule)
{
    const char *extension = dictionary_stage_extension(dictionary, rule->stage);
    const char *rule_text = dictionary_find_rule(dictionary, rule);
    struct dictionary_name label;
    if (rule->rule != 0) {
        text_format(text, ", by rule %s", dictionary_rule_label(dictionary, rule, &label));
        if (rule_text != NULL) {
            text_format(text, " \"%s\"", rule_text);
        }
    }
    if (extension[0] != '\0') {
        text_format(text, "%s extension %s", rule->rule != 0 ? " of" : ", by", extension);
    }
}

const char *words_be(uint64_t number)
{
    return number == 1 ? "was" : "were";
}

void span_append(struct text *text, uint64_t first_ns, uint64_t last_ns)
{
    struct words first;
    struct words last;
    struct words span;
    words_time(first_ns, &first);
    if (last_ns <= first_ns) {
        text_format(text, "at %s", first.text);
        return;
    }
    text_format(text, "from %s to %s (%s)", first.text, words_time(last_ns, &last),
                words_duration(last_ns - first_ns, &span));
}

bool explaining_is_whole(const struct explaining *explaining)
{
    const struct analysis *analysis = explaining->analysis;
    struct analysis_unknown unknown = analysis_unknown(analysis, explaining->of);
    bool is_all = analysis->wanted == NULL && unknown.lost_journeys == 0 &&
                  unknown.open_sessions == 0 && explaining->of->flows.beyond == 0;
    for (size_t i = 0; i < analysis->session_count; i++) {
        const struct account *account = &analysis->sessions[i]->account;
        if (analysis->sessions[i]->of == explaining->of) {
            is_all &= account_past_limit(account) == 0 &&
                      account_workers_sum(account).filtered == 0 &&
                      account->file.headless + account->file.evicted == 0;
        }
    }
    return is_all;
}

/* The whole ---------------------------------------------------------------------------------- */

static int finding_compare(const void *left, const void *right)
{
    const struct finding *a = left;
    const struct finding *b = right;
    int group_a = kinds[a->kind].group;
    int group_b = kinds[b->kind].group;
    if (group_a != group_b) {
        return group_a - group_b;
    }
    bool is_notice_a = a->weight == FINDING_NOTICE;
    bool is_notice_b = b->weight == FINDING_NOTICE;
    if (is_notice_a != is_notice_b) {
        return is_notice_a - is_notice_b;
    }
    if (a->packets != b->packets) {
        return a->packets > b->packets ? -1 : 1;
    }
    if (a->first_ns != b->first_ns) {
        return a->first_ns < b->first_ns ? -1 : 1;
    }
    return strcmp(a->text, b->text);
}

static enum proof_state state_of(const struct analysis *analysis, const struct analysis_switch *of)
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

static void headline_recorded(struct text *text, const struct explain *explain,
                              const struct analysis *analysis, const struct analysis_switch *of)
{
    static const char *const endings[] = {"The numbers add up.", "NOT ALL IS KNOWN.",
                                          "THE NUMBERS DO NOT ADD UP."};
    const struct account_file *total = &of->total;
    uint64_t all = total->received + total->copies_flood + total->copies_mirror +
                   total->copies_other + total->injected;
    uint64_t lost = analysis_unknown(analysis, of).lost_journeys;
    struct words number;
    struct words count;
    if (total->dropped == 0) {
        text_format(text, "none of %s dropped", words_count(all, "packet", &count));
    } else {
        text_format(text, "%s of %s DROPPED", words_number(total->dropped, &number),
                    words_count(all, "packet", &count));
    }
    text_format(text, ", %s changed", words_number(total->changed, &number));
    if (lost != 0) {
        text_format(text, ", %s UNKNOWN", words_number(lost, &number));
    }
    text_format(text, ". %s", endings[explain->state]);
}

/* Of a switch that nobody recorded. */
static void headline_traced(struct text *text, const struct explain *explain)
{
    uint64_t dropped = 0;
    struct words words;
    for (size_t i = 0; i < explain->count; i++) {
        const struct finding *finding = &explain->findings[i];
        bool is_drop = finding->kind == FINDING_DROPS || finding->kind == FINDING_KERNEL;
        dropped += is_drop ? finding->packets : 0;
    }
    text_format(text, "no recording of it; traces tell of %s DROPPED.",
                words_count(dropped, "packet", &words));
}

static void headline(struct explain *explain, const struct analysis *analysis,
                     const struct analysis_switch *of)
{
    struct text text = {0};
    size_t place = 0;
    text_format(&text, "%s: ", of->name[0] == '\0' ? "switch without a name" : of->name);
    if (of->is_traced) {
        headline_traced(&text, explain);
    } else {
        headline_recorded(&text, explain, analysis, of);
    }
    if (losses_find(&analysis->events.losses, of->machine, 0, UINT64_MAX, &place) != NULL) {
        text_append_string(&text, " EVENTS ARE MISSING.");
    }
    text_make_safe(explain->headline, sizeof(explain->headline), text_string(&text));
    text_fini(&text);
}

enum xsw_status explain_create(const struct analysis *analysis, const struct analysis_switch *of,
                               struct explain **explain, struct xsw_error *error)
{
    struct explain *made = calloc(1, sizeof(*made));
    struct explaining explaining = {analysis, of, made};
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the explanation");
    }
    made->state = state_of(analysis, of);
    explain_books(&explaining);
    explain_losses(&explaining);
    explain_drops(&explaining);
    explain_kernel(&explaining);
    explain_traced(&explaining);
    explain_missing(&explaining);
    explain_changes(&explaining);
    explain_moves(&explaining);
    explain_tcp(&explaining);
    explain_latency(&explaining);
    explain_paths(&explaining);
    explain_configuration(&explaining);
    explain_capture(&explaining);
    explain_doubts(&explaining);
    qsort(made->findings, made->count, sizeof(made->findings[0]), finding_compare);
    made->is_clean = made->state == PROOF_HOLDS;
    for (size_t i = 0; i < made->count; i++) {
        made->is_clean &= made->findings[i].weight == FINDING_NOTICE;
    }
    headline(made, analysis, of);
    *explain = made;
    return XSW_OK;
}

void explain_destroy(struct explain *explain)
{
    free(explain);
}
