/* SPDX-License-Identifier: Apache-2.0 */
/* Where the static forwarder sends packets, and what it says of tables that it cannot take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "conformance/loaded.h"

enum { WEB = 3, DATABASE = 70, HOST = 130, UPLINK = 200 };
enum { REASON_UNKNOWN, REASON_NOT_CONNECTED, REASON_SAME_PORT };

static struct loaded loaded;
static struct xsw_port_set connected;
static struct xsw_port_set destinations;

static void port_is(uint16_t id, const char *name, uint32_t type)
{
    struct services *services = &loaded.services;
    services->ports[services->port_count++] = (struct xsw_port_info){
        .size = sizeof(struct xsw_port_info), .id = id, .type = type, .name = name};
    xsw_port_set_add(&connected, id);
}

static int setup(void **state)
{
    (void)state;
    connected = (struct xsw_port_set){0};
    if (loaded_open(&loaded, EXTENSION_PATH) != NULL) {
        return -1;
    }
    port_is(WEB, "web", XSW_PORT_GENERIC);
    port_is(DATABASE, "database", XSW_PORT_GENERIC);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    loaded_fini(&loaded);
    loaded_close(&loaded);
    return 0;
}

static void begin(void)
{
    struct xsw_error error;
    assert_null(loaded_set(&loaded, "table=02:00:00:00:00:30 database"));
    assert_null(loaded_set(&loaded, "table=02:00:00:00:00:0A web"));
    assert_null(loaded_set(&loaded, "table=02:00:00:00:00:20 later"));
    assert_int_equal(loaded_init(&loaded, &error), XSW_OK);
}

static struct xsw_verdict send(uint16_t from, uint8_t first, uint8_t last)
{
    uint8_t frame[60] = {first, 0, 0, 0, 0, last, 2, 0, 0, 0, 0, 99, 8, 0};
    struct xsw_packet packet = {.data = frame, .length = sizeof frame, .source_port = from};
    const struct xsw_packet *pointer = &packet;
    const struct xsw_const_batch batch = {&pointer, 1, 0, 0};
    struct xsw_verdict verdict = {0};
    packet.flags = (first & 1) != 0 ? XSW_PACKET_MULTICAST : 0;
    destinations = (struct xsw_port_set){0};
    loaded.descriptor->forward->forward(loaded.state, &batch, &connected, &destinations, &verdict);
    return verdict;
}

static unsigned reached(void)
{
    unsigned count = 0;
    for (uint16_t port = 0; port < XSW_PORTS_MAX; port++) {
        count += (unsigned)xsw_port_set_has(&destinations, port);
    }
    return count;
}

static void assert_goes_to(struct xsw_verdict verdict, uint16_t port)
{
    assert_int_equal(verdict.action, XSW_PASS);
    assert_true(xsw_port_set_has(&destinations, port));
    assert_int_equal(reached(), 1);
}

static void assert_dropped(struct xsw_verdict verdict, unsigned reason)
{
    assert_int_equal(verdict.action, XSW_DROP);
    assert_int_equal(verdict.reason, reason);
    assert_int_equal(reached(), 0);
}

static void known_addresses_go_to_their_port(void **state)
{
    (void)state;
    begin();
    assert_goes_to(send(WEB, 2, 0x30), DATABASE);
    assert_goes_to(send(DATABASE, 2, 0x0a), WEB);
    assert_dropped(send(WEB, 2, 0x0a), REASON_SAME_PORT);
    xsw_port_set_remove(&connected, WEB);
    assert_dropped(send(DATABASE, 2, 0x0a), REASON_NOT_CONNECTED);
}

static void unknown_addresses_are_outside(void **state)
{
    (void)state;
    begin();
    assert_dropped(send(WEB, 2, 0x77), REASON_UNKNOWN);
    port_is(UPLINK, "uplink", XSW_PORT_EXTERNAL);
    const struct xsw_change created = {
        .size = sizeof created, .operation = XSW_OP_PORT_CREATE, .port = UPLINK};
    assert_int_equal(loaded.descriptor->control->ask(loaded.state, &created, NULL), XSW_OK);
    loaded.descriptor->control->done(loaded.state, &created, XSW_OK);
    assert_goes_to(send(WEB, 2, 0x77), UPLINK);
    assert_dropped(send(UPLINK, 2, 0x77), REASON_UNKNOWN);
    const struct xsw_change deleted = {
        .size = sizeof deleted, .operation = XSW_OP_PORT_DELETE, .port = UPLINK};
    loaded.descriptor->control->told(loaded.state, &deleted);
    assert_dropped(send(WEB, 2, 0x77), REASON_UNKNOWN);
    assert_int_equal(loaded.services.synchronized, 2);
}

static void unknown_addresses_from_outside_are_the_hosts(void **state)
{
    (void)state;
    port_is(UPLINK, "uplink", XSW_PORT_EXTERNAL);
    port_is(HOST, "host", XSW_PORT_INTERNAL);
    begin();
    assert_goes_to(send(UPLINK, 2, 0x77), HOST);
    assert_goes_to(send(HOST, 2, 0x77), UPLINK);
}

static void what_is_for_several_goes_to_all_others(void **state)
{
    (void)state;
    begin();
    port_is(UPLINK, "uplink", XSW_PORT_EXTERNAL);
    assert_int_equal(send(WEB, 0xff, 0xff).action, XSW_PASS);
    assert_int_equal(reached(), 2);
    assert_false(xsw_port_set_has(&destinations, WEB));
    assert_int_equal(send(XSW_PORT_NONE, 0x33, 1).action, XSW_PASS);
    assert_int_equal(reached(), 3);
}

static void it_declares_what_it_enforces(void **state)
{
    (void)state;
    assert_int_equal(loaded.descriptor->enforces, 0);
}

static void bad_tables_are_named(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "02:00:00:00:00 web", "02:00:00:00:00:01",     "",
        "02:00:00:00:00:01 ", "01:00:00:00:00:01 web", "02:00:00:00:00:01 a b"};
    struct xsw_error error;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char assignment[64] = "table=";
        strcat(assignment, bad[i]);
        loaded_defaults(&loaded);
        assert_null(loaded_set(&loaded, assignment));
        assert_int_equal(loaded_init(&loaded, &error), XSW_INVALID);
        assert_non_null(strstr(error.text, "table[0]"));
    }
    loaded_defaults(&loaded);
    assert_null(loaded_set(&loaded, "table=02:00:00:00:00:01 a"));
    assert_null(loaded_set(&loaded, "table=02:00:00:00:00:01 b"));
    assert_int_equal(loaded_init(&loaded, &error), XSW_INVALID);
    assert_non_null(strstr(error.text, "an address has two ports"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(known_addresses_go_to_their_port, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_addresses_are_outside, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_addresses_from_outside_are_the_hosts, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_for_several_goes_to_all_others, setup, teardown),
        cmocka_unit_test_setup_teardown(it_declares_what_it_enforces, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_tables_are_named, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
