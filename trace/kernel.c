/* SPDX-License-Identifier: Apache-2.0 */
/* See kernel.h. The instance and its settings are here; what the rings hold is read in
 * kernel_rings.c. */
#include "trace/kernel.h"

#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tracefs/tracefs.h>

#include "base/clock.h"
#include "base/error.h"
#include "trace/kernel_format.h"
#include "trace/kernel_join.h"
#include "trace/kernel_probe.h"
#include "trace/kernel_rings.h"
#include "trace/kernel_symbols.h"

enum { BUFFER_BYTES = 1 << 20, FILTER_SIZE = 3500 };

static const uint64_t LOSS_CHECK_NS = 500000000;

struct kernel_trace {
    struct tracefs_instance *instance;
    struct kernel_format format;
    struct kernel_rings *rings;
    struct kernel_join *join;
    struct kernel_probe *probe; /* null: KERNEL_BY_EVENTS */
    struct kernel_symbols symbols;
    struct kernel_device *devices;
    struct kernel_interface *interfaces; /* of the devices */
    size_t count;
    bool all_reasons;
    uint64_t silent;
    uint64_t lost;
    uint64_t loss_checked_ns, whole_until_ns;
    char remark[160];
    kernel_observer *observer; /* while events are told */
    void *context;
};

/* Opening ------------------------------------------------------------------------------------- */

static enum xsw_status tracefs_missing(struct xsw_error *error)
{
    return error_set(
        error, geteuid() != 0 ? XSW_DENIED : XSW_NOT_FOUND,
        geteuid() != 0 ? "events of the kernel need root: tracefs (/sys/kernel/tracing) is not "
                         "open to this user"
                       : "there is no tracefs: this kernel is built without tracing, or it cannot "
                         "be mounted here (mount -t tracefs tracefs /sys/kernel/tracing)");
}

/* A reader that was killed leaves its instance behind. One that is still read refuses to go. */
static void leftovers_remove(void)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/instances", tracefs_tracing_dir());
    DIR *folder = opendir(path);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strncmp(entry->d_name, "xsw-", 4) == 0) {
            (void)unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

static enum xsw_status instance_make(struct kernel_trace *trace, size_t buffer_bytes,
                                     struct xsw_error *error)
{
    char name[64];
    leftovers_remove();
    snprintf(name, sizeof(name), "xsw-%d-%" PRIu64, (int)getpid(), clock_mono_ns());
    trace->instance = tracefs_instance_create(name);
    if (trace->instance == NULL) {
        return errno == EACCES || errno == EPERM
                   ? tracefs_missing(error)
                   : error_errno(error, "%s/instances/%s cannot be made", tracefs_tracing_dir(),
                                 name);
    }
    if (tracefs_instance_file_write(trace->instance, "trace_clock", "mono") < 0) {
        return error_errno(error, "the kernel's events cannot have the clock \"mono\"");
    }
    size_t kib = (buffer_bytes != 0 ? buffer_bytes : BUFFER_BYTES) / 1024;
    if (tracefs_instance_set_buffer_size(trace->instance, kib, -1) != 0) {
        return error_errno(error, "a ring of %zu KiB for each processor cannot be had", kib);
    }
    return XSW_OK;
}

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
        return tracefs_missing(error);
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

/* With the probe, packets are its business. */
static enum xsw_status events_enable(struct kernel_trace *trace, struct xsw_error *error)
{
    unsigned first = trace->probe != NULL ? KERNEL_XDP_ERROR : 0;
    enum xsw_status status = XSW_OK;
    for (unsigned known = first; known < KERNEL_KNOWN && status == XSW_OK; known++) {
        status = event_enable(trace, (enum kernel_known)known, error);
    }
    return status;
}

static void probe_try(struct kernel_trace *trace, const struct kernel_options *options)
{
    struct xsw_error error;
    if (!options->no_probe && kernel_probe_open(&trace->probe, &error) != XSW_OK) {
        trace->probe = NULL;
        snprintf(trace->remark, sizeof(trace->remark), "%.150s", error.text);
    }
}

enum xsw_status kernel_trace_open(const struct kernel_options *options, struct kernel_trace **trace,
                                  struct xsw_error *error)
{
    if (tracefs_tracing_dir() == NULL) {
        return tracefs_missing(error);
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
        status = instance_make(made, options->buffer_bytes, error);
    }
    if (status == XSW_OK) {
        status = kernel_rings_open(made->instance, &made->format, &made->rings, error);
    }
    if (status == XSW_OK) {
        probe_try(made, options);
        status = events_enable(made, error);
    }
    if (status != XSW_OK) {
        kernel_trace_close(made);
        return status;
    }
    made->whole_until_ns = clock_mono_ns();
    *trace = made;
    return XSW_OK;
}

enum kernel_way kernel_trace_way(const struct kernel_trace *trace)
{
    return trace->probe != NULL ? KERNEL_BY_PROBE : KERNEL_BY_EVENTS;
}

const char *kernel_trace_remark(const struct kernel_trace *trace)
{
    return trace->remark;
}

/* Devices ------------------------------------------------------------------------------------- */

/* Packets of other devices need not come into the ring. A list that is too long for a filter is
 * done without one. */
static void filter_set(const struct kernel_trace *trace)
{
    char filter[FILTER_SIZE + 64] = "0";
    size_t length = 0;
    for (size_t i = 0; i < trace->count && length < FILTER_SIZE; i++) {
        length += (size_t)snprintf(filter + length, sizeof(filter) - length, "%sname == \"%s\"",
                                   i > 0 ? " || " : "", trace->devices[i].name);
    }
    if (length >= FILTER_SIZE || trace->count == 0) {
        snprintf(filter, sizeof(filter), "0");
    }
    for (unsigned known = 0; known < KERNEL_NET_EVENTS; known++) {
        const struct kernel_known_event *event = &kernel_known_events[known];
        if (trace->format.layouts[known].id >= 0) {
            (void)tracefs_event_file_write(trace->instance, event->system, event->name, "filter",
                                           filter);
        }
    }
}

/* What XDP's events know a device by. They do not tell the namespace, but the program, which has a
 * number of its own. */
static void interfaces_find(struct kernel_trace *trace)
{
    struct stat about;
    uint64_t here = stat("/proc/self/ns/net", &about) == 0 ? about.st_ino : 0;
    for (size_t i = 0; i < trace->count; i++) {
        struct kernel_interface *interface = &trace->interfaces[i];
        *interface = (struct kernel_interface){.name = trace->devices[i].name};
        if (trace->devices[i].netns == here) {
            interface->index = if_nametoindex(trace->devices[i].name);
        }
        if (interface->index != 0 &&
            bpf_xdp_query_id((int)interface->index, 0, &interface->program) != 0) {
            interface->program = 0;
        }
    }
}

static bool is_same(const struct kernel_trace *trace, const struct kernel_device *devices,
                    size_t count)
{
    for (size_t i = 0; i < count && i < trace->count; i++) {
        const struct kernel_device *known = &trace->devices[i];
        if (known->id != devices[i].id || known->netns != devices[i].netns ||
            strcmp(known->name, devices[i].name) != 0 ||
            strcmp(known->port, devices[i].port) != 0) {
            return false;
        }
    }
    return count == trace->count && trace->devices != NULL;
}

enum xsw_status kernel_trace_watch(struct kernel_trace *trace, const struct kernel_device *devices,
                                   size_t count, struct xsw_error *error)
{
    if (count > KERNEL_DEVICES_MAX) {
        return error_set(error, XSW_LIMIT, "%zu devices, expected at most %d", count,
                         KERNEL_DEVICES_MAX);
    }
    if (is_same(trace, devices, count)) {
        interfaces_find(trace); /* XDP programs come and go */
        return XSW_OK;
    }
    struct kernel_device *copy = calloc(count + 1, sizeof(*copy));
    struct kernel_interface *interfaces = calloc(count + 1, sizeof(*interfaces));
    if (copy == NULL || interfaces == NULL) {
        free(copy);
        free(interfaces);
        return error_set(error, XSW_NO_MEMORY, "no memory for %zu devices", count);
    }
    memcpy(copy, devices, count * sizeof(*copy));
    free(trace->devices);
    free(trace->interfaces);
    trace->devices = copy;
    trace->interfaces = interfaces;
    trace->count = count;
    kernel_join_forget(trace->join);
    interfaces_find(trace);
    kernel_rings_watch(trace->rings, interfaces, count);
    if (trace->probe != NULL) {
        return kernel_probe_watch(trace->probe, devices, count, error);
    }
    filter_set(trace);
    return XSW_OK;
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
                             .device = record->device <= trace->count ? record->device : 0,
                             .number = reason,
                             .length = record->length,
                             .cpu = (uint16_t)record->cpu,
                             .protocol = __builtin_bswap16(record->protocol_be),
                             .kind = KERNEL_RAW_FREED};
    kernel_format_reason(&trace->format, reason, name, sizeof(name));
    raw.is_xdp_freed = strcmp(name, "XDP") == 0;
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

static void tell(const struct kernel_raw *raw, void *context)
{
    struct kernel_trace *trace = context;
    bool is_drop = raw->kind == KERNEL_RAW_FREED;
    struct kernel_event event = {.kind =
                                     is_drop ? KERNEL_DROP : (enum kernel_event_kind)raw->xdp_kind,
                                 .mono_ns = raw->mono_ns,
                                 .count = 1,
                                 .cpu = raw->cpu,
                                 .device = &trace->devices[raw->device - 1],
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
        trace->silent++;
        return;
    }
    snprintf(event.location, sizeof(event.location), "%s",
             kernel_symbols_find(&trace->symbols, raw->location));
    trace->observer(&event, trace->context);
}

static void losses_tell(struct kernel_trace *trace, uint64_t now)
{
    if (now - trace->loss_checked_ns < LOSS_CHECK_NS) {
        return;
    }
    trace->loss_checked_ns = now;
    uint64_t lost = kernel_rings_lost(trace->rings) + kernel_join_lost(trace->join) +
                    (trace->probe != NULL ? kernel_probe_lost(trace->probe) : 0);
    if (lost > trace->lost) {
        const struct kernel_event event = {.kind = KERNEL_LOST,
                                           .mono_ns = now,
                                           .from_ns = trace->whole_until_ns,
                                           .count = lost - trace->lost};
        trace->lost = lost;
        trace->observer(&event, trace->context);
    }
    trace->whole_until_ns = now;
}

enum xsw_status kernel_trace_read(struct kernel_trace *trace, kernel_observer *observer,
                                  void *context, struct xsw_error *error)
{
    /* What happened before this moment is in the rings now. */
    uint64_t now = clock_mono_ns();
    trace->observer = observer;
    trace->context = context;
    enum xsw_status status = kernel_rings_read(trace->rings, raw_take, trace, error);
    if (trace->probe != NULL) {
        kernel_probe_read(trace->probe, probe_take, trace);
    }
    kernel_join_run(trace->join, now, tell, trace);
    losses_tell(trace, now);
    return status;
}

uint64_t kernel_trace_lost(const struct kernel_trace *trace)
{
    return trace->lost;
}

uint64_t kernel_trace_silent(const struct kernel_trace *trace)
{
    return trace->silent;
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
    free(trace->devices);
    free(trace->interfaces);
    free(trace);
}
