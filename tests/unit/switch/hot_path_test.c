/* SPDX-License-Identifier: Apache-2.0 */
/* 100,000 packets through everything that a packet can meet: no memory, lock, clock or sleep. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "capture/ring.h"
#include "capture/session.h"
#include "support/forbidden_calls.h"
#include "support/switch_rig.h"
#include "switch/path/reasons.h"

enum { PORTS = 6, WATCHER = 7, FRAMES = 64, PACKETS = 100000, TURN_NS = 1000000 };

static struct rig rig;
static struct frame frames[PORTS][FRAMES];
static struct memory_frame played[PORTS][FRAMES];
static struct ring_consumer ring;
static uint64_t skipped_ns; /* that the clock went on by from turn to turn */

/* Known and unknown stations, broadcasts, both protocols of IP, tagged, spoofed, too short, with
 * offload: what random traffic has. */
static void frames_make(uint16_t port)
{
    uint64_t random = 100u + port;
    for (unsigned i = 0; i < FRAMES; i++) {
        struct frame *frame = &frames[port - 1][i];
        struct memory_frame *play = &played[port - 1][i];
        frame_make_random(frame, &random);
        frame->bytes[11] = (uint8_t)(i % 8 == 1 ? 0x60 : port);
        frame->bytes[5] = (uint8_t)(1 + frame_random(&random) % 8);
        if (i % 8 == 7) {
            memset(frame->bytes, 0xff, 6);
        }
        *play = (struct memory_frame){.bytes = frame->bytes, .length = (uint32_t)frame->length};
        if (i % 16 == 3) {
            play->length = 10;
        }
        if (i % 16 == 5) {
            play->offload = (struct xsw_offload){
                .flags = XSW_OFFLOAD_NEEDS_CHECKSUM, .csum_start = 34, .csum_offset = 2};
        }
    }
    port_memory_play(rig.ports[port], played[port - 1], FRAMES);
}

static void ports_make(void)
{
    static const uint16_t vlans[] = {1, 2, 0};
    for (uint16_t port = 1; port <= PORTS; port++) {
        uint16_t id = port % 3 == 0 ? rig_port_trunk(&rig, 1, vlans) : rig_port_access(&rig, 1);
        struct acl_rule in = {.action = ACL_DENY,
                              .direction = ACL_IN,
                              .has_protocol = true,
                              .protocol = PROTOCOL_ICMP};
        struct acl_rule out = {.action = ACL_DENY, .direction = ACL_OUT, .source_ports = {1, 100}};
        struct acl_rule allow = {.weight = -1, .direction = ACL_IN};
        rig_rule(&rig, id, &in);
        rig_rule(&rig, id, &allow);
        rig_rule(&rig, id, &out);
    }
    assert_int_equal(rig_port_access(&rig, 9), WATCHER);
    struct port_config mirrored = rig_port_config(&rig, 2);
    strcpy(mirrored.mirror_to, "p7");
    mirrored.spoof_guard = true;
    mirrored.mac_count = 1;
    mirrored.macs[0] = (struct mac_address){{2, 0, 0, 0, 0, 2}};
    rig_port_set(&rig, &mirrored);
}

static void load(const char *path, const char *setting, const char *value)
{
    struct xsw_error error;
    if (rig_extension(&rig, path, "", setting, value, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static uint64_t ring_drain(void)
{
    const struct ring_record *record = NULL;
    uint64_t journeys = 0;
    while (ring_next(&ring, &record, NULL) == XSW_OK) {
        journeys += record->type == RING_JOURNEY;
    }
    ring_release(&ring);
    return journeys;
}

/* Returns how many journeys were captured. */
static uint64_t packets_run(void)
{
    uint64_t journeys = 0;
    for (uint64_t packets = 0; packets < PACKETS;) {
        packets += worker_turn(rig.worker);
        rig.clock.now_ns += TURN_NS;
        skipped_ns += TURN_NS;
        journeys += ring_drain();
        for (uint16_t port = 1; port <= WATCHER; port++) {
            rig_drain(&rig, port);
        }
    }
    return journeys;
}

/* With every rule that a session can have, and one that is soon over its budget. Their rings fill
 * up. */
static struct capture_session *session_begin(const struct capture_rules *rules)
{
    struct capture_options options = {.rules = *rules, .ring_bytes = 1 << 20};
    struct capture_session *session = NULL;
    struct xsw_error error;
    if (capture_session_open(rig.vswitch, &options, &session, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    return session;
}

static struct capture_session *session_with_all_rules(void)
{
    return session_begin(&(struct capture_rules){.filter = "ip or ip6",
                                                 .where = "dropped or latency > 1us",
                                                 .ports = "p1,p2,p3,p4",
                                                 .stages = "ingress-policy,tx",
                                                 .snap_length = 100,
                                                 .sample = 2,
                                                 .rate = 5000,
                                                 .budget = BUDGET_WHOLE});
}

/* All of it was met on the way. */
static void rules_expect(const struct capture_session *ruled, const struct capture_session *poor)
{
    struct capture_account account = capture_session_account(ruled, 0);
    assert_true(account.filtered > account.unwanted && account.unwanted > 0);
    assert_true(account.sampled > 0 && account.written > 0);
    assert_true(account.lost[META_LOSS_RATE] > 0);
    account = capture_session_account(poor, 0);
    assert_true(account.written > 0 && account.lost[META_LOSS_BUDGET] > 0);
    assert_int_equal(capture_session_load(poor, 0).level, BUDGET_DISARMED);
}

static void the_counter_counts(void **state)
{
    (void)state;
    forbidden_calls_begin();
    void *volatile memory = malloc(10);
    memory = realloc(memory, 20);
    free(memory);
    memory = calloc(1, 10);
    free(memory);
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    uint64_t now = clock_mono_ns();
    void *mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(mapped, 4096);
    struct forbidden_calls calls = forbidden_calls_end();
    assert_int_equal(calls.allocations, 3);
    assert_int_equal(calls.frees, 2);
    assert_int_equal(calls.locks, 1);
    assert_int_equal(calls.maps, 2);
    assert_int_equal(calls.clocks, 1);
    assert_true(now > 0);
}

static void no_packet_allocates_locks_or_asks_the_time(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    rig.clock.step_ns = 1;
    ports_make();
    load(EXTENSION_DIR "/flowfilter.so", "rules", "10 deny both tcp dst port 81");
    load(EXTENSION_DIR "/rewrite.so", "dscp", "46");
    load(EXTENSION_DIR "/test/vanish.so", "every", "50");
    load(EXTENSION_DIR "/test/lookcount.so", NULL, NULL);
    struct capture_options options = {.rules = {.filter = "ip or ip6", .snap_length = 64}};
    struct capture_session *session = NULL;
    assert_int_equal(capture_session_open(rig.vswitch, &options, &session, NULL), XSW_OK);
    const int *fds = NULL;
    capture_session_rings(session, &fds);
    assert_int_equal(ring_attach(&ring, fds[0], NULL), XSW_OK);
    struct capture_session *ruled = session_with_all_rules();
    struct capture_session *poor = session_begin(&(struct capture_rules){.budget = 1});
    for (uint16_t port = 1; port <= PORTS; port++) {
        frames_make(port);
    }
    uint64_t readings = rig.clock.now_ns;
    forbidden_calls_begin();
    uint64_t journeys = packets_run();
    struct forbidden_calls calls = forbidden_calls_end();
    readings = rig.clock.now_ns - readings - skipped_ns;

    assert_int_equal(calls.allocations, 0);
    assert_int_equal(calls.frees, 0);
    assert_int_equal(calls.maps, 0);
    assert_int_equal(calls.locks, 0);
    assert_int_equal(calls.clocks, 0);
    assert_int_equal(calls.sleeps, 0);
    /* The switch's own clock: once for a batch, or a batch of copies, and stage. */
    uint64_t copies = vswitch_stage_counters(rig.vswitch, STAGE_FORWARD).clones;
    assert_true(readings < (PACKETS + copies) / 2);

    /* All of it was met on the way. */
    assert_true(journeys > PACKETS / 2);
    assert_true(copies > PACKETS / 8);
    assert_true(vswitch_stage_counters(rig.vswitch, STAGE_MIRROR).clones > 0);
    assert_true(rig_dropped(&rig, STAGE_RX, REASON_RUNT_FRAME) > 0);
    assert_true(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_ACL_DENIED) > 0);
    assert_true(rig_dropped(&rig, STAGE_INGRESS_POLICY, REASON_MAC_SPOOFED) > 0);
    assert_true(rig_dropped(&rig, rig_stage(&rig, "ingress-filter.vanish"), REASON_SILENT_DROP) >
                0);
    rules_expect(ruled, poor);
    rig_expect_chain(&rig);
    ring_detach(&ring);
    capture_session_close(session);
    capture_session_close(ruled);
    capture_session_close(poor);
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_counter_counts),
        cmocka_unit_test(no_packet_allocates_locks_or_asks_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
