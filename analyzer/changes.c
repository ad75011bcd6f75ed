/* SPDX-License-Identifier: Apache-2.0 */
/* See changes.h. */
#include "analyzer/changes.h"

#include <string.h>

void changes_init(struct changes *changes)
{
    *changes = (struct changes){0};
    table_init(&changes->stages, sizeof(uint16_t), sizeof(struct changes_stage),
               CHANGES_STAGES_MAX);
    table_init(&changes->fields, sizeof(struct changes_field_key), sizeof(struct changes_field),
               CHANGES_FIELDS_MAX);
    table_init(&changes->pairs, sizeof(struct changes_pair_key), sizeof(struct changes_pair),
               CHANGES_PAIRS_MAX);
}

void changes_fini(struct changes *changes)
{
    table_fini(&changes->stages);
    table_fini(&changes->fields);
    table_fini(&changes->pairs);
    change_walk_fini(&changes->walk);
}

static bool is_broken(enum checksum_state before, enum checksum_state after)
{
    return after == CHECKSUM_INVALID && before != CHECKSUM_INVALID && before != CHECKSUM_UNKNOWN;
}

static bool breaks_checksum(const struct change_step *step)
{
    struct fields_checksums before = fields_checksums(&step->before);
    struct fields_checksums after = fields_checksums(&step->after);
    return is_broken(before.network, after.network) || is_broken(before.transport, after.transport);
}

/* Returns its place, SIZE_MAX when there was none left. */
static size_t field_add(struct changes *changes, uint16_t stage, const struct field_change *change,
                        uint64_t packet_id)
{
    struct changes_field_key key = {.stage = stage};
    memcpy(key.name, change->name, strnlen(change->name, sizeof(key.name) - 1));
    struct changes_field *field = table_add(&changes->fields, &key);
    if (field == NULL) {
        changes->beyond++;
        return SIZE_MAX;
    }
    field->packets++;
    size_t place = ((unsigned char *)field - changes->fields.entries) / changes->fields.entry_size;
    struct changes_pair_key pair_key = {.field = (uint32_t)place};
    memcpy(pair_key.old_text, change->old_text, strnlen(change->old_text, FIELD_TEXT_SIZE - 1));
    memcpy(pair_key.new_text, change->new_text, strnlen(change->new_text, FIELD_TEXT_SIZE - 1));
    struct changes_pair *pair = table_find(&changes->pairs, &pair_key);
    if (pair == NULL && field->pairs < CHANGES_FIELD_PAIRS) {
        pair = table_add(&changes->pairs, &pair_key);
        if (pair != NULL) {
            field->pairs++;
            pair->example_packet = packet_id;
        }
    }
    if (pair != NULL) {
        pair->packets++;
    } else {
        field->other_packets++;
    }
    return place;
}

struct adding {
    struct changes *changes;
    const struct record *record;
    struct trail *trail;
};

static void step_add(const struct change_step *step, void *context)
{
    const struct adding *adding = context;
    const struct record *record = adding->record;
    struct changes *changes = adding->changes;
    struct changes_stage *stage = table_add(&changes->stages, &step->stage);
    if (stage == NULL) {
        changes->beyond++;
        return;
    }
    if (stage->packets++ == 0) {
        stage->first_ns = stage->last_ns = record->time_ns;
        stage->example_packet = record->packet_id;
    }
    if (record->time_ns < stage->first_ns) {
        stage->first_ns = record->time_ns;
    }
    if (record->time_ns > stage->last_ns) {
        stage->last_ns = record->time_ns;
    }
    /* The flags speak of the record's own stage. */
    if (step->stage == record->fixed.stage) {
        stage->undeclared += (record->fixed.flags & META_UNDECLARED) != 0;
        stage->incomplete += (record->fixed.flags & META_CHANGES_INCOMPLETE) != 0;
    }
    if (breaks_checksum(step) && stage->checksums_broken++ == 0) {
        stage->broken_packet = record->packet_id;
    }
    struct field_change fields[FIELD_CHANGES_MAX];
    size_t count = fields_compare(&step->before, &step->after, fields, FIELD_CHANGES_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t place = field_add(changes, step->stage, &fields[i], record->packet_id);
        if (place != SIZE_MAX && adding->trail != NULL) {
            trail_add_field(adding->trail, place);
        }
    }
}

void changes_add(struct changes *changes, const struct record *record, struct trail *trail)
{
    struct adding adding = {changes, record, trail};
    if (!change_walk(&changes->walk, record, step_add, &adding)) {
        changes->beyond++;
    }
}

/* By group, then most packets first. */
static int group_compare(uint64_t group_a, uint64_t packets_a, uint64_t group_b, uint64_t packets_b)
{
    if (group_a != group_b) {
        return group_a < group_b ? -1 : 1;
    }
    return packets_a > packets_b ? -1 : packets_a < packets_b;
}

static int field_compare(const void *key_a, const void *value_a, const void *key_b,
                         const void *value_b)
{
    return group_compare(((const struct changes_field_key *)key_a)->stage,
                         ((const struct changes_field *)value_a)->packets,
                         ((const struct changes_field_key *)key_b)->stage,
                         ((const struct changes_field *)value_b)->packets);
}

static int pair_compare(const void *key_a, const void *value_a, const void *key_b,
                        const void *value_b)
{
    return group_compare(((const struct changes_pair_key *)key_a)->field,
                         ((const struct changes_pair *)value_a)->packets,
                         ((const struct changes_pair_key *)key_b)->field,
                         ((const struct changes_pair *)value_b)->packets);
}

static int stage_compare(const void *key_a, const void *value_a, const void *key_b,
                         const void *value_b)
{
    (void)key_a;
    (void)key_b;
    return group_compare(0, ((const struct changes_stage *)value_a)->packets, 0,
                         ((const struct changes_stage *)value_b)->packets);
}

size_t *changes_stages_sorted(const struct changes *changes)
{
    return table_sorted(&changes->stages, stage_compare);
}

size_t *changes_fields_sorted(const struct changes *changes)
{
    return table_sorted(&changes->fields, field_compare);
}

size_t *changes_pairs_sorted(const struct changes *changes)
{
    return table_sorted(&changes->pairs, pair_compare);
}

size_t changes_pairs_begin(const struct changes *changes, size_t field)
{
    size_t begin = 0;
    for (size_t i = 0; i < field; i++) {
        begin += ((const struct changes_field *)table_value(&changes->fields, i))->pairs;
    }
    return begin;
}
