/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_BLACKBOX_SCAN_H
#define XSW_CMD_BLACKBOX_SCAN_H

/*
 * What is in the memory of a flight recorder, block by block: what is whole, and what was just
 * being written when its switch was killed. Nothing is written.
 *
 * Threads: main.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

#include "capture/flight/flight_reader.h"

struct blackbox_worker {
    uint64_t blocks;      /* with anything whole in them */
    uint64_t torn_blocks; /* whose records make no sense from some place on */
    bool was_writing;     /* journeys were being written that had not been committed */
    bool was_opening;     /* the oldest block was just being taken again */
    uint64_t open_bytes;  /* committed in the newest block */
    uint64_t journeys;    /* that can be read */
    uint64_t overwritten; /* that were written before these */
    uint64_t unreadable;  /* in torn blocks, as far as later blocks tell */
    uint64_t first_mono_ns, last_mono_ns;
    uint64_t last_packet_id;
    char problem[sizeof(((struct xsw_error *)NULL)->text)]; /* the first one; or empty */
};

struct blackbox_ring {
    bool is_living, is_torn;
    uint32_t state; /* enum flight_state */
    uint32_t worker_count;
    struct blackbox_worker workers[CONFIG_WORKERS_MAX];
};

enum xsw_status blackbox_scan(struct flight_reader *reader, struct blackbox_ring *ring,
                              struct xsw_error *error) XSW_MUST_CHECK;

/* For people, on standard output, and for programs. */
void blackbox_print(const struct flight_reader *reader, const struct blackbox_ring *ring);
json_t *blackbox_json(const struct flight_reader *reader, const struct blackbox_ring *ring);

/* "killed", "living", "stopped". */
const char *blackbox_state(const struct blackbox_ring *ring);

#endif
