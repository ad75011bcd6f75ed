/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/session.h"
#include "cmd/command.h"
#include "cmd/where.h"

static bool number_take(const char *command, const char *option, const char *text, uint32_t maximum,
                        const char *member, json_t *rules)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || number > maximum) {
        fprintf(stderr, "%s: %s %s: expected a number from 0 to %u\n", command, option, text,
                maximum);
        return false;
    }
    json_object_set_new(rules, member, json_integer((json_int_t)number));
    return true;
}

static bool text_take(const char *command, const char *option, const char *text, const char *member,
                      json_t *rules)
{
    if (json_object_set_new(rules, member, json_string(text)) != 0) {
        fprintf(stderr, "%s: %s: the text is not UTF-8\n", command, option);
        return false;
    }
    return true;
}

bool capture_direction_read(const char *command, const char *text, json_t *rules)
{
    const char *direction = strcmp(text, "inout") == 0 ? "both" : text;
    if (strcmp(direction, "both") != 0 && strcmp(direction, "in") != 0 &&
        strcmp(direction, "out") != 0) {
        fprintf(stderr, "%s: --direction %s: expected in, out or both\n", command, text);
        return false;
    }
    json_object_set_new(rules, "direction", json_string(direction));
    return true;
}

bool capture_rules_are_whole(const char *command, const json_t *rules)
{
    const char *direction = reply_text(rules, "direction");
    bool is_one_way = direction[0] != '\0' && strcmp(direction, "both") != 0;
    if (is_one_way &&
        reply_text(rules, "ports")[strspn(reply_text(rules, "ports"), ", ")] == '\0') {
        fprintf(stderr,
                "%s: --direction %s: expected ports with it: -i says at which ones packets come "
                "in or go out\n",
                command, direction);
        return false;
    }
    return true;
}

bool capture_budget_read(const char *command, const char *text, json_t *rules)
{
    char *end = NULL;
    double percent = strtod(text, &end);
    if (end == text || (strcmp(end, "") != 0 && strcmp(end, "%") != 0) ||
        !(percent >= 0.0001 && percent <= 100)) {
        fprintf(stderr, "%s: --budget %s: expected percent of a worker's time, such as 20\n",
                command, text);
        return false;
    }
    json_object_set_new(rules, "budget", json_integer((json_int_t)(percent * 10000 + 0.5)));
    return true;
}

bool capture_rule_take(const char *command, int option, const char *text, json_t *rules)
{
    switch (option) {
    case CAPTURE_RULE_PORT:
        return text_take(command, "--port", text, "ports", rules);
    case CAPTURE_RULE_DIRECTION:
        return capture_direction_read(command, text, rules);
    case CAPTURE_RULE_SNAP:
        return number_take(command, "--snap", text, CAPTURE_SNAP_MAX, "snap_length", rules);
    case CAPTURE_RULE_WHERE:
        return where_is_readable(command, text) &&
               text_take(command, "--where", text, "where", rules);
    case CAPTURE_RULE_STAGE:
        return text_take(command, "--stage", text, "stages", rules);
    case CAPTURE_RULE_SAMPLE:
        return number_take(command, "--sample", text, CAPTURE_SAMPLE_MAX, "sample", rules);
    case CAPTURE_RULE_RATE:
        return number_take(command, "--rate", text, CAPTURE_RATE_MAX, "rate", rules);
    case CAPTURE_RULE_BUDGET:
        return capture_budget_read(command, text, rules);
    default:
        return false;
    }
}

/* Texts -------------------------------------------------------------------------------------- */

struct text {
    char *bytes;
    size_t size, length;
    bool is_cut;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *text, const char *format, ...)
{
    const char *between = text->length > 0 ? "; " : "";
    int wrote = snprintf(text->bytes + text->length, text->size - text->length, "%s", between);
    text->length += wrote > 0 ? (size_t)wrote : 0;
    va_list arguments;
    va_start(arguments, format);
    if (text->length < text->size) {
        wrote = vsnprintf(text->bytes + text->length, text->size - text->length, format, arguments);
        text->length += wrote > 0 ? (size_t)wrote : 0;
    }
    va_end(arguments);
    text->is_cut = text->is_cut || text->length >= text->size;
    text->length = text->length < text->size ? text->length : text->size - 1;
}

/* In the place of the last characters, none of which is left in part. */
static void cut_show(struct text *text)
{
    static const char sign[] = "…";
    if (text->is_cut && text->size > sizeof(sign)) {
        size_t end = text->size - sizeof(sign);
        while (end > 0 && (text->bytes[end] & 0xc0) == 0x80) {
            end--;
        }
        memcpy(text->bytes + end, sign, sizeof(sign));
    }
}

static void privacy_say(struct text *text, const json_t *privacy)
{
    static const struct {
        const char *member, *words;
    } kinds[] = {{"headers_only", "headers only"},
                 {"mask_payload", "payload masked"},
                 {"pseudonyms", "pseudonyms"}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (json_is_true(json_object_get(privacy, kinds[i].member))) {
            say(text, "%s", kinds[i].words);
        }
    }
}

void capture_rules_text(const json_t *session, char *bytes, size_t size)
{
    struct text text = {.bytes = bytes, .size = size};
    const char *direction = reply_text(session, "direction");
    const char *ports = reply_text(session, "ports");
    bytes[0] = '\0';
    if (reply_text(session, "filter")[0] != '\0') {
        say(&text, "%s", reply_text(session, "filter"));
    }
    if (reply_text(session, "where")[0] != '\0') {
        say(&text, "where %s", reply_text(session, "where"));
    }
    if (ports[0] != '\0') {
        bool is_both = strcmp(direction, "both") == 0;
        say(&text, "%s%sat %s", is_both ? "" : direction, is_both ? "" : " ", ports);
    }
    if (reply_text(session, "stages")[0] != '\0') {
        say(&text, "stages %s", reply_text(session, "stages"));
    }
    if (reply_number(session, "snap_length") < CAPTURE_SNAP_MAX) {
        say(&text, "first %lld bytes", reply_number(session, "snap_length"));
    }
    if (reply_number(session, "sample") > 1) {
        say(&text, "one flow in %lld", reply_number(session, "sample"));
    }
    if (reply_number(session, "rate") > 0) {
        say(&text, "at most %lld a second", reply_number(session, "rate"));
    }
    if (text.length == 0) {
        say(&text, "all");
    }
    privacy_say(&text, json_object_get(session, "privacy"));
    cut_show(&text);
}
