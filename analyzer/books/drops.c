/* SPDX-License-Identifier: Apache-2.0 */
/* See drops.h. */
#include "analyzer/books/drops.h"

#include <string.h>

#include "packet/parse.h"

void drops_init(struct drops *drops)
{
    *drops = (struct drops){0};
    table_init(&drops->rows, sizeof(struct drops_row_key), sizeof(struct drops_row),
               DROPS_ROWS_MAX);
    table_init(&drops->flows, sizeof(struct drops_flow_key), sizeof(struct drops_flow),
               DROPS_FLOWS_MAX);
}

void drops_fini(struct drops *drops)
{
    table_fini(&drops->rows);
    table_fini(&drops->flows);
}

static void flow_add(struct drops *drops, struct drops_row *row, const struct record *record)
{
    struct drops_flow_key key = {0};
    key.row = (uint32_t)(((unsigned char *)row - drops->rows.entries) / drops->rows.entry_size);
    flow_key_from_bytes(&key.flow, record->bytes, record->captured_length, record->original_length);
    struct drops_flow *flow = table_add(&drops->flows, &key);
    if (flow == NULL) {
        row->other_flow_packets++;
        return;
    }
    if (flow->packets++ == 0) {
        row->flows++;
        flow->first_ns = flow->last_ns = record->time_ns;
        flow->example_packet = record->packet_id;
    }
    if (record->time_ns < flow->first_ns) {
        flow->first_ns = record->time_ns;
    }
    if (record->time_ns > flow->last_ns) {
        flow->last_ns = record->time_ns;
    }
}

/* What the record tells beside its key. */
struct details {
    uint64_t generation;
    uint16_t vlan;
    uint8_t destination_mac[6];
};

static struct details details_read(const struct record *record)
{
    struct details details = {0};
    struct meta_reader items = record_items(record);
    struct meta_item item;
    const uint8_t *bytes = record->bytes;
    if (record->captured_length >= sizeof(details.destination_mac)) {
        memcpy(details.destination_mac, record->bytes, sizeof(details.destination_mac));
    }
    if (record->captured_length >= ETHERNET_SIZE + 2 && parse_is_tag(wire_read16(bytes + 12))) {
        details.vlan = wire_read16(bytes + ETHERNET_SIZE) & 0xfff;
    }
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_GENERATION) {
            details.generation = item.generation;
        } else if (item.type == META_TLV_VLAN) {
            details.vlan = item.vlan;
        }
    }
    return details;
}

static bool is_other_destination(const struct drops_row *row, const uint8_t mac[6])
{
    return memcmp(row->destination_mac, mac, sizeof(row->destination_mac)) != 0;
}

static void details_add(struct drops_row *row, const struct record *record)
{
    struct details details = details_read(record);
    uint32_t length = record->original_length;
    bool is_first = row->packets == 1;
    if (is_first) {
        row->generation = details.generation;
        row->vlan = details.vlan;
        memcpy(row->destination_mac, details.destination_mac, sizeof(row->destination_mac));
    }
    row->has_other_vlans |= row->vlan != details.vlan;
    row->has_other_destinations |= is_other_destination(row, details.destination_mac);
    row->length_min = is_first || length < row->length_min ? length : row->length_min;
    row->length_max = length > row->length_max ? length : row->length_max;
    row->copies += (record->fixed.flags & (META_FLOOD | META_MIRROR)) != 0;
}

void drops_add(struct drops *drops, const struct record *record)
{
    struct drops_row_key key = {.rule = record->fixed.rule,
                                .stage = record->fixed.stage,
                                .reason = record->fixed.reason,
                                .port = record->port};
    drops->packets++;
    struct drops_row *row = table_add(&drops->rows, &key);
    if (row == NULL) {
        drops->beyond++;
        return;
    }
    if (row->packets++ == 0) {
        row->first_ns = row->last_ns = record->time_ns;
        row->example_packet = record->packet_id;
    }
    row->bytes += record->original_length;
    if (record->time_ns < row->first_ns) {
        row->first_ns = record->time_ns;
    }
    if (record->time_ns >= row->last_ns) {
        row->last_ns = record->time_ns;
        row->last_packet = record->packet_id;
    }
    details_add(row, record);
    flow_add(drops, row, record);
}

static void row_merge(struct drops_row *row, const struct drops_row *behind)
{
    if (row->packets == 0) {
        uint64_t flows = row->flows;
        *row = *behind;
        row->flows = flows;
        return;
    }
    row->packets += behind->packets;
    row->bytes += behind->bytes;
    row->first_ns = behind->first_ns < row->first_ns ? behind->first_ns : row->first_ns;
    if (behind->last_ns >= row->last_ns) {
        row->last_ns = behind->last_ns;
        row->last_packet = behind->last_packet;
    }
    row->copies += behind->copies;
    row->length_min = behind->length_min < row->length_min ? behind->length_min : row->length_min;
    row->length_max = behind->length_max > row->length_max ? behind->length_max : row->length_max;
    row->has_other_vlans |= behind->has_other_vlans || behind->vlan != row->vlan;
    row->has_other_destinations |=
        behind->has_other_destinations || is_other_destination(row, behind->destination_mac);
}

/* The flows of a row stand in the order in which they came, over all rows. */
static void flow_merge(struct drops *drops, const struct drops *behind, size_t place)
{
    struct drops_flow_key key = *(const struct drops_flow_key *)table_key(&behind->flows, place);
    const struct drops_flow *more = table_value(&behind->flows, place);
    struct drops_row *row = table_find(&drops->rows, table_key(&behind->rows, key.row));
    if (row == NULL) {
        return;
    }
    key.row = (uint32_t)table_place(&drops->rows, row);
    struct drops_flow *flow = table_add(&drops->flows, &key);
    if (flow == NULL) {
        row->other_flow_packets += more->packets;
        return;
    }
    if (flow->packets == 0) {
        row->flows++;
        *flow = *more;
        return;
    }
    flow->packets += more->packets;
    flow->first_ns = more->first_ns < flow->first_ns ? more->first_ns : flow->first_ns;
    flow->last_ns = more->last_ns > flow->last_ns ? more->last_ns : flow->last_ns;
}

void drops_merge(struct drops *drops, const struct drops *behind)
{
    drops->packets += behind->packets;
    for (size_t i = 0; i < behind->rows.count; i++) {
        const struct drops_row *more = table_value(&behind->rows, i);
        struct drops_row *row = table_add(&drops->rows, table_key(&behind->rows, i));
        if (row == NULL) {
            drops->beyond += more->packets;
        } else {
            row_merge(row, more);
        }
    }
    for (size_t i = 0; i < behind->flows.count; i++) {
        flow_merge(drops, behind, i);
    }
}

bool drops_is_whole(const struct drops *drops)
{
    for (size_t i = 0; i < drops->rows.count; i++) {
        const struct drops_row *row = table_value(&drops->rows, i);
        if (row->other_flow_packets != 0) {
            return false;
        }
    }
    return drops->beyond == 0;
}

void drops_clear(struct drops *drops)
{
    table_clear(&drops->rows);
    table_clear(&drops->flows);
    drops->packets = drops->beyond = 0;
}

static int row_compare(const void *key_a, const void *value_a, const void *key_b,
                       const void *value_b)
{
    const struct drops_row *a = value_a;
    const struct drops_row *b = value_b;
    (void)key_a;
    (void)key_b;
    return a->packets > b->packets ? -1 : a->packets < b->packets;
}

static int flow_compare(const void *key_a, const void *value_a, const void *key_b,
                        const void *value_b)
{
    const struct drops_flow_key *left = key_a;
    const struct drops_flow_key *right = key_b;
    const struct drops_flow *a = value_a;
    const struct drops_flow *b = value_b;
    if (left->row != right->row) {
        return left->row < right->row ? -1 : 1;
    }
    return a->packets > b->packets ? -1 : a->packets < b->packets;
}

size_t *drops_rows_sorted(const struct drops *drops)
{
    return table_sorted(&drops->rows, row_compare);
}

size_t *drops_flows_sorted(const struct drops *drops)
{
    return table_sorted(&drops->flows, flow_compare);
}

size_t drops_flows_begin(const struct drops *drops, size_t row)
{
    size_t begin = 0;
    for (size_t i = 0; i < row; i++) {
        begin += ((const struct drops_row *)table_value(&drops->rows, i))->flows;
    }
    return begin;
}
