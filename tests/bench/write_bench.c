/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast recordings get to the disk, against the disk's own speed: MB a second of file, in turn
 * in one run, medians of several rounds.
 *
 * disk: O_DIRECT writes of 1 MiB from one buffer, and fdatasync
 *
 * alone: the pcapng writer on the caller's thread, through the page cache
 *
 * threads: the same with threads of its own, as xsw capture has it
 *
 * zst-1, zst-all: compressed, by one thread and by one a core; MB a second of content
 *
 * usage: write_bench FOLDER [ROUNDS [MEGABYTES [FRAME-LENGTH]]]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "formats/pcapng/pcapng_write.h"

enum { ROUNDS_MAX = 101, PIECE = 768 << 10, BLOCK = 1 << 20, FRAME_MAX = 65536 };

struct options {
    const char *folder;
    unsigned rounds, megabytes, frame_length;
};

static void fail(const char *what)
{
    perror(what);
    exit(3);
}

static double disk_run(const struct options *options)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/write_bench.disk", options->folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
    void *block = aligned_alloc(4096, BLOCK);
    if (fd < 0 || block == NULL) {
        fail(path);
    }
    memset(block, 'x', BLOCK);
    uint64_t start = clock_mono_ns();
    for (unsigned i = 0; i < options->megabytes; i++) {
        if (write(fd, block, BLOCK) != BLOCK) {
            fail(path);
        }
    }
    fdatasync(fd);
    close(fd);
    double seconds = (double)(clock_mono_ns() - start) / NS_PER_SECOND;
    free(block);
    unlink(path);
    return (double)options->megabytes * BLOCK / 1e6 / seconds;
}

/* Headers that repeat and bodies that do not much, as in traffic. */
static void frame_fill(uint8_t *frame, size_t length, uint64_t number)
{
    memcpy(frame, &number, sizeof(number));
    uint64_t dice = number * 0x9e3779b97f4a7c15U;
    for (size_t at = 64; at + 16 <= length; at += 32) {
        dice ^= dice >> 29;
        dice *= 0xbf58476d1ce4e5b9U;
        memcpy(frame + at, &dice, sizeof(dice));
    }
}

static struct pcapng_writer *writer_make(const char *path, unsigned threads, uint32_t *interface)
{
    struct pcapng_writer *writer = NULL;
    struct xsw_error error;
    const struct pcapng_section section = {.hardware = "bench"};
    const struct pcapng_interface about = {.name = "bench/p1.rx"};
    if (pcapng_writer_open(path, &writer, &error) != XSW_OK ||
        (threads > 0 && pcapng_writer_start(writer, threads, &error) != XSW_OK) ||
        pcapng_writer_section(writer, &section, &error) != XSW_OK ||
        pcapng_writer_interface(writer, &about, interface, &error) != XSW_OK) {
        fprintf(stderr, "write_bench: %s\n", error.text);
        exit(3);
    }
    return writer;
}

static double writer_run(const struct options *options, const char *suffix, unsigned threads)
{
    static uint8_t frame[FRAME_MAX];
    char path[4096];
    uint32_t interface;
    snprintf(path, sizeof(path), "%s/write_bench.pcapng%s", options->folder, suffix);
    struct pcapng_writer *writer = writer_make(path, threads, &interface);
    uint64_t start = clock_mono_ns();
    uint64_t total = 0;
    struct xsw_error error;
    for (uint64_t number = 0, gathered = 0; total < (uint64_t)options->megabytes << 20; number++) {
        frame_fill(frame, options->frame_length, number);
        const struct pcapng_packet packet = {.interface = interface,
                                             .has = PCAPNG_HAS_TIMESTAMP | PCAPNG_HAS_ID,
                                             .timestamp_ns = number,
                                             .captured_length = options->frame_length,
                                             .original_length = options->frame_length,
                                             .data = frame,
                                             .id = number};
        enum xsw_status status = pcapng_writer_packet(writer, &packet, &error);
        total += options->frame_length + 60;
        gathered += options->frame_length + 60;
        if (status == XSW_OK && gathered >= PIECE) {
            gathered = 0;
            status = pcapng_writer_push(writer, &error);
        }
        if (status != XSW_OK) {
            fprintf(stderr, "write_bench: %s\n", error.text);
            exit(3);
        }
    }
    struct pcapng_writer_account account;
    if (pcapng_writer_close(writer, &account, &error) != XSW_OK) {
        fprintf(stderr, "write_bench: %s\n", error.text);
        exit(3);
    }
    double seconds = (double)(clock_mono_ns() - start) / NS_PER_SECOND;
    unlink(path);
    return (double)account.content_bytes / 1e6 / seconds;
}

static double mode_run(const struct options *options, unsigned mode)
{
    unsigned cores = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    switch (mode) {
    case 0:
        return disk_run(options);
    case 1:
        return writer_run(options, "", 0);
    case 2:
        return writer_run(options, "", 1);
    case 3:
        return writer_run(options, ".zst", 1);
    default:
        return writer_run(options, ".zst",
                          cores > PCAPNG_PACK_THREADS_MAX ? PCAPNG_PACK_THREADS_MAX : cores);
    }
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"disk", "alone", "threads", "zst-1", "zst-all"};
    static double speeds[5][ROUNDS_MAX];
    struct options options = {.folder = argc > 1 ? argv[1] : NULL,
                              .rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 5,
                              .megabytes = argc > 3 ? (unsigned)atoi(argv[3]) : 512,
                              .frame_length = argc > 4 ? (unsigned)atoi(argv[4]) : 1514};
    if (options.folder == NULL || options.rounds < 1 || options.rounds > ROUNDS_MAX ||
        options.megabytes < 1 || options.frame_length < 64 || options.frame_length > FRAME_MAX) {
        fprintf(stderr, "usage: write_bench FOLDER [ROUNDS [MEGABYTES [FRAME-LENGTH]]]\n");
        return 2;
    }
    for (unsigned round = 0; round < options.rounds; round++) {
        for (unsigned mode = 0; mode < 5; mode++) {
            speeds[mode][round] = mode_run(&options, mode);
        }
    }
    for (unsigned mode = 0; mode < 5; mode++) {
        qsort(speeds[mode], options.rounds, sizeof(double), compare);
        double middle = speeds[mode][options.rounds / 2];
        printf("%-8s %7.0f MB/s (%.0f-%.0f)  %3.0f %% of the disk\n", names[mode], middle,
               speeds[mode][0], speeds[mode][options.rounds - 1],
               100 * middle / speeds[0][options.rounds / 2]);
    }
    return 0;
}
