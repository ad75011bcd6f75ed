/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_APP_H
#define XSW_TUI_APP_H

/*
 * The viewer without its terminal and without its sources: keys go in, a grid comes out. What needs
 * the world (recording, dumping, saving, reading a recording again) is asked for as a request,
 * which the program takes out and does.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "tui/app/keys.h"
#include "tui/derived.h"
#include "tui/evidence.h"
#include "tui/grid.h"
#include "tui/model.h"
#include "tui/screens/compare_page.h"
#include "tui/screens/journey_page.h"
#include "tui/screens/screen.h"
#include "tui/table_view.h"

/* The language allows 4095 bytes; some of them are for what the viewer puts around it. */
enum { APP_FILTER_SIZE = 4000, APP_MESSAGE_SIZE = 240, APP_STACK_MAX = 16, APP_BAR_MAX = 16 };

enum app_page { APP_TABLE, APP_JOURNEY, APP_COMPARE, APP_COLUMNS };

enum app_request {
    APP_QUIT = 1,
    APP_RECORD = 2,    /* begin to record, or end it */
    APP_DUMP = 4,      /* the flight recorder */
    APP_SAVE = 8,      /* what is shown, to app->save_path */
    APP_REDRAW = 16,   /* from nothing */
    APP_COLOUR = 32,   /* with colours, or without */
    APP_FILTERED = 64, /* another filter is in force: app->filter */
    APP_MOVED = 128,   /* another time is looked at */
    APP_KEEP = 256     /* the chosen columns, in the file of keys */
};

enum prompt_kind { PROMPT_NONE, PROMPT_FILTER, PROMPT_SEARCH, PROMPT_SAVE };

struct prompt {
    enum prompt_kind kind;
    char text[APP_FILTER_SIZE];
    size_t length, cursor;        /* bytes */
    char before[APP_FILTER_SIZE]; /* to go back to */
    bool is_wrong;
    char problem[APP_MESSAGE_SIZE];
};

struct app_place { /* to come back to */
    enum screen_id screen;
    char filter[APP_FILTER_SIZE];
    size_t row;
    int list; /* as in struct table_state */
    size_t line;
};

struct app_bar_item {
    int x, end;
    enum action action;
};

struct app {
    struct model *model;       /* the feeder's */
    struct evidence *evidence; /* the feeder's */
    struct derived *derived;
    struct keymap keymap;
    enum screen_id screen;
    enum app_page page;
    struct table_state tables[SCREEN_COUNT];
    struct journey_page journey;
    struct compare_page compare;
    struct app_place stack[APP_STACK_MAX];
    int depth;
    struct prompt prompt;
    char search[128];
    char filter[APP_FILTER_SIZE]; /* in force; "" for none */
    struct journey_filter *compiled;
    size_t names_compiled; /* how many names were known then */
    struct scene_mark marks[2];
    int mark_count;
    struct scene_mark letters[SCENE_LETTERS];
    uint64_t letters_set;
    enum action awaits;         /* a letter: ACTION_LETTER or ACTION_GO_LETTER; else ACTION_NONE */
    struct scene_mark awaiting; /* the journey that the letter is for */
    long count;                 /* typed before a key that moves; 0: none */
    bool is_paused;
    size_t back; /* samples before the newest */
    uint64_t samples_seen;
    int window; /* place in the list of windows */
    enum scene_times times;
    uint64_t start_ns;    /* of the oldest sample that there ever was; 0: there is none yet */
    uint64_t events_seen; /* their number, at the last tick */
    bool stays;           /* the cursor stays on its journey, even on the newest */
    bool shows_help;
    size_t help_top;
    size_t column_row;     /* of the cursor on APP_COLUMNS */
    bool searches_journey; /* a text on the journey's page was searched for */
    bool asks_to_quit;
    bool is_recording_now; /* set by the program: a recording of ours runs */
    char recording_text[96];
    char save_path[256];
    char message[APP_MESSAGE_SIZE];
    bool message_is_bad;
    uint64_t message_until_ns;
    uint64_t now_ns;     /* CLOCK_MONOTONIC of the last tick */
    uint64_t derived_ns; /* when `derived` was made */
    uint64_t derived_version, derived_samples;
    bool is_stale;     /* make it now, however young it is */
    uint64_t list_top; /* number of the journey that the cursor is on; UINT64_MAX: the newest */
    unsigned requests; /* enum app_request */
    struct app_bar_item bar[APP_BAR_MAX];
    int bar_count, bar_y;
    int timeline_y;        /* of a recording; -1: it is not drawn */
    struct grid_area body; /* as last drawn */
    int width;
};

/* Borrows model and evidence. `journeys`: as many as the evidence holds. */
enum xsw_status app_init(struct app *app, struct model *model, struct evidence *evidence,
                         size_t journeys, struct xsw_error *error) XSW_MUST_CHECK;
void app_fini(struct app *app);

/* Time goes on, and with it what was fed into the model. Before each app_draw(). */
void app_tick(struct app *app, uint64_t mono_ns);
void app_draw(struct app *app, struct grid *grid);
/* (x, y): of the mouse, for its keys. */
void app_key(struct app *app, uint32_t key, int x, int y);
/* Takes what is asked for out: it is asked for once. */
unsigned app_take_requests(struct app *app);

/* A sentence above the bottom bar, for some seconds. */
void app_say(struct app *app, bool is_bad, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* False, with the problem and its column, when it cannot be read; "" takes the filter away. */
bool app_filter_set(struct app *app, const char *text, char *problem, size_t size);
/* What is shown now, for the moment and the filter in force. */
struct scene app_scene(struct app *app);
/* Makes what follows from the evidence anew, whatever its age. */
void app_derive(struct app *app);
/* Whether the feeder is to leave the evidence as it is. */
bool app_is_frozen(const struct app *app);
/* Whether what is shown was opened by Enter: there digits count, and the key that quits leads back.
 */
bool app_is_opened(const struct app *app);
void app_go(struct app *app, enum screen_id screen);
/* Opens the journey of a packet; says so when it is not there. */
void app_open_journey(struct app *app, uint64_t session, uint64_t id);

/* The keys and the chosen columns of a file; the error says which line, and what was expected. */
enum xsw_status app_settings_read(struct app *app, const char *path,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* Puts the chosen columns into that file, in place of those that are there; the rest stays. */
enum xsw_status app_columns_keep(const struct app *app, const char *path,
                                 struct xsw_error *error) XSW_MUST_CHECK;

#endif
