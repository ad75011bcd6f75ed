/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each rule of a capture session costs a packet, and what each stage costs in a file.
 *
 * First: ns a packet of the worker, against the same without capture in the same round; medians.
 * The ring is emptied between the turns that are measured. Time is that of this thread, so that
 * other programs disturb less.
 *
 * Second: ns and bytes a journey of the recorder, by the records that are wanted of it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/recorder/journey_file.h"
#include "capture/ring.h"
#include "capture/session.h"
#include "formats/pcapng/pcapng_write.h"
#include "switch/path/worker.h"
#include "switch/switch.h"
#include "tests/bench/bench_switch.h"

enum { ROUNDS = 15, CHUNKS = 60, TURNS = 32, MODES_MAX = 24, JOURNEYS = 200000 };

struct mode {
    const char *name;
    struct capture_rules rules;
    unsigned sessions;
};

static const struct mode modes[] = {
    {"none", {0}, 0},
    {"a filter that matches nothing", {.filter = "tcp port 9"}, 1},
    {"all, 64 bytes", {.snap_length = 64}, 1},
    {"  and --port A -Q in", {.snap_length = 64, .ports = "p0,p1", .direction = CAPTURE_IN}, 1},
    {"  and --port A -Q out", {.snap_length = 64, .ports = "p0,p1", .direction = CAPTURE_OUT}, 1},
    {"  and --stage tx", {.snap_length = 64, .stages = "tx"}, 1},
    {"  and --where 'latency > 0'", {.snap_length = 64, .where = "latency > 0"}, 1},
    {"  and --rate 1000000000", {.snap_length = 64, .rate = CAPTURE_RATE_MAX}, 1},
    {"--where dropped", {.snap_length = 64, .where = "dropped"}, 1},
    {"--sample 16", {.snap_length = 64, .sample = 16}, 1},
    {"--rate 1000", {.snap_length = 64, .rate = 1000}, 1},
    {"over its budget: disarmed", {.snap_length = 64, .budget = 1}, 1},
    {"8 sessions that want nothing", {.filter = "tcp port 9"}, 8},
};

enum { MODE_COUNT = sizeof(modes) / sizeof(modes[0]) };

static uint64_t thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

struct attached {
    struct capture_session *sessions[CAPTURE_SESSIONS_MAX];
    struct ring_consumer rings[CAPTURE_SESSIONS_MAX];
    unsigned count;
};

static void attach(struct vswitch *vswitch, const struct mode *mode, struct attached *attached)
{
    struct xsw_error error;
    struct capture_options options = {.rules = mode->rules};
    options.rules.budget = mode->rules.budget != 0 ? mode->rules.budget : BUDGET_WHOLE;
    for (attached->count = 0; attached->count < mode->sessions; attached->count++) {
        struct capture_session **session = &attached->sessions[attached->count];
        const int *fds = NULL;
        if (capture_session_open(vswitch, &options, session, &error) != XSW_OK) {
            bench_fail(mode->name, &error);
        }
        capture_session_rings(*session, &fds);
        if (ring_attach(&attached->rings[attached->count], fds[0], &error) != XSW_OK) {
            bench_fail(mode->name, &error);
        }
    }
}

static void detach(struct attached *attached)
{
    for (unsigned i = 0; i < attached->count; i++) {
        ring_detach(&attached->rings[i]);
        capture_session_close(attached->sessions[i]);
    }
}

static void drain(struct attached *attached)
{
    const struct ring_record *record = NULL;
    for (unsigned i = 0; i < attached->count; i++) {
        while (ring_next(&attached->rings[i], &record, NULL) == XSW_OK) {
        }
        ring_release(&attached->rings[i]);
    }
}

/* ns a packet. */
static double measure(struct vswitch *vswitch, const struct mode *mode)
{
    struct worker *worker = vswitch_worker(vswitch, 0);
    struct attached attached = {.count = 0};
    uint64_t spent = 0;
    uint64_t packets = 0;
    attach(vswitch, mode, &attached);
    /* A session that is to be over its budget needs some windows for that. */
    uint64_t warm_ns = mode->rules.budget == 1 ? 300000000 : 5000000;
    for (uint64_t begun = clock_mono_ns(); clock_mono_ns() - begun < warm_ns;) {
        worker_turn(worker);
        drain(&attached);
    }
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
        uint64_t begun = thread_ns();
        for (int turn = 0; turn < TURNS; turn++) {
            packets += worker_turn(worker);
        }
        spent += thread_ns() - begun;
        drain(&attached);
    }
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

static void rules_measure(struct vswitch *vswitch)
{
    static double ns[MODE_COUNT][ROUNDS], more[MODE_COUNT][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < MODE_COUNT; i++) {
            ns[i][round] = measure(vswitch, &modes[i]);
            more[i][round] = ns[i][round] - ns[0][round];
        }
    }
    for (size_t i = 0; i < MODE_COUNT; i++) {
        printf("%-32s %6.1f ns a packet  +%.1f\n", modes[i].name, median(ns[i]), median(more[i]));
    }
}

/* The file ------------------------------------------------------------------------------------ */

static void names_give(void *context, uint16_t port, uint16_t stage, struct tap_names *names)
{
    static char texts[2][16];
    (void)context;
    snprintf(texts[0], sizeof(texts[0]), "p%u", port);
    snprintf(texts[1], sizeof(texts[1]), "stage-%u", stage);
    *names = (struct tap_names){
        .port = texts[0], .port_kind = "memory", .stage = texts[1], .extension = ""};
}

static const char *reason_give(void *context, uint16_t reason)
{
    (void)context;
    (void)reason;
    return "reason";
}

static void file_measure(struct vswitch *vswitch, const char *what, const char *stages,
                         bool every_stage)
{
    struct xsw_error error;
    struct attached attached = {.count = 0};
    struct mode mode = {what, {.snap_length = 64, .stages = stages}, 1};
    struct pcapng_writer *writer = NULL;
    struct journey_file *file = NULL;
    const struct ring_record *record = NULL;
    char path[] = "/dev/shm/session_bench.pcapng";
    attach(vswitch, &mode, &attached);
    if (pcapng_writer_open(path, &writer, &error) != XSW_OK) {
        bench_fail(path, &error);
    }
    struct journey_file_options options = {.writer = writer,
                                           .section_json = "{\"format\":1}",
                                           .host = "bench",
                                           .switch_name = "bench",
                                           .os = "bench",
                                           .comment = "bench",
                                           .snap_length = 64,
                                           .stages = capture_session_stages(attached.sessions[0]),
                                           .every_stage = every_stage,
                                           .names = names_give,
                                           .reason_name = reason_give};
    if (journey_file_open(&options, &file, &error) != XSW_OK) {
        bench_fail(path, &error);
    }
    uint64_t journeys = 0;
    uint64_t spent = 0;
    while (journeys < JOURNEYS) {
        worker_turn(vswitch_worker(vswitch, 0));
        uint64_t begun = thread_ns();
        while (ring_next(&attached.rings[0], &record, NULL) == XSW_OK) {
            journeys += record->type == RING_JOURNEY;
            if (journey_file_put(file, 0, record, &error) != XSW_OK) {
                bench_fail(path, &error);
            }
        }
        spent += thread_ns() - begun;
        ring_release(&attached.rings[0]);
    }
    if (journey_file_flush(file, &error) != XSW_OK) {
        bench_fail(path, &error);
    }
    printf("%-32s %6.1f ns a journey  %.0f bytes a journey\n", what,
           (double)spent / (double)journeys, (double)journey_file_bytes(file) / (double)journeys);
    (void)journey_file_close(file, NULL);
    unlink(path);
    detach(&attached);
}

int main(void)
{
    static const struct bench_switch_options options = {
        .ports = 4, .macs = 64, .frame_length = 60, .has_rules = true};
    struct vswitch *vswitch = bench_switch_make(&options);
    rules_measure(vswitch);
    puts("");
    file_measure(vswitch, "beginning, changes and end", NULL, false);
    file_measure(vswitch, "--stage tx", "tx", false);
    file_measure(vswitch, "--stage forward,tx", "forward,tx", false);
    file_measure(vswitch, "--every-stage", NULL, true);
    vswitch_destroy(vswitch);
    return 0;
}
