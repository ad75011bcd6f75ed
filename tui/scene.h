/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_SCENE_H
#define XSW_TUI_SCENE_H

/*
 * What a screen may look at while it is drawn: the model at one moment, the evidence that the
 * filter lets through, and what follows from it. Read only.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "tui/derived.h"
#include "tui/evidence.h"
#include "tui/model.h"

struct scene_mark {
    uint64_t session, id;
};

enum scene_times { /* how moments are written in lists, and steps of journeys */
                   SCENE_OF_DAY,
                   SCENE_SINCE_START, /* of the recording; live, since we look */
                   SCENE_SINCE_LAST,  /* since the one before it in the list */
                   SCENE_TIMES
};

enum { SCENE_LETTERS = 52 };

struct scene {
    const struct model *model;
    const struct evidence *evidence;
    const struct derived *derived;
    const struct model_sample *now;    /* the moment that is shown; null before the first one */
    const struct model_sample *before; /* what rates are counted from */
    size_t back;                       /* how many samples `now` lies before the newest */
    uint64_t window_ns;                /* wanted between the two; UINT64_MAX: from the beginning */
    int width;                         /* columns that there are to draw in */
    struct scene_mark marks[2];        /* journeys to be compared */
    int mark_count;
    const struct scene_mark *letters; /* journeys that a letter leads to: a to z, A to Z */
    uint64_t letters_set;             /* bit i: letters[i] is one */
    enum scene_times times;
    uint64_t start_ns; /* since 1970 */
    size_t selected;   /* row of the screen that the cursor is on */
};

/* Events a second between the two samples; 0 when there is no time between them. */
static inline double scene_rate(const struct scene *scene, uint64_t now, uint64_t before)
{
    uint64_t passed_ns = scene->now->wall_ns - scene->before->wall_ns;
    return passed_ns == 0 || now < before ? 0 : (double)(now - before) * 1e9 / (double)passed_ns;
}

#endif
