/* SPDX-License-Identifier: Apache-2.0 */
#include "certify/spy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "certify/hooks.h"

enum { GUARD_BYTE = 0xa5, FRAME_ROOM = 65536 + 128 };

/* What stands before the state. */
struct front {
    struct spy_instance *instance;
    uint8_t guard[SPY_GUARD - sizeof(struct spy_instance *)];
};
_Static_assert(sizeof(struct front) == SPY_GUARD, "the state keeps its alignment");

/* init has nothing by which it could find its spy. */
static struct spy *the_spy;

struct spy_instance *spy_instance_of(void *host_state)
{
    return ((struct front *)host_state)->instance;
}

void spy_enter(struct spy_instance *instance, int is_packet, const char *format, ...)
{
    struct findings *findings = instance->spy->findings;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(findings->doing, sizeof(findings->doing), format, arguments);
    va_end(arguments);
    hooks_enter(is_packet ? HOOKS_PACKET : HOOKS_CONTROL);
}

static bool guards_hold(const uint8_t *state, size_t size)
{
    const struct front *front = (const struct front *)(state - SPY_GUARD);
    for (size_t i = 0; i < sizeof(front->guard); i++) {
        if (front->guard[i] != GUARD_BYTE) {
            return false;
        }
    }
    for (size_t i = 0; i < SPY_GUARD; i++) {
        if (state[size + i] != GUARD_BYTE) {
            return false;
        }
    }
    return true;
}

static void guards_set(uint8_t *state, size_t size)
{
    struct front *front = (struct front *)(state - SPY_GUARD);
    memset(front->guard, GUARD_BYTE, sizeof(front->guard));
    memset(state + size, GUARD_BYTE, SPY_GUARD);
}

void spy_leave(struct spy_instance *instance)
{
    hooks_enter(HOOKS_OFF);
    struct spy *spy = instance->spy;
    size_t size = spy->about.state_size;
    if (!guards_hold(instance->state, size)) {
        findings_add(spy->findings, RULE_STATE_BOUNDS,
                     "%s: wrote outside of its state of %zu bytes: expected the %d bytes before "
                     "and behind it untouched",
                     spy->findings->doing, size, SPY_GUARD);
        guards_set(instance->state, size);
    }
    const char *forbidden = hooks_forbidden();
    if (forbidden != NULL) {
        findings_add(spy->findings, RULE_HOT_PATH, "%s: called %s", spy->findings->doing,
                     forbidden);
    }
    spy->findings->doing[0] = '\0';
}

/* Life ---------------------------------------------------------------------------------------- */

static struct spy_instance **place_of(struct spy *spy, const struct spy_instance *instance)
{
    for (int i = 0; i < SPY_INSTANCES_MAX; i++) {
        if (spy->instances[i] == instance) {
            return &spy->instances[i];
        }
    }
    return NULL;
}

static enum xsw_status spy_init(void *state, const struct xsw_host *host,
                                const struct xsw_setting *settings, struct xsw_error *error)
{
    struct spy *spy = the_spy;
    struct spy_instance **place = place_of(spy, NULL);
    struct spy_instance *instance = place != NULL ? calloc(1, sizeof(*instance)) : NULL;
    if (instance == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the kit's spy");
    }
    struct front *front = state;
    front->instance = instance;
    instance->spy = spy;
    instance->real = spy->real;
    instance->digest = 1;
    instance->state = (uint8_t *)state + SPY_GUARD;
    guards_set(instance->state, spy->about.state_size);
    spy_services_wrap(instance, host);
    *place = instance;
    enum xsw_status status = XSW_OK;
    if (instance->real->init != NULL) {
        spy_enter(instance, 0, "init");
        status = instance->real->init(instance->state, &instance->host, settings, error);
        spy_leave(instance);
    }
    if (status != XSW_OK) {
        *place = NULL;
        free(instance);
    }
    return status;
}

static void spy_close(void *state)
{
    struct spy_instance *instance = spy_instance_of(state);
    spy_enter(instance, 0, "close");
    instance->real->close(instance->state);
    spy_leave(instance);
}

static void spy_fini(void *state)
{
    struct spy_instance *instance = spy_instance_of(state);
    struct spy *spy = instance->spy;
    if (instance->real->fini != NULL) {
        spy_enter(instance, 0, "fini");
        instance->real->fini(instance->state);
        spy_leave(instance);
    }
    if (instance->port_references > 0 || instance->nic_references > 0) {
        findings_add(spy->findings, RULE_REFERENCES,
                     "fini returned with %u references to ports and %u to NICs; expected none",
                     instance->port_references, instance->nic_references);
    }
    struct spy_instance **place = place_of(spy, instance);
    if (place != NULL) {
        *place = NULL;
    }
    free(instance);
}

static void spy_tick(void *state, uint32_t worker, uint64_t now_ns)
{
    struct spy_instance *instance = spy_instance_of(state);
    spy_enter(instance, 1, "tick");
    instance->real->tick(instance->state, worker, now_ns);
    spy_leave(instance);
    spy_services_settle(instance, "tick");
}

/* The operations of workers ------------------------------------------------------------------- */

static void spy_look(void *state, enum xsw_direction direction, const struct xsw_const_batch *batch)
{
    struct spy_instance *instance = spy_instance_of(state);
    struct spy *spy = instance->spy;
    spy_batch_begin(spy, (struct xsw_packet *const *)batch->packets, batch->count, direction);
    const struct xsw_const_batch view = {.packets =
                                             (const struct xsw_packet *const *)spy->batch->pointers,
                                         .count = batch->count,
                                         .worker = batch->worker,
                                         .now_ns = batch->now_ns};
    spy_enter(instance, 1, "look at %u packets on %s", batch->count,
              direction == XSW_INGRESS ? "ingress" : "egress");
    instance->real->capture->look(instance->state, direction, &view);
    spy_leave(instance);
    spy_batch_end(instance, "look", false);
}

static void spy_ingress(void *state, struct xsw_batch *batch, struct xsw_verdict *verdicts)
{
    struct spy_instance *instance = spy_instance_of(state);
    struct spy *spy = instance->spy;
    spy_batch_begin(spy, batch->packets, batch->count, XSW_INGRESS);
    struct xsw_batch view = {.packets = spy->batch->pointers,
                             .count = batch->count,
                             .worker = batch->worker,
                             .now_ns = batch->now_ns};
    spy_enter(instance, 1, "ingress of %u packets", batch->count);
    instance->real->filter->ingress(instance->state, &view, spy->batch->verdicts);
    spy_leave(instance);
    spy_batch_end(instance, "ingress", true);
    memcpy(batch->packets, spy->batch->pointers, batch->count * sizeof(batch->packets[0]));
    memcpy(verdicts, spy->batch->verdicts, batch->count * sizeof(verdicts[0]));
}

static void spy_egress(void *state, const struct xsw_const_batch *batch,
                       struct xsw_verdict *verdicts)
{
    struct spy_instance *instance = spy_instance_of(state);
    struct spy *spy = instance->spy;
    spy_batch_begin(spy, (struct xsw_packet *const *)batch->packets, batch->count, XSW_EGRESS);
    const struct xsw_const_batch view = {.packets =
                                             (const struct xsw_packet *const *)spy->batch->pointers,
                                         .count = batch->count,
                                         .worker = batch->worker,
                                         .now_ns = batch->now_ns};
    spy_enter(instance, 1, "egress of %u packets", batch->count);
    instance->real->filter->egress(instance->state, &view, spy->batch->verdicts);
    spy_leave(instance);
    spy_batch_end(instance, "egress", false);
    memcpy(verdicts, spy->batch->verdicts, batch->count * sizeof(verdicts[0]));
}

static void spy_forward(void *state, const struct xsw_const_batch *batch,
                        const struct xsw_port_set *connected, struct xsw_port_set *destinations,
                        struct xsw_verdict *verdicts)
{
    struct spy_instance *instance = spy_instance_of(state);
    struct spy *spy = instance->spy;
    spy_batch_begin(spy, (struct xsw_packet *const *)batch->packets, batch->count, XSW_INGRESS);
    const struct xsw_const_batch view = {.packets =
                                             (const struct xsw_packet *const *)spy->batch->pointers,
                                         .count = batch->count,
                                         .worker = batch->worker,
                                         .now_ns = batch->now_ns};
    struct xsw_port_set shown = *connected;
    spy_enter(instance, 1, "forward of %u packets", batch->count);
    instance->real->forward->forward(instance->state, &view, &shown, spy->batch->destinations,
                                     spy->batch->verdicts);
    spy_leave(instance);
    if (memcmp(&shown, connected, sizeof(shown)) != 0) {
        findings_add(spy->findings, RULE_BATCH_BOUNDS,
                     "forward: the set of connected ports was changed");
    }
    spy_batch_end(instance, "forward", false);
    for (uint32_t i = 0; i < batch->count; i++) {
        for (uint16_t port = 0; port < XSW_PORTS_MAX; port++) {
            if (xsw_port_set_has(&spy->batch->destinations[i], port) &&
                !xsw_port_set_has(connected, port)) {
                findings_add(spy->findings, RULE_BAD_DESTINATION,
                             "forward: %s: destination port %u, which is not connected",
                             spy_packet_text(spy, i), port);
                break;
            }
        }
    }
    memcpy(destinations, spy->batch->destinations, batch->count * sizeof(destinations[0]));
    memcpy(verdicts, spy->batch->verdicts, batch->count * sizeof(verdicts[0]));
}

/* Making it ----------------------------------------------------------------------------------- */

static void operations_wrap(struct spy_mask *mask, const struct xsw_extension *real)
{
    struct xsw_extension *seen = &mask->descriptor;
    seen->capture = NULL;
    seen->filter = NULL;
    seen->forward = NULL;
    if (real->kind == XSW_EXTENSION_CAPTURE) {
        mask->capture = (struct xsw_capture_ops){sizeof(mask->capture), spy_look};
        seen->capture = &mask->capture;
    } else if (real->kind == XSW_EXTENSION_FILTER) {
        mask->filter = (struct xsw_filter_ops){sizeof(mask->filter),
                                               real->filter->ingress != NULL ? spy_ingress : NULL,
                                               real->filter->egress != NULL ? spy_egress : NULL};
        seen->filter = &mask->filter;
    } else {
        mask->forward = (struct xsw_forward_ops){sizeof(mask->forward), spy_forward};
        seen->forward = &mask->forward;
    }
}

static struct spy_batch *batch_create(void)
{
    struct spy_batch *batch = calloc(1, sizeof(*batch));
    uint8_t *bytes = mmap(NULL, (size_t)XSW_BATCH_MAX * FRAME_ROOM, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (batch == NULL || bytes == MAP_FAILED) {
        return NULL; /* the process ends with the trial, and what was had goes with it */
    }
    for (size_t i = 0; i < XSW_BATCH_MAX; i++) {
        batch->bytes[i] = bytes + i * FRAME_ROOM;
    }
    return batch;
}

struct spy *spy_create(const char *file, struct findings *findings)
{
    struct spy *spy = calloc(1, sizeof(*spy));
    struct spy_batch *batch = batch_create();
    if (spy == NULL || batch == NULL) {
        return NULL;
    }
    spy->file = file;
    spy->findings = findings;
    spy->batch = batch;
    the_spy = spy;
    return spy;
}

/* A mask lives as long as the process: instances of older loads look at theirs to the end. */
static struct spy_mask *mask_create(const struct xsw_extension *real)
{
    struct spy_mask *mask = calloc(1, sizeof(*mask));
    if (mask == NULL) {
        return NULL;
    }
    struct xsw_extension *seen = &mask->descriptor;
    size_t known = real->size < sizeof(*seen) ? real->size : sizeof(*seen);
    memcpy(seen, real, known);
    seen->size = (uint32_t)known;
    seen->state_size = real->state_size + 2 * (size_t)SPY_GUARD;
    seen->init = spy_init;
    seen->close = real->close != NULL ? spy_close : NULL;
    seen->fini = spy_fini;
    operations_wrap(mask, real);
    seen->tick = XSW_HAS(seen, struct xsw_extension, tick) && real->tick != NULL ? spy_tick : NULL;
    spy_control_wrap(mask, real);
    return mask;
}

const struct xsw_extension *spy_replace(void *context, void *library,
                                        const struct xsw_extension *real)
{
    struct spy *spy = context;
    struct xsw_error error;
    struct spy_mask *mask = mask_create(real);
    if (mask == NULL || hooks_install(library, spy->file, &error) != XSW_OK) {
        findings_problem(spy->findings, "%s", mask == NULL ? "no memory" : error.text);
        return real;
    }
    spy->real = real;
    memcpy(&spy->about, &mask->descriptor, sizeof(spy->about));
    spy->about.state_size = real->state_size;
    return &mask->descriptor;
}

uint32_t spy_held(const struct spy *spy)
{
    uint32_t sum = 0;
    for (int i = 0; i < SPY_INSTANCES_MAX; i++) {
        sum += spy->instances[i] != NULL ? spy->instances[i]->held_count : 0;
    }
    return sum;
}

uint32_t spy_references(const struct spy *spy)
{
    uint32_t sum = 0;
    for (int i = 0; i < SPY_INSTANCES_MAX; i++) {
        const struct spy_instance *instance = spy->instances[i];
        sum += instance != NULL ? instance->port_references + instance->nic_references : 0;
    }
    return sum;
}
