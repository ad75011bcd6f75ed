/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/top/top_live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/journey/json_in.h"
#include "base/clock.h"
#include "base/error.h"
#include "cmd/client.h"
#include "cmd/command.h"
#include "cmd/top/top_lists.h"
#include "cmd/top/top_rings.h"
#include "cmd/trace/kernel_watch.h"
#include "trace/kernel/kernel_story.h"

enum {
    CALL_LIMIT_MS = 1500,
    STATS_MS = 500,
    LISTS_MS = 2000,
    AGAIN_MS = 1000 /* between two tries to connect */
};

struct top_live {
    struct top_live_options options;
    struct model *model;
    struct evidence *evidence;
    struct analysis_switch of;
    struct notes notes; /* on a dictionary that makes no sense */
    struct client *client;
    struct top_rings rings;
    struct top_news news;
    char where[4096];
    uint64_t generation; /* of the dictionary */
    uint64_t stats_ns, lists_ns, again_ns;
    enum screen_id screen; /* that was shown in the last turn */
    struct kernel_watch kernel;
    bool has_kernel;
};

/* The kernel ------------------------------------------------------------------------------------
 */

static void kernel_tell(const struct kernel_group *group, void *context)
{
    struct top_live *live = context;
    struct kernel_story story;
    kernel_story_tell(&story, group, live->rings.wall_offset_ns);
    model_event(live->model,
                story.event.priority <= PCAPNG_PRIORITY_WARNING ? MODEL_ALARM : MODEL_NOTE,
                story.event.wall_ns, "kernel", "%.390s", story.event.message);
}

static void kernel_begin(struct top_live *live)
{
    const struct kernel_watch_options options = {.socket = live->options.socket,
                                                 .switch_name = live->options.switch_name};
    struct xsw_error error;
    if (!live->options.has_kernel) {
        return;
    }
    live->has_kernel =
        kernel_watch_open(&live->kernel, &options, kernel_tell, live, &error) == XSW_OK;
    if (!live->has_kernel) {
        model_event(live->model, MODEL_WARNING, clock_wall_ns(), "kernel",
                    "the kernel is not watched: %.300s", error.text);
    }
}

static void kernel_end(struct top_live *live)
{
    if (live->has_kernel) {
        kernel_watch_close(&live->kernel);
        live->has_kernel = false;
    }
}

static void kernel_turn(struct top_live *live)
{
    struct xsw_error error;
    if (live->has_kernel && kernel_watch_turn(&live->kernel, &error) != XSW_OK) {
        model_event(live->model, MODEL_WARNING, clock_wall_ns(), "kernel",
                    "the kernel is watched no more: %.300s", error.text);
        kernel_end(live);
    }
}

/* Connecting ------------------------------------------------------------------------------------
 */

static void names_read(struct top_live *live, json_t *result)
{
    struct json_in section = {.object = result, .notes = &live->notes};
    const json_t *clock = json_object_get(result, "clock");
    const json_t *of = json_object_get(result, "switch");
    snprintf(section.path, sizeof(section.path), "dictionary");
    dictionary_add_section(&live->of.dictionary, &section);
    top_names_read(&live->rings.names, result);
    snprintf(live->of.name, sizeof(live->of.name), "%s", reply_text(of, "name"));
    snprintf(live->of.id, sizeof(live->of.id), "%s", reply_text(of, "id"));
    snprintf(live->of.host, sizeof(live->of.host), "%s", reply_text(result, "host"));
    live->rings.wall_offset_ns =
        (uint64_t)reply_number(clock, "wall_ns") - (uint64_t)reply_number(clock, "mono_ns");
    live->generation = (uint64_t)reply_number(result, "generation");
    model_order_stages(live->model);
}

static enum xsw_status names_ask(struct top_live *live, struct xsw_error *error)
{
    struct client_reply reply;
    enum xsw_status status = client_call(live->client, "dictionary", NULL, &reply, error);
    if (status == XSW_OK) {
        names_read(live, reply.result);
        client_reply_fini(&reply);
    }
    return status;
}

/* In the midst of reading rings: a connection that is lost is noticed behind that. */
static void names_ask_again(void *context)
{
    struct top_live *live = context;
    (void)names_ask(live, NULL);
    live->lists_ns = 0;
}

static void disconnect(struct top_live *live, bool is_over)
{
    kernel_end(live);
    if (live->client != NULL) {
        top_rings_close(&live->rings, is_over);
    }
    client_close(live->client);
    live->client = NULL;
    live->model->is_connected = false;
}

/* Counters can be shown without evidence, too; only what makes no sense is an error. */
static enum xsw_status evidence_open(struct top_live *live, const struct top_rings_options *options,
                                     struct xsw_error *error)
{
    enum xsw_status status = top_rings_open(&live->rings, live->client, options, error);
    if (status == XSW_OK || status == XSW_INVALID || status == XSW_IO) {
        return status;
    }
    model_event(live->model, MODEL_ALARM, clock_wall_ns(), "evidence",
                "no journeys are captured, only counters are shown: %.300s", error->text);
    return XSW_OK;
}

static enum xsw_status connect_to(struct top_live *live, struct xsw_error *error)
{
    const struct top_live_options *options = &live->options;
    const struct top_rings_options rings = {.filter = options->filter,
                                            .where = live->where,
                                            .rate = options->rate,
                                            .snap_length = options->snap_length};
    enum xsw_status status = client_connect(options->socket, &live->client, error);
    if (status == XSW_OK && options->switch_name != NULL) {
        status = client_select(live->client, options->switch_name, error);
    }
    if (status == XSW_OK) {
        client_limit(live->client, CALL_LIMIT_MS);
        top_names_begin_anew(&live->rings.names);
        status = names_ask(live, error);
    }
    if (status == XSW_OK && options->rate > 0) {
        status = evidence_open(live, &rings, error);
    }
    if (status != XSW_OK) {
        disconnect(live, true);
        return status;
    }
    snprintf(live->model->source, sizeof(live->model->source), "%s", client_path(live->client));
    live->model->is_connected = true;
    kernel_begin(live);
    return XSW_OK;
}

enum xsw_status top_live_open(const struct top_live_options *options, struct model *model,
                              struct evidence *evidence, struct top_live **live,
                              struct xsw_error *error)
{
    struct top_live *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for the viewer");
    }
    made->options = *options;
    made->model = model;
    made->evidence = evidence;
    model->of = &made->of;
    model->started_ns = clock_wall_ns();
    dictionary_init(&made->of.dictionary);
    made->rings.names.dictionary = &made->of.dictionary;
    made->rings.names.ask = names_ask_again;
    made->rings.names.context = made;
    enum xsw_status status = connect_to(made, error);
    if (status != XSW_OK) {
        top_live_close(made);
        return status;
    }
    *live = made;
    return XSW_OK;
}

void top_live_close(struct top_live *live)
{
    if (live == NULL) {
        return;
    }
    disconnect(live, false);
    top_names_fini(&live->rings.names);
    dictionary_fini(&live->of.dictionary);
    free(live);
}

/* Asking ----------------------------------------------------------------------------------------
 */

static void connection_lose(struct top_live *live, const struct xsw_error *error)
{
    model_event(live->model, MODEL_ALARM, clock_wall_ns(), "connection", "%.140s", error->text);
    disconnect(live, true);
}

/* Null when there is no answer: then the connection is given up, and made anew later. */
static json_t *ask(struct top_live *live, const char *method, json_t *params)
{
    struct client_reply reply;
    struct xsw_error error;
    if (live->client == NULL) {
        json_decref(params);
        return NULL;
    }
    if (client_call(live->client, method, params, &reply, &error) != XSW_OK) {
        connection_lose(live, &error);
        return NULL;
    }
    json_t *result = json_incref(reply.result);
    client_reply_fini(&reply);
    return result;
}

static void stats_ask(struct top_live *live)
{
    json_t *stats = ask(live, "stats", NULL);
    if (stats == NULL) {
        return;
    }
    struct model_sample sample = {.wall_ns = clock_wall_ns()};
    top_stats_read(live->model, &sample, stats);
    sample.account = top_rings_account(&live->rings);
    json_decref(stats);
    if (sample.generation != live->generation) {
        struct xsw_error error;
        if (live->client != NULL && names_ask(live, &error) != XSW_OK) {
            model_event(live->model, MODEL_ALARM, sample.wall_ns, "connection", "%.140s",
                        error.text);
        }
        live->lists_ns = 0;
    }
    model_push(live->model, &sample);
    top_samples_compare(live->model);
}

/* What the switch has, or not: a daemon without it is no reason to leave. */
static void flights_ask(struct top_live *live)
{
    struct client_reply reply;
    struct xsw_error error;
    live->model->recorder[0] = '\0';
    if (live->client == NULL ||
        client_call(live->client, "flight.list", NULL, &reply, &error) != XSW_OK) {
        return;
    }
    const json_t *flights = json_object_get(reply.result, "flights");
    const json_t *first = json_array_get(flights, 0);
    if (first != NULL) {
        size_t triggers = json_array_size(json_object_get(first, "triggers"));
        snprintf(live->model->recorder, sizeof(live->model->recorder), "flight %s, %zu trigger%s",
                 json_is_true(json_object_get(first, "watched")) ? "armed" : "on", triggers,
                 triggers == 1 ? "" : "s");
    }
    client_reply_fini(&reply);
}

/* Those that no sample has are left as they are while the screens stand still. */
static void lists_of_now_ask(struct top_live *live, enum screen_id screen)
{
    json_t *sessions = ask(live, "capture.list", NULL);
    if (sessions != NULL) {
        top_sessions_read(live->model, &live->news, &live->rings,
                          json_object_get(sessions, "sessions"));
        json_decref(sessions);
    }
    if (screen == SCREEN_MACS) {
        json_t *macs = ask(live, "mac.list", json_pack("{s:i}", "limit", MODEL_MACS_MAX));
        if (macs != NULL) {
            top_macs_read(live->model, macs);
            json_decref(macs);
        }
    }
}

static void lists_ask(struct top_live *live, enum screen_id screen, bool is_frozen)
{
    json_t *ports = ask(live, "port.list", NULL);
    if (ports != NULL) {
        top_ports_read(live->model, &live->news, json_object_get(ports, "ports"));
        json_decref(ports);
    }
    json_t *extensions = ask(live, "extension.list", NULL);
    if (extensions != NULL) {
        top_extensions_read(live->model, &live->news, json_object_get(extensions, "extensions"));
        json_decref(extensions);
    }
    if (!is_frozen || (screen == SCREEN_MACS && live->model->mac_count == 0)) {
        lists_of_now_ask(live, screen);
    }
    flights_ask(live);
}

static void connect_again(struct top_live *live, uint64_t mono_ns)
{
    struct xsw_error error;
    if (mono_ns < live->again_ns) {
        return;
    }
    live->again_ns = mono_ns + AGAIN_MS * 1000000ULL;
    if (connect_to(live, &error) == XSW_OK) {
        model_event(live->model, MODEL_WARNING, clock_wall_ns(), "connection",
                    "connected again: counters may have begun anew");
        live->news = (struct top_news){.has_ports = false};
        live->stats_ns = live->lists_ns = 0;
    }
}

void top_live_turn(struct top_live *live, uint64_t mono_ns, enum screen_id screen, bool is_frozen)
{
    static const uint64_t ms = 1000000;
    if (screen != live->screen) {
        live->lists_ns = 0; /* what it shows is not to be old */
        live->screen = screen;
    }
    if (live->client == NULL) {
        connect_again(live, mono_ns);
    }
    if (live->client != NULL && mono_ns >= live->stats_ns) {
        live->stats_ns = mono_ns + STATS_MS * ms;
        stats_ask(live);
    }
    if (live->client != NULL && mono_ns >= live->lists_ns) {
        live->lists_ns = mono_ns + LISTS_MS * ms;
        lists_ask(live, screen, is_frozen);
    }
    kernel_turn(live);
    struct xsw_error error;
    if (live->client != NULL &&
        top_rings_turn(&live->rings, mono_ns, is_frozen ? NULL : live->evidence, &error) !=
            XSW_OK) {
        connection_lose(live, &error);
    }
}

bool top_live_filter(struct top_live *live, const char *where, struct xsw_error *error)
{
    snprintf(live->where, sizeof(live->where), "%s", where);
    if (live->client == NULL || top_rings_filter(&live->rings, error) == XSW_OK) {
        return true;
    }
    /* It may name a port that has gone: then all are captured, and the viewer alone chooses. */
    struct xsw_error again;
    live->where[0] = '\0';
    if (top_rings_filter(&live->rings, &again) != XSW_OK) {
        *error = again;
    }
    return false;
}
