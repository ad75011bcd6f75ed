/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BABELTRACE_SHAPES_H
#define XSW_BABELTRACE_SHAPES_H

/*
 * The shapes that events of a recording have: a name, and fields with names. CTF wants to know them
 * in front of the first event, and the fields of a class are always all there; so each set of
 * fields is a shape of its own. Names are made such as CTF takes: letters, digits and '_', each
 * once. A field is a number when all of its values are, and its meaning is no text.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "formats/pcapng/pcapng_items.h"

enum { SHAPES_MAX = 4096 };

struct shape_field {
    char *name, *origin; /* in CTF, and in the recording */
    bool is_text;
    bool is_signed;
    bool is_large; /* a value that no signed number holds */
};

struct shape {
    char *name, *origin;
    uint64_t hash;
    size_t field_count;
    struct shape_field *fields; /* in the order of the event's */
};

struct shapes {
    struct shape *list;
    size_t count;
};

/* Those that every event has; fields of a recording do not take these names. */
extern const char *const shape_common_names[];
enum shape_common {
    SHAPE_MESSAGE,
    SHAPE_SOURCE,
    SHAPE_PRIORITY,
    SHAPE_HOST,
    SHAPE_BOOT_ID,
    SHAPE_MONO_NS,
    SHAPE_COMMON
};

/* The shape of this event, a new one when it is the first; its values are looked at. XSW_LIMIT: it
 * would be one more than SHAPES_MAX. */
enum xsw_status shapes_take(struct shapes *shapes, const struct pcapng_event *event,
                            uint32_t *shape) XSW_MUST_CHECK;
void shapes_fini(struct shapes *shapes);

#endif
