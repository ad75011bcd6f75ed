/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_JOURNEY_PAGE_H
#define XSW_TUI_JOURNEY_PAGE_H

/*
 * One journey, step by step, with those of its copies as a tree below it; and for the step that the
 * cursor is on the bytes and the fields, side by side. Made of the evidence when it is opened, and
 * kept as it was, whatever comes after.
 *
 * Threads: one.
 */

#include "analyzer/packet/packet_view.h"
#include "formats/json_write.h"
#include "tui/evidence.h"
#include "tui/grid.h"
#include "tui/model.h"

enum { JOURNEY_LINES_MAX = 1024 };

struct journey_line {
    uint16_t packet; /* place in the view */
    uint16_t step;   /* JOURNEY_HEAD: the line that names the packet */
    uint16_t depth;  /* of the copy */
};
enum { JOURNEY_HEAD = 0xffff };

struct journey_page {
    bool is_open;
    uint64_t id, session;
    struct packet_view view;
    struct journey_line lines[JOURNEY_LINES_MAX];
    size_t line_count;
    size_t row, top; /* the cursor, and the first line that is shown */
    int height;      /* lines that were last drawn */
    bool has_gap;    /* records before it were lost: steps of copies may be missing */
    uint8_t frame[EVIDENCE_CAPTURED_MAX]; /* as it began */
    uint32_t frame_length, frame_wire_length;
};

/* XSW_NOT_FOUND when the journey is no longer among the evidence. */
enum xsw_status journey_page_open(struct journey_page *page, const struct model *model,
                                  const struct evidence *evidence, uint64_t session, uint64_t id,
                                  struct xsw_error *error) XSW_MUST_CHECK;
void journey_page_close(struct journey_page *page); /* also of one that is not open */

void journey_page_move(struct journey_page *page, long step);
/* To the next (1) or the earlier (-1) change, drop or copy. */
void journey_page_next(struct journey_page *page, int step);
void journey_page_draw(struct journey_page *page, const struct model *model, struct grid *grid,
                       struct grid_area area);
void journey_page_write_json(const struct journey_page *page, const struct model *model,
                             struct json_writer *json);

/* "passed", "DROPPED acl-denied", "delivered to bob": what happened at a step. */
void journey_step_text(const struct model *model, const struct view_step *step, char *text,
                       size_t size);
/* What decided at the step that the cursor is on, in full: the rule, and what the reason means; ""
 * when nothing did. */
void journey_page_hint(const struct journey_page *page, const struct model *model, char *text,
                       size_t size);
/* The packet that was asked for, or null. */
const struct view_packet *journey_page_packet(const struct journey_page *page);

#endif
