/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checked access to JSON from outside. The path of a value is written only when something is wrong
 * with it, by walking up the chain of nodes.
 */
#include "switch/config/config_node.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

enum {
    PATH_SIZE = 200,
    WORD_MAX = 40 /* longer words are not compared for nearness */
};

struct config_node config_node_root(struct config_reader *reader, const char *name,
                                    const json_t *value, struct xsw_error *error)
{
    *reader = (struct config_reader){.status = XSW_OK, .error = error};
    return (struct config_node){.reader = reader, .name = name, .value = value};
}

struct config_node config_node_member(const struct config_node *object, const char *name)
{
    return (struct config_node){.reader = object->reader,
                                .parent = object,
                                .name = name,
                                .value = json_object_get(object->value, name)};
}

struct config_node config_node_element(const struct config_node *array, size_t index)
{
    return (struct config_node){.reader = array->reader,
                                .parent = array,
                                .index = index,
                                .value = json_array_get(array->value, index)};
}

bool config_node_is_there(const struct config_node *node)
{
    return node->value != NULL;
}

/* Writes the path of `node`; returns its length. The depth is that of the calls, a handful. */
static size_t path_write(const struct config_node *node, char *path, size_t size)
{
    size_t length = node->parent != NULL ? path_write(node->parent, path, size) : 0;
    if (length >= size) {
        return length;
    }
    int added;
    if (node->name == NULL) {
        added = snprintf(path + length, size - length, "[%zu]", node->index);
    } else {
        added = snprintf(path + length, size - length, "%s%s", length > 0 ? "." : "", node->name);
    }
    return length + (added > 0 ? (size_t)added : 0);
}

void config_node_fail(const struct config_node *node, const char *format, ...)
{
    if (node->reader->status != XSW_OK) {
        return;
    }
    char path[PATH_SIZE] = "";
    char text[PATH_SIZE];
    va_list arguments;

    path_write(node, path, sizeof(path));
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    node->reader->status = error_set(node->reader->error, XSW_INVALID, "%s: %s",
                                     path[0] != '\0' ? path : "value", text);
}

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

static bool list_has(const char *const *names, const char *word)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, word) == 0) {
            return true;
        }
    }
    return false;
}

static void names_join(const char *const *names, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; names[i] != NULL && length < size; i++) {
        int added = snprintf(text + length, size - length, "%s%s", i > 0 ? ", " : "", names[i]);
        length += added > 0 ? (size_t)added : 0;
    }
}

void config_node_check_object(const struct config_node *node, const char *const *names)
{
    if (node->value == NULL) {
        config_node_fail(node, "is missing");
        return;
    }
    if (!json_is_object(node->value)) {
        config_node_fail(node, "expected an object, found %s", type_name(node->value));
        return;
    }
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)node->value, name, value)
    {
        if (list_has(names, name)) {
            continue;
        }
        const char *near = config_near(name, names);
        char known[288];
        names_join(names, known, sizeof(known));
        if (near != NULL) {
            config_node_fail(node, "unknown member \"%.40s\": did you mean \"%s\"?", name, near);
        } else if (known[0] == '\0') {
            config_node_fail(node, "unknown member \"%.40s\": there are none here", name);
        } else {
            config_node_fail(node, "unknown member \"%.40s\": expected %s", name, known);
        }
        return;
    }
}

void config_node_require(const struct config_node *object, const char *name)
{
    struct config_node member = config_node_member(object, name);
    if (!config_node_is_there(&member)) {
        config_node_fail(&member, "is missing");
    }
}

size_t config_node_length(const struct config_node *array, size_t limit)
{
    if (array->value == NULL) {
        return 0;
    }
    if (!json_is_array(array->value)) {
        config_node_fail(array, "expected an array, found %s", type_name(array->value));
        return 0;
    }
    size_t length = json_array_size(array->value);
    if (length > limit) {
        config_node_fail(array, "expected at most %zu elements, found %zu", limit, length);
        return 0;
    }
    return length;
}

void config_node_number(const struct config_node *object, const char *name, int64_t minimum,
                        int64_t maximum, int64_t *number)
{
    struct config_node member = config_node_member(object, name);
    if (member.value == NULL) {
        return;
    }
    if (!json_is_integer(member.value)) {
        config_node_fail(&member, "expected a number from %" PRId64 " to %" PRId64 ", found %s",
                         minimum, maximum,
                         json_is_real(member.value) ? "a fraction" : type_name(member.value));
        return;
    }
    int64_t value = json_integer_value(member.value);
    if (value < minimum || value > maximum) {
        config_node_fail(&member,
                         "expected a number from %" PRId64 " to %" PRId64 ", found %" PRId64,
                         minimum, maximum, value);
    } else {
        *number = value;
    }
}

void config_node_bool(const struct config_node *object, const char *name, bool *value)
{
    struct config_node member = config_node_member(object, name);
    if (member.value == NULL) {
        return;
    }
    if (json_is_boolean(member.value)) {
        *value = json_is_true(member.value);
    } else {
        config_node_fail(&member, "expected true or false, found %s", type_name(member.value));
    }
}

/* UTF-8, as all texts of JSON are: U+0080 to U+009F, which terminals take for commands as well, and
 * the marks that turn the direction of writing around, so that a text looks like another one:
 * U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069. */
static bool is_control_sequence(const unsigned char *at)
{
    if (at[0] == 0xc2) {
        return at[1] >= 0x80 && at[1] <= 0x9f;
    }
    if (at[0] != 0xe2 || at[1] == '\0') {
        return false;
    }
    unsigned low = at[2];
    bool is_mark = low == 0x8e || low == 0x8f || (low >= 0xaa && low <= 0xae);
    return (at[1] == 0x80 && is_mark) || (at[1] == 0x81 && low >= 0xa6 && low <= 0xa9);
}

static bool has_control_characters(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (*at < ' ' || *at == 0x7f || is_control_sequence(at)) {
            return true;
        }
    }
    return false;
}

void config_node_text(const struct config_node *object, const char *name, char *text, size_t size)
{
    struct config_node member = config_node_member(object, name);
    if (member.value == NULL) {
        return;
    }
    if (!json_is_string(member.value)) {
        config_node_fail(&member, "expected a text, found %s", type_name(member.value));
        return;
    }
    const char *value = json_string_value(member.value);
    if (json_string_length(member.value) >= size) {
        config_node_fail(&member, "expected at most %zu bytes of text, found %zu", size - 1,
                         json_string_length(member.value));
    } else if (has_control_characters(value)) {
        config_node_fail(&member, "has a control character in it");
    } else {
        memcpy(text, value, json_string_length(member.value) + 1);
    }
}

void config_node_choice(const struct config_node *object, const char *name,
                        const char *const *names, unsigned *choice)
{
    struct config_node member = config_node_member(object, name);
    if (member.value == NULL) {
        return;
    }
    const char *value = json_string_value(member.value);
    for (unsigned i = 0; value != NULL && names[i] != NULL; i++) {
        if (strcmp(names[i], value) == 0) {
            *choice = i;
            return;
        }
    }
    char known[120];
    names_join(names, known, sizeof(known));
    if (value != NULL) {
        config_node_fail(&member, "expected one of %s, found \"%.40s\"", known, value);
    } else {
        config_node_fail(&member, "expected one of %s, found %s", known, type_name(member.value));
    }
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* By letters that are wrong, missing, too many, or two that have changed places. */
static unsigned word_distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_MAX + 1] = {
        0}; /* of the letter, the one before it, and that before both */
    size_t b_length = strlen(b);
    for (size_t j = 0; j <= b_length; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        memcpy(rows[2], rows[1], sizeof(rows[1]));
        memcpy(rows[1], rows[0], sizeof(rows[0]));
        rows[0][0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned best = rows[1][j - 1] + (a[i - 1] != b[j - 1]);
            best = smaller(best, smaller(rows[1][j], rows[0][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                best = smaller(best, rows[2][j - 2] + 1);
            }
            rows[0][j] = best;
        }
    }
    return rows[0][b_length];
}

const char *config_near(const char *word, const char *const *names)
{
    size_t length = strlen(word);
    if (length == 0 || length > WORD_MAX) {
        return NULL;
    }
    const char *near = NULL;
    unsigned best = length < 4 ? 2 : 3; /* at most one, or two, slips */
    for (; *names != NULL; names++) {
        if (strlen(*names) > WORD_MAX) {
            continue;
        }
        unsigned distance = word_distance(word, *names);
        if (distance < best) {
            best = distance;
            near = *names;
        }
    }
    return near;
}
