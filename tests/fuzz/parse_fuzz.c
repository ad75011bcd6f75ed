/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as a frame. Holds the parser to what packet/parse.h promises of its
 * offsets, the fast way to the slow one, and lets everything that believes the offsets read.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "packet/checksum.h"
#include "packet/flow_key.h"
#include "packet/parse.h"

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

static void promises_check(const struct xsw_packet *packet)
{
    if (packet->l3_offset != 0) {
        uint32_t least = packet->ether_type == ETHER_TYPE_IPV6   ? 40
                         : packet->ether_type == ETHER_TYPE_IPV4 ? IPV4_MIN_SIZE
                                                                 : 28;
        must(packet->l3_offset >= ETHERNET_SIZE && packet->l3_offset + least <= packet->length);
    }
    if (packet->l4_offset != 0) {
        uint32_t least = packet->ip_protocol == PROTOCOL_TCP    ? TCP_MIN_SIZE
                         : parse_has_ports(packet->ip_protocol) ? UDP_SIZE
                                                                : 4;
        must(packet->l3_offset != 0 && packet->l4_offset > packet->l3_offset);
        must(packet->l4_offset + least <= packet->length);
        must((packet->flags & XSW_PACKET_FRAGMENT) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 65535) {
        return 0;
    }
    uint8_t *frame = malloc(size > 0 ? size : 1);
    must(frame != NULL);
    memcpy(frame, data, size);
    struct xsw_packet fast = {.data = frame, .length = (uint32_t)size};
    struct xsw_packet slow = fast;
    parse_packet(&fast);
    parse_partial(&slow, slow.length);
    must(memcmp(&fast, &slow, sizeof(fast)) == 0);
    promises_check(&fast);
    struct flow_key key;
    flow_key_from_bytes(&key, frame, size, size);
    (void)flow_key_hash(&key);
    /* An unfinished checksum wherever the bytes say. */
    if (size >= 4) {
        fast.offload = (struct xsw_offload){.flags = XSW_OFFLOAD_NEEDS_CHECKSUM,
                                            .csum_start = (uint16_t)(data[0] << 8 | data[1]),
                                            .csum_offset = (uint16_t)(data[2] << 8 | data[3])};
        if (checksum_finish(&fast) == XSW_OK) {
            must(fast.offload.csum_start + fast.offload.csum_offset + 2u <= size);
        }
    }
    free(frame);
    return 0;
}
