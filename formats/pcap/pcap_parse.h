/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAP_PARSE_H
#define XSW_PCAP_PARSE_H

/*
 * Classic pcap, made to look like a pcapng section with one interface. Private to formats.
 */

#include "formats/pcapng/pcapng_state.h"

struct pcap_header {
    bool big_endian;
    bool is_ns;
    uint16_t linktype;
    uint32_t snap_length;
};

/* Whether the first four bytes of a file are a magic number of pcap, whatever the byte order. */
bool pcap_is_magic(const uint8_t *bytes);

/* `bytes`: PCAP_HEADER_SIZE of them, which begin with a magic number. */
enum xsw_status pcap_header_parse(const uint8_t *bytes, struct pcap_header *header,
                                  struct xsw_error *error) XSW_MUST_CHECK;

/* `bytes`: PCAP_RECORD_SIZE of them. Fills all but data; fails when the length cannot be. */
enum xsw_status pcap_record_parse(const uint8_t *bytes, const struct parse_state *state,
                                  struct pcapng_packet *packet,
                                  struct xsw_error *error) XSW_MUST_CHECK;

#endif
