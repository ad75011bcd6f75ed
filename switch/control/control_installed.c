/* SPDX-License-Identifier: Apache-2.0 */
/* The method extension.installed: what could be added by its bare name. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/control/control_json.h"
#include "switch/extension/extension_host.h"

enum { FILES_MAX = 512 };

static int is_object(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 3 && length < CONFIG_NAME_SIZE &&
           strcmp(entry->d_name + length - 3, ".so") == 0;
}

/* Nothing of the file runs but what the loader runs. What cannot be used is told with why. */
static json_t *file_json(struct vswitch *vswitch, const char *name)
{
    struct xsw_error error = {.status = XSW_OK};
    json_t *object = NULL;
    struct extension_instance *instance = calloc(1, sizeof(*instance));
    if (instance == NULL) {
        return NULL;
    }
    instance->vswitch = vswitch;
    if (extension_load(name, instance, &error) == XSW_OK) {
        const struct xsw_extension *extension = instance->extension;
        object = json_pack(
            "{s:s,s:s,s:s,s:s,s:s}", "extension", extension->name, "version", extension->version,
            "kind", extension_kind_name(extension->kind), "description",
            extension->description != NULL ? extension->description : "", "path", instance->path);
    } else {
        object = json_pack("{s:s,s:s,s:s,s:s,s:s}", "extension", name, "version", "-", "kind",
                           "unusable", "description", error.text, "path", instance->path);
    }
    extension_unload(instance);
    free(instance);
    return object;
}

json_t *control_installed_json(struct vswitch *vswitch)
{
    struct dirent **entries = NULL;
    int count = scandir(extension_folder(), &entries, is_object, alphasort);
    json_t *list = json_array();
    for (int i = 0; i < count; i++) {
        json_t *object = i < FILES_MAX ? file_json(vswitch, entries[i]->d_name) : NULL;
        if (object != NULL) {
            json_array_append_new(list, object);
        }
        free(entries[i]);
    }
    free(entries);
    return list;
}
