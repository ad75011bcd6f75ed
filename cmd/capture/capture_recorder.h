/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_RECORDER_H
#define XSW_CMD_CAPTURE_RECORDER_H

/*
 * The state of a recording: how it is opened (capture_open.c), and the part of it that is about
 * files (capture_rotate.c). The loop that empties the rings is in capture.c.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

#include "capture/ring_set.h"
#include "cmd/capture/capture_files.h"
#include "cmd/capture/capture_names.h"
#include "cmd/capture/capture_options.h"
#include "cmd/capture/capture_report.h"
#include "cmd/client.h"

struct capture_trace;
struct journey_file;
struct pcapng_writer;

struct recorder {
    struct capture_run_options options;
    struct client *client;
    struct capture_names names;
    json_t *attached;     /* what capture.attach answered */
    json_t *first;        /* the dictionary at the start, whose texts the file borrows to its end */
    json_t *first_filter; /* so also this one, of `attached`, which may get another */
    struct ring_set set;
    struct capture_files files;
    struct pcapng_writer *writer; /* the file's; borrowed */
    struct journey_file *file;
    struct capture_trace *trace; /* null: no events */
    char os[256], comment[256];  /* of all files */
    struct capture_end told;     /* the account in the summaries of the files before this one */
    uint64_t rotate_again_ns;    /* not before, since there was no next file */
    uint64_t content_checked;    /* journey_file_content() when the size was last looked at */
    int signal_fd, timer_fd;
    int stop_fd;                             /* readable when one of the two is */
    uint64_t stage_sets[CONFIG_WORKERS_MAX]; /* that records of journeys are limited to now */
    uint64_t rules_told;                     /* number of the rules of the last event about them */
    uint64_t taken;                          /* journeys from the rings */
    uint64_t past_limit;                     /* of them, not wanted any more */
    uint64_t started_ns;
    bool has_disk_error; /* now; disk_error is the last one */
    uint64_t disk_told_ns, written_then;
    struct xsw_error disk_error;
    struct capture_end end;
};

/* Attaches, and opens all that the recording needs, as its options say. To be closed in any case,
 * which also frees it. */
enum xsw_status recorder_open(struct recorder *recorder, struct xsw_error *error) XSW_MUST_CHECK;
void recorder_close(struct recorder *recorder);
/* Of the dictionary, borrowed; null when there is none in it. */
const char *recorder_switch_name(const struct recorder *recorder);
/* Opens the first file. */
enum xsw_status recorder_file_open(struct recorder *recorder,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Goes on in the next file of the series when that is due; between two journeys. */
void recorder_rotate_if_full(struct recorder *recorder);
void recorder_rotate_if_late(struct recorder *recorder, uint64_t now);
/* The account in `end`, as of now: over all files, or of what the files before do not tell. */
void recorder_account(const struct recorder *recorder, struct capture_end *end);
/* Tells of what could not be written, and that it goes on. */
void recorder_write_failed(struct recorder *recorder, const struct xsw_error *error);
void recorder_write_goes_on(struct recorder *recorder);

#endif
