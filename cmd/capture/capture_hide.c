/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_hide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/address_text.h"

static const char hidden[] = "(hidden)";

bool capture_hides(const json_t *attached)
{
    return json_is_true(json_object_get(json_object_get(attached, "privacy"), "pseudonyms"));
}

/* `otherwise` takes the place of a name that tells an address. */
static void name_hide(json_t *object, const char *member, const char *otherwise)
{
    const char *name = json_string_value(json_object_get(object, member));
    if (name != NULL && address_text_is_in(name)) {
        json_object_set_new(object, member, json_string(otherwise));
    }
}

static void text_hide(json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    if (text != NULL && text[0] != '\0') {
        json_object_set_new(object, member, json_string(hidden));
    }
}

/* Of a list with commas or blanks between names those that tell an address. */
static void list_hide(json_t *object, const char *member)
{
    const char *list = json_string_value(json_object_get(object, member));
    size_t size = list != NULL ? strlen(list) * sizeof(hidden) + 1 : 0;
    char *told = size > 1 ? calloc(1, size) : NULL;
    if (told == NULL) {
        text_hide(object, member); /* rather nothing than too much */
        return;
    }
    size_t used = 0;
    for (list += strspn(list, ", "); *list != '\0'; list += strspn(list, ", ")) {
        size_t length = strcspn(list, ", ");
        char *name = told + used + (used > 0);
        memcpy(name, list, length);
        name[length] = '\0';
        if (address_text_is_in(name)) {
            memcpy(name, hidden, sizeof(hidden));
        }
        if (used > 0) {
            told[used] = ',';
        }
        used += strlen(told + used);
        list += length;
    }
    json_object_set_new(object, member, json_string(told));
    free(told);
}

void capture_hide_session(json_t *attached)
{
    text_hide(attached, "filter");
    text_hide(attached, "where");
    name_hide(attached, "name", hidden);
    list_hide(attached, "ports");
    list_hide(attached, "stages");
}

/* The names of the entries of a list: "port-7" for one that tells an address. */
static void names_hide(json_t *dictionary, const char *list, const char *what)
{
    size_t place;
    json_t *entry;
    json_array_foreach(json_object_get(dictionary, list), place, entry)
    {
        char name[48];
        json_int_t id = json_integer_value(json_object_get(entry, "id"));
        snprintf(name, sizeof(name), "%s-%lld", what, (long long)id);
        name_hide(entry, "name", name);
        name_hide(entry, "extension", name);
        name_hide(entry, "owner", hidden);
    }
}

/* Of extensions what they are, and nothing of what they were set to. */
static void extensions_hide(json_t *dictionary)
{
    static const char *const told[] = {"name", "extension", "kind", "version", "enabled"};
    json_t *kept = json_array();
    size_t place;
    json_t *entry;
    json_array_foreach(json_object_get(dictionary, "extensions"), place, entry)
    {
        json_t *object = json_object();
        for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
            json_t *value = json_object_get(entry, told[i]);
            if (value != NULL) {
                json_object_set(object, told[i], value);
            }
        }
        name_hide(object, "name", hidden);
        json_array_append_new(kept, object);
    }
    json_object_set_new(dictionary, "extensions", kept);
}

void capture_hide_dictionary(json_t *dictionary)
{
    json_object_del(dictionary, "configuration");
    json_object_del(dictionary, "rules");
    json_object_del(dictionary, "changes");
    if (json_object_get(dictionary, "host") != NULL) {
        json_object_set_new(dictionary, "host", json_string(hidden));
    }
    name_hide(json_object_get(dictionary, "switch"), "name", hidden);
    names_hide(dictionary, "ports", "port");
    names_hide(dictionary, "past_ports", "port");
    names_hide(dictionary, "stages", "stage");
    names_hide(dictionary, "reasons", "reason");
    extensions_hide(dictionary);
}
