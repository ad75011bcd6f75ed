/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/services.h"

#include <string.h>

static struct services *of(const struct xsw_host *host)
{
    return *(struct services **)host->context;
}

static struct services_frame *take(struct services *services)
{
    for (size_t i = 0; i < sizeof services->is_used; i++) {
        if (!services->is_used[i] && !services->is_exhausted) {
            services->is_used[i] = 1;
            services->made++;
            services->pool[i] = (struct services_frame){0};
            services->pool[i].packet.data = services->pool[i].bytes;
            return &services->pool[i];
        }
    }
    return NULL;
}

static struct services_frame *give_back(struct services *services, struct xsw_packet *packet)
{
    for (size_t i = 0; i < sizeof services->is_used; i++) {
        if (services->is_used[i] && &services->pool[i].packet == packet) {
            services->is_used[i] = 0;
            services->made--;
            return &services->pool[i];
        }
    }
    return NULL;
}

static void keep(struct services *services, const struct services_frame *frame)
{
    if (services->sent_count < SERVICES_KEPT_MAX) {
        struct services_frame *kept = &services->sent[services->sent_count++];
        *kept = *frame;
        kept->packet.data = kept->bytes;
    }
}

static struct xsw_packet *services_alloc(const struct xsw_host *host, uint32_t worker,
                                         uint32_t length)
{
    (void)worker;
    struct services_frame *frame = length > SERVICES_FRAME_MAX ? NULL : take(of(host));
    if (frame == NULL) {
        return NULL;
    }
    frame->packet.length = length;
    frame->packet.injector = host->self;
    return &frame->packet;
}

static struct xsw_packet *services_clone(const struct xsw_host *host, uint32_t worker,
                                         const struct xsw_packet *original)
{
    struct xsw_packet *packet = services_alloc(host, worker, original->length);
    if (packet == NULL) {
        return NULL;
    }
    uint8_t *data = packet->data;
    *packet = *original;
    packet->data = data;
    memcpy(data, original->data, original->length);
    packet->parent_id = original->id;
    packet->destination_port = XSW_PORT_NONE;
    packet->injector = host->self;
    packet->flags |= XSW_PACKET_INJECTED;
    return packet;
}

static void services_discard(const struct xsw_host *host, uint32_t worker,
                             struct xsw_packet *packet)
{
    (void)worker;
    (void)give_back(of(host), packet);
}

static enum xsw_status services_set_source(const struct xsw_host *host, uint32_t worker,
                                           struct xsw_packet *packet, uint16_t port)
{
    (void)host;
    (void)worker;
    packet->source_port = port;
    return XSW_OK;
}

static enum xsw_status services_inject(const struct xsw_host *host, uint32_t worker,
                                       struct xsw_packet *packet, enum xsw_direction direction)
{
    (void)worker;
    struct services *services = of(host);
    struct services_frame *frame = give_back(services, packet);
    if (frame == NULL || services->send_gives != XSW_OK) {
        return frame == NULL ? XSW_INVALID : services->send_gives;
    }
    frame->direction = direction;
    keep(services, frame);
    return XSW_OK;
}

static void services_release(const struct xsw_host *host, uint32_t worker,
                             struct xsw_packet *packet, const struct xsw_verdict *verdict)
{
    struct services *services = of(host);
    (void)worker;
    if (services->released_count < SERVICES_KEPT_MAX) {
        services->released_with[services->released_count] = *verdict;
        services->released[services->released_count++] = packet;
    }
}

static enum xsw_status services_switch_info(const struct xsw_host *host,
                                            struct xsw_switch_info *info)
{
    strcpy(info->name, "test");
    info->port_count = of(host)->port_count;
    info->is_active = 1;
    return XSW_OK;
}

static enum xsw_status services_ports(const struct xsw_host *host,
                                      void (*each)(void *context, const struct xsw_port_info *port),
                                      void *context)
{
    struct services *services = of(host);
    for (uint32_t i = 0; i < services->port_count; i++) {
        each(context, &services->ports[i]);
    }
    return XSW_OK;
}

static enum xsw_status
services_properties(const struct xsw_host *host, uint16_t port,
                    void (*each)(void *context, const struct xsw_property *property), void *context)
{
    struct services *services = of(host);
    for (uint32_t i = 0; i < services->port_count; i++) {
        if (services->ports[i].id == port && services->properties[i].feature != NULL) {
            each(context, &services->properties[i]);
        }
    }
    return XSW_OK;
}

static enum xsw_status services_reference(const struct xsw_host *host, uint16_t port)
{
    (void)host;
    (void)port;
    return XSW_OK;
}

static void services_dereference(const struct xsw_host *host, uint16_t port)
{
    (void)host;
    (void)port;
}

static void services_synchronize(const struct xsw_host *host)
{
    of(host)->synchronized++;
}

static enum xsw_status services_send(const struct xsw_host *host, uint16_t source_port,
                                     const void *frame, uint32_t length)
{
    struct services *services = of(host);
    struct services_frame sent = {.packet = {.length = length, .source_port = source_port}};
    if (services->send_gives != XSW_OK || length > SERVICES_FRAME_MAX) {
        return services->send_gives != XSW_OK ? services->send_gives : XSW_INVALID;
    }
    memcpy(sent.bytes, frame, length);
    sent.packet.injector = host->self;
    sent.direction = XSW_INGRESS;
    keep(services, &sent);
    return XSW_OK;
}

static uint32_t services_hold_room(const struct xsw_host *host, uint32_t worker)
{
    (void)host;
    (void)worker;
    return XSW_BATCH_MAX;
}

static const struct xsw_data_services data_services = {
    .size = sizeof data_services,
    .alloc = services_alloc,
    .clone = services_clone,
    .discard = services_discard,
    .set_source = services_set_source,
    .inject = services_inject,
    .release = services_release,
    .hold_room = services_hold_room,
};

static const struct xsw_control_services control_services = {
    .size = sizeof control_services,
    .switch_info = services_switch_info,
    .ports = services_ports,
    .properties = services_properties,
    .port_reference = services_reference,
    .port_dereference = services_dereference,
    .nic_reference = services_reference,
    .nic_dereference = services_dereference,
    .synchronize = services_synchronize,
    .send = services_send,
};

void services_offer(struct services *services, struct xsw_host *host)
{
    memset(services, 0, sizeof *services);
    *(struct services **)host->context = services;
    host->instance = "test";
    host->self = 1;
    host->data = &data_services;
    host->control = &control_services;
}
