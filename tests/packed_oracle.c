/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helper of packed_oracle_test.sh.
 *   packed_oracle write FILE PACKETS KIND THREADS
 *     KIND: text (packs well), noise (not at all), mixed, dribble (many small pieces), alike and
 *     stored (as text, by a writer that has no time), large (so is the section, and does not pack)
 *     THREADS: 0: none of the writer's own
 *   packed_oracle count FILE   prints how many packets our reader finds, which come in order
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/pcapng/pcapng_read.h"
#include "formats/pcapng/pcapng_write.h"

enum {
    NOISE_LENGTH = 2600000,
    FRAME_LENGTH = 96,
    PIECE_PACKETS = 5000,
    DRIBBLE_PACKETS = 37,
    TEST_FAILED = 1
};

static void check(enum xsw_status status, const struct xsw_error *error)
{
    if (status != XSW_OK) {
        fprintf(stderr, "packed_oracle: %s\n", error->text);
        exit(TEST_FAILED);
    }
}

/* An Ethernet frame of a type for experiments, and behind its head either noise or a text. */
static void frame_make(uint8_t *frame, const char *kind, uint64_t number)
{
    static const uint8_t head[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
    memset(frame, 'x', FRAME_LENGTH);
    memcpy(frame, head, sizeof(head));
    bool is_noise = strcmp(kind, "noise") == 0 ||
                    (strcmp(kind, "mixed") == 0 && number / (3 * PIECE_PACKETS) % 2 == 1);
    uint64_t dice = (number + 1) * 0x9e3779b97f4a7c15U;
    size_t from = is_noise ? sizeof(head) : FRAME_LENGTH - sizeof(dice);
    for (size_t at = from; at + sizeof(dice) <= FRAME_LENGTH; at += sizeof(dice)) {
        dice ^= dice >> 29;
        dice *= 0xbf58476d1ce4e5b9U;
        dice ^= dice >> 32;
        memcpy(frame + at, &dice, sizeof(dice));
    }
}

static void packets_write(struct pcapng_writer *writer, uint64_t packets, const char *kind)
{
    struct xsw_error error;
    uint32_t interface = 0;
    const struct pcapng_interface about = {.name = "host1/p1.rx"};
    uint64_t piece = strcmp(kind, "dribble") == 0 ? DRIBBLE_PACKETS : PIECE_PACKETS;
    check(pcapng_writer_interface(writer, &about, &interface, &error), &error);
    for (uint64_t number = 1; number <= packets; number++) {
        uint8_t frame[FRAME_LENGTH];
        frame_make(frame, kind, number);
        const struct pcapng_packet packet = {.interface = interface,
                                             .has = PCAPNG_HAS_TIMESTAMP | PCAPNG_HAS_ID,
                                             .timestamp_ns = 1700000000000000000 + number,
                                             .captured_length = FRAME_LENGTH,
                                             .original_length = FRAME_LENGTH,
                                             .data = frame,
                                             .id = number};
        check(pcapng_writer_packet(writer, &packet, &error), &error);
        if (number % piece == 0) {
            check(pcapng_writer_push(writer, &error), &error);
        }
    }
    check(pcapng_writer_flush(writer, &error), &error);
    const struct pcapng_statistics statistics = {
        .interface = interface, .has = PCAPNG_HAS_DELIVERED, .delivered = packets};
    check(pcapng_writer_statistics(writer, &statistics, &error), &error);
}

/* A text that is 20 times as long as what Wireshark reads at once, and packs to half of that. */
static char *noise_json(void)
{
    char *json = malloc(NOISE_LENGTH + 1);
    uint64_t dice = 1;
    if (json == NULL) {
        exit(TEST_FAILED);
    }
    memset(json, '"', NOISE_LENGTH);
    for (size_t at = 1; at < NOISE_LENGTH - 1; at++) {
        dice = dice * 6364136223846793005U + 1442695040888963407U;
        json[at] = "0123456789abcdef"[dice >> 60];
    }
    json[NOISE_LENGTH] = '\0';
    return json;
}

static void press(struct pcapng_writer *writer, const char *kind)
{
    enum { THIRD_STEP = 16, LAST_STEP = 100 };
    if (strcmp(kind, "alike") == 0) {
        pcapng_writer_press(writer, THIRD_STEP);
    } else if (strcmp(kind, "stored") == 0) {
        pcapng_writer_press(writer, LAST_STEP);
    }
}

static int do_write(char **words)
{
    struct pcapng_writer *writer = NULL;
    struct xsw_error error;
    unsigned threads = (unsigned)strtoul(words[3], NULL, 10);
    struct pcapng_section section = {.hardware = "host1", .application = "xsw oracle"};
    check(pcapng_writer_open(words[0], &writer, &error), &error);
    if (threads > 0) {
        check(pcapng_writer_start(writer, threads, &error), &error);
        press(writer, words[2]);
    }
    char *json = strcmp(words[2], "large") == 0 ? noise_json() : NULL;
    section.json = (struct pcapng_json){.text = json, .length = json != NULL ? strlen(json) : 0};
    check(pcapng_writer_section(writer, &section, &error), &error);
    free(json);
    check(pcapng_writer_flush(writer, &error), &error);
    packets_write(writer, strtoull(words[1], NULL, 10), words[2]);
    check(pcapng_writer_close(writer, NULL, &error), &error);
    return 0;
}

static int do_count(const char *path)
{
    struct pcapng_reader *reader = NULL;
    struct pcapng_item item;
    struct xsw_error error;
    uint64_t count = 0;
    check(pcapng_reader_open(path, &reader, &error), &error);
    enum xsw_status status;
    while ((status = pcapng_reader_next(reader, &item, &error)) == XSW_OK) {
        count += item.kind == PCAPNG_PACKET && item.packet.id == count + 1;
    }
    pcapng_reader_close(reader);
    check(status == XSW_END ? XSW_OK : status, &error);
    printf("%" PRIu64 "\n", count);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "write") == 0) {
        return do_write(argv + 2);
    }
    if (argc == 3 && strcmp(argv[1], "count") == 0) {
        return do_count(argv[2]);
    }
    fprintf(stderr, "usage: packed_oracle write FILE PACKETS KIND THREADS | count FILE\n");
    return 2;
}
