/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_trace.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd/capture/capture_hide_event.h"
#include "cmd/capture/capture_kernel.h"
#include "cmd/client.h"
#include "formats/pcapng_write.h"
#include "trace/event_ring.h"
#include "trace/event_story.h"

enum { BEGIN_MS = 5000, END_MS = 3000, EVENTS_A_TURN = 512 };

static const uint64_t CLOCK_EVERY_NS = 60000000000;

struct capture_trace {
    uint64_t wall_offset_ns;
    const char *host, *boot_id;
    struct client *client; /* events come as long as it is open */
    struct event_reader *reader;
    struct capture_kernel kernel;
    uint64_t written;
    uint64_t lost; /* events of the switch, as told */
    uint64_t kernel_lost;
    uint64_t clock_told_ns;
    bool hides;
    bool has_first; /* `first` is to be put */
    struct capture_kernel_message first;
    bool kernel_is_told; /* what can be had of the kernel, and what cannot */
};

enum xsw_status capture_trace_open(const struct capture_trace_options *options,
                                   struct capture_trace **trace, struct xsw_error *error)
{
    struct capture_trace *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for events");
    }
    made->kernel.fd = -1;
    struct client_reply reply;
    enum xsw_status status = client_connect(options->socket, &made->client, error);
    if (status == XSW_OK && options->switch_name != NULL) {
        status = client_select(made->client, options->switch_name, error);
    }
    if (status == XSW_OK) {
        status = client_call(made->client, "events.attach", NULL, &reply, error);
    }
    if (status == XSW_OK) {
        status = reply.fd_count == 1
                     ? event_reader_open(reply.fds[0], &made->reader, error)
                     : error_set(error, XSW_CORRUPT, "xswd sent no memory with events");
        client_reply_fini(&reply);
    }
    if (status == XSW_OK) {
        status = capture_kernel_start(&made->kernel, options->socket, options->switch_name, error);
    }
    if (status != XSW_OK) {
        capture_trace_close(made);
        return status;
    }
    struct pollfd wait = {.fd = made->kernel.fd, .events = POLLIN};
    made->has_first =
        poll(&wait, 1, BEGIN_MS) > 0 && capture_kernel_next(&made->kernel, &made->first) == XSW_OK;
    *trace = made;
    return XSW_OK;
}

void capture_trace_begin(struct capture_trace *trace, uint64_t wall_offset_ns, const char *host,
                         const char *boot_id)
{
    if (trace != NULL) {
        trace->wall_offset_ns = wall_offset_ns;
        trace->host = host;
        trace->boot_id = boot_id;
    }
}

void capture_trace_hide(struct capture_trace *trace)
{
    if (trace != NULL) {
        trace->hides = true;
    }
}

/* Writing ------------------------------------------------------------------------------------ */

static enum xsw_status put(struct capture_trace *trace, struct pcapng_writer *writer,
                           struct pcapng_event *event, struct xsw_error *error)
{
    event->host = trace->host;
    event->boot_id = trace->boot_id;
    enum xsw_status status = pcapng_writer_event(writer, event, error);
    trace->written += status == XSW_OK;
    return status;
}

/* An event of our own, now. */
static enum xsw_status put_own(struct capture_trace *trace, struct pcapng_writer *writer,
                               struct pcapng_event *event, struct xsw_error *error)
{
    event->mono_ns = clock_mono_ns();
    event->wall_ns = event->mono_ns + trace->wall_offset_ns;
    event->source = "xsw-capture";
    return put(trace, writer, event, error);
}

/* How far the wall clock may be from that of others, as the kernel estimates it: recordings of
 * several machines are laid side by side by it. */
static enum xsw_status put_clock(struct capture_trace *trace, struct pcapng_writer *writer,
                                 struct xsw_error *error)
{
    uint64_t now = clock_mono_ns();
    if (trace->clock_told_ns != 0 && now - trace->clock_told_ns < CLOCK_EVERY_NS) {
        return XSW_OK;
    }
    struct timex timex = {0};
    bool is_set = adjtimex(&timex) != TIME_ERROR && (timex.status & STA_UNSYNC) == 0;
    char error_us[24];
    char offset_ns[24];
    const struct pcapng_event_field fields[] = {{"synchronized", is_set ? "1" : "0"},
                                                {"wall_offset_ns", offset_ns},
                                                {"max_error_us", error_us}};
    uint64_t wall = clock_wall_ns();
    trace->clock_told_ns = clock_mono_ns();
    snprintf(offset_ns, sizeof(offset_ns), "%" PRIu64, wall - trace->clock_told_ns);
    snprintf(error_us, sizeof(error_us), "%ld", timex.maxerror);
    struct pcapng_event event = {.priority = PCAPNG_PRIORITY_DEBUG,
                                 .name = "clock",
                                 .message = is_set ? "The wall clock is kept by a time service"
                                                   : "No time service keeps the wall clock",
                                 .fields = fields,
                                 .field_count = is_set ? 3 : 2};
    return put_own(trace, writer, &event, error);
}

static enum xsw_status put_lost(struct capture_trace *trace, struct pcapng_writer *writer,
                                struct xsw_error *error)
{
    uint64_t lost = event_reader_lost(trace->reader);
    if (lost == trace->lost) {
        return XSW_OK;
    }
    char message[128];
    char count[24];
    const struct pcapng_event_field fields[] = {{"events", count}};
    snprintf(count, sizeof(count), "%" PRIu64, lost - trace->lost);
    snprintf(message, sizeof(message), "Events of the switch were lost: %s", count);
    trace->lost = lost;
    struct pcapng_event event = {.priority = PCAPNG_PRIORITY_WARNING,
                                 .name = "events_lost",
                                 .message = message,
                                 .fields = fields,
                                 .field_count = 1};
    return put_own(trace, writer, &event, error);
}

static enum xsw_status switch_turn(struct capture_trace *trace, struct pcapng_writer *writer,
                                   struct xsw_error *error)
{
    struct event_record record;
    struct event_story story;
    enum xsw_status status = XSW_OK;
    for (int i = 0; i < EVENTS_A_TURN && status == XSW_OK &&
                    event_reader_next(trace->reader, &record) == XSW_OK;
         i++) {
        if (trace->hides && !capture_hide_event(&record)) {
            continue;
        }
        event_story_tell(&story, &record, trace->wall_offset_ns);
        status = put(trace, writer, &story.event, error);
    }
    return status == XSW_OK ? put_lost(trace, writer, error) : status;
}

/* What the file does not hold of the kernel is said in it. */
static enum xsw_status put_kernel_state(struct capture_trace *trace, struct pcapng_writer *writer,
                                        const struct capture_kernel_message *message,
                                        struct xsw_error *error)
{
    char text[480];
    bool is_ready = message->kind == CAPTURE_KERNEL_READY;
    snprintf(text, sizeof(text), "%s%s%s",
             is_ready ? "Drops of the kernel behind ports are recorded from here on"
                      : "Drops of the kernel behind ports are not recorded",
             message->text[0] != '\0' ? ": " : "", message->text);
    struct pcapng_event event = {.priority =
                                     is_ready ? PCAPNG_PRIORITY_INFO : PCAPNG_PRIORITY_WARNING,
                                 .name = is_ready ? "kernel_followed" : "kernel_untold",
                                 .message = text};
    trace->kernel_is_told = true;
    if (!is_ready) {
        fprintf(stderr, "xsw capture: drops of the kernel are not recorded: %s\n", message->text);
    }
    return put_own(trace, writer, &event, error);
}

static enum xsw_status put_message(struct capture_trace *trace, struct pcapng_writer *writer,
                                   struct capture_kernel_message *message, struct xsw_error *error)
{
    struct kernel_story story;
    if (message->kind != CAPTURE_KERNEL_GROUP) {
        return put_kernel_state(trace, writer, message, error);
    }
    if (message->group.first.kind == KERNEL_LOST) {
        trace->kernel_lost += message->group.first.count;
    }
    if (trace->hides) {
        message->group.first.head_length = 0;
        capture_hide_device(&message->device);
    }
    kernel_story_tell(&story, &message->group, trace->wall_offset_ns);
    return put(trace, writer, &story.event, error);
}

/* XSW_AGAIN: the child has told all that it had so far; XSW_END: and will tell no more. */
static enum xsw_status kernel_turn(struct capture_trace *trace, struct pcapng_writer *writer,
                                   int limit, struct xsw_error *error)
{
    struct capture_kernel_message message;
    if (trace->has_first) {
        trace->has_first = false;
        enum xsw_status status = put_message(trace, writer, &trace->first, error);
        if (status != XSW_OK) {
            return status;
        }
    }
    for (int i = 0; i < limit; i++) {
        enum xsw_status status = capture_kernel_next(&trace->kernel, &message);
        if (status == XSW_END && !trace->kernel_is_told) {
            memset(&message, 0, sizeof(message));
            message.kind = CAPTURE_KERNEL_FAILED;
            snprintf(message.text, sizeof(message.text), "the process that reads them has ended");
            (void)!put_kernel_state(trace, writer, &message, error);
        }
        if (status != XSW_OK) {
            return status;
        }
        status = put_message(trace, writer, &message, error);
        if (status != XSW_OK) {
            return status;
        }
    }
    return XSW_OK;
}

enum xsw_status capture_trace_turn(struct capture_trace *trace, struct pcapng_writer *writer,
                                   struct xsw_error *error)
{
    if (trace == NULL) {
        return XSW_OK;
    }
    enum xsw_status status = put_clock(trace, writer, error);
    if (status == XSW_OK) {
        status = switch_turn(trace, writer, error);
    }
    if (status == XSW_OK) {
        status = kernel_turn(trace, writer, EVENTS_A_TURN, error);
    }
    return status < 0 ? status : XSW_OK;
}

enum xsw_status capture_trace_finish(struct capture_trace *trace, struct pcapng_writer *writer,
                                     struct xsw_error *error)
{
    if (trace == NULL) {
        return XSW_OK;
    }
    uint64_t until_ns = clock_mono_ns() + (uint64_t)END_MS * 1000000;
    enum xsw_status status = switch_turn(trace, writer, error);
    capture_kernel_stop(&trace->kernel);
    enum xsw_status kernel = XSW_OK;
    while (status == XSW_OK && kernel >= 0 && kernel != XSW_END && clock_mono_ns() < until_ns) {
        kernel = kernel_turn(trace, writer, EVENTS_A_TURN, error);
        struct pollfd wait = {.fd = trace->kernel.fd, .events = POLLIN};
        if (kernel == XSW_AGAIN) {
            poll(&wait, 1, 100);
        }
    }
    trace->clock_told_ns = 0;
    if (status == XSW_OK && kernel >= 0) {
        status = put_clock(trace, writer, error);
    }
    return kernel < 0 ? kernel : status;
}

uint64_t capture_trace_events(const struct capture_trace *trace)
{
    return trace != NULL ? trace->written : 0;
}

uint64_t capture_trace_lost(const struct capture_trace *trace)
{
    return trace != NULL ? trace->lost + trace->kernel_lost : 0;
}

void capture_trace_close(struct capture_trace *trace)
{
    if (trace == NULL) {
        return;
    }
    capture_kernel_close(&trace->kernel);
    event_reader_close(trace->reader);
    client_close(trace->client);
    free(trace);
}
