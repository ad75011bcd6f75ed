/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BABELTRACE_ROWS_H
#define XSW_BABELTRACE_ROWS_H

/*
 * A recording, read whole and put in the order of time: babeltrace wants its messages so, and the
 * records of a recording stand in the order in which packets ended. Names come from the recording's
 * own dictionary.
 *
 * Memory: 72 bytes a record, for at most ROWS_MAX records; larger recordings are refused, with what
 * to do.
 *
 * Threads: one.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/analysis.h"
#include "formats/pcapng_items.h"

enum { ROWS_MAX = 1 << 25 };

enum row_kind {
    ROW_RECEIVED,
    ROW_PASSED,
    ROW_DELIVERED,
    ROW_DROPPED,
    ROW_CHANGED,
    ROW_CLONED,
    ROW_REPLACED,
    ROW_INJECTED,
    ROW_LOST,  /* journeys that the capture lost: packet_id is their number, reason the cause */
    ROW_EVENT, /* packet_id is its index in `events` */
    ROW_KINDS
};

struct row {
    uint64_t time_ns; /* since 1970 */
    uint64_t packet_id, parent_id;
    const struct analysis_session *session;
    uint32_t rule, length, captured_length;
    struct dictionary_label port;
    uint16_t reason, stage;
    uint8_t kind; /* enum row_kind */
    uint32_t order;
};

/* An event of the recording, with texts of its own. */
struct row_event {
    char *name, *message, *source, *details, *port, *reason;
    uint64_t packet_id;
    uint8_t priority;
};

struct rows {
    struct analysis *analysis; /* holds the names */
    struct row *list;
    size_t count, room;
    struct row_event *events;
    size_t event_count, event_room;
    char host[64], boot_id[48];
    uint64_t mono_ns, wall_ns; /* the same moment; 0: the recording does not tell */
    enum xsw_status status;    /* while reading */
};

/* A file that is torn gives what is whole. */
enum xsw_status rows_read(struct rows *rows, const char *path,
                          struct xsw_error *error) XSW_MUST_CHECK;
void rows_fini(struct rows *rows);

#endif
