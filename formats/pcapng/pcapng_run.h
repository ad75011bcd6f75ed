/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAPNG_RUN_H
#define XSW_PCAPNG_RUN_H

/*
 * Packet blocks that stand one behind the other, with padding between, taken out of a reader as
 * they are, to be parsed by another thread. The reader has checked where each begins and ends; what
 * is inside is checked here.
 *
 * Threads: a run belongs to one at a time. While it is looked at, the reader that it came from may
 * give further runs, but no items: these may add interfaces.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "formats/pcapng/pcapng_items.h"
#include "formats/pcapng/pcapng_read.h"

struct parse_state;

enum { PCAPNG_RUN_BYTES = 1 << 20 }; /* a usual run */

/* All zero at first. The memory is used again by the next pcapng_reader_take_run(). */
struct pcapng_run {
    uint64_t offset; /* of its first block, as in struct pcapng_item */
    size_t length;   /* bytes */
    /* private */
    uint8_t *buffer;
    size_t size;
    size_t first; /* of the run, in the buffer */
    size_t at;    /* of the block that comes next, from there */
    struct parse_state *state;
};

/*
 * Takes the packet blocks that come next, not many more than `wanted` bytes of them, and if it can
 * be had, up to the end of a journey. XSW_AGAIN: no packet block comes next, or not a whole one:
 * pcapng_reader_next() tells what does.
 */
enum xsw_status pcapng_reader_take_run(struct pcapng_reader *reader, size_t wanted,
                                       struct pcapng_run *run,
                                       struct xsw_error *error) XSW_MUST_CHECK;

/* The next packet; its pointers are valid as long as the run. XSW_END behind the last; XSW_CORRUPT
 * as pcapng_reader_next(), with `name` for the file. */
enum xsw_status pcapng_run_next(struct pcapng_run *run, const char *name, struct pcapng_item *item,
                                struct xsw_error *error) XSW_MUST_CHECK;
/* To its first packet. */
void pcapng_run_rewind(struct pcapng_run *run);
void pcapng_run_fini(struct pcapng_run *run);

/* For the reader: the length of the bytes up to the last journey that ends in them; all of them
 * when none does near their end. */
size_t pcapng_run_whole_journeys(const struct pcapng_run *run);

#endif
