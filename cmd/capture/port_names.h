/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_PORT_NAMES_H
#define XSW_CMD_PORT_NAMES_H

/*
 * What ids of ports meant, and from which generation of the configuration on: a switch gives them
 * again. Bounded: of an id PORT_NAMES_OF_ID_MAX are remembered, the latest.
 *
 * Threads: one.
 */

#include <stdint.h>

#include <jansson.h>

#include "switch/config/config.h"
#include "switch/switch.h"

enum { PORT_NAMES_OF_ID_MAX = 32 };

struct named_port {
    struct named_port *older; /* what the id meant before */
    uint64_t since;
    char name[CONFIG_NAME_SIZE];
    char kind[16];
};

struct port_names {
    struct named_port *latest[XSW_PORTS_MAX]; /* by id */
};

/* What is known of that generation already stays. Without memory it is not remembered. */
void port_names_add(struct port_names *names, uint16_t id, const struct named_port *port);
/* Those of a list of a dictionary. */
void port_names_add_list(struct port_names *names, const json_t *list);
/* Null: not known. */
const struct named_port *port_names_find(const struct port_names *names, uint16_t id,
                                         uint64_t generation);
void port_names_fini(struct port_names *names);

#endif
