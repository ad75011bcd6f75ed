/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/session.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "capture/tap.h"
#include "switch/observe.h"

struct capture_session {
    struct vswitch *vswitch;
    struct observer observer;
    struct tap tap;
    uint32_t id;
    uint32_t ring_bytes;
    int is_attached;
    char *filter;
    char *where;
    int fds[CONFIG_WORKERS_MAX];
};

static enum xsw_status filter_compile(struct capture_session *session, const char *filter,
                                      struct xsw_error *error)
{
    session->filter = strdup(filter != NULL ? filter : "");
    if (session->filter == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a filter");
    }
    if (session->filter[0] == '\0') {
        return XSW_OK; /* no program: everything is watched */
    }
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, CAPTURE_SNAP_MAX);
    if (pcap == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a filter");
    }
    enum xsw_status status = XSW_OK;
    if (pcap_compile(pcap, &session->tap.program, session->filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        status = error_set(error, XSW_INVALID, "filter \"%s\": %s (see pcap-filter(7))",
                           session->filter, pcap_geterr(pcap));
    }
    pcap_close(pcap);
    return status;
}

static enum xsw_status where_compile(struct capture_session *session, const char *where,
                                     struct xsw_error *error)
{
    session->where = strdup(where != NULL ? where : "");
    if (session->where == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for an expression");
    }
    return session->where[0] == '\0'
               ? XSW_OK
               : where_create(session->vswitch, session->where, &session->tap.where, error);
}

static uint64_t round_up_to_power(uint64_t value)
{
    uint64_t power = CAPTURE_RING_MIN;
    while (power < value) {
        power *= 2;
    }
    return power;
}

static enum xsw_status options_check(const struct capture_options *options, struct xsw_error *error)
{
    if (options->snap_length > CAPTURE_SNAP_MAX) {
        return error_set(error, XSW_INVALID, "snap_length: %u; expected 0 to %d",
                         options->snap_length, CAPTURE_SNAP_MAX);
    }
    if (options->ring_bytes != 0 &&
        (options->ring_bytes < CAPTURE_RING_MIN || options->ring_bytes > CAPTURE_RING_MAX)) {
        return error_set(error, XSW_INVALID, "ring_bytes: %u; expected %d to %d, or 0",
                         options->ring_bytes, CAPTURE_RING_MIN, CAPTURE_RING_MAX);
    }
    return XSW_OK;
}

/* On cache lines of their own, as their type says: calloc would not see to that. */
static enum xsw_status workers_alloc(struct tap *tap, uint32_t count, struct xsw_error *error)
{
    size_t size = count * sizeof(*tap->workers);
    tap->workers = aligned_alloc(_Alignof(struct tap_worker), size);
    if (tap->workers == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a capture session");
    }
    memset(tap->workers, 0, size);
    return XSW_OK;
}

static enum xsw_status session_start(struct capture_session *session,
                                     const struct capture_options *options, struct xsw_error *error)
{
    struct tap *tap = &session->tap;
    enum xsw_status status = filter_compile(session, options->filter, error);
    if (status == XSW_OK) {
        status = where_compile(session, options->where, error);
    }
    tap->snap_length = options->snap_length != 0 ? options->snap_length : CAPTURE_SNAP_MAX;
    uint32_t wanted = options->ring_bytes != 0 ? options->ring_bytes : CAPTURE_RING_DEFAULT;
    session->ring_bytes = (uint32_t)round_up_to_power(wanted);
    uint32_t workers = vswitch_worker_count(session->vswitch);
    if (status == XSW_OK) {
        status = workers_alloc(tap, workers, error);
    }
    for (uint32_t i = 0; status == XSW_OK && i < workers; i++) {
        struct ring_producer *ring = &tap->workers[i].ring;
        status = ring_create(ring, i, session->ring_bytes, tap->snap_length, error);
        session->fds[i] = ring->fd;
        tap->worker_count += status == XSW_OK;
    }
    if (status == XSW_OK) {
        session->observer = (struct observer){
            .ops = &tap_observer_ops, .state = tap, .snap_length = tap->snap_length};
        status = vswitch_observer_add(session->vswitch, &session->observer, error);
        session->is_attached = status == XSW_OK;
    }
    return status;
}

enum xsw_status capture_session_open(struct vswitch *vswitch, const struct capture_options *options,
                                     struct capture_session **session, struct xsw_error *error)
{
    enum xsw_status status = options_check(options, error);
    if (status != XSW_OK) {
        return status;
    }
    struct capture_session *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a capture session");
    }
    made->vswitch = vswitch;
    status = session_start(made, options, error);
    if (status != XSW_OK) {
        capture_session_close(made);
        return status;
    }
    made->id = (uint32_t)vswitch_generation(vswitch);
    *session = made;
    return XSW_OK;
}

size_t capture_session_rings(const struct capture_session *session, const int **fds)
{
    *fds = session->fds;
    return session->tap.worker_count;
}

uint32_t capture_session_id(const struct capture_session *session)
{
    return session->id;
}

uint32_t capture_session_snap_length(const struct capture_session *session)
{
    return session->tap.snap_length;
}

uint32_t capture_session_ring_bytes(const struct capture_session *session)
{
    return session->ring_bytes;
}

const char *capture_session_filter(const struct capture_session *session)
{
    return session->filter;
}

const char *capture_session_where(const struct capture_session *session)
{
    return session->where;
}

struct capture_account capture_session_account(const struct capture_session *session,
                                               uint32_t worker)
{
    return tap_account(&session->tap, worker);
}

enum xsw_status capture_session_stop(struct capture_session *session, struct xsw_error *error)
{
    if (!session->is_attached) {
        return XSW_OK;
    }
    enum xsw_status status = vswitch_observer_remove(session->vswitch, &session->observer, error);
    session->is_attached = status != XSW_OK;
    return status;
}

struct stage_counters capture_session_stage(const struct capture_session *session, uint16_t stage)
{
    struct stage_counters sum = {0};
    for (uint32_t i = 0; stage < STAGES_MAX && i < session->tap.worker_count; i++) {
        const struct tap_worker *worker = &session->tap.workers[i];
        const struct stage_account *begin = &worker->begin.stages[stage];
        const struct stage_account *end = &worker->end.stages[stage];
        sum.in += end->in - begin->in;
        sum.clones += end->clones - begin->clones;
        sum.injected += end->injected - begin->injected;
        sum.out += end->out - begin->out;
        sum.consumed += end->consumed - begin->consumed;
        sum.held += end->held - begin->held;
        sum.released += end->released - begin->released;
        for (uint16_t reason = 0; reason < REASONS_MAX; reason++) {
            sum.dropped += worker->end.drops[stage][reason] - worker->begin.drops[stage][reason];
        }
    }
    return sum;
}

uint64_t capture_session_dropped(const struct capture_session *session, uint16_t stage,
                                 uint16_t reason)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < session->tap.worker_count; i++) {
        const struct tap_worker *worker = &session->tap.workers[i];
        sum += worker->end.drops[stage][reason] - worker->begin.drops[stage][reason];
    }
    return sum;
}

void capture_session_close(struct capture_session *session)
{
    /* A switch that cannot let go of the session for want of memory keeps it; nothing else is safe.
     */
    if (session == NULL || capture_session_stop(session, NULL) != XSW_OK) {
        return;
    }
    for (uint32_t i = 0; i < session->tap.worker_count; i++) {
        ring_destroy(&session->tap.workers[i].ring);
    }
    pcap_freecode(&session->tap.program);
    where_destroy(session->tap.where);
    free(session->tap.workers);
    free(session->filter);
    free(session->where);
    free(session);
}
