/* SPDX-License-Identifier: Apache-2.0 */
/* Reverse ARP requests in the name of a guest, on their way from the control thread to worker 0. */
#include "switch/life/announce.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "packet/packet.h"
#include "packet/wire.h"
#include "switch/life/lifecycle.h"
#include "switch/path/frame_queue.h"
#include "switch/path/worker.h"
#include "switch/state.h"

enum {
    FRAME_BYTES = 60, /* the shortest that Ethernet knows, without its checksum */
    TAG_BYTES = 4,
    ADDRESSES_MAX = 1024,
    TYPE_TAG = 0x8100,
    TYPE_RARP = 0x8035, /* RFC 903; the fields are those of RFC 826 */
    HARDWARE_ETHERNET = 1,
    PROTOCOL_IPV4 = 0x0800,
    OPERATION_REQUEST = 3
};

struct address {
    struct mac_address mac;
    uint16_t tag; /* VLAN that the frame says; 0: untagged */
};

struct addresses {
    struct address list[ADDRESSES_MAX];
    size_t count;
};

static void address_add(struct addresses *addresses, const struct mac_address *mac, uint16_t tag)
{
    for (size_t i = 0; i < addresses->count; i++) {
        if (memcmp(&addresses->list[i].mac, mac, sizeof(*mac)) == 0 &&
            addresses->list[i].tag == tag) {
            return;
        }
    }
    if (addresses->count < ADDRESSES_MAX) {
        addresses->list[addresses->count++] = (struct address){.mac = *mac, .tag = tag};
    }
}

/* The frame as the guest would send it: what is not of a trunk's tagged VLANs has no tag. */
static uint16_t tag_of(const struct port_config *config, uint16_t vlan)
{
    return config->vlan.mode == VLAN_TRUNK && vlan != config->vlan.native ? vlan : 0;
}

static enum xsw_status addresses_gather(struct vswitch *vswitch, uint16_t port,
                                        struct addresses *addresses, struct xsw_error *error)
{
    const struct port_config *config = &vswitch->ports[port].config;
    size_t capacity = vswitch_macs(vswitch, NULL, 0);
    struct mac_entry *entries = calloc(capacity + 1, sizeof(*entries));
    if (entries == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for %zu addresses", capacity);
    }
    size_t count = vswitch_macs(vswitch, entries, capacity);
    for (size_t i = 0; i < count && i < capacity; i++) {
        if (entries[i].port == port) {
            address_add(addresses, &entries[i].mac, tag_of(config, entries[i].vlan));
        }
    }
    free(entries);
    /* A guest that has said nothing yet. A trunk that takes no untagged frames tells no VLAN. */
    bool takes_untagged = config->vlan.mode != VLAN_TRUNK || config->vlan.native != 0;
    for (uint32_t i = 0; takes_untagged && i < config->mac_count; i++) {
        address_add(addresses, &config->macs[i], 0);
    }
    return XSW_OK;
}

/* Returns the length. */
static uint32_t frame_write(const struct address *address, uint8_t frame[FRAME_BYTES + TAG_BYTES])
{
    uint8_t *at = frame;
    memset(frame, 0, FRAME_BYTES + TAG_BYTES);
    memset(at, 0xff, 6);
    memcpy(at + 6, address->mac.bytes, 6);
    at += 12;
    if (address->tag != 0) {
        wire_write16(at, TYPE_TAG);
        wire_write16(at + 2, address->tag);
        at += TAG_BYTES;
    }
    wire_write16(at, TYPE_RARP);
    wire_write16(at + 2, HARDWARE_ETHERNET);
    wire_write16(at + 4, PROTOCOL_IPV4);
    at[6] = 6;
    at[7] = 4;
    wire_write16(at + 8, OPERATION_REQUEST);
    memcpy(at + 10, address->mac.bytes, 6); /* of the sender, whose IPv4 address is unknown: zero */
    memcpy(at + 20, address->mac.bytes, 6); /* of whom it asks about: the same */
    return FRAME_BYTES + (address->tag != 0 ? TAG_BYTES : 0);
}

/* The queue stays for the life of the switch; workers know it from the next snapshot on. */
static enum xsw_status queue_need(struct vswitch *vswitch, struct xsw_error *error)
{
    if (vswitch->announcements != NULL) {
        return XSW_OK;
    }
    enum xsw_status status = frame_queue_create(&vswitch->announcements, error);
    if (status == XSW_OK) {
        status = vswitch_publish(vswitch, error);
        if (status != XSW_OK) {
            frame_queue_destroy(vswitch->announcements);
            vswitch->announcements = NULL;
        }
    }
    return status;
}

static enum xsw_status addresses_send(struct vswitch *vswitch, uint16_t port,
                                      const struct addresses *addresses, struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    for (size_t i = 0; i < addresses->count && status == XSW_OK; i++) {
        uint8_t frame[FRAME_BYTES + TAG_BYTES];
        uint32_t length = frame_write(&addresses->list[i], frame);
        status = frame_queue_put(vswitch->announcements, port, frame, length);
    }
    if (vswitch->is_started) {
        worker_wake(vswitch->workers[0]);
    }
    if (status == XSW_AGAIN) {
        error_set(error, XSW_AGAIN, "too many announcements are on their way: try again");
    }
    return status;
}

enum xsw_status vswitch_announce(struct vswitch *vswitch, const char *port, size_t *count,
                                 struct xsw_error *error)
{
    struct port_info info;
    *count = 0;
    enum xsw_status status = vswitch_port_find(vswitch, port, &info, error);
    if (status == XSW_OK && !lifecycle_rights(info.life)->packets_from_extensions) {
        status = error_set(error, XSW_INVALID, "port %s: its NIC is not connected", port);
    }
    if (status == XSW_OK) {
        status = queue_need(vswitch, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    struct addresses *addresses = calloc(1, sizeof(*addresses));
    if (addresses == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for announcements");
    }
    status = addresses_gather(vswitch, info.id, addresses, error);
    if (status == XSW_OK) {
        status = addresses_send(vswitch, info.id, addresses, error);
        *count = addresses->count;
    }
    free(addresses);
    return status;
}

/* As for a packet that the port's NIC gave. */
static void received_account(struct worker *worker, struct packet *packet, uint16_t port)
{
    struct port_account *account = &worker->counters->ports[port];
    packet->id = worker_new_id(worker);
    packet->seen.id = packet->id;
    packet->seen.source_port = port;
    packet->source_port = port;
    packet->rx_length = packet->seen.length;
    counter_add(&account->rx_packets, 1);
    counter_add(&account->rx_bytes, packet->seen.length);
}

uint32_t announce_receive(struct worker *worker, struct packet **packets, uint32_t capacity)
{
    struct frame_queue *queue = worker->pipeline->announcements;
    struct queued_frame frame;
    uint32_t count = 0;
    while (count < capacity && frame_queue_look(queue, &frame)) {
        /* The port may have gone in the meantime. */
        if (worker->pipeline->ports[frame.source_port].port != NULL) {
            struct packet *packet = packet_alloc_received(worker->pool, frame.length);
            if (packet == NULL) {
                break;
            }
            memcpy(packet->seen.data, frame.bytes, frame.length);
            packet->seen.length = frame.length;
            received_account(worker, packet, frame.source_port);
            packets[count++] = packet;
        }
        frame_queue_drop(queue);
    }
    return count;
}
