/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of xsw flight share: see flight_run.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd/capture/capture_files.h"
#include "cmd/command.h"
#include "cmd/flight/flight_run.h"

enum xsw_status flight_connect(const struct flight_options *options, struct client **client,
                               struct xsw_error *error)
{
    enum xsw_status status = client_connect(options->socket, client, error);
    if (status == XSW_OK && options->switch_name != NULL) {
        status = client_select(*client, options->switch_name, error);
        if (status != XSW_OK) {
            client_close(*client);
        }
    }
    if (status != XSW_OK) {
        *client = NULL;
    }
    return status;
}

enum xsw_status flight_find(json_t *list, const struct flight_options *options, json_t **flight,
                            struct xsw_error *error)
{
    json_t *one;
    size_t place;
    bool is_any_hidden = false;
    json_array_foreach(list, place, one)
    {
        const char *name = reply_text(one, "flight");
        if (strcmp(name, options->name) == 0) {
            *flight = one;
            return XSW_OK;
        }
        is_any_hidden = is_any_hidden || strcmp(name, "(hidden)") == 0;
    }
    if (is_any_hidden) {
        return error_set(error, XSW_DENIED,
                         "xswd hides the names of flight recorders from who may see pseudonyms "
                         "only: a manager of the switch can say whether there is one%s%s",
                         options->name[0] != '\0' ? " named " : " without a name", options->name);
    }
    return error_set(error, XSW_NOT_FOUND,
                     "the switch has no flight recorder%s%s: xsw flight run makes one",
                     options->name[0] != '\0' ? " " : "", options->name);
}

enum xsw_status flight_ask(struct client *client, const struct flight_options *options,
                           json_t **flight, struct xsw_error *error)
{
    struct client_reply reply;
    enum xsw_status status = client_call(client, "flight.list", NULL, &reply, error);
    if (status != XSW_OK) {
        return status;
    }
    status = flight_find(json_object_get(reply.result, "flights"), options, flight, error);
    if (status == XSW_OK) {
        json_incref(*flight);
    }
    client_reply_fini(&reply);
    return status;
}

enum xsw_status flight_attach(const json_t *flight, struct flight_reader **reader,
                              struct xsw_error *error)
{
    const char *path = json_string_value(json_object_get(flight, "path"));
    if (path == NULL) {
        return error_set(error, XSW_CORRUPT, "xswd did not say where the recorder's memory is");
    }
    if (path[0] != '/') {
        return error_set(error, XSW_DENIED,
                         "xswd hides where the recorder's memory is from who may see pseudonyms "
                         "only: a manager of the switch can read it");
    }
    return flight_reader_open(path, reader, error);
}

/* The file is not there yet; its folder is. */
static uint64_t floor_choose(const struct flight_options *options, const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (options->has_min_free) {
        return options->min_free_bytes;
    }
    snprintf(folder, sizeof(folder), "%.*s", slash != NULL ? (int)(slash + 1 - path) : 1,
             slash != NULL ? path : ".");
    return capture_files_floor(folder);
}

static uint64_t earlier(uint64_t mono_ns, uint64_t by_ns)
{
    return mono_ns > by_ns ? mono_ns - by_ns : 0;
}

enum xsw_status flight_file_open(const struct flight_options *options, struct flight_reader *reader,
                                 const struct flight_cause *cause, struct flight_dump **dump,
                                 struct xsw_error *error)
{
    char path[PATH_MAX];
    enum xsw_status status = XSW_OK;
    if (options->path != NULL) {
        snprintf(path, sizeof(path), "%s", options->path);
    } else {
        status = flight_dump_name(options->folder, flight_reader_info(reader), cause,
                                  options->compresses, path, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    struct flight_dump_options wanted = {.reader = reader,
                                         .path = path,
                                         .cause = *cause,
                                         .from_mono_ns =
                                             earlier(cause->mono_ns, options->before_ns),
                                         .to_mono_ns = cause->mono_ns + options->after_ns,
                                         .every_stage = options->every_stage,
                                         .min_free_bytes = floor_choose(options, path)};
    return flight_dump_open(&wanted, dump, error);
}

static void tell_json(const struct flight_cause *cause, const struct flight_dump_result *result)
{
    json_t *object = flight_dump_json(result);
    json_object_set_new(object, "format", json_integer(1));
    json_object_set_new(object, "cause", json_string(cause->name));
    json_object_set_new(object, "mono_ns", json_integer((json_int_t)cause->mono_ns));
    json_object_set_new(object, "packet", json_integer((json_int_t)cause->packet_id));
    json_object_set_new(object, "suppressed", json_integer((json_int_t)cause->suppressed));
    json_dumpf(object, stdout, JSON_COMPACT);
    fputc('\n', stdout);
    json_decref(object);
}

void flight_file_tell(const struct flight_options *options, const struct flight_cause *cause,
                      const struct flight_dump_result *result)
{
    struct flight_dump_worker sum = flight_dump_sum(result);
    if (options->json) {
        tell_json(cause, result);
        fflush(stdout);
        return;
    }
    printf("%s: %s", result->path, cause->name);
    if (cause->packet_id != 0) {
        printf(", packet %" PRIu64, cause->packet_id);
    }
    printf(": %" PRIu64 " journeys, %.1f MB", result->written, (double)result->bytes / 1e6);
    if (sum.overwritten > 0) {
        printf("; %" PRIu64 " were overwritten before they were read", sum.overwritten);
    }
    if (result->lost_disk > 0) {
        printf("; %" PRIu64 " could not be written", result->lost_disk);
    }
    if (cause->suppressed > 0) {
        printf("; %" PRIu64 " hits before it got no file", cause->suppressed);
    }
    puts("");
    if (result->problem[0] != '\0') {
        printf("  %s\n", result->problem);
    }
    fflush(stdout);
}
