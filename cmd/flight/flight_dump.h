/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_FLIGHT_DUMP_H
#define XSW_CMD_FLIGHT_DUMP_H

/*
 * Writes a span of time of a flight recorder into a file. The blocks are copied as soon as the
 * worker has left them, which is many times faster than it fills them, and unfolded one after the
 * other; so what the recorder overwrites meanwhile is in our memory already, up to a limit. What is
 * beyond it is lost, exactly counted, and told in the file.
 *
 * Threads: one; the writer has threads of its own.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

#include "capture/flight/flight_reader.h"
#include "capture/ring.h"

struct flight_dump;

/* Why a file is written. */
struct flight_cause {
    char name[CONFIG_NAME_SIZE]; /* of the trigger: in the file's name */
    char text[192];              /* what it was to look for; may be empty */
    uint64_t mono_ns;            /* when it was hit */
    uint64_t packet_id;          /* 0: it is about none */
    uint64_t suppressed;         /* hits before this one for which no file was written */
};

struct flight_dump_options {
    struct flight_reader *reader; /* borrowed until the dump is closed */
    const char *path;
    struct flight_cause cause;
    uint64_t from_mono_ns, to_mono_ns;
    bool is_whole; /* all that there is: the account is that of the whole session */
    bool every_stage;
    uint64_t queue_bytes; /* of copies that wait to be unfolded, at most; 0: the ring's size */
    uint64_t min_free_bytes;
};

struct flight_dump_worker { /* journeys */
    uint64_t written_ever;  /* by the worker, since the recorder began; only with is_whole */
    uint64_t put, outside, overwritten, unreadable;
    uint64_t blocks, torn_blocks;
    uint64_t first_mono_ns, last_mono_ns, last_packet_id;
    struct capture_account account;
};

struct flight_dump_result {
    char path[PATH_MAX];
    uint64_t bytes;
    uint64_t written, lost_disk; /* journeys */
    uint32_t worker_count;
    struct flight_dump_worker workers[CONFIG_WORKERS_MAX];
    char problem[sizeof(
        ((struct xsw_error *)NULL)->text)]; /* the first thing that made no sense; else empty */
};

/* Opens the file, which must not be there, and takes what there is of the span. */
enum xsw_status flight_dump_open(const struct flight_dump_options *options,
                                 struct flight_dump **dump, struct xsw_error *error) XSW_MUST_CHECK;
/* Goes on a little: copies what is new, unfolds some of it. True: there is more to do at once. */
bool flight_dump_step(struct flight_dump *dump);
uint64_t flight_dump_end_ns(const struct flight_dump *dump); /* to_mono_ns */
/* All the rest, the account, and the end. Closes and frees, whatever it returns. */
enum xsw_status flight_dump_close(struct flight_dump *dump, struct flight_dump_result *result,
                                  struct xsw_error *error) XSW_MUST_CHECK;

/* "DIR/SWITCH-YYYYmmddTHHMMSS.mmm-CAUSE.pcapng", by the local time of the cause. */
enum xsw_status flight_dump_name(const char *folder, const struct flight_info *info,
                                 const struct flight_cause *cause, bool compresses,
                                 char path[PATH_MAX], struct xsw_error *error) XSW_MUST_CHECK;

/* Sums over the workers. */
struct flight_dump_worker flight_dump_sum(const struct flight_dump_result *result);
/* {"file", "bytes", "written", "account", "workers"}. */
json_t *flight_dump_json(const struct flight_dump_result *result);

#endif
