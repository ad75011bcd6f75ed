/* SPDX-License-Identifier: Apache-2.0 */
/* Each policy gives the same verdict and reason whoever is there: nobody, a filter, or a forwarder
 * that declares the standard policies and enforces them itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/switch_rig.h"
#include "switch/path/reasons.h"
#include "switch/state.h"

enum { PRIMARY = 100, ISOLATED = 101, COMMUNITY = 102, PORTS = 4 };

static struct rig rig;

/* What a person can tell of the policy from outside. */
struct result {
    uint64_t delivered[PORTS + 1];
    uint64_t reasons[REASONS_MAX];
};

struct policy_case {
    const char *name;
    void (*configure)(void);
    void (*provoke)(void);
    uint16_t reason; /* for which something is dropped; REASON_NONE: nothing */
};

enum column { NO_EXTENSION, WITH_FILTER, FORWARDER_FIRST, FORWARDER_LAST, COLUMNS };
static const char *const columns[] = {"no extension", "a filter", "a forwarder that was there",
                                      "a forwarder that came later"};

/* Policies ----------------------------------------------------------------------------------- */

static struct port_config port_1(void)
{
    return rig_port_config(&rig, 1);
}

static void nothing_configure(void)
{
}

static void trunk_configure(void)
{
    for (uint16_t port = 1; port <= 2; port++) {
        struct port_config config = rig_port_config(&rig, port);
        config.vlan = (struct vlan_config){.mode = VLAN_TRUNK, .native = port == 1 ? 0 : 1};
        config.vlan.allowed[0] = UINT64_C(1) << 10 | UINT64_C(1) << (port == 1 ? 20 : 30);
        rig_port_set(&rig, &config);
    }
}

static void private_configure(void)
{
    static const enum private_vlan_type types[] = {PRIVATE_VLAN_ISOLATED, PRIVATE_VLAN_ISOLATED,
                                                   PRIVATE_VLAN_COMMUNITY,
                                                   PRIVATE_VLAN_PROMISCUOUS};
    static const uint16_t secondaries[] = {ISOLATED, ISOLATED, COMMUNITY, 0};
    for (uint16_t port = 1; port <= PORTS; port++) {
        struct port_config config = rig_port_config(&rig, port);
        config.vlan = (struct vlan_config){.mode = VLAN_PRIVATE,
                                           .private_type = types[port - 1],
                                           .primary = PRIMARY,
                                           .secondary = secondaries[port - 1]};
        if (types[port - 1] == PRIVATE_VLAN_PROMISCUOUS) {
            config.vlan.allowed[ISOLATED / 64] |= UINT64_C(1) << ISOLATED % 64;
            config.vlan.allowed[COMMUNITY / 64] |= UINT64_C(1) << COMMUNITY % 64;
        }
        rig_port_set(&rig, &config);
    }
}

static void guards_configure(void)
{
    struct port_config config = port_1();
    config.dhcp_guard = true;
    config.router_guard = true;
    rig_port_set(&rig, &config);
}

static void spoof_configure(void)
{
    struct port_config config = port_1();
    config.spoof_guard = true;
    config.mac_count = 1;
    config.macs[0] = (struct mac_address){{2, 0, 0, 0, 0, 1}};
    rig_port_set(&rig, &config);
}

static void priority_configure(void)
{
    static const uint16_t trunks[] = {1, 2};
    for (unsigned i = 0; i < 2; i++) {
        struct port_config config = rig_port_config(&rig, trunks[i]);
        config.vlan = (struct vlan_config){.mode = VLAN_TRUNK};
        config.vlan.allowed[0] = UINT64_C(1) << 10;
        config.reset_priority = true;
        rig_port_set(&rig, &config);
    }
}

static void storm_configure(void)
{
    struct port_config config = port_1();
    config.storm = (struct storm_config){3, 2, 1};
    rig_port_set(&rig, &config);
}

static void acl_configure(void)
{
    struct acl_rule in = {
        .direction = ACL_IN, .action = ACL_DENY, .has_protocol = true, .protocol = PROTOCOL_UDP};
    rig_rule(&rig, 1, &in);
    struct acl_rule out = in;
    out.id = 0;
    out.direction = ACL_OUT;
    rig_rule(&rig, 3, &out);
}

static void required_configure(void)
{
    struct port_config config = port_1();
    strcpy(config.required[0], "absent");
    config.required_count = 1;
    rig_port_set(&rig, &config);
}

static void mirror_configure(void)
{
    struct port_config config = port_1();
    strcpy(config.mirror_to, "p4");
    rig_port_set(&rig, &config);
    struct port_config watcher = rig_port_config(&rig, 4);
    watcher.vlan.access = 99;
    rig_port_set(&rig, &watcher);
}

static void bandwidth_configure(void)
{
    struct port_config config = port_1();
    config.bandwidth = (struct bandwidth_config){.limit = 8000, .burst = 1514};
    rig_port_set(&rig, &config);
}

/* Traffic ------------------------------------------------------------------------------------ */

static void frames_send(void)
{
    for (uint8_t from = 1; from <= PORTS; from++) {
        for (uint8_t to = 1; to <= PORTS; to++) {
            struct frame frame;
            rig_frame(&frame, from, to, 20);
            rig_send(&rig, from, &frame);
        }
    }
}

static void twice_frames_send(void)
{
    frames_send(); /* everybody becomes known */
    frames_send();
}

static void tagged_send(void)
{
    static const uint16_t tags[] = {0, 10, 20, 30, 40, 4095};
    for (uint8_t port = 1; port <= PORTS; port++) {
        for (unsigned i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
            struct frame frame;
            rig_frame_tagged(&frame, port, 0x70, (uint16_t)(7 << VLAN_PRIORITY_SHIFT | tags[i]));
            rig_send(&rig, port, &frame);
        }
    }
    frames_send();
}

static void offers_send(void)
{
    struct frame frame;
    for (uint8_t port = 1; port <= 2; port++) {
        rig_frame(&frame, port, 0x70, 40);
        wire_write16(frame.bytes + frame.transport, 67);
        wire_write16(frame.bytes + frame.transport + 2, 68);
        frame.bytes[frame.transport + UDP_SIZE] = 2;
        rig_send(&rig, port, &frame);
    }
}

static void adverts_send(void)
{
    for (uint8_t port = 1; port <= 2; port++) {
        struct frame frame;
        frame_ethernet(&frame, ETHER_TYPE_IPV6);
        frame_ipv6(&frame, PROTOCOL_DESTINATION_OPTIONS);
        frame_extension(&frame, PROTOCOL_ICMPV6);
        frame_icmp_echo(&frame, ICMPV6_ROUTER_ADVERT);
        frame_finish(&frame);
        rig_frame_stations(&frame, port, 0x70);
        rig_send(&rig, port, &frame);
    }
}

static void wrong_sources_send(void)
{
    for (uint8_t port = 1; port <= 2; port++) {
        struct frame frame;
        rig_frame(&frame, 0x55, 0x70, 20);
        rig_send(&rig, port, &frame);
    }
}

static void group_sources_send(void)
{
    struct frame frame;
    rig_frame(&frame, 1, 0x70, 20);
    frame.bytes[MAC_SIZE] |= 1;
    rig_send(&rig, 1, &frame);
    memset(frame.bytes + MAC_SIZE, 0, MAC_SIZE);
    rig_send(&rig, 1, &frame);
}

static void storms_send(void)
{
    for (unsigned i = 0; i < 10; i++) {
        struct frame frame;
        rig_frame(&frame, 1, 0x70, 20);
        rig_send(&rig, 1, &frame);
        frame.bytes[0] |= 1;
        rig_send(&rig, 1, &frame);
        memset(frame.bytes, 0xff, MAC_SIZE);
        rig_send(&rig, 1, &frame);
    }
    rig_advance(&rig, 1);
    frames_send();
}

static void much_send(void)
{
    struct frame frame;
    rig_frame(&frame, 2, 0x70, 20);
    rig_send(&rig, 2, &frame);
    rig_frame(&frame, 1, 2, 1400);
    for (unsigned i = 0; i < 80; i++) {
        rig_send(&rig, 1, &frame);
    }
}

static void back_to_the_sender(void)
{
    struct frame frame;
    rig_frame(&frame, 1, 0x70, 20);
    rig_send(&rig, 1, &frame);
    rig_frame(&frame, 9, 1, 20);
    rig_send(&rig, 1, &frame);
}

static const struct policy_case cases[] = {
    {"nothing", nothing_configure, frames_send, REASON_SAME_PORT},
    {"same port", nothing_configure, back_to_the_sender, REASON_SAME_PORT},
    {"access VLAN", nothing_configure, tagged_send, REASON_VLAN_NOT_ALLOWED},
    {"trunk", trunk_configure, tagged_send, REASON_VLAN_NOT_ALLOWED},
    {"private VLAN", private_configure, twice_frames_send, REASON_PRIVATE_VLAN},
    {"private VLAN and tags", private_configure, tagged_send, REASON_VLAN_NOT_ALLOWED},
    {"DHCP guard", guards_configure, offers_send, REASON_DHCP_GUARD},
    {"router guard", guards_configure, adverts_send, REASON_ROUTER_GUARD},
    {"spoofing guard", spoof_configure, wrong_sources_send, REASON_MAC_SPOOFED},
    {"source address", nothing_configure, group_sources_send, REASON_BAD_SOURCE_MAC},
    {"priority", priority_configure, tagged_send, REASON_VLAN_NOT_ALLOWED},
    {"storm limit", storm_configure, storms_send, REASON_STORM_LIMIT},
    {"access list", acl_configure, twice_frames_send, REASON_ACL_DENIED},
    {"required extension", required_configure, twice_frames_send, REASON_REQUIRED_EXTENSION},
    {"mirror", mirror_configure, twice_frames_send, REASON_NONE},
    {"bandwidth", bandwidth_configure, much_send, REASON_BANDWIDTH_LIMIT},
};

/* The matrix --------------------------------------------------------------------------------- */

static void extension_add(const char *path, const char *name)
{
    struct xsw_error error;
    if (rig_extension(&rig, path, name, NULL, NULL, &error) != XSW_OK) {
        fail_msg("%s: %s", name, error.text);
    }
}

static void case_run(const struct policy_case *policy, enum column column, struct result *result)
{
    rig_init(&rig, NULL);
    vswitch_activate(rig.vswitch);
    for (uint16_t port = 1; port <= PORTS; port++) {
        rig_port(&rig, NULL);
    }
    if (column == WITH_FILTER) {
        extension_add(EXTENSION_DIR "/flowfilter.so", "filter");
    }
    if (column == FORWARDER_FIRST) {
        extension_add(EXTENSION_DIR "/test/warden.so", "warden");
    }
    policy->configure();
    if (column == FORWARDER_LAST) {
        extension_add(EXTENSION_DIR "/test/warden.so", "warden");
    }
    policy->provoke();
    memset(result, 0, sizeof(*result));
    for (uint16_t port = 1; port <= PORTS; port++) {
        result->delivered[port] = rig_drain(&rig, port);
    }
    for (uint16_t reason = 0; reason < REASONS_MAX; reason++) {
        for (uint16_t stage = 0; stage < STAGES_MAX; stage++) {
            result->reasons[reason] += rig_dropped(&rig, stage, reason);
        }
    }
    rig_fini(&rig);
}

static void compare(const struct policy_case *policy, enum column column,
                    const struct result *expected, const struct result *result)
{
    for (uint16_t port = 1; port <= PORTS; port++) {
        if (result->delivered[port] != expected->delivered[port]) {
            fail_msg("%s with %s: port %u got %llu frames, expected %llu", policy->name,
                     columns[column], port, (unsigned long long)result->delivered[port],
                     (unsigned long long)expected->delivered[port]);
        }
    }
    for (uint16_t reason = 0; reason < REASONS_MAX; reason++) {
        if (result->reasons[reason] != expected->reasons[reason]) {
            fail_msg("%s with %s: %llu drops for reason %u, expected %llu", policy->name,
                     columns[column], (unsigned long long)result->reasons[reason], reason,
                     (unsigned long long)expected->reasons[reason]);
        }
    }
}

static void a_policy_is_the_same_whoever_forwards(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct result expected;
        case_run(&cases[i], NO_EXTENSION, &expected);
        if (cases[i].reason != REASON_NONE && expected.reasons[cases[i].reason] == 0) {
            fail_msg("%s: nothing was dropped for reason %u", cases[i].name, cases[i].reason);
        }
        for (enum column column = WITH_FILTER; column < COLUMNS; column++) {
            struct result result;
            case_run(&cases[i], column, &result);
            compare(&cases[i], column, &expected, &result);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_policy_is_the_same_whoever_forwards)};
    return cmocka_run_group_tests_name("policy_matrix", tests, NULL, NULL);
}
