/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw port save and restore: a port with its policies and what extensions keep for it, as a
 * document.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/port/port.h"

const char port_save_help[] =
    "usage: xsw port save NAME\n"
    "       xsw port restore FILE [name NAME] [device DEVICE]\n"
    "\n"
    "save writes the port to standard output as JSON: its configuration, rules, the\n"
    "values of extensions' features, its learned addresses, and what extensions keep\n"
    "for it. The port stays. restore makes a port of such a file, - for standard\n"
    "input, and gives the extensions back what is theirs; what belongs to one that is\n"
    "not there is left, with a line in the log. When an extension cannot work with\n"
    "its part, nothing has happened.\n"
    "\n"
    "  name NAME          another name than the saved one\n"
    "  device DEVICE      another device\n"
    "\n"
    "  -S, --switch NAME  --json  --socket PATH  --help\n"
    "\n"
    "Examples: xsw port save alice > alice.json\n"
    "          xsw port restore alice.json\n"
    "Exit: 0 done, 1 there is no such port, 2 usage, 3 failed.\n";

/* With --json and without: the document is JSON either way, and a file that restore takes. */
int port_save(struct command *command)
{
    json_t *result;
    const char *name = command_need(command, "the name of the port");
    if (name == NULL || !command_ends(command)) {
        return EXIT_USAGE;
    }
    int exit_code = command_call(command, "port.save", json_pack("{s:s}", "name", name), &result);
    if (exit_code != EXIT_DONE) {
        return exit_code;
    }
    int failed = json_dumpf(json_object_get(result, "state"), stdout, JSON_INDENT(2));
    if (failed == 0 && (putchar('\n') == EOF || fflush(stdout) != 0)) {
        failed = 1;
    }
    json_decref(result);
    if (failed != 0) {
        fprintf(stderr, "xsw port save: cannot write: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

static json_t *document_load(const char *path)
{
    json_error_t parse_error;
    bool is_stdin = strcmp(path, "-") == 0;
    json_t *document = is_stdin ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &parse_error)
                                : json_load_file(path, JSON_REJECT_DUPLICATES, &parse_error);
    if (document == NULL) {
        fprintf(stderr, "xsw port restore: %s:%d:%d: %s\n", is_stdin ? "standard input" : path,
                parse_error.line, parse_error.column, parse_error.text);
    }
    return document;
}

int port_restore(struct command *command)
{
    static const struct word_rule words[] = {
        {"name", "name", WORD_TEXT}, {"device", "device", WORD_TEXT}, {NULL, NULL, WORD_TEXT}};
    const char *path = command_need(command, "the file that save has written, or -");
    json_t *params = path != NULL ? json_object() : NULL;
    if (path == NULL || !command_members(command, words, params)) {
        json_decref(params);
        return EXIT_USAGE;
    }
    json_t *document = document_load(path);
    if (document == NULL) {
        json_decref(params);
        return EXIT_FAILED;
    }
    if (json_object_set_new(params, "state", document) != 0) {
        json_decref(params);
        return command_usage(command, "no memory for %s", path);
    }
    return command_do(command, "port.restore", params, "port restored");
}
