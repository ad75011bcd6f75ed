/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BYTE_ORDER_H
#define XSW_BYTE_ORDER_H

/*
 * Numbers in files, at any alignment. get_le… and put_le… are little-endian; get_16, get_32 and
 * get_64 take the byte order of a section. Compilers make one load of each, with a swap if need be.
 */

#include <stdbool.h>
#include <stdint.h>

static inline uint16_t get_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t get_le64(const uint8_t *p)
{
    return get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

static inline void put_le16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static inline void put_le32(uint8_t *p, uint32_t value)
{
    put_le16(p, (uint16_t)value);
    put_le16(p + 2, (uint16_t)(value >> 16));
}

static inline void put_le64(uint8_t *p, uint64_t value)
{
    put_le32(p, (uint32_t)value);
    put_le32(p + 4, (uint32_t)(value >> 32));
}

static inline uint16_t get_16(const uint8_t *p, bool big_endian)
{
    uint16_t value = get_le16(p);
    return big_endian ? __builtin_bswap16(value) : value;
}

static inline uint32_t get_32(const uint8_t *p, bool big_endian)
{
    uint32_t value = get_le32(p);
    return big_endian ? __builtin_bswap32(value) : value;
}

static inline uint64_t get_64(const uint8_t *p, bool big_endian)
{
    uint64_t value = get_le64(p);
    return big_endian ? __builtin_bswap64(value) : value;
}

#endif
