/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the corpus of analyze_fuzz.c in the folder given: a small recording with every kind of
 * fate, and files that were cut, or in which bits were flipped, at places that are the same in
 * every run: it is too large for the runner, which does that to files of up to 1 KiB. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/recording.h"

enum { FILE_SIZE = 1 << 16, FLIPPED = 150, CUTS = 37 };

static uint8_t whole[FILE_SIZE];
static uint8_t bytes[FILE_SIZE];

static uint32_t next_number(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static void save(const char *kind, unsigned number, size_t length)
{
    char name[64];
    snprintf(name, sizeof(name), "%s-%04u.pcapng", kind, number);
    FILE *file = fopen(name, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        perror(name);
        exit(1);
    }
}

static void spoil(const char *name)
{
    uint64_t state = 1;
    FILE *file = fopen(name, "rb");
    size_t length = file == NULL ? 0 : fread(whole, 1, sizeof(whole), file);
    if (length == 0 || length == sizeof(whole)) {
        fprintf(stderr, "%s: expected up to %d bytes\n", name, FILE_SIZE);
        exit(1);
    }
    fclose(file);
    for (unsigned i = 0; i < FLIPPED; i++) {
        memcpy(bytes, whole, length);
        for (uint32_t flips = next_number(&state) % 4 + 1; flips > 0; flips--) {
            size_t place = next_number(&state) % length;
            bytes[place] ^= (uint8_t)(1u << next_number(&state) % 8);
        }
        save("flipped", i, length);
    }
    memcpy(bytes, whole, length);
    for (unsigned i = 0; i < CUTS; i++) {
        save("cut", i, length * i / CUTS);
    }
}

int main(int argc, char **argv)
{
    struct recording recording;
    if (argc != 2 || chdir(argv[1]) != 0) {
        fprintf(stderr, "usage: analyze_corpus FOLDER\n");
        return 1;
    }
    recording_begin(&recording, "small.pcapng", "1", 1);
    recording_trip(&recording,
                   &(struct trip){.id = 1, .from = PORT_ALICE, .to = PORT_BOB, .dscp = 46});
    recording_trip(&recording, &(struct trip){.id = 2,
                                              .from = PORT_BOB,
                                              .to = PORT_ALICE,
                                              .rule = 10,
                                              .drop_at = STAGE_INGRESS_POLICY,
                                              .reason = REASON_ACL_DENIED});
    recording_trip(
        &recording,
        &(struct trip){
            .id = 3, .parent = 1, .from = PORT_ALICE, .to = PORT_CAROL, .copy_flags = META_FLOOD});
    recording_end(&recording);
    spoil("small.pcapng");
    return 0;
}
