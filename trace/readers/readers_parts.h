/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_READERS_PARTS_H
#define XSW_TRACE_READERS_PARTS_H

/* What the readers share: an event that is being put together from a trace. Threads: one. */

#include "trace/readers/readers.h"

enum { READ_TEXT_SIZE = 160, READ_MESSAGE_SIZE = 400 };

struct read_event {
    struct pcapng_event event;
    struct pcapng_event_field fields[PCAPNG_EVENT_FIELDS_MAX];
    char names[PCAPNG_EVENT_FIELDS_MAX][40];
    char values[PCAPNG_EVENT_FIELDS_MAX][READ_TEXT_SIZE];
    char name[80];
    char message[READ_MESSAGE_SIZE];
};

void read_event_begin(struct read_event *read, const char *name, const char *source);
/* One more field, which also goes to the message; too many are left out. */
void read_event_field(struct read_event *read, const char *name, const char *value);

enum xsw_status ctf_read(const char *path, trace_observer *observer, void *context,
                         struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status tracedat_read(const char *path, trace_observer *observer, void *context,
                              struct xsw_error *error) XSW_MUST_CHECK;

#endif
