/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer with threads of its own: the same file as without, whole frames in order, and an exact
 * account when the disk does not take a piece in the middle of others.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include <cmocka.h>

#include "formats/byte_order.h"
#include "formats/pcapng/pcapng_wire.h"
#include "formats/pcapng/pcapng_write.h"
#include "unit/formats/sample.h"

enum { PACKET_LENGTH = 1000, PACKETS_A_PIECE = 100, PIECES = 50 };

static char path[64];
static uint32_t interface;

static int setup(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "/tmp/xsw-line-XXXXXX.zst");
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static struct pcapng_writer *writer_make(const char *to, unsigned threads)
{
    struct pcapng_writer *writer = NULL;
    const struct pcapng_section section = {.hardware = "host", .application = "test"};
    const struct pcapng_interface about = {.name = "host/p1.rx"};
    assert_int_equal(pcapng_writer_open(to, &writer, NULL), XSW_OK);
    if (threads > 0) {
        assert_int_equal(pcapng_writer_start(writer, threads, NULL), XSW_OK);
    }
    assert_int_equal(pcapng_writer_section(writer, &section, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_flush(writer, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_interface(writer, &about, &interface, NULL), XSW_OK);
    return writer;
}

static void piece_put_of(struct pcapng_writer *writer, unsigned number, bool is_alike)
{
    uint8_t bytes[PACKET_LENGTH];
    for (unsigned i = 0; i < PACKETS_A_PIECE; i++) {
        memset(bytes, is_alike ? 0 : (int)(number + i), sizeof(bytes));
        const struct pcapng_packet packet = {.interface = interface,
                                             .has = PCAPNG_HAS_TIMESTAMP | PCAPNG_HAS_ID,
                                             .timestamp_ns = 1700000000000000000 + number,
                                             .captured_length = PACKET_LENGTH,
                                             .original_length = PACKET_LENGTH,
                                             .data = bytes,
                                             .id = (uint64_t)number * PACKETS_A_PIECE + i};
        assert_int_equal(pcapng_writer_packet(writer, &packet, NULL), XSW_OK);
    }
}

static void piece_put(struct pcapng_writer *writer, unsigned number)
{
    piece_put_of(writer, number, false);
}

/* Ids of the packets in the file, each checked to come behind the one before; returns how many. */
static uint64_t packets_read(const char *from)
{
    struct pcapng_reader *reader = NULL;
    struct pcapng_item item;
    struct xsw_error error;
    uint64_t count = 0;
    uint64_t before = 0;
    enum xsw_status status = pcapng_reader_open(from, &reader, &error);
    while (status == XSW_OK && (status = pcapng_reader_next(reader, &item, &error)) == XSW_OK) {
        if (item.kind == PCAPNG_PACKET) {
            assert_true(count == 0 || item.packet.id > before);
            before = item.packet.id;
            count++;
        }
    }
    if (status != XSW_END) {
        fail_msg("%s", error.text);
    }
    pcapng_reader_close(reader);
    return count;
}

static void parallel_frames_stand_in_order(void **state)
{
    (void)state;
    struct pcapng_writer *writer = writer_make(path, 4);
    for (unsigned i = 0; i < PIECES; i++) {
        piece_put(writer, i);
        assert_int_equal(pcapng_writer_push(writer, NULL), XSW_OK);
    }
    struct pcapng_writer_account account;
    assert_int_equal(pcapng_writer_close(writer, &account, NULL), XSW_OK);
    assert_int_equal(account.packets_written, PIECES * PACKETS_A_PIECE);
    assert_int_equal(account.packets_lost, 0);
    assert_int_equal(packets_read(path), PIECES * PACKETS_A_PIECE);
}

/* The table at the end names each frame, and each is one. */
static void seek_table_names_each_frame(void **state)
{
    (void)state;
    struct pcapng_writer *writer = writer_make(path, 3);
    for (unsigned i = 0; i < PIECES; i++) {
        piece_put(writer, i);
        assert_int_equal(pcapng_writer_push(writer, NULL), XSW_OK);
    }
    assert_int_equal(pcapng_writer_close(writer, NULL, NULL), XSW_OK);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    size_t size = (size_t)about.st_size;
    uint8_t *file = malloc(size);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_non_null(file);
    assert_int_equal(read(fd, file, size), size);
    close(fd);
    assert_int_equal(get_le32(file + size - 4), ZSTD_SEEK_FOOTER_MAGIC);
    uint32_t frames = get_le32(file + size - 9);
    const uint8_t *entry = file + size - 9 - (size_t)frames * 8;
    size_t at = 0;
    for (uint32_t i = 0; i < frames; i++, entry += 8) {
        assert_int_equal(ZSTD_findFrameCompressedSize(file + at, size - at), get_le32(entry));
        assert_int_equal(ZSTD_getFrameContentSize(file + at, size - at), get_le32(entry + 4));
        at += get_le32(entry);
    }
    assert_true(frames > PIECES);
    assert_int_equal(at, size - 8 - 9 - (size_t)frames * 8);
    free(file);
}

static uint64_t pressed_file(unsigned percent)
{
    struct pcapng_writer *writer = writer_make(path, 1);
    pcapng_writer_press(writer, percent);
    for (unsigned i = 0; i < PIECES; i++) {
        piece_put_of(writer, i, true);
        assert_int_equal(pcapng_writer_flush(writer, NULL), XSW_OK);
    }
    struct pcapng_writer_account account;
    assert_int_equal(pcapng_writer_close(writer, &account, NULL), XSW_OK);
    assert_int_equal(account.packets_written, PIECES * PACKETS_A_PIECE);
    assert_int_equal(packets_read(path), PIECES * PACKETS_A_PIECE);
    assert_true(percent < 100 || account.file_bytes > account.content_bytes);
    return account.file_bytes;
}

/* Where the packets come from fills up: then the file may become larger, up to what a plain one
 * would be. */
static void the_more_there_is_to_come_the_larger_is_the_file(void **state)
{
    (void)state;
    uint64_t calm = pressed_file(0);
    uint64_t pressed = pressed_file(16);
    assert_true(calm < pressed);
    assert_true(pressed < pressed_file(100) / 2);
}

static void plain_file_has_the_same_packets(void **state)
{
    (void)state;
    path[strlen(path) - 4] = '\0';
    struct pcapng_writer *writer = writer_make(path, 1);
    for (unsigned i = 0; i < PIECES; i++) {
        piece_put(writer, i);
        assert_int_equal(pcapng_writer_push(writer, NULL), XSW_OK);
    }
    assert_int_equal(pcapng_writer_flush(writer, NULL), XSW_OK);
    /* What is in the file before the end is whole already. */
    assert_int_equal(packets_read(path), PIECES * PACKETS_A_PIECE);
    assert_int_equal(pcapng_writer_close(writer, NULL, NULL), XSW_OK);
    assert_int_equal(packets_read(path), PIECES * PACKETS_A_PIECE);
    unlink(path);
    strcat(path, ".zst");
}

/* A file that may not grow further, and later may. */
static void disk_that_is_full_for_a_while_loses_what_it_says(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 10 * PACKETS_A_PIECE * PACKET_LENGTH;
    path[strlen(path) - 4] = '\0';
    struct pcapng_writer *writer = writer_make(path, 1);
    setrlimit(RLIMIT_FSIZE, &small);
    unsigned failures = 0;
    for (unsigned i = 0; i < 20; i++) {
        piece_put(writer, i);
        failures += pcapng_writer_push(writer, NULL) != XSW_OK;
    }
    failures += pcapng_writer_flush(writer, NULL) != XSW_OK;
    assert_true(failures > 0);
    setrlimit(RLIMIT_FSIZE, &before);
    for (unsigned i = 20; i < 30; i++) {
        piece_put(writer, i);
        assert_int_equal(pcapng_writer_push(writer, NULL), XSW_OK);
    }
    assert_int_equal(pcapng_writer_flush(writer, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_piece(writer, pcapng_writer_pieces(writer)),
                     PCAPNG_PIECE_WRITTEN);
    struct pcapng_writer_account account;
    assert_int_equal(pcapng_writer_close(writer, &account, NULL), XSW_OK);
    assert_int_equal(account.packets_written + account.packets_lost, 30 * PACKETS_A_PIECE);
    assert_true(account.packets_lost > 0);
    assert_int_equal(packets_read(path), account.packets_written);
    unlink(path);
    strcat(path, ".zst");
}

/* The interface is in a piece that is lost; packets behind it still name it. */
static void interface_of_a_lost_piece_is_written_with_the_next(void **state)
{
    (void)state;
    struct pcapng_writer *writer = writer_make(path, 2);
    pcapng_writer_reserve(writer, UINT64_MAX);
    piece_put(writer, 0);
    /* That the first one fails may be noticed by either. */
    enum xsw_status pushed = pcapng_writer_push(writer, NULL);
    enum xsw_status flushed = pcapng_writer_flush(writer, NULL);
    assert_true(pushed == XSW_LIMIT || flushed == XSW_LIMIT);
    pcapng_writer_reserve(writer, 0);
    piece_put(writer, 1);
    struct pcapng_writer_account account;
    assert_int_equal(pcapng_writer_close(writer, &account, NULL), XSW_OK);
    assert_int_equal(account.packets_lost, PACKETS_A_PIECE);
    assert_int_equal(packets_read(path), PACKETS_A_PIECE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parallel_frames_stand_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(seek_table_names_each_frame, setup, teardown),
        cmocka_unit_test_setup_teardown(plain_file_has_the_same_packets, setup, teardown),
        cmocka_unit_test_setup_teardown(the_more_there_is_to_come_the_larger_is_the_file, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(disk_that_is_full_for_a_while_loses_what_it_says, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(interface_of_a_lost_piece_is_written_with_the_next, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
