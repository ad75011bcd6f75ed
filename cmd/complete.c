/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can come at a place of a command line.
 */
#include "cmd/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/command.h"

struct names {
    const char *about; /* part of the words that speak of it */
    const char *method;
    const char *list;   /* member of the reply */
    const char *member; /* of each element */
};

static const struct names known_names[] = {
    {"capture session", "capture.list", "sessions", "name"},
    {"switch", "switch.list", "switches", "name"},
    {"installed", "extension.installed", "extensions", "extension"},
    {"feature", "feature.list", "features", "name"},
    {"extension", "extension.list", "extensions", "name"},
    {"instance", "extension.list", "extensions", "name"},
    {"port", "port.list", "ports", "name"},
    {"mirror", "port.list", "ports", "name"},
};

const char complete_here[] = "--complete-here";
const char complete_files[] = "<files>";

void complete_word(const char *word)
{
    puts(word);
}

void complete_end(void)
{
    exit(fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED);
}

static enum xsw_status names_fetch(const struct command *command, const char *method,
                                   struct client_reply *reply)
{
    struct client *client = NULL;
    enum xsw_status status = client_connect(command->socket, &client, NULL);
    if (status == XSW_OK && command->switch_name != NULL) {
        status = client_select(client, command->switch_name, NULL);
    }
    if (status == XSW_OK) {
        status = client_call(client, method, NULL, reply, NULL);
    }
    client_close(client);
    return status;
}

void complete_names(const struct command *command, const char *what)
{
    if (strstr(what, "file") != NULL || strstr(what, "path") != NULL) {
        complete_word(complete_files);
        if (strstr(what, "installed") == NULL) {
            return;
        }
    }
    for (size_t i = 0; i < sizeof(known_names) / sizeof(known_names[0]); i++) {
        const struct names *names = &known_names[i];
        struct client_reply reply;
        size_t place;
        json_t *entry;
        if (strstr(what, names->about) == NULL) {
            continue;
        }
        if (names_fetch(command, names->method, &reply) != XSW_OK) {
            return;
        }
        json_array_foreach(json_object_get(reply.result, names->list), place, entry)
        {
            complete_word(reply_text(entry, names->member));
        }
        client_reply_fini(&reply);
        return;
    }
}
