/* SPDX-License-Identifier: Apache-2.0 */
/* See dictionary_config.h. A port is an entry of the list by its number, and of the configuration
 * by its name. */
#include "analyzer/journey/dictionary_config.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "analyzer/books/notes.h"
#include "base/text.h"

enum {
    CONFIGURED_MAX = 1024, /* ports that are looked for: a hostile file may not cost its square */
    ALLOWED_SHOWN = 6
};

static struct dictionary_port *port_by_name(struct dictionary *dictionary, const char *name)
{
    for (size_t i = 0; i < dictionary->ports.count; i++) {
        struct dictionary_port *port = table_value(&dictionary->ports, i);
        if (strcmp(port->name, name) == 0) {
            return port;
        }
    }
    return NULL;
}

static void allowed_append(struct text *text, const json_t *allowed)
{
    size_t place;
    json_t *element;
    json_array_foreach(allowed, place, element)
    {
        if (place == ALLOWED_SHOWN) {
            text_append_string(text, ",...");
            return;
        }
        text_append_string(text, place == 0 ? " allowed " : ",");
        if (json_is_string(element)) {
            text_format(text, "%.16s", json_string_value(element));
        } else {
            text_format(text, "%d", (int)json_integer_value(element));
        }
    }
}

static void vlan_read(struct dictionary_port *port, const struct json_in *vlan)
{
    char mode[16];
    uint64_t number = 0;
    struct text text = {0};
    json_in_text(vlan, "mode", mode, sizeof(mode));
    text_append_string(&text, mode);
    if (json_in_optional(vlan, "access", UINT16_MAX, &number)) {
        text_format(&text, " %u", (unsigned)number);
    }
    if (json_in_optional(vlan, "native", UINT16_MAX, &number)) {
        text_format(&text, " native %u", (unsigned)number);
    }
    if (vlan->object != NULL) {
        allowed_append(&text, json_object_get(vlan->object, "allowed"));
    }
    text_make_safe(port->vlan, sizeof(port->vlan), text_string(&text));
    text_fini(&text);
}

static void storm_read(struct dictionary_port *port, const struct json_in *storm)
{
    static const struct {
        const char *member, *word;
    } kinds[] = {{"broadcast", "broadcast"},
                 {"multicast", "multicast"},
                 {"unknown_unicast", "unknown unicast"}};
    struct text text = {0};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint64_t limit = 0;
        if (json_in_optional(storm, kinds[i].member, UINT32_MAX, &limit) && limit != 0) {
            text_format(&text, "%s%s %u", text.length != 0 ? ", " : "", kinds[i].word,
                        (unsigned)limit);
        }
    }
    text_make_safe(port->storm, sizeof(port->storm), text_string(&text));
    text_fini(&text);
}

struct configured {
    struct dictionary *dictionary;
    size_t left;
};

static void configured_visit(const struct json_in *element, void *context)
{
    struct configured *configured = context;
    char name[DICTIONARY_NAME_SIZE];
    uint64_t mtu = 0;
    struct json_in vlan;
    struct json_in storm;
    json_in_text(element, "name", name, sizeof(name));
    if (configured->left == 0 || name[0] == '\0') {
        return;
    }
    configured->left--;
    struct dictionary_port *port = port_by_name(configured->dictionary, name);
    if (port == NULL) {
        return;
    }
    json_in_optional(element, "mtu", UINT32_MAX, &mtu);
    port->mtu = (uint32_t)mtu;
    json_in_child(element, "vlan", &vlan);
    vlan_read(port, &vlan);
    json_in_child(element, "storm_limit", &storm);
    if (storm.object != NULL) {
        storm_read(port, &storm);
    }
}

void dictionary_add_configuration(struct dictionary *dictionary, const struct json_in *section)
{
    struct configured configured = {dictionary, CONFIGURED_MAX};
    struct json_in configuration;
    json_in_child(section, "configuration", &configuration);
    json_in_each(&configuration, "ports", configured_visit, &configured);
}
