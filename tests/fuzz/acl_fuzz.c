/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: the first bytes as a rule, the rest as a frame. A rule never reads outside of the
 * frame, and when it matches, each of its conditions holds for itself as well. Of a rule that keeps
 * connections, no packet is its own answer, whichever list it comes to, and all are forgotten.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "packet/parse.h"
#include "switch/policy/acl.h"
#include "switch/policy/connections.h"

enum { RULE_BYTES = 64 };

static int matches(const struct acl_rule *rule, const struct xsw_packet *packet)
{
    struct acl_compiled_rule compiled;
    acl_compile(rule, 0, &compiled);
    struct acl_list list = {.count = 1, .rules = &compiled};
    return acl_match(&list, packet) != NULL;
}

static struct acl_rule rule_make(const uint8_t *bytes)
{
    static const uint8_t families[4] = {0, 4, 6, 4};
    struct acl_rule rule = {.id = 1};
    uint8_t has = bytes[0];
    rule.has_source_mac = has & 1;
    rule.has_destination_mac = has >> 1 & 1;
    rule.has_ether_type = has >> 2 & 1;
    rule.has_protocol = has >> 3 & 1;
    rule.source.family = families[has >> 4 & 3];
    rule.destination.family = families[has >> 6 & 3];
    memcpy(rule.source_mac.bytes, bytes + 1, 6);
    memcpy(rule.destination_mac.bytes, bytes + 7, 6);
    rule.ether_type = (uint16_t)(bytes[13] << 8 | bytes[14]);
    rule.protocol = bytes[15];
    memcpy(rule.source.bytes, bytes + 16, 16);
    memcpy(rule.destination.bytes, bytes + 32, 16);
    rule.source.bits = (uint8_t)(bytes[48] % (rule.source.family == 6 ? 129 : 33));
    rule.destination.bits = (uint8_t)(bytes[49] % (rule.destination.family == 6 ? 129 : 33));
    memcpy(&rule.source_ports, bytes + 50, 4);
    memcpy(&rule.destination_ports, bytes + 54, 4);
    rule.stateful_seconds = (uint32_t)(bytes[58] << 8 | bytes[59]);
    rule.direction = (bytes[60] & 1) != 0 ? ACL_OUT : ACL_IN;
    return rule;
}

static void conditions_check(const struct acl_rule *rule, const struct xsw_packet *packet)
{
    struct acl_rule parts[] = {
        {.has_source_mac = rule->has_source_mac, .source_mac = rule->source_mac},
        {.has_destination_mac = rule->has_destination_mac,
         .destination_mac = rule->destination_mac},
        {.has_ether_type = rule->has_ether_type, .ether_type = rule->ether_type},
        {.has_protocol = rule->has_protocol, .protocol = rule->protocol},
        {.source_ports = rule->source_ports},
        {.destination_ports = rule->destination_ports},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!matches(&parts[i], packet)) {
            abort();
        }
    }
}

static void connections_check(const struct acl_rule *rule, const struct xsw_packet *packet)
{
    enum { CAPACITY = 4 };
    static _Alignas(64) uint8_t memory[4096];
    struct acl_compiled_rule compiled;
    struct xsw_flow flow;
    acl_compile(rule, 0, &compiled);
    memset(memory, 0, sizeof(memory));
    if (xsw_flow_table_size(CAPACITY) > sizeof(memory)) {
        abort();
    }
    struct xsw_flow_table *table = xsw_flow_table_init(memory, CAPACITY, 5, 1);
    struct connection_packet asked = {
        .packet = packet, .direction = rule->direction, .scope = connections_scope(1, 0)};
    connections_learn(table, &asked, &compiled);
    connections_learn(table, &asked, &compiled);
    int answers_itself = connections_find(table, &asked, &flow);
    asked.direction = rule->direction == ACL_IN ? ACL_OUT : ACL_IN;
    answers_itself |= connections_find(table, &asked, &flow);
    /* One connection, and one entry for the fragments of the packet. */
    if (answers_itself || xsw_flow_count(table) > 2) {
        abort();
    }
    connections_forget(table, 1, rule->id);
    if (xsw_flow_count(table) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < RULE_BYTES || size > 65535) {
        return 0;
    }
    size_t length = size - RULE_BYTES;
    uint8_t *frame = malloc(length > 0 ? length : 1);
    if (frame == NULL || length < ETHERNET_SIZE) { /* what stage rx lets pass has a whole header */
        free(frame);
        return 0;
    }
    memcpy(frame, data + RULE_BYTES, length);
    struct acl_rule rule = rule_make(data);
    struct xsw_packet packet = parse_bytes(frame, length, length);
    if (matches(&rule, &packet)) {
        conditions_check(&rule, &packet);
        if (rule.stateful_seconds != 0) {
            connections_check(&rule, &packet);
        }
    }
    free(frame);
    return 0;
}
