/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_ANALYZE_PROGRESS_H
#define XSW_CMD_ANALYZE_PROGRESS_H

/*
 * What a terminal shows while a large recording is read: how much has been, and how long the rest
 * will take. Small ones are read before anybody could read a line about it.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

enum { PROGRESS_FILE_BYTES_MIN = 64 << 20, PROGRESS_PAUSE_NS = 200 * 1000000 };

/* Of one file; all zero before it. */
struct progress {
    bool is_shown;
    uint64_t since_ns; /* when the file was begun */
    uint64_t told_ns;
    uint64_t first_bytes; /* read when it was told first: an index has spared these */
};

struct progress_line {
    char text[128]; /* takes the place of the line before; without an end of line */
};

/* False: there is nothing new to be shown yet. */
bool progress_tell(struct progress *progress, const char *path, uint64_t read_bytes,
                   uint64_t file_bytes, uint64_t now_ns, struct progress_line *line);

#endif
