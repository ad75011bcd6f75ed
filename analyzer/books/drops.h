/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_DROPS_H
#define XSW_ANALYZER_DROPS_H

/*
 * Who dropped what, where and why: stage x reason x rule x port, and in each row the flows.
 *
 * Bounds: DROPS_ROWS_MAX rows and DROPS_FLOWS_MAX flows in all. Packets of a row whose flow found
 * no place are counted as its others; drops whose row found none, in `beyond`.
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/books/table.h"
#include "analyzer/journey/record.h"
#include "packet/flow_key.h"

enum { DROPS_ROWS_MAX = 8192, DROPS_FLOWS_MAX = 65536 };

struct drops_row_key {
    uint32_t rule; /* 0: no rule decided */
    uint16_t stage;
    uint16_t reason;
    struct dictionary_label port;
};

struct drops_row {
    uint64_t packets;
    uint64_t bytes; /* on the wire */
    uint64_t first_ns, last_ns;
    uint64_t example_packet; /* the first */
    uint64_t last_packet;    /* an example of the end */
    uint64_t flows;          /* that are told apart */
    uint64_t other_flow_packets;
    uint64_t copies;                 /* of `packets`: made for a flood or a mirror */
    uint64_t generation;             /* of the configuration that dropped the first, 0: not told */
    uint32_t length_min, length_max; /* on the wire */
    uint16_t vlan; /* that ingress assigned, else the outermost tag's, else 0: of the first */
    bool has_other_vlans;
    bool has_other_destinations;
    uint8_t destination_mac[6]; /* of the first */
};

struct drops_flow_key {
    uint32_t row; /* place in `rows` */
    struct flow_key flow;
};

struct drops_flow {
    uint64_t packets;
    uint64_t first_ns, last_ns;
    uint64_t example_packet;
};

struct drops {
    struct table rows;
    struct table flows;
    uint64_t packets; /* all */
    uint64_t beyond;
};

void drops_init(struct drops *drops);
void drops_fini(struct drops *drops);
/* A record of kind META_DROP. */
void drops_add(struct drops *drops, const struct record *record);

/* Adds drops that came behind all those in `drops`. `behind` has none whose row or flow found no
 * place. */
void drops_merge(struct drops *drops, const struct drops *behind);
/* Whether each drop found a place for its row and its flow. */
bool drops_is_whole(const struct drops *drops);
void drops_clear(struct drops *drops);

/* Places in `rows`, most packets first. The caller frees. */
size_t *drops_rows_sorted(const struct drops *drops);
/* Places in `flows`, by row, then most packets first; those of a row begin at drops_flows_begin()
 * and are row->flows. The caller frees. */
size_t *drops_flows_sorted(const struct drops *drops);
size_t drops_flows_begin(const struct drops *drops, size_t row);

#endif
