/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_SCREEN_H
#define XSW_TUI_SCREEN_H

/*
 * A screen is a table: columns, rows, and cells with a value each. The same table is drawn
 * (table_view.h) and written for programs (screen_json.h), so both say the same. What lies behind a
 * number is a metadata expression (xsw-filter(7)), which the list of journeys is then filtered by.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/grid.h"
#include "tui/scene.h"

enum screen_id {
    SCREEN_PIPELINE,
    SCREEN_PORTS,
    SCREEN_DROPS,
    SCREEN_JOURNEYS,
    SCREEN_FLOWS,
    SCREEN_EXTENSIONS,
    SCREEN_MACS,
    SCREEN_SESSIONS,
    SCREEN_EVENTS,
    SCREEN_PATHS,
    SCREEN_COUNT
};

enum {
    SCREEN_TEXT_SIZE = 400,
    SCREEN_EXPRESSION_SIZE = 1024,
    SCREEN_COLUMNS_MAX = 16,
    SCREEN_LISTS_MAX = 4,
    SCREEN_TREND_POINTS = 60
};

enum cell_kind {
    CELL_TEXT,
    CELL_NONE, /* nothing to say: empty, null in JSON */
    CELL_COUNT,
    CELL_RATE, /* a second */
    CELL_BITS, /* bits a second */
    CELL_NS,   /* a duration */
    CELL_TIME, /* ns since 1970 */
    CELL_ID,   /* a number that is never shortened */
    CELL_PERCENT,
    CELL_TREND /* points of a line, each from 0 to 1 */
};

struct screen_cell {
    enum cell_kind kind;
    enum grid_style style;
    double number;
    uint64_t whole; /* of CELL_COUNT, CELL_ID, CELL_NS and CELL_TIME */
    char lead[8];   /* drawn before the text, on screens only */
    char text[SCREEN_TEXT_SIZE];
    int point_count;
    bool is_whole; /* the points are all the time that there is, however few columns it gets */
    double points[SCREEN_TREND_POINTS]; /* the newest last */
};

struct screen_column {
    const char *name;  /* in JSON */
    const char *title; /* on the screen */
    int width;         /* 0: all that the others leave */
    int from_width;    /* shown on screens at least that wide */
    bool is_right;
    bool is_opened; /* the cursor stops there: Enter leads to the packets behind this number */
};

/* A short list below a table, such as the drops that are most. */
struct screen_list {
    const char *title;
    const char *empty; /* what to say when there is no line */
    size_t (*lines)(const struct scene *scene);
    void (*draw)(const struct scene *scene, size_t line, struct grid *grid, struct grid_area area);
    void (*expression)(const struct scene *scene, size_t line, char *text);
};

struct screen {
    const char *name;  /* "pipeline": in JSON and on the command line */
    const char *title; /* "Pipeline" */
    const char *empty; /* what to say when there is no row */
    const struct screen_column *columns;
    size_t column_count;
    int most;  /* of the column without a width, 0: no limit; what is left then has the one that */
    int grows; /* grows, which is never the first */
    size_t (*rows)(const struct scene *scene);
    void (*cell)(const struct scene *scene, size_t row, size_t column, struct screen_cell *cell);
    /* The packets behind a cell; "" when there are none to be shown. Null: never. */
    void (*expression)(const struct scene *scene, size_t row, size_t column, char *text);
    /* Why there are none, in words, or null when there is nothing to be said. May be null. */
    const char *(*nothing)(const struct scene *scene, size_t row, size_t column);
    /* Draws what stands above and below the table, and takes its room out of `area`; may be null.
     */
    void (*frame)(const struct scene *scene, struct grid *grid, struct grid_area *area);
    const struct screen_list *lists; /* at most SCREEN_LISTS_MAX, the most important first */
    size_t list_count;
    bool is_of_now; /* live it is not kept over time: the past looks as it is now */
};

const struct screen *screen_get(enum screen_id id);

/* Filling cells. */
void cell_text(struct screen_cell *cell, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void cell_count(struct screen_cell *cell, uint64_t count);
void cell_rate(struct screen_cell *cell, double per_second);
void cell_bits(struct screen_cell *cell, double per_second);
void cell_ns(struct screen_cell *cell, uint64_t ns);
void cell_time(struct screen_cell *cell, uint64_t wall_ns);
void cell_id(struct screen_cell *cell, uint64_t id);
/* The line of a counter over the last samples: what `counter` reads, as rates, scaled to its
 * highest. */
typedef uint64_t cell_counter(const struct model_sample *sample, size_t which);
void cell_trend(struct screen_cell *cell, const struct scene *scene, cell_counter *counter,
                size_t which);

/* What a person reads in `width` columns: "1.24M", "12.3 us", "12:00:01.123". `text` has
 * SCREEN_TEXT_SIZE bytes. */
void cell_format(const struct screen_cell *cell, int width, char *text);

/* "packet in (1, 2)" of as many as there is room for; begin with an empty text. False: it is full.
 */
bool expression_add_packet(char *text, uint64_t packet);
/* "name", so that it is one value in an expression. */
void expression_name(char *text, size_t size, const char *name);

extern const struct screen screen_pipeline, screen_ports, screen_drops, screen_journeys,
    screen_flows, screen_extensions, screen_macs, screen_sessions, screen_events, screen_paths;

#endif
