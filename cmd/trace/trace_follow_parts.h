/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TRACE_FOLLOW_PARTS_H
#define XSW_CMD_TRACE_FOLLOW_PARTS_H

/* The graph of a view, and what fills it. Private to trace_follow*.c. Threads: main only. */

#include <stdbool.h>
#include <stdint.h>

#include <babeltrace2/babeltrace.h>

#include "cmd/trace/trace_follow.h"
#include "trace/readers/ctf_whole.h"

/* The graph: sources → muxer → our sink. */
struct follow {
    bt_graph *graph;
    bt_message_iterator *messages; /* of the sink; of the graph */
    struct view *view;
    const bt_component_filter *muxer;
    uint64_t muxer_ports; /* of its input ports, those that are used */
    uint64_t source_count;
    struct xsw_error *error;
    const bt_plugin *ctf, *utils;
    bool is_live;             /* one of the sources is */
    struct ctf_whole *wholes; /* of folders, as many as there are sources */
    size_t whole_count;
};

/* What babeltrace2 says of its last failure, from the cause that is nearest to it. */
enum xsw_status follow_failed(const char *what, struct xsw_error *error);
enum xsw_status follow_plugins_find(struct follow *follow) XSW_MUST_CHECK;
enum xsw_status follow_muxer_add(struct follow *follow) XSW_MUST_CHECK;
/* A folder, or a URL of a relay daemon. */
enum xsw_status follow_input_add(struct follow *follow, const char *input) XSW_MUST_CHECK;

#endif
