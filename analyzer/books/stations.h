/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_STATIONS_H
#define XSW_ANALYZER_STATIONS_H

/*
 * Which source address was seen at which port: one that goes forth and back between two ports is
 * there twice, or its network has a loop, and what is sent to it goes to whichever spoke last. Only
 * packets that ingress let pass count, since only these teach a switch.
 *
 * Bound: STATIONS_MAX addresses. Threads: one.
 */

#include <stdint.h>

#include "analyzer/books/table.h"
#include "analyzer/journey/dictionary.h"
#include "analyzer/journey/trail.h"

enum { STATIONS_MAX = 16384 };

struct station_key {
    uint8_t mac[6];
    uint16_t vlan; /* that the ingress policy assigned, 0: not told */
};

struct station {
    uint64_t packets;
    struct dictionary_label port, port_before; /* id 0: none */
    uint64_t moves;                            /* to another port */
    uint64_t returns;                          /* of them back to the port before */
    uint64_t first_move_ns, last_move_ns;
    uint64_t silent_ns;      /* before the last move: since it was heard at the port before */
    uint64_t example_packet; /* that moved it first */
    uint64_t last_packet;    /* that was heard of it */
    /* what a merge with what was before needs: the first packet, and where the first move led */
    struct dictionary_label first_port, second_port;
    uint64_t first_ns, first_packet, last_ns;
};

struct stations {
    struct table rows; /* struct station_key -> struct station */
    uint64_t moves;
    uint64_t beyond;
};

void stations_init(struct stations *stations);
void stations_fini(struct stations *stations);
void stations_add(struct stations *stations, const struct dictionary *dictionary,
                  const struct trail *trail);
/* Adds journeys that ended behind all those in `stations`. `behind` has none without a place. */
void stations_merge(struct stations *stations, const struct stations *behind);
void stations_clear(struct stations *stations);
/* Where an address was heard last, so far; null when it was not. */
const struct station *stations_find(const struct stations *stations, const uint8_t *mac,
                                    uint16_t vlan);
/* Places in `rows`, most moves first. The caller frees. */
size_t *stations_sorted(const struct stations *stations);

#endif
