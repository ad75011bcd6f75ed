/* SPDX-License-Identifier: Apache-2.0 */
/* See report_json.h. Names stand beside numbers, so that a reader needs no table. */
#include "analyzer/report/report_json.h"

#include <stdlib.h>

#include "analyzer/packet/packet_view.h"
#include "analyzer/report/report_selection.h"
#include "base/error.h"

static void flow_write(struct json_writer *json, const struct drops *drops, size_t place)
{
    const struct drops_flow_key *key = table_key(&drops->flows, place);
    const struct drops_flow *flow = table_value(&drops->flows, place);
    char text[FLOW_TEXT_SIZE];
    json_object_open(json, NULL);
    json_text(json, "flow", flow_key_text(&key->flow, text, sizeof(text)));
    json_u64(json, "packets", flow->packets);
    json_u64(json, "first_ns", flow->first_ns);
    json_u64(json, "last_ns", flow->last_ns);
    json_u64(json, "example_packet", flow->example_packet);
    json_object_close(json);
}

static void drop_write(struct json_writer *json, const struct analysis_switch *of, size_t place,
                       const size_t *flows)
{
    const struct drops_row_key *key = table_key(&of->drops.rows, place);
    const struct drops_row *row = table_value(&of->drops.rows, place);
    struct dictionary_rule_key rule = dictionary_rule_of(key->rule, key->port, key->stage);
    size_t begin = drops_flows_begin(&of->drops, place);
    json_object_open(json, NULL);
    report_json_stage(json, &of->dictionary, key->stage);
    report_json_reason(json, &of->dictionary, key->reason);
    report_json_rule(json, &of->dictionary, &rule);
    report_json_port(json, &of->dictionary, key->port);
    json_u64(json, "packets", row->packets);
    json_u64(json, "bytes", row->bytes);
    json_u64(json, "first_ns", row->first_ns);
    json_u64(json, "last_ns", row->last_ns);
    json_u64(json, "example_packet", row->example_packet);
    json_array_open(json, "flows");
    for (size_t i = 0; flows != NULL && i < row->flows; i++) {
        flow_write(json, &of->drops, flows[begin + i]);
    }
    json_array_close(json);
    json_u64(json, "other_flow_packets", row->other_flow_packets);
    json_object_close(json);
}

void report_json_drops(struct json_writer *json, const struct analysis_switch *of)
{
    size_t *rows = drops_rows_sorted(&of->drops);
    size_t *flows = drops_flows_sorted(&of->drops);
    json_array_open(json, "drops");
    for (size_t i = 0; rows != NULL && i < of->drops.rows.count; i++) {
        drop_write(json, of, rows[i], flows);
    }
    json_array_close(json);
    json_u64(json, "drops_beyond_limit", of->drops.beyond);
    free(rows);
    free(flows);
}

static void field_write(struct json_writer *json, const struct changes *changes, size_t place,
                        const size_t *pairs)
{
    const struct changes_field_key *key = table_key(&changes->fields, place);
    const struct changes_field *field = table_value(&changes->fields, place);
    size_t begin = changes_pairs_begin(changes, place);
    json_object_open(json, NULL);
    json_text(json, "field", key->name);
    json_u64(json, "packets", field->packets);
    json_array_open(json, "values");
    for (size_t i = 0; pairs != NULL && i < field->pairs; i++) {
        const struct changes_pair_key *values = table_key(&changes->pairs, pairs[begin + i]);
        const struct changes_pair *pair = table_value(&changes->pairs, pairs[begin + i]);
        json_object_open(json, NULL);
        json_text(json, "old", values->old_text);
        json_text(json, "new", values->new_text);
        json_u64(json, "packets", pair->packets);
        json_u64(json, "example_packet", pair->example_packet);
        json_object_close(json);
    }
    json_array_close(json);
    json_u64(json, "other_value_packets", field->other_packets);
    json_object_close(json);
}

static void change_write(struct json_writer *json, const struct analysis_switch *of, size_t place,
                         const size_t *fields, const size_t *pairs)
{
    const struct changes *changes = &of->changes;
    uint16_t id = *(const uint16_t *)table_key(&changes->stages, place);
    const struct changes_stage *stage = table_value(&changes->stages, place);
    json_object_open(json, NULL);
    report_json_stage(json, &of->dictionary, id);
    json_u64(json, "packets", stage->packets);
    json_u64(json, "undeclared", stage->undeclared);
    json_u64(json, "incomplete", stage->incomplete);
    json_u64(json, "checksums_broken", stage->checksums_broken);
    json_u64(json, "first_ns", stage->first_ns);
    json_u64(json, "last_ns", stage->last_ns);
    json_u64(json, "example_packet", stage->example_packet);
    json_array_open(json, "fields");
    for (size_t i = 0; fields != NULL && i < changes->fields.count; i++) {
        const struct changes_field_key *key = table_key(&changes->fields, fields[i]);
        if (key->stage == id) {
            field_write(json, changes, fields[i], pairs);
        }
    }
    json_array_close(json);
    json_object_close(json);
}

void report_json_changes(struct json_writer *json, const struct analysis_switch *of)
{
    size_t *stages = changes_stages_sorted(&of->changes);
    size_t *fields = changes_fields_sorted(&of->changes);
    size_t *pairs = changes_pairs_sorted(&of->changes);
    json_array_open(json, "changes");
    for (size_t i = 0; stages != NULL && i < of->changes.stages.count; i++) {
        change_write(json, of, stages[i], fields, pairs);
    }
    json_array_close(json);
    json_u64(json, "changes_beyond_limit", of->changes.beyond);
    free(stages);
    free(fields);
    free(pairs);
}

static void files_write(struct json_writer *json, const struct analysis *analysis)
{
    json_array_open(json, "files");
    for (size_t i = 0; i < analysis->file_count; i++) {
        const struct analysis_file *file = &analysis->files[i];
        json_object_open(json, NULL);
        json_text(json, "path", file->path);
        json_text(json, "writer", file->writer[0] == '\0' ? NULL : file->writer);
        json_text(json, "status", file->status == XSW_END ? "whole" : status_name(file->status));
        json_text(json, "problem", file->problem[0] == '\0' ? NULL : file->problem);
        json_u64(json, "packets", file->packets);
        json_u64(json, "foreign_packets", file->foreign);
        json_u64(json, "unreadable_packets", file->unreadable);
        json_u64(json, "left_out_packets", file->left_out);
        json_bool(json, "has_journeys", file->has_sections);
        json_object_close(json);
    }
    json_array_close(json);
}

static void book_write(struct json_writer *json, const char *key, const struct account_file *book)
{
    json_object_open(json, key);
    json_u64(json, "records", book->records);
    json_u64(json, "first_ns", book->first_ns);
    json_u64(json, "last_ns", book->last_ns);
    json_u64(json, "received", book->received);
    json_u64(json, "copies_flood", book->copies_flood);
    json_u64(json, "copies_mirror", book->copies_mirror);
    json_u64(json, "copies_other", book->copies_other);
    json_u64(json, "injected", book->injected);
    json_u64(json, "delivered", book->delivered);
    json_u64(json, "dropped", book->dropped);
    json_u64(json, "consumed", book->consumed);
    json_u64(json, "punted", book->punted);
    json_u64(json, "changed", book->changed);
    json_u64(json, "unfinished", book->unfinished);
    json_object_close(json);
}

static void ports_write(struct json_writer *json, const struct analysis_switch *of)
{
    json_array_open(json, "ports");
    for (size_t i = 0; i < of->receive_ports.count; i++) {
        json_object_open(json, NULL);
        report_json_port(json, &of->dictionary,
                         *(const struct dictionary_label *)table_key(&of->receive_ports, i));
        json_u64(json, "received", *(const uint64_t *)table_value(&of->receive_ports, i));
        json_object_close(json);
    }
    json_array_close(json);
}

static void gaps_write(struct json_writer *json, const struct analysis_session *session)
{
    const struct account_file *file = &session->account.file;
    json_array_open(json, "gaps");
    for (size_t i = 0; i < file->gap_count; i++) {
        const struct meta_gap *gap = &file->gaps[i];
        json_object_open(json, NULL);
        json_u64(json, "journeys", gap->journeys);
        json_text(json, "cause", meta_loss_name(gap->cause));
        json_u64(json, "worker", gap->worker);
        json_u64(json, "from_ns", analysis_wall_ns(session, gap->from_mono_ns));
        json_u64(json, "to_ns", analysis_wall_ns(session, gap->to_mono_ns));
        json_object_close(json);
    }
    json_array_close(json);
    json_u64(json, "gaps_beyond_limit", file->gaps_beyond);
}

/* in_file = analyzed + unreadable + foreign */
static void records_write(struct json_writer *json, const struct account_file *file)
{
    json_object_open(json, "records");
    json_u64(json, "in_file", file->packets);
    json_u64(json, "analyzed", file->records);
    json_u64(json, "unreadable", file->broken);
    json_u64(json, "foreign", file->foreign);
    json_object_close(json);
}

static void capture_write(struct json_writer *json, const struct account *account)
{
    struct account_worker workers = account_workers_sum(account);
    json_object_open(json, "capture");
    json_u64(json, "offered", workers.offered);
    json_u64(json, "filtered", workers.filtered);
    json_u64(json, "unwanted", workers.unwanted);
    json_u64(json, "sampled", workers.sampled);
    json_u64(json, "written_to_rings", workers.written);
    json_u64(json, "written_to_file", account->recorder_written);
    json_object_open(json, "lost");
    for (unsigned cause = 1; cause < META_LOSS_COUNT; cause++) {
        json_u64(json, meta_loss_name(cause),
                 account_sum(workers.lost[cause], account->recorder_lost[cause]));
    }
    json_u64(json, "other", account_sum(workers.lost[0], account->recorder_lost[0]));
    json_object_close(json);
    json_object_close(json);
}

void report_json_session(struct json_writer *json, const struct analysis_session *session)
{
    const struct account *account = &session->account;
    json_object_open(json, NULL);
    json_u64(json, "session", session->id);
    json_text(json, "filter", session->filter);
    json_text(json, "where", session->where);
    json_u64(json, "snap_length", session->snap_length);
    json_bool(json, "has_end_account", account->has_summary);
    json_text(json, "why", account->why[0] == '\0' ? NULL : account->why);
    json_text(json, "error", account->error[0] == '\0' ? NULL : account->error);
    if (account->has_summary) {
        capture_write(json, account);
    }
    json_u64(json, "lost", account_lost(account));
    json_u64(json, "past_limit", account_past_limit(account));
    report_json_marks(json, session);
    gaps_write(json, session);
    records_write(json, &account->file);
    book_write(json, "file", &account->file);
    json_text(json, "verdict", proof_state_name(proof_state(&session->proof)));
    json_array_open(json, "proof");
    for (size_t i = 0; i < session->proof.count; i++) {
        const struct proof_line *line = &session->proof.lines[i];
        json_object_open(json, NULL);
        json_text(json, "state", proof_state_name(line->state));
        json_text(json, "subject", line->subject);
        json_text(json, "text", line->text);
        json_u64(json, "residue", line->residue);
        json_object_close(json);
    }
    json_array_close(json);
    json_object_close(json);
}

static void switch_write(struct json_writer *json, const struct analysis *analysis,
                         const struct analysis_switch *of)
{
    json_object_open(json, NULL);
    json_text(json, "id", of->id);
    json_text(json, "name", of->name);
    json_text(json, "host", of->host);
    json_bool(json, "is_recorded", !of->is_traced);
    report_json_findings(json, analysis, of);
    book_write(json, "summary", &of->total);
    ports_write(json, of);
    report_json_drops(json, of);
    report_json_changes(json, of);
    report_json_paths(json, of);
    report_json_latency(json, of);
    report_json_flows(json, of);
    report_json_moves(json, of);
    json_array_open(json, "sessions");
    for (size_t i = 0; i < analysis->session_count; i++) {
        if (analysis->sessions[i]->of == of) {
            report_json_session(json, analysis->sessions[i]);
        }
    }
    json_array_close(json);
    json_object_close(json);
}

enum xsw_status report_json(FILE *out, const struct analysis *analysis,
                            const struct packet_view *view, const struct selection *selection,
                            struct xsw_error *error)
{
    struct json_writer json;
    json_init_stream(&json, out, 2);
    json_object_open(&json, NULL);
    json_u64(&json, "format", REPORT_JSON_FORMAT);
    json_text(&json, "verdict", proof_state_name(analysis_state(analysis)));
    files_write(&json, analysis);
    json_array_open(&json, "switches");
    for (size_t i = 0; i < analysis->switch_count; i++) {
        switch_write(&json, analysis, analysis->switches[i]);
    }
    json_array_close(&json);
    report_json_events(&json, &analysis->events, &analysis->sources);
    sources_json(&json, &analysis->sources);
    json_array_open(&json, "notes");
    for (size_t i = 0; i < analysis->notes.count; i++) {
        json_text(&json, NULL, analysis->notes.texts[i]);
    }
    json_array_close(&json);
    json_u64(&json, "notes_beyond_limit", analysis->notes.beyond);
    if (view != NULL) {
        report_json_packet(&json, analysis, view);
    }
    if (selection != NULL) {
        report_json_selection(&json, analysis, selection);
    }
    json_object_close(&json);
    enum xsw_status status = json_finish(&json, error);
    fputc('\n', out);
    return status;
}
