/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BASE_BASE64_H
#define XSW_BASE_BASE64_H

/* Bytes as text and back: RFC 4648, section 4, with padding and without line breaks. Any thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the text with its terminator. */
size_t base64_text_size(size_t length);
/* text: base64_text_size(length) bytes. */
void base64_format(const void *bytes, size_t length, char *text);
/* False: it is no such text, or more than `capacity` bytes. */
bool base64_parse(const char *text, void *bytes, size_t capacity, size_t *length);

#endif
