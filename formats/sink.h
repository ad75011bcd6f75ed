/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SINK_H
#define XSW_SINK_H

/*
 * Where the writer's pieces go: a file, a pipe, as they are or each as one zstd frame. A piece is
 * written whole, or, in a regular file, not at all: what was written of it is cut off again.
 * Private to formats.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

struct sink;

/* Takes `fd`, also when it fails. `name` is for messages and copied. */
enum xsw_status sink_open(int fd, const char *name, bool packs, struct sink **sink,
                          struct xsw_error *error) XSW_MUST_CHECK;
/* See pcapng_writer_interrupt. */
void sink_interrupt(struct sink *sink, int fd);
/* Bytes that a piece should have. */
size_t sink_piece_size(const struct sink *sink);
enum xsw_status sink_write(struct sink *sink, const void *piece, size_t length,
                           struct xsw_error *error) XSW_MUST_CHECK;
/* Bytes that stand in the file because of this sink. */
uint64_t sink_file_bytes(const struct sink *sink);
const char *sink_name(const struct sink *sink);
/* Writes the seek table of a packed file, closes and frees, whatever it returns. Accepts null. */
enum xsw_status sink_close(struct sink *sink, struct xsw_error *error);

#endif
