/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter of pcap-filter(7) expressions: the first rule that matches decides, those of the
 * packet's port before those of all ports. Frames are matched as they are; to reach behind a VLAN
 * tag an expression begins with "vlan and". The default is for those directions that a rule names:
 * else a default of deny behind rules for one direction would stop in the other what they let pass.
 *
 * A stateful rule authorises a connection: until it was quiet for the rule's time, all packets of
 * it pass, in both its directions, without being asked for by a rule. A connection is for the place
 * where the rule holds, in or out. On the way in the VLAN is not known yet, so there equal
 * addresses and ports in two VLANs are one connection. It ends with its rule.
 *
 * Packets of other extensions from port 0 are trusted and not asked about.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <xsw/error_set.h>
#include <xsw/extension.h>
#include <xsw/flow_table.h>

#include "extensions/flowfilter/filter.h"

enum {
    TEXT_SHOWN = 100,
    CONNECTIONS_MIN = 64,
    CONNECTIONS_MAX = 1 << 20,
    CONNECTIONS_DEFAULT = 16384,
    CLOSING_SECONDS = 5,
    TABLE_ALIGNMENT = 64
};

static const uint64_t second_ns = 1000000000;

enum setting { SETTING_RULES, SETTING_DEFAULT, SETTING_CONNECTIONS, SETTING_COUNT };
enum field { FIELD_ACTION, FIELD_DIRECTION, FIELD_EXPRESSION, FIELD_STATEFUL, FIELD_COUNT };
enum status_field {
    STATUS_RULES,
    STATUS_GENERATION,
    STATUS_PACKETS,
    STATUS_MADE,
    STATUS_CONNECTIONS,
    STATUS_REFUSED,
    STATUS_DETAIL,
    STATUS_COUNT
};

static void flowfilter_second(void *state, uint64_t now_ns)
{
    struct flowfilter *filter = state;
    (void)xsw_flow_expire(filter->connections, (uint32_t)(now_ns / second_ns));
}

/* A line for each rule of the list. Returns the room that the whole text takes. */
static uint32_t write_detail(const struct flowfilter *filter, const struct rule_table *table,
                             const struct rule_list *list, char *text, uint32_t capacity)
{
    size_t length = 0;
    for (uint32_t i = list->first; i < list->first + list->count; i++) {
        const struct rule *rule = table->rules[i];
        size_t room = length < capacity ? capacity - length : 0;
        uint64_t packets = filter_packets(filter, rule->slot) - rule->packets_before;
        uint64_t made = filter_connections(filter, rule->slot) - rule->connections_before;
        length += (size_t)snprintf(
            room > 0 ? text + length : NULL, room, "%srule %u: %llu packets, %llu connections: %s",
            i == list->first ? "" : "\n", rule->id, (unsigned long long)packets,
            (unsigned long long)made, rule->text);
    }
    if (length == 0 && capacity > 0) {
        text[0] = '\0';
    }
    return (uint32_t)length + 1;
}

static enum xsw_status flowfilter_status(void *state, uint32_t feature, uint16_t port,
                                         struct xsw_status_value *values, struct xsw_error *error)
{
    struct flowfilter *filter = state;
    const struct rule_table *table = atomic_load_explicit(&filter->table, memory_order_relaxed);
    const struct rule_list *list =
        &table->lists[feature == FEATURE_RULE ? port % XSW_PORTS_MAX : XSW_PORT_NONE];
    (void)error;
    for (size_t i = 0; i < STATUS_DETAIL; i++) {
        values[i].number = 0;
    }
    for (uint32_t i = list->first; i < list->first + list->count; i++) {
        const struct rule *rule = table->rules[i];
        values[STATUS_PACKETS].number += filter_packets(filter, rule->slot) - rule->packets_before;
        values[STATUS_MADE].number +=
            filter_connections(filter, rule->slot) - rule->connections_before;
    }
    values[STATUS_RULES].number = list->count;
    values[STATUS_GENERATION].number = table->generation;
    values[STATUS_CONNECTIONS].number = xsw_flow_count(filter->connections);
    values[STATUS_REFUSED].number = xsw_flow_refused(filter->connections);
    struct xsw_status_value *detail = &values[STATUS_DETAIL];
    detail->length = write_detail(filter, table, list, detail->text, detail->capacity);
    return detail->length > detail->capacity ? XSW_LIMIT : XSW_OK;
}

/* Life ---------------------------------------------------------------------------------------- */

static enum xsw_status parse_default(struct flowfilter *filter, const char *text,
                                     struct xsw_error *error)
{
    if (strcmp(text, "allow") == 0) {
        filter->default_action = XSW_PASS;
    } else if (strcmp(text, "deny") == 0) {
        filter->default_action = XSW_DROP;
    } else {
        return xsw_error_set(error, XSW_INVALID, "default \"%.*s\": expected \"allow\" or \"deny\"",
                             TEXT_SHOWN, text);
    }
    return XSW_OK;
}

static enum xsw_status parse_rules(struct flowfilter *filter, const struct xsw_setting *setting,
                                   struct xsw_error *error)
{
    if (setting->text_count > RULES_SETTING_MAX) {
        return xsw_error_set(error, XSW_LIMIT, "rules: %u rules, expected at most %d",
                             setting->text_count, RULES_SETTING_MAX);
    }
    for (uint32_t i = 0; i < setting->text_count; i++) {
        struct rule *rule = NULL;
        enum xsw_status status = rule_parse(setting->texts[i], i, &rule, error);
        if (status != XSW_OK) {
            return status;
        }
        const struct rule *same = rule_register_find(&filter->rules, XSW_PORT_NONE, rule->id);
        status = same == NULL ? filter_add_rule(filter, rule, error)
                              : xsw_error_set(error, XSW_INVALID,
                                              "rules[%u]: id %u is that of rules[%u] already", i,
                                              rule->id, same->order);
        if (status != XSW_OK) {
            rule_destroy(rule);
            return status;
        }
    }
    return XSW_OK;
}

/* The table of connections takes memory only as it fills. */
static enum xsw_status make_connections(struct flowfilter *filter, uint32_t capacity,
                                        struct xsw_error *error)
{
    uint64_t seed = 0;
    filter->connections_memory = calloc(1, xsw_flow_table_size(capacity) + TABLE_ALIGNMENT);
    filter->counts = calloc((size_t)XSW_WORKERS_MAX * RULES_MAX, sizeof *filter->counts);
    if (filter->connections_memory == NULL || filter->counts == NULL ||
        getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
        return xsw_error_set(error, XSW_NO_MEMORY, "connections: no memory for %u of them",
                             capacity);
    }
    uintptr_t address = (uintptr_t)filter->connections_memory + TABLE_ALIGNMENT - 1;
    void *aligned = (void *)(address / TABLE_ALIGNMENT * TABLE_ALIGNMENT);
    filter->connections = xsw_flow_table_init(aligned, capacity, CLOSING_SECONDS, seed);
    return XSW_OK;
}

static void flowfilter_fini(void *state)
{
    struct flowfilter *filter = state;
    rule_register_fini(&filter->rules);
    free((void *)(uintptr_t)atomic_load_explicit(&filter->table, memory_order_relaxed));
    atomic_store_explicit(&filter->table, NULL, memory_order_relaxed);
    free(filter->connections_memory);
    free(filter->counts);
    filter->connections_memory = NULL;
    filter->counts = NULL;
}

static enum xsw_status flowfilter_init(void *state, const struct xsw_host *host,
                                       const struct xsw_setting *settings, struct xsw_error *error)
{
    struct flowfilter *filter = state;
    filter->host = host;
    enum xsw_status status = parse_default(filter, settings[SETTING_DEFAULT].texts[0], error);
    if (status == XSW_OK) {
        status = make_connections(filter, (uint32_t)settings[SETTING_CONNECTIONS].number, error);
    }
    if (status == XSW_OK) {
        status = parse_rules(filter, &settings[SETTING_RULES], error);
    }
    if (status == XSW_OK) {
        filter_take_existing(filter);
        status = filter_publish(filter) == XSW_OK
                     ? XSW_OK
                     : xsw_error_set(error, XSW_NO_MEMORY, "no memory for the rules");
    }
    if (status != XSW_OK) {
        flowfilter_fini(filter);
    }
    return status;
}

/* Declarations --------------------------------------------------------------------------------- */

static const struct xsw_reason_info reasons[REASON_COUNT] = {
    [REASON_DENIED] = {"flow-denied", "a rule of the flow filter denies the packet"},
    [REASON_DEFAULT] = {"flow-default", "no rule of the flow filter allows the packet"},
};

static const struct xsw_setting_info settings_table[SETTING_COUNT] = {
    [SETTING_RULES] = {.name = "rules",
                       .type = XSW_SETTING_TEXT_LIST,
                       .help = "\"ID allow|deny [in|out|both] PCAP-FILTER-EXPRESSION "
                               "[stateful[=SECONDS]]\"; the first that matches decides; in when no "
                               "direction is given"},
    [SETTING_DEFAULT] = {.name = "default",
                         .type = XSW_SETTING_TEXT,
                         .default_text = "allow",
                         .help =
                             "allow or deny: for packets that no rule matches, in those directions "
                             "that a rule names (in, when there is no rule)"},
    [SETTING_CONNECTIONS] = {"connections", XSW_SETTING_NUMBER, CONNECTIONS_MIN, CONNECTIONS_MAX,
                             CONNECTIONS_DEFAULT, NULL,
                             "connections that stateful rules keep at a time"},
};

static const struct xsw_setting_info fields_table[FIELD_COUNT] = {
    [FIELD_ACTION] = {.name = "action", .type = XSW_SETTING_TEXT, .help = "allow or deny"},
    [FIELD_DIRECTION] = {.name = "direction",
                         .type = XSW_SETTING_TEXT,
                         .default_text = "in",
                         .help = "in: what it sends; out: what it gets; both"},
    [FIELD_EXPRESSION] = {.name = "expression",
                          .type = XSW_SETTING_TEXT,
                          .default_text = "",
                          .help = "pcap-filter expression; empty: all"},
    [FIELD_STATEFUL] = {"stateful", XSW_SETTING_NUMBER, 0, RULE_STATEFUL_MAX, 0, NULL,
                        "a connection's seconds; 0: keeps none"},
};

static const struct xsw_setting_info status_table[STATUS_COUNT] = {
    [STATUS_RULES] = {.name = "rules", .type = XSW_SETTING_NUMBER, .help = "rules of this list"},
    [STATUS_GENERATION] = {.name = "generation",
                           .type = XSW_SETTING_NUMBER,
                           .help = "number of the table in use"},
    [STATUS_PACKETS] = {.name = "packets",
                        .type = XSW_SETTING_NUMBER,
                        .help = "packets that they decided about"},
    [STATUS_MADE] = {.name = "made",
                     .type = XSW_SETTING_NUMBER,
                     .help = "connections that they authorised"},
    [STATUS_CONNECTIONS] = {.name = "connections",
                            .type = XSW_SETTING_NUMBER,
                            .help = "connections that go on, of all lists"},
    [STATUS_REFUSED] = {.name = "refused",
                        .type = XSW_SETTING_NUMBER,
                        .help = "those without room, of all lists"},
    [STATUS_DETAIL] = {.name = "detail",
                       .type = XSW_SETTING_TEXT,
                       .help = "each rule, its counts and its text"},
};

static const struct xsw_feature_info features[FEATURE_COUNT] = {
    [FEATURE_RULES] = {.size = sizeof(struct xsw_feature_info),
                       .name = "rules",
                       .help = "the rules of the settings at work",
                       .scope = XSW_SCOPE_SWITCH,
                       .status_fields = status_table,
                       .status_count = STATUS_COUNT},
    [FEATURE_RULE] = {.size = sizeof(struct xsw_feature_info),
                      .name = "rule",
                      .help = "rules of a port, before those for all",
                      .scope = XSW_SCOPE_PORT,
                      .is_list = 1,
                      .fields = fields_table,
                      .field_count = FIELD_COUNT,
                      .status_fields = status_table,
                      .status_count = STATUS_COUNT},
};

static const struct xsw_filter_ops ops = {
    .size = sizeof ops,
    .ingress = filter_ingress,
    .egress = filter_egress,
};

static const struct xsw_control_ops control = {
    .size = sizeof control,
    .ask = filter_ask,
    .done = filter_done,
    .told = filter_told,
    .status = flowfilter_status,
    .second = flowfilter_second,
};

static const struct xsw_extension flowfilter = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof flowfilter,
    .name = "flowfilter",
    .version = XSW_VERSION,
    .description = "allows and denies packets and connections by pcap-filter expressions",
    .kind = XSW_EXTENSION_FILTER,
    .state_size = sizeof(struct flowfilter),
    .reasons = reasons,
    .reason_count = REASON_COUNT,
    .settings = settings_table,
    .setting_count = SETTING_COUNT,
    .init = flowfilter_init,
    .fini = flowfilter_fini,
    .filter = &ops,
    .control = &control,
    .features = features,
    .feature_count = FEATURE_COUNT,
};

XSW_EXTENSION_EXPORT(flowfilter);
