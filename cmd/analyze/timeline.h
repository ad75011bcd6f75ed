/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TIMELINE_H
#define XSW_CMD_TIMELINE_H

/* `xsw analyze --timeline FILE…`: recordings, CTF folders and trace.dat files, as one log. Returns
 * the exit code. Threads: main only. */

#include <stdbool.h>

#include <xsw/error.h>

struct timeline_options {
    char **paths;
    int path_count;
    bool is_json, is_strict, has_colours;
    bool without_pager;
};

struct packet_view;
struct packet_fates;
/* What the kernel did to the packets that the view shows. */
enum xsw_status timeline_fates(const struct timeline_options *options,
                               const struct packet_view *view, struct packet_fates *fates,
                               struct xsw_error *error) XSW_MUST_CHECK;

int timeline_run(const struct timeline_options *options);

#endif
