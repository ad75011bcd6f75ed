/* SPDX-License-Identifier: Apache-2.0 */
/* The line in which a person types: filters, which are tried as they are typed, searches, names of
 * files. Part of app.h. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tui/app/app_parts.h"

enum { CTRL_U = 21, CTRL_A = 1, CTRL_E = 5, CTRL_W = 23 };

/* Names in expressions --------------------------------------------------------------------------
 */

static const char *port_at(const struct dictionary *dictionary, size_t index, uint32_t *value)
{
    if (index < dictionary->ports.count) {
        *value = *(const uint16_t *)table_key(&dictionary->ports, index);
        return ((const struct dictionary_port *)table_value(&dictionary->ports, index))->name;
    }
    index -= dictionary->ports.count;
    if (index >= dictionary->tap_ports.count) {
        return NULL;
    }
    const struct dictionary_tap_port *tap = table_key(&dictionary->tap_ports, index);
    *value = tap->id | (uint32_t)(index + 1) << 16;
    return tap->name;
}

static const char *name_at(const void *context, enum journey_name kind, size_t index,
                           uint32_t *value)
{
    const struct dictionary *dictionary = context;
    const struct table *table =
        kind == JOURNEY_NAME_REASON ? &dictionary->reasons : &dictionary->stages;
    if (kind == JOURNEY_NAME_PORT) {
        return port_at(dictionary, index, value);
    }
    if (index >= table->count) {
        return NULL;
    }
    *value = *(const uint16_t *)table_key(table, index);
    if (kind == JOURNEY_NAME_REASON) {
        return ((const struct dictionary_reason *)table_value(table, index))->name;
    }
    const struct dictionary_stage *stage = table_value(table, index);
    return kind == JOURNEY_NAME_STAGE ? stage->name : stage->extension;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t")] == '\0';
}

static size_t names_count(const struct app *app)
{
    const struct dictionary *dictionary = &app->model->of->dictionary;
    return dictionary->ports.count + dictionary->tap_ports.count + dictionary->stages.count +
           dictionary->reasons.count;
}

static enum xsw_status filter_compile(struct app *app, const char *text,
                                      struct journey_filter **made, struct xsw_error *error)
{
    const struct journey_names names = {.at = name_at, .context = &app->model->of->dictionary};
    size_t column = 1;
    app->names_compiled = names_count(app);
    return journey_filter_compile(text, &names, made, &column, error);
}

void app_filter_renew(struct app *app)
{
    struct journey_filter *made = NULL;
    if (app->compiled == NULL || app->names_compiled == names_count(app) ||
        filter_compile(app, app->filter, &made, NULL) != XSW_OK) {
        return;
    }
    journey_filter_destroy(app->compiled);
    app->compiled = made;
}

bool app_filter_set(struct app *app, const char *text, char *problem, size_t size)
{
    struct journey_filter *made = NULL;
    if (strlen(text) >= APP_FILTER_SIZE) {
        snprintf(problem, size, "the filter is longer than %d bytes", APP_FILTER_SIZE - 1);
        return false;
    }
    if (!is_blank(text)) {
        struct xsw_error error;
        if (filter_compile(app, text, &made, &error) != XSW_OK) {
            snprintf(problem, size, "%s", error.text);
            return false;
        }
    }
    journey_filter_destroy(app->compiled);
    app->compiled = made;
    /* The text may be the one in force. */
    memmove(app->filter, text, strlen(text) + 1);
    app->filter[is_blank(app->filter) ? 0 : strlen(app->filter)] = '\0';
    app->is_stale = true;
    app->requests |= APP_FILTERED;
    return true;
}

/* The prompt ------------------------------------------------------------------------------------
 */

void prompt_open(struct app *app, enum prompt_kind kind, const char *text)
{
    struct prompt *prompt = &app->prompt;
    *prompt = (struct prompt){.kind = kind};
    snprintf(prompt->text, sizeof(prompt->text), "%s", text);
    snprintf(prompt->before, sizeof(prompt->before), "%s", app->filter);
    prompt->length = prompt->cursor = strlen(prompt->text);
}

static void prompt_check(struct app *app)
{
    struct prompt *prompt = &app->prompt;
    if (prompt->kind == PROMPT_FILTER) {
        prompt->is_wrong =
            !app_filter_set(app, prompt->text, prompt->problem, sizeof(prompt->problem));
    }
}

static void prompt_insert(struct prompt *prompt, uint32_t key)
{
    char bytes[5];
    grid_rune_text(key, bytes);
    size_t length = strlen(bytes);
    if (prompt->length + length >= sizeof(prompt->text)) {
        return;
    }
    memmove(prompt->text + prompt->cursor + length, prompt->text + prompt->cursor,
            prompt->length - prompt->cursor + 1);
    memcpy(prompt->text + prompt->cursor, bytes, length);
    prompt->length += length;
    prompt->cursor += length;
}

/* Takes the bytes from `from` up to the cursor out. */
static void prompt_cut(struct prompt *prompt, size_t from)
{
    memmove(prompt->text + from, prompt->text + prompt->cursor,
            prompt->length - prompt->cursor + 1);
    prompt->length -= prompt->cursor - from;
    prompt->cursor = from;
}

static size_t before_character(const struct prompt *prompt)
{
    size_t at = prompt->cursor;
    while (at > 0 && ((unsigned char)prompt->text[--at] & 0xc0) == 0x80) {
    }
    return at;
}

static size_t before_word(const struct prompt *prompt)
{
    size_t at = prompt->cursor;
    while (at > 0 && prompt->text[at - 1] == ' ') {
        at--;
    }
    while (at > 0 && prompt->text[at - 1] != ' ') {
        at--;
    }
    return at;
}

static void prompt_edit(struct prompt *prompt, uint32_t key)
{
    size_t before = before_character(prompt);
    switch (key) {
    case TUI_KEY_LEFT:
        prompt->cursor = before;
        break;
    case TUI_KEY_RIGHT:
        do {
            prompt->cursor += prompt->cursor < prompt->length;
        } while (((unsigned char)prompt->text[prompt->cursor] & 0xc0) == 0x80);
        break;
    case TUI_KEY_HOME:
    case CTRL_A:
        prompt->cursor = 0;
        break;
    case TUI_KEY_END:
    case CTRL_E:
        prompt->cursor = prompt->length;
        break;
    case TUI_KEY_BACKSPACE:
        prompt_cut(prompt, before);
        break;
    case CTRL_W:
        prompt_cut(prompt, before_word(prompt));
        break;
    case CTRL_U:
        prompt_cut(prompt, 0);
        break;
    default:
        if (key >= TUI_KEY_SPACE && key < TUI_KEY_SPECIAL && key != 0x7f) {
            prompt_insert(prompt, key);
        }
    }
}

static void prompt_accept(struct app *app)
{
    struct prompt *prompt = &app->prompt;
    if (prompt->is_wrong) {
        return; /* it stays open, and says what is wrong */
    }
    if (prompt->kind == PROMPT_SEARCH) {
        snprintf(app->search, sizeof(app->search), "%.127s", prompt->text);
        app->searches_journey = app->page == APP_JOURNEY && app->search[0] != '\0';
        if (app->page == APP_JOURNEY) {
            app_search_journey(app, 1);
        } else {
            app_search(app, 1);
        }
    } else if (prompt->kind == PROMPT_SAVE && prompt->length > 0) {
        snprintf(app->save_path, sizeof(app->save_path), "%.255s", prompt->text);
        app->requests |= APP_SAVE;
    }
    prompt->kind = PROMPT_NONE;
}

void prompt_key(struct app *app, uint32_t key)
{
    struct prompt *prompt = &app->prompt;
    if (key == TUI_KEY_ENTER) {
        prompt_accept(app);
    } else if (key == TUI_KEY_ESCAPE) {
        if (prompt->kind == PROMPT_FILTER) {
            (void)app_filter_set(app, prompt->before, prompt->problem, sizeof(prompt->problem));
        }
        prompt->kind = PROMPT_NONE;
    } else {
        prompt_edit(prompt, key);
        prompt_check(app);
    }
}

/* Searching -------------------------------------------------------------------------------------
 */

static bool row_has(const struct screen *screen, const struct scene *scene, size_t row,
                    const char *text)
{
    for (size_t column = 0; column < screen->column_count; column++) {
        struct screen_cell cell = {.kind = CELL_NONE};
        char shown[SCREEN_TEXT_SIZE];
        screen->cell(scene, row, column, &cell);
        cell_format(&cell, SCREEN_TEXT_SIZE, shown);
        if (strcasestr(shown, text) != NULL) {
            return true;
        }
    }
    return false;
}

void app_search(struct app *app, int step)
{
    const struct screen *screen = screen_get(app->screen);
    struct table_state *state = &app->tables[app->screen];
    struct scene scene = app_scene(app);
    long rows = (long)screen->rows(&scene);
    for (long i = 1; i <= rows && app->search[0] != '\0'; i++) {
        long drawn = (((long)state->row + i * step) % rows + rows) % rows;
        if (row_has(screen, &scene, table_view_row(state, (size_t)drawn), app->search)) {
            state->row = (size_t)drawn;
            return;
        }
    }
    app_say(app, true,
            app->search[0] != '\0' ? "\"%s\" is nowhere on this screen"
                                   : "nothing to search for: / begins%s",
            app->search);
}

void app_search_journey(struct app *app, int step)
{
    if (!app->searches_journey) {
        journey_page_next(&app->journey, step);
    } else if (!journey_page_search(&app->journey, app->model, app->search, step)) {
        app_say(app, true, "\"%s\" is nowhere in this journey", app->search);
    }
}
