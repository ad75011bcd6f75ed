/* SPDX-License-Identifier: Apache-2.0 */
/* Draws a journey: steps above, and below them the bytes and the fields of the one that the cursor
 * is on. See journey_page.h. */
#include <stdio.h>
#include <string.h>

#include "analyzer/report/words.h"
#include "tui/screens/journey_page.h"
#include "tui/screens/screen.h"

enum { HEX_PER_LINE = 8, HEX_WIDTH = 44, RULE_WIDTH = 30, TIME_WIDTH = 9, STAGE_WIDTH = 26 };

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
    int x =
        grid_print(grid, area.x + 2 * line->depth, area.y, area.width, GRID_BOLD,
                   "%s%spacket %llu%s", line->depth > 0 ? "└ " : "",
                   packet->parent_id != 0 ? "copy: " : "", (unsigned long long)packet->id, parent);
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
    const struct dictionary_rule_key key = {
        .rule = step->rule, .port = step->port.id, .stage = step->stage};
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

static void step_draw(const struct journey_page *page, const struct model *model,
                      const struct journey_line *line, struct grid *grid, struct grid_area area)
{
    const struct view_packet *packet = packet_view_at(&page->view, line->packet);
    const struct view_step *step = &packet->steps[line->step];
    struct dictionary_name made;
    char text[SCREEN_TEXT_SIZE];
    struct screen_cell since = {.kind = CELL_NS, .whole = step->since_rx_ns};
    enum grid_style style = step_style(step);
    int x = area.x + 2 * line->depth;
    int end = area.x + area.width;
    cell_format(&since, TIME_WIDTH, text);
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

/* Differences -----------------------------------------------------------------------------------
 */

static int bytes_put(struct grid *grid, int x, int y, int end, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        x = grid_print(grid, x, y, end - x, GRID_ACCENT, "%02x ", bytes[i]);
    }
    return x;
}

/* "0x001a  0a 00 00 05 -> c0 a8 01 64", longer ranges over several lines. Returns lines used. */
static int range_draw(const struct view_range *range, struct grid *grid, struct grid_area area)
{
    enum { PART = 4 };
    int lines = 0;
    size_t most = range->old_length > range->new_length ? range->old_length : range->new_length;
    for (size_t from = 0; from < most && lines < area.height; from += PART) {
        size_t old = range->old_length > from ? range->old_length - from : 0;
        size_t new = range->new_length > from ? range->new_length - from : 0;
        int y = area.y + lines++;
        int end = area.x + area.width;
        int x =
            grid_print(grid, area.x, y, area.width, GRID_DIM, "0x%04zx  ", range->offset + from);
        int arrow = x + 3 * PART;
        bytes_put(grid, x, y, end, range->bytes + from, old > PART ? PART : old);
        if (old == 0) {
            grid_put(grid, x, y, end - x, GRID_DIM, "(nothing)");
        }
        x = grid_put(grid, arrow, y, end - arrow, GRID_PLAIN, "→ ");
        bytes_put(grid, x, y, end, range->bytes + range->old_length + from,
                  new > PART ? PART : new);
        if (new == 0) {
            grid_put(grid, x, y, end - x, GRID_DIM, "(removed)");
        }
    }
    return lines;
}

static void fields_draw(const struct view_step *step, struct grid *grid, struct grid_area area)
{
    int line = 0;
    for (size_t i = 0; i < step->field_count && line < area.height; i++) {
        const struct field_change *field = &step->fields[i];
        int x = grid_print(grid, area.x, area.y + line, area.width, GRID_BOLD, "%s  ", field->name);
        grid_print(grid, x, area.y + line, area.x + area.width - x, GRID_ACCENT, "%s → %s",
                   field->old_text, field->new_text);
        line++;
    }
    if (line < area.height) {
        const struct fields_checksums *sums = &step->checksums;
        bool is_broken = sums->network == CHECKSUM_INVALID || sums->transport == CHECKSUM_INVALID;
        grid_print(grid, area.x, area.y + line, area.width, is_broken ? GRID_BAD : GRID_GOOD,
                   "checksums: IP %s%s%s %s", checksum_state_name(sums->network),
                   sums->transport_name[0] != '\0' ? ", " : "", sums->transport_name,
                   sums->transport_name[0] != '\0' ? checksum_state_name(sums->transport) : "");
    }
}

/* The frame as the journey began: in hex, and as characters. */
static void frame_draw(const struct journey_page *page, struct grid *grid, struct grid_area area)
{
    for (int line = 0; line < area.height; line++) {
        size_t from = (size_t)line * 2 * HEX_PER_LINE;
        int y = area.y + line;
        if (from >= page->frame_length) {
            return;
        }
        int x = grid_print(grid, area.x, y, area.width, GRID_DIM, "0x%04zx  ", from);
        int characters = x + 6 * HEX_PER_LINE + 2;
        for (size_t i = from; i < from + 2 * HEX_PER_LINE && i < page->frame_length; i++) {
            uint8_t byte = page->frame[i];
            x = grid_print(grid, x, y, area.x + area.width - x, GRID_PLAIN, "%02x ", byte);
            int at = characters + (int)(i - from);
            grid_print(grid, at, y, area.x + area.width - at, GRID_DIM, "%c",
                       byte >= 0x20 && byte < 0x7f ? byte : '.');
        }
    }
}

static void detail_draw(const struct journey_page *page, const struct model *model,
                        struct grid *grid, struct grid_area area)
{
    const struct journey_line *line = &page->lines[page->row];
    const struct view_packet *packet = packet_view_at(&page->view, line->packet);
    const struct view_step *step = line->step == JOURNEY_HEAD ? NULL : &packet->steps[line->step];
    bool has_difference = step != NULL && (step->range_count > 0 || step->field_count > 0);
    struct dictionary_name made;
    grid_fill(grid, area.x, area.y, area.width, GRID_DIM, 0x2500);
    if (!has_difference) {
        grid_print(grid, area.x + 1, area.y, area.width, GRID_HEADING, " packet %llu as it began ",
                   (unsigned long long)page->id);
        frame_draw(page, grid, (struct grid_area){area.x, area.y + 1, area.width, area.height - 1});
        return;
    }
    grid_print(grid, area.x + 1, area.y, area.width, GRID_HEADING,
               " difference at %s: bytes, fields ",
               dictionary_stage(&model->of->dictionary, step->stage, &made));
    int used = 0;
    for (size_t i = 0; i < step->range_count && used < area.height - 1; i++) {
        used += range_draw(
            &step->ranges[i], grid,
            (struct grid_area){area.x, area.y + 1 + used, HEX_WIDTH - 1, area.height - 1 - used});
    }
    int at = step->range_count > 0 ? HEX_WIDTH : 0;
    fields_draw(step, grid,
                (struct grid_area){area.x + at, area.y + 1, area.width - at, area.height - 1});
}

void journey_page_draw(struct journey_page *page, const struct model *model, struct grid *grid,
                       struct grid_area area)
{
    int detail = area.height / 3 < 6 ? 6 : area.height / 3;
    page->height = area.height - detail;
    if (page->row < page->top) {
        page->top = page->row;
    }
    if (page->height > 0 && page->row >= page->top + (size_t)page->height) {
        page->top = page->row - (size_t)page->height + 1;
    }
    for (int i = 0; i < page->height && page->top + (size_t)i < page->line_count; i++) {
        const struct journey_line *line = &page->lines[page->top + (size_t)i];
        struct grid_area row = {area.x, area.y + i, area.width, 1};
        if (line->step == JOURNEY_HEAD) {
            head_draw(page, line, grid, row);
        } else {
            step_draw(page, model, line, grid, row);
        }
        if (page->top + (size_t)i == page->row) {
            grid_restyle(grid, area.x, row.y, area.width, GRID_SELECTED);
        }
    }
    if (page->has_gap && page->height > 0 && page->line_count < (size_t)page->height) {
        grid_put(grid, area.x, area.y + (int)page->line_count, area.width, GRID_WARN,
                 "  ? journeys were lost just before this one: copies may be missing here");
    }
    if (page->line_count > 0) {
        detail_draw(page, model, grid,
                    (struct grid_area){area.x, area.y + page->height, area.width, detail});
    }
}
