/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of packet blocks as they are (pcapng_run.h), and other places of the file. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "formats/pcapng/pcapng_reader.h"
#include "formats/pcapng/pcapng_run.h"

/* The length of the whole block that begins there and may stand in a run: a packet, or padding,
 * which our own writer puts behind each piece. 0 when there is none. */
static size_t run_block_length(const struct pcapng_reader *reader, size_t at)
{
    bool big_endian = reader->state.big_endian;
    size_t left = reader->end - at;
    if (left < BLOCK_LENGTH_MIN) {
        return 0;
    }
    uint32_t type = get_32(reader->buffer + at, big_endian);
    if (type != PCAPNG_BLOCK_ENHANCED_PACKET && type != PCAPNG_BLOCK_PADDING) {
        return 0;
    }
    uint32_t length = get_32(reader->buffer + at + 4, big_endian);
    bool is_whole = length >= BLOCK_LENGTH_MIN && length % 4 == 0 && length <= left &&
                    length <= PCAPNG_BLOCK_LENGTH_MAX &&
                    get_32(reader->buffer + at + length - PCAPNG_TAIL_SIZE, big_endian) == length;
    return is_whole ? length : 0;
}

/* Of the whole blocks that come next. Read on piece by piece: what is left behind the run has to be
 * copied. Why the file has no more is told when it comes to that. */
static size_t run_length(struct pcapng_reader *reader, size_t wanted)
{
    size_t length = 0;
    while (length < wanted) {
        size_t left = reader->end - reader->start;
        size_t block = run_block_length(reader, reader->start + length);
        if (block == 0 &&
            (left >= wanted || pcapng_reader_fill(reader, left + 1, NULL) != XSW_OK)) {
            break;
        }
        length += block;
    }
    return length;
}

/* The run gets the reader's buffer, and the reader the run's, with what stands behind the run. */
static void buffers_change(struct pcapng_reader *reader, struct pcapng_run *run)
{
    uint8_t *buffer = run->buffer;
    size_t size = run->size;
    size_t end = reader->start + run->length;
    run->buffer = reader->buffer;
    run->size = reader->size;
    run->first = reader->start;
    memcpy(buffer, reader->buffer + end, reader->end - end);
    reader->buffer = buffer;
    reader->size = size;
    reader->start = 0;
    reader->end -= end;
    reader->offset += run->length;
}

/* Room for all that the reader has and may read, so that the buffers can be changed. */
static enum xsw_status run_make_room(const struct pcapng_reader *reader, struct pcapng_run *run,
                                     struct xsw_error *error)
{
    if (run->size < reader->size) {
        free(run->buffer);
        run->buffer = malloc(reader->size);
        run->size = run->buffer == NULL ? 0 : reader->size;
    }
    if (run->state == NULL) {
        run->state = calloc(1, sizeof(*run->state));
    }
    return run->buffer != NULL && run->state != NULL
               ? XSW_OK
               : error_set(error, XSW_NO_MEMORY, "%s: no memory to read it",
                           source_name(reader->source));
}

/* Up to the end of the last journey, of `length` bytes that are still in the reader's buffer. */
static size_t journeys_end(const struct pcapng_reader *reader, const struct pcapng_run *run,
                           size_t length)
{
    const struct pcapng_run look = {
        .length = length, .buffer = reader->buffer, .first = reader->start, .state = run->state};
    return pcapng_run_whole_journeys(&look);
}

enum xsw_status pcapng_reader_take_run(struct pcapng_reader *reader, size_t wanted,
                                       struct pcapng_run *run, struct xsw_error *error)
{
    if (reader->final_status != XSW_OK || reader->format != PCAPNG_FORMAT_PCAPNG) {
        return XSW_AGAIN;
    }
    pcapng_reader_step(reader);
    size_t length = run_length(reader, wanted);
    if (length == 0) {
        return XSW_AGAIN;
    }
    enum xsw_status status = run_make_room(reader, run, error);
    if (status != XSW_OK) {
        return status;
    }
    /* The interfaces are the reader's, who adds none while runs are looked at. */
    run->state->big_endian = reader->state.big_endian;
    run->state->interfaces = reader->state.interfaces;
    run->state->interface_count = reader->state.interface_count;
    run->state->section_first = reader->state.section_first;
    run->offset = reader->offset;
    run->at = 0;
    run->length = journeys_end(reader, run, length);
    buffers_change(reader, run);
    return XSW_OK;
}

bool pcapng_reader_is_plain(const struct pcapng_reader *reader)
{
    return reader->format == PCAPNG_FORMAT_PCAPNG && source_is_plain(reader->source);
}

enum xsw_status pcapng_reader_seek(struct pcapng_reader *reader, uint64_t offset,
                                   struct xsw_error *error)
{
    if (reader->format != PCAPNG_FORMAT_PCAPNG) {
        return error_set(error, XSW_UNSUPPORTED, "%s: no pcapng, in which one can go to a block",
                         source_name(reader->source));
    }
    enum xsw_status status = source_seek(reader->source, offset, error);
    if (status == XSW_OK) {
        reader->start = reader->end = reader->given = 0;
        reader->offset = offset;
        reader->source_status = XSW_OK;
        reader->final_status = XSW_OK;
    }
    return status;
}

uint64_t pcapng_reader_offset(const struct pcapng_reader *reader)
{
    return reader->offset + reader->given;
}
