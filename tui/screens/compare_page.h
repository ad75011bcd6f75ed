/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_COMPARE_PAGE_H
#define XSW_TUI_COMPARE_PAGE_H

/* Two journeys side by side: where their ways part, and in what their frames differ. Threads: one.
 */

#include "tui/screens/journey_page.h"

struct compare_page {
    bool is_open;
    struct journey_page sides[2];
    struct field_change fields[FIELD_CHANGES_MAX]; /* of their frames as they began */
    size_t field_count;
    size_t top; /* the first line that is shown, below the two heads */
    int height; /* lines that were last drawn */
};

/* `sessions`, `ids`: of the two. */
enum xsw_status compare_page_open(struct compare_page *page, const struct model *model,
                                  const struct evidence *evidence, const uint64_t sessions[2],
                                  const uint64_t ids[2], struct xsw_error *error) XSW_MUST_CHECK;
void compare_page_close(struct compare_page *page);
/* Both ways step by step: what each has at the next stage, or null, and whether these differ.
 * `next` begins with zeroes. False behind the last. */
bool compare_page_next(const struct compare_page *page, size_t next[2],
                       const struct view_step *steps[2]);
bool compare_page_differs(const struct view_step *const steps[2]);
/* For programs: compare_json.c. */
void compare_page_write_json(const struct compare_page *page, const struct model *model,
                             struct json_writer *json);
/* Limits `top`, which may be anything, to what there is. */
void compare_page_draw(struct compare_page *page, const struct model *model, struct grid *grid,
                       struct grid_area area);

#endif
