/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SOURCE_H
#define XSW_SOURCE_H

/*
 * The bytes of a file, front to back, unpacked when they are zstd frames. The reader looks at the
 * first bytes itself and then says whether they have to be unpacked.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

struct source;

/* Takes `fd`, also when it fails. `name` is for messages and copied. */
enum xsw_status source_open(int fd, const char *name, struct source **source,
                            struct xsw_error *error) XSW_MUST_CHECK;

/* Reads at least 1 and at most `size` bytes to `buffer`. XSW_END at the end, XSW_TRUNCATED when it
 * is inside a zstd frame, XSW_CORRUPT when the frames are broken. */
enum xsw_status source_read(struct source *source, void *buffer, size_t size, size_t *got,
                            struct xsw_error *error) XSW_MUST_CHECK;

/* Whether `bytes`, the first of the file, begin a zstd frame, or a skippable one. */
bool source_is_zstd(const void *bytes, size_t length);

/* Unpacks from now on, beginning with `bytes`, which were read already. */
enum xsw_status source_unpack(struct source *source, const void *bytes, size_t length,
                              struct xsw_error *error) XSW_MUST_CHECK;

/* Whether it is a regular file that is not unpacked. */
bool source_is_plain(const struct source *source);
/* Goes on at another byte. XSW_UNSUPPORTED unless it is plain. */
enum xsw_status source_seek(struct source *source, uint64_t offset,
                            struct xsw_error *error) XSW_MUST_CHECK;

const char *source_name(const struct source *source);
uint64_t source_bytes_read(const struct source *source);
uint64_t source_size(const struct source *source); /* 0 when it is no regular file */
/* Accepts null. */
void source_close(struct source *source);

#endif
