/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Internet checksum. 32-bit words are summed into 64 bits, which hold the carries of any frame,
 * so that one fold at the end is enough.
 */
#include "packet/checksum.h"

#include "packet/wire.h"

static uint32_t checksum_fold(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)sum;
}

uint32_t checksum_add(uint32_t sum, const uint8_t *bytes, size_t length)
{
    uint64_t total = sum;
    for (; length >= 4; length -= 4, bytes += 4) {
        total += wire_read32(bytes);
    }
    if (length >= 2) {
        total += wire_read16(bytes);
        bytes += 2;
    }
    if (length % 2 != 0) {
        total += (uint64_t)*bytes << 8;
    }
    return checksum_fold(total);
}

uint16_t checksum_close(uint32_t sum)
{
    return (uint16_t)~checksum_fold(sum);
}

uint16_t checksum_replace16(uint16_t checksum, uint16_t old_word, uint16_t new_word)
{
    return checksum_close((uint32_t)(uint16_t)~checksum + (uint16_t)~old_word + new_word);
}

static uint32_t checksum_pseudo(const uint8_t *source, const uint8_t *destination,
                                size_t address_size, uint32_t protocol_and_length)
{
    uint32_t sum = checksum_add(protocol_and_length, source, address_size);
    return checksum_add(sum, destination, address_size);
}

uint32_t checksum_pseudo_ipv4(const uint8_t *source, const uint8_t *destination, uint8_t protocol,
                              uint32_t length)
{
    return checksum_pseudo(source, destination, 4, checksum_fold((uint64_t)protocol + length));
}

uint32_t checksum_pseudo_ipv6(const uint8_t *source, const uint8_t *destination, uint8_t protocol,
                              uint32_t length)
{
    return checksum_pseudo(source, destination, 16, checksum_fold((uint64_t)protocol + length));
}

enum xsw_status checksum_finish(struct xsw_packet *packet)
{
    struct xsw_offload *offload = &packet->offload;
    if ((offload->flags & XSW_OFFLOAD_NEEDS_CHECKSUM) == 0) {
        return XSW_OK;
    }
    uint32_t start = offload->csum_start;
    uint32_t place = start + offload->csum_offset;
    if (place + 2 > packet->length) {
        return XSW_INVALID;
    }
    uint16_t checksum =
        checksum_close(checksum_add(0, packet->data + start, packet->length - start));
    /* Zero and its complement are the same number, but UDP takes zero for "no checksum". */
    wire_write16(packet->data + place, checksum == 0 ? 0xffff : checksum);
    offload->flags &= (uint8_t)~XSW_OFFLOAD_NEEDS_CHECKSUM;
    offload->csum_start = 0;
    offload->csum_offset = 0;
    return XSW_OK;
}
