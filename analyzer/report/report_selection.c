/* SPDX-License-Identifier: Apache-2.0 */
/* See report_selection.h. */
#include "analyzer/report/report_selection.h"

#include <inttypes.h>
#include <stdio.h>

#include "analyzer/report/report_json.h"
#include "analyzer/report/words.h"
#include "base/text.h"

enum { SHOWN = 20 };

static const char *outcome_name(uint8_t outcome)
{
    static const char *const names[] = {"unfinished", "delivered", "dropped", "replaced"};
    return names[outcome];
}

static const char *origin_name(uint8_t origin)
{
    static const char *const names[] = {"none", "flood", "mirror", "clone", "injected"};
    return names[origin];
}

void report_selection_head(const struct page *page, const struct selection *selection)
{
    struct words matched;
    struct words total;
    words_number(selection_matched(selection), &matched);
    words_count(selection_total(selection), "journey", &total);
    page_say(page, 0, 2, PAGE_BOLD, "%s of %s match: %s", matched.text, total.text,
             selection_text(selection));
    page_say(page, 0, 2, PAGE_PLAIN,
             "What follows is about these alone, but for the proof, which is about all.");
    page_blank(page);
}

static const char *port_name(const struct dictionary *dictionary, uint32_t port,
                             struct dictionary_name *name)
{
    return port == FACTS_PORT_UNKNOWN ? "-"
                                      : dictionary_port(dictionary, selection_label(port), name);
}

static void outcome_append(struct text *text, const struct dictionary *dictionary,
                           const struct selected *selected)
{
    struct dictionary_name name;
    text_append_string(text, outcome_name(selected->outcome));
    if (selected->outcome == FACTS_DROPPED || selected->outcome == FACTS_REPLACED) {
        text_format(text, " at %s", dictionary_stage(dictionary, selected->stage, &name));
    }
    if (selected->outcome == FACTS_DROPPED) {
        text_format(text, ": %s", dictionary_reason(dictionary, selected->reason, &name));
    }
    if (selected->rule != 0) {
        text_format(text, ", rule %" PRIu32, selected->rule);
    }
}

static void line_say(const struct page *page, const struct dictionary *dictionary, uint64_t id,
                     const struct selected *selected)
{
    struct dictionary_name from;
    struct dictionary_name to;
    struct words duration;
    struct text text = {0};
    char label[24];
    outcome_append(&text, dictionary, selected);
    text_format(&text, "; %s > %s", port_name(dictionary, selected->source_port, &from),
                port_name(dictionary, selected->destination_port, &to));
    if (selected->outcome != FACTS_UNFINISHED) {
        text_format(&text, " in %s", words_duration(selected->latency_ns, &duration));
    }
    if (selected->origin != FACTS_RECEIVED) {
        text_format(&text, ", %s", origin_name(selected->origin));
    }
    if (selected->parent_id != 0) {
        text_format(&text, " of %" PRIu64, selected->parent_id);
    }
    if ((selected->flags & FACTS_CHANGED) != 0) {
        text_append_string(&text, ", changed");
    }
    if ((selected->flags & FACTS_HELD) != 0) {
        text_append_string(&text, ", held");
    }
    if (selected->description != NULL) {
        text_format(&text, "; %s", selected->description);
    }
    snprintf(label, sizeof(label), "%" PRIu64, id);
    page_label(page, 2, label, selected->outcome == FACTS_DROPPED ? PAGE_BAD : PAGE_PLAIN, 12, "%s",
               text_string(&text));
    text_fini(&text);
}

void report_selection_list(const struct page *page, const struct analysis *analysis,
                           const struct selection *selection, bool is_full)
{
    const struct table *listed = selection_listed(selection);
    size_t count = is_full || listed->count < SHOWN ? listed->count : SHOWN;
    struct words words;
    if (count == 0) {
        return;
    }
    page_say(page, 0, 0, PAGE_BOLD, "PACKETS THAT MATCH");
    for (size_t i = 0; i < count; i++) {
        const struct selected_key *key = table_key(listed, i);
        if (key->session < analysis->session_count) {
            line_say(page, &analysis->sessions[key->session]->of->dictionary, key->id,
                     table_value(listed, i));
        }
    }
    uint64_t rest = selection_matched(selection) - count;
    if (rest != 0) {
        page_say(page, 2, 4, PAGE_PLAIN, "and %s more%s", words_number(rest, &words),
                 is_full ? ", of which no list is kept" : "; --all lists them");
    }
    page_blank(page);
}

static void port_write(struct json_writer *json, const char *key,
                       const struct dictionary *dictionary, uint32_t port)
{
    struct dictionary_name name;
    json_text(json, key,
              port == FACTS_PORT_UNKNOWN
                  ? NULL
                  : dictionary_port(dictionary, selection_label(port), &name));
}

static void selected_write(struct json_writer *json, const struct analysis *analysis,
                           const struct selected_key *key, const struct selected *selected)
{
    const struct analysis_session *session = analysis->sessions[key->session];
    const struct dictionary *dictionary = &session->of->dictionary;
    bool has_ended = selected->outcome != FACTS_UNFINISHED;
    json_object_open(json, NULL);
    json_u64(json, "packet", key->id);
    json_u64(json, "parent", selected->parent_id);
    json_u64(json, "session", session->id);
    json_text(json, "outcome", outcome_name(selected->outcome));
    json_text(json, "clone", origin_name(selected->origin));
    if (has_ended) {
        report_json_stage(json, dictionary, selected->stage);
        json_u64(json, "latency_ns", selected->latency_ns);
    }
    if (selected->outcome == FACTS_DROPPED) {
        report_json_reason(json, dictionary, selected->reason);
    }
    json_u64(json, "rule", selected->rule);
    port_write(json, "source", dictionary, selected->source_port);
    port_write(json, "destination", dictionary, selected->destination_port);
    json_bool(json, "changed", (selected->flags & FACTS_CHANGED) != 0);
    json_bool(json, "held", (selected->flags & FACTS_HELD) != 0);
    json_u64(json, "first_ns", selected->first_ns);
    json_text(json, "frame", selected->description);
    json_object_close(json);
}

void report_json_selection(struct json_writer *json, const struct analysis *analysis,
                           const struct selection *selection)
{
    const struct table *listed = selection_listed(selection);
    json_object_open(json, "where");
    json_text(json, "expression", selection_text(selection));
    json_u64(json, "matched", selection_matched(selection));
    json_u64(json, "journeys", selection_total(selection));
    json_array_open(json, "packets");
    for (size_t i = 0; i < listed->count; i++) {
        const struct selected_key *key = table_key(listed, i);
        if (key->session < analysis->session_count) {
            selected_write(json, analysis, key, table_value(listed, i));
        }
    }
    json_array_close(json);
    json_u64(json, "packets_beyond_limit", selection_matched(selection) - listed->count);
    json_object_close(json);
}
