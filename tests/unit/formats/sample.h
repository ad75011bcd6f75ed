/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_SAMPLE_H
#define XSW_TEST_SAMPLE_H

/*
 * Makes capture files by hand, byte by byte and in either byte order, for the tests of the reader:
 * no line of the writer is used. Everything is bounded by SAMPLE_SIZE and asserted.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/pcapng/pcapng_read.h"

enum { SAMPLE_SIZE = 1 << 16 };

struct sample {
    bool big_endian;
    size_t length;
    size_t block; /* where the open block begins */
    uint8_t bytes[SAMPLE_SIZE];
};

void sample_init(struct sample *sample, bool big_endian);
void sample_u16(struct sample *sample, uint16_t value);
void sample_u32(struct sample *sample, uint32_t value);
void sample_u64(struct sample *sample, uint64_t value);
/* Pads to four bytes. */
void sample_bytes(struct sample *sample, const void *bytes, size_t length);

void sample_block(struct sample *sample, uint32_t type);
void sample_block_end(struct sample *sample);
void sample_option(struct sample *sample, uint16_t code, const void *bytes, size_t length);
void sample_option_u32(struct sample *sample, uint16_t code, uint32_t value);
void sample_option_u64(struct sample *sample, uint16_t code, uint64_t value);
/* A custom option 2989 with our number and magic before `bytes`. */
void sample_option_ours(struct sample *sample, const void *bytes, size_t length);

/* A section header without options; an Ethernet interface with nanoseconds. */
void sample_section(struct sample *sample);
void sample_interface(struct sample *sample, const char *name);
/* Opens an enhanced packet block; options may follow before sample_block_end. */
void sample_packet(struct sample *sample, uint32_t interface, uint64_t time, const char *data);
/* A small file of every kind of block; `packets` is how many it has. */
void sample_file(struct sample *sample, unsigned *packets);

/* A reader on bytes. Its errors begin with "sample". */
enum xsw_status sample_open(const void *bytes, size_t length, struct pcapng_reader **reader,
                            struct xsw_error *error) XSW_MUST_CHECK;
struct pcapng_reader *sample_reader(const struct sample *sample);
/* The next item, which must be of that kind. */
void sample_next(struct pcapng_reader *reader, enum pcapng_kind kind, struct pcapng_item *item);
/* Reads on to the end and counts packets; returns how it ended. */
enum xsw_status sample_drain(struct pcapng_reader *reader, unsigned *packets,
                             struct xsw_error *error);

#endif
