/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_TOP_STAND_H
#define XSW_TEST_TOP_STAND_H

/* The viewer on the standard recording, without a terminal. Include behind cmocka.h. */

#include <stdbool.h>
#include <stdint.h>

#include "cmd/top/top_recording.h"
#include "tui/app/app.h"

enum { JOURNEYS = 64, EVIDENCE_BYTES = 1 << 20 };

struct stand {
    struct model *model;
    struct evidence *evidence;
    struct top_recording *recording;
    struct app app;
    struct grid grid;
    uint64_t now_ns;
    struct xsw_error error;
    char path[256];
    char *paths[1];
};

/* Fails unless golden/top-NAME.txt has this text; with XSW_GOLDEN_WRITE in the environment it is
 * written before. */
void golden_compare(const char *name, const char *text);

struct stand *stand_open(size_t journeys, int width, int height);
/* On another recording; null when it cannot be shown. */
struct stand *stand_open_file(const char *path, size_t journeys, int width, int height);
void stand_close(struct stand *stand);
/* Two seconds later. */
void frame(struct stand *stand);
void key(struct stand *stand, uint32_t key_code);
void type(struct stand *stand, const char *text);
bool screen_has(struct stand *stand, const char *wanted);

#endif
