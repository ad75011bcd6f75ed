/* SPDX-License-Identifier: Apache-2.0 */
/* See kernel.h. The instance and its settings are here; what the rings hold is read in
 * kernel_rings.c. */
#include "trace/kernel/kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tracefs/tracefs.h>

#include "base/clock.h"
#include "base/error.h"
#include "trace/kernel/kernel_filter.h"
#include "trace/kernel/kernel_format.h"
#include "trace/kernel/kernel_instance.h"
#include "trace/kernel/kernel_interfaces.h"
#include "trace/kernel/kernel_join.h"
#include "trace/kernel/kernel_names.h"
#include "trace/kernel/kernel_ports.h"
#include "trace/kernel/kernel_probe.h"
#include "trace/kernel/kernel_rings.h"
#include "trace/kernel/kernel_symbols.h"

static const uint64_t LOSS_CHECK_NS = 500000000;
static const uint64_t OTHERS_FORGET_NS = 500000000;

struct kernel_trace {
    struct tracefs_instance *instance;
    struct kernel_format format;
    struct kernel_rings *rings;
    struct kernel_join *join;
    struct kernel_probe *probe; /* null: by the events */
    struct kernel_symbols symbols;
    struct kernel_ports *ports;
    struct kernel_interfaces interfaces; /* of the devices */
    uint64_t others_ns; /* when the probe forgot of the devices that are not ours */
    bool is_watching;   /* events come */
    bool all_reasons;
    uint64_t silent;
    uint64_t lost;
    uint64_t read_ns, loss_checked_ns, whole_until_ns;
    char remark[240];
};

/* Opening ------------------------------------------------------------------------------------- */

/* The events that we know, and no others: the library's own way reads the names of all functions of
 * the kernel too. */
static enum xsw_status format_read(struct kernel_trace *trace, struct xsw_error *error)
{
    struct tep_handle *tep = tep_alloc();
    if (tep == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for events of the kernel");
    }
    tep_set_loglevel(TEP_LOG_NONE);
    tracefs_set_loglevel(TEP_LOG_NONE);
    bool has_any = false;
    for (unsigned known = 0; known < KERNEL_KNOWN; known++) {
        const struct kernel_known_event *event = &kernel_known_events[known];
        int size = 0;
        char *text = tracefs_event_file_read(NULL, event->system, event->name, "format", &size);
        has_any |= text != NULL;
        if (text != NULL) {
            (void)tep_parse_event(tep, text, (unsigned long)size, event->system);
        }
        free(text);
    }
    if (!has_any) {
        tep_free(tep);
        return kernel_instance_missing(error);
    }
    return kernel_format_init(&trace->format, tep, error);
}

static enum xsw_status event_enable(struct kernel_trace *trace, enum kernel_known known,
                                    struct xsw_error *error)
{
    const struct kernel_known_event *event = &kernel_known_events[known];
    if (trace->format.layouts[known].id < 0) {
        return XSW_OK; /* what this kernel cannot tell, it does not tell */
    }
    if (tracefs_event_enable(trace->instance, event->system, event->name) != 0) {
        return error_errno(error, "event %s:%s cannot be switched on", event->system, event->name);
    }
    return XSW_OK;
}

/* Once there are filters. With the probe, packets are its business. */
static enum xsw_status events_enable(struct kernel_trace *trace, struct xsw_error *error)
{
    unsigned first = trace->probe != NULL ? KERNEL_XDP_ERROR : 0;
    enum xsw_status status = XSW_OK;
    for (unsigned known = first; known < KERNEL_KNOWN && status == XSW_OK; known++) {
        status = event_enable(trace, (enum kernel_known)known, error);
    }
    trace->is_watching = status == XSW_OK;
    return status;
}

static void probe_try(struct kernel_trace *trace, const struct kernel_options *options)
{
    struct xsw_error error;
    if (!options->no_probe && kernel_probe_open(&trace->probe, &error) != XSW_OK) {
        trace->probe = NULL;
        snprintf(trace->remark, sizeof(trace->remark), "%.239s", error.text);
    }
}

enum xsw_status kernel_trace_open(const struct kernel_options *options, struct kernel_trace **trace,
                                  struct xsw_error *error)
{
    if (tracefs_tracing_dir() == NULL) {
        return kernel_instance_missing(error);
    }
    struct kernel_trace *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for events of the kernel");
    }
    made->all_reasons = options->all_reasons;
    enum xsw_status status = format_read(made, error);
    if (status == XSW_OK) {
        status = kernel_join_create(&made->join, error);
    }
    if (status == XSW_OK) {
        status = kernel_ports_create(options->by_packet, &made->ports, error);
    }
    if (status == XSW_OK) {
        status = kernel_instance_make(&made->instance, options->buffer_bytes, error);
    }
    if (status == XSW_OK) {
        status = kernel_rings_open(made->instance, &made->format, &made->rings, error);
    }
    if (status == XSW_OK) {
        probe_try(made, options);
    }
    if (status != XSW_OK) {
        kernel_trace_close(made);
        return status;
    }
    made->read_ns = made->whole_until_ns = clock_mono_ns();
    *trace = made;
    return XSW_OK;
}

const char *kernel_trace_remark(const struct kernel_trace *trace)
{
    return trace->remark;
}

/* Devices ------------------------------------------------------------------------------------- */

static bool is_same(const struct kernel_trace *trace, const struct kernel_device *devices,
                    size_t count)
{
    size_t known_count;
    const struct kernel_device *known = kernel_ports_devices(trace->ports, &known_count);
    for (size_t i = 0; i < count && i < known_count; i++) {
        if (known[i].netns != devices[i].netns || known[i].since_ns != devices[i].since_ns ||
            strcmp(known[i].name, devices[i].name) != 0) {
            return false;
        }
    }
    return known != NULL && count == known_count && trace->is_watching;
}

static enum xsw_status interfaces_watch(struct kernel_trace *trace,
                                        const struct kernel_device *devices, size_t count,
                                        struct xsw_error *error)
{
    enum xsw_status status =
        trace->probe != NULL
            ? kernel_probe_watch(trace->probe, devices, count, error)
            : kernel_filter_set(trace->instance, &trace->format, devices, count, error);
    return status == XSW_OK && !trace->is_watching ? events_enable(trace, error) : status;
}

/* With every list while drops come would be to hear of the others' again and again. */
static void others_forget(struct kernel_trace *trace, bool are_same)
{
    uint64_t now_ns = clock_mono_ns();
    if (!are_same || now_ns - trace->others_ns >= OTHERS_FORGET_NS) {
        kernel_probe_others_forget(trace->probe);
        trace->others_ns = now_ns;
    }
}

static enum xsw_status devices_take(struct kernel_trace *trace, struct kernel_device *devices,
                                    size_t count, uint64_t asked_ns, struct xsw_error *error)
{
    bool are_same = is_same(trace, devices, count);
    enum xsw_status status =
        kernel_interfaces_find(&trace->interfaces, trace->rings, devices, count, are_same, error);
    if (status == XSW_OK && trace->probe == NULL) {
        status = kernel_names_check(devices, count, error);
    } else if (status == XSW_OK && !are_same) {
        status = kernel_names_index(devices, count, error);
    }
    if (status == XSW_OK && !are_same) {
        status = interfaces_watch(trace, devices, count, error);
    }
    if (status == XSW_OK && trace->probe != NULL) {
        others_forget(trace, are_same);
    }
    return status == XSW_OK
               ? kernel_ports_list(trace->ports, devices, count, asked_ns, clock_mono_ns(), error)
               : status;
}

enum xsw_status kernel_trace_watch(struct kernel_trace *trace, const struct kernel_device *devices,
                                   size_t count, uint64_t asked_ns, struct xsw_error *error)
{
    if (count > KERNEL_DEVICES_MAX) {
        return error_set(error, XSW_LIMIT, "%zu devices, expected at most %d", count,
                         KERNEL_DEVICES_MAX);
    }
    struct kernel_device *copy = calloc(count + 1, sizeof(*copy));
    if (copy == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for %zu devices", count);
    }
    if (count > 0) {
        memcpy(copy, devices, count * sizeof(*copy));
    }
    enum xsw_status status = devices_take(trace, copy, count, asked_ns, error);
    free(copy);
    return status;
}

/* Reading ------------------------------------------------------------------------------------- */

static void probe_take(const struct kernel_probe_record *record, void *context)
{
    struct kernel_trace *trace = context;
    uint32_t reason = record->reason;
    char name[KERNEL_TEXT_SIZE];
    struct kernel_raw raw = {.mono_ns = record->mono_ns,
                             .packet = record->packet,
                             .location = record->location,
                             .place = {.netns = record->key.netns, .index = record->index},
                             .number = reason,
                             .length = record->length,
                             .cpu = (uint16_t)record->cpu,
                             .protocol = __builtin_bswap16(record->protocol_be),
                             .kind = KERNEL_RAW_FREED};
    memcpy(raw.place.name, record->key.name, sizeof(raw.place.name) - 1);
    kernel_format_reason(&trace->format, reason, name, sizeof(name));
    raw.is_xdp_freed = strcmp(name, "XDP") == 0;
    raw.is_freed_unsaid = strcmp(name, "NOT_SPECIFIED") == 0;
    if (record->has_head != 0) {
        raw.head_length =
            (uint8_t)(record->length < KERNEL_HEAD_SIZE ? record->length : KERNEL_HEAD_SIZE);
        memcpy(raw.head, record->head, raw.head_length);
    }
    kernel_join_add(trace->join, &raw);
}

static void raw_take(const struct kernel_raw *raw, void *context)
{
    kernel_join_add(((struct kernel_trace *)context)->join, raw);
}

static void event_take(const struct kernel_raw *raw, void *context)
{
    struct kernel_trace *trace = context;
    bool is_drop = raw->kind == KERNEL_RAW_FREED;
    struct kernel_event event = {.kind =
                                     is_drop ? KERNEL_DROP : (enum kernel_event_kind)raw->xdp_kind,
                                 .mono_ns = raw->mono_ns,
                                 .count = 1,
                                 .cpu = raw->cpu,
                                 .number = raw->number,
                                 .error = raw->error,
                                 .protocol = raw->protocol,
                                 .length = raw->length,
                                 .head_length = raw->head_length};
    memcpy(event.head, raw->head, sizeof(event.head));
    if (is_drop) {
        kernel_format_reason(&trace->format, raw->number, event.reason, sizeof(event.reason));
    } else {
        snprintf(event.reason, sizeof(event.reason), "%s", kernel_format_action(raw->number));
    }
    if (is_drop && !trace->all_reasons && kernel_is_noise(event.reason)) {
        trace->silent += kernel_ports_has(trace->ports, &raw->place);
        return;
    }
    snprintf(event.location, sizeof(event.location), "%s",
             kernel_symbols_find(&trace->symbols, raw->location));
    kernel_ports_add(trace->ports, &event, &raw->place);
}

enum xsw_status kernel_trace_read(struct kernel_trace *trace, struct xsw_error *error)
{
    /* What happened before this moment is in the rings now. */
    trace->read_ns = clock_mono_ns();
    enum xsw_status status = kernel_rings_read(trace->rings, raw_take, trace, error);
    if (trace->probe != NULL) {
        kernel_probe_read(trace->probe, probe_take, trace);
    }
    kernel_join_run(trace->join, trace->read_ns, event_take, trace);
    return status;
}

bool kernel_trace_waits(const struct kernel_trace *trace, bool is_last)
{
    return kernel_ports_waits(trace->ports, is_last);
}

static void losses_tell(struct kernel_trace *trace, kernel_observer *observer, void *context)
{
    uint64_t now = clock_mono_ns();
    uint64_t lost = kernel_rings_lost(trace->rings) + kernel_join_lost(trace->join) +
                    kernel_ports_lost(trace->ports) +
                    (trace->probe != NULL ? kernel_probe_lost(trace->probe) : 0);
    if (lost > trace->lost) {
        const struct kernel_group group = {.first = {.kind = KERNEL_LOST,
                                                     .mono_ns = now,
                                                     .from_ns = trace->whole_until_ns,
                                                     .count = lost - trace->lost},
                                           .last_ns = now};
        trace->lost = lost;
        observer(&group, context);
    }
    trace->loss_checked_ns = now;
    /* What is in a ring that was not read since may be lost yet. */
    trace->whole_until_ns = trace->read_ns;
}

void kernel_trace_tell(struct kernel_trace *trace, bool is_last, kernel_observer *observer,
                       void *context)
{
    kernel_ports_tell(trace->ports, is_last, observer, context);
    if (is_last || clock_mono_ns() - trace->loss_checked_ns >= LOSS_CHECK_NS) {
        losses_tell(trace, observer, context);
    }
}

uint64_t kernel_trace_lost(const struct kernel_trace *trace)
{
    return trace->lost;
}

uint64_t kernel_trace_silent(const struct kernel_trace *trace)
{
    return trace->silent;
}

uint64_t kernel_trace_told_until(const struct kernel_trace *trace)
{
    uint64_t since_ns = kernel_ports_waiting_since(trace->ports);
    return since_ns < trace->whole_until_ns ? since_ns : trace->whole_until_ns;
}

void kernel_trace_close(struct kernel_trace *trace)
{
    if (trace == NULL) {
        return;
    }
    kernel_probe_close(trace->probe);
    kernel_rings_close(trace->rings);
    if (trace->instance != NULL) {
        (void)tracefs_instance_destroy(trace->instance);
        tracefs_instance_free(trace->instance);
    }
    if (trace->format.tep != NULL) {
        kernel_format_fini(&trace->format);
    }
    kernel_join_destroy(trace->join);
    kernel_ports_destroy(trace->ports);
    kernel_interfaces_fini(&trace->interfaces);
    free(trace);
}
