/* SPDX-License-Identifier: Apache-2.0 */
/* The store of what people have set of the extensions' own features, and how a change of it is
 * asked for, made and told. */
#include "switch/extension/features_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/extension/feature_values.h"
#include "switch/extension/notify.h"
#include "switch/life/lifecycle.h"
#include "switch/state.h"

struct feature_store {
    struct feature_value *entries; /* in ascending port */
    size_t count, capacity;
};

const struct feature_value *features_value(const struct vswitch *vswitch, size_t place)
{
    const struct feature_store *store = vswitch->features;
    return store != NULL && place < store->count ? &store->entries[place] : NULL;
}

void features_value_replace(struct vswitch *vswitch, size_t place, json_t *values)
{
    json_decref(vswitch->features->entries[place].values);
    vswitch->features->entries[place].values = values;
}

static struct feature_value *value_find(struct vswitch *vswitch, uint16_t port, const char *name,
                                        uint32_t id)
{
    struct feature_store *store = vswitch->features;
    for (size_t i = 0; store != NULL && i < store->count; i++) {
        struct feature_value *entry = &store->entries[i];
        if (entry->port == port && entry->id == id && strcmp(entry->name, name) == 0) {
            return entry;
        }
    }
    return NULL;
}

/* Room for one more, so that what the extensions have accepted cannot fail for it. */
static enum xsw_status room_make(struct vswitch *vswitch, struct xsw_error *error)
{
    if (vswitch->features == NULL) {
        vswitch->features = calloc(1, sizeof(*vswitch->features));
    }
    struct feature_store *store = vswitch->features;
    if (store != NULL && store->count < store->capacity) {
        return XSW_OK;
    }
    size_t capacity = store != NULL ? store->capacity * 2 + 16 : 0;
    struct feature_value *entries =
        store != NULL ? reallocarray(store->entries, capacity, sizeof(*entries)) : NULL;
    if (entries == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the values of a feature");
    }
    store->entries = entries;
    store->capacity = capacity;
    return XSW_OK;
}

static void value_insert(struct feature_store *store, const struct feature_value *value)
{
    size_t place = store->count;
    while (place > 0 && store->entries[place - 1].port > value->port) {
        place--;
    }
    memmove(&store->entries[place + 1], &store->entries[place],
            (store->count - place) * sizeof(*value));
    store->entries[place] = *value;
    store->count++;
}

static void value_delete(struct feature_store *store, size_t place)
{
    json_decref(store->entries[place].values);
    store->count--;
    memmove(&store->entries[place], &store->entries[place + 1],
            (store->count - place) * sizeof(store->entries[0]));
}

/* One change, asked for and told -------------------------------------------------------------- */

struct property_change {
    struct vswitch *vswitch;
    uint16_t port;
    enum xsw_operation operation;
    enum xsw_status outcome; /* done: how it ended */
    enum xsw_status status;  /* ask: what came back */
    struct xsw_error *error;
};

static struct xsw_change change_of(const struct property_change *change, struct xsw_port_info *info,
                                   const struct xsw_property *property)
{
    return notify_change(change->vswitch, change->operation, change->port, info, property);
}

static void change_ask(void *context, const struct xsw_property *property)
{
    struct property_change *change = context;
    struct xsw_port_info info;
    struct xsw_change asked = change_of(change, &info, property);
    change->status = notify_ask(change->vswitch, &asked, change->error);
}

static void change_tell(void *context, const struct xsw_property *property)
{
    const struct property_change *change = context;
    struct xsw_port_info info;
    struct xsw_change told = change_of(change, &info, property);
    if (lifecycle_is_vetoable(change->operation)) {
        notify_done(change->vswitch, &told, change->outcome);
    } else {
        notify_tell(change->vswitch, &told);
    }
}

static struct feature_entry entry_of(const struct feature *feature, uint32_t id,
                                     const json_t *values)
{
    return (struct feature_entry){.name = feature->name,
                                  .info = feature->info,
                                  .own = feature->own,
                                  .id = id,
                                  .object = values};
}

static enum xsw_status entry_ask(struct property_change *change, const struct feature_entry *entry)
{
    if (!lifecycle_is_vetoable(change->operation)) {
        return XSW_OK;
    }
    enum xsw_status status = feature_entry_show(entry, change_ask, change);
    if (status != XSW_OK) {
        return error_set(change->error, status, "no memory for the values of %s", entry->name);
    }
    return change->status;
}

static struct property_change change_begin(struct vswitch *vswitch, uint16_t port,
                                           enum xsw_operation of_port, enum xsw_operation of_switch,
                                           struct xsw_error *error)
{
    return (struct property_change){.vswitch = vswitch,
                                    .port = port,
                                    .operation = port != XSW_PORT_NONE ? of_port : of_switch,
                                    .error = error};
}

/* Verbs -------------------------------------------------------------------------------------- */

static enum xsw_status id_take(struct vswitch *vswitch, uint16_t port,
                               const struct feature *feature, uint32_t *id, struct xsw_error *error)
{
    uint32_t last = 0;
    size_t count = 0;
    const struct feature_value *value;
    for (size_t i = 0; (value = features_value(vswitch, i)) != NULL; i++) {
        if (value->port == port && strcmp(value->name, feature->name) == 0) {
            count++;
            last = value->id > last ? value->id : last;
        }
    }
    if (count >= FEATURE_ENTRIES_MAX) {
        return error_set(error, XSW_LIMIT, "%s: there can be %d entries: remove one first",
                         feature->name, FEATURE_ENTRIES_MAX);
    }
    /* The one behind the last; the first free one when there is none behind it. */
    uint32_t free_id = last < UINT32_MAX ? last + 1 : 1;
    while (last == UINT32_MAX && value_find(vswitch, port, feature->name, free_id) != NULL) {
        free_id++;
    }
    *id = *id != 0 ? *id : free_id;
    return XSW_OK;
}

enum xsw_status features_value_add(struct vswitch *vswitch, uint16_t port,
                                   const struct feature *feature, json_t *values, uint32_t *id,
                                   struct xsw_error *error)
{
    struct feature_value value = {.port = port, .values = values};
    enum xsw_status status = XSW_OK;
    if (feature->info->is_list) {
        status = id_take(vswitch, port, feature, id, error);
    } else if (*id != 0) {
        status = error_set(error, XSW_INVALID, "%s: it has a single value, without an id",
                           feature->name);
    }
    if (status == XSW_OK && value_find(vswitch, port, feature->name, *id) != NULL) {
        status = error_set(error, XSW_EXISTS, "%s: there is %s already: set it, or remove it first",
                           feature->name, *id != 0 ? "an entry of this id" : "a value");
    }
    if (status == XSW_OK) {
        status = room_make(vswitch, error);
    }
    struct property_change change =
        change_begin(vswitch, port, XSW_OP_PORT_PROPERTY_ADD, XSW_OP_SWITCH_PROPERTY_ADD, error);
    struct feature_entry entry = entry_of(feature, *id, values);
    if (status == XSW_OK) {
        status = entry_ask(&change, &entry);
    }
    if (status != XSW_OK) {
        return status;
    }
    value.id = *id;
    snprintf(value.name, sizeof(value.name), "%s", feature->name);
    json_incref(values);
    value_insert(vswitch->features, &value);
    return feature_entry_show(&entry, change_tell, &change);
}

static enum xsw_status not_there(const struct feature *feature, uint32_t id,
                                 struct xsw_error *error)
{
    return feature->info->is_list
               ? error_set(error, XSW_NOT_FOUND, "%s: there is no entry %u", feature->name, id)
               : error_set(error, XSW_NOT_FOUND, "%s: it has no value here: add one",
                           feature->name);
}

enum xsw_status features_value_set(struct vswitch *vswitch, uint16_t port,
                                   const struct feature *feature, uint32_t id, json_t *values,
                                   struct xsw_error *error)
{
    struct feature_value *value = value_find(vswitch, port, feature->name, id);
    if (value == NULL) {
        return not_there(feature, id, error);
    }
    json_t *merged = json_copy(value->values);
    if (merged == NULL || json_object_update(merged, values) != 0) {
        json_decref(merged);
        return error_set(error, XSW_NO_MEMORY, "no memory for the values of %s", feature->name);
    }
    struct property_change change = change_begin(vswitch, port, XSW_OP_PORT_PROPERTY_UPDATE,
                                                 XSW_OP_SWITCH_PROPERTY_UPDATE, error);
    struct feature_entry entry = entry_of(feature, id, merged);
    enum xsw_status status = entry_ask(&change, &entry);
    /* While extensions were asked, one may have let go of a port that was waiting for it to end. */
    value = value_find(vswitch, port, feature->name, id);
    if (status == XSW_OK && value == NULL) {
        status = not_there(feature, id, error);
    }
    if (status == XSW_OK) {
        json_decref(value->values);
        value->values = json_incref(merged);
        status = feature_entry_show(&entry, change_tell, &change);
    }
    json_decref(merged);
    return status;
}

enum xsw_status features_value_remove(struct vswitch *vswitch, uint16_t port,
                                      const struct feature *feature, uint32_t id,
                                      struct xsw_error *error)
{
    const struct feature_value *value = value_find(vswitch, port, feature->name, id);
    if (value == NULL) {
        return not_there(feature, id, error);
    }
    struct property_change change = change_begin(vswitch, port, XSW_OP_PORT_PROPERTY_DELETE,
                                                 XSW_OP_SWITCH_PROPERTY_DELETE, error);
    json_t *values = json_incref(value->values);
    struct feature_entry entry = entry_of(feature, id, values);
    enum xsw_status status = entry_ask(&change, &entry);
    value = value_find(vswitch, port, feature->name, id);
    if (status == XSW_OK && value != NULL) {
        value_delete(vswitch->features, (size_t)(value - vswitch->features->entries));
        status = feature_entry_show(&entry, change_tell, &change);
    }
    json_decref(values);
    return status;
}

/* Ends --------------------------------------------------------------------------------------- */

void features_port_gone(struct vswitch *vswitch, uint16_t port)
{
    const struct feature_value *value;
    for (size_t i = 0; (value = features_value(vswitch, i)) != NULL;) {
        if (value->port == port) {
            value_delete(vswitch->features, i);
        } else {
            i++;
        }
    }
}

static bool is_of(const struct feature_value *value, const struct extension_instance *instance)
{
    size_t length = instance != NULL ? strlen(instance->name) : 0;
    return instance == NULL ||
           (strncmp(value->name, instance->name, length) == 0 && value->name[length] == '.');
}

void features_instance_gone(struct vswitch *vswitch, const struct extension_instance *instance)
{
    const struct feature_value *value;
    for (size_t i = 0; (value = features_value(vswitch, i)) != NULL;) {
        if (is_of(value, instance)) {
            value_delete(vswitch->features, i);
        } else {
            i++;
        }
    }
    if (instance == NULL && vswitch->features != NULL) {
        free(vswitch->features->entries);
        free(vswitch->features);
        vswitch->features = NULL;
    }
}

enum xsw_status features_custom(const struct vswitch *vswitch, uint16_t port,
                                const struct extension_instance *only, feature_each *each,
                                void *context)
{
    const struct feature_value *value;
    enum xsw_status status = XSW_OK;
    for (size_t i = 0; status == XSW_OK && (value = features_value(vswitch, i)) != NULL; i++) {
        struct feature feature;
        if (value->port != port || !is_of(value, only) ||
            vswitch_feature_find(vswitch, value->name, &feature, NULL) != XSW_OK) {
            continue;
        }
        struct feature_entry entry = entry_of(&feature, value->id, value->values);
        entry.own = only != NULL ? feature.own : UINT32_MAX;
        status = feature_entry_show(&entry, each, context);
    }
    return status;
}
