/* SPDX-License-Identifier: Apache-2.0 */
/* See report_text.h. The verdict is written here, the tables in report_tables.c. */
#include "analyzer/report_text.h"

#include <inttypes.h>
#include <stdlib.h>

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
    uint64_t copies = total->copies_flood + total->copies_mirror + total->copies_other;
    struct words words;
    if (copies == 1) {
        text_append_string(text, ", and the switch made 1 copy of them");
    } else if (copies != 0) {
        text_format(text, ", and the switch made %s copies of them", words_number(copies, &words));
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
    struct dictionary_rule_key rule_key = {key->rule, key->port, key->stage};
    const char *rule = dictionary_find_rule(dictionary, &rule_key);
    const struct dictionary_reason *known = dictionary_find_reason(dictionary, key->reason);
    const char *extension = dictionary_stage_extension(dictionary, key->stage);
    struct dictionary_name name;
    struct words words;
    struct text text = {0};
    text_format(&text, "%s %s dropped", words_count(row->packets, "packet", &words),
                be(row->packets));
    text_format(&text, " at %s", dictionary_stage(dictionary, key->stage, &name));
    if (key->port != 0) {
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
    for (size_t i = 0; i < file->gap_count && i < VERDICT_GAPS; i++) {
        verdict_gap(page, session, &file->gaps[i]);
        told = account_sum(told, file->gaps[i].journeys);
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
    struct account_worker workers = account_workers_sum(&session->account);
    if (workers.filtered != 0) {
        page_label(page, 2, "-", PAGE_PLAIN, 4,
                   "%s did not match the capture filter \"%s\" and %s not looked at",
                   words_count(workers.filtered, "journey", &words), session->filter,
                   be(workers.filtered));
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

static void verdict_ending(const struct page *page, const struct analysis_session *session)
{
    const struct account *account = &session->account;
    if (account->error[0] != '\0') {
        page_label(page, 2, "!", PAGE_BAD, 4, "the capture ended with an error: %s",
                   account->error);
    } else if (account->has_summary && account->why[0] != '\0') {
        page_label(page, 2, "-", PAGE_PLAIN, 4, "the capture ended by: %s", account->why);
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
            verdict_ending(page, analysis->sessions[i]);
        }
    }
}

static void port_list(const struct page *page, const struct analysis_switch *of)
{
    struct text text = {0};
    struct dictionary_name name;
    struct words words;
    for (size_t i = 0; i < of->receive_ports.count && i < 16; i++) {
        uint16_t id = *(const uint16_t *)table_key(&of->receive_ports, i);
        uint64_t packets = *(const uint64_t *)table_value(&of->receive_ports, i);
        text_format(&text, "%s%s %s", i == 0 ? "" : ", ",
                    dictionary_port(&of->dictionary, id, &name), words_number(packets, &words));
    }
    if (of->receive_ports.count > 16) {
        text_format(&text, " and %s more",
                    words_count(of->receive_ports.count - 16, "port", &words));
    }
    page_label(page, 2, "at the ports", PAGE_PLAIN, 26, "%s", text_string(&text));
    text_fini(&text);
}

static void summary_row(const struct page *page, const char *name, uint64_t number)
{
    struct words words;
    char text[48];
    snprintf(text, sizeof(text), "%12s", words_number(number, &words));
    page_say(page, 2, 26, PAGE_PLAIN, "%-22s%s", name, text);
}

static void summary(const struct page *page, const struct analysis_switch *of)
{
    const struct account_file *total = &of->total;
    page_heading(page, "SUMMARY");
    summary_row(page, "received", total->received);
    if (of->receive_ports.count != 0) {
        port_list(page, of);
    }
    if (total->copies_flood != 0) {
        summary_row(page, "copies for flooding", total->copies_flood);
    }
    if (total->copies_mirror != 0) {
        summary_row(page, "copies for mirrors", total->copies_mirror);
    }
    if (total->copies_other != 0) {
        summary_row(page, "other copies", total->copies_other);
    }
    if (total->injected != 0) {
        summary_row(page, "injected", total->injected);
    }
    summary_row(page, "delivered", total->delivered);
    summary_row(page, "dropped", total->dropped);
    if (total->consumed + total->punted != 0) {
        summary_row(page, "consumed", total->consumed + total->punted);
    }
    if (total->unfinished != 0) {
        summary_row(page, "end not recorded", total->unfinished);
    }
    summary_row(page, "changed on their way", total->changed);
}

static void switch_head(const struct page *page, const struct analysis_switch *of)
{
    struct words from;
    if (of->total.records == 0) {
        page_say(page, 0, 2, PAGE_BOLD, "Switch %s on %s: no packets", of->name, of->host);
        return;
    }
    page_say(page, 0, 2, PAGE_BOLD, "Switch %s on %s, from %s",
             of->name[0] == '\0' ? "without a name" : of->name,
             of->host[0] == '\0' ? "an unknown host" : of->host,
             words_date_time(of->total.first_ns, &from));
}

static size_t session_count(const struct analysis *analysis, const struct analysis_switch *of)
{
    size_t count = 0;
    for (size_t i = 0; i < analysis->session_count; i++) {
        count += analysis->sessions[i]->of == of;
    }
    return count;
}

static void switch_report(const struct page *page, const struct analysis *analysis,
                          const struct analysis_switch *of, const struct report_options *options)
{
    bool is_whole = !options->drops_only && !options->changes_only;
    switch_head(page, of);
    if (is_whole && of->total.records != 0) {
        page_blank(page);
        report_verdict(page, analysis, of);
        summary(page, of);
    }
    if (is_whole || options->drops_only) {
        report_drops(page, analysis, of, options->is_full);
    }
    if (is_whole || options->changes_only) {
        report_changes(page, analysis, of, options->is_full);
    }
    for (size_t i = 0; is_whole && i < analysis->session_count; i++) {
        if (analysis->sessions[i]->of == of) {
            report_proof(page, analysis->sessions[i], session_count(analysis, of) == 1);
        }
    }
}

static void file_lines(const struct page *page, const struct analysis_file *file)
{
    struct words words;
    if (file->status < 0 && (file->has_sections || file->packets != 0)) {
        page_say(page, 0, 2, PAGE_WARN, "%s file: %s",
                 file->status == XSW_TRUNCATED ? "Torn" : "Damaged", file->problem);
    }
    if (!file->has_sections && (file->status == XSW_END || file->packets != 0)) {
        page_say(page, 0, 2, PAGE_PLAIN, "%s: %s, no journeys in this file: written by %s",
                 file->path, words_count(file->packets, "packet", &words),
                 file->writer[0] == '\0' ? "an unknown program" : file->writer);
    } else if (file->foreign != 0) {
        page_say(page, 0, 2, PAGE_PLAIN, "%s: %s of another writer left out", file->path,
                 words_count(file->foreign, "packet", &words));
    }
}

void report_text(FILE *out, const struct analysis *analysis, const struct report_options *options)
{
    struct page page = {out, options->has_colours};
    struct words words;
    for (size_t i = 0; i < analysis->file_count; i++) {
        file_lines(&page, &analysis->files[i]);
    }
    for (size_t i = 0; i < analysis->switch_count; i++) {
        if (i > 0) {
            page_blank(&page);
        }
        switch_report(&page, analysis, analysis->switches[i], options);
    }
    const struct notes *notes = &analysis->notes;
    if (notes->count == 0) {
        return;
    }
    page_heading(&page, "NOTES");
    for (size_t i = 0; i < notes->count; i++) {
        page_label(&page, 2, "-", PAGE_PLAIN, 4, "%s", notes->texts[i]);
    }
    if (notes->beyond != 0) {
        page_label(&page, 2, "-", PAGE_PLAIN, 4, "and %s more",
                   words_count(notes->beyond, "note", &words));
    }
}
