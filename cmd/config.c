/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw config: what is in force, in the form that xswd --config takes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/commands.h"
#include "cmd/configuration.h"

static const char help[] =
    "usage: xsw config show\n"
    "       xsw config save FILE\n"
    "\n"
    "Both give the configuration that is in force, of all switches or with --switch\n"
    "of one, in the form that xswd --config takes: what is started from it is\n"
    "configured as this is now. save replaces FILE whole or not at all.\n"
    "\n"
    "  -S, --switch NAME  only this switch\n"
    "  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw config save /etc/xsw/xswd.json\n"
    "          xsw config show | jq '.ports[].name'\n"
    "Exit: 0 done, 2 usage, 3 failed.\n";

/* Of the switch that is named by --switch or $XSW_SWITCH, else of all. Returns the exit code. */
static int configuration_fetch(const struct command *command, json_t **configuration)
{
    json_t *result;
    const char *variable = getenv("XSW_SWITCH");
    bool is_one = command->switch_name != NULL || (variable != NULL && variable[0] != '\0');
    int exit_code =
        command_call(command, is_one ? "config.show" : "config.all", json_object(), &result);
    if (exit_code == EXIT_DONE) {
        *configuration = json_incref(json_object_get(result, "configuration"));
        json_decref(result);
    }
    return exit_code;
}

/* No "format" member here: the text is a configuration file, and those have none. */
int configuration_show(struct command *command)
{
    json_t *configuration;
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = configuration_fetch(command, &configuration);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    bool failed = json_dumpf(configuration, stdout, JSON_INDENT(2)) != 0 || puts("") < 0 ||
                  fflush(stdout) != 0;
    json_decref(configuration);
    if (failed) {
        fprintf(stderr, "xsw %s: the output cannot be written\n", command->name);
    }
    return failed ? EXIT_FAILED : EXIT_DONE;
}

/* Into a new file beside it, which then takes its name. A configuration can say who may do what on
 * a network: it is its owner's to show to others. */
static bool file_replace(const char *path, const json_t *configuration)
{
    char *fresh = NULL;
    bool good = false;
    if (asprintf(&fresh, "%s.XXXXXX", path) < 0) {
        return false;
    }
    int fd = mkstemp(fresh);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        goto cleanup;
    }
    good = json_dumpf(configuration, file, JSON_INDENT(2)) == 0 && fputc('\n', file) != EOF &&
           fflush(file) == 0 && fsync(fd) == 0;
    good = fclose(file) == 0 && good && rename(fresh, path) == 0;
    fd = -1;
    if (!good) {
        unlink(fresh);
    }

cleanup:
    if (fd >= 0) {
        close(fd);
    }
    free(fresh);
    return good;
}

static int config_save(struct command *command)
{
    json_t *configuration;
    const char *path = command_need(command, "the file");
    if (path == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = configuration_fetch(command, &configuration);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    bool good = file_replace(path, configuration);
    json_decref(configuration);
    if (!good) {
        fprintf(stderr, "xsw config: %s: cannot be written: %s\n", path, strerror(errno));
        return EXIT_FAILED;
    }
    if (command->json) {
        return command_print_json(json_pack("{s:s}", "file", path));
    }
    printf("configuration saved to %s\n", path);
    return EXIT_DONE;
}

int cmd_config(int argc, char **argv)
{
    static const struct verb verbs[] = {
        {"show", configuration_show}, {"save", config_save}, {NULL, NULL}};
    return command_run("config", argc, argv, verbs, help);
}
