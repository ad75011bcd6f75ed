/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONTROL_METHODS_H
#define XSW_SWITCH_CONTROL_METHODS_H

/*
 * The methods of the control socket that need the switch alone. xswd.8 lists them for people.
 *
 * Threads: control thread.
 */

#include <jansson.h>

#include <xsw/error.h>

#include "switch/rpc.h"

struct control_server;
struct vswitch;

/* The tables, in the caller's storage for as long as the server lives. */
struct control_methods {
    struct rpc_table general, ports, policies, extensions, stats;
};

enum xsw_status control_methods_add(struct control_methods *methods, struct vswitch *vswitch,
                                    struct control_server *server,
                                    struct xsw_error *error) XSW_MUST_CHECK;

/* One of each topic; `vswitch` becomes the context. */
struct rpc_table control_general_table(struct vswitch *vswitch);
struct rpc_table control_port_table(struct vswitch *vswitch);
struct rpc_table control_policy_table(struct vswitch *vswitch);
struct rpc_table control_extension_table(struct vswitch *vswitch);
struct rpc_table control_stats_table(struct vswitch *vswitch);

/* The end of every method: gives `result` to the reply, or says that memory was short. */
enum xsw_status control_reply(struct rpc_reply *reply, json_t *result, struct xsw_error *error);

/* What a recording has to hold to be read years later: see the section info in xsw-pcapng.5. */
json_t *control_dictionary_json(struct vswitch *vswitch);

#endif
