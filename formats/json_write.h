/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_JSON_WRITE_H
#define XSW_JSON_WRITE_H

/*
 * Writes JSON as it is told, piece by piece, to a growing text or to a stream. The result is always
 * valid JSON in UTF-8: bytes that are no UTF-8 become U+FFFD, numbers that JSON has not become
 * null. Members are named by `key`; inside arrays and at the top it is null. Opening and closing
 * that do not match, and a missing or superfluous key, are mistakes of the program and asserted.
 *
 * Errors are kept and told by json_finish. Threads: one at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <xsw/error.h>

#include "base/text.h"

enum { JSON_DEPTH_MAX = 32 };

struct json_writer {
    struct text *text; /* one of the two sinks */
    FILE *stream;
    unsigned indent; /* spaces a level; 0 writes all on one line */
    unsigned depth;
    bool failed;
    bool is_object[JSON_DEPTH_MAX];
    bool has_members[JSON_DEPTH_MAX];
};

/* Appends to `text`, which the caller owns. */
void json_init_text(struct json_writer *json, struct text *text);
/* `indent`: spaces a level, 0 for one line. The stream stays the caller's. */
void json_init_stream(struct json_writer *json, FILE *stream, unsigned indent);

void json_object_open(struct json_writer *json, const char *key);
void json_object_close(struct json_writer *json);
void json_array_open(struct json_writer *json, const char *key);
void json_array_close(struct json_writer *json);

/* A null `value` writes null. */
void json_text(struct json_writer *json, const char *key, const char *value);
void json_text_bytes(struct json_writer *json, const char *key, const void *bytes, size_t length);
void json_u64(struct json_writer *json, const char *key, uint64_t value);
void json_i64(struct json_writer *json, const char *key, int64_t value);
void json_bool(struct json_writer *json, const char *key, bool value);
void json_double(struct json_writer *json, const char *key, double value);
void json_none(struct json_writer *json, const char *key);
/* Bytes as a string of lower-case hexadecimal digits. */
void json_hex(struct json_writer *json, const char *key, const void *bytes, size_t length);
/* `value` is JSON already, checked by the caller; it is copied as it is. */
void json_raw(struct json_writer *json, const char *key, const char *value, size_t length);

/* Everything must be closed. XSW_NO_MEMORY or XSW_IO when something got lost on the way; a stream
 * is flushed. No newline is added. */
enum xsw_status json_finish(struct json_writer *json, struct xsw_error *error) XSW_MUST_CHECK;

#endif
