/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_text_size(size_t length)
{
    return (length + 2) / 3 * 4 + 1;
}

void base64_format(const void *bytes, size_t length, char *text)
{
    const uint8_t *from = bytes;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)from[i] << 16;
        group |= left > 1 ? (uint32_t)from[i + 1] << 8 : 0;
        group |= left > 2 ? from[i + 2] : 0;
        *text++ = alphabet[group >> 18];
        *text++ = alphabet[group >> 12 & 63];
        *text++ = '=';
        *text++ = '=';
        if (left > 1) {
            text[-2] = alphabet[group >> 6 & 63];
        }
        if (left > 2) {
            text[-1] = alphabet[group & 63];
        }
    }
    *text = '\0';
}

/* Four characters to at most three bytes; returns how many, 0 when it is no group. Bits that belong
 * to no byte must be zero, so that every text stands for other bytes. */
static size_t group_parse(const char *text, uint8_t bytes[3])
{
    uint32_t group = 0;
    size_t digits = 0;
    for (; digits < 4 && text[digits] != '=' && text[digits] != '\0'; digits++) {
        const char *place = strchr(alphabet, text[digits]);
        if (place == NULL) {
            return 0;
        }
        group |= (uint32_t)(place - alphabet) << (18 - 6 * digits);
    }
    if (digits < 2 || (digits == 2 && strncmp(text + 2, "==", 2) != 0) ||
        (digits == 3 && text[3] != '=') || (digits == 2 && (group & 0xffff) != 0) ||
        (digits == 3 && (group & 0xff) != 0)) {
        return 0;
    }
    bytes[0] = (uint8_t)(group >> 16);
    bytes[1] = (uint8_t)(group >> 8);
    bytes[2] = (uint8_t)group;
    return digits - 1;
}

bool base64_parse(const char *text, void *bytes, size_t capacity, size_t *length)
{
    uint8_t *to = bytes;
    size_t size = strlen(text);
    *length = 0;
    if (size % 4 != 0) {
        return false;
    }
    for (size_t i = 0; i < size; i += 4) {
        uint8_t group[3];
        size_t count = group_parse(text + i, group);
        /* Only the last group may be a short one. */
        if (count == 0 || (count < 3 && i + 4 != size) || capacity - *length < count) {
            return false;
        }
        memcpy(to + *length, group, count);
        *length += count;
    }
    return true;
}
