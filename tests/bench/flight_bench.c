/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a flight recorder and its triggers cost a packet: ns of the worker, against the same without
 * in the same round; medians. Time is that of this thread, so that other programs disturb less. The
 * recorder's memory is so large that it does not stay in a cache, as it would not outside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/flight/flight_ring.h"
#include "capture/flight/trigger.h"
#include "capture/session.h"
#include "switch/path/worker.h"
#include "switch/switch.h"
#include "tests/bench/bench_switch.h"

enum { ROUNDS = 15, TURNS = 2000, TRIGGERS = 4 };

struct mode {
    const char *name;
    bool has_recorder;
    const char *triggers[TRIGGERS];
};

static const struct mode modes[] = {
    {"none", false, {NULL}},
    {"flight recorder, 64 bytes", true, {NULL}},
    {"  and 'reason == silent-drop'", true, {"reason == silent-drop"}},
    {"  and 'latency > 5ms'", true, {"latency > 5ms"}},
    {"  and four that are never true",
     true,
     {"dropped", "latency > 5ms", "reason == silent-drop", "changed and port == p0"}},
    {"  and 'vlan == 4094', asked of each", true, {"vlan == 4094"}},
    {"  and one that is always true", true, {"delivered"}},
};

enum { MODE_COUNT = sizeof(modes) / sizeof(modes[0]) };

static uint64_t thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

struct attached {
    struct flight_ring *ring;
    struct capture_session *session;
    struct trigger_set *set;
};

static void attach(struct vswitch *vswitch, const struct mode *mode, struct attached *attached)
{
    struct xsw_error error;
    struct trigger_options triggers[TRIGGERS] = {0};
    uint32_t count = 0;
    *attached = (struct attached){0};
    if (!mode->has_recorder) {
        return;
    }
    const struct flight_ring_options options = {.path = "/dev/shm/flight_bench.ring",
                                                .worker_count = 1};
    if (flight_ring_create(&options, &attached->ring, &error) != XSW_OK) {
        bench_fail(options.path, &error);
    }
    const struct capture_options session = {.rules = {.snap_length = 64, .budget = BUDGET_WHOLE},
                                            .flight = attached->ring};
    if (capture_session_open(vswitch, &session, &attached->session, &error) != XSW_OK) {
        bench_fail(mode->name, &error);
    }
    for (; count < TRIGGERS && mode->triggers[count] != NULL; count++) {
        snprintf(triggers[count].name, sizeof(triggers[count].name), "t%u", count);
        triggers[count].where = mode->triggers[count];
        triggers[count].rearm_ns = NS_PER_SECOND;
    }
    if (count > 0 && (trigger_set_create(vswitch, attached->ring, triggers, count, &attached->set,
                                         &error) != XSW_OK ||
                      trigger_set_attach(attached->set, capture_session_bit(attached->session),
                                         &error) != XSW_OK)) {
        bench_fail(mode->name, &error);
    }
}

static void detach(struct attached *attached)
{
    (void)trigger_set_destroy(attached->set);
    capture_session_close(attached->session);
    flight_ring_destroy(attached->ring);
}

/* ns a packet. */
static double measure(struct vswitch *vswitch, const struct mode *mode)
{
    struct worker *worker = vswitch_worker(vswitch, 0);
    struct attached attached;
    uint64_t packets = 0;
    attach(vswitch, mode, &attached);
    for (int turn = 0; turn < TURNS / 10; turn++) {
        worker_turn(worker);
    }
    uint64_t begun = thread_ns();
    for (int turn = 0; turn < TURNS; turn++) {
        packets += worker_turn(worker);
    }
    uint64_t spent = thread_ns() - begun;
    detach(&attached);
    return (double)spent / (double)packets;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double median(double values[ROUNDS])
{
    qsort(values, ROUNDS, sizeof(*values), compare);
    return values[ROUNDS / 2];
}

int main(void)
{
    static const struct bench_switch_options options = {
        .ports = 4, .macs = 64, .frame_length = 60, .has_rules = true};
    static double ns[MODE_COUNT][ROUNDS], more[MODE_COUNT][ROUNDS];
    struct vswitch *vswitch = bench_switch_make(&options);
    unlink("/dev/shm/flight_bench.ring");
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < MODE_COUNT; i++) {
            ns[i][round] = measure(vswitch, &modes[i]);
            more[i][round] = ns[i][round] - ns[0][round];
        }
    }
    for (size_t i = 0; i < MODE_COUNT; i++) {
        printf("%-36s %6.1f ns a packet  +%.1f\n", modes[i].name, median(ns[i]), median(more[i]));
    }
    vswitch_destroy(vswitch);
    return 0;
}
