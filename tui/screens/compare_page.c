/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/screens/compare_page.h"

#include <stdio.h>
#include <string.h>

#include "tui/screens/screen.h"

enum { STAGE_WIDTH = 24 };

enum xsw_status compare_page_open(struct compare_page *page, const struct model *model,
                                  const struct evidence *evidence, const uint64_t sessions[2],
                                  const uint64_t ids[2], struct xsw_error *error)
{
    compare_page_close(page);
    for (int i = 0; i < 2; i++) {
        enum xsw_status status =
            journey_page_open(&page->sides[i], model, evidence, sessions[i], ids[i], error);
        if (status != XSW_OK) {
            compare_page_close(page);
            return status;
        }
    }
    struct fields_frame frames[2];
    for (int i = 0; i < 2; i++) {
        frames[i] = (struct fields_frame){.bytes = page->sides[i].frame,
                                          .length = page->sides[i].frame_length,
                                          .wire_length = page->sides[i].frame_wire_length};
    }
    page->field_count = fields_compare(&frames[0], &frames[1], page->fields, FIELD_CHANGES_MAX);
    page->is_open = true;
    return XSW_OK;
}

void compare_page_close(struct compare_page *page)
{
    journey_page_close(&page->sides[0]);
    journey_page_close(&page->sides[1]);
    page->is_open = false;
    page->field_count = page->top = 0;
}

/* The step of the packet at a stage, from place `from` on; SIZE_MAX when there is none. */
static size_t step_at(const struct view_packet *packet, size_t from, uint16_t stage)
{
    for (size_t i = from; packet != NULL && i < packet->step_count; i++) {
        if (packet->steps[i].stage == stage) {
            return i;
        }
    }
    return SIZE_MAX;
}

static bool is_alike(const struct view_step *one, const struct view_step *other)
{
    return one->what == other->what && one->reason == other->reason && one->rule == other->rule &&
           one->port.id == other->port.id && one->field_count == other->field_count;
}

bool compare_page_differs(const struct view_step *const steps[2])
{
    return steps[0] == NULL || steps[1] == NULL || !is_alike(steps[0], steps[1]);
}

static void side_draw(const struct model *model, const struct view_step *step, struct grid *grid,
                      struct grid_area area)
{
    char text[SCREEN_TEXT_SIZE];
    if (step == NULL) {
        grid_put(grid, area.x + 9, area.y, area.width - 9, GRID_DIM, "did not come here");
        return;
    }
    struct screen_cell since = {.kind = CELL_NS, .whole = step->since_rx_ns};
    enum grid_style style = step->what == VIEW_DROPPED   ? GRID_BAD
                            : step->what == VIEW_CHANGED ? GRID_ACCENT
                                                         : GRID_PLAIN;
    cell_format(&since, 8, text);
    grid_put_right(grid, area.x, area.y, 8, GRID_DIM, text);
    journey_step_text(model, step, text, sizeof(text));
    grid_put(grid, area.x + 9, area.y, area.width - 9, style, text);
}

static void line_draw(const struct model *model, uint16_t stage,
                      const struct view_step *const steps[2], struct grid *grid,
                      struct grid_area area)
{
    struct dictionary_name made;
    bool differs = compare_page_differs(steps);
    int half = (area.width - STAGE_WIDTH - 2) / 2;
    grid_put(grid, area.x, area.y, 1, GRID_WARN, differs ? "≠" : " ");
    grid_put(grid, area.x + 2, area.y, STAGE_WIDTH - 3, differs ? GRID_BOLD : GRID_PLAIN,
             dictionary_stage(&model->of->dictionary, stage, &made));
    for (int i = 0; i < 2; i++) {
        int x = area.x + STAGE_WIDTH + i * (half + 2);
        side_draw(model, steps[i], grid, (struct grid_area){x, area.y, half, 1});
    }
}

/* Where a line of the page stands in the area; false: it is out of sight. */
static bool line_place(const struct compare_page *page, size_t line, struct grid_area *area)
{
    if (line < page->top || line - page->top >= (size_t)page->height) {
        return false;
    }
    area->y += (int)(line - page->top);
    area->height = 1;
    return true;
}

/* Both ways in the order of the first, what only the second has at its place. */
bool compare_page_next(const struct compare_page *page, size_t next[2],
                       const struct view_step *steps[2])
{
    const struct view_packet *packets[2] = {journey_page_packet(&page->sides[0]),
                                            journey_page_packet(&page->sides[1])};
    for (int i = 0; i < 2; i++) {
        bool is_there =
            packets[0] != NULL && packets[1] != NULL && next[i] < packets[i]->step_count;
        steps[i] = is_there ? &packets[i]->steps[next[i]] : NULL;
    }
    if (steps[0] != NULL && steps[1] != NULL && steps[0]->stage != steps[1]->stage) {
        /* The one whose stage the other still comes to waits. */
        bool first_waits = step_at(packets[1], next[1], steps[0]->stage) != SIZE_MAX;
        steps[first_waits ? 0 : 1] = NULL;
    }
    next[0] += steps[0] != NULL;
    next[1] += steps[1] != NULL;
    return steps[0] != NULL || steps[1] != NULL;
}

/* Returns the number of lines, those out of sight, too; without a grid it only counts. */
static size_t ways_draw(const struct compare_page *page, const struct model *model,
                        struct grid *grid, struct grid_area area)
{
    const struct view_step *steps[2];
    size_t next[2] = {0, 0};
    size_t line = 0;
    for (; compare_page_next(page, next, steps); line++) {
        struct grid_area place = area;
        if (grid != NULL && line_place(page, line, &place)) {
            line_draw(model, (steps[0] != NULL ? steps[0] : steps[1])->stage, steps, grid, place);
        }
    }
    return line;
}

/* The frames' fields, behind so many lines of the ways. */
static void fields_draw(const struct compare_page *page, size_t ways, struct grid *grid,
                        struct grid_area area)
{
    int half = (area.width - STAGE_WIDTH - 2) / 2;
    struct grid_area place = area;
    if (line_place(page, ways, &place)) {
        grid_fill(grid, place.x, place.y, place.width, GRID_DIM, 0x2500);
        grid_print(grid, place.x + 1, place.y, place.width - 1, GRID_HEADING,
                   " fields in which the frames differ as they began: %zu ", page->field_count);
    }
    for (size_t i = 0; i < page->field_count; i++) {
        const struct field_change *field = &page->fields[i];
        place = area;
        if (line_place(page, ways + 1 + i, &place)) {
            grid_put(grid, place.x + 2, place.y, STAGE_WIDTH - 3, GRID_PLAIN, field->name);
            grid_put(grid, place.x + STAGE_WIDTH, place.y, half, GRID_ACCENT, field->old_text);
            grid_put(grid, place.x + STAGE_WIDTH + half + 2, place.y, half, GRID_ACCENT,
                     field->new_text);
        }
    }
}

/* How long after the first packet, or before it, the second one came. */
static void apart_draw(const struct compare_page *page, struct grid *grid, struct grid_area area)
{
    const struct view_packet *one = journey_page_packet(&page->sides[0]);
    const struct view_packet *other = journey_page_packet(&page->sides[1]);
    char text[SCREEN_TEXT_SIZE];
    if (one == NULL || other == NULL) {
        return;
    }
    bool is_later = other->first_ns >= one->first_ns;
    struct screen_cell apart = {.kind = CELL_NS,
                                .whole = is_later ? other->first_ns - one->first_ns
                                                  : one->first_ns - other->first_ns};
    cell_format(&apart, 10, text);
    grid_print(grid, area.x, area.y, area.width, GRID_PLAIN, ", %c%.20s", is_later ? '+' : '-',
               text);
}

void compare_page_draw(struct compare_page *page, const struct model *model, struct grid *grid,
                       struct grid_area area)
{
    int half = (area.width - STAGE_WIDTH - 2) / 2;
    for (int i = 0; i < 2; i++) {
        const struct view_packet *packet = journey_page_packet(&page->sides[i]);
        int x = area.x + STAGE_WIDTH + i * (half + 2);
        int end = grid_print(grid, x, area.y, half, GRID_BOLD, "packet %llu",
                             (unsigned long long)page->sides[i].id);
        if (i == 1) {
            apart_draw(page, grid, (struct grid_area){end, area.y, x + half - end, 1});
        }
        grid_put(grid, x, area.y + 1, half, GRID_PLAIN, packet != NULL ? packet->description : "");
    }
    struct grid_area rest = {area.x, area.y + 2, area.width, area.height - 2};
    size_t lines = ways_draw(page, model, NULL, rest) + 1 + page->field_count;
    page->height = rest.height > 0 ? rest.height : 0;
    size_t most = lines > (size_t)page->height ? lines - (size_t)page->height : 0;
    page->top = page->top > most ? most : page->top;
    fields_draw(page, ways_draw(page, model, grid, rest), grid, rest);
}
