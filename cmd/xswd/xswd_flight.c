/* SPDX-License-Identifier: Apache-2.0 */
/* Flight recorders as the control socket sees them. How they come into being and go is in
 * xswd_flight_life.c. */
#include "cmd/xswd/xswd_flight.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/flight/flight_ring.h"
#include "capture/flight/flight_watch.h"
#include "capture/flight/trigger.h"
#include "capture/privacy/privacy_policy.h"
#include "capture/session.h"
#include "cmd/flight/flight_folder.h"
#include "cmd/xswd/xswd_flight_life.h"
#include "cmd/xswd/xswd_hide.h"
#include "cmd/xswd/xswd_sessions.h"
#include "switch/config/config_node.h"
#include "switch/control/control_methods.h"
#include "switch/switch.h"
#include "switch/switches.h"

enum { TRIGGER_TEXT_SIZE = 4096, REARM_MAX_MS = 86400000 };

/* Finding ------------------------------------------------------------------------------------ */

static struct xswd_flight *flight_find(struct xswd_flights *flights, const char *name)
{
    for (size_t i = 0; i < XSWD_FLIGHTS_MAX; i++) {
        struct xswd_flight *flight = &flights->flights[i];
        if (flight->ring != NULL && flight->vswitch == flights->vswitch &&
            strcmp(flight->name, name) == 0) {
            return flight;
        }
    }
    return NULL;
}

static struct xswd_flight *flight_need(struct xswd_flights *flights, const char *name,
                                       struct xsw_error *error)
{
    struct xswd_flight *flight = flight_find(flights, name);
    if (flight == NULL) {
        error_set(error, XSW_NOT_FOUND,
                  "switch %s has no flight recorder%s%s: xsw flight run makes one",
                  vswitch_config(flights->vswitch)->name, name[0] != '\0' ? " " : "", name);
    }
    return flight;
}

static struct xswd_flight *place_find(struct xswd_flights *flights, struct xsw_error *error)
{
    struct xswd_flight *place = NULL;
    size_t used = 0;
    for (size_t i = 0; i < XSWD_FLIGHTS_MAX; i++) {
        if (flights->flights[i].ring == NULL) {
            place = &flights->flights[i];
        } else if (flights->flights[i].vswitch == flights->vswitch) {
            used++;
        }
    }
    if (place == NULL || used >= XSWD_FLIGHTS_OF_SWITCH_MAX) {
        error_set(error, XSW_LIMIT, "switch %s has %d flight recorders already: xsw flight show",
                  vswitch_config(flights->vswitch)->name, XSWD_FLIGHTS_OF_SWITCH_MAX);
        return NULL;
    }
    return place;
}

/* Telling ------------------------------------------------------------------------------------ */

static uint64_t value(const _Atomic uint64_t *slot)
{
    return atomic_load_explicit(slot, memory_order_relaxed);
}

static json_t *triggers_json(const struct xswd_flight *flight)
{
    const struct flight_header *header = flight_ring_header(flight->ring);
    json_t *list = json_array();
    for (uint32_t i = 0; i < header->trigger_count; i++) {
        uint64_t matches = value(&header->control[i].matches);
        uint64_t fires = value(&header->control[i].fires);
        uint64_t hits = fires + value(&header->control[i].early);
        for (uint32_t worker = 0; worker < header->worker_count; worker++) {
            const struct flight_trigger_slot *slot =
                &flight_ring_producer(flight->ring, worker)->shared->triggers[i];
            matches += value(&slot->matches);
            fires += value(&slot->fires);
            hits += value(&slot->fires) + value(&slot->early);
        }
        json_array_append_new(
            list, json_pack("{s:s,s:s,s:I,s:I,s:I}", "name", header->triggers[i].name, "text",
                            header->triggers[i].text, "matches", (json_int_t)matches, "hits",
                            (json_int_t)hits, "fires", (json_int_t)fires));
    }
    return list;
}

static json_t *flight_json(const struct xswd_flight *flight)
{
    uint32_t workers = vswitch_worker_count(flight->vswitch);
    uint64_t age_ns = clock_mono_ns() - capture_session_started_ns(flight->session);
    json_t *object = session_json(flight->session);
    json_object_set_new(object, "workers", json_integer(workers));
    json_object_set_new(object, "flight", json_string(flight->name));
    json_object_set_new(object, "path", json_string(flight_ring_path(flight->ring)));
    json_object_set_new(object, "memory_bytes",
                        json_integer((json_int_t)flight_ring_memory(flight->ring)));
    json_object_set_new(object, "for_group", json_boolean(flight->is_for_group));
    json_object_set_new(object, "privacy", privacy_options_json(&flight->privacy));
    json_object_set_new(object, "age_seconds", json_integer((json_int_t)(age_ns / NS_PER_SECOND)));
    json_object_set_new(object, "watched", json_boolean(flight->watcher != 0));
    json_object_set_new(object, "triggers", triggers_json(flight));
    json_object_set_new(object, "account", session_account_json(flight->session, workers));
    json_object_set_new(object, "by_worker", session_workers_json(flight->session, workers));
    return object;
}

/* Starting ----------------------------------------------------------------------------------- */

static bool is_same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool is_same(const struct capture_rules *a, const struct capture_rules *b)
{
    return is_same_text(a->filter, b->filter) && is_same_text(a->where, b->where) &&
           is_same_text(a->ports, b->ports) && is_same_text(a->stages, b->stages) &&
           a->direction == b->direction && a->snap_length == b->snap_length &&
           a->sample == b->sample && a->rate == b->rate && a->budget == b->budget;
}

/* One that is there goes on, unless something else is asked of it. */
static enum xsw_status flight_adopt(const struct xswd_flight *flight,
                                    const struct capture_rules *wanted, int64_t memory_bytes,
                                    const struct privacy_options *privacy, struct xsw_error *error)
{
    bool is_private =
        privacy_is_wanted(privacy) && (privacy->headers_only != flight->privacy.headers_only ||
                                       privacy->mask_payload != flight->privacy.mask_payload ||
                                       privacy->pseudonyms != flight->privacy.pseudonyms);
    bool has_memory =
        memory_bytes == 0 || (uint64_t)memory_bytes == flight_ring_memory(flight->ring);
    if (!is_same(wanted, capture_session_rules(flight->session)) || !has_memory || is_private) {
        return error_set(error, XSW_BUSY,
                         "the flight recorder of switch %s runs with other options: ask for the "
                         "same, end it with xsw flight stop, or name another one with "
                         "--recorder",
                         vswitch_config(flight->vswitch)->name);
    }
    return XSW_OK;
}

struct start_params {
    struct flight_wish wish;
    struct session_texts texts;
    char name[CONFIG_NAME_SIZE];
    bool has_key;
};

/* What is not asked for is as it is, of one that is there. */
static enum xsw_status start_read(struct xswd_flights *flights, const json_t *params,
                                  struct start_params *read, struct xsw_error *error)
{
    static const char *const members[] = {"name", "memory_bytes", "privacy", SESSION_RULES_MEMBERS,
                                          NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    struct flight_wish *wish = &read->wish;
    config_node_check_object(&node, members);
    config_node_text(&node, "name", read->name, sizeof(read->name));
    wish->name = read->name;
    config_node_number(&node, "memory_bytes", 0, (int64_t)FLIGHT_BLOCKS_MAX * FLIGHT_BLOCK_SIZE,
                       &wish->memory_bytes);
    struct config_node name = config_node_member(&node, "name");
    for (const char *at = read->name; *at != '\0'; at++) {
        if (!(*at >= 'a' && *at <= 'z') && !(*at >= 'A' && *at <= 'Z') &&
            !(*at >= '0' && *at <= '9') && *at != '_' && *at != '-') {
            config_node_fail(&name, "expected letters, digits, - and _");
            break;
        }
    }
    const struct xswd_flight *there =
        reader.status == XSW_OK ? flight_find(flights, read->name) : NULL;
    if (there != NULL) {
        wish->rules = *capture_session_rules(there->session);
    }
    session_rules_read(&node, &wish->rules, &read->texts);
    privacy_options_read(&node, &wish->privacy, &read->has_key);
    return reader.status;
}

static enum xsw_status method_start(void *context, const struct rpc_caller *caller,
                                    const json_t *params, struct rpc_reply *reply,
                                    struct xsw_error *error)
{
    struct xswd_flights *flights = context;
    struct start_params read = {0};
    (void)caller;
    enum xsw_status status = start_read(flights, params, &read, error);
    if (status != XSW_OK) {
        session_texts_fini(&read.texts);
        return status;
    }
    struct xswd_flight *flight = flight_find(flights, read.name);
    bool is_adopted = flight != NULL;
    if (is_adopted) {
        status = flight_adopt(flight, &read.wish.rules, read.wish.memory_bytes, &read.wish.privacy,
                              error);
    } else {
        flight = place_find(flights, error);
        status = flight != NULL
                     ? privacy_options_settle(&read.wish.privacy, read.has_key, false,
                                              &vswitch_config(flights->vswitch)->observers, true,
                                              flights->privacy_key, error)
                     : XSW_LIMIT;
        status = status == XSW_OK ? xswd_flight_open(flights, flight, &read.wish, error) : status;
    }
    explicit_bzero(&read.wish.privacy, sizeof(read.wish.privacy));
    session_texts_fini(&read.texts);
    if (status != XSW_OK) {
        return status;
    }
    json_t *result = flight_json(flight);
    json_object_set_new(result, "adopted", json_boolean(is_adopted));
    return control_reply(reply, result, error);
}

/* Watching ----------------------------------------------------------------------------------- */

static const char *const trigger_kinds[] = {"match", "balance", "port-down", "other", NULL};
enum { KIND_MATCH, KIND_BALANCE, KIND_PORT_DOWN, KIND_OTHER };

struct trigger_texts {
    char where[TRIGGER_TEXT_SIZE];
    char text[TRIGGER_TEXT_SIZE];
};

static void trigger_read(const struct config_node *node, struct flight_triggers *triggers,
                         struct trigger_texts *texts)
{
    static const char *const members[] = {"name",     "kind", "where", "rate",
                                          "rearm_ms", "port", "text",  NULL};
    struct trigger_options *options = &triggers->options[triggers->count];
    struct flight_watch_spec *spec = &triggers->specs[triggers->spec_count];
    unsigned kind = KIND_OTHER;
    int64_t rate = 0;
    int64_t rearm_ms = 0;
    config_node_check_object(node, members);
    config_node_require(node, "name");
    config_node_require(node, "kind");
    config_node_text(node, "name", options->name, sizeof(options->name));
    config_node_choice(node, "kind", trigger_kinds, &kind);
    config_node_text(node, "where", texts->where, sizeof(texts->where));
    config_node_text(node, "text", texts->text, sizeof(texts->text));
    config_node_text(node, "port", spec->port, sizeof(spec->port));
    config_node_number(node, "rate", 0, TRIGGER_RATE_MAX, &rate);
    config_node_number(node, "rearm_ms", 0, REARM_MAX_MS, &rearm_ms);
    if (kind == KIND_MATCH) {
        config_node_require(node, "where");
    }
    options->where = kind == KIND_MATCH ? texts->where : NULL;
    options->text = texts->text;
    options->rate_per_second = (uint32_t)rate;
    options->rearm_ns = (uint64_t)rearm_ms * 1000000;
    if (kind == KIND_BALANCE || kind == KIND_PORT_DOWN) {
        spec->kind = kind == KIND_BALANCE ? FLIGHT_WATCH_BALANCE : FLIGHT_WATCH_PORT_DOWN;
        spec->trigger = triggers->count;
        triggers->spec_count++;
    }
    triggers->count++;
}

static enum xsw_status watch_read(const json_t *params, char name[CONFIG_NAME_SIZE],
                                  struct flight_triggers *triggers, struct trigger_texts *texts,
                                  struct xsw_error *error)
{
    static const char *const members[] = {"name", "triggers", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    config_node_check_object(&node, members);
    config_node_require(&node, "triggers");
    config_node_text(&node, "name", name, CONFIG_NAME_SIZE);
    struct config_node list = config_node_member(&node, "triggers");
    size_t count = config_node_length(&list, FLIGHT_TRIGGERS_MAX);
    for (size_t i = 0; i < count && reader.status == XSW_OK; i++) {
        struct config_node element = config_node_element(&list, i);
        trigger_read(&element, triggers, &texts[i]);
    }
    return reader.status;
}

static enum xsw_status method_watch(void *context, const struct rpc_caller *caller,
                                    const json_t *params, struct rpc_reply *reply,
                                    struct xsw_error *error)
{
    struct xswd_flights *flights = context;
    struct flight_triggers triggers = {0};
    struct trigger_texts *texts = calloc(FLIGHT_TRIGGERS_MAX, sizeof(*texts));
    char name[CONFIG_NAME_SIZE] = "";
    if (texts == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for triggers");
    }
    enum xsw_status status = watch_read(params, name, &triggers, texts, error);
    struct xswd_flight *flight = status == XSW_OK ? flight_need(flights, name, error) : NULL;
    if (flight == NULL) {
        status = status == XSW_OK ? XSW_NOT_FOUND : status;
    } else if (flight->watcher != 0 && flight->watcher != caller->client) {
        status = error_set(error, XSW_BUSY, "another xsw flight run watches this flight recorder");
    } else {
        status = xswd_flight_watch(flight, caller->client, &triggers, error);
    }
    free(texts);
    return status == XSW_OK ? control_reply(reply, flight_json(flight), error) : status;
}

/* The others --------------------------------------------------------------------------------- */

static enum xsw_status method_list(void *context, const struct rpc_caller *caller,
                                   const json_t *params, struct rpc_reply *reply,
                                   struct xsw_error *error)
{
    static const char *const members[] = {NULL};
    struct xswd_flights *flights = context;
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    config_node_check_object(&node, members);
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < XSWD_FLIGHTS_MAX; i++) {
        const struct xswd_flight *flight = &flights->flights[i];
        if (flight->ring != NULL && flight->vswitch == flights->vswitch) {
            json_t *told = flight_json(flight);
            xswd_hide_session(told, flight->vswitch, caller, XSWD_NOBODY);
            json_array_append_new(list, told);
        }
    }
    return control_reply(reply, json_pack("{s:s,s:o}", "folder", flights->folder, "flights", list),
                         error);
}

static enum xsw_status method_stop(void *context, const struct rpc_caller *caller,
                                   const json_t *params, struct rpc_reply *reply,
                                   struct xsw_error *error)
{
    static const char *const members[] = {"name", NULL};
    struct config_reader reader;
    struct config_node node = config_node_root(&reader, "params", params, error);
    char name[CONFIG_NAME_SIZE] = "";
    (void)caller;
    config_node_check_object(&node, members);
    config_node_text(&node, "name", name, sizeof(name));
    if (reader.status != XSW_OK) {
        return reader.status;
    }
    struct xswd_flight *flight = flight_need(context, name, error);
    if (flight == NULL) {
        return XSW_NOT_FOUND;
    }
    enum xsw_status status = capture_session_stop(flight->session, error);
    json_t *result = NULL;
    if (status == XSW_OK) {
        result = flight_json(flight);
        xswd_flight_close(flight);
    }
    return status == XSW_OK ? control_reply(reply, result, error) : status;
}

static enum xsw_status flights_resolve(void *context, const char *name, void **resolved,
                                       struct xsw_error *error)
{
    struct xswd_flights *flights = context;
    *resolved = flights;
    return switches_find(flights->switches, name, &flights->vswitch, error);
}

static void client_gone(void *context, uint64_t client)
{
    struct xswd_flights *flights = context;
    for (size_t i = 0; i < XSWD_FLIGHTS_MAX; i++) {
        struct xswd_flight *flight = &flights->flights[i];
        if (flight->ring != NULL && flight->watcher == client) {
            (void)xswd_flight_unwatch(flight);
        }
    }
}

static enum xsw_status flights_may_remove(void *context, struct vswitch *vswitch,
                                          struct xsw_error *error)
{
    const struct xswd_flights *flights = context;
    for (size_t i = 0; i < XSWD_FLIGHTS_MAX; i++) {
        if (flights->flights[i].ring != NULL && flights->flights[i].vswitch == vswitch) {
            return error_set(error, XSW_BUSY,
                             "switch %s has a flight recorder: end it with xsw flight stop first",
                             vswitch_config(vswitch)->name);
        }
    }
    return flights->may_remove != NULL
               ? flights->may_remove(flights->may_remove_context, vswitch, error)
               : XSW_OK;
}

static const struct rpc_method flight_methods[] = {
    {"flight.start", true, method_start},
    {"flight.watch", true, method_watch},
    {"flight.list", false, method_list},
    {"flight.stop", true, method_stop},
};

void xswd_flights_init(struct xswd_flights *flights, struct switches *switches,
                       const uint8_t privacy_key[PSEUDONYM_KEY_SIZE])
{
    flights->table = (struct rpc_table){.methods = flight_methods,
                                        .count = sizeof(flight_methods) / sizeof(flight_methods[0]),
                                        .context = flights,
                                        .resolve = flights_resolve,
                                        .client_gone = client_gone};
    flights->switches = switches;
    flights->privacy_key = privacy_key;
    flights->may_remove = switches->may_remove;
    flights->may_remove_context = switches->may_remove_context;
    switches->may_remove = flights_may_remove;
    switches->may_remove_context = flights;
}
