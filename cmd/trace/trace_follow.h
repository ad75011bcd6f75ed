/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TRACE_FOLLOW_H
#define XSW_CMD_TRACE_FOLLOW_H

/*
 * Traces that are shown while they come, or that were recorded, merged by time: folders of CTF, and
 * relay daemons with all of their live sessions, of several hosts. Through libbabeltrace2.
 *
 * Threads: main only.
 */

#include <stddef.h>

#include <xsw/error.h>

#include "cmd/trace/trace_view.h"

enum { FOLLOW_SOURCES_MAX = 16 };

/* sources: folders, or URLs: net://HOST for all that a relay daemon has, or
 * net://HOST/host/NAME/SESSION. Shows until the traces end, or SIGINT or SIGTERM comes. */
enum xsw_status trace_follow(const char *const *sources, size_t count, struct view *view,
                             struct xsw_error *error) XSW_MUST_CHECK;

#endif
