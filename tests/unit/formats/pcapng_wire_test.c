/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of pcapng_wire.h against a table taken down from the specifications a second time:
 * draft-ietf-opsawg-pcapng (block type codes in section 11.1, options in 3.5.1 and 4.1 to 4.6),
 * draft-ietf-opsawg-pcap section 4, RFC 8878 and the seekable format of zstd.
 */
#include "formats/pcapng/pcapng_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "formats/pcapng/stage_meta.h"

struct row {
    const char *name;
    uint32_t ours;
    uint32_t specified;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].ours != rows[i].specified) {
            fail_msg("%s is %#x, the specification says %#x", rows[i].name, rows[i].ours,
                     rows[i].specified);
        }
    }
}

static void block_types_are_those_of_the_specification(void **state)
{
    static const struct row rows[] = {
        {"Interface Description Block", PCAPNG_BLOCK_INTERFACE, 0x00000001},
        {"Packet Block", PCAPNG_BLOCK_PACKET, 0x00000002},
        {"Simple Packet Block", PCAPNG_BLOCK_SIMPLE_PACKET, 0x00000003},
        {"Name Resolution Block", PCAPNG_BLOCK_NAMES, 0x00000004},
        {"Interface Statistics Block", PCAPNG_BLOCK_STATISTICS, 0x00000005},
        {"Enhanced Packet Block", PCAPNG_BLOCK_ENHANCED_PACKET, 0x00000006},
        {"systemd Journal Export Block", PCAPNG_BLOCK_JOURNAL, 0x00000009},
        {"Decryption Secrets Block", PCAPNG_BLOCK_SECRETS, 0x0000000A},
        {"Custom Block, copied", PCAPNG_BLOCK_CUSTOM, 0x00000BAD},
        {"Custom Block, not copied", PCAPNG_BLOCK_CUSTOM_NO_COPY, 0x40000BAD},
        {"Section Header Block", PCAPNG_BLOCK_SECTION, 0x0A0D0D0A},
        {"Byte-Order Magic", PCAPNG_BYTE_ORDER_MAGIC, 0x1A2B3C4D},
        {"Major Version", PCAPNG_VERSION_MAJOR, 1},
        {"LINKTYPE_ETHERNET", PCAPNG_LINKTYPE_ETHERNET, 1},
    };
    (void)state;
    check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void option_codes_are_those_of_the_specification(void **state)
{
    static const struct row rows[] = {
        {"opt_endofopt", PCAPNG_OPTION_END, 0},
        {"opt_comment", PCAPNG_OPTION_COMMENT, 1},
        {"opt_custom, UTF-8, copied", PCAPNG_OPTION_CUSTOM_TEXT, 2988},
        {"opt_custom, binary, copied", PCAPNG_OPTION_CUSTOM_BYTES, 2989},
        {"opt_custom, UTF-8, not copied", PCAPNG_OPTION_CUSTOM_TEXT_NO_COPY, 19372},
        {"opt_custom, binary, not copied", PCAPNG_OPTION_CUSTOM_BYTES_NO_COPY, 19373},
        {"shb_hardware", PCAPNG_SECTION_HARDWARE, 2},
        {"shb_os", PCAPNG_SECTION_OS, 3},
        {"shb_userappl", PCAPNG_SECTION_APPLICATION, 4},
        {"if_name", PCAPNG_INTERFACE_NAME, 2},
        {"if_description", PCAPNG_INTERFACE_DESCRIPTION, 3},
        {"if_MACaddr", PCAPNG_INTERFACE_MAC, 6},
        {"if_speed", PCAPNG_INTERFACE_SPEED, 8},
        {"if_tsresol", PCAPNG_INTERFACE_TSRESOL, 9},
        {"if_filter", PCAPNG_INTERFACE_FILTER, 11},
        {"if_os", PCAPNG_INTERFACE_OS, 12},
        {"if_tsoffset", PCAPNG_INTERFACE_TSOFFSET, 14},
        {"if_hardware", PCAPNG_INTERFACE_HARDWARE, 15},
        {"epb_flags", PCAPNG_PACKET_FLAGS, 2},
        {"epb_hash", PCAPNG_PACKET_HASH, 3},
        {"epb_dropcount", PCAPNG_PACKET_DROPCOUNT, 4},
        {"epb_packetid", PCAPNG_PACKET_ID, 5},
        {"epb_queue", PCAPNG_PACKET_QUEUE, 6},
        {"epb_verdict", PCAPNG_PACKET_VERDICT, 7},
        {"isb_starttime", PCAPNG_STATISTICS_START, 2},
        {"isb_endtime", PCAPNG_STATISTICS_END, 3},
        {"isb_ifrecv", PCAPNG_STATISTICS_RECEIVED, 4},
        {"isb_ifdrop", PCAPNG_STATISTICS_DROPPED, 5},
        {"isb_filteraccept", PCAPNG_STATISTICS_ACCEPTED, 6},
        {"isb_osdrop", PCAPNG_STATISTICS_OS_DROPPED, 7},
        {"isb_usrdeliv", PCAPNG_STATISTICS_DELIVERED, 8},
        {"our option", META_OPTION_CODE, 2989},
    };
    (void)state;
    check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void packet_flags_are_those_of_the_specification(void **state)
{
    static const struct row rows[] = {
        {"bits 0-1, inbound", PCAPNG_FLAG_INBOUND, 1},
        {"bits 0-1, outbound", PCAPNG_FLAG_OUTBOUND, 2},
        {"bits 0-1", PCAPNG_FLAG_DIRECTION, 3},
        {"bits 2-4, unicast", PCAPNG_FLAG_UNICAST, 1 << 2},
        {"bits 2-4, multicast", PCAPNG_FLAG_MULTICAST, 2 << 2},
        {"bits 2-4, broadcast", PCAPNG_FLAG_BROADCAST, 3 << 2},
        {"bit 9", PCAPNG_FLAG_CHECKSUM_NOT_READY, 1 << 9},
        {"bit 10", PCAPNG_FLAG_CHECKSUM_VALID, 1 << 10},
        {"bit 11", PCAPNG_FLAG_SEGMENTATION_OFFLOAD, 1 << 11},
    };
    (void)state;
    check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void sizes_are_those_of_the_specification(void **state)
{
    static const struct row rows[] = {
        {"type and length", PCAPNG_HEAD_SIZE, 4 + 4},
        {"trailing length", PCAPNG_TAIL_SIZE, 4},
        {"SHB", PCAPNG_SECTION_SIZE, 8 + 4 + 2 + 2 + 8},
        {"IDB", PCAPNG_INTERFACE_SIZE, 8 + 2 + 2 + 4},
        {"EPB", PCAPNG_ENHANCED_PACKET_SIZE, 8 + 4 + 4 + 4 + 4 + 4},
        {"SPB", PCAPNG_SIMPLE_PACKET_SIZE, 8 + 4},
        {"PB", PCAPNG_PACKET_SIZE, 8 + 2 + 2 + 4 + 4 + 4 + 4},
        {"ISB", PCAPNG_STATISTICS_SIZE, 8 + 4 + 4 + 4},
        {"option code and length", PCAPNG_OPTION_HEAD_SIZE, 2 + 2},
        {"pcap file header", PCAP_HEADER_SIZE, 4 + 2 + 2 + 4 + 4 + 4 + 4},
        {"pcap packet record", PCAP_RECORD_SIZE, 4 + 4 + 4 + 4},
    };
    (void)state;
    check(rows, sizeof(rows) / sizeof(rows[0]));
}

static void magic_numbers_are_those_of_the_specifications(void **state)
{
    const struct row rows[] = {
        {"pcap, microseconds", PCAP_MAGIC_MICROSECONDS, 0xA1B2C3D4},
        {"pcap, nanoseconds", PCAP_MAGIC_NANOSECONDS, 0xA1B23C4D},
        {"pcap, patched", PCAP_MAGIC_KUZNETZOV, 0xA1B2CD34},
        {"zstd frame", ZSTD_FRAME_MAGIC, 0xFD2FB528},
        {"seek table frame", ZSTD_SEEK_FRAME_MAGIC, 0x184D2A5E},
        {"seek table footer", ZSTD_SEEK_FOOTER_MAGIC, 0x8F92EAB1},
        {"enterprise number for documentation (RFC 5612)", META_ENTERPRISE, 32473},
    };
    (void)state;
    check(rows, sizeof(rows) / sizeof(rows[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(block_types_are_those_of_the_specification),
        cmocka_unit_test(option_codes_are_those_of_the_specification),
        cmocka_unit_test(packet_flags_are_those_of_the_specification),
        cmocka_unit_test(sizes_are_those_of_the_specification),
        cmocka_unit_test(magic_numbers_are_those_of_the_specifications),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
