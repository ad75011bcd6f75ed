/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_FLIGHT_READER_H
#define XSW_CAPTURE_FLIGHT_READER_H

/*
 * Reads the memory of a flight recorder (capture/flight/flight_ring.h) from another process,
 * whether the switch lives or was killed. Blocks are copied one by one; a copy is whole or is not
 * given at all.
 *
 * Nothing in the file is believed: its sizes are checked against that of the file, each block is
 * copied with read(2), so that a file that shrinks gives an error and no signal, and the records of
 * a copy are checked one by one. Whether the switch lives is known by the lock that it holds.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "capture/flight/flight_ring.h"

struct flight_reader;

struct flight_info {
    struct flight_header header; /* as of the last look; texts end in zero */
    bool is_living;              /* a process has it */
};

/* XSW_NOT_FOUND: there is no such file; XSW_CORRUPT: it is no flight recorder's, or of another
 * build; XSW_AGAIN: it is just being made. */
enum xsw_status flight_reader_open(const char *path, struct flight_reader **reader,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* The same on a descriptor, which is taken. `name` is for errors. */
enum xsw_status flight_reader_open_fd(int fd, const char *name, struct flight_reader **reader,
                                      struct xsw_error *error) XSW_MUST_CHECK;
void flight_reader_close(struct flight_reader *reader); /* accepts null */

/* Looks again at the header and the lock. */
enum xsw_status flight_reader_look(struct flight_reader *reader,
                                   struct xsw_error *error) XSW_MUST_CHECK;
const struct flight_info *flight_reader_info(const struct flight_reader *reader);
const char *flight_reader_name(const struct flight_reader *reader);

/* The newest dictionary, a JSON text to be freed; XSW_NOT_FOUND: there is none that is whole. */
enum xsw_status flight_reader_dictionary(struct flight_reader *reader, char **json,
                                         struct xsw_error *error) XSW_MUST_CHECK;

/* What a worker shares beside its blocks. */
struct flight_worker_view {
    uint64_t newest;
    bool is_opening;                /* it was just about to go on in the next block */
    struct capture_account account; /* over all stages */
    uint64_t fires[FLIGHT_TRIGGERS_MAX], early[FLIGHT_TRIGGERS_MAX];
    uint64_t fire_mono_ns[FLIGHT_TRIGGERS_MAX], fire_packet_id[FLIGHT_TRIGGERS_MAX];
};
enum xsw_status flight_reader_worker(struct flight_reader *reader, uint32_t worker,
                                     struct flight_worker_view *view,
                                     struct xsw_error *error) XSW_MUST_CHECK;

/* Blocks ------------------------------------------------------------------------------------- */

/* What stands at the place of a block. */
struct flight_place {
    uint64_t sequence; /* 0: empty, or being re-used when its switch was killed */
    uint64_t committed, first_mono_ns, last_mono_ns, journeys_before;
    bool has_more; /* something was being written behind what is committed */
};
enum xsw_status flight_reader_place(struct flight_reader *reader, uint32_t worker, uint32_t index,
                                    struct flight_place *place,
                                    struct xsw_error *error) XSW_MUST_CHECK;

struct flight_copy {
    uint32_t worker;
    uint64_t sequence;
    bool is_closed; /* the worker has gone on in the next one: there will be no more in it */
    uint64_t first_mono_ns, last_mono_ns;
    uint64_t journeys_before;
    struct capture_account account; /* as of the last batch that ended before it */
    uint32_t size;                  /* bytes of records */
    uint32_t next;                  /* of them, read */
    bool has_timeline;
    uint8_t *bytes;
};

/* XSW_AGAIN: it has not begun. XSW_NOT_FOUND: it has been overwritten. On XSW_OK the copy is to be
 * freed by flight_copy_free. */
enum xsw_status flight_reader_copy(struct flight_reader *reader, uint32_t worker, uint64_t sequence,
                                   struct flight_copy *copy,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* The next timeline, journey, gap or event; valid as long as the copy. XSW_END: there are no more.
 * XSW_CORRUPT: the rest makes no sense. */
enum xsw_status flight_copy_next(struct flight_copy *copy, const struct ring_record **record,
                                 struct xsw_error *error) XSW_MUST_CHECK;
void flight_copy_free(struct flight_copy *copy);

/* One worker's blocks in order, from a point in time on. */
struct flight_cursor {
    struct flight_reader *reader;
    uint32_t worker;
    uint64_t sequence; /* of the next one */
};
/* At the first block with anything at or behind `from_mono_ns`; 0: at the oldest. */
enum xsw_status flight_cursor_init(struct flight_cursor *cursor, struct flight_reader *reader,
                                   uint32_t worker, uint64_t from_mono_ns,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* The next one that is still there. Without `takes_open` the one that is being written is left for
 * later. XSW_AGAIN: none now. */
enum xsw_status flight_cursor_take(struct flight_cursor *cursor, bool takes_open,
                                   struct flight_copy *copy,
                                   struct xsw_error *error) XSW_MUST_CHECK;

#endif
