/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_FLIGHT_OPTIONS_H
#define XSW_CMD_FLIGHT_OPTIONS_H

/* The command lines of xsw flight. Threads: main. */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "cmd/flight/flight_triggers.h"

struct flight_options {
    const char *socket, *switch_name; /* null: not given */
    const char *name;                 /* of the flight recorder; "": the first */
    const char *folder;               /* for files; "." */
    const char *path;                 /* of one file; null: made of the cause */
    const char *cause;                /* what to call a dump */
    uint64_t before_ns, after_ns;
    uint64_t memory_bytes; /* a worker; 0: the default */
    uint64_t min_free_bytes;
    bool compresses, every_stage, quiet, json;
    bool has_before; /* else a dump is of all that there is */
    bool has_min_free;
    bool has_name; /* else show is of all */
    json_t *rules; /* members of flight.start */
    uint32_t trigger_count;
    struct flight_trigger *triggers; /* room for FLIGHT_TRIGGERS_MAX */
};

enum flight_verb { FLIGHT_RUN, FLIGHT_DUMP, FLIGHT_SHOW, FLIGHT_STOP };

/* argv[0] is the verb. EXIT_DONE: go on; else the exit code; -1: help was asked for and given. To
 * be freed by flight_options_fini in any case. */
int flight_options_read(enum flight_verb verb, int argc, char **argv,
                        struct flight_options *options);
void flight_options_fini(struct flight_options *options);
/* The help of xsw flight and of its verbs. */
const char *flight_help(void);

#endif
