/* SPDX-License-Identifier: Apache-2.0 */
/* What stands below the steps of a journey: whether the checksums are right, then the fields, and
 * beside them the bytes that were changed; or the frame as it began. See journey_page.h. */
#include <stdio.h>
#include <string.h>

#include "tui/screens/journey_page.h"

enum { HEX_PER_LINE = 16, HEX_WIDTH = 44, RANGE_PART = 4 };

/* Lines -----------------------------------------------------------------------------------------
 */

/* A range has a line for each of its parts. */
static size_t range_lines(const struct view_range *range)
{
    size_t most = range->old_length > range->new_length ? range->old_length : range->new_length;
    return (most + RANGE_PART - 1) / RANGE_PART;
}

/* The checksums, and what is to be said of the change as a whole, stand before the fields. */
static size_t remark_lines(const struct view_step *step)
{
    return 1 + ((step->flags & META_UNDECLARED) != 0) +
           ((step->flags & META_CHANGES_INCOMPLETE) != 0);
}

size_t journey_detail_lines(const struct journey_page *page)
{
    const struct view_step *step = journey_page_step(page);
    if (step == NULL || !journey_step_has_change(step)) {
        return (page->frame_length + HEX_PER_LINE - 1) / HEX_PER_LINE;
    }
    size_t bytes = 0;
    for (size_t i = 0; i < step->range_count; i++) {
        bytes += range_lines(&step->ranges[i]);
    }
    size_t fields = remark_lines(step) + step->field_count;
    return bytes > fields ? bytes : fields;
}

void journey_detail_scroll(struct journey_page *page, int step)
{
    if (step > 0 && page->detail_hidden > 0) {
        page->detail_top++;
    } else if (step < 0 && page->detail_top > 0) {
        page->detail_top--;
    }
}

/* Changes ---------------------------------------------------------------------------------------
 */

static int bytes_put(struct grid *grid, int x, int y, int end, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        x = grid_print(grid, x, y, end - x, GRID_ACCENT, "%02x ", bytes[i]);
    }
    return x;
}

static size_t part_of(size_t length, size_t from)
{
    size_t left = length > from ? length - from : 0;
    return left > RANGE_PART ? RANGE_PART : left;
}

/* "0x001a  0a 00 00 05 -> c0 a8 01 64" */
static void range_draw(const struct view_range *range, size_t from, struct grid *grid,
                       struct grid_area area)
{
    size_t old = part_of(range->old_length, from);
    size_t new = part_of(range->new_length, from);
    int end = area.x + area.width;
    int x =
        grid_print(grid, area.x, area.y, area.width, GRID_DIM, "0x%04zx  ", range->offset + from);
    int arrow = x + 3 * RANGE_PART;
    bytes_put(grid, x, area.y, end, range->bytes + from, old);
    if (old == 0) {
        grid_put(grid, x, area.y, end - x, GRID_DIM, "(nothing)");
    }
    x = grid_put(grid, arrow, area.y, end - arrow, GRID_PLAIN, "→ ");
    bytes_put(grid, x, area.y, end, range->bytes + range->old_length + from, new);
    if (new == 0) {
        grid_put(grid, x, area.y, end - x, GRID_DIM, "(removed)");
    }
}

static void bytes_line_draw(const struct view_step *step, size_t line, struct grid *grid,
                            struct grid_area area)
{
    for (size_t i = 0; i < step->range_count; i++) {
        size_t lines = range_lines(&step->ranges[i]);
        if (line < lines) {
            range_draw(&step->ranges[i], line * RANGE_PART, grid, area);
            return;
        }
        line -= lines;
    }
}

static void checksums_draw(const struct fields_checksums *sums, struct grid *grid,
                           struct grid_area area)
{
    bool is_broken = sums->network == CHECKSUM_INVALID || sums->transport == CHECKSUM_INVALID;
    bool has_transport = sums->transport_name != NULL && sums->transport_name[0] != '\0';
    grid_print(grid, area.x, area.y, area.width, is_broken ? GRID_BAD : GRID_GOOD,
               "checksums: IP %s%s%s %s", checksum_state_name(sums->network),
               has_transport ? ", " : "", has_transport ? sums->transport_name : "",
               has_transport ? checksum_state_name(sums->transport) : "");
}

static void fields_line_draw(const struct view_step *step, size_t line, struct grid *grid,
                             struct grid_area area)
{
    size_t remarks = remark_lines(step);
    bool is_undeclared = (step->flags & META_UNDECLARED) != 0;
    if (line == 0) {
        checksums_draw(&step->checksums, grid, area);
    } else if (line == 1 && is_undeclared) {
        grid_put(grid, area.x, area.y, area.width, GRID_BAD, "changed without declaring it");
    } else if (line < remarks) {
        grid_put(grid, area.x, area.y, area.width, GRID_WARN, "more was changed than was kept");
    } else if (line - remarks < step->field_count) {
        const struct field_change *field = &step->fields[line - remarks];
        int x = grid_print(grid, area.x, area.y, area.width, GRID_BOLD, "%s  ", field->name);
        grid_print(grid, x, area.y, area.x + area.width - x, GRID_ACCENT, "%s → %s",
                   field->old_text, field->new_text);
    }
}

/* The frame -------------------------------------------------------------------------------------
 */

/* In hex, and as characters. */
static void frame_line_draw(const struct journey_page *page, size_t line, struct grid *grid,
                            struct grid_area area)
{
    size_t from = line * HEX_PER_LINE;
    int x = grid_print(grid, area.x, area.y, area.width, GRID_DIM, "0x%04zx  ", from);
    int characters = x + 3 * HEX_PER_LINE + 2;
    for (size_t i = from; i < from + HEX_PER_LINE && i < page->frame_length; i++) {
        uint8_t byte = page->frame[i];
        int at = characters + (int)(i - from);
        x = grid_print(grid, x, area.y, area.x + area.width - x, GRID_PLAIN, "%02x ", byte);
        grid_print(grid, at, area.y, area.x + area.width - at, GRID_DIM, "%c",
                   byte >= 0x20 && byte < 0x7f ? byte : '.');
    }
}

/* All -------------------------------------------------------------------------------------------
 */

static void line_draw(const struct journey_page *page, size_t line, struct grid *grid,
                      struct grid_area area)
{
    const struct view_step *step = journey_page_step(page);
    if (step == NULL || !journey_step_has_change(step)) {
        frame_line_draw(page, line, grid, area);
        return;
    }
    int at = step->range_count > 0 ? HEX_WIDTH : 0;
    bytes_line_draw(step, line, grid, (struct grid_area){area.x, area.y, HEX_WIDTH - 1, 1});
    fields_line_draw(step, line, grid, (struct grid_area){area.x + at, area.y, area.width - at, 1});
}

/* The heading, with which of the lines are shown when not all are. */
static void heading_draw(const struct journey_page *page, const struct model *model, size_t shown,
                         size_t lines, struct grid *grid, struct grid_area area)
{
    const struct view_step *step = journey_page_step(page);
    struct dictionary_name made;
    char part[80] = "";
    if (shown < lines) {
        snprintf(part, sizeof(part), "%zu-%zu of %zu lines, Left and Right move them ",
                 page->detail_top + 1, page->detail_top + shown, lines);
    }
    grid_fill(grid, area.x, area.y, area.width, GRID_DIM, 0x2500);
    if (step == NULL || !journey_step_has_change(step)) {
        grid_print(grid, area.x + 1, area.y, area.width - 1, GRID_HEADING,
                   " packet %llu as it began %s%s", (unsigned long long)page->id,
                   part[0] != '\0' ? "- " : "", part);
    } else {
        grid_print(grid, area.x + 1, area.y, area.width - 1, GRID_HEADING, " difference at %s: %s",
                   dictionary_stage(&model->of->dictionary, step->stage, &made),
                   part[0] != '\0' ? part : "bytes, fields ");
    }
}

void journey_detail_draw(struct journey_page *page, const struct model *model, struct grid *grid,
                         struct grid_area area)
{
    size_t lines = journey_detail_lines(page);
    size_t room = area.height > 1 ? (size_t)area.height - 1 : 0;
    size_t most = lines > room ? lines - room : 0;
    page->detail_top = page->detail_row != page->row ? 0 : page->detail_top;
    page->detail_top = page->detail_top > most ? most : page->detail_top;
    page->detail_row = page->row;
    size_t shown = lines - page->detail_top < room ? lines - page->detail_top : room;
    page->detail_hidden = lines - page->detail_top - shown;
    heading_draw(page, model, shown, lines, grid, area);
    for (size_t i = 0; i < shown; i++) {
        line_draw(page, page->detail_top + i, grid,
                  (struct grid_area){area.x, area.y + 1 + (int)i, area.width, 1});
    }
    if (page->detail_hidden > 0) {
        char more[40];
        snprintf(more, sizeof(more), " %zu more ", page->detail_hidden);
        grid_put_right(grid, area.x, area.y + area.height - 1, area.width, GRID_WARN, more);
    }
}
