/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_CONNECTIONS_RIG_H
#define XSW_TEST_CONNECTIONS_RIG_H

/*
 * A switch for tests of stateful access rules: alice may ask whatever her rules allow; what comes
 * to her is denied by a rule of its own. For one source file.
 */

#include <stddef.h>
#include <string.h>

#include "support/switch_rig.h"
#include "switch/path/reasons.h"
#include "switch/policy/connections.h"
#include "switch/state.h"

static struct rig rig;
static uint16_t alice, bob;

enum { TIMEOUT = 30, ASKS = 10, REFUSES = 20 };

static inline int set_up(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    alice = rig_port_access(&rig, 1);
    bob = rig_port_access(&rig, 1);
    struct acl_rule asks = {
        .id = ASKS, .direction = ACL_IN, .action = ACL_ALLOW, .stateful_seconds = TIMEOUT};
    struct acl_rule refuses = {.id = REFUSES, .direction = ACL_OUT, .action = ACL_DENY};
    rig_rule(&rig, alice, &asks);
    rig_rule(&rig, alice, &refuses);
    return 0;
}

/* What a port that is gone has counted is no part of the balance. */
static inline int tear_down_without_balance(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    rig_drain(&rig, alice);
    rig_drain(&rig, bob);
    rig_expect_balance(&rig);
    rig_fini(&rig);
    return 0;
}

/* Frames: 10.0.0.1:5000 is alice, 10.0.0.2:80 or :53 is bob. */

static inline void turn_round(struct frame *frame)
{
    uint8_t *ip = frame->bytes + frame->network;
    size_t size = frame->is_v6 ? 16 : 4;
    uint8_t *source = ip + (frame->is_v6 ? 8 : 12);
    uint8_t kept[16];
    memcpy(kept, source, size);
    memcpy(source, source + size, size);
    memcpy(source + size, kept, size);
    if (frame->protocol == PROTOCOL_TCP || frame->protocol == PROTOCOL_UDP) {
        uint8_t *ports = frame->bytes + frame->transport;
        memcpy(kept, ports, 2);
        memcpy(ports, ports + 2, 2);
        memcpy(ports + 2, kept, 2);
    }
    rig_frame_stations(frame, 2, 1);
    frame_finish(frame);
}

static inline struct frame tcp_from_alice(uint8_t flags)
{
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    rig_frame_stations(&frame, 1, 2);
    frame_ipv4(&frame, PROTOCOL_TCP);
    frame_tcp(&frame, flags);
    frame_finish(&frame);
    return frame;
}

static inline struct frame tcp_from_bob(uint8_t flags)
{
    struct frame frame = tcp_from_alice(flags);
    turn_round(&frame);
    return frame;
}

static inline struct frame udp_from_alice(int is_v6)
{
    struct frame frame;
    frame_ethernet(&frame, is_v6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4);
    rig_frame_stations(&frame, 1, 2);
    if (is_v6) {
        frame_ipv6(&frame, PROTOCOL_UDP);
    } else {
        frame_ipv4(&frame, PROTOCOL_UDP);
    }
    frame_udp(&frame);
    frame_finish(&frame);
    return frame;
}

static inline struct frame udp_from_bob(int is_v6)
{
    struct frame frame = udp_from_alice(is_v6);
    turn_round(&frame);
    return frame;
}

static inline void alice_sends(const struct frame *frame)
{
    rig_send(&rig, alice, frame);
}

/* Whether it comes through to alice. */
static inline int bob_reaches(const struct frame *frame)
{
    rig_drain(&rig, alice);
    rig_send(&rig, bob, frame);
    return rig_drain(&rig, alice) == 1;
}

static inline size_t connections(struct connection_info *first)
{
    struct connection_info all[8];
    size_t count = 0;
    struct port_config config = rig_port_config(&rig, alice);
    assert_int_equal(vswitch_connections(rig.vswitch, config.name, all, 8, &count, NULL), XSW_OK);
    if (first != NULL) {
        assert_true(count > 0);
        *first = all[0];
    }
    return count;
}

static inline uint64_t packets_of_rule(uint32_t id)
{
    struct acl_rule_info rules[8];
    size_t count = 0;
    struct port_config config = rig_port_config(&rig, alice);
    assert_int_equal(vswitch_acl_list(rig.vswitch, config.name, rules, 8, &count, NULL), XSW_OK);
    for (size_t i = 0; i < count; i++) {
        if (rules[i].rule.id == id) {
            return rules[i].packets;
        }
    }
    fail_msg("alice has no rule %u", id);
    return 0;
}

#endif
