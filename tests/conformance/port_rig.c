/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/port_rig.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "packet/checksum.h"
#include "packet/segment.h"
#include "switch/path/reasons.h"
#include "unit/packet/frames.h"

struct port_rig rig;

void wire_add(struct wire *wire, const uint8_t *data, uint32_t length,
              const struct xsw_offload *offload)
{
    struct xsw_packet packet = {
        .data = (uint8_t *)(uintptr_t)data, .length = length, .offload = *offload};
    struct segmenter segmenter;
    assert_int_equal(segmenter_begin(&segmenter, &packet), XSW_OK);
    while (!segmenter_is_done(&segmenter)) {
        assert_true(wire->count < WIRE_MAX);
        uint8_t *bytes = malloc(segmenter.frame_max);
        assert_non_null(bytes);
        wire->bytes[wire->count] = bytes;
        wire->lengths[wire->count++] = segmenter_write(&segmenter, bytes);
    }
}

void wire_clear(struct wire *wire)
{
    while (wire->count > 0) {
        free(wire->bytes[--wire->count]);
    }
}

void wires_are_equal(void)
{
    assert_int_equal(rig.got.count, rig.expected.count);
    for (uint32_t i = 0; i < rig.expected.count; i++) {
        assert_int_equal(rig.got.lengths[i], rig.expected.lengths[i]);
        assert_memory_equal(rig.got.bytes[i], rig.expected.bytes[i], rig.expected.lengths[i]);
    }
}

void port_start(uint32_t queues)
{
    struct xsw_error error;
    int fd = -1;
    /* A file is opened with what was put into it. */
    if (rig.config.kind == PORT_KIND_FILE) {
        snprintf(rig.config.input_path, sizeof(rig.config.input_path), "%s",
                 rig.config.output_path);
        memcpy(strrchr(rig.config.input_path, '/'), "/in.pcap", sizeof("/in.pcap"));
        fd = open(rig.config.input_path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            rig.config.input_path[0] = '\0';
        } else {
            close(fd);
        }
    }
    if (rig.outside->ops->open(&rig.config, queues, &rig.port, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    rig.outside->join(rig.port);
}

static int prepare(uint32_t queues)
{
    struct xsw_error error;
    port_config_init(&rig.config);
    snprintf(rig.config.name, sizeof(rig.config.name), "suite");
    rig.outside->prepare(&rig.config, queues);
    return packet_pool_create(POOL_SMALL, POOL_LARGE, &rig.pool, &error);
}

int setup(void **state)
{
    (void)state;
    return prepare(1);
}

int setup_queues(void **state)
{
    (void)state;
    return prepare(QUEUES);
}

int teardown(void **state)
{
    (void)state;
    if (rig.port != NULL) {
        rig.port->ops->close(rig.port);
    }
    rig.port = NULL;
    rig.outside->leave();
    assert_int_equal(packet_pool_in_use(rig.pool), 0);
    packet_pool_destroy(rig.pool);
    wire_clear(&rig.expected);
    wire_clear(&rig.got);
    return 0;
}

/* Frames to send ------------------------------------------------------------------------------ */

void item_udp(uint32_t payload, uint16_t source_port, int is_tagged)
{
    struct frame frame;
    frame_ethernet(&frame, is_tagged ? ETHER_TYPE_VLAN : ETHER_TYPE_IPV4);
    if (is_tagged) {
        frame_tag(&frame, 0xa123, ETHER_TYPE_IPV4);
    }
    frame_ipv4(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    wire_write16(frame.bytes + frame.transport, source_port);
    for (uint32_t i = 0; i < payload; i++) {
        frame.bytes[frame.length++] = (uint8_t)(i + payload);
    }
    frame_finish(&frame);
    rig.item.length = (uint32_t)frame.length;
    rig.item.offload = (struct xsw_offload){0};
    memcpy(rig.item.bytes, frame.bytes, frame.length);
}

/* No IP: as short as a frame can be. */
void item_raw(uint32_t length)
{
    struct frame frame;
    frame_ethernet(&frame, 0x88b5);
    rig.item.length = length;
    rig.item.offload = (struct xsw_offload){0};
    memcpy(rig.item.bytes, frame.bytes, ETHERNET_SIZE);
    memset(rig.item.bytes + ETHERNET_SIZE, (int)length, length - ETHERNET_SIZE);
}

/* A TCP segment as a kernel hands it to a card: to be cut when it has more than gso_size. */
void item_tcp(int is_v6, uint32_t payload, uint16_t gso_size)
{
    struct frame frame;
    frame_ethernet(&frame, is_v6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4);
    if (is_v6) {
        frame_ipv6(&frame, PROTOCOL_TCP);
    } else {
        frame_ipv4(&frame, PROTOCOL_TCP);
    }
    frame_tcp(&frame, TCP_ACK | TCP_PSH);
    uint32_t covered = TCP_MIN_SIZE + payload;
    uint8_t *ip = frame.bytes + frame.network;
    wire_write16(ip + (is_v6 ? 4 : 2), (uint16_t)(covered + (is_v6 ? 0 : IPV4_MIN_SIZE)));
    if (!is_v6) {
        wire_write16(ip + 10, 0);
        wire_write16(ip + 10, slow_checksum(0, ip, IPV4_MIN_SIZE));
    }
    uint32_t pseudo = is_v6 ? checksum_pseudo_ipv6(ip + 8, ip + 24, PROTOCOL_TCP, covered)
                            : checksum_pseudo_ipv4(ip + 12, ip + 16, PROTOCOL_TCP, covered);
    wire_write16(frame.bytes + frame.transport + 16, (uint16_t)pseudo);
    rig.item.length = (uint32_t)frame.length + payload;
    memcpy(rig.item.bytes, frame.bytes, frame.length);
    for (uint32_t i = 0; i < payload; i++) {
        rig.item.bytes[frame.length + i] = (uint8_t)(i * 11 + (i >> 8));
    }
    rig.item.offload = (struct xsw_offload){.flags = XSW_OFFLOAD_NEEDS_CHECKSUM,
                                            .csum_start = (uint16_t)frame.transport,
                                            .csum_offset = 16};
    if (gso_size != 0) {
        rig.item.offload.gso_type = is_v6 ? XSW_GSO_TCPV6 : XSW_GSO_TCPV4;
        rig.item.offload.gso_size = gso_size;
        rig.item.offload.header_length = (uint16_t)frame.length;
    }
}

/* Through the port ---------------------------------------------------------------------------- */

void item_put(void)
{
    wire_add(&rig.expected, rig.item.bytes, rig.item.length, &rig.item.offload);
    rig.outside->put(rig.port, &rig.item);
}

int port_is_readable(uint32_t queue, int milliseconds)
{
    if (rig.port->ops->is_ready != NULL && rig.port->ops->is_ready(rig.port, queue)) {
        return 1;
    }
    struct pollfd waiting = {.fd = rig.port->ops->poll_fd(rig.port, queue), .events = POLLIN};
    return poll(&waiting, 1, milliseconds) == 1;
}

/* Until all that is expected has come, on any queue, or nothing comes any more. */
void all_receive(uint32_t queues)
{
    struct packet *packets[64];
    int idle = 0;
    while (rig.got.count < rig.expected.count && idle < 2 * PATIENCE_MS / 10) {
        uint32_t count = 0;
        for (uint32_t queue = 0; queue < queues && count == 0; queue++) {
            (void)port_is_readable(queue, queues > 1 ? 5 : 10);
            count = rig.port->ops->receive(rig.port, queue, rig.pool, packets, 64);
        }
        for (uint32_t i = 0; i < count; i++) {
            const struct xsw_packet *seen = &packets[i]->seen;
            wire_add(&rig.got, seen->data, seen->length, &seen->offload);
        }
        packet_free(rig.pool, packets, count);
        idle = count > 0 ? 0 : idle + 1;
    }
}

struct packet *packet_of_item(void)
{
    struct packet *packet = packet_alloc(rig.pool, rig.item.length);
    assert_non_null(packet);
    memcpy(packet->seen.data, rig.item.bytes, rig.item.length);
    packet->seen.length = rig.item.length;
    packet->seen.offload = rig.item.offload;
    return packet;
}

/* Sends the item alone; returns the reason for which it was dropped. */
uint16_t item_send(uint32_t queue)
{
    struct packet *packet = packet_of_item();
    uint32_t failed = rig.port->ops->send(rig.port, queue, &packet, 1);
    uint16_t reason = packet->drop_reason;
    assert_int_equal(failed, reason != REASON_NONE);
    packet_free(rig.pool, &packet, 1);
    return reason;
}

void item_send_well(uint32_t queue)
{
    wire_add(&rig.expected, rig.item.bytes, rig.item.length, &rig.item.offload);
    assert_int_equal(item_send(queue), REASON_NONE);
}

void all_take(void)
{
    while (rig.got.count < rig.expected.count &&
           rig.outside->take(rig.port, &rig.item, PATIENCE_MS)) {
        wire_add(&rig.got, rig.item.bytes, rig.item.length, &rig.item.offload);
    }
}
