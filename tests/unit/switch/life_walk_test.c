/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A random walk over the control path: ports, NICs, policies, rules, trials, references and
 * extensions come and go, some extensions refuse, some hold on to things. After each step the
 * switch is compared with a model of it, and with what each extension was told.
 *
 * XSW_WALK_SEED and XSW_WALK_STEPS repeat a walk; both are printed.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/actors.h"
#include "switch/life/lifecycle.h"

enum { NAMES = 6, STEPS = 12000, STEPS_THREADED = 1500 };

/* Steps -------------------------------------------------------------------------------------- */

static const char *name_of(uint32_t number)
{
    static const char *const names[NAMES] = {"p0", "p1", "p2", "p3", "p4", "p5"};
    return names[number];
}

static const struct port_slot *slot_of(const char *name)
{
    uint16_t id = vswitch_port_id(walk.vswitch, name);
    return id != XSW_PORT_NONE ? &walk.vswitch->ports[id] : NULL;
}

static uint32_t held(const char *name, enum reference_kind kind)
{
    uint16_t id = vswitch_port_id(walk.vswitch, name);
    return id != XSW_PORT_NONE ? references_count(walk.vswitch, id, kind) : 0;
}

static struct port_config config_any(const char *name)
{
    struct port_config config;
    port_config_init(&config);
    snprintf(config.name, sizeof(config.name), "%s", name);
    config.vlan.access = (uint16_t)(1 + chance(3));
    config.dhcp_guard = chance(3) == 0;
    config.storm.broadcast = chance(3) == 0 ? 1 + chance(9) : 0;
    config.mtu = chance(3) == 0 ? 9000 : 1500;
    snprintf(config.friendly_name, sizeof(config.friendly_name), "number %u", chance(3));
    config.kind = chance(4) != 0   ? PORT_KIND_MEMORY
                  : chance(2) != 0 ? PORT_KIND_FILE
                                   : PORT_KIND_NONE;
    if (config.kind == PORT_KIND_FILE) { /* the switch itself will fail */
        snprintf(config.input_path, sizeof(config.input_path), "/nowhere/at.all");
    }
    return config;
}

/* The port was taken back, or waits for who holds it. */
static void gone_check(const char *name)
{
    const struct port_slot *slot = slot_of(name);
    EXPECT(slot == NULL || slot->leaving == PORT_LEAVES, "port %s is still there", name);
}

static void step_port_add(const char *name, bool is_trial)
{
    struct acl_rule rules[2] = {{.action = ACL_DENY}, {.action = ACL_ALLOW, .weight = 1}};
    struct port_request request = {
        .config = config_any(name), .rules = rules, .rule_count = chance(3)};
    const struct port_slot *before = slot_of(name);
    struct xsw_error error = {.text = ""};
    enum xsw_status status = is_trial ? vswitch_port_validate(walk.vswitch, &request, &error)
                                      : vswitch_port_make(walk.vswitch, &request, NULL, &error);
    if (before != NULL) {
        EXPECT(status == XSW_EXISTS, "status %d: %s", status, error.text);
        return;
    }
    bool is_broken = !is_trial && request.config.kind == PORT_KIND_FILE;
    enum xsw_status expected = walk.was_refused ? XSW_DENIED : is_broken ? XSW_IO : XSW_OK;
    EXPECT(status == expected, "status %d: %s", status, error.text);
    if (status != XSW_OK || is_trial) {
        gone_check(name);
        return;
    }
    const struct port_slot *slot = slot_of(name);
    EXPECT(slot->life == (request.config.kind == PORT_KIND_NONE ? XSW_STATE_PORT_CREATED
                                                                : XSW_STATE_CONNECTED) &&
               slot->acl_count == request.rule_count,
           "port %s is not as it was asked for", name);
}

static void step_port_remove(const char *name)
{
    bool was_there = slot_of(name) != NULL;
    enum xsw_status status = vswitch_port_remove(walk.vswitch, name, NULL);
    EXPECT(was_there ? status == XSW_OK || status == XSW_BUSY : status == XSW_NOT_FOUND,
           "status %d", status);
    walk.busies += status == XSW_BUSY;
    EXPECT(status != XSW_OK || slot_of(name) == NULL, "port %s is still there", name);
    gone_check(name);
}

static void step_nic_add(const char *name)
{
    const struct port_slot *slot = slot_of(name);
    enum xsw_port_state state = slot != NULL ? slot->life : XSW_STATE_NOT_CREATED;
    struct port_config config = config_any(name);
    config.kind = config.kind == PORT_KIND_NONE ? PORT_KIND_MEMORY : config.kind;
    enum xsw_status expected = slot == NULL                  ? XSW_NOT_FOUND
                               : slot->leaving != PORT_STAYS ? XSW_BUSY
                               : state != XSW_STATE_PORT_CREATED && state != XSW_STATE_NIC_DELETED
                                   ? XSW_EXISTS
                                   : XSW_OK;
    enum xsw_status status = vswitch_nic_add(walk.vswitch, &config, NULL);
    if (expected == XSW_OK) {
        expected = walk.was_refused ? XSW_DENIED : config.kind == PORT_KIND_FILE ? XSW_IO : XSW_OK;
        EXPECT(slot->life == (status == XSW_OK ? XSW_STATE_NIC_CREATED : state), "state %d",
               slot->life);
    }
    EXPECT(status == expected, "status %d, expected %d", status, expected);
}

static void step_nic_switch(const char *name, bool is_connect)
{
    const struct port_slot *slot = slot_of(name);
    enum xsw_port_state from = is_connect ? XSW_STATE_NIC_CREATED : XSW_STATE_CONNECTED;
    enum xsw_status expected = slot == NULL                  ? XSW_NOT_FOUND
                               : slot->leaving != PORT_STAYS ? XSW_BUSY
                               : slot->life != from          ? XSW_UNSUPPORTED
                                                             : XSW_OK;
    enum xsw_status status = is_connect ? vswitch_nic_connect(walk.vswitch, name, NULL)
                                        : vswitch_nic_disconnect(walk.vswitch, name, NULL);
    EXPECT(status == expected, "status %d, expected %d", status, expected);
    EXPECT(status != XSW_OK ||
               slot->life == (is_connect ? XSW_STATE_CONNECTED : XSW_STATE_DISCONNECTED),
           "state %d", slot->life);
}

static void step_nic_remove(const char *name)
{
    const struct port_slot *slot = slot_of(name);
    bool has_nic = slot != NULL && lifecycle_rights(slot->life)->nic_operations;
    enum xsw_status status = vswitch_nic_remove(walk.vswitch, name, NULL);
    EXPECT(slot == NULL ? status == XSW_NOT_FOUND
           : !has_nic   ? status == XSW_UNSUPPORTED
                        : status == XSW_OK || status == XSW_BUSY,
           "status %d", status);
    walk.busies += status == XSW_BUSY;
    slot = slot_of(name);
    EXPECT(status != XSW_OK || slot == NULL || slot->port == NULL, "the NIC is still there");
}

static void step_port_set(const char *name)
{
    const struct port_slot *slot = slot_of(name);
    struct port_config before = slot != NULL ? slot->config : (struct port_config){.mtu = 0};
    struct port_config wanted = config_any(name);
    wanted.kind = before.kind;
    memcpy(wanted.device, before.device, sizeof(wanted.device));
    memcpy(wanted.input_path, before.input_path, sizeof(wanted.input_path));
    enum xsw_status status = vswitch_port_set(walk.vswitch, &wanted, NULL);
    enum xsw_status expected = slot == NULL                  ? XSW_NOT_FOUND
                               : slot->leaving != PORT_STAYS ? XSW_BUSY
                               : walk.was_refused            ? XSW_DENIED
                                                             : XSW_OK;
    EXPECT(status == expected, "status %d, expected %d", status, expected);
    const struct port_config *now = status == XSW_OK ? &wanted : &before;
    EXPECT(slot == NULL || (slot->config.vlan.access == now->vlan.access &&
                            slot->config.dhcp_guard == now->dhcp_guard &&
                            slot->config.storm.broadcast == now->storm.broadcast &&
                            slot->config.mtu == now->mtu),
           "the policies of port %s are not all the old or all the new ones", name);
}

static void step_rule(const char *name)
{
    const struct port_slot *slot = slot_of(name);
    uint32_t count = slot != NULL ? slot->acl_count : 0;
    if (slot != NULL && count > 0 && chance(2) == 0) {
        EXPECT(vswitch_acl_remove(walk.vswitch, name, slot->acl[chance(count)].rule.id, NULL) ==
                       XSW_OK &&
                   slot->acl_count == count - 1,
               "the rule stays");
        return;
    }
    struct acl_rule rule = {.action = ACL_DENY};
    enum xsw_status status = vswitch_acl_add(walk.vswitch, name, &rule, NULL);
    enum xsw_status expected = slot == NULL                           ? XSW_NOT_FOUND
                               : slot->life == XSW_STATE_TEARING_DOWN ? XSW_UNSUPPORTED
                               : walk.was_refused                     ? XSW_DENIED
                                                                      : XSW_OK;
    EXPECT(status == expected, "status %d, expected %d", status, expected);
    EXPECT(slot == NULL || slot->acl_count == count + (status == XSW_OK), "rules: %u",
           slot->acl_count);
}

static void step_actor(struct actor *actor)
{
    if (!actor->is_there) {
        actor_add(actor);
    } else if (chance(3) == 0) {
        actor_remove(actor);
    }
}

static void step_reference(struct actor *actor)
{
    uint16_t port = vswitch_port_id(walk.vswitch, name_of(chance(NAMES)));
    int kind = (int)chance(2);
    if (!actor->is_there || port == XSW_PORT_NONE) {
        return;
    }
    if (chance(3) != 0) {
        references_give_back(actor, port, kind);
    } else {
        reference_try(actor, port, kind);
    }
}

static void step_frame(void)
{
    struct port *port = vswitch_port_object(walk.vswitch, name_of(chance(NAMES)));
    struct frame frame;
    if (port != NULL && !walk.vswitch->is_started) {
        rig_frame(&frame, (uint8_t)(1 + chance(9)), (uint8_t)(1 + chance(9)), 50);
        EXPECT(port_memory_feed(port, frame.bytes, (uint32_t)frame.length, NULL), "no room");
        rig_run(&walk.rig);
    }
}

/* Whatever nobody holds any more has gone. */
static void step_tick(void)
{
    vswitch_tick(walk.vswitch);
    for (uint32_t i = 0; i < NAMES; i++) {
        const struct port_slot *slot = slot_of(name_of(i));
        uint32_t holds = held(name_of(i), REFERENCE_NIC);
        if (slot != NULL && slot->leaving == PORT_LEAVES) {
            holds += held(name_of(i), REFERENCE_PORT);
        }
        EXPECT(slot == NULL || slot->leaving == PORT_STAYS || holds > 0,
               "port %s is not gone, and nobody holds it", name_of(i));
    }
}

static void step_take(void)
{
    const char *name = name_of(chance(NAMES));
    struct actor *actor = &walk.actors[chance(ACTORS)];
    switch (chance(16)) {
    case 0:
    case 1:
    case 2:
        step_port_add(name, false);
        break;
    case 3:
        step_port_add(name, true);
        break;
    case 4:
    case 5:
        step_port_remove(name);
        break;
    case 6:
        step_nic_add(name);
        break;
    case 7:
        step_nic_switch(name, true);
        break;
    case 8:
        step_nic_switch(name, false);
        break;
    case 9:
        step_nic_remove(name);
        break;
    case 10:
        step_port_set(name);
        break;
    case 11:
        step_rule(name);
        break;
    case 12:
        step_actor(actor);
        break;
    case 13:
        step_reference(actor);
        break;
    case 14:
        step_frame();
        break;
    default:
        step_tick();
        break;
    }
}

/* After each step ---------------------------------------------------------------------------- */

/* What the state of a port says is what it is. */
static void slot_check(const struct port_slot *slot, uint16_t id)
{
    const struct lifecycle_rights *rights = lifecycle_rights(slot->life);
    EXPECT((slot->port != NULL) == rights->nic_operations, "port %u: a NIC in state %s", id,
           lifecycle_state_name(slot->life));
    for (int kind = REFERENCE_PORT; kind <= REFERENCE_NIC; kind++) {
        uint32_t sum = 0;
        for (size_t i = 0; i < ACTORS; i++) {
            const struct actor *actor = &walk.actors[i];
            sum += actor->is_there ? actor->references[kind][id] : 0;
        }
        EXPECT(sum == references_count(walk.vswitch, id, (enum reference_kind)kind),
               "port %u: %u references are held", id, sum);
        EXPECT(sum == 0 || (kind == REFERENCE_NIC ? rights->nic_operations
                                                  : slot->life != XSW_STATE_NOT_CREATED),
               "port %u: references of kind %d in state %s", id, kind,
               lifecycle_state_name(slot->life));
    }
    EXPECT(slot->leaving != PORT_NIC_LEAVES || slot->port != NULL,
           "port %u: a NIC is to go that has gone", id);
    EXPECT(slot->life != XSW_STATE_TEARING_DOWN || slot->leaving == PORT_LEAVES,
           "port %u is torn down for nothing", id);
    EXPECT(slot->life != XSW_STATE_NOT_CREATED ||
               (slot->leaving == PORT_STAYS && slot->acl == NULL),
           "port %u has left something", id);
}

static void actor_check(const struct actor *actor, uint32_t done)
{
    EXPECT(actor->pending_count == 0, "%s waits for the end of an operation", actor->name);
    EXPECT(actor->done_in_step == done, "%s learned of %u operations and another of %u",
           actor->name, actor->done_in_step, done);
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        EXPECT(actor->view[id] == walk.vswitch->ports[id].life,
               "%s was told that port %u is %d, and it is %d", actor->name, id, actor->view[id],
               walk.vswitch->ports[id].life);
    }
}

/* Whoever was there from the beginning of the step has learned the same. */
static void step_check(const bool was_there[ACTORS])
{
    uint32_t done = UINT32_MAX;
    for (uint16_t id = 1; id < XSW_PORTS_MAX; id++) {
        slot_check(&walk.vswitch->ports[id], id);
    }
    for (size_t i = 0; i < ACTORS; i++) {
        struct actor *actor = &walk.actors[i];
        if (actor->is_there && was_there[i]) {
            done = done == UINT32_MAX ? actor->done_in_step : done;
            actor_check(actor, done);
        }
        actor->done_in_step = 0;
    }
    walk.refusals += walk.was_refused;
}

static void walk_step(void (*take)(void))
{
    bool was_there[ACTORS];
    for (size_t i = 0; i < ACTORS; i++) {
        was_there[i] = walk.actors[i].is_there;
    }
    walk.was_refused = false;
    walk.last = (struct pending){.operation = 0};
    take();
    step_check(was_there);
}

/* The end: everybody lets go when told, and everything can be removed. */
static void all_remove(void)
{
    walk.is_quiet = true;
    for (size_t i = 0; i < ACTORS; i++) {
        for (uint16_t id = 1; walk.actors[i].is_there && id < XSW_PORTS_MAX; id++) {
            references_give_back(&walk.actors[i], id, REFERENCE_NIC);
            references_give_back(&walk.actors[i], id, REFERENCE_PORT);
        }
    }
    for (uint32_t i = 0; i < NAMES; i++) {
        if (slot_of(name_of(i)) != NULL) {
            EXPECT(vswitch_port_remove(walk.vswitch, name_of(i), NULL) == XSW_OK, "%s stays",
                   name_of(i));
        }
        EXPECT(held(name_of(i), REFERENCE_NIC) == 0, "something is held");
    }
    EXPECT(vswitch_ports(walk.vswitch, NULL, 0) == 0, "a port is left");
}

static int entries_count(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static void walk_run(uint64_t seed, uint32_t steps, bool has_threads)
{
    int fds = entries_count("/proc/self/fd");
    int threads = entries_count("/proc/self/task");
    seed = number_from("XSW_WALK_SEED", seed);
    steps = (uint32_t)number_from("XSW_WALK_STEPS", steps);
    print_message("XSW_WALK_SEED=%llu XSW_WALK_STEPS=%u\n", (unsigned long long)seed, steps);
    walk = (struct walk){.random = seed | 1};
    rig_init(&walk.rig, NULL);
    walk.vswitch = walk.rig.vswitch;
    vswitch_set_log(walk.vswitch, &(struct vswitch_log){.line = actors_event});
    actors_init();
    if (has_threads) {
        rig_start(&walk.rig);
    }
    for (walk.step = 0; walk.step < steps; walk.step++) {
        if (walk.step == steps / 20) {
            vswitch_activate(walk.vswitch);
        }
        walk_step(step_take);
    }
    walk_step(all_remove);
    if (!has_threads) {
        assert_int_equal(packet_pool_in_use(walk.rig.worker->pool), 0);
    }
    rig_fini(&walk.rig);
    assert_int_equal(entries_count("/proc/self/fd"), fds);
    assert_int_equal(entries_count("/proc/self/task"), threads);
    print_message("%u steps with a refusal, %u with something held\n", walk.refusals, walk.busies);
    /* A walk that never came to the hard places proves nothing. */
    assert_true(walk.refusals > steps / 50 && walk.busies > steps / 200);
}

static void whatever_is_done_the_switch_and_all_extensions_agree(void **unused)
{
    (void)unused;
    walk_run(UINT64_C(20120904), STEPS, false);
}

static void so_they_do_while_workers_run(void **unused)
{
    (void)unused;
    /* A sanitizer starts a thread of its own with the first of ours, and keeps it. */
    rig_init(&walk.rig, NULL);
    rig_start(&walk.rig);
    rig_fini(&walk.rig);
    walk_run(UINT64_C(20131017), STEPS_THREADED, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_done_the_switch_and_all_extensions_agree),
        cmocka_unit_test(so_they_do_while_workers_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
