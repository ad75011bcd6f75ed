/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of an instance: what a person gave, checked against what the extension declares, and
 * kept as texts for as long as the instance lives. */
#include "switch/extension/extension_settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

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

int setting_number_parse(const struct xsw_setting_info *info, const char *text, uint64_t *number)
{
    if (info->type == XSW_SETTING_BOOL) {
        int is_true = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
        *number = (uint64_t)is_true;
        return is_true || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
    }
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 0);
    *number = value;
    return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
           value >= info->minimum && value <= info->maximum;
}

void setting_expected(const struct xsw_setting_info *info, char *text, size_t size)
{
    if (info->type == XSW_SETTING_BOOL) {
        snprintf(text, size, "true or false");
    } else if (info->type == XSW_SETTING_NUMBER) {
        snprintf(text, size, "a number from %llu to %llu", (unsigned long long)info->minimum,
                 (unsigned long long)info->maximum);
    } else {
        snprintf(text, size, info->type == XSW_SETTING_TEXT ? "a text" : "a list of texts");
    }
}

static enum xsw_status number_read(const struct xsw_setting_info *info, const char *text,
                                   uint64_t *number, struct xsw_error *error)
{
    char expected[80];
    if (setting_number_parse(info, text, number)) {
        return XSW_OK;
    }
    setting_expected(info, expected, sizeof(expected));
    return error_set(error, XSW_INVALID, "settings.%s: \"%s\"; expected %s", info->name, text,
                     expected);
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

/* Of what was kept; numbers have been checked when they were. */
static enum xsw_status value_make(const struct xsw_setting_info *info,
                                  const struct extension_setting_kept *kept,
                                  struct xsw_setting *value, struct xsw_error *error)
{
    *value = (struct xsw_setting){.texts = kept->texts, .text_count = (uint32_t)kept->text_count};
    if (info->type != XSW_SETTING_BOOL && info->type != XSW_SETTING_NUMBER) {
        return XSW_OK;
    }
    return number_read(info, kept->texts[0], &value->number, error);
}

enum xsw_status extension_settings_values(const struct extension_instance *instance,
                                          struct xsw_setting *values, struct xsw_error *error)
{
    const struct xsw_extension *extension = instance->extension;
    enum xsw_status status = XSW_OK;
    for (size_t i = 0; status == XSW_OK && i < extension->setting_count; i++) {
        status = value_make(&extension->settings[i], &instance->settings[i], &values[i], error);
    }
    return status;
}

enum xsw_status extension_settings_keep(const struct extension_config *config,
                                        struct extension_instance *instance,
                                        struct xsw_error *error)
{
    const struct xsw_extension *extension = instance->extension;
    enum xsw_status status = unknown_check(config, extension, error);
    for (size_t i = 0; status == XSW_OK && i < extension->setting_count; i++) {
        struct xsw_setting unused;
        status = setting_keep(config, &extension->settings[i], &instance->settings[i], error);
        if (status == XSW_OK) {
            status = value_make(&extension->settings[i], &instance->settings[i], &unused, error);
        }
    }
    return status;
}

void extension_settings_fini(struct extension_instance *instance)
{
    for (size_t i = 0; i < EXTENSION_SETTINGS_MAX; i++) {
        struct extension_setting_kept *kept = &instance->settings[i];
        for (size_t text = 0; text < kept->text_count; text++) {
            free((char *)kept->texts[text]);
        }
        free(kept->texts);
        *kept = (struct extension_setting_kept){0};
    }
}
