/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_CAPTURE_MANAGE_H
#define XSW_CMD_XSWD_CAPTURE_MANAGE_H

/*
 * Capture sessions seen and changed from outside, by others than the connections that they belong
 * to: the methods capture.list, set and stop. Their context is struct xswd_capture.
 *
 * Threads: control thread.
 */

#include "switch/control/rpc.h"

enum xsw_status xswd_capture_list(void *context, const struct rpc_caller *caller,
                                  const json_t *params, struct rpc_reply *reply,
                                  struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status xswd_capture_set(void *context, const struct rpc_caller *caller,
                                 const json_t *params, struct rpc_reply *reply,
                                 struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status xswd_capture_stop(void *context, const struct rpc_caller *caller,
                                  const json_t *params, struct rpc_reply *reply,
                                  struct xsw_error *error) XSW_MUST_CHECK;

#endif
