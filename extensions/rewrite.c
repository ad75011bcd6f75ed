/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter that sets header fields of the packets that match, and mends every checksum that covers
 * them by the difference (RFC 1624). A checksum that the sender left to the offload is half done:
 * its place holds the sum of the pseudo header, not complemented, and only addresses change that.
 *
 * On egress the bytes are not a filter's to change. With direction=out it changes a clone, which is
 * injected on ingress below this extension and forwarded anew, and takes the packet's place. A
 * packet that goes to several ports is left as it is: a clone of each would go to each of them.
 */
#include <pcap/pcap.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <xsw/error_set.h>
#include <xsw/extension.h>

enum {
    SNAP_LENGTH = 262144,
    DSCP_LEAVE = 64,
    PRIORITY_LEAVE = 8,
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86dd,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_DCCP = 33,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_ICMPV6 = 58,
    PROTOCOL_UDP_LITE = 136,
    TEXT_SHOWN = 100
};

enum setting {
    SETTING_MATCH,
    SETTING_DSCP,
    SETTING_ETH_SRC,
    SETTING_ETH_DST,
    SETTING_IP_SRC,
    SETTING_IP_DST,
    SETTING_PORT_SRC,
    SETTING_PORT_DST,
    SETTING_VLAN_PRIORITY,
    SETTING_RULE,
    SETTING_DIRECTION,
    SETTING_COUNT
};

enum reason { REASON_NO_CLONE, REASON_COUNT };

/* Bytes to write: none when the length is 0. */
struct value {
    uint8_t bytes[16];
    uint8_t length; /* 6 for a MAC address, 4 or 16 for an IP address, 2 for a port */
};

struct rewrite {
    const struct xsw_host *host;
    struct bpf_program program;
    struct value eth_source, eth_destination, ip_source, ip_destination, port_source,
        port_destination;
    uint32_t rule;
    uint8_t dscp;
    uint8_t priority;
    uint8_t is_egress;
};

/* A packet that is being rewritten: where its checksums are, null for those that it does not have.
 */
struct target {
    struct xsw_packet *packet;
    uint8_t *network_checksum;
    uint8_t *transport_checksum;
    int is_partial; /* the transport checksum is left to the offload */
    int has_changed;
};

static uint16_t read16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void write16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

/* The sum `sum` with the `length` bytes (even) of `old_bytes` in it replaced by `new_bytes`. */
static uint16_t sum_replace(uint16_t sum, const uint8_t *old_bytes, const uint8_t *new_bytes,
                            size_t length)
{
    uint32_t total = sum;
    for (size_t at = 0; at < length; at += 2) {
        total += (uint32_t)(uint16_t)~read16(old_bytes + at) + read16(new_bytes + at);
    }
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    return (uint16_t)total;
}

/* place: of a finished checksum, null for none. */
static void checksum_mend(uint8_t *place, const uint8_t *old_bytes, const uint8_t *new_bytes,
                          size_t length)
{
    if (place != NULL) {
        uint16_t sum = (uint16_t)~read16(place);
        write16(place, (uint16_t)~sum_replace(sum, old_bytes, new_bytes, length));
    }
}

static void transport_mend(const struct target *target, const uint8_t *old_bytes,
                           const uint8_t *new_bytes, size_t length)
{
    uint8_t *place = target->transport_checksum;
    if (place == NULL) {
        return;
    }
    if (target->is_partial) {
        write16(place, sum_replace(read16(place), old_bytes, new_bytes, length));
        return;
    }
    checksum_mend(place, old_bytes, new_bytes, length);
    /* UDP writes a checksum of zero as its complement, because zero says that there is none. */
    if (target->packet->ip_protocol == PROTOCOL_UDP && read16(place) == 0) {
        write16(place, 0xffff);
    }
}

/* Where the transport checksum of the packet is, null when none is to be mended. */
static uint8_t *transport_checksum_find(const struct xsw_packet *packet, int *is_partial)
{
    uint32_t offset;
    *is_partial = 0;
    switch (packet->ip_protocol) {
    case PROTOCOL_TCP:
        offset = 16;
        break;
    case PROTOCOL_UDP:
    case PROTOCOL_DCCP:
    case PROTOCOL_UDP_LITE:
        offset = 6;
        break;
    case PROTOCOL_ICMPV6:
        offset = 2;
        break;
    default:
        return NULL;
    }
    if (packet->l4_offset == 0 || packet->l4_offset + offset + 2 > packet->length) {
        return NULL;
    }
    uint8_t *place = packet->data + packet->l4_offset + offset;
    const struct xsw_offload *offload = &packet->offload;
    if ((offload->flags & XSW_OFFLOAD_NEEDS_CHECKSUM) != 0 &&
        offload->csum_start == packet->l4_offset && offload->csum_offset == offset) {
        *is_partial = 1;
        return place;
    }
    return packet->ip_protocol == PROTOCOL_UDP && read16(place) == 0 ? NULL : place;
}

/* True when a routing header names addresses that are still ahead: the checksum then covers the
 * last of them and not the destination in the IPv6 header (RFC 8200, 8.1). */
static int is_routed_on(const struct xsw_packet *packet)
{
    const uint8_t *data = packet->data;
    uint8_t type = data[packet->l3_offset + 6];
    uint32_t offset = packet->l3_offset + 40u;
    while (offset + 8 <= packet->l4_offset) {
        if (type == PROTOCOL_ROUTING) {
            return data[offset + 3] != 0;
        }
        uint32_t size = type == 44   ? 8
                        : type == 51 ? (data[offset + 1] + 2u) * 4
                                     : (data[offset + 1] + 1u) * 8;
        type = data[offset];
        offset += size;
    }
    return 0;
}

/* Writes a value over `place`. Returns 0 when there was none, or it was there already. */
static int value_store(struct target *target, const struct value *value, uint8_t *place,
                       uint8_t *old_bytes)
{
    if (value->length == 0 || memcmp(place, value->bytes, value->length) == 0) {
        return 0;
    }
    memcpy(old_bytes, place, value->length);
    memcpy(place, value->bytes, value->length);
    target->has_changed = 1;
    return 1;
}

static void rewrite_ethernet(const struct rewrite *rewrite, struct target *target)
{
    uint8_t old_bytes[16];
    uint8_t *data = target->packet->data;
    if (target->packet->length < 14) {
        return;
    }
    value_store(target, &rewrite->eth_destination, data, old_bytes);
    value_store(target, &rewrite->eth_source, data + 6, old_bytes);
    uint16_t type = read16(data + 12);
    int is_tagged = type == 0x8100 || type == 0x88a8 || type == 0x9100;
    if (rewrite->priority == PRIORITY_LEAVE || !is_tagged || target->packet->length < 18) {
        return;
    }
    uint8_t control = (uint8_t)((data[14] & 0x1f) | rewrite->priority << 5);
    target->has_changed |= control != data[14];
    data[14] = control;
}

static void rewrite_dscp(const struct rewrite *rewrite, struct target *target)
{
    uint8_t *header = target->packet->data + target->packet->l3_offset;
    if (rewrite->dscp == DSCP_LEAVE) {
        return;
    }
    uint8_t old_bytes[2] = {header[0], header[1]};
    if (target->packet->ether_type == TYPE_IPV4) {
        header[1] = (uint8_t)(rewrite->dscp << 2 | (header[1] & 3));
    } else {
        header[0] = (uint8_t)((header[0] & 0xf0) | rewrite->dscp >> 2);
        header[1] = (uint8_t)((rewrite->dscp & 3) << 6 | (header[1] & 0x3f));
    }
    if (memcmp(old_bytes, header, 2) != 0) {
        checksum_mend(target->network_checksum, old_bytes, header, 2);
        target->has_changed = 1;
    }
}

/* value: 4 or 16 bytes; is_covered: the transport checksum covers this address. */
static void rewrite_address(struct target *target, const struct value *value, uint8_t *place,
                            int is_covered)
{
    uint8_t old_bytes[16];
    if (value_store(target, value, place, old_bytes)) {
        checksum_mend(target->network_checksum, old_bytes, place, value->length);
        if (is_covered) {
            transport_mend(target, old_bytes, place, value->length);
        }
    }
}

static void rewrite_addresses(const struct rewrite *rewrite, struct target *target)
{
    uint8_t *header = target->packet->data + target->packet->l3_offset;
    uint8_t size = target->packet->ether_type == TYPE_IPV4 ? 4 : 16;
    uint32_t source = size == 4 ? 12 : 8;
    if (rewrite->ip_source.length == size) {
        rewrite_address(target, &rewrite->ip_source, header + source, 1);
    }
    if (rewrite->ip_destination.length == size) {
        rewrite_address(target, &rewrite->ip_destination, header + source + size,
                        size == 4 || !is_routed_on(target->packet));
    }
}

static void rewrite_port(struct target *target, const struct value *value, uint8_t *place)
{
    uint8_t old_bytes[16];
    /* A half-done checksum does not cover the ports yet. */
    if (value_store(target, value, place, old_bytes) && !target->is_partial) {
        transport_mend(target, old_bytes, place, value->length);
    }
}

static void rewrite_ports(const struct rewrite *rewrite, struct target *target)
{
    const struct xsw_packet *packet = target->packet;
    if (packet->l4_offset == 0 ||
        (packet->ip_protocol != PROTOCOL_TCP && packet->ip_protocol != PROTOCOL_UDP)) {
        return;
    }
    rewrite_port(target, &rewrite->port_source, packet->data + packet->l4_offset);
    rewrite_port(target, &rewrite->port_destination, packet->data + packet->l4_offset + 2);
}

static int rewrite_packet(const struct rewrite *rewrite, struct xsw_packet *packet)
{
    struct target target = {.packet = packet};
    rewrite_ethernet(rewrite, &target);
    int is_ipv4 = packet->ether_type == TYPE_IPV4;
    if (packet->l3_offset != 0 && (is_ipv4 || packet->ether_type == TYPE_IPV6)) {
        target.network_checksum = is_ipv4 ? packet->data + packet->l3_offset + 10 : NULL;
        target.transport_checksum = transport_checksum_find(packet, &target.is_partial);
        rewrite_dscp(rewrite, &target);
        rewrite_addresses(rewrite, &target);
        rewrite_ports(rewrite, &target);
    }
    return target.has_changed;
}

static int is_matched(const struct rewrite *rewrite, const struct xsw_packet *packet)
{
    return bpf_filter(rewrite->program.bf_insns, packet->data, packet->length, packet->length) != 0;
}

static void rewrite_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    const struct rewrite *rewrite = state;
    for (uint32_t i = 0; i < batch->count && !rewrite->is_egress; i++) {
        struct xsw_packet *packet = batch->packets[i];
        if (is_matched(rewrite, packet) && rewrite_packet(rewrite, packet)) {
            verdicts[i].rule = rewrite->rule;
        }
    }
}

/* Whether the packet is to be replaced by a clone: its own clones and what has copies is not. */
static int is_replaced(const struct rewrite *rewrite, const struct xsw_packet *packet)
{
    const uint8_t several = XSW_PACKET_FLOOD_COPY | XSW_PACKET_MIRROR_COPY | XSW_PACKET_HAS_COPIES;
    return packet->injector != rewrite->host->self && (packet->flags & several) == 0 &&
           is_matched(rewrite, packet);
}

static void replace(const struct rewrite *rewrite, uint32_t worker, const struct xsw_packet *packet,
                    struct xsw_verdict *verdict)
{
    const struct xsw_data_services *data = rewrite->host->data;
    struct xsw_packet *clone = data->clone(rewrite->host, worker, packet);
    if (clone != NULL && !rewrite_packet(rewrite, clone)) {
        data->discard(rewrite->host, worker, clone); /* it has the wanted values already */
        return;
    }
    verdict->rule = rewrite->rule;
    verdict->action = XSW_REPLACED;
    if (clone == NULL || data->inject(rewrite->host, worker, clone, XSW_INGRESS) != XSW_OK) {
        verdict->action = XSW_DROP;
        verdict->reason = REASON_NO_CLONE;
    }
}

static void rewrite_egress(void *state, const struct xsw_const_batch *batch,
                           struct xsw_verdict *verdicts)
{
    const struct rewrite *rewrite = state;
    for (uint32_t i = 0; i < batch->count && rewrite->is_egress; i++) {
        if (is_replaced(rewrite, batch->packets[i])) {
            replace(rewrite, batch->worker, batch->packets[i], &verdicts[i]);
        }
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum xsw_status parse_mac(struct value *value, const char *name, const char *text,
                                 struct xsw_error *error)
{
    if (text[0] == '\0') {
        return XSW_OK;
    }
    /* The first digit that is none ends the walk, so that it never passes the end of the text. */
    for (unsigned i = 0; i < 6; i++) {
        int high = hex_digit(text[3 * i]);
        int low = high < 0 ? -1 : hex_digit(text[3 * i + 1]);
        char expected = i < 5 ? ':' : '\0';
        if (low < 0 || text[3 * i + 2] != expected) {
            return xsw_error_set(error, XSW_INVALID,
                                 "%s \"%.*s\": expected a MAC address such as 02:00:00:00:00:01",
                                 name, TEXT_SHOWN, text);
        }
        value->bytes[i] = (uint8_t)(high << 4 | low);
    }
    value->length = 6;
    return XSW_OK;
}

static enum xsw_status parse_address(struct value *value, const char *name, const char *text,
                                     struct xsw_error *error)
{
    if (text[0] == '\0') {
        return XSW_OK;
    }
    if (inet_pton(AF_INET, text, value->bytes) == 1) {
        value->length = 4;
    } else if (inet_pton(AF_INET6, text, value->bytes) == 1) {
        value->length = 16;
    } else {
        return xsw_error_set(error, XSW_INVALID, "%s \"%.*s\": expected an IPv4 or IPv6 address",
                             name, TEXT_SHOWN, text);
    }
    return XSW_OK;
}

static void port_value(struct value *value, uint64_t number)
{
    if (number != 0) {
        write16(value->bytes, (uint16_t)number);
        value->length = 2;
    }
}

static enum xsw_status compile_match(struct rewrite *rewrite, const char *expression,
                                     struct xsw_error *error)
{
    pcap_t *compiler = pcap_open_dead(DLT_EN10MB, SNAP_LENGTH);
    if (compiler == NULL) {
        return xsw_error_set(error, XSW_NO_MEMORY, "no memory to compile the filter");
    }
    enum xsw_status status = XSW_OK;
    if (pcap_compile(compiler, &rewrite->program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        status = xsw_error_set(error, XSW_INVALID, "match \"%.*s\": %.200s", TEXT_SHOWN, expression,
                               pcap_geterr(compiler));
    }
    pcap_close(compiler);
    return status;
}

static const struct xsw_setting_info settings_table[SETTING_COUNT] = {
    [SETTING_MATCH] = {.name = "match",
                       .type = XSW_SETTING_TEXT,
                       .default_text = "",
                       .help = "pcap-filter expression; empty: all packets"},
    [SETTING_DSCP] = {"dscp", XSW_SETTING_NUMBER, 0, DSCP_LEAVE, DSCP_LEAVE, NULL,
                      "new DSCP; 64: leave"},
    [SETTING_ETH_SRC] = {.name = "eth-src",
                         .type = XSW_SETTING_TEXT,
                         .default_text = "",
                         .help = "new source MAC address; empty: leave"},
    [SETTING_ETH_DST] = {.name = "eth-dst",
                         .type = XSW_SETTING_TEXT,
                         .default_text = "",
                         .help = "new destination MAC address; empty: leave"},
    [SETTING_IP_SRC] = {.name = "ip-src",
                        .type = XSW_SETTING_TEXT,
                        .default_text = "",
                        .help = "new source address of packets of its family; empty: leave"},
    [SETTING_IP_DST] = {.name = "ip-dst",
                        .type = XSW_SETTING_TEXT,
                        .default_text = "",
                        .help = "new destination address of packets of its family; empty: leave"},
    [SETTING_PORT_SRC] = {"port-src", XSW_SETTING_NUMBER, 0, 65535, 0, NULL,
                          "new source port of TCP and UDP; 0: leave"},
    [SETTING_PORT_DST] = {"port-dst", XSW_SETTING_NUMBER, 0, 65535, 0, NULL,
                          "new destination port of TCP and UDP; 0: leave"},
    [SETTING_VLAN_PRIORITY] = {"vlan-priority", XSW_SETTING_NUMBER, 0, PRIORITY_LEAVE,
                               PRIORITY_LEAVE, NULL, "new priority in the outer tag; 8: leave"},
    [SETTING_RULE] = {"rule", XSW_SETTING_NUMBER, 1, UINT32_MAX, 1, NULL,
                      "rule id that the verdict on a changed packet carries"},
    [SETTING_DIRECTION] = {.name = "direction",
                           .type = XSW_SETTING_TEXT,
                           .default_text = "in",
                           .help =
                               "in: as packets come in; out: as they go out to a single port, by "
                               "a clone that is forwarded anew"},
};

static const struct xsw_reason_info reasons[REASON_COUNT] = {
    [REASON_NO_CLONE] = {"rewrite-no-clone", "there was no buffer for the rewritten clone"},
};

static enum xsw_status parse_direction(struct rewrite *rewrite, const struct xsw_host *host,
                                       const char *text, struct xsw_error *error)
{
    rewrite->host = host;
    rewrite->is_egress = strcmp(text, "out") == 0;
    if (!rewrite->is_egress && strcmp(text, "in") != 0) {
        return xsw_error_set(error, XSW_INVALID, "direction \"%.*s\": expected in or out",
                             TEXT_SHOWN, text);
    }
    if (rewrite->is_egress && (!XSW_HAS(host, struct xsw_host, data) || host->data == NULL)) {
        return xsw_error_set(error, XSW_UNSUPPORTED, "direction out: this host makes no clones");
    }
    return XSW_OK;
}

static enum xsw_status rewrite_init(void *state, const struct xsw_host *host,
                                    const struct xsw_setting *settings, struct xsw_error *error)
{
    struct rewrite *rewrite = state;
    struct {
        struct value *value;
        enum setting setting;
        enum xsw_status (*parse)(struct value *value, const char *name, const char *text,
                                 struct xsw_error *error);
    } const texts[] = {
        {&rewrite->eth_source, SETTING_ETH_SRC, parse_mac},
        {&rewrite->eth_destination, SETTING_ETH_DST, parse_mac},
        {&rewrite->ip_source, SETTING_IP_SRC, parse_address},
        {&rewrite->ip_destination, SETTING_IP_DST, parse_address},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        enum xsw_status status =
            texts[i].parse(texts[i].value, settings_table[texts[i].setting].name,
                           settings[texts[i].setting].texts[0], error);
        if (status != XSW_OK) {
            return status;
        }
    }
    port_value(&rewrite->port_source, settings[SETTING_PORT_SRC].number);
    port_value(&rewrite->port_destination, settings[SETTING_PORT_DST].number);
    rewrite->dscp = (uint8_t)settings[SETTING_DSCP].number;
    rewrite->priority = (uint8_t)settings[SETTING_VLAN_PRIORITY].number;
    rewrite->rule = (uint32_t)settings[SETTING_RULE].number;
    enum xsw_status status =
        parse_direction(rewrite, host, settings[SETTING_DIRECTION].texts[0], error);
    return status != XSW_OK ? status
                            : compile_match(rewrite, settings[SETTING_MATCH].texts[0], error);
}

static void rewrite_fini(void *state)
{
    struct rewrite *rewrite = state;
    pcap_freecode(&rewrite->program);
}

static const struct xsw_filter_ops ops = {
    .size = sizeof ops,
    .ingress = rewrite_ingress,
    .egress = rewrite_egress,
};

static const struct xsw_extension rewrite_extension = {
    .abi = XSW_EXTENSION_ABI,
    .size = sizeof rewrite_extension,
    .name = "rewrite",
    .version = XSW_VERSION,
    .description = "sets header fields of matching packets and mends their checksums",
    .kind = XSW_EXTENSION_FILTER,
    .flags = XSW_EXTENSION_CHANGES_BYTES | XSW_EXTENSION_ORIGINATES,
    .state_size = sizeof(struct rewrite),
    .reasons = reasons,
    .reason_count = REASON_COUNT,
    .settings = settings_table,
    .setting_count = SETTING_COUNT,
    .init = rewrite_init,
    .fini = rewrite_fini,
    .filter = &ops,
};

XSW_EXTENSION_EXPORT(rewrite_extension);
