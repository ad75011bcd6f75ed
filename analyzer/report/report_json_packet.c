/* SPDX-License-Identifier: Apache-2.0 */
/* The journey of one packet as JSON, and the names that all parts of the JSON share. */
#include "analyzer/packet/packet_fate.h"
#include "analyzer/packet/packet_view.h"
#include "analyzer/report/report_json.h"

void report_json_stage(struct json_writer *json, const struct dictionary *dictionary, uint16_t id)
{
    struct dictionary_name name;
    const char *extension = dictionary_stage_extension(dictionary, id);
    json_u64(json, "stage", id);
    json_text(json, "stage_name", dictionary_stage(dictionary, id, &name));
    json_text(json, "extension", extension[0] == '\0' ? NULL : extension);
}

void report_json_port(struct json_writer *json, const struct dictionary *dictionary,
                      struct dictionary_label port)
{
    struct dictionary_name name;
    json_u64(json, "port", port.id);
    json_text(json, "port_name", dictionary_port(dictionary, port, &name));
}

void report_json_reason(struct json_writer *json, const struct dictionary *dictionary, uint16_t id)
{
    struct dictionary_name name;
    const struct dictionary_reason *reason = dictionary_find_reason(dictionary, id);
    json_u64(json, "reason", id);
    json_text(json, "reason_name", dictionary_reason(dictionary, id, &name));
    json_text(json, "reason_sentence", reason == NULL ? NULL : reason->sentence);
}

void report_json_rule(struct json_writer *json, const struct dictionary *dictionary,
                      const struct dictionary_rule_key *key)
{
    if (key->rule == 0) {
        json_none(json, "rule");
        return;
    }
    struct dictionary_name table;
    json_u64(json, "rule", meta_rule_number(key->stage, key->rule));
    json_text(json, "rule_table", dictionary_rule_table(dictionary, key, &table));
    json_text(json, "rule_text", dictionary_find_rule(dictionary, key));
}

static void range_write(struct json_writer *json, const struct view_range *range)
{
    json_object_open(json, NULL);
    json_u64(json, "offset", range->offset);
    json_hex(json, "old", range->bytes, range->old_length);
    json_hex(json, "new", range->bytes + range->old_length, range->new_length);
    json_object_close(json);
}

static void step_changes_write(struct json_writer *json, const struct view_step *step)
{
    json_array_open(json, "fields");
    for (size_t i = 0; i < step->field_count; i++) {
        json_object_open(json, NULL);
        json_text(json, "field", step->fields[i].name);
        json_text(json, "old", step->fields[i].old_text);
        json_text(json, "new", step->fields[i].new_text);
        json_object_close(json);
    }
    json_array_close(json);
    json_array_open(json, "ranges");
    for (size_t i = 0; i < step->range_count; i++) {
        range_write(json, &step->ranges[i]);
    }
    json_array_close(json);
    json_bool(json, "undeclared", (step->flags & META_UNDECLARED) != 0);
    json_bool(json, "incomplete", (step->flags & META_CHANGES_INCOMPLETE) != 0);
    json_text(json, "network_checksum", checksum_state_name(step->checksums.network));
    json_text(json, "transport_checksum", checksum_state_name(step->checksums.transport));
}

static void step_write(struct json_writer *json, const struct dictionary *dictionary,
                       const struct view_step *step)
{
    struct dictionary_rule_key rule = dictionary_rule_of(step->rule, step->port, step->stage);
    json_object_open(json, NULL);
    json_text(json, "what", view_what_name(step->what));
    json_u64(json, "time_ns", step->time_ns);
    json_u64(json, "since_rx_ns", step->since_rx_ns);
    report_json_stage(json, dictionary, step->stage);
    report_json_port(json, dictionary, step->port);
    report_json_rule(json, dictionary, &rule);
    if (step->what == VIEW_COPIED) {
        json_text(json, "copy", view_copy_name(step));
    }
    if (step->generation != 0) {
        json_u64(json, "generation", step->generation);
    }
    if (step->is_held) {
        json_u64(json, "held_ns", step->held_ns);
    }
    if (step->what == VIEW_DROPPED) {
        report_json_reason(json, dictionary, step->reason);
    }
    if (step->what == VIEW_CHANGED || step->range_count != 0 || step->field_count != 0) {
        step_changes_write(json, step);
    }
    json_object_close(json);
}

/* Where the address that it goes to was heard before; null when it was not. */
static void heard_write(struct json_writer *json, const struct dictionary *dictionary,
                        const struct view_packet *packet)
{
    if (packet->heard_packet == 0) {
        json_none(json, "destination_heard");
        return;
    }
    json_object_open(json, "destination_heard");
    report_json_port(json, dictionary, packet->heard_port);
    json_u64(json, "packet", packet->heard_packet);
    json_object_close(json);
}

static void view_packet_write(struct json_writer *json, const struct analysis *analysis,
                              const struct view_packet *packet)
{
    const struct analysis_session *session = analysis->sessions[packet->session];
    json_object_open(json, NULL);
    json_u64(json, "packet", packet->id);
    if (packet->parent_id != 0) {
        json_u64(json, "parent", packet->parent_id);
    } else {
        json_none(json, "parent");
    }
    json_text(json, "switch", session->of->id);
    json_u64(json, "session", session->id);
    json_text(json, "description", packet->description);
    json_u64(json, "length", packet->length);
    json_u64(json, "vlan", packet->vlan);
    heard_write(json, &session->of->dictionary, packet);
    json_u64(json, "begin_ns", packet->first_ns);
    json_bool(json, "has_beginning", packet->has_first);
    json_bool(json, "has_end", packet->has_last);
    json_array_open(json, "steps");
    for (size_t i = 0; i < packet->step_count; i++) {
        step_write(json, &session->of->dictionary, &packet->steps[i]);
    }
    json_array_close(json);
    json_u64(json, "steps_beyond_limit", packet->steps_beyond);
    json_object_close(json);
}

void report_json_packet(struct json_writer *json, const struct analysis *analysis,
                        const struct packet_view *view)
{
    json_object_open(json, "journey");
    json_u64(json, "packet", view->asked);
    json_bool(json, "found", !packet_view_is_empty(view));
    json_array_open(json, "packets");
    for (size_t i = 0; i < view->packets.count; i++) {
        if (packet_view_at(view, i)->step_count != 0) {
            view_packet_write(json, analysis, packet_view_at(view, i));
        }
    }
    json_array_close(json);
    json_u64(json, "packets_beyond_limit", view->packets_beyond);
    if (view->fates != NULL) {
        packet_fates_json(json, view->fates);
    }
    json_object_close(json);
}
