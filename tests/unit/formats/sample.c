/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/formats/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static void raw(struct sample *sample, const void *bytes, size_t length)
{
    assert_true(length <= SAMPLE_SIZE - sample->length);
    memcpy(sample->bytes + sample->length, bytes, length);
    sample->length += length;
}

static void number(struct sample *sample, uint64_t value, unsigned size)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < size; i++) {
        unsigned place = sample->big_endian ? size - 1 - i : i;
        bytes[i] = (uint8_t)(value >> (8 * place));
    }
    raw(sample, bytes, size);
}

void sample_init(struct sample *sample, bool big_endian)
{
    sample->big_endian = big_endian;
    sample->length = 0;
    sample->block = 0;
}

void sample_u16(struct sample *sample, uint16_t value)
{
    number(sample, value, 2);
}

void sample_u32(struct sample *sample, uint32_t value)
{
    number(sample, value, 4);
}

void sample_u64(struct sample *sample, uint64_t value)
{
    number(sample, value, 8);
}

void sample_bytes(struct sample *sample, const void *bytes, size_t length)
{
    raw(sample, bytes, length);
    raw(sample, "\0\0\0", (4 - length % 4) % 4);
}

void sample_block(struct sample *sample, uint32_t type)
{
    sample->block = sample->length;
    sample_u32(sample, type);
    sample_u32(sample, 0);
}

void sample_block_end(struct sample *sample)
{
    uint32_t length = (uint32_t)(sample->length - sample->block) + 4;
    sample_u32(sample, length);
    size_t end = sample->length;
    sample->length = sample->block + 4;
    sample_u32(sample, length);
    sample->length = end;
}

void sample_option(struct sample *sample, uint16_t code, const void *bytes, size_t length)
{
    sample_u16(sample, code);
    sample_u16(sample, (uint16_t)length);
    sample_bytes(sample, bytes, length);
}

void sample_option_u32(struct sample *sample, uint16_t code, uint32_t value)
{
    sample_u16(sample, code);
    sample_u16(sample, 4);
    sample_u32(sample, value);
}

void sample_option_u64(struct sample *sample, uint16_t code, uint64_t value)
{
    sample_u16(sample, code);
    sample_u16(sample, 8);
    sample_u64(sample, value);
}

void sample_option_ours(struct sample *sample, const void *bytes, size_t length)
{
    sample_u16(sample, 2989);
    sample_u16(sample, (uint16_t)(8 + length));
    sample_u32(sample, 32473);
    raw(sample, "XSW1", 4);
    sample_bytes(sample, bytes, length);
}

void sample_section(struct sample *sample)
{
    sample_block(sample, 0x0a0d0d0a);
    sample_u32(sample, 0x1a2b3c4d);
    sample_u16(sample, 1);
    sample_u16(sample, 0);
    sample_u64(sample, UINT64_MAX);
    sample_block_end(sample);
}

void sample_interface(struct sample *sample, const char *name)
{
    sample_block(sample, 1);
    sample_u16(sample, 1);
    sample_u16(sample, 0);
    sample_u32(sample, 262144);
    sample_option(sample, 2, name, strlen(name));
    sample_option(sample, 9, "\x09", 1);
    sample_option(sample, 0, "", 0);
    sample_block_end(sample);
}

void sample_packet(struct sample *sample, uint32_t interface, uint64_t time, const char *data)
{
    sample_block(sample, 6);
    sample_u32(sample, interface);
    sample_u32(sample, (uint32_t)(time >> 32));
    sample_u32(sample, (uint32_t)time);
    sample_u32(sample, (uint32_t)strlen(data));
    sample_u32(sample, (uint32_t)strlen(data) + 10);
    sample_bytes(sample, data, strlen(data));
}

static void other_packets(struct sample *sample)
{
    sample_block(sample, 3);
    sample_u32(sample, 5);
    sample_bytes(sample, "simpl", 5);
    sample_block_end(sample);
    sample_block(sample, 2);
    sample_u16(sample, 0);
    sample_u16(sample, 7);
    sample_u32(sample, 0);
    sample_u32(sample, 300);
    sample_u32(sample, 3);
    sample_u32(sample, 60);
    sample_bytes(sample, "old", 3);
    sample_block_end(sample);
}

void sample_file(struct sample *sample, unsigned *packets)
{
    sample_section(sample);
    sample_interface(sample, "host/p1.rx");
    sample_packet(sample, 0, 100, "first packet");
    sample_option_u32(sample, 2, 1);
    sample_option_u64(sample, 5, 1001);
    sample_option_ours(sample, "\0\1\0\0\1\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\5\2\7\0", 28);
    sample_option(sample, 1, "a comment", 9);
    sample_option(sample, 0, "", 0);
    sample_block_end(sample);
    other_packets(sample);
    sample_block(sample, 0x0bad);
    sample_u32(sample, 32473);
    sample_bytes(sample, "custom", 6);
    sample_block_end(sample);
    sample_interface(sample, "host/p2.tx");
    sample_packet(sample, 1, 400, "last");
    sample_block_end(sample);
    sample_block(sample, 5);
    sample_u32(sample, 1);
    sample_u64(sample, 0);
    sample_option_u64(sample, 4, 4);
    sample_option_ours(sample, "\x42\1\0\0{\"format\":1}", 16);
    sample_block_end(sample);
    *packets = 4;
}

enum xsw_status sample_open(const void *bytes, size_t length, struct pcapng_reader **reader,
                            struct xsw_error *error)
{
    int fd = memfd_create("sample", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, length, 0), length);
    return pcapng_reader_open_fd(fd, "sample", reader, error);
}

struct pcapng_reader *sample_reader(const struct sample *sample)
{
    struct pcapng_reader *reader = NULL;
    struct xsw_error error = {0};
    if (sample_open(sample->bytes, sample->length, &reader, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    return reader;
}

void sample_next(struct pcapng_reader *reader, enum pcapng_kind kind, struct pcapng_item *item)
{
    struct xsw_error error = {0};
    enum xsw_status status = pcapng_reader_next(reader, item, &error);
    if (status != XSW_OK) {
        fail_msg("status %d: %s", status, error.text);
    }
    assert_int_equal(item->kind, kind);
}

enum xsw_status sample_drain(struct pcapng_reader *reader, unsigned *packets,
                             struct xsw_error *error)
{
    struct pcapng_item item;
    enum xsw_status status;
    *packets = 0;
    while ((status = pcapng_reader_next(reader, &item, error)) == XSW_OK) {
        *packets += item.kind == PCAPNG_PACKET;
    }
    return status;
}
