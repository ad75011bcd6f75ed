/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tracing costs: ns a packet of the worker loop, all of it delivered, with each profile
 * recorded by a session of LTTng that is kept in memory; and ns an event, each kind by itself,
 * recorded and not.
 *
 * none: LTTng is not loaded (the first mode of the first round alone; LTTng cannot be unloaded)
 *
 * loaded: it is, and nobody records anything
 *
 * drops, changes, control, all: the profiles of xsw trace
 *
 * It talks to the session daemon, which must run: trace_bench.sh starts one of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/trace/trace_session.h"
#include "switch/events.h"
#include "switch/path/worker.h"
#include "switch/switch.h"
#include "tests/bench/bench_switch.h"
#include "trace/events.h"
#include "trace/provider.h"

enum { ROUNDS_MAX = 51, FRAME_LENGTH = 60, EVENTS = 200000, JOIN_TRIES = 200 };

static const char *const modes[] = {"none", "loaded", "drops", "changes", "control", "all"};
enum { MODE_COUNT = sizeof(modes) / sizeof(modes[0]), MODE_PROFILES = 2 };

struct bench {
    struct vswitch *vswitch;
    const struct trace_provider *provider;
    struct trace_events *events;
    double seconds;
};

static void check(enum xsw_status status, const char *what, const struct xsw_error *error)
{
    if (status != XSW_OK) {
        bench_fail(what, error);
    }
}

/* A session that records the profile, with this process in it. */
static void session_begin(const struct bench *bench, const char *profile)
{
    struct trace_plan plan = {.name = "bench", .mode = TRACE_SNAPSHOT, .has_kernel = true};
    struct xsw_error error = {0};
    check(trace_profile(profile, &plan.kinds, &error), "profile", &error);
    check(trace_session_start(&plan, &error), "session", &error);
    for (int i = 0; trace_provider_wanted(bench->provider) != plan.kinds; i++) {
        if (i == JOIN_TRIES) {
            fputs("trace_bench: LTTng does not know this process\n", stderr);
            exit(1);
        }
        usleep(20000);
    }
}

static void session_end(void)
{
    struct trace_session session;
    struct xsw_error error = {0};
    check(trace_session_stop("bench", &session, &error), "session", &error);
}

/* Time of this thread on a processor, so that other work on the machine counts less. */
static uint64_t cpu_ns(void)
{
    return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

static double turns_run(struct worker *worker, double seconds)
{
    uint64_t start = cpu_ns();
    uint64_t end = start + (uint64_t)(seconds * NS_PER_SECOND);
    uint64_t now = start;
    uint64_t packets = 0;
    while (now < end) {
        for (int i = 0; i < 64; i++) {
            packets += worker_turn(worker);
        }
        now = cpu_ns();
    }
    return (double)(now - start) / (double)packets;
}

static double forwarding(struct bench *bench, uint32_t mode)
{
    struct worker *worker = vswitch_worker(bench->vswitch, 0);
    struct xsw_error error = {0};
    if (mode >= MODE_PROFILES) {
        session_begin(bench, modes[mode]);
    }
    if (bench->events != NULL) {
        uint64_t wanted = trace_provider_wanted(bench->provider);
        check(trace_events_follow(bench->events, wanted, NS_PER_SECOND, &error), "events", &error);
    }
    turns_run(worker, 0.05);
    double ns = turns_run(worker, bench->seconds);
    if (mode >= MODE_PROFILES) {
        check(trace_events_follow(bench->events, 0, 0, &error), "events", &error);
        session_end();
    }
    return ns;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double median(double *values, uint32_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void profiles_print(double ns[MODE_COUNT][ROUNDS_MAX], uint32_t rounds)
{
    double none = ns[0][0];
    double more[ROUNDS_MAX];
    printf("%-8s %8.2f ns a packet\n", modes[0], none);
    for (uint32_t mode = 1; mode < MODE_COUNT; mode++) {
        /* Each round against the loaded one beside it, as the machine is not the same all the time.
         */
        for (uint32_t round = 0; round < rounds; round++) {
            more[round] = (ns[mode][round] / ns[1][round] - 1) * 100;
        }
        double middle = median(more, rounds);
        printf("%-8s %8.2f ns a packet, %+.1f %% against loaded\n", modes[mode],
               median(ns[mode], rounds), middle);
    }
}

/* One kind, many times. */
static double event_cost(const struct trace_provider *provider,
                         const struct switch_event_info *info)
{
    const struct trace_packet packet = {.packet_id = 1,
                                        .stage_name = "ingress-filter.guard",
                                        .extension = "guard",
                                        .port_name = "alice",
                                        .source_name = "alice",
                                        .destination_name = "bob",
                                        .reason_name = "acl-denied",
                                        .switch_name = "xsw0"};
    const struct trace_change change = {.offset = 15, .old_length = 1, .new_length = 1};
    const struct switch_event event = {.kind = info->id,
                                       .switch_name = "xsw0",
                                       .port_name = "alice",
                                       .stage_name = "forward",
                                       .extension = "guard",
                                       .subject = "02:00:00:00:00:01",
                                       .detail = "add"};
    uint64_t start = cpu_ns();
    for (int i = 0; i < EVENTS; i++) {
        if (info->id == SWITCH_EVENT_PACKET_CHANGED) {
            provider->changed(&packet, &change);
        } else if (info->is_packet) {
            provider->packet((enum switch_event_kind)info->id, &packet);
        } else {
            provider->event(&event);
        }
    }
    return (double)(cpu_ns() - start) / EVENTS;
}

/* What another process tells of the kernel, through the same provider. */
static const char *const kernel_names[] = {[TRACE_KERNEL_DROP] = "kernel_drop",
                                           [TRACE_KERNEL_XDP_EXCEPTION] = "kernel_xdp_exception",
                                           [TRACE_KERNEL_XDP_REDIRECT] = "kernel_xdp_redirect_err",
                                           [TRACE_KERNEL_LOST] = "kernel_lost"};
enum { KERNEL_KINDS = sizeof(kernel_names) / sizeof(kernel_names[0]) };

static double kernel_cost(const struct trace_provider *provider, enum trace_kernel_kind kind)
{
    const struct trace_kernel told = {.kind = kind,
                                      .count = 13,
                                      .switch_name = "xsw0",
                                      .port_name = "alice",
                                      .device = "tap-alice",
                                      .reason = "FULL_RING",
                                      .location = "tun_net_xmit",
                                      .head = "02000000000102000000000208004500"};
    uint64_t start = cpu_ns();
    for (int i = 0; i < EVENTS; i++) {
        provider->kernel(&told);
    }
    return (double)(cpu_ns() - start) / EVENTS;
}

static void kernel_print(const struct bench *bench, uint32_t rounds)
{
    static double off[KERNEL_KINDS][ROUNDS_MAX], on[KERNEL_KINDS][ROUNDS_MAX];
    for (uint32_t round = 0; round < rounds; round++) {
        for (unsigned kind = 0; kind < KERNEL_KINDS; kind++) {
            off[kind][round] = kernel_cost(bench->provider, (enum trace_kernel_kind)kind);
        }
        session_begin(bench, "all");
        for (unsigned kind = 0; kind < KERNEL_KINDS; kind++) {
            on[kind][round] = kernel_cost(bench->provider, (enum trace_kernel_kind)kind);
        }
        session_end();
    }
    for (unsigned kind = 0; kind < KERNEL_KINDS; kind++) {
        printf("%-22s %10.1f %10.0f\n", kernel_names[kind], median(off[kind], rounds),
               median(on[kind], rounds));
    }
}

static void events_print(const struct bench *bench, uint32_t rounds)
{
    static double off[SWITCH_EVENT_LIMIT][ROUNDS_MAX], on[SWITCH_EVENT_LIMIT][ROUNDS_MAX];
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t recorded = 0; recorded < 2; recorded++) {
            if (recorded) {
                session_begin(bench, "all");
            }
            for (uint16_t kind = 0; kind < SWITCH_EVENT_LIMIT; kind++) {
                const struct switch_event_info *info = switch_event_info(kind);
                if (info != NULL) {
                    (recorded ? on : off)[kind][round] = event_cost(bench->provider, info);
                }
            }
            if (recorded) {
                session_end();
            }
        }
    }
    printf("\n%-22s %10s %10s  ns an event\n", "", "disabled", "recorded");
    for (uint16_t kind = 0; kind < SWITCH_EVENT_LIMIT; kind++) {
        if (switch_event_info(kind) != NULL) {
            printf("%-22s %10.1f %10.0f\n", switch_event_info(kind)->name,
                   median(off[kind], rounds), median(on[kind], rounds));
        }
    }
}

int main(int argc, char **argv)
{
    static double ns[MODE_COUNT][ROUNDS_MAX];
    struct xsw_error error = {0};
    uint32_t rounds = argc > 2 ? (uint32_t)atoi(argv[2]) : 5;
    struct bench bench = {.seconds = argc > 3 ? atof(argv[3]) : 0.5};
    if (argc < 2 || rounds < 1 || rounds > ROUNDS_MAX || bench.seconds <= 0) {
        fprintf(stderr, "usage: trace_bench XSW-TRACE.SO [ROUNDS [SECONDS]]; at most %d rounds\n",
                ROUNDS_MAX);
        return 2;
    }
    const struct bench_switch_options about = {
        .ports = 2, .macs = 2, .frame_length = FRAME_LENGTH, .has_rules = true};
    bench.vswitch = bench_switch_make(&about);
    ns[0][0] = forwarding(&bench, 0);
    check(trace_provider_load(argv[1], &bench.provider, &error), "provider", &error);
    bench.events = trace_events_create(bench.vswitch, bench.provider);
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t mode = 1; mode < MODE_COUNT; mode++) {
            ns[mode][round] = forwarding(&bench, mode);
        }
    }
    profiles_print(ns, rounds);
    fflush(stdout);
    events_print(&bench, rounds < 5 ? rounds : 5);
    kernel_print(&bench, rounds < 5 ? rounds : 5);
    trace_events_destroy(bench.events);
    vswitch_destroy(bench.vswitch);
    return 0;
}
