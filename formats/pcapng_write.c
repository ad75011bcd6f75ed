/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers blocks (pcapng_encode.c) to pieces, hands them to the sink (sink.c), and keeps the
 * account of packets when that fails.
 */
#include "formats/pcapng_write.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "formats/byte_order.h"
#include "formats/pcapng_encode.h"
#include "formats/pcapng_wire.h"
#include "formats/sink.h"

enum {
    NEW_FILE_MODE = 0666,
    STATISTICS_KEPT_MAX = 16 << 20 /* bytes of them that wait for a disk with room */
};

struct pcapng_writer {
    struct sink *sink;
    struct block_buffer buffer;
    uint64_t buffered_packets;
    bool has_section;
    uint32_t interface_count;
    struct pcapng_writer_account account;
};

enum xsw_status pcapng_writer_open_fd(int fd, const char *name, int compression,
                                      struct pcapng_writer **writer, struct xsw_error *error)
{
    struct sink *sink;
    enum xsw_status status = sink_open(fd, name, compression == PCAPNG_ZSTD, &sink, error);
    if (status != XSW_OK) {
        return status;
    }
    struct pcapng_writer *new = calloc(1, sizeof(*new));
    if (new == NULL) {
        (void)sink_close(sink, NULL);
        return error_set(error, XSW_NO_MEMORY, "%s: no memory to write it", name);
    }
    new->sink = sink;
    *writer = new;
    return XSW_OK;
}

/* Empties a file that nobody else of us is writing; two writers would tear each other's blocks. The
 * lock goes with the descriptor. */
static enum xsw_status file_claim(int fd, const char *path, struct xsw_error *error)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        return XSW_OK;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        return error_set(error, XSW_BUSY, "%s: another recording is being written to it", path);
    }
    if (ftruncate(fd, 0) != 0) {
        return error_errno(error, "%s: cannot be emptied", path);
    }
    return XSW_OK;
}

void pcapng_writer_interrupt(struct pcapng_writer *writer, int fd)
{
    sink_interrupt(writer->sink, fd);
}

enum xsw_status pcapng_writer_open(const char *path, struct pcapng_writer **writer,
                                   struct xsw_error *error)
{
    static const char suffix[] = ".zst";
    size_t length = strlen(path);
    bool is_stdout = strcmp(path, "-") == 0;
    bool packs = length > strlen(suffix) && strcmp(path + length - strlen(suffix), suffix) == 0;
    int fd = is_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                       : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, NEW_FILE_MODE);
    if (fd < 0) {
        return error_errno(error, "%s: cannot be opened for writing", path);
    }
    enum xsw_status status = is_stdout ? XSW_OK : file_claim(fd, path, error);
    if (status != XSW_OK) {
        close(fd);
        return status;
    }
    return pcapng_writer_open_fd(fd, is_stdout ? "standard output" : path,
                                 packs ? PCAPNG_ZSTD : PCAPNG_PLAIN, writer, error);
}

/* Throws the packets of the buffer away and keeps what later packets need to be understood. */
static void drop_packets(struct block_buffer *buffer)
{
    size_t kept = 0;
    for (size_t at = 0; at < buffer->length;) {
        const uint8_t *block = buffer->bytes + at;
        uint32_t type = get_le32(block);
        size_t length = get_le32(block + 4);
        bool is_kept = type == PCAPNG_BLOCK_SECTION || type == PCAPNG_BLOCK_INTERFACE ||
                       (type == PCAPNG_BLOCK_STATISTICS && kept + length <= STATISTICS_KEPT_MAX);
        if (is_kept) {
            memmove(buffer->bytes + kept, block, length);
            kept += length;
        }
        at += length;
    }
    buffer->length = kept;
}

static enum xsw_status hand_over(struct pcapng_writer *writer, struct xsw_error *error)
{
    struct block_buffer *buffer = &writer->buffer;
    if (buffer->length == 0) {
        return XSW_OK;
    }
    enum xsw_status status = sink_write(writer->sink, buffer->bytes, buffer->length, error);
    if (status == XSW_OK) {
        writer->account.packets_written += writer->buffered_packets;
        writer->account.content_bytes += buffer->length;
        buffer->length = 0;
    } else {
        writer->account.packets_lost += writer->buffered_packets;
        drop_packets(buffer);
    }
    writer->buffered_packets = 0;
    return status;
}

/* After each block: a full piece goes out. */
static inline enum xsw_status hand_over_full(struct pcapng_writer *writer, struct xsw_error *error)
{
    return writer->buffer.length < sink_piece_size(writer->sink) ? XSW_OK
                                                                 : hand_over(writer, error);
}

static enum xsw_status fail(const struct pcapng_writer *writer, struct xsw_error *error)
{
    return error_prefix(error, "%s", sink_name(writer->sink));
}

enum xsw_status pcapng_writer_section(struct pcapng_writer *writer,
                                      const struct pcapng_section *section, struct xsw_error *error)
{
    if (writer->has_section) {
        return error_set(error, XSW_INVALID, "%s: a second section, expected one",
                         sink_name(writer->sink));
    }
    enum xsw_status status = encode_section(&writer->buffer, section, error);
    if (status != XSW_OK) {
        (void)fail(writer, error);
        return status;
    }
    writer->has_section = true;
    return hand_over_full(writer, error);
}

enum xsw_status pcapng_writer_interface(struct pcapng_writer *writer,
                                        const struct pcapng_interface *interface, uint32_t *id,
                                        struct xsw_error *error)
{
    if (!writer->has_section || writer->interface_count == PCAPNG_INTERFACES_MAX) {
        return error_set(error, XSW_INVALID,
                         "%s: an interface before the section, or more than %d of them",
                         sink_name(writer->sink), PCAPNG_INTERFACES_MAX);
    }
    enum xsw_status status = encode_interface(&writer->buffer, interface, error);
    if (status != XSW_OK) {
        (void)fail(writer, error);
        return status;
    }
    *id = writer->interface_count++;
    return hand_over_full(writer, error);
}

static enum xsw_status check_interface(const struct pcapng_writer *writer, uint32_t id,
                                       struct xsw_error *error)
{
    if (id < writer->interface_count) {
        return XSW_OK;
    }
    return error_set(error, XSW_INVALID, "interface %" PRIu32 ", expected one of the %" PRIu32, id,
                     writer->interface_count);
}

enum xsw_status pcapng_writer_packet(struct pcapng_writer *writer,
                                     const struct pcapng_packet *packet, struct xsw_error *error)
{
    enum xsw_status status = check_interface(writer, packet->interface, error);
    if (status == XSW_OK) {
        status = encode_packet(&writer->buffer, packet, error);
    }
    if (status != XSW_OK) {
        (void)fail(writer, error);
        return status;
    }
    writer->buffered_packets++;
    writer->account.packets_accepted++;
    return hand_over_full(writer, error);
}

enum xsw_status pcapng_writer_statistics(struct pcapng_writer *writer,
                                         const struct pcapng_statistics *statistics,
                                         struct xsw_error *error)
{
    enum xsw_status status = check_interface(writer, statistics->interface, error);
    if (status == XSW_OK) {
        status = encode_statistics(&writer->buffer, statistics, error);
    }
    if (status != XSW_OK) {
        (void)fail(writer, error);
        return status;
    }
    return hand_over_full(writer, error);
}

enum xsw_status pcapng_writer_flush(struct pcapng_writer *writer, struct xsw_error *error)
{
    return hand_over(writer, error);
}

struct pcapng_writer_account pcapng_writer_account(const struct pcapng_writer *writer)
{
    struct pcapng_writer_account account = writer->account;
    account.file_bytes = sink_file_bytes(writer->sink);
    return account;
}

enum xsw_status pcapng_writer_close(struct pcapng_writer *writer,
                                    struct pcapng_writer_account *account, struct xsw_error *error)
{
    if (writer == NULL) {
        return XSW_OK;
    }
    enum xsw_status status = hand_over(writer, error);
    if (account != NULL) {
        *account = pcapng_writer_account(writer);
    }
    /* The first error is the one that counts. */
    enum xsw_status closed = sink_close(writer->sink, status == XSW_OK ? error : NULL);
    free(writer->buffer.bytes);
    free(writer);
    return status == XSW_OK ? closed : status;
}
