/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_FORMAT_H
#define XSW_TRACE_KERNEL_FORMAT_H

/*
 * Where the fields of the kernel's events stand, and how its drop reasons are called: taken from
 * the running kernel's format files, since both differ between kernels. Private to trace.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <traceevent/event-parse.h>
#include <xsw/error.h>

enum { KERNEL_REASONS_MAX = 1024 };

/* The events that we know; the first KERNEL_NET_EVENTS carry a device's name. */
enum kernel_known {
    KERNEL_NET_QUEUE,
    KERNEL_NET_START,
    KERNEL_NET_RECEIVE,
    KERNEL_NET_EVENTS,
    KERNEL_SKB_FREE = KERNEL_NET_EVENTS,
    KERNEL_SKB_CONSUME,
    KERNEL_XDP_ERROR,
    KERNEL_XDP_FAULT,
    KERNEL_KNOWN
};

struct kernel_known_event {
    const char *system;
    const char *name;
};
extern const struct kernel_known_event kernel_known_events[KERNEL_KNOWN];

struct kernel_field {
    uint16_t offset;
    uint16_t size; /* 0: this kernel has no such field */
};

/* Of one event; fields that it has not got have size 0. */
struct kernel_layout {
    int id; /* of the event, in the common header; -1: this kernel has no such event */
    struct kernel_field packet, location, reason, protocol, length, name, action, ifindex, error,
        program;
};

struct kernel_format {
    struct tep_handle *tep;
    struct kernel_layout layouts[KERNEL_KNOWN];
    const char *reasons[KERNEL_REASONS_MAX]; /* null: no such reason; borrowed from tep */
};

/* Takes `tep`, whatever it returns. XSW_UNSUPPORTED: skb:kfree_skb tells no reason, as before Linux
 * 5.17. */
enum xsw_status kernel_format_init(struct kernel_format *format, struct tep_handle *tep,
                                   struct xsw_error *error) XSW_MUST_CHECK;
void kernel_format_fini(struct kernel_format *format);

/* Which of the known events it is, or KERNEL_KNOWN. */
enum kernel_known kernel_format_find(const struct kernel_format *format, int id);
/* A number of 1, 2, 4 or 8 bytes, of the kernel's byte order, which is ours; 0 when it is outside
 * of the `size` bytes of the event, or not there. */
uint64_t kernel_format_number(const struct kernel_field *field, const void *event, size_t size);
/* A text with its length in front (__data_loc), copied and cut to `capacity`, zero included. */
void kernel_format_text(const struct kernel_field *field, const void *event, size_t size,
                        char *text, size_t capacity);
/* "FULL_RING", or "reason-17" for a number without a name. */
void kernel_format_reason(const struct kernel_format *format, uint32_t number, char *text,
                          size_t capacity);
/* "REDIRECT" for what an XDP program wanted done. */
const char *kernel_format_action(uint32_t number);

#endif
