/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_JOURNEY_FILE_H
#define XSW_CAPTURE_JOURNEY_FILE_H

/*
 * From the rings to the file: expands the journeys of the rings to pcapng records as
 * formats/pcapng/stage_meta.h lays down. Records of one journey stand together.
 *
 * Threads: one at a time, in the recorder's process.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "capture/ring.h"
#include "formats/pcapng/stage_meta.h"

struct journey_file;
struct pcapng_writer;

/* The names behind the numbers. The recorder gets them from the switch; what it cannot get stays a
 * number. `extension` and `kind` may be empty. */
struct tap_names {
    const char *port;
    const char *port_kind;
    const char *stage;
    const char *extension;
    uint16_t order;
    bool is_egress;
};

/* What the id of a port meant. */
struct tap_port {
    const char *name, *kind; /* null: as `names` tells */
    uint64_t since;          /* ids with the same are the same port; 0 when nothing is known */
};

struct journey_file_options {
    struct pcapng_writer *writer; /* taken, also when opening fails */
    const char *section_json;     /* META_SECTION */
    /* Borrowed until it is closed. */
    const char *host, *switch_name, *os, *comment;
    const char *filter;
    uint64_t wall_offset_ns; /* wall_ns - mono_ns */
    uint32_t snap_length;
    uint64_t stages;  /* records at these only, bit n for stage n, until a ring says otherwise; 0:
                         at all */
    bool every_stage; /* a record at every stage, not only where something happened */
    /* Fills in names; called when a tap point is first used, and for reasons in comments. */
    void (*names)(void *context, uint16_t port, uint16_t stage, struct tap_names *names);
    /* What the id of a port meant under a generation; null: each id means one port, and `names`
     * tells which. It is called once for each port of a worker that changes its generation. */
    void (*port)(void *context, uint16_t id, uint64_t generation, struct tap_port *port);
    /* With it: a port of which a ring tells. Null in place of one: some may have come of which
     * nobody told, as what the ring had is lost. */
    void (*port_came)(void *context, const struct ring_port *came);
    const char *(*reason_name)(void *context, uint16_t reason); /* null when unknown */
    void *context;
};

struct journey_file_account { /* journeys */
    uint64_t written;         /* all of their records were handed to the kernel */
    uint64_t pending;         /* not yet */
    uint64_t lost_disk;       /* at least one record could not be written */
};

enum xsw_status journey_file_open(const struct journey_file_options *options,
                                  struct journey_file **file,
                                  struct xsw_error *error) XSW_MUST_CHECK;

/* One record of the ring of `worker`. A failure to write is counted, and told once it happens; the
 * file stays usable. */
enum xsw_status journey_file_put(struct journey_file *file, uint32_t worker,
                                 const struct ring_record *record,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* Hands on what is there, so that it does not wait for more; the second one waits until all of it
 * has been written or is lost. */
enum xsw_status journey_file_push(struct journey_file *file,
                                  struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status journey_file_flush(struct journey_file *file,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/*
 * For who gives the room of journeys back when they have been written: what was put up to now is
 * settled, that is written or counted as lost, when journey_file_settled() has come to this mark.
 * Both only grow, also from file to file.
 */
uint64_t journey_file_mark(const struct journey_file *file);
uint64_t journey_file_settled(const struct journey_file *file);
/* Looks what became of what was handed on; the second one waits until there is something new. */
enum xsw_status journey_file_settle(struct journey_file *file,
                                    struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status journey_file_wait(struct journey_file *file,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* How full, in percent, the ring is that is the fullest: see pcapng_writer_press. */
void journey_file_press(struct journey_file *file, unsigned percent);
struct journey_file_account journey_file_account(const struct journey_file *file);
/* About how many bytes of records there were, of all files, before compression; cheap. */
uint64_t journey_file_content(const struct journey_file *file);
/* Bytes of the file so far, with an estimate of what is on its way. */
uint64_t journey_file_bytes(const struct journey_file *file);

/* Statistics of every tap point so far: records written, journeys lost. For every now and then. */
enum xsw_status journey_file_statistics(struct journey_file *file, uint64_t lost,
                                        struct xsw_error *error) XSW_MUST_CHECK;
/* The same a last time, with the summary. Call after journey_file_flush, so that the account in it
 * can be right. */
enum xsw_status journey_file_summary(struct journey_file *file, const char *summary_json,
                                     uint64_t lost, struct xsw_error *error) XSW_MUST_CHECK;
/*
 * Goes on in another file, which `writer` writes and is taken. Call it between two journeys, behind
 * the summary of this file. What the workers told so far is carried over: timelines, and losses
 * that no record has told yet; the account goes on. Returns the writer of the file before, to be
 * closed by the caller; error->status says whether the new file could be begun. If not, its first
 * pieces are tried again with the next ones.
 */
struct pcapng_writer *journey_file_next(struct journey_file *file, struct pcapng_writer *writer,
                                        const char *section_json, struct xsw_error *error);
/* Closes and frees, whatever it returns. Accepts null. */
enum xsw_status journey_file_close(struct journey_file *file, struct xsw_error *error);

#endif
