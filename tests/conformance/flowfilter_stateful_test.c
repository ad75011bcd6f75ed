/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that rules of the flow filter authorise, and rules of ports that come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "conformance/loaded.h"
#include "packet/parse.h"
#include "unit/packet/frames.h"

enum { FEATURE_RULES, FEATURE_RULE };
enum { STATUS_RULES, STATUS_GENERATION, STATUS_PACKETS, STATUS_MADE, STATUS_COUNT = 7 };
enum { ALICE = 1, BOB = 2 }; /* ports, and the last byte of their addresses */
enum { FIN = 0x11, RST = 0x04, ACK = 0x10, SYN = 0x02 };

static const uint64_t second_ns = 1000000000;

static struct loaded loaded;
static uint64_t now_ns;

static int setup(void **state)
{
    (void)state;
    now_ns = 1000 * second_ns;
    return loaded_open(&loaded, EXTENSION_PATH) == NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    loaded_fini(&loaded);
    loaded_close(&loaded);
    return 0;
}

static void begin(const char *const *rules)
{
    struct xsw_error error;
    assert_null(loaded_set(&loaded, "default=deny"));
    for (; *rules != NULL; rules++) {
        assert_null(loaded_set(&loaded, *rules));
    }
    assert_int_equal(loaded_init(&loaded, &error), XSW_OK);
}

static struct xsw_verdict ask_about(enum xsw_direction direction, struct xsw_packet *packet)
{
    struct xsw_verdict verdict = {0};
    struct xsw_packet *pointer = packet;
    const struct xsw_packet *const_pointer = packet;
    parse_packet(packet);
    if (direction == XSW_INGRESS) {
        struct xsw_batch batch = {&pointer, 1, 1, now_ns};
        loaded.descriptor->filter->ingress(loaded.state, &batch, &verdict);
    } else {
        const struct xsw_const_batch batch = {&const_pointer, 1, 0, now_ns};
        loaded.descriptor->filter->egress(loaded.state, &batch, &verdict);
    }
    return verdict;
}

/* A TCP segment from port 5000 to 443 of the other one, or an answer to such. */
static struct xsw_verdict tcp(enum xsw_direction direction, uint8_t from, uint8_t to, int is_answer,
                              uint8_t flags)
{
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_TCP);
    frame_tcp(&frame, flags);
    frame.bytes[frame.network + 15] = from;
    frame.bytes[frame.network + 19] = to;
    wire_write16(frame.bytes + frame.transport, is_answer ? 443 : 5000);
    wire_write16(frame.bytes + frame.transport + 2, is_answer ? 5000 : 443);
    frame_finish(&frame);
    struct xsw_packet packet = {.data = frame.bytes, .length = (uint32_t)frame.length};
    packet.source_port = from;
    packet.destination_port = direction == XSW_EGRESS ? to : XSW_PORT_NONE;
    return ask_about(direction, &packet);
}

static void assert_passes(struct xsw_verdict verdict, uint32_t rule)
{
    assert_int_equal(verdict.action, XSW_PASS);
    assert_int_equal(verdict.rule, rule);
}

static void assert_denied(struct xsw_verdict verdict)
{
    assert_int_equal(verdict.action, XSW_DROP);
}

static const char *const https[] = {"rules=10 allow in tcp dst port 443 stateful=60", NULL};

static void answers_need_no_rule(void **state)
{
    (void)state;
    begin(https);
    assert_denied(tcp(XSW_INGRESS, BOB, ALICE, 1, ACK));
    assert_passes(tcp(XSW_INGRESS, ALICE, BOB, 0, SYN), 10);
    assert_passes(tcp(XSW_INGRESS, BOB, ALICE, 1, ACK), 10);
    assert_denied(tcp(XSW_INGRESS, BOB, 3, 1, ACK)); /* an answer to nobody's question */
}

static void a_quiet_connection_ends(void **state)
{
    (void)state;
    begin(https);
    assert_passes(tcp(XSW_INGRESS, ALICE, BOB, 0, SYN), 10);
    for (unsigned i = 0; i < 3; i++) {
        now_ns += 60 * second_ns;
        loaded.descriptor->control->second(loaded.state, now_ns);
        assert_passes(tcp(XSW_INGRESS, BOB, ALICE, 1, ACK), 10);
    }
    now_ns += 61 * second_ns;
    assert_denied(tcp(XSW_INGRESS, BOB, ALICE, 1, ACK));
}

static void a_closed_connection_ends_soon(void **state)
{
    (void)state;
    begin(https);
    assert_passes(tcp(XSW_INGRESS, ALICE, BOB, 0, SYN), 10);
    assert_passes(tcp(XSW_INGRESS, ALICE, BOB, 0, FIN), 10);
    assert_passes(tcp(XSW_INGRESS, BOB, ALICE, 1, FIN), 10);
    now_ns += 6 * second_ns;
    assert_denied(tcp(XSW_INGRESS, BOB, ALICE, 1, ACK));
}

static void a_connection_that_opens_again_is_a_new_one(void **state)
{
    (void)state;
    begin(https);
    assert_passes(tcp(XSW_INGRESS, ALICE, BOB, 0, SYN), 10);
    assert_passes(tcp(XSW_INGRESS, ALICE, BOB, 0, RST), 10);
    assert_passes(tcp(XSW_INGRESS, ALICE, BOB, 0, SYN), 10);
    now_ns += 50 * second_ns;
    assert_passes(tcp(XSW_INGRESS, BOB, ALICE, 1, ACK), 10);
    assert_passes(tcp(XSW_INGRESS, BOB, ALICE, 1, FIN), 10);
    assert_denied(tcp(XSW_INGRESS, BOB, ALICE, 1, SYN)); /* no rule lets the other end do that */
}

static void a_connection_is_for_the_direction_of_its_rule(void **state)
{
    (void)state;
    const char *const rules[] = {"rules=10 allow in tcp dst port 443 stateful",
                                 "rules=20 allow out udp", NULL};
    begin(rules);
    assert_passes(tcp(XSW_INGRESS, ALICE, BOB, 0, SYN), 10);
    assert_passes(tcp(XSW_INGRESS, BOB, ALICE, 1, ACK), 10);
    assert_denied(tcp(XSW_EGRESS, BOB, ALICE, 1, ACK));
}

static void trusted_packets_are_not_asked_about(void **state)
{
    (void)state;
    begin(https);
    assert_passes(tcp(XSW_INGRESS, XSW_PORT_NONE, BOB, 1, ACK), 0);
    assert_passes(tcp(XSW_EGRESS, XSW_PORT_NONE, BOB, 1, ACK), 0);
}

static void bad_stateful_rules_are_named(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"rules=7 deny tcp stateful", "rule 7: expected \"allow\""},
        {"rules=7 allow tcp stateful=0", "expected \"stateful=SECONDS\" with 1 to 604800"},
        {"rules=7 allow tcp stateful=604801", "expected \"stateful=SECONDS\""},
        {"rules=7 allow tcp stateful=", "expected \"stateful=SECONDS\""},
        {"rules=7 allow tcp stateful=1m", "expected \"stateful=SECONDS\""},
        {"rules=7 allow stateful tcp", "rule 7, expression \"stateful tcp\""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct xsw_error error;
        loaded_defaults(&loaded);
        assert_null(loaded_set(&loaded, bad[i][0]));
        assert_int_equal(loaded_init(&loaded, &error), XSW_INVALID);
        if (strstr(error.text, bad[i][1]) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", error.text, bad[i][1]);
        }
    }
}

/* Rules of ports ------------------------------------------------------------------------------- */

struct entry {
    const char *texts[3]; /* action, direction, expression */
    struct xsw_setting values[4];
    struct xsw_property property;
    struct xsw_change change;
    struct xsw_port_info info;
};

static const struct xsw_change *entry_make(struct entry *entry, uint32_t operation, uint16_t port,
                                           uint32_t id)
{
    for (size_t i = 0; i < 3; i++) {
        entry->values[i] = (struct xsw_setting){.texts = &entry->texts[i], .text_count = 1};
    }
    entry->property = (struct xsw_property){.size = sizeof entry->property,
                                            .feature = "test.rule",
                                            .own = FEATURE_RULE,
                                            .id = id,
                                            .value_count = 4,
                                            .fields = loaded.descriptor->features[1].fields,
                                            .values = entry->values};
    entry->info = (struct xsw_port_info){.size = sizeof entry->info, .id = port, .name = "p"};
    entry->change = (struct xsw_change){.size = sizeof entry->change,
                                        .operation = operation,
                                        .port = port,
                                        .info = &entry->info,
                                        .property = &entry->property};
    return &entry->change;
}

static enum xsw_status rule_add(uint16_t port, uint32_t id, const char *action,
                                const char *expression, enum xsw_status outcome)
{
    struct entry entry = {.texts = {action, "in", expression}};
    struct xsw_error refusal = {0};
    const struct xsw_change *change = entry_make(&entry, XSW_OP_PORT_PROPERTY_ADD, port, id);
    enum xsw_status status = loaded.descriptor->control->ask(loaded.state, change, &refusal);
    if (status == XSW_OK) {
        loaded.descriptor->control->done(loaded.state, change, outcome);
    } else {
        assert_true(refusal.text[0] != '\0');
    }
    return status;
}

static void rule_tell(uint32_t operation, uint16_t port, uint32_t id)
{
    struct entry entry = {.texts = {"allow", "in", ""}};
    loaded.descriptor->control->told(loaded.state, entry_make(&entry, operation, port, id));
}

static uint64_t status(uint32_t feature, uint16_t port, unsigned field, char *text, uint32_t size)
{
    struct xsw_status_value values[STATUS_COUNT] = {0};
    values[STATUS_COUNT - 1].text = text;
    values[STATUS_COUNT - 1].capacity = size;
    assert_int_equal(loaded.descriptor->control->status(loaded.state, feature, port, values, NULL),
                     size == 0 ? XSW_LIMIT : XSW_OK);
    return field == STATUS_COUNT ? values[STATUS_COUNT - 1].length : values[field].number;
}

static void rules_of_a_port_come_first_and_go_live(void **state)
{
    (void)state;
    begin(https);
    assert_int_equal(rule_add(ALICE, 5, "deny", "tcp", XSW_OK), XSW_OK);
    assert_denied(tcp(XSW_INGRESS, ALICE, BOB, 0, SYN));
    assert_passes(tcp(XSW_INGRESS, BOB, ALICE, 0, SYN), 10);
    assert_int_equal(loaded.services.synchronized, 1);
    rule_tell(XSW_OP_PORT_PROPERTY_DELETE, ALICE, 5);
    assert_passes(tcp(XSW_INGRESS, ALICE, BOB, 0, SYN), 10);
    assert_int_equal(rule_add(ALICE, 5, "deny", "tcp", XSW_OK), XSW_OK);
    rule_tell(XSW_OP_PORT_DELETE, ALICE, 0);
    assert_int_equal(status(FEATURE_RULE, ALICE, STATUS_COUNT, NULL, 0), 1);
}

static void a_change_that_failed_elsewhere_is_undone(void **state)
{
    (void)state;
    begin(https);
    assert_int_equal(rule_add(ALICE, 5, "deny", "tcp", XSW_DENIED), XSW_OK);
    assert_passes(tcp(XSW_INGRESS, ALICE, BOB, 0, SYN), 10);
    assert_int_equal(rule_add(ALICE, 5, "deny", "udp", XSW_OK), XSW_OK);
    assert_int_equal(rule_add(ALICE, 5, "deny", "tcp", XSW_DENIED), XSW_OK); /* an update */
    assert_passes(tcp(XSW_INGRESS, ALICE, BOB, 0, SYN), 10);
}

static void a_bad_rule_is_refused_with_a_reason(void **state)
{
    (void)state;
    begin(https);
    assert_int_equal(rule_add(ALICE, 5, "deny", "tcp prot 3", XSW_OK), XSW_INVALID);
    assert_int_equal(rule_add(ALICE, 5, "forbid", "tcp", XSW_OK), XSW_INVALID);
}

static void a_connection_ends_with_its_rule(void **state)
{
    (void)state;
    const char *const none[] = {NULL};
    begin(none);
    struct entry entry = {.texts = {"allow", "in", "dst port 443"}};
    const struct xsw_change *change = entry_make(&entry, XSW_OP_PORT_PROPERTY_ADD, ALICE, 5);
    entry.values[3].number = 60;
    for (unsigned i = 0; i < 2; i++) { /* the second has the first one's number and place */
        assert_int_equal(loaded.descriptor->control->ask(loaded.state, change, NULL), XSW_OK);
        loaded.descriptor->control->done(loaded.state, change, XSW_OK);
        assert_int_equal(rule_add(BOB, 6, "deny", "", XSW_OK), XSW_OK);
        assert_denied(tcp(XSW_INGRESS, BOB, ALICE, 1, ACK));
        assert_passes(tcp(XSW_INGRESS, ALICE, BOB, 0, SYN),
                      (uint32_t)ALICE << XSW_RULE_TABLE_SHIFT | 5);
        assert_passes(tcp(XSW_INGRESS, BOB, ALICE, 1, ACK),
                      (uint32_t)ALICE << XSW_RULE_TABLE_SHIFT | 5);
        rule_tell(XSW_OP_PORT_PROPERTY_DELETE, ALICE, 5);
        assert_denied(tcp(XSW_INGRESS, BOB, ALICE, 1, ACK));
    }
}

static void what_was_configured_before_is_taken_up(void **state)
{
    (void)state;
    struct entry entry = {.texts = {"deny", "in", "tcp"}};
    (void)entry_make(&entry, XSW_OP_PORT_PROPERTY_ADD, ALICE, 5);
    loaded.services.ports[0] = entry.info;
    loaded.services.properties[0] = entry.property;
    loaded.services.port_count = 1;
    begin(https);
    assert_denied(tcp(XSW_INGRESS, ALICE, BOB, 0, SYN));
    rule_tell(XSW_OP_SWITCH_ACTIVATE, 0, 0); /* told again: still one rule */
    char text[200];
    assert_int_equal(status(FEATURE_RULE, ALICE, STATUS_RULES, text, sizeof text), 1);
}

static void counts_are_kept_for_each_rule(void **state)
{
    (void)state;
    char text[300];
    begin(https);
    (void)tcp(XSW_INGRESS, ALICE, BOB, 0, SYN);
    (void)tcp(XSW_INGRESS, BOB, ALICE, 1, ACK);
    assert_int_equal(status(FEATURE_RULES, 0, STATUS_PACKETS, text, sizeof text), 2);
    assert_int_equal(status(FEATURE_RULES, 0, STATUS_MADE, text, sizeof text), 1);
    assert_string_equal(text, "rule 10: 2 packets, 1 connections: 10 allow in tcp dst port 443 "
                              "stateful=60");
    assert_int_equal(status(FEATURE_RULES, 0, STATUS_COUNT, NULL, 0), strlen(text) + 1);
    uint64_t generation = status(FEATURE_RULES, 0, STATUS_GENERATION, text, sizeof text);
    assert_int_equal(rule_add(ALICE, 5, "deny", "udp", XSW_OK), XSW_OK);
    assert_int_equal(status(FEATURE_RULES, 0, STATUS_GENERATION, text, sizeof text),
                     generation + 1);
}

static void a_full_table_refuses_connections_and_not_packets(void **state)
{
    (void)state;
    char text[300];
    assert_null(loaded_set(&loaded, "connections=64"));
    begin(https);
    for (uint8_t station = 10; station < 110; station++) {
        assert_passes(tcp(XSW_INGRESS, station, BOB, 0, SYN), 10);
    }
    uint64_t made = status(FEATURE_RULES, 0, STATUS_MADE, text, sizeof text);
    assert_true(made > 32 && made <= 64);
    assert_int_equal(made + status(FEATURE_RULES, 0, 5, text, sizeof text), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_need_no_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(a_quiet_connection_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(a_closed_connection_ends_soon, setup, teardown),
        cmocka_unit_test_setup_teardown(a_connection_that_opens_again_is_a_new_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_connection_is_for_the_direction_of_its_rule, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(trusted_packets_are_not_asked_about, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_stateful_rules_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(rules_of_a_port_come_first_and_go_live, setup, teardown),
        cmocka_unit_test_setup_teardown(a_change_that_failed_elsewhere_is_undone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bad_rule_is_refused_with_a_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(a_connection_ends_with_its_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_configured_before_is_taken_up, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_are_kept_for_each_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_table_refuses_connections_and_not_packets, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
