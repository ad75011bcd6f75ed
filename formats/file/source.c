/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read(2) in pieces, and libzstd's streaming decompression on top of it when asked for. Used by
 * pcapng_read.c alone.
 */
#include "formats/file/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "base/error.h"
#include "formats/byte_order.h"
#include "formats/pcapng/pcapng_wire.h"

enum { PACKED_SIZE = 1 << 20 };

struct source {
    int fd;
    char *name;
    uint64_t bytes_read;
    uint64_t size;
    ZSTD_DCtx *unpacker; /* null: the bytes are given as they are */
    ZSTD_inBuffer packed;
    uint8_t *packed_bytes;
    bool inside_frame; /* a frame has begun and not ended */
    bool holds_more;   /* the unpacker filled the last buffer: ask it before reading on */
};

enum xsw_status source_open(int fd, const char *name, struct source **source,
                            struct xsw_error *error)
{
    struct source *new = calloc(1, sizeof(*new));
    char *copy = strdup(name);
    if (new == NULL || copy == NULL) {
        free(new);
        free(copy);
        close(fd);
        return error_set(error, XSW_NO_MEMORY, "%s: no memory to read it", name);
    }
    new->fd = fd;
    new->name = copy;
    struct stat about;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0) {
        new->size = (uint64_t)about.st_size;
        /* Only advice: reading works as well without it. */
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    *source = new;
    return XSW_OK;
}

/* XSW_END at the end of the file. */
static enum xsw_status read_raw(struct source *source, void *buffer, size_t size, size_t *got,
                                struct xsw_error *error)
{
    ssize_t length;
    do {
        length = read(source->fd, buffer, size);
    } while (length < 0 && errno == EINTR);
    if (length < 0) {
        return error_errno(error, "%s: byte %" PRIu64 " could not be read", source->name,
                           source->bytes_read);
    }
    source->bytes_read += (uint64_t)length;
    *got = (size_t)length;
    return length == 0 ? XSW_END : XSW_OK;
}

static enum xsw_status refill(struct source *source, struct xsw_error *error)
{
    size_t got = 0;
    enum xsw_status status = read_raw(source, source->packed_bytes, PACKED_SIZE, &got, error);
    if (status == XSW_END && source->inside_frame) {
        return error_set(error, XSW_TRUNCATED,
                         "%s: the file ends at byte %" PRIu64
                         " inside a zstd frame, expected the rest of the frame",
                         source->name, source->bytes_read);
    }
    source->packed = (ZSTD_inBuffer){source->packed_bytes, got, 0};
    return status;
}

static enum xsw_status read_unpacked(struct source *source, void *buffer, size_t size, size_t *got,
                                     struct xsw_error *error)
{
    ZSTD_outBuffer out = {buffer, size, 0};
    while (out.pos == 0) {
        if (source->packed.pos == source->packed.size && !source->holds_more) {
            enum xsw_status status = refill(source, error);
            if (status != XSW_OK) {
                return status;
            }
        }
        size_t hint = ZSTD_decompressStream(source->unpacker, &out, &source->packed);
        if (ZSTD_isError(hint)) {
            uint64_t at = source->bytes_read - source->packed.size + source->packed.pos;
            return error_set(error, XSW_CORRUPT,
                             "%s: near byte %" PRIu64 ": %s, expected valid zstd frames",
                             source->name, at, ZSTD_getErrorName(hint));
        }
        source->inside_frame = hint != 0;
        source->holds_more = source->inside_frame && out.pos == out.size;
    }
    *got = out.pos;
    return XSW_OK;
}

enum xsw_status source_read(struct source *source, void *buffer, size_t size, size_t *got,
                            struct xsw_error *error)
{
    return source->unpacker == NULL ? read_raw(source, buffer, size, got, error)
                                    : read_unpacked(source, buffer, size, got, error);
}

bool source_is_zstd(const void *bytes, size_t length)
{
    if (length < 4) {
        return false;
    }
    uint32_t first = get_le32(bytes);
    return first == ZSTD_FRAME_MAGIC || (first & ~15u) == (ZSTD_SEEK_FRAME_MAGIC & ~15u);
}

enum xsw_status source_unpack(struct source *source, const void *bytes, size_t length,
                              struct xsw_error *error)
{
    source->packed_bytes = malloc(PACKED_SIZE);
    source->unpacker = ZSTD_createDCtx();
    if (source->packed_bytes == NULL || source->unpacker == NULL || length > PACKED_SIZE) {
        return error_set(error, XSW_NO_MEMORY, "%s: no memory to unpack it", source->name);
    }
    memcpy(source->packed_bytes, bytes, length);
    source->packed = (ZSTD_inBuffer){source->packed_bytes, length, 0};
    return XSW_OK;
}

bool source_is_plain(const struct source *source)
{
    return source->unpacker == NULL && source->size != 0;
}

enum xsw_status source_seek(struct source *source, uint64_t offset, struct xsw_error *error)
{
    if (!source_is_plain(source)) {
        return error_set(error, XSW_UNSUPPORTED,
                         "%s: compressed, or no regular file: it can be read from its begin alone",
                         source->name);
    }
    if (lseek(source->fd, (off_t)offset, SEEK_SET) < 0) {
        return error_errno(error, "%s: byte %" PRIu64 " cannot be gone to", source->name, offset);
    }
    source->bytes_read = offset;
    return XSW_OK;
}

const char *source_name(const struct source *source)
{
    return source->name;
}

uint64_t source_bytes_read(const struct source *source)
{
    return source->bytes_read;
}

uint64_t source_size(const struct source *source)
{
    return source->size;
}

void source_close(struct source *source)
{
    if (source == NULL) {
        return;
    }
    ZSTD_freeDCtx(source->unpacker);
    free(source->packed_bytes);
    free(source->name);
    close(source->fd);
    free(source);
}
