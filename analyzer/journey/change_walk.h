/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_CHANGE_WALK_H
#define XSW_ANALYZER_CHANGE_WALK_H

/*
 * Undoes the changed ranges of a record, so that the frame before each stage stands beside the
 * frame behind it. A record holds the bytes after its last change and, for each range, the old
 * bytes.
 *
 * Bounds: CHANGE_RANGES_MAX ranges of a record; two frames of memory.
 * Threads: one at a time for a walk.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/journey/record.h"
#include "packet/fields.h"

enum { CHANGE_RANGES_MAX = 256 };

/* What one stage did to the frame. Valid during the visit. */
struct change_step {
    uint16_t stage;
    const struct meta_change *ranges; /* in the order of the record */
    size_t range_count;
    struct fields_frame before, after;
};

typedef void change_visit(const struct change_step *step, void *context);

/* Memory for a walk, kept from record to record: {0} at first. */
struct change_walk {
    struct meta_change ranges[CHANGE_RANGES_MAX];
    size_t count;
    uint8_t *frames[2];
    size_t size; /* of each frame's memory */
};

/* Visits the stages that changed the frame, the last first. False when there were more ranges than
 * CHANGE_RANGES_MAX (those beyond are left out) or memory could not be had. */
bool change_walk(struct change_walk *walk, const struct record *record, change_visit *visit,
                 void *context);
void change_walk_fini(struct change_walk *walk);

#endif
