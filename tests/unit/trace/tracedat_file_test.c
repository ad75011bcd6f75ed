/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks of a trace.dat, its host, and where it is torn, from files of both versions that are
 * made here.
 */
#include "trace/readers/tracedat_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROOM = 4096 };

static uint8_t made[ROOM];
static size_t length;

static void bytes(const void *data, size_t count)
{
    assert_true(length + count <= ROOM);
    memcpy(made + length, data, count);
    length += count;
}

static void number(uint64_t value, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t byte = (uint8_t)(value >> (8 * i));
        bytes(&byte, 1);
    }
}

static void number_at(size_t at, uint64_t value)
{
    for (size_t i = 0; i < 8; i++) {
        made[at + i] = (uint8_t)(value >> (8 * i));
    }
}

static void text(const char *word)
{
    bytes(word, strlen(word) + 1);
}

static void begin(const char *version)
{
    length = 0;
    bytes("\x17\x08\x44tracing", 10);
    text(version);
    number(0, 1);
    number(8, 1);
    number(4096, 4);
}

static void uname_option(void)
{
    static const char system[] = "Linux here 6.1.0-18-amd64 x86_64";
    number(5, 2);
    number(sizeof(system), 4);
    bytes(system, sizeof(system));
}

/* An instance "net" on CLOCK_MONOTONIC, and the buffer beside instances on another clock. */
static void version_7(void)
{
    static const struct {
        const char *name, *clock;
    } buffers[] = {{"", "local"}, {"net", "mono"}};
    begin("7");
    text("none");
    text("");
    size_t options = length + 8;
    number(options, 8);
    number(0, 2);
    number(0, 2);
    number(0, 4);
    number(0, 8);
    size_t places[2];
    for (size_t i = 0; i < 2; i++) {
        size_t words = strlen(buffers[i].name) + strlen(buffers[i].clock) + 2;
        number(3, 2);
        number(8 + words + 8 + 20, 4);
        number(0, 8);
        text(buffers[i].name);
        text(buffers[i].clock);
        number(4096, 4);
        number(1, 4);
        number(0, 4);
        places[i] = length;
        number(0, 8);
        number(64, 8);
    }
    uname_option();
    number(0, 2);
    number(8, 4);
    number(0, 8);
    for (size_t i = 0; i < 2; i++) {
        number_at(places[i], length);
        for (size_t k = 0; k < 8; k++) {
            number(0, 8);
        }
    }
}

static void version_6(void)
{
    begin("6");
    text("header_page");
    number(3, 8);
    bytes("abc", 3);
    text("header_event");
    number(0, 8);
    number(1, 4);
    number(2, 8);
    bytes("de", 2);
    number(1, 4);
    text("skb");
    number(1, 4);
    number(4, 8);
    bytes("fghi", 4);
    number(0, 4);
    number(0, 4);
    number(0, 8);
    number(1, 4);
    bytes("options  ", 10);
    static const char clocks[] = "local global [mono] boot\n";
    number(4, 2);
    number(sizeof(clocks), 4);
    bytes(clocks, sizeof(clocks));
    uname_option();
    number(0, 2);
    bytes("flyrecord", 10);
    number(length + 16, 8);
    number(64, 8);
    for (size_t k = 0; k < 8; k++) {
        number(0, 8);
    }
}

static struct tracedat_file look(size_t count)
{
    struct tracedat_file file;
    char path[] = "/tmp/tracedat-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, made, count), count);
    close(fd);
    assert_int_equal(tracedat_file_look(path, &file, NULL), XSW_OK);
    unlink(path);
    return file;
}

static void each_buffer_has_the_clock_that_the_file_tells(void **state)
{
    (void)state;
    version_7();
    struct tracedat_file file = look(length);
    assert_false(file.is_torn);
    assert_string_equal(tracedat_file_clock(&file, ""), "local");
    assert_string_equal(tracedat_file_clock(&file, "net"), "mono");
    assert_string_equal(tracedat_file_clock(&file, "other"), "");
    version_6();
    file = look(length);
    assert_false(file.is_torn);
    assert_string_equal(tracedat_file_clock(&file, ""), "mono");
    /* What an instance had, version 6 does not tell. */
    assert_string_equal(tracedat_file_clock(&file, "net"), "");
}

static void host_and_system_are_what_uname_said_there(void **state)
{
    (void)state;
    static void (*const versions[])(void) = {version_6, version_7};
    for (size_t i = 0; i < 2; i++) {
        versions[i]();
        const struct tracedat_file file = look(length);
        assert_string_equal(file.host, "here");
        assert_string_equal(file.system, "Linux 6.1.0-18-amd64 x86_64");
    }
}

static void file_that_was_cut_anywhere_is_torn(void **state)
{
    (void)state;
    static void (*const versions[])(void) = {version_6, version_7};
    for (size_t i = 0; i < 2; i++) {
        versions[i]();
        for (size_t count = 20; count < length; count++) {
            const struct tracedat_file file = look(count);
            assert_true(file.is_torn);
            assert_true(file.torn_at > count);
        }
    }
}

static void any_byte_may_be_wrong(void **state)
{
    (void)state;
    static void (*const versions[])(void) = {version_6, version_7};
    for (size_t i = 0; i < 2; i++) {
        versions[i]();
        for (size_t at = 10; at < length; at++) {
            const uint8_t before = made[at];
            made[at] = 0xff;
            const struct tracedat_file file = look(length);
            assert_true(file.count <= TRACEDAT_BUFFERS_MAX);
            made[at] = before;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_buffer_has_the_clock_that_the_file_tells),
        cmocka_unit_test(host_and_system_are_what_uname_said_there),
        cmocka_unit_test(file_that_was_cut_anywhere_is_torn),
        cmocka_unit_test(any_byte_may_be_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
