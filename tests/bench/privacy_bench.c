/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs a worker to take something away of a frame before it is captured: nanoseconds a
 * packet, the least of several rounds, beside a plain copy of the frame.
 *
 * Flows: how many pairs of addresses there are; with 1,000 the caches hold them, with 1,000,000 no
 * address is met twice in time.
 *
 * usage: privacy_bench [ROUNDS]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "capture/privacy/privacy.h"
#include "formats/pcapng/stage_meta.h"
#include "unit/packet/frames.h"

enum { ROUNDS_MAX = 101, PACKETS = 100000, SLOW_PACKETS = 20000 };

struct kind {
    const char *name;
    struct privacy_options options;
};

static const struct kind kinds[] = {
    {"copy", {0}},
    {"headers-only", {.headers_only = 1}},
    {"mask-payload", {.mask_payload = 1}},
    {"pseudonyms", {.pseudonyms = 1}},
    {"pseudonyms, headers-only", {.headers_only = 1, .pseudonyms = 1}}};

struct load {
    const char *name;
    size_t length;
    uint32_t flows;
    int is_v6, is_changed;
};

static const struct load loads[] = {{"64 B, 1,000 flows", 60, 1000, 0, 0},
                                    {"1514 B, 1,000 flows", 1514, 1000, 0, 0},
                                    {"64 B, 1,000,000 flows", 60, 1000000, 0, 0},
                                    {"74 B IPv6, 1,000 flows", 74, 1000, 1, 0},
                                    {"74 B IPv6, 1,000,000 flows", 74, 1000000, 1, 0},
                                    {"64 B with one change, 1,000 flows", 60, 1000, 0, 1}};

static volatile unsigned sink;

/* The addresses of flow `flow`, without touching the checksums: their rightness costs nothing. */
static void flow_set(struct frame *frame, uint32_t flow)
{
    uint8_t *ip = frame->bytes + frame->network;
    wire_write32(ip + (frame->is_v6 ? 20 : 12), 0x0a000000 + flow);
    wire_write32(frame->bytes + 8, flow % 1000);
}

static uint8_t notes[64];
static uint32_t notes_length;

static uint64_t round_run(struct privacy *privacy, const struct load *load, struct frame *frame,
                          uint32_t packets)
{
    static uint8_t copy[2048];
    uint64_t dice = 1;
    uint64_t begin = clock_mono_ns();
    for (uint32_t i = 0; i < packets; i++) {
        flow_set(frame, (uint32_t)(frame_random(&dice) % load->flows));
        if (privacy == NULL) {
            memcpy(copy, frame->bytes, frame->length);
            sink += copy[i % 64];
            continue;
        }
        struct privacy_frame in = {.bytes = frame->bytes,
                                   .length = (uint32_t)frame->length,
                                   .captured_length = (uint32_t)frame->length,
                                   .rx_length = (uint32_t)frame->length,
                                   .notes = load->is_changed ? notes : NULL,
                                   .notes_length = load->is_changed ? notes_length : 0};
        struct privacy_frame out;
        privacy_apply(privacy, 0, &in, &out);
        sink += out.bytes[0];
    }
    return clock_mono_ns() - begin;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double measure(const struct kind *kind, const struct load *load, unsigned rounds)
{
    double all[ROUNDS_MAX];
    struct frame frame;
    struct privacy *privacy = NULL;
    uint32_t packets = load->flows > 1000 ? SLOW_PACKETS : PACKETS;
    frame_ethernet(&frame, load->is_v6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4);
    load->is_v6 ? frame_ipv6(&frame, PROTOCOL_TCP) : frame_ipv4(&frame, PROTOCOL_TCP);
    frame_tcp(&frame, TCP_ACK);
    frame.length = load->length;
    frame_finish(&frame);
    if (privacy_is_wanted(&kind->options) &&
        privacy_create(&kind->options, 1, &privacy, NULL) != XSW_OK) {
        exit(3);
    }
    for (unsigned i = 0; i < rounds + 1; i++) {
        uint64_t ns = round_run(privacy, load, &frame, packets);
        all[i > 0 ? i - 1 : 0] = (double)ns / packets; /* the first one warms up */
    }
    privacy_destroy(privacy);
    qsort(all, rounds, sizeof(all[0]), compare);
    return all[0];
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 21;
    struct meta_builder builder = {.bytes = notes, .size = sizeof(notes)};
    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: privacy_bench [ROUNDS]\n");
        return 2;
    }
    meta_add_change(&builder, &(struct meta_change){.stage = 9,
                                                    .offset = 15,
                                                    .old_length = 1,
                                                    .new_length = 1,
                                                    .bytes = (const uint8_t *)"\x00\x28"});
    notes_length = (uint32_t)builder.length;
    printf("ns a packet, with what it takes to make it: see \"copy\"\n");
    for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
        printf("\n%s\n", loads[i].name);
        for (size_t j = 0; j < sizeof(kinds) / sizeof(kinds[0]); j++) {
            printf("  %-26s %8.1f\n", kinds[j].name, measure(&kinds[j], &loads[i], rounds));
        }
    }
    return 0;
}
