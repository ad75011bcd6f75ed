/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CERTIFY_HOOKS_TABLE_H
#define XSW_CERTIFY_HOOKS_TABLE_H

/* The functions of the C library that are hooked, and what stands in their place. Private to
 * certify/hooks.c. */

#include <stdbool.h>
#include <stddef.h>

struct hook {
    const char *name;
    void *function;
};

/* Null when it is not hooked. */
const struct hook *hook_find(const char *name);

/* What the hooked functions tell. `caller` is an address in who called them. */
void hooks_called(const char *name, const void *caller);
/* Whether this allocation is the one that fails. */
bool hooks_must_fail(const void *caller);
void hooks_allocated(void *memory, size_t size, const void *caller);
void hooks_freed(const void *memory);

#endif
