/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of LTTng whose end a full disk has torn: what is whole is found, and what is no such
 * stream is left alone, whatever it holds. */
#include "trace/readers/ctf_whole.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { HEADER = 64, PACKET = 512 };

static char folder[] = "/tmp/ctf_whole_XXXXXX";

static int begin(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static int file_open(const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

/* Appends a packet that says that it has so many bytes. */
static void packet_write(int fd, uint64_t says_bytes, uint8_t trace)
{
    const uint32_t magic = 0xc1fc1fc1;
    const uint64_t bits = says_bytes * 8;
    uint8_t packet[PACKET] = {0};
    memcpy(packet, &magic, sizeof(magic));
    memset(packet + 4, trace, 16);
    memcpy(packet + 56, &bits, sizeof(bits));
    assert_int_equal(write(fd, packet, sizeof(packet)), sizeof(packet));
}

static uint64_t whole_of(int fd)
{
    struct stat info;
    assert_int_equal(fstat(fd, &info), 0);
    uint64_t whole = ctf_whole_bytes(fd, (uint64_t)info.st_size);
    close(fd);
    return whole;
}

static void whole_packets_end_where_the_torn_one_begins(void **state)
{
    (void)state;
    int fd = file_open("torn");
    packet_write(fd, PACKET, 7);
    packet_write(fd, PACKET, 7);
    packet_write(fd, PACKET, 7);
    assert_int_equal(ftruncate(fd, 2 * PACKET + 100), 0);
    assert_int_equal(whole_of(fd), 2 * PACKET);
    fd = file_open("torn");
    packet_write(fd, PACKET, 7);
    packet_write(fd, PACKET, 7);
    assert_int_equal(ftruncate(fd, PACKET + HEADER - 1), 0); /* not even a header */
    assert_int_equal(whole_of(fd), PACKET);
}

static void what_is_whole_or_no_such_stream_is_left_as_it_is(void **state)
{
    (void)state;
    int fd = file_open("whole");
    packet_write(fd, PACKET, 7);
    packet_write(fd, PACKET, 7);
    assert_int_equal(whole_of(fd), 2 * PACKET);
    fd = file_open("text");
    assert_int_equal(write(fd, "nothing of LTTng", 16), 16);
    assert_int_equal(whole_of(fd), 16);
    assert_int_equal(whole_of(file_open("empty")), 0);
}

static void hostile_sizes_end_the_search(void **state)
{
    (void)state;
    const uint64_t sizes[] = {0, 1, HEADER - 1, UINT64_MAX / 8};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int fd = file_open("hostile");
        packet_write(fd, PACKET, 7);
        packet_write(fd, sizes[i], 7);
        /* Less than a header is damage of another kind; more than the file is torn. */
        assert_int_equal(whole_of(fd), sizes[i] < HEADER ? 2 * PACKET : PACKET);
    }
    int fd = file_open("hostile");
    packet_write(fd, PACKET, 7);
    packet_write(fd, PACKET, 8); /* of another trace */
    assert_int_equal(whole_of(fd), 2 * PACKET);
}

static void metadata_write(const char *text)
{
    int fd = file_open("trace/metadata");
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void view_has_the_whole_parts_and_is_gone_behind_the_reading(void **state)
{
    (void)state;
    struct ctf_whole whole;
    struct stat info;
    char path[CTF_WHOLE_PATH_SIZE + 16];
    assert_int_equal(setenv("TMPDIR", folder, 1), 0);
    char trace[64];
    snprintf(trace, sizeof(trace), "%s/trace", folder);
    assert_int_equal(mkdir(trace, 0700), 0);
    metadata_write("tracer_name = \"lttng-ust\";");
    int fd = file_open("trace/stream");
    packet_write(fd, PACKET, 7);
    packet_write(fd, PACKET, 7);
    assert_int_equal(ctf_whole_open(trace, &whole, NULL), XSW_OK);
    assert_int_equal(whole.torn_bytes, 0);
    assert_string_equal(whole.path, trace);
    ctf_whole_close(&whole);
    assert_int_equal(stat(trace, &info), 0); /* which is not ours */
    assert_int_equal(ftruncate(fd, PACKET + 9), 0);
    metadata_write("tracer_name = \"another one\";"); /* whose packets begin in another way */
    assert_int_equal(ctf_whole_open(trace, &whole, NULL), XSW_OK);
    assert_int_equal(whole.torn_bytes, 0);
    ctf_whole_close(&whole);
    metadata_write("tracer_name = \"lttng-ust\";");
    assert_int_equal(ctf_whole_open(trace, &whole, NULL), XSW_OK);
    assert_int_equal(whole.torn_bytes, 9);
    snprintf(path, sizeof(path), "%s/stream", whole.path);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, PACKET);
    snprintf(path, sizeof(path), "%s/metadata", whole.path);
    assert_int_equal(stat(path, &info), 0);
    snprintf(path, sizeof(path), "%s", whole.path);
    ctf_whole_close(&whole);
    assert_int_not_equal(stat(path, &info), 0);
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(info.st_size, PACKET + 9); /* the trace is as it was */
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_packets_end_where_the_torn_one_begins),
        cmocka_unit_test(what_is_whole_or_no_such_stream_is_left_as_it_is),
        cmocka_unit_test(hostile_sizes_end_the_search),
        cmocka_unit_test(view_has_the_whole_parts_and_is_gone_behind_the_reading),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
