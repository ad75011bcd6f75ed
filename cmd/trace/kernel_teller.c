/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/trace/kernel_teller.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/books/notes.h"
#include "base/clock.h"
#include "base/error.h"
#include "cmd/exit_codes.h"
#include "cmd/trace/kernel_keeper.h"
#include "cmd/trace/kernel_lock.h"
#include "cmd/trace/kernel_watch.h"
#include "switch/control/control_socket.h"
#include "trace/events.h"
#include "trace/provider.h"

enum {
    TURN_MS = 50,
    DEATHS_PAUSE_MS = 2000,
    JOIN_TRIES = 100,
    FLUSH_TRIES = 100,
    PAUSE_NS = 20000000,
    FIRST_FD = 3 /* behind the standard ones */
};

/* What the process that was left behind says to the one that has started it, once. */
struct answer {
    enum xsw_status status;
    char text[KERNEL_TELLER_REMARK_SIZE]; /* the error, or the remark */
};

static volatile sig_atomic_t is_interrupted;

/* The process that is left behind ------------------------------------------------------------ */

struct teller {
    const struct trace_provider *provider;
    const char *socket;
    int lock_fd, answer_fd;
    struct kernel_watch watch;
};

static void head_write(const struct kernel_event *event, char hex[2 * KERNEL_HEAD_SIZE + 1])
{
    hex[0] = '\0';
    for (uint32_t i = 0; i < event->head_length && i < KERNEL_HEAD_SIZE; i++) {
        snprintf(hex + (size_t)2 * i, 3, "%02x", event->head[i]);
    }
}

static void group_tell(const struct kernel_group *group, void *context)
{
    static const enum trace_kernel_kind kinds[] = {
        [KERNEL_DROP] = TRACE_KERNEL_DROP,
        [KERNEL_XDP_EXCEPTION] = TRACE_KERNEL_XDP_EXCEPTION,
        [KERNEL_XDP_REDIRECT] = TRACE_KERNEL_XDP_REDIRECT,
        [KERNEL_LOST] = TRACE_KERNEL_LOST};
    const struct teller *teller = context;
    const struct kernel_event *event = &group->first;
    const struct kernel_device *device = &event->device;
    bool is_lost = event->kind == KERNEL_LOST;
    char head[2 * KERNEL_HEAD_SIZE + 1];
    head_write(event, head);
    struct trace_kernel told = {.kind = kinds[event->kind],
                                .at_mono_ns = is_lost ? event->from_ns : event->mono_ns,
                                .last_mono_ns = is_lost ? event->mono_ns : group->last_ns,
                                .count = event->count,
                                .reason_number = event->number,
                                .error = event->error,
                                .length = event->length,
                                .protocol = event->protocol,
                                .port = device->id,
                                .switch_name = device->switch_name,
                                .port_name = device->port,
                                .device = device->name,
                                .netns = device->netns,
                                .ifindex = device->index,
                                .reason = event->reason,
                                .location = event->location,
                                .head = head};
    teller->provider->kernel(&told);
}

static void answer_send(struct teller *teller, enum xsw_status status, const char *text)
{
    struct answer answer;
    memset(&answer, 0, sizeof(answer));
    answer.status = status;
    text_make_safe(answer.text, sizeof(answer.text), text); /* guests name devices */
    (void)!write(teller->answer_fd, &answer, sizeof(answer));
    close(teller->answer_fd);
    teller->answer_fd = -1;
}

/* LTTng makes us known to the session daemon in its own time. */
static enum xsw_status session_join(struct teller *teller, struct xsw_error *error)
{
    enum xsw_status status = trace_provider_load(NULL, &teller->provider, error);
    for (int i = 0; status == XSW_OK && i < JOIN_TRIES; i++) {
        if (teller->provider->kernel_is_enabled()) {
            return XSW_OK;
        }
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    return status != XSW_OK ? status
                            : error_set(error, XSW_UNSUPPORTED,
                                        "the process that reads the kernel's events is not seen by "
                                        "the session daemon");
}

static enum xsw_status watch_begin(struct teller *teller, struct xsw_error *error)
{
    const struct kernel_watch_options options = {
        .kernel = {.by_packet = true}, .socket = teller->socket, .is_of_all = true};
    return kernel_watch_open(&teller->watch, &options, group_tell, teller, error);
}

/* What is told, for those who wait for it and for the one that follows. */
static void told_keep(const struct teller *teller, struct kernel_life *life, uint64_t told_ns)
{
    atomic_store_explicit(&life->told_ns, told_ns, memory_order_relaxed);
    (void)!pwrite(teller->lock_fd, &told_ns, sizeof(told_ns), 0);
}

/* That the one before has died, or that this one cannot go on for it: how much is missing nobody
 * knows, but since when. */
static void gap_tell(const struct teller *teller, uint64_t told_ns, uint64_t now_ns)
{
    const struct kernel_group gap = {
        .first = {.kind = KERNEL_LOST, .mono_ns = now_ns, .from_ns = told_ns}};
    if (told_ns != 0 && told_ns < now_ns) {
        group_tell(&gap, (void *)(uintptr_t)teller);
    }
}

/* Until when a keeper told that was killed with all of its own: whoever ends in peace leaves 0. */
static uint64_t told_before(const struct teller *teller)
{
    uint64_t told_ns = 0;
    bool is_there = pread(teller->lock_fd, &told_ns, sizeof(told_ns), 0) == sizeof(told_ns);
    return is_there ? told_ns : 0;
}

/* An xswd that comes again may have a new folder for its socket, and then who starts a session
 * looks at another file. False: another process holds that one. */
static bool lock_renew(struct teller *teller)
{
    struct stat mine;
    struct stat there;
    int fd = kernel_lock_open(teller->socket, O_CREAT, NULL);
    if (fd < 0) {
        return true;
    }
    bool is_same = fstat(teller->lock_fd, &mine) == 0 && fstat(fd, &there) == 0 &&
                   mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
    if (is_same || !kernel_lock_take(fd)) {
        close(fd);
        return is_same;
    }
    close(teller->lock_fd);
    teller->lock_fd = fd;
    return true;
}

/* Whether it ends: nobody records any more. Who starts a session looks at the lock behind that; so
 * whoever gives the lock away looks once more whether there is one. */
static bool is_over_for_all(const struct teller *teller)
{
    if (teller->provider->kernel_is_enabled()) {
        return false;
    }
    kernel_lock_give(teller->lock_fd);
    return !teller->provider->kernel_is_enabled() || !kernel_lock_take(teller->lock_fd);
}

static enum xsw_status tell(struct teller *teller, struct kernel_life *life,
                            struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    bool is_over = false;
    while (status == XSW_OK && !is_over && !is_over_for_all(teller)) {
        bool was_away = teller->watch.has_ended;
        is_over = is_interrupted;
        status = is_over ? kernel_watch_finish(&teller->watch, error)
                         : kernel_watch_turn(&teller->watch, error);
        is_over |= was_away && !teller->watch.has_ended && !lock_renew(teller);
        told_keep(teller, life, teller->watch.told_ns);
        (void)poll(NULL, 0, is_over ? 0 : TURN_MS);
    }
    if (status == XSW_OK) {
        (void)!ftruncate(teller->lock_fd, 0);
    }
    return status;
}

static void interrupted(int signal_number)
{
    (void)signal_number;
    is_interrupted = 1;
}

/* Returns false when another one is to go on. */
static bool teller_run(struct teller *teller, struct kernel_life *life)
{
    struct xsw_error error = {0};
    uint64_t told_ns = atomic_load_explicit(&life->told_ns, memory_order_relaxed);
    const bool is_first = told_ns == 0;
    enum xsw_status status = session_join(teller, &error);
    if (status == XSW_OK) {
        teller->lock_fd = kernel_lock_open(teller->socket, O_CREAT, &error);
        status = teller->lock_fd >= 0 ? XSW_OK : error.status;
    }
    if (status == XSW_OK && !kernel_lock_take(teller->lock_fd)) {
        answer_send(teller, XSW_OK, ""); /* another one tells this session too */
        return true;
    }
    const bool has_joined = status == XSW_OK;
    if (has_joined) {
        told_ns = is_first ? told_before(teller) : told_ns;
        status = watch_begin(teller, &error);
    }
    if (status != XSW_OK && is_first) {
        answer_send(teller, status, error.text);
        return true;
    }
    if (status != XSW_OK) {
        const uint64_t now_ns = clock_mono_ns();
        if (has_joined) {
            gap_tell(teller, told_ns, now_ns);
            told_keep(teller, life, now_ns);
        }
        /* A session that has ended meanwhile asks for nobody. */
        return teller->provider == NULL || !teller->provider->kernel_is_enabled();
    }
    gap_tell(teller, told_ns, teller->watch.told_ns);
    told_keep(teller, life, teller->watch.told_ns);
    answer_send(teller, XSW_OK, kernel_trace_remark(teller->watch.trace));
    status = tell(teller, life, &error);
    kernel_watch_close(&teller->watch);
    return status == XSW_OK;
}

static bool teller_main(struct kernel_life *life, void *context)
{
    struct teller *teller = context;
    struct sigaction action = {.sa_handler = interrupted};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* who has started us waits for one answer only */
    return teller_run(teller, life);
}

/* Keeps the one that tells, until it is over. */
static void keeper_main(int answer_fd, const char *socket)
{
    struct teller teller = {.socket = socket, .answer_fd = answer_fd};
    struct kernel_life *life = NULL;
    struct xsw_error error;
    (void)!chdir("/"); /* the socket's path is absolute */
    if (kernel_life_create(&life, &error) == XSW_OK) {
        life->pause_ms = DEATHS_PAUSE_MS;
        (void)kernel_keep(life, teller_main, &teller);
    }
}

/* Leaves nothing of who has started it: no terminal, no descriptors, no parent to wait for it. */
static void keeper_leave(int answer_fd, const char *socket)
{
    int nothing = open("/dev/null", O_RDWR);
    pid_t pid = setsid() >= 0 ? fork() : -1;
    if (pid == 0 && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
        dup2(nothing, STDOUT_FILENO) >= 0 && dup2(nothing, STDERR_FILENO) >= 0) {
        int fd = answer_fd == FIRST_FD ? FIRST_FD : dup2(answer_fd, FIRST_FD);
        if (fd == FIRST_FD && close_range(FIRST_FD + 1, ~0U, 0) == 0) {
            keeper_main(fd, socket);
        }
    }
    _exit(EXIT_DONE);
}

/* Who starts it ------------------------------------------------------------------------------ */

static enum xsw_status answer_wait(int fd, struct answer *answer, struct xsw_error *error)
{
    ssize_t got;
    do {
        got = read(fd, answer, sizeof(*answer));
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof(*answer)) {
        return error_set(error, XSW_IO, "the process that reads the kernel's events has ended");
    }
    answer->text[sizeof(answer->text) - 1] = '\0';
    return answer->status == XSW_OK ? XSW_OK : error_set(error, answer->status, "%s", answer->text);
}

enum xsw_status kernel_teller_start(const char *socket, char remark[KERNEL_TELLER_REMARK_SIZE],
                                    struct xsw_error *error)
{
    char path[CONTROL_PATH_SIZE];
    char absolute[PATH_MAX];
    int ends[2];
    struct answer answer = {.text = ""};
    remark[0] = '\0';
    enum xsw_status status = control_socket_path(socket, path, error);
    if (status != XSW_OK) {
        return status;
    }
    if (realpath(path, absolute) == NULL) {
        return error_errno(error, "%s", path);
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_errno(error, "no pipe for the events of the kernel");
    }
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        keeper_leave(ends[1], absolute);
    }
    close(ends[1]);
    if (pid < 0) {
        status = error_errno(error, "no process for the events of the kernel");
    } else {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
        status = answer_wait(ends[0], &answer, error);
        memcpy(remark, answer.text, KERNEL_TELLER_REMARK_SIZE);
    }
    close(ends[0]);
    return status;
}

void kernel_teller_flush(const char *socket)
{
    const uint64_t asked_ns = clock_mono_ns();
    uint64_t told_ns = 0;
    int fd = kernel_lock_open(socket, 0, NULL);
    for (int i = 0; fd >= 0 && i < FLUSH_TRIES && told_ns < asked_ns && kernel_lock_is_held(fd);
         i++) {
        if (pread(fd, &told_ns, sizeof(told_ns), 0) != (ssize_t)sizeof(told_ns)) {
            told_ns = 0;
        }
        if (told_ns < asked_ns) {
            nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
}

bool kernel_teller_runs(const char *socket)
{
    int fd = kernel_lock_open(socket, 0, NULL);
    bool runs = fd >= 0 && kernel_lock_is_held(fd);
    if (fd >= 0) {
        close(fd);
    }
    return runs;
}
