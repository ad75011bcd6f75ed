/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_PROVIDER_H
#define XSW_TRACE_PROVIDER_H

/*
 * What stands between the switch and LTTng: a table of functions that a shared object of its own,
 * xsw-trace.so, exports. It alone is linked with LTTng-UST. xswd loads it when tracing is switched
 * on, and not before: LTTng starts threads in every process that it is loaded into.
 *
 * What the kernel drops is told by another process of ours, which loads the same object
 * (cmd/trace/kernel_teller.c).
 *
 * Threads: all functions are called by workers, several at a time, and by the control thread. They
 * neither block nor allocate; one whose event nobody records is a branch.
 */

#include <stdint.h>

#include "switch/events.h"

enum { TRACE_PROVIDER_VERSION = 3 };
#define TRACE_PROVIDER_SYMBOL "xsw_trace_provider"

/* What an event about a packet says. Texts are never null and valid during the call alone. */
struct trace_packet {
    uint64_t packet_id;   /* as in recordings */
    uint64_t parent_id;   /* 0: it was received, or an extension made it out of nothing */
    uint64_t at_mono_ns;  /* when it happened; CLOCK_MONOTONIC. The event's own time is when it was
                             told */
    uint64_t since_rx_ns; /* that, since the packet began */
    uint64_t generation;
    uint32_t length;
    uint32_t rule;      /* that decided; 0: none did */
    uint16_t rule_port; /* of an extension's rule: the port in whose table it stands; 0: none */
    uint16_t port;      /* where it happened: as in recordings, the source in front of forwarding */
    uint16_t source_port, destination_port; /* 0: none */
    uint16_t stage, reason, vlan, worker;
    const char *switch_name, *port_name, *source_name, *destination_name;
    const char *stage_name, *extension, *reason_name;
};

/* One range that a stage has changed. The first eight bytes of it, as a number in network order. */
struct trace_change {
    uint64_t old_bytes, new_bytes;
    uint16_t offset;
    uint8_t old_length, new_length;
    uint8_t is_undeclared; /* by an extension that does not say that it changes bytes */
};

enum trace_kernel_kind {
    TRACE_KERNEL_DROP,
    TRACE_KERNEL_XDP_EXCEPTION,
    TRACE_KERNEL_XDP_REDIRECT,
    TRACE_KERNEL_LOST
};

/* Equal packets that the kernel dropped behind a port, or events of the kernel that are lost.
 * Texts as above. */
struct trace_kernel {
    enum trace_kernel_kind kind;
    uint64_t at_mono_ns, last_mono_ns; /* of the first and the last; of lost ones: between them */
    uint64_t count;                    /* packets; or lost events */
    uint32_t reason_number;            /* as this kernel counts them; of XDP the action */
    int32_t error;                     /* of TRACE_KERNEL_XDP_REDIRECT: negative errno */
    uint32_t length;                   /* of the first packet, as protocol and head; 0: not known */
    uint64_t netns;                    /* of the device: inode of its network namespace */
    uint32_t ifindex;                  /* its number there; 0: not known, as netns */
    uint16_t protocol, port;
    const char *switch_name, *port_name, *device;
    const char *reason, *location; /* of XDP: the action, and "" */
    const char *head;              /* first bytes, in hexadecimal */
};

struct trace_provider {
    uint32_t version; /* TRACE_PROVIDER_VERSION */
    /* Whether some session records the kind. */
    int (*is_enabled)(enum switch_event_kind kind);
    void (*packet)(enum switch_event_kind kind, const struct trace_packet *packet);
    void (*changed)(const struct trace_packet *packet, const struct trace_change *change);
    void (*event)(const struct switch_event *event);
    /* Whether some session records events of the kernel. */
    int (*kernel_is_enabled)(void);
    void (*kernel)(const struct trace_kernel *kernel);
};

#endif
