/* SPDX-License-Identifier: Apache-2.0 */
/* What people do to ports and NICs, and how extensions take part in each step of it. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/puppets.h"
#include "switch/state.h"

static struct puppets puppets;
static struct vswitch *vswitch;
static int fds_before;

static int fds_count(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

static int setup(void **unused)
{
    (void)unused;
    puppets_init(&puppets);
    vswitch = puppets.rig.vswitch;
    fds_before = fds_count();
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    puppets_fini(&puppets);
    return 0;
}

static struct port_config config_of(const char *name, enum port_kind kind)
{
    struct port_config config;
    port_config_init(&config);
    config.kind = kind;
    snprintf(config.name, sizeof(config.name), "%s", name);
    return config;
}

static enum xsw_status add(const char *name, enum port_kind kind, struct xsw_error *error)
{
    struct port_config config = config_of(name, kind);
    return vswitch_port_add(vswitch, &config, NULL, error);
}

static enum xsw_port_state life_of(const char *name)
{
    struct port_info info;
    return vswitch_port_find(vswitch, name, &info, NULL) == XSW_OK ? info.life
                                                                   : XSW_STATE_NOT_CREATED;
}

static const struct xsw_control_services *services(int puppet)
{
    return puppets.puppets[puppet].host->control;
}

static uint16_t id_of(const char *name)
{
    return vswitch_port_id(vswitch, name);
}

/* Making and removing ------------------------------------------------------------------------ */

static void a_port_comes_and_goes_step_by_step(void **unused)
{
    (void)unused;
    assert_int_equal(add("p1", PORT_KIND_MEMORY, NULL), XSW_OK);
    puppets_expect(&puppets, "top?port-create low?port-create fwd?port-create "
                             "cap!port-create top+port-create low+port-create fwd+port-create "
                             "top?nic-create low?nic-create fwd?nic-create "
                             "cap!nic-create top+nic-create low+nic-create fwd+nic-create "
                             "cap!nic-connect top!nic-connect low!nic-connect fwd!nic-connect ");
    assert_int_equal(life_of("p1"), XSW_STATE_CONNECTED);
    assert_int_equal(vswitch_port_remove(vswitch, "p1", NULL), XSW_OK);
    puppets_expect(&puppets, "cap!nic-disconnect top!nic-disconnect low!nic-disconnect "
                             "fwd!nic-disconnect "
                             "cap!nic-delete top!nic-delete low!nic-delete fwd!nic-delete "
                             "cap!port-teardown top!port-teardown low!port-teardown "
                             "fwd!port-teardown "
                             "cap!port-delete top!port-delete low!port-delete fwd!port-delete ");
    assert_int_equal(life_of("p1"), XSW_STATE_NOT_CREATED);
    assert_non_null(
        strstr(puppets.events, "nic-connect: port=p1 id=1 state=connected outcome=done\n"));
    assert_non_null(
        strstr(puppets.events, "port-delete: port=p1 id=1 state=not-created outcome=done\n"));
}

static void a_refusal_of_any_step_by_anybody_leaves_nothing_behind(void **unused)
{
    static const struct {
        uint32_t operation;
        int refuser;
        const char *calls;
    } cases[] = {
        {XSW_OP_PORT_CREATE, PUPPET_TOP, "top?port-create "},
        {XSW_OP_PORT_CREATE, PUPPET_LOW, "top?port-create low?port-create top-port-create "},
        {XSW_OP_PORT_CREATE, PUPPET_FWD,
         "top?port-create low?port-create fwd?port-create low-port-create top-port-create "},
        {XSW_OP_NIC_CREATE, PUPPET_LOW,
         "top?port-create low?port-create fwd?port-create "
         "cap!port-create top+port-create low+port-create fwd+port-create "
         "top?nic-create low?nic-create top-nic-create "
         "cap!port-teardown top!port-teardown low!port-teardown fwd!port-teardown "
         "cap!port-delete top!port-delete low!port-delete fwd!port-delete "},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct xsw_error error = {.text = ""};
        uint64_t generation = vswitch_generation(vswitch);
        puppets_refuse(&puppets, cases[i].refuser, cases[i].operation, XSW_DENIED, -1);
        assert_int_equal(add("p1", PORT_KIND_MEMORY, &error), XSW_DENIED);
        puppets_expect(&puppets, cases[i].calls);
        assert_non_null(strstr(error.text, puppets.puppets[cases[i].refuser].name));
        assert_non_null(strstr(error.text, "port p1: the test says 'no'"));
        assert_int_equal(vswitch_ports(vswitch, NULL, 0), 0);
        assert_int_equal(vswitch_port_names(vswitch, NULL, 0), 0);
        assert_int_equal(vswitch_generation(vswitch), generation);
        assert_int_equal(fds_count(), fds_before);
    }
    puppets_refuse(&puppets, PUPPET_TOP, 0, XSW_OK, 0);
    assert_int_equal(add("p1", PORT_KIND_MEMORY, NULL), XSW_OK);
}

static void a_device_that_is_missing_is_told_to_those_who_accepted(void **unused)
{
    (void)unused;
    struct xsw_error error = {.text = ""};
    struct port_config config = config_of("p1", PORT_KIND_FILE);
    snprintf(config.input_path, sizeof(config.input_path), "/nowhere/at.all");
    assert_int_equal(vswitch_port_add(vswitch, &config, NULL, &error), XSW_IO);
    puppets_expect(&puppets,
                   "top?port-create low?port-create fwd?port-create "
                   "cap!port-create top+port-create low+port-create fwd+port-create "
                   "top?nic-create low?nic-create fwd?nic-create "
                   "fwd-nic-create low-nic-create top-nic-create "
                   "cap!port-teardown top!port-teardown low!port-teardown fwd!port-teardown "
                   "cap!port-delete top!port-delete low!port-delete fwd!port-delete ");
    assert_int_equal(vswitch_ports(vswitch, NULL, 0), 0);
    assert_non_null(strstr(puppets.events, "outcome=failed status=io\n"));
}

/* NICs --------------------------------------------------------------------------------------- */

static void a_nic_comes_and_goes_on_a_port_that_stays(void **unused)
{
    (void)unused;
    struct port_config nic = config_of("p1", PORT_KIND_MEMORY);
    assert_int_equal(add("p1", PORT_KIND_NONE, NULL), XSW_OK);
    uint16_t id = id_of("p1");
    assert_int_equal(life_of("p1"), XSW_STATE_PORT_CREATED);
    assert_int_equal(vswitch_nic_connect(vswitch, "p1", NULL), XSW_UNSUPPORTED);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(vswitch_nic_add(vswitch, &nic, NULL), XSW_OK);
        assert_int_equal(life_of("p1"), XSW_STATE_NIC_CREATED);
        assert_int_equal(vswitch_nic_add(vswitch, &nic, NULL), XSW_EXISTS);
        assert_int_equal(vswitch_nic_disconnect(vswitch, "p1", NULL), XSW_UNSUPPORTED);
        assert_int_equal(vswitch_nic_connect(vswitch, "p1", NULL), XSW_OK);
        assert_int_equal(vswitch_nic_connect(vswitch, "p1", NULL), XSW_UNSUPPORTED);
        assert_int_equal(vswitch_nic_disconnect(vswitch, "p1", NULL), XSW_OK);
        assert_int_equal(life_of("p1"), XSW_STATE_DISCONNECTED);
        assert_int_equal(vswitch_nic_connect(vswitch, "p1", NULL), XSW_UNSUPPORTED);
        assert_int_equal(vswitch_nic_remove(vswitch, "p1", NULL), XSW_OK);
        assert_int_equal(life_of("p1"), XSW_STATE_NIC_DELETED);
        assert_int_equal(fds_count(), fds_before);
    }
    assert_int_equal(id_of("p1"), id);
    assert_int_equal(vswitch_port_remove(vswitch, "p1", NULL), XSW_OK);
}

static void a_nic_that_is_refused_leaves_the_port_as_it_was(void **unused)
{
    (void)unused;
    struct port_info info;
    struct port_config nic = config_of("p1", PORT_KIND_MEMORY);
    assert_int_equal(add("p1", PORT_KIND_NONE, NULL), XSW_OK);
    puppets_refuse(&puppets, PUPPET_FWD, XSW_OP_NIC_CREATE, XSW_BUSY, -1);
    assert_int_equal(vswitch_nic_add(vswitch, &nic, NULL), XSW_DENIED);
    assert_int_equal(vswitch_port_find(vswitch, "p1", &info, NULL), XSW_OK);
    assert_int_equal(info.life, XSW_STATE_PORT_CREATED);
    assert_int_equal(info.state, PORT_NO_NIC);
    assert_int_equal(info.config.kind, PORT_KIND_NONE);
}

static void a_frame_passes_only_while_both_ends_are_connected(void **unused)
{
    (void)unused;
    struct frame frame;
    struct port_config nic = config_of("p2", PORT_KIND_MEMORY);
    rig_port(&puppets.rig, NULL);
    assert_int_equal(add("p2", PORT_KIND_NONE, NULL), XSW_OK);
    assert_int_equal(vswitch_nic_add(vswitch, &nic, NULL), XSW_OK);
    struct port *port = vswitch_port_object(vswitch, "p2");
    rig_frame(&frame, 2, 1, 50);
    for (int state = XSW_STATE_NIC_CREATED; state <= XSW_STATE_DISCONNECTED; state++) {
        assert_int_equal(life_of("p2"), state);
        assert_true(port_memory_feed(port, frame.bytes, (uint32_t)frame.length, NULL));
        rig_run(&puppets.rig);
        assert_int_equal(rig_drain(&puppets.rig, 1), state == XSW_STATE_CONNECTED);
        assert_int_equal(rig_dropped(&puppets.rig, STAGE_INGRESS_POLICY, REASON_NOT_CONNECTED),
                         state == XSW_STATE_DISCONNECTED ? 2 : 1);
        enum xsw_status status =
            state == XSW_STATE_NIC_CREATED ? vswitch_nic_connect(vswitch, "p2", NULL)
            : state == XSW_STATE_CONNECTED ? vswitch_nic_disconnect(vswitch, "p2", NULL)
                                           : XSW_OK;
        assert_int_equal(status, XSW_OK);
    }
}

/* References --------------------------------------------------------------------------------- */

static void a_nic_reference_keeps_the_nic_and_not_the_connection(void **unused)
{
    (void)unused;
    struct xsw_error error = {.text = ""};
    assert_int_equal(add("p1", PORT_KIND_MEMORY, NULL), XSW_OK);
    uint16_t id = id_of("p1");
    assert_int_equal(services(PUPPET_TOP)->nic_reference(puppets.puppets[PUPPET_TOP].host, id),
                     XSW_OK);
    assert_int_equal(services(PUPPET_LOW)->nic_reference(puppets.puppets[PUPPET_LOW].host, id),
                     XSW_OK);
    assert_int_equal(services(PUPPET_LOW)->nic_reference(puppets.puppets[PUPPET_LOW].host, id),
                     XSW_OK);
    assert_int_equal(vswitch_port_remove(vswitch, "p1", &error), XSW_BUSY);
    assert_non_null(strstr(error.text, "held by top (1), low (2)"));
    assert_int_equal(life_of("p1"), XSW_STATE_DISCONNECTED);
    assert_non_null(strstr(puppets.events, "nic-delete: port=p1 id=1 state=disconnected "
                                           "outcome=waits holders=\"top (1), low (2)\"\n"));
    assert_int_equal(vswitch_nic_connect(vswitch, "p1", &error), XSW_BUSY);
    assert_int_equal(add("p1", PORT_KIND_MEMORY, &error), XSW_EXISTS);
    services(PUPPET_LOW)->nic_dereference(puppets.puppets[PUPPET_LOW].host, id);
    services(PUPPET_LOW)->nic_dereference(puppets.puppets[PUPPET_LOW].host, id);
    vswitch_tick(vswitch);
    assert_int_equal(life_of("p1"), XSW_STATE_DISCONNECTED);
    services(PUPPET_TOP)->nic_dereference(puppets.puppets[PUPPET_TOP].host, id);
    puppets_forget(&puppets);
    puppets.is_terse = true;
    vswitch_tick(vswitch);
    puppets_expect(&puppets, "cap! top! low! fwd! cap! top! low! fwd! cap! top! low! fwd! ");
    assert_int_equal(life_of("p1"), XSW_STATE_NOT_CREATED);
    assert_int_equal(fds_count(), fds_before);
}

static void a_nic_that_is_held_goes_by_itself_and_the_port_stays(void **unused)
{
    (void)unused;
    struct xsw_error error = {.text = ""};
    struct port_info info;
    const struct xsw_host *host = puppets.puppets[PUPPET_FWD].host;
    assert_int_equal(add("p1", PORT_KIND_MEMORY, NULL), XSW_OK);
    assert_int_equal(host->control->nic_reference(host, id_of("p1")), XSW_OK);
    assert_int_equal(vswitch_nic_remove(vswitch, "p1", &error), XSW_BUSY);
    assert_non_null(strstr(error.text, "held by fwd (1)"));
    assert_int_equal(vswitch_port_find(vswitch, "p1", &info, NULL), XSW_OK);
    assert_true(info.is_leaving && info.life == XSW_STATE_DISCONNECTED);
    host->control->nic_dereference(host, id_of("p1"));
    vswitch_tick(vswitch);
    assert_int_equal(vswitch_port_find(vswitch, "p1", &info, NULL), XSW_OK);
    assert_true(!info.is_leaving && info.life == XSW_STATE_NIC_DELETED);
    assert_int_equal(info.config.kind, PORT_KIND_NONE);
    assert_int_equal(fds_count(), fds_before);
}

static void a_port_reference_keeps_the_port_in_tear_down(void **unused)
{
    (void)unused;
    struct xsw_error error = {.text = ""};
    const struct xsw_host *host = puppets.puppets[PUPPET_CAP].host;
    assert_int_equal(add("p1", PORT_KIND_NONE, NULL), XSW_OK);
    uint16_t id = id_of("p1");
    assert_int_equal(host->control->nic_reference(host, id), XSW_INVALID);
    assert_int_equal(host->control->port_reference(host, id), XSW_OK);
    assert_int_equal(host->control->port_reference(host, (uint16_t)(id + 1)), XSW_NOT_FOUND);
    assert_int_equal(host->control->port_reference(host, XSW_PORTS_MAX), XSW_NOT_FOUND);
    assert_int_equal(vswitch_port_remove(vswitch, "p1", &error), XSW_BUSY);
    assert_int_equal(life_of("p1"), XSW_STATE_TEARING_DOWN);
    assert_int_equal(host->control->port_reference(host, id), XSW_INVALID);
    assert_int_equal(vswitch_port_remove(vswitch, "p1", &error), XSW_BUSY);
    host->control->port_dereference(host, id);
    vswitch_tick(vswitch);
    assert_int_equal(life_of("p1"), XSW_STATE_NOT_CREATED);
}

static void what_an_extension_still_holds_when_it_goes_is_let_go_and_told(void **unused)
{
    (void)unused;
    const struct xsw_host *host = puppets.puppets[PUPPET_LOW].host;
    assert_int_equal(add("p1", PORT_KIND_MEMORY, NULL), XSW_OK);
    uint16_t id = id_of("p1");
    assert_int_equal(host->control->nic_reference(host, id), XSW_OK);
    assert_int_equal(host->control->port_reference(host, id), XSW_OK);
    assert_int_equal(host->control->port_reference(host, id), XSW_OK);
    assert_int_equal(vswitch_port_remove(vswitch, "p1", NULL), XSW_BUSY);
    assert_int_equal(vswitch_extension_remove(vswitch, "low", NULL), XSW_OK);
    assert_int_equal(life_of("p1"), XSW_STATE_NOT_CREATED);
    assert_non_null(strstr(puppets.events, "violation: extension=low rule=reference-kept port=p1 "
                                           "kind=nic count=1\n"));
    assert_non_null(strstr(puppets.events, "violation: extension=low rule=reference-kept port=p1 "
                                           "kind=port count=2\n"));
}

static void let_go_when_told(struct puppets *of, struct puppet *puppet,
                             const struct xsw_change *change)
{
    if (puppet == &of->puppets[PUPPET_FWD] && change->operation == XSW_OP_NIC_CONNECT) {
        assert_int_equal(puppet->host->control->nic_reference(puppet->host, change->port), XSW_OK);
    }
    if (puppet == &of->puppets[PUPPET_FWD] && change->operation == XSW_OP_NIC_DISCONNECT) {
        puppet->host->control->nic_dereference(puppet->host, change->port);
    }
}

static void one_who_lets_go_when_told_holds_up_nothing(void **unused)
{
    (void)unused;
    puppets.hook = let_go_when_told;
    assert_int_equal(add("p1", PORT_KIND_MEMORY, NULL), XSW_OK);
    assert_int_equal(references_count(vswitch, id_of("p1"), REFERENCE_NIC), 1);
    assert_int_equal(vswitch_port_remove(vswitch, "p1", NULL), XSW_OK);
    assert_int_equal(life_of("p1"), XSW_STATE_NOT_CREATED);
}

static void hold_when_created(struct puppets *of, struct puppet *puppet,
                              const struct xsw_change *change)
{
    if (puppet == &of->puppets[PUPPET_LOW] && change->operation == XSW_OP_PORT_CREATE &&
        vswitch->ports[change->port].life == XSW_STATE_PORT_CREATED) {
        assert_int_equal(puppet->host->control->port_reference(puppet->host, change->port), XSW_OK);
    }
}

static void a_port_that_is_taken_back_waits_for_its_holder_too(void **unused)
{
    (void)unused;
    puppets.hook = hold_when_created;
    puppets_refuse(&puppets, PUPPET_FWD, XSW_OP_NIC_CREATE, XSW_DENIED, -1);
    assert_int_equal(add("p1", PORT_KIND_MEMORY, NULL), XSW_DENIED);
    assert_int_equal(life_of("p1"), XSW_STATE_TEARING_DOWN);
    const struct xsw_host *host = puppets.puppets[PUPPET_LOW].host;
    host->control->port_dereference(host, id_of("p1"));
    vswitch_tick(vswitch);
    assert_int_equal(vswitch_ports(vswitch, NULL, 0), 0);
}

/* Policies ----------------------------------------------------------------------------------- */

static char properties[1024];

static void property_note(struct puppets *of, struct puppet *puppet,
                          const struct xsw_change *change)
{
    if (puppet == &of->puppets[PUPPET_LOW] && change->property != NULL) {
        size_t length = strlen(properties);
        snprintf(properties + length, sizeof(properties) - length, "%u:%s:%u ", change->operation,
                 change->property->feature, change->property->id);
    }
}

static void policies_are_asked_about_before_the_nic_is_there(void **unused)
{
    (void)unused;
    struct acl_rule rules[2] = {{.action = ACL_DENY}, {.action = ACL_ALLOW}};
    struct port_request request = {
        .config = config_of("p1", PORT_KIND_MEMORY), .rules = rules, .rule_count = 2};
    request.config.vlan.access = 7;
    request.config.dhcp_guard = true;
    properties[0] = '\0';
    puppets.hook = property_note;
    assert_int_equal(vswitch_port_make(vswitch, &request, NULL, NULL), XSW_OK);
    assert_string_equal(properties, "10:vlan:0 10:guards:0 10:vlan:0 10:guards:0 "
                                    "10:acl:1 10:acl:1 10:acl:2 10:acl:2 ");
    const char *nic = strstr(puppets.calls, "nic-create");
    assert_non_null(nic);
    assert_null(strstr(nic, "property"));
    puppets_forget(&puppets);
    properties[0] = '\0';
    assert_int_equal(vswitch_acl_remove(vswitch, "p1", 2, NULL), XSW_OK);
    assert_string_equal(properties, "12:acl:2 ");
    puppets_expect(&puppets, "cap!property-delete top!property-delete low!property-delete "
                             "fwd!property-delete ");
}

static void one_refused_policy_refuses_them_all(void **unused)
{
    (void)unused;
    struct xsw_error error = {.text = ""};
    struct port_config config = config_of("p1", PORT_KIND_MEMORY);
    assert_int_equal(vswitch_port_add(vswitch, &config, NULL, NULL), XSW_OK);
    uint64_t generation = vswitch_generation(vswitch);
    config.vlan.access = 7;
    config.dhcp_guard = true;
    puppets_forget(&puppets);
    puppets.is_terse = true;
    puppets_refuse(&puppets, PUPPET_FWD, XSW_OP_PORT_PROPERTY_ADD, XSW_LIMIT, -1);
    assert_int_equal(vswitch_port_set(vswitch, &config, &error), XSW_DENIED);
    puppets_expect(&puppets, "top? low? fwd? low- top- ");
    assert_non_null(strstr(error.text, "extension fwd refused to set vlan of port p1"));
    struct port_info info;
    assert_int_equal(vswitch_port_find(vswitch, "p1", &info, NULL), XSW_OK);
    assert_int_equal(info.config.vlan.access, 1);
    assert_false(info.config.dhcp_guard);
    assert_int_equal(vswitch_generation(vswitch), generation);
}

static int second_to_refuse;

static void refuse_the_second(struct puppets *of, struct puppet *puppet,
                              const struct xsw_change *change)
{
    (void)change;
    if (puppet == &of->puppets[PUPPET_LOW] && second_to_refuse-- == 0) {
        puppets_refuse(of, PUPPET_LOW, 0, XSW_DENIED, 1);
    }
}

static void policies_that_were_accepted_before_a_refusal_are_taken_back_in_reverse(void **unused)
{
    (void)unused;
    struct port_config config = config_of("p1", PORT_KIND_MEMORY);
    assert_int_equal(vswitch_port_add(vswitch, &config, NULL, NULL), XSW_OK);
    config.vlan.access = 7;
    config.dhcp_guard = true;
    puppets_forget(&puppets);
    puppets.is_terse = true;
    second_to_refuse = 1;
    puppets.hook = refuse_the_second;
    assert_int_equal(vswitch_port_set(vswitch, &config, NULL), XSW_DENIED);
    puppets_expect(&puppets, "top? low? fwd? top? low? top- fwd- low- top- ");
    puppets.hook = NULL;
    assert_int_equal(vswitch_port_set(vswitch, &config, NULL), XSW_OK);
    puppets_expect(&puppets, "top? low? fwd? top? low? fwd? "
                             "cap! top+ low+ fwd+ cap! top+ low+ fwd+ ");
    config.dhcp_guard = false;
    config.vlan.access = 8;
    snprintf(config.friendly_name, sizeof(config.friendly_name), "Alice's");
    assert_int_equal(vswitch_port_set(vswitch, &config, NULL), XSW_OK);
    puppets_expect(&puppets, "top? low? fwd? cap! top+ low+ fwd+ cap! top! low! fwd! "
                             "cap! top! low! fwd! ");
    assert_non_null(strstr(puppets.events, "port-updated: port=p1"));
}

static void a_refused_rule_is_not_there(void **unused)
{
    (void)unused;
    struct xsw_error error = {.text = ""};
    struct acl_rule rule = {.action = ACL_DENY};
    size_t count = 9;
    assert_int_equal(add("p1", PORT_KIND_MEMORY, NULL), XSW_OK);
    puppets_refuse(&puppets, PUPPET_TOP, XSW_OP_PORT_PROPERTY_ADD, XSW_DENIED, 1);
    assert_int_equal(vswitch_acl_add(vswitch, "p1", &rule, &error), XSW_DENIED);
    assert_non_null(strstr(error.text, "refused to set acl 1 of port p1"));
    assert_int_equal(vswitch_acl_list(vswitch, "p1", NULL, 0, &count, NULL), XSW_OK);
    assert_int_equal(count, 0);
    assert_int_equal(vswitch_acl_add(vswitch, "p1", &rule, NULL), XSW_OK);
    assert_int_equal(rule.id, 1);
}

/* Trials, roles, activation ------------------------------------------------------------------ */

static bool all_were_trials;

static void trial_note(struct puppets *of, struct puppet *puppet, const struct xsw_change *change)
{
    (void)of;
    (void)puppet;
    all_were_trials = all_were_trials && change->info->is_validation == 1;
}

static void a_trial_asks_everything_and_leaves_nothing(void **unused)
{
    (void)unused;
    struct acl_rule rule = {.action = ACL_DENY};
    struct port_request request = {
        .config = config_of("p1", PORT_KIND_FILE), .rules = &rule, .rule_count = 1};
    snprintf(request.config.input_path, sizeof(request.config.input_path), "/nowhere/at.all");
    request.config.vlan.access = 7;
    all_were_trials = true;
    puppets.hook = trial_note;
    uint64_t generation = vswitch_generation(vswitch);
    assert_int_equal(vswitch_port_validate(vswitch, &request, NULL), XSW_OK);
    assert_true(all_were_trials);
    assert_null(strstr(puppets.calls, "nic-"));
    assert_non_null(strstr(puppets.calls, "low?property-add"));
    assert_non_null(strstr(puppets.calls, "fwd!port-delete"));
    assert_int_equal(vswitch_ports(vswitch, NULL, 0), 0);
    assert_int_equal(vswitch_port_names(vswitch, NULL, 0), 0);
    assert_int_equal(vswitch_generation(vswitch), generation);
    assert_non_null(strstr(puppets.events, "state=port-created trial=yes outcome=done\n"));
    puppets_refuse(&puppets, PUPPET_LOW, XSW_OP_PORT_PROPERTY_ADD, XSW_INVALID, -1);
    struct xsw_error error = {.text = ""};
    assert_int_equal(vswitch_port_validate(vswitch, &request, &error), XSW_DENIED);
    assert_non_null(strstr(error.text, "extension low refused to set vlan of port p1"));
    assert_int_equal(vswitch_ports(vswitch, NULL, 0), 0);
}

static void a_switch_has_one_external_and_one_internal_port(void **unused)
{
    (void)unused;
    struct xsw_error error = {.text = ""};
    struct port_config config = config_of("p1", PORT_KIND_MEMORY);
    config.role = PORT_ROLE_EXTERNAL;
    assert_int_equal(vswitch_port_add(vswitch, &config, NULL, &error), XSW_OK);
    assert_int_equal(vswitch_port_set(vswitch, &config, &error), XSW_OK);
    snprintf(config.name, sizeof(config.name), "p2");
    assert_int_equal(vswitch_port_add(vswitch, &config, NULL, &error), XSW_EXISTS);
    assert_non_null(strstr(error.text, "external port already: p1"));
    config.role = PORT_ROLE_INTERNAL;
    assert_int_equal(vswitch_port_add(vswitch, &config, NULL, &error), XSW_OK);
    snprintf(config.name, sizeof(config.name), "p3");
    vswitch->config.type = SWITCH_PRIVATE;
    assert_int_equal(vswitch_port_add(vswitch, &config, NULL, &error), XSW_INVALID);
    vswitch->config.type = SWITCH_INTERNAL;
    assert_int_equal(vswitch_port_add(vswitch, &config, NULL, &error), XSW_EXISTS);
    config.role = PORT_ROLE_EXTERNAL;
    assert_int_equal(vswitch_port_add(vswitch, &config, NULL, &error), XSW_INVALID);
    vswitch->config.type = SWITCH_EXTERNAL;
}

static void activation_is_told_once_and_opens_enumeration(void **unused)
{
    (void)unused;
    struct xsw_switch_info info = {.size = sizeof(info)};
    const struct xsw_host *host = puppets.puppets[PUPPET_CAP].host;
    assert_int_equal(host->control->switch_info(host, &info), XSW_OK);
    assert_int_equal(info.is_active, 0);
    assert_int_equal(host->control->ports(host, NULL, NULL), XSW_AGAIN);
    puppets.is_terse = true;
    vswitch_activate(vswitch);
    vswitch_activate(vswitch);
    puppets_expect(&puppets, "cap! top! low! fwd! ");
    assert_int_equal(host->control->switch_info(host, &info), XSW_OK);
    assert_int_equal(info.is_active, 1);
    assert_true(vswitch_is_active(vswitch));
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_port_comes_and_goes_step_by_step),
        CLAIM(a_refusal_of_any_step_by_anybody_leaves_nothing_behind),
        CLAIM(a_device_that_is_missing_is_told_to_those_who_accepted),
        CLAIM(a_nic_comes_and_goes_on_a_port_that_stays),
        CLAIM(a_nic_that_is_refused_leaves_the_port_as_it_was),
        CLAIM(a_frame_passes_only_while_both_ends_are_connected),
        CLAIM(a_nic_reference_keeps_the_nic_and_not_the_connection),
        CLAIM(a_nic_that_is_held_goes_by_itself_and_the_port_stays),
        CLAIM(a_port_reference_keeps_the_port_in_tear_down),
        CLAIM(what_an_extension_still_holds_when_it_goes_is_let_go_and_told),
        CLAIM(one_who_lets_go_when_told_holds_up_nothing),
        CLAIM(a_port_that_is_taken_back_waits_for_its_holder_too),
        CLAIM(policies_are_asked_about_before_the_nic_is_there),
        CLAIM(one_refused_policy_refuses_them_all),
        CLAIM(policies_that_were_accepted_before_a_refusal_are_taken_back_in_reverse),
        CLAIM(a_refused_rule_is_not_there),
        CLAIM(a_trial_asks_everything_and_leaves_nothing),
        CLAIM(a_switch_has_one_external_and_one_internal_port),
        CLAIM(activation_is_told_once_and_opens_enumeration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
