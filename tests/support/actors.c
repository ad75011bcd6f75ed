/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/actors.h"
#include "switch/life/lifecycle.h"

struct walk walk;

/* The figure of xsw-pipeline(7), written a second time: where an operation leads from each state.
 */
static const char letters[] = "npNCDdt";
static const char *const figure[] = {
    [0] = ".......",
    [XSW_OP_PORT_CREATE] = "p......",
    [XSW_OP_PORT_UPDATED] = ".pNCDd.",
    [XSW_OP_PORT_TEARDOWN] = ".t...t.",
    [XSW_OP_PORT_DELETE] = "......n",
    [XSW_OP_NIC_CREATE] = ".N...N.",
    [XSW_OP_NIC_CONNECT] = "..C....",
    [XSW_OP_NIC_UPDATED] = "...C...",
    [XSW_OP_NIC_DISCONNECT] = "...D...",
    [XSW_OP_NIC_DELETE] = "..d.d..",
    [XSW_OP_PORT_PROPERTY_ADD] = ".pNCDd.",
    [XSW_OP_PORT_PROPERTY_UPDATE] = ".pNCDd.",
    [XSW_OP_PORT_PROPERTY_DELETE] = ".pNCDdt",
};

/* Chance ------------------------------------------------------------------------------------- */

uint32_t chance(uint32_t below)
{
    walk.random ^= walk.random << 13;
    walk.random ^= walk.random >> 7;
    walk.random ^= walk.random << 17;
    return (uint32_t)(walk.random >> 33) % below;
}

/* What extensions do and check --------------------------------------------------------------- */

static int rank_of(const struct actor *actor)
{
    int place = 0;
    while (walk.vswitch->extensions[place]->host.context == NULL ||
           strcmp(walk.vswitch->extensions[place]->name, actor->name) != 0) {
        place++;
    }
    return actor->kind * 100 + place;
}

static struct pending key_of(const struct xsw_change *change)
{
    struct pending key = {.operation = change->operation, .port = change->port};
    if (change->property != NULL) {
        key.id = change->property->id;
        snprintf(key.feature, sizeof(key.feature), "%s", change->property->feature);
    }
    return key;
}

static bool is_same(const struct pending *a, const struct pending *b)
{
    return a->operation == b->operation && a->port == b->port && a->id == b->id &&
           strcmp(a->feature, b->feature) == 0;
}

/* Within one operation extensions are called from top to bottom, or for a roll-back upwards. */
static void order_check(const struct actor *actor, const struct xsw_change *change, char sign)
{
    struct pending key = key_of(change);
    int rank = rank_of(actor);
    sign = sign == '!' ? '+' : sign;
    if (is_same(&key, &walk.last) && sign == walk.last_sign) {
        int moved = rank - walk.last_rank;
        EXPECT(sign == '?'   ? moved >= 0
               : sign == '-' ? moved < 0
                             : moved > 0,
               "%s is called out of order (%c %s): %d after %d", actor->name, sign,
               lifecycle_operation_name((enum xsw_operation)change->operation), rank,
               walk.last_rank);
    }
    walk.last = key;
    walk.last_sign = sign;
    walk.last_rank = rank;
}

void reference_try(struct actor *actor, uint16_t port, int kind)
{
    const struct xsw_host *host = actor->puppet.host;
    const struct lifecycle_rights *rights = lifecycle_rights(walk.vswitch->ports[port].life);
    bool is_allowed = kind == REFERENCE_PORT ? rights->port_reference : rights->nic_reference;
    enum xsw_status status = kind == REFERENCE_PORT ? host->control->port_reference(host, port)
                                                    : host->control->nic_reference(host, port);
    EXPECT((status == XSW_OK) == is_allowed, "%s: reference %d in state %s: status %d", actor->name,
           kind, lifecycle_state_name(walk.vswitch->ports[port].life), status);
    actor->references[kind][port] += status == XSW_OK;
}

void references_give_back(struct actor *actor, uint16_t port, int kind)
{
    const struct xsw_host *host = actor->puppet.host;
    for (; actor->references[kind][port] > 0; actor->references[kind][port]--) {
        if (kind == REFERENCE_PORT) {
            host->control->port_dereference(host, port);
        } else {
            host->control->nic_dereference(host, port);
        }
    }
}

/* What an extension may do while it is told. */
static void act(struct actor *actor, const struct xsw_change *change)
{
    bool lets_go = walk.is_quiet || chance(8) != 0;
    if (change->operation == XSW_OP_NIC_DISCONNECT && lets_go) {
        references_give_back(actor, change->port, REFERENCE_NIC);
    } else if (change->operation == XSW_OP_PORT_TEARDOWN && lets_go) {
        references_give_back(actor, change->port, REFERENCE_PORT);
    } else if (!walk.is_quiet && change->operation == XSW_OP_NIC_CONNECT && chance(6) == 0) {
        reference_try(actor, change->port, REFERENCE_NIC);
    } else if (!walk.is_quiet && chance(30) == 0) {
        reference_try(actor, change->port, (int)chance(2));
    }
}

/* The operation is in force, for this extension. */
static void view_move(struct actor *actor, const struct xsw_change *change)
{
    actor->done_in_step++;
    if (change->operation == XSW_OP_SWITCH_ACTIVATE) {
        return;
    }
    EXPECT(change->operation <= XSW_OP_PORT_PROPERTY_DELETE, "operation %u", change->operation);
    char to = figure[change->operation][actor->view[change->port]];
    EXPECT(to != '.', "%s: %s of port %u in state %d", actor->name,
           lifecycle_operation_name((enum xsw_operation)change->operation), change->port,
           actor->view[change->port]);
    actor->view[change->port] = (uint8_t)(strchr(letters, to) - letters);
    EXPECT(change->info != NULL && change->info->state == actor->view[change->port] &&
               change->info->id == change->port,
           "%s: the change does not show the state that it leads to", actor->name);
    act(actor, change);
}

static enum xsw_status on_ask(struct puppet *puppet, const struct xsw_change *change,
                              struct xsw_error *refusal)
{
    static const enum xsw_status refusals[] = {XSW_AGAIN, XSW_NO_MEMORY, XSW_DENIED, XSW_INVALID,
                                               XSW_END};
    struct actor *actor = puppet->context;
    order_check(actor, change, '?');
    EXPECT(lifecycle_is_vetoable((enum xsw_operation)change->operation), "%s is asked for %u",
           actor->name, change->operation);
    if (!walk.is_quiet && chance(12) == 0) {
        snprintf(refusal->text, sizeof(refusal->text), "by chance");
        return refusals[chance(sizeof(refusals) / sizeof(refusals[0]))];
    }
    EXPECT(actor->pending_count < PENDING_MAX, "too much is asked at once");
    actor->pending[actor->pending_count++] = key_of(change);
    return XSW_OK;
}

static void on_done(struct puppet *puppet, const struct xsw_change *change, enum xsw_status outcome)
{
    struct actor *actor = puppet->context;
    struct pending key = key_of(change);
    uint32_t place = actor->pending_count;
    order_check(actor, change, outcome == XSW_OK ? '+' : '-');
    while (place > 0 && !is_same(&actor->pending[place - 1], &key)) {
        place--;
    }
    EXPECT(place > 0, "%s learns the end of what it was not asked", actor->name);
    EXPECT(outcome == XSW_OK || place == actor->pending_count,
           "%s: roll-back is not in reverse order", actor->name);
    actor->pending_count--;
    memmove(&actor->pending[place - 1], &actor->pending[place],
            (actor->pending_count - place + 1) * sizeof(actor->pending[0]));
    if (outcome == XSW_OK) {
        view_move(actor, change);
    }
}

static void on_told(struct puppet *puppet, const struct xsw_change *change)
{
    struct actor *actor = puppet->context;
    order_check(actor, change, '!');
    EXPECT(actor->kind == XSW_EXTENSION_CAPTURE ||
               !lifecycle_is_vetoable((enum xsw_operation)change->operation),
           "%s is told of %u without being asked", actor->name, change->operation);
    view_move(actor, change);
}

void actors_event(void *context, const char *line)
{
    (void)context;
    walk.was_refused = walk.was_refused || strstr(line, "outcome=refused") != NULL;
}

/* Extensions come and go --------------------------------------------------------------------- */

static void view_take(void *context, const struct xsw_port_info *info)
{
    ((struct actor *)context)->view[info->id] = (uint8_t)info->state;
}

void actor_add(struct actor *actor)
{
    static const char *const paths[] = {
        [XSW_EXTENSION_CAPTURE] = EXTENSION_DIR "/test/puppetcapture.so",
        [XSW_EXTENSION_FILTER] = EXTENSION_DIR "/test/puppetfilter.so",
        [XSW_EXTENSION_FORWARD] = EXTENSION_DIR "/test/puppetforward.so"};
    struct xsw_error error = {.text = ""};
    char address[32];
    memset(actor->view, 0, sizeof(actor->view));
    memset(actor->references, 0, sizeof(actor->references));
    actor->pending_count = actor->done_in_step = 0;
    snprintf(address, sizeof(address), "%llu", (unsigned long long)(uintptr_t)&actor->puppet);
    EXPECT(rig_extension(&walk.rig, paths[actor->kind], actor->name, "strings", address, &error) ==
               XSW_OK,
           "%s", error.text);
    actor->is_there = true;
    if (vswitch_is_active(walk.vswitch)) {
        const struct xsw_host *host = actor->puppet.host;
        EXPECT(host->control->ports(host, view_take, actor) == XSW_OK, "no enumeration");
    } else {
        for (uint32_t id = 1; id < XSW_PORTS_MAX; id++) {
            actor->view[id] = (uint8_t)walk.vswitch->ports[id].life;
        }
    }
}

void actor_remove(struct actor *actor)
{
    actor->is_there = false;
    EXPECT(vswitch_extension_remove(walk.vswitch, actor->name, NULL) == XSW_OK, "%s stays",
           actor->name);
    EXPECT(actor->puppet.host == NULL, "%s still runs", actor->name);
}

void actors_init(void)
{
    static const int kinds[ACTORS] = {
        XSW_EXTENSION_CAPTURE, XSW_EXTENSION_CAPTURE, XSW_EXTENSION_FILTER, XSW_EXTENSION_FILTER,
        XSW_EXTENSION_FILTER,  XSW_EXTENSION_FILTER,  XSW_EXTENSION_FORWARD};
    for (size_t i = 0; i < ACTORS; i++) {
        struct actor *actor = &walk.actors[i];
        snprintf(actor->name, sizeof(actor->name), "actor%zu", i);
        actor->kind = kinds[i];
        actor->puppet = (struct puppet){
            .name = actor->name, .ask = on_ask, .done = on_done, .told = on_told, .context = actor};
    }
}
