/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_PORT_RIG_H
#define XSW_TEST_PORT_RIG_H

/*
 * A port of the kind that is tested, what is at its other side, and lists of frames as they would
 * be on a wire: what is expected, and what came. One port at a time, on the test's thread; what
 * cannot be done fails the running cmocka test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conformance/port_outside.h"
#include "packet/packet.h"

enum {
    WIRE_MAX = 4000, /* frames of a list */
    PATIENCE_MS = 5000,
    QUEUES = 2,
    POOL_SMALL = 600,
    POOL_LARGE = 32
};

struct wire {
    uint32_t count;
    uint32_t lengths[WIRE_MAX];
    uint8_t *bytes[WIRE_MAX];
};

struct port_rig {
    const struct outside *outside;
    struct port_config config;
    struct port *port; /* null: not open */
    struct packet_pool *pool;
    struct wire expected, got;
    struct item item; /* that is made and sent next */
};

extern struct port_rig rig;

int setup(void **state);
int setup_queues(void **state); /* the device has QUEUES queues */
int teardown(void **state);
void port_start(uint32_t queues);

/* Adds the frame as it would be on a wire: its checksum finished, cut where it is to be cut. */
void wire_add(struct wire *wire, const uint8_t *data, uint32_t length,
              const struct xsw_offload *offload);
void wire_clear(struct wire *wire);
void wires_are_equal(void);

/* Into rig.item. Tagged: VLAN 291, priority 5. */
void item_udp(uint32_t payload, uint16_t source_port, int is_tagged);
/* No IP: as short as a frame can be. */
void item_raw(uint32_t length);
/* A TCP segment as a kernel hands it to a card, its checksum unfinished; to be cut when gso_size is
 * not 0. */
void item_tcp(int is_v6, uint32_t payload, uint16_t gso_size);

/* From the other side into the port; expected. */
void item_put(void);
int port_is_readable(uint32_t queue, int milliseconds);
/* Into rig.got, until all that is expected has come, on any queue, or nothing comes any more. */
void all_receive(uint32_t queues);
struct packet *packet_of_item(void);
/* Through the port to the other side, alone; returns the reason for which it was dropped. */
uint16_t item_send(uint32_t queue);
/* The same; it must be taken, and is expected. */
void item_send_well(uint32_t queue);
/* Into rig.got, until all that is expected has come. */
void all_take(void);

#endif
