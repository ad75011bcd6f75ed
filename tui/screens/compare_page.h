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
    size_t top;
};

/* `sessions`, `ids`: of the two. */
enum xsw_status compare_page_open(struct compare_page *page, const struct model *model,
                                  const struct evidence *evidence, const uint64_t sessions[2],
                                  const uint64_t ids[2], struct xsw_error *error) XSW_MUST_CHECK;
void compare_page_close(struct compare_page *page);
void compare_page_draw(struct compare_page *page, const struct model *model, struct grid *grid,
                       struct grid_area area);

#endif
