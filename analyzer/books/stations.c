/* SPDX-License-Identifier: Apache-2.0 */
/* See stations.h. */
#include "analyzer/books/stations.h"

#include <string.h>

void stations_init(struct stations *stations)
{
    *stations = (struct stations){0};
    table_init(&stations->rows, sizeof(struct station_key), sizeof(struct station), STATIONS_MAX);
}

void stations_fini(struct stations *stations)
{
    table_fini(&stations->rows);
}

/* What ingress refused taught the switch nothing. */
static bool was_let_in(const struct dictionary *dictionary, const struct trail *trail)
{
    if (trail->outcome != FACTS_DROPPED) {
        return true;
    }
    const struct dictionary_stage *stage = dictionary_find_stage(dictionary, trail->end_stage);
    return stage != NULL && (stage->egress || strcmp(stage->name, "forward") == 0);
}

static bool is_same_port(struct dictionary_label a, struct dictionary_label b)
{
    return a.id == b.id && a.name == b.name;
}

static uint64_t later(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns > b_ns ? a_ns : b_ns;
}

static void move(struct stations *stations, struct station *station, struct dictionary_label port,
                 uint64_t time_ns, uint64_t packet_id)
{
    bool is_return = is_same_port(station->port_before, port);
    stations->moves++;
    station->moves++;
    station->returns += is_return;
    station->port_before = station->port;
    station->port = port;
    station->last_move_ns = time_ns;
    station->silent_ns = time_ns > station->last_ns ? time_ns - station->last_ns : 0;
    if (station->moves == 1) {
        station->second_port = port;
        station->first_move_ns = time_ns;
        station->example_packet = packet_id;
    }
}

void stations_add(struct stations *stations, const struct dictionary *dictionary,
                  const struct trail *trail)
{
    struct station_key key = {.vlan = trail->vlan};
    bool is_told = trail->has_first && trail->origin == FACTS_RECEIVED &&
                   trail->source_port.id != 0 && (trail->source_mac[0] & 1) == 0;
    if (!is_told || !was_let_in(dictionary, trail)) {
        return;
    }
    memcpy(key.mac, trail->source_mac, sizeof(key.mac));
    struct station *station = table_add(&stations->rows, &key);
    if (station == NULL) {
        stations->beyond++;
        return;
    }
    station->last_packet = trail->packet_id;
    if (station->packets++ == 0) {
        station->port = station->first_port = trail->source_port;
        station->first_ns = trail->first_ns;
        station->first_packet = trail->packet_id;
    } else if (!is_same_port(station->port, trail->source_port)) {
        move(stations, station, trail->source_port, trail->first_ns, trail->packet_id);
    }
    /* Journeys come in the order of their ends: one that was held began before others. */
    station->last_ns = later(station->last_ns, trail->first_ns);
}

/* The first packet of what is behind may be a move from here, and its first move a return. */
static void station_merge(struct stations *stations, struct station *station,
                          const struct station *behind)
{
    if (station->packets == 0) {
        *station = *behind;
        stations->moves += behind->moves;
        return;
    }
    if (!is_same_port(station->port, behind->first_port)) {
        move(stations, station, behind->first_port, behind->first_ns, behind->first_packet);
    }
    station->packets += behind->packets;
    station->last_packet = behind->last_packet;
    uint64_t heard_ns = station->last_ns;
    station->last_ns = later(heard_ns, behind->last_ns);
    if (behind->moves == 0) {
        return;
    }
    move(stations, station, behind->second_port, behind->first_move_ns, behind->example_packet);
    stations->moves += behind->moves - 1;
    station->moves += behind->moves - 1;
    station->returns += behind->returns;
    station->port_before = behind->port_before;
    station->port = behind->port;
    station->last_move_ns = behind->last_move_ns;
    uint64_t since_ns = behind->last_move_ns > heard_ns ? behind->last_move_ns - heard_ns : 0;
    station->silent_ns = since_ns < behind->silent_ns ? since_ns : behind->silent_ns;
}

void stations_merge(struct stations *stations, const struct stations *behind)
{
    for (size_t i = 0; i < behind->rows.count; i++) {
        const struct station *more = table_value(&behind->rows, i);
        struct station *station = table_add(&stations->rows, table_key(&behind->rows, i));
        if (station == NULL) {
            stations->beyond += more->packets;
        } else {
            station_merge(stations, station, more);
        }
    }
}

void stations_clear(struct stations *stations)
{
    table_clear(&stations->rows);
    stations->moves = stations->beyond = 0;
}

const struct station *stations_find(const struct stations *stations, const uint8_t *mac,
                                    uint16_t vlan)
{
    struct station_key key = {.vlan = vlan};
    memcpy(key.mac, mac, sizeof(key.mac));
    return table_find(&stations->rows, &key);
}

static int station_compare(const void *key_a, const void *value_a, const void *key_b,
                           const void *value_b)
{
    const struct station *a = value_a;
    const struct station *b = value_b;
    (void)key_a;
    (void)key_b;
    return a->moves > b->moves ? -1 : a->moves < b->moves;
}

size_t *stations_sorted(const struct stations *stations)
{
    return table_sorted(&stations->rows, station_compare);
}
