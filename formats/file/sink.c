/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole pieces to a descriptor. A packed file gets at its end the table that lets a reader find the
 * frame of an offset: a skippable frame, which stands last because Wireshark does not recognise a
 * file that begins with one.
 */
#include "formats/file/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "formats/byte_order.h"
#include "formats/pcapng/pcapng_wire.h"

enum {
    PLAIN_PIECE_SIZE = 1 << 20,
    PACKED_PIECE_SIZE = 4 << 20,
    DIRECT_ALIGNMENT = 4096,
    DIRECT_PIECE_MIN = 64 << 10, /* a smaller one would be filled up with too much */
    WRITE_BACK_BYTES = 8 << 20,  /* how much may gather in the page cache before the disk begins */
    SEEK_HEAD_SIZE = 8,
    SEEK_ENTRY_SIZE = 8,
    SEEK_FOOTER_SIZE = 9,
    INTERRUPTED_MS = 1000 /* how long a pipe may still take to make room then */
};

struct sink {
    int fd;
    _Atomic int interrupt_fd;        /* readable: do not wait for a pipe any more; -1: none */
    _Atomic uint64_t reserved_bytes; /* of the file system, that are to stay free */
    char *name;
    bool can_cut;               /* a regular file: what failed can be taken back */
    bool is_broken;             /* a part of a piece is out and cannot be taken back */
    _Atomic bool is_direct;     /* past the page cache, now */
    _Atomic bool may_go_direct; /* packed pieces that are large enough */
    bool packs;
    uint64_t first_byte; /* of the file, where the descriptor stood */
    uint64_t file_bytes; /* of whole pieces */
    uint64_t sent_back;  /* of them, the disk was told to begin with */
    uint8_t *entries;    /* of the seek table, SEEK_ENTRY_SIZE each */
    size_t entry_count;
    size_t entry_room;
};

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
    new->packs = packs;
    struct stat about;
    int flags = fcntl(fd, F_GETFL);
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && flags >= 0) {
        off_t first = lseek(fd, 0, (flags & O_APPEND) != 0 ? SEEK_END : SEEK_CUR);
        new->can_cut = first >= 0;
        new->first_byte = first >= 0 ? (uint64_t)first : 0;
    }
    *sink = new;
    return XSW_OK;
}

size_t sink_piece_size(const struct sink *sink)
{
    return sink->packs ? PACKED_PIECE_SIZE : PLAIN_PIECE_SIZE;
}

bool sink_packs(const struct sink *sink)
{
    return sink->packs;
}

bool sink_is_file(const struct sink *sink)
{
    return sink->can_cut;
}

void sink_interrupt(struct sink *sink, int fd)
{
    atomic_store_explicit(&sink->interrupt_fd, fd, memory_order_relaxed);
}

void sink_reserve(struct sink *sink, uint64_t bytes)
{
    atomic_store_explicit(&sink->reserved_bytes, bytes, memory_order_relaxed);
}

/* False: the file system does not know that. */
static bool direct_set(struct sink *sink, bool is_direct)
{
    if (sink->is_direct == is_direct) {
        return true;
    }
    int flags = fcntl(sink->fd, F_GETFL);
    int wanted = is_direct ? flags | O_DIRECT : flags & ~O_DIRECT;
    if (flags < 0 || fcntl(sink->fd, F_SETFL, wanted) != 0) {
        return false;
    }
    sink->is_direct = is_direct;
    return true;
}

void sink_go_direct(struct sink *sink)
{
    bool is_aligned = (sink->first_byte + sink->file_bytes) % DIRECT_ALIGNMENT == 0;
    bool may = sink->can_cut && is_aligned && direct_set(sink, true);
    if (may && sink->packs) {
        sink->may_go_direct = direct_set(sink, false);
    }
}

size_t sink_alignment(const struct sink *sink)
{
    return sink->is_direct && !sink->packs ? DIRECT_ALIGNMENT : 1;
}

bool sink_wants_whole_pages(const struct sink *sink, size_t length)
{
    return sink->may_go_direct && length >= DIRECT_PIECE_MIN;
}

uint64_t sink_place(const struct sink *sink)
{
    return sink->first_byte + sink->file_bytes;
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

/* A file system may take the flag and then not the write, or not from where it stands. */
static bool leave_direct(struct sink *sink)
{
    sink->may_go_direct = false;
    return sink->is_direct && direct_set(sink, false);
}

/* False with errno set; `done` is how much is out by then. What may block is written in steps that
 * poll() promises to have room for. */
static bool write_all(struct sink *sink, const uint8_t *bytes, size_t length, size_t *done)
{
    *done = 0;
    if (length % DIRECT_ALIGNMENT != 0 && sink->is_direct) { /* the end of a file */
        (void)direct_set(sink, false);
    }
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
        if (written < 0 && errno == EINVAL && leave_direct(sink)) {
            continue;
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

/* What is to stay free is not there to be written. */
static bool has_room(const struct sink *sink, size_t length)
{
    uint64_t reserved = atomic_load_explicit(&sink->reserved_bytes, memory_order_relaxed);
    struct statvfs about;
    if (reserved == 0 || !sink->can_cut || fstatvfs(sink->fd, &about) != 0) {
        return true;
    }
    uint64_t free_bytes = (uint64_t)about.f_bavail * about.f_frsize;
    return free_bytes >= reserved && free_bytes - reserved >= length;
}

static enum xsw_status write_piece(struct sink *sink, const uint8_t *bytes, size_t length,
                                   struct xsw_error *error)
{
    if (sink->is_broken) {
        return error_set(error, XSW_IO, "%s: an earlier write failed, nothing more is written",
                         sink->name);
    }
    if (!has_room(sink, length)) {
        return error_set(error, XSW_LIMIT,
                         "%s: less than %" PRIu64 " MiB are free on its file system: nothing is "
                         "written until there is room (see --min-free)",
                         sink->name, (sink->reserved_bytes + (1 << 20) - 1) >> 20);
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

/* So that the page cache never holds much that only closing would write. */
static void begin_write_back(struct sink *sink)
{
    uint64_t gathered = sink->file_bytes - sink->sent_back;
    if (sink->can_cut && !sink->is_direct && gathered >= WRITE_BACK_BYTES) {
        (void)sync_file_range(sink->fd, (off_t)(sink->first_byte + sink->sent_back),
                              (off_t)gathered, SYNC_FILE_RANGE_WRITE);
        sink->sent_back = sink->file_bytes;
    }
}

static enum xsw_status make_entry_room(struct sink *sink, size_t more, struct xsw_error *error)
{
    if (sink->entry_room - sink->entry_count >= more) {
        return XSW_OK;
    }
    size_t room = sink->entry_room * 2 + more;
    uint8_t *entries = reallocarray(sink->entries, room, SEEK_ENTRY_SIZE);
    if (entries == NULL) {
        return error_set(error, XSW_NO_MEMORY, "%s: no memory for the seek table", sink->name);
    }
    sink->entries = entries;
    sink->entry_room = room;
    return XSW_OK;
}

/* A packed piece that begins and ends at a page goes past the page cache. */
static void direct_choose(struct sink *sink, const void *piece, size_t length)
{
    uint64_t aligned = sink_place(sink) | length | (uintptr_t)piece;
    (void)direct_set(sink, sink->may_go_direct && length >= DIRECT_PIECE_MIN &&
                               aligned % DIRECT_ALIGNMENT == 0);
}

enum xsw_status sink_write(struct sink *sink, const void *piece, size_t length,
                           struct xsw_error *error)
{
    enum xsw_status status = write_piece(sink, piece, length, error);
    if (status == XSW_OK) {
        begin_write_back(sink);
    }
    return status;
}

enum xsw_status sink_write_row(struct sink *sink, const struct frame_row *row,
                               struct xsw_error *error)
{
    enum xsw_status status = make_entry_room(sink, row->part_count, error);
    if (status == XSW_OK) {
        direct_choose(sink, row->bytes, row->length);
        status = sink_write(sink, row->bytes, row->length, error);
    }
    for (size_t i = 0; status == XSW_OK && i < row->part_count; i++) {
        uint8_t *entry = sink->entries + sink->entry_count++ * SEEK_ENTRY_SIZE;
        put_le32(entry, (uint32_t)row->parts[i].length);
        put_le32(entry + 4, (uint32_t)row->parts[i].content_length);
    }
    return status;
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
        (void)direct_set(sink, false);
        sink_reserve(sink, 0);
        status = write_seek_table(sink, error);
    }
    if (sink->can_cut && fdatasync(sink->fd) != 0 && errno != EINVAL && errno != ENOSYS &&
        status == XSW_OK) {
        status = error_errno(error, "%s: the disk did not take all of it", sink->name);
    }
    if (close(sink->fd) != 0 && status == XSW_OK) {
        status = error_errno(error, "%s: closing failed", sink->name);
    }
    free(sink->entries);
    free(sink->name);
    free(sink);
    return status;
}
