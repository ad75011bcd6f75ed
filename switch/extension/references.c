/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what extensions hold of ports and NICs. A short list: most extensions hold nothing. */
#include "switch/extension/references.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "switch/life/lifecycle.h"
#include "switch/state.h"

static const char *const kind_names[] = {[REFERENCE_PORT] = "port", [REFERENCE_NIC] = "nic"};

static struct reference *reference_find(struct references *references,
                                        const struct extension_instance *holder, uint16_t port)
{
    for (size_t i = 0; i < references->count; i++) {
        struct reference *entry = &references->entries[i];
        if (entry->holder == holder && entry->port == port) {
            return entry;
        }
    }
    return NULL;
}

static struct reference *reference_append(struct references *references,
                                          const struct extension_instance *holder, uint16_t port)
{
    if (references->count == references->capacity) {
        size_t capacity = references->capacity != 0 ? 2 * references->capacity : 16;
        struct reference *larger = realloc(references->entries, capacity * sizeof(*larger));
        if (larger == NULL) {
            return NULL;
        }
        references->entries = larger;
        references->capacity = capacity;
    }
    struct reference *entry = &references->entries[references->count++];
    *entry = (struct reference){.holder = holder, .port = port};
    return entry;
}

enum xsw_status reference_take(struct vswitch *vswitch, const struct extension_instance *holder,
                               uint16_t port, enum reference_kind kind)
{
    if (port == XSW_PORT_NONE || port >= XSW_PORTS_MAX ||
        vswitch->ports[port].life == XSW_STATE_NOT_CREATED) {
        return XSW_NOT_FOUND;
    }
    const struct lifecycle_rights *rights = lifecycle_rights(vswitch->ports[port].life);
    if (kind == REFERENCE_PORT ? !rights->port_reference : !rights->nic_reference) {
        return XSW_INVALID;
    }
    struct reference *entry = reference_find(&vswitch->references, holder, port);
    if (entry == NULL) {
        entry = reference_append(&vswitch->references, holder, port);
    }
    if (entry == NULL || entry->counts[kind] == UINT32_MAX) {
        return XSW_NO_MEMORY;
    }
    entry->counts[kind]++;
    return XSW_OK;
}

static void reference_remove(struct references *references, struct reference *entry)
{
    *entry = references->entries[--references->count];
}

bool reference_release(struct vswitch *vswitch, const struct extension_instance *holder,
                       uint16_t port, enum reference_kind kind)
{
    struct reference *entry = reference_find(&vswitch->references, holder, port);
    if (entry == NULL || entry->counts[kind] == 0) {
        return false;
    }
    entry->counts[kind]--;
    if (entry->counts[REFERENCE_PORT] == 0 && entry->counts[REFERENCE_NIC] == 0) {
        reference_remove(&vswitch->references, entry);
    }
    return true;
}

uint32_t references_count(const struct vswitch *vswitch, uint16_t port, enum reference_kind kind)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < vswitch->references.count; i++) {
        const struct reference *entry = &vswitch->references.entries[i];
        sum += entry->port == port ? entry->counts[kind] : 0;
    }
    return sum;
}

void references_describe(const struct vswitch *vswitch, uint16_t port, enum reference_kind kind,
                         char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < vswitch->references.count; i++) {
        const struct reference *entry = &vswitch->references.entries[i];
        char one[CONFIG_NAME_SIZE + 16];
        if (entry->port != port || entry->counts[kind] == 0) {
            continue;
        }
        int needed = snprintf(one, sizeof(one), "%s%s (%u)", length > 0 ? ", " : "",
                              entry->holder->name, entry->counts[kind]);
        /* Room is kept for what says that there are more. */
        if (length + (size_t)needed + sizeof("…") > size) {
            snprintf(text + length, size - length, "…");
            return;
        }
        memcpy(text + length, one, (size_t)needed + 1);
        length += (size_t)needed;
    }
}

uint32_t references_end(struct vswitch *vswitch, const struct extension_instance *holder)
{
    uint32_t kept = 0;
    for (size_t i = vswitch->references.count; i-- > 0;) {
        struct reference *entry = &vswitch->references.entries[i];
        if (entry->holder != holder) {
            continue;
        }
        for (int kind = REFERENCE_PORT; kind <= REFERENCE_NIC; kind++) {
            char line[192];
            if (entry->counts[kind] == 0) {
                continue;
            }
            snprintf(line, sizeof(line),
                     "violation: extension=%s rule=reference-kept port=%s kind=%s count=%u",
                     holder->name, vswitch->ports[entry->port].config.name, kind_names[kind],
                     entry->counts[kind]);
            vswitch->log.line(vswitch->log.context, line);
            kept += entry->counts[kind];
        }
        reference_remove(&vswitch->references, entry);
    }
    if (kept > 0) {
        vswitch_ports_settle(vswitch);
    }
    return kept;
}

void references_fini(struct references *references)
{
    free(references->entries);
    *references = (struct references){.entries = NULL};
}
