/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAPNG_ENCODE_H
#define XSW_PCAPNG_ENCODE_H

/*
 * From items to the bytes of pcapng blocks, little-endian. A block is appended whole or, when it
 * fails, not at all. Private to formats: pcapng_write.h is the interface.
 *
 * Threads: one at a time.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "formats/pcapng_items.h"

struct block_buffer {
    uint8_t *bytes; /* whole blocks, one behind the other */
    size_t length;
    size_t size;
};

/* XSW_INVALID when a text, a JSON text or data is longer than the format allows. */
enum xsw_status encode_section(struct block_buffer *buffer, const struct pcapng_section *section,
                               struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status encode_interface(struct block_buffer *buffer,
                                 const struct pcapng_interface *interface,
                                 struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status encode_packet(struct block_buffer *buffer, const struct pcapng_packet *packet,
                              struct xsw_error *error) XSW_MUST_CHECK;
enum xsw_status encode_statistics(struct block_buffer *buffer,
                                  const struct pcapng_statistics *statistics,
                                  struct xsw_error *error) XSW_MUST_CHECK;

#endif
