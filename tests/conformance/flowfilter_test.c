/* SPDX-License-Identifier: Apache-2.0 */
/* What the flow filter decides, and what it says of rules that it cannot take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "conformance/loaded.h"
#include "packet/parse.h"
#include "unit/packet/frames.h"

enum { REASON_DENIED, REASON_DEFAULT };

static struct loaded loaded;

static int setup(void **state)
{
    (void)state;
    return loaded_open(&loaded, EXTENSION_PATH) == NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    loaded_fini(&loaded);
    loaded_close(&loaded);
    return 0;
}

static void configure(const char *const *assignments, size_t count)
{
    struct xsw_error error;
    for (size_t i = 0; i < count; i++) {
        assert_null(loaded_set(&loaded, assignments[i]));
    }
    assert_int_equal(loaded_init(&loaded, &error), XSW_OK);
}

static void assert_refused(const char *assignment, const char *sentence)
{
    struct xsw_error error;
    assert_null(loaded_set(&loaded, assignment));
    assert_int_equal(loaded_init(&loaded, &error), XSW_INVALID);
    if (strstr(error.text, sentence) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.text, sentence);
    }
    loaded_defaults(&loaded);
}

static struct xsw_verdict judge(enum xsw_direction direction, uint8_t protocol, uint16_t port)
{
    struct frame frame;
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, protocol);
    if (protocol == PROTOCOL_TCP) {
        frame_tcp(&frame, TCP_SYN);
    } else {
        frame_udp(&frame);
    }
    wire_write16(frame.bytes + 36, port);
    frame_finish(&frame);
    struct xsw_packet packet = {
        .data = frame.bytes, .length = (uint32_t)frame.length, .source_port = 1};
    struct xsw_packet *pointer = &packet;
    struct xsw_verdict verdict = {0};
    parse_packet(&packet);
    if (direction == XSW_INGRESS) {
        struct xsw_batch batch = {&pointer, 1, 0, 0};
        loaded.descriptor->filter->ingress(loaded.state, &batch, &verdict);
    } else {
        const struct xsw_packet *const_pointer = &packet;
        const struct xsw_const_batch batch = {&const_pointer, 1, 0, 0};
        loaded.descriptor->filter->egress(loaded.state, &batch, &verdict);
    }
    return verdict;
}

static void assert_verdict(struct xsw_verdict verdict, unsigned action, unsigned reason,
                           uint32_t rule)
{
    assert_int_equal(verdict.action, action);
    assert_int_equal(verdict.rule, rule);
    if (action == XSW_DROP) {
        assert_int_equal(verdict.reason, reason);
    }
}

static void without_rules_all_pass(void **state)
{
    (void)state;
    configure(NULL, 0);
    assert_verdict(judge(XSW_INGRESS, PROTOCOL_TCP, 80), XSW_PASS, 0, 0);
}

static void the_first_match_decides(void **state)
{
    (void)state;
    const char *const rules[] = {"rules=20 allow tcp dst port 80", "rules=10 deny tcp"};
    configure(rules, 2);
    assert_verdict(judge(XSW_INGRESS, PROTOCOL_TCP, 80), XSW_PASS, 0, 20);
    assert_verdict(judge(XSW_INGRESS, PROTOCOL_TCP, 23), XSW_DROP, REASON_DENIED, 10);
    assert_verdict(judge(XSW_INGRESS, PROTOCOL_UDP, 23), XSW_PASS, 0, 0);
}

static void rules_hold_in_their_direction_only(void **state)
{
    (void)state;
    const char *const rules[] = {"rules=1 deny out tcp", "rules=2 deny in udp",
                                 "rules=16777215 deny both dst port 7"};
    configure(rules, 3);
    assert_verdict(judge(XSW_INGRESS, PROTOCOL_TCP, 80), XSW_PASS, 0, 0);
    assert_verdict(judge(XSW_EGRESS, PROTOCOL_TCP, 80), XSW_DROP, REASON_DENIED, 1);
    assert_verdict(judge(XSW_INGRESS, PROTOCOL_UDP, 80), XSW_DROP, REASON_DENIED, 2);
    assert_verdict(judge(XSW_EGRESS, PROTOCOL_UDP, 80), XSW_PASS, 0, 0);
    assert_verdict(judge(XSW_INGRESS, PROTOCOL_TCP, 7), XSW_DROP, REASON_DENIED, 16777215u);
}

static void default_deny_stops_what_no_rule_allows(void **state)
{
    (void)state;
    const char *const rules[] = {"rules=1 allow tcp", "default=deny"};
    configure(rules, 2);
    assert_verdict(judge(XSW_INGRESS, PROTOCOL_TCP, 80), XSW_PASS, 0, 1);
    assert_verdict(judge(XSW_INGRESS, PROTOCOL_UDP, 80), XSW_DROP, REASON_DEFAULT, 0);
    assert_verdict(judge(XSW_EGRESS, PROTOCOL_TCP, 80), XSW_PASS, 0, 0);
}

static void an_empty_expression_matches_all(void **state)
{
    (void)state;
    const char *const rules[] = {"rules=5 deny"};
    configure(rules, 1);
    assert_verdict(judge(XSW_INGRESS, PROTOCOL_UDP, 80), XSW_DROP, REASON_DENIED, 5);
}

static void bad_rules_are_named(void **state)
{
    (void)state;
    assert_refused("rules=deny tcp", "rules[0] \"deny tcp\": expected \"ID allow|deny");
    assert_refused("rules=0 deny tcp", "id from 1 to 16777215");
    assert_refused("rules=16777216 deny tcp", "id from 1 to 16777215");
    assert_refused("rules=99999999999999999999 deny tcp", "id from 1 to 16777215");
    assert_refused("rules=", "id from 1 to 16777215");
    assert_refused("rules=7 drop tcp", "expected \"allow\" or \"deny\"");
    assert_refused("rules=7 deny tcp dst prot 23", "rule 7, expression \"tcp dst prot 23\"");
    assert_refused("default=maybe", "default \"maybe\": expected \"allow\" or \"deny\"");
    assert_null(loaded_set(&loaded, "rules=7 deny tcp"));
    assert_refused("rules=7 allow udp", "rules[1]: id 7 is that of rules[0] already");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_rules_all_pass, setup, teardown),
        cmocka_unit_test_setup_teardown(the_first_match_decides, setup, teardown),
        cmocka_unit_test_setup_teardown(rules_hold_in_their_direction_only, setup, teardown),
        cmocka_unit_test_setup_teardown(default_deny_stops_what_no_rule_allows, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_expression_matches_all, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_rules_are_named, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
