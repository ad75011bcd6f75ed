/* SPDX-License-Identifier: Apache-2.0 */
/* What the flow reporter counts, and what its reports say to a decoder that knows only the RFC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conformance/loaded.h"
#include "packet/parse.h"
#include "unit/packet/frames.h"

enum { PORT_IN = 3, PORT_OUT = 4, TEXT_SIZE = 32768, STATUS_COUNT = 7 };
enum { STATUS_FLOWS, STATUS_RECORDS, STATUS_MESSAGES, STATUS_WAITING, STATUS_LOST_PACKETS };

static const uint64_t second_ns = 1000000000;

static struct loaded loaded;
static uint64_t now_ns;

static int setup(void **state)
{
    (void)state;
    now_ns = 100 * second_ns;
    if (loaded_open(&loaded, EXTENSION_PATH) != NULL) {
        return -1;
    }
    return loaded_set(&loaded, "collector=192.0.2.9") == NULL &&
                   loaded_set(&loaded, "address=192.0.2.1") == NULL
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    loaded_fini(&loaded);
    loaded_close(&loaded);
    return 0;
}

/* Assignments up to a null. */
static void begin(const char *const *assignments)
{
    struct xsw_error error;
    for (; *assignments != NULL; assignments++) {
        assert_null(loaded_set(&loaded, *assignments));
    }
    assert_int_equal(loaded_init(&loaded, &error), XSW_OK);
}

static void begin_knowing_the_collector(const char *assignment)
{
    const char *const assignments[] = {"collector-mac=02:00:00:00:00:09", assignment, NULL};
    begin(assignments);
}

static void frame_make(struct frame *frame, int is_v6, uint8_t protocol, uint32_t payload)
{
    static const uint8_t zeroes[1400];
    frame_ethernet(frame, is_v6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4);
    if (is_v6) {
        frame_ipv6(frame, protocol);
    } else {
        frame_ipv4(frame, protocol);
    }
    if (protocol == PROTOCOL_UDP) {
        frame_udp(frame);
    } else if (protocol == PROTOCOL_TCP) {
        frame_tcp(frame, 0x02);
    } else {
        frame_icmp_echo(frame, 8);
    }
    frame_put(frame, zeroes, payload);
    frame_finish(frame);
}

static struct xsw_packet packet_of(struct frame *frame)
{
    struct xsw_packet packet = {.data = frame->bytes, .length = (uint32_t)frame->length};
    packet.source_port = PORT_IN;
    packet.destination_port = PORT_OUT;
    packet.vlan = 7;
    parse_packet(&packet);
    return packet;
}

static void look(enum xsw_direction direction, struct xsw_packet packet)
{
    const struct xsw_packet *pointer = &packet;
    const struct xsw_const_batch batch = {&pointer, 1, 1, now_ns};
    loaded.descriptor->capture->look(loaded.state, direction, &batch);
}

static void see(int is_v6, uint8_t protocol, uint32_t payload)
{
    struct frame frame;
    frame_make(&frame, is_v6, protocol, payload);
    look(XSW_INGRESS, packet_of(&frame));
    look(XSW_EGRESS, packet_of(&frame));
}

/* A flow for each source port. */
static void see_ports(uint16_t first, uint16_t count)
{
    struct frame frame;
    for (uint16_t i = 0; i < count; i++) {
        frame_make(&frame, 0, PROTOCOL_UDP, 0);
        wire_write16(frame.bytes + frame.transport, (uint16_t)(first + i));
        look(XSW_EGRESS, packet_of(&frame));
    }
}

/* Time passes; the worker sweeps all of its cache, and the control thread has its turn. */
static void pass_seconds(unsigned seconds)
{
    now_ns += seconds * second_ns;
    for (unsigned i = 0; i < 12; i++) {
        loaded.descriptor->tick(loaded.state, 1, now_ns);
    }
    loaded.descriptor->control->second(loaded.state, now_ns);
}

static uint64_t status(unsigned field)
{
    struct xsw_status_value values[STATUS_COUNT] = {0};
    char text[32];
    values[STATUS_COUNT - 1].text = text;
    values[STATUS_COUNT - 1].capacity = sizeof text;
    assert_int_equal(loaded.descriptor->control->status(loaded.state, 0, 0, values, NULL), XSW_OK);
    return values[field].number;
}

/* What the decoder says of all that was sent, sorted. */
static void decode(char *text, const char *largest)
{
    char path[] = "/tmp/flowreport_test.XXXXXX";
    char command[256];
    int file = mkstemp(path);
    FILE *out = fdopen(file, "wb");
    assert_non_null(out);
    const uint32_t header[6] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 262144, 1};
    fwrite(header, sizeof header, 1, out);
    for (uint32_t i = 0; i < loaded.services.sent_count; i++) {
        const struct services_frame *frame = &loaded.services.sent[i];
        const uint32_t record[4] = {0, 0, frame->packet.length, frame->packet.length};
        fwrite(record, sizeof record, 1, out);
        fwrite(frame->bytes, frame->packet.length, 1, out);
    }
    fclose(out);
    snprintf(command, sizeof command, "python3 %s %s %s 2>&1 | LC_ALL=C sort", DECODER_PATH, path,
             largest);
    FILE *in = popen(command, "r");
    assert_non_null(in);
    text[fread(text, 1, TEXT_SIZE - 1, in)] = '\0';
    assert_int_equal(pclose(in), 0);
    remove(path);
}

static void expect_reports(const char *expected)
{
    char text[TEXT_SIZE];
    decode(text, "1500");
    assert_string_equal(text, expected);
}

static void reports_say_what_was_seen(void **state)
{
    (void)state;
    begin_knowing_the_collector("domain=5");
    see(0, PROTOCOL_UDP, 100);
    see(0, PROTOCOL_UDP, 10);
    see(1, PROTOCOL_TCP, 1000);
    see(0, 1, 56);
    pass_seconds(15);
    expect_reports("message domain=5\nmessage domain=5\n"
                   "source=10.0.0.1 sport=0 destination=10.0.0.2 dport=2048 protocol=1 vlan=7 "
                   "input=3 output=4 packets=1 octets=84 flags=0 class=0 end=1\n"
                   "source=10.0.0.1 sport=5000 destination=10.0.0.2 dport=53 protocol=17 vlan=7 "
                   "input=3 output=4 packets=2 octets=166 flags=0 class=0 end=1\n"
                   "source=fd00::1 sport=5000 destination=fd00::2 dport=80 protocol=6 vlan=7 "
                   "input=3 output=4 packets=1 octets=1060 flags=2 class=0 end=1\n"
                   "template 256\ntemplate 257\ntemplate 258\n");
    assert_int_equal(status(STATUS_RECORDS), 3);
    assert_int_equal(status(STATUS_FLOWS), 0);
}

static void reports_go_to_the_collector(void **state)
{
    (void)state;
    begin_knowing_the_collector("port=2055");
    see(0, PROTOCOL_UDP, 0);
    pass_seconds(15);
    assert_int_equal(loaded.services.sent_count, 2);
    const struct services_frame *frame = &loaded.services.sent[1];
    static const uint8_t macs[] = {2, 0, 0, 0, 0, 9, 2, 0x78, 0x73, 0x77, 0, 1, 8, 0};
    static const uint8_t addresses[] = {192, 0, 2, 1, 192, 0, 2, 9, 2055 >> 8, 2055 & 255};
    assert_memory_equal(frame->bytes, macs, sizeof macs);
    assert_memory_equal(frame->bytes + 26, addresses, sizeof addresses);
    assert_int_equal(wire_read16(frame->bytes + 36), 2055);
    assert_int_equal(frame->packet.source_port, XSW_PORT_NONE);
}

static void reports_travel_by_ipv6(void **state)
{
    (void)state;
    const char *const assignments[] = {"collector=2001:db8::9", "address=2001:db8::1",
                                       "collector-mac=02:00:00:00:00:09", NULL};
    begin(assignments);
    see(0, PROTOCOL_UDP, 1);
    pass_seconds(15);
    expect_reports("message domain=1\nmessage domain=1\n"
                   "source=10.0.0.1 sport=5000 destination=10.0.0.2 dport=53 protocol=17 vlan=7 "
                   "input=3 output=4 packets=1 octets=29 flags=0 class=0 end=1\n"
                   "template 256\ntemplate 257\ntemplate 258\n");
}

static void what_is_not_ip_is_reported_by_mac(void **state)
{
    (void)state;
    begin_knowing_the_collector("idle=1");
    struct frame frame;
    frame_ethernet(&frame, 0x88b5);
    frame.length = 60;
    look(XSW_EGRESS, packet_of(&frame));
    pass_seconds(1);
    expect_reports("message domain=1\nmessage domain=1\n"
                   "source=02:00:00:00:00:01 destination=02:00:00:00:00:02 type=34997 vlan=7 "
                   "input=3 output=4 packets=1 octets=60 end=1\n"
                   "template 256\ntemplate 257\ntemplate 258\n");
}

static void flows_end_for_their_reasons(void **state)
{
    (void)state;
    begin_knowing_the_collector("active=20");
    struct frame frame;
    frame_make(&frame, 0, PROTOCOL_TCP, 0);
    frame.bytes[frame.transport + 13] = 0x11; /* FIN, ACK */
    look(XSW_EGRESS, packet_of(&frame));
    see(0, PROTOCOL_UDP, 0);
    pass_seconds(1);
    assert_int_equal(status(STATUS_RECORDS), 1); /* the closed one */
    for (unsigned i = 0; i < 19; i++) {
        see(0, PROTOCOL_UDP, 0);
        pass_seconds(1);
    }
    assert_int_equal(status(STATUS_RECORDS), 2); /* the long one */
    see(0, PROTOCOL_UDP, 0);
    loaded_fini(&loaded); /* the one that goes on is reported at the end */
    expect_reports("message domain=1\nmessage domain=1\nmessage domain=1\nmessage domain=1\n"
                   "source=10.0.0.1 sport=5000 destination=10.0.0.2 dport=53 protocol=17 vlan=7 "
                   "input=3 output=4 packets=1 octets=28 flags=0 class=0 end=4\n"
                   "source=10.0.0.1 sport=5000 destination=10.0.0.2 dport=53 protocol=17 vlan=7 "
                   "input=3 output=4 packets=20 octets=560 flags=0 class=0 end=2\n"
                   "source=10.0.0.1 sport=5000 destination=10.0.0.2 dport=80 protocol=6 vlan=7 "
                   "input=3 output=4 packets=1 octets=40 flags=17 class=0 end=3\n"
                   "template 256\ntemplate 257\ntemplate 258\n");
}

static void messages_stay_below_the_mtu(void **state)
{
    (void)state;
    char text[TEXT_SIZE];
    begin_knowing_the_collector("mtu=640");
    see_ports(1000, 60);
    pass_seconds(15);
    decode(text, "640");
    unsigned records = 0;
    for (const char *at = text; (at = strstr(at, "packets=1")) != NULL; at++) {
        records++;
    }
    assert_int_equal(records, 60);
    assert_true(loaded.services.sent_count > 5);
}

static void templates_are_sent_again(void **state)
{
    (void)state;
    begin_knowing_the_collector("refresh=60");
    uint32_t expected[] = {2, 3, 3, 5}; /* with the templates: the first and the last time */
    for (unsigned i = 0; i < 4; i++) {
        if (i == 2) {
            pass_seconds(60); /* templates alone are not worth a packet */
        } else {
            see(0, PROTOCOL_UDP, 0);
            pass_seconds(15);
        }
        assert_int_equal(loaded.services.sent_count, expected[i]);
    }
    assert_memory_equal(loaded.services.sent[0].bytes + 58, loaded.services.sent[3].bytes + 58,
                        loaded.services.sent[0].packet.length - 58);
}

static void reports_are_not_reported(void **state)
{
    (void)state;
    begin_knowing_the_collector("idle=1");
    see(0, PROTOCOL_UDP, 0);
    pass_seconds(1);
    assert_int_equal(loaded.services.sent_count, 2);
    for (uint16_t injector = 1; injector <= 2; injector++) { /* its own, and another one's */
        struct xsw_packet report = loaded.services.sent[0].packet;
        report.injector = injector;
        parse_packet(&report);
        look(XSW_INGRESS, report);
        look(XSW_EGRESS, report);
    }
    assert_int_equal(status(STATUS_FLOWS), 0);
    struct xsw_packet foreign = loaded.services.sent[0].packet; /* came in by a port */
    foreign.injector = 0;
    parse_packet(&foreign);
    look(XSW_EGRESS, foreign);
    assert_int_equal(status(STATUS_FLOWS), 1);
}

static void a_rewritten_clone_is_counted(void **state)
{
    (void)state;
    struct frame frame;
    begin_knowing_the_collector("idle=1");
    frame_make(&frame, 0, PROTOCOL_UDP, 30);
    struct xsw_packet clone = packet_of(&frame);
    clone.injector = 2;
    clone.parent_id = 99;
    look(XSW_EGRESS, clone);
    assert_int_equal(status(STATUS_FLOWS), 1);
}

static void a_packet_counts_in_one_direction(void **state)
{
    (void)state;
    begin_knowing_the_collector("record=ingress");
    see(0, PROTOCOL_UDP, 0);
    pass_seconds(15);
    char text[TEXT_SIZE];
    decode(text, "1500");
    assert_non_null(strstr(text, "packets=1 "));
}

static void the_collector_is_asked_for_and_learned(void **state)
{
    (void)state;
    static const uint8_t question[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0x78, 0x73, 0x77, 0,
                                       1,    8,    6,    0,    1,    8,    0, 6,    4,    0,    1};
    const char *const assignments[] = {NULL};
    begin(assignments);
    see(0, PROTOCOL_UDP, 0);
    pass_seconds(15);
    assert_int_equal(loaded.services.sent_count, 1);
    assert_memory_equal(loaded.services.sent[0].bytes, question, sizeof question);
    struct frame answer;
    frame_make(&answer, 0, PROTOCOL_UDP, 0);
    memcpy(answer.bytes + answer.network + 12, (const uint8_t[]){192, 0, 2, 9}, 4);
    look(XSW_INGRESS, packet_of(&answer));
    pass_seconds(1);
    assert_int_equal(loaded.services.sent_count, 3);
    assert_memory_equal(loaded.services.sent[2].bytes, answer.bytes + 6, 6);
}

static void a_refused_message_is_sent_later(void **state)
{
    (void)state;
    begin_knowing_the_collector("idle=1");
    see_ports(1000, 3);
    loaded.services.send_gives = XSW_AGAIN;
    pass_seconds(1);
    see_ports(2000, 3);
    pass_seconds(1);
    assert_int_equal(loaded.services.sent_count, 0);
    assert_int_equal(status(STATUS_WAITING), 6);
    loaded.services.send_gives = XSW_OK;
    pass_seconds(1);
    assert_int_equal(status(STATUS_WAITING), 0);
    assert_int_equal(status(STATUS_RECORDS), 6);
}

static void a_full_cache_gives_up_the_quietest_and_loses_nothing(void **state)
{
    (void)state;
    begin_knowing_the_collector("flows=64");
    see_ports(1, 1000);
    assert_true(status(STATUS_FLOWS) <= 64);
    assert_int_equal(status(STATUS_FLOWS) + status(STATUS_WAITING), 1000);
    assert_int_equal(status(STATUS_LOST_PACKETS), 0);
    see_ports(1001, 6000); /* nobody takes them out of the ring */
    assert_int_equal(status(STATUS_FLOWS) + status(STATUS_WAITING) + status(STATUS_LOST_PACKETS),
                     7000);
    assert_true(status(STATUS_LOST_PACKETS) > 0);
}

static void bad_settings_are_named(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"collector=nowhere", "collector \"nowhere\": expected the IPv4 or IPv6 address"},
        {"address=2001:db8::1", "expected an IPv4 address, as that of the collector"},
        {"collector-mac=02:00", "collector-mac \"02:00\": expected a MAC address"},
        {"collector-mac=ff:ff:ff:ff:ff:ff", "expected the address of one station"},
        {"mac=", "mac \"\": expected a MAC address"},
        {"record=both", "record: expected \"egress\" or \"ingress\""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct xsw_error error;
        loaded_defaults(&loaded);
        assert_null(loaded_set(&loaded, "collector=192.0.2.9"));
        assert_null(loaded_set(&loaded, "address=192.0.2.1"));
        assert_null(loaded_set(&loaded, bad[i][0]));
        assert_int_equal(loaded_init(&loaded, &error), XSW_INVALID);
        if (strstr(error.text, bad[i][1]) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", error.text, bad[i][1]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reports_say_what_was_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(reports_go_to_the_collector, setup, teardown),
        cmocka_unit_test_setup_teardown(reports_travel_by_ipv6, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_ip_is_reported_by_mac, setup, teardown),
        cmocka_unit_test_setup_teardown(flows_end_for_their_reasons, setup, teardown),
        cmocka_unit_test_setup_teardown(messages_stay_below_the_mtu, setup, teardown),
        cmocka_unit_test_setup_teardown(templates_are_sent_again, setup, teardown),
        cmocka_unit_test_setup_teardown(reports_are_not_reported, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rewritten_clone_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_packet_counts_in_one_direction, setup, teardown),
        cmocka_unit_test_setup_teardown(the_collector_is_asked_for_and_learned, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_message_is_sent_later, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_cache_gives_up_the_quietest_and_loses_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(bad_settings_are_named, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
