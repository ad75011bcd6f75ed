/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_PACKET_VIEW_H
#define XSW_ANALYZER_PACKET_VIEW_H

/*
 * One packet step by step, with the packets that it was copied from and all its copies. Records are
 * offered one by one as an analysis reads them (analysis_observe). A copy can stand in the file
 * before what ties it to the packet that was asked for; then packet_view_is_settled() is false, and
 * the files are to be read once more.
 *
 * Bounds: VIEW_PACKETS_MAX packets, VIEW_STEPS_MAX steps of one packet; more are counted.
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "analyzer/analysis.h"
#include "analyzer/books/table.h"
#include "analyzer/journey/change_walk.h"
#include "analyzer/journey/record.h"
#include "analyzer/report/page.h"
#include "packet/describe.h"

enum { VIEW_PACKETS_MAX = 1024, VIEW_STEPS_MAX = 512, VIEW_PASSES_MAX = 8 };

enum view_what {
    VIEW_RECEIVED,
    VIEW_COPIED, /* made as a copy */
    VIEW_PASSED,
    VIEW_CHANGED,
    VIEW_DROPPED,
    VIEW_DELIVERED,
    VIEW_CONSUMED, /* a clone goes on in its place */
    VIEW_INJECTED  /* an extension made it */
};

struct view_range {
    uint16_t offset;
    uint8_t old_length, new_length;
    uint8_t bytes[255 * 2]; /* the old ones, then the new ones */
};

struct view_step {
    enum view_what what;
    uint64_t time_ns;     /* wall time */
    uint64_t since_rx_ns; /* of a copy: since the original came in, where the file tells it */
    uint16_t stage;
    struct dictionary_label port;
    uint16_t reason;
    uint8_t flags;
    bool has_flags;      /* it has a record of its own, which tells them */
    uint32_t rule;       /* that decided; 0: none */
    uint64_t generation; /* of the configuration under which it did; 0: not told */
    bool is_held;        /* it was kept there, if only for a moment */
    uint64_t held_ns;    /* that it was kept there, of the time since the step before */
    struct view_range *ranges;
    size_t range_count;
    struct field_change *fields;
    size_t field_count;
    struct fields_checksums checksums; /* behind a change */
};

struct view_packet {
    uint64_t id;
    uint64_t parent_id;
    uint32_t session;
    bool is_ancestor; /* above the packet that was asked for: its other copies are left out */
    bool has_first, has_last;
    uint64_t first_ns;
    uint64_t end_offset; /* of its last record in its file; valid with has_last */
    uint64_t rx_ns;      /* what the steps' times count from */
    uint32_t length;     /* of the frame as it began */
    uint16_t vlan;       /* that the ingress policy assigned, 0 when not told */
    uint8_t destination_mac[6];
    uint64_t heard_packet; /* that came from that address last, before this one ended; 0: none */
    struct dictionary_label heard_port; /* and where it came in */
    char description[DESCRIBE_TEXT_SIZE];
    uint8_t *end_bytes; /* of one that was replaced: its clones are compared with them */
    struct fields_frame end;
    struct view_step *steps;
    size_t step_count;
    uint64_t steps_beyond;
};

struct view_key {
    uint64_t id;
    uint64_t session;
};

struct packet_fates;

struct packet_view {
    uint64_t asked;
    struct table packets; /* struct view_key -> struct view_packet */
    struct change_walk walk;
    bool has_grown;  /* a packet was added that may have had earlier records */
    bool has_failed; /* memory ran out */
    uint64_t packets_beyond;
    const struct packet_fates *fates; /* what the kernel did to them; null: it is not known */
};

void packet_view_init(struct packet_view *view, uint64_t packet_id);
void packet_view_fini(struct packet_view *view);
/* An analysis_observer. */
void packet_view_offer(const struct analysis_session *session, const struct record *record,
                       void *view);
bool packet_view_is_settled(const struct packet_view *view);
/* Forgets all but what was asked for. */
void packet_view_forget(struct packet_view *view);
/* Forgets the steps and keeps which packets belong to it. */
void packet_view_rewind(struct packet_view *view);
bool packet_view_is_empty(const struct packet_view *view);
/* Whether a packet is one of those that it shows. */
bool packet_view_has(const struct packet_view *view, uint32_t session, uint64_t packet_id);

/* Places in view->packets of the topmost packets (those without a parent in the view), and of the
 * copies of one packet, from place `from` on; SIZE_MAX behind the last. */
size_t packet_view_next_root(const struct packet_view *view, size_t from);
size_t packet_view_next_copy(const struct packet_view *view, const struct view_packet *parent,
                             size_t from);
const struct view_packet *packet_view_at(const struct packet_view *view, size_t place);

void packet_view_text(const struct page *page, const struct analysis *analysis,
                      const struct packet_view *view);
/* "received", "passed", … */
const char *view_what_name(enum view_what what);
/* "flood", "mirror" or "copy" */
const char *view_copy_name(const struct view_step *step);

#endif
