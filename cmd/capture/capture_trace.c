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
#include "formats/pcapng/pcapng_write.h"
#include "trace/event_ring.h"
#include "trace/event_story.h"
#include "trace/kernel/kernel_story.h"

enum { BEGIN_MS = 5000, END_MS = 3000, EVENTS_A_TURN = 512 };

static const uint64_t CLOCK_EVERY_NS = 60000000000;

struct capture_trace {
    uint64_t wall_offset_ns;
    const char *host, *boot_id;
    struct client *client; /* events come as long as it is open */
    struct event_reader *reader;
    struct capture_kernel kernel;
    uint64_t written;
    uint64_t lost;        /* events of the switch, as told */
    uint64_t not_lost_ns; /* until then all of these are told of; 0: not known */
    uint64_t kernel_lost;
    uint64_t kernel_untold_ns;   /* in gaps that are over */
    uint64_t kernel_untold_from; /* the beginning of one that is not; 0: there is none */
    uint64_t clock_told_ns;
    bool hides;
    bool has_first; /* `first` is to be put */
    struct capture_kernel_message first;
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
    uint64_t now = clock_mono_ns();
    uint64_t from_ns = trace->not_lost_ns;
    trace->not_lost_ns = now; /* all up to here is told of */
    if (lost == trace->lost) {
        return XSW_OK;
    }
    char message[128];
    char count[24];
    char from[24];
    char to[24];
    const struct pcapng_event_field fields[] = {
        {"events", count}, {"to_mono_ns", to}, {"from_mono_ns", from}};
    snprintf(from, sizeof(from), "%" PRIu64, from_ns);
    snprintf(to, sizeof(to), "%" PRIu64, now);
    snprintf(count, sizeof(count), "%" PRIu64, lost - trace->lost);
    snprintf(message, sizeof(message), "Events of the switch were lost: %s", count);
    trace->lost = lost;
    struct pcapng_event event = {.priority = PCAPNG_PRIORITY_WARNING,
                                 .name = "events_lost",
                                 .message = message,
                                 .fields = fields,
                                 .field_count = from_ns != 0 ? 3 : 2};
    return put_own(trace, writer, &event, error);
}

/* XSW_AGAIN: there are none now. */
static enum xsw_status switch_turn(struct capture_trace *trace, struct pcapng_writer *writer,
                                   struct xsw_error *error)
{
    struct event_record record;
    struct event_story story;
    enum xsw_status status = XSW_OK;
    for (int i = 0; i < EVENTS_A_TURN && status == XSW_OK; i++) {
        status = event_reader_next(trace->reader, &record) == XSW_OK ? XSW_OK : XSW_AGAIN;
        if (status == XSW_OK && (!trace->hides || capture_hide_event(&record))) {
            event_story_tell(&story, &record, trace->wall_offset_ns);
            status = put(trace, writer, &story.event, error);
        }
    }
    enum xsw_status lost = status >= 0 ? put_lost(trace, writer, error) : status;
    return lost != XSW_OK ? lost : status;
}

/* From here on drops of the kernel are told. */
static enum xsw_status put_followed(struct capture_trace *trace, struct pcapng_writer *writer,
                                    const char *remark, struct xsw_error *error)
{
    char text[480];
    snprintf(text, sizeof(text), "Drops of the kernel behind ports are recorded from here on%s%s",
             remark[0] != '\0' ? ": " : "", remark);
    struct pcapng_event event = {
        .priority = PCAPNG_PRIORITY_INFO, .name = "kernel_followed", .message = text};
    return put_own(trace, writer, &event, error);
}

/* What the file does not hold of the kernel is said in it, and to who looks on. */
static enum xsw_status put_untold(struct capture_trace *trace, struct pcapng_writer *writer,
                                  const struct capture_kernel_message *message,
                                  struct xsw_error *error)
{
    char text[480];
    char from[24];
    char to[24];
    char span[40] = "";
    bool was_told = message->from_ns != 0;
    bool is_over = was_told && message->to_ns != 0;
    const struct pcapng_event_field fields[] = {{"from_mono_ns", from}, {"to_mono_ns", to}};
    uint64_t until_ns = is_over ? message->to_ns : clock_mono_ns();
    uint64_t length_ns = until_ns > message->from_ns ? until_ns - message->from_ns : 0;
    snprintf(from, sizeof(from), "%" PRIu64, message->from_ns);
    snprintf(to, sizeof(to), "%" PRIu64, message->to_ns);
    if (is_over) {
        snprintf(span, sizeof(span), " for %.3f s", (double)length_ns / 1e9);
        trace->kernel_untold_ns += length_ns;
    } else if (was_told) {
        snprintf(span, sizeof(span), " since %.3f s ago", (double)length_ns / 1e9);
        trace->kernel_untold_from = message->from_ns;
    }
    snprintf(text, sizeof(text), "Drops of the kernel behind ports are not recorded%s: %s", span,
             message->text);
    fprintf(stderr, "xsw capture: drops of the kernel are not recorded%s: %s%s\n", span,
            message->text, is_over ? "; from here on they are" : "");
    struct pcapng_event event = {.priority = PCAPNG_PRIORITY_WARNING,
                                 .name = "kernel_untold",
                                 .message = text,
                                 .fields = fields,
                                 .field_count = (size_t)was_told + (size_t)is_over};
    return put_own(trace, writer, &event, error);
}

static enum xsw_status put_group(struct capture_trace *trace, struct pcapng_writer *writer,
                                 struct kernel_group *group, struct xsw_error *error)
{
    struct kernel_story story;
    if (group->first.kind == KERNEL_LOST) {
        trace->kernel_lost += group->first.count;
    }
    if (trace->hides) {
        group->first.head_length = 0;
        capture_hide_device(&group->first.device);
    }
    kernel_story_tell(&story, group, trace->wall_offset_ns);
    return put(trace, writer, &story.event, error);
}

static enum xsw_status put_message(struct capture_trace *trace, struct pcapng_writer *writer,
                                   struct capture_kernel_message *message, struct xsw_error *error)
{
    switch (message->kind) {
    case CAPTURE_KERNEL_READY:
        return put_followed(trace, writer, message->text, error);
    case CAPTURE_KERNEL_UNTOLD:
        return put_untold(trace, writer, message, error);
    case CAPTURE_KERNEL_GROUP:
        return put_group(trace, writer, &message->group, error);
    case CAPTURE_KERNEL_END:
        break;
    }
    return XSW_OK;
}

/* XSW_AGAIN: all is told that there is so far; XSW_END: and no more will come. */
static enum xsw_status kernel_turn(struct capture_trace *trace, struct pcapng_writer *writer,
                                   struct xsw_error *error)
{
    struct capture_kernel_message message;
    enum xsw_status status = XSW_OK;
    if (trace->has_first) {
        trace->has_first = false;
        status = put_message(trace, writer, &trace->first, error);
    }
    for (int i = 0; i < EVENTS_A_TURN && status == XSW_OK; i++) {
        status = capture_kernel_next(&trace->kernel, &message);
        if (status == XSW_OK) {
            status = put_message(trace, writer, &message, error);
        }
    }
    return status;
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
    if (status >= 0) {
        status = kernel_turn(trace, writer, error);
    }
    return status < 0 ? status : XSW_OK;
}

/* All that the kernel's reader has, and its last word; one that does not come to an end is told of
 * like one that has died. */
static enum xsw_status kernel_rest(struct capture_trace *trace, struct pcapng_writer *writer,
                                   struct xsw_error *error)
{
    uint64_t until_ns = clock_mono_ns() + (uint64_t)END_MS * 1000000;
    enum xsw_status status = XSW_OK;
    capture_kernel_stop(&trace->kernel);
    while (status >= 0 && status != XSW_END && clock_mono_ns() < until_ns) {
        status = kernel_turn(trace, writer, error);
        struct pollfd wait = {.fd = trace->kernel.fd, .events = POLLIN};
        if (status == XSW_AGAIN) {
            poll(&wait, 1, 100);
        }
    }
    if (status >= 0 && status != XSW_END) {
        struct capture_kernel_message message = {
            .kind = CAPTURE_KERNEL_UNTOLD,
            .from_ns = atomic_load(&trace->kernel.life->told_ns),
            .text = "the process that reads them does not end"};
        status = put_message(trace, writer, &message, error);
    }
    return status < 0 ? status : XSW_OK;
}

enum xsw_status capture_trace_finish(struct capture_trace *trace, struct pcapng_writer *writer,
                                     struct xsw_error *error)
{
    if (trace == NULL) {
        return XSW_OK;
    }
    enum xsw_status status;
    do {
        status = switch_turn(trace, writer, error);
    } while (status == XSW_OK);
    if (status >= 0) {
        status = kernel_rest(trace, writer, error);
    }
    if (trace->kernel_untold_from != 0) {
        trace->kernel_untold_ns += clock_mono_ns() - trace->kernel_untold_from;
        trace->kernel_untold_from = 0;
    }
    trace->clock_told_ns = 0;
    return status < 0 ? status : put_clock(trace, writer, error);
}

uint64_t capture_trace_events(const struct capture_trace *trace)
{
    return trace != NULL ? trace->written : 0;
}

uint64_t capture_trace_lost(const struct capture_trace *trace)
{
    return trace != NULL ? trace->lost + trace->kernel_lost : 0;
}

uint64_t capture_trace_untold_ns(const struct capture_trace *trace)
{
    return trace != NULL ? trace->kernel_untold_ns : 0;
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
