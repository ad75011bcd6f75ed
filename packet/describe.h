/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_DESCRIBE_H
#define XSW_DESCRIBE_H

/*
 * One line of text for any frame: "10.0.0.1:5000 > 10.0.0.2:80 tcp SYN", "arp who-has 10.0.0.2 tell
 * 10.0.0.1", "vlan 20 10.0.0.1 > 10.0.0.2 icmp echo request id 5 seq 1". Any bytes are welcome;
 * what they do not say is left out. The text has printable ASCII only.
 *
 * Threads: any.
 */

#include <stddef.h>
#include <stdint.h>

enum { DESCRIBE_TEXT_SIZE = 256 }; /* room for the text of any frame */

/* bytes: `length` bytes of a frame that was `wire_length` long. `size` bytes of text at most,
 * always terminated. Returns `text`. */
const char *describe_frame(const uint8_t *bytes, size_t length, size_t wire_length, char *text,
                           size_t size);

#endif
