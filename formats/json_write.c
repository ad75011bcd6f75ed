/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON emitter. It keeps one flag a level, for whether a comma is due; nothing is buffered
 * here.
 */
#include "formats/json_write.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/error.h"

static void put(struct json_writer *json, const void *bytes, size_t length)
{
    if (json->failed) {
        return;
    }
    if (json->text != NULL) {
        text_append(json->text, bytes, length);
        json->failed = json->text->failed;
    } else {
        json->failed = fwrite(bytes, 1, length, json->stream) != length;
    }
}

static void put_string(struct json_writer *json, const char *string)
{
    put(json, string, strlen(string));
}

static void new_line(struct json_writer *json)
{
    static const char spaces[] = "                                ";
    if (json->indent == 0) {
        return;
    }
    put_string(json, "\n");
    for (unsigned level = 0; level < json->depth; level++) {
        put(json, spaces, json->indent < sizeof(spaces) - 1 ? json->indent : sizeof(spaces) - 1);
    }
}

/* The length of the UTF-8 sequence at `bytes` (Unicode 15, table 3-7), or 0 when it is none. */
static size_t utf8_length(const uint8_t *bytes, size_t length)
{
    uint8_t first = bytes[0];
    if (first < 0x80) {
        return 1;
    }
    size_t needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || needed > length) {
        return 0;
    }
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (bytes[1] < low || bytes[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < needed; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return needed;
}

static void put_escape(struct json_writer *json, uint8_t byte)
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    char escape[8];
    for (size_t i = 0; named[i] != '\0'; i += 2) {
        if ((uint8_t)named[i] == byte) {
            escape[0] = '\\';
            escape[1] = named[i + 1];
            put(json, escape, 2);
            return;
        }
    }
    snprintf(escape, sizeof(escape), "\\u%04x", byte);
    put_string(json, escape);
}

static bool needs_escape(uint8_t byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f;
}

static void put_quoted(struct json_writer *json, const uint8_t *bytes, size_t length)
{
    put_string(json, "\"");
    size_t plain = 0; /* where the run of bytes that need nothing begins */
    size_t i = 0;
    while (i < length) {
        size_t sequence = utf8_length(bytes + i, length - i);
        if (sequence > 0 && !needs_escape(bytes[i])) {
            i += sequence;
            continue;
        }
        put(json, bytes + plain, i - plain);
        if (sequence == 0) {
            put_string(json, "\xef\xbf\xbd");
        } else {
            put_escape(json, bytes[i]);
        }
        plain = ++i;
    }
    put(json, bytes + plain, length - plain);
    put_string(json, "\"");
}

/* What stands before a value: comma, line, key. */
static void begin(struct json_writer *json, const char *key)
{
    if (json->depth == 0) {
        assert(key == NULL);
        return;
    }
    unsigned level = json->depth - 1;
    assert((key != NULL) == json->is_object[level]);
    if (json->has_members[level]) {
        put_string(json, ",");
    }
    json->has_members[level] = true;
    new_line(json);
    if (key != NULL) {
        put_quoted(json, (const uint8_t *)key, strlen(key));
        put_string(json, json->indent == 0 ? ":" : ": ");
    }
}

static void open_level(struct json_writer *json, const char *key, bool is_object)
{
    assert(json->depth < JSON_DEPTH_MAX);
    begin(json, key);
    put_string(json, is_object ? "{" : "[");
    json->is_object[json->depth] = is_object;
    json->has_members[json->depth] = false;
    json->depth++;
}

static void close_level(struct json_writer *json, bool is_object)
{
    assert(json->depth > 0 && json->is_object[json->depth - 1] == is_object);
    json->depth--;
    if (json->has_members[json->depth]) {
        new_line(json);
    }
    put_string(json, is_object ? "}" : "]");
}

void json_init_text(struct json_writer *json, struct text *text)
{
    *json = (struct json_writer){.text = text};
}

void json_init_stream(struct json_writer *json, FILE *stream, unsigned indent)
{
    *json = (struct json_writer){.stream = stream, .indent = indent};
}

void json_object_open(struct json_writer *json, const char *key)
{
    open_level(json, key, true);
}

void json_object_close(struct json_writer *json)
{
    close_level(json, true);
}

void json_array_open(struct json_writer *json, const char *key)
{
    open_level(json, key, false);
}

void json_array_close(struct json_writer *json)
{
    close_level(json, false);
}

void json_text(struct json_writer *json, const char *key, const char *value)
{
    if (value == NULL) {
        json_none(json, key);
    } else {
        json_text_bytes(json, key, value, strlen(value));
    }
}

void json_text_bytes(struct json_writer *json, const char *key, const void *bytes, size_t length)
{
    begin(json, key);
    put_quoted(json, bytes, length);
}

void json_u64(struct json_writer *json, const char *key, uint64_t value)
{
    char digits[24];
    begin(json, key);
    snprintf(digits, sizeof(digits), "%" PRIu64, value);
    put_string(json, digits);
}

void json_i64(struct json_writer *json, const char *key, int64_t value)
{
    char digits[24];
    begin(json, key);
    snprintf(digits, sizeof(digits), "%" PRId64, value);
    put_string(json, digits);
}

void json_bool(struct json_writer *json, const char *key, bool value)
{
    begin(json, key);
    put_string(json, value ? "true" : "false");
}

void json_double(struct json_writer *json, const char *key, double value)
{
    char digits[40];
    if (!isfinite(value)) {
        json_none(json, key);
        return;
    }
    begin(json, key);
    snprintf(digits, sizeof(digits), "%.15g", value);
    /* The decimal point is the locale's; JSON has only one. */
    for (char *digit = digits; *digit != '\0'; digit++) {
        if (strchr("0123456789+-eE", *digit) == NULL) {
            *digit = '.';
        }
    }
    put_string(json, digits);
}

void json_none(struct json_writer *json, const char *key)
{
    begin(json, key);
    put_string(json, "null");
}

void json_hex(struct json_writer *json, const char *key, const void *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *next = bytes;
    begin(json, key);
    put_string(json, "\"");
    for (size_t i = 0; i < length; i++) {
        char pair[2] = {digits[next[i] >> 4], digits[next[i] & 15]};
        put(json, pair, sizeof(pair));
    }
    put_string(json, "\"");
}

void json_raw(struct json_writer *json, const char *key, const char *value, size_t length)
{
    begin(json, key);
    put(json, value, length);
}

enum xsw_status json_finish(struct json_writer *json, struct xsw_error *error)
{
    assert(json->depth == 0);
    if (json->stream != NULL && (fflush(json->stream) != 0 || json->failed)) {
        json->failed = true;
        return error_errno(error, "JSON could not be written");
    }
    if (json->failed) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a JSON text");
    }
    return XSW_OK;
}
