/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer, read back by our reader: every field comes back, encodings are as documented, and a
 * disk that is full or a pipe that is closed leaves whole blocks and an exact account. What stock
 * tools make of our files is in formats_oracle_test.sh.
 */
#include "formats/pcapng/pcapng_write.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <zstd.h>

#include <cmocka.h>

#include "formats/byte_order.h"
#include "formats/pcapng/stage_meta.h"
#include "unit/formats/sample.h"

/* A writer on a new file in memory, whose descriptor `file` stays open. */
static struct pcapng_writer *new_writer(int compression, int *file)
{
    struct pcapng_writer *writer = NULL;
    struct xsw_error error;
    *file = memfd_create("written", MFD_CLOEXEC);
    assert_true(*file >= 0);
    int fd = fcntl(*file, F_DUPFD_CLOEXEC, 3);
    assert_int_equal(pcapng_writer_open_fd(fd, "written", compression, &writer, &error), XSW_OK);
    return writer;
}

static void close_writer(struct pcapng_writer *writer, struct pcapng_writer_account *account)
{
    struct xsw_error error = {0};
    if (pcapng_writer_close(writer, account, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

/* A reader from the beginning of the file, which it takes. */
static struct pcapng_reader *read_back(int file)
{
    struct pcapng_reader *reader = NULL;
    struct xsw_error error = {0};
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    if (pcapng_reader_open_fd(file, "written", &reader, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    return reader;
}

static void write_start(struct pcapng_writer *writer)
{
    uint32_t id;
    const struct pcapng_section section = {.hardware = "host", .application = "test"};
    const struct pcapng_interface interface = {.name = "host/p1.rx"};
    assert_int_equal(pcapng_writer_section(writer, &section, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_interface(writer, &interface, &id, NULL), XSW_OK);
    assert_int_equal(id, 0);
}

static struct pcapng_packet plain_packet(const char *data)
{
    return (struct pcapng_packet){.has = PCAPNG_HAS_TIMESTAMP | PCAPNG_HAS_ID,
                                  .timestamp_ns = 1700000000000000001,
                                  .captured_length = (uint32_t)strlen(data),
                                  .original_length = 1500,
                                  .data = (const uint8_t *)data,
                                  .id = 7};
}

static const struct pcapng_section full_section = {.hardware = "host",
                                                   .os = "Linux",
                                                   .application = "xsw 0.1",
                                                   .comment = "one line",
                                                   .json = {"{\"format\":1}", 12, NULL}};

static const struct pcapng_interface full_interface = {.name = "host/p1.rx",
                                                       .description = "port 1 stage 0 rx",
                                                       .hardware = "tap",
                                                       .filter = "tcp port 80",
                                                       .comment = "c",
                                                       .speed_bits_per_second = 10000000000,
                                                       .mac = (const uint8_t *)"\2\0\0\0\0\1",
                                                       .json = {"{\"port\":1}", 10, NULL}};

static const struct pcapng_packet full_packet = {.interface = 1,
                                                 .has = 0x1f,
                                                 .timestamp_ns = 0x123456789abcdef0,
                                                 .captured_length = 5,
                                                 .original_length = 1514,
                                                 .data = (const uint8_t *)"abcde",
                                                 .flags = 0x201,
                                                 .queue = 3,
                                                 .id = UINT64_MAX,
                                                 .dropcount = 9,
                                                 .comment = "xsw verdict=drop",
                                                 .comment_length = 16};

static const struct pcapng_statistics full_statistics = {.interface = 1,
                                                         .has = 0x7f,
                                                         .timestamp_ns = 10,
                                                         .start_ns = 11,
                                                         .end_ns = 12,
                                                         .received = 13,
                                                         .dropped = 14,
                                                         .accepted = 15,
                                                         .os_dropped = 16,
                                                         .delivered = 17,
                                                         .comment = "end",
                                                         .json = {"[]", 2, NULL}};

static void check_section(const struct pcapng_section *section)
{
    assert_string_equal(section->hardware, "host");
    assert_string_equal(section->os, "Linux");
    assert_string_equal(section->application, "xsw 0.1");
    assert_string_equal(section->comment, "one line");
    assert_string_equal(section->json.text, "{\"format\":1}");
    assert_false(section->big_endian);
}

static void check_interface(const struct pcapng_interface *interface)
{
    assert_string_equal(interface->name, full_interface.name);
    assert_string_equal(interface->description, full_interface.description);
    assert_string_equal(interface->hardware, "tap");
    assert_string_equal(interface->filter, "tcp port 80");
    assert_string_equal(interface->comment, "c");
    assert_int_equal(interface->speed_bits_per_second, 10000000000);
    assert_memory_equal(interface->mac, full_interface.mac, 6);
    assert_string_equal(interface->json.text, "{\"port\":1}");
    assert_int_equal(interface->linktype, 1);
    assert_int_equal(interface->snap_length, 262144);
    assert_int_equal(interface->tsresol, 9);
}

static void check_packet(const struct pcapng_packet *packet, const struct meta_builder *meta)
{
    assert_int_equal(packet->interface, 1);
    assert_int_equal(packet->has, full_packet.has);
    assert_int_equal(packet->timestamp_ns, full_packet.timestamp_ns);
    assert_int_equal(packet->captured_length, 5);
    assert_int_equal(packet->original_length, 1514);
    assert_memory_equal(packet->data, "abcde", 5);
    assert_int_equal(packet->flags, 0x201);
    assert_int_equal(packet->queue, 3);
    assert_int_equal(packet->id, UINT64_MAX);
    assert_int_equal(packet->dropcount, 9);
    assert_int_equal(packet->meta_length, meta->length);
    assert_memory_equal(packet->meta, meta->bytes, meta->length);
    assert_int_equal(packet->comment_length, 16);
    assert_memory_equal(packet->comment, full_packet.comment, 16);
}

static void check_statistics(const struct pcapng_statistics *statistics)
{
    assert_int_equal(statistics->interface, 1);
    assert_int_equal(statistics->has, 0x7f);
    assert_int_equal(statistics->timestamp_ns, 10);
    assert_int_equal(statistics->start_ns, 11);
    assert_int_equal(statistics->end_ns, 12);
    assert_int_equal(statistics->received, 13);
    assert_int_equal(statistics->dropped, 14);
    assert_int_equal(statistics->accepted, 15);
    assert_int_equal(statistics->os_dropped, 16);
    assert_int_equal(statistics->delivered, 17);
    assert_string_equal(statistics->comment, "end");
    assert_string_equal(statistics->json.text, "[]");
}

static void every_field_comes_back(void **state)
{
    (void)state;
    int file;
    uint32_t id;
    struct pcapng_item item;
    uint8_t bytes[64];
    struct meta_builder meta;
    struct pcapng_writer *writer = new_writer(PCAPNG_PLAIN, &file);
    meta_build(&meta, bytes, sizeof(bytes), &(struct meta_fixed){.kind = META_DROP, .stage = 3});
    meta_add_vlan(&meta, 5);
    struct pcapng_packet packet = full_packet;
    packet.meta = meta.bytes;
    packet.meta_length = meta.length;
    assert_int_equal(pcapng_writer_section(writer, &full_section, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_interface(writer, &full_interface, &id, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_interface(writer, &full_interface, &id, NULL), XSW_OK);
    assert_int_equal(id, 1);
    assert_int_equal(pcapng_writer_packet(writer, &packet, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_statistics(writer, &full_statistics, NULL), XSW_OK);
    close_writer(writer, NULL);

    struct pcapng_reader *reader = read_back(file);
    sample_next(reader, PCAPNG_SECTION, &item);
    check_section(&item.section);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    check_interface(&item.interface);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    sample_next(reader, PCAPNG_PACKET, &item);
    check_packet(&item.packet, &meta);
    sample_next(reader, PCAPNG_STATISTICS, &item);
    check_statistics(&item.statistics);
    assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_END);
    pcapng_reader_close(reader);
}

static void packet_block_has_the_documented_bytes(void **state)
{
    static const uint8_t wanted[] = {
        6, 0, 0, 0, 76,   0,    0,    0,                            /* type, length */
        0, 0, 0, 0, 0x78, 0x56, 0x34, 0x12, 0xf0, 0xde, 0xbc, 0x9a, /* interface, time */
        1, 0, 0, 0, 60,   0,    0,    0,    'x',  0,    0,    0,    /* lengths, data */
        2, 0, 4, 0, 1,    0,    0,    0,                            /* flags */
        5, 0, 8, 0, 7,    0,    0,    0,    0,    0,    0,    0,    /* packet id */
        6, 0, 4, 0, 2,    0,    0,    0,                            /* queue */
        1, 0, 2, 0, 'h',  'i',  0,    0, /* comment, no drop count of 0 */
        0, 0, 0, 0, 76,   0,    0,    0,
    };
    (void)state;
    int file;
    struct pcapng_writer *writer = new_writer(PCAPNG_PLAIN, &file);
    write_start(writer);
    assert_int_equal(pcapng_writer_flush(writer, NULL), XSW_OK);
    off_t start = lseek(file, 0, SEEK_END);
    const struct pcapng_packet packet = {.has = 0x1f,
                                         .timestamp_ns = 0x123456789abcdef0,
                                         .captured_length = 1,
                                         .original_length = 60,
                                         .data = (const uint8_t *)"x",
                                         .flags = 1,
                                         .queue = 2,
                                         .id = 7,
                                         .comment = "hi",
                                         .comment_length = 2};
    assert_int_equal(pcapng_writer_packet(writer, &packet, NULL), XSW_OK);
    close_writer(writer, NULL);
    uint8_t bytes[256];
    ssize_t length = pread(file, bytes, sizeof(bytes), start);
    assert_int_equal(length, sizeof(wanted));
    assert_memory_equal(bytes, wanted, sizeof(wanted));
    close(file);
}

static void long_json_is_cut_and_joined(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 65507, 65508, 65509, 131016, 1000000, PCAPNG_JSON_MAX};
    char *json = malloc(PCAPNG_JSON_MAX + 1);
    for (size_t i = 0; i <= PCAPNG_JSON_MAX; i++) {
        json[i] = (char)('a' + i % 23);
    }
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        int file;
        uint32_t id;
        struct pcapng_item item;
        struct pcapng_writer *writer = new_writer(PCAPNG_PLAIN, &file);
        write_start(writer);
        const struct pcapng_interface interface = {.json = {json, lengths[i], NULL}};
        assert_int_equal(pcapng_writer_interface(writer, &interface, &id, NULL), XSW_OK);
        close_writer(writer, NULL);
        struct pcapng_reader *reader = read_back(file);
        sample_next(reader, PCAPNG_SECTION, &item);
        sample_next(reader, PCAPNG_INTERFACE, &item);
        sample_next(reader, PCAPNG_INTERFACE, &item);
        assert_int_equal(item.interface.json.length, lengths[i]);
        assert_memory_equal(item.interface.json.text, json, lengths[i]);
        pcapng_reader_close(reader);
    }
    free(json);
}

static void what_the_format_cannot_hold_is_refused_and_leaves_no_trace(void **state)
{
    (void)state;
    int file;
    struct xsw_error error = {0};
    struct pcapng_writer *writer = new_writer(PCAPNG_PLAIN, &file);
    uint32_t id;
    char *large = malloc(PCAPNG_JSON_MAX + 2);
    memset(large, 'x', PCAPNG_JSON_MAX + 1);
    large[PCAPNG_JSON_MAX + 1] = '\0';
    struct pcapng_packet packet = plain_packet("data");
    assert_int_equal(pcapng_writer_packet(writer, &packet, &error), XSW_INVALID);
    write_start(writer);
    packet.interface = 1;
    assert_int_equal(pcapng_writer_packet(writer, &packet, &error), XSW_INVALID);
    assert_string_equal(error.text, "written: interface 1, expected one of the 1");
    packet = plain_packet("data");
    packet.captured_length = PCAPNG_SNAP_LENGTH + 1;
    assert_int_equal(pcapng_writer_packet(writer, &packet, &error), XSW_INVALID);
    packet = plain_packet("data");
    packet.comment = large;
    packet.comment_length = 65536;
    assert_int_equal(pcapng_writer_packet(writer, &packet, &error), XSW_INVALID);
    const struct pcapng_interface named = {.name = large};
    assert_int_equal(pcapng_writer_interface(writer, &named, &id, &error), XSW_INVALID);
    const struct pcapng_interface told = {.json = {large, PCAPNG_JSON_MAX + 1, NULL}};
    assert_int_equal(pcapng_writer_interface(writer, &told, &id, &error), XSW_INVALID);
    free(large);
    struct pcapng_writer_account account;
    close_writer(writer, &account);
    assert_int_equal(account.packets_accepted, 0);
    unsigned packets;
    struct pcapng_reader *reader = read_back(file);
    assert_int_equal(sample_drain(reader, &packets, NULL), XSW_END);
    pcapng_reader_close(reader);
}

static void largest_packet_and_options_come_back(void **state)
{
    (void)state;
    int file;
    struct pcapng_item item;
    struct pcapng_writer *writer = new_writer(PCAPNG_PLAIN, &file);
    uint8_t *bytes = calloc(1, PCAPNG_SNAP_LENGTH);
    memcpy(bytes, "\xd9\x7e\0\0XSW1", 8);
    write_start(writer);
    struct pcapng_packet packet = plain_packet("");
    packet.data = bytes;
    packet.captured_length = PCAPNG_SNAP_LENGTH;
    packet.meta = bytes;
    packet.meta_length = 65535;
    packet.comment = (const char *)bytes;
    packet.comment_length = 65535;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(pcapng_writer_packet(writer, &packet, NULL), XSW_OK);
    }
    close_writer(writer, NULL);
    struct pcapng_reader *reader = read_back(file);
    sample_next(reader, PCAPNG_SECTION, &item);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    for (int i = 0; i < 20; i++) {
        sample_next(reader, PCAPNG_PACKET, &item);
        assert_int_equal(item.packet.captured_length, PCAPNG_SNAP_LENGTH);
        assert_memory_equal(item.packet.data, bytes, PCAPNG_SNAP_LENGTH);
        assert_int_equal(item.packet.meta_length, 65535);
        assert_int_equal(item.packet.comment_length, 65535);
    }
    assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_END);
    pcapng_reader_close(reader);
    free(bytes);
}

static void write_many(struct pcapng_writer *writer, unsigned count)
{
    char data[512];
    uint32_t random = 1;
    for (unsigned i = 0; i < count; i++) {
        for (size_t k = 0; k < sizeof(data) - 1; k++) {
            random = random * 1664525 + 1013904223;
            data[k] = (char)(random >> 28 | 0x40);
        }
        data[sizeof(data) - 1] = '\0';
        struct pcapng_packet packet = plain_packet(data);
        packet.id = i;
        assert_int_equal(pcapng_writer_packet(writer, &packet, NULL), XSW_OK);
    }
}

static void account_follows_the_pieces(void **state)
{
    (void)state;
    int file;
    struct pcapng_writer *writer = new_writer(PCAPNG_PLAIN, &file);
    write_start(writer);
    assert_int_equal(pcapng_writer_account(writer).file_bytes, 0);
    write_many(writer, 10);
    assert_int_equal(pcapng_writer_account(writer).packets_accepted, 10);
    assert_int_equal(pcapng_writer_account(writer).packets_written, 0);
    assert_int_equal(pcapng_writer_flush(writer, NULL), XSW_OK);
    struct pcapng_writer_account account = pcapng_writer_account(writer);
    assert_int_equal(account.packets_written, 10);
    assert_int_equal(account.file_bytes, lseek(file, 0, SEEK_END));
    assert_int_equal(account.content_bytes, account.file_bytes);
    close_writer(writer, &account);
    assert_int_equal(account.packets_written, 10);
    close(file);
}

/* Whether the frame is a filler, which has no checksum, unlike all others. */
static bool is_filler(const uint8_t *frame)
{
    enum { HAS_CHECKSUM = 4 };
    return (frame[4] & HAS_CHECKSUM) == 0;
}

/* The seek table at the end names every frame: sizes add up and each frame unpacks to its size. */
static void check_seek_table(const uint8_t *bytes, size_t length, uint64_t content)
{
    assert_true(length > 17);
    const uint8_t *footer = bytes + length - 9;
    assert_int_equal(get_le32(footer + 5), 0x8f92eab1);
    assert_int_equal(footer[4], 0);
    size_t count = get_le32(footer);
    const uint8_t *table = footer - 8 * count;
    assert_int_equal(get_le32(table - 8), 0x184d2a5e);
    assert_int_equal(get_le32(table - 4), 8 * count + 9);
    size_t at = 0;
    uint64_t unpacked = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t packed_size = get_le32(table + 8 * i);
        uint32_t content_size = get_le32(table + 8 * i + 4);
        assert_int_equal(ZSTD_findFrameCompressedSize(bytes + at, length - at), packed_size);
        assert_int_equal(ZSTD_getFrameContentSize(bytes + at, packed_size), content_size);
        unpacked += is_filler(bytes + at) ? 0 : content_size;
        at += packed_size;
    }
    assert_ptr_equal(bytes + at, table - 8);
    assert_int_equal(unpacked, content);
    assert_true(count > 1);
}

static void compressed_file_has_frames_and_a_seek_table(void **state)
{
    (void)state;
    int file;
    unsigned packets;
    struct pcapng_writer_account account;
    struct pcapng_writer *writer = new_writer(PCAPNG_ZSTD, &file);
    write_start(writer);
    write_many(writer, 20000);
    assert_int_equal(pcapng_writer_flush(writer, NULL), XSW_OK);
    write_many(writer, 5);
    close_writer(writer, &account);
    assert_int_equal(account.packets_written, 20005);
    assert_true(account.file_bytes < account.content_bytes);
    size_t length = (size_t)lseek(file, 0, SEEK_END);
    uint8_t *bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, file, 0);
    assert_true(bytes != MAP_FAILED);
    check_seek_table(bytes, length, account.content_bytes);
    munmap(bytes, length);
    struct pcapng_reader *reader = read_back(file);
    assert_int_equal(sample_drain(reader, &packets, NULL), XSW_END);
    assert_int_equal(packets, 20005);
    pcapng_reader_close(reader);
}

/* No file of this process may grow above `bytes`. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void check_full_disk(int compression)
{
    int file;
    unsigned packets;
    struct xsw_error error = {0};
    struct pcapng_writer *writer = new_writer(compression, &file);
    write_start(writer);
    write_many(writer, 100);
    assert_int_equal(pcapng_writer_flush(writer, NULL), XSW_OK);
    off_t whole = lseek(file, 0, SEEK_END);
    write_many(writer, 100);
    uint32_t late;
    const struct pcapng_interface interface = {.name = "host/late.tx"};
    assert_int_equal(pcapng_writer_interface(writer, &interface, &late, NULL), XSW_OK);
    limit_files((rlim_t)whole + 1000);
    assert_int_equal(pcapng_writer_flush(writer, &error), XSW_IO);
    limit_files(RLIM_INFINITY);
    assert_non_null(strstr(error.text, "written: "));
    assert_int_equal(lseek(file, 0, SEEK_END), whole);
    assert_int_equal(pcapng_writer_account(writer).packets_lost, 100);

    struct pcapng_packet packet = plain_packet("after");
    packet.interface = late;
    assert_int_equal(pcapng_writer_packet(writer, &packet, NULL), XSW_OK);
    struct pcapng_writer_account account;
    close_writer(writer, &account);
    assert_int_equal(account.packets_accepted, 201);
    assert_int_equal(account.packets_written, 101);
    assert_int_equal(account.packets_lost, 100);
    struct pcapng_reader *reader = read_back(file);
    assert_int_equal(sample_drain(reader, &packets, NULL), XSW_END);
    assert_int_equal(packets, 101);
    pcapng_reader_close(reader);
}

static void full_disk_loses_one_piece_and_leaves_whole_blocks(void **state)
{
    (void)state;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    assert_int_equal(sigaction(SIGXFSZ, &ignore, NULL), 0);
    check_full_disk(PCAPNG_PLAIN);
    check_full_disk(PCAPNG_ZSTD);
}

static void closed_pipe_fails_for_good(void **state)
{
    (void)state;
    int ends[2];
    struct xsw_error error = {0};
    struct pcapng_writer *writer;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    assert_int_equal(sigaction(SIGPIPE, &ignore, NULL), 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(pcapng_writer_open_fd(ends[1], "pipe", PCAPNG_PLAIN, &writer, &error), XSW_OK);
    write_start(writer);
    write_many(writer, 10);
    close(ends[0]);
    assert_int_equal(pcapng_writer_flush(writer, &error), XSW_IO);
    assert_int_equal(error.errno_value, EPIPE);
    write_many(writer, 5);
    assert_int_equal(pcapng_writer_flush(writer, &error), XSW_IO);
    struct pcapng_writer_account account;
    assert_int_equal(pcapng_writer_close(writer, &account, &error), XSW_IO);
    assert_int_equal(account.packets_written, 0);
    assert_int_equal(account.packets_lost, 15);
}

static void path_that_ends_in_zst_is_compressed(void **state)
{
    (void)state;
    char path[] = "/tmp/xsw-write-test-XXXXXX.pcapng.zst";
    int fd = mkstemps(path, (int)strlen(".pcapng.zst"));
    assert_true(fd >= 0);
    struct pcapng_writer *writer;
    assert_int_equal(pcapng_writer_open(path, &writer, NULL), XSW_OK);
    write_start(writer);
    close_writer(writer, NULL);
    uint8_t magic[4];
    assert_int_equal(pread(fd, magic, 4, 0), 4);
    assert_int_equal(get_le32(magic), 0xfd2fb528);
    close(fd);
    unlink(path);
    struct xsw_error error = {0};
    assert_int_equal(pcapng_writer_open("/nonexistent/x.pcapng", &writer, &error), XSW_IO);
    assert_non_null(strstr(error.text, "/nonexistent/x.pcapng: cannot be opened for writing"));
}

static void a_file_that_is_there_is_not_created_again(void **state)
{
    (void)state;
    char path[] = "/tmp/xsw-write-test-XXXXXX.pcapng.zst";
    int fd = mkstemps(path, (int)strlen(".pcapng.zst"));
    assert_int_equal(write(fd, "precious", 8), 8);
    struct pcapng_writer *writer = NULL;
    struct xsw_error error = {0};
    assert_int_equal(pcapng_writer_create(path, &writer, &error), XSW_EXISTS);
    assert_non_null(strstr(error.text, path));
    assert_non_null(strstr(error.text, "is there already"));
    assert_int_equal(lseek(fd, 0, SEEK_END), 8);
    close(fd);
    unlink(path);
    assert_int_equal(pcapng_writer_create(path, &writer, &error), XSW_OK);
    /* Nor does anybody else empty it while it is being written. */
    struct pcapng_writer *other = NULL;
    assert_int_equal(pcapng_writer_open(path, &other, &error), XSW_BUSY);
    write_start(writer);
    close_writer(writer, NULL);
    uint8_t magic[4] = {0};
    fd = open(path, O_RDONLY);
    assert_int_equal(pread(fd, magic, 4, 0), 4);
    assert_int_equal(get_le32(magic), 0xfd2fb528);
    close(fd);
    unlink(path);
    assert_int_equal(pcapng_writer_create("/nonexistent/x.pcapng", &writer, &error), XSW_IO);
    assert_non_null(strstr(error.text, "/nonexistent/x.pcapng: cannot be opened for writing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(packet_block_has_the_documented_bytes),
        cmocka_unit_test(long_json_is_cut_and_joined),
        cmocka_unit_test(what_the_format_cannot_hold_is_refused_and_leaves_no_trace),
        cmocka_unit_test(largest_packet_and_options_come_back),
        cmocka_unit_test(account_follows_the_pieces),
        cmocka_unit_test(compressed_file_has_frames_and_a_seek_table),
        cmocka_unit_test(full_disk_loses_one_piece_and_leaves_whole_blocks),
        cmocka_unit_test(closed_pipe_fails_for_good),
        cmocka_unit_test(path_that_ends_in_zst_is_compressed),
        cmocka_unit_test(a_file_that_is_there_is_not_created_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
