/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be recorded without loss: one worker, paced to a rate, and one recorder, a process of
 * its own, that writes every journey to a file. All in one run: what was offered, written and lost
 * by cause, bytes a journey, the disk's own speed with O_DIRECT for a file of the same size in the
 * same folder, just before and just after, the share of it, CPU time a journey, and the recorder's
 * peak memory. Fails when the account is not an identity.
 *
 * usage: record_bench [-P ports] [-K macs] [-r journeys-a-second] [-t seconds] [-l frame-length]
 *                     [-s snap-length] [-b ring-bytes] [-p packers] [-n rounds] [-R] [-k] FILE
 *
 * FILE.zst is compressed. -k: keep the file of the last round. Without -r the worker runs as fast
 * as it can. -R: no rules on the ports. Frame lengths are with the checksum: 64 to 1518.
 */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/session.h"
#include "switch/path/worker.h"
#include "switch/switch.h"
#include "tests/bench/bench_switch.h"
#include "tests/bench/record_child.h"

enum {
    CHECKSUM_SIZE = 4,
    BLOCK = 1 << 20,
    PAUSE_NS = 50000, /* of a worker that is ahead of its rate, which then catches up */
    WARM_UP_NS = 50000000
};

struct options {
    struct bench_switch_options about;
    uint64_t rate; /* 0: as fast as it goes */
    double seconds;
    uint32_t snap_length, ring_bytes;
    unsigned packers, rounds;
    bool keeps_file;
    const char *path;
};

static uint64_t offered_run(struct worker *worker, uint64_t rate, uint64_t duration_ns)
{
    uint64_t start = clock_mono_ns();
    uint64_t packets = 0;
    for (;;) {
        uint64_t passed = clock_mono_ns() - start;
        if (passed >= duration_ns) {
            return packets;
        }
        uint64_t due_ns =
            rate == 0 ? 0 : (uint64_t)((double)packets * NS_PER_SECOND / (double)rate);
        if (due_ns > passed) {
            nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        } else {
            packets += worker_turn(worker);
        }
    }
}

static double disk_speed(const struct options *options, uint64_t bytes)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s.disk", options->path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
    void *block = aligned_alloc(4096, BLOCK);
    if (fd < 0 || block == NULL) {
        perror(path);
        exit(3);
    }
    memset(block, 'x', BLOCK);
    uint64_t count = bytes / BLOCK + 1;
    uint64_t start = clock_mono_ns();
    for (uint64_t i = 0; i < count; i++) {
        if (write(fd, block, BLOCK) != BLOCK) {
            perror(path);
            exit(3);
        }
    }
    fdatasync(fd);
    close(fd);
    double seconds = (double)(clock_mono_ns() - start) / NS_PER_SECOND;
    free(block);
    unlink(path);
    return (double)count * BLOCK / seconds;
}

static void account_print(const struct capture_account *account, const struct record_result *result)
{
    printf("  offered %" PRIu64 " = written %" PRIu64 " + filtered %" PRIu64, account->offered,
           result->written, account->filtered);
    uint64_t sum = result->written + account->filtered + result->lost_disk + account->sampled;
    for (uint32_t cause = 0; cause < META_LOSS_COUNT; cause++) {
        uint64_t lost = account->lost[cause] + (cause == META_LOSS_DISK ? result->lost_disk : 0);
        sum += account->lost[cause];
        if (lost > 0 || cause == META_LOSS_RING_FULL) {
            printf(" + lost: %s %" PRIu64 " (%.2f %%)", meta_loss_name(cause), lost,
                   100.0 * (double)lost / (double)account->offered);
        }
    }
    printf("\n");
    if (sum != account->offered) {
        fprintf(stderr, "record_bench: the account does not add up\n");
        exit(1);
    }
}

static void result_print(const struct record_result *result, double disk)
{
    double journeys = result->written > 0 ? (double)result->written : 1;
    double speed = (double)result->file_bytes / (double)result->busy_ns * NS_PER_SECOND;
    printf("  file %.0f MB, %.1f bytes a journey, %.0f MB/s; the disk alone %.0f MB/s, share %.0f "
           "%%\n",
           (double)result->file_bytes / 1e6, (double)result->file_bytes / journeys, speed / 1e6,
           disk / 1e6, 100 * speed / disk);
    printf("  recorder: %.1f ns of CPU a journey in the thread that takes them, %.1f in all; peak "
           "memory %.1f MB with the ring\n",
           (double)result->taking_cpu_ns / journeys, (double)result->cpu_ns / journeys,
           (double)result->peak_memory_bytes / 1e6);
}

static void round_run(struct vswitch *vswitch, const struct options *options)
{
    struct xsw_error error;
    struct worker *worker = vswitch_worker(vswitch, 0);
    struct capture_session *session = NULL;
    struct capture_options capture = {
        .rules = {.snap_length = options->snap_length, .budget = BUDGET_WHOLE},
        .ring_bytes = options->ring_bytes};
    (void)offered_run(worker, options->rate, WARM_UP_NS); /* learns */
    if (capture_session_open(vswitch, &capture, &session, &error) != XSW_OK) {
        bench_fail("capture", &error);
    }
    const int *fds = NULL;
    capture_session_rings(session, &fds);
    int control_fd;
    pid_t recorder = record_child_start(fds[0], options->path, options->packers, &control_fd);
    uint64_t start = clock_mono_ns();
    uint64_t offered =
        offered_run(worker, options->rate, (uint64_t)(options->seconds * NS_PER_SECOND));
    double seconds = (double)(clock_mono_ns() - start) / NS_PER_SECOND;
    if (capture_session_stop(session, &error) != XSW_OK) {
        bench_fail("capture", &error);
    }
    struct record_result result = record_child_stop(recorder, control_fd);
    struct capture_account account = capture_session_account(session, 0);
    capture_session_close(session);
    if (!options->keeps_file) {
        unlink(options->path);
    }
    double disk = disk_speed(options, result.file_bytes);
    printf("offered %.2f M/s, written %.2f M/s, in %.2f s\n", (double)offered / seconds / 1e6,
           (double)result.written / seconds / 1e6, seconds);
    account_print(&account, &result);
    result_print(&result, disk);
    fflush(stdout);
}

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: record_bench [-P ports] [-K macs] [-r journeys-a-second] [-t seconds] "
                    "[-l frame-length] [-s snap-length] [-b ring-bytes] [-p packers] [-n rounds] "
                    "[-R] [-k] FILE\n");
    exit(2);
}

static void options_read(int argc, char **argv, struct options *options)
{
    int option;
    while ((option = getopt(argc, argv, "P:K:r:t:l:s:b:p:n:Rk")) != -1) {
        uint64_t number =
            option != 'R' && option != 'k' && option != '?' ? bench_number(optarg) : 1;
        if (number == 0) {
            usage();
        }
        switch (option) {
        case 'P':
            options->about.ports = (uint32_t)number;
            break;
        case 'K':
            options->about.macs = (uint32_t)number;
            break;
        case 'r':
            options->rate = number;
            break;
        case 't':
            options->seconds = atof(optarg);
            break;
        case 'l':
            options->about.frame_length = (uint32_t)number - CHECKSUM_SIZE;
            break;
        case 's':
            options->snap_length = (uint32_t)number;
            break;
        case 'b':
            options->ring_bytes = (uint32_t)number;
            break;
        case 'p':
            options->packers = (unsigned)number;
            break;
        case 'n':
            options->rounds = (unsigned)number;
            break;
        case 'R':
            options->about.has_rules = false;
            break;
        case 'k':
            options->keeps_file = true;
            break;
        default:
            usage();
        }
    }
    if (optind + 1 != argc || options->about.ports < 2 ||
        options->about.macs < options->about.ports || options->about.frame_length < 60 ||
        options->about.frame_length > 1514) {
        usage();
    }
    options->path = argv[optind];
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "--record") == 0) {
        return record_child_main(argv);
    }
    struct options options = {
        .about = {.ports = 16, .macs = 1024, .frame_length = 60, .has_rules = true},
        .seconds = 2,
        .packers = (unsigned)sysconf(_SC_NPROCESSORS_ONLN),
        .rounds = 3};
    options_read(argc, argv, &options);
    struct vswitch *vswitch = bench_switch_make(&options.about);
    for (unsigned round = 0; round < options.rounds; round++) {
        round_run(vswitch, &options);
    }
    vswitch_destroy(vswitch);
    return 0;
}
