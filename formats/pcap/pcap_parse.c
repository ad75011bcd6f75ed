/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pcap/pcap_parse.h"

#include <inttypes.h>

enum { PCAP_VERSION_MAJOR = 2, NS_PER_SECOND = 1000000000, US_PER_SECOND = 1000000 };

static bool is_known(uint32_t magic)
{
    return magic == PCAP_MAGIC_MICROSECONDS || magic == PCAP_MAGIC_NANOSECONDS ||
           magic == PCAP_MAGIC_KUZNETZOV;
}

bool pcap_is_magic(const uint8_t *bytes)
{
    return is_known(get_32(bytes, false)) || is_known(get_32(bytes, true));
}

enum xsw_status pcap_header_parse(const uint8_t *bytes, struct pcap_header *header,
                                  struct xsw_error *error)
{
    bool big_endian = is_known(get_32(bytes, true));
    uint32_t magic = get_32(bytes, big_endian);
    uint16_t major = get_16(bytes + 4, big_endian);
    if (magic == PCAP_MAGIC_KUZNETZOV) {
        return error_set(error, XSW_UNSUPPORTED,
                         "pcap of the old patched kind (magic %#" PRIx32
                         "), expected plain pcap or pcapng",
                         magic);
    }
    if (major != PCAP_VERSION_MAJOR) {
        return error_set(error, XSW_UNSUPPORTED, "pcap version %u, expected version %d", major,
                         PCAP_VERSION_MAJOR);
    }
    *header = (struct pcap_header){
        .big_endian = big_endian,
        .is_ns = magic == PCAP_MAGIC_NANOSECONDS,
        .snap_length = get_32(bytes + 16, big_endian),
        /* The upper half tells of frame check sequences. */
        .linktype = (uint16_t)get_32(bytes + 20, big_endian),
    };
    return XSW_OK;
}

enum xsw_status pcap_record_parse(const uint8_t *bytes, const struct parse_state *state,
                                  struct pcapng_packet *packet, struct xsw_error *error)
{
    bool big_endian = state->big_endian;
    const struct parse_interface *interface = &state->interfaces[0];
    uint64_t units = interface->scale == TIME_IS_NS ? NS_PER_SECOND : US_PER_SECOND;
    uint64_t time = get_32(bytes, big_endian) * units + get_32(bytes + 4, big_endian);
    *packet = (struct pcapng_packet){
        .has = PCAPNG_HAS_TIMESTAMP,
        .timestamp_ns = parse_time(interface, time),
        .captured_length = get_32(bytes + 8, big_endian),
        .original_length = get_32(bytes + 12, big_endian),
    };
    if (packet->captured_length > PCAPNG_BLOCK_LENGTH_MAX) {
        return error_set(error, XSW_LIMIT,
                         "a packet record of %" PRIu32 " bytes, expected at most %d",
                         packet->captured_length, PCAPNG_BLOCK_LENGTH_MAX);
    }
    return XSW_OK;
}
