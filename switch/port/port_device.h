/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_PORT_DEVICE_H
#define XSW_SWITCH_PORT_DEVICE_H

/*
 * The network device behind a port of kind packet or xdp: it exists before the port and outlives
 * it, and the port changes nothing on it but what the kernel takes back by itself when the port
 * closes (promiscuous mode, an XDP program). Control thread.
 */

#include <net/if.h>
#include <stdint.h>

#include <xsw/error.h>

#include "switch/config/config.h"
#include "switch/switch.h"

struct port_device {
    int fd; /* a packet socket that receives nothing; it is asked, and holds promiscuous mode */
    int index;
    char name[IFNAMSIZ];
    uint32_t mtu;
};

/* The Ethernet device of the configuration, in promiscuous mode. On failure nothing is open. */
enum xsw_status port_device_open(struct port_device *device, const struct port_config *config,
                                 struct xsw_error *error) XSW_MUST_CHECK;
void port_device_close(struct port_device *device);

/* Down without a carrier too: what is sent then reaches nobody. */
enum port_state port_device_state(const struct port_device *device);
/* Receive queues that the device has now; 1 when it does not tell. */
uint32_t port_device_queues(const struct port_device *device);
/* Whether it takes tags out of received frames and lays them beside, where XDP does not see them.
 */
int port_device_strips_tags(const struct port_device *device);
/* Whether it is an end of a veth pair. `peer` gets the name of the other end, or "PEER" when that
 * is in another network namespace. */
int port_device_is_veth(const struct port_device *device, char peer[IFNAMSIZ]);

#endif
