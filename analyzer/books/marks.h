/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_MARKS_H
#define XSW_ANALYZER_MARKS_H

/*
 * What was configured before and while a recording ran: the switch's own log of its last changes,
 * each with its time ("changes" of section info and summary); and, for recordings without one, what
 * is found by holding the texts at its end against those at its beginning: rules, ports, stages,
 * extensions and their settings; and the numbers of the configuration. What was changed and changed
 * back in between is only in the log.
 *
 * Bound: MARKS_MAX marks, and MARK_CHANGES_MAX changes, of which the last ones are kept; what is
 * beyond is counted. Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/journey/dictionary.h"
#include "analyzer/journey/json_in.h"

enum { MARKS_MAX = 64, MARK_TEXT_SIZE = 240, MARK_CHANGES_MAX = 128, MARK_CHANGE_TEXT_SIZE = 320 };

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

/* As the switch told it: "port web: vlan access 10 -> 20". */
struct mark_change {
    uint64_t number, mono_ns, generation;
    char port[DICTIONARY_NAME_SIZE];      /* "": it is about none */
    char extension[DICTIONARY_NAME_SIZE]; /* "": it is about none */
    uint64_t rule;                        /* 0: it is about none */
    char text[MARK_CHANGE_TEXT_SIZE];
};

/* What a change is looked for: "" and 0 where there is none. */
struct mark_subject {
    const char *port, *extension;
    uint32_t rule;
};

struct marks {
    struct json_t *before; /* of jansson: the lists of the section info; owned */
    struct json_t *after;  /* the same lists at the end, or null */
    bool has_end;          /* the end was told, too */
    uint64_t generation_before, generation_after; /* 0: not told */
    size_t count;
    uint64_t beyond;
    struct mark list[MARKS_MAX];
    bool has_changes;   /* the log was told at the end: what it does not have did not happen */
    bool has_first_log; /* the log was told at the beginning: what is new has no gap before it */
    uint64_t changes_missing; /* that no log had any more */
    size_t change_count;
    struct mark_change changes[MARK_CHANGES_MAX]; /* in the order of their numbers */
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

/* Of the changes up to a generation, or a time when that is 0, the one to be told: the last one of
 * this rule, else of this extension, else the last of all. Null when there is none. */
const struct mark_change *marks_find_change(const struct marks *marks,
                                            const struct mark_subject *subject, uint64_t generation,
                                            uint64_t mono_ns);

#endif
