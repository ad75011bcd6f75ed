/* SPDX-License-Identifier: Apache-2.0 */
/* xsw export: the packets of a recording at one tap point, as a file that has each of them once. */
#include "cmd/analyze/export.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/selection/stage_view.h"
#include "cmd/exit_codes.h"
#include "formats/pcap/pcap_write.h"
#include "formats/pcapng/pcapng_read.h"

static const char help_text[] =
    "usage: xsw export --stage PORT.STAGE [--write OUT.pcap] FILE...\n"
    "Writes the packets that passed one stage at one port, each once, in the order of\n"
    "time, as classic pcap: for tools that take the records of other stages for\n"
    "retransmissions.\n"
    "\n"
    "  -s, --stage PORT.STAGE  such as alice.rx, bob.tx, alice.ingress-policy\n"
    "  -w, --write OUT.pcap    replaced if it is there; default: standard output\n"
    "  -h, --help              this text\n"
    "\n"
    "Exit status: 0 done, 1 no packet was at this stage of this port, 2 usage, 3 a\n"
    "file could not be read to its end, or the output not be written.\n"
    "\n"
    "Examples:\n"
    "  xsw export --stage alice.rx --write alice.pcap incident.pcapng\n"
    "  xsw export -s bob.tx part_*.pcapng.zst | tshark -r - -q -z conv,tcp\n";

struct export
{
    const char *tap;
    const char *output;
    struct pcap_writer *writer;
    uint64_t packets;
};

/* At rx packets of the same time came in the order of their ids; elsewhere in that of the file. */
static enum xsw_status packet_write(const struct stage_packet *packet, void *context,
                                    struct xsw_error *error)
{
    struct export *export = context;
    size_t length = strlen(export->tap);
    bool is_rx = length > 3 && strcmp(export->tap + length - 3, ".rx") == 0;
    const struct pcap_frame frame = {.time_ns = packet->time_ns,
                                     .order = is_rx ? packet->packet_id : export->packets,
                                     .bytes = packet->bytes,
                                     .captured_length = packet->captured_length,
                                     .original_length = packet->original_length};
    export->packets++;
    return pcap_writer_put(export->writer, &frame, error);
}

/* Positive XSW_END: read to its end. */
static enum xsw_status file_read(struct stage_view *view, const char *path, struct xsw_error *error)
{
    struct pcapng_reader *reader = NULL;
    struct pcapng_item item;
    enum xsw_status status = pcapng_reader_open(path, &reader, error);
    while (status == XSW_OK) {
        status = pcapng_reader_next(reader, &item, error);
        if (status == XSW_OK) {
            status = stage_view_offer(view, &item, error);
        }
    }
    pcapng_reader_close(reader);
    return status;
}

static int files_read(struct export *export, struct stage_view *view, int count, char **paths)
{
    struct xsw_error error;
    int code = EXIT_DONE;
    for (int i = 0; i < count; i++) {
        if (file_read(view, paths[i], &error) < 0) {
            fprintf(stderr, "xsw export: %s\n", error.text);
            code = EXIT_FAILED;
        }
    }
    uint64_t late = pcap_writer_late(export->writer);
    if (late > 0) {
        fprintf(stderr, "xsw export: %" PRIu64 " packets came too late for their place\n", late);
    }
    if (stage_view_unknown(view) > 0) {
        fprintf(stderr,
                "xsw export: the bytes of %" PRIu64 " packets are not known there: the records "
                "before are missing\n",
                stage_view_unknown(view));
    }
    if (pcap_writer_close(export->writer, &error) != XSW_OK) {
        fprintf(stderr, "xsw export: %s\n", error.text);
        code = EXIT_FAILED;
    }
    if (code == EXIT_DONE && !stage_view_was_met(view)) {
        fprintf(stderr,
                "xsw export: no packet was at %s; `xsw analyze` shows the ports and stages\n",
                export->tap);
        code = EXIT_FOUND;
    }
    return code;
}

/* Exit status to return at once, or -1 to go on. */
static int options_read(struct export *export, int argc, char **argv)
{
    static const struct option known[] = {{"stage", required_argument, NULL, 's'},
                                          {"write", required_argument, NULL, 'w'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "s:w:h", known, NULL)) != -1) {
        switch (option) {
        case 's':
            export->tap = optarg;
            break;
        case 'w':
            export->output = optarg;
            break;
        case 'h':
            fputs(help_text, stdout);
            return EXIT_DONE;
        default:
            fputs("Try 'xsw export --help'.\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (export->tap == NULL || optind == argc) {
        fputs("xsw export: which stage, of which file? Try 'xsw export --help'.\n", stderr);
        return EXIT_USAGE;
    }
    return -1;
}

int cmd_export(int argc, char **argv)
{
    struct export export = {.output = "-"};
    struct stage_view *view = NULL;
    struct xsw_error error;
    int code = options_read(&export, argc, argv);
    if (code >= 0) {
        return code;
    }
    signal(SIGPIPE, SIG_IGN);
    if (stage_view_open(export.tap, packet_write, &export, &view, &error) != XSW_OK) {
        fprintf(stderr, "xsw export: --stage %s\n", error.text);
        return EXIT_USAGE;
    }
    if (pcap_writer_open(export.output, &export.writer, &error) != XSW_OK) {
        fprintf(stderr, "xsw export: %s\n", error.text);
        code = EXIT_FAILED;
    } else {
        code = files_read(&export, view, argc - optind, argv + optind);
    }
    stage_view_close(view);
    return code;
}
