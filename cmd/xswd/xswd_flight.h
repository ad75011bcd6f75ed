/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_FLIGHT_H
#define XSW_CMD_XSWD_FLIGHT_H

/*
 * Flight recorders on the daemon's side, and the methods flight.start, watch, list and stop of the
 * control socket. A flight recorder belongs to the daemon: it goes on when the client that made it
 * is gone, until it is stopped. Its triggers belong to the connection that set them, for somebody
 * must be there to write the files.
 *
 * Threads: control thread.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "capture/privacy/privacy.h"
#include "cmd/xswd/xswd_flight_events.h"
#include "switch/config/config.h"
#include "switch/control/rpc.h"

struct capture_session;
struct flight_ring;
struct flight_watch;
struct switches;
struct trigger_set;
struct vswitch;

enum {
    XSWD_FLIGHTS_MAX = 16,
    XSWD_FLIGHTS_OF_SWITCH_MAX = 2 /* each takes memory, and the time of workers */
};

struct xswd_flight {
    struct flight_ring *ring; /* null: this place is free */
    struct capture_session *session;
    struct vswitch *vswitch;
    char name[CONFIG_NAME_SIZE];
    struct privacy_options privacy; /* without the key */
    bool is_for_group;              /* members of the group may read the file */
    uint64_t generation;            /* of the dictionary in the file */
    uint64_t watcher;               /* the connection whose triggers these are; 0: there are none */
    struct trigger_set *triggers;
    struct flight_watch *watch;
    struct flight_told told; /* of what events tell */
};

struct xswd_flights {
    struct rpc_table table;
    struct switches *switches;
    struct vswitch *vswitch; /* the one that the running request is about */
    const uint8_t *privacy_key;
    enum xsw_status folder_status; /* why there is no folder */
    struct xsw_error folder_error;
    char folder[PATH_MAX];
    struct xswd_flight flights[XSWD_FLIGHTS_MAX];
    /* Whom to ask besides, before a switch goes. */
    enum xsw_status (*may_remove)(void *context, struct vswitch *vswitch, struct xsw_error *error);
    void *may_remove_context;
};

/* Makes the folder for them, before rights are given up. That it cannot be made is told when
 * somebody wants a flight recorder. */
void xswd_flights_prepare(struct xswd_flights *flights, const char *socket_path);
/* Behind xswd_capture_init; `privacy_key` is the daemon's, for pseudonyms, and borrowed. The struct
 * must not move. */
void xswd_flights_init(struct xswd_flights *flights, struct switches *switches,
                       const uint8_t privacy_key[PSEUDONYM_KEY_SIZE]);
/* After requests: what the files say of names is what is so, also when the next moment is the last
 * one. Cheap when nothing has changed. */
void xswd_flights_refresh(struct xswd_flights *flights);
/* About once a second. */
void xswd_flights_tick(struct xswd_flights *flights);
/* Ends all, before the switches are destroyed. */
void xswd_flights_fini(struct xswd_flights *flights);

#endif
