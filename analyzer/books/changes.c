/* SPDX-License-Identifier: Apache-2.0 */
/* See changes.h. */
#include "analyzer/books/changes.h"

#include <stdlib.h>
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
    bool is_open = changes->is_part ? !field->is_seed : field->pairs < CHANGES_FIELD_PAIRS;
    if (pair == NULL && is_open) {
        pair = table_add(&changes->pairs, &pair_key);
        changes->is_crowded |= pair == NULL;
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

/* Merging ------------------------------------------------------------------------------------ */

void changes_seed(struct changes *part, const struct changes *seeds)
{
    uint32_t *places = calloc(seeds->fields.count + 1, sizeof(*places));
    for (size_t i = 0; places != NULL && i < seeds->fields.count; i++) {
        const struct changes_field *field = table_value(&seeds->fields, i);
        struct changes_field *seed = field->pairs < CHANGES_FIELD_PAIRS
                                         ? NULL
                                         : table_add(&part->fields, table_key(&seeds->fields, i));
        if (seed != NULL) {
            seed->is_seed = true;
            places[i] = (uint32_t)table_place(&part->fields, seed) + 1;
        }
    }
    for (size_t i = 0; places != NULL && i < seeds->pairs.count; i++) {
        struct changes_pair_key key = *(const struct changes_pair_key *)table_key(&seeds->pairs, i);
        if (places[key.field] != 0) {
            key.field = places[key.field] - 1;
            part->is_crowded |= table_add(&part->pairs, &key) == NULL;
        }
    }
    free(places);
}

bool changes_can_merge(const struct changes *changes, const struct changes *part)
{
    return !part->is_crowded && part->beyond == 0 &&
           table_has_room(&changes->stages, part->stages.count) &&
           table_has_room(&changes->fields, part->fields.count);
}

static void stage_merge(struct changes_stage *stage, const struct changes_stage *behind)
{
    if (stage->packets == 0) {
        *stage = *behind;
        return;
    }
    if (stage->checksums_broken == 0) {
        stage->broken_packet = behind->broken_packet;
    }
    stage->packets += behind->packets;
    stage->undeclared += behind->undeclared;
    stage->incomplete += behind->incomplete;
    stage->checksums_broken += behind->checksums_broken;
    stage->first_ns = behind->first_ns < stage->first_ns ? behind->first_ns : stage->first_ns;
    stage->last_ns = behind->last_ns > stage->last_ns ? behind->last_ns : stage->last_ns;
}

/* A field takes the first pairs that came, of all parts. */
static void pair_merge(struct changes *changes, const struct changes_pair_key *key,
                       const struct changes_pair *behind)
{
    struct changes_field *field = table_value(&changes->fields, key->field);
    struct changes_pair *pair = table_find(&changes->pairs, key);
    if (pair == NULL && field->pairs < CHANGES_FIELD_PAIRS) {
        pair = table_add(&changes->pairs, key);
        if (pair != NULL) {
            field->pairs++;
            pair->example_packet = behind->example_packet;
        }
    }
    if (pair != NULL) {
        pair->packets += behind->packets;
    } else {
        field->other_packets += behind->packets;
    }
}

static void fields_merge(struct changes *changes, const struct changes *part, uint16_t *fields)
{
    for (size_t i = 0; i < part->fields.count; i++) {
        const struct changes_field *more = table_value(&part->fields, i);
        struct changes_field *field = table_add(&changes->fields, table_key(&part->fields, i));
        if (field == NULL) { /* changes_can_merge() has looked; memory ran out */
            changes->beyond += more->packets;
            continue;
        }
        field->packets += more->packets;
        field->other_packets += more->other_packets;
        fields[i] = (uint16_t)table_place(&changes->fields, field);
    }
}

void changes_merge(struct changes *changes, const struct changes *part, uint16_t **fields)
{
    *fields = calloc(part->fields.count + 1, sizeof(**fields));
    if (*fields == NULL) {
        return;
    }
    for (size_t i = 0; i < part->stages.count; i++) {
        struct changes_stage *stage = table_add(&changes->stages, table_key(&part->stages, i));
        if (stage != NULL) {
            stage_merge(stage, table_value(&part->stages, i));
        }
    }
    fields_merge(changes, part, *fields);
    for (size_t i = 0; i < part->pairs.count; i++) {
        struct changes_pair_key key = *(const struct changes_pair_key *)table_key(&part->pairs, i);
        key.field = (*fields)[key.field];
        pair_merge(changes, &key, table_value(&part->pairs, i));
    }
}

void changes_clear(struct changes *part)
{
    table_clear(&part->stages);
    table_clear(&part->fields);
    table_clear(&part->pairs);
    part->beyond = 0;
    part->is_crowded = false;
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
