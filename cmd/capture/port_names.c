/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/port_names.h"

#include <stdio.h>
#include <stdlib.h>

void port_names_add(struct port_names *names, uint16_t id, const struct named_port *port)
{
    uint32_t count = 0;
    struct named_port **place = &names->latest[id % XSW_PORTS_MAX];
    for (; *place != NULL && (*place)->since > port->since; place = &(*place)->older) {
        count++;
    }
    if (count == PORT_NAMES_OF_ID_MAX || (*place != NULL && (*place)->since == port->since)) {
        return;
    }
    struct named_port *made = malloc(sizeof(*made));
    if (made == NULL) {
        return;
    }
    *made = *port;
    made->older = *place;
    *place = made;
    /* The oldest goes when there are too many. */
    for (; *place != NULL && count < PORT_NAMES_OF_ID_MAX; place = &(*place)->older) {
        count++;
    }
    free(*place);
    *place = NULL;
}

static uint64_t number_of(const json_t *entry, const char *member)
{
    json_int_t number = json_integer_value(json_object_get(entry, member));
    return number > 0 ? (uint64_t)number : 0;
}

static const char *text_of(const json_t *entry, const char *member)
{
    const char *text = json_string_value(json_object_get(entry, member));
    return text != NULL ? text : "";
}

void port_names_add_list(struct port_names *names, const json_t *list)
{
    size_t place;
    const json_t *entry;
    json_array_foreach(list, place, entry)
    {
        struct named_port port = {.since = number_of(entry, "since")};
        uint64_t id = number_of(entry, "id");
        snprintf(port.name, sizeof(port.name), "%s", text_of(entry, "name"));
        snprintf(port.kind, sizeof(port.kind), "%s", text_of(entry, "kind"));
        if (id > 0 && id < XSW_PORTS_MAX && port.name[0] != '\0') {
            port_names_add(names, (uint16_t)id, &port);
        }
    }
}

const struct named_port *port_names_find(const struct port_names *names, uint16_t id,
                                         uint64_t generation)
{
    const struct named_port *port = names->latest[id % XSW_PORTS_MAX];
    while (port != NULL && port->since > generation) {
        port = port->older;
    }
    return port;
}

void port_names_fini(struct port_names *names)
{
    for (uint32_t id = 0; id < XSW_PORTS_MAX; id++) {
        while (names->latest[id] != NULL) {
            struct named_port *older = names->latest[id]->older;
            free(names->latest[id]);
            names->latest[id] = older;
        }
    }
}
