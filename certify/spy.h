/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CERTIFY_SPY_H
#define XSW_CERTIFY_SPY_H

/*
 * The spy between a host and an extension. For each load of the extension it makes a descriptor
 * like the one that was found whose operations are its own (spy_replace). Each operation then notes
 * what the extension is given, calls it, and compares; each service that the extension calls passes
 * through it as well. What breaks a rule goes into the findings; host and extension see what they
 * would see without it.
 *
 * It knows an instance by its state: the host allocates a little more, and the spy keeps a pointer
 * of its own in front of what it hands to the extension, and guards around it.
 *
 * Threads: one. There is one spy in a process, as init is given nothing to find it by; what was
 * loaded last is what is started next.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/extension.h>

#include "certify/findings.h"

enum {
    SPY_GUARD = 64,            /* bytes before and behind a state */
    SPY_MADE_MAX = 1024,       /* packets that an instance has made in one call */
    SPY_HELD_MAX = 8192,       /* that it holds */
    SPY_INSTANCES_MAX = 8,     /* that live at the same time */
    SPY_ORIGINATED_MAX = 20000 /* packets without time having passed */
};

/* A packet that the extension made in the running call. */
struct spy_made {
    struct xsw_packet *packet;
    const struct xsw_packet *original; /* of a clone, else null */
    bool is_settled;                   /* injected or discarded */
    bool is_injected;
};

struct spy_instance {
    struct spy *spy;
    const struct xsw_extension *real;
    struct xsw_host host; /* what the extension is given */
    const struct xsw_host *real_host;
    struct xsw_data_services data;
    struct xsw_control_services control;
    uint8_t *state; /* the extension's */
    struct spy_made made[SPY_MADE_MAX];
    uint32_t made_count;
    const struct xsw_packet *held[SPY_HELD_MAX];
    uint32_t held_count;
    uint32_t port_references, nic_references; /* that it has and has not given back */
    uint64_t enumerations;                    /* calls of ports and properties */
    uint64_t originated;                      /* packets that it injected or sent */
    uint64_t digest;                          /* of its verdicts and destinations so far */
};

/* The batch that the extension is looking at. */
struct spy_batch {
    struct xsw_packet *pointers[XSW_BATCH_MAX + 1]; /* what it is given; one more as a guard */
    struct xsw_verdict verdicts[XSW_BATCH_MAX + 1];
    struct xsw_port_set destinations[XSW_BATCH_MAX + 1];
    struct xsw_packet *packets[XSW_BATCH_MAX]; /* the same pointers, as they were */
    struct xsw_packet before[XSW_BATCH_MAX];
    uint8_t *bytes[XSW_BATCH_MAX]; /* the frames as they were */
    uint8_t headrooms[XSW_BATCH_MAX][SPY_GUARD];
    uint32_t count;
    uint32_t room; /* packets that can still be held: what is beyond is dropped by the host */
    enum xsw_direction direction;
    bool is_running;
};

/* What the host sees of one load of the extension. */
struct spy_mask {
    struct xsw_extension descriptor;
    struct xsw_capture_ops capture;
    struct xsw_filter_ops filter;
    struct xsw_forward_ops forward;
    struct xsw_control_ops control;
};

struct spy {
    const struct xsw_extension *real; /* as it was loaded last */
    struct xsw_extension about;       /* a copy of it, for what is no pointer */
    struct findings *findings;
    const char *file; /* name of the object, for people */
    struct spy_instance *instances[SPY_INSTANCES_MAX];
    struct spy_batch *batch; /* of the running operation, or of the last one */
    uint64_t calls;          /* of operations of workers */
    uint64_t originated_now; /* since the trial has set it to 0; too many: an own loop */
    bool has_no_buffers;     /* alloc and clone give null */
    bool has_headroom;       /* 64 bytes before each frame can be looked at */
};

/* `file` is borrowed. Null without memory. */
struct spy *spy_create(const char *file, struct findings *findings);
/* For one load of the extension: what the host is to see instead. Null when that cannot be made;
 * the findings then say why. `context` is the spy: it fits struct extension_interposer. */
const struct xsw_extension *spy_replace(void *context, void *library,
                                        const struct xsw_extension *real);

/* Sums over the living instances. */
uint32_t spy_held(const struct spy *spy);
uint32_t spy_references(const struct spy *spy);

/* Around every call of the extension: what is running, for the case that it does not come back. */
void spy_enter(struct spy_instance *instance, int is_packet, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void spy_leave(struct spy_instance *instance);
/* The instance of a state that the host has allocated. */
struct spy_instance *spy_instance_of(void *host_state);

/* Between the sources of the spy ------------------------------------------------------------- */

/* spy_batch.c: notes the packets, and compares them. `may_change`: the ingress filter. */
void spy_batch_begin(struct spy *spy, struct xsw_packet *const *packets, uint32_t count,
                     enum xsw_direction direction);
void spy_batch_end(struct spy_instance *instance, const char *operation, bool may_change);
/* "packet 3 of 32 (10.0.0.1 > 10.0.0.2 udp, 80 bytes)"; the text lives until the next call. */
const char *spy_packet_text(const struct spy *spy, uint32_t place);

/* spy_services.c: the services that an instance is given instead of the host's. */
void spy_services_wrap(struct spy_instance *instance, const struct xsw_host *real);
/* The operation has returned: what it has made must be settled. */
void spy_services_settle(struct spy_instance *instance, const char *operation);

/* spy_control.c: the operations of the control thread. */
void spy_control_wrap(struct spy_mask *mask, const struct xsw_extension *real);

#endif
