/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wireshark's extcap interface:
 * https://www.wireshark.org/docs/wsdg_html_chunked/ChCaptureExtcap.html. Wireshark runs every
 * program of its extcap folder when it starts, to ask for interfaces, so an answer must come soon
 * and nothing may fail loudly.
 */
#include "cmd/extcap/extcap.h"

#include <getopt.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/exit_codes.h"
#include "cmd/extcap/extcap_list.h"
#include "cmd/extcap/extcap_run.h"
#include "switch/control/control_socket.h"

enum {
    QUERY_SECONDS = 5,    /* after which an answer comes too late */
    INTERFACE_SIZE = 256, /* xsw:SWITCH:PORT */
    WHERE_SIZE = 4096,
    SNAP_MAX = 262144
};

static const char extcap_name[] = "xsw-extcap";

static const char help_text[] =
    "usage: xsw extcap --extcap-interfaces\n"
    "       xsw extcap --extcap-interface NAME --extcap-dlts | --extcap-config\n"
    "       xsw extcap --extcap-interface NAME --capture --fifo PATH [options]\n"
    "Makes switches and their ports interfaces of Wireshark, which runs it by itself\n"
    "as xsw-extcap. Names: xsw:SWITCH, a switch; xsw:SWITCH:PORT, what touches that\n"
    "port; xsw, the only switch of the xswd that --socket names.\n"
    "\n"
    "  --extcap-capture-filter EXPR  pcap-filter, on packets as they come in; without\n"
    "                                --fifo it is only checked\n"
    "  --show WHAT                   all (default): records where something happened;\n"
    "                                every: at every stage; rx: as packets came in;\n"
    "                                tx: as they were delivered; dropped: all records\n"
    "                                of packets that were dropped\n"
    "  --where EXPR                  only journeys that match, xsw-filter(7)\n"
    "  --snap LENGTH                 keep at most so many bytes (default 0: all)\n"
    "  --socket PATH                 control socket of xswd\n"
    "\n"
    "examples:\n"
    "  wireshark -k -i xsw:lab:alice\n"
    "  tshark -i xsw:lab -f 'udp port 53' -Y 'xsw.verdict == \"drop\"'\n"
    "exit status: 0 done, 2 usage or a filter that does not compile, 3 failed.\n";

struct request {
    bool wants_interfaces, wants_dlts, wants_config, wants_capture;
    bool only_dropped;
    const char *interface, *where;
    struct extcap_run_options run;
};

/* What a name of an interface stands for; empty: any. */
struct place {
    char text[INTERFACE_SIZE];
    const char *switch_name, *port;
};

bool extcap_is_name(const char *program)
{
    const char *slash = program != NULL ? strrchr(program, '/') : NULL;
    const char *name = slash != NULL ? slash + 1 : program;
    return name != NULL && strcmp(name, extcap_name) == 0;
}

static bool place_read(const char *name, struct place *place)
{
    *place = (struct place){0};
    int length = snprintf(place->text, sizeof(place->text), "%s", name);
    if (length < 0 || (size_t)length >= sizeof(place->text)) {
        return false;
    }
    char *rest = place->text;
    const char *program = strsep(&rest, ":");
    place->switch_name = rest != NULL ? strsep(&rest, ":") : NULL;
    place->port = rest;
    return strcmp(program, "xsw") == 0 &&
           (place->switch_name == NULL || place->switch_name[0] != '\0') &&
           (place->port == NULL || place->port[0] != '\0');
}

static bool show_read(const char *text, struct request *request)
{
    static const struct {
        const char *name;
        enum extcap_show show;
        bool every_stage, dropped;
    } known[] = {{"all", EXTCAP_SHOW_ALL, false, false},
                 {"every", EXTCAP_SHOW_ALL, true, false},
                 {"rx", EXTCAP_SHOW_RX, false, false},
                 {"tx", EXTCAP_SHOW_TX, false, false},
                 {"dropped", EXTCAP_SHOW_ALL, false, true}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(text, known[i].name) == 0) {
            request->run.show = known[i].show;
            request->run.every_stage = known[i].every_stage;
            request->only_dropped = known[i].dropped;
            return true;
        }
    }
    fprintf(stderr,
            "xsw extcap: --show %s: expected \"all\", \"every\", \"rx\", \"tx\" or \"dropped\"\n",
            text);
    return false;
}

enum {
    OPTION_INTERFACES = 256,
    OPTION_INTERFACE,
    OPTION_DLTS,
    OPTION_CONFIG,
    OPTION_CAPTURE,
    OPTION_FILTER,
    OPTION_FIFO,
    OPTION_SOCKET,
    OPTION_SHOW,
    OPTION_SNAP,
    OPTION_WHERE,
    OPTION_IGNORED
};

static const struct option known_options[] = {
    {"extcap-interfaces", no_argument, NULL, OPTION_INTERFACES},
    {"extcap-interface", required_argument, NULL, OPTION_INTERFACE},
    {"extcap-dlts", no_argument, NULL, OPTION_DLTS},
    {"extcap-config", no_argument, NULL, OPTION_CONFIG},
    {"capture", no_argument, NULL, OPTION_CAPTURE},
    {"extcap-capture-filter", required_argument, NULL, OPTION_FILTER},
    {"fifo", required_argument, NULL, OPTION_FIFO},
    {"socket", required_argument, NULL, OPTION_SOCKET},
    {"show", required_argument, NULL, OPTION_SHOW},
    {"snap", required_argument, NULL, OPTION_SNAP},
    {"where", required_argument, NULL, OPTION_WHERE},
    {"extcap-version", optional_argument, NULL, OPTION_IGNORED},
    {"extcap-control-in", required_argument, NULL, OPTION_IGNORED},
    {"extcap-control-out", required_argument, NULL, OPTION_IGNORED},
    {"extcap-reload-option", required_argument, NULL, OPTION_IGNORED},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

/* An empty value of Wireshark's dialog is none. */
static const char *value_of(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static bool text_take(int option, const char *text, struct request *request)
{
    switch (option) {
    case OPTION_INTERFACE:
        request->interface = text;
        return true;
    case OPTION_FILTER:
        request->run.filter = value_of(text);
        return true;
    case OPTION_FIFO:
        request->run.fifo = value_of(text);
        return true;
    case OPTION_SOCKET:
        request->run.socket = value_of(text);
        return true;
    case OPTION_SNAP:
        request->run.snap = value_of(text);
        return true;
    case OPTION_WHERE:
        request->where = value_of(text);
        return true;
    case OPTION_SHOW:
        return show_read(text, request);
    default:
        return option == OPTION_IGNORED;
    }
}

static bool option_take(int option, struct request *request)
{
    switch (option) {
    case OPTION_INTERFACES:
        request->wants_interfaces = true;
        return true;
    case OPTION_DLTS:
        request->wants_dlts = true;
        return true;
    case OPTION_CONFIG:
        request->wants_config = true;
        return true;
    case OPTION_CAPTURE:
        request->wants_capture = true;
        return true;
    default:
        return text_take(option, optarg, request);
    }
}

/* EXIT_DONE: go on; -1: help was given. */
static int request_read(int argc, char **argv, struct request *request)
{
    int option;
    optind = 1;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+h", known_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help_text, stdout);
            return -1;
        }
        if (option == '?') {
            fprintf(stderr, "xsw extcap: %s: no such option, or its value is missing\n",
                    argv[optind - 1]);
        }
        if (option == '?' || !option_take(option, request)) {
            fputs("Try: xsw extcap --help\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "xsw extcap: %s: expected options only\n", argv[optind]);
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}

/* What the switch would say of the filter. Wireshark takes any text on standard output for a
 * refusal. */
static int filter_check(const char *filter)
{
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, SNAP_MAX);
    struct bpf_program program;
    if (pcap == NULL) {
        fputs("xsw extcap: no memory\n", stderr);
        return EXIT_FAILED;
    }
    int code = EXIT_DONE;
    if (pcap_compile(pcap, &program, filter != NULL ? filter : "", 1, PCAP_NETMASK_UNKNOWN) == 0) {
        pcap_freecode(&program);
    } else {
        printf("%s\n", pcap_geterr(pcap));
        code = EXIT_USAGE;
    }
    pcap_close(pcap);
    return code;
}

/* The journeys that are wanted, as an expression; false when it would be too long. */
static bool where_make(const struct request *request, const char *port, char text[WHERE_SIZE])
{
    int length = 0;
    text[0] = '\0';
    if (port != NULL) {
        length = snprintf(text, WHERE_SIZE, "port == \"%s\"", port);
    }
    if (request->only_dropped) {
        length += snprintf(text + length, WHERE_SIZE - (size_t)length, "%sdropped",
                           length > 0 ? " and " : "");
    }
    if (request->where != NULL) {
        length += snprintf(text + length, WHERE_SIZE - (size_t)length,
                           length > 0 ? " and (%s)" : "%s", request->where);
    }
    return length < WHERE_SIZE;
}

static int capture(struct request *request, const struct place *place)
{
    char where[WHERE_SIZE];
    if (request->run.fifo == NULL) {
        fputs("xsw extcap: --capture: expected --fifo PATH\n", stderr);
        return EXIT_USAGE;
    }
    if (!where_make(request, place->port, where)) {
        fprintf(stderr, "xsw extcap: --where: expected at most %d characters\n",
                WHERE_SIZE - INTERFACE_SIZE);
        return EXIT_USAGE;
    }
    struct client *client = NULL;
    char path[CONTROL_PATH_SIZE];
    struct xsw_error error;
    if (extcap_connect(request->run.socket, &client, &error) != XSW_OK) {
        fprintf(stderr, "xsw extcap: %s\n", error.text);
        return EXIT_FAILED;
    }
    snprintf(path, sizeof(path), "%s", client_path(client));
    client_close(client);
    request->run.socket = path;
    request->run.switch_name = place->switch_name;
    request->run.port = place->port;
    request->run.where = where[0] != '\0' ? where : NULL;
    alarm(0);
    return extcap_run(&request->run);
}

static int request_serve(struct request *request)
{
    struct place place;
    if (request->wants_interfaces) {
        extcap_interfaces_print();
        return EXIT_DONE;
    }
    if (request->interface == NULL) {
        fputs("xsw extcap: expected --extcap-interfaces, or --extcap-interface NAME\n"
              "Try: xsw extcap --help\n",
              stderr);
        return EXIT_USAGE;
    }
    if (!place_read(request->interface, &place)) {
        fprintf(stderr,
                "xsw extcap: --extcap-interface %s: expected xsw, xsw:SWITCH or "
                "xsw:SWITCH:PORT; `xsw extcap --extcap-interfaces` lists them\n",
                request->interface);
        return EXIT_USAGE;
    }
    if (request->wants_capture) {
        return capture(request, &place);
    }
    if (request->wants_dlts) {
        puts("dlt {number=1}{name=EN10MB}{display=Ethernet}");
        return EXIT_DONE;
    }
    if (request->wants_config) {
        extcap_config_print();
        return EXIT_DONE;
    }
    return filter_check(request->run.filter);
}

int cmd_extcap(int argc, char **argv)
{
    struct request request = {0};
    int code = request_read(argc, argv, &request);
    if (code != EXIT_DONE) {
        return code == -1 ? EXIT_DONE : code;
    }
    /* An xswd that does not answer must not hold up Wireshark's start. */
    alarm(QUERY_SECONDS);
    return request_serve(&request);
}
