/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_READERS_CTF_GRAPH_H
#define XSW_TRACE_READERS_CTF_GRAPH_H

/* Reads all CTF traces at and below a path with libbabeltrace2, in the order of time. Threads: one.
 */

#include <babeltrace2/babeltrace.h>

#include <xsw/error.h>

/* Sees each message; it is valid during the call. */
typedef void ctf_message_observer(const bt_message *message, void *context);

enum xsw_status ctf_graph_read(const char *path, ctf_message_observer *take, void *context,
                               struct xsw_error *error) XSW_MUST_CHECK;

#endif
