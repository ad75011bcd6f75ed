/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses, ranges and protocol names as people write them. Used by the JSON configuration and by
 * the words of the command line alike.
 */
#include "switch/config/config_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

struct word {
    const char *text;
    uint16_t number;
};

static const struct word ether_types[] = {{"arp", 0x0806}, {"ipv4", 0x0800}, {"ipv6", 0x86dd}};
static const struct word protocols[] = {{"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"icmpv6", 58}};

enum {
    ETHER_TYPE_COUNT = sizeof(ether_types) / sizeof(ether_types[0]),
    PROTOCOL_COUNT = sizeof(protocols) / sizeof(protocols[0]),
    ETHER_TYPE_MIN = 0x0600 /* below it is a length (IEEE 802.3, 3.2.6) */
};

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

bool config_number_parse(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *number)
{
    uint64_t value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        unsigned digit = (unsigned)(*text - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    if (value < minimum || value > maximum) {
        return false;
    }
    *number = value;
    return true;
}

bool config_mac_parse(const char *text, struct mac_address *mac)
{
    struct mac_address parsed;
    for (int i = 0; i < 6; i++) {
        int high = hex_value(text[0]);
        int low = high < 0 ? -1 : hex_value(text[1]);
        if (low < 0) {
            return false;
        }
        parsed.bytes[i] = (uint8_t)(high * 16 + low);
        text += 2;
        bool ends_well = i == 5 ? *text == '\0' : *text == ':' || *text == '-';
        if (!ends_well) {
            return false;
        }
        text++;
    }
    *mac = parsed;
    return true;
}

void config_mac_format(const struct mac_address *mac, char text[CONFIG_MAC_TEXT_SIZE])
{
    const uint8_t *b = mac->bytes;
    snprintf(text, CONFIG_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3],
             b[4], b[5]);
}

static bool prefix_has_host_bits(const struct ip_prefix *prefix)
{
    unsigned bits = prefix->family == 4 ? 32 : 128;
    for (unsigned bit = prefix->bits; bit < bits; bit++) {
        if ((prefix->bytes[bit / 8] >> (7 - bit % 8)) & 1) {
            return true;
        }
    }
    return false;
}

bool config_prefix_parse(const char *text, struct ip_prefix *prefix)
{
    struct ip_prefix parsed = {0};
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);

    if (strcmp(text, "any") == 0) {
        *prefix = parsed;
        return true;
    }
    if (length >= sizeof(address)) {
        return false;
    }
    memcpy(address, text, length);
    address[length] = '\0';
    if (inet_pton(AF_INET, address, parsed.bytes) == 1) {
        parsed.family = 4;
    } else if (inet_pton(AF_INET6, address, parsed.bytes) == 1) {
        parsed.family = 6;
    } else {
        return false;
    }
    uint64_t bits = parsed.family == 4 ? 32 : 128;
    if (slash != NULL && !config_number_parse(slash + 1, 0, bits, &bits)) {
        return false;
    }
    parsed.bits = (uint8_t)bits;
    if (prefix_has_host_bits(&parsed)) {
        return false;
    }
    *prefix = parsed;
    return true;
}

void config_prefix_format(const struct ip_prefix *prefix, char text[CONFIG_PREFIX_TEXT_SIZE])
{
    char address[INET6_ADDRSTRLEN] = "";
    if (prefix->family == 0) {
        snprintf(text, CONFIG_PREFIX_TEXT_SIZE, "any");
        return;
    }
    unsigned whole = prefix->family == 4 ? 32 : 128;
    inet_ntop(prefix->family == 4 ? AF_INET : AF_INET6, prefix->bytes, address, sizeof(address));
    if (prefix->bits == whole) {
        snprintf(text, CONFIG_PREFIX_TEXT_SIZE, "%s", address);
    } else {
        snprintf(text, CONFIG_PREFIX_TEXT_SIZE, "%s/%u", address, prefix->bits);
    }
}

/* "A" or "A-B", numbers from minimum to maximum. */
static bool pair_parse(const char *text, uint64_t minimum, uint64_t maximum, uint64_t pair[2])
{
    char first[8];
    const char *dash = strchr(text, '-');
    size_t length = dash != NULL ? (size_t)(dash - text) : strlen(text);
    if (length >= sizeof(first)) {
        return false;
    }
    memcpy(first, text, length);
    first[length] = '\0';
    if (!config_number_parse(first, minimum, maximum, &pair[0])) {
        return false;
    }
    pair[1] = pair[0];
    return dash == NULL || config_number_parse(dash + 1, pair[0], maximum, &pair[1]);
}

/* A first and last of 0 stands for any in struct port_range, so port 0 alone cannot be asked for.
 */
bool config_range_parse(const char *text, struct port_range *range)
{
    uint64_t pair[2] = {0, 65535};
    if (strcmp(text, "any") != 0 && !pair_parse(text, 0, 65535, pair)) {
        return false;
    }
    if (pair[0] == 0 && pair[1] == 0) {
        return false;
    }
    bool is_any = pair[0] == 0 && pair[1] == 65535;
    range->first = (uint16_t)pair[0];
    range->last = is_any ? 0 : (uint16_t)pair[1];
    return true;
}

bool config_range_is_any(const struct port_range *range)
{
    return range->first == 0 && (range->last == 0 || range->last == 65535);
}

void config_range_format(const struct port_range *range, char text[CONFIG_RANGE_TEXT_SIZE])
{
    if (config_range_is_any(range)) {
        snprintf(text, CONFIG_RANGE_TEXT_SIZE, "any");
    } else if (range->first == range->last) {
        snprintf(text, CONFIG_RANGE_TEXT_SIZE, "%u", range->first);
    } else {
        snprintf(text, CONFIG_RANGE_TEXT_SIZE, "%u-%u", range->first, range->last);
    }
}

static bool word_find(const struct word *words, size_t count, const char *text, uint16_t *number)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i].text, text) == 0) {
            *number = words[i].number;
            return true;
        }
    }
    return false;
}

static const char *word_of(const struct word *words, size_t count, uint16_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i].number == number) {
            return words[i].text;
        }
    }
    return NULL;
}

bool config_ether_type_parse(const char *text, uint16_t *ether_type)
{
    if (word_find(ether_types, ETHER_TYPE_COUNT, text, ether_type)) {
        return true;
    }
    unsigned value = 0;
    size_t length = strlen(text);
    if (length < 3 || length > 6 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) {
        return false;
    }
    for (size_t i = 2; i < length; i++) {
        int digit = hex_value(text[i]);
        if (digit < 0) {
            return false;
        }
        value = value * 16 + (unsigned)digit;
    }
    if (value < ETHER_TYPE_MIN) {
        return false;
    }
    *ether_type = (uint16_t)value;
    return true;
}

void config_ether_type_format(uint16_t ether_type, char text[CONFIG_WORD_TEXT_SIZE])
{
    const char *word = word_of(ether_types, ETHER_TYPE_COUNT, ether_type);
    if (word != NULL) {
        snprintf(text, CONFIG_WORD_TEXT_SIZE, "%s", word);
    } else {
        snprintf(text, CONFIG_WORD_TEXT_SIZE, "0x%04x", ether_type);
    }
}

bool config_protocol_parse(const char *text, uint8_t *protocol)
{
    uint64_t number;
    uint16_t known;
    if (word_find(protocols, PROTOCOL_COUNT, text, &known)) {
        number = known;
    } else if (!config_number_parse(text, 0, 255, &number)) {
        return false;
    }
    *protocol = (uint8_t)number;
    return true;
}

void config_protocol_format(uint8_t protocol, char text[CONFIG_WORD_TEXT_SIZE])
{
    const char *word = word_of(protocols, PROTOCOL_COUNT, protocol);
    if (word != NULL) {
        snprintf(text, CONFIG_WORD_TEXT_SIZE, "%s", word);
    } else {
        snprintf(text, CONFIG_WORD_TEXT_SIZE, "%u", protocol);
    }
}

bool config_vlans_parse(const char *text, uint64_t allowed[4096 / 64])
{
    uint64_t pair[2];
    if (!pair_parse(text, 1, CONFIG_VLAN_MAX, pair)) {
        return false;
    }
    for (uint64_t vlan = pair[0]; vlan <= pair[1]; vlan++) {
        allowed[vlan / 64] |= (uint64_t)1 << (vlan % 64);
    }
    return true;
}

static bool vlans_has(const uint64_t allowed[4096 / 64], unsigned vlan)
{
    return (allowed[vlan / 64] >> (vlan % 64)) & 1;
}

bool config_vlans_next(const uint64_t allowed[4096 / 64], unsigned from, unsigned *first,
                       unsigned *last)
{
    while (from <= CONFIG_VLAN_MAX && !vlans_has(allowed, from)) {
        from++;
    }
    if (from > CONFIG_VLAN_MAX) {
        return false;
    }
    *first = from;
    while (from < CONFIG_VLAN_MAX && vlans_has(allowed, from + 1)) {
        from++;
    }
    *last = from;
    return true;
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

bool config_name_is_valid(const char *text)
{
    if (*text == '\0' || *text == '-' || *text == '.') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (!is_name_character(*text)) {
            return false;
        }
    }
    return true;
}
