/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BYTE_ORDER_H
#define XSW_BYTE_ORDER_H

/*
 * Numbers in files, at any alignment. get_le… and put_le… are little-endian; get_16, get_32 and
 * get_64 take the byte order of a section. Whole words, not byte by byte: of bytes GCC 12 makes
 * vectors at -O3, which wait for each other.
 */

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t get_le16(const uint8_t *p)
{
    uint16_t value;
    memcpy(&value, p, sizeof(value));
    return le16toh(value);
}

static inline uint32_t get_le32(const uint8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof(value));
    return le32toh(value);
}

static inline uint64_t get_le64(const uint8_t *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof(value));
    return le64toh(value);
}

static inline void put_le16(uint8_t *p, uint16_t value)
{
    value = htole16(value);
    memcpy(p, &value, sizeof(value));
}

static inline void put_le32(uint8_t *p, uint32_t value)
{
    value = htole32(value);
    memcpy(p, &value, sizeof(value));
}

static inline void put_le64(uint8_t *p, uint64_t value)
{
    value = htole64(value);
    memcpy(p, &value, sizeof(value));
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
