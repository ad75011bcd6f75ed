/* SPDX-License-Identifier: Apache-2.0 */
#include "babeltrace/shapes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 64, NUMBER_SIZE = 24 };

const char *const shape_common_names[SHAPE_COMMON] = {
    [SHAPE_MESSAGE] = "message", [SHAPE_SOURCE] = "source",   [SHAPE_PRIORITY] = "priority",
    [SHAPE_HOST] = "host",       [SHAPE_BOOT_ID] = "boot_id", [SHAPE_MONO_NS] = "mono_ns"};

/* Texts by their meaning, though one of them may read like a number: a session, a port's name. */
static bool means_text(const char *name)
{
    static const char *const names[] = {"switch",  "port",   "stage",   "extension",
                                        "subject", "detail", "reason",  "device",
                                        "action",  "head",   "location"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* A number that reads back to the same text, so that nothing is lost by taking it for one. */
static bool is_number(const char *text, bool *is_negative)
{
    char same[NUMBER_SIZE];
    *is_negative = text[0] == '-';
    if (*is_negative) {
        snprintf(same, sizeof(same), "%lld", strtoll(text, NULL, 10));
    } else {
        snprintf(same, sizeof(same), "%llu", strtoull(text, NULL, 10));
    }
    return strcmp(same, text) == 0;
}

static uint64_t hash_add(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
    }
    return (hash ^ 0x100) * 0x100000001b3;
}

static const char *name_of(const struct pcapng_event *event)
{
    return event->name != NULL && event->name[0] != '\0' ? event->name : "event";
}

static uint64_t hash_of(const struct pcapng_event *event)
{
    uint64_t hash = hash_add(0xcbf29ce484222325, name_of(event));
    for (size_t i = 0; i < event->field_count; i++) {
        hash = hash_add(hash, event->fields[i].name);
    }
    return hash;
}

/* Names ------------------------------------------------------------------------------------------
 */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_taken(const struct shape *shape, const char *name)
{
    for (size_t i = 0; i < SHAPE_COMMON; i++) {
        if (strcmp(shape_common_names[i], name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < shape->field_count; i++) {
        if (strcmp(shape->fields[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Such as CTF takes, and not there yet. */
static char *field_name(const struct shape *shape, const char *from)
{
    char plain[NAME_MAX_LENGTH + 1];
    char name[NAME_MAX_LENGTH + 16];
    size_t length = 0;
    if (!is_word(from[0]) || (from[0] >= '0' && from[0] <= '9') || from[0] == '_') {
        plain[length++] = 'f';
    }
    for (; *from != '\0' && length < NAME_MAX_LENGTH; from++) {
        plain[length++] = is_word(*from) ? *from : '_';
    }
    plain[length] = '\0';
    snprintf(name, sizeof(name), "%s", plain);
    for (unsigned i = 2; is_taken(shape, name); i++) {
        snprintf(name, sizeof(name), "%s_%u", plain, i);
    }
    return strdup(name);
}

/* A name of an event is a text in CTF; in babeltrace 2.0 one that must be escaped is not. */
static char *event_name(const char *from)
{
    char *name = strdup(from);
    for (char *at = name; at != NULL && *at != '\0'; at++) {
        *at = is_word(*at) || strchr("-.:/ ", *at) != NULL ? *at : '_';
    }
    return name;
}

/* Shapes -----------------------------------------------------------------------------------------
 */

static void shape_fini(struct shape *shape)
{
    for (size_t i = 0; i < shape->field_count; i++) {
        free(shape->fields[i].name);
        free(shape->fields[i].origin);
    }
    free(shape->fields);
    free(shape->name);
    free(shape->origin);
}

static enum xsw_status shape_make(struct shape *shape, const struct pcapng_event *event,
                                  uint64_t hash)
{
    *shape = (struct shape){.name = event_name(name_of(event)),
                            .origin = strdup(name_of(event)),
                            .hash = hash,
                            .fields = calloc(event->field_count + 1, sizeof(*shape->fields))};
    bool is_good = shape->name != NULL && shape->origin != NULL && shape->fields != NULL;
    for (size_t i = 0; i < event->field_count && is_good; i++) {
        const char *origin = event->fields[i].name;
        struct shape_field field = {.name = field_name(shape, origin),
                                    .origin = strdup(origin),
                                    .is_text = means_text(origin)};
        is_good = field.name != NULL && field.origin != NULL;
        shape->fields[i] = field;
        shape->field_count += is_good;
    }
    if (!is_good) {
        shape_fini(shape);
        return XSW_NO_MEMORY;
    }
    return XSW_OK;
}

/* What this event says of the types. */
static void values_look(struct shape *shape, const struct pcapng_event *event)
{
    for (size_t i = 0; i < shape->field_count; i++) {
        struct shape_field *field = &shape->fields[i];
        bool is_negative;
        if (field->is_text || !is_number(event->fields[i].value, &is_negative)) {
            field->is_text = true;
            continue;
        }
        field->is_signed |= is_negative;
        field->is_large |= !is_negative && strtoull(event->fields[i].value, NULL, 10) > INT64_MAX;
        field->is_text = field->is_signed && field->is_large; /* no type of CTF has both */
    }
}

/* A file may be made such that hashes are the same. */
static bool is_of(const struct shape *shape, const struct pcapng_event *event)
{
    bool is_same =
        strcmp(shape->origin, name_of(event)) == 0 && shape->field_count == event->field_count;
    for (size_t i = 0; i < event->field_count && is_same; i++) {
        is_same = strcmp(shape->fields[i].origin, event->fields[i].name) == 0;
    }
    return is_same;
}

static struct shape *shape_find(const struct shapes *shapes, const struct pcapng_event *event,
                                uint64_t hash)
{
    for (size_t i = 0; i < shapes->count; i++) {
        if (shapes->list[i].hash == hash && is_of(&shapes->list[i], event)) {
            return &shapes->list[i];
        }
    }
    return NULL;
}

enum xsw_status shapes_take(struct shapes *shapes, const struct pcapng_event *event,
                            uint32_t *shape)
{
    uint64_t hash = hash_of(event);
    struct shape *found = shape_find(shapes, event, hash);
    if (found == NULL && shapes->count == SHAPES_MAX) {
        return XSW_LIMIT;
    }
    if (found == NULL) {
        struct shape *list = realloc(shapes->list, (shapes->count + 1) * sizeof(*list));
        if (list == NULL) {
            return XSW_NO_MEMORY;
        }
        shapes->list = list;
        enum xsw_status status = shape_make(&list[shapes->count], event, hash);
        if (status != XSW_OK) {
            return status;
        }
        found = &list[shapes->count++];
    }
    values_look(found, event);
    *shape = (uint32_t)(found - shapes->list);
    return XSW_OK;
}

void shapes_fini(struct shapes *shapes)
{
    for (size_t i = 0; i < shapes->count; i++) {
        shape_fini(&shapes->list[i]);
    }
    free(shapes->list);
    *shapes = (struct shapes){0};
}
