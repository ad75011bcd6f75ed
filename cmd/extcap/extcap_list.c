/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/extcap/extcap_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char system_socket[] = "/run/xsw/xswd.sock";

enum xsw_status extcap_connect(const char *socket, struct client **client, struct xsw_error *error)
{
    enum xsw_status status = client_connect(socket, client, error);
    if (status == XSW_OK || socket != NULL || getenv("XSW_SOCKET") != NULL) {
        return status;
    }
    return client_connect(system_socket, client, NULL) == XSW_OK ? XSW_OK : status;
}

/* Values of extcap lines end at a brace. Names have none, but nothing should hang on that. */
static bool is_harmless(const char *text)
{
    return text != NULL && text[0] != '\0' && strpbrk(text, "{}:\n") == NULL;
}

static void ports_print(struct client *client, const char *switch_name)
{
    struct client_reply reply;
    if (client_select(client, switch_name, NULL) != XSW_OK ||
        client_call(client, "port.list", NULL, &reply, NULL) != XSW_OK) {
        return;
    }
    size_t index;
    const json_t *port;
    json_array_foreach(json_object_get(reply.result, "ports"), index, port)
    {
        const char *name = json_string_value(json_object_get(port, "name"));
        const char *kind = json_string_value(json_object_get(port, "kind"));
        if (is_harmless(name) && is_harmless(kind)) {
            printf("interface {value=xsw:%s:%s}{display=xsw switch %s, port %s (%s)}\n",
                   switch_name, name, switch_name, name, kind);
        }
    }
    client_reply_fini(&reply);
}

/* Returns how many there are. */
static size_t switches_print(struct client *client)
{
    struct client_reply reply;
    if (client_call(client, "switch.list", NULL, &reply, NULL) != XSW_OK) {
        return 0;
    }
    size_t index;
    size_t count = 0;
    const json_t *entry;
    json_array_foreach(json_object_get(reply.result, "switches"), index, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "name"));
        if (is_harmless(name)) {
            printf("interface {value=xsw:%s}{display=xsw switch %s, all ports}\n", name, name);
            ports_print(client, name);
            count++;
        }
    }
    client_reply_fini(&reply);
    return count;
}

void extcap_interfaces_print(void)
{
    struct client *client = NULL;
    printf("extcap {version=" XSW_VERSION "}{display=xsw, a "
           "virtual switch}\n");
    size_t count = 0;
    if (extcap_connect(NULL, &client, NULL) == XSW_OK) {
        count = switches_print(client);
    }
    if (count == 0) {
        printf("interface {value=xsw}{display=xsw: no switch found, set the socket}\n");
    }
    client_close(client);
}

void extcap_config_print(void)
{
    struct client *client = NULL;
    bool is_found = extcap_connect(NULL, &client, NULL) == XSW_OK;
    printf("arg {number=0}{call=--socket}{display=Control socket}{type=string}{tooltip=Where xswd "
           "listens}{placeholder=%s}{group=Capture}\n",
           is_found && strpbrk(client_path(client), "{}\n") == NULL ? client_path(client)
                                                                    : system_socket);
    client_close(client);
    fputs("arg {number=1}{call=--show}{display=Show}{type=selector}{tooltip=Which records of a "
          "packet's way through the switch}{group=Capture}\n"
          "value {arg=1}{value=all}{display=Where something happened}{default=true}\n"
          "value {arg=1}{value=every}{display=At every stage}{default=false}\n"
          "value {arg=1}{value=rx}{display=Packets as they came in}{default=false}\n"
          "value {arg=1}{value=tx}{display=Packets as they were delivered}{default=false}\n"
          "value {arg=1}{value=dropped}{display=Dropped packets, with their way}{default=false}\n"
          "arg {number=2}{call=--snap}{display=Snap length}{type=integer}{tooltip=Bytes that are "
          "kept of a packet; 0: all}{range=0,262144}{default=0}{group=Capture}\n"
          "arg {number=3}{call=--where}{display=Only journeys where}{type=string}{tooltip=What "
          "happened, as in xsw-filter(7)}{placeholder=changed or latency > 1ms}{group=Capture}\n",
          stdout);
}
