/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw port validate: would this port be accepted?
 */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/port/port.h"

/* A configured port, or a document that holds one, such as `xsw port save` writes. Null after an
 * error. */
static json_t *file_read(struct command *command)
{
    json_error_t error;
    const char *path = command_need(command, "the file");
    if (path == NULL || !command_ends(command)) {
        return NULL;
    }
    json_t *document = strcmp(path, "-") == 0
                           ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &error)
                           : json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (document == NULL) {
        command_usage(command, "%s:%d:%d: %s", path, error.line, error.column, error.text);
        return NULL;
    }
    json_t *port = json_object_get(document, "port");
    port = json_incref(port != NULL ? port : document);
    json_decref(document);
    return port;
}

int port_validate(struct command *command)
{
    struct client *client;
    struct client_reply reply;
    struct xsw_error error;
    char name[CONFIG_NAME_SIZE];
    json_t *port = command_accept(command, "file") ? file_read(command) : port_read(command);
    if (port == NULL) {
        return EXIT_USAGE;
    }
    snprintf(name, sizeof(name), "%s", reply_text(port, "name"));
    int exit_code = command_connect(command, &client);
    if (exit_code != EXIT_DONE) {
        json_decref(port);
        return exit_code;
    }
    enum xsw_status status =
        client_call(client, "port.validate", json_pack("{s:o}", "port", port), &reply, &error);
    client_close(client);
    if (status != XSW_OK) {
        error.status = status;
        exit_code = command_failed(command, &error);
        /* An extension's no is what was asked for. */
        return status == XSW_DENIED ? EXIT_FOUND : exit_code;
    }
    client_reply_fini(&reply);
    if (command->json) {
        return command_print_json(json_pack("{s:s,s:b}", "name", name, "accepted", 1));
    }
    printf("port %s would be accepted\n", name);
    return EXIT_DONE;
}
