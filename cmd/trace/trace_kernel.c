/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/trace/trace_kernel.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/books/notes.h"
#include "base/clock.h"
#include "cmd/exit_codes.h"
#include "cmd/trace/kernel_watch.h"
#include "formats/json_write.h"
#include "trace/kernel/kernel_story.h"

enum { TURN_MS = 50, TALLIES_MAX = 256 };

static const char help_text[] =
    "usage: xsw trace kernel [options]\n"
    "\n"
    "Shows what the kernel drops behind the ports of a switch, with its own reason: a\n"
    "TAP whose queue is full, a device that is down, an XDP ring that is empty. Stop\n"
    "with Ctrl-C; then the sums follow. Needs root; xswd does not.\n"
    "\n"
    "  -t, --time SECONDS  stop after so long\n"
    "  -c, --count N       stop after N dropped packets\n"
    "      --all-reasons   also what every host drops in peace (OTHERHOST, NO_SOCKET)\n"
    "      --no-bpf        find the port by the kernel's net:* events alone\n"
    "  -q, --quiet         only the sums\n"
    "      --json          a JSON object a line, the sums last\n"
    "  -S, --switch NAME   which switch, when xswd has several\n"
    "      --socket PATH   control socket of xswd\n"
    "\n"
    "examples:\n"
    "  xsw trace kernel\n"
    "  xsw trace kernel --json -t 60 | jq 'select(.event == \"kernel_drop\")'\n"
    "\n"
    "exit status: 0 done, 1 events were lost and the sums too low, 2 usage, 3 failed.\n"
    "See xsw-trace-kernel(1).\n";

enum { OPTION_ALL = 256, OPTION_NO_BPF, OPTION_JSON, OPTION_SOCKET };

struct tally {
    enum kernel_event_kind kind;
    char port[KERNEL_PORT_SIZE];
    char reason[KERNEL_TEXT_SIZE];
    char location[KERNEL_TEXT_SIZE];
    uint64_t packets;
};

struct follow {
    struct kernel_watch_options options;
    uint64_t time_ns, count;
    bool json, quiet;
    uint64_t wall_offset_ns;
    struct tally tallies[TALLIES_MAX];
    size_t tally_count;
    uint64_t beyond; /* packets of tallies that found no place */
    uint64_t packets;
    struct kernel_watch watch;
};

static void tally_add(struct follow *follow, const struct kernel_event *event)
{
    size_t i = 0;
    follow->packets += event->count;
    while (i < follow->tally_count && (follow->tallies[i].kind != event->kind ||
                                       strcmp(follow->tallies[i].port, event->device.port) != 0 ||
                                       strcmp(follow->tallies[i].reason, event->reason) != 0 ||
                                       strcmp(follow->tallies[i].location, event->location) != 0)) {
        i++;
    }
    if (i == TALLIES_MAX) {
        follow->beyond += event->count;
        return;
    }
    struct tally *tally = &follow->tallies[i];
    if (i == follow->tally_count) {
        *tally = (struct tally){.kind = event->kind};
        memcpy(tally->port, event->device.port, sizeof(tally->port));
        memcpy(tally->reason, event->reason, sizeof(tally->reason));
        memcpy(tally->location, event->location, sizeof(tally->location));
        follow->tally_count++;
    }
    tally->packets += event->count;
}

/* Guests name their devices, and whoever follows is root at a terminal. */
static void story_print(const struct kernel_story *story)
{
    char text[32];
    char message[KERNEL_STORY_SIZE];
    time_t seconds = (time_t)(story->event.wall_ns / NS_PER_SECOND);
    struct tm local;
    localtime_r(&seconds, &local);
    strftime(text, sizeof(text), "%H:%M:%S", &local);
    text_make_safe(message, sizeof(message), story->message);
    printf("%s.%06" PRIu64 "  %s\n", text, story->event.wall_ns % NS_PER_SECOND / 1000, message);
}

static void story_json(const struct kernel_story *story)
{
    struct json_writer json;
    struct xsw_error error;
    json_init_stream(&json, stdout, 0);
    json_object_open(&json, NULL);
    json_u64(&json, "format", 1);
    json_text(&json, "event", story->event.name);
    json_u64(&json, "mono_ns", story->event.mono_ns);
    json_u64(&json, "wall_ns", story->event.wall_ns);
    json_text(&json, "message", story->message);
    for (size_t i = 0; i < story->event.field_count; i++) {
        const char *value = story->fields[i].value;
        if (story->are_numbers[i]) {
            json_raw(&json, story->fields[i].name, value, strlen(value));
        } else {
            json_text(&json, story->fields[i].name, value);
        }
    }
    json_object_close(&json);
    if (json_finish(&json, &error) == XSW_OK) {
        putchar('\n');
    }
}

static void group_show(const struct kernel_group *group, void *context)
{
    struct follow *follow = context;
    struct kernel_story story;
    if (group->first.kind != KERNEL_LOST) {
        tally_add(follow, &group->first);
    }
    if (follow->quiet) {
        return;
    }
    kernel_story_tell(&story, group, follow->wall_offset_ns);
    if (follow->json) {
        story_json(&story);
    } else {
        story_print(&story);
    }
    fflush(stdout);
}

static const char *kind_name(enum kernel_event_kind kind)
{
    static const char *const names[] = {[KERNEL_DROP] = "kernel_drop",
                                        [KERNEL_XDP_EXCEPTION] = "kernel_xdp_exception",
                                        [KERNEL_XDP_REDIRECT] = "kernel_xdp_redirect_err",
                                        [KERNEL_LOST] = "kernel_lost"};
    return names[kind];
}

static void sums_json(const struct follow *follow)
{
    struct json_writer json;
    struct xsw_error error;
    json_init_stream(&json, stdout, 0);
    json_object_open(&json, NULL);
    json_u64(&json, "format", 1);
    json_text(&json, "event", "sums");
    json_array_open(&json, "drops");
    for (size_t i = 0; i < follow->tally_count; i++) {
        const struct tally *tally = &follow->tallies[i];
        json_object_open(&json, NULL);
        json_text(&json, "event", kind_name(tally->kind));
        json_text(&json, "port", tally->port);
        json_text(&json, "reason", tally->reason);
        json_text(&json, "location", tally->location);
        json_u64(&json, "packets", tally->packets);
        json_object_close(&json);
    }
    json_array_close(&json);
    json_u64(&json, "packets", follow->packets);
    json_u64(&json, "untold", kernel_trace_silent(follow->watch.trace));
    json_u64(&json, "lost_events", kernel_trace_lost(follow->watch.trace));
    json_object_close(&json);
    if (json_finish(&json, &error) == XSW_OK) {
        putchar('\n');
    }
}

static void sums_print(const struct follow *follow)
{
    uint64_t lost = kernel_trace_lost(follow->watch.trace);
    printf("%s%" PRIu64 " packets dropped by the kernel behind ports\n", follow->quiet ? "" : "\n",
           follow->packets);
    for (size_t i = 0; i < follow->tally_count; i++) {
        const struct tally *tally = &follow->tallies[i];
        char port[KERNEL_PORT_SIZE];
        text_make_safe(port, sizeof(port), tally->port);
        printf("%10" PRIu64 "  %-16s %s%s%s%s\n", tally->packets,
               port[0] != '\0' ? port : "(unknown port)", tally->kind == KERNEL_DROP ? "" : "XDP ",
               tally->reason, tally->location[0] != '\0' ? " in " : "", tally->location);
    }
    if (follow->beyond > 0) {
        printf("%10" PRIu64 "  in more kinds than are listed\n", follow->beyond);
    }
    uint64_t silent = kernel_trace_silent(follow->watch.trace);
    if (silent > 0) {
        printf("%10" PRIu64 "  not shown: OTHERHOST, NO_SOCKET and the like (--all-reasons)\n",
               silent);
    }
    if (lost > 0) {
        printf("%10" PRIu64 "  events of the kernel were lost: the sums are too low\n", lost);
    }
}

/* Options ------------------------------------------------------------------------------------ */

static bool seconds_take(uint64_t *time_ns)
{
    char *end;
    double seconds = strtod(optarg, &end);
    if (end == optarg || *end != '\0' || !(seconds >= 1e-9 && seconds < 1e9)) {
        fprintf(stderr, "xsw trace kernel: --time %s: expected seconds, more than 0\n", optarg);
        return false;
    }
    *time_ns = (uint64_t)(seconds * NS_PER_SECOND);
    return true;
}

static bool count_take(uint64_t *count)
{
    char *end;
    errno = 0;
    *count = strtoull(optarg, &end, 10);
    if (optarg[0] < '0' || optarg[0] > '9' || *end != '\0' || errno != 0 || *count == 0) {
        fprintf(stderr, "xsw trace kernel: --count %s: expected a whole number from 1 on\n",
                optarg);
        return false;
    }
    return true;
}

/* -1 to go on, else the exit code. */
static int option_take(struct follow *follow, int option)
{
    switch (option) {
    case 't':
        return seconds_take(&follow->time_ns) ? -1 : EXIT_USAGE;
    case 'c':
        return count_take(&follow->count) ? -1 : EXIT_USAGE;
    case OPTION_ALL:
        follow->options.kernel.all_reasons = true;
        return -1;
    case OPTION_NO_BPF:
        follow->options.kernel.no_probe = true;
        return -1;
    case 'q':
        follow->quiet = true;
        return -1;
    case OPTION_JSON:
        follow->json = true;
        return -1;
    case 'S':
        follow->options.switch_name = optarg;
        return -1;
    case OPTION_SOCKET:
        follow->options.socket = optarg;
        return -1;
    case 'h':
        fputs(help_text, stdout);
        return EXIT_DONE;
    default:
        fputs("Try `xsw trace kernel --help`.\n", stderr);
        return EXIT_USAGE;
    }
}

static int options_take(struct follow *follow, int argc, char **argv)
{
    static const struct option known[] = {{"time", required_argument, NULL, 't'},
                                          {"count", required_argument, NULL, 'c'},
                                          {"all-reasons", no_argument, NULL, OPTION_ALL},
                                          {"no-bpf", no_argument, NULL, OPTION_NO_BPF},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"json", no_argument, NULL, OPTION_JSON},
                                          {"switch", required_argument, NULL, 'S'},
                                          {"socket", required_argument, NULL, OPTION_SOCKET},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int code = -1;
    int option;
    optind = 1;
    while (code < 0 && (option = getopt_long(argc, argv, "t:c:qS:h", known, NULL)) != -1) {
        code = option_take(follow, option);
    }
    if (code < 0 && optind < argc) {
        fprintf(stderr, "xsw trace kernel: \"%s\": expected options only\n", argv[optind]);
        return EXIT_USAGE;
    }
    return code;
}

/* Following ---------------------------------------------------------------------------------- */

static int stop_fd_open(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum xsw_status turns(struct follow *follow, int stop_fd, struct xsw_error *error)
{
    uint64_t started_ns = clock_mono_ns();
    struct pollfd wait = {.fd = stop_fd, .events = POLLIN};
    bool is_over = false;
    while (!is_over && !ferror(stdout)) {
        is_over = poll(&wait, 1, TURN_MS) > 0 ||
                  (follow->time_ns != 0 && clock_mono_ns() - started_ns >= follow->time_ns) ||
                  (follow->count != 0 && follow->packets >= follow->count);
        enum xsw_status status = is_over ? kernel_watch_finish(&follow->watch, error)
                                         : kernel_watch_turn(&follow->watch, error);
        if (status != XSW_OK) {
            return status;
        }
    }
    return XSW_OK;
}

static int follow_run(struct follow *follow, struct xsw_error *error)
{
    enum xsw_status status =
        kernel_watch_open(&follow->watch, &follow->options, group_show, follow, error);
    if (status != XSW_OK) {
        return EXIT_FAILED;
    }
    int stop_fd = stop_fd_open();
    const char *remark = kernel_trace_remark(follow->watch.trace);
    if (remark[0] != '\0') {
        fprintf(stderr,
                "xsw trace kernel: %s: ports are found by net:* events, which cost more and miss "
                "some\n",
                remark);
    }
    fprintf(stderr, "following the kernel: Ctrl-C to stop\n");
    status = turns(follow, stop_fd, error);
    if (follow->json) {
        sums_json(follow);
    } else {
        sums_print(follow);
    }
    int code = status != XSW_OK                             ? EXIT_FAILED
               : kernel_trace_lost(follow->watch.trace) > 0 ? EXIT_FOUND
                                                            : EXIT_DONE;
    kernel_watch_close(&follow->watch);
    close(stop_fd);
    return code;
}

int cmd_trace_kernel(int argc, char **argv)
{
    struct follow *follow = calloc(1, sizeof(*follow));
    if (follow == NULL) {
        fprintf(stderr, "xsw trace kernel: no memory\n");
        return EXIT_FAILED;
    }
    int code = options_take(follow, argc, argv);
    struct xsw_error error = {0};
    if (code < 0) {
        follow->wall_offset_ns = clock_wall_ns() - clock_mono_ns();
        code = follow_run(follow, &error);
        if (code == EXIT_FAILED) {
            char text[sizeof(error.text)];
            text_make_safe(text, sizeof(text), error.text);
            fprintf(stderr, "xsw trace kernel: %s\n", text);
        }
    }
    free(follow);
    return code;
}
