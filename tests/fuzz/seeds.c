/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the seeds of the fuzz targets that want binary input. Usage: seeds FOLDER, which has the
 * folders parse, acl, unfold and privacy in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/ring.h"
#include "formats/pcapng/stage_meta.h"
#include "unit/packet/frames.h"

static void seed_write(const char *folder, const char *target, unsigned number, const void *bytes,
                       size_t length)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s/%02u", folder, target, number);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

/* Frames of all kinds, cut short so that every flip of a bit is tried soon. */
static void frames_write(const char *folder)
{
    uint64_t random = 1;
    for (unsigned number = 0; number < 24; number++) {
        struct frame frame;
        uint8_t seed[64 + 128];
        frame_make_random(&frame, &random);
        size_t length = frame.length < 128 ? frame.length : 128;
        seed_write(folder, "parse", number, frame.bytes, length);
        memset(seed, 0, 64);
        seed[0] = (uint8_t)frame_random(&random);
        memcpy(seed + 1, frame.bytes + 6, 6);
        memcpy(seed + 7, frame.bytes, 6);
        memcpy(seed + 13, frame.bytes + 12, 2);
        seed[15] = frame.protocol;
        seed[59] = number % 3 != 0 ? 30 : 0; /* keeps connections */
        seed[60] = (uint8_t)number;
        memcpy(seed + 64, frame.bytes, length);
        seed_write(folder, "acl", number, seed, 64 + length);
    }
}

static size_t timeline_put(uint8_t *bytes, uint16_t count)
{
    struct ring_timeline timeline = {.record = {.type = RING_TIMELINE, .count = count}};
    timeline.record.size = (uint32_t)(sizeof(timeline) + count * sizeof(struct ring_hop));
    memcpy(bytes, &timeline, sizeof(timeline));
    for (uint16_t i = 0; i < count; i++) {
        struct ring_hop hop = {.stage = i, .since_rx_ns = 10u * i};
        memcpy(bytes + sizeof(timeline) + i * sizeof(hop), &hop, sizeof(hop));
    }
    return timeline.record.size;
}

static size_t journey_put(uint8_t *bytes, unsigned number)
{
    uint8_t extras[256];
    struct meta_builder builder = {.bytes = extras, .size = sizeof(extras)};
    static const uint8_t changed[8] = {0x81, 0, 0, 5, 1, 2, 3, 4};
    if (number % 2 != 0) {
        meta_add_change(
            &builder,
            &(struct meta_change){
                .stage = 1, .offset = 20, .old_length = 2, .new_length = 2, .bytes = changed});
        meta_add_change(&builder, &(struct meta_change){
                                      .stage = 4, .offset = 12, .new_length = 4, .bytes = changed});
        meta_add_decision(&builder, &(struct meta_decision){.stage = 1, .rule = 7});
        meta_add_undeclared(&builder, 1);
    }
    meta_add_offload(&builder, &(struct meta_offload){.flags = 1, .csum_start = 34});
    struct ring_journey journey = {.record = {.type = RING_JOURNEY},
                                   .id = 2,
                                   .parent_id = number / 2 % 2,
                                   .length = 64,
                                   .rx_length = 60,
                                   .captured_length = 64,
                                   .source_port = 1,
                                   .destination_port = 2,
                                   .drop_reason = (uint16_t)(number / 4 % 2),
                                   .first_hop = (uint8_t)(number / 2 % 2 * 2)};
    journey.record.count = (uint16_t)builder.length;
    journey.record.size = (uint32_t)(sizeof(journey) + 64 + ((builder.length + 7) & ~(size_t)7));
    memcpy(bytes, &journey, sizeof(journey));
    memset(bytes + sizeof(journey), 0x5a, 64);
    memcpy(bytes + sizeof(journey) + 64, extras, builder.length);
    return journey.record.size;
}

static void rings_write(const char *folder)
{
    for (unsigned number = 0; number < 8; number++) {
        static uint8_t bytes[2048];
        memset(bytes, 0, sizeof(bytes));
        size_t length = timeline_put(bytes, (uint16_t)(number % 4 == 0 ? 1 : 6));
        length += journey_put(bytes + length, number);
        struct ring_gap gap = {.record = {.size = sizeof(gap), .type = RING_GAP, .count = 1},
                               .journeys = 3};
        memcpy(bytes + length, &gap, sizeof(gap));
        length += sizeof(gap);
        length += journey_put(bytes + length, number + 1);
        seed_write(folder, "unfold", number, bytes, length);
    }
}

/* Frames with the notes of a tag that was put in and of an address that was changed. */
static void privacy_write(const char *folder)
{
    uint64_t random = 5;
    for (unsigned number = 0; number < 24; number++) {
        struct frame frame;
        uint8_t seed[8 + 64 + 160] = {(uint8_t)number, (uint8_t)(number / 4 % 2)};
        struct meta_builder builder = {.bytes = seed + 8, .size = 64};
        frame_make_random(&frame, &random);
        if (number % 3 != 0) {
            meta_add_change(&builder, &(struct meta_change){.stage = 9,
                                                            .offset = 20,
                                                            .old_length = 2,
                                                            .new_length = 2,
                                                            .bytes = frame.bytes});
            meta_add_change(&builder,
                            &(struct meta_change){
                                .stage = 10, .offset = 12, .old_length = 4, .bytes = frame.bytes});
            meta_add_decision(&builder, &(struct meta_decision){.stage = 9, .rule = 3});
            seed[6] = 4;
        }
        seed[2] = (uint8_t)builder.length;
        seed[4] = (uint8_t)frame.transport;
        size_t length = frame.length < 160 ? frame.length : 160;
        memcpy(seed + 8 + builder.length, frame.bytes, length);
        seed_write(folder, "privacy", number, seed, 8 + builder.length + length);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: seeds FOLDER\n");
        return 2;
    }
    frames_write(argv[1]);
    rings_write(argv[1]);
    privacy_write(argv[1]);
    return 0;
}
