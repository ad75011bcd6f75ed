/* SPDX-License-Identifier: Apache-2.0 */
#include "certify/rules.h"

#include <string.h>

#include <xsw/extension.h>

static const struct certify_rule_info infos[RULE_COUNT] = {
#define CERTIFY_RULE(group, symbol, id, kinds, sentence, reference)                                \
    {GROUP_##group, id, kinds, sentence, reference},
#include "certify/rules.def"
#undef CERTIFY_RULE
};

static const char *const titles[GROUP_COUNT] = {
    "The object", "The data path",    "Loaded, not configured",
    "Control",    "Save and restore", "Hard times",
};

const struct certify_rule_info *certify_rule_info(enum certify_rule rule)
{
    return &infos[rule];
}

const char *certify_group_title(enum certify_group group)
{
    return titles[group];
}

enum certify_rule certify_rule_find(const char *id)
{
    int rule = 0;
    while (rule < RULE_COUNT && strcmp(infos[rule].id, id) != 0) {
        rule++;
    }
    return (enum certify_rule)rule;
}

uint32_t certify_kind_bit(uint32_t kind)
{
    switch (kind) {
    case XSW_EXTENSION_CAPTURE:
        return KIND_CAPTURE;
    case XSW_EXTENSION_FILTER:
        return KIND_FILTER;
    case XSW_EXTENSION_FORWARD:
        return KIND_FORWARD;
    default:
        return 0;
    }
}
