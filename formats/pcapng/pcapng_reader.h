/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAPNG_READER_H
#define XSW_PCAPNG_READER_H

/* The inside of a reader, for pcapng_read.c, which gives items, and pcapng_take.c, which gives runs
 * and goes to other places. Threads: one at a time. */

#include "formats/file/source.h"
#include "formats/pcap/pcap_parse.h"
#include "formats/pcapng/pcapng_read.h"
#include "formats/pcapng/pcapng_state.h"

enum { BLOCK_LENGTH_MIN = PCAPNG_HEAD_SIZE + PCAPNG_TAIL_SIZE };

/* What classic pcap gives before its first packet. */
enum pcap_step { PCAP_STEP_SECTION, PCAP_STEP_INTERFACE, PCAP_STEP_PACKETS };

struct pcapng_reader {
    struct source *source;
    uint8_t *buffer;
    size_t size;
    size_t start;    /* of the block that comes next */
    size_t end;      /* of the bytes in the buffer */
    size_t given;    /* length of the block that the caller looks at, still to be stepped over */
    uint64_t offset; /* of buffer[start] in the content of the file */
    enum pcapng_format format;
    enum pcap_step pcap_step;
    struct pcap_header pcap;
    struct parse_state state;
    /* Why the source gave no more, with its error; what is in the buffer is given first. */
    enum xsw_status source_status;
    struct xsw_error source_error;
    /* What every call from now on returns. */
    enum xsw_status final_status;
    struct xsw_error final_error;
};

/* Reads on until `needed` bytes are there. When the source has ended before, the status of that. */
enum xsw_status pcapng_reader_read_on(struct pcapng_reader *reader, size_t needed,
                                      struct xsw_error *error) XSW_MUST_CHECK;

/* Sees to it that `needed` bytes are there. */
XSW_MUST_CHECK static inline enum xsw_status
pcapng_reader_fill(struct pcapng_reader *reader, size_t needed, struct xsw_error *error)
{
    return reader->end - reader->start >= needed ? XSW_OK
                                                 : pcapng_reader_read_on(reader, needed, error);
}

/* Behind the block that was given last. */
static inline void pcapng_reader_step(struct pcapng_reader *reader)
{
    reader->start += reader->given;
    reader->offset += reader->given;
    reader->given = 0;
}

#endif
