/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TOP_NAMES_H
#define XSW_CMD_TOP_NAMES_H

/*
 * Which port an id means in a journey that the viewer has just taken out of a ring. A switch gives
 * ids again, while the journeys stay on the screens: so each gets the name that its id had under
 * the generation under which it ended, and keeps it.
 *
 * Fed by the dictionary of the switch, and by what the rings tell of ports that come.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "analyzer/journey/dictionary.h"
#include "capture/ring.h"
#include "cmd/capture/port_names.h"

/* Asks the switch for its dictionary, which goes to top_names_read(). */
typedef void top_names_ask(void *context);

struct top_names {
    struct dictionary *dictionary; /* borrowed; has the names of journeys beside those of now */
    top_names_ask *ask;            /* null: nobody to be asked */
    void *context;
    /* private */
    struct port_names ports;
    uint64_t generation; /* of the dictionary that was read last */
    uint64_t asked_for;  /* the latest generation for which it was asked for in vain */
    bool has_hole;       /* since then a port may have come that we were not told of */
};

/* A switch that was started again counts its generations anew: nothing of before holds. Journeys
 * keep their names. */
void top_names_begin_anew(struct top_names *names);
void top_names_fini(struct top_names *names);
/* A dictionary, with `ports`, `past_ports` and `generation`. */
void top_names_read(struct top_names *names, const json_t *dictionary);
/* `came`: null when a ring, or nobody, may have told of ports without being heard. */
void top_names_port_came(struct top_names *names, const struct ring_port *came);
/* The port for the records of a journey that ended under that generation. One that nobody can name
 * is "port 7": unknown, but never another one. */
struct dictionary_label top_names_label(struct top_names *names, uint16_t id, uint64_t generation);

#endif
