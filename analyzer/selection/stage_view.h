/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_STAGE_VIEW_H
#define XSW_ANALYZER_STAGE_VIEW_H

/*
 * The packets of a recording as one tap point saw them: each that passed the stage on that port,
 * once, with the bytes that it had there, at the time when the stage was done with it. A stage that
 * a packet passed unchanged has no record of its own; it is among the hops of the next one, and the
 * bytes are those of the record before.
 *
 * A packet that a stage dropped or replaced has not passed it, and is not shown there; but all that
 * came in are shown at rx.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "formats/pcapng/pcapng_items.h"

struct stage_view;

struct stage_packet {
    uint64_t packet_id;
    uint64_t time_ns; /* since 1970 */
    const uint8_t *bytes;
    uint32_t captured_length;
    uint32_t original_length;
};

/* One packet; its bytes are good until this returns. A failure ends stage_view_offer with it. */
typedef enum xsw_status stage_view_visit(const struct stage_packet *packet, void *context,
                                         struct xsw_error *error);

/* `tap`: PORT.STAGE, as in the names of the interfaces, such as alice.rx. */
enum xsw_status stage_view_open(const char *tap, stage_view_visit *visit, void *context,
                                struct stage_view **view, struct xsw_error *error) XSW_MUST_CHECK;
void stage_view_close(struct stage_view *view); /* accepts null */
/* Each item of a file, in order; files one after the other. */
enum xsw_status stage_view_offer(struct stage_view *view, const struct pcapng_item *item,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* The file had a tap point of that name, or a stage of it was passed. */
bool stage_view_was_met(const struct stage_view *view);
/* Hops at the stage whose bytes are not known: the record before them is missing. */
uint64_t stage_view_unknown(const struct stage_view *view);

#endif
