/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw port migrate: a port of one switch moves to another one, under the eyes of a person.
 */
#include "cmd/port/port_migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/port/migration.h"

const char port_migrate_help[] =
    "usage: xsw port migrate NAME --to SOCKET [--to-switch NAME] [--device NAME]\n"
    "\n"
    "Moves a port, with its policies, the state that extensions keep for it and its\n"
    "learned addresses, to a switch of another xswd on this host, while its guest\n"
    "goes on. The target is asked first: when it refuses, nothing changes. A failure\n"
    "after that brings the port back to where it was.\n"
    "\n"
    "  --to SOCKET        the control socket of the xswd that takes the port over\n"
    "  --to-switch NAME   which of its switches, when it has several\n"
    "  --device NAME      the device there; default: the same\n"
    "  -S, --switch NAME  --json  --socket PATH  --help\n"
    "\n"
    "Example: xsw port migrate alice --to /run/xsw/other.sock\n"
    "Exit: 0 moved, 1 there is no such port, 2 usage, 3 not moved.\n";

static const char *const results[] = {[MIGRATION_MOVED] = "moved",
                                      [MIGRATION_REFUSED] = "refused",
                                      [MIGRATION_ROLLED_BACK] = "rolled-back",
                                      [MIGRATION_LOST] = "lost"};
static const char *const sides[] = {[MIGRATION_SOURCE] = "source", [MIGRATION_TARGET] = "target"};

static double ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

static void progress_print(const struct migration_step *step)
{
    printf("%9.1f ms  %s  %-15s %s\n", ms(step->took_ns), sides[step->side], step->method,
           step->failed ? step->error.text : "done");
    fflush(stdout);
}

struct words {
    const char *port, *to, *to_switch, *device;
};

static bool words_read(struct command *command, struct words *words)
{
    struct {
        const char *option;
        const char **value;
    } options[] = {
        {"--to", &words->to}, {"--to-switch", &words->to_switch}, {"--device", &words->device}};
    words->port = command_need(command, "the name of the port");
    while (words->port != NULL && command_has_word(command)) {
        size_t i = 0;
        while (i < sizeof(options) / sizeof(options[0]) &&
               !command_accept(command, options[i].option)) {
            i++;
        }
        if (i == sizeof(options) / sizeof(options[0])) {
            return command_ends(command);
        }
        *options[i].value = command_need(command, i == 0 ? "the socket" : "its value");
        if (*options[i].value == NULL) {
            return false;
        }
    }
    if (words->port != NULL && words->to == NULL) {
        command_usage(command, "--to SOCKET is missing");
    }
    return words->port != NULL && words->to != NULL;
}

/* The port is nowhere: what it was must not be lost too. For its owner's eyes alone. */
static void state_write(const struct migration *migration)
{
    char path[100];
    snprintf(path, sizeof(path), "%.40s.port-state.json", migration->port);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || json_dumpfd(migration->state, fd, JSON_INDENT(2)) != 0) {
        fprintf(stderr,
                "xsw port: %s: the port's state cannot be written: %s; keep it from here, for `xsw "
                "port restore -`:\n",
                path, strerror(errno));
        json_dumpf(migration->state, stderr, JSON_COMPACT);
        fputc('\n', stderr);
    } else {
        fprintf(stderr,
                "xsw port: the port carries nothing on either side (%s); its state is in %s: when "
                "the cause is mended, and the port removed if it is still there, `xsw port restore "
                "%s` brings it back\n",
                migration->second.text, path, path);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static json_t *steps_json(const struct migration *migration)
{
    json_t *list = json_array();
    for (size_t i = 0; i < migration->step_count; i++) {
        const struct migration_step *step = &migration->steps[i];
        json_array_append_new(list, json_pack("{s:s,s:s,s:f,s:b,s:s}", "side", sides[step->side],
                                              "method", step->method, "ms", ms(step->took_ns),
                                              "done", !step->failed, "error",
                                              step->failed ? step->error.text : ""));
    }
    return list;
}

static int result_print(const struct command *command, const struct migration *migration,
                        enum migration_result result)
{
    int exit_code = EXIT_DONE;
    if (result != MIGRATION_MOVED) {
        fprintf(stderr, "xsw port: %s\n", migration->reason.text);
        exit_code = migration->reason.status == XSW_NOT_FOUND && migration->step_count == 1
                        ? EXIT_FOUND
                        : EXIT_FAILED;
    }
    if (result == MIGRATION_LOST) {
        state_write(migration);
    }
    if (command->json) {
        int printed = command_print_json(json_pack(
            "{s:s,s:s,s:s,s:f,s:I,s:o}", "port", migration->port, "result", results[result],
            "reason", migration->reason.text, "cut_ms", ms(migration->cut_ns), "announced",
            (json_int_t)migration->announced, "steps", steps_json(migration)));
        return printed != EXIT_DONE ? printed : exit_code;
    }
    if (result == MIGRATION_MOVED) {
        printf("port %s moved; without a network for %.1f ms; %lld addresses announced\n",
               migration->port, ms(migration->cut_ns), migration->announced);
    } else if (result == MIGRATION_ROLLED_BACK) {
        printf("port %s is back at the source, with the state that it had; without a network for "
               "%.1f ms\n",
               migration->port, ms(migration->cut_ns));
    } else if (result == MIGRATION_REFUSED) {
        printf("port %s is where it was, and nothing has changed\n", migration->port);
    }
    return exit_code;
}

static int migrate(const struct command *command, const struct words *words,
                   struct migration *migration)
{
    struct xsw_error error;
    int exit_code = command_connect(command, &migration->sides[MIGRATION_SOURCE]);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    enum xsw_status status = client_connect(words->to, &migration->sides[MIGRATION_TARGET], &error);
    if (status == XSW_OK) {
        status = client_select(migration->sides[MIGRATION_TARGET], words->to_switch, &error);
    }
    if (status != XSW_OK) {
        fprintf(stderr, "xsw port: --to: %s\n", error.text);
        return EXIT_FAILED;
    }
    /* Nobody may read any more what is printed: the port is not to be left half way for that. */
    signal(SIGPIPE, SIG_IGN);
    enum migration_result result = migration_run(migration);
    return result_print(command, migration, result);
}

int port_migrate(struct command *command)
{
    struct words words = {0};
    if (!words_read(command, &words)) {
        return EXIT_USAGE;
    }
    struct migration migration = {.port = words.port,
                                  .device = words.device,
                                  .progress = command->json ? NULL : progress_print};
    int exit_code = migrate(command, &words, &migration);
    migration_fini(&migration);
    client_close(migration.sides[MIGRATION_SOURCE]);
    client_close(migration.sides[MIGRATION_TARGET]);
    return exit_code;
}
