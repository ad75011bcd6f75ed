/* SPDX-License-Identifier: Apache-2.0 */
/* What a ring tells of ports that come while the session runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "capture/privacy/privacy.h"
#include "support/session_rig.h"

static const struct capture_rules all = {0};

static uint16_t port_make(const char *name)
{
    struct port_config config;
    struct xsw_error error;
    uint16_t id = 0;
    port_config_init(&config);
    config.kind = PORT_KIND_MEMORY;
    snprintf(config.name, sizeof(config.name), "%s", name);
    if (vswitch_port_add(rig.vswitch, &config, &id, &error) != XSW_OK) {
        fail_msg("%s: %s", name, error.text);
    }
    return id;
}

static void private_begin(int place)
{
    struct privacy_options privacy = {.pseudonyms = 1, .key = {1, 2, 3}};
    struct capture_options options = {.ring_bytes = CAPTURE_RING_MIN, .privacy = &privacy};
    const int *fds = NULL;
    struct seen *begun = &seen[place];
    assert_int_equal(capture_session_open(rig.vswitch, &options, &begun->session, NULL), XSW_OK);
    assert_true(capture_session_rings(begun->session, &fds) > 0);
    assert_int_equal(ring_attach(&begun->ring, fds[0], NULL), XSW_OK);
}

/* Whether the text stands anywhere in the memory of the ring. */
static int ring_has(int place, const char *text)
{
    const struct ring_consumer *ring = &seen[place].ring;
    return memmem(ring->header, ring->map_size, text, strlen(text)) != NULL;
}

static void a_name_with_an_address_is_in_no_ring_of_a_session_with_pseudonyms(void **state)
{
    char hidden[16];
    (void)state;
    ports_make(2);
    begin(0, &all);
    private_begin(1);
    uint16_t id = port_make("tap-10.0.0.7");
    (void)port_make("52-54-00-12-34-56");
    (void)port_make("vm-17");
    sent(1, 1, 2, 1);
    assert_true(ring_has(0, "tap-10.0.0.7") && ring_has(0, "52-54-00-12-34-56"));
    assert_false(ring_has(1, "10.0.0.7") || ring_has(1, "52-54-00"));
    snprintf(hidden, sizeof(hidden), "port-%u", id);
    assert_true(ring_has(1, hidden) && ring_has(1, "vm-17"));
    ring_read(1);
    assert_int_equal(seen[1].events[RING_EVENT_PORT], 3);
}

/* Room for `count` more records than before, of those that stand first. */
static void room_make(int place, unsigned count)
{
    const struct ring_record *record = NULL;
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(ring_next(&seen[place].ring, &record, NULL), XSW_OK);
        record_see(&seen[place], record);
    }
    ring_release(&seen[place].ring);
}

static void a_port_is_told_once_however_often_the_room_runs_out(void **state)
{
    enum { PORTS = 60, ROOM = 20 };
    (void)state;
    ports_make(2);
    begin_with(0, &all, CAPTURE_RING_MIN);
    while (account_of(0).lost[META_LOSS_RING_FULL] == 0) {
        sent(1, 1, 2, 200);
    }
    struct capture_account full = account_of(0);
    for (unsigned i = 0; i < PORTS; i++) {
        char name[16];
        snprintf(name, sizeof(name), "q%u", i);
        (void)port_make(name);
    }
    /* Twice for some of them, and not for all. */
    for (unsigned turn = 0; turn < 2; turn++) {
        room_make(0, ROOM);
        sent(1, 1, 2, 1);
        assert_int_equal(account_of(0).written, full.written);
    }
    ring_read(0);
    assert_in_range(seen[0].events[RING_EVENT_PORT], 2, PORTS - 1);
    sent(1, 1, 2, 1);
    ring_read(0);
    assert_int_equal(seen[0].events[RING_EVENT_PORT], PORTS);
    assert_true(account_of(0).written > full.written);
    /* Others come: those alone are told. */
    (void)port_make("late");
    sent(1, 1, 2, 1);
    ring_read(0);
    assert_int_equal(seen[0].events[RING_EVENT_PORT], PORTS + 1);
}

static int ports_teardown(void **state)
{
    (void)state;
    for (int i = 0; i < SESSIONS_MAX && seen[i].session != NULL; i++) {
        end(i);
    }
    rig_fini(&rig); /* not all ports are the rig's, so its sums are not all */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_name_with_an_address_is_in_no_ring_of_a_session_with_pseudonyms, setup,
            ports_teardown),
        cmocka_unit_test_setup_teardown(a_port_is_told_once_however_often_the_room_runs_out, setup,
                                        ports_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
