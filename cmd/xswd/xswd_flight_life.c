/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/xswd/xswd_flight_life.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/flight/flight_reader.h"
#include "capture/flight/flight_ring.h"
#include "capture/privacy/privacy_policy.h"
#include "cmd/capture/capture_hide.h"
#include "cmd/flight/flight_folder.h"
#include "switch/control/control_methods.h"
#include "switch/control/control_socket.h"
#include "switch/switch.h"
#include "switch/switches.h"

/* The dictionary ------------------------------------------------------------------------------- */

/* It may be larger than the file's room for it; then what is not needed to read journeys goes
 * first. */
static enum xsw_status dictionary_write(struct xswd_flight *flight, struct xsw_error *error)
{
    static const char *const spare[] = {"configuration", "rules", "changes"};
    json_t *dictionary = control_dictionary_json(flight->vswitch);
    enum xsw_status status = XSW_LIMIT;
    size_t left_out = 0;
    if (flight->privacy.pseudonyms) {
        capture_hide_dictionary(dictionary);
    }
    for (;;) {
        char *text = json_dumps(dictionary, JSON_COMPACT);
        status = text != NULL ? flight_ring_set_dictionary(flight->ring, text, strlen(text), error)
                              : error_set(error, XSW_NO_MEMORY, "no memory for the dictionary");
        free(text);
        if (status != XSW_LIMIT || left_out == sizeof(spare) / sizeof(spare[0])) {
            break;
        }
        json_object_del(dictionary, spare[left_out++]);
    }
    json_decref(dictionary);
    flight->generation = vswitch_generation(flight->vswitch);
    return status;
}

void xswd_flights_refresh(struct xswd_flights *flights)
{
    for (size_t i = 0; i < XSWD_FLIGHTS_MAX; i++) {
        struct xswd_flight *flight = &flights->flights[i];
        if (flight->ring != NULL && flight->generation != vswitch_generation(flight->vswitch)) {
            (void)dictionary_write(flight, NULL); /* the one before stays, and is nearly as good */
        }
    }
}

void xswd_flights_tick(struct xswd_flights *flights)
{
    uint64_t now = clock_mono_ns();
    xswd_flights_refresh(flights);
    for (size_t i = 0; i < XSWD_FLIGHTS_MAX; i++) {
        struct xswd_flight *flight = &flights->flights[i];
        if (flight->watch != NULL) {
            flight_watch_tick(flight->watch, now);
        }
        if (flight->ring != NULL) {
            capture_session_settle(flight->session);
            capture_session_forget(flight->session);
            flight_events_tick(flight->vswitch, flight->session, flight->ring, &flight->told);
        }
    }
}

/* Coming into being ---------------------------------------------------------------------------- */

/* The file of a switch that was killed is kept, until the next one is. One that somebody uses is
 * not touched. */
static enum xsw_status older_keep(const struct xswd_flights *flights, const char *name,
                                  const char *path, struct xsw_error *error)
{
    char dead[PATH_MAX];
    struct flight_reader *reader = NULL;
    if (access(path, F_OK) != 0) {
        return XSW_OK;
    }
    enum xsw_status status = flight_reader_open(path, &reader, NULL);
    bool is_living = status == XSW_OK && flight_reader_info(reader)->is_living;
    if (status == XSW_OK) {
        flight_reader_close(reader);
    }
    if (is_living || status == XSW_AGAIN) {
        return error_set(error, XSW_BUSY, "%s: another xswd uses it", path);
    }
    status = flight_folder_file(flights->folder, vswitch_config(flights->vswitch)->name, name, true,
                                dead, error);
    if (status == XSW_OK && rename(path, dead) != 0) {
        status = error_errno(error, "%s: cannot be moved away", path);
    }
    return status;
}

static const char *host_name(char name[72])
{
    name[0] = '\0';
    if (gethostname(name, 71) != 0) {
        name[0] = '\0';
    }
    name[71] = '\0';
    return name;
}

/* With pseudonyms nothing may name real addresses; see cmd/capture/capture_hide.h. */
static const char *text_hide(const struct privacy_options *privacy, const char *text)
{
    return privacy->pseudonyms && text != NULL && text[0] != '\0' ? "(hidden)" : text;
}

static uint32_t privacy_bits(const struct privacy_options *privacy)
{
    return (privacy->headers_only ? (uint32_t)FLIGHT_HEADERS_ONLY : 0) |
           (privacy->mask_payload ? (uint32_t)FLIGHT_MASK_PAYLOAD : 0) |
           (privacy->pseudonyms ? (uint32_t)FLIGHT_PSEUDONYMS : 0);
}

static enum xsw_status ring_open(struct xswd_flights *flights, struct xswd_flight *flight,
                                 const struct flight_wish *wish, struct xsw_error *error)
{
    char path[PATH_MAX];
    char host[72];
    const char *switch_name = vswitch_config(flights->vswitch)->name;
    if (flights->folder_status != XSW_OK) {
        if (error != NULL) {
            *error = flights->folder_error;
        }
        return flights->folder_status;
    }
    enum xsw_status status =
        flight_folder_file(flights->folder, switch_name, wish->name, false, path, error);
    if (status == XSW_OK) {
        status = older_keep(flights, wish->name, path, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    uint64_t now = clock_mono_ns();
    struct flight_ring_options options = {.path = path,
                                          .worker_count = vswitch_worker_count(flights->vswitch),
                                          .memory_bytes = (uint64_t)wish->memory_bytes,
                                          .snap_length = wish->rules.snap_length != 0
                                                             ? wish->rules.snap_length
                                                             : (uint32_t)CAPTURE_SNAP_MAX,
                                          .wall_offset_ns = clock_wall_ns() - now,
                                          .started_mono_ns = now,
                                          .privacy = privacy_bits(&wish->privacy),
                                          .switch_name = switch_name,
                                          .switch_uuid = vswitch_uuid(flights->vswitch),
                                          .name = wish->name,
                                          .host = text_hide(&wish->privacy, host_name(host)),
                                          .filter = text_hide(&wish->privacy, wish->rules.filter),
                                          .where = text_hide(&wish->privacy, wish->rules.where)};
    return flight_ring_create(&options, &flight->ring, error);
}

/* Whether those who may only observe would get as much by a session of their own. */
static bool may_group_read(const struct xswd_flights *flights,
                           const struct privacy_options *privacy)
{
    struct privacy_options theirs = *privacy;
    enum xsw_status status = privacy_options_settle(&theirs, privacy->pseudonyms != 0, false,
                                                    &vswitch_config(flights->vswitch)->observers,
                                                    false, flights->privacy_key, NULL);
    bool is_same = status == XSW_OK && theirs.headers_only == privacy->headers_only &&
                   theirs.mask_payload == privacy->mask_payload &&
                   theirs.pseudonyms == privacy->pseudonyms;
    explicit_bzero(&theirs, sizeof(theirs));
    return is_same;
}

enum xsw_status xswd_flight_open(struct xswd_flights *flights, struct xswd_flight *flight,
                                 const struct flight_wish *wish, struct xsw_error *error)
{
    char name[CONFIG_NAME_SIZE];
    *flight = (struct xswd_flight){.vswitch = flights->vswitch};
    snprintf(flight->name, sizeof(flight->name), "%s", wish->name);
    snprintf(name, sizeof(name), "flight%s%.*s", wish->name[0] != '\0' ? "-" : "",
             (int)sizeof(name) - 8, wish->name);
    flight->privacy = wish->privacy;
    explicit_bzero(flight->privacy.key, sizeof(flight->privacy.key));
    flight->is_for_group = may_group_read(flights, &wish->privacy);
    enum xsw_status status = ring_open(flights, flight, wish, error);
    if (status == XSW_OK && !flight->is_for_group &&
        chmod(flight_ring_path(flight->ring), 0600) != 0) {
        status =
            error_errno(error, "%s: cannot be closed to group xsw", flight_ring_path(flight->ring));
    }
    if (status == XSW_OK) {
        status = dictionary_write(flight, error);
    }
    if (status == XSW_OK) {
        struct capture_options options = {
            .rules = wish->rules, .name = name, .flight = flight->ring, .privacy = &wish->privacy};
        status = capture_session_open(flights->vswitch, &options, &flight->session, error);
    }
    if (status != XSW_OK) {
        flight->session = NULL;
        xswd_flight_close(flight);
    }
    return status;
}

void xswd_flight_close(struct xswd_flight *flight)
{
    bool is_free = xswd_flight_unwatch(flight);
    if (flight->session != NULL) {
        is_free = capture_session_stop(flight->session, NULL) == XSW_OK && is_free;
        capture_session_close(flight->session);
    }
    /* Workers that could not be made to let go, for want of memory, still write to it. */
    if (is_free) {
        flight_ring_destroy(flight->ring);
    }
    *flight = (struct xswd_flight){0};
}

/* Triggers ------------------------------------------------------------------------------------- */

bool xswd_flight_unwatch(struct xswd_flight *flight)
{
    flight_watch_destroy(flight->watch);
    bool is_gone = trigger_set_destroy(flight->triggers);
    flight->watch = NULL;
    flight->triggers = NULL;
    flight->watcher = 0;
    return is_gone;
}

enum xsw_status xswd_flight_watch(struct xswd_flight *flight, uint64_t client,
                                  struct flight_triggers *triggers, struct xsw_error *error)
{
    (void)xswd_flight_unwatch(flight);
    for (uint32_t i = 0; i < triggers->count; i++) {
        triggers->options[i].text = text_hide(&flight->privacy, triggers->options[i].text);
    }
    enum xsw_status status = trigger_set_create(flight->vswitch, flight->ring, triggers->options,
                                                triggers->count, &flight->triggers, error);
    if (status != XSW_OK) {
        return status;
    }
    status = trigger_set_attach(flight->triggers, capture_session_bit(flight->session), error);
    if (status == XSW_OK) {
        status = flight_watch_create(flight->vswitch, flight->triggers, triggers->specs,
                                     triggers->spec_count, &flight->watch, error);
    }
    if (status != XSW_OK) {
        (void)xswd_flight_unwatch(flight);
        return status;
    }
    flight->watcher = client;
    return XSW_OK;
}

/* The daemon ----------------------------------------------------------------------------------- */

void xswd_flights_prepare(struct xswd_flights *flights, const char *socket_path)
{
    struct xsw_error *error = &flights->folder_error;
    *flights = (struct xswd_flights){0};
    flights->folder_status = flight_folder_path(socket_path, flights->folder, error);
    if (flights->folder_status == XSW_OK) {
        flights->folder_status = flight_folder_make(flights->folder, control_group(), error);
    }
}

void xswd_flights_fini(struct xswd_flights *flights)
{
    for (size_t i = 0; i < XSWD_FLIGHTS_MAX; i++) {
        if (flights->flights[i].ring != NULL) {
            xswd_flight_close(&flights->flights[i]);
        }
    }
    /* When it is empty: what a switch that was killed has left stays. */
    if (flights->folder[0] != '\0' && flights->folder_status == XSW_OK) {
        (void)rmdir(flights->folder);
    }
}
