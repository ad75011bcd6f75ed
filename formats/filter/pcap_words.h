/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAP_WORDS_H
#define XSW_PCAP_WORDS_H

/*
 * Which pcap-filter(7) expressions of somebody who is not trusted may be compiled. libpcap looks
 * names up while it compiles, and waits for a nameserver that does not answer; so an expression may
 * have nothing that it could take for a name: only its own words, numbers and addresses.
 *
 * Threads: any.
 */

#include <stdbool.h>
#include <stddef.h>

enum { PCAP_WORDS_TEXT_MAX = 256 /* bytes of such an expression */ };

/* The first thing in the text that is no word of pcap-filter(7), number or address: its place, with
 * its length, or null. Words whose code runs in a loop or needs a name (protochain, gateway) are
 * none here. */
const char *pcap_words_find_name(const char *text, size_t *length);

#endif
