/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata expression: each term, the operators, the limits, and where errors point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "formats/filter/journey_filter.h"

/* A switch: two ports called alice, as in a recording in which one was deleted and made again. */
struct entry {
    enum journey_name kind;
    const char *name;
    uint32_t value;
};

static const struct entry entries[] = {
    {JOURNEY_NAME_REASON, "acl-denied", 4}, {JOURNEY_NAME_REASON, "vlan-denied", 5},
    {JOURNEY_NAME_STAGE, "rx", 1},          {JOURNEY_NAME_STAGE, "ingress-policy", 2},
    {JOURNEY_NAME_STAGE, "tx", 9},          {JOURNEY_NAME_EXTENSION, "guard", 20},
    {JOURNEY_NAME_EXTENSION, "guard", 21},  {JOURNEY_NAME_EXTENSION, "nat", 22},
    {JOURNEY_NAME_PORT, "alice", 1},        {JOURNEY_NAME_PORT, "alice", 3 | 7 << 16},
    {JOURNEY_NAME_PORT, "bob", 2},          {JOURNEY_NAME_PORT, "web server", 6},
    {JOURNEY_NAME_PORT, "in", 8},
};

static const char *entry_at(const void *context, enum journey_name kind, size_t index,
                            uint32_t *value)
{
    (void)context;
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        if (entries[i].kind == kind && index-- == 0) {
            *value = entries[i].value;
            return entries[i].name;
        }
    }
    return NULL;
}

static const struct journey_names names = {.at = entry_at};

static struct journey_filter *compile(const char *text)
{
    struct journey_filter *filter = NULL;
    struct xsw_error error = {0};
    size_t column;
    if (journey_filter_compile(text, &names, &filter, &column, &error) != XSW_OK) {
        fail_msg("%s: %s", text, error.text);
    }
    return filter;
}

static bool matches(const char *text, const struct journey_facts *facts)
{
    struct journey_filter *filter = compile(text);
    bool is_match = journey_filter_matches(filter, facts);
    journey_filter_destroy(filter);
    return is_match;
}

/* A packet from alice, dropped by rule 30 of the access list, changed by guard before. */
static struct journey_facts dropped_one(void)
{
    struct journey_facts facts = {.packet_id = 1001,
                                  .latency_ns = 12500,
                                  .length = 60,
                                  .source_port = 1,
                                  .destination_port = FACTS_PORT_UNKNOWN,
                                  .end_rule = 30,
                                  .reason = 4,
                                  .stage = 2,
                                  .vlan = 10,
                                  .outcome = FACTS_DROPPED,
                                  .flags = FACTS_CHANGED};
    facts_add_rule(&facts, 30);
    facts_add_rule(&facts, 7);
    facts_add_stage(&facts, 20, FACTS_DID_CHANGE);
    facts_add_stage(&facts, 2, 0);
    return facts;
}

/* A copy to the second alice. */
static struct journey_facts delivered_copy(void)
{
    struct journey_facts facts = {.packet_id = 1002,
                                  .parent_id = 1001,
                                  .latency_ns = 2000000,
                                  .length = 1514,
                                  .source_port = 2,
                                  .destination_port = 3 | 7 << 16,
                                  .stage = 9,
                                  .outcome = FACTS_DELIVERED,
                                  .origin = FACTS_FLOOD,
                                  .flags = FACTS_HELD | FACTS_UNDECLARED};
    facts_add_stage(&facts, 2, FACTS_DID_MAKE);
    facts_add_stage(&facts, 9, 0);
    facts_add_stage(&facts, 9, FACTS_DID_HOLD);
    return facts;
}

static void check_all(const char *const *yes, const char *const *no,
                      const struct journey_facts *facts)
{
    for (; *yes != NULL; yes++) {
        if (!matches(*yes, facts)) {
            fail_msg("%s does not match", *yes);
        }
    }
    for (; *no != NULL; no++) {
        if (matches(*no, facts)) {
            fail_msg("%s matches", *no);
        }
    }
}

static const char *const true_of_a_drop[] = {"dropped",
                                             "outcome == dropped",
                                             "outcome != delivered",
                                             "outcome in (replaced, dropped)",
                                             "reason == acl-denied",
                                             "reason == \"acl-denied\"",
                                             "reason == 4",
                                             "reason in (vlan-denied, acl-denied)",
                                             "stage == ingress-policy",
                                             "stage != tx",
                                             "extension == guard",
                                             "extension != nat",
                                             "changed.at == 20",
                                             "changed.at != ingress-policy",
                                             "held.at != 20",
                                             "made.at != 2",
                                             "rule == 30",
                                             "rule == 7",
                                             "end.rule == 30",
                                             "end.rule != 7",
                                             "rule in (1, 7)",
                                             "rule != 31",
                                             "rule > 29",
                                             "port == alice",
                                             "source == alice",
                                             "in.port == alice",
                                             "source == 1",
                                             "destination != alice",
                                             "out.port != bob",
                                             "changed",
                                             "latency > 10us",
                                             "latency >= 12500",
                                             "latency <= 12.5us",
                                             "latency < 1s",
                                             "not clone",
                                             "clone == none",
                                             "packet == 1001",
                                             "packet == 0x3e9",
                                             "parent == 0",
                                             "vlan == 10",
                                             "vlan in (9,10)",
                                             "length < 64",
                                             NULL};
static const char *const false_of_a_drop[] = {"delivered",
                                              "replaced",
                                              "unfinished",
                                              "reason == vlan-denied",
                                              "stage == tx",
                                              "extension == nat",
                                              "changed.at in (ingress-policy, tx)",
                                              "changed.at != 20",
                                              "held.at == 20",
                                              "made.at == 2",
                                              "rule == 31",
                                              "end.rule in (0, 7)",
                                              "rule != 30",
                                              "port == bob",
                                              "destination == alice",
                                              "out.port == 1",
                                              "undeclared",
                                              "held",
                                              "latency > 12.5us",
                                              "latency < 12ms and latency > 1ms",
                                              "flood",
                                              "mirror",
                                              "injected",
                                              "packet > 1001",
                                              "length >= 61",
                                              NULL};

static void every_term_tells_a_drop(void **state)
{
    struct journey_facts facts = dropped_one();
    (void)state;
    check_all(true_of_a_drop, false_of_a_drop, &facts);
}

static void every_term_tells_a_copy(void **state)
{
    static const char *const yes[] = {"delivered",
                                      "clone",
                                      "flood",
                                      "clone == flood",
                                      "held",
                                      "clone in (mirror, flood)",
                                      "undeclared",
                                      "parent == 1001",
                                      "destination == alice",
                                      "destination == 3",
                                      "port == 3",
                                      "port == bob",
                                      "reason != acl-denied",
                                      "rule != 30",
                                      "latency == 2ms",
                                      "latency == 0.002s",
                                      "stage == tx",
                                      "made.at == ingress-policy",
                                      "end.rule != 0",
                                      "held.at == tx",
                                      "held.at in (rx, tx) and changed.at != tx",
                                      NULL};
    static const char *const no[] = {"made.at == tx",
                                     "held.at == ingress-policy",
                                     "changed.at == tx",
                                     "dropped",
                                     "clone == none",
                                     "mirror",
                                     "changed",
                                     "destination == 7",
                                     "source == alice",
                                     "rule > 0",
                                     "reason == acl-denied",
                                     "extension == guard",
                                     NULL};
    struct journey_facts facts = delivered_copy();
    (void)state;
    check_all(yes, no, &facts);
}

static void what_has_no_end_has_no_stage_and_no_latency(void **state)
{
    static const char *const yes[] = {"unfinished", "stage != tx", "stage != rx", NULL};
    static const char *const no[] = {"stage == rx", "latency >= 0", "reason == 4", NULL};
    struct journey_facts facts = dropped_one();
    (void)state;
    facts.outcome = FACTS_UNFINISHED;
    check_all(yes, no, &facts);
}

static void and_binds_stronger_than_or_and_not_stronger_than_and(void **state)
{
    static const char *const yes[] = {"dropped or delivered and held",
                                      "!delivered && changed",
                                      "(dropped or delivered) and changed",
                                      "not (delivered)",
                                      "not not dropped",
                                      "delivered or dropped and not held",
                                      "not (delivered and changed)",
                                      "not (delivered or held)",
                                      "delivered||changed",
                                      NULL};
    static const char *const no[] = {
        "(dropped or delivered) and held",   "not dropped or held",
        "not (dropped and changed)",         "not (delivered or changed)",
        "not dropped and delivered or held", NULL};
    struct journey_facts facts = dropped_one();
    (void)state;
    check_all(yes, no, &facts);
}

/* All combinations of three facts through many shapes: the program says what C says. */
static void the_program_decides_as_logic_does(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 8; bits++) {
        bool c = bits & 1;
        bool u = bits >> 1 & 1;
        bool h = bits >> 2 & 1;
        struct journey_facts facts = {.flags = (uint8_t)bits};
        assert_int_equal(matches("changed and undeclared and held", &facts), c && u && h);
        assert_int_equal(matches("changed or undeclared or held", &facts), c || u || h);
        assert_int_equal(matches("changed or undeclared and held", &facts), c || (u && h));
        assert_int_equal(matches("(changed or undeclared) and held", &facts), (c || u) && h);
        assert_int_equal(matches("not (changed or undeclared) and held", &facts), !(c || u) && h);
        assert_int_equal(matches("not (changed and not (undeclared or held))", &facts),
                         !(c && !(u || h)));
    }
}

static void pcap_filters_look_at_the_bytes(void **state)
{
    static const uint8_t arp[60] = {[12] = 0x08, [13] = 0x06};
    struct journey_filter *filter =
        compile("pcap \"arp\" or pcap 'ether proto 0x88cc' and dropped");
    struct journey_facts facts = {.outcome = FACTS_DELIVERED};
    (void)state;
    assert_true(journey_filter_needs_bytes(filter));
    assert_false(journey_filter_matches(filter, &facts));
    facts.pcap_matches = journey_filter_bytes(filter, arp, sizeof(arp), sizeof(arp));
    assert_int_equal(facts.pcap_matches, 1);
    assert_true(journey_filter_matches(filter, &facts));
    assert_int_equal(journey_filter_bytes(filter, arp, sizeof(arp), 10), 0);
    journey_filter_destroy(filter);
    filter = compile("dropped");
    assert_false(journey_filter_needs_bytes(filter));
    assert_false(journey_filter_needs_history(filter));
    journey_filter_destroy(filter);
    filter = compile("dropped or not (port == 1 and changed)");
    assert_true(journey_filter_needs_history(filter));
    journey_filter_destroy(filter);
    static const char *const of_stages[] = {"made.at == rx", "changed.at == rx", "held.at == rx"};
    for (size_t i = 0; i < sizeof(of_stages) / sizeof(of_stages[0]); i++) {
        filter = compile(of_stages[i]);
        assert_true(journey_filter_needs_history(filter));
        journey_filter_destroy(filter);
    }
}

static void sets_are_bounded(void **state)
{
    struct journey_facts facts = {0};
    (void)state;
    for (uint32_t i = 0; i < 3 * FACTS_SET_MAX; i++) {
        facts_add_rule(&facts, i / 2);
        facts_add_stage(&facts, (uint16_t)i, 0);
    }
    assert_int_equal(facts.rule_count, FACTS_SET_MAX);
    assert_int_equal(facts.stage_count, FACTS_SET_MAX);
    assert_true(matches("rule == 31", &facts));
}

static void errors_point_at_the_column_and_say_what_was_expected(void **state)
{
    static const struct {
        const char *text;
        size_t column;
        const char *says;
    } wrong[] = {
        {"", 1, "expected a condition"},
        {"  ", 3, "found the end"},
        {"droped", 1, "near: dropped"},
        {"dropped and", 12, "found the end"},
        {"dropped delivered", 9, "expected and, or, or the end, found delivered"},
        {"(dropped", 9, "the ) for the ( at column 1"},
        {"dropped)", 8, "found )"},
        {"reason", 7, "expected a comparison behind reason: == != or in"},
        {"reason == acl-denid", 11, "no reason \"acl-denid\"; near: acl-denied"},
        {"reason = acl-denied", 8, "expected =="},
        {"reason < acl-denied", 8, "reason has no order"},
        {"port == alise", 9, "near: alice"},
        {"port == 70000", 9, "no port \"70000\""},
        {"stage == policy", 10, "near: ingress-policy"},
        {"extension == gard", 14, "near: guard"},
        {"outcome == lost", 12, "one of delivered, dropped, replaced, unfinished"},
        {"latency > 10", 0, NULL},
        {"latency > 10h", 11, "such as 10us"},
        {"latency > 99999999999999999s", 11, "such as 10us"},
        {"vlan == 4096", 9, "a number from 0 to 4095"},
        {"packet == 18446744073709551616", 11, "a number from 0"},
        {"packet == -1", 11, "a number from 0"},
        {"rule in 5", 9, "expected ( and a list"},
        {"rule in (5 6)", 12, "expected , or )"},
        {"rule in ()", 10, "expected a value"},
        {"rule == \"5", 9, "expected a second \""},
        {"dropped == yes", 9, "dropped stands alone"},
        {"pcap == 5", 6, "a pcap filter in quotes"},
        {"dropped and pcap \"tcp prot 80\"", 18, "pcap: "},
        {"dropped ; held", 9, "; has no meaning"},
        {"and dropped", 1, "found and"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct journey_filter *filter = NULL;
        struct xsw_error error = {0};
        size_t column = 0;
        char place[32];
        if (wrong[i].says == NULL) {
            journey_filter_destroy(compile(wrong[i].text));
            continue;
        }
        assert_int_equal(journey_filter_compile(wrong[i].text, &names, &filter, &column, &error),
                         XSW_INVALID);
        snprintf(place, sizeof(place), "column %zu: ", wrong[i].column);
        if (column != wrong[i].column || strstr(error.text, wrong[i].says) == NULL ||
            strncmp(error.text, place, strlen(place)) != 0) {
            fail_msg("%s: column %zu, %s", wrong[i].text, column, error.text);
        }
        assert_null(filter);
    }
}

static void names_may_be_quoted_and_unknown_ones_may_be_let_pass(void **state)
{
    struct journey_facts facts = {.source_port = 6};
    struct journey_names lenient = {.at = entry_at, .is_lenient = true};
    struct journey_filter *filter = NULL;
    size_t column;
    (void)state;
    assert_true(matches("port == \"web server\"", &facts));
    assert_true(matches("port in (bob, 'web\\ server')", &facts));
    assert_false(matches("port == in or source in (in, bob)", &facts));
    assert_int_equal(journey_filter_compile("port == carol or not port == carol and held", &lenient,
                                            &filter, &column, NULL),
                     XSW_OK);
    assert_false(journey_filter_matches(filter, &facts));
    facts.flags = FACTS_HELD;
    assert_true(journey_filter_matches(filter, &facts));
    journey_filter_destroy(filter);
}

static void who_is_not_trusted_has_no_pcap_filter_that_takes_long(void **state)
{
    (void)state;
    struct journey_names bounded = names;
    bounded.is_bounded = true;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"pcap 'host nowhere.example'", "pcap: \"nowhere.example\" would have to be looked"},
        {"dropped or pcap 'port http'", "\"http\""},
        {NULL, "more than 256 bytes"}};
    char large[400];
    snprintf(large, sizeof(large), "pcap '%0300d'", 0);
    struct journey_filter *filter = NULL;
    size_t column;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *text = wrong[i].text != NULL ? wrong[i].text : large;
        struct xsw_error error;
        assert_int_equal(journey_filter_compile(text, &bounded, &filter, &column, &error),
                         XSW_INVALID);
        if (strstr(error.text, wrong[i].says) == NULL) {
            fail_msg("%s", error.text);
        }
    }
    const char *short_one = "pcap 'tcp dst port 80 and host 10.0.0.1'";
    assert_int_equal(journey_filter_compile(short_one, &bounded, &filter, &column, NULL), XSW_OK);
    journey_filter_destroy(filter);
}

static void the_same_program_is_known_as_such(void **state)
{
    (void)state;
    struct journey_filter *first = compile("dropped and pcap 'tcp' and port == bob");
    static const struct {
        const char *text;
        bool is_same;
    } others[] = {{" dropped  and pcap 'tcp' and port == 'bob'", true},
                  {"dropped and pcap 'udp' and port == bob", false},
                  {"dropped and pcap 'tcp' and port == in", false},
                  {"dropped or pcap 'tcp' and port == bob", false}};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct journey_filter *other = compile(others[i].text);
        if (journey_filter_is_same(first, other) != others[i].is_same) {
            fail_msg("%s", others[i].text);
        }
        journey_filter_destroy(other);
    }
    journey_filter_destroy(first);
}

static enum xsw_status try_repeated(const char *begin, const char *part, size_t count,
                                    const char *end)
{
    static char text[65536];
    size_t length = (size_t)snprintf(text, sizeof(text), "%s", begin);
    for (size_t i = 0; i < count; i++) {
        length += (size_t)snprintf(text + length, sizeof(text) - length, "%s", part);
    }
    snprintf(text + length, sizeof(text) - length, "%s", end);
    struct journey_filter *filter = NULL;
    size_t column;
    enum xsw_status status = journey_filter_compile(text, &names, &filter, &column, NULL);
    journey_filter_destroy(filter);
    return status;
}

static void what_is_too_long_or_too_deep_is_refused(void **state)
{
    (void)state;
    assert_int_equal(try_repeated("held", " or held", 255, ""), XSW_OK);
    assert_int_equal(try_repeated("held", " or held", 256, ""), XSW_LIMIT);
    assert_int_equal(try_repeated("", "not ", 31, "held"), XSW_OK);
    assert_int_equal(try_repeated("", "not ", 32, "held"), XSW_LIMIT);
    assert_int_equal(try_repeated("", "(", 2000, ""), XSW_LIMIT);
    assert_int_equal(try_repeated("rule in (1", ",1", 1023, ")"), XSW_OK);
    assert_int_equal(try_repeated("rule in (1", ",1", 1024, ")"), XSW_LIMIT);
    assert_int_equal(try_repeated("held", " ", 4091, ""), XSW_OK);
    assert_int_equal(try_repeated("held", " ", 4092, ""), XSW_LIMIT);
    assert_int_equal(try_repeated("held", " or pcap 'ip'", 8, ""), XSW_OK);
    assert_int_equal(try_repeated("held", " or pcap 'ip'", 9, ""), XSW_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_term_tells_a_drop),
        cmocka_unit_test(every_term_tells_a_copy),
        cmocka_unit_test(what_has_no_end_has_no_stage_and_no_latency),
        cmocka_unit_test(and_binds_stronger_than_or_and_not_stronger_than_and),
        cmocka_unit_test(the_program_decides_as_logic_does),
        cmocka_unit_test(pcap_filters_look_at_the_bytes),
        cmocka_unit_test(sets_are_bounded),
        cmocka_unit_test(errors_point_at_the_column_and_say_what_was_expected),
        cmocka_unit_test(names_may_be_quoted_and_unknown_ones_may_be_let_pass),
        cmocka_unit_test(what_is_too_long_or_too_deep_is_refused),
        cmocka_unit_test(who_is_not_trusted_has_no_pcap_filter_that_takes_long),
        cmocka_unit_test(the_same_program_is_known_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
