/* SPDX-License-Identifier: Apache-2.0 */
#include "support/forbidden_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

#define EXPORTED __attribute__((visibility("default")))

/* The names under which the GNU C library has them beside the public ones. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

/* Interposed functions have no caller to give them a context. */
static struct forbidden_calls counted;
static int is_counting;

void forbidden_calls_begin(void)
{
    counted = (struct forbidden_calls){0};
    is_counting = 1;
}

struct forbidden_calls forbidden_calls_end(void)
{
    is_counting = 0;
    return counted;
}

static void count(unsigned long *calls)
{
    *calls += (unsigned long)is_counting;
}

/* The function of the library behind us. */
static void *next(const char *name)
{
    int was_counting = is_counting;
    is_counting = 0;
    void *found = dlsym(RTLD_NEXT, name);
    is_counting = was_counting;
    return found;
}

EXPORTED void *malloc(size_t size)
{
    count(&counted.allocations);
    return __libc_malloc(size);
}

EXPORTED void *calloc(size_t number, size_t size)
{
    count(&counted.allocations);
    return __libc_calloc(number, size);
}

EXPORTED void *realloc(void *memory, size_t size)
{
    count(&counted.allocations);
    return __libc_realloc(memory, size);
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size)
{
    count(&counted.allocations);
    return __libc_memalign(alignment, size);
}

EXPORTED int posix_memalign(void **memory, size_t alignment, size_t size)
{
    count(&counted.allocations);
    *memory = __libc_memalign(alignment, size);
    return *memory != NULL ? 0 : ENOMEM;
}

EXPORTED void free(void *memory)
{
    count(&counted.frees);
    __libc_free(memory);
}

EXPORTED void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    void *(*real)(void *, size_t, int, int, int, off_t) = next("mmap");
    count(&counted.maps);
    return real(address, length, protection, flags, fd, offset);
}

EXPORTED int munmap(void *address, size_t length)
{
    int (*real)(void *, size_t) = next("munmap");
    count(&counted.maps);
    return real(address, length);
}

EXPORTED int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    int (*real)(pthread_mutex_t *) = next("pthread_mutex_lock");
    count(&counted.locks);
    return real(mutex);
}

EXPORTED int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    int (*real)(pthread_mutex_t *) = next("pthread_mutex_trylock");
    count(&counted.locks);
    return real(mutex);
}

EXPORTED int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    int (*real)(pthread_rwlock_t *) = next("pthread_rwlock_rdlock");
    count(&counted.locks);
    return real(lock);
}

EXPORTED int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    int (*real)(pthread_rwlock_t *) = next("pthread_rwlock_wrlock");
    count(&counted.locks);
    return real(lock);
}

EXPORTED int clock_gettime(clockid_t id, struct timespec *now)
{
    int (*real)(clockid_t, struct timespec *) = next("clock_gettime");
    count(&counted.clocks);
    return real(id, now);
}

EXPORTED int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    int (*real)(struct timeval *restrict, void *restrict) = next("gettimeofday");
    count(&counted.clocks);
    return real(now, zone);
}

EXPORTED time_t time(time_t *now)
{
    time_t (*real)(time_t *) = next("time");
    count(&counted.clocks);
    return real(now);
}

EXPORTED int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    int (*real)(const struct timespec *, struct timespec *) = next("nanosleep");
    count(&counted.sleeps);
    return real(wanted, left);
}
