/* SPDX-License-Identifier: Apache-2.0 */
/* Bandwidth as the control thread sees it; workers are in switch/policy/bandwidth.c. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "switch/policy/bandwidth_bucket.h"
#include "switch/policy/bandwidth_state.h"
#include "switch/state.h"

enum { LARGEST_PACKET = 65536 + 128 };

static size_t state_size(uint32_t workers)
{
    size_t size = sizeof(struct bandwidth_state) + workers * sizeof(struct bandwidth_queues);
    return (size + 63) & ~(size_t)63;
}

static struct bandwidth_state *state_create(uint32_t workers)
{
    struct bandwidth_state *state = aligned_alloc(64, state_size(workers));
    if (state == NULL) {
        return NULL;
    }
    memset(state, 0, state_size(workers));
    for (uint32_t worker = 0; worker < workers; worker++) {
        state->queues[worker].limit.first = WAITING_NONE;
        for (uint32_t port = 0; port < XSW_PORTS_MAX; port++) {
            state->queues[worker].sources[port].first = WAITING_NONE;
        }
    }
    return state;
}

static struct bandwidth_worker *worker_queues_create(void)
{
    struct bandwidth_worker *made = calloc(1, sizeof(*made));
    for (uint32_t i = 0; made != NULL && i < HELD_MAX; i++) {
        made->places[i].next = i + 1 < HELD_MAX ? i + 1 : WAITING_NONE;
    }
    return made;
}

enum xsw_status bandwidth_create(uint32_t workers, struct bandwidth **bandwidth,
                                 struct xsw_error *error)
{
    struct bandwidth *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for bandwidth queues");
    }
    made->worker_count = workers;
    for (uint32_t i = 0; i < workers; i++) {
        made->workers[i] = worker_queues_create();
        if (made->workers[i] == NULL) {
            bandwidth_destroy(made);
            return error_set(error, XSW_NO_MEMORY, "no memory for bandwidth queues");
        }
    }
    *bandwidth = made;
    return XSW_OK;
}

void bandwidth_destroy(struct bandwidth *bandwidth)
{
    if (bandwidth == NULL) {
        return;
    }
    for (uint32_t i = 0; i < XSW_PORTS_MAX; i++) {
        free(bandwidth->states[i]);
    }
    for (uint32_t i = 0; i < bandwidth->worker_count; i++) {
        free(bandwidth->workers[i]);
    }
    free(bandwidth);
}

/* For the snapshot ---------------------------------------------------------------------------- */

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static struct bandwidth_rate rate_make(uint64_t rate, uint64_t burst)
{
    if (rate == 0) {
        return (struct bandwidth_rate){0};
    }
    uint64_t bytes_per_second = rate / 8;
    uint64_t bytes = burst != 0 ? burst : larger(BANDWIDTH_BURST_DEFAULT, bytes_per_second / 100);
    if (bytes > BANDWIDTH_BURST_MAX) {
        bytes = BANDWIDTH_BURST_MAX;
    }
    return (struct bandwidth_rate){
        .rate = rate,
        .depth = bytes * TIME_OF_BYTE / rate,
        .debt = LARGEST_PACKET * TIME_OF_BYTE / rate,
        .queue_bytes = larger(BANDWIDTH_QUEUE_DEFAULT, bytes_per_second / 20),
    };
}

enum xsw_status bandwidth_view_build(struct bandwidth *bandwidth, uint16_t id,
                                     const struct bandwidth_config *config,
                                     enum bandwidth_mode mode, struct bandwidth_view *view)
{
    *view = (struct bandwidth_view){.weight = 1};
    if (config != NULL) {
        view->limit = rate_make(config->limit, config->burst);
        view->capacity = rate_make(config->capacity, 0);
        if (mode == BANDWIDTH_ABSOLUTE) {
            view->reservation = rate_make(config->reservation, 0);
        } else if (mode == BANDWIDTH_WEIGHT && config->weight != 0) {
            view->weight = config->weight;
        }
    }
    if ((view->limit.rate != 0 || view->capacity.rate != 0) && bandwidth->states[id] == NULL) {
        bandwidth->states[id] = state_create(bandwidth->worker_count);
        if (bandwidth->states[id] == NULL) {
            return XSW_NO_MEMORY;
        }
    }
    view->state = bandwidth->states[id];
    return XSW_OK;
}

/* Numbers ------------------------------------------------------------------------------------- */

void bandwidth_read(const struct bandwidth *bandwidth, uint16_t id, struct bandwidth_info *info)
{
    const struct bandwidth_state *state = bandwidth->states[id];
    *info = (struct bandwidth_info){0};
    if (state == NULL) {
        return;
    }
    info->queued_packets = read_relaxed(&state->limit.packets);
    info->queued_bytes = read_relaxed(&state->limit.bytes);
    info->dropped = read_relaxed(&state->limit.dropped) - state->limit.dropped_before;
    info->capacity_packets = read_relaxed(&state->capacity.packets);
    info->capacity_bytes = read_relaxed(&state->capacity.bytes);
    info->capacity_dropped =
        read_relaxed(&state->capacity.dropped) - state->capacity.dropped_before;
}

void bandwidth_forget(struct bandwidth *bandwidth, uint16_t id)
{
    struct bandwidth_state *state = bandwidth->states[id];
    if (state != NULL) {
        state->limit.dropped_before = read_relaxed(&state->limit.dropped);
        state->capacity.dropped_before = read_relaxed(&state->capacity.dropped);
    }
}

/* What people may configure ------------------------------------------------------------------- */

static enum xsw_status rate_check(uint64_t rate, const char *name, const char *port,
                                  struct xsw_error *error)
{
    if (rate != 0 && (rate < BANDWIDTH_RATE_MIN || rate > BANDWIDTH_RATE_MAX)) {
        return error_set(error, XSW_INVALID,
                         "port %s: bandwidth.%s: %llu bit/s; expected %d to %llu, or 0 for none",
                         port, name, (unsigned long long)rate, BANDWIDTH_RATE_MIN,
                         (unsigned long long)BANDWIDTH_RATE_MAX);
    }
    return XSW_OK;
}

static enum xsw_status ranges_check(const struct port_config *config, struct xsw_error *error)
{
    const struct bandwidth_config *bandwidth = &config->bandwidth;
    enum xsw_status status = rate_check(bandwidth->limit, "limit", config->name, error);
    if (status == XSW_OK) {
        status = rate_check(bandwidth->reservation, "reservation", config->name, error);
    }
    if (status == XSW_OK) {
        status = rate_check(bandwidth->capacity, "capacity", config->name, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    if (bandwidth->burst != 0 &&
        (bandwidth->burst < BANDWIDTH_BURST_MIN || bandwidth->burst > BANDWIDTH_BURST_MAX)) {
        return error_set(error, XSW_INVALID,
                         "port %s: bandwidth.burst: %u bytes; expected %d to %d, or 0 for the "
                         "default",
                         config->name, bandwidth->burst, BANDWIDTH_BURST_MIN, BANDWIDTH_BURST_MAX);
    }
    if (bandwidth->burst != 0 && bandwidth->limit == 0) {
        return error_set(
            error, XSW_INVALID,
            "port %s: bandwidth.burst: it belongs to a limit; set one, or take it away",
            config->name);
    }
    if (bandwidth->weight > BANDWIDTH_WEIGHT_MAX) {
        return error_set(error, XSW_INVALID, "port %s: bandwidth.weight: %u; expected 0 to %d",
                         config->name, bandwidth->weight, BANDWIDTH_WEIGHT_MAX);
    }
    return XSW_OK;
}

static enum xsw_status mode_check(const struct port_config *config, enum bandwidth_mode mode,
                                  struct xsw_error *error)
{
    if (config->bandwidth.weight != 0 && mode != BANDWIDTH_WEIGHT) {
        return error_set(error, XSW_INVALID,
                         "port %s: bandwidth.weight: the switch's bandwidth mode must be weight",
                         config->name);
    }
    if (config->bandwidth.reservation != 0 && mode != BANDWIDTH_ABSOLUTE) {
        return error_set(
            error, XSW_INVALID,
            "port %s: bandwidth.reservation: the switch's bandwidth mode must be absolute",
            config->name);
    }
    return XSW_OK;
}

enum xsw_status bandwidth_check(const struct vswitch *vswitch, const struct port_config *config,
                                struct xsw_error *error)
{
    enum xsw_status status = ranges_check(config, error);
    return status == XSW_OK ? mode_check(config, vswitch->config.bandwidth_mode, error) : status;
}

/* Neither more reservations nor less capacity than the external port has. */
enum xsw_status bandwidth_check_sum(const struct vswitch *vswitch, const struct port_config *config,
                                    uint16_t id, struct xsw_error *error)
{
    uint64_t capacity = config->role == PORT_ROLE_EXTERNAL ? config->bandwidth.capacity : 0;
    uint64_t sum = config->bandwidth.reservation;
    for (uint16_t other = 1; other < XSW_PORTS_MAX; other++) {
        const struct port_slot *slot = &vswitch->ports[other];
        if (other == id || !port_slot_exists(slot) || slot->is_validation) {
            continue;
        }
        sum += slot->config.bandwidth.reservation;
        if (slot->config.role == PORT_ROLE_EXTERNAL) {
            capacity = slot->config.bandwidth.capacity;
        }
    }
    if (capacity != 0 && sum > capacity) {
        return error_set(error, XSW_LIMIT,
                         "port %s: bandwidth: the ports' reservations would be %llu bit/s in all, "
                         "and the external port's capacity %llu; reserve less",
                         config->name, (unsigned long long)sum, (unsigned long long)capacity);
    }
    return XSW_OK;
}

enum xsw_status bandwidth_mode_check(const struct vswitch *vswitch, enum bandwidth_mode mode,
                                     struct xsw_error *error)
{
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        const struct port_slot *slot = &vswitch->ports[id];
        enum xsw_status status =
            port_slot_exists(slot) ? mode_check(&slot->config, mode, error) : XSW_OK;
        if (status != XSW_OK) {
            return status;
        }
    }
    return XSW_OK;
}
