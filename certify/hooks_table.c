/* SPDX-License-Identifier: Apache-2.0 */
#include "certify/hooks_table.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define CALLER __builtin_return_address(0)

/* Memory: may fail, and is remembered ---------------------------------------------------------- */

static void *hook_malloc(size_t size)
{
    hooks_called("malloc", CALLER);
    void *memory = hooks_must_fail(CALLER) ? NULL : malloc(size);
    hooks_allocated(memory, size, CALLER);
    return memory;
}

static void *hook_calloc(size_t count, size_t size)
{
    hooks_called("calloc", CALLER);
    void *memory = hooks_must_fail(CALLER) ? NULL : calloc(count, size);
    hooks_allocated(memory, count * size, CALLER);
    return memory;
}

static void *resize(void *old, size_t size, const void *caller)
{
    hooks_called("realloc", caller);
    if (hooks_must_fail(caller)) {
        errno = ENOMEM;
        return NULL;
    }
    hooks_freed(old); /* before another thread can be given the same place */
    void *memory = realloc(old, size);
    hooks_allocated(memory, size, caller);
    return memory;
}

static void *hook_realloc(void *old, size_t size)
{
    return resize(old, size, CALLER);
}

static void *hook_reallocarray(void *old, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    return resize(old, count * size, CALLER);
}

static void *hook_aligned_alloc(size_t alignment, size_t size)
{
    hooks_called("aligned_alloc", CALLER);
    void *memory = hooks_must_fail(CALLER) ? NULL : aligned_alloc(alignment, size);
    hooks_allocated(memory, size, CALLER);
    return memory;
}

static int hook_posix_memalign(void **memory, size_t alignment, size_t size)
{
    hooks_called("posix_memalign", CALLER);
    int failed = hooks_must_fail(CALLER) ? ENOMEM : posix_memalign(memory, alignment, size);
    if (failed == 0) {
        hooks_allocated(*memory, size, CALLER);
    }
    return failed;
}

static char *hook_strdup(const char *text)
{
    hooks_called("strdup", CALLER);
    char *copy = hooks_must_fail(CALLER) ? NULL : strdup(text);
    hooks_allocated(copy, copy != NULL ? strlen(copy) + 1 : 0, CALLER);
    return copy;
}

static char *hook_strndup(const char *text, size_t length)
{
    hooks_called("strndup", CALLER);
    char *copy = hooks_must_fail(CALLER) ? NULL : strndup(text, length);
    hooks_allocated(copy, copy != NULL ? strlen(copy) + 1 : 0, CALLER);
    return copy;
}

static void hook_free(void *memory)
{
    hooks_called("free", CALLER);
    hooks_freed(memory);
    free(memory);
}

static void *hook_mmap(void *address, size_t length, int protection, int flags, int fd, off_t at)
{
    hooks_called("mmap", CALLER);
    if (hooks_must_fail(CALLER)) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return mmap(address, length, protection, flags, fd, at);
}

static int hook_munmap(void *address, size_t length)
{
    hooks_called("munmap", CALLER);
    return munmap(address, length);
}

/* Locks --------------------------------------------------------------------------------------- */

static int hook_mutex_lock(pthread_mutex_t *mutex)
{
    hooks_called("pthread_mutex_lock", CALLER);
    return pthread_mutex_lock(mutex);
}

static int hook_mutex_trylock(pthread_mutex_t *mutex)
{
    hooks_called("pthread_mutex_trylock", CALLER);
    return pthread_mutex_trylock(mutex);
}

static int hook_spin_lock(pthread_spinlock_t *mutex)
{
    hooks_called("pthread_spin_lock", CALLER);
    return pthread_spin_lock(mutex);
}

static int hook_rdlock(pthread_rwlock_t *rwlock)
{
    hooks_called("pthread_rwlock_rdlock", CALLER);
    return pthread_rwlock_rdlock(rwlock);
}

static int hook_wrlock(pthread_rwlock_t *rwlock)
{
    hooks_called("pthread_rwlock_wrlock", CALLER);
    return pthread_rwlock_wrlock(rwlock);
}

static int hook_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    hooks_called("pthread_cond_wait", CALLER);
    return pthread_cond_wait(condition, mutex);
}

static int hook_cond_signal(pthread_cond_t *condition)
{
    hooks_called("pthread_cond_signal", CALLER);
    return pthread_cond_signal(condition);
}

/* Clocks and sleeps --------------------------------------------------------------------------- */

static int hook_clock_gettime(clockid_t id, struct timespec *now)
{
    hooks_called("clock_gettime", CALLER);
    return clock_gettime(id, now);
}

static int hook_gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    hooks_called("gettimeofday", CALLER);
    return gettimeofday(now, zone);
}

static time_t hook_time(time_t *now)
{
    hooks_called("time", CALLER);
    return time(now);
}

static int hook_nanosleep(const struct timespec *wanted, struct timespec *left)
{
    hooks_called("nanosleep", CALLER);
    return nanosleep(wanted, left);
}

static int hook_usleep(useconds_t microseconds)
{
    hooks_called("usleep", CALLER);
    return usleep(microseconds);
}

static unsigned hook_sleep(unsigned seconds)
{
    hooks_called("sleep", CALLER);
    return sleep(seconds);
}

static int hook_sched_yield(void)
{
    hooks_called("sched_yield", CALLER);
    return sched_yield();
}

static int hook_poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    hooks_called("poll", CALLER);
    return poll(fds, count, milliseconds);
}

/* Output and input ------------------------------------------------------------------------------
 */

static ssize_t hook_write(int fd, const void *bytes, size_t length)
{
    hooks_called("write", CALLER);
    return write(fd, bytes, length);
}

static ssize_t hook_read(int fd, void *bytes, size_t length)
{
    hooks_called("read", CALLER);
    return read(fd, bytes, length);
}

static int hook_puts(const char *text)
{
    hooks_called("puts", CALLER);
    return puts(text);
}

static int hook_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int hook_printf(const char *format, ...)
{
    va_list arguments;
    hooks_called("printf", CALLER);
    va_start(arguments, format);
    int length = vprintf(format, arguments);
    va_end(arguments);
    return length;
}

static int hook_fprintf(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int hook_fprintf(FILE *file, const char *format, ...)
{
    va_list arguments;
    hooks_called("fprintf", CALLER);
    va_start(arguments, format);
    int length = vfprintf(file, format, arguments);
    va_end(arguments);
    return length;
}

static int hook_snprintf(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int hook_snprintf(char *text, size_t size, const char *format, ...)
{
    va_list arguments;
    hooks_called("snprintf", CALLER);
    va_start(arguments, format);
    int length = vsnprintf(text, size, format, arguments);
    va_end(arguments);
    return length;
}

static void hook_syslog(int priority, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void hook_syslog(int priority, const char *format, ...)
{
    va_list arguments;
    hooks_called("syslog", CALLER);
    va_start(arguments, format);
    vsyslog(priority, format, arguments);
    va_end(arguments);
}

const struct hook *hook_find(const char *name)
{
    static const struct hook hooks[] = {
        {"malloc", hook_malloc},
        {"calloc", hook_calloc},
        {"realloc", hook_realloc},
        {"reallocarray", hook_reallocarray},
        {"aligned_alloc", hook_aligned_alloc},
        {"posix_memalign", hook_posix_memalign},
        {"strdup", hook_strdup},
        {"strndup", hook_strndup},
        {"free", hook_free},
        {"mmap", hook_mmap},
        {"munmap", hook_munmap},
        {"pthread_mutex_lock", hook_mutex_lock},
        {"pthread_mutex_trylock", hook_mutex_trylock},
        {"pthread_spin_lock", hook_spin_lock},
        {"pthread_rwlock_rdlock", hook_rdlock},
        {"pthread_rwlock_wrlock", hook_wrlock},
        {"pthread_cond_wait", hook_cond_wait},
        {"pthread_cond_signal", hook_cond_signal},
        {"clock_gettime", hook_clock_gettime},
        {"gettimeofday", hook_gettimeofday},
        {"time", hook_time},
        {"nanosleep", hook_nanosleep},
        {"usleep", hook_usleep},
        {"sleep", hook_sleep},
        {"sched_yield", hook_sched_yield},
        {"poll", hook_poll},
        {"write", hook_write},
        {"read", hook_read},
        {"puts", hook_puts},
        {"printf", hook_printf},
        {"fprintf", hook_fprintf},
        {"snprintf", hook_snprintf},
        {"syslog", hook_syslog},
    };
    for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
        if (strcmp(hooks[i].name, name) == 0) {
            return &hooks[i];
        }
    }
    return NULL;
}
