/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: any bytes as a saved port. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "switch/life/port_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *root = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    struct xsw_error error = {.status = XSW_OK};
    if (root != NULL && port_state_check(root, &error) != XSW_OK &&
        (error.text[0] == '\0' || memchr(error.text, '\0', sizeof(error.text)) == NULL)) {
        abort(); /* a refusal without a reason */
    }
    json_decref(root);
    return 0;
}
