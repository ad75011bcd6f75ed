/* SPDX-License-Identifier: Apache-2.0 */
/* Draws a journey: steps above, and below them the bytes and the fields of the one that the cursor
 * is on. See journey_page.h. */
#include <stdio.h>
#include <string.h>

#include "analyzer/report/words.h"
#include "tui/screens/journey_page.h"
#include "tui/screens/screen.h"

enum { TIME_WIDTH = 9, STAGE_WIDTH = 26 };

static enum grid_style step_style(const struct view_step *step)
{
    return step->what == VIEW_DROPPED                            ? GRID_BAD
           : step->what == VIEW_CHANGED || step->field_count > 0 ? GRID_ACCENT
           : step->what == VIEW_DELIVERED                        ? GRID_GOOD
           : step->what == VIEW_PASSED                           ? GRID_DIM
                                                                 : GRID_PLAIN;
}

static void head_draw(const struct journey_page *page, const struct journey_line *line,
                      struct grid *grid, struct grid_area area)
{
    const struct view_packet *packet = packet_view_at(&page->view, line->packet);
    char parent[40] = "";
    struct words words;
    if (packet->parent_id != 0) {
        snprintf(parent, sizeof(parent), " of %llu", (unsigned long long)packet->parent_id);
    }
    int x = grid_print(grid, area.x + 2 * line->depth, area.y, area.width, GRID_BOLD,
                       "%s%s%spacket %llu%s", line->depth > 0 ? "└ " : "",
                       line->is_folded ? "[+] " : "", packet->parent_id != 0 ? "copy: " : "",
                       (unsigned long long)packet->id, parent);
    x = grid_print(grid, x + 1, area.y, area.x + area.width - x - 1, GRID_DIM, "%s",
                   words_time(packet->first_ns, &words));
    grid_print(grid, x + 1, area.y, area.x + area.width - x - 1, GRID_PLAIN, "%s, %u bytes%s",
               packet->description, packet->length,
               packet->has_last ? "" : "; its end was not recorded");
}

/* "rule 84 of alice, gen. 3: deny in tcp dst port 8443" */
static void rule_text(const struct model *model, const struct view_step *step, char *text,
                      size_t size)
{
    struct dictionary_name made;
    const struct dictionary_rule_key key = dictionary_rule_of(step->rule, step->port, step->stage);
    text[0] = '\0';
    if (step->rule != 0) {
        int used = snprintf(text, size, "rule %s",
                            dictionary_rule_label(&model->of->dictionary, &key, &made));
        if (step->generation != 0 && used > 0 && (size_t)used < size) {
            snprintf(text + used, size - (size_t)used, ", gen. %llu",
                     (unsigned long long)step->generation);
        }
        const char *rule = dictionary_find_rule(&model->of->dictionary, &key);
        used = (int)strlen(text);
        if (rule != NULL && (size_t)used < size) {
            snprintf(text + used, size - (size_t)used, ": %s", rule);
        }
    }
}

void journey_page_hint(const struct journey_page *page, const struct model *model, char *text,
                       size_t size)
{
    const struct journey_line *line = &page->lines[page->row];
    text[0] = '\0';
    if (page->line_count == 0 || line->step == JOURNEY_HEAD) {
        return;
    }
    const struct view_step *step = &packet_view_at(&page->view, line->packet)->steps[line->step];
    const struct dictionary_reason *reason =
        step->what == VIEW_DROPPED ? dictionary_find_reason(&model->of->dictionary, step->reason)
                                   : NULL;
    rule_text(model, step, text, size);
    size_t used = strlen(text);
    if (reason != NULL && used < size) {
        snprintf(text + used, size - used, "%s%s", used > 0 ? "; " : "", reason->sentence);
    }
}

/* Since the packet came in, or "+100 ns" since the step before. */
static void since_text(const struct journey_page *page, const struct view_packet *packet,
                       size_t place, char *text)
{
    struct screen_cell since = {.kind = CELL_NS, .whole = packet->steps[place].since_rx_ns};
    char made[SCREEN_TEXT_SIZE];
    bool is_stepwise =
        page->is_stepwise && place > 0 && since.whole >= packet->steps[place - 1].since_rx_ns;
    since.whole -= is_stepwise ? packet->steps[place - 1].since_rx_ns : 0;
    cell_format(&since, TIME_WIDTH, made);
    snprintf(text, SCREEN_TEXT_SIZE, "%s%.20s", is_stepwise ? "+" : "", made);
}

static void step_draw(const struct journey_page *page, const struct model *model,
                      const struct journey_line *line, struct grid *grid, struct grid_area area)
{
    const struct view_packet *packet = packet_view_at(&page->view, line->packet);
    const struct view_step *step = &packet->steps[line->step];
    struct dictionary_name made;
    char text[SCREEN_TEXT_SIZE];
    enum grid_style style = step_style(step);
    int x = area.x + 2 * line->depth;
    int end = area.x + area.width;
    since_text(page, packet, line->step, text);
    grid_put_right(grid, x, area.y, TIME_WIDTH, GRID_DIM, text);
    x += TIME_WIDTH + 2;
    grid_put(grid, x, area.y, STAGE_WIDTH, style,
             dictionary_stage(&model->of->dictionary, step->stage, &made));
    x += STAGE_WIDTH + 1;
    journey_step_text(model, step, text, sizeof(text));
    x = grid_put(grid, x, area.y, end - x, style, text) + 2;
    rule_text(model, step, text, sizeof(text));
    x = grid_put(grid, x, area.y, end - x, GRID_PLAIN, text) + 2;
    if (step->is_held) {
        struct screen_cell held = {.kind = CELL_NS, .whole = step->held_ns};
        cell_format(&held, TIME_WIDTH, text);
        grid_print(grid, x, area.y, end - x, GRID_WARN, "held %s", text);
    }
}

/* What may be missing on the page, each a line: returns how many; without a grid it only counts. */
static int doubts_draw(const struct journey_page *page, struct grid *grid, struct grid_area area)
{
    int lines = 0;
    uint64_t parent = journey_page_missing_parent(page);
    char missing[80];
    snprintf(missing, sizeof(missing), "  ? packet %llu, of which it is a copy, is not here",
             (unsigned long long)parent);
    const char *const doubts[] = {
        page->has_gap ? "  ? journeys were lost just before this one: copies may be missing here"
                      : NULL,
        parent != 0 ? missing : NULL,
        page->is_of_sample ? "  ? of a sample: copies may have been left out" : NULL};
    for (size_t i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++) {
        if (doubts[i] != NULL && grid != NULL) {
            grid_put(grid, area.x, area.y + lines, area.width, GRID_WARN, doubts[i]);
        }
        lines += doubts[i] != NULL;
    }
    return lines;
}

/* A third of the room is for what the step changed, and more when it needs that and the steps do
 * not. */
static int detail_height(const struct journey_page *page, int height, int steps)
{
    enum { LEAST = 6 };
    int wanted = (int)journey_detail_lines(page) + 1;
    int least = height / 3 < LEAST ? LEAST : height / 3;
    int most = height - steps > least ? height - steps : least;
    int detail = wanted > least ? wanted : least;
    detail = detail > most ? most : detail;
    return detail >= height ? height - 1 : detail;
}

void journey_page_draw(struct journey_page *page, const struct model *model, struct grid *grid,
                       struct grid_area area)
{
    uint16_t places[JOURNEY_LINES_MAX];
    size_t shown = journey_page_shown(page, places);
    int doubts = doubts_draw(page, NULL, area);
    int detail = detail_height(page, area.height, (int)shown + doubts);
    int room = area.height - detail - doubts;
    page->height = room > 0 ? room : 0;
    size_t here = 0;
    while (here + 1 < shown && places[here] < page->row) {
        here++;
    }
    if (here < page->top) {
        page->top = here;
    }
    if (page->height > 0 && here >= page->top + (size_t)page->height) {
        page->top = here - (size_t)page->height + 1;
    }
    for (int i = 0; i < page->height && page->top + (size_t)i < shown; i++) {
        const struct journey_line *line = &page->lines[places[page->top + (size_t)i]];
        struct grid_area row = {area.x, area.y + i, area.width, 1};
        if (line->step == JOURNEY_HEAD) {
            head_draw(page, line, grid, row);
        } else {
            step_draw(page, model, line, grid, row);
        }
        if (page->top + (size_t)i == here) {
            grid_restyle(grid, area.x, row.y, area.width, GRID_SELECTED);
        }
    }
    int end = shown < (size_t)page->height ? (int)shown : page->height;
    if (room > 0) {
        doubts_draw(page, grid, (struct grid_area){area.x, area.y + end, area.width, doubts});
    }
    if (page->line_count > 0) {
        int y = area.y + area.height - detail;
        journey_detail_draw(page, model, grid, (struct grid_area){area.x, y, area.width, detail});
    }
}
