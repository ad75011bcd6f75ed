/* SPDX-License-Identifier: Apache-2.0 */
/* Moving on the page of a journey, folding its copies, searching. See journey_page.h. */
#include <stdio.h>
#include <string.h>

#include "tui/screens/journey_page.h"
#include "tui/screens/screen.h"

/* The next place in a direction that is not hidden; the same when there is none. */
static size_t place_beside(const struct journey_page *page, size_t row, int step)
{
    long place = (long)row + step;
    while (place >= 0 && place < (long)page->line_count && page->lines[place].is_hidden) {
        place += step;
    }
    return place < 0 || place >= (long)page->line_count ? row : (size_t)place;
}

void journey_page_move(struct journey_page *page, long step)
{
    long most = (long)page->line_count;
    int direction = step < 0 ? -1 : 1;
    long count = step < 0 ? -step : step;
    for (long i = 0; i < count && i < most; i++) {
        page->row = place_beside(page, page->row, direction);
    }
}

static bool is_worth_a_stop(const struct journey_page *page, size_t row)
{
    const struct journey_line *line = &page->lines[row];
    const struct view_packet *packet = packet_view_at(&page->view, line->packet);
    if (line->step == JOURNEY_HEAD || line->is_hidden) {
        return false;
    }
    const struct view_step *step = &packet->steps[line->step];
    return step->what == VIEW_CHANGED || step->what == VIEW_DROPPED || step->what == VIEW_COPIED ||
           step->what == VIEW_CONSUMED || step->field_count > 0;
}

void journey_page_next(struct journey_page *page, int step)
{
    long row = (long)page->row + step;
    while (row >= 0 && row < (long)page->line_count && !is_worth_a_stop(page, (size_t)row)) {
        row += step;
    }
    if (row >= 0 && row < (long)page->line_count) {
        page->row = (size_t)row;
    }
}

/* Searching -------------------------------------------------------------------------------------
 */

/* What the line says, and what is said below the table when the cursor is on it. */
static bool line_has(struct journey_page *page, const struct model *model, const char *text)
{
    const struct journey_line *line = &page->lines[page->row];
    const struct view_packet *packet = packet_view_at(&page->view, line->packet);
    struct dictionary_name made;
    char words[SCREEN_TEXT_SIZE];
    if (line->step == JOURNEY_HEAD) {
        snprintf(words, sizeof(words), "packet %llu %s", (unsigned long long)packet->id,
                 packet->description);
        return strcasestr(words, text) != NULL;
    }
    const struct view_step *step = &packet->steps[line->step];
    if (strcasestr(dictionary_stage(&model->of->dictionary, step->stage, &made), text) != NULL) {
        return true;
    }
    journey_step_text(model, step, words, sizeof(words));
    if (strcasestr(words, text) != NULL) {
        return true;
    }
    journey_page_hint(page, model, words, sizeof(words));
    return strcasestr(words, text) != NULL;
}

bool journey_page_search(struct journey_page *page, const struct model *model, const char *text,
                         int step)
{
    const size_t before = page->row;
    const size_t count = page->line_count;
    for (size_t i = 1; i <= count; i++) {
        page->row = step > 0 ? (before + i) % count : (before + count - i) % count;
        if (!page->lines[page->row].is_hidden && line_has(page, model, text)) {
            return true;
        }
    }
    page->row = before;
    return false;
}

/* Folding ---------------------------------------------------------------------------------------
 */

static struct journey_line *head_of(struct journey_page *page, size_t row)
{
    while (row > 0 && page->lines[row].step != JOURNEY_HEAD) {
        row--;
    }
    return &page->lines[row];
}

/* Behind the head of a packet are its steps, then its copies, which lie deeper. */
static void lines_hide(struct journey_page *page)
{
    const struct journey_line *folded = NULL;
    for (size_t i = 0; i < page->line_count; i++) {
        struct journey_line *line = &page->lines[i];
        bool is_head = line->step == JOURNEY_HEAD;
        if (folded != NULL && is_head && line->depth <= folded->depth) {
            folded = NULL;
        }
        line->is_hidden = folded != NULL;
        if (folded == NULL && is_head && line->is_folded) {
            folded = line;
        }
    }
}

static void all_turn(struct journey_page *page)
{
    bool is_folded = false;
    for (size_t i = 0; i < page->line_count; i++) {
        is_folded |= page->lines[i].is_folded;
    }
    for (size_t i = 0; i < page->line_count; i++) {
        struct journey_line *line = &page->lines[i];
        line->is_folded = !is_folded && line->step == JOURNEY_HEAD && line->depth > 0;
    }
}

void journey_page_fold(struct journey_page *page, enum journey_fold how)
{
    if (page->line_count == 0) {
        return;
    }
    struct journey_line *head = head_of(page, page->row);
    if (how == JOURNEY_ALL) {
        all_turn(page);
    } else {
        head->is_folded = how == JOURNEY_FOLD || (how == JOURNEY_TURN && !head->is_folded);
    }
    lines_hide(page);
    while (page->row > 0 && page->lines[page->row].is_hidden) {
        page->row--; /* to the head that it is hidden below */
    }
}

size_t journey_page_shown(const struct journey_page *page, uint16_t *places)
{
    size_t count = 0;
    for (size_t i = 0; i < page->line_count; i++) {
        if (!page->lines[i].is_hidden) {
            places[count++] = (uint16_t)i;
        }
    }
    return count;
}
