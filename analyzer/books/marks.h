/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_MARKS_H
#define XSW_ANALYZER_MARKS_H

/*
 * What was configured while a recording ran, found by holding the texts at its end (summary)
 * against those at its beginning (section info): rules, ports, stages, extensions and their
 * settings; and the numbers of the configuration. What was changed and changed back in between is
 * not seen there.
 *
 * Bound: MARKS_MAX marks; more are counted. Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/journey/dictionary.h"
#include "analyzer/journey/json_in.h"

enum { MARKS_MAX = 64, MARK_TEXT_SIZE = 240 };

enum mark_kind {
    MARK_RULE_ADDED,
    MARK_RULE_REMOVED,
    MARK_RULE_CHANGED,
    MARK_PORT_ADDED,
    MARK_PORT_REMOVED,
    MARK_STAGE_ADDED, /* of an extension */
    MARK_STAGE_REMOVED,
    MARK_SETTING
};

struct mark {
    enum mark_kind kind;
    struct dictionary_rule_key rule;      /* of MARK_RULE_* */
    uint16_t id;                          /* of the port or stage */
    char extension[DICTIONARY_NAME_SIZE]; /* of MARK_SETTING, MARK_STAGE_*: the instance */
    char text[MARK_TEXT_SIZE];            /* "rule 9 of port alice was added: \"deny in icmp\"" */
};

struct marks {
    struct json_t *before; /* of jansson: the lists of the section info; owned */
    struct json_t *after;  /* the same lists at the end, or null */
    bool has_end;          /* the end was told, too */
    uint64_t generation_before, generation_after; /* 0: not told */
    size_t count;
    uint64_t beyond;
    struct mark list[MARKS_MAX];
};

/* All zero is an empty one. */
void marks_fini(struct marks *marks);
/* The section info of the recording's first file, then the summary of each. */
void marks_begin(struct marks *marks, const struct json_in *section);
void marks_end(struct marks *marks, const struct dictionary *dictionary,
               const struct json_in *summary);

/* The mark of a rule, or null. */
const struct mark *marks_find_rule(const struct marks *marks,
                                   const struct dictionary_rule_key *rule);
/* The first mark of a kind about an extension, a stage of it, or a port; null when there is none.
 */
const struct mark *marks_find_extension(const struct marks *marks, const char *extension);

#endif
