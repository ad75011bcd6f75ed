/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_NAMES_H
#define XSW_CMD_CAPTURE_NAMES_H

/*
 * The switch's dictionary on the recorder's side: names for the numbers in the rings. It is read
 * when the recorder attaches, and again when a number comes that it does not know.
 *
 * Ids of ports are given again. What they meant, and from which generation of the configuration on,
 * is in a table: from the dictionaries, and from the rings, which tell of each port before its
 * first journey.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "capture/recorder/journey_file.h"
#include "cmd/capture/port_names.h"
#include "cmd/client.h"

struct capture_names {
    struct client *client; /* borrowed; null once the switch has gone */
    json_t *dictionary;
    bool hides;             /* addresses are not to be told: cmd/capture/capture_hide.h */
    uint64_t asked_ns[256]; /* when it was asked in vain for a number with this last byte */
    char unknown_port[16], unknown_stage[16]; /* "port-7", "stage-9" */
    struct port_names ports;
    uint64_t generation; /* of the dictionary */
    uint64_t asked_for;  /* the generation for which a newer one was asked for last */
    bool has_hole;       /* a ring may have told of ports that we did not hear of */
    /* Where there is no client: gives a newer dictionary, to be taken, or null. */
    json_t *(*read_again)(void *context);
    void *context;
};

/* Asks for the dictionary. `client` is borrowed. */
enum xsw_status capture_names_open(struct capture_names *names, struct client *client,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Asks again; what it cannot get stays as it was. */
void capture_names_refresh(struct capture_names *names);
/* From now on the dictionary is one without addresses. */
void capture_names_hide(struct capture_names *names);
void capture_names_close(struct capture_names *names);
/* Takes a dictionary that came another way. */
void capture_names_take(struct capture_names *names, json_t *dictionary);

/* For struct journey_file_options; context is the struct capture_names. */
void capture_names_tap(void *context, uint16_t port, uint16_t stage, struct tap_names *tap);
const char *capture_names_reason(void *context, uint16_t reason);
void capture_names_port(void *context, uint16_t id, uint64_t generation, struct tap_port *port);
void capture_names_port_came(void *context, const struct ring_port *came);

#endif
