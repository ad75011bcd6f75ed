/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/events.h"

#include <stddef.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/error.h"
#include "packet/address_text.h"
#include "switch/control/change_log.h"
#include "switch/extension/extension_host.h"
#include "switch/state.h"

enum { MAC_TEXT_SIZE = 18 };

enum xsw_status vswitch_event_sink_add(struct vswitch *vswitch, struct event_sink *sink,
                                       struct xsw_error *error)
{
    for (uint32_t i = 0; i < EVENT_SINKS_MAX; i++) {
        if (vswitch->event_sinks[i] != NULL) {
            continue;
        }
        vswitch->event_sinks[i] = sink;
        enum xsw_status status = vswitch_publish(vswitch, error);
        if (status != XSW_OK) {
            vswitch->event_sinks[i] = NULL;
        }
        return status;
    }
    return error_set(error, XSW_LIMIT, "%d take the events of the switch already", EVENT_SINKS_MAX);
}

enum xsw_status vswitch_event_sink_remove(struct vswitch *vswitch, struct event_sink *sink,
                                          struct xsw_error *error)
{
    for (uint32_t i = 0; i < EVENT_SINKS_MAX; i++) {
        if (vswitch->event_sinks[i] == sink) {
            vswitch->event_sinks[i] = NULL;
            enum xsw_status status = vswitch_publish(vswitch, error);
            if (status != XSW_OK) {
                vswitch->event_sinks[i] = sink;
            }
            return status;
        }
    }
    return XSW_OK;
}

int vswitch_event_is_wanted(const struct vswitch *vswitch, enum switch_event_kind kind)
{
    uint64_t wanted = 0;
    for (uint32_t i = 0; i < EVENT_SINKS_MAX; i++) {
        wanted |= vswitch->event_sinks[i] != NULL ? vswitch->event_sinks[i]->wanted : 0;
    }
    return (wanted & switch_event_bit(kind)) != 0;
}

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* What is left to fill in when the names are those of the control thread or of a snapshot. */
static void texts_fill(struct switch_event *event)
{
    event->switch_name = text_or_empty(event->switch_name);
    event->port_name = text_or_empty(event->port_name);
    event->stage_name = text_or_empty(event->stage_name);
    event->extension = text_or_empty(event->extension);
    event->subject = text_or_empty(event->subject);
    event->detail = text_or_empty(event->detail);
}

void vswitch_event(const struct vswitch *vswitch, const struct switch_event *event)
{
    change_log_event(vswitch, event);
    if (!vswitch_event_is_wanted(vswitch, event->kind)) {
        return;
    }
    struct switch_event whole = *event;
    const struct worker *worker = vswitch->workers[0];
    whole.mono_ns = worker->clock(worker->clock_context);
    whole.generation = vswitch->generation;
    whole.worker = SWITCH_EVENT_NO_WORKER;
    whole.switch_name = vswitch->config.name;
    if (whole.port_name == NULL && whole.port < XSW_PORTS_MAX) {
        whole.port_name = vswitch->ports[whole.port].config.name;
    }
    if (whole.stage_name == NULL && whole.stage < STAGES_MAX) {
        whole.stage_name = vswitch->stages[whole.stage].name;
    }
    texts_fill(&whole);
    for (uint32_t i = 0; i < EVENT_SINKS_MAX; i++) {
        const struct event_sink *sink = vswitch->event_sinks[i];
        if (sink != NULL && (sink->wanted & switch_event_bit(event->kind)) != 0) {
            sink->event(sink->state, &whole);
        }
    }
}

/* On workers --------------------------------------------------------------------------------- */

/* Each sink hears of turns that were longer than its own budget, whatever those of others are. */
static int is_for(const struct event_sink *sink, const struct switch_event *event)
{
    return (sink->wanted & switch_event_bit(event->kind)) != 0 &&
           (event->kind != SWITCH_EVENT_WORKER_OVER_BUDGET ||
            (sink->budget_ns != 0 && event->value > sink->budget_ns));
}

static void worker_tell(const struct worker *worker, const struct stage *stage,
                        struct switch_event *event)
{
    const struct pipeline *pipeline = worker->pipeline;
    event->mono_ns = worker->now_ns;
    event->generation = pipeline->generation;
    event->worker = (uint16_t)worker->index;
    event->stage = SWITCH_EVENT_NO_STAGE;
    event->switch_name = pipeline->names.switch_name;
    event->port_name = pipeline->names.ports[event->port];
    if (stage != NULL) {
        event->stage = stage->id;
        event->stage_name = pipeline->names.stages[stage->id].name;
        event->extension = stage->extension != NULL ? stage->extension->name : NULL;
    }
    texts_fill(event);
    for (uint32_t i = 0; i < pipeline->event_sink_count; i++) {
        const struct event_sink *sink = pipeline->event_sinks[i];
        if (is_for(sink, event)) {
            sink->event(sink->state, event);
        }
    }
}

/* The address of a key of the MAC table, byte for byte: nothing is formatted on a worker. */
static void mac_text(uint64_t key, char text[MAC_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (uint32_t i = 0; i < 6; i++) {
        uint8_t byte = (uint8_t)(key >> 8 * i);
        text[3 * i] = digits[byte >> 4];
        text[3 * i + 1] = digits[byte & 15];
        text[3 * i + 2] = i < 5 ? ':' : '\0';
    }
}

static uint16_t mac_vlan(uint64_t key)
{
    return key >> 48 & 0xfff;
}

void worker_event_mac(struct worker *worker, enum switch_event_kind kind,
                      const struct packet *packet, uint64_t key, uint64_t before)
{
    char text[MAC_TEXT_SIZE];
    if (kind == SWITCH_EVENT_MAC_LIMIT) {
        if (worker->mac_limit_told == worker->now_seconds) {
            return;
        }
        worker->mac_limit_told = worker->now_seconds;
    }
    mac_text(key, text);
    struct switch_event event = {.kind = (uint16_t)kind,
                                 .port = packet->source_port,
                                 .packet_id = packet->id,
                                 .subject = text,
                                 .value = mac_vlan(key),
                                 .before = before};
    worker_tell(worker, NULL, &event);
}

void worker_event_silent_drops(const struct worker *worker, const struct stage *stage)
{
    for (uint32_t i = 0; i < worker->dropped.count; i++) {
        const struct packet *packet = worker->dropped.packets[i];
        if (packet->drop_reason == REASON_SILENT_DROP) {
            struct switch_event event = {.kind = SWITCH_EVENT_SILENT_DROP,
                                         .port = packet->source_port,
                                         .packet_id = packet->id};
            worker_tell(worker, stage, &event);
        }
    }
}

void worker_event_turn(const struct worker *worker, uint32_t packets)
{
    uint64_t took = worker->clock(worker->clock_context) - worker->now_ns;
    if (took > worker->pipeline->turn_budget_ns) {
        struct switch_event event = {
            .kind = SWITCH_EVENT_WORKER_OVER_BUDGET, .value = took, .before = packets};
        worker_tell(worker, NULL, &event);
    }
}

void vswitch_event_mac_aged(void *context, uint64_t key, uint16_t port)
{
    char text[MAC_TEXT_SIZE];
    mac_text(key, text);
    vswitch_event(context, &(struct switch_event){.kind = SWITCH_EVENT_MAC_AGED,
                                                  .port = port,
                                                  .stage = SWITCH_EVENT_NO_STAGE,
                                                  .subject = text,
                                                  .value = mac_vlan(key)});
}

/* The snapshot ------------------------------------------------------------------------------- */

void pipeline_events_build(const struct vswitch *vswitch, struct pipeline *pipeline)
{
    for (uint32_t i = 0; i < EVENT_SINKS_MAX; i++) {
        const struct event_sink *sink = vswitch->event_sinks[i];
        if (sink == NULL) {
            continue;
        }
        pipeline->event_sinks[pipeline->event_sink_count++] = sink;
        pipeline->events_wanted |= sink->wanted;
        uint64_t budget = pipeline->turn_budget_ns;
        if ((sink->wanted & switch_event_bit(SWITCH_EVENT_WORKER_OVER_BUDGET)) != 0 &&
            sink->budget_ns != 0 && (budget == 0 || sink->budget_ns < budget)) {
            pipeline->turn_budget_ns = sink->budget_ns;
        }
    }
    if (pipeline->event_sink_count + pipeline->observer_count == 0) {
        return;
    }
    struct pipeline_names *names = &pipeline->names;
    memcpy(names->switch_name, vswitch->config.name, sizeof(names->switch_name));
    for (uint32_t id = 1; id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        memcpy(names->ports[id], slot->config.name, sizeof(names->ports[id]));
        address_text_port_name(slot->config.name, (uint16_t)id, names->hidden_ports[id],
                               sizeof(names->hidden_ports[id]));
        names->port_kinds[id] = (uint8_t)slot->config.kind;
        names->port_since[id] = slot->since;
        if (slot->since > names->ports_changed) {
            names->ports_changed = slot->since;
        }
    }
    names->stages = vswitch->stages;
    names->reasons = vswitch->reasons.entries;
}

/* The table ---------------------------------------------------------------------------------- */

enum { IS_PACKET = 1, IS_CONTROL = 0 };

static const struct switch_event_info infos[] = {
#define EVENT(id, symbol, name, class, level, subject, detail, value, before, sentence)            \
    {id, IS_##class, LOG_##level, #name, subject, detail, value, before, sentence},
#include "switch/events.def"
#undef EVENT
};

const struct switch_event_info *switch_event_info(uint16_t kind)
{
    for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
        if (infos[i].id == kind) {
            return &infos[i];
        }
    }
    return NULL;
}
