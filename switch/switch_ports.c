/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of a switch as they are: names, ids, counters, and what is told of them. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "switch/state.h"

const struct port_ops *port_kind_ops(enum port_kind kind)
{
    switch (kind) {
    case PORT_KIND_TAP:
        return &port_tap_ops;
    case PORT_KIND_MEMORY:
        return &port_memory_ops;
    case PORT_KIND_FILE:
        return &port_file_ops;
    case PORT_KIND_PACKET:
        return &port_packet_ops;
    case PORT_KIND_XDP:
        return &port_xdp_ops;
    case PORT_KIND_NONE:
        break;
    }
    return NULL;
}

uint16_t vswitch_port_id(const struct vswitch *vswitch, const char *name)
{
    for (uint16_t id = 1; name[0] != '\0' && id < XSW_PORTS_MAX; id++) {
        if (vswitch->ports[id].life != XSW_STATE_NOT_CREATED &&
            strcmp(vswitch->ports[id].config.name, name) == 0) {
            return id;
        }
    }
    return XSW_PORT_NONE;
}

struct port *vswitch_port_object(struct vswitch *vswitch, const char *name)
{
    return vswitch->ports[vswitch_port_id(vswitch, name)].port;
}

static enum xsw_status not_found(const char *name, struct xsw_error *error)
{
    return error_set(error, XSW_NOT_FOUND, "there is no port \"%s\"", name);
}

struct port_counters vswitch_port_sums(const struct vswitch *vswitch, uint16_t id)
{
    return (struct port_counters){
        .rx_packets = VSWITCH_SUM(vswitch, ports[id].rx_packets),
        .rx_bytes = VSWITCH_SUM(vswitch, ports[id].rx_bytes),
        .tx_packets = VSWITCH_SUM(vswitch, ports[id].tx_packets),
        .tx_bytes = VSWITCH_SUM(vswitch, ports[id].tx_bytes),
        .dropped_in = VSWITCH_SUM(vswitch, ports[id].dropped_in),
        .dropped_out = VSWITCH_SUM(vswitch, ports[id].dropped_out),
    };
}

static struct port_counters counters_of(const struct vswitch *vswitch, uint16_t id)
{
    const struct port_counters *before = &vswitch->ports[id].baseline;
    struct port_counters counters = vswitch_port_sums(vswitch, id);
    counters.rx_packets -= before->rx_packets;
    counters.rx_bytes -= before->rx_bytes;
    counters.tx_packets -= before->tx_packets;
    counters.tx_bytes -= before->tx_bytes;
    counters.dropped_in -= before->dropped_in;
    counters.dropped_out -= before->dropped_out;
    return counters;
}

/* Devices are opened in our own network namespace. */
static struct port_place place_of(const struct port_slot *slot)
{
    struct port_place place = {0};
    struct stat about;
    bool has_device = slot->config.kind == PORT_KIND_TAP || slot->config.kind == PORT_KIND_PACKET ||
                      slot->config.kind == PORT_KIND_XDP;
    if (!has_device ||
        (slot->port->ops->place != NULL && !slot->port->ops->place(slot->port, &place))) {
        return (struct port_place){0};
    }
    if (place.device[0] == '\0') {
        const char *name = slot->config.device[0] != '\0' ? slot->config.device : slot->config.name;
        snprintf(place.device, sizeof(place.device), "%.*s", PORT_DEVICE_SIZE - 1, name);
    }
    if (place.netns == 0 && stat("/proc/self/ns/net", &about) == 0) {
        place.netns = about.st_ino;
    }
    return place;
}

static void info_fill(const struct vswitch *vswitch, uint16_t id, struct port_info *info)
{
    const struct port_slot *slot = &vswitch->ports[id];
    *info = (struct port_info){.id = id,
                               .config = slot->config,
                               .state = PORT_NO_NIC,
                               .life = slot->life,
                               .is_leaving = slot->leaving != PORT_STAYS,
                               .counters = counters_of(vswitch, id)};
    bandwidth_read(vswitch->bandwidth, id, &info->bandwidth);
    if (slot->port == NULL) {
        return;
    }
    info->state = slot->port->ops->state(slot->port);
    info->queues = slot->port->queues;
    if (slot->port->ops->numbers != NULL) {
        info->number_count = slot->port->ops->numbers(slot->port, info->numbers);
    }
    if (slot->port->ops->advice != NULL) {
        slot->port->ops->advice(slot->port, info->advice);
    }
    info->place = place_of(slot);
    info->place.since_ns = slot->opened_ns;
}

size_t vswitch_ports(struct vswitch *vswitch, struct port_info *ports, size_t capacity)
{
    size_t count = 0;
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        if (vswitch->ports[id].life == XSW_STATE_NOT_CREATED) {
            continue;
        }
        if (count < capacity) {
            info_fill(vswitch, id, &ports[count]);
        }
        count++;
    }
    return count;
}

size_t vswitch_port_names(struct vswitch *vswitch, struct port_name *names, size_t capacity)
{
    size_t count = 0;
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        if (slot->config.name[0] == '\0') {
            continue;
        }
        if (count < capacity) {
            names[count] =
                (struct port_name){.id = id, .kind = slot->config.kind, .since = slot->since};
            memcpy(names[count].name, slot->config.name, sizeof(names[count].name));
        }
        count++;
    }
    return count;
}

enum xsw_status vswitch_port_find(struct vswitch *vswitch, const char *name, struct port_info *port,
                                  struct xsw_error *error)
{
    uint16_t id = vswitch_port_id(vswitch, name);
    if (id == XSW_PORT_NONE) {
        return not_found(name, error);
    }
    info_fill(vswitch, id, port);
    return XSW_OK;
}
