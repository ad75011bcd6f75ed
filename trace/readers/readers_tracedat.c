/* SPDX-License-Identifier: Apache-2.0 */
/* Events of skb:kfree_skb get the reason's name, from the formats that the file carries; others are
 * told with the text that libtraceevent makes of them.
 *
 * libtracecmd crashes on some files that are torn, so a process of its own reads, and what it has
 * told until then counts. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <trace-cmd/trace-cmd.h>

#include "base/error.h"
#include "trace/readers/readers_parts.h"
#include "trace/readers/tracedat_file.h"

/* Times beyond this are since 1970, as `trace-cmd record --date` makes them, not since the start.
 */
static const uint64_t SINCE_1970_NS = 1000000000000000000;

struct reading {
    trace_observer *observer;
    void *context;
    struct read_event read;
    struct trace_seq line;
    const char *clock; /* of the buffer that is read; "": not told */
    bool is_clock_told;
};

/* Where the event stands in time: on CLOCK_MONOTONIC, or where nothing of ours is. */
static struct trace_about time_take(struct reading *reading, uint64_t time_ns)
{
    struct trace_about about = {.has_mono =
                                    strcmp(reading->clock, "mono") == 0 && time_ns < SINCE_1970_NS};
    reading->read.event.mono_ns = about.has_mono ? time_ns : 0;
    reading->read.event.wall_ns = about.has_mono ? 0 : time_ns;
    return about;
}

/* Before the first event of a buffer whose times are not to be laid beside others'. */
static void clock_tell(struct reading *reading, uint64_t time_ns)
{
    if (reading->is_clock_told) {
        return;
    }
    reading->is_clock_told = true;
    read_event_begin(&reading->read, "clock_differs", "kernel");
    const struct trace_about about = time_take(reading, time_ns);
    if (about.has_mono || time_ns >= SINCE_1970_NS) {
        return;
    }
    reading->read.event.priority = PCAPNG_PRIORITY_WARNING;
    read_event_field(&reading->read, "clock",
                     reading->clock[0] != '\0' ? reading->clock : "unknown");
    snprintf(
        reading->read.message, sizeof(reading->read.message),
        "The times of this trace.dat are of the kernel's clock \"%s\", not of \"mono\": they do "
        "not stand beside those of others",
        reading->clock[0] != '\0' ? reading->clock : "unknown");
    reading->observer(&reading->read.event, &about, reading->context);
}

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

static void lost_take(struct reading *reading, const struct tep_record *record)
{
    char text[24];
    read_event_begin(&reading->read, "events_lost", "kernel");
    reading->read.event.priority = PCAPNG_PRIORITY_WARNING;
    const struct trace_about about = time_take(reading, record->ts);
    snprintf(text, sizeof(text), "%lld", record->missed_events);
    read_event_field(&reading->read, "events", record->missed_events > 0 ? text : "unknown");
    reading->observer(&reading->read.event, &about, reading->context);
}

static int record_take(struct tracecmd_input *input, struct tep_record *record, int cpu, void *data)
{
    struct reading *reading = data;
    struct tep_event *event = tep_find_event_by_record(tracecmd_get_tep(input), record);
    (void)cpu;
    clock_tell(reading, record->ts);
    if (record->missed_events != 0) {
        lost_take(reading, record);
    }
    if (event == NULL) {
        return 0;
    }
    bool is_drop = strcmp(event->system, "skb") == 0 && strcmp(event->name, "kfree_skb") == 0;
    char name[80];
    snprintf(name, sizeof(name), "%.30s:%.45s", event->system, event->name);
    read_event_begin(&reading->read, name, "kernel");
    const struct trace_about about = time_take(reading, record->ts);
    if (is_drop) {
        drop_take(reading, event, record);
    } else {
        fields_take(reading, event, record);
    }
    reading->observer(&reading->read.event, &about, reading->context);
    return 0;
}

/* The process that reads ---------------------------------------------------------------------- */

/* What goes through the pipe: this, and as many fields. */
struct told {
    bool is_end;            /* `status` and `message` are all */
    enum xsw_status status; /* of the end */
    uint64_t mono_ns, wall_ns;
    bool has_mono;
    uint8_t priority;
    uint32_t field_count;
    char name[80];
    char message[READ_MESSAGE_SIZE];
};

struct told_field {
    char name[40];
    char value[READ_TEXT_SIZE];
};

static void event_send(const struct pcapng_event *event, const struct trace_about *about,
                       void *context)
{
    struct told told;
    struct told_field field;
    memset(&told, 0, sizeof(told));
    told.mono_ns = event->mono_ns;
    told.wall_ns = event->wall_ns;
    told.has_mono = about->has_mono;
    told.priority = (uint8_t)event->priority;
    told.field_count = (uint32_t)event->field_count;
    snprintf(told.name, sizeof(told.name), "%s", event->name);
    snprintf(told.message, sizeof(told.message), "%s", event->message);
    (void)fwrite(&told, sizeof(told), 1, context);
    for (size_t i = 0; i < event->field_count; i++) {
        memset(&field, 0, sizeof(field));
        snprintf(field.name, sizeof(field.name), "%s", event->fields[i].name);
        snprintf(field.value, sizeof(field.value), "%s", event->fields[i].value);
        (void)fwrite(&field, sizeof(field), 1, context);
    }
}

static bool buffer_read(struct reading *reading, struct tracecmd_input *input,
                        const struct tracedat_file *file, const char *name)
{
    reading->clock = tracedat_file_clock(file, name);
    reading->is_clock_told = false;
    return tracecmd_iterate_events(input, NULL, 0, record_take, reading) == 0;
}

static void all_read(const char *path, const struct tracedat_file *file, FILE *pipe)
{
    struct told end;
    struct reading *reading = calloc(1, sizeof(*reading));
    memset(&end, 0, sizeof(end));
    end.is_end = true;
    tep_set_loglevel(TEP_LOG_NONE);
    tracecmd_set_loglevel(TEP_LOG_NONE);
    struct tracecmd_input *input = tracecmd_open(path, TRACECMD_FL_LOAD_NO_PLUGINS);
    if (reading == NULL || input == NULL) {
        end.status = XSW_CORRUPT;
        snprintf(end.message, sizeof(end.message),
                 "libtracecmd cannot read it, expected a whole trace.dat");
        (void)fwrite(&end, sizeof(end), 1, pipe);
        return;
    }
    reading->observer = event_send;
    reading->context = pipe;
    trace_seq_init(&reading->line);
    bool is_good = buffer_read(reading, input, file, "");
    /* What trace-cmd recorded in instances of their own stands in buffers beside the first one. */
    int buffers = tracecmd_buffer_instances(input);
    for (int i = 0; i < buffers; i++) {
        struct tracecmd_input *buffer = tracecmd_buffer_instance_handle(input, i);
        is_good &= buffer != NULL &&
                   buffer_read(reading, buffer, file, tracecmd_buffer_instance_name(input, i));
    }
    if (!is_good) {
        end.status = XSW_CORRUPT;
        snprintf(end.message, sizeof(end.message), "libtracecmd cannot read all of its events");
    }
    (void)fwrite(&end, sizeof(end), 1, pipe);
}

/* Who wants it -------------------------------------------------------------------------------- */

struct wanting {
    const char *path;
    const struct tracedat_file *file;
    trace_observer *observer;
    void *context;
};

static const char *text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static bool event_receive(FILE *pipe, const struct told *told, struct read_event *read)
{
    struct told_field field;
    read_event_begin(read, told->name, "kernel");
    read->event.mono_ns = told->mono_ns;
    read->event.wall_ns = told->wall_ns;
    read->event.priority = told->priority;
    for (uint32_t i = 0; i < told->field_count; i++) {
        if (fread(&field, sizeof(field), 1, pipe) != 1) {
            return false;
        }
        read_event_field(read, field.name, field.value);
    }
    memcpy(read->message, told->message, sizeof(read->message));
    return true;
}

/* Until the other side has told the end; else it has died. */
static enum xsw_status all_receive(const struct wanting *wanting, FILE *pipe,
                                   struct xsw_error *error)
{
    const char *path = wanting->path;
    const struct tracedat_file *file = wanting->file;
    struct told told;
    uint64_t count = 0;
    bool is_end = false;
    struct read_event *read = calloc(1, sizeof(*read));
    if (read == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory to read %s", path);
    }
    while (!is_end && fread(&told, sizeof(told), 1, pipe) == 1) {
        const struct trace_about about = {.host = text_or_null(file->host),
                                          .system = text_or_null(file->system),
                                          .has_mono = told.has_mono};
        is_end = told.is_end;
        if (!is_end && event_receive(pipe, &told, read)) {
            wanting->observer(&read->event, &about, wanting->context);
            count++;
        }
    }
    free(read);
    if (!is_end) {
        return error_set(error, XSW_CORRUPT,
                         "%s: libtracecmd died of it behind %" PRIu64
                         " events, expected a whole file",
                         path, count);
    }
    return told.status == XSW_OK ? XSW_OK
                                 : error_set(error, told.status, "%s: %s", path, told.message);
}

static enum xsw_status process_read(const struct wanting *wanting, struct xsw_error *error)
{
    const char *path = wanting->path;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_errno(error, "no pipe to read %s", path);
    }
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        FILE *to = fdopen(ends[1], "w");
        if (to != NULL) {
            all_read(path, wanting->file, to);
            (void)fflush(to);
        }
        _exit(0);
    }
    close(ends[1]);
    FILE *from = pid > 0 ? fdopen(ends[0], "r") : NULL;
    enum xsw_status status = from != NULL ? all_receive(wanting, from, error)
                                          : error_errno(error, "no process to read %s", path);
    if (from != NULL) {
        fclose(from);
    } else {
        close(ends[0]);
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return status;
}

enum xsw_status tracedat_read(const char *path, trace_observer *observer, void *context,
                              struct xsw_error *error)
{
    struct tracedat_file *file = calloc(1, sizeof(*file));
    if (file == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory to read %s", path);
    }
    enum xsw_status status = tracedat_file_look(path, file, error);
    if (status == XSW_OK) {
        const struct wanting wanting = {path, file, observer, context};
        status = process_read(&wanting, error);
    }
    if (file->is_torn) {
        status = error_set(error, XSW_CORRUPT,
                           "%s: the file is torn: it ends at byte %" PRIu64
                           ", expected at least %" PRIu64 "; only what is whole is told",
                           path, file->size, file->torn_at);
    }
    free(file);
    return status;
}
