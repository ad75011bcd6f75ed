/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_SESSION_H
#define XSW_CAPTURE_SESSION_H

/*
 * A capture session on the switch's side: rules on what is captured, and one ring of shared memory
 * for each worker, attached to the switch as an observer. The recorder, another process, gets the
 * rings' file descriptors and empties them (capture/ring.h says what is in them).
 *
 * The filter, the sample and, of ports, those where packets come in are asked when a packet comes
 * in, and decide whether it is followed; all else when its journey is over, and decides whether
 * that is kept.
 *
 * Threads: control thread. The observer that it registers runs on the workers.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "capture/budget.h"
#include "capture/ring.h"
#include "switch/switch.h"

struct vswitch;
struct flight_ring;
struct privacy_options;
struct bpf_insn;
struct capture_session;

enum {
    CAPTURE_SNAP_MAX = 262144,
    CAPTURE_RINGS_DEFAULT = 64 << 20,    /* bytes a session, shared by its workers */
    CAPTURE_RING_DEFAULT_MIN = 16 << 20, /* but so much each */
    CAPTURE_RING_MIN = 1 << 16,
    CAPTURE_RING_MAX = 1 << 30,
    CAPTURE_SESSIONS_MAX = 8,
    CAPTURE_TEXT_SIZE = 4096,     /* of a filter, an expression, a list of names */
    CAPTURE_SAMPLE_MAX = 1000000, /* one flow in so many */
    CAPTURE_RATE_MAX = 1000000000 /* journeys a second */
};

/* Which journeys have to do with the ports. */
enum capture_direction {
    CAPTURE_IN_OR_OUT = 0, /* came in there, or were to go out there */
    CAPTURE_IN = 1,
    CAPTURE_OUT = 2
};

/* What may change while the session goes on. Of texts, null and "" stand for all. */
struct capture_rules {
    const char *filter; /* pcap-filter expression on the packet as it came in */
    const char *where;  /* metadata expression, xsw-filter(7), on journeys */
    const char *ports;  /* names, separated by commas */
    const char *stages; /* the same: journeys that came to one of them */
    enum capture_direction direction;
    uint32_t snap_length; /* bytes kept of each packet; 0: CAPTURE_SNAP_MAX */
    uint32_t sample;      /* keep one flow in so many; 0 and 1: all */
    uint32_t rate;        /* keep so many journeys a second; 0: all */
    uint32_t budget;      /* millionths of a worker's time; 0: BUDGET_DEFAULT */
    /* What the filter was compiled to (capture/filter_program.h), copied; null: it is compiled
     * here. Who gives another filter gives another program, or null. */
    const struct bpf_insn *program;
    uint32_t program_count;
    /* Of somebody who may not manage: nothing is compiled that may take long, and the budget is at
     * most BUDGET_DEFAULT. */
    bool is_bounded;
};

struct capture_options {
    struct capture_rules rules;
    const char *name;                      /* for people; null or "": capture-N */
    uint32_t ring_bytes;                   /* a worker; rounded up to a power of two; 0: default */
    const struct privacy_options *privacy; /* null: all bytes may be seen */
    /* A flight recorder's memory (capture/flight/flight_ring.h): the journeys go there, and there
     * are no rings. Borrowed until the session is closed. Null: rings. */
    struct flight_ring *flight;
};

/* Bytes of a ring whose size nobody says. One worker's takes in what it writes at full rate in a
 * tenth of a second, and so bears a disk that stands still as long. */
uint32_t capture_ring_default(uint32_t workers);

/* On success the switch captures from the next batch on. A filter without its program is compiled
 * here: an error says what libpcap says of the expression. */
enum xsw_status capture_session_open(struct vswitch *vswitch, const struct capture_options *options,
                                     struct capture_session **session,
                                     struct xsw_error *error) XSW_MUST_CHECK;
/* Other rules from the next batch on; when they make no sense, those before hold. The recorder
 * finds an event in each ring, unless they are the same as before: that changes nothing. */
enum xsw_status capture_session_set(struct capture_session *session,
                                    const struct capture_rules *rules,
                                    struct xsw_error *error) XSW_MUST_CHECK;
/* As in force: no text is null, and what was 0 for a default has its value. They stay until the
 * next ones. */
const struct capture_rules *capture_session_rules(const struct capture_session *session);
/* How often they were changed, and once: 1 for those of the beginning. */
uint32_t capture_session_rules_number(const struct capture_session *session);
/* The stages that it is limited to: bit n for stage n; 0: all. */
uint64_t capture_session_stages(const struct capture_session *session);
/* One descriptor a worker, owned by the session. Returns how many: none with a flight recorder. */
size_t capture_session_rings(const struct capture_session *session, const int **fds);
uint32_t capture_session_id(const struct capture_session *session);
/* The bit in packet->watch of the packets that it follows. */
uint8_t capture_session_bit(const struct capture_session *session);
const char *capture_session_name(const struct capture_session *session);
uint32_t capture_session_ring_bytes(const struct capture_session *session);
uint64_t capture_session_started_ns(const struct capture_session *session); /* monotonic */

/* Of one worker, over all stages; and of the journeys that ended at one stage, over all workers. */
struct capture_account capture_session_account(const struct capture_session *session,
                                               uint32_t worker);
struct capture_account capture_session_account_at(const struct capture_session *session,
                                                  uint16_t stage);

struct capture_load {
    enum budget_level level;
    uint32_t share; /* of the worker's time, in millionths, in the last 10 ms with packets */
};
struct capture_load capture_session_load(const struct capture_session *session, uint32_t worker);

/* Every second: a session that is over its budget does not make the switch compare more of packets
 * than it keeps. */
void capture_session_settle(struct capture_session *session);
/* And: the switch need not know any longer what ids of ports meant before the oldest journey that
 * is still to be read. */
void capture_session_forget(struct capture_session *session);

/* Detaches from the switch; when it returns XSW_OK, no worker writes to the rings, and the accounts
 * are final. Idempotent. The rings stay readable to those who have them mapped. */
enum xsw_status capture_session_stop(struct capture_session *session,
                                     struct xsw_error *error) XSW_MUST_CHECK;
bool capture_session_is_stopped(const struct capture_session *session);
/* The switch's own counters of all packets, watched or not, from attach to stop; after stop. */
struct stage_counters capture_session_stage(const struct capture_session *session, uint16_t stage);
uint64_t capture_session_dropped(const struct capture_session *session, uint16_t stage,
                                 uint16_t reason);
/* Stops if need be, and frees. Accepts null. */
void capture_session_close(struct capture_session *session);

#endif
