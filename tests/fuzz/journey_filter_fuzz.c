/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any text as a metadata expression. It is refused with a column inside of it and a
 * reason, or compiled; then it decides about any journey, and its negation decides the other way.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/filter/journey_filter.h"
#include "fuzz/target.h"

static const char *name_at(const void *context, enum journey_name kind, size_t index,
                           uint32_t *value)
{
    static const char *const names[4][3] = {{"acl-denied", "vlan-denied", "queue-full"},
                                            {"rx", "forward", "tx"},
                                            {"guard", "guard", "nat"},
                                            {"alice", "bob", "web server"}};
    (void)context;
    *value = (uint32_t)index + 1;
    return index < 3 ? names[kind][index] : NULL;
}

static const struct journey_names names = {.at = name_at};

static struct journey_facts facts_make(unsigned variant)
{
    struct journey_facts facts = {.packet_id = variant,
                                  .parent_id = variant / 3,
                                  .latency_ns = variant * 100000,
                                  .length = 60,
                                  .source_port = variant % 4,
                                  .destination_port = variant % 2 ? FACTS_PORT_UNKNOWN : variant,
                                  .reason = variant % 5,
                                  .stage = variant % 4,
                                  .vlan = variant % 3,
                                  .outcome = variant % 4,
                                  .origin = variant % 5,
                                  .flags = variant % 8,
                                  .pcap_matches = (uint8_t)(variant * 37)};
    for (unsigned i = 0; i < variant; i++) {
        facts_add_rule(&facts, i * 7);
        facts_add_stage(&facts, (uint16_t)i, (uint8_t)(i % 8));
    }
    return facts;
}

static struct journey_filter *compile(const char *text)
{
    struct journey_filter *filter = NULL;
    struct xsw_error error = {0};
    size_t column = 0;
    enum xsw_status status = journey_filter_compile(text, &names, &filter, &column, &error);
    if (status != XSW_OK && (column == 0 || column > strlen(text) + 1 || filter != NULL ||
                             strncmp(error.text, "column ", 7) != 0)) {
        abort();
    }
    return filter;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t frame[64] = {[12] = 0x08, [14] = 0x45, [23] = 17};
    char *text = malloc(size + 1);
    char *negated = malloc(size + 8);
    if (text == NULL || negated == NULL) {
        abort();
    }
    memcpy(text, data, size);
    text[size] = '\0';
    snprintf(negated, size + 8, "not (%s)", text);
    struct journey_filter *filter = compile(text);
    struct journey_filter *other = filter != NULL ? compile(negated) : NULL;
    for (unsigned variant = 0; filter != NULL && variant < 64; variant++) {
        struct journey_facts facts = facts_make(variant);
        if (variant % 2 == 0) {
            facts.pcap_matches = journey_filter_bytes(filter, frame, sizeof(frame), variant);
        }
        bool is_match = journey_filter_matches(filter, &facts);
        if (other != NULL && journey_filter_matches(other, &facts) == is_match) {
            abort();
        }
    }
    journey_filter_destroy(filter);
    journey_filter_destroy(other);
    free(text);
    free(negated);
    return 0;
}
