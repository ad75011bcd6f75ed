/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TIMELINE_H
#define XSW_CMD_TIMELINE_H

/* `xsw analyze --timeline FILE…`: recordings, CTF folders and trace.dat files, as one log. Returns
 * the exit code. Threads: main only. */

#include <stdbool.h>

struct timeline_options {
    char **paths;
    int path_count;
    bool is_json, is_strict, has_colours;
};

int timeline_run(const struct timeline_options *options);

#endif
