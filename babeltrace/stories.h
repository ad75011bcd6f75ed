/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BABELTRACE_STORIES_H
#define XSW_BABELTRACE_STORIES_H

/*
 * What the metadata of a record says beside its fixed part, as fields of an event: lists become
 * texts, of which man/xsw-babeltrace.7 has the form, since a class of CTF has fields of a fixed
 * number.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "babeltrace/rows.h"
#include "base/text.h"

enum story_text {
    STORY_FLAGS,
    STORY_HOPS,
    STORY_DECISIONS,
    STORY_CHANGES,
    STORY_HELD,
    STORY_OFFLOAD,
    STORY_HEAD,
    STORY_TEXTS
};

struct story {
    struct text texts[STORY_TEXTS];
    uint64_t generation, since_rx_ns; /* 0: not told */
    uint16_t vlan, source;
    bool has_source;
    struct text source_name; /* empty: as the number says */
};

/* False: no memory. story_fini() in any case. */
bool story_tell(struct story *story, const struct rows *rows, const struct row *row);
void story_fini(struct story *story);

#endif
