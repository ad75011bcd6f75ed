/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PACKET_ADDRESS_TEXT_H
#define XSW_PACKET_ADDRESS_TEXT_H

/*
 * Names and other words in which an address stands: "tap-10.0.0.7", "vm-52-54-00-12-34-56". Who is
 * to see pseudonyms only is not to learn them that way. Rather a word too many than one too few.
 *
 * Threads: any.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether there is an IPv4, IPv6 or MAC address in the text, in any usual spelling. */
bool address_text_is_in(const char *text);
/* The name of a port as those see it: itself, or "port-7" when it tells an address. */
void address_text_port_name(const char *name, uint16_t id, char *told, size_t size);

#endif
