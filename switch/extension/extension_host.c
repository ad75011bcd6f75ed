/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an instance: loaded, started, stopped, started again, freed. */
#include "switch/extension/extension_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/extension/extension_settings.h"
#include "switch/extension/services_control.h"
#include "switch/extension/services_data.h"
#include "switch/path/frame_queue.h"
#include "switch/state.h"

/* What the extension says may hold anything; a line of the log is one line, and what is between
 * quotes ends at the next one. */
static void host_log(const struct xsw_host *host, const char *text)
{
    const struct extension_instance *instance = host->context;
    const struct vswitch_log *log = &instance->vswitch->log;
    char clean[440];
    char line[512];
    snprintf(clean, sizeof(clean), "%s", text != NULL ? text : "");
    for (char *at = clean; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            *at = ' ';
        } else if (*at == '"') {
            *at = '\'';
        }
    }
    snprintf(line, sizeof(line), "extension-log: extension=%s text=\"%s\"", instance->name, clean);
    log->line(log->context, line);
}

static enum xsw_status state_make(struct extension_instance *instance, struct xsw_error *error)
{
    size_t size = (instance->extension->state_size + 63) & ~(size_t)63;
    if (size == 0) {
        size = 64;
    }
    instance->state = aligned_alloc(64, size);
    if (instance->state == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a state of %zu bytes", size);
    }
    memset(instance->state, 0, size);
    bool originates = (instance->extension->flags & XSW_EXTENSION_ORIGINATES) != 0;
    return originates ? frame_queue_create(&instance->frames, error) : XSW_OK;
}

/* Frames that no worker has taken any more have never become packets: they are told here. */
static void frames_discard(struct extension_instance *instance)
{
    struct queued_frame frame;
    char line[128];
    uint32_t count = 0;
    for (; instance->frames != NULL && frame_queue_look(instance->frames, &frame); count++) {
        frame_queue_drop(instance->frames);
    }
    if (count > 0) {
        snprintf(line, sizeof(line), "frames-discarded: extension=%s count=%u", instance->name,
                 count);
        instance->vswitch->log.line(instance->vswitch->log.context, line);
    }
}

static void state_free(struct extension_instance *instance)
{
    frames_discard(instance);
    frame_queue_destroy(instance->frames);
    free(instance->state);
    instance->frames = NULL;
    instance->state = NULL;
}

static enum xsw_status init_run(struct extension_instance *instance,
                                const struct xsw_setting *values, struct xsw_error *error)
{
    const struct xsw_extension *extension = instance->extension;
    instance->host = (struct xsw_host){.abi = XSW_EXTENSION_ABI,
                                       .size = sizeof(instance->host),
                                       .context = instance,
                                       .log = host_log,
                                       .instance = instance->name,
                                       .self = instance->self,
                                       .data = &services_data,
                                       .control = &services_control};
    struct xsw_error refused = {.status = XSW_INVALID, .text = "it gives no reason"};
    instance->is_starting = 1;
    enum xsw_status status =
        extension->init != NULL
            ? extension->init(instance->state, &instance->host, values, &refused)
            : XSW_OK;
    instance->is_starting = 0;
    if (status != XSW_OK) {
        refused.text[sizeof(refused.text) - 1] = '\0';
        return error_set(error, status < 0 ? status : XSW_INVALID, "%s", refused.text);
    }
    instance->is_initialized = 1;
    return XSW_OK;
}

enum xsw_status extension_start(struct extension_instance *instance, struct xsw_error *error)
{
    struct xsw_setting values[EXTENSION_SETTINGS_MAX];
    enum xsw_status status = extension_settings_values(instance, values, error);
    if (status == XSW_OK) {
        status = state_make(instance, error);
    }
    if (status == XSW_OK) {
        status = init_run(instance, values, error);
    }
    if (status != XSW_OK) {
        extension_stop(instance);
        return error_prefix(error, "extension %s", instance->name);
    }
    return XSW_OK;
}

void extension_end(struct extension_instance *instance)
{
    if (instance->is_initialized) {
        if (instance->extension->close != NULL) {
            instance->extension->close(instance->state);
        }
        if (instance->extension->fini != NULL) {
            instance->extension->fini(instance->state);
        }
    }
    instance->is_initialized = 0;
}

void extension_bequeath(struct extension_instance *instance, struct extension_instance *heir)
{
    struct queued_frame frame;
    while (instance->frames != NULL && heir->frames != NULL &&
           frame_queue_look(instance->frames, &frame)) {
        if (frame_queue_put(heir->frames, frame.source_port, frame.bytes, frame.length) != XSW_OK) {
            return; /* the rest is told as discarded */
        }
        frame_queue_drop(instance->frames);
    }
}

void extension_stop(struct extension_instance *instance)
{
    extension_end(instance);
    instance->is_leaving = 0;
    /* An init that failed may have taken some, too. */
    (void)references_end(instance->vswitch, instance);
    state_free(instance);
}

static enum xsw_status instance_fill(const struct extension_config *config,
                                     struct extension_instance *instance, struct xsw_error *error)
{
    const struct xsw_extension *extension = instance->extension;
    const char *name = config->name[0] != '\0' ? config->name : extension->name;
    snprintf(instance->name, sizeof(instance->name), "%s", name);
    if (!extension_name_is_valid(name)) {
        return error_set(error, XSW_INVALID,
                         "extension %s: the name of an instance: expected a-z, 0-9 and '-'", name);
    }
    enum xsw_status status = extension_settings_keep(config, instance, error);
    if (status == XSW_OK) {
        status = reasons_declare(&instance->vswitch->reasons, extension->name, extension->reasons,
                                 extension->reason_count, instance->reason_ids, error);
    }
    return status == XSW_OK ? XSW_OK : error_prefix(error, "extension %s", instance->name);
}

enum xsw_status extension_create(const struct extension_config *config, struct vswitch *vswitch,
                                 const struct extension_instance *loaded,
                                 struct extension_instance **instance, struct xsw_error *error)
{
    struct extension_instance *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for an extension");
    }
    made->vswitch = vswitch;
    enum xsw_status status = loaded != NULL ? extension_load_again(loaded, made, error)
                                            : extension_load(config->path, made, error);
    if (status == XSW_OK) {
        status = instance_fill(config, made, error);
    }
    if (status != XSW_OK) {
        extension_destroy(made);
        return status;
    }
    *instance = made;
    return XSW_OK;
}

void extension_destroy(struct extension_instance *instance)
{
    if (instance == NULL) {
        return;
    }
    extension_stop(instance);
    extension_settings_fini(instance);
    extension_unload(instance);
    free(instance);
}

void vswitch_interpose(struct vswitch *vswitch, const struct extension_interposer *interposer)
{
    vswitch->interposer = interposer;
}

void extensions_second(struct vswitch *vswitch)
{
    const struct worker *clock = vswitch->workers[0];
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        struct extension_instance *instance = vswitch->extensions[i];
        if (instance->is_enabled && instance->is_initialized && instance->control.second != NULL) {
            instance->control.second(instance->state, clock->clock(clock->clock_context));
        }
    }
}
