/* SPDX-License-Identifier: Apache-2.0 */
#include "certify/model.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "certify/model_services.h"
#include "packet/parse.h"
#include "switch/extension/extension_settings.h"
#include "switch/life/lifecycle.h"

enum { SLOT_BYTES = 3 * 4096, MODEL_HEADROOM = 64 };

/* Opening ------------------------------------------------------------------------------------- */

static bool slots_create(struct model *model)
{
    for (uint32_t i = 0; i < XSW_BATCH_MAX; i++) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        uint8_t *memory = mmap(NULL, SLOT_BYTES + 2 * page, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED ||
            mprotect(memory + page, SLOT_BYTES, PROT_READ | PROT_WRITE) != 0) {
            return false;
        }
        model->slots[i].start = memory + page;
        model->slots[i].end = memory + page + SLOT_BYTES;
    }
    return true;
}

static void ports_create(struct model *model)
{
    for (uint16_t id = 1; id <= MODEL_PORTS; id++) {
        struct model_port *port = &model->ports[id];
        snprintf(port->name, sizeof(port->name), "p%u", id);
        port->state = id <= TRAFFIC_STATIONS ? XSW_STATE_CONNECTED : XSW_STATE_NOT_CREATED;
        port->info = (struct xsw_port_info){
            .size = sizeof(port->info),
            .id = id,
            .type = id == TRAFFIC_INTERNAL   ? XSW_PORT_INTERNAL
                    : id == TRAFFIC_EXTERNAL ? XSW_PORT_EXTERNAL
                                             : XSW_PORT_GENERIC,
            .state = port->state,
            .mtu = TRAFFIC_MTU,
            .name = port->name,
            .friendly_name = "",
            .nic_kind = "memory",
            .nic_name = port->name,
        };
    }
}

bool model_settings(struct model *model, const struct extension_setting *settings, size_t count,
                    struct xsw_error *error)
{
    const struct extension_config config = {.settings = settings, .setting_count = count};
    extension_settings_fini(&model->settings);
    memset(&model->settings, 0, sizeof(model->settings));
    model->settings.extension = model->seen;
    snprintf(model->settings.name, sizeof(model->settings.name), "trial");
    return extension_settings_keep(&config, &model->settings, error) == XSW_OK;
}

bool model_open(struct model *model, struct trial *trial)
{
    struct findings *findings = trial->findings;
    memset(model, 0, sizeof(*model));
    model->trial = trial;
    model->is_active = true;
    model->now_ns = UINT64_C(1000000000000);
    model->library = dlopen(trial->options->path, RTLD_NOW | RTLD_LOCAL);
    const struct xsw_extension *const *exported =
        model->library != NULL ? dlsym(model->library, "xsw_extension_v1") : NULL;
    if (exported == NULL || *exported == NULL || !slots_create(model)) {
        findings_problem(findings, "%s cannot be loaded", trial->options->path);
        return false;
    }
    ports_create(model);
    trial->spy->has_headroom = false;
    model->real = *exported;
    model->seen = spy_replace(trial->spy, model->library, model->real);
    struct xsw_error error;
    if (findings->problem[0] == '\0' &&
        !model_settings(model, trial->options->settings, trial->options->setting_count, &error)) {
        findings_problem(findings, "%s", error.text);
    }
    return findings->problem[0] == '\0';
}

void model_close(struct model *model)
{
    extension_settings_fini(&model->settings);
}

/* Instances ----------------------------------------------------------------------------------- */

enum xsw_status model_start(struct model *model, struct model_instance *instance,
                            struct xsw_error *error)
{
    struct xsw_setting values[EXTENSION_SETTINGS_MAX];
    enum xsw_status status = extension_settings_values(&model->settings, values, error);
    size_t size = (model->seen->state_size + 63) & ~(size_t)63;
    void *state = status == XSW_OK ? aligned_alloc(64, size) : NULL;
    if (state == NULL) {
        return status != XSW_OK ? status : error_set(error, XSW_NO_MEMORY, "no memory for a state");
    }
    memset(state, 0, size);
    *instance = (struct model_instance){.model = model, .state = state};
    model_services_offer(instance);
    status = model->seen->init(state, &instance->host, values, error);
    if (status != XSW_OK) {
        free(state);
        instance->state = NULL;
        return status;
    }
    instance->spied = spy_instance_of(state);
    return XSW_OK;
}

void model_stop(struct model_instance *instance)
{
    const struct xsw_extension *seen = instance->model->seen;
    if (instance->state == NULL) {
        return;
    }
    if (seen->close != NULL) {
        seen->close(instance->state);
    }
    seen->fini(instance->state);
    free(instance->state);
    instance->state = NULL;
    for (uint32_t i = 0; i < XSW_BATCH_MAX; i++) {
        instance->model->slots[i].is_held = false;
    }
}

/* Packets ------------------------------------------------------------------------------------- */

static void slot_fill(struct model *model, struct model_slot *slot,
                      const struct traffic_frame *frame, bool at_start)
{
    uint32_t room = SLOT_BYTES - MODEL_HEADROOM;
    uint32_t length = frame->length < room ? frame->length : room;
    bool is_filter = model->real->kind == XSW_EXTENSION_FILTER;
    uint8_t *data = at_start ? slot->start + (is_filter ? MODEL_HEADROOM : 0) : slot->end - length;
    memcpy(data, frame->bytes, length);
    slot->packet = (struct xsw_packet){.data = data,
                                       .length = length,
                                       .source_port = frame->port,
                                       .id = ++model->next_id,
                                       .vlan = 1};
    parse_packet(&slot->packet);
}

/* Fills slots that nobody holds; returns how many. The receiving stage lets nothing pass that has
 * no whole Ethernet header. */
static uint32_t slots_fill(struct model *model, struct traffic *traffic, uint32_t count,
                           bool is_bad, bool at_start, struct model_slot **filled)
{
    struct traffic_frame *frame = &model->trial->frame;
    uint32_t done = 0;
    for (uint32_t i = 0; i < XSW_BATCH_MAX && done < count; i++) {
        if (model->slots[i].is_held) {
            continue;
        }
        do {
            (is_bad ? traffic_make_bad : traffic_make_plain)(traffic, frame);
        } while (frame->length < 14);
        slot_fill(model, &model->slots[i], frame, at_start);
        filled[done++] = &model->slots[i];
    }
    model->is_short |= done < count;
    return done;
}

static void held_mark(struct model_slot **filled, const struct xsw_verdict *verdicts,
                      uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        filled[i]->is_held = verdicts[i].action == XSW_HOLD;
    }
}

/* Every packet goes to the next station. */
static void egress_prepare(struct model_slot **filled, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint16_t source = filled[i]->packet.source_port;
        filled[i]->packet.destination_port = (uint16_t)(source % TRAFFIC_STATIONS + 1);
    }
}

struct shown {
    struct xsw_packet *packets[XSW_BATCH_MAX];
    struct xsw_verdict verdicts[XSW_BATCH_MAX];
    struct xsw_port_set destinations[XSW_BATCH_MAX];
    struct model_slot *slots[XSW_BATCH_MAX];
    uint32_t count;
};

static struct xsw_const_batch view_of(const struct model *model, struct shown *shown)
{
    for (uint32_t i = 0; i < shown->count; i++) {
        shown->packets[i] = &shown->slots[i]->packet;
    }
    return (struct xsw_const_batch){.packets = (const struct xsw_packet *const *)shown->packets,
                                    .count = shown->count,
                                    .worker = 0,
                                    .now_ns = model->now_ns};
}

static void ingress_run(struct model_instance *instance, struct shown *shown)
{
    struct model *model = instance->model;
    const struct xsw_extension *seen = model->seen;
    struct xsw_const_batch view = view_of(model, shown);
    memset(shown->verdicts, 0, sizeof(shown->verdicts));
    memset(shown->destinations, 0, sizeof(shown->destinations));
    if (seen->capture != NULL) {
        seen->capture->look(instance->state, XSW_INGRESS, &view);
    } else if (seen->forward != NULL) {
        struct xsw_port_set connected = {{0}};
        for (uint16_t id = 1; id <= MODEL_PORTS; id++) {
            if (model->ports[id].state == XSW_STATE_CONNECTED) {
                xsw_port_set_add(&connected, id);
            }
        }
        seen->forward->forward(instance->state, &view, &connected, shown->destinations,
                               shown->verdicts);
    } else if (seen->filter->ingress != NULL) {
        struct xsw_batch batch = {shown->packets, shown->count, 0, model->now_ns};
        seen->filter->ingress(instance->state, &batch, shown->verdicts);
    }
    held_mark(shown->slots, shown->verdicts, shown->count);
}

static void egress_run(struct model_instance *instance, struct shown *shown)
{
    const struct xsw_extension *seen = instance->model->seen;
    egress_prepare(shown->slots, shown->count);
    struct xsw_const_batch view = view_of(instance->model, shown);
    memset(shown->verdicts, 0, sizeof(shown->verdicts));
    if (seen->capture != NULL) {
        seen->capture->look(instance->state, XSW_EGRESS, &view);
    } else if (seen->filter != NULL && seen->filter->egress != NULL) {
        seen->filter->egress(instance->state, &view, shown->verdicts);
        held_mark(shown->slots, shown->verdicts, shown->count);
    }
}

void model_batch(struct model_instance *instance, struct traffic *traffic, uint32_t count,
                 bool is_bad, bool at_start)
{
    struct model *model = instance->model;
    struct shown shown;
    instance->model->trial->spy->originated_now = 0;
    model->now_ns += 1000000;
    shown.count = slots_fill(model, traffic, count, is_bad, at_start, shown.slots);
    if (shown.count > 0) {
        ingress_run(instance, &shown);
    }
    shown.count = slots_fill(model, traffic, count, is_bad, at_start, shown.slots);
    if (shown.count > 0) {
        egress_run(instance, &shown);
    }
    if (model->seen->tick != NULL) {
        model->seen->tick(instance->state, 0, model->now_ns);
    }
}

void model_traffic(struct model_instance *instance, struct traffic *traffic, uint32_t rounds)
{
    static const uint32_t counts[] = {1, 2, 7, 32, 255, XSW_BATCH_MAX};
    for (uint32_t round = 0; round < rounds; round++) {
        model_batch(instance, traffic, counts[round % (sizeof(counts) / sizeof(counts[0]))], false,
                    round % 2 != 0);
    }
}

/* Control ------------------------------------------------------------------------------------- */

struct xsw_change model_change(struct model *model, enum xsw_operation operation, uint16_t port,
                               const struct xsw_property *property)
{
    struct xsw_change change = {.size = sizeof(change),
                                .operation = (uint32_t)operation,
                                .port = port,
                                .property = property};
    if (port != 0) {
        struct model_port *of = &model->ports[port];
        enum xsw_port_state next = of->state;
        (void)lifecycle_next(of->state, operation, &next);
        of->info.state = (uint32_t)next;
        change.info = &of->info;
    }
    return change;
}

const struct xsw_control_ops *model_control(const struct model *model)
{
    static const struct xsw_control_ops none = {.size = sizeof(none)};
    bool has = XSW_HAS(model->seen, struct xsw_extension, control) && model->seen->control != NULL;
    return has ? model->seen->control : &none;
}

/* The port is where the operation leads. */
static void state_set(struct model_instance *instance, const struct xsw_change *change)
{
    if (change->port != 0) {
        instance->model->ports[change->port].state =
            (enum xsw_port_state)instance->model->ports[change->port].info.state;
    }
}

enum xsw_status model_ask(struct model_instance *instance, const struct xsw_change *change,
                          enum xsw_status outcome)
{
    const struct xsw_control_ops *ops = model_control(instance->model);
    struct xsw_error refusal;
    bool is_capture = instance->model->real->kind == XSW_EXTENSION_CAPTURE;
    enum xsw_status status = XSW_OK;
    if (!is_capture && ops->ask != NULL) {
        status = ops->ask(instance->state, change, &refusal);
    }
    if (status != XSW_OK) {
        return status;
    }
    if (outcome == XSW_OK) {
        state_set(instance, change);
    }
    if (!is_capture && ops->done != NULL) {
        ops->done(instance->state, change, outcome);
    } else if (is_capture && outcome == XSW_OK && ops->told != NULL) {
        ops->told(instance->state, change);
    }
    return XSW_OK;
}

void model_tell(struct model_instance *instance, const struct xsw_change *change)
{
    const struct xsw_control_ops *ops = model_control(instance->model);
    state_set(instance, change);
    if (ops->told != NULL) {
        ops->told(instance->state, change);
    }
}
