/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the corpus of pcapng_fuzz.c in the folder given: small files of every kind that the reader
 * knows, and lies within lies. Cuts and flips of them are made by the runner.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zstd.h>

#include <cmocka.h>

#include "unit/formats/sample.h"

static const char *folder;
static struct sample sample;

static void save(const char *name, const void *bytes, size_t length)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static void save_packed(const char *name)
{
    uint8_t packed[1 << 17];
    size_t half = sample.length / 2;
    size_t first = ZSTD_compress(packed, sizeof(packed), sample.bytes, half, 1);
    size_t second = ZSTD_compress(packed + first, sizeof(packed) - first, sample.bytes + half,
                                  sample.length - half, 1);
    assert_false(ZSTD_isError(first) || ZSTD_isError(second));
    save(name, packed, first + second);
}

static void make_whole_files(void)
{
    unsigned packets;
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        sample_init(&sample, big_endian != 0);
        sample_file(&sample, &packets);
        save(big_endian != 0 ? "whole-be.pcapng" : "whole-le.pcapng", sample.bytes, sample.length);
        save_packed(big_endian != 0 ? "whole-be.zst" : "whole-le.zst");
    }
    static const char entry[] = "__REALTIME_TIMESTAMP=1700000000123456\nMESSAGE=m\nXSW_EVENT=e\n"
                                "XSW_TEXT\n\3\0\0\0\0\0\0\0a\nb\nXSW_PORT=p\n_PID=1";
    sample_init(&sample, true);
    sample_section(&sample);
    sample_block(&sample, 9);
    sample_bytes(&sample, entry, sizeof(entry) - 1);
    sample_block_end(&sample);
    save("event.pcapng", sample.bytes, sample.length);
    /* Two sections of different order. */
    sample_init(&sample, false);
    sample_file(&sample, &packets);
    sample.big_endian = true;
    sample_file(&sample, &packets);
    save("sections.pcapng", sample.bytes, sample.length);
    memset(sample.bytes + sample.length, 0, 600);
    save("zeros.pcapng", sample.bytes, sample.length + 600);
}

static void make_pcap(bool big_endian, uint32_t magic, const char *name)
{
    sample_init(&sample, big_endian);
    sample_u32(&sample, magic);
    sample_u16(&sample, 2);
    sample_u16(&sample, 4);
    sample_u64(&sample, 0);
    sample_u32(&sample, 262144);
    sample_u32(&sample, 1);
    for (uint32_t i = 0; i < 3; i++) {
        sample_u32(&sample, 1700000000);
        sample_u32(&sample, i);
        sample_u32(&sample, 4 * i);
        sample_u32(&sample, 60);
        sample_bytes(&sample, "abcdefgh", 4 * (size_t)i);
    }
    save(name, sample.bytes, sample.length);
}

/* An option in an option, JSON pieces that contradict each other, texts without end. */
static void make_nested_lies(void)
{
    sample_init(&sample, false);
    sample_section(&sample);
    sample_block(&sample, 1);
    sample_u64(&sample, 1);
    sample_option(&sample, 9, "\xff", 1);
    sample_option_u64(&sample, 14, (uint64_t)INT64_MIN);
    sample_option_ours(&sample, "\x41\0\0\0{\"a\":", 9);
    sample_option_ours(&sample, "\x41\1\0\0{\"b\":1}", 11);
    sample_option(&sample, 2, "\2\0\xff\xff", 4);
    sample_option(&sample, 11, "\0", 1);
    sample_block_end(&sample);
    sample_packet(&sample, 0, UINT64_MAX, "packet");
    sample_option_ours(&sample,
                       "\2\3\0\0\1\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                       "\1\x08\1\0\0\0\1\0\0\0\2\x08\1\0\2\0\1\1xy\3\xff",
                       46);
    sample_option(&sample, 1, "", 0);
    sample_block_end(&sample);
    sample_block(&sample, 5);
    sample_u32(&sample, 0);
    sample_u64(&sample, UINT64_MAX);
    sample_option_u64(&sample, 2, UINT64_MAX);
    sample_option(&sample, 4, "odd", 3);
    sample_option_ours(&sample, "\x42\1\1\0{}", 6);
    sample_block_end(&sample);
    save("lies.pcapng", sample.bytes, sample.length);
}

int main(int argc, char **argv)
{
    if (argc != 2 || (mkdir(argv[1], 0777) != 0 && errno != EEXIST)) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    folder = argv[1];
    make_whole_files();
    make_pcap(false, 0xa1b2c3d4, "us-le.pcap");
    make_pcap(true, 0xa1b23c4d, "ns-be.pcap");
    make_nested_lies();
    save("empty", "", 0);
    return 0;
}
