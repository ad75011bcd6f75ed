/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/kernel/kernel_rings.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <traceevent/kbuffer.h>

#include "base/error.h"
#include "trace/kernel/kernel.h"

enum { PAGES_A_TURN = 4096 };

struct kernel_rings {
    struct tracefs_instance *instance;
    const struct kernel_format *format;
    struct tracefs_cpu **cpus; /* null: that processor is not there */
    size_t cpu_count;
    struct kbuffer *cutter;
    void *page;
    const struct kernel_interface *interfaces;
    size_t count;
};

enum xsw_status kernel_rings_open(struct tracefs_instance *instance,
                                  const struct kernel_format *format, struct kernel_rings **rings,
                                  struct xsw_error *error)
{
    long processors = sysconf(_SC_NPROCESSORS_CONF);
    struct kernel_rings *made = calloc(1, sizeof(*made));
    size_t count = processors > 0 ? (size_t)processors : 1;
    if (made != NULL) {
        made->cpus = calloc(count, sizeof(struct tracefs_cpu *));
        made->cutter = kbuffer_alloc(KBUFFER_LSIZE_SAME_AS_HOST, KBUFFER_ENDIAN_SAME_AS_HOST);
    }
    if (made == NULL || made->cpus == NULL || made->cutter == NULL) {
        kernel_rings_close(made);
        return error_set(error, XSW_NO_MEMORY, "no memory for events of the kernel");
    }
    made->instance = instance;
    made->format = format;
    made->cpu_count = count;
    size_t open = 0;
    int largest = 0;
    for (size_t i = 0; i < count; i++) {
        made->cpus[i] = tracefs_cpu_open(instance, (int)i, true);
        open += made->cpus[i] != NULL;
        int size = made->cpus[i] != NULL ? tracefs_cpu_read_size(made->cpus[i]) : 0;
        largest = size > largest ? size : largest;
    }
    made->page = largest > 0 ? malloc((size_t)largest) : NULL;
    if (open == 0 || made->page == NULL) {
        enum xsw_status status = error_errno(error, "the kernel's rings cannot be opened");
        kernel_rings_close(made);
        return status;
    }
    *rings = made;
    return XSW_OK;
}

void kernel_rings_watch(struct kernel_rings *rings, const struct kernel_interface *interfaces,
                        size_t count)
{
    rings->interfaces = interfaces;
    rings->count = count;
}

/* These events tell the name alone. */
static struct kernel_place find_by_name(const struct kernel_rings *rings, const char *name)
{
    struct kernel_place place = {.name = ""};
    for (size_t i = 0; i < rings->count; i++) {
        if (strcmp(rings->interfaces[i].place.name, name) == 0) {
            memcpy(place.name, rings->interfaces[i].place.name, sizeof(place.name));
            break;
        }
    }
    return place;
}

static struct kernel_place find_by_program(const struct kernel_rings *rings, uint32_t index,
                                           uint32_t program)
{
    for (size_t i = 0; i < rings->count; i++) {
        const struct kernel_interface *interface = &rings->interfaces[i];
        if (index != 0 && interface->place.index == index && interface->program == program) {
            return interface->place;
        }
    }
    return (struct kernel_place){.name = ""};
}

/* The event as raw; false: it is none that we know. */
static bool raw_make(const struct kernel_rings *rings, const void *event, size_t size,
                     struct kernel_raw *raw)
{
    const struct kernel_field type = {0, 2};
    enum kernel_known known =
        kernel_format_find(rings->format, (int)kernel_format_number(&type, event, size));
    if (known == KERNEL_KNOWN) {
        return false;
    }
    const struct kernel_layout *layout = &rings->format->layouts[known];
    char name[KERNEL_TEXT_SIZE];
    raw->packet = kernel_format_number(&layout->packet, event, size);
    if (known < KERNEL_NET_EVENTS) {
        kernel_format_text(&layout->name, event, size, name, sizeof(name));
        raw->kind = KERNEL_RAW_SEEN;
        raw->place = find_by_name(rings, name);
    } else if (known == KERNEL_SKB_CONSUME) {
        raw->kind = KERNEL_RAW_CONSUMED;
    } else if (known == KERNEL_SKB_FREE) {
        raw->kind = KERNEL_RAW_FREED;
        raw->location = kernel_format_number(&layout->location, event, size);
        raw->number = (uint32_t)kernel_format_number(&layout->reason, event, size);
        raw->protocol = (uint16_t)kernel_format_number(&layout->protocol, event, size);
        kernel_format_reason(rings->format, raw->number, name, sizeof(name));
        raw->is_xdp_freed = strcmp(name, "XDP") == 0;
        raw->is_freed_unsaid = strcmp(name, "NOT_SPECIFIED") == 0;
    } else {
        raw->kind = KERNEL_RAW_XDP;
        raw->xdp_kind = known == KERNEL_XDP_ERROR ? KERNEL_XDP_REDIRECT : KERNEL_XDP_EXCEPTION;
        raw->number = (uint32_t)kernel_format_number(&layout->action, event, size);
        raw->error = (int32_t)(uint32_t)kernel_format_number(&layout->error, event, size);
        raw->place =
            find_by_program(rings, (uint32_t)kernel_format_number(&layout->ifindex, event, size),
                            (uint32_t)kernel_format_number(&layout->program, event, size));
    }
    return true;
}

static void page_cut(struct kernel_rings *rings, uint16_t cpu, kernel_raw_observer *observer,
                     void *context)
{
    unsigned long long time;
    if (kbuffer_load_subbuffer(rings->cutter, rings->page) != 0) {
        return;
    }
    void *event = kbuffer_read_event(rings->cutter, &time);
    while (event != NULL) {
        struct kernel_raw raw = {.mono_ns = time, .cpu = cpu};
        int size = kbuffer_event_size(rings->cutter);
        if (size > 0 && raw_make(rings, event, (size_t)size, &raw)) {
            observer(&raw, context);
        }
        event = kbuffer_next_event(rings->cutter, &time);
    }
}

enum xsw_status kernel_rings_read(struct kernel_rings *rings, kernel_raw_observer *observer,
                                  void *context, struct xsw_error *error)
{
    for (size_t i = 0; i < rings->cpu_count; i++) {
        for (int turn = 0; rings->cpus[i] != NULL && turn < PAGES_A_TURN; turn++) {
            int got = tracefs_cpu_read(rings->cpus[i], rings->page, true);
            if (got < 0 && errno != EAGAIN && errno != EINTR) {
                return error_errno(error, "the kernel's ring of processor %zu cannot be read", i);
            }
            if (got <= 0) {
                break;
            }
            page_cut(rings, (uint16_t)i, observer, context);
        }
    }
    return XSW_OK;
}

/* The number in the line "name: number". */
static uint64_t number_find(const char *text, const char *name)
{
    const char *line = strstr(text, name);
    return line != NULL ? strtoull(line + strlen(name), NULL, 10) : 0;
}

uint64_t kernel_rings_lost(const struct kernel_rings *rings)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < rings->cpu_count; i++) {
        char name[64];
        snprintf(name, sizeof(name), "per_cpu/cpu%zu/stats", i);
        char *text =
            rings->cpus[i] != NULL ? tracefs_instance_file_read(rings->instance, name, NULL) : NULL;
        if (text != NULL) {
            lost += number_find(text, "\noverrun: ") + number_find(text, "\ndropped events: ");
            free(text);
        }
    }
    return lost;
}

void kernel_rings_close(struct kernel_rings *rings)
{
    if (rings == NULL) {
        return;
    }
    for (size_t i = 0; rings->cpus != NULL && i < rings->cpu_count; i++) {
        if (rings->cpus[i] != NULL) {
            tracefs_cpu_close(rings->cpus[i]);
        }
    }
    if (rings->cutter != NULL) {
        kbuffer_free(rings->cutter);
    }
    free(rings->cpus);
    free(rings->page);
    free(rings);
}
