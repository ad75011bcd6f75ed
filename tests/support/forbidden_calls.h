/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_FORBIDDEN_CALLS_H
#define XSW_TEST_FORBIDDEN_CALLS_H

/*
 * Counts calls that have no place in the path of a packet: memory, mappings, locks, clocks, sleeps.
 * A program that links this and exports its symbols is asked first by its libraries and extensions
 * too; each call is counted and passed on to the C library.
 *
 * Threads: the calls of all threads are counted, so only one should run meanwhile.
 */

struct forbidden_calls {
    unsigned long allocations; /* malloc, calloc, realloc, aligned_alloc, posix_memalign */
    unsigned long frees;
    unsigned long maps;   /* mmap, munmap */
    unsigned long locks;  /* pthread mutexes and read-write locks */
    unsigned long clocks; /* clock_gettime, gettimeofday, time */
    unsigned long sleeps;
};

void forbidden_calls_begin(void);
struct forbidden_calls forbidden_calls_end(void);

#endif
