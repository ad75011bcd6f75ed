/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/switch_rig.h"
#include "switch/state.h"

static uint64_t clock_read_manual(void *context)
{
    struct rig_clock *clock = context;
    return atomic_fetch_add_explicit(&clock->now_ns, clock->step_ns, memory_order_relaxed);
}

static void must(enum xsw_status status, const struct xsw_error *error)
{
    if (status != XSW_OK) {
        fail_msg("status %d: %s", status, error->text);
    }
}

void rig_init(struct rig *rig, const struct switch_config *config)
{
    memset(rig, 0, sizeof(*rig));
    rig->clock.now_ns = UINT64_C(1000) * 1000000000;
    struct switch_config defaults;
    switch_config_init(&defaults);
    struct xsw_error error;
    must(vswitch_create(config != NULL ? config : &defaults, &rig->vswitch, &error), &error);
    for (uint32_t i = 0; i < vswitch_worker_count(rig->vswitch); i++) {
        struct worker *worker = vswitch_worker(rig->vswitch, i);
        worker->clock = clock_read_manual;
        worker->clock_context = &rig->clock;
    }
    rig->worker = vswitch_worker(rig->vswitch, 0);
}

void rig_fini(struct rig *rig)
{
    vswitch_destroy(rig->vswitch);
    rig->vswitch = NULL;
}

void rig_advance(struct rig *rig, uint32_t seconds)
{
    atomic_fetch_add(&rig->clock.now_ns, (uint64_t)seconds * 1000000000);
}

uint16_t rig_port(struct rig *rig, const struct port_config *config)
{
    struct port_config made;
    port_config_init(&made);
    if (config != NULL) {
        made = *config;
    }
    made.kind = PORT_KIND_MEMORY;
    snprintf(made.name, sizeof(made.name), "p%u", rig->port_count + 1);
    uint16_t id = 0;
    struct xsw_error error;
    must(vswitch_port_add(rig->vswitch, &made, &id, &error), &error);
    assert_int_equal(id, rig->port_count + 1);
    assert_true(id < RIG_PORTS_MAX);
    rig->port_count = id;
    rig->ports[id] = vswitch_port_object(rig->vswitch, made.name);
    assert_true(port_memory_keep(rig->ports[id]));
    return id;
}

uint16_t rig_port_access(struct rig *rig, uint16_t vlan)
{
    struct port_config config;
    port_config_init(&config);
    config.vlan.access = vlan;
    return rig_port(rig, &config);
}

uint16_t rig_port_trunk(struct rig *rig, uint16_t native, const uint16_t *vlans)
{
    struct port_config config;
    port_config_init(&config);
    config.vlan = (struct vlan_config){.mode = VLAN_TRUNK, .native = native};
    for (; *vlans != 0; vlans++) {
        config.vlan.allowed[*vlans / 64] |= UINT64_C(1) << *vlans % 64;
    }
    return rig_port(rig, &config);
}

static const char *name_of(uint16_t port, char name[CONFIG_NAME_SIZE])
{
    snprintf(name, CONFIG_NAME_SIZE, "p%u", port);
    return name;
}

static struct port_info info_of(struct rig *rig, uint16_t port)
{
    char name[CONFIG_NAME_SIZE];
    struct port_info info;
    struct xsw_error error;
    must(vswitch_port_find(rig->vswitch, name_of(port, name), &info, &error), &error);
    return info;
}

struct port_config rig_port_config(struct rig *rig, uint16_t port)
{
    return info_of(rig, port).config;
}

void rig_port_set(struct rig *rig, const struct port_config *config)
{
    struct xsw_error error;
    must(vswitch_port_set(rig->vswitch, config, &error), &error);
}

void rig_rule(struct rig *rig, uint16_t port, struct acl_rule *rule)
{
    char name[CONFIG_NAME_SIZE];
    struct xsw_error error;
    must(vswitch_acl_add(rig->vswitch, name_of(port, name), rule, &error), &error);
}

enum xsw_status rig_extension(struct rig *rig, const char *path, const char *name,
                              const char *setting, const char *value, struct xsw_error *error)
{
    const char *const texts[] = {value};
    struct extension_setting given = {.texts = texts, .text_count = 1};
    struct extension_config config = {.settings = &given, .setting_count = setting != NULL};
    snprintf(given.name, sizeof(given.name), "%s", setting != NULL ? setting : "");
    snprintf(config.path, sizeof(config.path), "%s", path);
    snprintf(config.name, sizeof(config.name), "%s", name);
    return vswitch_extension_add(rig->vswitch, &config, error);
}

void rig_start(struct rig *rig)
{
    struct xsw_error error;
    must(vswitch_start(rig->vswitch, &error), &error);
}

void rig_stop(struct rig *rig)
{
    for (uint32_t i = 0; i < vswitch_worker_count(rig->vswitch); i++) {
        worker_stop(vswitch_worker(rig->vswitch, i));
    }
    rig->vswitch->is_started = false;
}

/* Traffic ------------------------------------------------------------------------------------ */

void rig_feed_bytes(struct rig *rig, uint16_t port, const void *bytes, uint32_t length,
                    const struct xsw_offload *offload)
{
    assert_true(port_memory_feed(rig->ports[port], bytes, length, offload));
}

void rig_feed(struct rig *rig, uint16_t port, const struct frame *frame)
{
    rig_feed_bytes(rig, port, frame->bytes, (uint32_t)frame->length, NULL);
}

void rig_run(struct rig *rig)
{
    while (worker_turn(rig->worker) > 0) {
    }
}

void rig_send(struct rig *rig, uint16_t port, const struct frame *frame)
{
    rig_feed(rig, port, frame);
    rig_run(rig);
}

int rig_take(struct rig *rig, uint16_t port, struct memory_frame *frame)
{
    return port_memory_take(rig->ports[port], frame);
}

uint32_t rig_drain(struct rig *rig, uint16_t port)
{
    struct memory_frame frame;
    uint32_t count = 0;
    while (rig_take(rig, port, &frame)) {
        count++;
    }
    return count;
}

void rig_expect(struct rig *rig, uint16_t port, const void *bytes, uint32_t length)
{
    struct memory_frame frame;
    if (!rig_take(rig, port, &frame)) {
        fail_msg("port %u was sent nothing", port);
    }
    assert_int_equal(frame.length, length);
    assert_memory_equal(frame.bytes, bytes, length);
}

void rig_expect_frame(struct rig *rig, uint16_t port, const struct frame *frame)
{
    rig_expect(rig, port, frame->bytes, (uint32_t)frame->length);
}

void rig_expect_nothing(struct rig *rig, uint16_t port)
{
    assert_int_equal(rig_drain(rig, port), 0);
}

/* Accounts ----------------------------------------------------------------------------------- */

uint64_t rig_dropped(struct rig *rig, uint16_t stage, uint16_t reason)
{
    return vswitch_dropped(rig->vswitch, stage, reason);
}

uint64_t rig_dropped_in_all(struct rig *rig)
{
    uint64_t sum = 0;
    for (uint16_t stage = 0; stage < STAGES_MAX; stage++) {
        sum += vswitch_stage_counters(rig->vswitch, stage).dropped;
    }
    return sum;
}

struct port_counters rig_counters(struct rig *rig, uint16_t port)
{
    return info_of(rig, port).counters;
}

uint16_t rig_stage(struct rig *rig, const char *name)
{
    struct stage_info stages[STAGES_MAX];
    size_t count = vswitch_stages(rig->vswitch, stages, STAGES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(stages[i].name, name) == 0) {
            return stages[i].id;
        }
    }
    fail_msg("there is no stage %s", name);
    return 0;
}

static void stages_balance(struct rig *rig)
{
    for (uint16_t stage = 0; stage < STAGES_MAX; stage++) {
        struct stage_counters counters = vswitch_stage_counters(rig->vswitch, stage);
        if (counters.in + counters.clones + counters.injected + counters.released !=
            counters.out + counters.dropped + counters.consumed + counters.held) {
            fail_msg(
                "stage %u: in %llu + clones %llu + injected %llu + released %llu != out %llu + "
                "dropped %llu + replaced %llu + held %llu",
                stage, (unsigned long long)counters.in, (unsigned long long)counters.clones,
                (unsigned long long)counters.injected, (unsigned long long)counters.released,
                (unsigned long long)counters.out, (unsigned long long)counters.dropped,
                (unsigned long long)counters.consumed, (unsigned long long)counters.held);
        }
    }
}

void rig_expect_balance(struct rig *rig)
{
    stages_balance(rig);
    uint64_t received = 0;
    uint64_t sent = 0;
    uint64_t made = 0;
    uint64_t held = 0;
    for (uint16_t port = 1; port <= rig->port_count; port++) {
        struct port_counters counters = rig_counters(rig, port);
        received += counters.rx_packets;
        sent += counters.tx_packets;
    }
    for (uint16_t stage = 0; stage < STAGES_MAX; stage++) {
        struct stage_counters counters = vswitch_stage_counters(rig->vswitch, stage);
        made += counters.clones + counters.injected - counters.consumed;
        held += counters.held - counters.released;
    }
    assert_int_equal(received, vswitch_stage_counters(rig->vswitch, STAGE_RX).in);
    assert_int_equal(sent, vswitch_stage_counters(rig->vswitch, STAGE_TX).out);
    assert_int_equal(received + made, sent + rig_dropped_in_all(rig) + held);
    for (uint32_t i = 0; i < vswitch_worker_count(rig->vswitch); i++) {
        held -= packet_pool_in_use(vswitch_worker(rig->vswitch, i)->pool);
    }
    assert_int_equal(held, 0);
}

void rig_expect_chain(struct rig *rig)
{
    rig_expect_balance(rig);
    struct stage_info stages[STAGES_MAX];
    size_t count = vswitch_stages(rig->vswitch, stages, STAGES_MAX);
    uint64_t out[STAGES_MAX + 1] = {0};
    uint64_t in[STAGES_MAX + 1] = {0};
    size_t places = 0;
    for (size_t i = 0; i < count; i++) {
        if (stages[i].order < STAGES_MAX) {
            struct stage_counters counters = vswitch_stage_counters(rig->vswitch, stages[i].id);
            in[stages[i].order] = counters.in;
            out[stages[i].order] = counters.out;
            places++;
        }
    }
    for (size_t place = 0; place + 1 < places; place++) {
        assert_int_equal(out[place], in[place + 1]);
    }
}

/* Frames ------------------------------------------------------------------------------------- */

void rig_frame_stations(struct frame *frame, uint8_t from, uint8_t to)
{
    frame->bytes[5] = to;
    frame->bytes[11] = from;
}

static void udp_append(struct frame *frame, uint32_t payload)
{
    frame_ipv4(frame, PROTOCOL_UDP);
    frame_udp(frame);
    for (uint32_t i = 0; i < payload; i++) {
        frame->bytes[frame->length++] = (uint8_t)(i * 7 + 1);
    }
    frame_finish(frame);
}

void rig_frame(struct frame *frame, uint8_t from, uint8_t to, uint32_t payload)
{
    frame_ethernet(frame, ETHER_TYPE_IPV4);
    rig_frame_stations(frame, from, to);
    udp_append(frame, payload);
}

void rig_frame_tagged(struct frame *frame, uint8_t from, uint8_t to, uint16_t control)
{
    frame_ethernet(frame, ETHER_TYPE_VLAN);
    rig_frame_stations(frame, from, to);
    frame_tag(frame, control, ETHER_TYPE_IPV4);
    udp_append(frame, 20);
}
