/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONFIG_TEXT_H
#define XSW_SWITCH_CONFIG_TEXT_H

/*
 * The small texts of a configuration, in both directions: addresses, prefixes, ranges, protocols.
 * Parsers take the whole text or refuse it; they know nothing of where it stood, so that JSON and
 * command line share them. They return false for a text that is not of their form.
 *
 * Threads: any; nothing is kept.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "switch/config/config.h"

enum {
    CONFIG_MAC_TEXT_SIZE = 18,
    CONFIG_PREFIX_TEXT_SIZE = 50,
    CONFIG_RANGE_TEXT_SIZE = 12,
    CONFIG_WORD_TEXT_SIZE = 8
};

/* A decimal number without sign, from minimum to maximum. */
bool config_number_parse(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *number);

bool config_mac_parse(const char *text, struct mac_address *mac);
void config_mac_format(const struct mac_address *mac, char text[CONFIG_MAC_TEXT_SIZE]);

/* "10.0.0.0/8", "fe80::1"; bits behind the prefix must be zero. "any" is family 0. */
bool config_prefix_parse(const char *text, struct ip_prefix *prefix);
void config_prefix_format(const struct ip_prefix *prefix, char text[CONFIG_PREFIX_TEXT_SIZE]);

/* "80", "1000-2000"; "any" is the whole range. */
bool config_range_parse(const char *text, struct port_range *range);
void config_range_format(const struct port_range *range, char text[CONFIG_RANGE_TEXT_SIZE]);
bool config_range_is_any(const struct port_range *range);

/* "arp", "ipv4", "ipv6" or "0x88cc". */
bool config_ether_type_parse(const char *text, uint16_t *ether_type);
void config_ether_type_format(uint16_t ether_type, char text[CONFIG_WORD_TEXT_SIZE]);

/* "tcp", "udp", "icmp", "icmpv6" or a number. */
bool config_protocol_parse(const char *text, uint8_t *protocol);
void config_protocol_format(uint8_t protocol, char text[CONFIG_WORD_TEXT_SIZE]);

/* One piece of a list of VLANs, "10" or "20-30": sets the bits of those between 1 and 4094. */
bool config_vlans_parse(const char *text, uint64_t allowed[4096 / 64]);
/* The next run of VLANs at or after `from`; false when there is none. */
bool config_vlans_next(const uint64_t allowed[4096 / 64], unsigned from, unsigned *first,
                       unsigned *last);

/* Letters, digits, '-', '_' and '.', not empty, not beginning with '-' or '.'. */
bool config_name_is_valid(const char *text);

#endif
