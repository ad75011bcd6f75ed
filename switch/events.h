/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_EVENTS_H
#define XSW_SWITCH_EVENTS_H

/*
 * Events of the switch: ports come and go, an extension refuses, an address moves. Who wants to
 * know attaches a sink; the switch does not know who that is. What happens to single packets is for
 * observers (switch/path/observe.h); their kinds are in the same list, so that all names are in one
 * place.
 *
 * Sinks are published with the configuration snapshot. A worker that has something to tell looks at
 * one word of it, which is 0 while nobody wants anything; so an event that nobody wants costs a
 * branch.
 *
 * Threads: `event` is called on workers, several at a time, and on the control thread;
 * event->worker tells them apart. It must not block, allocate, lock or log. Adding and removing:
 * control thread.
 */

#include <stdint.h>

#include <xsw/error.h>

struct vswitch;
struct worker;

enum switch_event_kind {
#define EVENT(id, symbol, name, class, level, subject, detail, value, before, sentence)            \
    SWITCH_EVENT_##symbol = (id),
#include "switch/events.def"
#undef EVENT
    SWITCH_EVENT_LIMIT = 64
};

enum { EVENT_SINKS_MAX = 8, SWITCH_EVENT_NO_STAGE = 0xffff, SWITCH_EVENT_NO_WORKER = 0xffff };

static inline uint64_t switch_event_bit(enum switch_event_kind kind)
{
    return (uint64_t)1 << kind;
}

/* What happened. Texts are never null, empty when there is nothing to say, and are valid during the
 * call alone; what subject, detail, value and before mean for a kind is in events.def. */
struct switch_event {
    uint16_t kind;       /* enum switch_event_kind */
    uint16_t port;       /* 0: it is about none */
    uint16_t stage;      /* SWITCH_EVENT_NO_STAGE: it is about none */
    uint16_t worker;     /* who tells it; SWITCH_EVENT_NO_WORKER: the control thread */
    uint64_t mono_ns;    /* the switch's clock: CLOCK_MONOTONIC */
    uint64_t generation; /* of the configuration in force behind it */
    uint64_t packet_id;  /* as in recordings; 0: it is about none */
    uint64_t value, before;
    const char *switch_name;
    const char *port_name;
    const char *stage_name;
    const char *extension; /* instance */
    const char *subject;
    const char *detail;
};

struct event_sink {
    void (*event)(void *state, const struct switch_event *event);
    void *state;
    uint64_t
        wanted; /* switch_event_bit() of the kinds that it wants; must not change while attached */
    uint64_t budget_ns; /* for WORKER_OVER_BUDGET: turns that take longer are told; 0: none */
};

/* The caller owns the sink and keeps it until vswitch_event_sink_remove has returned XSW_OK: from
 * then on nobody calls it. XSW_LIMIT: EVENT_SINKS_MAX are attached. */
enum xsw_status vswitch_event_sink_add(struct vswitch *vswitch, struct event_sink *sink,
                                       struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status vswitch_event_sink_remove(struct vswitch *vswitch, struct event_sink *sink,
                                          struct xsw_error *error) XSW_MUST_CHECK;

/* Tells an event on the control thread: also for those who use the switch, as capture sessions are.
 * Fills in time, generation, switch, worker and null texts; and the port's name when it is null. */
void vswitch_event(const struct vswitch *vswitch, const struct switch_event *event);
/* Whether anybody wants it; for what is costly to gather. */
int vswitch_event_is_wanted(const struct vswitch *vswitch, enum switch_event_kind kind);

/* The table: null for a number that is no kind. */
struct switch_event_info {
    uint16_t id;
    uint8_t is_packet;
    uint8_t level;                                 /* LOG_* of syslog.h */
    const char *name;                              /* as in LTTng: "packet_dropped" */
    const char *subject, *detail, *value, *before; /* what they mean; empty: nothing */
    const char *sentence;
};
const struct switch_event_info *switch_event_info(uint16_t kind);

#endif
