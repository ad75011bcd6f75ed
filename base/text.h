/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BASE_TEXT_H
#define XSW_BASE_TEXT_H

/*
 * A text that grows. Always ends with a zero byte once something was appended. When memory runs
 * out, `failed` is set and later appends do nothing, so that a caller checks once at the end.
 *
 * struct text t = {0}; is an empty one. Threads: one at a time.
 */

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *bytes;   /* null while empty */
    size_t length; /* without the zero */
    size_t size;   /* of the memory */
    bool failed;
};

void text_append(struct text *text, const void *bytes, size_t length);
void text_append_string(struct text *text, const char *string);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Empties it and keeps the memory; clears `failed`. */
void text_clear(struct text *text);
/* The bytes, which the caller frees with free(); the text is empty after it. Null when it has
 * failed; an empty text gives an empty string. */
char *text_take(struct text *text);
/* The text so far, "" when empty; borrowed until the next change. */
const char *text_string(const struct text *text);
void text_fini(struct text *text);

#endif
