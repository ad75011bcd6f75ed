/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TOP_ACTIONS_H
#define XSW_CMD_TOP_ACTIONS_H

/*
 * What the viewer does outside of itself: recordings, which are processes of xsw capture, dumps of
 * the flight recorder, files with what is shown. None of it may hold up the screen, so that a child
 * is asked how it is, and never waited for, but at the end.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "cmd/top/top_options.h"
#include "tui/app/app.h"

struct top_child {
    pid_t pid;  /* 0: none */
    int output; /* what it says: a pipe */
    char said[240];
};

struct top_actions {
    struct top_child recorder, dumper;
    char path[256]; /* of the recording */
};

void top_actions_record(struct top_actions *actions, struct app *app,
                        const struct top_options *options);
void top_actions_dump(struct top_actions *actions, struct app *app,
                      const struct top_options *options);
void top_actions_save(struct app *app, const struct grid *grid);
/* What is shown, for programs: one object. */
enum xsw_status top_actions_write_json(struct app *app, FILE *file,
                                       struct xsw_error *error) XSW_MUST_CHECK;
/* Looks after the children. */
void top_actions_turn(struct top_actions *actions, struct app *app);
/* Ends a recording that still runs, and waits until its file is whole. */
void top_actions_end(struct top_actions *actions);

#endif
