/* SPDX-License-Identifier: Apache-2.0 */
/* From the switch through the ring to the file, and back with our own reader. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/recorder/journey_file.h"
#include "capture/session.h"
#include "formats/pcapng/pcapng_read.h"
#include "formats/pcapng/pcapng_write.h"
#include "support/switch_rig.h"
#include "switch/path/pipeline.h"
#include "switch/path/reasons.h"

enum { RECORDS_MAX = 256 };

/* One packet record of the file, its pointers copied. */
struct written {
    struct meta_fixed fixed;
    uint64_t id, dropcount, timestamp_ns;
    uint32_t length, captured_length, flags;
    uint8_t bytes[4096];
    uint16_t hops[STAGES_MAX];
    size_t hop_count;
    unsigned changes, decisions, gaps, vlans;
    uint64_t gap_journeys;
    uint32_t decided_rule;
    char comment[512];
    char interface[160];
};

static struct rig rig;
static struct written written[RECORDS_MAX];
static size_t written_count;
static char path[64];
static struct journey_file *file;

static void names_give(void *context, uint16_t port, uint16_t stage, struct tap_names *names)
{
    (void)context;
    static const char *const ports[] = {"none", "p1", "p2", "p3", "p4"};
    static const char *const stages[] = {"rx",     "ingress-policy", "forward",
                                         "mirror", "egress-policy",  "tx"};
    names->port = port < 5 ? ports[port] : "other";
    names->port_kind = "memory";
    names->stage = stage < 6 ? stages[stage] : "extension";
    names->extension = "";
}

static const char *reason_give(void *context, uint16_t reason)
{
    (void)context;
    return reason == REASON_ACL_DENIED ? "acl-denied" : NULL;
}

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    rig.clock.step_ns = 10;
    snprintf(path, sizeof(path), "/tmp/xsw-journey-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    written_count = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    unlink(path);
    return 0;
}

static void file_begin(bool every_stage)
{
    struct pcapng_writer *writer = NULL;
    assert_int_equal(pcapng_writer_open(path, &writer, NULL), XSW_OK);
    const struct journey_file_options options = {.writer = writer,
                                                 .section_json = "{\"format\":1}",
                                                 .host = "host",
                                                 .switch_name = "xsw0",
                                                 .os = "test",
                                                 .comment = "test",
                                                 .filter = "udp",
                                                 .wall_offset_ns = 1000,
                                                 .snap_length = 262144,
                                                 .every_stage = every_stage,
                                                 .names = names_give,
                                                 .reason_name = reason_give};
    struct xsw_error error;
    if (journey_file_open(&options, &file, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static void meta_take(struct written *record, const struct pcapng_packet *packet)
{
    struct meta_reader reader;
    struct meta_item item;
    assert_int_equal(meta_read(&reader, packet->meta, packet->meta_length, NULL), XSW_OK);
    record->fixed = reader.fixed;
    while (meta_next(&reader, &item, NULL) == XSW_OK) {
        for (size_t i = 0; item.type == META_TLV_HOPS && i < item.hop_count; i++) {
            record->hops[record->hop_count++] = meta_hop_at(&item, i).stage;
        }
        record->changes += item.type == META_TLV_CHANGE;
        record->vlans += item.type == META_TLV_VLAN;
        if (item.type == META_TLV_DECISION) {
            record->decisions++;
            record->decided_rule = item.decision.rule;
        }
        if (item.type == META_TLV_GAP) {
            record->gaps++;
            record->gap_journeys += item.gap.journeys;
        }
    }
}

static void packet_take(const struct pcapng_packet *packet, const char *interface)
{
    assert_true(written_count < RECORDS_MAX);
    struct written *record = &written[written_count++];
    *record = (struct written){.id = packet->id,
                               .dropcount = packet->dropcount,
                               .timestamp_ns = packet->timestamp_ns,
                               .length = packet->original_length,
                               .captured_length = packet->captured_length,
                               .flags = packet->flags};
    snprintf(record->interface, sizeof(record->interface), "%s", interface);
    memcpy(record->bytes, packet->data,
           packet->captured_length < sizeof(record->bytes) ? packet->captured_length
                                                           : sizeof(record->bytes));
    if (packet->comment != NULL) {
        snprintf(record->comment, sizeof(record->comment), "%.*s", (int)packet->comment_length,
                 packet->comment);
    }
    meta_take(record, packet);
}

static void file_read(void)
{
    static char interfaces[64][160];
    struct pcapng_reader *reader = NULL;
    struct pcapng_item item;
    enum xsw_status status;
    uint32_t interface_count = 0;
    assert_int_equal(journey_file_close(file, NULL), XSW_OK);
    assert_int_equal(pcapng_reader_open(path, &reader, NULL), XSW_OK);
    while ((status = pcapng_reader_next(reader, &item, NULL)) == XSW_OK) {
        if (item.kind == PCAPNG_INTERFACE) {
            assert_int_equal(item.interface.index, interface_count);
            snprintf(interfaces[interface_count++], sizeof(interfaces[0]), "%s",
                     item.interface.name);
            assert_string_equal(item.interface.filter, "udp");
        } else if (item.kind == PCAPNG_PACKET) {
            packet_take(&item.packet, interfaces[item.packet.interface]);
        }
    }
    assert_int_equal(status, XSW_END);
    pcapng_reader_close(reader);
}

/* Feeds, captures, writes and reads what `count` equal frames become. */
static void recorded(uint16_t port, const struct frame *frame, unsigned count, bool every_stage,
                     uint32_t ring_bytes)
{
    struct capture_session *session = NULL;
    struct capture_options options = {.ring_bytes = ring_bytes};
    struct ring_consumer ring;
    const struct ring_record *record = NULL;
    const int *fds = NULL;
    assert_int_equal(capture_session_open(rig.vswitch, &options, &session, NULL), XSW_OK);
    capture_session_rings(session, &fds);
    assert_int_equal(ring_attach(&ring, fds[0], NULL), XSW_OK);
    file_begin(every_stage);
    for (unsigned i = 0; i < count; i++) {
        rig_feed(&rig, port, frame);
    }
    rig_run(&rig);
    for (unsigned twice = 0; twice < 2; twice++) {
        while (ring_next(&ring, &record, NULL) == XSW_OK) {
            assert_int_equal(journey_file_put(file, 0, record, NULL), XSW_OK);
        }
        ring_release(&ring);
        if (twice == 0 && ring_bytes != 0) {
            rig_send(&rig, port, frame); /* after what was lost */
        }
    }
    assert_int_equal(journey_file_flush(file, NULL), XSW_OK);
    struct journey_file_account account = journey_file_account(file);
    assert_int_equal(account.written, capture_session_account(session, 0).written);
    assert_int_equal(account.pending, 0);
    file_read();
    ring_detach(&ring);
    capture_session_close(session);
}

static void a_delivered_packet_is_its_rx_and_its_tx(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    struct frame frame;
    rig_frame(&frame, 1, 9, 30);
    recorded(1, &frame, 1, false, 0);
    assert_int_equal(written_count, 2);
    const struct written *rx = &written[0];
    const struct written *tx = &written[1];
    assert_string_equal(rx->interface, "host/p1.rx");
    assert_string_equal(tx->interface, "host/p2.tx");
    assert_int_equal(rx->fixed.flags, META_FIRST);
    assert_int_equal(tx->fixed.flags, META_LAST);
    assert_int_equal(rx->id, tx->id);
    assert_int_equal(rx->fixed.flow_hash, tx->fixed.flow_hash);
    assert_int_equal(rx->flags & 3, 1); /* inbound */
    assert_int_equal(tx->flags & 3, 2); /* outbound */
    assert_int_equal(tx->hop_count, 4);
    assert_int_equal(tx->hops[0], STAGE_INGRESS_POLICY);
    assert_int_equal(tx->hops[3], STAGE_EGRESS_POLICY);
    assert_true(tx->timestamp_ns > rx->timestamp_ns);
    assert_true(rx->timestamp_ns >= UINT64_C(1000000001000));
    assert_int_equal(tx->vlans, 1);
    assert_int_equal(rx->length, frame.length);
    assert_memory_equal(rx->bytes, frame.bytes, frame.length);
}

static void every_stage_is_a_record_when_that_is_wanted(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    struct frame frame;
    rig_frame(&frame, 1, 9, 30);
    recorded(1, &frame, 1, true, 0);
    assert_int_equal(written_count, 6);
    for (uint16_t i = 0; i < 6; i++) {
        assert_int_equal(written[i].fixed.stage, i);
        assert_int_equal(written[i].hop_count, 0);
        assert_true(i == 0 || written[i].timestamp_ns > written[i - 1].timestamp_ns);
    }
}

static void a_drop_tells_stage_reason_and_rule(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    struct acl_rule allow = {.id = 3, .direction = ACL_IN};
    struct acl_rule deny = {.id = 12, .action = ACL_DENY, .direction = ACL_OUT};
    rig_rule(&rig, 1, &allow);
    rig_rule(&rig, 2, &deny);
    struct frame frame;
    rig_frame(&frame, 1, 9, 30);
    recorded(1, &frame, 1, false, 0);
    assert_int_equal(written_count, 2);
    const struct written *drop = &written[1];
    assert_int_equal(drop->fixed.kind, META_DROP);
    assert_int_equal(drop->fixed.stage, STAGE_EGRESS_POLICY);
    assert_int_equal(drop->fixed.port, 2);
    assert_int_equal(drop->fixed.reason, REASON_ACL_DENIED);
    assert_int_equal(drop->fixed.rule, 12);
    assert_int_equal(drop->decisions, 1);
    assert_int_equal(drop->decided_rule, 3);
    assert_non_null(
        strstr(drop->comment, "stage=egress-policy verdict=drop reason=acl-denied rule=12"));
    assert_non_null(strstr(drop->comment, "port=p2"));
}

static void a_change_is_a_record_with_the_bytes_after_it(void **state)
{
    (void)state;
    static const uint16_t vlans[] = {1, 0};
    rig_port(&rig, NULL);
    rig_port_trunk(&rig, 0, vlans);
    struct frame frame;
    rig_frame(&frame, 1, 9, 30);
    recorded(1, &frame, 1, false, 0);
    assert_int_equal(written_count, 3);
    const struct written *changed = &written[1];
    assert_int_equal(changed->fixed.kind, META_CHANGED);
    assert_int_equal(changed->fixed.stage, STAGE_EGRESS_POLICY);
    assert_int_equal(changed->changes, 1);
    assert_int_equal(changed->length, frame.length + 4);
    assert_memory_equal(changed->bytes + 12, "\x81\x00\x00\x01", 4);
    assert_memory_equal(written[0].bytes, frame.bytes, frame.length);
    assert_int_equal(written[0].length, frame.length);
    assert_non_null(strstr(changed->comment, "verdict=changed bytes=12-15"));
    assert_int_equal(written[2].hop_count, 0);
}

static void copies_name_their_parent_and_their_port(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        rig_port(&rig, NULL);
    }
    struct frame frame;
    rig_frame(&frame, 1, 9, 30);
    recorded(1, &frame, 1, false, 0);
    assert_int_equal(written_count, 6);
    uint64_t original = 0;
    for (size_t i = 0; i < written_count; i++) {
        original = written[i].fixed.stage == STAGE_RX ? written[i].id : original;
    }
    unsigned clones = 0;
    for (size_t i = 0; i < written_count; i++) {
        if (written[i].fixed.kind == META_CLONE) {
            clones++;
            assert_int_equal(written[i].fixed.parent_id, original);
            assert_int_equal(written[i].fixed.stage, STAGE_FORWARD);
            assert_int_equal(written[i].fixed.flags, META_FIRST | META_FLOOD);
            assert_int_equal(written[i + 1].id, written[i].id); /* records of a journey together */
        }
    }
    assert_int_equal(clones, 2);
}

static void what_was_lost_is_told_with_the_next_record(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    struct frame frame;
    rig_frame(&frame, 1, 9, 1400);
    recorded(1, &frame, 80, false, CAPTURE_RING_MIN);
    uint64_t lost = 0;
    uint64_t first_ids = 0;
    for (size_t i = 0; i < written_count; i++) {
        assert_int_equal(written[i].dropcount, written[i].gap_journeys);
        lost += written[i].gap_journeys;
        first_ids += (written[i].fixed.flags & META_FIRST) != 0;
    }
    assert_true(lost > 0);
    assert_int_equal(first_ids + lost, 81);
    assert_int_equal(written[written_count - 2].gaps, 1); /* the last journey brings it */
}

static void a_comment_of_many_changes_ends_in_time(void **state)
{
    (void)state;
    enum { CHANGES = 400 };
    static union {
        struct ring_journey journey;
        uint8_t space[sizeof(struct ring_journey) + 4096 + 4096];
    } made;
    memset(&made, 0, sizeof(made));
    struct meta_builder extras = {.bytes = made.journey.data + 4096, .size = 4096};
    static const uint8_t bytes[2] = {0, 1};
    for (uint16_t i = 0; i < CHANGES; i++) {
        meta_add_change(&extras, &(struct meta_change){.stage = 4,
                                                       .offset = (uint16_t)(10 * i),
                                                       .old_length = 1,
                                                       .new_length = 1,
                                                       .bytes = bytes});
    }
    made.journey = (struct ring_journey){.record = {.size = sizeof(made) & ~7U,
                                                    .type = RING_JOURNEY,
                                                    .count = (uint16_t)extras.length},
                                         .id = 1,
                                         .parent_id = UINT64_MAX,
                                         .length = 4096,
                                         .captured_length = 4096,
                                         .rx_length = 4096,
                                         .source_port = 1,
                                         .destination_port = 2,
                                         .first_hop = 2};
    union {
        struct ring_timeline timeline;
        uint8_t space[sizeof(struct ring_timeline) + 6 * sizeof(struct ring_hop)];
    } timeline = {
        .timeline = {.record = {.size = sizeof(timeline), .type = RING_TIMELINE, .count = 6}}};
    for (uint16_t i = 0; i < 6; i++) {
        timeline.timeline.hops[i].stage = i;
    }
    file_begin(false);
    assert_int_equal(journey_file_put(file, 0, &timeline.timeline.record, NULL), XSW_OK);
    assert_int_equal(journey_file_put(file, 0, &made.journey.record, NULL), XSW_OK);
    assert_int_equal(journey_file_flush(file, NULL), XSW_OK);
    file_read();
    assert_int_equal(written_count, 3);
    assert_non_null(strstr(written[1].comment, "bytes=0-0,10-10,"));
    assert_non_null(strstr(written[1].comment, " parent=18446744073709551615 port=p2"));
}

static void what_the_disk_refuses_is_counted_as_lost(void **state)
{
    (void)state;
    enum { JOURNEYS = 1000, LIMIT = 1 << 18 };
    static union {
        struct ring_journey journey;
        uint8_t space[sizeof(struct ring_journey) + 1400];
    } made = {.journey = {.record = {.size = sizeof(made), .type = RING_JOURNEY},
                          .id = 1,
                          .length = 1400,
                          .captured_length = 1400,
                          .rx_length = 1400,
                          .source_port = 1}};
    union {
        struct ring_timeline timeline;
        uint8_t space[sizeof(struct ring_timeline) + sizeof(struct ring_hop)];
    } timeline = {
        .timeline = {.record = {.size = sizeof(timeline), .type = RING_TIMELINE, .count = 1}}};
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    file_begin(false);
    assert_int_equal(journey_file_put(file, 0, &timeline.timeline.record, NULL), XSW_OK);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = LIMIT, .rlim_max = before.rlim_max}),
        0);
    unsigned failures = 0;
    for (unsigned i = 1; i <= JOURNEYS; i++) {
        failures += journey_file_put(file, 0, &made.journey.record, NULL) != XSW_OK;
        failures += i % 50 == 0 && journey_file_flush(file, NULL) != XSW_OK;
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    struct journey_file_account account = journey_file_account(file);
    assert_true(failures > 0);
    assert_true(account.lost_disk > 0 && account.written > 0);
    assert_int_equal(account.written + account.lost_disk, JOURNEYS);
    assert_int_equal(account.pending, 0);
    (void)journey_file_close(file, NULL);
}

static void a_recording_without_a_packet_is_a_whole_file(void **state)
{
    (void)state;
    file_begin(false);
    assert_int_equal(journey_file_summary(file, "{\"format\":1}", 0, NULL), XSW_OK);
    file_read();
    assert_int_equal(written_count, 0);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_delivered_packet_is_its_rx_and_its_tx),
        CLAIM(every_stage_is_a_record_when_that_is_wanted),
        CLAIM(a_drop_tells_stage_reason_and_rule),
        CLAIM(a_change_is_a_record_with_the_bytes_after_it),
        CLAIM(copies_name_their_parent_and_their_port),
        CLAIM(what_was_lost_is_told_with_the_next_record),
        CLAIM(a_comment_of_many_changes_ends_in_time),
        CLAIM(what_the_disk_refuses_is_counted_as_lost),
        CLAIM(a_recording_without_a_packet_is_a_whole_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
