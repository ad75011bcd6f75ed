/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/flight/flight_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/events.h"

struct flight_watch {
    struct vswitch *vswitch;
    struct trigger_set *set;
    struct event_sink sink;
    bool has_sink, has_balance;
    uint32_t count;
    struct flight_watch_spec specs[FLIGHT_TRIGGERS_MAX];
    struct balance_watch stages[STAGES_MAX];
};

/* Balance -------------------------------------------------------------------------------------- */

static uint64_t went_in(const struct stage_counters *c)
{
    return c->in + c->clones + c->injected + c->released;
}

static uint64_t came_out(const struct stage_counters *c)
{
    return c->out + c->dropped + c->consumed + c->held;
}

enum balance_sign balance_look(const struct stage_counters *earlier,
                               const struct stage_counters *later)
{
    if (went_in(earlier) > came_out(later)) {
        return BALANCE_MISSING;
    }
    return went_in(later) < came_out(earlier) ? BALANCE_SURPLUS : BALANCE_EVEN;
}

bool balance_tick(struct balance_watch *watch, enum balance_sign sign)
{
    watch->missing = sign == BALANCE_MISSING ? watch->missing + 1 : 0;
    watch->surplus = sign == BALANCE_SURPLUS ? watch->surplus + 1 : 0;
    if (sign == BALANCE_EVEN) {
        watch->is_broken = false;
    }
    bool is_certain = watch->missing >= BALANCE_TICKS || watch->surplus >= BALANCE_TICKS;
    bool is_new = is_certain && !watch->is_broken;
    watch->is_broken = watch->is_broken || is_certain;
    return is_new;
}

/* The sign that all looks agree on, or even. */
static enum balance_sign stage_look(struct vswitch *vswitch, uint16_t stage)
{
    enum balance_sign sign = BALANCE_EVEN;
    struct stage_counters earlier = vswitch_stage_counters(vswitch, stage);
    for (int look = 0; look < BALANCE_LOOKS; look++) {
        struct stage_counters later = vswitch_stage_counters(vswitch, stage);
        enum balance_sign now = balance_look(&earlier, &later);
        if (now == BALANCE_EVEN || (look > 0 && now != sign)) {
            return BALANCE_EVEN;
        }
        sign = now;
        earlier = later;
    }
    return sign;
}

static bool is_any_stage_broken(struct flight_watch *watch)
{
    struct stage_info stages[STAGES_MAX];
    size_t count = vswitch_stages(watch->vswitch, stages, STAGES_MAX);
    bool is_any = false;
    for (size_t i = 0; i < count && i < STAGES_MAX; i++) {
        uint16_t id = stages[i].id;
        bool is_new = balance_tick(&watch->stages[id], stage_look(watch->vswitch, id));
        is_any = is_any || is_new;
    }
    return is_any;
}

void flight_watch_tick(struct flight_watch *watch, uint64_t mono_ns)
{
    if (!watch->has_balance || !is_any_stage_broken(watch)) {
        return;
    }
    for (uint32_t i = 0; i < watch->count; i++) {
        if (watch->specs[i].kind == FLIGHT_WATCH_BALANCE) {
            trigger_set_fire(watch->set, watch->specs[i].trigger, mono_ns, 0);
        }
    }
}

/* Ports ---------------------------------------------------------------------------------------- */

static bool is_down(const struct switch_event *event)
{
    return event->kind == SWITCH_EVENT_NIC_DISCONNECTED || strcmp(event->detail, "up") != 0;
}

/* These kinds are told on the control thread alone. */
static void port_event(void *state, const struct switch_event *event)
{
    struct flight_watch *watch = state;
    if (event->worker != SWITCH_EVENT_NO_WORKER || !is_down(event)) {
        return;
    }
    for (uint32_t i = 0; i < watch->count; i++) {
        const struct flight_watch_spec *spec = &watch->specs[i];
        if (spec->kind == FLIGHT_WATCH_PORT_DOWN &&
            (spec->port[0] == '\0' || strcmp(spec->port, event->port_name) == 0)) {
            trigger_set_fire(watch->set, spec->trigger, event->mono_ns, 0);
        }
    }
}

/* Both ------------------------------------------------------------------------------------------
 */

static enum xsw_status sink_open(struct flight_watch *watch, struct xsw_error *error)
{
    watch->sink = (struct event_sink){.event = port_event,
                                      .state = watch,
                                      .wanted = switch_event_bit(SWITCH_EVENT_PORT_STATE) |
                                                switch_event_bit(SWITCH_EVENT_NIC_DISCONNECTED)};
    enum xsw_status status = vswitch_event_sink_add(watch->vswitch, &watch->sink, error);
    watch->has_sink = status == XSW_OK;
    return status;
}

enum xsw_status flight_watch_create(struct vswitch *vswitch, struct trigger_set *set,
                                    const struct flight_watch_spec *specs, uint32_t count,
                                    struct flight_watch **watch, struct xsw_error *error)
{
    struct flight_watch *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory to watch ports and stages");
    }
    made->vswitch = vswitch;
    made->set = set;
    bool has_ports = false;
    for (uint32_t i = 0; i < count && i < FLIGHT_TRIGGERS_MAX; i++) {
        made->specs[made->count++] = specs[i];
        made->has_balance = made->has_balance || specs[i].kind == FLIGHT_WATCH_BALANCE;
        has_ports = has_ports || specs[i].kind == FLIGHT_WATCH_PORT_DOWN;
    }
    enum xsw_status status = has_ports ? sink_open(made, error) : XSW_OK;
    if (status != XSW_OK) {
        flight_watch_destroy(made);
        return status;
    }
    *watch = made;
    return XSW_OK;
}

void flight_watch_destroy(struct flight_watch *watch)
{
    /* A switch that cannot let go of the sink for want of memory keeps it. */
    if (watch == NULL || (watch->has_sink && vswitch_event_sink_remove(watch->vswitch, &watch->sink,
                                                                       NULL) != XSW_OK)) {
        return;
    }
    free(watch);
}
