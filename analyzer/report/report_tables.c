/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the report: drops, changes, proof. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/report/report_text.h"
#include "analyzer/report/words.h"
#include "base/text.h"

enum {
    TOP_FLOWS = 5, /* of a row of drops, when the report is not full */
    TOP_VALUES = 3 /* pairs of old and new of a field */
};

/* Below a table: an empty place in it is no proof that nothing happened. */
static void unknown_line(const struct page *page, const struct analysis *analysis,
                         const struct analysis_switch *of, bool is_empty, const char *what)
{
    struct analysis_unknown unknown = analysis_unknown(analysis, of);
    struct words words;
    if (unknown.lost_journeys == 0 && unknown.open_sessions == 0) {
        if (is_empty) {
            page_say(page, 2, 2, PAGE_PLAIN, "No packet %s was %s.",
                     analysis->wanted != NULL ? "that matches" : "of this recording", what);
        }
        return;
    }
    if (unknown.lost_journeys != 0) {
        page_say(page, 2, 2, PAGE_WARN,
                 "unknown: whether packets of the %s that are not in the "
                 "recording were %s",
                 words_count(unknown.lost_journeys, "journey", &words), what);
    }
    if (unknown.open_sessions != 0) {
        page_say(page, 2, 2, PAGE_WARN,
                 "unknown: whether packets were %s that a recording without "
                 "its end account does not show",
                 what);
    }
}

static void flow_row(const struct page *page, const struct drops *drops, size_t place)
{
    const struct drops_flow_key *key = table_key(&drops->flows, place);
    const struct drops_flow *flow = table_value(&drops->flows, place);
    char name[FLOW_TEXT_SIZE];
    struct words packets;
    struct words first;
    struct words last;
    page_say(page, 11, 13, PAGE_PLAIN, "%s (%s)", flow_key_text(&key->flow, name, sizeof(name)),
             words_number(flow->packets, &packets));
    if (flow->packets == 1) {
        page_say(page, 13, 13, PAGE_DIM, "at %s, packet %" PRIu64,
                 words_time(flow->first_ns, &first), flow->example_packet);
    } else {
        page_say(page, 13, 13, PAGE_DIM, "first %s, last %s, e.g. packet %" PRIu64,
                 words_time(flow->first_ns, &first), words_time(flow->last_ns, &last),
                 flow->example_packet);
    }
}

static void drop_row_head(const struct page *page, const struct analysis_switch *of,
                          const struct drops_row_key *key, const struct drops_row *row)
{
    const struct dictionary *dictionary = &of->dictionary;
    struct dictionary_rule_key rule_key = dictionary_rule_of(key->rule, key->port, key->stage);
    const char *rule = dictionary_find_rule(dictionary, &rule_key);
    const char *extension = dictionary_stage_extension(dictionary, key->stage);
    struct dictionary_name stage;
    struct dictionary_name reason;
    struct dictionary_name port;
    struct words packets;
    char label[40];
    struct text text = {0};
    snprintf(label, sizeof(label), "%7s", words_number(row->packets, &packets));
    text_format(&text, "%s  %s", dictionary_stage(dictionary, key->stage, &stage),
                dictionary_reason(dictionary, key->reason, &reason));
    if (key->port.id != 0) {
        text_format(&text, "  port %s", dictionary_port(dictionary, key->port, &port));
    }
    if (extension[0] != '\0') {
        text_format(&text, "  extension %s", extension);
    }
    page_label(page, 0, label, PAGE_BAD, 9, "%s", text_string(&text));
    struct dictionary_name rule_label;
    dictionary_rule_label(dictionary, &rule_key, &rule_label);
    if (key->rule != 0 && rule != NULL) {
        page_say(page, 9, 11, PAGE_PLAIN, "rule %s \"%s\"", rule_label.text, rule);
    } else if (key->rule != 0) {
        page_say(page, 9, 11, PAGE_PLAIN, "rule %s", rule_label.text);
    }
    text_fini(&text);
    const struct dictionary_reason *known = dictionary_find_reason(dictionary, key->reason);
    if (known != NULL && known->sentence[0] != '\0') {
        page_say(page, 9, 11, PAGE_DIM, "%s", known->sentence);
    }
}

static void drop_row(const struct page *page, const struct analysis_switch *of, size_t place,
                     const size_t *flows, bool is_full)
{
    const struct drops *drops = &of->drops;
    const struct drops_row *row = table_value(&drops->rows, place);
    size_t begin = drops_flows_begin(drops, place);
    uint64_t shown = 0;
    drop_row_head(page, of, table_key(&drops->rows, place), row);
    for (size_t i = 0; flows != NULL && i < row->flows && (is_full || i < TOP_FLOWS); i++) {
        const struct drops_flow *flow = table_value(&drops->flows, flows[begin + i]);
        flow_row(page, drops, flows[begin + i]);
        shown += flow->packets;
    }
    struct words words;
    if (shown < row->packets) {
        page_say(page, 11, 13, PAGE_PLAIN, "other flows (%s)",
                 words_number(row->packets - shown, &words));
    }
}

void report_drops(const struct page *page, const struct analysis *analysis,
                  const struct analysis_switch *of, bool is_full)
{
    const struct drops *drops = &of->drops;
    struct words words;
    page_heading(page, "DROPPED  %s", words_count(drops->packets, "packet", &words));
    size_t *rows = drops_rows_sorted(drops);
    size_t *flows = drops_flows_sorted(drops);
    for (size_t i = 0; rows != NULL && i < drops->rows.count; i++) {
        drop_row(page, of, rows[i], flows, is_full);
    }
    if (drops->beyond != 0) {
        page_say(page, 2, 9, PAGE_WARN, "%s more, of kinds beyond the limit of this table",
                 words_number(drops->beyond, &words));
    }
    unknown_line(page, analysis, of, drops->packets == 0, "dropped");
    free(rows);
    free(flows);
}

static void field_row(const struct page *page, const struct changes *changes, size_t place,
                      const size_t *pairs, bool is_full)
{
    const struct changes_field_key *key = table_key(&changes->fields, place);
    const struct changes_field *field = table_value(&changes->fields, place);
    size_t begin = changes_pairs_begin(changes, place);
    size_t limit = is_full ? field->pairs : TOP_VALUES;
    uint64_t shown = 0;
    struct words words;
    struct text text = {0};
    /* A field with a value of its own in each packet (a checksum) is better told by one example. */
    if (!is_full && field->pairs > TOP_VALUES) {
        limit = 1;
    }
    for (size_t i = 0; pairs != NULL && i < field->pairs && i < limit; i++) {
        const struct changes_pair_key *values = table_key(&changes->pairs, pairs[begin + i]);
        const struct changes_pair *pair = table_value(&changes->pairs, pairs[begin + i]);
        text_format(&text, "%s%s -> %s (%s)", i == 0 ? "" : ", ", values->old_text,
                    values->new_text, words_number(pair->packets, &words));
        shown += pair->packets;
    }
    if (shown < field->packets) {
        text_format(&text, "%sother values (%s)", shown == 0 ? "" : ", ",
                    words_number(field->packets - shown, &words));
    }
    page_label(page, 9, key->name, PAGE_PLAIN, 28, "%s", text_string(&text));
    text_fini(&text);
}

static void change_stage_head(const struct page *page, const struct analysis_switch *of,
                              uint16_t id, const struct changes_stage *stage)
{
    const char *instance = dictionary_stage_extension(&of->dictionary, id);
    struct dictionary_name name;
    struct words words;
    struct words first;
    struct words last;
    char label[40];
    struct text text = {0};
    snprintf(label, sizeof(label), "%7s", words_number(stage->packets, &words));
    text_format(&text, "%s", dictionary_stage(&of->dictionary, id, &name));
    if (instance[0] != '\0') {
        char key[DICTIONARY_NAME_SIZE] = "";
        memcpy(key, instance, strnlen(instance, sizeof(key) - 1));
        const struct dictionary_extension *extension = table_find(&of->dictionary.extensions, key);
        text_format(&text, "  extension %s", instance);
        if (extension != NULL) {
            text_format(&text, " (%s %s)", extension->extension, extension->version);
        }
    }
    page_label(page, 0, label, PAGE_WARN, 9, "%s", text_string(&text));
    text_fini(&text);
    page_say(page, 9, 9, PAGE_DIM, "first %s, last %s, e.g. packet %" PRIu64,
             words_time(stage->first_ns, &first), words_time(stage->last_ns, &last),
             stage->example_packet);
    if (stage->undeclared != 0) {
        page_say(page, 9, 9, PAGE_BAD,
                 "%s changed UNDECLARED: the extension does not say that it "
                 "changes bytes",
                 words_count(stage->undeclared, "packet", &words));
    }
    if (stage->checksums_broken != 0) {
        page_say(page, 9, 9, PAGE_BAD, "%s left with a WRONG CHECKSUM that was not wrong before",
                 words_count(stage->checksums_broken, "packet", &words));
    }
    if (stage->incomplete != 0) {
        page_say(page, 9, 9, PAGE_WARN, "%s changed more than the recording kept",
                 words_count(stage->incomplete, "packet", &words));
    }
}

static void change_stage(const struct page *page, const struct analysis_switch *of, size_t place,
                         const size_t *fields, const size_t *pairs, bool is_full)
{
    const struct changes *changes = &of->changes;
    uint16_t id = *(const uint16_t *)table_key(&changes->stages, place);
    change_stage_head(page, of, id, table_value(&changes->stages, place));
    for (size_t i = 0; fields != NULL && i < changes->fields.count; i++) {
        const struct changes_field_key *key = table_key(&changes->fields, fields[i]);
        if (key->stage == id) {
            field_row(page, changes, fields[i], pairs, is_full);
        }
    }
}

void report_changes(const struct page *page, const struct analysis *analysis,
                    const struct analysis_switch *of, bool is_full)
{
    const struct changes *changes = &of->changes;
    struct words words;
    page_heading(page, "CHANGED  %s", words_count(of->total.changed, "packet", &words));
    size_t *stages = changes_stages_sorted(changes);
    size_t *fields = changes_fields_sorted(changes);
    size_t *pairs = changes_pairs_sorted(changes);
    for (size_t i = 0; stages != NULL && i < changes->stages.count; i++) {
        change_stage(page, of, stages[i], fields, pairs, is_full);
    }
    if (changes->beyond != 0) {
        page_say(page, 2, 9, PAGE_WARN, "%s more beyond the limits of this table",
                 words_count(changes->beyond, "change", &words));
    }
    unknown_line(page, analysis, of, changes->stages.count == 0, "changed");
    free(stages);
    free(fields);
    free(pairs);
}

void report_proof(const struct page *page, const struct analysis_session *session,
                  bool is_only_session)
{
    static const enum page_colour colours[] = {PAGE_GOOD, PAGE_WARN, PAGE_BAD};
    static const char *const labels[] = {"holds", "UNKNOWN", "FAILS"};
    if (is_only_session) {
        page_heading(page, "PROOF");
    } else {
        page_heading(page, "PROOF  capture session %" PRIu64, session->id);
    }
    for (size_t i = 0; i < session->proof.count; i++) {
        const struct proof_line *line = &session->proof.lines[i];
        page_label(page, 2, labels[line->state], colours[line->state], 11, "%s: %s", line->subject,
                   line->text);
    }
}
