/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TOP_OPTIONS_H
#define XSW_CMD_TOP_OPTIONS_H

/* The command line of xsw top. Threads: main only. */

#include <stdbool.h>
#include <stdint.h>

#include "tui/screens/screen.h"

struct top_options {
    const char *socket, *switch_name; /* null: not given */
    const char *filter, *where;       /* "": none */
    const char *keys;                 /* file of keys; null: the person's own, if there is one */
    char *const *paths;               /* recordings; none: live */
    int path_count;
    enum screen_id screen;
    bool is_once, is_json, is_ascii, is_monochrome, has_mouse;
    bool has_packet, has_kernel;
    uint64_t packet;
    uint32_t rate, frames, snap_length;
    int width, height; /* of --once as text */
};

/* The exit status to return at once, or -1 to go on. */
int top_options_read(int argc, char **argv, struct top_options *options);

#endif
