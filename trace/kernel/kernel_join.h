/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_JOIN_H
#define XSW_TRACE_KERNEL_JOIN_H

/*
 * From the raw events of all processors to those of our devices: puts them in the order of time,
 * and gives each freed packet the place that a net:* event named last for the same packet. An
 * address is used again at once, so a packet is forgotten when it is freed or consumed, and when it
 * was silent for KERNEL_JOIN_NS.
 *
 * Memory is bounded: what does not fit is counted as lost. Private to trace.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "trace/kernel/kernel.h"

enum {
    KERNEL_PENDING_MAX = 1 << 18, /* raw events of one turn */
    KERNEL_PACKETS_MAX = 1 << 14  /* packets on their way at once */
};

static const uint64_t KERNEL_JOIN_NS = 1000000000;

enum kernel_raw_kind {
    KERNEL_RAW_SEEN,     /* net:*: the packet is at the device */
    KERNEL_RAW_CONSUMED, /* it has ended well */
    KERNEL_RAW_FREED,    /* it was dropped */
    KERNEL_RAW_XDP       /* told by XDP, which names its device itself */
};

/* The device that an event is about, as the event itself tells it. */
struct kernel_place {
    char name[KERNEL_NAME_SIZE]; /* "": none that could be ours */
    uint32_t netns;              /* inode of its namespace; 0: the event does not tell it */
    uint32_t index;              /* of the interface there; 0: the same */
};

struct kernel_raw {
    uint64_t mono_ns;
    uint64_t packet;   /* its address */
    uint64_t location; /* of the code that freed it */
    struct kernel_place place;
    uint32_t number; /* reason or action */
    uint32_t length;
    uint32_t order; /* set by kernel_join_add: of those of one time, the one that came first */
    int32_t error;
    uint16_t cpu;
    uint16_t protocol;
    uint8_t kind;
    uint8_t xdp_kind;        /* enum kernel_event_kind */
    uint8_t is_xdp_freed;    /* of KERNEL_RAW_FREED: its reason is XDP's */
    uint8_t is_freed_unsaid; /* of the same: no reason is given */
    uint8_t head_length;
    uint8_t head[64];
};

struct kernel_join;

enum xsw_status kernel_join_create(struct kernel_join **join,
                                   struct xsw_error *error) XSW_MUST_CHECK;
void kernel_join_destroy(struct kernel_join *join); /* accepts null */

void kernel_join_add(struct kernel_join *join, const struct kernel_raw *raw);
/* Tells KERNEL_RAW_FREED and KERNEL_RAW_XDP that have a place, from before `until_ns`, in the order
 * of time; later events wait. */
typedef void kernel_join_observer(const struct kernel_raw *raw, void *context);
void kernel_join_run(struct kernel_join *join, uint64_t until_ns, kernel_join_observer *observer,
                     void *context);
uint64_t kernel_join_lost(const struct kernel_join *join);

#endif
