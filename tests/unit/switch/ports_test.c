/* SPDX-License-Identifier: Apache-2.0 */
/* Ports that come and go: what their numbers mean, to people and to a capture that is running. */
#include "support/switch_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "switch/path/observe.h"
#include "switch/state.h"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

static enum xsw_status port_add(const char *name, uint16_t *id, struct xsw_error *error)
{
    struct port_config config;
    port_config_init(&config);
    config.kind = PORT_KIND_MEMORY;
    snprintf(config.name, sizeof(config.name), "%s", name);
    return vswitch_port_add(rig.vswitch, &config, id, error);
}

/* Adds and removes so many ports that all ids but those in use have been given once. */
static void ids_use_up(void)
{
    for (unsigned i = 0; i < XSW_PORTS_MAX - 2; i++) {
        uint16_t id = 0;
        assert_int_equal(port_add("passing", &id, NULL), XSW_OK);
        assert_int_equal(vswitch_port_remove(rig.vswitch, "passing", NULL), XSW_OK);
    }
}

static const char *name_of(uint16_t id)
{
    static struct port_name names[XSW_PORTS_MAX];
    size_t count = vswitch_port_names(rig.vswitch, names, XSW_PORTS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (names[i].id == id) {
            return names[i].name;
        }
    }
    return "";
}

static void a_port_that_has_gone_keeps_its_name_until_its_id_is_anothers(void **state)
{
    (void)state;
    uint16_t first = 0;
    assert_int_equal(port_add("first", &first, NULL), XSW_OK);
    assert_int_equal(vswitch_port_remove(rig.vswitch, "first", NULL), XSW_OK);
    assert_string_equal(name_of(first), "first");
    assert_int_equal(vswitch_ports(rig.vswitch, NULL, 0), 0);
    ids_use_up();
    uint16_t again = 0;
    assert_int_equal(port_add("again", &again, NULL), XSW_OK);
    assert_int_equal(port_add("more", &again, NULL), XSW_OK);
    assert_string_not_equal(name_of(first), "first");
}

static void a_port_counts_from_zero_whoever_had_its_id(void **state)
{
    (void)state;
    uint16_t a = rig_port(&rig, NULL);
    rig_port(&rig, NULL);
    struct frame frame;
    rig_frame(&frame, 1, 2, 50);
    rig_send(&rig, a, &frame);
    assert_int_equal(rig_counters(&rig, a).rx_packets, 1);
    assert_int_equal(vswitch_port_remove(rig.vswitch, "p1", NULL), XSW_OK);
    uint16_t id = 0;
    while (id != a) {
        assert_int_equal(port_add("passing", &id, NULL), XSW_OK);
        struct port_info info;
        assert_int_equal(vswitch_port_find(rig.vswitch, "passing", &info, NULL), XSW_OK);
        assert_int_equal(info.counters.rx_packets, 0);
        assert_int_equal(vswitch_port_remove(rig.vswitch, "passing", NULL), XSW_OK);
    }
}

static void nothing_begins(void *state, uint32_t worker, const struct worker_counters *counters)
{
    (void)state;
    (void)worker;
    (void)counters;
}

static void nothing_is_received(void *state, uint32_t worker, struct packet *const *packets,
                                uint32_t count, uint8_t bit)
{
    (void)state;
    (void)worker;
    (void)packets;
    (void)count;
    (void)bit;
}

static void nothing_ends(void *state, uint32_t worker, const struct ended_batch *batch, uint8_t bit)
{
    (void)state;
    (void)worker;
    (void)batch;
    (void)bit;
}

static const struct observer_ops idle_ops = {
    .begin = nothing_begins,
    .end = nothing_begins,
    .received = nothing_is_received,
    .ended = nothing_ends,
};

/* As an observer would ask, of a journey under that generation. */
static const char *meant(uint16_t id, uint64_t generation)
{
    static struct port_name names[XSW_PORTS_MAX];
    const struct port_name *past;
    const char *name = "";
    size_t count = vswitch_past_ports(rig.vswitch, &past);
    for (size_t i = 0; i < count; i++) {
        name = past[i].id == id && past[i].since <= generation ? past[i].name : name;
    }
    count = vswitch_port_names(rig.vswitch, names, XSW_PORTS_MAX);
    for (size_t i = 0; i < count; i++) {
        name = names[i].id == id && names[i].since <= generation ? names[i].name : name;
    }
    return name;
}

static void ids_are_given_again_while_somebody_looks_on(void **state)
{
    enum { PORTS = 300 };
    (void)state;
    uint16_t ids[PORTS];
    uint64_t generations[PORTS];
    struct observer observer = {.ops = &idle_ops, .asks_names = 1};
    assert_int_equal(vswitch_observer_add(rig.vswitch, &observer, NULL), XSW_OK);
    char name[CONFIG_NAME_SIZE];
    for (unsigned i = 0; i < PORTS; i++) {
        snprintf(name, sizeof(name), "q%u", i);
        assert_int_equal(port_add(name, &ids[i], NULL), XSW_OK);
        generations[i] = vswitch_generation(rig.vswitch);
        assert_int_equal(vswitch_port_remove(rig.vswitch, name, NULL), XSW_OK);
    }
    for (unsigned i = 0; i < PORTS; i++) {
        snprintf(name, sizeof(name), "q%u", i);
        assert_string_equal(meant(ids[i], generations[i]), name);
    }
    /* What nobody asks about any more is forgotten. */
    const struct port_name *past;
    observer.names_since = generations[PORTS - 10];
    assert_true(vswitch_past_ports(rig.vswitch, &past) < XSW_PORTS_MAX);
    assert_string_equal(meant(ids[PORTS - 10], generations[PORTS - 10]), "q290");
    assert_int_equal(vswitch_observer_remove(rig.vswitch, &observer, NULL), XSW_OK);
    assert_int_equal(vswitch_past_ports(rig.vswitch, &past), 0);
}

static void the_past_of_ids_is_bounded(void **state)
{
    (void)state;
    uint16_t id;
    const struct port_name *past;
    struct observer observer = {.ops = &idle_ops, .asks_names = 1};
    assert_int_equal(vswitch_observer_add(rig.vswitch, &observer, NULL), XSW_OK);
    rig.vswitch->is_held = true; /* without a snapshot for each it is much faster */
    for (unsigned i = 0; i < VSWITCH_PAST_PORTS_MAX + 2 * XSW_PORTS_MAX; i++) {
        assert_int_equal(port_add("passing", &id, NULL), XSW_OK);
        assert_int_equal(vswitch_port_remove(rig.vswitch, "passing", NULL), XSW_OK);
    }
    rig.vswitch->is_held = false;
    assert_int_equal(vswitch_past_ports(rig.vswitch, &past), VSWITCH_PAST_PORTS_MAX);
    assert_int_equal(vswitch_observer_remove(rig.vswitch, &observer, NULL), XSW_OK);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_port_that_has_gone_keeps_its_name_until_its_id_is_anothers),
        CLAIM(a_port_counts_from_zero_whoever_had_its_id),
        CLAIM(ids_are_given_again_while_somebody_looks_on),
        CLAIM(the_past_of_ids_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
