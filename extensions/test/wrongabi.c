/* SPDX-License-Identifier: Apache-2.0 */
/* An extension of another ABI: it exports xsw_extension_v2 and not the symbol that we look for. */
#include <stdint.h>

struct extension_v2 {
    uint32_t abi;
    uint32_t size;
};

static const struct extension_v2 wrongabi = {2, sizeof wrongabi};

extern const struct extension_v2 *const xsw_extension_v2;
__attribute__((visibility("default"))) const struct extension_v2 *const xsw_extension_v2 =
    &wrongabi;
