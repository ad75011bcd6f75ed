/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <string.h>
#include <sys/mman.h>

#include "base/error.h"

enum { HUGE_PAGE = 2 << 20 };

static size_t round_up(size_t size)
{
    return (size + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
}

enum xsw_status memory_map(size_t size, void **memory, struct xsw_error *error)
{
    size_t rounded = round_up(size);
    int protection = PROT_READ | PROT_WRITE;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    void *mapped = mmap(NULL, rounded, protection, flags | MAP_HUGETLB, -1, 0);
    if (mapped == MAP_FAILED) {
        mapped = mmap(NULL, rounded, protection, flags, -1, 0);
        if (mapped == MAP_FAILED) {
            return error_errno(error, "cannot map %zu bytes of memory", rounded);
        }
        /* Advice only: without transparent huge pages the memory works, slower. */
        (void)madvise(mapped, rounded, MADV_HUGEPAGE);
    }
    memset(mapped, 0, rounded);
    *memory = mapped;
    return XSW_OK;
}

void memory_unmap(void *memory, size_t size)
{
    if (memory != NULL) {
        munmap(memory, round_up(size));
    }
}
