/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_NAMES_H
#define XSW_CMD_CAPTURE_NAMES_H

/*
 * The switch's dictionary on the recorder's side: names for the numbers in the rings. It is read
 * when the recorder attaches, and again when a number comes that it does not know.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "capture/journey_file.h"
#include "cmd/client.h"

struct capture_names {
    struct client *client; /* borrowed; null once the switch has gone */
    json_t *dictionary;
    bool hides;             /* addresses are not to be told: cmd/capture/capture_hide.h */
    uint64_t asked_ns[256]; /* when it was asked in vain for a number with this last byte */
    char unknown_port[16], unknown_stage[16]; /* "port-7", "stage-9" */
};

/* Asks for the dictionary. `client` is borrowed. */
enum xsw_status capture_names_open(struct capture_names *names, struct client *client,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Asks again; what it cannot get stays as it was. */
void capture_names_refresh(struct capture_names *names);
/* From now on the dictionary is one without addresses. */
void capture_names_hide(struct capture_names *names);
void capture_names_close(struct capture_names *names);

/* For struct journey_file_options; context is the struct capture_names. */
void capture_names_tap(void *context, uint16_t port, uint16_t stage, struct tap_names *tap);
const char *capture_names_reason(void *context, uint16_t reason);

#endif
