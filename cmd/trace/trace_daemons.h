/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TRACE_DAEMONS_H
#define XSW_CMD_TRACE_DAEMONS_H

/*
 * The daemons of LTTng that tracing needs: the session daemon, which hands out buffers and writes
 * them, and the relay daemon, which takes them over the network and shows them live. One that is
 * missing is started; both stay when the command ends, as they do for lttng(1).
 *
 * Threads: main only.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

enum { RELAY_CONTROL_PORT = 5342, RELAY_DATA_PORT = 5343, RELAY_LIVE_PORT = 5344 };

bool trace_session_daemon_is_there(void);
/* `started`: whether it had to be. */
enum xsw_status trace_session_daemon(bool *started, struct xsw_error *error) XSW_MUST_CHECK;
/* One that listens on `address` ("127.0.0.1") and keeps what it gets below `output`; null: where
 * lttng-relayd keeps it. */
enum xsw_status trace_relay_daemon(const char *address, const char *output, bool *started,
                                   struct xsw_error *error) XSW_MUST_CHECK;

#endif
