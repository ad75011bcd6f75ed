/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_KERNEL_H
#define XSW_TRACE_KERNEL_H

/*
 * What the kernel drops behind the switch's back: packets that it frees with a reason on the
 * devices of our ports, and what XDP could not hand over there. Read from a tracefs instance of our
 * own, on CLOCK_MONOTONIC, so that the times are those of the switch; it goes with us, and one that
 * a killed reader left behind is removed by the next.
 *
 * skb:kfree_skb knows no device. There are two ways to learn it:
 *   by the probe    a small BPF program at the same tracepoint looks at the packet: exact, also
 *                     when two namespaces have devices of the same name, with the first bytes of
 *                     the packet; costs nothing for packets that are not freed with a reason.
 *                     Needs BTF and CAP_BPF, CAP_PERFMON.
 *   by the events   the last net:* event of the same packet, by its address, in the same trace
 *                     (kernel_join.h). Costs some events for each packet of our devices, knows
 *                     them by name only, and cannot tell of packets that no net:* event has named.
 *
 * A device has a port only for a while, so what is dropped waits until a list of devices has been
 * asked for behind it, and has a port when the lists before and behind it agree, or when the one
 * behind it names that very interface (kernel_ports.h). Else the port is not known, and none is
 * told.
 *
 * Threads: one. The process needs the rights for tracefs; xswd does not.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

enum {
    KERNEL_DEVICES_MAX = 4096,
    KERNEL_NAME_SIZE = 16, /* of a device */
    KERNEL_PORT_SIZE = 64,
    KERNEL_TEXT_SIZE = 64,
    KERNEL_HEAD_SIZE = 64 /* first bytes of a packet */
};

/* A device of ours, and the port that it is behind. */
struct kernel_device {
    char switch_name[KERNEL_PORT_SIZE]; /* "" when the caller has one switch only */
    char port[KERNEL_PORT_SIZE];        /* "": not known, and neither are switch and id */
    char name[KERNEL_NAME_SIZE];
    uint64_t netns;    /* inode of its network namespace; 0: not known */
    uint64_t since_ns; /* CLOCK_MONOTONIC: the port has had it at least since then; 0: not known */
    uint32_t index;    /* of the interface in its namespace; 0: not known */
    uint16_t id;       /* of the port */
    bool is_name_shared; /* another device may have it, in another namespace */
};

enum kernel_event_kind {
    KERNEL_DROP,          /* skb:kfree_skb */
    KERNEL_XDP_EXCEPTION, /* xdp:xdp_exception: the action of an XDP program could not be done */
    KERNEL_XDP_REDIRECT,  /* xdp:xdp_redirect_err: for AF_XDP, no room in a ring of the socket */
    KERNEL_LOST           /* the kernel's ring was full: `count` events are missing */
};

struct kernel_event {
    enum kernel_event_kind kind;
    uint64_t mono_ns; /* of KERNEL_LOST: when it was noticed */
    uint64_t from_ns; /* of KERNEL_LOST: when it was last seen that nothing was lost; else 0 */
    uint64_t count;   /* packets, 1; or lost events */
    uint32_t cpu;
    uint32_t number;                 /* reason or action, as this kernel counts them */
    int32_t error;                   /* of KERNEL_XDP_REDIRECT: negative errno */
    uint64_t listed_ns;              /* of the last list of devices before it; see kernel_ports.h */
    bool is_unlisted;                /* the newest list then had no device there */
    struct kernel_device device;     /* without a name for KERNEL_LOST */
    char reason[KERNEL_TEXT_SIZE];   /* "FULL_RING", as this kernel calls it; or the action */
    char location[KERNEL_TEXT_SIZE]; /* function, such as "tun_net_xmit"; or empty */
    uint16_t protocol;               /* EtherType; 0: not known */
    uint32_t length;                 /* of the packet; 0: not known */
    uint32_t head_length;            /* bytes in head; 0: not known */
    uint8_t head[KERNEL_HEAD_SIZE];  /* from the Ethernet header on */
};

/* Equal events of a turn are told as one. */
struct kernel_group {
    struct kernel_event first; /* count: of all of them */
    uint64_t last_ns;
};

typedef void kernel_observer(const struct kernel_group *group, void *context);

struct kernel_options {
    bool no_probe;    /* by the events also where BPF is to be had */
    bool all_reasons; /* also what every host behind a port drops in peace: see kernel_is_noise */
    bool by_packet;   /* packets that differ are told apart: see kernel_story.h */
    size_t buffer_bytes; /* of the ring of each processor; 0: 1 MiB */
};

struct kernel_trace;

/* XSW_UNSUPPORTED: this xsw was built without libtracefs. XSW_DENIED, XSW_NOT_FOUND: what is
 * missing, and how to get it. */
enum xsw_status kernel_trace_open(const struct kernel_options *options, struct kernel_trace **trace,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* Why it is not by the probe; "" when it is, or when it was not wanted. */
const char *kernel_trace_remark(const struct kernel_trace *trace);
/* Our devices, copied; they were asked for at `asked_ns`. */
enum xsw_status kernel_trace_watch(struct kernel_trace *trace, const struct kernel_device *devices,
                                   size_t count, uint64_t asked_ns,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Takes in what has happened until it was called. Never waits: call it every 50 ms or so. */
enum xsw_status kernel_trace_read(struct kernel_trace *trace,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* Whether something waits for the next list of devices that is to be asked for at once. What is at
 * no device of ours waits too, since it may be one that is new; `is_last` counts that as well. */
bool kernel_trace_waits(const struct kernel_trace *trace, bool is_last);
/* Tells what has its port, in the order of time, and now and then what was lost; with `is_last`
 * all, what waits too. */
void kernel_trace_tell(struct kernel_trace *trace, bool is_last, kernel_observer *observer,
                       void *context);
/* Lost events so far, and drops on our devices that were not told because of their reason. */
uint64_t kernel_trace_lost(const struct kernel_trace *trace);
uint64_t kernel_trace_silent(const struct kernel_trace *trace);
/* CLOCK_MONOTONIC: all that happened before this is told, and what was lost; kernel_trace_tell
 * looks for losses twice a second. */
uint64_t kernel_trace_told_until(const struct kernel_trace *trace);
void kernel_trace_close(struct kernel_trace *trace); /* accepts null */

/* Whether a reason is one with which a healthy host frees packets all the time, such as those that
 * were flooded to it and are for another one. */
bool kernel_is_noise(const char *reason);

#endif
