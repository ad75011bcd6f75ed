/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the report that are about whole journeys: paths, latency, flows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/report/report_text.h"
#include "analyzer/report/words.h"
#include "base/text.h"

enum { TOP_PATHS = 10, TOP_FLOW_ROWS = 10, STAGE_COLUMN = 27 };

static void more_line(const struct page *page, uint64_t more, const char *noun)
{
    struct words words;
    if (more != 0) {
        page_say(page, 2, 2, PAGE_DIM, "and %s more: --all shows them",
                 words_count(more, noun, &words));
    }
}

/* Paths -------------------------------------------------------------------------------------- */

static void path_row(const struct page *page, const struct analysis_switch *of, size_t place)
{
    const struct path_key *key = table_key(&of->paths.rows, place);
    const struct path *path = table_value(&of->paths.rows, place);
    struct words words;
    struct words longest;
    char label[40];
    struct text text = {0};
    snprintf(label, sizeof(label), "%9s", words_number(path->packets, &words));
    text_format(&text, "%s%s: ", path->is_new ? "NEW  " : "", path_origin_name(key->origin));
    path_end_text(&text, &of->dictionary, key);
    text_format(&text, ", after at most %s, e.g. packet %" PRIu64,
                words_duration(path->latency_max_ns, &longest), path->examples[0]);
    page_label(page, 0, label,
               path->is_new                    ? PAGE_WARN
               : key->outcome == FACTS_DROPPED ? PAGE_BAD
                                               : PAGE_PLAIN,
               11, "%s", text_string(&text));
    text_clear(&text);
    path_stages_text(&text, &of->dictionary, key);
    page_say(page, 11, 13, PAGE_PLAIN, "%s", text_string(&text));
    text_clear(&text);
    path_fields_text(&text, &of->changes, key);
    if (key->field_count != 0) {
        page_say(page, 11, 13, PAGE_DIM, "changed: %s", text_string(&text));
    }
    text_fini(&text);
}

void report_paths(const struct page *page, const struct analysis *analysis,
                  const struct analysis_switch *of, bool is_full)
{
    const struct paths *paths = &of->paths;
    size_t *places = paths_sorted(paths);
    size_t count = places == NULL ? 0 : paths->rows.count;
    size_t shown = is_full || count < TOP_PATHS ? count : TOP_PATHS;
    struct words words;
    (void)analysis;
    page_heading(page, "PATHS  %s through the switch", words_count(count, "way", &words));
    for (size_t i = 0; i < shown; i++) {
        path_row(page, of, places[i]);
    }
    more_line(page, count - shown, "way");
    if (paths->beyond != 0) {
        page_say(page, 2, 2, PAGE_WARN, "%s went ways beyond the limit of this table",
                 words_count(paths->beyond, "packet", &words));
    }
    free(places);
}

/* Latency ------------------------------------------------------------------------------------ */

static void latency_row(const struct page *page, const struct analysis_switch *of, size_t place)
{
    const struct latency_key *key = table_key(&of->latency.rows, place);
    const struct histogram *histogram = table_value(&of->latency.rows, place);
    struct dictionary_name name;
    struct words words[4];
    const char *stage = key->kind == LATENCY_WHOLE
                            ? "from rx to tx"
                            : dictionary_stage(&of->dictionary, key->stage, &name);
    char numbers[128];
    snprintf(numbers, sizeof(numbers), "%-5s %8s %8s %8s %8s %9" PRIu64,
             key->kind == LATENCY_WHOLE ? "" : latency_kind_name((enum latency_kind)key->kind),
             words_number(histogram->count, &words[0]),
             words_duration(histogram_percentile(histogram, 500000).value_ns, &words[1]),
             words_duration(histogram_percentile(histogram, 990000).value_ns, &words[2]),
             words_duration(histogram->max_ns, &words[3]), histogram->max_packet);
    page_label(page, 2, stage, key->kind > LATENCY_WORK ? PAGE_WARN : PAGE_PLAIN, STAGE_COLUMN,
               "%s", numbers);
}

void report_latency(const struct page *page, const struct analysis *analysis,
                    const struct analysis_switch *of, bool is_full)
{
    const struct latency *latency = &of->latency;
    size_t *places = latency_rows_sorted(latency, &of->dictionary);
    (void)analysis;
    (void)is_full;
    page_heading(page,
                 "LATENCY  work: with its batch; hold: by an extension; queue: for bandwidth");
    if (places != NULL) {
        page_label(page, 2, "stage", PAGE_DIM, STAGE_COLUMN, "%-5s %8s %8s %8s %8s %9s", "",
                   "packets", "half <=", "99 % <=", "longest", "packet");
    } else {
        page_say(page, 2, 2, PAGE_PLAIN, "No journey of this recording has times.");
    }
    for (size_t i = 0; places != NULL && i < latency->rows.count; i++) {
        latency_row(page, of, places[i]);
    }
    free(places);
}

/* Flows -------------------------------------------------------------------------------------- */

static void symptoms_line(const struct page *page, const struct flow *flow)
{
    const struct {
        uint64_t count, caused;
        const char *noun;
    } symptoms[] = {{flow->retransmissions, flow->retransmissions_by_drop, "retransmission"},
                    {flow->late, 0, "late segment"},
                    {flow->resets, flow->resets_by_drop, "reset"},
                    {flow->zero_windows, flow->zero_windows_by_drop, "zero window"}};
    struct words words;
    struct text text = {0};
    for (size_t i = 0; i < sizeof(symptoms) / sizeof(symptoms[0]); i++) {
        if (symptoms[i].count == 0) {
            continue;
        }
        text_format(&text, "%s%s", text.length == 0 ? "" : ", ",
                    words_count(symptoms[i].count, symptoms[i].noun, &words));
        if (symptoms[i].caused != 0) {
            text_format(&text, " (%s because of a drop here)",
                        words_number(symptoms[i].caused, &words));
        }
    }
    if (text.length != 0) {
        page_say(page, 9, 11, PAGE_WARN, "%s", text_string(&text));
    }
    text_fini(&text);
}

static void flow_line(const struct page *page, const struct analysis_switch *of, size_t place)
{
    const struct flow_key *key = table_key(&of->flows.rows, place);
    const struct flow *flow = table_value(&of->flows.rows, place);
    struct words words[4];
    char name[FLOW_TEXT_SIZE];
    char numbers[96];
    snprintf(numbers, sizeof(numbers), "%9s %11s %8s %8s", words_number(flow->packets, &words[0]),
             words_number(flow->bytes, &words[1]), words_number(flow->dropped, &words[2]),
             words_number(flow->changed, &words[3]));
    page_say(page, 0, 9, flow->dropped != 0 ? PAGE_BAD : PAGE_PLAIN, "%s  %s", numbers,
             flow_key_text(key, name, sizeof(name)));
    symptoms_line(page, flow);
}

void report_flows(const struct page *page, const struct analysis *analysis,
                  const struct analysis_switch *of, bool is_full)
{
    const struct flows *flows = &of->flows;
    size_t *places = flows_sorted(flows);
    size_t count = places == NULL ? 0 : flows->rows.count;
    size_t shown = is_full || count < TOP_FLOW_ROWS ? count : TOP_FLOW_ROWS;
    struct words words;
    (void)analysis;
    page_heading(page, "FLOWS  %s, each direction for itself", words_number(count, &words));
    if (count != 0) {
        page_say(page, 0, 0, PAGE_DIM, "%9s %11s %8s %8s  %s", "packets", "bytes", "dropped",
                 "changed", "from > to");
    }
    for (size_t i = 0; i < shown; i++) {
        flow_line(page, of, places[i]);
    }
    more_line(page, count - shown, "flow");
    if (flows->beyond != 0) {
        page_say(page, 2, 2, PAGE_WARN, "%s of flows beyond the limit of this table",
                 words_count(flows->beyond, "packet", &words));
    }
    free(places);
}
