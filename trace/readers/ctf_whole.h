/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_READERS_CTF_WHOLE_H
#define XSW_TRACE_READERS_CTF_WHOLE_H

/*
 * A trace that the disk had no room for ends in the middle of a packet of events, and then readers
 * of CTF refuse all of it. This finds the torn ends of LTTng's user space streams, and makes a view
 * without them, in which the rest can be read: the trace itself is left as it is.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

enum { CTF_WHOLE_PATH_SIZE = 4096 };

/* Where the whole packets of the open file end; `size` when it is no stream of LTTng's user space,
 * or damaged in another way. */
uint64_t ctf_whole_bytes(int fd, uint64_t size);

struct ctf_whole {
    char path[CTF_WHOLE_PATH_SIZE]; /* to be read in place of the one that was given */
    uint64_t torn_bytes;            /* that the view leaves out; 0: `path` is the one given */
    int *copies;                    /* files of the whole parts, which have no name */
    size_t copy_count;
};

/* Looks at all files at and below the path. The view takes the room of the torn files' whole parts
 * in $TMPDIR, or /var/tmp. XSW_IO: there is not that much. */
enum xsw_status ctf_whole_open(const char *path, struct ctf_whole *whole,
                               struct xsw_error *error) XSW_MUST_CHECK;
void ctf_whole_close(struct ctf_whole *whole);

#endif
