/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TRACE_VIEW_PARTS_H
#define XSW_CMD_TRACE_VIEW_PARTS_H

/*
 * An event as it is read from a trace, and the two ways to show it. Private to trace_view*.c.
 *
 * Threads: main only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/trace/trace_view.h"

enum { VIEW_FIELDS_MAX = 40, VIEW_NUMBER_SIZE = 64 };

/* A field of an event: its text, and its number when it has one. */
struct view_field {
    const char *name;
    const char *text;
    char own[VIEW_NUMBER_SIZE]; /* of a number */
    uint64_t number;
    bool is_number, is_signed;
};

struct view_event {
    const char *name; /* without "xsw:" */
    const char *host;
    int64_t time_ns;
    int level; /* of bt_event_class_log_level, or -1 */
    struct view_field fields[VIEW_FIELDS_MAX];
    size_t field_count;
};

/* That something is missing from the trace. */
struct view_loss {
    const char *what; /* "events" or "buffers" */
    const char *host; /* "": not known */
    bool is_known;    /* how many */
    uint64_t count;
};

const struct view_field *view_field_find(const struct view_event *event, const char *name);
/* The text of a field; null when there is none, or nothing in it. */
const char *view_text_of(const struct view_event *event, const char *name);

/* For people, with nothing in it that steers a terminal; for programs, an object a line. */
void view_event_print(const struct view *view, const struct view_event *event);
void view_loss_print(const struct view *view, const struct view_loss *loss);
void view_event_json(struct view *view, const struct view_event *event);
void view_loss_json(struct view *view, const struct view_loss *loss);

#endif
