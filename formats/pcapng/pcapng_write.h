/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAPNG_WRITE_H
#define XSW_PCAPNG_WRITE_H

/*
 * Writes one pcapng section, little-endian, so that every stock tool reads it: every interface is
 * Ethernet, with snap length 262144 and nanoseconds. Blocks are gathered to pieces of about 1 MiB
 * (compressed: 4 MiB, which become a row of zstd frames) and a piece is handed to the kernel as a
 * whole, so that a file of a writer that dies ends at a whole block, and at a whole frame.
 *
 * When a piece cannot be written (disk full), the file is cut back to the end of the piece before
 * it; the piece's packets are counted as lost, its section, interfaces and statistics are kept for
 * the next piece, and the call that noticed returns the error. The writer stays usable: later
 * pieces are tried again. On a pipe there is no way back: after a failure every later call fails
 * alike.
 *
 * pcapng_writer_start gives the writer threads of its own: a piece that is handed on is then
 * compressed by one of several, in parallel, and written by another, in order, past the page cache
 * where the file system takes that. For this, and so that the file still ends at a whole block, a
 * piece is filled up to a multiple of 4 KiB with a block for local use, which all readers skip.
 * What fails is noticed a while later then; it is counted in the same way, and pieces that were
 * behind the failed one are lost with it. Memory: four pieces, or two a thread and four more with
 * their frames when compressing.
 *
 * Threads: one at a time. SIGPIPE is the program's business.
 */

#include <stdint.h>

#include <xsw/error.h>

#include "formats/pcapng/pcapng_items.h"
#include "formats/pcapng/pcapng_template.h"

struct pcapng_writer;

struct pcapng_writer_account {
    uint64_t packets_accepted; /* that pcapng_writer_packet took: all but XSW_INVALID and
                                  XSW_NO_MEMORY */
    uint64_t packets_written;  /* handed to the kernel */
    uint64_t packets_lost;     /* were in a piece that could not be written */
    uint64_t content_bytes;    /* of blocks handed to the kernel, before compression */
    uint64_t file_bytes;       /* of the file, after compression */
    uint64_t waiting_bytes;    /* of blocks that are in memory, before compression */
};

/* What became of a piece, by its number. */
enum pcapng_piece { PCAPNG_PIECE_ON_ITS_WAY, PCAPNG_PIECE_WRITTEN, PCAPNG_PIECE_LOST };

enum { PCAPNG_PACK_THREADS_MAX = 16 };

enum {
    PCAPNG_PLAIN = 0,
    PCAPNG_ZSTD = 1 /* small frames, as frame_row.h says, and a seek table at the end */
};

/* Creates or empties the file; XSW_BUSY when another writer has it. "-" is standard output. A path
 * that ends in ".zst" is compressed. */
enum xsw_status pcapng_writer_open(const char *path, struct pcapng_writer **writer,
                                   struct xsw_error *error) XSW_MUST_CHECK;

/* The same of a file that is not there yet; XSW_EXISTS when it is, and it stays as it is. */
enum xsw_status pcapng_writer_create(const char *path, struct pcapng_writer **writer,
                                     struct xsw_error *error) XSW_MUST_CHECK;

/* The same on a descriptor, from where it stands; the writer takes it, also when it fails, and
 * closes it. `name` is for messages, `compression` is PCAPNG_PLAIN or PCAPNG_ZSTD. */
enum xsw_status pcapng_writer_open_fd(int fd, const char *name, int compression,
                                      struct pcapng_writer **writer,
                                      struct xsw_error *error) XSW_MUST_CHECK;

/* The pieces go by threads of the writer's own from here on; before the first piece. A piece
 * ends only at pcapng_writer_push or pcapng_writer_flush then. `packers`, 1
 * to PCAPNG_PACK_THREADS_MAX: how many compress; there is one more that writes. */
enum xsw_status pcapng_writer_start(struct pcapng_writer *writer, unsigned packers,
                                    struct xsw_error *error) XSW_MUST_CHECK;

/* How full, in percent, that is from which the next packets come: the fuller, the less a compressed
 * file is compressed, so that nothing is lost there. Only with threads. */
void pcapng_writer_press(struct pcapng_writer *writer, unsigned percent);

/* So many bytes of the file system are to stay free: what would take of them cannot be written.
 * 0: none. */
void pcapng_writer_reserve(struct pcapng_writer *writer, uint64_t bytes);

/* From now on a write that waits for a pipe gives up, with errno EINTR, a second after `fd` has
 * become readable. The descriptor stays the caller's; -1 ends it. Regular files never wait. */
void pcapng_writer_interrupt(struct pcapng_writer *writer, int fd);

/* The first block; another one begins a section of another recording, whose interfaces are counted
 * from 0 again. In anything but a regular file its JSON goes to the first interface
 * instead: dumpcap 4.0, which reads pipes for Wireshark, overruns its memory at a first block of
 * more than 2048 bytes. */
enum xsw_status pcapng_writer_section(struct pcapng_writer *writer,
                                      const struct pcapng_section *section,
                                      struct xsw_error *error) XSW_MUST_CHECK;

/* Anywhere before the first packet that names it. `id` is for struct pcapng_packet.interface. */
enum xsw_status pcapng_writer_interface(struct pcapng_writer *writer,
                                        const struct pcapng_interface *interface, uint32_t *id,
                                        struct xsw_error *error) XSW_MUST_CHECK;

/* Options are written as `has` tells, a dropcount only when it is not 0. XSW_INVALID, and nothing
 * is written: an unknown interface, more than PCAPNG_SNAP_LENGTH bytes, an option above 65,535
 * bytes. */
enum xsw_status pcapng_writer_packet(struct pcapng_writer *writer,
                                     const struct pcapng_packet *packet,
                                     struct xsw_error *error) XSW_MUST_CHECK;

/* The same, with what was encoded once: the hot path of a recorder. The caller vouches for the
 * interface, and that there are at most PCAPNG_SNAP_LENGTH bytes. */
enum xsw_status pcapng_writer_repeat(struct pcapng_writer *writer,
                                     const struct pcapng_template *made,
                                     const struct pcapng_repeat *repeat,
                                     struct xsw_error *error) XSW_MUST_CHECK;

enum xsw_status pcapng_writer_statistics(struct pcapng_writer *writer,
                                         const struct pcapng_statistics *statistics,
                                         struct xsw_error *error) XSW_MUST_CHECK;

/* Anywhere behind the section. Events need no interface, but those before the first one are put
 * behind it, up to 16 MiB of them. They are kept, within the same bound, when the piece that they
 * are in cannot be written. XSW_INVALID, and nothing is written: no name or
 * message, no wall time, a field whose name is not as it must be, more than
 * PCAPNG_EVENT_LENGTH_MAX bytes. */
enum xsw_status pcapng_writer_event(struct pcapng_writer *writer, const struct pcapng_event *event,
                                    struct xsw_error *error) XSW_MUST_CHECK;

/* What is gathered becomes a piece and is handed on; with threads this waits only while every place
 * for a piece is taken. An error may be that of an earlier piece. */
enum xsw_status pcapng_writer_push(struct pcapng_writer *writer,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Takes in what became of pieces, so that pcapng_writer_piece is of now. An error is that of an
 * earlier piece. */
enum xsw_status pcapng_writer_settle(struct pcapng_writer *writer,
                                     struct xsw_error *error) XSW_MUST_CHECK;
/* Until a piece that is on its way has ended; at once when none is. */
void pcapng_writer_wait(struct pcapng_writer *writer);
/* What comes from here on is the end of the file: it is not filled up. */
void pcapng_writer_end(struct pcapng_writer *writer);
/* The pieces so far, and what became of piece `number`, counted from 1, of the last 64. */
uint64_t pcapng_writer_pieces(const struct pcapng_writer *writer);
enum pcapng_piece pcapng_writer_piece(struct pcapng_writer *writer, uint64_t number);

/* The same, and waits until all has been handed to the kernel; ends the zstd frame. */
enum xsw_status pcapng_writer_flush(struct pcapng_writer *writer,
                                    struct xsw_error *error) XSW_MUST_CHECK;

struct pcapng_writer_account pcapng_writer_account(const struct pcapng_writer *writer);

/* Flushes, writes the seek table of a compressed file, closes and frees, whatever it returns.
 * `account` may be null; it is the last word on what was written and lost. Accepts a null writer.
 */
enum xsw_status pcapng_writer_close(struct pcapng_writer *writer,
                                    struct pcapng_writer_account *account, struct xsw_error *error);

#endif
