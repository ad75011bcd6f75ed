/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xswd, the daemon: reads the configuration, starts the switches and the control socket, and then
 * waits for signals, for the second to pass, and for requests. All of it is the control thread;
 * packets are moved by the workers that the switch starts.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/exit_codes.h"
#include "cmd/xswd/xswd_capture.h"
#include "cmd/xswd/xswd_events.h"
#include "cmd/xswd/xswd_flight.h"
#include "cmd/xswd/xswd_rights.h"
#include "cmd/xswd/xswd_trace.h"
#include "switch/config/config_file.h"
#include "switch/config/config_text.h"
#include "switch/control/control_methods.h"
#include "switch/control/control_server.h"
#include "switch/control/control_socket.h"
#include "switch/switches.h"

struct options {
    const char *config_path;
    const char *socket_path; /* null: not given */
    uint32_t workers;        /* 0: as configured */
    bool check_only;
};

struct daemon {
    struct configs configs;
    struct switches switches;
    struct control_server *server;
    struct control_methods methods;
    struct xswd_capture capture;
    struct xswd_trace trace;
    struct xswd_events events;
    struct xswd_flights flights;
    int signal_fd;
    int timer_fd;
    char socket_path[CONTROL_PATH_SIZE];
};

static const char help[] =
    "usage: xswd --config FILE [--socket PATH] [--workers N] [--check]\n"
    "\n"
    "Runs virtual switches in the foreground until SIGINT or SIGTERM.\n"
    "\n"
    "  -c, --config FILE   the configuration, JSON; see xswd(8)\n"
    "  -s, --socket PATH   the control socket; default $XSW_SOCKET, else\n"
    "                      /run/xsw/xswd.sock as root, else\n"
    "                      $XDG_RUNTIME_DIR/xsw/xswd.sock\n"
    "  -w, --workers N     threads that move packets, 1 to 16; default: as configured\n"
    "      --check         only check the configuration\n"
    "  -h, --help          this text\n"
    "      --version       the version\n"
    "\n"
    "Example: a first configuration, with two TAP ports:\n"
    "  {\"ports\": [{\"name\": \"alice\"}, {\"name\": \"bob\"}]}\n"
    "\n"
    "Exit: 0 stopped by a signal, or the check passed; 2 usage; 3 failed.\n";

static void log_line(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "%s\n", line);
}

static int usage_error(const char *what)
{
    fprintf(stderr, "xswd: %s\nTry `xswd --help`.\n", what);
    return EXIT_USAGE;
}

/* Returns -1 to go on, else the exit code. */
static int options_read(int argc, char **argv, struct options *options)
{
    static const struct option long_options[] = {{"config", required_argument, NULL, 'c'},
                                                 {"socket", required_argument, NULL, 's'},
                                                 {"workers", required_argument, NULL, 'w'},
                                                 {"check", no_argument, NULL, 'k'},
                                                 {"help", no_argument, NULL, 'h'},
                                                 {"version", no_argument, NULL, 'v'},
                                                 {NULL, 0, NULL, 0}};
    uint64_t workers = 0;
    int option;
    while ((option = getopt_long(argc, argv, "c:s:w:h", long_options, NULL)) != -1) {
        switch (option) {
        case 'c':
            options->config_path = optarg;
            break;
        case 's':
            options->socket_path = optarg;
            break;
        case 'w':
            if (!config_number_parse(optarg, 1, CONFIG_WORKERS_MAX, &workers)) {
                return usage_error("--workers: expected a number from 1 to 16");
            }
            break;
        case 'k':
            options->check_only = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_DONE;
        case 'v':
            puts("xswd " XSW_VERSION);
            return EXIT_DONE;
        default:
            return usage_error("see the line above");
        }
    }
    options->workers = (uint32_t)workers;
    if (optind < argc) {
        return usage_error("expected options only");
    }
    return options->config_path == NULL ? usage_error("--config FILE is missing") : -1;
}

static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Tells a service manager that we are ready: one datagram, see sd_notify(3). */
static void service_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path == NULL || (path[0] != '/' && path[0] != '@') ||
        strlen(path) >= sizeof(address.sun_path)) {
        return;
    }
    size_t length = strlen(path);
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') {
        address.sun_path[0] = '\0';
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size) <
        0) {
        fprintf(stderr, "notify-failed: error=\"%s\"\n", strerror(errno));
    }
    close(fd);
}

/* Before any thread is made, so that all of them inherit the mask and signals come here alone. */
static enum xsw_status events_open(struct daemon *daemon, struct xsw_error *error)
{
    struct itimerspec second = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0) {
        return error_errno(error, "signals cannot be blocked");
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    daemon->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    daemon->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (daemon->signal_fd < 0 || daemon->timer_fd < 0 ||
        timerfd_settime(daemon->timer_fd, 0, &second, NULL) != 0) {
        return error_errno(error, "signals and timer cannot be watched");
    }
    return XSW_OK;
}

static enum xsw_status switches_start(struct daemon *daemon, const struct options *options,
                                      struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    daemon->switches.log = (struct vswitch_log){.line = log_line};
    for (size_t i = 0; i < daemon->configs.count && status == XSW_OK; i++) {
        struct config *config = &daemon->configs.list[i];
        if (options->workers != 0) {
            config->switch_config.workers = options->workers;
        }
        status = switches_add(&daemon->switches, config, error);
        if (status != XSW_OK && daemon->configs.count > 1) {
            error_prefix(error, "switches[%zu] (%s)", i, config->switch_config.name);
        }
    }
    return status == XSW_OK ? XSW_OK : error_prefix(error, "%s", options->config_path);
}

/* When the socket has got its group, and before there are other threads. */
static enum xsw_status rights_give_up(struct xsw_error *error)
{
    char text[RIGHTS_TEXT_SIZE];
    enum xsw_status status = rights_reduce(text, error);
    if (status == XSW_OK) {
        fprintf(stderr, "rights: kept=%s\n", text);
    }
    return status;
}

/* A switch without its trace is better than none. */
static void trace_resume(struct daemon *daemon)
{
    struct xsw_error error = {0};
    if (xswd_trace_resume(&daemon->trace, &error) != XSW_OK) {
        fprintf(stderr, "trace-resume: outcome=failed problem=\"%s\"\n", error.text);
    }
}

/* The socket comes first: when another daemon has it, no port is touched. */
static enum xsw_status daemon_start(struct daemon *daemon, const struct options *options,
                                    struct xsw_error *error)
{
    enum xsw_status status = control_socket_path(options->socket_path, daemon->socket_path, error);
    struct control_options control = {.path = daemon->socket_path, .log = log_line};
    if (status == XSW_OK) {
        status = events_open(daemon, error);
    }
    if (status == XSW_OK) {
        status = control_server_open(&control, &daemon->server, error);
    }
    if (status == XSW_OK) {
        xswd_flights_prepare(&daemon->flights, daemon->socket_path);
        status = rights_give_up(error);
    }
    if (status == XSW_OK) {
        status = switches_start(daemon, options, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    status = xswd_capture_init(&daemon->capture, &daemon->switches, error);
    if (status != XSW_OK) {
        return status;
    }
    xswd_trace_init(&daemon->trace, &daemon->switches, daemon->socket_path);
    xswd_events_init(&daemon->events, &daemon->switches);
    xswd_flights_init(&daemon->flights, &daemon->switches, daemon->capture.privacy_key);
    status = control_methods_add(&daemon->methods, &daemon->switches, daemon->server, error);
    if (status == XSW_OK) {
        status = control_server_add(daemon->server, &daemon->capture.table, error);
    }
    if (status == XSW_OK) {
        status = control_server_add(daemon->server, &daemon->trace.table, error);
    }
    if (status == XSW_OK) {
        status = control_server_add(daemon->server, &daemon->events.table, error);
    }
    if (status == XSW_OK) {
        status = control_server_add(daemon->server, &daemon->flights.table, error);
    }
    if (status == XSW_OK) {
        trace_resume(daemon);
    }
    return status;
}

/* Returns the number of the signal that came, 0 for none. */
static uint32_t signal_read(int fd)
{
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof(info)) == sizeof(info) ? info.ssi_signo : 0;
}

static void timer_read(struct daemon *daemon)
{
    uint64_t seconds;
    if (read(daemon->timer_fd, &seconds, sizeof(seconds)) != sizeof(seconds)) {
        return;
    }
    switches_tick(&daemon->switches);
    xswd_capture_tick(&daemon->capture);
    xswd_trace_tick(&daemon->trace);
    xswd_flights_tick(&daemon->flights);
    control_server_tick(daemon->server, now_ns());
}

static enum xsw_status daemon_loop(struct daemon *daemon, struct xsw_error *error)
{
    struct pollfd waits[] = {
        {.fd = daemon->signal_fd, .events = POLLIN},
        {.fd = daemon->timer_fd, .events = POLLIN},
        {.fd = control_server_fd(daemon->server), .events = POLLIN},
    };
    uint32_t signal_number = 0;
    while (signal_number == 0) {
        if (poll(waits, 3, -1) < 0) {
            if (errno == EINTR) {
                continue;
            }
            return error_errno(error, "events cannot be waited for");
        }
        if (waits[0].revents != 0) {
            signal_number = signal_read(daemon->signal_fd);
        }
        if (waits[1].revents != 0) {
            timer_read(daemon);
        }
        if (waits[2].revents != 0) {
            control_server_process(daemon->server, now_ns());
            xswd_flights_refresh(&daemon->flights);
        }
    }
    fprintf(stderr, "stopping: signal=%s\n", signal_number == SIGINT ? "SIGINT" : "SIGTERM");
    service_notify("STOPPING=1");
    return XSW_OK;
}

static void daemon_stop(struct daemon *daemon)
{
    /* Closing the server ends the connections, and with them the capture sessions. */
    control_server_close(daemon->server);
    xswd_capture_fini(&daemon->capture);
    xswd_flights_fini(&daemon->flights);
    xswd_events_fini(&daemon->events);
    xswd_trace_fini(&daemon->trace);
    switches_fini(&daemon->switches);
    if (daemon->signal_fd >= 0) {
        close(daemon->signal_fd);
    }
    if (daemon->timer_fd >= 0) {
        close(daemon->timer_fd);
    }
}

/* "started: …", with the sums of all switches. */
static void started_print(const struct daemon *daemon)
{
    size_t ports = 0;
    size_t extensions = 0;
    unsigned workers = 0;
    fprintf(stderr, "started: version=%s switch=", XSW_VERSION);
    for (size_t i = 0; i < daemon->configs.count; i++) {
        const struct config *config = &daemon->configs.list[i];
        fprintf(stderr, "%s%s", i > 0 ? "," : "", config->switch_config.name);
        ports += config->port_count;
        extensions += config->extension_count;
        workers += config->switch_config.workers;
    }
    fprintf(stderr, " ports=%zu extensions=%zu workers=%u socket=%s\n", ports, extensions, workers,
            daemon->socket_path);
}

static enum xsw_status daemon_run(struct daemon *daemon, const struct options *options,
                                  struct xsw_error *error)
{
    enum xsw_status status = daemon_start(daemon, options, error);
    if (status == XSW_OK) {
        started_print(daemon);
        service_notify("READY=1");
        status = daemon_loop(daemon, error);
    }
    daemon_stop(daemon);
    if (status == XSW_OK) {
        fprintf(stderr, "stopped: socket=%s\n", daemon->socket_path);
    }
    return status;
}

static void good_print(const struct configs *configs, const char *path)
{
    for (size_t i = 0; i < configs->count; i++) {
        printf("%s: good: ", path);
        if (configs->count > 1) {
            printf("switch %s: ", configs->list[i].switch_config.name);
        }
        printf("%zu ports, %zu extensions\n", configs->list[i].port_count,
               configs->list[i].extension_count);
    }
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct daemon daemon = {.signal_fd = -1, .timer_fd = -1};
    struct xsw_error error = {0};

    int exit_code = options_read(argc, argv, &options);
    if (exit_code >= 0) {
        return exit_code;
    }
    enum xsw_status status = configs_load(options.config_path, &daemon.configs, &error);
    if (status == XSW_OK && options.check_only) {
        good_print(&daemon.configs, options.config_path);
    } else if (status == XSW_OK) {
        status = daemon_run(&daemon, &options, &error);
    }
    configs_fini(&daemon.configs);
    if (status == XSW_OK) {
        return EXIT_DONE;
    }
    fprintf(stderr, "xswd: %s\n", error.text);
    return EXIT_FAILED;
}
