/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/extension_host.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static void host_log(const struct xsw_host *host, const char *text)
{
    const struct extension_instance *instance = host->context;
    char line[512];
    snprintf(line, sizeof(line), "extension-log: extension=%s text=\"%s\"", instance->name, text);
    instance->log->line(instance->log->context, line);
}

/* Settings ----------------------------------------------------------------------------------- */

static const struct extension_setting *setting_find(const struct extension_config *config,
                                                    const char *name)
{
    for (size_t i = 0; i < config->setting_count; i++) {
        if (strcmp(config->settings[i].name, name) == 0) {
            return &config->settings[i];
        }
    }
    return NULL;
}

static enum xsw_status unknown_check(const struct extension_config *config,
                                     const struct xsw_extension *extension, struct xsw_error *error)
{
    for (size_t i = 0; i < config->setting_count; i++) {
        const char *name = config->settings[i].name;
        size_t known = 0;
        while (known < extension->setting_count &&
               strcmp(extension->settings[known].name, name) != 0) {
            known++;
        }
        if (known == extension->setting_count) {
            return error_set(error, XSW_INVALID, "settings.%s: extension %s has no such setting",
                             name, extension->name);
        }
    }
    return XSW_OK;
}

static enum xsw_status number_read(const struct xsw_setting_info *info, const char *text,
                                   uint64_t *number, struct xsw_error *error)
{
    if (info->type == XSW_SETTING_BOOL) {
        int is_true = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
        if (!is_true && strcmp(text, "false") != 0 && strcmp(text, "0") != 0) {
            return error_set(error, XSW_INVALID, "settings.%s: \"%s\"; expected true or false",
                             info->name, text);
        }
        *number = (uint64_t)is_true;
        return XSW_OK;
    }
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || value < info->minimum ||
        value > info->maximum) {
        return error_set(
            error, XSW_INVALID, "settings.%s: \"%s\"; expected a number from %llu to %llu",
            info->name, text, (unsigned long long)info->minimum, (unsigned long long)info->maximum);
    }
    *number = value;
    return XSW_OK;
}

static enum xsw_status texts_keep(struct extension_setting_kept *kept, const char *const *texts,
                                  size_t count, struct xsw_error *error)
{
    kept->texts = calloc(count + 1, sizeof(char *));
    if (kept->texts == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for settings");
    }
    for (size_t i = 0; i < count; i++) {
        kept->texts[i] = strdup(texts[i]);
        if (kept->texts[i] == NULL) {
            return error_set(error, XSW_NO_MEMORY, "no memory for settings");
        }
        kept->text_count = i + 1;
    }
    return XSW_OK;
}

/* Fills in the default of a setting that was not given; "" when it has none to show. */
static enum xsw_status default_keep(const struct xsw_setting_info *info,
                                    struct extension_setting_kept *kept, struct xsw_error *error)
{
    char number[24];
    const char *text = info->default_text;
    switch (info->type) {
    case XSW_SETTING_TEXT_LIST:
        return texts_keep(kept, NULL, 0, error);
    case XSW_SETTING_BOOL:
        text = info->default_number != 0 ? "true" : "false";
        break;
    case XSW_SETTING_NUMBER:
        snprintf(number, sizeof(number), "%llu", (unsigned long long)info->default_number);
        text = number;
        break;
    case XSW_SETTING_TEXT:
        break;
    }
    if (text == NULL) {
        return error_set(error, XSW_INVALID, "settings.%s: it must be given: %s", info->name,
                         info->help != NULL ? info->help : "it has no default");
    }
    return texts_keep(kept, &text, 1, error);
}

static enum xsw_status setting_keep(const struct extension_config *config,
                                    const struct xsw_setting_info *info,
                                    struct extension_setting_kept *kept, struct xsw_error *error)
{
    const struct extension_setting *given = setting_find(config, info->name);
    if (given == NULL) {
        kept->is_default = 1;
        return default_keep(info, kept, error);
    }
    int is_list = info->type == XSW_SETTING_TEXT_LIST;
    if ((!is_list && given->text_count != 1) || given->text_count > EXTENSION_TEXTS_MAX) {
        return error_set(error, XSW_INVALID, "settings.%s: %zu values; expected %s", info->name,
                         given->text_count, is_list ? "at most 1024" : "one");
    }
    return texts_keep(kept, given->texts, given->text_count, error);
}

static enum xsw_status settings_read(const struct extension_config *config,
                                     struct extension_instance *instance,
                                     struct xsw_setting *values, struct xsw_error *error)
{
    const struct xsw_extension *extension = instance->extension;
    enum xsw_status status = unknown_check(config, extension, error);
    for (size_t i = 0; status == XSW_OK && i < extension->setting_count; i++) {
        const struct xsw_setting_info *info = &extension->settings[i];
        struct extension_setting_kept *kept = &instance->settings[i];
        status = setting_keep(config, info, kept, error);
        if (status != XSW_OK) {
            break;
        }
        values[i] =
            (struct xsw_setting){.texts = kept->texts, .text_count = (uint32_t)kept->text_count};
        if (info->type == XSW_SETTING_BOOL || info->type == XSW_SETTING_NUMBER) {
            status = number_read(info, kept->texts[0], &values[i].number, error);
        }
    }
    return status;
}

/* Life --------------------------------------------------------------------------------------- */

static enum xsw_status instance_start(const struct extension_config *config,
                                      struct extension_instance *instance, struct reasons *reasons,
                                      struct xsw_error *error)
{
    const struct xsw_extension *extension = instance->extension;
    struct xsw_setting values[EXTENSION_SETTINGS_MAX];
    enum xsw_status status = settings_read(config, instance, values, error);
    if (status == XSW_OK) {
        status = reasons_declare(reasons, extension->name, extension->reasons,
                                 extension->reason_count, instance->reason_ids, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    size_t size = (extension->state_size + 63) & ~(size_t)63;
    instance->state = aligned_alloc(64, size != 0 ? size : 64);
    if (instance->state == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a state of %zu bytes", size);
    }
    memset(instance->state, 0, size != 0 ? size : 64);
    instance->host = (struct xsw_host){.abi = XSW_EXTENSION_ABI,
                                       .size = sizeof(instance->host),
                                       .context = instance,
                                       .log = host_log};
    struct xsw_error refused = {.status = XSW_INVALID, .text = "it gives no reason"};
    status = extension->init != NULL
                 ? extension->init(instance->state, &instance->host, values, &refused)
                 : XSW_OK;
    if (status != XSW_OK) {
        refused.text[sizeof(refused.text) - 1] = '\0';
        return error_set(error, status < 0 ? status : XSW_INVALID, "%s", refused.text);
    }
    instance->is_initialized = 1;
    return XSW_OK;
}

enum xsw_status extension_create(const struct extension_config *config, struct reasons *reasons,
                                 const struct vswitch_log *log,
                                 struct extension_instance **instance, struct xsw_error *error)
{
    struct extension_instance *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for an extension");
    }
    made->log = log;
    enum xsw_status status = extension_load(config->path, made, error);
    if (status == XSW_OK) {
        const char *name = config->name[0] != '\0' ? config->name : made->extension->name;
        snprintf(made->name, sizeof(made->name), "%s", name);
        status = extension_name_is_valid(name)
                     ? instance_start(config, made, reasons, error)
                     : error_set(error, XSW_INVALID,
                                 "the name of an instance: expected a-z, 0-9 and '-'");
        if (status != XSW_OK) {
            error_prefix(error, "extension %s", made->name);
        }
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
    if (instance->is_initialized) {
        if (instance->extension->close != NULL) {
            instance->extension->close(instance->state);
        }
        if (instance->extension->fini != NULL) {
            instance->extension->fini(instance->state);
        }
    }
    for (size_t i = 0; i < EXTENSION_SETTINGS_MAX; i++) {
        struct extension_setting_kept *kept = &instance->settings[i];
        for (size_t text = 0; text < kept->text_count; text++) {
            free((char *)kept->texts[text]);
        }
        free(kept->texts);
    }
    free(instance->state);
    if (instance->library != NULL) {
        dlclose(instance->library);
    }
    free(instance);
}
