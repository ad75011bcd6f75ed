/* SPDX-License-Identifier: Apache-2.0 */
/* What stands around every screen: which switch, which time, which filter; what was lost; and which
 * keys there are. Part of app.h. */
#include <stdio.h>
#include <string.h>

#include "analyzer/report/words.h"
#include "tui/app/app_parts.h"

/* Above -----------------------------------------------------------------------------------------
 */

static void time_text(const struct app *app, const struct scene *scene, char *text, size_t size)
{
    struct words words;
    struct screen_cell ago = {.kind = CELL_NS};
    char shown[SCREEN_TEXT_SIZE];
    const struct model_sample *newest = model_sample(app->model, 0);
    if (scene->now == NULL) {
        snprintf(text, size, "%s", app->model->is_connected ? "waiting" : "NOT CONNECTED");
        return;
    }
    ago.whole = newest->wall_ns - scene->now->wall_ns;
    cell_format(&ago, 10, shown);
    words_time(scene->now->wall_ns, &words);
    words.text[app->model->is_recording ? 12 : 8] = '\0';
    if (app->model->is_recording) {
        snprintf(text, size, "AT %s", words.text);
    } else if (app->back > 0) {
        snprintf(text, size, "PAST %s, %.20s ago", words.text, shown);
    } else {
        snprintf(text, size, "%s %s",
                 !app->model->is_connected ? "NOT CONNECTED"
                 : app->is_paused          ? "FROZEN"
                                           : "LIVE",
                 words.text);
    }
}

static void title_draw(struct app *app, const struct scene *scene, struct grid *grid)
{
    char when[120];
    char filter[APP_FILTER_SIZE + 16];
    int width = grid->width;
    time_text(app, scene, when, sizeof(when));
    snprintf(filter, sizeof(filter), "filter: %s", app->filter[0] != '\0' ? app->filter : "none");
    grid_fill(grid, 0, 0, width, GRID_BAR, ' ');
    int x = grid_print(grid, 1, 0, width, GRID_BAR, "xsw top  %s  %s  over %s  ",
                       app->model->of->name, when, app_window_text(app));
    const char *right = app->is_recording_now ? app->recording_text : app->model->recorder;
    int right_width = grid_text_width(right);
    int room = width - x - (right_width > 0 ? right_width + 2 : 1);
    int end = grid_put(grid, x, 0, room, app->filter[0] != '\0' ? GRID_MARKED : GRID_BAR, filter);
    if (grid_text_width(filter) > room && room > 0) {
        grid_put(grid, end - 1, 0, 1, GRID_MARKED, "…");
    }
    grid_put_right(grid, width - right_width - 1, 0, right_width,
                   app->is_recording_now ? GRID_MARKED : GRID_BAR, right);
}

enum screen_id frame_tab_at(const struct app *app, int x)
{
    int end = 0;
    (void)app;
    for (int i = 0; i < SCREEN_COUNT; i++) {
        end += grid_text_width(screen_get((enum screen_id)i)->title) + 2;
        if (x < end) {
            return (enum screen_id)i;
        }
    }
    return SCREEN_COUNT;
}

static void tabs_draw(struct app *app, struct grid *grid)
{
    int x = 0;
    for (int i = 0; i < SCREEN_COUNT; i++) {
        const char *title = screen_get((enum screen_id)i)->title;
        bool is_here = app->screen == (enum screen_id)i;
        char key[KEY_TEXT_SIZE];
        keymap_text(&app->keymap, (enum action)(ACTION_SCREEN_1 + i), key);
        key[1] = '\0';
        if (app_is_opened(app) && key[0] >= '0' && key[0] <= '9') {
            key[0] = '\0'; /* there digits count */
        }
        x = grid_print(grid, x, 1, 1, GRID_ACCENT, "%s", key[0] != '\0' ? key : " ");
        x = grid_put(grid, x, 1, grid->width - x, is_here ? GRID_CURSOR : GRID_PLAIN, title) + 1;
    }
}

/* Of a recording: what came in over its whole time, and where in it we are. */
static uint64_t received_counter(const struct model_sample *sample, size_t which)
{
    (void)which;
    uint64_t sum = 0;
    for (size_t i = 0; i < MODEL_PORTS_MAX; i++) {
        sum += sample->ports[i].rx_packets;
    }
    return sum;
}

static void timeline_draw(struct app *app, struct grid *grid)
{
    static const char *const levels[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    size_t count = app->model->sample_count;
    int y = app->body.y;
    int width = grid->width;
    uint64_t highest = 0;
    for (int pass = 0; pass < 2 && count > 1; pass++) {
        for (int x = 0; x < width; x++) {
            size_t from = (count - 1) * (size_t)x / (size_t)width;
            size_t to = (count - 1) * (size_t)(x + 1) / (size_t)width;
            to = to > from ? to : from + 1;
            uint64_t passed = received_counter(model_sample(app->model, count - 1 - to), 0) -
                              received_counter(model_sample(app->model, count - 1 - from), 0);
            highest = passed > highest ? passed : highest;
            if (pass == 1) {
                size_t level = passed == 0 ? 0 : 1 + (size_t)(passed * 7 / highest);
                bool is_here = count - 1 - app->back >= from && count - 1 - app->back <= to;
                grid_put(grid, x, y, 1, is_here ? GRID_CURSOR : GRID_DIM, levels[level]);
            }
        }
    }
    app->timeline_y = y;
    app->body.y++;
    app->body.height--;
}

size_t frame_time_at(const struct app *app, int x)
{
    size_t last = app->model->sample_count - 1;
    size_t place = app->width > 1 ? last * (size_t)x / (size_t)(app->width - 1) : last;
    return place > last ? 0 : last - place;
}

void frame_draw_top(struct app *app, const struct scene *scene, struct grid *grid)
{
    app->timeline_y = -1;
    title_draw(app, scene, grid);
    tabs_draw(app, grid);
    if (app->model->is_recording && app->page == APP_TABLE && !app->shows_help &&
        app->body.height > 6) {
        timeline_draw(app, grid);
    }
}

/* Below -----------------------------------------------------------------------------------------
 */

static const char *count_text(uint64_t number, char *text)
{
    struct screen_cell cell = {.kind = CELL_COUNT, .whole = number};
    cell_format(&cell, 9, text);
    return text;
}

/* offered = written + filtered + lost, always on the screen. */
static void loss_draw(struct app *app, const struct scene *scene, struct grid *grid, int y)
{
    char texts[6][SCREEN_TEXT_SIZE];
    struct model_account account = {0};
    if (scene->now != NULL) {
        account = scene->now->account;
    }
    int x = grid_print(grid, 0, y, grid->width, GRID_DIM, "%s %s = kept %s + left out %s + ",
                       app->model->is_recording ? "recorded" : "evidence",
                       count_text(account.offered, texts[0]), count_text(account.written, texts[1]),
                       count_text(account.filtered + account.sampled, texts[2]));
    x = grid_print(grid, x, y, grid->width, account.lost > 0 ? GRID_WARN : GRID_GOOD, "LOST %s",
                   count_text(account.lost, texts[3]));
    if (account.lost_drops > 0) {
        x = grid_print(grid, x, y, grid->width - x, GRID_WARN, ", of the dropped %s",
                       count_text(account.lost_drops, texts[0]));
    }
    if (app->model->verdict[0] != '\0') {
        x = grid_print(grid, x, y, grid->width, GRID_DIM, "; %s", app->model->verdict);
    }
    grid_print(grid, x, y, grid->width - x, GRID_DIM, "; shown %s of %s",
               count_text(app->derived->shown_count, texts[5]),
               count_text(evidence_count(app->evidence), texts[4]));
}

static void prompt_draw(struct app *app, struct grid *grid, int y)
{
    const struct prompt *prompt = &app->prompt;
    const char *label = prompt->kind == PROMPT_FILTER   ? "filter"
                        : prompt->kind == PROMPT_SEARCH ? "search"
                                                        : "save to";
    enum grid_style style = prompt->is_wrong                ? GRID_BAD
                            : prompt->kind == PROMPT_FILTER ? GRID_GOOD
                                                            : GRID_PLAIN;
    /* The state is a word, too, for those who see no colours. */
    const char *state = prompt->kind != PROMPT_FILTER ? "" : prompt->is_wrong ? " [no]" : " [ok]";
    int x = grid_print(grid, 0, y, grid->width, GRID_BOLD, "%s%s: ", label, state);
    char before[APP_FILTER_SIZE];
    snprintf(before, sizeof(before), "%.*s", (int)prompt->cursor, prompt->text);
    int at = grid_text_width(before);
    int room = grid->width - x - 1;
    int skipped = at > room ? at - room : 0;
    const char *text = prompt->text;
    for (int i = 0; i < skipped; i++) {
        do {
            text++;
        } while (((unsigned char)*text & 0xc0) == 0x80);
    }
    grid_put(grid, x, y, room + 1, style, text);
    grid->cursor_x = x + at - skipped;
    grid->cursor_y = y;
}

/* What the row says in full where a column had no room for it, or what Enter would show. */
static void hint_draw(struct app *app, const struct scene *scene, struct grid *grid, int y)
{
    const struct screen *screen = screen_get(app->screen);
    const struct table_state *state = &app->tables[app->screen];
    size_t row = table_view_row(state, state->row);
    char key[KEY_TEXT_SIZE];
    char expression[SCREEN_EXPRESSION_SIZE];
    if (screen->is_of_now && scene->back > 0 && !scene->model->is_recording) {
        grid_put(grid, 0, y, grid->width, GRID_WARN,
                 "not kept over time: this is as it was when the screens began to stand still");
        return;
    }
    app_expression(app, scene, expression);
    if (expression[0] != '\0') {
        grid_print(grid, 0, y, grid->width, GRID_DIM, "%s: %s",
                   keymap_text(&app->keymap, ACTION_OPEN, key), expression);
        return;
    }
    if (screen->expression != NULL || row >= screen->rows(scene)) {
        return;
    }
    for (size_t i = 0; i < screen->column_count; i++) {
        struct screen_cell cell = {.kind = CELL_NONE};
        screen->cell(scene, row, i, &cell);
        if (screen->columns[i].width == 0 && cell.kind == CELL_TEXT) {
            grid_put(grid, 0, y, grid->width, GRID_DIM, cell.text);
        }
    }
}

static void bar_add(struct app *app, struct grid *grid, enum action action, const char *word)
{
    char key[KEY_TEXT_SIZE];
    int x = app->bar_count > 0 ? app->bar[app->bar_count - 1].end + 1 : 0;
    keymap_text(&app->keymap, action, key);
    int width = grid_text_width(key) + 1 + grid_text_width(word);
    if (key[0] == '\0' || app->bar_count == APP_BAR_MAX || x + width > grid->width) {
        return;
    }
    struct app_bar_item *item = &app->bar[app->bar_count++];
    *item = (struct app_bar_item){.x = x, .end = x + width, .action = action};
    x = grid_put(grid, x, app->bar_y, grid->width - x, GRID_MARKED, key);
    grid_print(grid, x, app->bar_y, grid->width - x, GRID_BAR, " %s", word);
}

static void bar_draw_journey(struct app *app, struct grid *grid)
{
    bool searches = app->searches_journey;
    bar_add(app, grid, ACTION_SEARCH_NEXT, searches ? "next hit" : "next change");
    bar_add(app, grid, ACTION_SEARCH_PREVIOUS, "before");
    bar_add(app, grid, ACTION_BACK, "back");
    bar_add(app, grid, ACTION_SEARCH, "find");
    bar_add(app, grid, ACTION_TREE, "fold");
    bar_add(app, grid, ACTION_LETTER, "letter");
    bar_add(app, grid, ACTION_TIMES, "times");
}

static void bar_draw_table(struct app *app, struct grid *grid)
{
    bar_add(app, grid, ACTION_OPEN, "open");
    bar_add(app, grid, ACTION_FILTER, "filter");
    if (app->screen == SCREEN_JOURNEYS) {
        bar_add(app, grid, ACTION_MARK, "mark");
        bar_add(app, grid, ACTION_COMPARE, "diff");
    } else {
        bar_add(app, grid, ACTION_SEARCH, "find");
        bar_add(app, grid, ACTION_SORT_NEXT, "sort");
    }
    if (!app->model->is_recording) {
        bar_add(app, grid, ACTION_PAUSE, app_is_frozen(app) ? "go on" : "pause");
        bar_add(app, grid, ACTION_RECORD, app->is_recording_now ? "stop" : "rec");
        bar_add(app, grid, ACTION_DUMP, "dump");
    } else {
        bar_add(app, grid, ACTION_TIME_BACK, "past");
        bar_add(app, grid, ACTION_TIME_FORWARD, "later");
        bar_add(app, grid, ACTION_WINDOW, "over");
    }
}

/* While somebody types, keys are characters: only these are not. */
static void bar_draw_prompt(struct app *app, struct grid *grid, int y)
{
    if (app->prompt.is_wrong) {
        grid_put(grid, 0, y, grid->width, GRID_BAD, app->prompt.problem);
    } else {
        grid_fill(grid, 0, y, grid->width, GRID_BAR, ' ');
        grid_put(grid, 0, y, grid->width, GRID_BAR,
                 "Enter take it  Esc leave it  ^U erase  ^W erase a word  Left Right Home End");
    }
}

static void bar_draw(struct app *app, struct grid *grid, int y)
{
    app->bar_count = 0;
    app->bar_y = y;
    grid_fill(grid, 0, y, grid->width, GRID_BAR, ' ');
    bar_add(app, grid, ACTION_HELP, "help");
    bar_add(app, grid, ACTION_QUIT, "quit");
    if (app->page == APP_COLUMNS) {
        bar_add(app, grid, ACTION_MARK, "show, hide");
        bar_add(app, grid, ACTION_UNFILTER, "as they were");
        bar_add(app, grid, ACTION_SAVE, "keep");
        bar_add(app, grid, ACTION_BACK, "back");
        return;
    }
    if (app->page == APP_JOURNEY) {
        bar_draw_journey(app, grid);
    } else if (app->page == APP_COMPARE) {
        bar_add(app, grid, ACTION_BACK, "back");
        bar_add(app, grid, ACTION_DOWN, "down");
    } else {
        bar_draw_table(app, grid);
    }
    bar_add(app, grid, ACTION_SAVE, "save");
    if (app->page == APP_TABLE) {
        bar_add(app, grid, ACTION_COLUMNS, "columns");
        bar_add(app, grid, ACTION_TIMES, "times");
    }
}

/* What is asked, what was typed before a key that moves, what happened, or what the cursor is on.
 */
static void line_draw(struct app *app, const struct scene *scene, struct grid *grid, int y)
{
    if (app->prompt.kind != PROMPT_NONE) {
        prompt_draw(app, grid, y);
    } else if (app->awaits != ACTION_NONE) {
        grid_put(grid, 0, y, grid->width, GRID_BOLD,
                 app->awaits == ACTION_LETTER ? "which letter for this journey, a to z or A to Z?"
                                              : "to the journey of which letter?");
    } else if (app->count > 0) {
        grid_print(grid, 0, y, grid->width, GRID_BOLD, "%ld times: a key that moves or searches",
                   app->count);
    } else if (app->message[0] != '\0') {
        grid_put(grid, 0, y, grid->width, app->message_is_bad ? GRID_BAD : GRID_BOLD, app->message);
    } else if (app->shows_help) {
        return;
    } else if (app->page == APP_TABLE) {
        hint_draw(app, scene, grid, y);
    } else if (app->page == APP_JOURNEY) {
        char hint[SCREEN_TEXT_SIZE];
        journey_page_hint(&app->journey, app->model, hint, sizeof(hint));
        grid_put(grid, 0, y, grid->width, GRID_DIM, hint);
    }
}

void frame_draw_bottom(struct app *app, const struct scene *scene, struct grid *grid)
{
    int y = grid->height - 3;
    line_draw(app, scene, grid, y);
    loss_draw(app, scene, grid, y + 1);
    if (app->prompt.kind != PROMPT_NONE) {
        bar_draw_prompt(app, grid, y + 2);
    } else {
        bar_draw(app, grid, y + 2);
    }
}
