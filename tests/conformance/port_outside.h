/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_PORT_OUTSIDE_H
#define XSW_TEST_PORT_OUTSIDE_H

/*
 * What is on the other side of a port, for each kind of port: who puts frames in there and takes
 * out what the switch sent. One at a time, on the test's thread; what cannot be done fails the
 * running cmocka test.
 */

#include <stdint.h>

#include "switch/port/port.h"

enum { ITEM_BYTES = 65536 + 128 };

struct item {
    uint32_t length;
    struct xsw_offload offload;
    uint8_t bytes[ITEM_BYTES];
};

struct outside {
    const char *name;
    const struct port_ops *ops;
    uint8_t has_device;  /* that can be missing, go down and vanish */
    uint8_t has_offload; /* frames can be put in with offload fields */
    uint8_t has_queues;  /* more than one */
    /* Before the port is opened; sets what the configuration needs. */
    void (*prepare)(struct port_config *config, uint32_t queues);
    /* The port is open. */
    void (*join)(struct port *port);
    void (*leave)(void);
    void (*put)(struct port *port, const struct item *item);
    /* The next frame that the port sent; false when none comes within `milliseconds`. */
    int (*take)(struct port *port, struct item *item, int milliseconds);
    void (*device_set)(int is_up);
    void (*carrier_set)(int is_there); /* null: the kind has none that could go */
    void (*device_delete)(void);
};

/* Null: there is no such kind. */
const struct outside *outside_find(const char *kind);

#endif
