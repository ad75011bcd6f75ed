/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsw blackbox: what a switch, or a recorder, that died has left in memory: told, and written to a
 * recording. It needs no daemon; when one is there, it is asked for the rings of recorders that
 * died.
 */
#include "cmd/flight/blackbox.h"

#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd/capture/orphans.h"
#include "cmd/client.h"
#include "cmd/complete.h"
#include "cmd/exit_codes.h"
#include "cmd/flight/blackbox_scan.h"
#include "cmd/flight/flight_dump.h"
#include "cmd/flight/flight_folder.h"
#include "switch/control/control_socket.h"

enum { FILES_MAX = 256, OPTION_JSON = 256, OPTION_SOCKET };

static const char help[] =
    "usage: xsw blackbox [FILE…] [-w OUT.pcapng]\n"
    "\n"
    "Reads back what was in memory when a switch or a recorder died: the flight\n"
    "recorders of switches, living or killed, and the rings of xsw capture that xswd\n"
    "keeps when that was killed. Tells what is whole and what is torn; every journey\n"
    "that was committed is there, and none is made up. Without FILE it looks where\n"
    "xswd puts them.\n"
    "\n"
    "  -w, --write OUT    all of it into a recording; when there are several, they\n"
    "                     get numbers: OUT-2.pcapng\n"
    "      --json         for programs\n"
    "      --socket PATH  of the xswd whose memory it is; it need not run any more\n"
    "\n"
    "examples: xsw blackbox\n"
    "          xsw blackbox -w crash.pcapng && xsw analyze crash.pcapng\n"
    "          xsw blackbox /run/xsw/flight/lab.dead.ring -w lab.pcapng.zst\n"
    "exit status: 0 all is whole, 1 something is torn or could not be read, 2 usage,\n"
    "3 there is nothing, or the recording cannot be written\n";

struct box {
    const char *out, *socket;
    bool json;
    char *files[FILES_MAX];
    size_t file_count;
    unsigned found; /* memories that were read */
    bool is_torn, has_failed;
    json_t *list;
};

static void complain(struct box *box, const char *text)
{
    box->is_torn = true;
    if (box->json) {
        json_array_append_new(box->list, json_pack("{s:s}", "error", text));
    }
    fprintf(stderr, "xsw blackbox: %s\n", text);
}

/* Files -------------------------------------------------------------------------------------- */

static bool file_add(struct box *box, const char *path)
{
    char *copy = box->file_count < FILES_MAX ? strdup(path) : NULL;
    if (copy != NULL) {
        box->files[box->file_count++] = copy;
    }
    return copy != NULL;
}

/* By name, so that the order is the same each time. */
static int names_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void folder_look(struct box *box)
{
    char socket_path[CONTROL_PATH_SIZE];
    char folder[PATH_MAX];
    char path[PATH_MAX + NAME_MAX + 2];
    struct xsw_error error;
    if (control_socket_path(box->socket, socket_path, &error) != XSW_OK ||
        flight_folder_path(socket_path, folder, &error) != XSW_OK) {
        complain(box, error.text);
        return;
    }
    DIR *stream = opendir(folder);
    if (stream == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (flight_folder_is_ring(entry->d_name) && !file_add(box, path)) {
            break;
        }
    }
    closedir(stream);
    qsort(box->files, box->file_count, sizeof(box->files[0]), names_compare);
}

/* "crash.pcapng" for the first memory, then "crash-2.pcapng", whatever became of the first. */
static void out_name(const struct box *box, char *path, size_t size)
{
    const char *slash = strrchr(box->out, '/');
    const char *name = slash != NULL ? slash + 1 : box->out;
    const char *dot = strstr(name, ".pcapng");
    size_t stem = dot != NULL ? (size_t)(dot - box->out) : strlen(box->out);
    if (box->found == 1) {
        snprintf(path, size, "%s", box->out);
    } else {
        snprintf(path, size, "%.*s-%u%s", (int)stem, box->out, box->found, box->out + stem);
    }
}

/* Flight recorders --------------------------------------------------------------------------- */

static enum xsw_status ring_write(struct box *box, struct flight_reader *reader,
                                  struct flight_dump_result *result, struct xsw_error *error)
{
    char path[PATH_MAX];
    struct flight_dump *dump = NULL;
    out_name(box, path, sizeof(path));
    const struct flight_dump_options options = {
        .reader = reader,
        .path = path,
        .cause = {.name = "blackbox", .text = "xsw blackbox", .mono_ns = clock_mono_ns()},
        .to_mono_ns = UINT64_MAX,
        .is_whole = true};
    enum xsw_status status = flight_dump_open(&options, &dump, error);
    if (status == XSW_OK) {
        status = flight_dump_close(dump, result, error);
    }
    return status;
}

static void ring_tell(struct box *box, const struct flight_reader *reader,
                      const struct blackbox_ring *ring, const struct flight_dump_result *result)
{
    if (box->json) {
        json_t *object = blackbox_json(reader, ring);
        if (result != NULL) {
            json_object_set_new(object, "recording", flight_dump_json(result));
        }
        json_array_append_new(box->list, object);
        return;
    }
    blackbox_print(reader, ring);
    if (result != NULL) {
        printf("  %s: %llu journeys, %.1f MB\n", result->path, (unsigned long long)result->written,
               (double)result->bytes / 1e6);
    }
}

static void ring_read(struct box *box, const char *path)
{
    static struct blackbox_ring ring; /* too large for the stack */
    static struct flight_dump_result result;
    struct flight_reader *reader = NULL;
    struct xsw_error error;
    enum xsw_status status = flight_reader_open(path, &reader, &error);
    if (status == XSW_OK) {
        status = blackbox_scan(reader, &ring, &error);
    }
    if (status != XSW_OK) {
        complain(box, error.text);
        flight_reader_close(reader);
        return;
    }
    box->found++;
    box->is_torn = box->is_torn || ring.is_torn;
    if (box->out != NULL && ring_write(box, reader, &result, &error) != XSW_OK) {
        complain(box, error.text);
        box->has_failed = true;
        ring_tell(box, reader, &ring, NULL);
    } else {
        box->is_torn = box->is_torn || (box->out != NULL && result.lost_disk > 0);
        ring_tell(box, reader, &ring, box->out != NULL ? &result : NULL);
    }
    flight_reader_close(reader);
}

/* Recorders that died ------------------------------------------------------------------------ */

static void orphan_tell(struct box *box, const json_t *orphan,
                        const struct orphan_recovered *recovered, const char *path)
{
    long long left = json_integer_value(json_object_get(orphan, "bytes_left"));
    if (box->json) {
        json_t *object = json_copy((json_t *)(uintptr_t)orphan);
        if (recovered != NULL) {
            json_object_set_new(object, "recording",
                                json_pack("{s:s,s:I,s:I}", "file", path, "written",
                                          (json_int_t)recovered->journeys, "unreadable_rings",
                                          (json_int_t)recovered->unreadable_rings));
        }
        json_array_append_new(box->list, object);
        return;
    }
    const char *of = json_string_value(json_object_get(orphan, "switch"));
    const json_t *capture = json_object_get(orphan, "capture");
    const char *name = json_string_value(json_object_get(capture, "name"));
    printf("%s of switch %s: its recorder was killed, %.1f MB of journeys are still in its rings\n",
           name != NULL ? name : "?", of != NULL ? of : "?", (double)left / 1e6);
    if (recovered != NULL) {
        printf("  %s: %llu journeys\n", path, (unsigned long long)recovered->journeys);
    }
}

static void orphan_read(struct box *box, struct client *client, const json_t *orphan)
{
    char path[PATH_MAX] = "";
    struct orphan_recovered recovered = {0};
    struct xsw_error error;
    box->found++;
    if (box->out == NULL) {
        orphan_tell(box, orphan, NULL, path);
        return;
    }
    out_name(box, path, sizeof(path));
    uint64_t number = (uint64_t)json_integer_value(json_object_get(orphan, "orphan"));
    if (orphan_write(client, number, path, &recovered, &error) != XSW_OK) {
        complain(box, error.text);
        box->has_failed = true;
        return;
    }
    box->is_torn = box->is_torn || recovered.unreadable_rings > 0 || recovered.lost_disk > 0;
    orphan_tell(box, orphan, &recovered, path);
}

/* No daemon, or none that may be asked: then there are none to be had. */
static void orphans_read(struct box *box)
{
    struct client *client = NULL;
    json_t *list = NULL;
    json_t *orphan;
    size_t place;
    struct xsw_error error;
    if (client_connect(box->socket, &client, &error) != XSW_OK) {
        return;
    }
    if (orphans_list(client, &list, &error) == XSW_OK) {
        json_array_foreach(list, place, orphan)
        {
            orphan_read(box, client, orphan);
        }
    }
    json_decref(list);
    client_close(client);
}

/* The command -------------------------------------------------------------------------------- */

static int options_read(int argc, char **argv, struct box *box)
{
    static const struct option known[] = {{"write", required_argument, NULL, 'w'},
                                          {"json", no_argument, NULL, OPTION_JSON},
                                          {"socket", required_argument, NULL, OPTION_SOCKET},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option;
    optind = 1;
    opterr = 0; /* the sentence is ours */
    while ((option = getopt_long(argc, argv, "w:h", known, NULL)) != -1) {
        if (option == 'w') {
            box->out = optarg;
        } else if (option == OPTION_JSON) {
            box->json = true;
        } else if (option == OPTION_SOCKET) {
            box->socket = optarg;
        } else if (option == 'h') {
            fputs(help, stdout);
            return -1;
        } else {
            fprintf(stderr,
                    "xsw blackbox: %s: no such option, or its value is missing\n"
                    "Try: xsw blackbox --help\n",
                    argv[optind - 1]);
            return EXIT_USAGE;
        }
    }
    for (int i = optind; i < argc; i++) {
        if (!file_add(box, argv[i])) {
            fprintf(stderr, "xsw blackbox: expected at most %d files\n", FILES_MAX);
            return EXIT_USAGE;
        }
    }
    return EXIT_DONE;
}

static int conclude(struct box *box)
{
    if (box->json) {
        json_t *all =
            json_pack("{s:i,s:b,s:O}", "format", 1, "torn", (int)box->is_torn, "found", box->list);
        json_dumpf(all, stdout, JSON_INDENT(2));
        fputc('\n', stdout);
        json_decref(all);
    } else if (box->found == 0 && !box->is_torn) {
        puts("nothing is left in memory: no flight recorder, and no recorder that died");
    }
    if (box->found == 0 || box->has_failed) {
        return EXIT_FAILED;
    }
    return box->is_torn ? EXIT_FOUND : EXIT_DONE;
}

int cmd_blackbox(int argc, char **argv)
{
    struct box box = {.list = json_array()};
    if (argc > 1 && strcmp(argv[argc - 1], complete_here) == 0) {
        complete_word(complete_files);
        complete_end();
    }
    int code = options_read(argc, argv, &box);
    if (code == EXIT_DONE) {
        bool looks_around = box.file_count == 0;
        if (looks_around) {
            folder_look(&box);
        }
        for (size_t i = 0; i < box.file_count; i++) {
            ring_read(&box, box.files[i]);
        }
        if (looks_around) {
            orphans_read(&box);
        }
        code = conclude(&box);
    }
    for (size_t i = 0; i < box.file_count; i++) {
        free(box.files[i]);
    }
    json_decref(box.list);
    return code == -1 ? EXIT_DONE : code;
}
