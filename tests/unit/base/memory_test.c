/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void memory_is_zeroed_aligned_and_writable_to_its_end(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 4096, (2 << 20) - 1, 2 << 20, (2 << 20) + 1};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *memory = NULL;
        assert_int_equal(memory_map(sizes[i], &memory, NULL), XSW_OK);
        uint8_t *bytes = memory;
        assert_int_equal((uintptr_t)memory % 4096, 0);
        for (size_t at = 0; at < sizes[i]; at++) {
            assert_int_equal(bytes[at], 0);
            bytes[at] = 1;
        }
        memory_unmap(memory, sizes[i]);
    }
    memory_unmap(NULL, 5);
}

static void more_than_there_is_is_refused(void **state)
{
    (void)state;
    void *memory = NULL;
    struct xsw_error error;
    assert_int_equal(memory_map((size_t)1 << 60, &memory, &error), XSW_IO);
    assert_null(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_writable_to_its_end),
        cmocka_unit_test(more_than_there_is_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
