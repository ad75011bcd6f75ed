/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_ORPHANS_H
#define XSW_CMD_ORPHANS_H

/*
 * What a recorder that died had not written yet. xswd keeps the rings of a session whose connection
 * ended without capture.detach (cmd/xswd/xswd_orphans.h); here they are listed, and what is in them
 * becomes a recording of its own, behind the last journey that the dead recorder is known to have
 * written. A recorder gives room in a ring back only when the disk has the journeys that were in
 * it, so that its file and the recovered one together have all that the switch committed.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

struct client;
struct journey_ids;

/* What was found in the rings of one session. */
struct orphan_recovered {
    uint64_t orphan;   /* number by which xswd knows it */
    uint64_t journeys; /* that are in the file now */
    uint64_t known;    /* left out, since they are in the dead recorder's own file */
    uint64_t unreadable_rings;
    uint64_t lost_disk;         /* could not be written */
    uint64_t last_id;           /* packet id of the last journey; 0: none */
    uint64_t first_ns, last_ns; /* span of the journeys, CLOCK_MONOTONIC; 0: none */
    uint32_t rings;             /* one a worker */
    uint64_t file_bytes;
};

/* capture.orphans: a list of {"orphan", "switch", "age_seconds", "uid", "pid", "bytes_left",
 * "account", "capture"}. The caller releases it. */
enum xsw_status orphans_list(struct client *client, json_t **list,
                             struct xsw_error *error) XSW_MUST_CHECK;

/*
 * Asks for the rings of `orphan` and writes all journeys that are still in them to `path`, an
 * ordinary recording (".zst" compresses) whose section says "recovered". Room is given back as the
 * disk takes the journeys: when all of it is written the orphan is empty, and xswd forgets it; when
 * this fails halfway it can be called again, for the rest, with another file: what the first one
 * has is in the rings no longer. XSW_EXISTS: there is something at `path`; it stays as it is, and
 * so do the rings. XSW_NOT_FOUND: there is no such orphan.
 */
enum xsw_status orphan_write(struct client *client, uint64_t orphan, const char *path,
                             struct orphan_recovered *recovered,
                             struct xsw_error *error) XSW_MUST_CHECK;
/* The same, but for journeys that are in `known` (cmd/capture/journey_ids.h): those of the dead
 * recorder's last files, which had the last pieces already. May be null. */
enum xsw_status orphan_write_behind(struct client *client, uint64_t orphan, const char *path,
                                    struct journey_ids *known, struct orphan_recovered *recovered,
                                    struct xsw_error *error) XSW_MUST_CHECK;

#endif
