/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/top/top_names.h"

#include <stdio.h>

void top_names_begin_anew(struct top_names *names)
{
    port_names_fini(&names->ports);
    names->generation = names->asked_for = 0;
    names->has_hole = false;
}

void top_names_fini(struct top_names *names)
{
    port_names_fini(&names->ports);
}

void top_names_read(struct top_names *names, const json_t *dictionary)
{
    json_int_t generation = json_integer_value(json_object_get(dictionary, "generation"));
    names->generation = generation > 0 ? (uint64_t)generation : 0;
    port_names_add_list(&names->ports, json_object_get(dictionary, "past_ports"));
    port_names_add_list(&names->ports, json_object_get(dictionary, "ports"));
}

void top_names_port_came(struct top_names *names, const struct ring_port *came)
{
    if (came == NULL) {
        names->has_hole = true;
        return;
    }
    struct named_port port = {.since = came->event.values[1]};
    snprintf(port.name, sizeof(port.name), "%.*s", (int)sizeof(came->name) - 1, came->name);
    port_names_add(&names->ports, (uint16_t)(came->event.values[0] % XSW_PORTS_MAX), &port);
}

/* Null: not known. What was told last may not hold any more when something was not heard. */
static const struct named_port *port_find(struct top_names *names, uint16_t id, uint64_t generation)
{
    const struct named_port *port = port_names_find(&names->ports, id, generation);
    if (generation <= names->generation || (port != NULL && !names->has_hole)) {
        return port;
    }
    if (names->ask != NULL && names->asked_for < generation) {
        names->asked_for = generation;
        names->ask(names->context);
        names->has_hole &= generation > names->generation;
    }
    return names->has_hole ? NULL : port_names_find(&names->ports, id, generation);
}

struct dictionary_label top_names_label(struct top_names *names, uint16_t id, uint64_t generation)
{
    struct dictionary_label label = {.id = id};
    if (id == XSW_PORT_NONE || id >= XSW_PORTS_MAX) {
        return label;
    }
    const struct named_port *port = port_find(names, id, generation);
    if (port != NULL) {
        return dictionary_add_label(names->dictionary, id, port->name);
    }
    label.name = DICTIONARY_NAME_UNKNOWN;
    return label;
}
