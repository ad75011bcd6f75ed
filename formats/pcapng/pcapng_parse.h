/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAPNG_PARSE_H
#define XSW_PCAPNG_PARSE_H

/*
 * From the inside of one whole pcapng block to an item. The reader (pcapng_read.c) has checked head
 * and tail of the block; here every length within is checked. Private to formats.
 *
 * Threads: one at a time.
 */

#include "formats/pcapng/pcapng_state.h"

/* Fills the item but for its offset. Errors say what is wrong and expected, not where. */
enum xsw_status parse_block(struct parse_state *state, const struct parse_block *block,
                            struct pcapng_item *item, struct xsw_error *error) XSW_MUST_CHECK;

/* For parse_block: the three kinds of packet blocks, whose fixed part is known to be there. */
enum xsw_status parse_packet(struct parse_state *state, const struct parse_block *block,
                             struct pcapng_packet *packet, struct xsw_error *error) XSW_MUST_CHECK;

#endif
