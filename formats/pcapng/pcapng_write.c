/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers blocks (pcapng_encode.c) to pieces, puts them on the line to the sink (piece_line.c), and
 * keeps the account of packets when that fails.
 */
#include "formats/pcapng/pcapng_write.h"

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
#include "formats/file/piece_line.h"
#include "formats/file/sink.h"
#include "formats/pcapng/pcapng_encode.h"
#include "formats/pcapng/pcapng_journal.h"
#include "formats/pcapng/pcapng_wire.h"

enum {
    NEW_FILE_MODE = 0666,
    STATISTICS_KEPT_MAX = 16 << 20, /* bytes of them, and of events, that wait for room */
    PIECES_REMEMBERED = 64
};

struct pcapng_writer {
    struct sink *sink;
    struct piece_line *line;
    uint64_t pieces;      /* put on the line */
    uint64_t ended;       /* of them, what became of is known */
    uint64_t lost_pieces; /* bit n % PIECES_REMEMBERED: piece n was lost */
    bool is_torn;         /* blocks that later ones need are gone: nothing more can be written */
    struct block_buffer buffer;
    struct block_buffer early; /* events that wait for the first interface */
    uint64_t buffered_packets;
    bool has_section;
    bool has_threads;
    char *section_json; /* of a stream: waits for the first interface */
    bool is_ending;     /* what comes is written as it is */
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
    if (new == NULL || piece_line_open(sink, &new->line, NULL) != XSW_OK) {
        free(new);
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

void pcapng_writer_reserve(struct pcapng_writer *writer, uint64_t bytes)
{
    sink_reserve(writer->sink, bytes);
}

void pcapng_writer_press(struct pcapng_writer *writer, unsigned percent)
{
    piece_line_press(writer->line, percent);
}

enum xsw_status pcapng_writer_start(struct pcapng_writer *writer, unsigned packers,
                                    struct xsw_error *error)
{
    writer->has_threads = true;
    return piece_line_start(writer->line, packers, error);
}

/* Takes the descriptor; -1: there is none, as errno says. */
static enum xsw_status file_begin(int fd, const char *path, struct pcapng_writer **writer,
                                  struct xsw_error *error)
{
    static const char suffix[] = ".zst";
    size_t length = strlen(path);
    bool packs = length > strlen(suffix) && strcmp(path + length - strlen(suffix), suffix) == 0;
    if (fd < 0) {
        return error_errno(error, "%s: cannot be opened for writing", path);
    }
    enum xsw_status status = file_claim(fd, path, error);
    if (status != XSW_OK) {
        close(fd);
        return status;
    }
    return pcapng_writer_open_fd(fd, path, packs ? PCAPNG_ZSTD : PCAPNG_PLAIN, writer, error);
}

enum xsw_status pcapng_writer_open(const char *path, struct pcapng_writer **writer,
                                   struct xsw_error *error)
{
    if (strcmp(path, "-") != 0) {
        return file_begin(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, NEW_FILE_MODE), path, writer,
                          error);
    }
    int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) {
        return error_errno(error, "standard output cannot be written to");
    }
    return pcapng_writer_open_fd(fd, "standard output", PCAPNG_PLAIN, writer, error);
}

enum xsw_status pcapng_writer_create(const char *path, struct pcapng_writer **writer,
                                     struct xsw_error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, NEW_FILE_MODE);
    if (fd < 0 && errno == EEXIST) {
        return error_set(error, XSW_EXISTS,
                         "%s: is there already, and is not written over: name another file", path);
    }
    return file_begin(fd, path, writer, error);
}

/* Throws the packets of the buffer away and keeps what later packets need to be understood. */
static void drop_packets(struct block_buffer *buffer)
{
    size_t kept = 0;
    for (size_t at = 0; at < buffer->length;) {
        const uint8_t *block = buffer->bytes + at;
        uint32_t type = get_le32(block);
        size_t length = get_le32(block + 4);
        bool is_told = type == PCAPNG_BLOCK_STATISTICS || type == PCAPNG_BLOCK_JOURNAL;
        bool is_kept = type == PCAPNG_BLOCK_SECTION || type == PCAPNG_BLOCK_INTERFACE ||
                       (is_told && kept + length <= STATISTICS_KEPT_MAX);
        if (is_kept) {
            memmove(buffer->bytes + kept, block, length);
            kept += length;
        }
        at += length;
    }
    buffer->length = kept;
}

/* What lost pieces leave for later goes before what has been gathered since. */
static void keep_before(struct pcapng_writer *writer, struct block_buffer *kept)
{
    if (block_buffer_append(kept, &writer->buffer, NULL) != XSW_OK) {
        writer->is_torn = true;
    }
    free(writer->buffer.bytes);
    writer->buffer = *kept;
    *kept = (struct block_buffer){0};
}

static void piece_account(struct pcapng_writer *writer, const struct piece_end *end)
{
    uint64_t bit = 1ULL << (++writer->ended % PIECES_REMEMBERED);
    if (end->is_written) {
        writer->account.packets_written += end->packets;
        writer->account.content_bytes += end->content->length;
        writer->lost_pieces &= ~bit;
    } else {
        writer->account.packets_lost += end->packets;
        writer->lost_pieces |= bit;
    }
}

/* Takes in what became of pieces. After a loss it waits for all of them, so that what they leave
 * can be put in order. */
static enum xsw_status take_ends(struct pcapng_writer *writer, struct xsw_error *error)
{
    struct block_buffer kept = {0};
    struct piece_end end;
    enum xsw_status status = XSW_OK;
    for (;;) {
        if (!piece_line_take(writer->line, &end)) {
            if (status == XSW_OK || piece_line_is_empty(writer->line)) {
                break;
            }
            piece_line_wait(writer->line);
            continue;
        }
        piece_account(writer, &end);
        if (end.is_written) {
            continue;
        }
        if (status == XSW_OK) {
            status = end.error->status;
            if (error != NULL) {
                *error = *end.error;
            }
        }
        drop_packets(end.content);
        if (block_buffer_append(&kept, end.content, NULL) != XSW_OK) {
            writer->is_torn = true;
        }
    }
    if (status != XSW_OK) {
        keep_before(writer, &kept);
        piece_line_resume(writer->line);
    }
    return status;
}

static enum xsw_status put_piece(struct pcapng_writer *writer, struct xsw_error *error)
{
    if (writer->is_torn) {
        writer->account.packets_lost += writer->buffered_packets;
        writer->buffered_packets = 0;
        writer->buffer.length = 0;
        return error_set(error, XSW_NO_MEMORY, "%s: no memory, nothing more is written",
                         sink_name(writer->sink));
    }
    size_t alignment = writer->is_ending ? 1 : sink_alignment(writer->sink);
    enum xsw_status status = encode_padding(&writer->buffer, alignment, error);
    if (status != XSW_OK) {
        return status;
    }
    piece_line_put(writer->line, &writer->buffer, writer->buffered_packets);
    writer->buffered_packets = 0;
    writer->pieces++;
    return XSW_OK;
}

/* What is gathered goes on the line. A loss that is noticed now is that of earlier pieces, or,
 * without threads, of this one. */
static enum xsw_status hand_over(struct pcapng_writer *writer, struct xsw_error *error)
{
    enum xsw_status status = take_ends(writer, error);
    while (status == XSW_OK && !piece_line_has_room(writer->line)) {
        piece_line_wait(writer->line);
        status = take_ends(writer, error);
    }
    if (writer->buffer.length == 0) {
        return status;
    }
    enum xsw_status put = put_piece(writer, status == XSW_OK ? error : NULL);
    if (put == XSW_OK) {
        put = take_ends(writer, status == XSW_OK ? error : NULL);
    }
    return status == XSW_OK ? put : status;
}

/* After each block: a full piece goes out. With threads the owner says where a piece ends. */
static inline enum xsw_status hand_over_full(struct pcapng_writer *writer, struct xsw_error *error)
{
    bool is_due = !writer->has_threads && writer->buffer.length >= sink_piece_size(writer->sink);
    return is_due ? hand_over(writer, error) : XSW_OK;
}

static enum xsw_status fail(const struct pcapng_writer *writer, struct xsw_error *error)
{
    return error_prefix(error, "%s", sink_name(writer->sink));
}

enum xsw_status pcapng_writer_section(struct pcapng_writer *writer,
                                      const struct pcapng_section *section, struct xsw_error *error)
{
    if (writer->early.length != 0) {
        return error_set(error, XSW_INVALID,
                         "%s: another section, expected an interface for the events before it",
                         sink_name(writer->sink));
    }
    struct pcapng_section written = *section;
    writer->interface_count = 0;
    free(writer->section_json);
    writer->section_json = NULL;
    if (!sink_is_file(writer->sink) && section->json.text != NULL) {
        writer->section_json = strndup(section->json.text, section->json.length);
        if (writer->section_json == NULL) {
            return error_set(error, XSW_NO_MEMORY, "no memory for the section info");
        }
        written.json = (struct pcapng_json){0};
    }
    enum xsw_status status = encode_section(&writer->buffer, &written, error);
    if (status != XSW_OK) {
        (void)fail(writer, error);
        return status;
    }
    writer->has_section = true;
    return hand_over_full(writer, error);
}

/* Events stand behind the first interface: Wireshark's tools do not rewrite a file in which a block
 * that is none comes first. */
static enum xsw_status put_early(struct pcapng_writer *writer, struct xsw_error *error)
{
    enum xsw_status status = block_buffer_append(&writer->buffer, &writer->early, error);
    if (status == XSW_OK) {
        free(writer->early.bytes);
        writer->early = (struct block_buffer){0};
    }
    return status;
}

enum xsw_status pcapng_writer_interface(struct pcapng_writer *writer,
                                        const struct pcapng_interface *interface, uint32_t *id,
                                        struct xsw_error *error)
{
    if (!writer->has_section) {
        return error_set(error, XSW_INVALID, "%s: an interface before the section",
                         sink_name(writer->sink));
    }
    if (writer->interface_count == PCAPNG_INTERFACES_MAX) {
        return error_set(error, XSW_LIMIT, "%s: has %d interfaces, and a file takes no more",
                         sink_name(writer->sink), PCAPNG_INTERFACES_MAX);
    }
    struct pcapng_interface written = *interface;
    if (writer->section_json != NULL) {
        written.section.text = writer->section_json;
        written.section.length = strlen(writer->section_json);
    }
    enum xsw_status status = encode_interface(&writer->buffer, &written, error);
    free(writer->section_json);
    writer->section_json = NULL;
    if (status != XSW_OK) {
        (void)fail(writer, error);
        return status;
    }
    *id = writer->interface_count++;
    status = put_early(writer, error);
    return status == XSW_OK ? hand_over_full(writer, error) : status;
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

enum xsw_status pcapng_writer_repeat(struct pcapng_writer *writer,
                                     const struct pcapng_template *made,
                                     const struct pcapng_repeat *repeat, struct xsw_error *error)
{
    enum xsw_status status = encode_repeat(&writer->buffer, made, repeat, error);
    if (__builtin_expect(status != XSW_OK, 0)) {
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

enum xsw_status pcapng_writer_event(struct pcapng_writer *writer, const struct pcapng_event *event,
                                    struct xsw_error *error)
{
    if (!writer->has_section) {
        return error_set(error, XSW_INVALID, "%s: an event before the section",
                         sink_name(writer->sink));
    }
    bool is_early = writer->interface_count == 0;
    enum xsw_status status = XSW_OK;
    if (is_early && writer->early.length > STATISTICS_KEPT_MAX) {
        status = error_set(error, XSW_LIMIT, "more than %d bytes of events before an interface",
                           STATISTICS_KEPT_MAX);
    }
    if (status == XSW_OK) {
        status = encode_event(is_early ? &writer->early : &writer->buffer, event, error);
    }
    if (status != XSW_OK) {
        (void)fail(writer, error);
        return status;
    }
    return hand_over_full(writer, error);
}

enum xsw_status pcapng_writer_push(struct pcapng_writer *writer, struct xsw_error *error)
{
    return hand_over(writer, error);
}

enum xsw_status pcapng_writer_settle(struct pcapng_writer *writer, struct xsw_error *error)
{
    return take_ends(writer, error);
}

void pcapng_writer_wait(struct pcapng_writer *writer)
{
    piece_line_wait(writer->line);
}

enum xsw_status pcapng_writer_flush(struct pcapng_writer *writer, struct xsw_error *error)
{
    enum xsw_status status = hand_over(writer, error);
    while (!piece_line_is_empty(writer->line)) {
        piece_line_wait(writer->line);
        enum xsw_status ended = take_ends(writer, status == XSW_OK ? error : NULL);
        status = status == XSW_OK ? ended : status;
    }
    return status;
}

void pcapng_writer_end(struct pcapng_writer *writer)
{
    writer->is_ending = true;
}

uint64_t pcapng_writer_pieces(const struct pcapng_writer *writer)
{
    return writer->pieces;
}

enum pcapng_piece pcapng_writer_piece(struct pcapng_writer *writer, uint64_t number)
{
    if (number > writer->ended) {
        return PCAPNG_PIECE_ON_ITS_WAY;
    }
    bool is_lost = (writer->lost_pieces >> (number % PIECES_REMEMBERED) & 1) != 0;
    return is_lost ? PCAPNG_PIECE_LOST : PCAPNG_PIECE_WRITTEN;
}

struct pcapng_writer_account pcapng_writer_account(const struct pcapng_writer *writer)
{
    struct pcapng_writer_account account = writer->account;
    account.file_bytes = piece_line_file_bytes(writer->line);
    account.waiting_bytes = piece_line_content_bytes(writer->line) + writer->buffer.length;
    return account;
}

enum xsw_status pcapng_writer_close(struct pcapng_writer *writer,
                                    struct pcapng_writer_account *account, struct xsw_error *error)
{
    if (writer == NULL) {
        return XSW_OK;
    }
    pcapng_writer_end(writer);
    enum xsw_status status = put_early(writer, error);
    enum xsw_status flushed = pcapng_writer_flush(writer, status == XSW_OK ? error : NULL);
    status = status == XSW_OK ? flushed : status;
    if (account != NULL) {
        *account = pcapng_writer_account(writer);
    }
    /* The first error is the one that counts. */
    piece_line_close(writer->line);
    enum xsw_status closed = sink_close(writer->sink, status == XSW_OK ? error : NULL);
    free(writer->buffer.bytes);
    free(writer->early.bytes);
    free(writer->section_json);
    free(writer);
    return status == XSW_OK ? closed : status;
}
