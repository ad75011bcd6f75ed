/* SPDX-License-Identifier: Apache-2.0 */
/* See report_text.h. The verdict is written in report_verdict.c, the tables in report_tables.c. */
#include "analyzer/report/report_text.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/report/report_selection.h"
#include "analyzer/report/words.h"
#include "base/text.h"

static void port_list(const struct page *page, const struct analysis_switch *of)
{
    struct text text = {0};
    struct dictionary_name name;
    struct words words;
    for (size_t i = 0; i < of->receive_ports.count && i < 16; i++) {
        const struct dictionary_label *port = table_key(&of->receive_ports, i);
        uint64_t packets = *(const uint64_t *)table_value(&of->receive_ports, i);
        text_format(&text, "%s%s %s", i == 0 ? "" : ", ",
                    dictionary_port(&of->dictionary, *port, &name), words_number(packets, &words));
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
        summary_row(page, "clones of extensions", total->copies_other);
    }
    if (total->injected != 0) {
        summary_row(page, "made by extensions", total->injected);
    }
    summary_row(page, "delivered", total->delivered);
    summary_row(page, "dropped", total->dropped);
    if (total->consumed + total->punted != 0) {
        summary_row(page, "replaced", total->consumed + total->punted);
    }
    if (total->unfinished != 0) {
        summary_row(page, "end not recorded", total->unfinished);
    }
    summary_row(page, "changed on their way", total->changed);
}

static void switch_head(const struct page *page, const struct analysis *analysis,
                        const struct analysis_switch *of)
{
    if (of->is_traced) {
        page_say(page, 0, 2, PAGE_BOLD, "Switch %s on %s",
                 of->name[0] == '\0' ? "without a name" : of->name, of->host);
    } else if (of->total.records == 0) {
        page_say(page, 0, 2, PAGE_BOLD, "Switch %s on %s: no packets%s", of->name, of->host,
                 analysis->wanted != NULL ? " that match" : "");
    } else if (analysis->switch_count > 1) {
        page_say(page, 0, 2, PAGE_BOLD, "Switch %s on %s",
                 of->name[0] == '\0' ? "without a name" : of->name,
                 of->host[0] == '\0' ? "an unknown host" : of->host);
    }
}

static void summary_tell(const struct page *page, const struct analysis *analysis,
                         const struct analysis_switch *of, bool is_full)
{
    if (of->total.records == 0) {
        return;
    }
    report_verdict(page, analysis, of, is_full);
    summary(page, of);
}

static void verdict_alone(const struct page *page, const struct analysis *analysis,
                          const struct analysis_switch *of, bool is_full)
{
    if (of->total.records != 0) {
        report_verdict(page, analysis, of, is_full);
    }
}

typedef void report_part(const struct page *page, const struct analysis *analysis,
                         const struct analysis_switch *of, bool is_full);

static const struct {
    const char *name;
    report_part *report;
} parts[REPORT_TABLES] = {
    [REPORT_WHOLE] = {"all", summary_tell},   [REPORT_FINDINGS] = {"findings", verdict_alone},
    [REPORT_DROPS] = {"drops", report_drops}, [REPORT_CHANGES] = {"changes", report_changes},
    [REPORT_PATHS] = {"paths", report_paths}, [REPORT_LATENCY] = {"latency", report_latency},
    [REPORT_FLOWS] = {"flows", report_flows}};

enum report_table report_table_find(const char *name)
{
    int table = REPORT_FINDINGS;
    while (table < REPORT_TABLES && strcmp(parts[table].name, name) != 0) {
        table++;
    }
    return (enum report_table)table;
}

static void switch_report(const struct page *page, const struct analysis *analysis,
                          const struct analysis_switch *of, const struct report_options *options)
{
    switch_head(page, analysis, of);
    if (of->is_traced) {
        report_verdict(page, analysis, of, options->is_full);
        return;
    }
    if (options->only != REPORT_WHOLE) {
        parts[options->only].report(page, analysis, of, options->is_full);
        return;
    }
    for (int table = REPORT_WHOLE; table < REPORT_TABLES; table++) {
        if (table != REPORT_FINDINGS) {
            parts[table].report(page, analysis, of, options->is_full);
        }
    }
    for (size_t i = 0; i < analysis->session_count; i++) {
        if (analysis->sessions[i]->of == of) {
            report_proof(page, analysis->sessions[i], analysis_sessions_of(analysis, of) == 1);
        }
    }
}

static void file_lines(const struct page *page, const struct analysis_file *file)
{
    struct words words;
    if (file->status < 0 && (file->has_sections || file->packets != 0 || file->is_trace)) {
        page_say(page, 0, 2, PAGE_WARN, "%s file: %s",
                 file->status == XSW_TRUNCATED ? "Torn" : "Damaged", file->problem);
    }
    if (file->is_trace) {
        return;
    }
    if (!file->has_sections && (file->status == XSW_END || file->packets != 0)) {
        page_say(page, 0, 2, PAGE_PLAIN,
                 "%s: %s, no journeys in this file: written by %s. What happens to packets "
                 "is recorded by xsw capture.",
                 file->path, words_count(file->packets, "packet", &words),
                 file->writer[0] == '\0' ? "an unknown program" : file->writer);
    } else if (file->foreign != 0) {
        page_say(page, 0, 2, PAGE_PLAIN, "%s: %s of another writer left out", file->path,
                 words_count(file->foreign, "packet", &words));
    }
}

/* Where it comes from, when that is more than recordings of one machine. */
static void sources_tell_all(const struct page *page, const struct analysis *analysis)
{
    bool has_traces = false;
    for (size_t i = 0; i < analysis->file_count; i++) {
        has_traces |= analysis->files[i].is_trace;
    }
    if (has_traces || analysis->sources.machine_count > 1) {
        page_heading(page, "SOURCES");
        sources_text(page, &analysis->sources);
    }
}

void report_text(FILE *out, const struct analysis *analysis, const struct report_options *options)
{
    struct page page = {out, options->has_colours};
    struct words words;
    for (size_t i = 0; i < analysis->file_count; i++) {
        file_lines(&page, &analysis->files[i]);
    }
    if (options->selection != NULL) {
        report_selection_head(&page, options->selection);
    }
    if (options->selection != NULL && options->only == REPORT_WHOLE) {
        report_selection_list(&page, analysis, options->selection, options->is_full);
    }
    for (size_t i = 0; i < analysis->switch_count; i++) {
        if (i > 0) {
            page_blank(&page);
        }
        switch_report(&page, analysis, analysis->switches[i], options);
    }
    if (options->only == REPORT_WHOLE) {
        sources_tell_all(&page, analysis);
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
