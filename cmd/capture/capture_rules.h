/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_RULES_H
#define XSW_CMD_CAPTURE_RULES_H

/*
 * What a capture session captures, on command lines: the options of xsw capture, the words of xsw
 * capture set, and texts for people. The daemon has the rules as members of an object
 * (docs/api/xsw-api.json, capture.set). `command` is who says what is wrong: "xsw capture".
 */

#include <stdbool.h>

#include <jansson.h>

enum { CAPTURE_RULE_OPTIONS = 512 /* long options of rules without a letter are from here on */ };

enum capture_rule_option {
    CAPTURE_RULE_PORT = 'i',
    CAPTURE_RULE_DIRECTION = 'Q',
    CAPTURE_RULE_SNAP = 's',
    CAPTURE_RULE_WHERE = CAPTURE_RULE_OPTIONS,
    CAPTURE_RULE_STAGE,
    CAPTURE_RULE_SAMPLE,
    CAPTURE_RULE_RATE,
    CAPTURE_RULE_BUDGET
};

/* Puts the value of an option into `rules`. False, with an error for people, when it makes no
 * sense. */
bool capture_rule_take(const char *command, int option, const char *text, json_t *rules);

/* Puts "in", "out" or "both", also by tcpdump's name "inout", into `rules`; false: it is none. */
bool capture_direction_read(const char *command, const char *text, json_t *rules);
/* Whether the rules of a command line go together; false: they do not, which has been said. */
bool capture_rules_are_whole(const char *command, const json_t *rules);

/* Millionths of a worker's time out of a percentage, such as 50, 0.5 or 20%; false: it is none. */
bool capture_budget_read(const char *command, const char *text, json_t *rules);

/* "in at alice,bob; one flow in 10; at most 1000 a second; pseudonyms": what is particular to the
 * session. Ends with "…" where it does not fit. */
void capture_rules_text(const json_t *session, char *text, size_t size);

#endif
