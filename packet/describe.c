/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line for any frame: its tags, who talks to whom, and what the transport header says.
 */
#include "packet/describe.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

#include "packet/flow_key.h"
#include "packet/parse.h"
#include "packet/wire.h"

/* A growing text that stops at its end. */
struct line {
    char *text;
    size_t size;
    size_t length;
};

struct message_name {
    uint8_t type;
    uint8_t has_echo; /* an identifier and a sequence number follow the checksum */
    const char *name;
};

static const struct message_name icmp_names[] = {
    {ICMP_ECHO_REPLY, 1, "echo reply"},
    {ICMP_UNREACHABLE, 0, "unreachable"},
    {ICMP_ECHO_REQUEST, 1, "echo request"},
    {ICMP_TIME_EXCEEDED, 0, "time exceeded"},
};

static const struct message_name icmpv6_names[] = {
    {ICMPV6_UNREACHABLE, 0, "unreachable"},
    {ICMPV6_PACKET_TOO_BIG, 0, "packet too big"},
    {ICMPV6_TIME_EXCEEDED, 0, "time exceeded"},
    {ICMPV6_ECHO_REQUEST, 1, "echo request"},
    {ICMPV6_ECHO_REPLY, 1, "echo reply"},
    {ICMPV6_ROUTER_SOLICIT, 0, "router solicitation"},
    {ICMPV6_ROUTER_ADVERT, 0, "router advertisement"},
    {ICMPV6_NEIGHBOUR_SOLICIT, 0, "neighbour solicitation"},
    {ICMPV6_NEIGHBOUR_ADVERT, 0, "neighbour advertisement"},
};

static void line_add(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void line_add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int added = vsnprintf(line->text + line->length, line->size - line->length, format, arguments);
    va_end(arguments);
    if (added > 0) {
        line->length += (size_t)added;
    }
    if (line->length >= line->size) {
        line->length = line->size - 1;
    }
}

static void add_tags(struct line *line, const struct xsw_packet *packet)
{
    uint32_t offset = ETHERNET_SIZE;
    for (unsigned tags = 0; tags < PARSE_TAGS_MAX; tags++) {
        if (offset + VLAN_TAG_SIZE > packet->length ||
            !parse_is_tag(wire_read16(packet->data + offset - 2))) {
            return;
        }
        line_add(line, "vlan %u ", wire_read16(packet->data + offset) & VLAN_ID_MASK);
        offset += VLAN_TAG_SIZE;
    }
}

static void add_arp(struct line *line, const struct xsw_packet *packet)
{
    const struct wire_arp *arp = (const struct wire_arp *)(packet->data + packet->l3_offset);
    char sender[INET_ADDRSTRLEN], target[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, arp->sender_ip, sender, sizeof sender);
    inet_ntop(AF_INET, arp->target_ip, target, sizeof target);
    uint16_t operation = be16_get(arp->operation);
    const uint8_t *mac = arp->sender_mac;
    if (operation == ARP_REQUEST) {
        line_add(line, "arp who-has %s tell %s", target, sender);
    } else if (operation == ARP_REPLY) {
        line_add(line, "arp %s is-at %02x:%02x:%02x:%02x:%02x:%02x", sender, mac[0], mac[1], mac[2],
                 mac[3], mac[4], mac[5]);
    } else {
        line_add(line, "arp operation %u from %s for %s", operation, sender, target);
    }
}

static void add_tcp(struct line *line, const uint8_t *header)
{
    static const struct {
        uint8_t flag;
        const char *name;
    } names[] = {
        {TCP_SYN, "SYN"}, {TCP_FIN, "FIN"}, {TCP_RST, "RST"}, {TCP_PSH, "PSH"},
        {TCP_ACK, "ACK"}, {TCP_URG, "URG"}, {TCP_ECE, "ECE"}, {TCP_CWR, "CWR"},
    };
    uint8_t flags = ((const struct wire_tcp *)header)->flags;
    char separator = ' ';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((flags & names[i].flag) != 0) {
            line_add(line, "%c%s", separator, names[i].name);
            separator = ',';
        }
    }
}

/* header: at least 4 bytes of a message, `readable` in all. */
static void add_icmp(struct line *line, const uint8_t *header, size_t readable, int is_v6)
{
    const struct message_name *names = is_v6 ? icmpv6_names : icmp_names;
    size_t count = is_v6 ? sizeof icmpv6_names / sizeof icmpv6_names[0]
                         : sizeof icmp_names / sizeof icmp_names[0];
    const struct wire_icmp *icmp = (const struct wire_icmp *)header;
    for (size_t i = 0; i < count; i++) {
        if (names[i].type != icmp->type) {
            continue;
        }
        line_add(line, " %s", names[i].name);
        if (names[i].has_echo && readable >= sizeof *icmp) {
            line_add(line, " id %u seq %u", be16_get(icmp->identifier), be16_get(icmp->sequence));
        } else if (!names[i].has_echo && icmp->code != 0) {
            line_add(line, " code %u", icmp->code);
        }
        return;
    }
    line_add(line, " type %u code %u", icmp->type, icmp->code);
}

static void add_transport(struct line *line, const struct xsw_packet *packet)
{
    const uint8_t *header = packet->data + packet->l4_offset;
    switch (packet->ip_protocol) {
    case PROTOCOL_TCP:
        add_tcp(line, header);
        break;
    case PROTOCOL_ICMP:
    case PROTOCOL_ICMPV6:
        add_icmp(line, header, packet->length - packet->l4_offset,
                 packet->ip_protocol == PROTOCOL_ICMPV6);
        break;
    default:
        break;
    }
}

static void add_addresses(struct line *line, const struct xsw_packet *packet)
{
    struct flow_key key;
    char text[FLOW_TEXT_SIZE];
    flow_key_from_packet(&key, packet);
    line_add(line, "%s", flow_key_text(&key, text, sizeof text));
}

const char *describe_frame(const uint8_t *bytes, size_t length, size_t wire_length, char *text,
                           size_t size)
{
    if (size == 0) {
        return text;
    }
    struct line line = {.text = text, .size = size};
    text[0] = '\0';
    const struct xsw_packet packet = parse_bytes(bytes, length, wire_length);
    if (packet.length < ETHERNET_SIZE) {
        line_add(&line, wire_length > length ? "frame cut to %zu bytes" : "frame of %zu bytes",
                 length);
        return text;
    }
    int is_ip = packet.ether_type == ETHER_TYPE_IPV4 || packet.ether_type == ETHER_TYPE_IPV6;
    add_tags(&line, &packet);
    if (packet.l3_offset != 0 && packet.ether_type == ETHER_TYPE_ARP) {
        add_arp(&line, &packet);
        return text;
    }
    add_addresses(&line, &packet);
    if (packet.l4_offset != 0) {
        add_transport(&line, &packet);
    } else if ((packet.flags & XSW_PACKET_FRAGMENT) != 0) {
        line_add(&line, " fragment");
    } else if (is_ip && (packet.l3_offset == 0 || parse_has_ports(packet.ip_protocol))) {
        line_add(&line, wire_length > length ? " (cut)" : " (broken header)");
    }
    return text;
}
