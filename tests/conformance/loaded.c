/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/loaded.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum { STATE_ALIGNMENT = 64 };

static void loaded_log(const struct xsw_host *host, const char *text)
{
    struct loaded *loaded = host->context;
    (void)text;
    loaded->logged++;
}

const char *loaded_open(struct loaded *loaded, const char *path)
{
    memset(loaded, 0, sizeof *loaded);
    loaded->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (loaded->handle == NULL) {
        return dlerror();
    }
    const struct xsw_extension *const *symbol = dlsym(loaded->handle, "xsw_extension_v1");
    if (symbol == NULL || *symbol == NULL) {
        return "expected the symbol xsw_extension_v1 to point to a descriptor";
    }
    loaded->descriptor = *symbol;
    if (loaded->descriptor->setting_count > LOADED_SETTINGS_MAX) {
        return "more than 32 settings";
    }
    loaded->host = (struct xsw_host){
        .abi = XSW_EXTENSION_ABI,
        .size = sizeof loaded->host,
        .context = loaded,
        .log = loaded_log,
    };
    services_offer(&loaded->services, &loaded->host);
    loaded_defaults(loaded);
    return NULL;
}

void loaded_close(struct loaded *loaded)
{
    if (loaded->handle != NULL) {
        dlclose(loaded->handle);
    }
    loaded->handle = NULL;
}

void loaded_defaults(struct loaded *loaded)
{
    for (size_t i = 0; i < loaded->descriptor->setting_count; i++) {
        const struct xsw_setting_info *info = &loaded->descriptor->settings[i];
        struct xsw_setting *setting = &loaded->settings[i];
        *setting = (struct xsw_setting){.number = info->default_number, .texts = loaded->texts[i]};
        if (info->type == XSW_SETTING_TEXT) {
            loaded->texts[i][0] = info->default_text == NULL ? "" : info->default_text;
            setting->text_count = 1;
        }
    }
}

const char *loaded_set(struct loaded *loaded, const char *assignment)
{
    size_t name_length = strcspn(assignment, "=");
    if (assignment[name_length] == '\0') {
        return "expected name=value";
    }
    const char *value = assignment + name_length + 1;
    for (size_t i = 0; i < loaded->descriptor->setting_count; i++) {
        const struct xsw_setting_info *info = &loaded->descriptor->settings[i];
        struct xsw_setting *setting = &loaded->settings[i];
        if (strlen(info->name) != name_length || memcmp(info->name, assignment, name_length) != 0) {
            continue;
        }
        if (info->type == XSW_SETTING_BOOL || info->type == XSW_SETTING_NUMBER) {
            setting->number = strtoull(value, NULL, 10);
        } else if (info->type == XSW_SETTING_TEXT) {
            loaded->texts[i][0] = value;
        } else if (setting->text_count == LOADED_TEXTS_MAX) {
            return "too many texts";
        } else {
            loaded->texts[i][setting->text_count++] = value;
        }
        return NULL;
    }
    return "no such setting";
}

enum xsw_status loaded_init(struct loaded *loaded, struct xsw_error *error)
{
    size_t size = loaded->descriptor->state_size / STATE_ALIGNMENT * STATE_ALIGNMENT;
    loaded->state = aligned_alloc(STATE_ALIGNMENT, size + STATE_ALIGNMENT);
    if (loaded->state == NULL) {
        abort();
    }
    memset(loaded->state, 0, size + STATE_ALIGNMENT);
    enum xsw_status status =
        loaded->descriptor->init(loaded->state, &loaded->host, loaded->settings, error);
    if (status != XSW_OK) {
        free(loaded->state);
        loaded->state = NULL;
    }
    return status;
}

void loaded_fini(struct loaded *loaded)
{
    if (loaded->state == NULL) {
        return;
    }
    if (loaded->descriptor->close != NULL) {
        loaded->descriptor->close(loaded->state);
    }
    if (loaded->descriptor->fini != NULL) {
        loaded->descriptor->fini(loaded->state);
    }
    free(loaded->state);
    loaded->state = NULL;
}
