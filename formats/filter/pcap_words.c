/* SPDX-License-Identifier: Apache-2.0 */
/* The words are those that the scanner of libpcap 1.10 takes for itself, whatever stands before
 * them; those that make no sense on Ethernet are left out. */
#include "formats/filter/pcap_words.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

/* Longer than an address with its scope can be. */
enum { WORD_MAX = 64, MAC_BYTES = 6 };

static const char digits[] = "0123456789";
static const char hex_digits[] = "0123456789abcdefABCDEF";
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
static const char in_words[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_.:-";
static const char between_words[] = " \t\r\n()[]&|!=<>+-*/%^:";

static const char *const words[] = {
    "aarp", "ah", "and", "arp", "atalk", "broadcast", "byte", "carp", "clnp", "decnet", "dst",
    "es-is", "esis", "esp", "ether", "geneve", "greater", "host", "icmp", "icmp6", "igmp", "igrp",
    "ip", "ip6", "is-is", "isis", "iso", "ipx", "lat", "len", "length", "less", "link", "mask",
    "mopdl", "moprc", "mpls", "multicast", "net", "netbeui", "not", "or", "pim", "port",
    "portrange", "pppoed", "pppoes", "proto", "rarp", "sca", "sctp", "src", "stp", "tcp", "udp",
    "vlan", "vrrp",
    /* Places in headers, and what stands there. */
    "icmp-echo", "icmp-echoreply", "icmp-ireq", "icmp-ireqreply", "icmp-maskreply", "icmp-maskreq",
    "icmp-paramprob", "icmp-redirect", "icmp-routeradvert", "icmp-routersolicit",
    "icmp-sourcequench", "icmp-timxceed", "icmp-tstamp", "icmp-tstampreply", "icmp-unreach",
    "icmp6-destinationunreach", "icmp6-echo", "icmp6-echoreply", "icmp6-neighboradvert",
    "icmp6-neighborsolicit", "icmp6-packettoobig", "icmp6-parameterproblem", "icmp6-redirect",
    "icmp6-routeradvert", "icmp6-routersolicit", "icmp6-timeexceeded", "icmp6code", "icmp6type",
    "icmpcode", "icmptype", "tcp-ack", "tcp-cwr", "tcp-ece", "tcp-fin", "tcp-push", "tcp-rst",
    "tcp-syn", "tcp-urg", "tcpflags"};

static bool is_word(const char *word)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_hex_number(const char *word)
{
    return word[0] == '0' && (word[1] == 'x' || word[1] == 'X') && word[2] != '\0' &&
           word[2 + strspn(word + 2, hex_digits)] == '\0';
}

/* Groups of digits of a kind with a separator between them, and how many there are; 0: it is
 * something else. */
static unsigned groups_of(const char *word, const char *kind, char separator, size_t longest)
{
    unsigned count = 0;
    for (;;) {
        size_t length = strspn(word, kind);
        if (length == 0 || length > longest) {
            return 0;
        }
        count++;
        if (word[length] == '\0') {
            return count;
        }
        if (word[length] != separator) {
            return 0;
        }
        word += length + 1;
    }
}

enum { RANGE = 2 };

/* Behind portrange alone; elsewhere libpcap takes 1-2 for a name. */
static bool is_range(const char *word)
{
    unsigned count = groups_of(word, digits, '-', WORD_MAX);
    return count > 0 && count <= RANGE;
}

/* Numbers, places in packets, and the addresses of all protocols. */
static bool is_number(const char *word)
{
    enum { IPV4_BYTES = 4 };
    unsigned dotted = groups_of(word, digits, '.', WORD_MAX);
    unsigned place = groups_of(word, digits, ':', WORD_MAX);
    struct in6_addr address;
    return (dotted > 0 && dotted <= IPV4_BYTES) || (place > 0 && place <= RANGE) ||
           is_hex_number(word) || groups_of(word, hex_digits, ':', 2) == MAC_BYTES ||
           groups_of(word, hex_digits, '-', 2) == MAC_BYTES ||
           inet_pton(AF_INET6, word, &address) == 1;
}

const char *pcap_words_find_name(const char *text, size_t *length)
{
    const char *at = text;
    bool is_behind_portrange = false;
    while (*at != '\0') {
        char word[WORD_MAX];
        /* An address may begin with colons; nothing else does. */
        bool is_address = at[0] == ':' && at[1] == ':';
        if (!is_address && strchr(between_words, *at) != NULL) {
            at++;
            continue;
        }
        bool begins = is_address || strchr(letters, *at) != NULL;
        *length = begins ? strspn(at, in_words) : 1;
        if (!begins || *length >= sizeof(word)) {
            return at;
        }
        memcpy(word, at, *length);
        word[*length] = '\0';
        if (!is_word(word) && !is_number(word) && !(is_behind_portrange && is_range(word))) {
            return at;
        }
        is_behind_portrange = strcmp(word, "portrange") == 0;
        at += *length;
    }
    return NULL;
}
