/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_FLIGHT_TRIGGERS_H
#define XSW_CMD_FLIGHT_TRIGGERS_H

/*
 * The triggers of xsw flight run: as a person writes them, as the daemon gets them, and what became
 * of each: when it may fire again, and how many files it has had this hour.
 *
 * Threads: main.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "capture/flight/flight_reader.h"

enum {
    FLIGHT_LIMIT_DEFAULT = 10, /* files of a trigger in an hour */
    FLIGHT_LIMIT_MAX = 1000,
    FLIGHT_REARM_DEFAULT_MS = 10000,
    FLIGHT_TRIGGER_TEXT_SIZE = 4096
};

enum flight_trigger_kind {
    FLIGHT_TRIGGER_MATCH,
    FLIGHT_TRIGGER_BALANCE,
    FLIGHT_TRIGGER_PORT_DOWN,
    FLIGHT_TRIGGER_SIGNAL,
    FLIGHT_TRIGGER_SWITCH_DIED
};

struct flight_trigger {
    char name[CONFIG_NAME_SIZE];
    enum flight_trigger_kind kind;
    char text[FLIGHT_TRIGGER_TEXT_SIZE];  /* as it was given */
    char where[FLIGHT_TRIGGER_TEXT_SIZE]; /* of a match */
    char port[CONFIG_NAME_SIZE];          /* of a port-down; empty: any */
    uint64_t rate, rearm_ms, limit;
    bool is_derived; /* the name, from the expression */
    /* What became of it. */
    /* By worker; the last one is the daemon's own. */
    uint64_t seen[CONFIG_WORKERS_MAX + 1], seen_early[CONFIG_WORKERS_MAX + 1];
    uint64_t last_ns;                   /* when it was last hit and a file was due; 0: never */
    uint64_t file_ns[FLIGHT_LIMIT_MAX]; /* when its last `limit` files were begun, in a ring */
    uint64_t files;
    uint64_t suppressed, suppressed_since; /* ever, and since the last file */
};

/* "[NAME:] KIND … [rate N/s] [rearm SECONDS] [limit N]". False: what is wrong has been said. */
bool flight_trigger_read(const char *text, struct flight_trigger *trigger);
/* Gives each a name of its own. `hides`: one that says nothing of an expression, which may have
 * addresses in it. */
void flight_triggers_name(struct flight_trigger *triggers, uint32_t count, bool hides);
/* For flight.watch. */
json_t *flight_triggers_json(const struct flight_trigger *triggers, uint32_t count);

/* A hit, as a file's cause. */
struct flight_hit {
    uint64_t mono_ns, packet_id;
};
/* What the workers and the daemon have seen since the last look at trigger `index`. False: nothing.
 * `views`: one a worker. */
bool flight_trigger_hit(struct flight_trigger *trigger, uint32_t index,
                        const struct flight_header *header, const struct flight_worker_view *views,
                        struct flight_hit *hit);
/* Whether a hit gets a file now, by re-arming and limit; if not it is counted. */
bool flight_trigger_may_write(struct flight_trigger *trigger, const struct flight_hit *hit);
/* A hit that gets none for another reason. */
void flight_trigger_suppress(struct flight_trigger *trigger);
/* What was seen of a flight recorder before is not to be compared with another one. */
void flight_triggers_forget(struct flight_trigger *triggers, uint32_t count);

#endif
