/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/record_child.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/ring_set.h"
#include "tests/bench/bench_switch.h"
#include "tests/bench/record_sink.h"

enum { BURST = 1024, IDLE_MS = 1, PUSH_NS = 200000000 };

struct recording {
    struct ring_set set;
    struct record_sink *sink;
    uint64_t first_ns; /* when the first journey came; 0: none yet */
};

pid_t record_child_start(int ring_fd, const char *path, unsigned packers, int *control_fd)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        perror("socketpair");
        exit(3);
    }
    pid_t pid = fork();
    if (pid == 0) {
        char ring[16], control[16], count[16];
        fcntl(ring_fd, F_SETFD, 0);
        fcntl(ends[1], F_SETFD, 0);
        snprintf(ring, sizeof(ring), "%d", ring_fd);
        snprintf(control, sizeof(control), "%d", ends[1]);
        snprintf(count, sizeof(count), "%u", packers);
        execl("/proc/self/exe", "record_bench", "--record", ring, control, count, path,
              (char *)NULL);
        perror("/proc/self/exe");
        _exit(3);
    }
    close(ends[1]);
    *control_fd = ends[0];
    char ready;
    if (pid < 0 || read(ends[0], &ready, 1) != 1) {
        fprintf(stderr, "record_bench: the recorder did not start\n");
        exit(3);
    }
    return pid;
}

struct record_result record_child_stop(pid_t pid, int control_fd)
{
    struct record_result result;
    int how = 0;
    shutdown(control_fd, SHUT_WR);
    if (read(control_fd, &result, sizeof(result)) != sizeof(result) ||
        waitpid(pid, &how, 0) != pid || how != 0) {
        fprintf(stderr, "record_bench: the recorder failed\n");
        exit(3);
    }
    close(control_fd);
    return result;
}

static bool record_take(void *context, uint32_t worker, const struct ring_record *record)
{
    struct recording *recording = context;
    (void)worker;
    uint64_t mark = journey_file_mark(record_sink_file(recording->sink));
    if (recording->first_ns == 0 && record->type == RING_JOURNEY) {
        recording->first_ns = clock_mono_ns();
    }
    record_sink_put(recording->sink, record);
    return record->type != RING_JOURNEY ||
           journey_file_mark(record_sink_file(recording->sink)) == mark;
}

static uint32_t drain(struct recording *recording)
{
    struct journey_file *file = record_sink_file(recording->sink);
    struct xsw_error error;
    uint32_t count = ring_set_take(&recording->set, 0, BURST, record_take, recording, &error);
    bool waits = count == 0 && ring_set_is_waiting(&recording->set);
    enum xsw_status settled =
        waits ? journey_file_wait(file, &error) : journey_file_settle(file, &error);
    if (error.status == XSW_CORRUPT || settled != XSW_OK) {
        bench_fail("recorder", &error);
    }
    ring_set_release(&recording->set, file);
    return count;
}

static void record(struct recording *recording, int control_fd)
{
    struct pollfd wait = {.fd = control_fd, .events = POLLIN};
    uint64_t pushed_ns = clock_mono_ns();
    bool must_end = false;
    while (!must_end) {
        uint32_t count = drain(recording);
        uint64_t now = clock_mono_ns();
        if (now - pushed_ns > PUSH_NS) {
            struct xsw_error error;
            pushed_ns = now;
            if (journey_file_push(record_sink_file(recording->sink), &error) != XSW_OK) {
                bench_fail("recorder", &error);
            }
        }
        must_end = poll(&wait, 1, count > 0 ? 0 : IDLE_MS) > 0;
    }
    while (drain(recording) > 0) {
    }
}

static uint64_t clock_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* The kernel's high-water mark of resident memory, the ring included. */
static uint64_t peak_memory(void)
{
    char line[256];
    unsigned long long kib = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && fgets(line, sizeof(line), status) != NULL &&
           sscanf(line, "VmHWM: %llu kB", &kib) != 1) {
    }
    if (status != NULL) {
        fclose(status);
    }
    return kib << 10;
}

int record_child_main(char **argv)
{
    int control_fd = atoi(argv[3]);
    struct recording *recording = calloc(1, sizeof(*recording));
    struct xsw_error error = {0};
    if (recording == NULL || ring_set_add(&recording->set, atoi(argv[2]), &error) != XSW_OK) {
        bench_fail("ring", &error);
    }
    recording->sink = record_sink_open(argv[5], (unsigned)atoi(argv[4]));
    uint64_t cpu_ns = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t taking_ns = clock_of(CLOCK_THREAD_CPUTIME_ID);
    if (write(control_fd, "r", 1) != 1) {
        return 3;
    }
    record(recording, control_fd);
    struct journey_file_account account;
    struct record_result result = {.taking_cpu_ns = clock_of(CLOCK_THREAD_CPUTIME_ID) - taking_ns};
    result.file_bytes = record_sink_close(recording->sink, &account);
    result.busy_ns = clock_mono_ns() - recording->first_ns;
    result.cpu_ns = clock_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
    result.written = account.written;
    result.lost_disk = account.lost_disk;
    result.peak_memory_bytes = peak_memory();
    ring_set_fini(&recording->set);
    free(recording);
    return write(control_fd, &result, sizeof(result)) == sizeof(result) ? 0 : 3;
}
