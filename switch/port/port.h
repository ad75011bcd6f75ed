/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_PORT_H
#define XSW_SWITCH_PORT_H

/*
 * The port interface: what a kind of port must do. One object a port; each worker has a queue of
 * its own on it, so that receive and send need no lock. A kind that cannot offer several queues
 * offers one, which belongs to one worker for receive, and refuses to be on a switch with more
 * workers if it cannot send from several either.
 *
 * Threads: open and close on the control thread, close after no worker knows the port; receive,
 * send and poll_fd on the worker that owns the queue; state on the control thread.
 */

#include <stdint.h>

#include <xsw/error.h>

#include "packet/packet.h"
#include "packet/segment.h"
#include "switch/config/config.h"
#include "switch/switch.h"

struct port;

struct port_ops {
    const char *kind; /* as in the configuration */
    /* What it hands on as it is: an unfinished checksum; a packet that is yet to be cut into
     * segments. A kind that does not take it does the work in its send (packet/segment.h), straight
     * into its own frames: the packet is then delivered once, in several frames. */
    uint8_t takes_checksum, takes_gso;
    enum xsw_status (*open)(const struct port_config *config, uint32_t queues, struct port **port,
                            struct xsw_error *error);
    void (*close)(struct port *port);
    /*
     * Fills at most `capacity` packets from the pool, with data, length and offload set; returns
     * how many. Never blocks. Takes a frame only when there is a buffer for it, and leaves the rest
     * where it is: what overflows there is counted there.
     */
    uint32_t (*receive)(struct port *port, uint32_t queue, struct packet_pool *pool,
                        struct packet **packets, uint32_t capacity);
    /* Sends, and keeps none of the packets. One that could not be sent gets its drop_reason set;
     * returns how many those are. */
    uint32_t (*send)(struct port *port, uint32_t queue, struct packet *const *packets,
                     uint32_t count);
    /* Readable when receive would give something; -1: there never is anything to wait for. */
    int (*poll_fd)(struct port *port, uint32_t queue);
    enum port_state (*state)(struct port *port);
    /* Whether receive has more without waiting, whatever the descriptor says. May be null. */
    int (*is_ready)(struct port *port, uint32_t queue);
    /* What the kind counts beside the switch: at most PORT_NUMBERS_MAX; returns how many. Control
     * thread. May be null. */
    uint32_t (*numbers)(struct port *port, struct port_number *numbers);
    /* A sentence about the device that a person should know: what to do so that all works; "" for
     * none. Control thread. May be null. */
    void (*advice)(struct port *port, char text[PORT_ADVICE_SIZE]);
    /* Whether the device stays when the port is closed, for the next one to take it over; until
     * then and afterwards it goes with the port. Control thread. Null: the device is not the
     * port's, and stays anyhow. */
    enum xsw_status (*keep_device)(struct port *port, int must_stay, struct xsw_error *error);
    /* Where the device is now, when its owner may have renamed it or moved it to another network
     * namespace. False: that is not known. Control thread. Null: it stays where it was opened. */
    int (*place)(struct port *port, struct port_place *place);
};

/* Whether a kind that takes GSO may hand the packet on as it is; else it cuts it
 * (packet/segment.h). */
static inline int port_kernel_understands(const struct xsw_packet *packet)
{
    return __builtin_expect(packet->offload.gso_type == XSW_GSO_NONE, 1) ||
           segment_is_plain(packet);
}

/* Every kind embeds this first. */
struct port {
    const struct port_ops *ops;
    uint32_t queues;
};

/* The kinds, by enum port_kind. */
extern const struct port_ops port_tap_ops;
extern const struct port_ops port_memory_ops;
extern const struct port_ops port_file_ops;
extern const struct port_ops port_packet_ops;
extern const struct port_ops port_xdp_ops;
const struct port_ops *port_kind_ops(enum port_kind kind);

#endif
