/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_FORWARD_H
#define XSW_SWITCH_FORWARD_H

/* What the built-in forwarding and forwarding extensions share. Workers. */

#include <xsw/packet.h>

struct worker;
struct stage;
struct packet;

/* Gives the packet its first destination and makes a copy for each further one. False when the set
 * is empty. */
int forward_to_set(struct worker *worker, const struct stage *stage, struct packet *packet,
                   const struct xsw_port_set *destinations);

#endif
