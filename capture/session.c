/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/session.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/rules.h"
#include "capture/tap.h"
#include "switch/path/observe.h"

struct capture_session {
    struct vswitch *vswitch;
    struct observer observer;
    struct tap tap;
    struct rules *rules;  /* the tap's */
    struct rules *gone;   /* rules that no worker uses behind the next snapshot; owned */
    uint64_t replaced_at; /* generation when the rules were replaced last */
    uint32_t id;
    uint32_t ring_bytes;
    uint64_t started_ns;
    bool is_attached;
    bool has_rings;             /* of its own */
    struct flight_ring *flight; /* in their place; borrowed */
    char name[CONFIG_NAME_SIZE];
    int fds[CONFIG_WORKERS_MAX];
};

static uint64_t round_up_to_power(uint64_t value)
{
    uint64_t power = CAPTURE_RING_MIN;
    while (power < value) {
        power *= 2;
    }
    return power;
}

uint32_t capture_ring_default(uint32_t workers)
{
    uint32_t size = CAPTURE_RINGS_DEFAULT;
    while (size > CAPTURE_RING_DEFAULT_MIN && (uint64_t)size * workers > CAPTURE_RINGS_DEFAULT) {
        size /= 2;
    }
    return size;
}

static enum xsw_status options_check(const struct capture_options *options, struct xsw_error *error)
{
    if (options->ring_bytes != 0 &&
        (options->ring_bytes < CAPTURE_RING_MIN || options->ring_bytes > CAPTURE_RING_MAX)) {
        return error_set(error, XSW_INVALID, "ring_bytes: %u; expected %d to %d, or 0",
                         options->ring_bytes, CAPTURE_RING_MIN, CAPTURE_RING_MAX);
    }
    if (options->name != NULL && strlen(options->name) >= CONFIG_NAME_SIZE) {
        return error_set(error, XSW_INVALID, "name: expected at most %d characters",
                         CONFIG_NAME_SIZE - 1);
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

static enum xsw_status ring_open(struct capture_session *session,
                                 const struct capture_options *options, uint32_t index,
                                 struct xsw_error *error)
{
    struct tap_worker *worker = &session->tap.workers[index];
    if (options->flight != NULL) {
        worker->flight = flight_ring_producer(options->flight, index);
        return XSW_OK;
    }
    enum xsw_status status = ring_create(&worker->ring, index, session->ring_bytes,
                                         session->rules->told.snap_length, error);
    session->fds[index] = worker->ring.fd;
    return status;
}

static enum xsw_status rings_create(struct capture_session *session,
                                    const struct capture_options *options, struct xsw_error *error)
{
    struct tap *tap = &session->tap;
    uint32_t workers = vswitch_worker_count(session->vswitch);
    enum xsw_status status = workers_alloc(tap, workers, error);
    for (uint32_t i = 0; status == XSW_OK && i < workers; i++) {
        tap->workers[i].ring.fd = -1;
        tap->workers[i].rules_told = session->rules->number;
        tap->workers[i].budget_begun = session->rules->told.budget;
        tap->workers[i].rules_begun = session->rules->number;
        tap->workers[i].ports_told = vswitch_generation(session->vswitch);
        tap->workers[i].hides_names = options->privacy != NULL && options->privacy->pseudonyms;
        status = ring_open(session, options, i, error);
        tap->worker_count += status == XSW_OK;
    }
    return status;
}

/* The workers may take them up at once. What is kept no longer goes with the next change behind a
 * snapshot: then each worker has begun another batch. */
static void rules_take(struct capture_session *session, struct rules *rules)
{
    uint64_t now = vswitch_generation(session->vswitch);
    if (now > session->replaced_at) {
        rules_destroy(session->gone);
        session->gone = NULL;
    }
    struct rules *gone = rules_replace(rules, session->rules);
    if (gone != NULL) {
        /* One, since not more are kept than before and one came. */
        assert(session->gone == NULL || gone->older == NULL);
        gone->older = session->gone;
        session->gone = gone;
    }
    session->replaced_at = now;
    session->rules = rules;
    atomic_store_explicit(&session->tap.rules, rules, memory_order_release);
}

/* A port with a new name, or of a name of before, comes with the next snapshot: the rules mean it
 * from then on, and are told to nobody as others. */
static enum xsw_status ports_follow(void *owner, struct xsw_error *error)
{
    struct capture_session *session = owner;
    struct rules *rules = NULL;
    if (!rules_name_ports(session->rules)) {
        return XSW_OK;
    }
    enum xsw_status status =
        rules_create(session->vswitch, &session->rules->told, session->rules, &rules, error);
    if (status != XSW_OK || rules_are_same(rules, session->rules)) {
        rules_destroy(rules);
        return status;
    }
    rules->number = session->rules->number;
    rules_take(session, rules);
    return XSW_OK;
}

static enum xsw_status session_start(struct capture_session *session,
                                     const struct capture_options *options, struct xsw_error *error)
{
    uint32_t usual = capture_ring_default(vswitch_worker_count(session->vswitch));
    uint32_t wanted = options->ring_bytes != 0 ? options->ring_bytes : usual;
    session->ring_bytes = (uint32_t)round_up_to_power(wanted);
    enum xsw_status status =
        rules_create(session->vswitch, &options->rules, NULL, &session->rules, error);
    if (status != XSW_OK) {
        return status;
    }
    session->rules->number = 1;
    status = rings_create(session, options, error);
    if (status == XSW_OK && options->privacy != NULL && privacy_is_wanted(options->privacy)) {
        status = privacy_create(options->privacy, session->tap.worker_count, &session->tap.privacy,
                                error);
    }
    if (status != XSW_OK) {
        return status;
    }
    atomic_store_explicit(&session->tap.rules, session->rules, memory_order_release);
    session->observer = (struct observer){.ops = &tap_observer_ops,
                                          .state = &session->tap,
                                          .snap_length = session->rules->told.snap_length,
                                          .asks_names = 1,
                                          .port_comes = ports_follow,
                                          .owner = session};
    status = vswitch_observer_add(session->vswitch, &session->observer, error);
    session->is_attached = status == XSW_OK;
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
    made->has_rings = options->flight == NULL;
    made->flight = options->flight;
    made->started_ns = clock_mono_ns();
    status = session_start(made, options, error);
    if (status != XSW_OK) {
        capture_session_close(made);
        return status;
    }
    made->id = (uint32_t)vswitch_generation(vswitch);
    snprintf(made->name, sizeof(made->name), "capture-%u", made->id);
    if (options->name != NULL && options->name[0] != '\0') {
        snprintf(made->name, sizeof(made->name), "%s", options->name);
    }
    *session = made;
    return XSW_OK;
}

enum xsw_status capture_session_set(struct capture_session *session,
                                    const struct capture_rules *told, struct xsw_error *error)
{
    struct rules *rules = NULL;
    if (!session->is_attached) {
        return error_set(error, XSW_UNSUPPORTED, "the capture session has been stopped");
    }
    enum xsw_status status = rules_create(session->vswitch, told, session->rules, &rules, error);
    if (status != XSW_OK) {
        return status;
    }
    if (rules_are_same(rules, session->rules)) {
        rules_destroy(rules);
        return XSW_OK;
    }
    rules->number = session->rules->number + 1;
    rules_take(session, rules);
    session->observer.snap_length = rules->told.snap_length;
    return vswitch_observer_changed(session->vswitch, error);
}

const struct capture_rules *capture_session_rules(const struct capture_session *session)
{
    return &session->rules->told;
}

uint32_t capture_session_rules_number(const struct capture_session *session)
{
    return session->rules->number;
}

uint64_t capture_session_stages(const struct capture_session *session)
{
    return session->rules->stages;
}

size_t capture_session_rings(const struct capture_session *session, const int **fds)
{
    *fds = session->fds;
    return session->has_rings ? session->tap.worker_count : 0;
}

uint8_t capture_session_bit(const struct capture_session *session)
{
    return session->observer.bit;
}

uint32_t capture_session_id(const struct capture_session *session)
{
    return session->id;
}

const char *capture_session_name(const struct capture_session *session)
{
    return session->name;
}

uint32_t capture_session_ring_bytes(const struct capture_session *session)
{
    return session->ring_bytes;
}

uint64_t capture_session_started_ns(const struct capture_session *session)
{
    return session->started_ns;
}

static void account_add(struct capture_account *sum, const struct tap_worker *worker,
                        uint16_t stage)
{
    struct capture_account one;
    ring_account_read(&worker->stages[stage], &one);
    capture_account_add(sum, &one);
}

struct capture_account capture_session_account(const struct capture_session *session,
                                               uint32_t worker)
{
    struct capture_account sum = {0};
    for (uint16_t stage = 0; stage < STAGES_MAX; stage++) {
        account_add(&sum, &session->tap.workers[worker], stage);
    }
    return sum;
}

struct capture_account capture_session_account_at(const struct capture_session *session,
                                                  uint16_t stage)
{
    struct capture_account sum = {0};
    for (uint32_t worker = 0; worker < session->tap.worker_count; worker++) {
        account_add(&sum, &session->tap.workers[worker], stage);
    }
    return sum;
}

struct capture_load capture_session_load(const struct capture_session *session, uint32_t worker)
{
    const struct tap_worker *own = &session->tap.workers[worker];
    return (struct capture_load){
        .level = (enum budget_level)atomic_load_explicit(&own->shown_level, memory_order_relaxed),
        .share = atomic_load_explicit(&own->shown_share, memory_order_relaxed)};
}

void capture_session_settle(struct capture_session *session)
{
    uint32_t wanted = session->rules->told.snap_length;
    for (uint32_t i = 0; i < session->tap.worker_count; i++) {
        if (capture_session_load(session, i).level >= BUDGET_SHORT && wanted > BUDGET_SNAP) {
            wanted = BUDGET_SNAP;
        }
    }
    if (session->is_attached && session->observer.snap_length != wanted) {
        session->observer.snap_length = wanted;
        /* Without memory now it is tried again when it changes the next time. */
        (void)!vswitch_observer_changed(session->vswitch, NULL);
    }
}

/* Of the oldest journey that is in the ring, or comes next. The consumer tells; if what it says is
 * wrong, it will lack names. */
static uint64_t ring_generation(const struct capture_session *session, uint32_t worker)
{
    const struct ring_header *header = session->tap.workers[worker].ring.header;
    uint64_t generation = vswitch_generation(session->vswitch);
    uint64_t tail = atomic_load_explicit(&header->tail, memory_order_acquire);
    if (tail == atomic_load_explicit(&header->head, memory_order_acquire)) {
        return generation;
    }
    for (int i = 0; i < 2; i++) {
        const struct ring_resume *resume = &header->resumes[i];
        if (resume->place == tail && resume->generation < generation) {
            return resume->generation;
        }
    }
    return 0;
}

void capture_session_forget(struct capture_session *session)
{
    uint64_t oldest = UINT64_MAX;
    for (uint32_t i = 0; session->has_rings && i < session->tap.worker_count; i++) {
        uint64_t generation = ring_generation(session, i);
        oldest = generation < oldest ? generation : oldest;
    }
    if (session->flight != NULL) {
        oldest = flight_ring_oldest_generation(session->flight);
    }
    if (session->is_attached && oldest != UINT64_MAX && oldest > session->observer.names_since) {
        session->observer.names_since = oldest;
    }
}

bool capture_session_is_stopped(const struct capture_session *session)
{
    return !session->is_attached;
}

enum xsw_status capture_session_stop(struct capture_session *session, struct xsw_error *error)
{
    if (!session->is_attached) {
        return XSW_OK;
    }
    enum xsw_status status = vswitch_observer_remove(session->vswitch, &session->observer, error);
    session->is_attached = status != XSW_OK;
    for (uint32_t i = 0; status == XSW_OK && session->has_rings && i < session->tap.worker_count;
         i++) {
        atomic_store_explicit(&session->tap.workers[i].ring.header->is_stopped, 1,
                              memory_order_release);
    }
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
    for (uint32_t i = 0; session->has_rings && i < session->tap.worker_count; i++) {
        ring_destroy(&session->tap.workers[i].ring);
    }
    rules_destroy(session->rules);
    rules_destroy(session->gone);
    privacy_destroy(session->tap.privacy);
    free(session->tap.workers);
    free(session);
}
