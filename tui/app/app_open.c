/* SPDX-License-Identifier: Apache-2.0 */
/* What lies behind a number: from it to the packets, to one of them, and back. Part of app.h. */
#include <stdio.h>
#include <string.h>

#include "tui/app/app_parts.h"

static void place_push(struct app *app)
{
    if (app->depth == APP_STACK_MAX) {
        memmove(&app->stack[0], &app->stack[1], (APP_STACK_MAX - 1) * sizeof(app->stack[0]));
        app->depth--;
    }
    struct app_place *place = &app->stack[app->depth++];
    place->screen = app->screen;
    place->row = app->tables[app->screen].row;
    place->list = app->tables[app->screen].list;
    place->line = app->tables[app->screen].line;
    memcpy(place->filter, app->filter, sizeof(place->filter));
}

void app_open_journey(struct app *app, uint64_t session, uint64_t id)
{
    struct xsw_error error;
    if (journey_page_open(&app->journey, app->model, app->evidence, session, id, &error) !=
        XSW_OK) {
        app_say(app, true, "%s", error.text);
        return;
    }
    app->page = APP_JOURNEY;
    app->searches_journey = false;
}

static const struct evidence_journey *journey_selected(struct app *app)
{
    const struct table_state *state = &app->tables[SCREEN_JOURNEYS];
    size_t row = table_view_row(state, state->row);
    return row < app->derived->shown_count
               ? evidence_number(app->evidence, app->derived->shown[row])
               : NULL;
}

/* The packets that an expression names, among those that the filter in force lets through. */
static void expression_open(struct app *app, const char *expression)
{
    char both[APP_FILTER_SIZE + SCREEN_EXPRESSION_SIZE + 16];
    char problem[APP_MESSAGE_SIZE];
    snprintf(both, sizeof(both), app->filter[0] != '\0' ? "(%s) and %s%s" : "%s%s%s", app->filter,
             app->filter[0] != '\0' ? "" : expression, app->filter[0] != '\0' ? expression : "");
    place_push(app);
    if (!app_filter_set(app, both, problem, sizeof(problem))) {
        app->depth--;
        app_say(app, true, "%s", problem);
        return;
    }
    app_go(app, SCREEN_JOURNEYS);
    app->tables[SCREEN_JOURNEYS].row = 0;
    app->list_top = UINT64_MAX;
    app_derive(app);
    if (app->derived->shown_count == 1 && strncmp(expression, "packet == ", 10) == 0) {
        const struct evidence_journey *journey = journey_selected(app);
        if (journey != NULL) {
            app_open_journey(app, journey->session, journey->id);
        }
    }
}

void app_expression(const struct app *app, const struct scene *scene, char *expression)
{
    const struct screen *screen = screen_get(app->screen);
    const struct table_state *state = &app->tables[app->screen];
    size_t row = table_view_row(state, state->row);
    expression[0] = '\0';
    if (state->list > 0 && (size_t)state->list <= screen->list_count) {
        const struct screen_list *list = &screen->lists[state->list - 1];
        if (scene->now != NULL && state->line < list->lines(scene)) {
            list->expression(scene, state->line, expression);
        }
    } else if (screen->expression != NULL && row < screen->rows(scene)) {
        screen->expression(scene, row, (size_t)state->column, expression);
    }
}

void app_open(struct app *app)
{
    const struct screen *screen = screen_get(app->screen);
    struct table_state *state = &app->tables[app->screen];
    struct scene scene = app_scene(app);
    char expression[SCREEN_EXPRESSION_SIZE] = "";
    if (app->page != APP_TABLE || (state->list == 0 && screen->rows(&scene) == 0)) {
        return;
    }
    if (app->screen == SCREEN_JOURNEYS) {
        const struct evidence_journey *journey = journey_selected(app);
        if (journey != NULL) {
            app_open_journey(app, journey->session, journey->id);
        }
        return;
    }
    app_expression(app, &scene, expression);
    if (expression[0] == '\0') {
        size_t row = table_view_row(state, state->row);
        const char *why = screen->nothing != NULL && state->list == 0
                              ? screen->nothing(&scene, row, (size_t)state->column)
                              : NULL;
        app_say(app, false, "%s", why != NULL ? why : "there are no packets behind this one");
        return;
    }
    expression_open(app, expression);
}

void app_back(struct app *app)
{
    char problem[APP_MESSAGE_SIZE];
    if (app->page != APP_TABLE) {
        app->page = APP_TABLE;
    } else if (app->depth > 0) {
        const struct app_place *place = &app->stack[--app->depth];
        app_go(app, place->screen);
        app->tables[place->screen].row = place->row;
        app->tables[place->screen].list = place->list;
        app->tables[place->screen].line = place->line;
        (void)app_filter_set(app, place->filter, problem, sizeof(problem));
    } else if (app->filter[0] != '\0') {
        (void)app_filter_set(app, "", problem, sizeof(problem));
    } else {
        char key[KEY_TEXT_SIZE];
        app_say(app, false, "%s quits", keymap_text(&app->keymap, ACTION_QUIT, key));
    }
}

/* Marks -----------------------------------------------------------------------------------------
 */

bool app_selected(struct app *app, struct scene_mark *mark)
{
    const struct evidence_journey *journey =
        app->screen == SCREEN_JOURNEYS && app->page == APP_TABLE ? journey_selected(app) : NULL;
    if (app->page == APP_JOURNEY) {
        *mark = (struct scene_mark){.session = app->journey.session, .id = app->journey.id};
        return true;
    }
    if (journey != NULL) {
        *mark = (struct scene_mark){.session = journey->session, .id = journey->id};
    }
    return journey != NULL;
}

void app_mark(struct app *app)
{
    struct scene_mark mark;
    if (app->page != APP_TABLE || !app_selected(app, &mark)) {
        app_say(app, false, "journeys can be marked, on the screen of journeys");
        return;
    }
    for (int i = 0; i < app->mark_count; i++) {
        if (app->marks[i].id == mark.id && app->marks[i].session == mark.session) {
            app->marks[i] = app->marks[app->mark_count - 1];
            app->mark_count--;
            return;
        }
    }
    if (app->mark_count == 2) {
        app->marks[0] = app->marks[1];
        app->mark_count--;
    }
    app->marks[app->mark_count++] = mark;
    struct table_state *state = &app->tables[SCREEN_JOURNEYS];
    state->row++;
}

void app_compare(struct app *app)
{
    struct xsw_error error;
    if (app->mark_count < 2) {
        char key[KEY_TEXT_SIZE];
        app_say(app, false, "mark two journeys with %s first; %d %s marked",
                keymap_text(&app->keymap, ACTION_MARK, key), app->mark_count,
                app->mark_count == 1 ? "is" : "are");
        return;
    }
    const uint64_t sessions[2] = {app->marks[0].session, app->marks[1].session};
    const uint64_t ids[2] = {app->marks[0].id, app->marks[1].id};
    if (compare_page_open(&app->compare, app->model, app->evidence, sessions, ids, &error) !=
        XSW_OK) {
        app_say(app, true, "%s", error.text);
        return;
    }
    app->page = APP_COMPARE;
}
