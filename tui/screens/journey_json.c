/* SPDX-License-Identifier: Apache-2.0 */
/* A journey for programs: all that the screen shows of it. See journey_page.h. */
#include "tui/screens/journey_page.h"

static void reason_write(const struct dictionary *names, uint16_t id, struct json_writer *json)
{
    struct dictionary_name name;
    const struct dictionary_reason *reason = dictionary_find_reason(names, id);
    json_text(json, "reason", dictionary_reason(names, id, &name));
    json_text(json, "meaning", reason != NULL ? reason->sentence : NULL);
}

static void rule_write(const struct dictionary *names, const struct view_step *step,
                       struct json_writer *json)
{
    const struct dictionary_rule_key key = dictionary_rule_of(step->rule, step->port, step->stage);
    struct dictionary_name table;
    json_u64(json, "rule", meta_rule_number(step->stage, step->rule));
    json_text(json, "rule_table", dictionary_rule_table(names, &key, &table));
    json_text(json, "rule_text", dictionary_find_rule(names, &key));
    json_u64(json, "generation", step->generation);
}

static void fields_write(const struct view_step *step, struct json_writer *json)
{
    json_array_open(json, "fields");
    for (size_t i = 0; i < step->field_count; i++) {
        json_object_open(json, NULL);
        json_text(json, "name", step->fields[i].name);
        json_text(json, "old", step->fields[i].old_text);
        json_text(json, "new", step->fields[i].new_text);
        json_object_close(json);
    }
    json_array_close(json);
}

/* Of a step that changed bytes. */
static void change_write(const struct view_step *step, struct json_writer *json)
{
    json_array_open(json, "ranges");
    for (size_t i = 0; i < step->range_count; i++) {
        const struct view_range *range = &step->ranges[i];
        json_object_open(json, NULL);
        json_u64(json, "offset", range->offset);
        json_hex(json, "old", range->bytes, range->old_length);
        json_hex(json, "new", range->bytes + range->old_length, range->new_length);
        json_object_close(json);
    }
    json_array_close(json);
    json_bool(json, "undeclared", (step->flags & META_UNDECLARED) != 0);
    json_bool(json, "incomplete", (step->flags & META_CHANGES_INCOMPLETE) != 0);
    json_text(json, "network_checksum", checksum_state_name(step->checksums.network));
    json_text(json, "transport_checksum", checksum_state_name(step->checksums.transport));
}

static void step_write(const struct model *model, const struct view_step *step,
                       struct json_writer *json)
{
    const struct dictionary *names = &model->of->dictionary;
    struct dictionary_name stage, port;
    json_object_open(json, NULL);
    json_text(json, "stage", dictionary_stage(names, step->stage, &stage));
    json_text(json, "what", view_what_name(step->what));
    json_text(json, "port", dictionary_port(names, step->port, &port));
    json_u64(json, "since_rx_ns", step->since_rx_ns);
    json_bool(json, "held", step->is_held);
    json_u64(json, "held_ns", step->held_ns);
    if (step->what == VIEW_COPIED) {
        json_text(json, "copy", view_copy_name(step));
    }
    if (step->what == VIEW_DROPPED) {
        reason_write(names, step->reason, json);
    }
    if (step->rule != 0) {
        rule_write(names, step, json);
    }
    fields_write(step, json);
    if (journey_step_has_change(step)) {
        change_write(step, json);
    }
    json_object_close(json);
}

static void packets_write(const struct journey_page *page, const struct model *model,
                          struct json_writer *json)
{
    json_array_open(json, "packets");
    for (size_t i = 0; i < page->line_count; i++) {
        if (page->lines[i].step != JOURNEY_HEAD) {
            continue;
        }
        const struct view_packet *packet = packet_view_at(&page->view, page->lines[i].packet);
        json_object_open(json, NULL);
        json_u64(json, "packet", packet->id);
        json_u64(json, "parent", packet->parent_id);
        json_u64(json, "time_ns", packet->first_ns);
        json_u64(json, "length", packet->length);
        json_text(json, "what", packet->description);
        json_bool(json, "has_end", packet->has_last);
        json_array_open(json, "steps");
        for (size_t step = 0; step < packet->step_count; step++) {
            step_write(model, &packet->steps[step], json);
        }
        json_array_close(json);
        json_object_close(json);
    }
    json_array_close(json);
}

void journey_side_write_json(const struct journey_page *page, const struct model *model,
                             struct json_writer *json)
{
    json_u64(json, "packet", page->id);
    json_bool(json, "gap_before", page->has_gap);
    json_bool(json, "of_sample", page->is_of_sample);
    json_u64(json, "missing_parent", journey_page_missing_parent(page));
    json_hex(json, "frame", page->frame, page->frame_length);
    packets_write(page, model, json);
}

void journey_page_write_json(const struct journey_page *page, const struct model *model,
                             struct json_writer *json)
{
    json_text(json, "screen", "journey");
    journey_side_write_json(page, model, json);
}
