/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/life/port_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/config/config_file.h"
#include "switch/config/config_json.h"
#include "switch/config/config_text.h"
#include "switch/extension/features.h"
#include "switch/extension/notify.h"
#include "switch/life/port_records.h"
#include "switch/state.h"

static const char *const document_members[] = {"xsw_port_state", "version", "switch", "port",
                                               "records",        "macs",    NULL};

static enum xsw_status port_find(struct vswitch *vswitch, const char *port, uint16_t *id,
                                 struct xsw_error *error)
{
    *id = vswitch_port_id(vswitch, port);
    return *id != XSW_PORT_NONE ? XSW_OK
                                : error_set(error, XSW_NOT_FOUND, "there is no port \"%s\"", port);
}

static void told(struct vswitch *vswitch, uint16_t port, enum xsw_operation operation)
{
    struct xsw_port_info info;
    struct xsw_change change = notify_change(vswitch, operation, port, &info, NULL);
    notify_tell(vswitch, &change);
}

/* Saving ------------------------------------------------------------------------------------- */

static enum xsw_status macs_json(struct vswitch *vswitch, uint16_t port, json_t **macs,
                                 struct xsw_error *error)
{
    struct mac_entry *entries = calloc(CONFIG_MAC_LIMIT_MAX, sizeof(*entries));
    json_t *list = json_array();
    int failed = entries == NULL || list == NULL;
    size_t count = failed ? 0 : vswitch_macs(vswitch, entries, CONFIG_MAC_LIMIT_MAX);
    for (size_t i = 0; i < count && i < CONFIG_MAC_LIMIT_MAX; i++) {
        char mac[CONFIG_MAC_TEXT_SIZE];
        if (entries[i].port != port || json_array_size(list) == PORT_STATE_MACS_MAX) {
            continue;
        }
        config_mac_format(&entries[i].mac, mac);
        failed |= json_array_append_new(
            list, json_pack("{s:s,s:i}", "mac", mac, "vlan", (int)entries[i].vlan));
    }
    free(entries);
    if (failed) {
        json_decref(list);
        return error_set(error, XSW_NO_MEMORY, "no memory for the addresses of a port");
    }
    *macs = list;
    return XSW_OK;
}

enum xsw_status port_state_save(struct vswitch *vswitch, const char *port, json_t **document,
                                struct xsw_error *error)
{
    uint16_t id = XSW_PORT_NONE;
    json_t *records = NULL;
    json_t *macs = NULL;
    enum xsw_status status = port_find(vswitch, port, &id, error);
    if (status != XSW_OK) {
        return status;
    }
    status = port_records_json(vswitch, id, &records, error);
    /* Also after a failure: what they remember for this save is to be forgotten. */
    told(vswitch, id, XSW_OP_SAVE_COMPLETE);
    if (status == XSW_OK) {
        status = macs_json(vswitch, id, &macs, error);
    }
    if (status != XSW_OK) {
        json_decref(records);
        return status;
    }
    *document = json_pack("{s:i,s:s,s:s,s:o,s:o,s:o}", "xsw_port_state", PORT_STATE_VERSION,
                          "version", XSW_VERSION, "switch", vswitch->config.name, "port",
                          config_running_port_json(vswitch, &vswitch->ports[id].config), "records",
                          records, "macs", macs);
    return *document != NULL
               ? XSW_OK
               : error_set(error, XSW_NO_MEMORY, "no memory for the state of port %s", port);
}

/* Reading ------------------------------------------------------------------------------------ */

/* Puts the addresses into the switch's table; a null one only checks them. */
static void macs_read(const struct config_node *list, struct vswitch *vswitch, uint16_t port)
{
    static const char *const members[] = {"mac", "vlan", NULL};
    size_t count = config_node_length(list, PORT_STATE_MACS_MAX);
    for (size_t i = 0; i < count && list->reader->status == XSW_OK; i++) {
        struct config_node node = config_node_element(list, i);
        char text[CONFIG_MAC_TEXT_SIZE] = "";
        struct mac_address mac;
        int64_t vlan = 0;
        config_node_check_object(&node, members);
        config_node_require(&node, "mac");
        config_node_require(&node, "vlan");
        config_node_text(&node, "mac", text, sizeof(text));
        config_node_number(&node, "vlan", 1, CONFIG_VLAN_MAX, &vlan);
        if (list->reader->status == XSW_OK && !config_mac_parse(text, &mac)) {
            config_node_fail(&node, "expected an address like 02:00:00:00:00:01, found \"%s\"",
                             text);
        }
        if (list->reader->status == XSW_OK && vswitch != NULL && (mac.bytes[0] & 1) == 0) {
            (void)mac_table_learn(vswitch->macs, mac_key(mac.bytes, (uint16_t)vlan), port,
                                  vswitch_now_seconds(vswitch));
        }
    }
}

static void header_read(const struct config_node *node)
{
    int64_t version = 0;
    struct config_node member = config_node_member(node, "xsw_port_state");
    config_node_check_object(node, document_members);
    config_node_require(node, "xsw_port_state");
    config_node_require(node, "port");
    config_node_number(node, "xsw_port_state", 0, INT32_MAX, &version);
    if (node->reader->status == XSW_OK && version != PORT_STATE_VERSION) {
        config_node_fail(&member, "expected version %d, found %d: saved by another xsw",
                         PORT_STATE_VERSION, (int)version);
    }
}

/* The port of a document, as it was saved. port_text_fini is to be called also after a failure. */
struct port_text {
    struct port_config config;
    struct acl_rule *rules;
    size_t rule_count;
};

static void port_read(const struct config_node *document, struct port_text *port)
{
    struct config_node node = config_node_member(document, "port");
    port_config_init(&port->config);
    port->rules = NULL;
    port->rule_count = 0;
    config_port_read(&node, true, &port->config);
    if (document->reader->status == XSW_OK) {
        config_rules_read(&node, &port->rules, &port->rule_count);
    }
}

static enum xsw_status document_check(const struct config_node *document, struct xsw_error *error)
{
    struct port_text port = {.rules = NULL};
    struct config_node records = config_node_member(document, "records");
    struct config_node macs = config_node_member(document, "macs");
    header_read(document);
    if (document->reader->status == XSW_OK) {
        port_read(document, &port);
    }
    free(port.rules);
    if (document->reader->status == XSW_OK) {
        macs_read(&macs, NULL, XSW_PORT_NONE);
    }
    return document->reader->status == XSW_OK
               ? port_records_restore(NULL, XSW_PORT_NONE, &records, error)
               : document->reader->status;
}

enum xsw_status port_state_check(const json_t *document, struct xsw_error *error)
{
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "state", document, error);
    return document_check(&node, error);
}

/* Restoring ---------------------------------------------------------------------------------- */

static enum xsw_status records_restore(struct vswitch *vswitch, uint16_t id,
                                       const struct config_node *document, struct xsw_error *error)
{
    struct config_node records = config_node_member(document, "records");
    struct config_node macs = config_node_member(document, "macs");
    enum xsw_status status = port_records_restore(vswitch, id, &records, error);
    told(vswitch, id, XSW_OP_RESTORE_COMPLETE);
    if (status == XSW_OK) {
        macs_read(&macs, vswitch, id);
        status = document->reader->status;
    }
    return status;
}

enum xsw_status port_state_restore_records(struct vswitch *vswitch, const char *port,
                                           const json_t *document, struct xsw_error *error)
{
    uint16_t id = XSW_PORT_NONE;
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "state", document, error);
    enum xsw_status status = document_check(&node, error);
    if (status == XSW_OK) {
        status = port_find(vswitch, port, &id, error);
    }
    return status == XSW_OK ? records_restore(vswitch, id, &node, error) : status;
}

static enum xsw_status features_restore(void *context, struct vswitch *vswitch, const char *port,
                                        struct xsw_error *error)
{
    const struct config_node *document = context;
    struct config_node node = config_node_member(document, "port");
    struct config_node features = config_node_member(&node, "features");
    return features_apply(vswitch, port, &features, error);
}

/* A device that was named like the port keeps its name. */
static void change_apply(const struct port_state_change *change, struct port_config *config)
{
    bool has_device = config->kind == PORT_KIND_TAP || config->kind == PORT_KIND_PACKET ||
                      config->kind == PORT_KIND_XDP;
    if (change->device != NULL && change->device[0] != '\0') {
        snprintf(config->device, sizeof(config->device), "%s", change->device);
    } else if (has_device && config->device[0] == '\0') {
        memcpy(config->device, config->name, sizeof(config->device));
    }
    if (change->name != NULL && change->name[0] != '\0') {
        snprintf(config->name, sizeof(config->name), "%s", change->name);
    }
}

enum xsw_status port_state_restore(struct vswitch *vswitch, const json_t *document,
                                   const struct port_state_change *change, struct xsw_error *error)
{
    uint16_t id = XSW_PORT_NONE;
    struct port_text port = {.rules = NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "state", document, error);
    enum xsw_status status = document_check(&node, error);
    if (status == XSW_OK) {
        port_read(&node, &port);
        status = reader.status;
    }
    if (status == XSW_OK && change != NULL) {
        change_apply(change, &port.config);
    }
    if (status == XSW_OK) {
        struct port_request request = {.config = port.config,
                                       .rules = port.rules,
                                       .rule_count = port.rule_count,
                                       .configure = features_restore,
                                       .context = &node};
        status = vswitch_port_make(vswitch, &request, &id, error);
    }
    free(port.rules);
    if (status != XSW_OK) {
        return status;
    }
    status = records_restore(vswitch, id, &node, error);
    if (status != XSW_OK && vswitch_port_remove(vswitch, port.config.name, NULL) != XSW_OK) {
        error_prefix(error, "port %s stays, as an extension holds it", port.config.name);
    }
    return status;
}

/* From one instance to the next --------------------------------------------------------------- */

struct hand_over {
    const struct extension_instance *to;
    uint16_t port;
};

static enum xsw_status record_hand_over(void *context, const struct extension_instance *from,
                                        const struct xsw_record *record, struct xsw_error *error)
{
    const struct hand_over *hand_over = context;
    (void)from;
    return port_record_restore(hand_over->to, hand_over->port, record, error);
}

static void instance_told(const struct extension_instance *instance, uint16_t port,
                          enum xsw_operation operation)
{
    struct xsw_port_info info;
    if (instance->control.told != NULL) {
        struct xsw_change change = notify_change(instance->vswitch, operation, port, &info, NULL);
        instance->control.told(instance->state, &change);
    }
}

enum xsw_status port_state_hand_over(struct vswitch *vswitch, struct extension_instance *from,
                                     struct extension_instance *to, struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    if (from->control.save == NULL || to->control.restore == NULL) {
        return XSW_OK;
    }
    for (uint16_t id = 1; status == XSW_OK && id < XSW_PORTS_MAX; id++) {
        struct hand_over hand_over = {.to = to, .port = id};
        if (vswitch->ports[id].life == XSW_STATE_NOT_CREATED) {
            continue;
        }
        status = port_records_save(from, id, record_hand_over, &hand_over, error);
        instance_told(from, id, XSW_OP_SAVE_COMPLETE);
        instance_told(to, id, XSW_OP_RESTORE_COMPLETE);
    }
    return status;
}
