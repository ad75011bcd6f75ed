/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_JOURNEY_PAGE_H
#define XSW_TUI_JOURNEY_PAGE_H

/*
 * One journey, step by step, with those of its copies as a tree below it; and for the step that the
 * cursor is on the bytes and the fields, side by side. Made when it is opened, and kept as it was,
 * whatever comes after: of the evidence, or where that has only a part of a recording, of the
 * files.
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
    bool is_folded;  /* of a JOURNEY_HEAD: what is below it is hidden */
    bool is_hidden;
};
enum { JOURNEY_HEAD = 0xffff };

/* In place of a session: the first one that has the packet. */
#define JOURNEY_ANY_SESSION UINT64_MAX

struct journey_page {
    bool is_open;
    uint64_t id, session;
    struct packet_view view;
    struct journey_line lines[JOURNEY_LINES_MAX];
    size_t line_count;
    size_t row;        /* the line that the cursor is on */
    size_t top;        /* of those that are not hidden, the first on the screen */
    int height;        /* lines that were last drawn */
    bool is_stepwise;  /* times since the step before, not since rx */
    bool has_gap;      /* records before it were lost: steps of copies may be missing */
    bool is_of_sample; /* copies may have been left out */
    bool has_frame;
    size_t detail_row; /* the line of which details are shown, from the one detail_top on */
    size_t detail_top;
    size_t detail_hidden;                 /* so many had no room behind those that are shown */
    uint8_t frame[EVIDENCE_CAPTURED_MAX]; /* as it began */
    uint32_t frame_length, frame_wire_length;
};

/* XSW_NOT_FOUND when the journey is no longer among the evidence, or not in the recording. */
enum xsw_status journey_page_open(struct journey_page *page, const struct model *model,
                                  const struct evidence *evidence, uint64_t session, uint64_t id,
                                  struct xsw_error *error) XSW_MUST_CHECK;
void journey_page_close(struct journey_page *page); /* also of one that is not open */

/* Moving, folding and searching: journey_tree.c. */
void journey_page_move(struct journey_page *page, long step);
/* To the next (1) or the earlier (-1) change, drop or copy. */
void journey_page_next(struct journey_page *page, int step);
/* To the next (1) or the earlier (-1) line that has a text; false: there is none. */
bool journey_page_search(struct journey_page *page, const struct model *model, const char *text,
                         int step);

enum journey_fold {
    JOURNEY_FOLD,   /* the packet that the cursor is on, with its copies */
    JOURNEY_UNFOLD, /* it */
    JOURNEY_TURN,   /* one of the two */
    JOURNEY_ALL     /* unfolds all; when nothing is folded, folds all copies */
};
void journey_page_fold(struct journey_page *page, enum journey_fold how);
/* The lines that are not hidden: at most JOURNEY_LINES_MAX places. Returns how many. */
size_t journey_page_shown(const struct journey_page *page, uint16_t *places);
void journey_page_draw(struct journey_page *page, const struct model *model, struct grid *grid,
                       struct grid_area area);

/* The step that the cursor is on; null: it is on the line that names a packet. */
const struct view_step *journey_page_step(const struct journey_page *page);
/* Whether it changed bytes. */
bool journey_step_has_change(const struct view_step *step);
/* Of a packet whose original is nowhere: which one that is; 0: there is none. */
uint64_t journey_page_missing_parent(const struct journey_page *page);

/* Below the steps: what the one that the cursor is on changed, else the frame as it began.
 * journey_detail.c */
void journey_detail_draw(struct journey_page *page, const struct model *model, struct grid *grid,
                         struct grid_area area);
/* The lines that it has beside its heading. */
size_t journey_detail_lines(const struct journey_page *page);
/* One line forth (1) or back (-1) in it. */
void journey_detail_scroll(struct journey_page *page, int step);

/* For programs: journey_json.c. */
void journey_page_write_json(const struct journey_page *page, const struct model *model,
                             struct json_writer *json);
/* One side of a comparison: the members of an object that the caller has opened. */
void journey_side_write_json(const struct journey_page *page, const struct model *model,
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
