/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONTROL_METHODS_H
#define XSW_SWITCH_CONTROL_METHODS_H

/*
 * The methods of the control socket that need the switches alone. xsw-api.7 describes them for
 * people, docs/api/xsw-api.json for programs.
 *
 * Threads: control thread.
 */

#include <jansson.h>

#include <xsw/error.h>

#include "switch/control/rpc.h"

struct control_server;
struct switches;
struct vswitch;

enum { CONTROL_TABLES_MAX = 16 };

/* The tables, in the caller's storage for as long as the server lives. */
struct control_methods {
    struct rpc_table tables[CONTROL_TABLES_MAX];
};

enum xsw_status control_methods_add(struct control_methods *methods, struct switches *switches,
                                    struct control_server *server,
                                    struct xsw_error *error) XSW_MUST_CHECK;

/* About the daemon and the list of its switches. */
struct rpc_table control_switches_table(struct switches *switches);
/* One of each topic, about one switch, which is the context: `vswitch`, or what the `resolve` gives
 * that control_methods_add puts in. */
struct rpc_table control_general_table(struct vswitch *vswitch);
struct rpc_table control_port_table(struct vswitch *vswitch);
struct rpc_table control_policy_table(struct vswitch *vswitch);
struct rpc_table control_extension_table(struct vswitch *vswitch);
struct rpc_table control_stats_table(struct vswitch *vswitch);
struct rpc_table control_feature_table(struct vswitch *vswitch);
struct rpc_table control_migration_table(struct vswitch *vswitch);

/* The end of every method: gives `result` to the reply, or says that memory was short. */
enum xsw_status control_reply(struct rpc_reply *reply, json_t *result, struct xsw_error *error);

/* What a recording has to hold to be read years later: see the section info in xsw-pcapng.5. */
json_t *control_dictionary_json(struct vswitch *vswitch);

#endif
