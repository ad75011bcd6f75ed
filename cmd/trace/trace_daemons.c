/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/trace/trace_daemons.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lttng/lttng.h>

#include "base/error.h"

enum { SAID_SIZE = 200, URL_SIZE = 96, SOON_TRIES = 40, SOON_PAUSE_NS = 50000000 };

extern char **environ;

/* The first line of what the daemon had to say. */
static void said_read(int fd, char said[SAID_SIZE])
{
    ssize_t length = pread(fd, said, SAID_SIZE - 1, 0);
    said[length > 0 ? length : 0] = '\0';
    said[strcspn(said, "\n")] = '\0';
}

/* Runs a daemon that returns when it is ready; what it says goes to `said`. */
static enum xsw_status daemon_spawn(char *const argv[], char said[SAID_SIZE],
                                    struct xsw_error *error)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;
    int state = 0;
    said[0] = '\0';
    int fd = memfd_create("said", MFD_CLOEXEC);
    if (fd < 0 || posix_spawn_file_actions_init(&actions) != 0) {
        if (fd >= 0) {
            close(fd);
        }
        return error_set(error, XSW_NO_MEMORY, "no memory to start %s", argv[0]);
    }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
    posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fd, STDERR_FILENO);
    int failed = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    while (failed == 0 && waitpid(pid, &state, 0) < 0 && errno == EINTR) {
    }
    said_read(fd, said);
    close(fd);
    if (failed != 0) {
        return error_set(error, XSW_NOT_FOUND,
                         "%s cannot be started: %s; it is in the package lttng-tools", argv[0],
                         strerror(failed));
    }
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0) {
        return error_set(error, XSW_IO, "%s has ended at once: %s", argv[0],
                         said[0] != '\0' ? said : "it does not say why");
    }
    return XSW_OK;
}

bool trace_session_daemon_is_there(void)
{
    return lttng_session_daemon_alive() == 1;
}

/* Whether one that somebody else starts at the same time is there soon. */
static bool comes_soon(bool (*is_there)(const char *address), const char *address)
{
    for (int i = 0; i < SOON_TRIES; i++) {
        if (is_there(address)) {
            return true;
        }
        nanosleep(&(struct timespec){.tv_nsec = SOON_PAUSE_NS}, NULL);
    }
    return false;
}

static bool session_daemon_answers(const char *address)
{
    (void)address;
    return trace_session_daemon_is_there();
}

enum xsw_status trace_session_daemon(bool *started, struct xsw_error *error)
{
    static char name[] = "lttng-sessiond";
    static char daemonize[] = "--daemonize";
    static char no_kernel[] = "--no-kernel";
    char *const argv[] = {name, daemonize, no_kernel, NULL};
    char said[SAID_SIZE];
    *started = false;
    if (trace_session_daemon_is_there()) {
        return XSW_OK;
    }
    enum xsw_status status = daemon_spawn(argv, said, error);
    if (status == XSW_IO && comes_soon(session_daemon_answers, NULL)) {
        return XSW_OK;
    }
    if (status == XSW_OK && !trace_session_daemon_is_there()) {
        status = error_set(error, XSW_IO,
                           "lttng-sessiond was started and cannot be reached%s%s; try "
                           "`lttng-sessiond -v` to see why",
                           said[0] != '\0' ? ": " : "", said);
    }
    *started = status == XSW_OK;
    return status;
}

static bool relay_listens(const char *address)
{
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(RELAY_LIVE_PORT)};
    if (inet_pton(AF_INET, address, &where.sin_addr) != 1) {
        return false;
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_up = fd >= 0 && connect(fd, (const struct sockaddr *)&where, sizeof(where)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return is_up;
}

enum xsw_status trace_relay_daemon(const char *address, const char *output, bool *started,
                                   struct xsw_error *error)
{
    static char name[] = "lttng-relayd";
    static char daemonize[] = "--daemonize";
    char control[URL_SIZE];
    char data[URL_SIZE];
    char live[URL_SIZE];
    char folder[4200];
    char said[SAID_SIZE];
    char *const argv[] = {name, daemonize, control, data, live, output != NULL ? folder : NULL,
                          NULL};
    struct in_addr checked;
    *started = false;
    if (inet_pton(AF_INET, address, &checked) != 1) {
        return error_set(error, XSW_INVALID,
                         "\"%.60s\" is no address to listen on; expected one like 127.0.0.1",
                         address);
    }
    const char *reached = checked.s_addr == INADDR_ANY ? "127.0.0.1" : address;
    if (relay_listens(reached)) {
        return XSW_OK;
    }
    snprintf(control, sizeof(control), "--control-port=tcp://%s:%d", address, RELAY_CONTROL_PORT);
    snprintf(data, sizeof(data), "--data-port=tcp://%s:%d", address, RELAY_DATA_PORT);
    snprintf(live, sizeof(live), "--live-port=tcp://%s:%d", address, RELAY_LIVE_PORT);
    snprintf(folder, sizeof(folder), "--output=%s", output != NULL ? output : "");
    enum xsw_status status = daemon_spawn(argv, said, error);
    if (status == XSW_IO && comes_soon(relay_listens, reached)) {
        return XSW_OK;
    }
    if (status == XSW_OK && !comes_soon(relay_listens, reached)) {
        status =
            error_set(error, XSW_IO, "lttng-relayd was started and does not listen on %s:%d%s%s",
                      address, RELAY_LIVE_PORT, said[0] != '\0' ? ": " : "", said);
    }
    *started = status == XSW_OK;
    return status;
}
