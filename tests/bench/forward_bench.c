/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a packet costs, and what watching it costs: ns a packet of the whole worker loop, memory
 * ports as generator and sink included, in one run, in turn, medians of several rounds.
 *
 * none: no capture
 *
 * nomatch: a session whose filter matches nothing
 *
 * all: a session that keeps every packet at every stage, snap length 64; a second thread consumes
 * the records and drops them
 *
 * file: the same, written to a pcapng file as the recorder does; --file PATH says where
 *
 * All built-in stages run. By default they have work of their own: the spoofing guard, and an
 * access list of two rules in and one out on every port. With --no-rules they have none, which is
 * the work of a learning switch and nothing more. The worker runs on this thread.
 */
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/ring.h"
#include "capture/session.h"
#include "switch/path/worker.h"
#include "switch/switch.h"
#include "tests/bench/bench_switch.h"
#include "tests/bench/record_sink.h"

enum { FRAME_LENGTH = 60, ROUNDS_MAX = 101 };

struct options {
    uint32_t ports, macs, rounds;
    double seconds;
    const char *file;
    const char *only; /* a mode, or null: all */
    bool has_rules;
};

struct consumer {
    pthread_t thread;
    struct ring_consumer ring;
    struct record_sink *sink; /* null: records are dropped */
    _Atomic int must_stop;
    uint64_t journeys;
};

static void *consume(void *argument)
{
    struct consumer *consumer = argument;
    struct xsw_error error;
    while (!atomic_load_explicit(&consumer->must_stop, memory_order_acquire)) {
        const struct ring_record *record = NULL;
        uint32_t count = 0;
        enum xsw_status status;
        while ((status = ring_next(&consumer->ring, &record, &error)) == XSW_OK && count++ < 4096) {
            consumer->journeys += record->type == RING_JOURNEY;
            if (consumer->sink != NULL) {
                record_sink_put(consumer->sink, record);
            }
        }
        ring_release(&consumer->ring);
        if (status == XSW_CORRUPT) {
            bench_fail("ring", &error);
        }
        if (count == 0) {
            sched_yield();
        }
    }
    return NULL;
}

struct result {
    double ns;
    double lost_share;
    double written_per_second; /* journeys */
};

static double turns_run(struct worker *worker, double seconds, uint64_t *packets)
{
    uint64_t start = clock_mono_ns();
    uint64_t end = start + (uint64_t)(seconds * NS_PER_SECOND);
    uint64_t now = start;
    *packets = 0;
    while (now < end) {
        for (int i = 0; i < 64; i++) {
            *packets += worker_turn(worker);
        }
        now = clock_mono_ns();
    }
    return (double)(now - start);
}

static struct result measure(struct vswitch *vswitch, const struct options *options,
                             const char *mode)
{
    struct xsw_error error;
    struct worker *worker = vswitch_worker(vswitch, 0);
    struct capture_session *session = NULL;
    struct consumer consumer = {.journeys = 0};
    int is_captured = strcmp(mode, "none") != 0;
    if (is_captured) {
        struct capture_options capture = {
            .rules = {.filter = strcmp(mode, "nomatch") == 0 ? "tcp port 9" : "",
                      .snap_length = 64,
                      .budget = BUDGET_WHOLE}};
        const int *fds = NULL;
        if (capture_session_open(vswitch, &capture, &session, &error) != XSW_OK) {
            bench_fail("capture", &error);
        }
        capture_session_rings(session, &fds);
        if (ring_attach(&consumer.ring, fds[0], &error) != XSW_OK) {
            bench_fail("ring", &error);
        }
        consumer.sink = strcmp(mode, "file") == 0 ? record_sink_open(options->file, 2) : NULL;
        pthread_create(&consumer.thread, NULL, consume, &consumer);
    }
    uint64_t packets = 0;
    turns_run(worker, 0.05, &packets); /* learns, warms up */
    struct result result = {0};
    double ns = turns_run(worker, options->seconds, &packets);
    result.ns = ns / (double)packets;
    if (is_captured) {
        atomic_store_explicit(&consumer.must_stop, 1, memory_order_release);
        pthread_join(consumer.thread, NULL);
        struct capture_account account = capture_session_account(session, 0);
        uint64_t wanted = account.offered - account.filtered;
        result.lost_share =
            wanted > 0 ? (double)capture_account_lost(&account) / (double)wanted : 0;
        result.written_per_second = (double)consumer.journeys / ns * NS_PER_SECOND;
        record_sink_close(consumer.sink, NULL);
        capture_session_close(session);
        ring_detach(&consumer.ring);
    }
    return result;
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

static void report(const struct options *options, const char *mode, double *ns, double *more,
                   double *lost, double *rate)
{
    uint32_t rounds = options->rounds;
    double lost_share = median(lost, rounds);
    double journeys = median(rate, rounds);
    double cost = median(more, rounds);
    double middle = median(ns, rounds);
    printf("xsw_%up_%umacs_%s\t%.2f\t%.2f\t%.2f\tns/pkt\t%u", options->ports, options->macs, mode,
           middle, ns[0], ns[rounds - 1], rounds);
    if (strcmp(mode, "none") != 0) {
        printf("\t+%.2f ns, %.1f %% lost, %.2f M journeys/s read", cost, lost_share * 100,
               journeys / 1e6);
    }
    printf("\n");
    fflush(stdout);
}

static void options_read(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"ports", required_argument, NULL, 'P'},  {"macs", required_argument, NULL, 'K'},
        {"rounds", required_argument, NULL, 'n'}, {"seconds", required_argument, NULL, 't'},
        {"file", required_argument, NULL, 'w'},   {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "P:K:n:t:w:m:R", known, NULL)) != -1) {
        switch (option) {
        case 'P':
            options->ports = (uint32_t)atoi(optarg);
            break;
        case 'K':
            options->macs = (uint32_t)atoi(optarg);
            break;
        case 'n':
            options->rounds = (uint32_t)atoi(optarg);
            break;
        case 't':
            options->seconds = atof(optarg);
            break;
        case 'w':
            options->file = optarg;
            break;
        case 'R':
            options->has_rules = false;
            break;
        case 'm':
            options->only = optarg;
            break;
        default:
            fprintf(stderr, "usage: forward_bench [-P ports] [-K macs] [-n rounds] [-t seconds] "
                            "[-w file.pcapng] [-m mode] [-R]\n");
            exit(2);
        }
    }
    if (options->ports < 2 || options->macs < options->ports || options->rounds < 1 ||
        options->rounds > ROUNDS_MAX) {
        fprintf(stderr,
                "forward_bench: expected 2 ports or more, a MAC a port or more, 1 to %d "
                "rounds\n",
                ROUNDS_MAX);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct options options = {
        .ports = 2, .macs = 2, .rounds = 5, .seconds = 0.5, .has_rules = true};
    options_read(argc, argv, &options);
    static const char *const modes[] = {"none", "nomatch", "all", "file"};
    uint32_t mode_count = options.file != NULL ? 4 : 3;
    static double ns[4][ROUNDS_MAX], more[4][ROUNDS_MAX], lost[4][ROUNDS_MAX], rate[4][ROUNDS_MAX];
    const struct bench_switch_options about = {.ports = options.ports,
                                               .macs = options.macs,
                                               .frame_length = FRAME_LENGTH,
                                               .has_rules = options.has_rules};
    struct vswitch *vswitch = bench_switch_make(&about);
    for (uint32_t round = 0; round < options.rounds; round++) {
        for (uint32_t mode = 0; mode < mode_count; mode++) {
            if (options.only != NULL && strcmp(options.only, modes[mode]) != 0) {
                continue;
            }
            struct result result = measure(vswitch, &options, modes[mode]);
            ns[mode][round] = result.ns;
            more[mode][round] = result.ns - ns[0][round];
            lost[mode][round] = result.lost_share;
            rate[mode][round] = result.written_per_second;
        }
    }
    for (uint32_t mode = 0; mode < mode_count; mode++) {
        if (options.only != NULL && strcmp(options.only, modes[mode]) != 0) {
            continue;
        }
        report(&options, modes[mode], ns[mode], more[mode], lost[mode], rate[mode]);
    }
    vswitch_destroy(vswitch);
    return 0;
}
