/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BABELTRACE_FIELDS_H
#define XSW_BABELTRACE_FIELDS_H

/*
 * The event classes of a recording's trace, and their fields: those of packets, of losses and of a
 * torn file are fixed, those of events are as the recording has them. man/xsw-babeltrace.7 lists
 * them.
 *
 * Threads: one.
 */

#include <stdbool.h>

#include <babeltrace2/babeltrace.h>

#include "babeltrace/rows.h"

struct fields {
    bt_event_class *packets[ROW_LOST]; /* by enum row_kind */
    bt_event_class *lost, *torn;
    bt_event_class **events; /* by shape */
    size_t event_count;
};

/* False: no memory. What was made is freed by fields_fini. */
bool fields_make(struct fields *fields, const struct rows *rows, bt_trace_class *trace_class,
                 bt_stream_class *stream_class);
const bt_event_class *fields_class(const struct fields *fields, const struct rows *rows,
                                   const struct row *row);
/* False: no memory. */
bool fields_fill(bt_field *payload, const struct rows *rows, const struct row *row);
bool fields_fill_torn(bt_field *payload, const char *problem);
void fields_fini(struct fields *fields);

#endif
