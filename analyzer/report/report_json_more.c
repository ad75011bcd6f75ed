/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a switch that are about findings and whole journeys. See report_json.h. */
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/explain/explain.h"
#include "analyzer/report/report_json.h"

/* Findings ----------------------------------------------------------------------------------- */

static void finding_write(struct json_writer *json, const struct analysis_switch *of,
                          const struct finding *finding)
{
    struct dictionary_rule_key rule =
        dictionary_rule_of(finding->rule, finding->port, finding->stage);
    json_object_open(json, NULL);
    json_text(json, "kind", finding_kind_name(finding->kind));
    json_text(json, "weight", finding_weight_name(finding->weight));
    json_text(json, "text", finding->text);
    json_u64(json, "packets", finding->packets);
    json_u64(json, "first_ns", finding->first_ns);
    json_u64(json, "last_ns", finding->last_ns);
    json_u64(json, "generation", finding->generation);
    if (finding->has_stage) {
        report_json_stage(json, &of->dictionary, finding->stage);
        report_json_rule(json, &of->dictionary, &rule);
    }
    if (finding->reason != 0) {
        report_json_reason(json, &of->dictionary, finding->reason);
    }
    if (finding->port.id != 0) {
        report_json_port(json, &of->dictionary, finding->port);
    }
    json_array_open(json, "example_packets");
    for (size_t i = 0; i < FINDING_EXAMPLES && finding->examples[i] != 0; i++) {
        json_u64(json, NULL, finding->examples[i]);
    }
    json_array_close(json);
    json_object_close(json);
}

void report_json_findings(struct json_writer *json, const struct analysis *analysis,
                          const struct analysis_switch *of)
{
    struct explain *explain = NULL;
    bool is_there = explain_create(analysis, of, &explain, NULL) >= 0;
    json_text(json, "headline", is_there ? explain->headline : NULL);
    json_bool(json, "is_clean", is_there && explain->is_clean);
    json_array_open(json, "findings");
    for (size_t i = 0; is_there && i < explain->count; i++) {
        finding_write(json, of, &explain->findings[i]);
    }
    json_array_close(json);
    json_u64(json, "findings_beyond_limit", is_there ? explain->beyond : 0);
    explain_destroy(explain);
}

/* Paths -------------------------------------------------------------------------------------- */

static void path_write(struct json_writer *json, const struct analysis_switch *of, size_t place)
{
    static const char *const outcomes[] = {"unfinished", "delivered", "dropped", "replaced"};
    const struct path_key *key = table_key(&of->paths.rows, place);
    const struct path *path = table_value(&of->paths.rows, place);
    struct dictionary_name name;
    json_object_open(json, NULL);
    json_text(json, "origin", path_origin_name(key->origin));
    json_array_open(json, "stages");
    for (size_t i = 0; i < key->stage_count; i++) {
        json_object_open(json, NULL);
        json_text(json, "stage_name", dictionary_stage(&of->dictionary, key->stages[i], &name));
        json_bool(json, "changed", (key->changed >> i & 1) != 0);
        json_object_close(json);
    }
    json_array_close(json);
    json_text(json, "outcome", outcomes[key->outcome]);
    json_text(json, "reason_name",
              key->reason == 0 ? NULL : dictionary_reason(&of->dictionary, key->reason, &name));
    json_array_open(json, "fields");
    for (size_t i = 0; i < key->field_count; i++) {
        const struct changes_field_key *field = table_key(&of->changes.fields, key->fields[i]);
        json_text(json, NULL, field->name);
    }
    json_array_close(json);
    json_bool(json, "undeclared", (key->flags & FACTS_UNDECLARED) != 0);
    json_u64(json, "packets", path->packets);
    if (of->paths.has_baseline) {
        json_bool(json, "is_new", path->is_new);
    }
    json_u64(json, "first_ns", path->first_ns);
    json_u64(json, "last_ns", path->last_ns);
    json_u64(json, "latency_mean_ns", path->latency_sum_ns / path->packets);
    json_u64(json, "latency_max_ns", path->latency_max_ns);
    json_array_open(json, "example_packets");
    for (size_t i = 0; i < PATH_EXAMPLES && i < path->packets; i++) {
        json_u64(json, NULL, path->examples[i]);
    }
    json_array_close(json);
    json_object_close(json);
}

void report_json_paths(struct json_writer *json, const struct analysis_switch *of)
{
    size_t *places = paths_sorted(&of->paths);
    json_array_open(json, "paths");
    for (size_t i = 0; places != NULL && i < of->paths.rows.count; i++) {
        path_write(json, of, places[i]);
    }
    json_array_close(json);
    json_u64(json, "paths_beyond_limit", of->paths.beyond);
    if (of->paths.has_baseline) {
        json_u64(json, "paths_gone", of->paths.gone);
    }
    free(places);
}

/* Latency ------------------------------------------------------------------------------------ */

static void percentile_write(struct json_writer *json, const struct histogram *histogram,
                             uint32_t per_million)
{
    struct histogram_point point = histogram_percentile(histogram, per_million);
    json_object_open(json, NULL);
    json_u64(json, "per_million", per_million);
    json_u64(json, "ns", point.value_ns);
    json_u64(json, "example_packet", point.example_packet);
    json_object_close(json);
}

static void latency_write(struct json_writer *json, const struct analysis_switch *of, size_t place)
{
    static const uint32_t told[] = {500000, 900000, 990000, 999000, 1000000};
    const struct latency_key *key = table_key(&of->latency.rows, place);
    const struct histogram *histogram = table_value(&of->latency.rows, place);
    json_object_open(json, NULL);
    json_text(json, "kind", latency_kind_name((enum latency_kind)key->kind));
    if (key->kind != LATENCY_WHOLE) {
        report_json_stage(json, &of->dictionary, key->stage);
    }
    json_u64(json, "packets", histogram->count);
    json_u64(json, "sum_ns", histogram->sum_ns);
    json_u64(json, "min_ns", histogram->min_ns);
    json_u64(json, "max_ns", histogram->max_ns);
    json_u64(json, "max_packet", histogram->max_packet);
    json_array_open(json, "percentiles");
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        percentile_write(json, histogram, told[i]);
    }
    json_array_close(json);
    json_object_close(json);
}

void report_json_latency(struct json_writer *json, const struct analysis_switch *of)
{
    size_t *places = latency_rows_sorted(&of->latency, &of->dictionary);
    json_array_open(json, "latency");
    for (size_t i = 0; places != NULL && i < of->latency.rows.count; i++) {
        latency_write(json, of, places[i]);
    }
    json_array_close(json);
    json_u64(json, "latency_beyond_limit", of->latency.beyond);
    free(places);
}

/* Flows -------------------------------------------------------------------------------------- */

static void flow_write(struct json_writer *json, const struct analysis_switch *of, size_t place)
{
    const struct flow_key *key = table_key(&of->flows.rows, place);
    const struct flow *flow = table_value(&of->flows.rows, place);
    char text[FLOW_TEXT_SIZE];
    json_object_open(json, NULL);
    json_text(json, "flow", flow_key_text(key, text, sizeof(text)));
    json_u64(json, "packets", flow->packets);
    json_u64(json, "bytes", flow->bytes);
    json_u64(json, "delivered", flow->delivered);
    json_u64(json, "dropped", flow->dropped);
    json_u64(json, "replaced", flow->replaced);
    json_u64(json, "changed", flow->changed);
    json_u64(json, "unfinished", flow->unfinished);
    json_u64(json, "copies", flow->copies);
    json_u64(json, "copies_dropped", flow->copies_dropped);
    json_u64(json, "first_ns", flow->first_ns);
    json_u64(json, "last_ns", flow->last_ns);
    json_u64(json, "latency_max_ns", flow->latency_max_ns);
    json_u64(json, "example_packet", flow->example_packet);
    json_u64(json, "example_drop", flow->example_drop);
    json_u64(json, "retransmissions", flow->retransmissions);
    json_u64(json, "retransmissions_by_drop", flow->retransmissions_by_drop);
    json_u64(json, "late", flow->late);
    json_u64(json, "resets", flow->resets);
    json_u64(json, "resets_by_drop", flow->resets_by_drop);
    json_u64(json, "zero_windows", flow->zero_windows);
    json_u64(json, "zero_windows_by_drop", flow->zero_windows_by_drop);
    json_object_close(json);
}

static void symptom_write(struct json_writer *json, const struct analysis_switch *of,
                          const struct flow_symptom *symptom)
{
    const struct flow_drop *cause = &symptom->cause;
    struct dictionary_rule_key rule = dictionary_rule_of(cause->rule, cause->port, cause->stage);
    char text[FLOW_TEXT_SIZE];
    json_object_open(json, NULL);
    json_text(json, "kind", flow_symptom_name((enum flow_symptom_kind)symptom->kind));
    json_text(json, "flow", flow_key_text(&symptom->flow, text, sizeof(text)));
    json_u64(json, "packet", symptom->packet_id);
    json_u64(json, "time_ns", symptom->time_ns);
    if (symptom->has_cause) {
        json_object_open(json, "cause");
        json_u64(json, "packet", cause->packet_id);
        json_bool(json, "is_reverse", symptom->is_cause_reverse);
        json_u64(json, "time_ns", cause->time_ns);
        report_json_stage(json, &of->dictionary, cause->stage);
        report_json_reason(json, &of->dictionary, cause->reason);
        report_json_rule(json, &of->dictionary, &rule);
        report_json_port(json, &of->dictionary, cause->port);
        json_object_close(json);
    } else {
        json_none(json, "cause");
    }
    json_object_close(json);
}

void report_json_flows(struct json_writer *json, const struct analysis_switch *of)
{
    const struct flows *flows = &of->flows;
    size_t *places = flows_sorted(flows);
    json_array_open(json, "flows");
    for (size_t i = 0; places != NULL && i < flows->rows.count; i++) {
        flow_write(json, of, places[i]);
    }
    json_array_close(json);
    json_u64(json, "flow_packets_beyond_limit", flows->beyond);
    json_array_open(json, "symptoms");
    for (size_t i = 0; i < flows->symptom_count; i++) {
        symptom_write(json, of, &flows->symptoms[i]);
    }
    json_array_close(json);
    json_u64(json, "symptoms_beyond_limit", flows->symptoms_beyond);
    free(places);
}

/* Addresses that moved, marks ---------------------------------------------------------------- */

static void station_write(struct json_writer *json, const struct analysis_switch *of,
                          const struct station_key *key, const struct station *station)
{
    char mac[18];
    struct dictionary_name name;
    snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", key->mac[0], key->mac[1],
             key->mac[2], key->mac[3], key->mac[4], key->mac[5]);
    json_object_open(json, NULL);
    json_text(json, "mac", mac);
    json_u64(json, "vlan", key->vlan);
    json_u64(json, "packets", station->packets);
    json_u64(json, "moves", station->moves);
    json_u64(json, "returns", station->returns);
    json_text(json, "port_before", dictionary_port(&of->dictionary, station->port_before, &name));
    report_json_port(json, &of->dictionary, station->port);
    json_u64(json, "first_move_ns", station->first_move_ns);
    json_u64(json, "last_move_ns", station->last_move_ns);
    json_u64(json, "silent_ns", station->silent_ns);
    json_u64(json, "example_packet", station->example_packet);
    json_object_close(json);
}

void report_json_moves(struct json_writer *json, const struct analysis_switch *of)
{
    const struct stations *stations = &of->stations;
    size_t *places = stations_sorted(stations);
    json_array_open(json, "address_moves");
    for (size_t i = 0; places != NULL && i < stations->rows.count; i++) {
        const struct station *station = table_value(&stations->rows, places[i]);
        if (station->moves != 0) {
            station_write(json, of, table_key(&stations->rows, places[i]), station);
        }
    }
    json_array_close(json);
    free(places);
}

static void changes_write(struct json_writer *json, const struct analysis_session *session)
{
    const struct marks *marks = &session->marks;
    json_array_open(json, "changes");
    for (size_t i = 0; i < marks->change_count; i++) {
        const struct mark_change *change = &marks->changes[i];
        json_object_open(json, NULL);
        json_u64(json, "time_ns", analysis_wall_ns(session, change->mono_ns));
        json_u64(json, "generation", change->generation);
        json_text(json, "port", change->port);
        json_text(json, "extension", change->extension);
        json_u64(json, "rule", change->rule);
        json_text(json, "text", change->text);
        json_object_close(json);
    }
    json_array_close(json);
    json_u64(json, "changes_missing", marks->changes_missing);
}

void report_json_marks(struct json_writer *json, const struct analysis_session *session)
{
    const struct marks *marks = &session->marks;
    changes_write(json, session);
    json_array_open(json, "configured");
    for (size_t i = 0; i < marks->count; i++) {
        json_text(json, NULL, marks->list[i].text);
    }
    json_array_close(json);
    json_u64(json, "configured_beyond_limit", marks->beyond);
    json_u64(json, "generation_at_start", marks->generation_before);
    json_u64(json, "generation_at_end", marks->generation_after);
}
