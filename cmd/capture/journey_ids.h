/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_JOURNEY_IDS_H
#define XSW_CMD_JOURNEY_IDS_H

/*
 * The packet ids of the journeys at the ends of recordings: the newest of each, as many as may be
 * in pieces that are on their way to the disk when a recorder dies.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

enum { JOURNEY_IDS_OF_FILE = 1 << 17 };

/* Begins zeroed. */
struct journey_ids {
    uint64_t *ids; /* sorted when looked up */
    size_t count;
    bool is_sorted;
};

/* Adds those of the recording; a torn end is as good as any. */
enum xsw_status journey_ids_read(struct journey_ids *ids, const char *path,
                                 struct xsw_error *error) XSW_MUST_CHECK;
bool journey_ids_has(struct journey_ids *ids, uint64_t id);
void journey_ids_fini(struct journey_ids *ids);

#endif
