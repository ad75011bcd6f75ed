/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BASE_MEMORY_H
#define XSW_BASE_MEMORY_H

/*
 * Large memory for the data path: on huge pages where they can be had, else advised to become huge,
 * and touched before it is handed out, so that no packet pays for a page fault. Control path.
 */

#include <stddef.h>

#include <xsw/error.h>

/* Zeroed, aligned to 4096 or better. `size` is rounded up; pass the same one to memory_unmap. */
enum xsw_status memory_map(size_t size, void **memory, struct xsw_error *error) XSW_MUST_CHECK;
void memory_unmap(void *memory, size_t size); /* accepts null */

#endif
