/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_OPTIONS_H
#define XSW_CMD_CAPTURE_OPTIONS_H

/* The command line of xsw capture. */

#include <stdbool.h>
#include <stdint.h>

struct capture_run_options {
    const char *path;
    const char *socket;
    const char *switch_name; /* null: not given */
    char *filter;
    const char *where;                /* metadata expression; null: not given */
    uint64_t count;                   /* journeys; 0: no limit */
    uint64_t time_ns;                 /* 0: no limit */
    uint64_t rotate_bytes, rotate_ns; /* of a file; 0: no limit */
    uint64_t min_free_bytes;
    uint32_t rotate_count; /* files that are kept; 0: all */
    uint32_t pack_threads;
    bool has_min_free;
    uint32_t snap_length;
    uint32_t ring_bytes;
    bool every_stage, quiet, json;
};

/* Fills in the options. EXIT_DONE: go on; else the exit code; -1: help was asked for and given.
 * `filter` is to be freed by the caller in any case. */
int capture_options_read(int argc, char **argv, struct capture_run_options *options);

#endif
