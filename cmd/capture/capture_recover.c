/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_recover.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cmd/capture/journey_ids.h"
#include "cmd/capture/orphans.h"
#include "cmd/command.h"
#include "cmd/listing.h"

static enum xsw_status connect_to(const struct command *command, struct client **client,
                                  struct xsw_error *error)
{
    enum xsw_status status = client_connect(command->socket, client, error);
    if (status == XSW_OK && command->switch_name != NULL) {
        status = client_select(*client, command->switch_name, error);
    }
    return status;
}

static int failed(const struct xsw_error *error)
{
    fprintf(stderr, "xsw capture: %s\n", error->text);
    return EXIT_FAILED;
}

static void orphans_print(const json_t *list)
{
    size_t index;
    const json_t *one;
    if (json_array_size(list) == 0) {
        printf("No recorder has died and left journeys behind.\n");
        return;
    }
    json_array_foreach(list, index, one)
    {
        const json_t *capture = json_object_get(one, "capture");
        printf("%lld: session %lld (%s) on %s, recorder %lld died %lld s ago, %.1f MB in %lld "
               "rings\n",
               reply_number(one, "orphan"), reply_number(capture, "session"),
               reply_text(capture, "name"), reply_text(one, "switch"), reply_number(one, "pid"),
               reply_number(one, "age_seconds"), (double)reply_number(one, "bytes_left") / 1e6,
               reply_number(capture, "workers"));
    }
}

int capture_orphans(struct command *command)
{
    struct client *client = NULL;
    struct xsw_error error;
    json_t *list = NULL;
    if (!command_ends(command)) {
        return EXIT_USAGE;
    }
    enum xsw_status status = connect_to(command, &client, &error);
    if (status == XSW_OK) {
        status = orphans_list(client, &list, &error);
    }
    client_close(client);
    if (status != XSW_OK) {
        return failed(&error);
    }
    bool is_empty = json_array_size(list) == 0;
    if (command->json) {
        json_t *result = json_pack("{s:i,s:O}", "format", 1, "orphans", list);
        json_dumpf(result, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(result);
    } else {
        orphans_print(list);
    }
    json_decref(list);
    return is_empty ? EXIT_DONE : EXIT_FOUND;
}

static void recovered_print(const struct orphan_recovered *told, const char *path, bool as_json)
{
    if (as_json) {
        json_t *result = json_pack(
            "{s:i,s:I,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "format", 1, "orphan",
            (json_int_t)told->orphan, "file", path, "journeys", (json_int_t)told->journeys, "known",
            (json_int_t)told->known, "rings", (json_int_t)told->rings, "unreadable_rings",
            (json_int_t)told->unreadable_rings, "lost_disk", (json_int_t)told->lost_disk,
            "last_packet", (json_int_t)told->last_id, "first_mono_ns", (json_int_t)told->first_ns,
            "last_mono_ns", (json_int_t)told->last_ns, "bytes", (json_int_t)told->file_bytes);
        json_dumpf(result, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(result);
        return;
    }
    printf("%s: %" PRIu64 " journeys of %.3f s, the last one of packet %" PRIu64
           ", from %u rings, %" PRIu64 " of them torn\n",
           path, told->journeys, (double)(told->last_ns - told->first_ns) / NS_PER_SECOND,
           told->last_id, told->rings, told->unreadable_rings);
}

/* The number of the newest, 0 for none. */
static enum xsw_status newest_find(struct client *client, uint64_t *number, struct xsw_error *error)
{
    json_t *list = NULL;
    size_t index;
    const json_t *one;
    *number = 0;
    enum xsw_status status = orphans_list(client, &list, error);
    json_array_foreach(list, index, one)
    {
        uint64_t this = (uint64_t)reply_number(one, "orphan");
        *number = this > *number ? this : *number;
    }
    json_decref(list);
    return status;
}

static int recover(struct command *command, uint64_t number, const char *path,
                   struct journey_ids *known)
{
    struct client *client = NULL;
    struct xsw_error error;
    struct orphan_recovered told;
    enum xsw_status status = connect_to(command, &client, &error);
    if (status == XSW_OK && number == 0) {
        status = newest_find(client, &number, &error);
        if (status == XSW_OK && number == 0) {
            client_close(client);
            fprintf(stderr, "xsw capture: no recorder has died and left journeys behind\n");
            return EXIT_FOUND;
        }
    }
    if (status == XSW_OK) {
        status = orphan_write_behind(client, number, path, known, &told, &error);
    }
    client_close(client);
    if (status == XSW_NOT_FOUND) {
        fprintf(stderr, "xsw capture: %s\n", error.text);
        return EXIT_FOUND;
    }
    if (status != XSW_OK) {
        return failed(&error);
    }
    recovered_print(&told, path, command->json);
    return told.unreadable_rings > 0 ? EXIT_FOUND : EXIT_DONE;
}

/* False when it has been said what is wrong with the word. */
static bool number_take(struct command *command, const char *word, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(word, &end, 10);
    if (errno != 0 || *end != '\0' || *number == 0 || word[0] < '0' || word[0] > '9') {
        (void)command_usage(command, "%s: expected a number of xsw capture orphans, or behind",
                            word);
        return false;
    }
    return true;
}

int capture_recover(struct command *command)
{
    const char *path = command_need(command, "the file to write");
    if (path == NULL) {
        return EXIT_USAGE;
    }
    struct journey_ids known = {0};
    uint64_t number = 0;
    bool has_files = command_accept(command, "behind");
    const char *word = has_files ? NULL : command_word(command);
    if (word != NULL) {
        if (!number_take(command, word, &number)) {
            return EXIT_USAGE;
        }
        has_files = command_accept(command, "behind");
    }
    if (!has_files) {
        return command_ends(command) ? recover(command, number, path, NULL) : EXIT_USAGE;
    }
    struct xsw_error error;
    enum xsw_status status = XSW_OK;
    word = command_need(command, "a file of the recorder that died");
    int exit_code = word == NULL ? EXIT_USAGE : EXIT_DONE;
    while (word != NULL && status == XSW_OK) {
        status = journey_ids_read(&known, word, &error);
        word = command_word(command);
    }
    if (status != XSW_OK) {
        exit_code = failed(&error);
    }
    exit_code = exit_code == EXIT_DONE ? recover(command, number, path, &known) : exit_code;
    journey_ids_fini(&known);
    return exit_code;
}
