/* SPDX-License-Identifier: Apache-2.0 */
/* See report_csv.h. */
#include "analyzer/report/report_csv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/explain/explain.h"
#include "base/text.h"

struct csv {
    FILE *out;
    bool has_cells; /* in this line */
};

static void cell_begin(struct csv *csv)
{
    if (csv->has_cells) {
        fputc(',', csv->out);
    }
    csv->has_cells = true;
}

static void cell_text(struct csv *csv, const char *text)
{
    cell_begin(csv);
    if (text[strcspn(text, ",\"\r\n")] == '\0') {
        fputs(text, csv->out);
        return;
    }
    fputc('"', csv->out);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            fputc('"', csv->out);
        }
        fputc(*text, csv->out);
    }
    fputc('"', csv->out);
}

static void cell_number(struct csv *csv, uint64_t number)
{
    cell_begin(csv);
    fprintf(csv->out, "%" PRIu64, number);
}

static void line_end(struct csv *csv)
{
    fputc('\n', csv->out);
    csv->has_cells = false;
}

static void cell_port(struct csv *csv, const struct dictionary *dictionary,
                      struct dictionary_label port)
{
    struct dictionary_name name;
    cell_text(csv, port.id == 0 ? "" : dictionary_port(dictionary, port, &name));
}

static void cell_rule(struct csv *csv, const struct dictionary *dictionary,
                      const struct dictionary_rule_key *rule)
{
    struct dictionary_name name;
    const char *text = rule->rule == 0 ? NULL : dictionary_find_rule(dictionary, rule);
    cell_text(csv, rule->rule == 0 ? "" : dictionary_rule_label(dictionary, rule, &name));
    cell_text(csv, text == NULL ? "" : text);
}

static void findings_write(struct csv *csv, const struct analysis *analysis,
                           const struct analysis_switch *of)
{
    struct explain *explain = NULL;
    struct dictionary_name name;
    if (explain_create(analysis, of, &explain, NULL) < 0) {
        return;
    }
    for (size_t i = 0; i < explain->count; i++) {
        const struct finding *finding = &explain->findings[i];
        cell_text(csv, of->name);
        cell_text(csv, finding_kind_name(finding->kind));
        cell_text(csv, finding_weight_name(finding->weight));
        cell_number(csv, finding->packets);
        cell_text(csv, finding->has_stage ? dictionary_stage(&of->dictionary, finding->stage, &name)
                                          : "");
        cell_port(csv, &of->dictionary, finding->port);
        cell_number(csv, finding->first_ns);
        cell_number(csv, finding->last_ns);
        cell_number(csv, finding->examples[0]);
        cell_text(csv, finding->text);
        line_end(csv);
    }
    explain_destroy(explain);
}

static void drops_write(struct csv *csv, const struct analysis *analysis,
                        const struct analysis_switch *of)
{
    size_t *rows = drops_rows_sorted(&of->drops);
    struct dictionary_name name;
    (void)analysis;
    for (size_t i = 0; rows != NULL && i < of->drops.rows.count; i++) {
        const struct drops_row_key *key = table_key(&of->drops.rows, rows[i]);
        const struct drops_row *row = table_value(&of->drops.rows, rows[i]);
        struct dictionary_rule_key rule = dictionary_rule_of(key->rule, key->port, key->stage);
        cell_text(csv, of->name);
        cell_text(csv, dictionary_stage(&of->dictionary, key->stage, &name));
        cell_text(csv, dictionary_reason(&of->dictionary, key->reason, &name));
        cell_port(csv, &of->dictionary, key->port);
        cell_rule(csv, &of->dictionary, &rule);
        cell_text(csv, dictionary_stage_extension(&of->dictionary, key->stage));
        cell_number(csv, row->packets);
        cell_number(csv, row->bytes);
        cell_number(csv, row->flows);
        cell_number(csv, row->first_ns);
        cell_number(csv, row->last_ns);
        cell_number(csv, row->example_packet);
        line_end(csv);
    }
    free(rows);
}

static void changes_write(struct csv *csv, const struct analysis *analysis,
                          const struct analysis_switch *of)
{
    size_t *fields = changes_fields_sorted(&of->changes);
    struct dictionary_name name;
    (void)analysis;
    for (size_t i = 0; fields != NULL && i < of->changes.fields.count; i++) {
        const struct changes_field_key *key = table_key(&of->changes.fields, fields[i]);
        const struct changes_field *field = table_value(&of->changes.fields, fields[i]);
        const struct changes_stage *stage = table_find(&of->changes.stages, &key->stage);
        cell_text(csv, of->name);
        cell_text(csv, dictionary_stage(&of->dictionary, key->stage, &name));
        cell_text(csv, dictionary_stage_extension(&of->dictionary, key->stage));
        cell_text(csv, key->name);
        cell_number(csv, field->packets);
        cell_number(csv, stage == NULL ? 0 : stage->packets);
        cell_number(csv, stage == NULL ? 0 : stage->undeclared);
        cell_number(csv, stage == NULL ? 0 : stage->checksums_broken);
        cell_number(csv, stage == NULL ? 0 : stage->first_ns);
        cell_number(csv, stage == NULL ? 0 : stage->last_ns);
        cell_number(csv, stage == NULL ? 0 : stage->example_packet);
        line_end(csv);
    }
    free(fields);
}

static void paths_write(struct csv *csv, const struct analysis *analysis,
                        const struct analysis_switch *of)
{
    size_t *places = paths_sorted(&of->paths);
    (void)analysis;
    for (size_t i = 0; places != NULL && i < of->paths.rows.count; i++) {
        const struct path_key *key = table_key(&of->paths.rows, places[i]);
        const struct path *path = table_value(&of->paths.rows, places[i]);
        struct text text = {0};
        cell_text(csv, of->name);
        cell_text(csv, path_origin_name(key->origin));
        path_stages_text(&text, &of->dictionary, key);
        cell_text(csv, text_string(&text));
        text_clear(&text);
        path_end_text(&text, &of->dictionary, key);
        cell_text(csv, text_string(&text));
        text_clear(&text);
        path_fields_text(&text, &of->changes, key);
        cell_text(csv, key->field_count == 0 ? "" : text_string(&text));
        cell_number(csv, path->packets);
        cell_text(csv, !of->paths.has_baseline ? "" : path->is_new ? "yes" : "no");
        cell_number(csv, path->first_ns);
        cell_number(csv, path->last_ns);
        cell_number(csv, path->latency_sum_ns / path->packets);
        cell_number(csv, path->latency_max_ns);
        cell_number(csv, path->examples[0]);
        line_end(csv);
        text_fini(&text);
    }
    free(places);
}

static void latency_write(struct csv *csv, const struct analysis *analysis,
                          const struct analysis_switch *of)
{
    static const uint32_t told[] = {500000, 900000, 990000, 999000};
    size_t *places = latency_rows_sorted(&of->latency, &of->dictionary);
    struct dictionary_name name;
    (void)analysis;
    for (size_t i = 0; places != NULL && i < of->latency.rows.count; i++) {
        const struct latency_key *key = table_key(&of->latency.rows, places[i]);
        const struct histogram *histogram = table_value(&of->latency.rows, places[i]);
        cell_text(csv, of->name);
        cell_text(csv, key->kind == LATENCY_WHOLE
                           ? ""
                           : dictionary_stage(&of->dictionary, key->stage, &name));
        cell_text(csv, latency_kind_name((enum latency_kind)key->kind));
        cell_number(csv, histogram->count);
        cell_number(csv, histogram->sum_ns);
        cell_number(csv, histogram->min_ns);
        for (size_t j = 0; j < sizeof(told) / sizeof(told[0]); j++) {
            cell_number(csv, histogram_percentile(histogram, told[j]).value_ns);
        }
        cell_number(csv, histogram->max_ns);
        cell_number(csv, histogram->max_packet);
        line_end(csv);
    }
    free(places);
}

static void flow_cells(struct csv *csv, const struct flow *flow)
{
    const uint64_t numbers[] = {flow->packets,
                                flow->bytes,
                                flow->delivered,
                                flow->dropped,
                                flow->replaced,
                                flow->changed,
                                flow->copies,
                                flow->copies_dropped,
                                flow->first_ns,
                                flow->last_ns,
                                flow->latency_max_ns,
                                flow->retransmissions,
                                flow->retransmissions_by_drop,
                                flow->late,
                                flow->resets,
                                flow->resets_by_drop,
                                flow->zero_windows,
                                flow->zero_windows_by_drop,
                                flow->example_packet,
                                flow->example_drop};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        cell_number(csv, numbers[i]);
    }
}

static void flows_write(struct csv *csv, const struct analysis *analysis,
                        const struct analysis_switch *of)
{
    size_t *places = flows_sorted(&of->flows);
    char text[FLOW_TEXT_SIZE];
    (void)analysis;
    for (size_t i = 0; places != NULL && i < of->flows.rows.count; i++) {
        const struct flow *flow = table_value(&of->flows.rows, places[i]);
        cell_text(csv, of->name);
        cell_text(csv, flow_key_text(table_key(&of->flows.rows, places[i]), text, sizeof(text)));
        flow_cells(csv, flow);
        line_end(csv);
    }
    free(places);
}

typedef void rows_write(struct csv *csv, const struct analysis *analysis,
                        const struct analysis_switch *of);

static const struct {
    const char *head;
    rows_write *write;
} tables[REPORT_TABLES] = {
    [REPORT_FINDINGS] =
        {"switch,kind,weight,packets,stage,port,first_ns,last_ns,example_packet,text",
         findings_write},
    [REPORT_DROPS] =
        {"switch,stage,reason,port,rule,rule_text,extension,packets,bytes,flows,first_ns,"
         "last_ns,example_packet",
         drops_write},
    [REPORT_CHANGES] = {"switch,stage,extension,field,packets,stage_packets,undeclared,"
                        "checksums_broken,first_ns,last_ns,example_packet",
                        changes_write},
    [REPORT_PATHS] =
        {"switch,origin,stages,end,fields,packets,new,first_ns,last_ns,latency_mean_ns,"
         "latency_max_ns,example_packet",
         paths_write},
    [REPORT_LATENCY] =
        {"switch,stage,kind,packets,sum_ns,min_ns,p50_ns,p90_ns,p99_ns,p999_ns,max_ns,"
         "max_packet",
         latency_write},
    [REPORT_FLOWS] = {"switch,flow,packets,bytes,delivered,dropped,replaced,changed,copies,"
                      "copies_dropped,first_ns,last_ns,latency_max_ns,retransmissions,"
                      "retransmissions_by_drop,late,resets,resets_by_drop,zero_windows,"
                      "zero_windows_by_drop,example_packet,example_drop",
                      flows_write}};

void report_csv(FILE *out, const struct analysis *analysis, enum report_table table)
{
    struct csv csv = {.out = out};
    fprintf(out, "%s\n", tables[table].head);
    for (size_t i = 0; i < analysis->switch_count; i++) {
        tables[table].write(&csv, analysis, analysis->switches[i]);
    }
}
