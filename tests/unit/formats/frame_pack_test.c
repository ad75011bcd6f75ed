/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of zstd: at every effort the content comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "formats/file/frame_pack.h"

enum { CONTENT = 300000 };

static void every_effort_gives_the_content_back(void **state)
{
    (void)state;
    uint8_t *content = malloc(CONTENT);
    uint8_t *back = malloc(CONTENT);
    struct frame_packer *packer = NULL;
    struct frame frame = {.size = frame_bound(CONTENT, 1)};
    size_t sizes[FRAME_EFFORTS];
    assert_non_null(content);
    assert_non_null(back);
    frame.bytes = malloc(frame.size);
    assert_non_null(frame.bytes);
    for (size_t i = 0; i < CONTENT; i++) {
        content[i] = (uint8_t)(i % 200 < 150 ? i % 50 : i * i >> 7);
    }
    assert_int_equal(frame_packer_open(&packer, NULL), XSW_OK);
    for (int round = 0; round < 2; round++) {
        for (enum frame_effort effort = FRAME_SMALL; effort < FRAME_EFFORTS; effort++) {
            const struct frame_content about = {.bytes = content, .length = CONTENT};
            assert_int_equal(frame_packer_pack(packer, effort, &about, &frame, NULL), XSW_OK);
            sizes[effort] = frame.length;
            assert_int_equal(ZSTD_decompress(back, CONTENT, frame.bytes, frame.length), CONTENT);
            assert_memory_equal(back, content, CONTENT);
        }
    }
    assert_true(sizes[FRAME_SMALL] < sizes[FRAME_STORED]);
    frame_packer_close(packer);
    free(frame.bytes);
    free(content);
    free(back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_effort_gives_the_content_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
