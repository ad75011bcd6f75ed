/* SPDX-License-Identifier: Apache-2.0 */
/* Events of skb:kfree_skb get the reason's name, from the formats that the file carries; others are
 * told with the text that libtraceevent makes of them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trace-cmd/trace-cmd.h>

#include "base/error.h"
#include "trace/readers_parts.h"

struct reading {
    trace_observer *observer;
    void *context;
    struct read_event read;
    struct trace_seq line;
};

/* The fields of the event's own, as text. */
static void fields_take(struct reading *reading, struct tep_event *event, struct tep_record *record)
{
    for (struct tep_format_field *field = event->format.fields; field != NULL;
         field = field->next) {
        trace_seq_reset(&reading->line);
        tep_print_field(&reading->line, record->data, field);
        trace_seq_terminate(&reading->line);
        read_event_field(&reading->read, field->name, reading->line.buffer);
    }
}

/* A drop reason stands in the file as a number and, in the print format, as a name. */
static const char *reason_find(const struct tep_event *event, unsigned long long number)
{
    const struct tep_print_arg *arg = event->print_fmt.args;
    while (arg != NULL && arg->type != TEP_PRINT_SYMBOL) {
        arg = arg->next;
    }
    const struct tep_print_flag_sym *symbol = arg != NULL ? arg->symbol.symbols : NULL;
    while (symbol != NULL && strtoull(symbol->value, NULL, 0) != number) {
        symbol = symbol->next;
    }
    return symbol != NULL ? symbol->str : NULL;
}

static void drop_take(struct reading *reading, struct tep_event *event, struct tep_record *record)
{
    unsigned long long number = 0;
    unsigned long long location = 0;
    if (tep_get_field_val(NULL, event, "reason", record, &number, 0) == 0) {
        const char *name = reason_find(event, number);
        char text[24];
        snprintf(text, sizeof(text), "reason-%llu", number);
        read_event_field(&reading->read, "reason", name != NULL ? name : text);
    }
    if (tep_get_field_val(NULL, event, "location", record, &location, 0) == 0) {
        const char *function = tep_find_function(event->tep, location);
        if (function != NULL) {
            read_event_field(&reading->read, "location", function);
        }
    }
}

static void lost_take(struct reading *reading, const struct tep_record *record,
                      const struct trace_about *about)
{
    char text[24];
    read_event_begin(&reading->read, "events_lost", "kernel");
    reading->read.event.priority = PCAPNG_PRIORITY_WARNING;
    reading->read.event.mono_ns = record->ts;
    snprintf(text, sizeof(text), "%lld", record->missed_events);
    read_event_field(&reading->read, "events", record->missed_events > 0 ? text : "unknown");
    reading->observer(&reading->read.event, about, reading->context);
}

static int record_take(struct tracecmd_input *input, struct tep_record *record, int cpu, void *data)
{
    struct reading *reading = data;
    static const struct trace_about about = {.has_mono = true};
    struct tep_event *event = tep_find_event_by_record(tracecmd_get_tep(input), record);
    (void)cpu;
    if (record->missed_events != 0) {
        lost_take(reading, record, &about);
    }
    if (event == NULL) {
        return 0;
    }
    bool is_drop = strcmp(event->system, "skb") == 0 && strcmp(event->name, "kfree_skb") == 0;
    char name[80];
    snprintf(name, sizeof(name), "%.30s:%.45s", event->system, event->name);
    read_event_begin(&reading->read, name, "kernel");
    reading->read.event.mono_ns = record->ts;
    if (is_drop) {
        drop_take(reading, event, record);
    } else {
        fields_take(reading, event, record);
    }
    reading->observer(&reading->read.event, &about, reading->context);
    return 0;
}

enum xsw_status tracedat_read(const char *path, trace_observer *observer, void *context,
                              struct xsw_error *error)
{
    struct reading *reading = calloc(1, sizeof(*reading));
    if (reading == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory to read %s", path);
    }
    reading->observer = observer;
    reading->context = context;
    trace_seq_init(&reading->line);
    tep_set_loglevel(TEP_LOG_NONE);
    tracecmd_set_loglevel(TEP_LOG_NONE);
    struct tracecmd_input *input = tracecmd_open(path, TRACECMD_FL_LOAD_NO_PLUGINS);
    enum xsw_status status = XSW_OK;
    if (input == NULL) {
        status = error_set(error, XSW_CORRUPT,
                           "%s: libtracecmd cannot read it, expected a whole trace.dat", path);
    }
    /* What trace-cmd recorded in instances of their own stands in buffers beside the first one. */
    int buffers = input != NULL ? tracecmd_buffer_instances(input) : 0;
    if (input != NULL) {
        (void)tracecmd_iterate_events(input, NULL, 0, record_take, reading);
    }
    for (int i = 0; i < buffers; i++) {
        struct tracecmd_input *buffer = tracecmd_buffer_instance_handle(input, i);
        if (buffer != NULL) {
            (void)tracecmd_iterate_events(buffer, NULL, 0, record_take, reading);
            tracecmd_close(buffer);
        }
    }
    if (input != NULL) {
        tracecmd_close(input);
    }
    trace_seq_destroy(&reading->line);
    free(reading);
    return status;
}
