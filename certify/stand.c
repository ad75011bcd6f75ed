/* SPDX-License-Identifier: Apache-2.0 */
#include "certify/stand.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "certify/spy.h"
#include "switch/path/counters.h"
#include "switch/path/worker.h"

static const char trial_name[] = "trial";

static uint64_t clock_of_stand(void *context)
{
    return ((const struct stand *)context)->now_ns;
}

enum xsw_status stand_create(struct stand *stand, struct spy *spy, struct xsw_error *error)
{
    memset(stand, 0, sizeof(*stand));
    stand->now_ns = UINT64_C(1000) * NS_PER_SECOND;
    struct switch_config config;
    switch_config_init(&config);
    snprintf(config.name, sizeof(config.name), "stand");
    config.workers = 1;
    config.buffers = 2048;
    enum xsw_status status = vswitch_create(&config, &stand->vswitch, error);
    if (status != XSW_OK) {
        return status;
    }
    stand->worker = vswitch_worker(stand->vswitch, 0);
    stand->worker->clock = clock_of_stand;
    stand->worker->clock_context = stand;
    if (spy != NULL) {
        spy->has_headroom = true;
        stand->interposer = (struct extension_interposer){spy_replace, spy};
        vswitch_interpose(stand->vswitch, &stand->interposer);
    }
    return XSW_OK;
}

void stand_destroy(struct stand *stand)
{
    vswitch_destroy(stand->vswitch);
    stand->vswitch = NULL;
}

static enum xsw_status port_make(struct stand *stand, uint16_t station, bool is_trunk,
                                 struct xsw_error *error)
{
    struct port_config config;
    port_config_init(&config);
    config.kind = PORT_KIND_MEMORY;
    config.role = station == TRAFFIC_INTERNAL   ? PORT_ROLE_INTERNAL
                  : station == TRAFFIC_EXTERNAL ? PORT_ROLE_EXTERNAL
                                                : PORT_ROLE_GENERIC;
    if (is_trunk) {
        config.vlan = (struct vlan_config){.mode = VLAN_TRUNK, .native = 1};
        config.vlan.allowed[0] = UINT64_C(1) << 1 | UINT64_C(1) << 20;
    }
    snprintf(config.name, sizeof(config.name), "p%u", station);
    uint16_t id = 0;
    enum xsw_status status = vswitch_port_add(stand->vswitch, &config, &id, error);
    if (status != XSW_OK) {
        return status;
    }
    stand->ports[station] = vswitch_port_object(stand->vswitch, config.name);
    if (id != station || stand->ports[station] == NULL ||
        !port_memory_keep(stand->ports[station])) {
        return error_set(error, XSW_NO_MEMORY, "no memory for port %u of the stand", station);
    }
    return XSW_OK;
}

enum xsw_status stand_ports(struct stand *stand, bool has_trunk, struct xsw_error *error)
{
    for (uint16_t station = 1; station <= TRAFFIC_STATIONS; station++) {
        bool is_trunk = has_trunk && station == TRAFFIC_STATIONS;
        enum xsw_status status = port_make(stand, station, is_trunk, error);
        if (status != XSW_OK) {
            return status;
        }
    }
    vswitch_activate(stand->vswitch);
    return XSW_OK;
}

enum xsw_status stand_load(struct stand *stand, const char *path,
                           const struct extension_setting *settings, size_t count,
                           struct xsw_error *error)
{
    struct extension_config config = {.settings = settings, .setting_count = count};
    snprintf(config.name, sizeof(config.name), "%s", trial_name);
    if (snprintf(config.path, sizeof(config.path), "%s", path) >= (int)sizeof(config.path)) {
        return error_set(error, XSW_LIMIT, "extension %s: expected a path of less than %zu bytes",
                         path, sizeof(config.path));
    }
    return vswitch_extension_add(stand->vswitch, &config, error);
}

enum xsw_status stand_unload(struct stand *stand, struct xsw_error *error)
{
    return vswitch_extension_remove(stand->vswitch, trial_name, error);
}

/* Traffic ------------------------------------------------------------------------------------- */

void stand_feed(struct stand *stand, const struct traffic_frame *frame)
{
    /* A full ring is emptied first: what a trial feeds is what the switch gets. */
    if (!port_memory_feed(stand->ports[frame->port], frame->bytes, frame->length,
                          &frame->offload)) {
        (void)stand_run(stand);
        (void)port_memory_feed(stand->ports[frame->port], frame->bytes, frame->length,
                               &frame->offload);
    }
}

bool stand_run(struct stand *stand)
{
    for (uint32_t turns = 0; turns < STAND_TURNS_MAX; turns++) {
        if (worker_turn(stand->worker) == 0) {
            return true;
        }
    }
    return false;
}

bool stand_wait(struct stand *stand, uint64_t duration_ns, uint64_t step_ns)
{
    for (uint64_t passed = 0; passed < duration_ns; passed += step_ns) {
        stand->now_ns += step_ns;
        if (!stand_run(stand)) {
            return false;
        }
        if (stand->now_ns % NS_PER_SECOND < step_ns) {
            vswitch_tick(stand->vswitch);
        }
    }
    return true;
}

bool stand_take(struct stand *stand, uint16_t port, struct memory_frame *frame)
{
    return port_memory_take(stand->ports[port], frame);
}

void stand_drain(struct stand *stand)
{
    struct memory_frame frame;
    for (uint16_t port = 1; port <= TRAFFIC_STATIONS; port++) {
        while (stand_take(stand, port, &frame)) {
        }
    }
}

uint64_t stand_violations(struct stand *stand, int violation)
{
    uint64_t sum = 0;
    for (int stage = 0; stage < STAGES_MAX; stage++) {
        sum += counter_read(&stand->worker->counters->violations[stage][violation]);
    }
    return sum;
}
