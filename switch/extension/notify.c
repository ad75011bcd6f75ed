/* SPDX-License-Identifier: Apache-2.0 */
/* Asks and tells the extensions of a switch about changes on its control path, and writes the event
 * log of them. */
#include "switch/extension/notify.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "switch/config/config_json.h"
#include "switch/control/events_control.h"
#include "switch/life/lifecycle.h"
#include "switch/state.h"

enum {
    ASK_TRIES = 3,
    ASK_PAUSE_NS = 200000, /* what was short may be there again when other work has been done */
    WHAT_SIZE = 160,
    LINE_SIZE = 512
};

/* The running instances that have control operations, of one or two kinds, in pipeline order. */
struct chain {
    struct extension_instance *members[CONFIG_EXTENSIONS_MAX];
    uint32_t count;
};

static void chain_append(struct chain *chain, const struct vswitch *vswitch, uint32_t kind)
{
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        struct extension_instance *instance = vswitch->extensions[i];
        if (instance->extension->kind == kind && instance->is_enabled && instance->is_initialized) {
            chain->members[chain->count++] = instance;
        }
    }
}

/* Those who are asked: top to bottom. */
static struct chain chain_of_asked(const struct vswitch *vswitch)
{
    struct chain chain = {.count = 0};
    chain_append(&chain, vswitch, XSW_EXTENSION_FILTER);
    chain_append(&chain, vswitch, XSW_EXTENSION_FORWARD);
    return chain;
}

static struct chain chain_of_capture(const struct vswitch *vswitch)
{
    struct chain chain = {.count = 0};
    chain_append(&chain, vswitch, XSW_EXTENSION_CAPTURE);
    return chain;
}

/* What is changed --------------------------------------------------------------------------- */

static uint32_t port_type(enum port_role role)
{
    switch (role) {
    case PORT_ROLE_EXTERNAL:
        return XSW_PORT_EXTERNAL;
    case PORT_ROLE_INTERNAL:
        return XSW_PORT_INTERNAL;
    case PORT_ROLE_GENERIC:
        break;
    }
    return XSW_PORT_GENERIC;
}

static void nic_fill(const struct port_config *config, struct xsw_port_info *info)
{
    info->nic_kind = config_port_kind_name(config->kind);
    if (config->kind == PORT_KIND_FILE) {
        info->nic_name = config->input_path[0] != '\0' ? config->input_path : config->output_path;
    } else if (config->kind != PORT_KIND_MEMORY) {
        info->nic_name = config->device[0] != '\0' ? config->device : config->name;
    }
}

static void info_fill(const struct vswitch *vswitch, uint16_t port, enum xsw_port_state state,
                      struct xsw_port_info *info)
{
    const struct port_slot *slot = &vswitch->ports[port];
    *info = (struct xsw_port_info){.size = sizeof(*info),
                                   .id = port,
                                   .is_validation = slot->is_validation,
                                   .type = port_type(slot->config.role),
                                   .state = state,
                                   .mtu = slot->config.mtu,
                                   .name = slot->config.name,
                                   .friendly_name = slot->config.friendly_name,
                                   .nic_kind = "",
                                   .nic_name = ""};
    if (lifecycle_rights(state)->nic_operations) {
        nic_fill(&slot->config, info);
    }
}

void notify_port_info(const struct vswitch *vswitch, uint16_t port, struct xsw_port_info *info)
{
    info_fill(vswitch, port, vswitch->ports[port].life, info);
}

struct xsw_change notify_change(const struct vswitch *vswitch, enum xsw_operation operation,
                                uint16_t port, struct xsw_port_info *info,
                                const struct xsw_property *property)
{
    struct xsw_change change = {
        .size = sizeof(change), .operation = operation, .port = port, .property = property};
    if (port != XSW_PORT_NONE) {
        enum xsw_port_state state = vswitch->ports[port].life;
        /* In a state in which it is not legal the port stays where it is: notify_ask refuses. */
        (void)lifecycle_next(state, operation, &state);
        info_fill(vswitch, port, state, info);
        change.info = info;
    }
    return change;
}

/* The place of the feature in the instance's own table, when its name is "INSTANCE.FEATURE". */
static uint32_t own_place(const struct extension_instance *instance, const char *feature)
{
    size_t length = strlen(instance->name);
    if (strncmp(feature, instance->name, length) != 0 || feature[length] != '.') {
        return UINT32_MAX;
    }
    for (uint32_t i = 0; i < instance->feature_count; i++) {
        if (strcmp(instance->features[i].name, feature + length + 1) == 0) {
            return i;
        }
    }
    return UINT32_MAX;
}

/* The change as this instance is to see it: whether the property is one of its own. */
static struct xsw_change change_for(const struct extension_instance *instance,
                                    const struct xsw_change *change, struct xsw_property *property)
{
    struct xsw_change own = *change;
    if (change->property != NULL) {
        *property = *change->property;
        property->own = own_place(instance, property->feature);
        own.property = property;
    }
    return own;
}

/* For people and for the log ----------------------------------------------------------------- */

/* "create port p1", as it stands behind "refused to". */
static void what_describe(const struct xsw_change *change, char what[WHAT_SIZE])
{
    const char *port = change->info != NULL ? change->info->name : "";
    char of[CONFIG_NAME_SIZE + 16] = "the switch";
    if (change->info != NULL) {
        snprintf(of, sizeof(of), "port %.31s", port);
    }
    if (change->operation == XSW_OP_PORT_CREATE) {
        snprintf(what, WHAT_SIZE, "create %s", of);
    } else if (change->operation == XSW_OP_NIC_CREATE) {
        snprintf(what, WHAT_SIZE, "create the NIC of %s", of);
    } else if (change->property != NULL) {
        bool is_delete = change->operation == XSW_OP_SWITCH_PROPERTY_DELETE;
        char entry[24] = "";
        if (change->property->id != 0) {
            snprintf(entry, sizeof(entry), " %u", change->property->id);
        }
        snprintf(what, WHAT_SIZE, "%s %.63s%s of %s", is_delete ? "remove" : "set",
                 change->property->feature, entry, of);
    } else {
        snprintf(what, WHAT_SIZE, "accept %s of %s", lifecycle_operation_name(change->operation),
                 of);
    }
}

/* "NAME: port=… …" with `outcome` behind it. */
static void event_log(const struct vswitch *vswitch, const struct xsw_change *change,
                      const char *outcome)
{
    char line[LINE_SIZE];
    char about[WHAT_SIZE] = "";
    int length = 0;
    if (change->info != NULL) {
        length = snprintf(about, sizeof(about), "port=%.31s id=%u state=%s%s ", change->info->name,
                          change->port, lifecycle_state_name(change->info->state),
                          change->info->is_validation ? " trial=yes" : "");
    }
    if (change->property != NULL) {
        snprintf(about + length, sizeof(about) - (size_t)length, "property=%.63s entry=%u ",
                 change->property->feature, change->property->id);
    }
    snprintf(line, sizeof(line), "%s: %s%s", lifecycle_operation_name(change->operation), about,
             outcome);
    vswitch->log.line(vswitch->log.context, line);
}

/* What an extension wrote goes on one line of a log, between quotes. */
static void reason_clean(struct xsw_error *refusal)
{
    refusal->text[sizeof(refusal->text) - 1] = '\0';
    for (char *c = refusal->text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            *c = ' ';
        } else if (*c == '"') {
            *c = '\'';
        }
    }
    if (refusal->text[0] == '\0') {
        snprintf(refusal->text, sizeof(refusal->text), "it gives no reason");
    }
}

/* Asking ------------------------------------------------------------------------------------- */

static enum xsw_status member_ask(const struct extension_instance *member,
                                  const struct xsw_change *change, struct xsw_error *refusal)
{
    struct xsw_property property;
    struct xsw_change own = change_for(member, change, &property);
    enum xsw_status status = XSW_OK;
    for (int i = 0; i < ASK_TRIES; i++) {
        *refusal = (struct xsw_error){.status = XSW_DENIED};
        status = member->control.ask(member->state, &own, refusal);
        if (status != XSW_AGAIN && status != XSW_NO_MEMORY) {
            break;
        }
        if (i + 1 < ASK_TRIES) {
            nanosleep(&(struct timespec){.tv_nsec = ASK_PAUSE_NS}, NULL);
        }
    }
    reason_clean(refusal);
    return status;
}

static void member_done(const struct extension_instance *member, const struct xsw_change *change,
                        enum xsw_status outcome)
{
    if (member->control.done != NULL) {
        struct xsw_property property;
        struct xsw_change own = change_for(member, change, &property);
        member->control.done(member->state, &own, outcome);
    }
}

/* The first `count` members, which have accepted, learn in reverse order that it is off. */
static void chain_undo(const struct chain *chain, uint32_t count, const struct xsw_change *change,
                       enum xsw_status outcome)
{
    while (count-- > 0) {
        if (chain->members[count]->control.ask != NULL) {
            member_done(chain->members[count], change, outcome);
        }
    }
}

static enum xsw_status ask_check(const struct vswitch *vswitch, const struct xsw_change *change,
                                 struct xsw_error *error)
{
    const char *name = lifecycle_operation_name(change->operation);
    if (!lifecycle_is_vetoable(change->operation)) {
        return error_set(error, XSW_INVALID, "%s is not an operation that may be refused", name);
    }
    if (change->port == XSW_PORT_NONE) {
        return XSW_OK;
    }
    const struct port_slot *slot = &vswitch->ports[change->port];
    if (!lifecycle_next(slot->life, change->operation, NULL)) {
        return error_set(error, XSW_UNSUPPORTED, "port %s is %s: %s cannot be done to it now",
                         slot->config.name, lifecycle_state_name(slot->life), name);
    }
    return XSW_OK;
}

static enum xsw_status refused(const struct vswitch *vswitch, const struct xsw_change *change,
                               const struct extension_instance *by, const struct xsw_error *refusal,
                               enum xsw_status status, struct xsw_error *error)
{
    char what[WHAT_SIZE];
    char outcome[LINE_SIZE];
    bool is_transient = status == XSW_AGAIN || status == XSW_NO_MEMORY;
    what_describe(change, what);
    snprintf(outcome, sizeof(outcome), "outcome=refused by=%s status=%s reason=\"%.300s\"",
             by->name, status_name(status), refusal->text);
    event_log(vswitch, change, outcome);
    event_veto(vswitch, change, by->name, refusal->text);
    return error_set(error, XSW_DENIED, "extension %s refused to %s%s: %s", by->name, what,
                     is_transient ? " (it was asked three times)" : "", refusal->text);
}

enum xsw_status notify_ask(struct vswitch *vswitch, const struct xsw_change *change,
                           struct xsw_error *error)
{
    enum xsw_status status = ask_check(vswitch, change, error);
    if (status != XSW_OK) {
        return status;
    }
    const struct chain chain = chain_of_asked(vswitch);
    for (uint32_t i = 0; i < chain.count; i++) {
        const struct extension_instance *member = chain.members[i];
        struct xsw_error refusal;
        if (member->control.ask == NULL) {
            continue;
        }
        status = member_ask(member, change, &refusal);
        if (status != XSW_OK) {
            chain_undo(&chain, i, change, status);
            return refused(vswitch, change, member, &refusal, status, error);
        }
    }
    return XSW_OK;
}

static void chain_tell(const struct chain *chain, const struct xsw_change *change)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        const struct extension_instance *member = chain->members[i];
        if (member->control.told != NULL) {
            struct xsw_property property;
            struct xsw_change own = change_for(member, change, &property);
            member->control.told(member->state, &own);
        }
    }
}

void notify_done(struct vswitch *vswitch, const struct xsw_change *change, enum xsw_status outcome)
{
    const struct chain asked = chain_of_asked(vswitch);
    if (outcome != XSW_OK) {
        char text[64];
        chain_undo(&asked, asked.count, change, outcome);
        snprintf(text, sizeof(text), "outcome=failed status=%s", status_name(outcome));
        event_log(vswitch, change, text);
        event_change(vswitch, change, outcome);
        return;
    }
    const struct chain capture = chain_of_capture(vswitch);
    chain_tell(&capture, change);
    for (uint32_t i = 0; i < asked.count; i++) {
        member_done(asked.members[i], change, XSW_OK);
    }
    event_log(vswitch, change, "outcome=done");
    event_change(vswitch, change, XSW_OK);
}

void notify_tell(struct vswitch *vswitch, const struct xsw_change *change)
{
    const struct chain capture = chain_of_capture(vswitch);
    const struct chain asked = chain_of_asked(vswitch);
    chain_tell(&capture, change);
    chain_tell(&asked, change);
    event_log(vswitch, change, "outcome=done");
    event_change(vswitch, change, XSW_OK);
}
