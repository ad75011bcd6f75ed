/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAPNG_WIRE_H
#define XSW_PCAPNG_WIRE_H

/*
 * Numbers of the file formats that we read and write, and nothing else. Sources:
 *   pcapng      draft-ietf-opsawg-pcapng, sections 3 (blocks and options) and 4 (block definitions)
 *   pcap        draft-ietf-opsawg-pcap, section 4
 *   zstd        RFC 8878, sections 3.1.1 and 3.1.2
 *   seek table  "Zstandard Seekable Format" 0.1.0, in the contrib folder of zstd
 *
 * Every block is: u32 type, u32 total length, body padded to 4 bytes, u32 total length. Every
 * option is: u16 code, u16 length, data padded to 4 bytes. Byte order is that of the section, which
 * its header tells by the byte-order magic. tests/unit/formats/pcapng_wire_test.c holds the table.
 */

#include <stdint.h>

/* Block types, section 4 and the registry of section 11.1 */
enum pcapng_block {
    PCAPNG_BLOCK_INTERFACE = 0x00000001,
    PCAPNG_BLOCK_PACKET = 0x00000002, /* obsolete, but still found */
    PCAPNG_BLOCK_SIMPLE_PACKET = 0x00000003,
    PCAPNG_BLOCK_NAMES = 0x00000004,
    PCAPNG_BLOCK_STATISTICS = 0x00000005,
    PCAPNG_BLOCK_ENHANCED_PACKET = 0x00000006,
    PCAPNG_BLOCK_JOURNAL = 0x00000009,
    PCAPNG_BLOCK_SECRETS = 0x0000000a,
    PCAPNG_BLOCK_CUSTOM = 0x00000bad,
    PCAPNG_BLOCK_CUSTOM_NO_COPY = 0x40000bad,
    PCAPNG_BLOCK_SECTION = 0x0a0d0d0a /* the same in both byte orders */
};

/* Section 11.1: types, and options, with the top bit are for local use. Ours are empty space. */
static const uint32_t PCAPNG_BLOCK_PADDING = 0x80000001;
enum { PCAPNG_SECTION_PADDING = 0x8001 };

/* Sizes of fixed parts in bytes, the head (type and length) included, the tail (length) not */
enum pcapng_size {
    PCAPNG_HEAD_SIZE = 8,
    PCAPNG_TAIL_SIZE = 4,
    PCAPNG_SECTION_SIZE = 24,
    PCAPNG_INTERFACE_SIZE = 16,
    PCAPNG_ENHANCED_PACKET_SIZE = 28,
    PCAPNG_SIMPLE_PACKET_SIZE = 12,
    PCAPNG_PACKET_SIZE = 28,
    PCAPNG_STATISTICS_SIZE = 20,
    PCAPNG_OPTION_HEAD_SIZE = 4,
    PCAPNG_OPTION_LENGTH_MAX = 65535,
    PCAPNG_BLOCK_LENGTH_MAX = 16 << 20 /* ours, and that of Wireshark and libpcap */
};

enum {
    PCAPNG_BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    PCAPNG_VERSION_MAJOR = 1,
    PCAPNG_LINKTYPE_ETHERNET = 1
};

/* Options of all blocks, section 3.5.1 */
enum pcapng_option {
    PCAPNG_OPTION_END = 0,
    PCAPNG_OPTION_COMMENT = 1,
    PCAPNG_OPTION_CUSTOM_TEXT = 2988,
    PCAPNG_OPTION_CUSTOM_BYTES = 2989,
    PCAPNG_OPTION_CUSTOM_TEXT_NO_COPY = 19372,
    PCAPNG_OPTION_CUSTOM_BYTES_NO_COPY = 19373
};

/* Section 4.1 */
enum pcapng_section_option {
    PCAPNG_SECTION_HARDWARE = 2,
    PCAPNG_SECTION_OS = 3,
    PCAPNG_SECTION_APPLICATION = 4
};

/* Section 4.2 */
enum pcapng_interface_option {
    PCAPNG_INTERFACE_NAME = 2,
    PCAPNG_INTERFACE_DESCRIPTION = 3,
    PCAPNG_INTERFACE_MAC = 6,     /* 6 bytes */
    PCAPNG_INTERFACE_SPEED = 8,   /* u64, bits a second */
    PCAPNG_INTERFACE_TSRESOL = 9, /* u8: 10^-n, or 2^-n with the top bit set */
    PCAPNG_INTERFACE_FILTER = 11, /* u8 kind (0: pcap-filter text), then the filter */
    PCAPNG_INTERFACE_OS = 12,
    PCAPNG_INTERFACE_TSOFFSET = 14, /* i64, seconds */
    PCAPNG_INTERFACE_HARDWARE = 15
};

/* Section 4.3; the first two also in the obsolete packet block */
enum pcapng_packet_option {
    PCAPNG_PACKET_FLAGS = 2,     /* u32 */
    PCAPNG_PACKET_HASH = 3,      /* u8 algorithm, then the hash */
    PCAPNG_PACKET_DROPCOUNT = 4, /* u64 */
    PCAPNG_PACKET_ID = 5,        /* u64 */
    PCAPNG_PACKET_QUEUE = 6,     /* u32 */
    PCAPNG_PACKET_VERDICT = 7    /* u8 kind, then the verdict */
};

/* Section 4.3.1: bits of PCAPNG_PACKET_FLAGS */
enum pcapng_packet_flag {
    PCAPNG_FLAG_INBOUND = 0x00000001,
    PCAPNG_FLAG_OUTBOUND = 0x00000002,
    PCAPNG_FLAG_DIRECTION = 0x00000003,
    PCAPNG_FLAG_UNICAST = 0x00000004,
    PCAPNG_FLAG_MULTICAST = 0x00000008,
    PCAPNG_FLAG_BROADCAST = 0x0000000c,
    PCAPNG_FLAG_CHECKSUM_NOT_READY = 0x00000200,
    PCAPNG_FLAG_CHECKSUM_VALID = 0x00000400,
    PCAPNG_FLAG_SEGMENTATION_OFFLOAD = 0x00000800
};

/* Section 4.6: times are two u32 (high, low), counts are u64 */
enum pcapng_statistics_option {
    PCAPNG_STATISTICS_START = 2,
    PCAPNG_STATISTICS_END = 3,
    PCAPNG_STATISTICS_RECEIVED = 4,   /* isb_ifrecv */
    PCAPNG_STATISTICS_DROPPED = 5,    /* isb_ifdrop */
    PCAPNG_STATISTICS_ACCEPTED = 6,   /* isb_filteraccept */
    PCAPNG_STATISTICS_OS_DROPPED = 7, /* isb_osdrop */
    PCAPNG_STATISTICS_DELIVERED = 8   /* isb_usrdeliv */
};

/* Classic pcap */
enum pcap_size { PCAP_HEADER_SIZE = 24, PCAP_RECORD_SIZE = 16 };

static const uint32_t PCAP_MAGIC_MICROSECONDS = 0xa1b2c3d4;
static const uint32_t PCAP_MAGIC_NANOSECONDS = 0xa1b23c4d;
static const uint32_t PCAP_MAGIC_KUZNETZOV = 0xa1b2cd34; /* longer records; we do not read it */

/* zstd: always little-endian */
static const uint32_t ZSTD_FRAME_MAGIC = 0xfd2fb528;
static const uint32_t ZSTD_SEEK_FRAME_MAGIC = 0x184d2a5e;  /* a skippable frame */
static const uint32_t ZSTD_SEEK_FOOTER_MAGIC = 0x8f92eab1; /* the last bytes of the file */

#endif
