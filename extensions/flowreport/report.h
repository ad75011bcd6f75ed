/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FLOWREPORT_REPORT_H
#define XSW_FLOWREPORT_REPORT_H

/*
 * The way of a report to its collector: who it is, where it is, and the headers around a message.
 *
 * Threads: report_learn runs on workers and writes the address only; all else on the control
 * thread.
 */

#include <stdatomic.h>
#include <stdint.h>

#include <xsw/extension.h>

enum {
    REPORT_MAC_SIZE = 6,
    REPORT_HEADERS_MAX = 14 + 40 + 8, /* Ethernet, IPv6, UDP */
    REPORT_ARP_SIZE = 14 + 28
};

struct report_way {
    uint8_t collector[16], own[16]; /* addresses: 4 or 16 bytes */
    uint8_t family;                 /* 4 or 6 */
    uint8_t own_mac[REPORT_MAC_SIZE];
    uint8_t is_mac_given; /* by the settings: nothing is learned */
    uint16_t port;        /* UDP, of both ends */
    /* 48 bits, 0: not known yet. Written by workers that learn. */
    atomic_uint_fast64_t collector_mac;
};

/* Texts of the settings; an empty `mac` is to be learned. */
enum xsw_status report_way_parse(struct report_way *way, const char *collector, const char *own,
                                 const char *mac, const char *own_mac,
                                 struct xsw_error *error) XSW_MUST_CHECK;

/* If the packet tells where the collector is (it comes from its address, or its owner answers for
 * it by ARP), remembers that. */
void report_learn(struct report_way *way, const struct xsw_packet *packet);

/* Whether an extension of this switch made the packet to report in IPFIX. */
int report_is_one(const struct xsw_packet *packet);

uint32_t report_headers_size(const struct report_way *way);
/* Writes the headers of a message of `length` bytes, which stands behind them already. The
 * collector's MAC address is known. */
void report_headers_write(const struct report_way *way, uint8_t *frame, uint32_t length);
/* A question for the collector's MAC address: REPORT_ARP_SIZE bytes. IPv4 only. */
void report_arp_write(const struct report_way *way, uint8_t *frame);

#endif
