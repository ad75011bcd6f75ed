/* SPDX-License-Identifier: Apache-2.0 */
/* Facts, and the running of a compiled expression over them; see journey_filter.h. Workers do this
 * for each packet. */
#include <assert.h>

#include "formats/filter/journey_filter_parts.h"

void facts_add_rule(struct journey_facts *facts, uint32_t rule)
{
    for (uint16_t i = 0; i < facts->rule_count; i++) {
        if (facts->rules[i] == rule) {
            return;
        }
    }
    if (rule != 0 && facts->rule_count < FACTS_SET_MAX) {
        facts->rules[facts->rule_count++] = rule;
    }
}

void facts_add_stage(struct journey_facts *facts, uint16_t stage, uint8_t deeds)
{
    for (uint16_t i = 0; i < facts->stage_count; i++) {
        if (facts->stages[i] == stage) {
            facts->stage_deeds[i] |= deeds;
            return;
        }
    }
    if (facts->stage_count < FACTS_SET_MAX) {
        facts->stages[facts->stage_count] = stage;
        facts->stage_deeds[facts->stage_count++] = deeds;
    }
}

bool journey_filter_needs_history(const struct journey_filter *filter)
{
    return filter->needs_history;
}

bool journey_filter_needs_bytes(const struct journey_filter *filter)
{
    return filter->pcap_count != 0;
}

uint8_t journey_filter_bytes(const struct journey_filter *filter, const uint8_t *bytes,
                             uint32_t length, uint32_t captured)
{
    static_assert(JOURNEY_FILTER_PCAPS_MAX <= 8, "one bit each");
    uint8_t matches = 0;
    for (uint16_t i = 0; i < filter->pcap_count; i++) {
        if (bpf_filter(filter->pcaps[i].bf_insns, bytes, length, captured) != 0) {
            matches |= (uint8_t)(1U << i);
        }
    }
    return matches;
}

/* The numbers that a journey has for a term: none, one, or several. */
struct members {
    uint64_t of[FACTS_SET_MAX];
    size_t count;
};

static void member_add(struct members *members, uint64_t value)
{
    members->of[members->count++] = value;
}

static void port_add(struct members *members, uint32_t port)
{
    if (port != FACTS_PORT_UNKNOWN) {
        member_add(members, port);
    }
}

/* Those that did one of these deeds; all of them when none is asked for. */
static void stages_add(struct members *members, const struct journey_facts *facts, uint8_t deeds)
{
    for (uint16_t i = 0; i < facts->stage_count && i < FACTS_SET_MAX; i++) {
        if (deeds == 0 || (facts->stage_deeds[i] & deeds) != 0) {
            member_add(members, facts->stages[i]);
        }
    }
}

static void rules_add(struct members *members, const struct journey_facts *facts)
{
    for (uint16_t i = 0; i < facts->rule_count && i < FACTS_SET_MAX; i++) {
        member_add(members, facts->rules[i]);
    }
}

/* What is told at the end of a journey, and not of one without. */
static void end_add(struct members *members, const struct journey_facts *facts, enum fact fact)
{
    if (facts->outcome == FACTS_UNFINISHED) {
        return;
    }
    if (fact == FACT_STAGE) {
        member_add(members, facts->stage);
    } else if (fact == FACT_LATENCY) {
        member_add(members, facts->latency_ns);
    } else if (facts->outcome == FACTS_DROPPED) {
        member_add(members, fact == FACT_REASON ? facts->reason : facts->end_rule);
    }
}

static void members_get(const struct journey_facts *facts, enum fact fact, struct members *members)
{
    members->count = 0;
    switch (fact) {
    case FACT_REASON:
    case FACT_END_RULE:
    case FACT_STAGE:
    case FACT_LATENCY:
        end_add(members, facts, fact);
        break;
    case FACT_EXTENSION:
        stages_add(members, facts, 0);
        break;
    case FACT_MADE_AT:
        stages_add(members, facts, FACTS_DID_MAKE);
        break;
    case FACT_CHANGED_AT:
        stages_add(members, facts, FACTS_DID_CHANGE);
        break;
    case FACT_HELD_AT:
        stages_add(members, facts, FACTS_DID_HOLD);
        break;
    case FACT_RULE:
        rules_add(members, facts);
        break;
    case FACT_PORT:
        port_add(members, facts->source_port);
        port_add(members, facts->destination_port);
        break;
    case FACT_SOURCE:
        port_add(members, facts->source_port);
        break;
    case FACT_DESTINATION:
        port_add(members, facts->destination_port);
        break;
    case FACT_OUTCOME:
        member_add(members, facts->outcome);
        break;
    case FACT_ORIGIN:
        member_add(members, facts->origin);
        break;
    case FACT_PACKET:
        member_add(members, facts->packet_id);
        break;
    case FACT_PARENT:
        member_add(members, facts->parent_id);
        break;
    case FACT_VLAN:
        member_add(members, facts->vlan);
        break;
    case FACT_LENGTH:
        member_add(members, facts->length);
        break;
    case FACT_FLAGS:
    case FACT_PCAP:
        break;
    }
}

static bool is_so(uint64_t fact, enum compare compare, const struct filter_value *value)
{
    uint64_t masked = fact & value->mask;
    switch (compare) {
    case COMPARE_LT:
        return fact < value->value;
    case COMPARE_LE:
        return fact <= value->value;
    case COMPARE_GT:
        return fact > value->value;
    case COMPARE_GE:
        return fact >= value->value;
    default:
        return masked == value->value;
    }
}

bool filter_test_run(const struct journey_filter *filter, const struct filter_test *test,
                     const struct journey_facts *facts)
{
    const struct filter_value *values = &filter->values[test->value_first];
    if (test->fact == FACT_FLAGS) {
        return (facts->flags & values->value) != 0;
    }
    if (test->fact == FACT_PCAP) {
        return (facts->pcap_matches >> values->value & 1) != 0;
    }
    struct members members;
    members_get(facts, test->fact, &members);
    bool is_any = false;
    for (size_t i = 0; i < members.count && !is_any; i++) {
        for (uint16_t j = 0; j < test->value_count && !is_any; j++) {
            is_any = is_so(members.of[i], test->compare, &values[j]);
        }
    }
    return is_any != (test->compare == COMPARE_IS_NOT);
}

bool journey_filter_matches(const struct journey_filter *filter, const struct journey_facts *facts)
{
    uint16_t place = filter->entry;
    while (place < JOURNEY_FILTER_TESTS_MAX) {
        const struct filter_test *test = &filter->tests[place];
        place = filter_test_run(filter, test, facts) ? test->on_true : test->on_false;
    }
    return place == TEST_ACCEPT;
}
