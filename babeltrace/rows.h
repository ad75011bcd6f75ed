/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BABELTRACE_ROWS_H
#define XSW_BABELTRACE_ROWS_H

/*
 * A recording, read whole and put in the order of time: babeltrace wants its messages so, and the
 * records of a recording stand in the order in which packets ended. Names come from the recording's
 * own dictionary.
 *
 * Memory: for each record 96 bytes, its metadata and up to ROW_HEAD_MAX bytes of the packet; for at
 * most ROWS_MAX records. Larger recordings are refused, with what to do.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/analysis.h"
#include "babeltrace/shapes.h"
#include "formats/pcapng/pcapng_items.h"
#include "formats/pcapng/stage_meta.h"

enum { ROWS_MAX = 1 << 25, ROW_HEAD_MAX = 64 };

/* Later times, of the year 2262, are none: babeltrace counts nanoseconds since 1970 with a sign. A
 * record with one is where a recording is torn. */
static const uint64_t ROW_TIME_MAX_NS = INT64_MAX;

enum row_kind {
    ROW_RECEIVED,
    ROW_PASSED,
    ROW_DELIVERED,
    ROW_DROPPED,
    ROW_CHANGED,
    ROW_CLONED,
    ROW_REPLACED,
    ROW_INJECTED,
    ROW_LOST,  /* journeys that the capture lost in front of the record: of_event is their index in
                  `losses` */
    ROW_EVENT, /* of_event is its index in `events` */
    ROW_KINDS
};

struct row {
    uint64_t time_ns; /* since 1970 */
    uint64_t packet_id, parent_id;
    uint64_t of_event;    /* ROW_LOST, ROW_EVENT */
    uint64_t kept_offset; /* in rows.kept: metadata behind its fixed part, then the packet's head */
    const struct analysis_session *session;
    uint32_t rule, flow_hash, length, captured_length;
    uint32_t meta_length;
    uint32_t order;
    struct dictionary_label port;
    uint16_t reason, stage;
    uint8_t kind; /* enum row_kind */
    uint8_t flags;
    uint8_t head_length;
};

/* An event of the recording, with texts of its own. */
struct row_event {
    char *message, *source, *host, *boot_id;
    char **values; /* of the fields of its shape */
    size_t value_count;
    uint32_t shape;
    uint64_t mono_ns;
    uint8_t priority;
};

/* Something is missing from the recording between two times, since 1970. */
struct row_loss {
    uint64_t from_ns, to_ns;
    uint64_t count;    /* journeys, or events */
    bool is_uncounted; /* it is not known how many, or whether these were all */
    uint16_t cause;    /* enum meta_loss */
    uint16_t worker;
};

struct rows {
    struct analysis *analysis; /* holds the names */
    struct row *list;
    size_t count, room;
    uint8_t *kept;
    size_t kept_length, kept_room;
    struct shapes shapes;
    struct row_event *events;
    size_t event_count, event_room;
    struct row_loss *losses; /* in the order of the file */
    size_t loss_count, loss_room;
    char host[64], boot_id[48];
    uint64_t mono_ns, wall_ns; /* the same moment; 0: the recording does not tell */
    bool is_of_several;        /* boots or machines: there is no clock but the wall's */
    bool is_torn;              /* `problem` says where and why */
    bool is_cut;               /* at a time that is none, at this byte */
    uint64_t cut_offset;
    char problem[480];
    enum xsw_status status; /* while reading */
};

/* A file that is torn gives what is whole. */
enum xsw_status rows_read(struct rows *rows, const char *path,
                          struct xsw_error *error) XSW_MUST_CHECK;
/* The metadata of a packet's row behind the fixed part. */
struct meta_reader row_meta(const struct rows *rows, const struct row *row);
const uint8_t *row_head(const struct rows *rows, const struct row *row);
void rows_fini(struct rows *rows);

#endif
