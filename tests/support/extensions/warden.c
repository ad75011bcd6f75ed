/* SPDX-License-Identifier: Apache-2.0 */
/* A forwarder that enforces the standard policies itself, VLANs and security, from what it is told
 * of the ports: it shows that the policies can move, and that nothing about them changes. It knows
 * what <xsw/extension.h> says and nothing else. For a switch with one worker. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <xsw/extension.h>

enum {
    STATIONS_MAX = 64,
    MACS_MAX = 16,
    VLAN_WORDS = 4096 / 64,
    ETHERNET = 14,
    SECOND = 1000000000
};
enum { STORM_BROADCAST, STORM_MULTICAST, STORM_UNKNOWN, STORM_KINDS };

struct port_rules {
    uint16_t untagged;  /* VLAN of untagged frames; 0: refused */
    uint16_t member;    /* VLAN that it is sent, beside `carries` */
    uint8_t takes_tags; /* those of `carries` */
    uint8_t spoof_guard, dhcp_guard, router_guard;
    uint64_t carries[VLAN_WORDS];
    uint16_t primary; /* of its private VLAN, else 0 */
    uint64_t secondaries[VLAN_WORDS];
    uint32_t storm[STORM_KINDS];
    uint8_t macs[MACS_MAX][6];
    uint32_t mac_count;
};

/* What the workers see: never changed once it is published. */
struct rules {
    struct port_rules ports[XSW_PORTS_MAX];
    uint16_t common[4096]; /* the VLAN under which addresses are known */
};

struct station {
    uint8_t mac[6];
    uint16_t vlan, port;
};

struct warden {
    const struct xsw_host *host;
    struct rules two[2];
    _Atomic(struct rules *) current;
    /* the worker's */
    struct station stations[STATIONS_MAX];
    uint32_t station_count;
    uint64_t second[XSW_PORTS_MAX][STORM_KINDS];
    uint32_t spent[XSW_PORTS_MAX][STORM_KINDS];
};

/* Rules from properties ---------------------------------------------------------------------- */

static struct rules *rules_edit(struct warden *warden)
{
    struct rules *now = atomic_load_explicit(&warden->current, memory_order_relaxed);
    struct rules *next = now == &warden->two[0] ? &warden->two[1] : &warden->two[0];
    *next = *now;
    return next;
}

static void rules_publish(struct warden *warden, struct rules *rules)
{
    for (uint32_t vlan = 0; vlan < 4096; vlan++) {
        rules->common[vlan] = (uint16_t)vlan;
        for (uint32_t port = 1; port < XSW_PORTS_MAX; port++) {
            const struct port_rules *of_port = &rules->ports[port];
            if (of_port->primary != 0 && (of_port->secondaries[vlan / 64] >> vlan % 64 & 1) != 0) {
                rules->common[vlan] = of_port->primary;
            }
        }
    }
    atomic_store_explicit(&warden->current, rules, memory_order_release);
}

static const struct xsw_setting *field_find(const struct xsw_property *property, const char *name)
{
    static const struct xsw_setting nothing = {0, NULL, 0, 0};
    for (uint32_t i = 0; i < property->value_count; i++) {
        if (strcmp(property->fields[i].name, name) == 0) {
            return &property->values[i];
        }
    }
    return &nothing;
}

static int field_is(const struct xsw_property *property, const char *name, const char *text)
{
    const struct xsw_setting *value = field_find(property, name);
    return value->text_count == 1 && strcmp(value->texts[0], text) == 0;
}

static void vlans_read(const struct xsw_setting *list, uint64_t *set)
{
    for (uint32_t i = 0; i < list->text_count; i++) {
        char *end;
        unsigned long first = strtoul(list->texts[i], &end, 10);
        unsigned long last = *end == '-' ? strtoul(end + 1, NULL, 10) : first;
        for (unsigned long vlan = first; vlan <= last && vlan < 4096; vlan++) {
            set[vlan / 64] |= (uint64_t)1 << vlan % 64;
        }
    }
}

static void vlan_default(struct port_rules *rules)
{
    rules->untagged = rules->member = 1;
    rules->takes_tags = 0;
    rules->primary = 0;
    memset(rules->carries, 0, sizeof rules->carries);
    memset(rules->secondaries, 0, sizeof rules->secondaries);
}

static void private_apply(const struct xsw_property *property, struct port_rules *rules)
{
    uint64_t secondary = field_find(property, "secondary")->number;
    rules->primary = rules->member = (uint16_t)field_find(property, "primary")->number;
    rules->untagged = (uint16_t)secondary;
    rules->secondaries[secondary / 64 % VLAN_WORDS] = (uint64_t)1 << secondary % 64;
    if (field_is(property, "type", "promiscuous")) {
        memset(rules->secondaries, 0, sizeof rules->secondaries);
        vlans_read(field_find(property, "secondaries"), rules->secondaries);
        rules->untagged = rules->primary;
    }
    if (!field_is(property, "type", "isolated")) {
        memcpy(rules->carries, rules->secondaries, sizeof rules->carries);
    }
}

static void vlan_apply(const struct xsw_property *property, struct port_rules *rules)
{
    vlan_default(rules);
    if (field_is(property, "mode", "access")) {
        rules->untagged = rules->member = (uint16_t)field_find(property, "access")->number;
    } else if (field_is(property, "mode", "trunk")) {
        rules->untagged = rules->member = (uint16_t)field_find(property, "native")->number;
        rules->takes_tags = 1;
        vlans_read(field_find(property, "allowed"), rules->carries);
    } else {
        private_apply(property, rules);
    }
}

static void guards_apply(const struct xsw_property *property, struct port_rules *rules)
{
    const struct xsw_setting *macs = field_find(property, "macs");
    rules->spoof_guard = field_find(property, "spoof-guard")->number != 0;
    rules->dhcp_guard = field_find(property, "dhcp-guard")->number != 0;
    rules->router_guard = field_find(property, "router-guard")->number != 0;
    rules->mac_count = macs->text_count < MACS_MAX ? macs->text_count : MACS_MAX;
    for (uint32_t i = 0; i < rules->mac_count; i++) {
        const char *text = macs->texts[i];
        for (uint32_t byte = 0; byte < 6 && strlen(text) >= 3 * byte + 2; byte++) {
            rules->macs[i][byte] = (uint8_t)strtoul(text + 3 * byte, NULL, 16);
        }
    }
}

static void property_apply(const struct xsw_property *property, struct port_rules *rules)
{
    if (strcmp(property->feature, "vlan") == 0) {
        vlan_apply(property, rules);
    } else if (strcmp(property->feature, "guards") == 0) {
        guards_apply(property, rules);
    } else if (strcmp(property->feature, "storm-limit") == 0) {
        static const char *const names[STORM_KINDS] = {"broadcast", "multicast", "unknown-unicast"};
        for (uint32_t kind = 0; kind < STORM_KINDS; kind++) {
            rules->storm[kind] = (uint32_t)field_find(property, names[kind])->number;
        }
    }
}

static void property_reset(const struct xsw_property *property, struct port_rules *rules)
{
    if (strcmp(property->feature, "vlan") == 0) {
        vlan_default(rules);
    } else if (strcmp(property->feature, "guards") == 0) {
        rules->spoof_guard = rules->dhcp_guard = rules->router_guard = 0;
    } else if (strcmp(property->feature, "storm-limit") == 0) {
        memset(rules->storm, 0, sizeof rules->storm);
    }
}

static void property_seen(void *context, const struct xsw_property *property)
{
    property_apply(property, context);
}

struct enumeration {
    struct warden *warden;
    struct rules *rules;
};

static void port_seen(void *context, const struct xsw_port_info *port)
{
    const struct enumeration *all = context;
    const struct xsw_host *host = all->warden->host;
    struct port_rules *rules = &all->rules->ports[port->id % XSW_PORTS_MAX];
    (void)host->control->properties(host, port->id, property_seen, rules);
}

static enum xsw_status warden_init(void *state, const struct xsw_host *host,
                                   const struct xsw_setting *settings, struct xsw_error *error)
{
    struct warden *warden = state;
    (void)settings;
    (void)error;
    warden->host = host;
    for (uint32_t port = 0; port < XSW_PORTS_MAX; port++) {
        vlan_default(&warden->two[0].ports[port]);
    }
    struct enumeration all = {warden, &warden->two[0]};
    /* XSW_AGAIN: nothing is there yet, and what comes will be told. */
    (void)host->control->ports(host, port_seen, &all);
    rules_publish(warden, &warden->two[0]);
    return XSW_OK;
}

static void change_apply(struct warden *warden, const struct xsw_change *change)
{
    if (change->port == 0 || change->port >= XSW_PORTS_MAX) {
        return;
    }
    struct rules *next = rules_edit(warden);
    struct port_rules *rules = &next->ports[change->port];
    switch (change->operation) {
    case XSW_OP_PORT_CREATE:
        memset(rules, 0, sizeof *rules);
        vlan_default(rules);
        break;
    case XSW_OP_PORT_PROPERTY_ADD:
    case XSW_OP_PORT_PROPERTY_UPDATE:
        property_apply(change->property, rules);
        break;
    case XSW_OP_PORT_PROPERTY_DELETE:
        property_reset(change->property, rules);
        break;
    default:
        return;
    }
    rules_publish(warden, next);
    warden->host->control->synchronize(warden->host);
}

static enum xsw_status warden_ask(void *state, const struct xsw_change *change,
                                  struct xsw_error *refusal)
{
    (void)state;
    (void)change;
    (void)refusal;
    return XSW_OK;
}

static void warden_done(void *state, const struct xsw_change *change, enum xsw_status outcome)
{
    if (outcome == XSW_OK) {
        change_apply(state, change);
    }
}

static void warden_told(void *state, const struct xsw_change *change)
{
    change_apply(state, change);
}

/* Packets ------------------------------------------------------------------------------------ */

static uint16_t tag_of(const struct xsw_packet *packet)
{
    if ((packet->flags & XSW_PACKET_TAGGED) == 0) {
        return 0;
    }
    return (uint16_t)((packet->data[ETHERNET] << 8 | packet->data[ETHERNET + 1]) & 0x0fff);
}

static int carries(const struct port_rules *rules, uint16_t vlan)
{
    return vlan == rules->member || (rules->carries[vlan / 64] >> vlan % 64 & 1) != 0;
}

static int vlan_is_right(const struct port_rules *rules, const struct xsw_packet *packet)
{
    uint16_t tag = tag_of(packet);
    if (tag == 0 || (rules->takes_tags && tag == rules->untagged)) {
        return rules->untagged != 0;
    }
    return rules->takes_tags && (rules->carries[tag / 64] >> tag % 64 & 1) != 0;
}

static uint16_t source_judge(const struct port_rules *rules, const struct xsw_packet *packet)
{
    static const uint8_t zero[6];
    const uint8_t *source = packet->data + 6;
    if ((source[0] & 1) != 0 || memcmp(source, zero, 6) == 0) {
        return XSW_REASON_BAD_SOURCE_MAC;
    }
    for (uint32_t i = 0; rules->spoof_guard && i < rules->mac_count; i++) {
        if (memcmp(source, rules->macs[i], 6) == 0) {
            return 0;
        }
    }
    return rules->spoof_guard ? XSW_REASON_MAC_SPOOFED : 0;
}

static uint16_t guards_judge(const struct port_rules *rules, const struct xsw_packet *packet)
{
    const uint8_t *head = packet->data + packet->l4_offset;
    if (packet->l4_offset == 0) {
        return 0;
    }
    if (rules->dhcp_guard && packet->ip_protocol == 17 &&
        packet->length > packet->l4_offset + (uint32_t)8 && head[0] == 0 && head[1] == 67 &&
        head[8] == 2) {
        return XSW_REASON_DHCP_GUARD;
    }
    if (rules->router_guard && packet->ip_protocol == 58 && (head[0] == 134 || head[0] == 137)) {
        return XSW_REASON_ROUTER_GUARD;
    }
    return 0;
}

static int storm_admits(struct warden *warden, const struct port_rules *rules, uint16_t port,
                        uint32_t kind, uint64_t now_ns)
{
    if (warden->second[port][kind] != now_ns / SECOND) {
        warden->second[port][kind] = now_ns / SECOND;
        warden->spent[port][kind] = 0;
    }
    return rules->storm[kind] == 0 || warden->spent[port][kind]++ < rules->storm[kind];
}

static uint32_t storm_kind(const struct xsw_packet *packet)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    return memcmp(packet->data, all, 6) == 0 ? STORM_BROADCAST : STORM_MULTICAST;
}

static struct station *station_find(struct warden *warden, const uint8_t *mac, uint16_t vlan)
{
    for (uint32_t i = 0; i < warden->station_count; i++) {
        if (warden->stations[i].vlan == vlan && memcmp(warden->stations[i].mac, mac, 6) == 0) {
            return &warden->stations[i];
        }
    }
    return NULL;
}

static void station_learn(struct warden *warden, const struct xsw_packet *packet, uint16_t vlan)
{
    struct station *station = station_find(warden, packet->data + 6, vlan);
    if (station == NULL && warden->station_count < STATIONS_MAX) {
        station = &warden->stations[warden->station_count++];
        station->vlan = vlan;
        memcpy(station->mac, packet->data + 6, 6);
    }
    if (station != NULL) {
        station->port = packet->source_port;
    }
}

static uint16_t flood(const struct rules *rules, const struct xsw_packet *packet,
                      const struct xsw_port_set *connected, struct xsw_port_set *destinations)
{
    for (uint16_t port = 1; port < XSW_PORTS_MAX; port++) {
        if (xsw_port_set_has(connected, port) && port != packet->source_port &&
            carries(&rules->ports[port], packet->vlan)) {
            xsw_port_set_add(destinations, port);
        }
    }
    return 0;
}

static uint16_t unicast(const struct rules *rules, const struct xsw_packet *packet, uint16_t port,
                        struct xsw_port_set *destinations)
{
    const struct port_rules *to = &rules->ports[port];
    if (port == packet->source_port) {
        return XSW_REASON_SAME_PORT;
    }
    if (!carries(to, packet->vlan)) {
        int is_private = to->primary != 0 && rules->common[packet->vlan] == to->primary;
        return is_private ? XSW_REASON_PRIVATE_VLAN : XSW_REASON_VLAN_NOT_ALLOWED;
    }
    xsw_port_set_add(destinations, port);
    return 0;
}

struct question {
    const struct xsw_packet *packet;
    const struct xsw_port_set *connected;
    uint64_t now_ns;
};

/* Gives the reason for which the packet goes nowhere, or 0. */
static uint16_t packet_judge(struct warden *warden, const struct question *question,
                             struct xsw_port_set *destinations)
{
    const struct rules *rules = atomic_load_explicit(&warden->current, memory_order_acquire);
    const struct xsw_packet *packet = question->packet;
    uint16_t from = packet->source_port;
    const struct port_rules *source = &rules->ports[from];
    int is_multicast = (packet->flags & XSW_PACKET_MULTICAST) != 0;
    uint16_t reason = vlan_is_right(source, packet) ? 0 : XSW_REASON_VLAN_NOT_ALLOWED;
    reason = reason == 0 ? source_judge(source, packet) : reason;
    reason = reason == 0 ? guards_judge(source, packet) : reason;
    if (reason == 0 && is_multicast &&
        !storm_admits(warden, source, from, storm_kind(packet), question->now_ns)) {
        reason = XSW_REASON_STORM_LIMIT;
    }
    if (reason != 0) {
        return reason;
    }
    uint16_t common = rules->common[packet->vlan];
    station_learn(warden, packet, common);
    const struct station *to = is_multicast ? NULL : station_find(warden, packet->data, common);
    if (to != NULL && xsw_port_set_has(question->connected, to->port)) {
        return unicast(rules, packet, to->port, destinations);
    }
    if (!is_multicast && !storm_admits(warden, source, from, STORM_UNKNOWN, question->now_ns)) {
        return XSW_REASON_STORM_LIMIT;
    }
    return flood(rules, packet, question->connected, destinations);
}

static void warden_forward(void *state, const struct xsw_const_batch *batch,
                           const struct xsw_port_set *connected, struct xsw_port_set *destinations,
                           struct xsw_verdict *verdicts)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        struct question question = {batch->packets[i], connected, batch->now_ns};
        uint16_t reason = packet_judge(state, &question, &destinations[i]);
        if (reason != 0) {
            verdicts[i].action = XSW_DROP;
            verdicts[i].reason = XSW_REASON_STANDARD | reason;
        }
    }
}

static const struct xsw_forward_ops ops = {.size = sizeof ops, .forward = warden_forward};
static const struct xsw_control_ops control = {
    .size = sizeof control, .ask = warden_ask, .done = warden_done, .told = warden_told};

static const struct xsw_extension warden = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof warden,
    .name = "warden",
    .version = "1",
    .description = "forwards, and enforces VLANs and security",
    .kind = XSW_EXTENSION_FORWARD,
    .state_size = sizeof(struct warden),
    .init = warden_init,
    .forward = &ops,
    .control = &control,
    .enforces = XSW_POLICY_VLAN | XSW_POLICY_SECURITY,
};

XSW_EXTENSION_EXPORT(warden);
