/* SPDX-License-Identifier: Apache-2.0 */
/* Port access lists as they are configured; switch/policy/acl.c is what workers evaluate. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/control/change_log.h"
#include "switch/life/port_life.h"
#include "switch/policy/connections.h"

enum { RULE_ID_MAX = INT32_MAX }; /* as in a configuration */

static enum xsw_status slot_find(struct vswitch *vswitch, const char *port, struct port_slot **slot,
                                 struct xsw_error *error)
{
    uint16_t id = XSW_PORT_NONE;
    enum xsw_status status = port_life_find(vswitch, port, &id, error);
    *slot = &vswitch->ports[id];
    return status;
}

static uint16_t id_of(const struct vswitch *vswitch, const struct port_slot *slot)
{
    return (uint16_t)(slot - vswitch->ports);
}

static const struct acl_slot *rule_find(const struct port_slot *slot, uint32_t id)
{
    for (uint32_t i = 0; i < slot->acl_count; i++) {
        if (slot->acl[i].rule.id == id) {
            return &slot->acl[i];
        }
    }
    return NULL;
}

static enum xsw_status prefix_check(const struct ip_prefix *prefix, const char *name,
                                    struct xsw_error *error)
{
    unsigned most = prefix->family == 4 ? 32 : prefix->family == 6 ? 128 : 0;
    if ((prefix->family != 0 && most == 0) || prefix->bits > most) {
        return error_set(
            error, XSW_INVALID,
            "rule.%s: IPv%u prefix of %u bits; expected IPv4 with 0 to 32 bits or IPv6 "
            "with 0 to 128",
            name, prefix->family, prefix->bits);
    }
    return XSW_OK;
}

static enum xsw_status rule_check(const struct acl_rule *rule, struct xsw_error *error)
{
    enum xsw_status status = prefix_check(&rule->source, "source", error);
    if (status == XSW_OK) {
        status = prefix_check(&rule->destination, "destination", error);
    }
    if (status != XSW_OK) {
        return status;
    }
    if (rule->source.family != 0 && rule->destination.family != 0 &&
        rule->source.family != rule->destination.family) {
        return error_set(error, XSW_INVALID,
                         "rule: source is IPv%u and destination IPv%u: no packet is both",
                         rule->source.family, rule->destination.family);
    }
    if (rule->source_ports.first > rule->source_ports.last ||
        rule->destination_ports.first > rule->destination_ports.last) {
        return error_set(error, XSW_INVALID, "rule: a port range that ends before it begins");
    }
    if (rule->stateful_seconds > CONNECTIONS_TIMEOUT_MAX ||
        (rule->stateful_seconds != 0 && rule->action != ACL_ALLOW)) {
        return error_set(error, XSW_INVALID,
                         "rule.stateful: expected up to %d seconds, in a rule that allows",
                         CONNECTIONS_TIMEOUT_MAX);
    }
    return XSW_OK;
}

/* Behind the last one, so that an id does not soon mean another rule; else the first that is free.
 */
static uint32_t id_free(const struct port_slot *slot)
{
    uint32_t id = 1;
    for (uint32_t i = 0; i < slot->acl_count; i++) {
        if (slot->acl[i].rule.id >= id) {
            id = slot->acl[i].rule.id + 1;
        }
    }
    for (uint32_t i = 1; id > RULE_ID_MAX; i++) {
        id = rule_find(slot, i) == NULL ? i : id;
    }
    return id;
}

static enum xsw_status id_check(const struct port_slot *slot, const char *port, uint32_t id,
                                struct xsw_error *error)
{
    if (id > RULE_ID_MAX) {
        return error_set(error, XSW_INVALID, "port %s: rule id %u; expected at most %d", port, id,
                         RULE_ID_MAX);
    }
    return id != 0 && rule_find(slot, id) != NULL
               ? error_set(error, XSW_EXISTS, "port %s has a rule %u already", port, id)
               : XSW_OK;
}

static uint32_t counter_take(struct vswitch *vswitch)
{
    for (uint32_t i = 0; i < RULES_MAX; i++) {
        if (!vswitch->rule_is_used[i]) {
            vswitch->rule_is_used[i] = 1;
            return i;
        }
    }
    return RULES_MAX;
}

static uint64_t counter_sum(const struct vswitch *vswitch, uint32_t counter_index)
{
    return VSWITCH_SUM(vswitch, rules[counter_index]);
}

static int slot_compare(const void *a, const void *b)
{
    const struct acl_slot *left = a;
    const struct acl_slot *right = b;
    return acl_rule_compare(&left->rule, &right->rule);
}

/* Puts another list in force; on failure the old one stays. Takes `list` either way. */
static enum xsw_status list_replace(struct vswitch *vswitch, struct port_slot *slot,
                                    struct acl_slot *list, uint32_t count, struct xsw_error *error)
{
    struct acl_slot *old = slot->acl;
    uint32_t old_count = slot->acl_count;
    slot->acl = list;
    slot->acl_count = count;
    enum xsw_status status = vswitch_publish(vswitch, error);
    if (status != XSW_OK) {
        slot->acl = old;
        slot->acl_count = old_count;
        old = list;
    }
    free(old);
    return status;
}

/* The list with one more rule, in force when it succeeds. */
static enum xsw_status list_extend(struct vswitch *vswitch, struct port_slot *slot,
                                   const struct acl_slot *added, struct xsw_error *error)
{
    uint32_t count = slot->acl_count;
    struct acl_slot *list = calloc(count + 1, sizeof(*list));
    if (list == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a rule");
    }
    if (count > 0) {
        memcpy(list, slot->acl, count * sizeof(*list));
    }
    list[count] = *added;
    qsort(list, count + 1, sizeof(*list), slot_compare);
    return list_replace(vswitch, slot, list, count + 1, error);
}

enum xsw_status vswitch_acl_add(struct vswitch *vswitch, const char *port, struct acl_rule *rule,
                                struct xsw_error *error)
{
    struct port_slot *slot = NULL;
    enum xsw_status status = slot_find(vswitch, port, &slot, error);
    if (status == XSW_OK) {
        status = rule_check(rule, error);
    }
    if (status == XSW_OK) {
        status = id_check(slot, port, rule->id, error);
    }
    if (status == XSW_OK && rule->stateful_seconds != 0 && vswitch->connections == NULL) {
        status = connections_create(&vswitch->connections, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    uint32_t counter_index =
        slot->acl_count < CONFIG_ACL_RULES_MAX ? counter_take(vswitch) : RULES_MAX;
    if (counter_index == RULES_MAX) {
        return error_set(error, XSW_LIMIT, "port %s: at most %d rules a port and %d a switch", port,
                         CONFIG_ACL_RULES_MAX, RULES_MAX);
    }
    struct acl_slot added = {
        .rule = *rule, .counter = counter_index, .baseline = counter_sum(vswitch, counter_index)};
    added.rule.id = rule->id != 0 ? rule->id : id_free(slot);
    uint16_t id = id_of(vswitch, slot);
    status = port_life_rule_ask(vswitch, id, XSW_OP_PORT_PROPERTY_ADD, &added.rule, error);
    if (status == XSW_OK) {
        status = list_extend(vswitch, slot, &added, error);
        port_life_rule_done(vswitch, id, XSW_OP_PORT_PROPERTY_ADD, &added.rule, status);
    }
    if (status == XSW_OK) {
        change_log_rule(vswitch, id, NULL, &added.rule);
    }
    if (status != XSW_OK) {
        vswitch->rule_is_used[counter_index] = 0;
        return status;
    }
    rule->id = added.rule.id;
    return XSW_OK;
}

/* The list with another rule in the place of one that has its id and keeps its counter. */
static enum xsw_status list_exchange(struct vswitch *vswitch, struct port_slot *slot,
                                     const struct acl_slot *changed, struct xsw_error *error)
{
    struct acl_slot *list = calloc(slot->acl_count, sizeof(*list));
    if (list == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a list of rules");
    }
    memcpy(list, slot->acl, slot->acl_count * sizeof(*list));
    for (uint32_t i = 0; i < slot->acl_count; i++) {
        if (list[i].rule.id == changed->rule.id) {
            list[i] = *changed;
        }
    }
    qsort(list, slot->acl_count, sizeof(*list), slot_compare);
    return list_replace(vswitch, slot, list, slot->acl_count, error);
}

enum xsw_status vswitch_acl_set(struct vswitch *vswitch, const char *port,
                                const struct acl_rule *rule, struct xsw_error *error)
{
    struct port_slot *slot = NULL;
    enum xsw_status status = slot_find(vswitch, port, &slot, error);
    const struct acl_slot *found = status == XSW_OK ? rule_find(slot, rule->id) : NULL;
    if (status == XSW_OK && found == NULL) {
        status = error_set(error, XSW_NOT_FOUND, "port %s has no rule %u", port, rule->id);
    }
    if (status == XSW_OK) {
        status = rule_check(rule, error);
    }
    if (status == XSW_OK && rule->stateful_seconds != 0 && vswitch->connections == NULL) {
        status = connections_create(&vswitch->connections, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    struct acl_slot changed = {
        .rule = *rule, .counter = found->counter, .baseline = counter_sum(vswitch, found->counter)};
    const struct acl_rule before = found->rule;
    uint16_t id = id_of(vswitch, slot);
    status = port_life_rule_ask(vswitch, id, XSW_OP_PORT_PROPERTY_UPDATE, rule, error);
    if (status == XSW_OK) {
        status = list_exchange(vswitch, slot, &changed, error);
        port_life_rule_done(vswitch, id, XSW_OP_PORT_PROPERTY_UPDATE, rule, status);
    }
    if (status == XSW_OK) {
        change_log_rule(vswitch, id, &before, rule);
        /* What the old one has authorised, the new one may not. */
        connections_forget(vswitch->connections, id, rule->id);
    }
    return status;
}

enum xsw_status vswitch_acl_remove(struct vswitch *vswitch, const char *port, uint32_t rule_id,
                                   struct xsw_error *error)
{
    struct port_slot *slot = NULL;
    enum xsw_status status = slot_find(vswitch, port, &slot, error);
    if (status != XSW_OK) {
        return status;
    }
    const struct acl_slot *found = rule_find(slot, rule_id);
    if (found == NULL) {
        return error_set(error, XSW_NOT_FOUND, "port %s has no rule %u", port, rule_id);
    }
    const struct acl_slot gone = *found;
    size_t place = (size_t)(found - slot->acl);
    struct acl_slot *list = calloc(slot->acl_count, sizeof(*list));
    if (list == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a list of rules");
    }
    memcpy(list, slot->acl, place * sizeof(*list));
    memcpy(list + place, slot->acl + place + 1, (slot->acl_count - place - 1) * sizeof(*list));
    status = list_replace(vswitch, slot, list, slot->acl_count - 1, error);
    if (status == XSW_OK) {
        vswitch->rule_is_used[gone.counter] = 0;
        connections_forget(vswitch->connections, id_of(vswitch, slot), rule_id);
        port_life_rule_gone(vswitch, id_of(vswitch, slot), &gone.rule);
        change_log_rule(vswitch, id_of(vswitch, slot), &gone.rule, NULL);
    }
    return status;
}

enum xsw_status vswitch_acl_list(struct vswitch *vswitch, const char *port,
                                 struct acl_rule_info *rules, size_t capacity, size_t *count,
                                 struct xsw_error *error)
{
    struct port_slot *slot = NULL;
    enum xsw_status status = slot_find(vswitch, port, &slot, error);
    if (status != XSW_OK) {
        return status;
    }
    for (uint32_t i = 0; i < slot->acl_count && i < capacity; i++) {
        const struct acl_slot *entry = &slot->acl[i];
        rules[i].rule = entry->rule;
        rules[i].packets = counter_sum(vswitch, entry->counter) - entry->baseline;
    }
    *count = slot->acl_count;
    return XSW_OK;
}
