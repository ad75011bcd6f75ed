/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_OPTIONS_H
#define XSW_CMD_CAPTURE_OPTIONS_H

/* The command line of xsw capture. */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "cmd/capture/capture_privileges.h"

struct capture_run_options {
    const char *path;
    const char *socket;
    const char *switch_name; /* null: not given */
    char *filter;
    const char *name;         /* of the session; null: not given */
    struct capture_user user; /* -Z */
    json_t *rules;            /* members of capture.attach: see cmd/capture/capture_rules.h */
    uint64_t count;           /* journeys; 0: no limit */
    uint64_t time_ns;         /* 0: no limit */
    uint64_t rotate_bytes, rotate_ns; /* of a file; 0: no limit */
    uint64_t min_free_bytes;
    uint32_t rotate_count; /* files that are kept; 0: all */
    uint32_t pack_threads;
    bool has_min_free;
    uint32_t ring_bytes;
    bool every_stage, quiet, json;
    bool trace; /* events beside the packets */
};

/* Fills in the options. EXIT_DONE: go on; else the exit code; -1: help was asked for and given.
 * capture_options_fini is to be called in any case. */
int capture_options_read(int argc, char **argv, struct capture_run_options *options);
void capture_options_fini(struct capture_run_options *options);

#endif
