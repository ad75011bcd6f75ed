/* SPDX-License-Identifier: Apache-2.0 */
/* The services that an instance is given: each looks at the call and passes it on to the host's. */
#include <stdio.h>
#include <string.h>

#include "certify/hooks.h"
#include "certify/spy.h"

static struct spy_instance *instance_of(const struct xsw_host *host)
{
    return (struct spy_instance *)((char *)host - offsetof(struct spy_instance, host));
}

/* The host's own work is not the extension's. */
static const struct xsw_host *host_begin(const struct spy_instance *instance,
                                         enum hooks_mode *before)
{
    *before = hooks_enter(HOOKS_OFF);
    return instance->real_host;
}

static struct spy_made *made_find(struct spy_instance *instance, const struct xsw_packet *packet)
{
    for (uint32_t i = 0; i < instance->made_count; i++) {
        if (instance->made[i].packet == packet && !instance->made[i].is_settled) {
            return &instance->made[i];
        }
    }
    return NULL;
}

static void made_add(struct spy_instance *instance, struct xsw_packet *packet,
                     const struct xsw_packet *original)
{
    if (packet != NULL && instance->made_count < SPY_MADE_MAX) {
        instance->made[instance->made_count++] = (struct spy_made){packet, original, false, false};
    }
}

/* Whether its flags allow it to make packets. */
static void origin_check(struct spy_instance *instance, const char *service)
{
    if ((instance->spy->about.flags & XSW_EXTENSION_ORIGINATES) == 0) {
        findings_add(instance->spy->findings, RULE_BAD_CALL,
                     "%s: called %s without XSW_EXTENSION_ORIGINATES in its flags",
                     instance->spy->findings->doing, service);
    }
}

/* The place of a packet in the running batch, or its count. */
static uint32_t place_find(const struct spy *spy, const struct xsw_packet *packet)
{
    uint32_t place = 0;
    while (place < spy->batch->count && spy->batch->packets[place] != packet) {
        place++;
    }
    return spy->batch->is_running ? place : spy->batch->count;
}

/* Data path ----------------------------------------------------------------------------------- */

static struct xsw_packet *service_alloc(const struct xsw_host *host, uint32_t worker,
                                        uint32_t length)
{
    struct spy_instance *instance = instance_of(host);
    origin_check(instance, "alloc");
    if (instance->spy->has_no_buffers) {
        return NULL;
    }
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance, &mode);
    struct xsw_packet *packet = real->data->alloc(real, worker, length);
    hooks_enter(mode);
    made_add(instance, packet, NULL);
    return packet;
}

static struct xsw_packet *service_clone(const struct xsw_host *host, uint32_t worker,
                                        const struct xsw_packet *original)
{
    struct spy_instance *instance = instance_of(host);
    struct spy *spy = instance->spy;
    origin_check(instance, "clone");
    if (spy->about.kind == XSW_EXTENSION_CAPTURE) {
        findings_add(spy->findings, RULE_BAD_CALL, "%s: a capture extension called clone",
                     spy->findings->doing);
    } else if (place_find(spy, original) == spy->batch->count) {
        findings_add(spy->findings, RULE_BAD_CALL,
                     "%s: cloned something that is no packet of the running call",
                     spy->findings->doing);
    }
    if (spy->has_no_buffers) {
        return NULL;
    }
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance, &mode);
    struct xsw_packet *packet = real->data->clone(real, worker, original);
    hooks_enter(mode);
    made_add(instance, packet, original);
    return packet;
}

static void service_discard(const struct xsw_host *host, uint32_t worker, struct xsw_packet *packet)
{
    struct spy_instance *instance = instance_of(host);
    struct spy_made *made = made_find(instance, packet);
    if (made != NULL) {
        made->is_settled = true;
    } else {
        findings_add(instance->spy->findings, RULE_BAD_CALL,
                     "%s: discarded a packet that it did not make in this call",
                     instance->spy->findings->doing);
    }
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance, &mode);
    real->data->discard(real, worker, packet);
    hooks_enter(mode);
}

static enum xsw_status service_set_source(const struct xsw_host *host, uint32_t worker,
                                          struct xsw_packet *packet, uint16_t port)
{
    struct spy_instance *instance = instance_of(host);
    struct spy *spy = instance->spy;
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance, &mode);
    enum xsw_status status = real->data->set_source(real, worker, packet, port);
    hooks_enter(mode);
    uint32_t place = place_find(spy, packet);
    if (place < spy->batch->count) {
        spy->batch->before[place].source_port = packet->source_port;
    }
    return status;
}

/* On egress: only a clone of a packet of the running batch, unchanged and to the same port. */
static void egress_inject_check(struct spy_instance *instance, const struct spy_made *made)
{
    struct spy *spy = instance->spy;
    const struct spy_batch *batch = spy->batch;
    uint32_t place = made->original != NULL ? place_find(spy, made->original) : batch->count;
    const char *fault = NULL;
    if (spy->about.kind == XSW_EXTENSION_CAPTURE) {
        fault = "a capture extension originates on ingress only";
    } else if (place == batch->count || batch->direction != XSW_EGRESS) {
        fault = "it is no clone of a packet of a running egress batch";
    } else if (made->packet->length != batch->before[place].length ||
               memcmp(made->packet->data, batch->bytes[place], made->packet->length) != 0) {
        fault = "it is a changed clone";
    }
    if (fault != NULL) {
        findings_add(spy->findings, RULE_EGRESS_ORIGIN, "%s: injected a packet on egress: %s",
                     spy->findings->doing, fault);
    }
}

/* An answer to each packet of its own would go on for ever: the spy ends that, as a host that has
 * no more buffers would. */
static void loop_check(struct spy_instance *instance)
{
    struct spy *spy = instance->spy;
    instance->originated++;
    if (++spy->originated_now == SPY_ORIGINATED_MAX) {
        findings_add(spy->findings, RULE_OWN_LOOP,
                     "%s: it has originated %d packets, without one from outside or any time in "
                     "between, and went on",
                     spy->findings->doing, SPY_ORIGINATED_MAX);
        spy->has_no_buffers = true;
    }
}

static enum xsw_status service_inject(const struct xsw_host *host, uint32_t worker,
                                      struct xsw_packet *packet, enum xsw_direction direction)
{
    struct spy_instance *instance = instance_of(host);
    struct spy_made *made = made_find(instance, packet);
    origin_check(instance, "inject");
    if (made == NULL) {
        findings_add(instance->spy->findings, RULE_BAD_CALL,
                     "%s: injected a packet that it did not make in this call",
                     instance->spy->findings->doing);
    } else {
        made->is_settled = made->is_injected = true;
        loop_check(instance);
        if (direction == XSW_EGRESS) {
            egress_inject_check(instance, made);
        }
    }
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance, &mode);
    enum xsw_status status = real->data->inject(real, worker, packet, direction);
    hooks_enter(mode);
    return status;
}

static void service_release(const struct xsw_host *host, uint32_t worker, struct xsw_packet *packet,
                            const struct xsw_verdict *verdict)
{
    struct spy_instance *instance = instance_of(host);
    struct findings *findings = instance->spy->findings;
    uint32_t place = 0;
    while (place < instance->held_count && instance->held[place] != packet) {
        place++;
    }
    if (place < instance->held_count) {
        instance->held[place] = instance->held[--instance->held_count];
    } else {
        findings_add(findings, RULE_BAD_RELEASE, "%s: released a packet that it does not hold",
                     findings->doing);
    }
    if (verdict->action == XSW_DROP && verdict->reason >= instance->spy->about.reason_count) {
        findings_add(findings, RULE_BAD_VERDICT,
                     "%s: released for a drop for reason %u; expected one of the %zu that it "
                     "declares",
                     findings->doing, verdict->reason, instance->spy->about.reason_count);
    }
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance, &mode);
    real->data->release(real, worker, packet, verdict);
    hooks_enter(mode);
}

void spy_services_settle(struct spy_instance *instance, const char *operation)
{
    for (uint32_t i = 0; i < instance->made_count; i++) {
        const struct spy_made *made = &instance->made[i];
        if (!made->is_settled) {
            findings_add(instance->spy->findings, RULE_LEAKED_PACKET,
                         "%s returned and had neither injected nor discarded %s", operation,
                         made->original != NULL ? "a clone that it made" : "a packet that it made");
        }
    }
    instance->made_count = 0;
}

/* Control path -------------------------------------------------------------------------------- */

static enum xsw_status service_switch_info(const struct xsw_host *host,
                                           struct xsw_switch_info *info)
{
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance_of(host), &mode);
    enum xsw_status status = real->control->switch_info(real, info);
    hooks_enter(mode);
    return status;
}

/* A walk calls the extension back, so its mode stays. */
static enum xsw_status service_ports(const struct xsw_host *host,
                                     void (*each)(void *context, const struct xsw_port_info *port),
                                     void *context)
{
    struct spy_instance *instance = instance_of(host);
    instance->enumerations++;
    return instance->real_host->control->ports(instance->real_host, each, context);
}

static enum xsw_status
service_properties(const struct xsw_host *host, uint16_t port,
                   void (*each)(void *context, const struct xsw_property *property), void *context)
{
    struct spy_instance *instance = instance_of(host);
    instance->enumerations++;
    return instance->real_host->control->properties(instance->real_host, port, each, context);
}

static enum xsw_status service_port_reference(const struct xsw_host *host, uint16_t port)
{
    struct spy_instance *instance = instance_of(host);
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance, &mode);
    enum xsw_status status = real->control->port_reference(real, port);
    hooks_enter(mode);
    instance->port_references += status == XSW_OK;
    return status;
}

static enum xsw_status service_nic_reference(const struct xsw_host *host, uint16_t port)
{
    struct spy_instance *instance = instance_of(host);
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance, &mode);
    enum xsw_status status = real->control->nic_reference(real, port);
    hooks_enter(mode);
    instance->nic_references += status == XSW_OK;
    return status;
}

static void reference_take(struct spy_instance *instance, uint32_t *count, uint16_t port,
                           const char *what)
{
    if (*count > 0) {
        (*count)--;
        return;
    }
    findings_add(instance->spy->findings, RULE_REFERENCES,
                 "%s: gave back a reference to the %s %u that it does not have",
                 instance->spy->findings->doing, what, port);
}

static void service_port_dereference(const struct xsw_host *host, uint16_t port)
{
    struct spy_instance *instance = instance_of(host);
    reference_take(instance, &instance->port_references, port, "port");
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance, &mode);
    real->control->port_dereference(real, port);
    hooks_enter(mode);
}

static void service_nic_dereference(const struct xsw_host *host, uint16_t port)
{
    struct spy_instance *instance = instance_of(host);
    reference_take(instance, &instance->nic_references, port, "NIC of port");
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance, &mode);
    real->control->nic_dereference(real, port);
    hooks_enter(mode);
}

static void service_synchronize(const struct xsw_host *host)
{
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance_of(host), &mode);
    real->control->synchronize(real);
    hooks_enter(mode);
}

static enum xsw_status service_send(const struct xsw_host *host, uint16_t source_port,
                                    const void *frame, uint32_t length)
{
    struct spy_instance *instance = instance_of(host);
    origin_check(instance, "send");
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance, &mode);
    enum xsw_status status = real->control->send(real, source_port, frame, length);
    hooks_enter(mode);
    instance->originated += status == XSW_OK;
    return status;
}

static uint32_t service_hold_room(const struct xsw_host *host, uint32_t worker)
{
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance_of(host), &mode);
    uint32_t room = real->data->hold_room(real, worker);
    hooks_enter(mode);
    return room;
}

static void service_log(const struct xsw_host *host, const char *text)
{
    enum hooks_mode mode;
    const struct xsw_host *real = host_begin(instance_of(host), &mode);
    if (mode == HOOKS_PACKET) {
        findings_add(instance_of(host)->spy->findings, RULE_HOT_PATH, "%s: called log",
                     instance_of(host)->spy->findings->doing);
    }
    real->log(real, text);
    hooks_enter(mode);
}

void spy_services_wrap(struct spy_instance *instance, const struct xsw_host *real)
{
    size_t known = real->size < sizeof(instance->host) ? real->size : sizeof(instance->host);
    instance->real_host = real;
    memcpy(&instance->host, real, known);
    instance->host.log = service_log;
    /* What the kit does not look at is the host's own. */
    if (XSW_HAS(real, struct xsw_host, data) && real->data != NULL) {
        struct xsw_data_services *data = &instance->data;
        memcpy(data, real->data,
               real->data->size < sizeof(*data) ? real->data->size : sizeof(*data));
        data->alloc = service_alloc;
        data->clone = service_clone;
        data->discard = service_discard;
        data->set_source = service_set_source;
        data->inject = service_inject;
        data->release = service_release;
        data->hold_room = data->hold_room != NULL ? service_hold_room : NULL;
        instance->host.data = data;
    }
    if (XSW_HAS(real, struct xsw_host, control) && real->control != NULL) {
        struct xsw_control_services *control = &instance->control;
        memcpy(control, real->control,
               real->control->size < sizeof(*control) ? real->control->size : sizeof(*control));
        control->switch_info = service_switch_info;
        control->ports = service_ports;
        control->properties = service_properties;
        control->port_reference = service_port_reference;
        control->port_dereference = service_port_dereference;
        control->nic_reference = service_nic_reference;
        control->nic_dereference = service_nic_dereference;
        control->synchronize = service_synchronize;
        control->send = service_send;
        instance->host.control = control;
    }
}
