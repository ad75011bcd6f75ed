/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAPNG_JOURNAL_H
#define XSW_PCAPNG_JOURNAL_H

/*
 * Events as systemd Journal Export Blocks (pcapng, section 4.7; the entry inside is that of
 * "Journal Export Formats" of systemd): lines of NAME=value, and, for values that hold a line end,
 * NAME, the length as 64 bits little-endian whatever the section's order, and the value.
 * man/xsw-pcapng.5 has the fields. Private to formats: struct pcapng_event is the interface.
 *
 * Threads: one at a time.
 */

#include "formats/pcapng/pcapng_encode.h"
#include "formats/pcapng/pcapng_state.h"

/* Appends the block whole or, when it fails, not at all. */
enum xsw_status encode_event(struct block_buffer *buffer, const struct pcapng_event *event,
                             struct xsw_error *error) XSW_MUST_CHECK;

/* XSW_NOT_FOUND: the entry has no time, as Wireshark demands it, or is not one; then the block is
 * like others that nobody knows. What is broken behind good lines is left out and counted as an
 * ignored option. */
enum xsw_status parse_event(struct parse_state *state, const struct parse_block *block,
                            struct pcapng_event *event, struct xsw_error *error) XSW_MUST_CHECK;

#endif
