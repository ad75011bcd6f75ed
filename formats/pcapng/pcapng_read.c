/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts the bytes of a source (source.c) into blocks, checks their heads and tails, and has their
 * insides parsed (pcapng_parse.c, pcap_parse.c). One buffer is used over and over: when less than a
 * block is left in it, the rest is moved to its front and the next piece is read behind it.
 */
#include "formats/pcapng/pcapng_read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "formats/file/source.h"
#include "formats/pcap/pcap_parse.h"
#include "formats/pcapng/pcapng_parse.h"
#include "formats/pcapng/pcapng_reader.h"

/* A piece is looked at while it is in the cache of the core that read it. */
enum { PIECE_SIZE = 256 << 10, BUFFER_SIZE = 2 << 20 };

/* Filling the buffer ------------------------------------------------------------------------- */

static enum xsw_status make_room(struct pcapng_reader *reader, size_t needed,
                                 struct xsw_error *error)
{
    size_t left = reader->end - reader->start;
    if (needed + PIECE_SIZE > reader->size) {
        size_t size = needed + PIECE_SIZE;
        uint8_t *buffer = malloc(size);
        if (buffer == NULL) {
            return error_set(error, XSW_NO_MEMORY, "%s: no memory for a block of %zu bytes",
                             source_name(reader->source), needed);
        }
        memcpy(buffer, reader->buffer + reader->start, left);
        free(reader->buffer);
        reader->buffer = buffer;
        reader->size = size;
    } else {
        memmove(reader->buffer, reader->buffer + reader->start, left);
    }
    reader->start = 0;
    reader->end = left;
    return XSW_OK;
}

enum xsw_status pcapng_reader_read_on(struct pcapng_reader *reader, size_t needed,
                                      struct xsw_error *error)
{
    while (reader->end - reader->start < needed) {
        if (reader->source_status != XSW_OK) {
            return reader->source_status;
        }
        /* Pieces are read whole, so that a plain file is read at multiples of the piece; and to
         * where one was before, whose memory is in the cache. */
        if (reader->size - reader->end < PIECE_SIZE || reader->start >= PIECE_SIZE) {
            enum xsw_status status = make_room(reader, needed, error);
            if (status != XSW_OK) {
                return status;
            }
        }
        size_t got = 0;
        reader->source_status = source_read(reader->source, reader->buffer + reader->end,
                                            PIECE_SIZE, &got, &reader->source_error);
        reader->end += got;
    }
    return XSW_OK;
}

/* Errors ------------------------------------------------------------------------------------- */

/* Puts file and offset before what is wrong there. */
static enum xsw_status fail_at(const struct pcapng_reader *reader, struct xsw_error *error)
{
    return error_prefix(error, "%s: byte %" PRIu64, source_name(reader->source), reader->offset);
}

/* The source ended before `needed` bytes of the block that begins at the offset were there. */
static enum xsw_status fail_short(struct pcapng_reader *reader, enum xsw_status status,
                                  size_t needed, struct xsw_error *error)
{
    size_t left = reader->end - reader->start;
    if (status == XSW_END) {
        error_set(error, XSW_TRUNCATED,
                  "the file ends inside the block that begins here: %zu bytes of it are there, "
                  "expected at least %zu more",
                  left, needed - left);
        return fail_at(reader, error);
    }
    if (status != XSW_NO_MEMORY) {
        *error = reader->source_error;
    }
    return status;
}

static bool rest_is_zero(const struct pcapng_reader *reader)
{
    for (size_t i = reader->start; i < reader->end; i++) {
        if (reader->buffer[i] != 0) {
            return false;
        }
    }
    return true;
}

static enum xsw_status check_length(const struct pcapng_reader *reader, uint32_t type,
                                    uint32_t length, struct xsw_error *error)
{
    if (type == 0 && length == 0 && rest_is_zero(reader)) {
        error_set(error, XSW_CORRUPT,
                  "zeros from here on, expected a block: the file was laid out in advance and not "
                  "filled");
        return fail_at(reader, error);
    }
    if (length < BLOCK_LENGTH_MIN || length % 4 != 0) {
        error_set(error, XSW_CORRUPT,
                  "a block of type %#" PRIx32 " with length %" PRIu32
                  ", expected a multiple of 4 that is at least %d",
                  type, length, BLOCK_LENGTH_MIN);
        return fail_at(reader, error);
    }
    if (length > PCAPNG_BLOCK_LENGTH_MAX) {
        error_set(error, XSW_LIMIT,
                  "a block of type %#" PRIx32 " with length %" PRIu32 ", expected at most %d", type,
                  length, PCAPNG_BLOCK_LENGTH_MAX);
        return fail_at(reader, error);
    }
    return XSW_OK;
}

/* Blocks ------------------------------------------------------------------------------------- */

/* A section header tells the byte order of its own length. */
static enum xsw_status read_byte_order(struct pcapng_reader *reader, struct xsw_error *error)
{
    enum xsw_status status = pcapng_reader_fill(reader, PCAPNG_HEAD_SIZE + 4, error);
    if (status != XSW_OK) {
        return fail_short(reader, status, PCAPNG_SECTION_SIZE + PCAPNG_TAIL_SIZE, error);
    }
    const uint8_t *p = reader->buffer + reader->start + PCAPNG_HEAD_SIZE;
    reader->state.big_endian = get_32(p, true) == PCAPNG_BYTE_ORDER_MAGIC;
    if (get_32(p, reader->state.big_endian) != PCAPNG_BYTE_ORDER_MAGIC) {
        error_set(error, XSW_CORRUPT,
                  "a section header with byte-order magic %#" PRIx32
                  ", expected %#x in either order",
                  get_32(p, false), PCAPNG_BYTE_ORDER_MAGIC);
        return fail_at(reader, error);
    }
    return XSW_OK;
}

/* Finds the next whole block. XSW_END when there is none and nothing is left over. */
static enum xsw_status frame_block(struct pcapng_reader *reader, struct parse_block *block,
                                   struct xsw_error *error)
{
    enum xsw_status status = pcapng_reader_fill(reader, PCAPNG_HEAD_SIZE, error);
    if (status != XSW_OK) {
        bool is_end = status == XSW_END && reader->end == reader->start;
        return is_end ? XSW_END : fail_short(reader, status, BLOCK_LENGTH_MIN, error);
    }
    block->type = get_32(reader->buffer + reader->start, reader->state.big_endian);
    if (block->type == PCAPNG_BLOCK_SECTION) {
        status = read_byte_order(reader, error);
        if (status != XSW_OK) {
            return status;
        }
    }
    uint32_t length = get_32(reader->buffer + reader->start + 4, reader->state.big_endian);
    status = check_length(reader, block->type, length, error);
    if (status != XSW_OK) {
        return status;
    }
    status = pcapng_reader_fill(reader, length, error);
    if (status != XSW_OK) {
        return fail_short(reader, status, length, error);
    }
    const uint8_t *p = reader->buffer + reader->start;
    uint32_t tail = get_32(p + length - PCAPNG_TAIL_SIZE, reader->state.big_endian);
    if (tail != length) {
        error_set(error, XSW_CORRUPT,
                  "a block of type %#" PRIx32 " begins with length %" PRIu32
                  " and ends with %" PRIu32 ", expected the same twice",
                  block->type, length, tail);
        return fail_at(reader, error);
    }
    block->body = p + PCAPNG_HEAD_SIZE;
    block->length = length - BLOCK_LENGTH_MIN;
    reader->given = length;
    return XSW_OK;
}

static enum xsw_status next_pcapng(struct pcapng_reader *reader, struct pcapng_item *item,
                                   struct xsw_error *error)
{
    struct parse_block block;
    enum xsw_status status = frame_block(reader, &block, error);
    if (status != XSW_OK) {
        return status;
    }
    item->offset = reader->offset;
    status = parse_block(&reader->state, &block, item, error);
    return status == XSW_OK ? XSW_OK : fail_at(reader, error);
}

/* Classic pcap ------------------------------------------------------------------------------- */

static enum xsw_status next_pcap_head(struct pcapng_reader *reader, struct pcapng_item *item)
{
    item->offset = 0;
    if (reader->pcap_step == PCAP_STEP_SECTION) {
        item->kind = PCAPNG_SECTION;
        item->section = (struct pcapng_section){.format = PCAPNG_FORMAT_PCAP,
                                                .big_endian = reader->pcap.big_endian};
        reader->pcap_step = PCAP_STEP_INTERFACE;
        return XSW_OK;
    }
    item->kind = PCAPNG_INTERFACE;
    item->interface = (struct pcapng_interface){
        .linktype = reader->pcap.linktype,
        .snap_length = reader->pcap.snap_length,
        .tsresol = reader->pcap.is_ns ? 9 : 6,
    };
    reader->pcap_step = PCAP_STEP_PACKETS;
    reader->given = PCAP_HEADER_SIZE;
    return XSW_OK;
}

static enum xsw_status next_pcap(struct pcapng_reader *reader, struct pcapng_item *item,
                                 struct xsw_error *error)
{
    if (reader->pcap_step != PCAP_STEP_PACKETS) {
        return next_pcap_head(reader, item);
    }
    enum xsw_status status = pcapng_reader_fill(reader, PCAP_RECORD_SIZE, error);
    if (status != XSW_OK) {
        bool is_end = status == XSW_END && reader->end == reader->start;
        return is_end ? XSW_END : fail_short(reader, status, PCAP_RECORD_SIZE, error);
    }
    struct pcapng_packet *packet = &item->packet;
    status = pcap_record_parse(reader->buffer + reader->start, &reader->state, packet, error);
    if (status != XSW_OK) {
        return fail_at(reader, error);
    }
    size_t length = PCAP_RECORD_SIZE + (size_t)packet->captured_length;
    status = pcapng_reader_fill(reader, length, error);
    if (status != XSW_OK) {
        return fail_short(reader, status, length, error);
    }
    packet->data = reader->buffer + reader->start + PCAP_RECORD_SIZE;
    item->kind = PCAPNG_PACKET;
    item->offset = reader->offset;
    reader->given = length;
    return XSW_OK;
}

/* Opening ------------------------------------------------------------------------------------ */

static enum xsw_status begin_pcap(struct pcapng_reader *reader, struct xsw_error *error)
{
    enum xsw_status status = pcapng_reader_fill(reader, PCAP_HEADER_SIZE, error);
    if (status != XSW_OK) {
        return fail_short(reader, status, PCAP_HEADER_SIZE, error);
    }
    status = pcap_header_parse(reader->buffer + reader->start, &reader->pcap, error);
    if (status != XSW_OK) {
        return fail_at(reader, error);
    }
    reader->format = PCAPNG_FORMAT_PCAP;
    reader->state.big_endian = reader->pcap.big_endian;
    return parse_interface_add(&reader->state, reader->pcap.is_ns ? 9 : 6, 0,
                               reader->pcap.snap_length, error);
}

/* Moves what was read into the unpacker and begins anew with what comes out of it. */
static enum xsw_status begin_zstd(struct pcapng_reader *reader, struct xsw_error *error)
{
    enum xsw_status status =
        source_unpack(reader->source, reader->buffer, reader->end - reader->start, error);
    reader->start = 0;
    reader->end = 0;
    reader->source_status = XSW_OK;
    return status;
}

/* Tells the format by the first bytes. */
static enum xsw_status begin(struct pcapng_reader *reader, struct xsw_error *error)
{
    enum xsw_status status = pcapng_reader_fill(reader, 4, error);
    if (status == XSW_OK && source_is_zstd(reader->buffer, reader->end)) {
        status = begin_zstd(reader, error);
        if (status == XSW_OK) {
            status = pcapng_reader_fill(reader, 4, error);
        }
    }
    if (status == XSW_END && reader->end == 0) {
        return error_set(error, XSW_TRUNCATED, "%s: the file is empty, expected pcapng or pcap",
                         source_name(reader->source));
    }
    if (status != XSW_OK) {
        return fail_short(reader, status, 4, error);
    }
    if (pcap_is_magic(reader->buffer)) {
        return begin_pcap(reader, error);
    }
    uint32_t first = get_32(reader->buffer, false);
    if (first != PCAPNG_BLOCK_SECTION) {
        error_set(error, XSW_CORRUPT,
                  "the file begins with %#010" PRIx32
                  ", expected pcapng (0x0a0d0d0a), pcap, or either of them in zstd frames",
                  first);
        return fail_at(reader, error);
    }
    reader->format = PCAPNG_FORMAT_PCAPNG;
    return XSW_OK;
}

enum xsw_status pcapng_reader_open_fd(int fd, const char *name, struct pcapng_reader **reader,
                                      struct xsw_error *error)
{
    struct xsw_error unread;
    struct source *source;
    error = error == NULL ? &unread : error;
    enum xsw_status status = source_open(fd, name, &source, error);
    if (status != XSW_OK) {
        return status;
    }
    struct pcapng_reader *new = calloc(1, sizeof(*new));
    uint8_t *buffer = malloc(BUFFER_SIZE);
    if (new == NULL || buffer == NULL) {
        free(buffer);
        free(new);
        source_close(source);
        return error_set(error, XSW_NO_MEMORY, "%s: no memory to read it", name);
    }
    new->source = source;
    new->buffer = buffer;
    new->size = BUFFER_SIZE;
    status = begin(new, error);
    if (status != XSW_OK) {
        pcapng_reader_close(new);
        return status;
    }
    *reader = new;
    return XSW_OK;
}

enum xsw_status pcapng_reader_open(const char *path, struct pcapng_reader **reader,
                                   struct xsw_error *error)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_errno(error, "%s: cannot be opened for reading", path);
    }
    struct stat about;
    if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode)) {
        close(fd);
        return error_set(error, XSW_IO, "%s: this is a folder, expected a recording", path);
    }
    return pcapng_reader_open_fd(fd, is_stdin ? "standard input" : path, reader, error);
}

/* The rest of the interface ------------------------------------------------------------------ */

enum xsw_status pcapng_reader_next(struct pcapng_reader *reader, struct pcapng_item *item,
                                   struct xsw_error *error)
{
    if (reader->final_status == XSW_OK) {
        pcapng_reader_step(reader);
        enum xsw_status status = reader->format == PCAPNG_FORMAT_PCAPNG
                                     ? next_pcapng(reader, item, &reader->final_error)
                                     : next_pcap(reader, item, &reader->final_error);
        if (status == XSW_OK) {
            return XSW_OK;
        }
        reader->final_status = status;
    }
    if (error != NULL && reader->final_status < 0) {
        *error = reader->final_error;
    }
    return reader->final_status;
}

void pcapng_reader_progress(const struct pcapng_reader *reader, uint64_t *read_bytes,
                            uint64_t *file_bytes)
{
    *read_bytes = source_bytes_read(reader->source);
    *file_bytes = source_size(reader->source);
}

uint64_t pcapng_reader_ignored_options(const struct pcapng_reader *reader)
{
    return reader->state.ignored_options;
}

void pcapng_reader_close(struct pcapng_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    parse_state_fini(&reader->state);
    source_close(reader->source);
    free(reader->buffer);
    free(reader);
}
