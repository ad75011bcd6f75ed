/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_SCREEN_JSON_H
#define XSW_TUI_SCREEN_JSON_H

/* A screen for programs, and as lines of text: the same cells that are drawn. Threads: one. */

#include "formats/json_write.h"
#include "tui/screens/screen.h"

/* The members of an object that the caller has opened: screen, source, time_ns, what is lost, and
 * `rows`, each with a member for every column. `filter`: "" for none. */
void screen_write_json(struct json_writer *json, const struct screen *screen,
                       const struct scene *scene, const char *filter);

#endif
