/* SPDX-License-Identifier: Apache-2.0 */
/* Records at some stages only, from the switch through the ring to the file and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/recorder/journey_file.h"
#include "formats/pcapng/pcapng_read.h"
#include "formats/pcapng/pcapng_write.h"
#include "support/session_rig.h"
#include "switch/path/reasons.h"

enum { RECORDS_MAX = 64 };

struct record {
    struct meta_fixed fixed;
    uint64_t id, timestamp_ns, dropcount;
    uint16_t hops[STAGES_MAX], vlan;
    size_t hop_count, bytes;
    unsigned decisions;
};

static struct record records[RECORDS_MAX];
static size_t record_count;
static struct journey_file *file;
static char path[64];

static void names_give(void *context, uint16_t port, uint16_t stage, struct tap_names *names)
{
    (void)context;
    (void)port;
    (void)stage;
    *names = (struct tap_names){.port = "p", .port_kind = "memory", .stage = "s", .extension = ""};
}

static const char *reason_give(void *context, uint16_t reason)
{
    (void)context;
    (void)reason;
    return NULL;
}

static void file_begin(uint64_t stages)
{
    struct pcapng_writer *writer = NULL;
    snprintf(path, sizeof(path), "/tmp/xsw-stages-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(pcapng_writer_open(path, &writer, NULL), XSW_OK);
    const struct journey_file_options options = {.writer = writer,
                                                 .section_json = "{\"format\":1}",
                                                 .host = "host",
                                                 .switch_name = "xsw0",
                                                 .os = "test",
                                                 .comment = "test",
                                                 .snap_length = 262144,
                                                 .stages = stages,
                                                 .names = names_give,
                                                 .reason_name = reason_give};
    assert_int_equal(journey_file_open(&options, &file, NULL), XSW_OK);
}

static void packet_take(const struct pcapng_packet *packet)
{
    struct meta_reader reader;
    struct meta_item item;
    assert_true(record_count < RECORDS_MAX);
    struct record *record = &records[record_count++];
    *record = (struct record){.id = packet->id,
                              .timestamp_ns = packet->timestamp_ns,
                              .dropcount = packet->dropcount,
                              .bytes = packet->captured_length};
    assert_int_equal(meta_read(&reader, packet->meta, packet->meta_length, NULL), XSW_OK);
    record->fixed = reader.fixed;
    while (meta_next(&reader, &item, NULL) == XSW_OK) {
        for (size_t i = 0; item.type == META_TLV_HOPS && i < item.hop_count; i++) {
            record->hops[record->hop_count++] = meta_hop_at(&item, i).stage;
        }
        record->decisions += item.type == META_TLV_DECISION;
        record->vlan = item.type == META_TLV_VLAN ? item.vlan : record->vlan;
    }
}

/* What the ring of seen[0] holds, into the file. */
static void ring_record(void)
{
    const struct ring_record *record = NULL;
    while (ring_next(&seen[0].ring, &record, NULL) == XSW_OK) {
        assert_int_equal(journey_file_put(file, 0, record, NULL), XSW_OK);
    }
    ring_release(&seen[0].ring);
}

static void file_end(void)
{
    struct pcapng_reader *reader = NULL;
    struct pcapng_item item;
    assert_int_equal(journey_file_flush(file, NULL), XSW_OK);
    assert_int_equal(journey_file_account(file).written, account_of(0).written);
    assert_int_equal(journey_file_close(file, NULL), XSW_OK);
    record_count = 0;
    assert_int_equal(pcapng_reader_open(path, &reader, NULL), XSW_OK);
    while (pcapng_reader_next(reader, &item, NULL) == XSW_OK) {
        if (item.kind == PCAPNG_PACKET) {
            packet_take(&item.packet);
        }
    }
    pcapng_reader_close(reader);
    unlink(path);
}

/* Two ports, and a session of these stages with its file. */
static void recording_begin(const char *stages)
{
    ports_make(2);
    begin(0, &(struct capture_rules){.stages = stages});
    file_begin(capture_session_stages(seen[0].session));
}

static void record_expect(size_t place, uint16_t stage, uint8_t flags, const uint16_t *hops,
                          size_t hop_count)
{
    const struct record *record = &records[place];
    assert_true(place < record_count);
    assert_int_equal(record->fixed.stage, stage);
    assert_int_equal(record->fixed.flags, flags);
    assert_int_equal(record->hop_count, hop_count);
    for (size_t i = 0; i < hop_count; i++) {
        assert_int_equal(record->hops[i], hops[i]);
    }
}

static void records_stand_at_the_stages_only_and_name_those_before(void **state)
{
    (void)state;
    recording_begin("forward,egress-policy");
    sent(1, 1, 9, 1);
    ring_record();
    file_end();
    assert_int_equal(record_count, 2);
    record_expect(0, STAGE_FORWARD, 0, (uint16_t[]){STAGE_RX, STAGE_INGRESS_POLICY}, 2);
    record_expect(1, STAGE_EGRESS_POLICY, 0, (uint16_t[]){STAGE_MIRROR}, 1);
    assert_int_equal(records[0].fixed.kind, META_PASS);
    assert_int_equal(records[0].fixed.port, 1);
    assert_int_equal(records[1].fixed.port, 2);
}

static void the_beginning_and_the_end_are_told_where_they_are_wanted(void **state)
{
    (void)state;
    recording_begin("rx,tx");
    sent(1, 1, 9, 1);
    ring_record();
    file_end();
    assert_int_equal(record_count, 2);
    record_expect(0, STAGE_RX, META_FIRST, NULL, 0);
    record_expect(
        1, STAGE_TX, META_LAST,
        (uint16_t[]){STAGE_INGRESS_POLICY, STAGE_FORWARD, STAGE_MIRROR, STAGE_EGRESS_POLICY}, 4);
}

static void a_drop_there_is_a_drop_and_one_elsewhere_is_not_told(void **state)
{
    (void)state;
    recording_begin("ingress-policy");
    struct acl_rule deny = {.action = ACL_DENY, .direction = ACL_IN, .has_source_mac = 1};
    deny.source_mac = (struct mac_address){{2, 0, 0, 0, 0, 7}};
    rig_rule(&rig, 1, &deny);
    struct acl_rule out = {.action = ACL_DENY, .direction = ACL_OUT};
    rig_rule(&rig, 2, &out);
    sent(1, 7, 9, 1);
    sent(1, 1, 9, 1);
    ring_record();
    file_end();
    assert_int_equal(record_count, 2);
    record_expect(0, STAGE_INGRESS_POLICY, META_LAST, (uint16_t[]){STAGE_RX}, 1);
    assert_int_equal(records[0].fixed.kind, META_DROP);
    assert_int_equal(records[0].fixed.reason, REASON_ACL_DENIED);
    record_expect(1, STAGE_INGRESS_POLICY, 0, (uint16_t[]){STAGE_RX}, 1);
    assert_int_equal(records[1].fixed.kind, META_PASS);
}

/* The second of a batch is written by the pattern of the first. */
static void journeys_that_are_alike_have_records_that_are_alike(void **state)
{
    (void)state;
    recording_begin("forward,tx");
    sent(1, 1, 9, 3);
    ring_record();
    file_end();
    assert_int_equal(record_count, 6);
    for (size_t i = 2; i < record_count; i++) {
        const struct record *first = &records[i % 2];
        assert_int_equal(records[i].id, records[i % 2].id + i / 2);
        records[i].id = first->id;
        assert_memory_equal(&records[i], first, sizeof(*first));
    }
}

static void what_was_decided_before_is_told_with_the_next_record(void **state)
{
    (void)state;
    recording_begin("egress-policy");
    struct acl_rule allow = {.id = 4, .direction = ACL_IN};
    rig_rule(&rig, 1, &allow);
    sent(1, 1, 9, 1);
    ring_record();
    file_end();
    assert_int_equal(record_count, 1);
    assert_int_equal(records[0].decisions, 1);
}

static void the_way_to_a_change_that_is_not_told_is_told(void **state)
{
    (void)state;
    static const uint16_t vlans[] = {1, 0};
    rig_port(&rig, NULL);
    rig_port_trunk(&rig, 0, vlans);
    struct acl_rule allow = {.id = 4, .direction = ACL_IN};
    rig_rule(&rig, 1, &allow);
    begin(0, &(struct capture_rules){.stages = "tx"});
    file_begin(capture_session_stages(seen[0].session));
    sent(1, 1, 9, 1);
    ring_record();
    file_end();
    assert_int_equal(record_count, 1);
    struct frame frame;
    rig_frame(&frame, 1, 9, 10);
    assert_int_equal(records[0].decisions, 1);
    assert_int_equal(records[0].bytes, frame.length + 4); /* with the tag all the same */
    record_expect(0, STAGE_TX, META_LAST,
                  (uint16_t[]){STAGE_RX, STAGE_INGRESS_POLICY, STAGE_FORWARD, STAGE_MIRROR,
                               STAGE_EGRESS_POLICY},
                  5);
}

static void losses_are_told_by_the_first_record_there_is(void **state)
{
    (void)state;
    ports_make(2);
    begin_with(0, &(struct capture_rules){.stages = "tx"}, CAPTURE_RING_MIN);
    file_begin(capture_session_stages(seen[0].session));
    struct frame frame;
    rig_frame(&frame, 1, 9, 1400);
    for (int i = 0; i < 60; i++) {
        rig_feed(&rig, 1, &frame);
    }
    rig_run(&rig);
    sent_away();
    ring_record();
    sent(1, 1, 9, 1);
    ring_record();
    file_end();
    uint64_t lost = account_of(0).lost[META_LOSS_RING_FULL];
    assert_true(lost > 0);
    assert_int_equal(records[record_count - 1].dropcount, lost);
}

static void other_stages_hold_from_the_event_on(void **state)
{
    (void)state;
    recording_begin("rx");
    sent(1, 1, 9, 2);
    set_with(0, &(struct capture_rules){.stages = "tx"});
    sent(1, 1, 9, 2);
    set_with(0, &(struct capture_rules){0});
    sent(1, 1, 9, 2);
    ring_record();
    file_end();
    assert_int_equal(record_count, 2 + 2 + 2 * 2);
    for (size_t i = 0; i < record_count; i++) {
        bool is_rx = i < 2 || i == 4 || i == 6;
        assert_int_equal(records[i].fixed.stage, is_rx ? STAGE_RX : STAGE_TX);
    }
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(records_stand_at_the_stages_only_and_name_those_before),
        CLAIM(the_beginning_and_the_end_are_told_where_they_are_wanted),
        CLAIM(a_drop_there_is_a_drop_and_one_elsewhere_is_not_told),
        CLAIM(journeys_that_are_alike_have_records_that_are_alike),
        CLAIM(what_was_decided_before_is_told_with_the_next_record),
        CLAIM(the_way_to_a_change_that_is_not_told_is_told),
        CLAIM(losses_are_told_by_the_first_record_there_is),
        CLAIM(other_stages_hold_from_the_event_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
