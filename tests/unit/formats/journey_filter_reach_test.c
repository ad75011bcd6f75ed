/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said of a whole batch: an expression that is true for one of its packets may never be
 * ruled out for all of them, and the usual ones must be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "formats/filter/journey_filter.h"

static const char *name_at(const void *context, enum journey_name kind, size_t index,
                           uint32_t *value)
{
    static const char *const names[][3] = {[JOURNEY_NAME_REASON] = {"acl-denied", "silent-drop"},
                                           [JOURNEY_NAME_STAGE] = {"rx", "forward", "tx"},
                                           [JOURNEY_NAME_EXTENSION] = {"guard"},
                                           [JOURNEY_NAME_PORT] = {"alice", "bob"}};
    (void)context;
    *value = (uint32_t)index + 1;
    return index < 3 ? names[kind][index] : NULL;
}

static const struct journey_names names = {.at = name_at};

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

/* Packets that came through tx in 4 us, to which nothing happened. */
static struct journey_facts plain(void)
{
    return (struct journey_facts){.packet_id = 7,
                                  .latency_ns = 4000,
                                  .length = 60,
                                  .source_port = 1,
                                  .destination_port = 2,
                                  .stage = 3,
                                  .outcome = FACTS_DELIVERED};
}

static bool may_match(const char *text)
{
    struct journey_filter *filter = compile(text);
    struct journey_facts facts = plain();
    bool may = journey_filter_may_match(filter, &facts);
    journey_filter_destroy(filter);
    return may;
}

static void what_no_plain_packet_can_be_is_ruled_out(void **state)
{
    (void)state;
    static const char *const never[] = {"dropped",
                                        "reason == acl-denied",
                                        "latency > 5us",
                                        "changed",
                                        "dropped and port == alice",
                                        "port == alice and dropped",
                                        "stage == forward",
                                        "not delivered",
                                        "(dropped or latency > 1s) and vlan == 10",
                                        "changed or reason == silent-drop or held",
                                        "changed.at == forward",
                                        "held.at in (forward, tx) and not changed.at == rx",
                                        "latency < 1us and port == bob"};
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        if (may_match(never[i])) {
            fail_msg("%s", never[i]);
        }
    }
}

static void what_some_plain_packet_can_be_is_not(void **state)
{
    (void)state;
    static const char *const perhaps[] = {"delivered",
                                          "latency > 3us",
                                          "port == alice",
                                          "not dropped",
                                          "dropped or port == bob",
                                          "vlan == 10",
                                          "not changed and length > 1000",
                                          "pcap 'tcp'",
                                          "rule == 5",
                                          "extension == guard",
                                          "made.at == forward",
                                          "changed.at != forward and held.at != 7",
                                          "packet == 99999",
                                          "stage == tx"};
    for (size_t i = 0; i < sizeof(perhaps) / sizeof(perhaps[0]); i++) {
        if (!may_match(perhaps[i])) {
            fail_msg("%s", perhaps[i]);
        }
    }
}

/* A number of its own for each step, so that each run is the same. */
static uint64_t next_random(uint64_t *random)
{
    *random = *random * 6364136223846793005U + 1442695040888963407U;
    return *random >> 33;
}

static void text_make(char *text, size_t size, uint64_t *random, unsigned depth)
{
    static const char *const terms[] = {"dropped",       "delivered",   "latency > 3us",
                                        "latency < 3us", "port == bob", "changed",
                                        "vlan == 3",     "length > 50", "stage == tx",
                                        "stage == rx",   "packet == 5", "reason == acl-denied"};
    char left[600], right[600];
    if (depth == 0) {
        strncpy(text, terms[next_random(random) % 12], size - 1);
        text[size - 1] = '\0';
        return;
    }
    text_make(left, sizeof(left), random, depth - 1);
    text_make(right, sizeof(right), random, depth - 1);
    const char *join = next_random(random) % 2 == 0 ? "and" : "or";
    const char *no = next_random(random) % 4 == 0 ? "not " : "";
    assert_true((size_t)snprintf(text, size, "%s(%s %s %s)", no, left, join, right) < size);
}

static void an_expression_that_matches_one_is_never_ruled_out(void **state)
{
    (void)state;
    uint64_t random = 11;
    unsigned ruled_out = 0;
    for (unsigned round = 0; round < 3000; round++) {
        char text[1400];
        text_make(text, sizeof(text), &random, (unsigned)(round % 4));
        struct journey_filter *filter = compile(text);
        struct journey_facts known = plain();
        bool may = journey_filter_may_match(filter, &known);
        ruled_out += !may;
        for (unsigned i = 0; i < 16; i++) {
            struct journey_facts facts = plain();
            facts.packet_id = next_random(&random) % 8;
            facts.vlan = (uint16_t)(next_random(&random) % 5);
            facts.length = (uint32_t)(next_random(&random) % 100);
            facts.source_port = (uint32_t)(next_random(&random) % 3) + 1;
            facts.destination_port = (uint32_t)(next_random(&random) % 3) + 1;
            if (journey_filter_matches(filter, &facts) && !may) {
                fail_msg("ruled out: %s", text);
            }
        }
        journey_filter_destroy(filter);
    }
    assert_true(ruled_out > 300 && ruled_out < 2700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_plain_packet_can_be_is_ruled_out),
        cmocka_unit_test(what_some_plain_packet_can_be_is_not),
        cmocka_unit_test(an_expression_that_matches_one_is_never_ruled_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
