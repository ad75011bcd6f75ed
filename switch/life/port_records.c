/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/life/port_records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "switch/life/port_state.h"
#include "switch/state.h"

enum {
    ROOM_FIRST = 4096, /* bytes offered for a record at first */
    ROOM_MOST = XSW_RECORD_MAX + 1,
    RECORDS_MAX = CONFIG_EXTENSIONS_MAX * PORT_STATE_RECORDS_MAX
};

/* Saving ------------------------------------------------------------------------------------- */

struct save_walk {
    const struct extension_instance *instance;
    uint16_t port;
    uint8_t *room;
    uint32_t capacity;
    size_t count;
    size_t bytes;
    struct xsw_error *error;
};

static const char *port_name(const struct save_walk *walk)
{
    return walk->instance->vswitch->ports[walk->port].config.name;
}

static enum xsw_status grow(struct save_walk *walk, uint32_t wanted)
{
    if (wanted <= walk->capacity || wanted > XSW_RECORD_MAX) {
        return error_set(
            walk->error, XSW_INVALID,
            "extension %s: for a record of port %s it asks for room for %u bytes where "
            "there are %u; expected more, up to %d",
            walk->instance->name, port_name(walk), wanted, walk->capacity, XSW_RECORD_MAX);
    }
    uint8_t *room = realloc(walk->room, wanted);
    if (room == NULL) {
        return error_set(walk->error, XSW_NO_MEMORY, "no memory for a record of %u bytes", wanted);
    }
    walk->room = room;
    walk->capacity = wanted;
    return XSW_OK;
}

/* XSW_LIMIT: with more room, again. It can only grow, up to the largest record, so this ends. */
static enum xsw_status record_ask(struct save_walk *walk, struct xsw_record *record)
{
    const struct extension_instance *instance = walk->instance;
    enum xsw_status status = XSW_LIMIT;
    while (status == XSW_LIMIT) {
        *record = (struct xsw_record){
            .size = sizeof(*record), .capacity = walk->capacity, .data = walk->room};
        status = instance->control.save(instance->state, walk->port, record);
        enum xsw_status grown = status == XSW_LIMIT ? grow(walk, record->length) : XSW_OK;
        if (grown != XSW_OK) {
            return grown;
        }
    }
    if (status == XSW_OK && record->length > walk->capacity) {
        return error_set(walk->error, XSW_INVALID,
                         "extension %s: a record of port %s with %u bytes, and room for %u",
                         instance->name, port_name(walk), record->length, walk->capacity);
    }
    record->data = walk->room;
    if (status != XSW_OK && status != XSW_END) {
        return error_set(walk->error, status < 0 ? status : XSW_BUSY,
                         "extension %s: it cannot save what it keeps for port %s: %s",
                         instance->name, port_name(walk), status_name(status));
    }
    return status;
}

static enum xsw_status limits_check(struct save_walk *walk, const struct xsw_record *record)
{
    walk->count++;
    walk->bytes += record->length;
    if (walk->count > PORT_STATE_RECORDS_MAX || walk->bytes > PORT_STATE_BYTES_MAX) {
        return error_set(walk->error, XSW_LIMIT,
                         "extension %s: it does not come to an end with its records of port %s: "
                         "stopped behind %d records or %d MiB; it must remember what it has given",
                         walk->instance->name, port_name(walk), PORT_STATE_RECORDS_MAX,
                         PORT_STATE_BYTES_MAX >> 20);
    }
    return XSW_OK;
}

enum xsw_status port_records_save(const struct extension_instance *instance, uint16_t port,
                                  record_take *take, void *context, struct xsw_error *error)
{
    struct save_walk walk = {.instance = instance, .port = port, .error = error};
    if (instance->control.save == NULL) {
        return XSW_OK;
    }
    walk.room = malloc(ROOM_FIRST);
    walk.capacity = ROOM_FIRST;
    if (walk.room == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for records");
    }
    enum xsw_status status = XSW_OK;
    while (status == XSW_OK) {
        struct xsw_record record;
        status = record_ask(&walk, &record);
        if (status == XSW_OK) {
            status = limits_check(&walk, &record);
        }
        if (status == XSW_OK) {
            status = take(context, instance, &record, error);
        }
    }
    free(walk.room);
    return status == XSW_END ? XSW_OK : status;
}

static enum xsw_status record_append(void *context, const struct extension_instance *instance,
                                     const struct xsw_record *record, struct xsw_error *error)
{
    json_t *records = context;
    char *text = malloc(base64_text_size(record->length));
    json_t *object = NULL;
    if (text != NULL) {
        base64_format(record->data, record->length, text);
        object =
            json_pack("{s:s,s:s,s:I,s:I,s:s}", "extension", instance->extension->name, "instance",
                      instance->name, "feature_class", (json_int_t)record->feature_class, "version",
                      (json_int_t)record->version, "data", text);
    }
    free(text);
    return json_array_append_new(records, object) == 0
               ? XSW_OK
               : error_set(error, XSW_NO_MEMORY, "no memory for a record of %s", instance->name);
}

enum xsw_status port_records_json(const struct vswitch *vswitch, uint16_t port, json_t **records,
                                  struct xsw_error *error)
{
    json_t *list = json_array();
    enum xsw_status status = XSW_OK;
    for (uint32_t i = 0; status == XSW_OK && i < vswitch->extension_count; i++) {
        if (vswitch->extensions[i]->is_enabled) {
            status = port_records_save(vswitch->extensions[i], port, record_append, list, error);
        }
    }
    if (status != XSW_OK) {
        json_decref(list);
        return status;
    }
    *records = list;
    return XSW_OK;
}

/* Restoring ---------------------------------------------------------------------------------- */

enum xsw_status port_record_restore(const struct extension_instance *instance, uint16_t port,
                                    const struct xsw_record *record, struct xsw_error *error)
{
    struct xsw_error told = {.text = "it gives no reason"};
    enum xsw_status status = instance->control.restore(instance->state, port, record, &told);
    if (status == XSW_OK) {
        return XSW_OK;
    }
    told.text[sizeof(told.text) - 1] = '\0';
    return error_set(error, status < 0 ? status : XSW_INVALID,
                     "extension %s: it cannot work with what was saved for port %s: %s",
                     instance->name, instance->vswitch->ports[port].config.name, told.text);
}

/* The instance that saved it, or another of the same extension. */
static const struct extension_instance *owner_find(const struct vswitch *vswitch,
                                                   const char *extension, const char *name)
{
    const struct extension_instance *owner = NULL;
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        const struct extension_instance *instance = vswitch->extensions[i];
        if (!instance->is_enabled || instance->control.restore == NULL ||
            strcmp(instance->extension->name, extension) != 0) {
            continue;
        }
        if (strcmp(instance->name, name) == 0) {
            return instance;
        }
        owner = owner != NULL ? owner : instance;
    }
    return owner;
}

/* A record of the document, read. */
struct record_text {
    char extension[CONFIG_NAME_SIZE];
    char instance[CONFIG_NAME_SIZE];
    struct xsw_record record;
    uint8_t *room; /* XSW_RECORD_MAX bytes */
};

static void record_read(const struct config_node *node, struct record_text *read)
{
    static const char *const members[] = {"extension", "instance", "feature_class",
                                          "version",   "data",     NULL};
    int64_t feature_class = 0;
    int64_t version = 0;
    size_t length = 0;
    config_node_check_object(node, members);
    config_node_require(node, "extension");
    config_node_require(node, "data");
    config_node_text(node, "extension", read->extension, sizeof(read->extension));
    config_node_text(node, "instance", read->instance, sizeof(read->instance));
    config_node_number(node, "feature_class", 0, UINT32_MAX, &feature_class);
    config_node_number(node, "version", 0, UINT32_MAX, &version);
    struct config_node data = config_node_member(node, "data");
    const char *text = json_string_value(data.value);
    if (node->reader->status == XSW_OK &&
        (text == NULL || !base64_parse(text, read->room, XSW_RECORD_MAX, &length))) {
        config_node_fail(&data, "expected at most %d bytes in base64", XSW_RECORD_MAX);
    }
    read->record = (struct xsw_record){.size = sizeof(read->record),
                                       .feature_class = (uint32_t)feature_class,
                                       .version = (uint32_t)version,
                                       .capacity = (uint32_t)length,
                                       .length = (uint32_t)length,
                                       .data = read->room};
}

static void unowned_log(const struct vswitch *vswitch, uint16_t port,
                        const struct record_text *read)
{
    char line[256];
    snprintf(line, sizeof(line),
             "restored-data-unowned: port=%s extension=%s instance=%s class=%u bytes=%u",
             vswitch->ports[port].config.name, read->extension, read->instance,
             read->record.feature_class, read->record.length);
    vswitch->log.line(vswitch->log.context, line);
}

static enum xsw_status record_give(const struct vswitch *vswitch, uint16_t port,
                                   const struct record_text *read, struct xsw_error *error)
{
    const struct extension_instance *owner = owner_find(vswitch, read->extension, read->instance);
    if (owner == NULL) {
        unowned_log(vswitch, port, read);
        return XSW_OK;
    }
    return port_record_restore(owner, port, &read->record, error);
}

enum xsw_status port_records_restore(struct vswitch *vswitch, uint16_t port,
                                     const struct config_node *records, struct xsw_error *error)
{
    struct record_text read = {.room = malloc(ROOM_MOST)};
    size_t count = config_node_length(records, RECORDS_MAX);
    enum xsw_status status = records->reader->status;
    if (read.room == NULL) {
        status = error_set(error, XSW_NO_MEMORY, "no memory for a record");
    }
    for (size_t i = 0; status == XSW_OK && i < count; i++) {
        struct config_node node = config_node_element(records, i);
        read.extension[0] = '\0';
        read.instance[0] = '\0';
        record_read(&node, &read);
        status = records->reader->status;
        if (status == XSW_OK && vswitch != NULL) {
            status = record_give(vswitch, port, &read, error);
        }
    }
    free(read.room);
    return status;
}
