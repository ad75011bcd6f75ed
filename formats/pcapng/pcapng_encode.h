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

#include "formats/pcapng/pcapng_items.h"
#include "formats/pcapng/pcapng_template.h"

struct block_buffer {
    uint8_t *bytes; /* whole blocks, one behind the other; at a page, for direct writing */
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
/* The same with what was encoded before. */
enum xsw_status encode_repeat(struct block_buffer *buffer, const struct pcapng_template *made,
                              const struct pcapng_repeat *repeat,
                              struct xsw_error *error) XSW_MUST_CHECK;
/* A packet's options alone: how many bytes they are at most; and to `p`, returning their end. */
size_t encode_options_size(const struct pcapng_packet *packet);
uint8_t *encode_options(uint8_t *p, const struct pcapng_packet *packet);
enum xsw_status encode_statistics(struct block_buffer *buffer,
                                  const struct pcapng_statistics *statistics,
                                  struct xsw_error *error) XSW_MUST_CHECK;

/* Fills the buffer up to a multiple of `alignment`, itself one of 4, with a block for local use, or
 * an option for local use when there is a section and nothing else. A section without any option
 * stays as it is. */
enum xsw_status encode_padding(struct block_buffer *buffer, size_t alignment,
                               struct xsw_error *error) XSW_MUST_CHECK;
/* All of `more` behind what is there. */
enum xsw_status block_buffer_append(struct block_buffer *buffer, const struct block_buffer *more,
                                    struct xsw_error *error) XSW_MUST_CHECK;

#endif
