/* SPDX-License-Identifier: Apache-2.0 */
/* The end of packets as events, told to a provider that keeps them in place of LTTng. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/switch_rig.h"
#include "switch/path/pipeline.h"
#include "switch/path/reasons.h"
#include "trace/events.h"
#include "trace/provider.h"

enum { KEPT_MAX = 128, TEXT_SIZE = 64 };

struct kept {
    enum switch_event_kind kind;
    struct trace_packet packet;
    struct trace_change change;
    char stage_name[TEXT_SIZE], extension[TEXT_SIZE], reason_name[TEXT_SIZE];
    char port_name[TEXT_SIZE], source_name[TEXT_SIZE], destination_name[TEXT_SIZE];
    char subject[TEXT_SIZE];
};

static struct rig rig;
static struct trace_events *events;
static uint64_t enabled; /* what "LTTng" records */
static uint32_t kept_count;
static struct kept kept[KEPT_MAX];

static struct kept *keep(enum switch_event_kind kind)
{
    assert_true(kept_count < KEPT_MAX);
    struct kept *next = &kept[kept_count++];
    *next = (struct kept){.kind = kind};
    return next;
}

static int keeper_is_enabled(enum switch_event_kind kind)
{
    return (enabled & switch_event_bit(kind)) != 0;
}

static void packet_keep(struct kept *to, const struct trace_packet *packet)
{
    to->packet = *packet;
    snprintf(to->stage_name, TEXT_SIZE, "%s", packet->stage_name);
    snprintf(to->extension, TEXT_SIZE, "%s", packet->extension);
    snprintf(to->reason_name, TEXT_SIZE, "%s", packet->reason_name);
    snprintf(to->port_name, TEXT_SIZE, "%s", packet->port_name);
    snprintf(to->source_name, TEXT_SIZE, "%s", packet->source_name);
    snprintf(to->destination_name, TEXT_SIZE, "%s", packet->destination_name);
}

static void keeper_packet(enum switch_event_kind kind, const struct trace_packet *packet)
{
    packet_keep(keep(kind), packet);
}

static void keeper_changed(const struct trace_packet *packet, const struct trace_change *change)
{
    struct kept *to = keep(SWITCH_EVENT_PACKET_CHANGED);
    packet_keep(to, packet);
    to->change = *change;
}

static void keeper_event(const struct switch_event *event)
{
    snprintf(keep(event->kind)->subject, TEXT_SIZE, "%s", event->subject);
}

static const struct trace_provider keeper = {.version = TRACE_PROVIDER_VERSION,
                                             .is_enabled = keeper_is_enabled,
                                             .packet = keeper_packet,
                                             .changed = keeper_changed,
                                             .event = keeper_event};

static void follow(uint64_t kinds)
{
    enabled = kinds;
    assert_int_equal(trace_events_follow(events, trace_provider_wanted(&keeper), 1000000000, NULL),
                     XSW_OK);
    assert_int_equal(trace_events_wanted(events), kinds);
}

static uint64_t bits(const enum switch_event_kind *kinds, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum |= switch_event_bit(kinds[i]);
    }
    return sum;
}
#define KINDS(...)                                                                                 \
    bits((const enum switch_event_kind[]){__VA_ARGS__},                                            \
         sizeof((const enum switch_event_kind[]){__VA_ARGS__}) / sizeof(enum switch_event_kind))

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    rig.clock.step_ns = 10;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    kept_count = 0;
    enabled = 0;
    events = trace_events_create(rig.vswitch, &keeper);
    assert_non_null(events);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    trace_events_destroy(events);
    rig_fini(&rig);
    return 0;
}

static void send(uint16_t port, uint8_t from, uint8_t to)
{
    struct frame frame;
    rig_frame(&frame, from, to, 20);
    rig_send(&rig, port, &frame);
}

static void load(const char *file, const char *name, const char *setting, const char *value)
{
    struct xsw_error error;
    if (rig_extension(&rig, file, name, setting, value, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static void a_drop_says_who_where_and_why(void **state)
{
    (void)state;
    struct acl_rule rule = {.id = 5, .direction = ACL_IN, .action = ACL_DENY};
    rig_rule(&rig, 1, &rule);
    follow(KINDS(SWITCH_EVENT_PACKET_DROPPED));
    send(2, 2, 1);
    send(1, 1, 2);
    assert_int_equal(kept_count, 1);
    const struct trace_packet *packet = &kept[0].packet;
    assert_int_equal(kept[0].kind, SWITCH_EVENT_PACKET_DROPPED);
    assert_int_equal(packet->packet_id, 2);
    assert_int_equal(packet->stage, STAGE_INGRESS_POLICY);
    assert_string_equal(kept[0].stage_name, "ingress-policy");
    assert_int_equal(packet->reason, REASON_ACL_DENIED);
    assert_string_equal(kept[0].reason_name, "acl-denied");
    assert_int_equal(packet->rule, 5);
    assert_string_equal(kept[0].port_name, "p1");
    assert_string_equal(kept[0].source_name, "p1");
    assert_string_equal(kept[0].destination_name, "");
    assert_int_equal(packet->generation, vswitch_generation(rig.vswitch));
    assert_true(packet->at_mono_ns > 0 && packet->at_mono_ns < rig.clock.now_ns);
}

static void a_drop_behind_forwarding_is_at_the_destination(void **state)
{
    (void)state;
    struct acl_rule rule = {.id = 6, .direction = ACL_OUT, .action = ACL_DENY};
    send(2, 2, 9);
    rig_rule(&rig, 2, &rule);
    follow(KINDS(SWITCH_EVENT_PACKET_DROPPED));
    send(1, 1, 2);
    assert_int_equal(kept_count, 1);
    assert_string_equal(kept[0].stage_name, "egress-policy");
    assert_string_equal(kept[0].port_name, "p2");
    assert_string_equal(kept[0].source_name, "p1");
    assert_string_equal(kept[0].destination_name, "p2");
}

static void drops_alone_are_told_the_same_with_and_without_a_timeline(void **state)
{
    (void)state;
    for (int is_followed = 0; is_followed < 2; is_followed++) {
        kept_count = 0;
        follow(is_followed ? KINDS(SWITCH_EVENT_PACKET_DROPPED, SWITCH_EVENT_PACKET_CHANGED)
                           : KINDS(SWITCH_EVENT_PACKET_DROPPED));
        send(1, 1, 9);
        send(1, 3, 1);
        assert_int_equal(kept_count, 1);
        assert_string_equal(kept[0].reason_name, "same-port");
        assert_string_equal(kept[0].stage_name, "forward");
        assert_string_equal(kept[0].port_name, "p1");
        assert_true(kept[0].packet.since_rx_ns < 10000);
    }
}

static void a_delivered_packet_is_told_with_its_hops_in_order(void **state)
{
    (void)state;
    static const char *const stages[] = {"rx", "ingress-policy", "forward", "mirror",
                                         "egress-policy"};
    follow(KINDS(SWITCH_EVENT_PACKET_HOP, SWITCH_EVENT_PACKET_DELIVERED));
    send(1, 1, 2);
    assert_int_equal(kept_count, 6);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(kept[i].kind, SWITCH_EVENT_PACKET_HOP);
        assert_string_equal(kept[i].stage_name, stages[i]);
        assert_string_equal(kept[i].port_name, i < 3 ? "p1" : "p2");
        assert_true(kept[i].packet.at_mono_ns < kept[i + 1].packet.at_mono_ns);
    }
    assert_int_equal(kept[5].kind, SWITCH_EVENT_PACKET_DELIVERED);
    assert_string_equal(kept[5].stage_name, "tx");
    assert_string_equal(kept[5].port_name, "p2");
    assert_int_equal(kept[5].packet.reason, 0);
    assert_string_equal(kept[5].reason_name, "");
}

static void copies_of_a_flood_name_their_parent_and_where_they_were_made(void **state)
{
    (void)state;
    rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    follow(KINDS(SWITCH_EVENT_PACKET_CLONED, SWITCH_EVENT_PACKET_DELIVERED));
    send(1, 1, 99);
    uint32_t clones = 0;
    uint32_t delivered = 0;
    for (uint32_t i = 0; i < kept_count; i++) {
        delivered += kept[i].kind == SWITCH_EVENT_PACKET_DELIVERED;
        if (kept[i].kind == SWITCH_EVENT_PACKET_CLONED) {
            clones++;
            assert_int_equal(kept[i].packet.parent_id, 1);
            assert_string_equal(kept[i].stage_name, "forward");
            assert_string_equal(kept[i].port_name, kept[i].destination_name);
            assert_int_equal(kept[i + 1].packet.packet_id, kept[i].packet.packet_id);
        }
    }
    assert_int_equal(clones, 2);
    assert_int_equal(delivered, 3);
}

static void a_change_is_told_with_its_bytes(void **state)
{
    (void)state;
    load(EXTENSION_DIR "/rewrite.so", "marker", "dscp", "46");
    follow(KINDS(SWITCH_EVENT_PACKET_CHANGED));
    send(1, 1, 2);
    assert_true(kept_count >= 1);
    const struct kept *change = &kept[0];
    assert_int_equal(change->kind, SWITCH_EVENT_PACKET_CHANGED);
    assert_string_equal(change->stage_name, "ingress-filter.marker");
    assert_string_equal(change->extension, "marker");
    assert_int_equal(change->change.offset, 15); /* the DSCP byte of the IPv4 header */
    assert_int_equal(change->change.old_length, 1);
    assert_int_equal(change->change.old_bytes, 0);
    assert_int_equal(change->change.new_bytes, 46 << 2);
    assert_int_equal(change->change.is_undeclared, 0);
}

static void a_change_that_was_not_declared_says_so(void **state)
{
    (void)state;
    load(EXTENSION_DIR "/test/undeclared.so", "", NULL, NULL);
    follow(KINDS(SWITCH_EVENT_PACKET_CHANGED));
    send(1, 1, 2);
    assert_true(kept_count >= 1);
    assert_int_equal(kept[0].change.is_undeclared, 1);
}

static void a_reason_of_an_extension_has_its_name_and_its_rule(void **state)
{
    (void)state;
    load(EXTENSION_DIR "/flowfilter.so", "guard", "rules", "7 deny in udp");
    follow(KINDS(SWITCH_EVENT_PACKET_DROPPED));
    send(1, 1, 2);
    assert_int_equal(kept_count, 1);
    assert_string_equal(kept[0].reason_name, "flow-denied");
    assert_true(kept[0].packet.reason >= REASON_EXTENSIONS_FIRST);
    assert_string_equal(kept[0].extension, "guard");
    assert_string_equal(kept[0].stage_name, "ingress-filter.guard");
    assert_int_equal(kept[0].packet.rule, 7);
}

static void other_events_are_handed_on(void **state)
{
    (void)state;
    follow(KINDS(SWITCH_EVENT_MAC_LEARNED));
    send(1, 1, 2);
    assert_int_equal(kept_count, 1);
    assert_string_equal(kept[0].subject, "02:00:00:00:00:01");
}

static void what_is_recorded_no_more_is_told_no_more_at_once(void **state)
{
    (void)state;
    follow(KINDS(SWITCH_EVENT_PACKET_DROPPED, SWITCH_EVENT_PACKET_DELIVERED));
    enabled = 0; /* the session ends, and nobody has told us yet */
    send(1, 1, 2);
    assert_int_equal(kept_count, 0);
}

static void following_the_same_again_changes_no_configuration(void **state)
{
    (void)state;
    follow(KINDS(SWITCH_EVENT_PACKET_DROPPED, SWITCH_EVENT_MAC_LEARNED));
    uint64_t generation = vswitch_generation(rig.vswitch);
    follow(KINDS(SWITCH_EVENT_PACKET_DROPPED, SWITCH_EVENT_MAC_LEARNED));
    assert_int_equal(vswitch_generation(rig.vswitch), generation);
    follow(0);
    assert_true(vswitch_generation(rig.vswitch) > generation);
    send(1, 1, 1);
    assert_int_equal(kept_count, 0);
}

/* The reasons that no traffic and no kernel gives: see tests/system/drops.sh for all others. */
static void dropped_once(const char *stage, const char *reason, const char *port)
{
    const struct kept *drop = NULL;
    for (uint32_t i = 0; i < kept_count; i++) {
        if (strcmp(kept[i].reason_name, reason) == 0) {
            assert_null(drop);
            drop = &kept[i];
        }
    }
    assert_non_null(drop);
    assert_int_equal(drop->kind, SWITCH_EVENT_PACKET_DROPPED);
    assert_string_equal(drop->stage_name, stage);
    assert_string_equal(drop->port_name, port);
    assert_true(drop->packet.packet_id > 0);
    assert_true(drop->packet.reason < REASON_EXTENSIONS_FIRST);
}

static void offload_fields_that_contradict_the_frame_are_told_as_that(void **state)
{
    (void)state;
    struct frame frame;
    rig_frame(&frame, 1, 2, 20);
    const struct xsw_offload broken = {.flags = XSW_OFFLOAD_NEEDS_CHECKSUM,
                                       .csum_start = (uint16_t)frame.length};
    follow(KINDS(SWITCH_EVENT_PACKET_DROPPED));
    rig_feed_bytes(&rig, 1, frame.bytes, (uint32_t)frame.length, &broken);
    rig_run(&rig);
    dropped_once("rx", "bad-offload", "p1");
}

static void a_copy_without_a_buffer_is_told_with_its_own_id_and_its_parent(void **state)
{
    (void)state;
    static struct packet *held[WORKER_SMALL_BUFFERS];
    rig_port(&rig, NULL);
    follow(KINDS(SWITCH_EVENT_PACKET_DROPPED));
    const uint32_t taken = WORKER_SMALL_BUFFERS - 1;
    assert_int_equal(packet_alloc_small(rig.worker->pool, held, taken), taken);
    send(1, 1, 9);
    packet_free(rig.worker->pool, held, taken);
    dropped_once("forward", "no-buffer", "p3");
    assert_int_equal(kept[0].packet.parent_id, 1);
    assert_true(kept[0].packet.packet_id > 1);
}

/* Behind a port that takes no segments, one whose kind is not that of its bytes. */
static void segments_that_cannot_be_cut_are_told_as_that(void **state)
{
    (void)state;
    enum { HEADERS = 54, LENGTH = 4000 };
    static uint8_t bytes[LENGTH];
    char path[] = "/tmp/xsw-not-segmented-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct port_config config;
    uint16_t id;
    struct xsw_error error;
    struct frame frame;
    port_config_init(&config);
    config.kind = PORT_KIND_FILE;
    snprintf(config.name, sizeof(config.name), "narrow");
    snprintf(config.output_path, sizeof(config.output_path), "%s", path);
    if (vswitch_port_add(rig.vswitch, &config, &id, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    rig_frame(&frame, 1, 9, 20);
    memcpy(bytes, frame.bytes, frame.length);
    bytes[23] = 6; /* TCP, of IPv4 */
    bytes[46] = 5 << 4;
    const struct xsw_offload segments = {.flags = XSW_OFFLOAD_NEEDS_CHECKSUM,
                                         .gso_type = XSW_GSO_TCPV6,
                                         .gso_size = 1000,
                                         .header_length = HEADERS,
                                         .csum_start = 34,
                                         .csum_offset = 16};
    follow(KINDS(SWITCH_EVENT_PACKET_DROPPED));
    rig_feed_bytes(&rig, 1, bytes, LENGTH, &segments);
    rig_run(&rig);
    dropped_once("tx", "not-segmented", "narrow");
    close(fd);
    unlink(path);
}

static void a_provider_that_is_not_there_is_an_error_that_says_what_to_install(void **state)
{
    (void)state;
    const struct trace_provider *provider = NULL;
    struct xsw_error error;
    assert_int_equal(trace_provider_load("/nowhere/xsw-trace.so", &provider, &error),
                     XSW_UNSUPPORTED);
    assert_non_null(strstr(error.text, "/nowhere/xsw-trace.so"));
    assert_non_null(strstr(error.text, "liblttng-ust1"));
    assert_int_equal(trace_provider_load(EXTENSION_DIR "/rewrite.so", &provider, &error),
                     XSW_UNSUPPORTED);
    assert_non_null(strstr(error.text, "not the trace provider"));
    assert_int_equal(trace_provider_load(WRONG_PROVIDER, &provider, &error), XSW_UNSUPPORTED);
    assert_non_null(strstr(error.text, "not the trace provider of this version"));
    assert_null(provider);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_drop_says_who_where_and_why),
        CASE(a_drop_behind_forwarding_is_at_the_destination),
        CASE(drops_alone_are_told_the_same_with_and_without_a_timeline),
        CASE(a_delivered_packet_is_told_with_its_hops_in_order),
        CASE(copies_of_a_flood_name_their_parent_and_where_they_were_made),
        CASE(a_change_is_told_with_its_bytes),
        CASE(a_change_that_was_not_declared_says_so),
        CASE(a_reason_of_an_extension_has_its_name_and_its_rule),
        CASE(other_events_are_handed_on),
        CASE(what_is_recorded_no_more_is_told_no_more_at_once),
        CASE(following_the_same_again_changes_no_configuration),
        CASE(offload_fields_that_contradict_the_frame_are_told_as_that),
        CASE(a_copy_without_a_buffer_is_told_with_its_own_id_and_its_parent),
        CASE(segments_that_cannot_be_cut_are_told_as_that),
        CASE(a_provider_that_is_not_there_is_an_error_that_says_what_to_install),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
