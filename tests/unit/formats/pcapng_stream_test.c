/* SPDX-License-Identifier: Apache-2.0 */
/* A recording that goes through a pipe: its first block stays small, and nothing is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/byte_order.h"
#include "formats/pcapng/pcapng_read.h"
#include "formats/pcapng/pcapng_write.h"

enum { JSON_LENGTH = 20000, FIRST_BLOCK_MAX = 2048 };

static void the_section_info_stands_at_the_first_interface(void **state)
{
    (void)state;
    int ends[2];
    uint8_t head[8];
    char *json = malloc(JSON_LENGTH + 1);
    struct pcapng_writer *writer;
    assert_non_null(json);
    memset(json, ' ', JSON_LENGTH);
    memcpy(json, "{}", 3);
    json[2] = ' ';
    json[JSON_LENGTH] = '\0';
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pcapng_writer_open_fd(ends[1], "pipe", PCAPNG_PLAIN, &writer, NULL), XSW_OK);
    const struct pcapng_section section = {.comment = "a comment",
                                           .json = {.text = json, .length = JSON_LENGTH}};
    const struct pcapng_interface tap = {.name = "tap", .json = {.text = "{\"a\":1}", .length = 7}};
    uint32_t id;
    assert_int_equal(pcapng_writer_section(writer, &section, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_interface(writer, &tap, &id, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_interface(writer, &tap, &id, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_close(writer, NULL, NULL), XSW_OK);

    assert_int_equal(read(ends[0], head, sizeof(head)), sizeof(head));
    uint32_t first = get_le32(head + 4);
    assert_in_range(first, 12, FIRST_BLOCK_MAX);
    int again[2];
    uint8_t *bytes = malloc(JSON_LENGTH * 2);
    assert_non_null(bytes);
    ssize_t length = read(ends[0], bytes, JSON_LENGTH * 2);
    assert_true(length > JSON_LENGTH);
    assert_int_equal(pipe(again), 0);
    assert_int_equal(write(again[1], head, sizeof(head)), sizeof(head));
    assert_int_equal(write(again[1], bytes, (size_t)length), length);
    close(again[1]);

    struct pcapng_reader *reader;
    struct pcapng_item item;
    assert_int_equal(pcapng_reader_open_fd(again[0], "pipe", &reader, NULL), XSW_OK);
    assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_OK);
    assert_int_equal(item.kind, PCAPNG_SECTION);
    assert_string_equal(item.section.comment, "a comment");
    assert_null(item.section.json.text);
    assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_OK);
    assert_int_equal(item.kind, PCAPNG_INTERFACE);
    assert_string_equal(item.interface.json.text, "{\"a\":1}");
    assert_int_equal(item.interface.section.length, JSON_LENGTH);
    assert_string_equal(item.interface.section.text, json);
    assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_OK);
    assert_string_equal(item.interface.json.text, "{\"a\":1}");
    assert_null(item.interface.section.text);
    assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_END);
    pcapng_reader_close(reader);
    close(ends[0]);
    free(bytes);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_section_info_stands_at_the_first_interface)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
