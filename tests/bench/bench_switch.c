/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_switch.h"

#include <stdio.h>
#include <stdlib.h>

#include "packet/checksum.h"
#include "packet/wire.h"
#include "switch/port/port_memory.h"
#include "switch/switch.h"

enum { FRAMES_PER_PORT = 1024 };

void bench_fail(const char *what, const struct xsw_error *error)
{
    fprintf(stderr, "%s: %s\n", what, error->text);
    exit(3);
}

uint64_t bench_number(const char *text)
{
    char *end;
    double value = strtod(text, &end);
    static const struct {
        char letter;
        double times;
    } units[] = {{'k', 1e3}, {'K', 1e3}, {'M', 1e6}, {'G', 1e9}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (*end == units[i].letter) {
            value *= units[i].times;
            end++;
            break;
        }
    }
    return *end == '\0' && value > 0 ? (uint64_t)value : 0;
}

static uint32_t below(uint32_t limit)
{
    static uint32_t state = 2463534242;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % limit;
}

static void frame_make(struct memory_frame *frame, uint32_t length, uint32_t source,
                       uint32_t destination)
{
    uint8_t *bytes = calloc(1, length);
    if (bytes == NULL) {
        exit(3);
    }
    bytes[0] = bytes[6] = 2;
    wire_write32(bytes + 2, destination + 1);
    wire_write32(bytes + 8, source + 1);
    wire_write16(bytes + 12, ETHER_TYPE_IPV4);
    uint8_t *ip = bytes + ETHERNET_SIZE;
    ip[0] = 0x45;
    wire_write16(ip + 2, (uint16_t)(length - ETHERNET_SIZE));
    ip[8] = 64;
    ip[9] = PROTOCOL_UDP;
    wire_write32(ip + 12, 0x0a000000 | (source + 1));
    wire_write32(ip + 16, 0x0a000000 | (destination + 1));
    wire_write16(ip + 10, checksum_close(checksum_add(0, ip, IPV4_MIN_SIZE)));
    wire_write16(ip + 20, 1000);
    wire_write16(ip + 22, 2000);
    wire_write16(ip + 24, (uint16_t)(length - ETHERNET_SIZE - IPV4_MIN_SIZE));
    /* Payload that does not compress to nothing. */
    for (uint32_t at = ETHERNET_SIZE + IPV4_MIN_SIZE + UDP_SIZE; at + 8 <= length; at += 32) {
        wire_write32(bytes + at, below(UINT32_MAX));
        wire_write32(bytes + at + 4, below(UINT32_MAX));
    }
    *frame = (struct memory_frame){.bytes = bytes, .length = length};
}

/* Each port sends from its share of the addresses to random ones of the other ports; first of all
 * each address once, so that all are learned. */
static struct memory_frame *frames_make(const struct bench_switch_options *options, uint32_t port)
{
    struct memory_frame *frames = calloc(FRAMES_PER_PORT, sizeof(*frames));
    uint32_t share = options->macs / options->ports;
    for (uint32_t i = 0; frames != NULL && i < FRAMES_PER_PORT; i++) {
        uint32_t source = port * share + (i < share ? i : below(share));
        uint32_t other = (port + 1 + below(options->ports - 1)) % options->ports;
        frame_make(&frames[i], options->frame_length, source, other * share + below(share));
    }
    return frames;
}

static void frames_free(struct memory_frame *frames)
{
    for (uint32_t i = 0; i < FRAMES_PER_PORT; i++) {
        free(frames[i].bytes);
    }
    free(frames);
}

static void acl_add(struct vswitch *vswitch, const char *port, enum acl_direction direction,
                    uint16_t destination_port)
{
    struct xsw_error error;
    struct acl_rule rule = {.direction = direction,
                            .action = ACL_DENY,
                            .has_protocol = true,
                            .protocol = PROTOCOL_TCP,
                            .destination_ports = {destination_port, destination_port}};
    if (vswitch_acl_add(vswitch, port, &rule, &error) != XSW_OK) {
        bench_fail("access list", &error);
    }
}

struct vswitch *bench_switch_make(const struct bench_switch_options *options)
{
    struct xsw_error error;
    struct switch_config config;
    switch_config_init(&config);
    struct vswitch *vswitch = NULL;
    if (vswitch_create(&config, &vswitch, &error) != XSW_OK) {
        bench_fail("switch", &error);
    }
    uint32_t share = options->macs / options->ports;
    for (uint32_t i = 0; i < options->ports; i++) {
        struct port_config port;
        port_config_init(&port);
        port.kind = PORT_KIND_MEMORY;
        port.spoof_guard = options->has_rules && share <= CONFIG_MACS_MAX;
        port.mac_count = port.spoof_guard ? share : 0;
        snprintf(port.name, sizeof(port.name), "p%u", i);
        for (uint32_t mac = 0; mac < port.mac_count; mac++) {
            port.macs[mac].bytes[0] = 2;
            wire_write32(port.macs[mac].bytes + 2, i * share + mac + 1);
        }
        if (vswitch_port_add(vswitch, &port, NULL, &error) != XSW_OK) {
            bench_fail("port", &error);
        }
        if (options->has_rules) {
            acl_add(vswitch, port.name, ACL_IN, 23);
            acl_add(vswitch, port.name, ACL_IN, 25);
            acl_add(vswitch, port.name, ACL_OUT, 22);
        }
        struct memory_frame *frames = frames_make(options, i);
        if (!port_memory_play(vswitch_port_object(vswitch, port.name), frames, FRAMES_PER_PORT)) {
            exit(3);
        }
        frames_free(frames);
    }
    return vswitch;
}
