/* SPDX-License-Identifier: Apache-2.0 */
#include "certify/model_services.h"

#include <stdlib.h>
#include <string.h>

#include "certify/model.h"
#include "packet/parse.h"
#include "switch/life/lifecycle.h"

enum { HEADROOM = 64, FRAME_LENGTH_MIN = 14, FRAME_LENGTH_MAX = 65000 };

static struct model *model_of(const struct xsw_host *host)
{
    return ((struct model_instance *)host->context)->model;
}

static void log_nothing(const struct xsw_host *host, const char *text)
{
    (void)host;
    (void)text;
}

/* Data path ----------------------------------------------------------------------------------- */

/* A packet and its frame in one piece of memory. */
static struct xsw_packet *packet_make(const struct xsw_host *host, uint32_t length)
{
    struct xsw_packet *packet = calloc(1, sizeof(*packet) + HEADROOM + length);
    if (packet != NULL) {
        packet->data = (uint8_t *)(packet + 1) + HEADROOM;
        packet->length = length;
        packet->id = ++model_of(host)->next_id;
        packet->injector = host->self;
        packet->flags = XSW_PACKET_INJECTED;
    }
    return packet;
}

static struct xsw_packet *model_alloc(const struct xsw_host *host, uint32_t worker, uint32_t length)
{
    (void)worker;
    bool is_possible = length >= FRAME_LENGTH_MIN && length <= FRAME_LENGTH_MAX;
    return is_possible ? packet_make(host, length) : NULL;
}

static struct xsw_packet *model_clone(const struct xsw_host *host, uint32_t worker,
                                      const struct xsw_packet *original)
{
    (void)worker;
    struct xsw_packet *packet = packet_make(host, original->length);
    if (packet != NULL) {
        memcpy(packet->data, original->data, original->length);
        packet->source_port = original->source_port;
        packet->vlan = original->vlan;
        packet->parent_id = original->id;
        packet->offload = original->offload;
        parse_packet(packet);
    }
    return packet;
}

static void model_discard(const struct xsw_host *host, uint32_t worker, struct xsw_packet *packet)
{
    (void)host;
    (void)worker;
    free(packet);
}

static enum xsw_status model_set_source(const struct xsw_host *host, uint32_t worker,
                                        struct xsw_packet *packet, uint16_t port)
{
    (void)worker;
    const struct model *model = model_of(host);
    if (port == 0 || port > MODEL_PORTS || model->ports[port].state != XSW_STATE_CONNECTED) {
        return XSW_NOT_FOUND;
    }
    packet->source_port = port;
    return XSW_OK;
}

static enum xsw_status model_inject(const struct xsw_host *host, uint32_t worker,
                                    struct xsw_packet *packet, enum xsw_direction direction)
{
    (void)direction;
    model_discard(host, worker, packet);
    return XSW_OK;
}

static void model_release(const struct xsw_host *host, uint32_t worker, struct xsw_packet *packet,
                          const struct xsw_verdict *verdict)
{
    (void)worker;
    (void)verdict;
    struct model *model = model_of(host);
    for (uint32_t i = 0; i < XSW_BATCH_MAX; i++) {
        if (&model->slots[i].packet == packet) {
            model->slots[i].is_held = false;
        }
    }
}

static uint32_t model_hold_room(const struct xsw_host *host, uint32_t worker)
{
    (void)worker;
    const struct model *model = model_of(host);
    uint32_t room = 0;
    for (uint32_t i = 0; i < XSW_BATCH_MAX; i++) {
        room += !model->slots[i].is_held;
    }
    return room;
}

/* Control path -------------------------------------------------------------------------------- */

static enum xsw_status model_switch_info(const struct xsw_host *host, struct xsw_switch_info *info)
{
    const struct model *model = model_of(host);
    struct xsw_switch_info full = {.size = info->size,
                                   .name = "model",
                                   .uuid = "00000000-0000-4000-8000-000000000000",
                                   .is_active = model->is_active,
                                   .generation = 1};
    for (uint16_t id = 1; id <= MODEL_PORTS; id++) {
        full.port_count += model->ports[id].state != XSW_STATE_NOT_CREATED;
    }
    if (info->size < sizeof(info->size)) {
        return XSW_INVALID;
    }
    memcpy(info, &full, info->size < sizeof(full) ? info->size : sizeof(full));
    return XSW_OK;
}

static enum xsw_status model_ports(const struct xsw_host *host,
                                   void (*each)(void *context, const struct xsw_port_info *port),
                                   void *context)
{
    struct model *model = model_of(host);
    if (!model->is_active) {
        return XSW_AGAIN;
    }
    for (uint16_t id = 1; id <= MODEL_PORTS; id++) {
        struct model_port *port = &model->ports[id];
        if (port->state != XSW_STATE_NOT_CREATED) {
            port->info.state = (uint32_t)port->state;
            each(context, &port->info);
        }
    }
    return XSW_OK;
}

static enum xsw_status
model_properties(const struct xsw_host *host, uint16_t port,
                 void (*each)(void *context, const struct xsw_property *property), void *context)
{
    static const struct xsw_setting_info fields[] = {
        {"access", XSW_SETTING_NUMBER, 1, 4094, 1, NULL, "the VLAN of the port"},
    };
    static const struct xsw_setting values[] = {{.number = 1}};
    static const struct xsw_property vlan = {.size = sizeof(vlan),
                                             .feature = "vlan",
                                             .own = UINT32_MAX,
                                             .value_count = 1,
                                             .fields = fields,
                                             .values = values};
    if (!model_of(host)->is_active) {
        return XSW_AGAIN;
    }
    if (port != 0) {
        each(context, &vlan);
    }
    return XSW_OK;
}

/* The port, when its state allows it; null else. */
static struct model_port *referred(const struct xsw_host *host, uint16_t port, bool is_nic)
{
    struct model *model = model_of(host);
    if (port == 0 || port > MODEL_PORTS) {
        return NULL;
    }
    const struct lifecycle_rights *rights = lifecycle_rights(model->ports[port].state);
    bool is_allowed = is_nic ? rights->nic_reference : rights->port_reference;
    return is_allowed ? &model->ports[port] : NULL;
}

static enum xsw_status model_port_reference(const struct xsw_host *host, uint16_t port)
{
    struct model_port *of = referred(host, port, false);
    if (of != NULL) {
        of->port_references++;
    }
    return of != NULL ? XSW_OK : XSW_INVALID;
}

static enum xsw_status model_nic_reference(const struct xsw_host *host, uint16_t port)
{
    struct model_port *of = referred(host, port, true);
    if (of != NULL) {
        of->nic_references++;
    }
    return of != NULL ? XSW_OK : XSW_INVALID;
}

static void model_port_dereference(const struct xsw_host *host, uint16_t port)
{
    struct model *model = model_of(host);
    if (port <= MODEL_PORTS && model->ports[port].port_references > 0) {
        model->ports[port].port_references--;
    }
}

static void model_nic_dereference(const struct xsw_host *host, uint16_t port)
{
    struct model *model = model_of(host);
    if (port <= MODEL_PORTS && model->ports[port].nic_references > 0) {
        model->ports[port].nic_references--;
    }
}

static void model_synchronize(const struct xsw_host *host)
{
    (void)host;
}

static enum xsw_status model_send(const struct xsw_host *host, uint16_t source_port,
                                  const void *frame, uint32_t length)
{
    (void)host;
    (void)source_port;
    (void)frame;
    return length >= FRAME_LENGTH_MIN && length <= FRAME_LENGTH_MAX ? XSW_OK : XSW_INVALID;
}

void model_services_offer(struct model_instance *instance)
{
    static const struct xsw_data_services data = {
        .size = sizeof(data),
        .alloc = model_alloc,
        .clone = model_clone,
        .discard = model_discard,
        .set_source = model_set_source,
        .inject = model_inject,
        .release = model_release,
        .hold_room = model_hold_room,
    };
    static const struct xsw_control_services control = {
        .size = sizeof(control),
        .switch_info = model_switch_info,
        .ports = model_ports,
        .properties = model_properties,
        .port_reference = model_port_reference,
        .port_dereference = model_port_dereference,
        .nic_reference = model_nic_reference,
        .nic_dereference = model_nic_dereference,
        .synchronize = model_synchronize,
        .send = model_send,
    };
    instance->host = (struct xsw_host){.abi = XSW_EXTENSION_ABI,
                                       .size = sizeof(instance->host),
                                       .context = instance,
                                       .log = log_nothing,
                                       .instance = "trial",
                                       .self = 1,
                                       .data = &data,
                                       .control = &control};
}
