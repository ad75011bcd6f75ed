/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_TRACEDAT_FILE_H
#define XSW_TRACE_TRACEDAT_FILE_H

/*
 * What libtracecmd does not tell of a trace.dat: the clock that each buffer was recorded with, on
 * which host, and whether all is there that the file says it holds. trace-cmd.dat.v6(5),
 * trace-cmd.dat.v7(5). Private to trace.
 *
 * Threads: any.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

enum {
    TRACEDAT_BUFFERS_MAX = 64,
    TRACEDAT_NAME_SIZE = 64,
    TRACEDAT_CLOCK_SIZE = 24,
    TRACEDAT_SYSTEM_SIZE = 192
};

struct tracedat_buffer {
    char name[TRACEDAT_NAME_SIZE];   /* "" for the one that is no instance's */
    char clock[TRACEDAT_CLOCK_SIZE]; /* as the kernel calls it: "mono", "local" */
};

struct tracedat_file {
    struct tracedat_buffer buffers[TRACEDAT_BUFFERS_MAX]; /* whose clock is told */
    size_t count;
    char host[TRACEDAT_NAME_SIZE];     /* "": not told */
    char system[TRACEDAT_SYSTEM_SIZE]; /* the rest of uname(2): "Linux 6.1.0-18-amd64 x86_64" */
    bool is_torn;
    uint64_t size;    /* of the file, in bytes */
    uint64_t torn_at; /* the byte up to which something is missing */
};

/* A file that cannot be read is an error; one that is torn is not. */
enum xsw_status tracedat_file_look(const char *path, struct tracedat_file *file,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* "" when the file does not tell it. */
const char *tracedat_file_clock(const struct tracedat_file *file, const char *buffer);

#endif
