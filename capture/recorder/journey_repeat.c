/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Most journeys of a batch are alike: they passed the same stages at the same time, and end alike.
 * The first of them is unfolded step by step; its records, once encoded, are the pattern of the
 * others, which differ in id, frame, ports and little else.
 */
#include <string.h>

#include "capture/recorder/journey_parts.h"
#include "packet/flow_key.h"
#include "packet/parse.h"

enum {
    RECORD_BYTES = 96, /* as in journey_record.c */
    DECISION_TLV_SIZE = 10,
    DECISION_RULE_AT = 6
};

static uint32_t padded8(uint32_t length)
{
    return (length + 7) & ~7U;
}

static const uint8_t *extras_of(const struct ring_journey *journey)
{
    return journey->data + padded8(journey->captured_length);
}

bool journey_is_ordinary(const struct journey_file *file, const struct worker_place *place,
                         const struct ring_journey *journey)
{
    enum { MADE = XSW_PACKET_INJECTED | XSW_PACKET_FLOOD_COPY | XSW_PACKET_MIRROR_COPY };
    bool has_rule_only = journey->record.count == DECISION_TLV_SIZE && journey->has_drop_rule &&
                         extras_of(journey)[0] == META_TLV_DECISION;
    return (journey->record.count == 0 || has_rule_only) && journey->flags == 0 &&
           journey->parent_id == 0 && (journey->packet_flags & MADE) == 0 &&
           journey->rx_length == journey->length && journey->first_hop == 0 &&
           journey->captured_length <= UNFOLD_CAPTURED_MAX && place->untold == 0 &&
           place->stages == 0 && !file->options.every_stage;
}

static struct pattern_key key_of(const struct ring_journey *journey)
{
    enum { REASON_BITS = 16 };
    bool has_destination = journey->destination_port != XSW_PORT_NONE;
    struct pattern_key key = {.end = journey->drop_reason |
                                     (uint64_t)(journey->vlan != 0) << REASON_BITS |
                                     (uint64_t)has_destination << (REASON_BITS + 1)};
    if (journey->drop_reason != 0) { /* the comment has the name of the port */
        key.end |= (uint64_t)journey->destination_port << 32 | (uint64_t)journey->source_port << 48;
    }
    if (journey->record.count != 0) {
        memcpy(&key.rule, extras_of(journey) + DECISION_RULE_AT, sizeof(key.rule));
    }
    return key;
}

static const struct journey_pattern *pattern_find(const struct worker_place *place,
                                                  struct pattern_key key)
{
    uint32_t count =
        place->patterns_made < JOURNEY_PATTERNS_MAX ? place->patterns_made : JOURNEY_PATTERNS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const struct journey_pattern *pattern = &place->patterns[i];
        if (pattern->key.end == key.end && pattern->key.rule == key.rule) {
            return pattern;
        }
    }
    return NULL;
}

static uint32_t flow_hash_of(const struct ring_journey *journey)
{
    struct flow_key key;
    if (journey->captured_length < journey->length) {
        flow_key_from_bytes(&key, journey->data, journey->captured_length, journey->length);
        return flow_key_hash(&key);
    }
    /* All of it is there, and then the switch's own way to parse holds. */
    struct xsw_packet packet = {.data = (uint8_t *)(uintptr_t)journey->data,
                                .length = journey->length};
    parse_packet(&packet);
    flow_key_from_packet(&key, &packet);
    return flow_key_hash(&key);
}

static uint16_t port_of(const struct ring_journey *journey, const struct pattern_record *record)
{
    return record->at_destination ? journey->destination_port : journey->source_port;
}

bool journey_repeat(struct journey_file *file, uint32_t worker, const struct ring_journey *journey,
                    enum xsw_status *status, struct xsw_error *error)
{
    const struct worker_place *place = &file->workers[worker];
    const struct journey_pattern *pattern = pattern_find(place, key_of(journey));
    if (pattern == NULL) {
        return false;
    }
    struct journey_row *rows[JOURNEY_PATTERN_RECORDS];
    for (uint32_t i = 0; i < pattern->record_count; i++) {
        const struct pattern_record *record = &pattern->records[i];
        rows[i] = place->rows[port_of(journey, record) % XSW_PORTS_MAX];
        if (rows[i] == NULL || rows[i]->interfaces[record->stage] == JOURNEY_NO_INTERFACE) {
            return false;
        }
    }
    uint32_t captured = journey->captured_length;
    struct pcapng_repeat repeat = {.captured_length = captured,
                                   .original_length =
                                       journey->length > captured ? journey->length : captured,
                                   .flow_hash = flow_hash_of(journey),
                                   .id = journey->id,
                                   .vlan = journey->vlan,
                                   .data = journey->data};
    uint64_t rx_wall_ns = place->rx_mono_ns + file->options.wall_offset_ns;
    for (uint32_t i = 0; i < pattern->record_count && *status == XSW_OK; i++) {
        const struct pattern_record *record = &pattern->records[i];
        repeat.port = port_of(journey, record);
        repeat.interface = rows[i]->interfaces[record->stage];
        repeat.timestamp_ns = rx_wall_ns + record->since_rx_ns;
        rows[i]->records[record->stage]++;
        file->unflushed_bytes += captured + record->content_bytes;
        *status = pcapng_writer_repeat(file->writer, &record->template, &repeat, error);
    }
    return true;
}

struct journey_pattern *journey_pattern_begin(struct worker_place *place,
                                              const struct ring_journey *journey)
{
    struct journey_pattern *pattern = &place->patterns[place->patterns_made % JOURNEY_PATTERNS_MAX];
    pattern->key = key_of(journey);
    pattern->record_count = 0;
    return pattern;
}

bool journey_pattern_add(struct journey_pattern *pattern, const struct unfold_step *step,
                         const struct pcapng_packet *packet)
{
    if (pattern->record_count == JOURNEY_PATTERN_RECORDS || step->fixed.stage >= STAGES_MAX) {
        return false;
    }
    struct pattern_record *record = &pattern->records[pattern->record_count++];
    record->stage = step->fixed.stage;
    record->at_destination = step->at_destination;
    record->since_rx_ns = step->since_rx_ns;
    record->content_bytes = (uint32_t)(packet->meta_length + packet->comment_length) + RECORD_BYTES;
    return pcapng_template_make(&record->template, packet);
}

void journey_pattern_end(struct worker_place *place, struct journey_pattern *pattern)
{
    if (pattern->record_count > 0) {
        place->patterns_made++;
    }
}
