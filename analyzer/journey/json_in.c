/* SPDX-License-Identifier: Apache-2.0 */
/* See json_in.h. */
#include "analyzer/journey/json_in.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",  [JSON_STRING] = "a text",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null"};
    return value == NULL ? "missing" : names[json_typeof(value)];
}

static void expected(const struct json_in *place, const char *name, const char *what)
{
    notes_add(place->notes, "%s.%s is %s, expected %s", place->path, name,
              type_name(json_object_get(place->object, name)), what);
}

bool json_in_open(struct json_in *place, const char *text, size_t length, const char *path,
                  struct notes *notes)
{
    *place = (struct json_in){.notes = notes};
    snprintf(place->path, sizeof(place->path), "%s", path);
    json_error_t fault;
    json_t *object = json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault);
    if (json_is_object(object)) {
        place->object = object;
        return true;
    }
    if (object == NULL) {
        notes_add(notes, "%s: byte %d: %s, expected JSON", path, fault.position, fault.text);
    } else {
        notes_add(notes, "%s is %s, expected an object", path, type_name(object));
    }
    json_decref(object);
    return false;
}

void json_in_close(struct json_in *place)
{
    json_decref((json_t *)place->object);
    place->object = NULL;
}

bool json_in_optional(const struct json_in *place, const char *name, uint64_t maximum,
                      uint64_t *number)
{
    const json_t *value = json_object_get(place->object, name);
    if (value == NULL) {
        return false;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > maximum) {
        char what[64];
        snprintf(what, sizeof(what), "a whole number from 0 to %llu", (unsigned long long)maximum);
        expected(place, name, what);
        return false;
    }
    *number = (uint64_t)json_integer_value(value);
    return true;
}

bool json_in_number(const struct json_in *place, const char *name, uint64_t maximum,
                    uint64_t *number)
{
    if (json_object_get(place->object, name) == NULL) {
        expected(place, name, "a whole number");
        return false;
    }
    return json_in_optional(place, name, maximum, number);
}

void json_in_text(const struct json_in *place, const char *name, char *text, size_t size)
{
    const json_t *value = json_object_get(place->object, name);
    text[0] = '\0';
    if (json_is_string(value)) {
        text_make_safe(text, size, json_string_value(value));
    } else if (value != NULL && !json_is_null(value)) {
        expected(place, name, "a text");
    }
}

bool json_in_flag(const struct json_in *place, const char *name)
{
    const json_t *value = json_object_get(place->object, name);
    if (value != NULL && !json_is_boolean(value)) {
        expected(place, name, "true or false");
    }
    return json_is_true(value);
}

void json_in_child(const struct json_in *place, const char *name, struct json_in *child)
{
    const json_t *value = json_object_get(place->object, name);
    *child = (struct json_in){.notes = place->notes};
    snprintf(child->path, sizeof(child->path), "%.80s.%.30s", place->path, name);
    if (json_is_object(value)) {
        child->object = value;
    } else if (value != NULL) {
        expected(place, name, "an object");
    }
}

uint64_t json_in_sum_others(const struct json_in *place, const char *const *known)
{
    uint64_t sum = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)place->object, name, value)
    {
        size_t i = 0;
        uint64_t number = 0;
        while (known[i] != NULL && strcmp(known[i], name) != 0) {
            i++;
        }
        if (known[i] == NULL && json_in_optional(place, name, INT64_MAX, &number)) {
            sum = sum > UINT64_MAX - number ? UINT64_MAX : sum + number;
        }
    }
    return sum;
}

void json_in_each(const struct json_in *place, const char *name, json_in_visit *visit,
                  void *context)
{
    const json_t *array = json_object_get(place->object, name);
    if (array != NULL && !json_is_array(array)) {
        expected(place, name, "an array");
        return;
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        struct json_in element = {.object = json_array_get(array, i), .notes = place->notes};
        snprintf(element.path, sizeof(element.path), "%.80s.%.20s[%zu]", place->path, name, i);
        if (json_is_object(element.object)) {
            visit(&element, context);
        } else {
            notes_add(place->notes, "%s is %s, expected an object", element.path,
                      type_name(element.object));
        }
    }
}
