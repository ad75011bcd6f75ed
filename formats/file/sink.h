/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SINK_H
#define XSW_SINK_H

/*
 * Where the writer's pieces go: a file or a pipe, and for a packed file the table of its frames at
 * the end. A piece is written whole, or, in a regular file, not at all: what was written of it is
 * cut off again. Private to formats.
 *
 * Threads: one at a time, but sink_interrupt and sink_reserve may be called by another one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "formats/file/frame_row.h"

struct sink;

/* Takes `fd`, also when it fails. `name` is for messages and copied. */
enum xsw_status sink_open(int fd, const char *name, bool packs, struct sink **sink,
                          struct xsw_error *error) XSW_MUST_CHECK;
/* See pcapng_writer_interrupt and pcapng_writer_reserve. */
void sink_interrupt(struct sink *sink, int fd);
void sink_reserve(struct sink *sink, uint64_t bytes);
/* From now on past the page cache, where the file system takes that; pieces should then have a
 * multiple of sink_alignment() bytes, at addresses that are one too. */
void sink_go_direct(struct sink *sink);
size_t sink_alignment(const struct sink *sink); /* 1: any */
/* Whether a packed piece of so many bytes should end at a page of the file, so that those behind it
 * can go past the page cache; and where in the file it will begin. */
bool sink_wants_whole_pages(const struct sink *sink, size_t length);
uint64_t sink_place(const struct sink *sink);
bool sink_packs(const struct sink *sink);
bool sink_is_file(const struct sink *sink); /* a regular one */
/* Bytes that a piece should have. */
size_t sink_piece_size(const struct sink *sink);
enum xsw_status sink_write(struct sink *sink, const void *piece, size_t length,
                           struct xsw_error *error) XSW_MUST_CHECK;
/* A packed piece, whose frames the seek table will name. */
enum xsw_status sink_write_row(struct sink *sink, const struct frame_row *row,
                               struct xsw_error *error) XSW_MUST_CHECK;
/* Bytes that stand in the file because of this sink. */
uint64_t sink_file_bytes(const struct sink *sink);
const char *sink_name(const struct sink *sink);
/* Writes the seek table of a packed file, hands the file to the disk, closes and frees, whatever it
 * returns. Accepts null. */
enum xsw_status sink_close(struct sink *sink, struct xsw_error *error);

#endif
