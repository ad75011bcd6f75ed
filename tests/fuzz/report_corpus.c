/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the corpus of report_fuzz.c in the folder given: whole recordings with journeys of every
 * fate, events of the switch and the kernel, losses, several sections, other forms; the same
 * torn; and the same spoiled block by block (block_mutate.h), alike in every run.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/block_mutate.h"
#include "support/recording.h"

enum { FILE_SIZE = 1 << 17, CUTS = 8, SPOILED = 16 };

static uint8_t whole[FILE_SIZE];
static uint8_t bytes[FILE_SIZE];

static void save(const char *name, size_t length)
{
    FILE *file = fopen(name, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        perror(name);
        exit(1);
    }
}

static size_t load(const char *name)
{
    FILE *file = fopen(name, "rb");
    size_t length = file == NULL ? 0 : fread(whole, 1, sizeof(whole), file);
    if (length == 0 || length == sizeof(whole)) {
        fprintf(stderr, "%s: expected up to %d bytes\n", name, FILE_SIZE);
        exit(1);
    }
    fclose(file);
    return length;
}

static void spoil(const char *name)
{
    char spoiled[64];
    size_t length = load(name);
    memcpy(bytes, whole, length);
    for (unsigned i = 0; i < CUTS; i++) {
        snprintf(spoiled, sizeof(spoiled), "%s-cut-%02u", name, i);
        save(spoiled, length * i / CUTS);
    }
    for (unsigned i = 0; i < SPOILED; i++) {
        memcpy(bytes, whole, length);
        snprintf(spoiled, sizeof(spoiled), "%s-spoiled-%02u", name, i);
        save(spoiled, block_mutate(bytes, length, sizeof(bytes), i));
    }
}

static void event(struct recording *recording, const char *name, const char *message,
                  const struct pcapng_event_field *fields, size_t count)
{
    struct pcapng_event told = {.wall_ns = 1767323045000000000u + recording->now_ns,
                                .mono_ns = recording->now_ns,
                                .priority = PCAPNG_PRIORITY_NOTICE,
                                .source = strncmp(name, "kernel", 6) == 0 ? "kernel" : "xsw",
                                .host = "box",
                                .name = name,
                                .message = message,
                                .fields = fields,
                                .field_count = count};
    struct xsw_error error;
    if (pcapng_writer_event(recording->writer, &told, &error) != XSW_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
}

static void events_add(struct recording *recording)
{
    static const struct pcapng_event_field drop[] = {
        {"port", "alice"}, {"reason", "FULL_RING"}, {"packets", "17"}, {"device", "tap0"}};
    static const struct pcapng_event_field down[] = {{"port", "bob"}};
    static const struct pcapng_event_field lost[] = {{"events", "5"}};
    static const struct pcapng_event_field rules[] = {{"session", "1"}, {"stages", "rx"}};
    event(recording, "kernel_drop", "The kernel dropped packets", drop, 4);
    event(recording, "port_down", "A port's device is gone: bob", down, 1);
    event(recording, "kernel_lost", "Events of the kernel were lost", lost, 1);
    event(recording, "capture_changed", "other rules were given to the capture", rules, 2);
    event(recording, "silent_drop", "An extension dropped without a reason", NULL, 0);
}

static void trips_add(struct recording *recording)
{
    recording_trip(recording,
                   &(struct trip){.id = 1, .from = PORT_ALICE, .to = PORT_BOB, .dscp = 46});
    recording_trip(recording, &(struct trip){.id = 2,
                                             .from = PORT_BOB,
                                             .to = PORT_ALICE,
                                             .rule = 10,
                                             .drop_at = STAGE_INGRESS_POLICY,
                                             .reason = REASON_ACL_DENIED});
    recording_trip(
        recording,
        &(struct trip){
            .id = 3, .parent = 1, .from = PORT_ALICE, .to = PORT_CAROL, .copy_flags = META_FLOOD});
    recording_trip(recording, &(struct trip){.id = 4,
                                             .from = PORT_ALICE,
                                             .to = PORT_CAROL,
                                             .dscp = 8,
                                             .change_flags = META_UNDECLARED,
                                             .keeps_checksum = true});
}

static void events_record(const char *name)
{
    struct recording recording;
    recording_begin(&recording, name, "5f0c6f0e-0000-4000-8000-000000000002", 1);
    trips_add(&recording);
    events_add(&recording);
    recording.lost_ring_full = 4;
    recording.gap = (struct meta_gap){.from_mono_ns = recording.now_ns - 1000,
                                      .to_mono_ns = recording.now_ns,
                                      .journeys = 4,
                                      .cause = META_LOSS_RING_FULL};
    recording_trip(&recording, &(struct trip){.id = 9, .from = PORT_ALICE, .to = PORT_BOB});
    recording_trip(
        &recording,
        &(struct trip){.id = 10, .from = PORT_CAROL, .to = PORT_ALICE, .without_first = true});
    recording_trip(
        &recording,
        &(struct trip){.id = 11, .from = PORT_CAROL, .to = PORT_BOB, .without_last = true});
    recording.tells_journeys = true;
    recording_end(&recording);
}

/* A loss that ends before it begins. */
static void lie_record(const char *name)
{
    struct recording recording;
    recording_begin(&recording, name, "5f0c6f0e-0000-4000-8000-000000000004", 1);
    trips_add(&recording);
    recording.lost_ring_full = 1;
    recording.gap = (struct meta_gap){.from_mono_ns = recording.now_ns,
                                      .to_mono_ns = recording.now_ns - 1000,
                                      .journeys = 1,
                                      .cause = META_LOSS_RING_FULL};
    recording_trip(&recording, &(struct trip){.id = 12, .from = PORT_BOB, .to = PORT_ALICE});
    recording_end(&recording);
}

/* Two sections in a file: another switch, and no account at its end. */
static void sections_record(const char *name)
{
    struct recording recording;
    recording_begin(&recording, "second", "5f0c6f0e-0000-4000-8000-000000000003", 2);
    trips_add(&recording);
    recording_end_torn(&recording);
    size_t first = load("small.pcapng");
    memcpy(bytes, whole, first);
    size_t second = load("second");
    memcpy(bytes + first, whole, second);
    save(name, first + second);
    unlink("second");
}

int main(int argc, char **argv)
{
    if (argc != 2 || chdir(argv[1]) != 0) {
        fprintf(stderr, "usage: report_corpus FOLDER\n");
        return 1;
    }
    struct recording recording;
    recording_begin(&recording, "small.pcapng", "1", 1);
    trips_add(&recording);
    recording_end(&recording);
    recording_demo("demo.pcapng", 1);
    recording_demo("demo.pcapng.zst", 1);
    events_record("events.pcapng");
    lie_record("lie.pcapng");
    sections_record("sections.pcapng");
    spoil("small.pcapng");
    spoil("demo.pcapng");
    spoil("demo.pcapng.zst");
    spoil("events.pcapng");
    spoil("sections.pcapng");
    return 0;
}
