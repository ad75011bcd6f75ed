/* SPDX-License-Identifier: Apache-2.0 */
/* What the delay holds, for how long, and in which order it lets go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "conformance/loaded.h"
#include "packet/parse.h"
#include "unit/packet/frames.h"

enum { MILLISECOND_NS = 1000000, PACKETS = 8 };
enum { STATUS_HELD, STATUS_RELEASED, STATUS_DROPPED, STATUS_COUNT };

static struct loaded loaded;
static struct frame frame;
static struct xsw_packet packets[PACKETS];

static int setup(void **state)
{
    (void)state;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    frame_finish(&frame);
    for (unsigned i = 0; i < PACKETS; i++) {
        packets[i] = (struct xsw_packet){.data = frame.bytes, .length = (uint32_t)frame.length};
        packets[i].id = i + 1;
        parse_packet(&packets[i]);
    }
    return loaded_open(&loaded, EXTENSION_PATH) == NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    loaded_fini(&loaded);
    loaded_close(&loaded);
    return 0;
}

static void begin(const char *one, const char *other)
{
    struct xsw_error error;
    assert_null(loaded_set(&loaded, one));
    assert_null(loaded_set(&loaded, other));
    assert_int_equal(loaded_init(&loaded, &error), XSW_OK);
}

static uint16_t come_in(unsigned place, uint64_t at_ms)
{
    struct xsw_packet *pointer = &packets[place];
    struct xsw_verdict verdict = {0};
    struct xsw_batch batch = {&pointer, 1, 2, at_ms * MILLISECOND_NS};
    loaded.descriptor->filter->ingress(loaded.state, &batch, &verdict);
    return verdict.action;
}

static uint16_t go_out(unsigned place, uint64_t at_ms)
{
    const struct xsw_packet *pointer = &packets[place];
    struct xsw_verdict verdict = {0};
    struct xsw_const_batch batch = {&pointer, 1, 2, at_ms * MILLISECOND_NS};
    loaded.descriptor->filter->egress(loaded.state, &batch, &verdict);
    return verdict.action;
}

static void tick(uint64_t at_ms)
{
    loaded.descriptor->tick(loaded.state, 2, at_ms * MILLISECOND_NS);
}

static uint64_t status(unsigned field)
{
    struct xsw_status_value values[STATUS_COUNT] = {0};
    assert_int_equal(loaded.descriptor->control->status(loaded.state, 0, 0, values, NULL), XSW_OK);
    return values[field].number;
}

static void packets_go_on_when_their_time_has_come_and_in_order(void **state)
{
    (void)state;
    begin("milliseconds=20", "direction=in");
    for (unsigned i = 0; i < PACKETS; i++) {
        assert_int_equal(come_in(i, 100 + i), XSW_HOLD);
    }
    tick(119);
    assert_int_equal(loaded.services.released_count, 0);
    tick(122);
    assert_int_equal(loaded.services.released_count, 3);
    assert_int_equal(status(STATUS_HELD), PACKETS - 3);
    tick(200);
    assert_int_equal(loaded.services.released_count, PACKETS);
    for (unsigned i = 0; i < PACKETS; i++) {
        assert_ptr_equal(loaded.services.released[i], &packets[i]);
        assert_int_equal(loaded.services.released_with[i].action, XSW_PASS);
    }
    assert_int_equal(status(STATUS_RELEASED), PACKETS);
}

static void what_has_no_place_is_dropped_and_counted(void **state)
{
    (void)state;
    begin("milliseconds=5", "queue=3");
    for (unsigned i = 0; i < PACKETS; i++) {
        assert_int_equal(come_in(i, 10), i < 3 ? XSW_HOLD : XSW_DROP);
    }
    assert_int_equal(status(STATUS_DROPPED), PACKETS - 3);
    tick(15);
    assert_int_equal(come_in(0, 15), XSW_HOLD);
}

static void only_the_direction_and_the_packets_that_were_named_wait(void **state)
{
    (void)state;
    assert_null(loaded_set(&loaded, "milliseconds=1"));
    begin("direction=out", "match=udp dst port 53");
    assert_int_equal(come_in(0, 10), XSW_PASS);
    assert_int_equal(go_out(0, 10), XSW_HOLD);
    wire_write16(frame.bytes + frame.transport + 2, 54);
    assert_int_equal(go_out(1, 10), XSW_PASS);
}

static void unconfigured_it_holds_nothing(void **state)
{
    (void)state;
    begin("direction=both", "match=");
    assert_int_equal(come_in(0, 10), XSW_PASS);
    assert_int_equal(go_out(0, 10), XSW_PASS);
}

static void bad_settings_are_named(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"direction=up", "direction \"up\": expected in, out"},
                                         {"match=ipp", "match \"ipp\": "}};
    for (size_t i = 0; i < 2; i++) {
        struct xsw_error error;
        loaded_defaults(&loaded);
        assert_null(loaded_set(&loaded, bad[i][0]));
        assert_int_equal(loaded_init(&loaded, &error), XSW_INVALID);
        assert_non_null(strstr(error.text, bad[i][1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(packets_go_on_when_their_time_has_come_and_in_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_has_no_place_is_dropped_and_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(only_the_direction_and_the_packets_that_were_named_wait,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(unconfigured_it_holds_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_settings_are_named, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
