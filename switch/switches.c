/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of switches: make, find by name, remove.
 */
#include "switch/switches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { LOG_LINE_SIZE = 1024 };

static const char *entry_name(const struct switches_entry *entry)
{
    return vswitch_config(entry->vswitch)->name;
}

/* Lines of several switches meet in one log: each says whose it is. */
static void entry_log(void *context, const char *line)
{
    const struct switches_entry *entry = context;
    const struct vswitch_log *log = &entry->owner->log;
    char whole[LOG_LINE_SIZE];
    if (log->line != NULL) {
        snprintf(whole, sizeof(whole), "%s switch=%s", line,
                 entry->vswitch != NULL ? entry_name(entry) : "");
        log->line(log->context, whole);
    }
}

static size_t place_find(const struct switches *switches, const char *name)
{
    size_t place = 0;
    while (place < switches->count && strcmp(entry_name(switches->entries[place]), name) != 0) {
        place++;
    }
    return place;
}

/* "alpha, beta and 3 more" as far as there is room. */
static const char *names_list(const struct switches *switches, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < switches->count && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "",
                                 entry_name(switches->entries[i]));
    }
    return text;
}

static enum xsw_status not_found(const struct switches *switches, const char *name,
                                 struct xsw_error *error)
{
    char names[200];
    if (switches->count == 0) {
        return error_set(error, XSW_NOT_FOUND,
                         "there is no switch: make one with `xsw switch add NAME`");
    }
    names_list(switches, names, sizeof(names));
    if (name == NULL) {
        return error_set(error, XSW_INVALID,
                         "switch: there are several, say which one with --switch: %s", names);
    }
    return error_set(error, XSW_NOT_FOUND, "there is no switch \"%.40s\": there is %s", name,
                     names);
}

enum xsw_status switches_find(const struct switches *switches, const char *name,
                              struct vswitch **vswitch, struct xsw_error *error)
{
    size_t place = 0;
    if (name != NULL) {
        place = place_find(switches, name);
    } else if (switches->count != 1) {
        place = switches->count;
    }
    if (place == switches->count) {
        return not_found(switches, name, error);
    }
    *vswitch = switches->entries[place]->vswitch;
    return XSW_OK;
}

static enum xsw_status name_check(const struct switches *switches, const char *name,
                                  struct xsw_error *error)
{
    if (place_find(switches, name) < switches->count) {
        return error_set(error, XSW_EXISTS, "there is a switch \"%s\" already", name);
    }
    return XSW_OK;
}

/* Two switches on one device would get each other's packets. */
static enum xsw_status entry_device_check(void *context, const char *device,
                                          struct xsw_error *error)
{
    const struct switches_entry *entry = context;
    const struct switches *switches = entry->owner;
    for (size_t i = 0; i < switches->count; i++) {
        const struct switches_entry *other = switches->entries[i];
        const char *port = other != entry ? vswitch_device_port(other->vswitch, device) : NULL;
        if (port != NULL) {
            return error_set(error, XSW_EXISTS,
                             "the device \"%s\" is that of port %s of switch %s already: a device "
                             "has one port",
                             device, port, entry_name(other));
        }
    }
    return XSW_OK;
}

static enum xsw_status entry_start(struct switches_entry *entry, const struct config *config,
                                   struct xsw_error *error)
{
    struct vswitch_log log = {.line = entry_log, .context = entry};
    struct vswitch_devices devices = {.check = entry_device_check, .context = entry};
    enum xsw_status status = vswitch_create(&config->switch_config, &entry->vswitch, error);
    if (status != XSW_OK) {
        entry->vswitch = NULL;
        return status;
    }
    vswitch_set_log(entry->vswitch, &log);
    vswitch_set_devices(entry->vswitch, &devices);
    status = config_apply(config, entry->vswitch, error);
    return status == XSW_OK ? vswitch_start(entry->vswitch, error) : status;
}

static void entry_destroy(struct switches_entry *entry)
{
    vswitch_destroy(entry->vswitch);
    free(entry);
}

enum xsw_status switches_add(struct switches *switches, const struct config *config,
                             struct xsw_error *error)
{
    enum xsw_status status = name_check(switches, config->switch_config.name, error);
    if (status != XSW_OK) {
        return status;
    }
    if (switches->count == SWITCHES_MAX) {
        return error_set(error, XSW_LIMIT, "there are %d switches already: remove one first",
                         SWITCHES_MAX);
    }
    struct switches_entry *entry = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a switch");
    }
    entry->owner = switches;
    status = entry_start(entry, config, error);
    if (status != XSW_OK) {
        entry_destroy(entry);
        return status;
    }
    switches->entries[switches->count++] = entry;
    return XSW_OK;
}

static enum xsw_status removal_check(const struct switches *switches, struct vswitch *vswitch,
                                     bool is_forced, struct xsw_error *error)
{
    size_t ports = vswitch_ports(vswitch, NULL, 0);
    if (ports > 0 && !is_forced) {
        return error_set(error, XSW_BUSY,
                         "switch %s has %zu ports: remove them first, or say force",
                         vswitch_config(vswitch)->name, ports);
    }
    if (switches->may_remove != NULL) {
        return switches->may_remove(switches->may_remove_context, vswitch, error);
    }
    return XSW_OK;
}

enum xsw_status switches_remove(struct switches *switches, const char *name, bool is_forced,
                                struct xsw_error *error)
{
    size_t place = place_find(switches, name);
    if (place == switches->count) {
        return not_found(switches, name, error);
    }
    struct switches_entry *entry = switches->entries[place];
    enum xsw_status status = removal_check(switches, entry->vswitch, is_forced, error);
    if (status != XSW_OK) {
        return status;
    }
    if (switches->removing != NULL) {
        switches->removing(switches->removing_context, entry->vswitch);
    }
    switches->count--;
    memmove(&switches->entries[place], &switches->entries[place + 1],
            (switches->count - place) * sizeof(struct switches_entry *));
    entry_destroy(entry);
    return XSW_OK;
}

enum xsw_status switches_set(const struct switches *switches, struct vswitch *vswitch,
                             const struct switch_config *config, struct xsw_error *error)
{
    if (strcmp(vswitch_config(vswitch)->name, config->name) != 0 &&
        name_check(switches, config->name, error) != XSW_OK) {
        return XSW_EXISTS;
    }
    return vswitch_set(vswitch, config, error);
}

void switches_tick(const struct switches *switches)
{
    for (size_t i = 0; i < switches->count; i++) {
        vswitch_tick(switches->entries[i]->vswitch);
    }
}

void switches_fini(struct switches *switches)
{
    while (switches->count > 0) {
        entry_destroy(switches->entries[--switches->count]);
    }
}

enum xsw_status switches_resolve(void *context, const char *name, void **resolved,
                                 struct xsw_error *error)
{
    struct vswitch *vswitch = NULL;
    enum xsw_status status = switches_find(context, name, &vswitch, error);
    *resolved = vswitch;
    return status;
}

enum xsw_status switches_resolve_all(void *context, const char *name, void **resolved,
                                     struct xsw_error *error)
{
    struct vswitch *vswitch;
    *resolved = context;
    return name != NULL ? switches_find(context, name, &vswitch, error) : XSW_OK;
}
