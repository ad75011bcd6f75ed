/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_REPORT_H
#define XSW_CMD_CAPTURE_REPORT_H

/*
 * What a recording tells: the line while it runs, the account at its end for a person, as JSON, and
 * for the file itself. The account is an identity: offered = written + filtered +
 * sampled out + lost by cause.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "capture/ring.h"
#include "switch/config/config.h"

struct capture_progress { /* journeys */
    uint64_t offered, filtered, sampled, written, lost;
    uint64_t bytes; /* of the file */
    double seconds;
};

struct capture_end {
    const char *why;   /* limit, signal, switch-stopped, error */
    const char *error; /* what went wrong when writing, or null */
    const char *path;
    uint32_t files, deleted; /* of a series; 0: it is one file */
    uint32_t segment;        /* of the file that this is the account of; 0: not one of a series */
    bool is_last_segment;
    double seconds;
    uint64_t bytes;
    uint64_t written, lost_disk, past_limit; /* by the recorder */
    uint64_t lost_reader;                    /* in rings that made no sense */
    bool has_trace;                          /* events were recorded too */
    uint64_t events, lost_events;
    uint64_t kernel_untold_ns; /* how long the kernel was not followed, after it had been */
    struct capture_account rings[CONFIG_WORKERS_MAX]; /* by the workers */
    uint32_t ring_count;
    json_t *detached;   /* the switch's answer to capture.detach; null when it had gone */
    json_t *dictionary; /* as of the end; may be null */
};

/* What came since `before`; the rest is that of `end`, borrowed. */
struct capture_end capture_end_since(const struct capture_end *end,
                                     const struct capture_end *before);
void capture_report_progress(const struct capture_progress *progress);
/* META_SUMMARY; to be freed. Null without memory. */
char *capture_report_summary(const struct capture_end *end);
void capture_report_end(const struct capture_end *end, bool as_json);
/* Journeys that were wanted and are not in the file, whatever the cause; and the same without those
 * over the rate that was asked for. */
uint64_t capture_end_lost(const struct capture_end *end);
uint64_t capture_end_missing(const struct capture_end *end);
void capture_end_fini(struct capture_end *end);

#endif
