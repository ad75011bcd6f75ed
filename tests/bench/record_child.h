/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BENCH_RECORD_CHILD_H
#define XSW_BENCH_RECORD_CHILD_H

/*
 * The recorder of record_bench: a process of its own, as xsw capture is one, with the same loop
 * over the ring.
 *
 * Threads: one at a time.
 */

#include <stdint.h>
#include <sys/types.h>

struct record_result {
    uint64_t written, lost_disk; /* journeys */
    uint64_t file_bytes;
    uint64_t taking_cpu_ns; /* of the thread that empties the ring and makes records */
    uint64_t cpu_ns;        /* of all threads */
    uint64_t busy_ns;       /* from the first journey to the end of the file */
    uint64_t peak_memory_bytes;
};

/* Starts this program again as a recorder of the ring; main() hands over to record_child_main. */
pid_t record_child_start(int ring_fd, const char *path, unsigned packers, int *control_fd);
/* Tells it to take the rest and end; returns what it says. */
struct record_result record_child_stop(pid_t pid, int control_fd);
/* argv: NAME --record RING-FD CONTROL-FD PACKERS PATH */
int record_child_main(char **argv);

#endif
