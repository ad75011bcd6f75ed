/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The method "stats": every counter of the switch, with the balance of each stage. A residue that
 * is not 0 while traffic flows may be packets inside the stage; on a quiet switch it is a fault.
 */
#include "switch/control/control_methods.h"

#include <stdlib.h>

#include "base/error.h"
#include "switch/config/config_file.h"
#include "switch/config/config_node.h"
#include "switch/control/control_json.h"
#include "switch/switch.h"

struct stats_lists {
    struct stage_info stages[STAGES_MAX];
    struct reason_info reasons[REASONS_MAX];
    struct port_info ports[XSW_PORTS_MAX];
    size_t stage_count, reason_count, port_count;
};

static size_t at_most(size_t count, size_t limit)
{
    return count < limit ? count : limit;
}

/* In the order in which packets pass them; stages that are no longer there come last. */
static int stages_compare(const void *a, const void *b)
{
    const struct stage_info *first = a;
    const struct stage_info *second = b;
    return first->order != second->order ? first->order - second->order : first->id - second->id;
}

static struct stats_lists *lists_read(struct vswitch *vswitch)
{
    struct stats_lists *lists = calloc(1, sizeof(*lists));
    if (lists == NULL) {
        return NULL;
    }
    lists->stage_count = at_most(vswitch_stages(vswitch, lists->stages, STAGES_MAX), STAGES_MAX);
    qsort(lists->stages, lists->stage_count, sizeof(lists->stages[0]), stages_compare);
    lists->reason_count =
        at_most(vswitch_reasons(vswitch, lists->reasons, REASONS_MAX), REASONS_MAX);
    lists->port_count = at_most(vswitch_ports(vswitch, lists->ports, XSW_PORTS_MAX), XSW_PORTS_MAX);
    return lists;
}

static json_t *dropped_json(struct vswitch *vswitch, const struct stats_lists *lists,
                            uint16_t stage)
{
    json_t *list = json_array();
    for (size_t i = 0; i < lists->reason_count; i++) {
        const struct reason_info *reason = &lists->reasons[i];
        uint64_t packets = vswitch_dropped(vswitch, stage, reason->id);
        if (packets == 0) {
            continue;
        }
        json_array_append_new(list, json_pack("{s:i,s:s,s:s,s:I}", "reason", reason->id, "name",
                                              reason->name, "owner", reason->owner, "packets",
                                              (json_int_t)packets));
    }
    return list;
}

static json_t *stage_json(struct vswitch *vswitch, const struct stats_lists *lists,
                          const struct stage_info *stage)
{
    struct stage_counters c = vswitch_stage_counters(vswitch, stage->id);
    int64_t residue = (int64_t)(c.in + c.clones + c.injected + c.released - c.out - c.dropped -
                                c.consumed - c.held);
    json_t *object =
        json_pack("{s:i,s:s,s:i,s:b,s:s}", "stage", stage->id, "name", stage->name, "order",
                  stage->order, "egress", (int)stage->egress, "extension", stage->extension);
    json_t *counts = json_pack(
        "{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "in", (json_int_t)c.in, "clones",
        (json_int_t)c.clones, "injected", (json_int_t)c.injected, "out", (json_int_t)c.out,
        "consumed", (json_int_t)c.consumed, "held", (json_int_t)c.held, "released",
        (json_int_t)c.released, "dropped_packets", (json_int_t)c.dropped, "residue",
        (json_int_t)residue, "dropped", dropped_json(vswitch, lists, stage->id));
    if (object == NULL || counts == NULL || json_object_update(object, counts) != 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(counts);
    return object;
}

static json_t *stages_json(struct vswitch *vswitch, const struct stats_lists *lists)
{
    json_t *list = json_array();
    for (size_t i = 0; i < lists->stage_count; i++) {
        json_array_append_new(list, stage_json(vswitch, lists, &lists->stages[i]));
    }
    return list;
}

static json_t *ports_json(const struct stats_lists *lists)
{
    json_t *list = json_array();
    for (size_t i = 0; i < lists->port_count; i++) {
        const struct port_info *port = &lists->ports[i];
        json_array_append_new(list,
                              json_pack("{s:i,s:s,s:o}", "id", port->id, "name", port->config.name,
                                        "counters", control_port_counters_json(&port->counters)));
    }
    return list;
}

static json_t *extensions_json(struct vswitch *vswitch)
{
    struct extension_info extensions[CONFIG_EXTENSIONS_MAX];
    size_t count = at_most(vswitch_extensions(vswitch, extensions, CONFIG_EXTENSIONS_MAX),
                           CONFIG_EXTENSIONS_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct extension_info *info = &extensions[i];
        json_array_append_new(list, json_pack("{s:s,s:I,s:I,s:I}", "name", info->name, "packets",
                                              (json_int_t)info->packets, "dropped",
                                              (json_int_t)info->dropped, "silently_dropped",
                                              (json_int_t)info->silently_dropped));
    }
    return list;
}

static enum xsw_status method_stats(void *context, const struct rpc_caller *caller,
                                    const json_t *params, struct rpc_reply *reply,
                                    struct xsw_error *error)
{
    static const char *const members[] = {NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct vswitch *vswitch = context;
    (void)caller;

    config_node_check_object(&node, members);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    struct stats_lists *lists = lists_read(vswitch);
    if (lists == NULL) {
        return control_reply(reply, NULL, error);
    }
    json_t *result =
        json_pack("{s:I,s:o,s:o,s:o,s:o}", "generation", (json_int_t)vswitch_generation(vswitch),
                  "stages", stages_json(vswitch, lists), "ports", ports_json(lists), "mac",
                  control_mac_counters_json(vswitch), "extensions", extensions_json(vswitch));
    free(lists);
    return control_reply(reply, result, error);
}

static const struct rpc_method stats_methods[] = {
    {"stats", false, method_stats},
};

struct rpc_table control_stats_table(struct vswitch *vswitch)
{
    return (struct rpc_table){.methods = stats_methods,
                              .count = sizeof(stats_methods) / sizeof(stats_methods[0]),
                              .context = vswitch};
}
