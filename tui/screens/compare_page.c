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
    bool differs = steps[0] == NULL || steps[1] == NULL || !is_alike(steps[0], steps[1]);
    int half = (area.width - STAGE_WIDTH - 2) / 2;
    grid_put(grid, area.x, area.y, 1, GRID_WARN, differs ? "≠" : " ");
    grid_put(grid, area.x + 2, area.y, STAGE_WIDTH - 3, differs ? GRID_BOLD : GRID_PLAIN,
             dictionary_stage(&model->of->dictionary, stage, &made));
    for (int i = 0; i < 2; i++) {
        int x = area.x + STAGE_WIDTH + i * (half + 2);
        side_draw(model, steps[i], grid, (struct grid_area){x, area.y, half, 1});
    }
}

/* Both ways in the order of the first, what only the second has at its place. */
static int ways_draw(const struct compare_page *page, const struct model *model, struct grid *grid,
                     struct grid_area area)
{
    const struct view_packet *packets[2] = {journey_page_packet(&page->sides[0]),
                                            journey_page_packet(&page->sides[1])};
    size_t next[2] = {0, 0};
    int line = 0;
    for (int turn = 0; turn < VIEW_STEPS_MAX && packets[0] != NULL && packets[1] != NULL; turn++) {
        const struct view_step *steps[2] = {NULL, NULL};
        for (int i = 0; i < 2; i++) {
            steps[i] = next[i] < packets[i]->step_count ? &packets[i]->steps[next[i]] : NULL;
        }
        if (steps[0] == NULL && steps[1] == NULL) {
            break;
        }
        if (steps[0] != NULL && steps[1] != NULL && steps[0]->stage != steps[1]->stage) {
            /* The one whose stage the other still comes to waits. */
            bool first_waits = step_at(packets[1], next[1], steps[0]->stage) != SIZE_MAX;
            steps[first_waits ? 0 : 1] = NULL;
        }
        next[0] += steps[0] != NULL;
        next[1] += steps[1] != NULL;
        if (line >= (int)page->top && line - (int)page->top < area.height) {
            line_draw(model, (steps[0] != NULL ? steps[0] : steps[1])->stage, steps, grid,
                      (struct grid_area){area.x, area.y + line - (int)page->top, area.width, 1});
        }
        line++;
    }
    return line - (int)page->top;
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
    int used = 2 + ways_draw(page, model, grid,
                             (struct grid_area){area.x, area.y + 2, area.width, area.height - 2});
    int y = area.y + used;
    if (y >= area.y + area.height) {
        return;
    }
    grid_fill(grid, area.x, y, area.width, GRID_DIM, 0x2500);
    grid_print(grid, area.x + 1, y, area.width - 1, GRID_HEADING,
               " fields in which the frames differ as they began: %zu ", page->field_count);
    for (size_t i = 0; i < page->field_count; i++) {
        const struct field_change *field = &page->fields[i];
        if (++y >= area.y + area.height) {
            return;
        }
        grid_put(grid, area.x + 2, y, STAGE_WIDTH - 3, GRID_PLAIN, field->name);
        grid_put(grid, area.x + STAGE_WIDTH, y, half, GRID_ACCENT, field->old_text);
        grid_put(grid, area.x + STAGE_WIDTH + half + 2, y, half, GRID_ACCENT, field->new_text);
    }
}
