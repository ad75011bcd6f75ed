/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CERTIFY_RULES_H
#define XSW_CERTIFY_RULES_H

/* The rules as a table. Threads: any; all of it is constant. */

#include <stdint.h>

/* For which kinds of extensions a rule is. */
enum {
    KIND_CAPTURE = 1,
    KIND_FILTER = 2,
    KIND_FORWARD = 4,
    KIND_NOT_CAPTURE = KIND_FILTER | KIND_FORWARD,
    KIND_NOT_FORWARD = KIND_CAPTURE | KIND_FILTER,
    KIND_ANY = KIND_CAPTURE | KIND_FILTER | KIND_FORWARD
};

enum certify_group {
    GROUP_OBJECT,
    GROUP_DATA,
    GROUP_PASSIVE,
    GROUP_CONTROL,
    GROUP_SAVE,
    GROUP_HARD,
    GROUP_COUNT
};

enum certify_rule {
#define CERTIFY_RULE(group, symbol, id, kinds, sentence, reference) RULE_##symbol,
#include "certify/rules.def"
#undef CERTIFY_RULE
    RULE_COUNT
};

struct certify_rule_info {
    enum certify_group group;
    const char *id;
    uint32_t kinds;
    const char *sentence;
    const char *reference;
};

const struct certify_rule_info *certify_rule_info(enum certify_rule rule);
const char *certify_group_title(enum certify_group group);
/* RULE_COUNT when there is none of that id. */
enum certify_rule certify_rule_find(const char *id);
/* KIND_… of an enum xsw_extension_kind; 0 for any other number. */
uint32_t certify_kind_bit(uint32_t kind);

#endif
