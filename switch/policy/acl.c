/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/policy/acl.h"

#include <string.h>

#include "packet/wire.h"
#include "switch/path/mac_table.h"

enum { NEEDS_SOURCE_MAC = 1, NEEDS_DESTINATION_MAC = 2, NEEDS_ADDRESSES = 4, NEEDS_PORTS = 8 };

/* What most rules ask first, packed, so that a rule is refused with one comparison: the protocol in
 * the lowest byte, the EtherType above it, and above that whether there is an IP header. */
enum {
    KIND_PROTOCOL = 0xff,
    KIND_ETHER_TYPE = 0xffff << 8,
    KIND_IP = 1 << 24,
    KIND_NEVER = 1 << 25
};

static inline uint32_t packet_kind(const struct xsw_packet *packet)
{
    uint32_t is_ip = packet->l3_offset != 0 && packet->ether_type != ETHER_TYPE_ARP;
    return is_ip << 24 | (uint32_t)packet->ether_type << 8 | packet->ip_protocol;
}

static void kind_compile(const struct acl_rule *rule, struct acl_compiled_rule *compiled)
{
    if (rule->has_protocol) {
        compiled->kind_mask |= KIND_IP | KIND_PROTOCOL;
        compiled->kind |= KIND_IP | rule->protocol;
    }
    if (rule->has_ether_type) {
        compiled->kind_mask |= KIND_ETHER_TYPE;
        compiled->kind |= (uint32_t)rule->ether_type << 8;
    }
    if (compiled->family != 0) {
        uint32_t type = compiled->family == 4 ? ETHER_TYPE_IPV4 : ETHER_TYPE_IPV6;
        int contradicts = rule->has_ether_type && rule->ether_type != type;
        compiled->kind |= KIND_IP | type << 8;
        /* Of two EtherTypes at once there is no packet: a bit that no mask lets through. */
        compiled->kind_mask |= contradicts ? 0 : KIND_IP | KIND_ETHER_TYPE;
        compiled->kind |= contradicts ? KIND_NEVER : 0;
    }
}

static void prefix_compile(const struct ip_prefix *prefix, uint64_t value[2], uint64_t mask[2])
{
    uint8_t mask_bytes[16] = {0};
    uint8_t value_bytes[16];
    for (unsigned bit = 0; bit < prefix->bits; bit++) {
        mask_bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    }
    for (unsigned i = 0; i < 16; i++) {
        value_bytes[i] = prefix->bytes[i] & mask_bytes[i];
    }
    memcpy(value, value_bytes, 16);
    memcpy(mask, mask_bytes, 16);
}

void acl_compile(const struct acl_rule *rule, uint32_t counter, struct acl_compiled_rule *compiled)
{
    *compiled = (struct acl_compiled_rule){
        .id = rule->id,
        .counter = counter,
        .stateful_seconds = rule->action == ACL_ALLOW ? rule->stateful_seconds : 0,
        .action = (uint8_t)rule->action,
        .family = rule->source.family != 0 ? rule->source.family : rule->destination.family,
        .source_mac = mac_load(rule->source_mac.bytes),
        .destination_mac = mac_load(rule->destination_mac.bytes),
        .source_ports = rule->source_ports,
        .destination_ports = rule->destination_ports,
    };
    kind_compile(rule, compiled);
    prefix_compile(&rule->source, compiled->source, compiled->source_mask);
    prefix_compile(&rule->destination, compiled->destination, compiled->destination_mask);
    int has_ports = rule->source_ports.last != 0 || rule->destination_ports.last != 0;
    if (compiled->source_ports.last == 0) {
        compiled->source_ports.last = UINT16_MAX;
    }
    if (compiled->destination_ports.last == 0) {
        compiled->destination_ports.last = UINT16_MAX;
    }
    compiled->needs =
        (uint8_t)((rule->has_source_mac ? NEEDS_SOURCE_MAC : 0) |
                  (rule->has_destination_mac ? NEEDS_DESTINATION_MAC : 0) |
                  (compiled->family != 0 ? NEEDS_ADDRESSES : 0) | (has_ports ? NEEDS_PORTS : 0));
}

int acl_rule_compare(const void *a, const void *b)
{
    const struct acl_rule *left = a;
    const struct acl_rule *right = b;
    if (left->weight != right->weight) {
        return left->weight > right->weight ? -1 : 1;
    }
    return left->id < right->id ? -1 : left->id > right->id;
}

static int addresses_match(const struct acl_compiled_rule *rule, const struct xsw_packet *packet)
{
    uint64_t source[2] = {0, 0};
    uint64_t destination[2] = {0, 0};
    const uint8_t *l3 = packet->data + packet->l3_offset;
    if (rule->family == 4) {
        memcpy(source, l3 + 12, 4);
        memcpy(destination, l3 + 16, 4);
    } else {
        memcpy(source, l3 + 8, 16);
        memcpy(destination, l3 + 24, 16);
    }
    return (source[0] & rule->source_mask[0]) == rule->source[0] &&
           (source[1] & rule->source_mask[1]) == rule->source[1] &&
           (destination[0] & rule->destination_mask[0]) == rule->destination[0] &&
           (destination[1] & rule->destination_mask[1]) == rule->destination[1];
}

static int has_transport_ports(const struct xsw_packet *packet)
{
    return packet->l4_offset != 0 &&
           (packet->ip_protocol == PROTOCOL_TCP || packet->ip_protocol == PROTOCOL_UDP);
}

static int ports_match(const struct acl_compiled_rule *rule, const struct xsw_packet *packet)
{
    if (!has_transport_ports(packet)) {
        return 0;
    }
    const uint8_t *l4 = packet->data + packet->l4_offset;
    uint16_t source = (uint16_t)(l4[0] << 8 | l4[1]);
    uint16_t destination = (uint16_t)(l4[2] << 8 | l4[3]);
    return source >= rule->source_ports.first && source <= rule->source_ports.last &&
           destination >= rule->destination_ports.first &&
           destination <= rule->destination_ports.last;
}

/* The conditions behind EtherType and protocol. */
static int rule_matches(const struct acl_compiled_rule *rule, const struct xsw_packet *packet)
{
    unsigned needs = rule->needs;
    if ((needs & NEEDS_SOURCE_MAC) != 0 && mac_load(packet->data + 6) != rule->source_mac) {
        return 0;
    }
    if ((needs & NEEDS_DESTINATION_MAC) != 0 && mac_load(packet->data) != rule->destination_mac) {
        return 0;
    }
    if ((needs & NEEDS_ADDRESSES) != 0 && !addresses_match(rule, packet)) {
        return 0;
    }
    return (needs & NEEDS_PORTS) == 0 || ports_match(rule, packet);
}

const struct acl_compiled_rule *acl_match_from(const struct acl_list *list, uint32_t first,
                                               const struct xsw_packet *packet)
{
    uint32_t kind = packet_kind(packet);
    for (uint32_t i = first; i < list->count; i++) {
        const struct acl_compiled_rule *rule = &list->rules[i];
        if ((kind & rule->kind_mask) == rule->kind && rule_matches(rule, packet)) {
            return rule;
        }
    }
    return NULL;
}
