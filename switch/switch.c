/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a switch, and how a change reaches the workers. */
#include "switch/switch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "switch/control/change_log.h"
#include "switch/extension/features.h"
#include "switch/path/frame_queue.h"
#include "switch/policy/connections.h"
#include "switch/state.h"
#include "switch/switch_extensions.h"

enum { MAC_LIMIT_DEFAULT = 8192, MAC_AGEING_DEFAULT = 300 };

void switch_config_init(struct switch_config *config)
{
    *config = (struct switch_config){.name = "xsw0",
                                     .workers = 1,
                                     .mac_limit = MAC_LIMIT_DEFAULT,
                                     .mac_ageing_seconds = MAC_AGEING_DEFAULT,
                                     .buffers = 0};
}

static enum xsw_status config_check(const struct switch_config *config, struct xsw_error *error)
{
    if (config->workers < 1 || config->workers > CONFIG_WORKERS_MAX) {
        return error_set(error, XSW_INVALID, "switch.workers: %u; expected 1 to %d",
                         config->workers, CONFIG_WORKERS_MAX);
    }
    if (config->mac_limit < 1 || config->mac_limit > CONFIG_MAC_LIMIT_MAX) {
        return error_set(error, XSW_INVALID, "switch.mac_limit: %u; expected 1 to %d",
                         config->mac_limit, CONFIG_MAC_LIMIT_MAX);
    }
    if (config->buffers != 0 &&
        (config->buffers < CONFIG_BUFFERS_MIN || config->buffers > CONFIG_BUFFERS_MAX)) {
        return error_set(error, XSW_INVALID, "switch.buffers: %u; expected %d to %d, or 0",
                         config->buffers, CONFIG_BUFFERS_MIN, CONFIG_BUFFERS_MAX);
    }
    return XSW_OK;
}

static void uuid_make(char uuid[37])
{
    uint8_t b[16];
    if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b)) {
        uint64_t now[2] = {clock_wall_ns(), clock_mono_ns()};
        memcpy(b, now, sizeof(b));
    }
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* version 4, RFC 4122, 4.4 */
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    snprintf(uuid, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

static void log_nothing(void *context, const char *line)
{
    (void)context;
    (void)line;
}

void vswitch_set_log(struct vswitch *vswitch, const struct vswitch_log *log)
{
    vswitch->log = *log;
}

void vswitch_set_devices(struct vswitch *vswitch, const struct vswitch_devices *devices)
{
    vswitch->devices = *devices;
}

static void built_in_stages(struct vswitch *vswitch)
{
    static const struct {
        uint16_t id;
        bool egress;
        const char *name;
    } built_in[] = {
        {STAGE_RX, false, "rx"},
        {STAGE_INGRESS_POLICY, false, "ingress-policy"},
        {STAGE_FORWARD, false, "forward"},
        {STAGE_MIRROR, true, "mirror"},
        {STAGE_EGRESS_POLICY, true, "egress-policy"},
        {STAGE_TX, true, "tx"},
    };
    for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
        struct stage_info *stage = &vswitch->stages[built_in[i].id];
        stage->id = built_in[i].id;
        stage->egress = built_in[i].egress;
        snprintf(stage->name, sizeof(stage->name), "%s", built_in[i].name);
    }
    vswitch->next_stage = STAGE_EXTENSIONS_FIRST;
}

static enum xsw_status storms_create(struct storm **storms, struct xsw_error *error)
{
    size_t size = XSW_PORTS_MAX * sizeof(**storms);
    *storms = aligned_alloc(sizeof(**storms), size);
    if (*storms == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a switch");
    }
    memset(*storms, 0, size);
    return XSW_OK;
}

enum xsw_status vswitch_create(const struct switch_config *config, struct vswitch **vswitch,
                               struct xsw_error *error)
{
    enum xsw_status status = config_check(config, error);
    if (status != XSW_OK) {
        return status;
    }
    struct vswitch *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a switch");
    }
    made->config = *config;
    made->next_port = 1;
    made->log.line = log_nothing;
    uuid_make(made->uuid);
    reasons_init(&made->reasons);
    built_in_stages(made);
    status = storms_create(&made->storms, error);
    if (status == XSW_OK) {
        status =
            mac_table_create(config->mac_limit, config->mac_ageing_seconds, &made->macs, error);
    }
    if (status == XSW_OK) {
        status = bandwidth_create(config->workers, &made->bandwidth, error);
    }
    if (status == XSW_OK) {
        status = change_log_create(&made->changes, error);
    }
    for (uint32_t i = 0; status == XSW_OK && i < config->workers; i++) {
        status = worker_create(i, config->workers, config->buffers, &made->published,
                               &made->workers[i], error);
        made->worker_count += status == XSW_OK;
    }
    if (status == XSW_OK) {
        status = vswitch_publish(made, error);
    }
    if (status != XSW_OK) {
        vswitch_destroy(made);
        return status;
    }
    *vswitch = made;
    return XSW_OK;
}

enum xsw_status vswitch_start(struct vswitch *vswitch, struct xsw_error *error)
{
    for (uint32_t i = 0; i < vswitch->worker_count; i++) {
        enum xsw_status status = worker_start(vswitch->workers[i], error);
        if (status != XSW_OK) {
            while (i-- > 0) {
                worker_stop(vswitch->workers[i]);
            }
            return status;
        }
    }
    vswitch->is_started = true;
    return XSW_OK;
}

void vswitch_destroy(struct vswitch *vswitch)
{
    if (vswitch == NULL) {
        return;
    }
    for (uint32_t i = 0; vswitch->is_started && i < vswitch->extension_count; i++) {
        (void)!extension_leave(vswitch, vswitch->extensions[i], NULL);
    }
    for (uint32_t i = 0; vswitch->is_started && i < vswitch->worker_count; i++) {
        worker_stop(vswitch->workers[i]);
    }
    vswitch->is_started = false;
    for (uint32_t id = 0; id < XSW_PORTS_MAX; id++) {
        struct port_slot *slot = &vswitch->ports[id];
        if (slot->port != NULL) {
            slot->port->ops->close(slot->port);
        }
        free(slot->acl);
        *slot = (struct port_slot){.life = XSW_STATE_NOT_CREATED};
    }
    for (uint32_t i = 0; i < vswitch->extension_count; i++) {
        extension_destroy(vswitch->extensions[i]);
    }
    for (uint32_t i = 0; i < vswitch->worker_count; i++) {
        worker_destroy(vswitch->workers[i]);
    }
    pipeline_free(atomic_load_explicit(&vswitch->published, memory_order_relaxed));
    mac_table_destroy(vswitch->macs);
    connections_destroy(vswitch->connections);
    bandwidth_destroy(vswitch->bandwidth);
    frame_queue_destroy(vswitch->announcements);
    references_fini(&vswitch->references);
    features_instance_gone(vswitch, NULL);
    change_log_destroy(vswitch->changes);
    free(vswitch->storms);
    free(vswitch->past_ports);
    free(vswitch);
}

/* Waits until no worker uses an older snapshot. Workers take a new one up between two batches,
 * which is soon; a sleeping one is woken for it. */
static void workers_wait(struct vswitch *vswitch, const struct pipeline *pipeline)
{
    for (uint32_t i = 0; i < vswitch->worker_count; i++) {
        struct worker *worker = vswitch->workers[i];
        if (!vswitch->is_started) {
            worker_adopt(worker);
            continue;
        }
        worker_wake(worker);
        while (atomic_load_explicit(&worker->adopted, memory_order_acquire) != pipeline) {
            nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
        }
    }
}

enum xsw_status vswitch_publish(struct vswitch *vswitch, struct xsw_error *error)
{
    struct pipeline *pipeline = NULL;
    enum xsw_status status = vswitch->is_held ? XSW_OK : pipeline_build(vswitch, &pipeline, error);
    if (status != XSW_OK || vswitch->is_held) {
        return status;
    }
    vswitch->generation = pipeline->generation;
    /* Pairs with the acquire in worker_adopt. */
    const struct pipeline *old =
        atomic_exchange_explicit(&vswitch->published, pipeline, memory_order_acq_rel);
    workers_wait(vswitch, pipeline);
    pipeline_free(old);
    return XSW_OK;
}

const struct switch_config *vswitch_config(const struct vswitch *vswitch)
{
    return &vswitch->config;
}

const char *vswitch_uuid(const struct vswitch *vswitch)
{
    return vswitch->uuid;
}

uint64_t vswitch_generation(const struct vswitch *vswitch)
{
    return vswitch->generation;
}

uint32_t vswitch_worker_count(const struct vswitch *vswitch)
{
    return vswitch->worker_count;
}

struct worker *vswitch_worker(struct vswitch *vswitch, uint32_t index)
{
    return vswitch->workers[index];
}

uint32_t vswitch_now_seconds(const struct vswitch *vswitch)
{
    const struct worker *worker = vswitch->workers[0];
    return (uint32_t)(worker->clock(worker->clock_context) / NS_PER_SECOND);
}

/* A new table takes over with the next snapshot; what cannot be had now is tried again in a second.
 */
static void macs_renew(struct vswitch *vswitch)
{
    struct mac_table *fresh = NULL;
    struct mac_table *old = vswitch->macs;
    if (mac_table_create(old->limit, old->ageing_seconds, &fresh, NULL) != XSW_OK) {
        return;
    }
    mac_table_copy(fresh, old);
    vswitch->macs = fresh;
    if (vswitch_publish(vswitch, NULL) != XSW_OK) {
        vswitch->macs = old;
        old = fresh;
    }
    mac_table_destroy(old);
}

void vswitch_tick(struct vswitch *vswitch)
{
    vswitch->macs_aged +=
        mac_table_age(vswitch->macs, vswitch_now_seconds(vswitch), vswitch_event_mac_aged, vswitch);
    if (vswitch->connections != NULL) {
        (void)xsw_flow_expire(vswitch->connections, vswitch_now_seconds(vswitch));
    }
    if (mac_table_is_worn(vswitch->macs)) {
        macs_renew(vswitch);
    }
    for (uint32_t id = 1; id < XSW_PORTS_MAX; id++) {
        struct port_slot *slot = &vswitch->ports[id];
        if (slot->port == NULL) {
            continue;
        }
        enum port_state state = slot->port->ops->state(slot->port);
        if (state != slot->state) {
            static const char *const names[] = {"up", "down", "vanished"};
            char line[128];
            snprintf(line, sizeof(line), "port-state: port=%s state=%s", slot->config.name,
                     names[state]);
            vswitch->log.line(vswitch->log.context, line);
            slot->state = state;
            vswitch_event(vswitch, &(struct switch_event){.kind = SWITCH_EVENT_PORT_STATE,
                                                          .port = (uint16_t)id,
                                                          .stage = SWITCH_EVENT_NO_STAGE,
                                                          .detail = names[state]});
        }
    }
    vswitch_ports_settle(vswitch);
    extensions_second(vswitch);
}

enum xsw_status vswitch_observer_add(struct vswitch *vswitch, struct observer *observer,
                                     struct xsw_error *error)
{
    for (uint32_t i = 0; i < OBSERVERS_MAX; i++) {
        if (vswitch->observers[i] != NULL) {
            continue;
        }
        observer->bit = (uint8_t)(1U << i);
        vswitch->observers[i] = observer;
        observer->names_since = vswitch->generation;
        enum xsw_status status = vswitch_publish(vswitch, error);
        if (status != XSW_OK) {
            vswitch->observers[i] = NULL;
        }
        return status;
    }
    return error_set(error, XSW_LIMIT,
                     "%d are attached already, of captures, flight recorders, their triggers and "
                     "traces: xsw capture list, xsw flight show and xsw trace status say who",
                     OBSERVERS_MAX);
}

enum xsw_status vswitch_observer_changed(struct vswitch *vswitch, struct xsw_error *error)
{
    return vswitch_publish(vswitch, error);
}

enum xsw_status vswitch_observer_remove(struct vswitch *vswitch, struct observer *observer,
                                        struct xsw_error *error)
{
    for (uint32_t i = 0; i < OBSERVERS_MAX; i++) {
        if (vswitch->observers[i] == observer) {
            vswitch->observers[i] = NULL;
            enum xsw_status status = vswitch_publish(vswitch, error);
            if (status != XSW_OK) {
                vswitch->observers[i] = observer;
            }
            return status;
        }
    }
    return XSW_OK;
}
