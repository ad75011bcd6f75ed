/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a live migration, and the way back.
 */
#include "cmd/port/migration.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd/command.h"

enum {
    LEAVING_TRIES = 100,
    LEAVING_PAUSE_NS = 20 * 1000 * 1000,
    TARGET_LIMIT_MS = 5000 /* for each of its answers: the guest may be waiting, too */
};

/* One request, with its time; takes `params`. result: may be null. */
static enum xsw_status step(struct migration *migration, enum migration_side side,
                            const char *method, json_t *params, json_t **result)
{
    struct migration_step *made = &migration->steps[migration->step_count];
    struct client_reply reply;
    *made = (struct migration_step){.side = side, .method = method, .begun_ns = clock_mono_ns()};
    enum xsw_status status =
        client_call(migration->sides[side], method, params, &reply, &made->error);
    made->took_ns = clock_mono_ns() - made->begun_ns;
    made->failed = status != XSW_OK;
    if (status == XSW_OK) {
        if (result != NULL) {
            *result = json_incref(reply.result);
        }
        client_reply_fini(&reply);
    }
    if (migration->step_count < MIGRATION_STEPS_MAX - 1) {
        migration->step_count++;
    }
    if (migration->progress != NULL) {
        migration->progress(made);
    }
    return status;
}

/* The error of the last step, with who said it, for people. */
static enum xsw_status step_error(const struct migration *migration, enum xsw_status status,
                                  struct xsw_error *error)
{
    const struct migration_step *last = &migration->steps[migration->step_count - 1];
    return error_set(error, status, "%s: %s: %s",
                     last->side == MIGRATION_SOURCE ? "source" : "target", last->method,
                     last->error.text);
}

static json_t *name_params(const struct migration *migration)
{
    return json_pack("{s:s}", "name", migration->port);
}

static enum xsw_status named(struct migration *migration, enum migration_side side,
                             const char *method)
{
    return step(migration, side, method, name_params(migration), NULL);
}

/* How the port is at the source now: asked without a word to the person. */
struct port_look {
    enum xsw_status status;
    bool is_leaving;   /* it goes by itself, when an extension lets go of it */
    bool is_connected; /* its NIC */
};

static struct port_look source_look(struct migration *migration)
{
    struct port_look look = {.is_leaving = false};
    struct client_reply reply;
    look.status = client_call(migration->sides[MIGRATION_SOURCE], "port.show",
                              name_params(migration), &reply, NULL);
    if (look.status == XSW_OK) {
        const json_t *port = json_object_get(reply.result, "port");
        look.is_leaving = json_is_true(json_object_get(port, "leaving"));
        look.is_connected = strcmp(reply_text(port, "life"), "connected") == 0;
        client_reply_fini(&reply);
    }
    return look;
}

/* The port that sends its copies to the one that is to be moved, and would lose its mirror. */
static enum xsw_status mirror_check(struct migration *migration, const json_t *ports)
{
    size_t place;
    json_t *port;
    json_array_foreach(ports, place, port)
    {
        if (strcmp(reply_text(port, "mirror_to"), migration->port) == 0) {
            return error_set(&migration->reason, XSW_BUSY,
                             "port %s is the mirror of port %s, and cannot leave its switch: end "
                             "that first with `xsw port set %s mirror \"\"`",
                             migration->port, reply_text(port, "name"), reply_text(port, "name"));
        }
    }
    return XSW_OK;
}

/* What is to be moved must be something that can be. */
static enum xsw_status movable_check(struct migration *migration)
{
    const char *kind = reply_text(migration->configuration, "kind");
    if (migration->configuration == NULL) {
        return error_set(&migration->reason, XSW_NOT_FOUND, "source: there is no port \"%s\"",
                         migration->port);
    }
    if (strcmp(kind, "file") == 0 || strcmp(kind, "none") == 0) {
        return error_set(&migration->reason, XSW_UNSUPPORTED,
                         "port %s: of kind %s: expected one with a NIC that a guest is behind",
                         migration->port, kind);
    }
    const struct port_look look = source_look(migration);
    if (!look.is_connected || look.is_leaving) {
        return error_set(&migration->reason, XSW_UNSUPPORTED,
                         "port %s: expected one whose NIC is connected: see `xsw nic list`",
                         migration->port);
    }
    return XSW_OK;
}

/* Before anything is asked of the target. */
static enum xsw_status configuration_fetch(struct migration *migration)
{
    json_t *result = NULL;
    size_t place;
    json_t *port;
    enum xsw_status status =
        step(migration, MIGRATION_SOURCE, "config.show", json_object(), &result);
    if (status != XSW_OK) {
        return step_error(migration, status, &migration->reason);
    }
    const json_t *ports = json_object_get(json_object_get(result, "configuration"), "ports");
    json_array_foreach(ports, place, port)
    {
        if (strcmp(reply_text(port, "name"), migration->port) == 0) {
            migration->configuration = json_deep_copy(port);
        }
    }
    status = mirror_check(migration, ports);
    json_decref(result);
    return status == XSW_OK ? movable_check(migration) : status;
}

/* The port as the target gets it. with_nic: else all but the NIC. */
static json_t *target_port(const struct migration *migration, bool with_nic)
{
    json_t *port = json_deep_copy(migration->configuration);
    if (!with_nic) {
        json_object_set_new(port, "kind", json_string("none"));
        json_object_del(port, "device");
    } else if (migration->device != NULL) {
        json_object_set_new(port, "device", json_string(migration->device));
    }
    return port;
}

/* At the source it is the one that it had there. */
static json_t *nic_params(const struct migration *migration, enum migration_side side)
{
    json_t *whole = side == MIGRATION_TARGET ? target_port(migration, true)
                                             : json_incref(migration->configuration);
    json_t *nic = name_params(migration);
    json_object_set(nic, "kind", json_object_get(whole, "kind"));
    if (json_object_get(whole, "device") != NULL) {
        json_object_set(nic, "device", json_object_get(whole, "device"));
    }
    json_decref(whole);
    return nic;
}

/* Steps 1 and 2. */
static enum xsw_status target_prepare(struct migration *migration)
{
    json_t *asked =
        json_pack("{s:o,s:b}", "port", target_port(migration, true), "device", (int)true);
    enum xsw_status status = step(migration, MIGRATION_TARGET, "port.validate", asked, NULL);
    if (status != XSW_OK) {
        return step_error(migration, status, &migration->reason);
    }
    status = step(migration, MIGRATION_TARGET, "port.add",
                  json_pack("{s:o}", "port", target_port(migration, false)), NULL);
    if (status == XSW_OK) {
        return XSW_OK;
    }
    (void)step_error(migration, status, &migration->reason);
    if (client_is_late(migration->sides[MIGRATION_TARGET])) {
        (void)!named(migration, MIGRATION_TARGET, "port.remove"); /* it may make it yet */
    }
    return status;
}

/* What follows does not change the source, or can be undone. */
static enum xsw_status source_save(struct migration *migration)
{
    json_t *result = NULL;
    enum xsw_status status =
        step(migration, MIGRATION_SOURCE, "port.save", name_params(migration), &result);
    if (status == XSW_OK) {
        migration->state = json_incref(json_object_get(result, "state"));
        json_decref(result);
        result = NULL;
        if (!json_equal(json_object_get(migration->state, "port"), migration->configuration)) {
            return error_set(&migration->reason, XSW_AGAIN,
                             "source: port %s was changed meanwhile: try again", migration->port);
        }
        status = step(migration, MIGRATION_SOURCE, "nic.keep",
                      json_pack("{s:s,s:b}", "name", migration->port, "keep", 1), &result);
        migration->kept_before = json_is_true(json_object_get(result, "kept_before"));
        json_decref(result);
    }
    return status == XSW_OK ? XSW_OK : step_error(migration, status, &migration->reason);
}

/* The device is again what it was before: it goes with its port, unless it was made by others. */
static void device_give_back(struct migration *migration, enum migration_side side)
{
    if (!migration->kept_before) {
        (void)!step(migration, side, "nic.keep",
                    json_pack("{s:s,s:b}", "name", migration->port, "keep", 0), NULL);
    }
}

/* An extension that holds the NIC or the port has been told to let go: it gets a moment. */
static enum xsw_status source_wait_gone(struct migration *migration)
{
    bool is_leaving = true;
    for (int tries = 0; tries < LEAVING_TRIES && is_leaving; tries++) {
        const struct port_look look = source_look(migration);
        if (look.status != XSW_OK) {
            return look.status == XSW_NOT_FOUND ? XSW_OK : look.status;
        }
        is_leaving = look.is_leaving;
        nanosleep(&(struct timespec){.tv_nsec = LEAVING_PAUSE_NS}, NULL);
    }
    return XSW_BUSY;
}

/* Step 4. port.remove takes the NIC along when an extension kept it from going alone. */
static enum xsw_status source_leave(struct migration *migration)
{
    enum xsw_status status = named(migration, MIGRATION_SOURCE, "nic.disconnect");
    if (status == XSW_OK) {
        status = named(migration, MIGRATION_SOURCE, "nic.remove");
    }
    if (status == XSW_OK || status == XSW_BUSY) {
        status = named(migration, MIGRATION_SOURCE, "port.remove");
    }
    if (status == XSW_BUSY) {
        status = source_wait_gone(migration);
    }
    return status == XSW_OK ? XSW_OK : step_error(migration, status, &migration->reason);
}

static json_t *state_params(const struct migration *migration)
{
    return json_pack("{s:s,s:O}", "name", migration->port, "state", migration->state);
}

/* Step 5, or its like at the source, for a port that is there without its NIC. */
static enum xsw_status take_over(struct migration *migration, enum migration_side side)
{
    enum xsw_status status = step(migration, side, "nic.add", nic_params(migration, side), NULL);
    if (status == XSW_OK) {
        status = named(migration, side, "nic.connect");
    }
    if (status == XSW_OK) {
        status = step(migration, side, "nic.restore", state_params(migration), NULL);
    }
    return status;
}

/* A switch that is not told learns the addresses by and by: no failure of the migration. */
static void announce(struct migration *migration, enum migration_side side)
{
    json_t *result = NULL;
    if (step(migration, side, "port.announce", name_params(migration), &result) == XSW_OK) {
        migration->announced = json_integer_value(json_object_get(result, "addresses"));
        json_decref(result);
    }
}

static void cut_end(struct migration *migration, uint64_t begun_ns)
{
    migration->cut_ns = clock_mono_ns() - begun_ns;
}

/* Who ends this program now ends the network of the guest: they wait until it is done. */
static void signals_hold(void)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigprocmask(SIG_BLOCK, &held, NULL);
}

/* Before step 4: the target forgets, the source goes on. */
static enum migration_result give_up(struct migration *migration, bool is_prepared, bool is_kept)
{
    if (is_prepared) {
        (void)!named(migration, MIGRATION_TARGET, "port.remove");
    }
    if (is_kept) {
        device_give_back(migration, MIGRATION_SOURCE);
    }
    return MIGRATION_REFUSED;
}

/* The port at the source as it was: made of what was saved, unless it does not go away. */
static enum xsw_status source_come_back(struct migration *migration)
{
    struct port_look look = source_look(migration);
    if (look.status == XSW_OK) {
        (void)!named(migration, MIGRATION_SOURCE, "port.remove");
        look = source_look(migration);
    }
    if (look.status == XSW_OK && !look.is_leaving) {
        return take_over(migration, MIGRATION_SOURCE);
    }
    return step(migration, MIGRATION_SOURCE, "port.restore",
                json_pack("{s:O}", "state", migration->state), NULL);
}

/* From step 4 on. */
static enum migration_result roll_back(struct migration *migration, uint64_t begun_ns)
{
    (void)!named(migration, MIGRATION_TARGET, "port.remove");
    enum xsw_status status = source_come_back(migration);
    cut_end(migration, begun_ns);
    if (status != XSW_OK) {
        (void)step_error(migration, status, &migration->second);
        return MIGRATION_LOST;
    }
    device_give_back(migration, MIGRATION_SOURCE);
    announce(migration, MIGRATION_SOURCE);
    return MIGRATION_ROLLED_BACK;
}

enum migration_result migration_run(struct migration *migration)
{
    client_limit(migration->sides[MIGRATION_TARGET], TARGET_LIMIT_MS);
    if (configuration_fetch(migration) != XSW_OK) {
        return MIGRATION_REFUSED;
    }
    if (target_prepare(migration) != XSW_OK) {
        return give_up(migration, false, false);
    }
    if (source_save(migration) != XSW_OK) {
        return give_up(migration, true, false);
    }
    signals_hold();
    uint64_t begun_ns = clock_mono_ns();
    enum xsw_status status = source_leave(migration);
    if (status == XSW_OK) {
        status = take_over(migration, MIGRATION_TARGET);
        if (status != XSW_OK) {
            (void)step_error(migration, status, &migration->reason);
        }
    }
    if (status != XSW_OK) {
        return roll_back(migration, begun_ns);
    }
    cut_end(migration, begun_ns);
    device_give_back(migration, MIGRATION_TARGET);
    announce(migration, MIGRATION_TARGET);
    return MIGRATION_MOVED;
}

void migration_fini(struct migration *migration)
{
    json_decref(migration->state);
    json_decref(migration->configuration);
    migration->state = NULL;
    migration->configuration = NULL;
}
