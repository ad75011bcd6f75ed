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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/ring.h"
#include "capture/session.h"
#include "packet/checksum.h"
#include "packet/wire.h"
#include "switch/port_memory.h"
#include "switch/switch.h"
#include "switch/worker.h"
#include "tests/bench/record_sink.h"

enum { FRAMES_PER_PORT = 1024, FRAME_LENGTH = 60, ROUNDS_MAX = 101 };

struct options {
    uint32_t ports, macs, rounds;
    double seconds;
    const char *file;
    const char *only; /* a mode, or null: all */
    int has_rules;
};

struct consumer {
    pthread_t thread;
    struct ring_consumer ring;
    struct record_sink *sink; /* null: records are dropped */
    _Atomic int must_stop;
    uint64_t journeys;
};

static void fail(const char *what, const struct xsw_error *error)
{
    fprintf(stderr, "forward_bench: %s: %s\n", what, error->text);
    exit(3);
}

static uint32_t below(uint32_t limit)
{
    static uint32_t state = 2463534242;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % limit;
}

static void frame_make(struct memory_frame *frame, uint32_t source, uint32_t destination)
{
    uint8_t *bytes = calloc(1, FRAME_LENGTH);
    if (bytes == NULL) {
        exit(3);
    }
    bytes[0] = bytes[6] = 2;
    wire_write32(bytes + 2, destination + 1);
    wire_write32(bytes + 8, source + 1);
    wire_write16(bytes + 12, ETHER_TYPE_IPV4);
    uint8_t *ip = bytes + ETHERNET_SIZE;
    ip[0] = 0x45;
    wire_write16(ip + 2, FRAME_LENGTH - ETHERNET_SIZE);
    ip[8] = 64;
    ip[9] = PROTOCOL_UDP;
    wire_write32(ip + 12, 0x0a000000 | (source + 1));
    wire_write32(ip + 16, 0x0a000000 | (destination + 1));
    wire_write16(ip + 10, checksum_close(checksum_add(0, ip, IPV4_MIN_SIZE)));
    wire_write16(ip + 20, 1000);
    wire_write16(ip + 22, 2000);
    wire_write16(ip + 24, FRAME_LENGTH - ETHERNET_SIZE - IPV4_MIN_SIZE);
    *frame = (struct memory_frame){.bytes = bytes, .length = FRAME_LENGTH};
}

/* Each port sends from its share of the addresses to random ones of the other ports; first of all
 * each address once, so that all are learned. */
static struct memory_frame *frames_make(const struct options *options, uint32_t port)
{
    struct memory_frame *frames = calloc(FRAMES_PER_PORT, sizeof(*frames));
    uint32_t share = options->macs / options->ports;
    for (uint32_t i = 0; frames != NULL && i < FRAMES_PER_PORT; i++) {
        uint32_t source = port * share + (i < share ? i : below(share));
        uint32_t other = (port + 1 + below(options->ports - 1)) % options->ports;
        frame_make(&frames[i], source, other * share + below(share));
    }
    return frames;
}

static void frames_free(struct memory_frame *frames)
{
    for (uint32_t i = 0; i < FRAMES_PER_PORT; i++) {
        free(frames[i].bytes);
    }
    free(frames);
}

static void acl_add(struct vswitch *vswitch, const char *port, enum acl_direction direction,
                    uint16_t destination_port)
{
    struct xsw_error error;
    struct acl_rule rule = {.direction = direction,
                            .action = ACL_DENY,
                            .has_protocol = true,
                            .protocol = PROTOCOL_TCP,
                            .destination_ports = {destination_port, destination_port}};
    if (vswitch_acl_add(vswitch, port, &rule, &error) != XSW_OK) {
        fail("access list", &error);
    }
}

static struct vswitch *switch_make(const struct options *options)
{
    struct xsw_error error;
    struct switch_config config;
    switch_config_init(&config);
    struct vswitch *vswitch = NULL;
    if (vswitch_create(&config, &vswitch, &error) != XSW_OK) {
        fail("switch", &error);
    }
    uint32_t share = options->macs / options->ports;
    for (uint32_t i = 0; i < options->ports; i++) {
        struct port_config port;
        port_config_init(&port);
        port.kind = PORT_KIND_MEMORY;
        port.spoof_guard = options->has_rules && share <= CONFIG_MACS_MAX;
        port.mac_count = port.spoof_guard ? share : 0;
        snprintf(port.name, sizeof(port.name), "p%u", i);
        for (uint32_t mac = 0; mac < port.mac_count; mac++) {
            port.macs[mac].bytes[0] = 2;
            wire_write32(port.macs[mac].bytes + 2, i * share + mac + 1);
        }
        if (vswitch_port_add(vswitch, &port, NULL, &error) != XSW_OK) {
            fail("port", &error);
        }
        if (options->has_rules) {
            acl_add(vswitch, port.name, ACL_IN, 23);
            acl_add(vswitch, port.name, ACL_IN, 25);
            acl_add(vswitch, port.name, ACL_OUT, 22);
        }
        struct memory_frame *frames = frames_make(options, i);
        if (!port_memory_play(vswitch_port_object(vswitch, port.name), frames, FRAMES_PER_PORT)) {
            exit(3);
        }
        frames_free(frames);
    }
    return vswitch;
}

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
            fail("ring", &error);
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
            .filter = strcmp(mode, "nomatch") == 0 ? "tcp port 9" : "", .snap_length = 64};
        const int *fds = NULL;
        if (capture_session_open(vswitch, &capture, &session, &error) != XSW_OK) {
            fail("capture", &error);
        }
        capture_session_rings(session, &fds);
        if (ring_attach(&consumer.ring, fds[0], &error) != XSW_OK) {
            fail("ring", &error);
        }
        consumer.sink = strcmp(mode, "file") == 0 ? record_sink_open(options->file) : NULL;
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
            wanted > 0 ? (double)(account.lost_ring_full + account.lost_too_big) / (double)wanted
                       : 0;
        result.written_per_second = (double)consumer.journeys / ns * NS_PER_SECOND;
        record_sink_close(consumer.sink);
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
            options->has_rules = 0;
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
    struct options options = {.ports = 2, .macs = 2, .rounds = 5, .seconds = 0.5, .has_rules = 1};
    options_read(argc, argv, &options);
    static const char *const modes[] = {"none", "nomatch", "all", "file"};
    uint32_t mode_count = options.file != NULL ? 4 : 3;
    static double ns[4][ROUNDS_MAX], more[4][ROUNDS_MAX], lost[4][ROUNDS_MAX], rate[4][ROUNDS_MAX];
    struct vswitch *vswitch = switch_make(&options);
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
