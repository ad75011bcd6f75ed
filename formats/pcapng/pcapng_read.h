/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAPNG_READ_H
#define XSW_PCAPNG_READ_H

/*
 * Reads a capture file one item at a time, front to back, in bounded memory: pcapng of both byte
 * orders and any number of sections, classic pcap (made to look the same), and either of them in
 * zstd frames. What it is, is told by its content, never by its name. Every length is checked; a
 * file may be torn, flipped or hostile.
 *
 * Memory: 2 MiB, more only for a larger block (up to PCAPNG_BLOCK_LENGTH_MAX; a larger one is
 * refused), 40 bytes an interface, and for zstd up to 128 MiB of window if the file asks for it.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "formats/pcapng/pcapng_items.h"

struct pcapng_reader;

/* `path`: "-" is standard input. Fails with XSW_IO, or with XSW_CORRUPT or XSW_UNSUPPORTED when it
 * begins like no format that we know (an empty file is XSW_TRUNCATED). */
enum xsw_status pcapng_reader_open(const char *path, struct pcapng_reader **reader,
                                   struct xsw_error *error) XSW_MUST_CHECK;

/* The same on a descriptor, which the reader takes, also when it fails, and closes. `name` is for
 * messages. */
enum xsw_status pcapng_reader_open_fd(int fd, const char *name, struct pcapng_reader **reader,
                                      struct xsw_error *error) XSW_MUST_CHECK;

/*
 * The next item; its pointers are valid until the next call. Blocks in a pipe are waited for.
 *   XSW_END        the file ends behind a whole block
 *   XSW_TRUNCATED  it ends inside a block (or inside a zstd frame): all whole ones have been given,
 *                  the error says where the block begins and how many bytes are missing
 *   XSW_CORRUPT    the bytes at the offset in the error are not what the format demands
 *   XSW_UNSUPPORTED, XSW_LIMIT, XSW_NO_MEMORY, XSW_IO
 * Once it did not return XSW_OK it returns the same for ever.
 */
enum xsw_status pcapng_reader_next(struct pcapng_reader *reader, struct pcapng_item *item,
                                   struct xsw_error *error) XSW_MUST_CHECK;

/* Goes to another block: `offset` is where one begins, as an item told it. What the reader knows of
 * interfaces stays as it is. XSW_UNSUPPORTED in compressed files, pipes and classic pcap. */
enum xsw_status pcapng_reader_seek(struct pcapng_reader *reader, uint64_t offset,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Whether that can be. */
bool pcapng_reader_is_plain(const struct pcapng_reader *reader);
/* Of the block that comes next. */
uint64_t pcapng_reader_offset(const struct pcapng_reader *reader);

/* Bytes of the file (compressed ones, when it is) that were read, and its size, 0 if it has none.
 */
void pcapng_reader_progress(const struct pcapng_reader *reader, uint64_t *read_bytes,
                            uint64_t *file_bytes);

/* Options so far that had a known code and an impossible length, and were left out. */
uint64_t pcapng_reader_ignored_options(const struct pcapng_reader *reader);

/* Accepts null. */
void pcapng_reader_close(struct pcapng_reader *reader);

#endif
