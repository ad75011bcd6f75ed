/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time stands first in what we write: Wireshark looks for it as in a string, which the zeros of
 * a binary value would end. It has microseconds only; ours stand beside it.
 */
#include "formats/pcapng/pcapng_journal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { NAME_MAX_LENGTH = 64, LENGTH_SIZE = 8, NS_PER_US = 1000 };

#define OUR_PREFIX "XSW_"

/* Names that are members of struct pcapng_event. */
static const char *const TAKEN[] = {"event", "wall_ns", "mono_ns"};

/* Writing ------------------------------------------------------------------------------------ */

static bool name_is_good(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > NAME_MAX_LENGTH || name[0] < 'a' || name[0] > 'z') {
        return false;
    }
    for (size_t i = 0; i < sizeof(TAKEN) / sizeof(TAKEN[0]); i++) {
        if (strcmp(name, TAKEN[i]) == 0) {
            return false;
        }
    }
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

static void put_value(struct text *entry, const char *value)
{
    size_t length = strlen(value);
    if (memchr(value, '\n', length) == NULL) {
        text_append(entry, "=", 1);
    } else {
        uint8_t bytes[LENGTH_SIZE];
        put_le64(bytes, length);
        text_append(entry, "\n", 1);
        text_append(entry, bytes, sizeof(bytes));
    }
    text_append(entry, value, length);
    text_append(entry, "\n", 1);
}

static void put_line(struct text *entry, const char *name, const char *value)
{
    if (value != NULL) {
        text_append_string(entry, name);
        put_value(entry, value);
    }
}

static void put_field(struct text *entry, const struct pcapng_event_field *field)
{
    text_append_string(entry, OUR_PREFIX);
    for (const char *c = field->name; *c != '\0'; c++) {
        char upper = (char)toupper((unsigned char)*c);
        text_append(entry, &upper, 1);
    }
    put_value(entry, field->value);
}

/* The journal's spelling of a boot id has no hyphens. */
static void put_boot_id(struct text *entry, const char *boot_id)
{
    if (boot_id == NULL) {
        return;
    }
    text_append_string(entry, "_BOOT_ID=");
    for (const char *c = boot_id; *c != '\0' && *c != '\n'; c++) {
        if (*c != '-') {
            text_append(entry, c, 1);
        }
    }
    text_append(entry, "\n", 1);
}

static enum xsw_status check_event(const struct pcapng_event *event, struct xsw_error *error)
{
    if (event->name == NULL || event->name[0] == '\0' || event->message == NULL) {
        return error_set(error, XSW_INVALID, "an event without a name or a message");
    }
    if (event->wall_ns == 0) {
        return error_set(error, XSW_INVALID, "event %s: no wall time", event->name);
    }
    for (size_t i = 0; i < event->field_count; i++) {
        const struct pcapng_event_field *field = &event->fields[i];
        if (!name_is_good(field->name) || field->value == NULL) {
            return error_set(error, XSW_INVALID,
                             "event %s: field %zu is called '%s', expected up to %d lower-case "
                             "letters, digits and '_', and a value",
                             event->name, i, field->name, NAME_MAX_LENGTH);
        }
    }
    return XSW_OK;
}

static void put_entry(struct text *entry, const struct pcapng_event *event)
{
    text_format(entry, "__REALTIME_TIMESTAMP=%" PRIu64 "\n", event->wall_ns / NS_PER_US);
    if (event->mono_ns != 0) {
        text_format(entry, "__MONOTONIC_TIMESTAMP=%" PRIu64 "\n", event->mono_ns / NS_PER_US);
    }
    put_boot_id(entry, event->boot_id);
    put_line(entry, "MESSAGE", event->message);
    text_format(entry, "PRIORITY=%u\n", event->priority);
    put_line(entry, "SYSLOG_IDENTIFIER", event->source);
    put_line(entry, "_HOSTNAME", event->host);
    put_line(entry, OUR_PREFIX "EVENT", event->name);
    text_format(entry, OUR_PREFIX "WALL_NS=%" PRIu64 "\n", event->wall_ns);
    if (event->mono_ns != 0) {
        text_format(entry, OUR_PREFIX "MONO_NS=%" PRIu64 "\n", event->mono_ns);
    }
    for (size_t i = 0; i < event->field_count; i++) {
        put_field(entry, &event->fields[i]);
    }
}

enum xsw_status encode_event(struct block_buffer *buffer, const struct pcapng_event *event,
                             struct xsw_error *error)
{
    enum xsw_status status = check_event(event, error);
    if (status != XSW_OK) {
        return status;
    }
    static const uint8_t zeros[3 + PCAPNG_TAIL_SIZE];
    uint8_t head[PCAPNG_HEAD_SIZE];
    struct text block = {0};
    text_append(&block, zeros, 4);
    text_append(&block, zeros, 4);
    put_entry(&block, event);
    text_append(&block, zeros, (4 - block.length % 4) % 4 + PCAPNG_TAIL_SIZE);
    if (block.failed) {
        status = error_set(error, XSW_NO_MEMORY, "no memory for event %s", event->name);
    } else if (block.length > PCAPNG_EVENT_LENGTH_MAX) {
        status = error_set(error, XSW_INVALID, "event %s has %zu bytes, expected at most %d",
                           event->name, block.length, PCAPNG_EVENT_LENGTH_MAX);
    } else {
        uint8_t *bytes = (uint8_t *)block.bytes;
        put_le32(head, PCAPNG_BLOCK_JOURNAL);
        put_le32(head + 4, (uint32_t)block.length);
        memcpy(bytes, head, sizeof(head));
        memcpy(bytes + block.length - PCAPNG_TAIL_SIZE, head + 4, PCAPNG_TAIL_SIZE);
        struct block_buffer whole = {bytes, block.length, block.size};
        status = block_buffer_append(buffer, &whole, error);
    }
    text_fini(&block);
    return status;
}

/* Reading ------------------------------------------------------------------------------------ */

struct entry_cursor {
    const uint8_t *next;
    size_t left;
};

struct entry_line {
    const uint8_t *name;
    size_t name_length;
    const uint8_t *value;
    size_t value_length;
};

/* XSW_END behind the last line: at the padding, at an empty line, or at the end. */
static enum xsw_status line_next(struct entry_cursor *cursor, struct entry_line *line)
{
    if (cursor->left == 0 || cursor->next[0] == '\0' || cursor->next[0] == '\n') {
        return XSW_END;
    }
    const uint8_t *end = memchr(cursor->next, '\n', cursor->left);
    size_t length = end == NULL ? cursor->left : (size_t)(end - cursor->next);
    const uint8_t *equal = memchr(cursor->next, '=', length);
    line->name = cursor->next;
    size_t used = length + (end != NULL);
    if (equal != NULL) {
        /* The last line may lack its end; the padding is no part of it. */
        line->name_length = (size_t)(equal - cursor->next);
        line->value = equal + 1;
        line->value_length = strnlen((const char *)equal + 1, length - line->name_length - 1);
    } else {
        if (cursor->left < used + LENGTH_SIZE || end == NULL) {
            return XSW_CORRUPT;
        }
        uint64_t value_length = get_le64(cursor->next + used);
        used += LENGTH_SIZE;
        if (value_length >= cursor->left - used || cursor->next[used + value_length] != '\n') {
            return XSW_CORRUPT;
        }
        line->name_length = length;
        line->value = cursor->next + used;
        line->value_length = value_length;
        used += value_length + 1;
    }
    cursor->next += used;
    cursor->left -= used;
    return XSW_OK;
}

static bool line_is(const struct entry_line *line, const char *name)
{
    return strlen(name) == line->name_length && memcmp(line->name, name, line->name_length) == 0;
}

/* 0 when it is no number or does not fit. */
static uint64_t line_number(const struct entry_line *line)
{
    uint64_t number = 0;
    for (size_t i = 0; i < line->value_length; i++) {
        unsigned digit = line->value[i] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, digit, &number)) {
            return 0;
        }
    }
    return number;
}

static uint64_t us_to_ns(uint64_t us)
{
    return us > UINT64_MAX / NS_PER_US ? 0 : us * NS_PER_US;
}

/* Whether the line was one of the numbers. */
static bool take_number(struct pcapng_event *event, const struct entry_line *line)
{
    uint64_t number = line_number(line);
    if (line_is(line, "__REALTIME_TIMESTAMP")) {
        /* Ours, which is finer, may have been there before. */
        event->wall_ns = event->wall_ns == 0 ? us_to_ns(number) : event->wall_ns;
    } else if (line_is(line, "__MONOTONIC_TIMESTAMP")) {
        event->mono_ns = event->mono_ns == 0 ? us_to_ns(number) : event->mono_ns;
    } else if (line_is(line, OUR_PREFIX "WALL_NS")) {
        event->wall_ns = number != 0 ? number : event->wall_ns;
    } else if (line_is(line, OUR_PREFIX "MONO_NS")) {
        event->mono_ns = number != 0 ? number : event->mono_ns;
    } else if (line_is(line, "PRIORITY")) {
        event->priority = number <= PCAPNG_PRIORITY_DEBUG ? (uint8_t)number : PCAPNG_PRIORITY_INFO;
    } else {
        return false;
    }
    return true;
}

static bool take_text(struct parse_state *state, struct pcapng_event *event,
                      const struct entry_line *line)
{
    const struct {
        const char *name;
        const char **member;
    } texts[] = {
        {"_BOOT_ID", &event->boot_id},         {"MESSAGE", &event->message},
        {"SYSLOG_IDENTIFIER", &event->source}, {"_HOSTNAME", &event->host},
        {OUR_PREFIX "EVENT", &event->name},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (line_is(line, texts[i].name)) {
            *texts[i].member = parse_text_keep(state, line->value, line->value_length);
            return true;
        }
    }
    return false;
}

/* The name as the caller knows it: XSW_PORT is port. */
static const char *keep_name(struct parse_state *state, const struct entry_line *line)
{
    size_t prefix = strlen(OUR_PREFIX);
    bool is_ours = line->name_length > prefix && memcmp(line->name, OUR_PREFIX, prefix) == 0;
    if (!is_ours) {
        return parse_text_keep(state, line->name, line->name_length);
    }
    size_t length = line->name_length - prefix;
    char *name = state->texts + state->texts_length;
    const char *kept = parse_text_keep(state, line->name + prefix, length);
    for (size_t i = 0; i < length; i++) {
        name[i] = (char)tolower((unsigned char)name[i]);
    }
    return kept;
}

static void take_field(struct parse_state *state, struct pcapng_event *event,
                       const struct entry_line *line)
{
    if (event->field_count == PCAPNG_EVENT_FIELDS_MAX) {
        return;
    }
    struct pcapng_event_field *field = &state->event_fields[event->field_count++];
    field->name = keep_name(state, line);
    field->value = parse_text_keep(state, line->value, line->value_length);
}

enum xsw_status parse_event(struct parse_state *state, const struct parse_block *block,
                            struct pcapng_event *event, struct xsw_error *error)
{
    *event = (struct pcapng_event){
        .priority = PCAPNG_PRIORITY_INFO, .message = "", .fields = state->event_fields};
    /* A line without its end at the end of the block needs one byte more than it has. */
    enum xsw_status status = parse_texts_begin(state, block->length + 2, error);
    if (status != XSW_OK) {
        return status;
    }
    struct entry_cursor cursor = {block->body, block->length};
    struct entry_line line;
    while ((status = line_next(&cursor, &line)) == XSW_OK) {
        if (!take_number(event, &line) && !take_text(state, event, &line)) {
            take_field(state, event, &line);
        }
    }
    state->ignored_options += status == XSW_CORRUPT;
    return event->wall_ns == 0 ? XSW_NOT_FOUND : XSW_OK;
}
