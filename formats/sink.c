/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole pieces to a descriptor, and the zstd side of writing: a frame a piece, and at the end the
 * table that lets a reader find the frame of an offset (a skippable frame, which stands last
 * because Wireshark does not recognise a file that begins with one).
 */
#include "formats/sink.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "base/error.h"
#include "formats/byte_order.h"
#include "formats/pcapng_wire.h"

enum {
    PLAIN_PIECE_SIZE = 1 << 20,
    PACKED_PIECE_SIZE = 4 << 20,
    PACK_LEVEL = 1,
    SEEK_HEAD_SIZE = 8,
    SEEK_ENTRY_SIZE = 8,
    SEEK_FOOTER_SIZE = 9,
    INTERRUPTED_MS = 1000 /* how long a pipe may still take to make room then */
};

struct sink {
    int fd;
    int interrupt_fd; /* readable: do not wait for a pipe any more; -1: none */
    char *name;
    bool can_cut;        /* a regular file: what failed can be taken back */
    bool is_broken;      /* a part of a piece is out and cannot be taken back */
    uint64_t first_byte; /* of the file, where the descriptor stood */
    uint64_t file_bytes; /* of whole pieces */
    ZSTD_CCtx *packer;   /* null: not packed */
    uint8_t *packed;
    size_t packed_size;
    uint8_t *entries; /* of the seek table, SEEK_ENTRY_SIZE each */
    size_t entry_count;
    size_t entry_room;
};

static enum xsw_status start_packer(struct sink *sink, struct xsw_error *error)
{
    sink->packer = ZSTD_createCCtx();
    if (sink->packer == NULL) {
        return error_set(error, XSW_NO_MEMORY, "%s: no memory to compress", sink->name);
    }
    size_t level = ZSTD_CCtx_setParameter(sink->packer, ZSTD_c_compressionLevel, PACK_LEVEL);
    size_t checksum = ZSTD_CCtx_setParameter(sink->packer, ZSTD_c_checksumFlag, 1);
    assert(!ZSTD_isError(level) && !ZSTD_isError(checksum));
    (void)level;
    (void)checksum;
    return XSW_OK;
}

enum xsw_status sink_open(int fd, const char *name, bool packs, struct sink **sink,
                          struct xsw_error *error)
{
    struct sink *new = calloc(1, sizeof(*new));
    char *copy = strdup(name);
    if (new == NULL || copy == NULL) {
        free(new);
        free(copy);
        close(fd);
        return error_set(error, XSW_NO_MEMORY, "%s: no memory to write it", name);
    }
    new->fd = fd;
    new->interrupt_fd = -1;
    new->name = copy;
    struct stat about;
    int flags = fcntl(fd, F_GETFL);
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && flags >= 0) {
        off_t first = lseek(fd, 0, (flags & O_APPEND) != 0 ? SEEK_END : SEEK_CUR);
        new->can_cut = first >= 0;
        new->first_byte = first >= 0 ? (uint64_t)first : 0;
    }
    if (packs) {
        enum xsw_status status = start_packer(new, error);
        if (status != XSW_OK) {
            (void)sink_close(new, NULL);
            return status;
        }
    }
    *sink = new;
    return XSW_OK;
}

size_t sink_piece_size(const struct sink *sink)
{
    return sink->packer == NULL ? PLAIN_PIECE_SIZE : PACKED_PIECE_SIZE;
}

void sink_interrupt(struct sink *sink, int fd)
{
    sink->interrupt_fd = fd;
}

/* Until a pipe takes more. False with errno set when that is given up. */
static bool wait_for_room(const struct sink *sink)
{
    struct pollfd waits[2] = {{.fd = sink->fd, .events = POLLOUT},
                              {.fd = sink->interrupt_fd, .events = POLLIN}};
    while (poll(waits, 2, -1) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    if (waits[0].revents == 0 && poll(waits, 1, INTERRUPTED_MS) <= 0) {
        errno = EINTR;
        return false;
    }
    return true;
}

/* False with errno set; `done` is how much is out by then. What may block is written in steps that
 * poll() promises to have room for. */
static bool write_all(const struct sink *sink, const uint8_t *bytes, size_t length, size_t *done)
{
    *done = 0;
    while (*done < length) {
        size_t step = length - *done;
        if (!sink->can_cut) {
            if (!wait_for_room(sink)) {
                return false;
            }
            step = step < PIPE_BUF ? step : PIPE_BUF;
        }
        ssize_t written = write(sink->fd, bytes + *done, step);
        if (written == 0) { /* which no file should do, but it must not make us loop */
            errno = EIO;
            return false;
        }
        if (written < 0 && errno != EINTR && errno != EAGAIN) {
            return false;
        }
        *done += written > 0 ? (size_t)written : 0;
    }
    return true;
}

/* Takes back what failed, or remembers that the file has a torn end. */
static void cut_back(struct sink *sink, size_t done)
{
    if (done == 0) {
        sink->is_broken = !sink->can_cut;
        return;
    }
    off_t end = (off_t)(sink->first_byte + sink->file_bytes);
    bool is_cut =
        sink->can_cut && ftruncate(sink->fd, end) == 0 && lseek(sink->fd, end, SEEK_SET) == end;
    sink->is_broken = !is_cut;
}

static enum xsw_status write_piece(struct sink *sink, const uint8_t *bytes, size_t length,
                                   struct xsw_error *error)
{
    if (sink->is_broken) {
        return error_set(error, XSW_IO, "%s: an earlier write failed, nothing more is written",
                         sink->name);
    }
    size_t done;
    if (!write_all(sink, bytes, length, &done)) {
        int saved = errno;
        cut_back(sink, done);
        errno = saved;
        return error_errno(error, "%s: %zu bytes could not be written at byte %" PRIu64, sink->name,
                           length, sink->first_byte + sink->file_bytes);
    }
    sink->file_bytes += length;
    return XSW_OK;
}

/* Memory for one more entry and for what a piece may become. */
static enum xsw_status make_room(struct sink *sink, size_t length, struct xsw_error *error)
{
    size_t bound = ZSTD_compressBound(length);
    if (bound > sink->packed_size) {
        uint8_t *packed = realloc(sink->packed, bound);
        if (packed == NULL) {
            return error_set(error, XSW_NO_MEMORY, "%s: no memory to compress", sink->name);
        }
        sink->packed = packed;
        sink->packed_size = bound;
    }
    if (sink->entry_count == sink->entry_room) {
        size_t room = sink->entry_room == 0 ? 256 : sink->entry_room * 2;
        uint8_t *entries = reallocarray(sink->entries, room, SEEK_ENTRY_SIZE);
        if (entries == NULL) {
            return error_set(error, XSW_NO_MEMORY, "%s: no memory for the seek table", sink->name);
        }
        sink->entries = entries;
        sink->entry_room = room;
    }
    return XSW_OK;
}

static enum xsw_status write_packed(struct sink *sink, const void *piece, size_t length,
                                    struct xsw_error *error)
{
    enum xsw_status status = make_room(sink, length, error);
    if (status != XSW_OK) {
        return status;
    }
    size_t packed = ZSTD_compress2(sink->packer, sink->packed, sink->packed_size, piece, length);
    if (ZSTD_isError(packed)) {
        return error_set(error, XSW_NO_MEMORY, "%s: compression failed: %s", sink->name,
                         ZSTD_getErrorName(packed));
    }
    status = write_piece(sink, sink->packed, packed, error);
    if (status == XSW_OK) {
        uint8_t *entry = sink->entries + sink->entry_count++ * SEEK_ENTRY_SIZE;
        put_le32(entry, (uint32_t)packed);
        put_le32(entry + 4, (uint32_t)length);
    }
    return status;
}

enum xsw_status sink_write(struct sink *sink, const void *piece, size_t length,
                           struct xsw_error *error)
{
    return sink->packer == NULL ? write_piece(sink, piece, length, error)
                                : write_packed(sink, piece, length, error);
}

static enum xsw_status write_seek_table(struct sink *sink, struct xsw_error *error)
{
    size_t entries_size = sink->entry_count * SEEK_ENTRY_SIZE;
    size_t size = SEEK_HEAD_SIZE + entries_size + SEEK_FOOTER_SIZE;
    uint8_t *table = malloc(size);
    if (table == NULL) {
        return error_set(error, XSW_NO_MEMORY, "%s: no memory for the seek table", sink->name);
    }
    put_le32(table, ZSTD_SEEK_FRAME_MAGIC);
    put_le32(table + 4, (uint32_t)(size - SEEK_HEAD_SIZE));
    memcpy(table + SEEK_HEAD_SIZE, sink->entries, entries_size);
    uint8_t *footer = table + SEEK_HEAD_SIZE + entries_size;
    put_le32(footer, (uint32_t)sink->entry_count);
    footer[4] = 0; /* the entries have no checksums: the frames do */
    put_le32(footer + 5, ZSTD_SEEK_FOOTER_MAGIC);
    enum xsw_status status = write_piece(sink, table, size, error);
    free(table);
    return status;
}

uint64_t sink_file_bytes(const struct sink *sink)
{
    return sink->file_bytes;
}

const char *sink_name(const struct sink *sink)
{
    return sink->name;
}

enum xsw_status sink_close(struct sink *sink, struct xsw_error *error)
{
    if (sink == NULL) {
        return XSW_OK;
    }
    enum xsw_status status = XSW_OK;
    if (sink->entry_count > 0 && !sink->is_broken) {
        status = write_seek_table(sink, error);
    }
    if (close(sink->fd) != 0 && status == XSW_OK) {
        status = error_errno(error, "%s: closing failed", sink->name);
    }
    ZSTD_freeCCtx(sink->packer);
    free(sink->packed);
    free(sink->entries);
    free(sink->name);
    free(sink);
    return status;
}
