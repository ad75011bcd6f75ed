/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_FILES_H
#define XSW_CMD_CAPTURE_FILES_H

/*
 * The files of a recording: one, or a series of them, when to go on in the next one, and which of
 * our own to delete for room. Files before the current one are closed by a thread, since the disk
 * may take a while for that; the recorder goes on meanwhile.
 *
 * Threads: one, but for that.
 */

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "cmd/capture/capture_options.h"

struct pcapng_writer;

struct capture_files {
    const struct capture_run_options *options;
    char base[PATH_MAX]; /* of the names in a series: "/var/cap/name" */
    char suffix[64];     /* ".pcapng.zst" */
    char path[PATH_MAX]; /* of the current file; "-" is standard output */
    uint32_t number;     /* of the current file, from 1; 0: not a series */
    uint32_t deleted;
    uint64_t opened_ns;
    uint64_t floor_bytes; /* of the file system, that stay free */
    int stop_fd;          /* see pcapng_writer_interrupt */
    int fifo_fd;          /* a pipe that was opened early; -1 */
    bool is_fifo;
    char **kept; /* older files of the series, the oldest at kept_first */
    uint32_t kept_first, kept_count;
    struct pcapng_writer *closing;
    pthread_t closer;
    enum xsw_status closed; /* how the last of the older files was closed */
    struct xsw_error close_error;
};

/* Before the session is attached: takes the options, and waits for the reader of a pipe. */
enum xsw_status capture_files_init(struct capture_files *files,
                                   const struct capture_run_options *options,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Opens the first file, or the next one of the series. When it fails, the current one stays. */
enum xsw_status capture_files_open(struct capture_files *files, const char *switch_name,
                                   struct pcapng_writer **writer,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Whether the next file is due. */
bool capture_files_is_series(const struct capture_files *files);
bool capture_files_is_late(const struct capture_files *files, uint64_t now);
/* Closes the file before, behind the recorder's back. */
void capture_files_retire(struct capture_files *files, struct pcapng_writer *writer);
/* When the disk is nearly full: deletes the oldest of our own files that is left, if we may. */
void capture_files_make_room(struct capture_files *files);
/* Bytes that stay free when nobody says how many, of the file system on which `path` is. */
uint64_t capture_files_floor(const char *path);
/* The first failure to close one of the older files. */
enum xsw_status capture_files_fini(struct capture_files *files, struct xsw_error *error);

#endif
