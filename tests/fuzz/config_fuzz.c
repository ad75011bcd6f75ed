/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as a configuration file, up to the values that the switch would get. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "switch/config/config_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *root = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    if (root == NULL) {
        return 0;
    }
    struct configs configs;
    struct xsw_error error;
    if (configs_read(root, &configs, &error) != XSW_OK &&
        (error.text[0] == '\0' || memchr(error.text, '\0', sizeof(error.text)) == NULL)) {
        abort(); /* a refusal without a reason */
    }
    configs_fini(&configs);
    json_decref(root);
    return 0;
}
