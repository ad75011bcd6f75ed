/* SPDX-License-Identifier: Apache-2.0 */
/* A letter for a journey, to come back to it from anywhere. Part of app.h. */
#include "tui/app/app_parts.h"

/* The place of a letter; -1: it is none. */
static int letter_place(uint32_t key)
{
    return key >= 'a' && key <= 'z'   ? (int)(key - 'a')
           : key >= 'A' && key <= 'Z' ? (int)(key - 'A') + 26
                                      : -1;
}

void letter_ask(struct app *app, enum action action)
{
    /* Now: until the letter comes, others may have come into the list. */
    if (action == ACTION_LETTER && !app_selected(app, &app->awaiting)) {
        app_say(app, false, "a letter is for a journey: open one, or choose one in their list");
        return;
    }
    app->awaits = action;
}

void letter_take(struct app *app, uint32_t key)
{
    int place = letter_place(key);
    enum action action = app->awaits;
    app->awaits = ACTION_NONE;
    if (place < 0) {
        app_say(app, false, "letters are a to z and A to Z");
        return;
    }
    if (action == ACTION_LETTER) {
        app->letters[place] = app->awaiting;
        app->letters_set |= 1ULL << place;
        app_say(app, false, "%c leads to packet %llu now", (char)key,
                (unsigned long long)app->awaiting.id);
        return;
    }
    if ((app->letters_set >> place & 1) == 0) {
        char name[KEY_TEXT_SIZE];
        app_say(app, false, "no journey has the letter %c; %s gives it one", (char)key,
                keymap_text(&app->keymap, ACTION_LETTER, name));
        return;
    }
    app_open_journey(app, app->letters[place].session, app->letters[place].id);
}
