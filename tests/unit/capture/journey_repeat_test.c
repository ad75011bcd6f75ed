/* SPDX-License-Identifier: Apache-2.0 */
/* Journeys that are written by a pattern have the same bytes in the file as journeys that are
 * unfolded one by one: a timeline before each of them makes the writer do that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/recorder/journey_file.h"
#include "formats/pcapng/pcapng_write.h"
#include "switch/path/pipeline.h"
#include "switch/path/reasons.h"
#include "unit/packet/frames.h"

enum { JOURNEYS = 4000, LENGTH_MAX = 256, BATCH = 16 };

union room {
    struct ring_journey journey;
    uint8_t bytes[sizeof(struct ring_journey) + LENGTH_MAX + 64];
};

static uint64_t random_state;
static union room room;
static union {
    struct ring_timeline timeline;
    uint8_t bytes[sizeof(struct ring_timeline) + 8 * sizeof(struct ring_hop)];
} timeline;

static void names_give(void *context, uint16_t port, uint16_t stage, struct tap_names *names)
{
    (void)context;
    static const char *const ports[] = {"none", "p1", "p2", "p3"};
    names->port = port < 4 ? ports[port] : "other";
    names->port_kind = "memory";
    names->stage = stage == STAGE_RX ? "rx" : "stage";
    names->extension = "";
}

static const char *reason_give(void *context, uint16_t reason)
{
    (void)context;
    return reason == REASON_ACL_DENIED ? "acl-denied" : NULL;
}

static uint32_t below(uint32_t limit)
{
    return (uint32_t)(frame_random(&random_state) % limit);
}

static void timeline_make(void)
{
    static const uint16_t stages[] = {STAGE_RX,     STAGE_INGRESS_POLICY, 9,       STAGE_FORWARD,
                                      STAGE_MIRROR, STAGE_EGRESS_POLICY,  STAGE_TX};
    uint16_t count = (uint16_t)(1 + below(7));
    timeline.timeline = (struct ring_timeline){
        .record = {.size = sizeof(timeline), .type = RING_TIMELINE, .count = count},
        .rx_mono_ns = 1000000 + below(1000),
        .generation = 1 + below(3)};
    for (uint16_t i = 0; i < count; i++) {
        timeline.timeline.hops[i] =
            (struct ring_hop){.stage = stages[i], .since_rx_ns = (uint32_t)(10 * i + below(5))};
    }
}

/* Frames of IPv4, and of anything. */
static void bytes_make(uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        room.journey.data[i] = (uint8_t)below(256);
    }
    if (length >= 42 && below(4) != 0) {
        static const uint8_t ip[] = {8, 0, 0x45, 0, 0, 28};
        memcpy(room.journey.data + 12, ip, sizeof(ip));
        memset(room.journey.data + 20, 0, 2);
        room.journey.data[23] = below(2) != 0 ? 17 : 6;
    }
}

static void journey_make(uint64_t id)
{
    static const uint16_t reasons[] = {0, 0, 0, REASON_ACL_DENIED, 13};
    memset(&room, 0, sizeof(room));
    uint32_t length = 1 + below(LENGTH_MAX);
    uint32_t captured = below(3) == 0 ? 1 + below(length) : length;
    room.journey = (struct ring_journey){
        .id = id,
        .length = length,
        .captured_length = captured,
        .rx_length = below(20) == 0 ? length + 4 : length,
        .source_port = (uint16_t)(1 + below(3)),
        .destination_port = (uint16_t)below(4),
        .vlan = (uint16_t)(below(2) * below(4000)),
        .drop_reason = reasons[below(5)],
        .parent_id = below(30) == 0 ? 7 : 0,
        .first_hop = (uint8_t)(below(10) == 0 ? below(timeline.timeline.record.count) : 0)};
    bytes_make(captured);
    uint32_t padded = (captured + 7) & ~7U;
    if (room.journey.drop_reason == REASON_ACL_DENIED && below(4) != 0) {
        struct meta_builder builder = {.bytes = room.journey.data + padded, .size = 16};
        meta_add_decision(&builder, &(struct meta_decision){.rule = 1 + below(3)});
        room.journey.has_drop_rule = 1;
        room.journey.record.count = (uint16_t)builder.length;
    }
    room.journey.record.type = RING_JOURNEY;
    room.journey.record.size =
        (uint32_t)sizeof(struct ring_journey) + padded + ((room.journey.record.count + 7U) & ~7U);
}

static void file_write(const char *path, bool one_by_one)
{
    struct journey_file *file = NULL;
    struct journey_file_options options = {.section_json = "{\"format\":1}",
                                           .host = "host",
                                           .switch_name = "xsw0",
                                           .os = "",
                                           .comment = "",
                                           .wall_offset_ns = 5000000000,
                                           .snap_length = 64,
                                           .names = names_give,
                                           .reason_name = reason_give};
    assert_int_equal(pcapng_writer_open(path, &options.writer, NULL), XSW_OK);
    assert_int_equal(journey_file_open(&options, &file, NULL), XSW_OK);
    random_state = 11;
    for (uint64_t id = 1; id <= JOURNEYS; id++) {
        bool is_batch = id % BATCH == 1;
        if (is_batch) {
            timeline_make();
        }
        if (is_batch || one_by_one) {
            assert_int_equal(journey_file_put(file, 2, &timeline.timeline.record, NULL), XSW_OK);
        }
        if (below(200) == 0) {
            const struct ring_gap gap = {
                .record = {.size = sizeof(gap), .type = RING_GAP, .count = META_LOSS_RING_FULL},
                .journeys = 3,
                .from_mono_ns = 1,
                .to_mono_ns = 2};
            assert_int_equal(journey_file_put(file, 2, &gap.record, NULL), XSW_OK);
        }
        journey_make(id);
        assert_int_equal(journey_file_put(file, 2, &room.journey.record, NULL), XSW_OK);
    }
    assert_int_equal(journey_file_flush(file, NULL), XSW_OK);
    assert_int_equal(journey_file_account(file).written, JOURNEYS);
    assert_int_equal(journey_file_close(file, NULL), XSW_OK);
}

static uint8_t *file_read(const char *path, size_t *size)
{
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    *size = (size_t)about.st_size;
    uint8_t *bytes = malloc(*size);
    FILE *stream = fopen(path, "rb");
    assert_non_null(bytes);
    assert_non_null(stream);
    assert_int_equal(fread(bytes, 1, *size, stream), *size);
    fclose(stream);
    return bytes;
}

static void a_pattern_gives_the_same_bytes_as_unfolding(void **state)
{
    (void)state;
    char paths[2][64] = {"/tmp/xsw-repeat-XXXXXX", "/tmp/xsw-repeat-XXXXXX"};
    uint8_t *bytes[2];
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        close(mkstemp(paths[i]));
        file_write(paths[i], i == 1);
        bytes[i] = file_read(paths[i], &sizes[i]);
        unlink(paths[i]);
    }
    assert_int_equal(sizes[0], sizes[1]);
    for (size_t at = 0; at < sizes[0]; at++) {
        if (bytes[0][at] != bytes[1][at]) {
            fail_msg("byte %zu is %u by a pattern, %u one by one", at, bytes[0][at], bytes[1][at]);
        }
    }
    free(bytes[0]);
    free(bytes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_gives_the_same_bytes_as_unfolding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
