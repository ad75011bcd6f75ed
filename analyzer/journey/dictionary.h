/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_DICTIONARY_H
#define XSW_ANALYZER_DICTIONARY_H

/*
 * Names for the numbers in the records: ports, stages, drop reasons, rules and extensions of one
 * switch, from the JSON that its recordings carry. Later texts add to earlier ones and replace
 * names; ids that no text names are shown as numbers. Bounds: DICTIONARY_MAX entries of a kind.
 *
 * A switch gives the id of a port that was removed to another port, so an id alone may have had
 * several names: what a tap point says of itself is kept beside what the lists say, and the records
 * of the tap point go by it. Ids of stages are never given twice; a tap point's name of one is
 * merely not replaced by a list.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/books/table.h"
#include "analyzer/journey/json_in.h"

enum {
    DICTIONARY_MAX = 16384,
    DICTIONARY_NAME_SIZE = 64,
    DICTIONARY_TEXT_SIZE = 160,
    /* Of a tap point that comes when there are DICTIONARY_MAX already: what else the id meant must
     * not be taken for its name. */
    DICTIONARY_NAME_UNKNOWN = 0xffff,
    STAGE_ORDER_NONE = 0xffff /* no longer in the pipeline */
};

/* A port as a record means it. No padding: a key of tables. */
struct dictionary_label {
    uint16_t id;
    uint16_t name; /* the one of a tap point, as dictionary_add_tap() gave it; 0: as in the lists;
                      DICTIONARY_NAME_UNKNOWN */
};

struct dictionary_tap_port { /* by dictionary_label.name - 1 */
    uint16_t id;
    char name[DICTIONARY_NAME_SIZE];
};

struct dictionary_port {
    char name[DICTIONARY_NAME_SIZE];
    char kind[16];
    char vlan[48];  /* as configured when the recording began: "access 10"; or "" */
    char storm[64]; /* the same, packets a second: "broadcast 20, multicast 100"; or "" */
    uint32_t mtu;   /* the same; 0: not told */
};

struct dictionary_stage {
    char name[DICTIONARY_NAME_SIZE];
    char extension[DICTIONARY_NAME_SIZE]; /* of the instance, or empty */
    uint16_t order;
    bool egress;
    bool is_of_tap; /* a tap point has named it */
};

struct dictionary_reason {
    char name[DICTIONARY_NAME_SIZE];
    char sentence[DICTIONARY_TEXT_SIZE];
    char owner[DICTIONARY_NAME_SIZE];
};

struct dictionary_rule {
    char text[DICTIONARY_TEXT_SIZE];
};

/* A key of tables: no padding. */
struct dictionary_rule_key {
    uint32_t rule;
    uint16_t port;
    uint16_t stage;
    uint32_t name; /* of the port: that of its label; 0: whoever has the id by the lists */
};

static inline struct dictionary_rule_key
dictionary_rule_of(uint32_t rule, struct dictionary_label port, uint16_t stage)
{
    return (struct dictionary_rule_key){
        .rule = rule, .port = port.id, .stage = stage, .name = port.name};
}

struct dictionary_extension { /* by the name of the instance */
    char extension[DICTIONARY_NAME_SIZE];
    char version[DICTIONARY_NAME_SIZE];
    char kind[16];
};

struct dictionary {
    struct table ports;      /* u16 */
    struct table tap_ports;  /* struct dictionary_tap_port -> u16, its name in a label */
    struct table stages;     /* u16 */
    struct table reasons;    /* u16 */
    struct table rules;      /* struct dictionary_rule_key */
    struct table extensions; /* char[DICTIONARY_NAME_SIZE] */
};

/* A name for a person, in the caller's storage when it had to be made up. */
struct dictionary_name {
    char text[DICTIONARY_NAME_SIZE];
};

void dictionary_init(struct dictionary *dictionary);
void dictionary_fini(struct dictionary *dictionary);

/* The section info; the summary with its `ports`, `stages_info`, `reasons`, `rules`. */
void dictionary_add_section(struct dictionary *dictionary, const struct json_in *section);
void dictionary_add_summary(struct dictionary *dictionary, const struct json_in *summary);
/* One tap point: a port and a stage. Returns the port for the records of the tap point; all zero
 * when it is not told. */
struct dictionary_label dictionary_add_tap(struct dictionary *dictionary,
                                           const struct json_in *tap);

/* A port that had this id and name at some time, whatever the lists say of the id. Without a name:
 * the id, which the lists name. */
struct dictionary_label dictionary_add_label(struct dictionary *dictionary, uint16_t id,
                                             const char *name);

/* The port of which a tap point says that it has this id and name. Without one, or without a name:
 * the id, which the lists name, unless there may have been one for which there was no room. */
struct dictionary_label dictionary_find_label(const struct dictionary *dictionary, uint16_t id,
                                              const char *name, size_t length);

/* "alice", or "port 3" when it has no name, or none that is known for sure. */
const char *dictionary_port(const struct dictionary *dictionary, struct dictionary_label port,
                            struct dictionary_name *name);
const char *dictionary_stage(const struct dictionary *dictionary, uint16_t id,
                             struct dictionary_name *name);
const char *dictionary_reason(const struct dictionary *dictionary, uint16_t id,
                              struct dictionary_name *name);
/* What is known of it, or null. */
const struct dictionary_port *dictionary_find_port(const struct dictionary *dictionary,
                                                   struct dictionary_label port);
const struct dictionary_stage *dictionary_find_stage(const struct dictionary *dictionary,
                                                     uint16_t id);
const struct dictionary_reason *dictionary_find_reason(const struct dictionary *dictionary,
                                                       uint16_t id);
/* The rule of a port at a stage; rules of an extension stand under port 0. Null when unknown: that
 * of another port that had the same id is never given. */
const char *dictionary_find_rule(const struct dictionary *dictionary,
                                 const struct dictionary_rule_key *key);
/* "20", or "20 of web" when the rule stands in the table that an extension has for that port. */
const char *dictionary_rule_label(const struct dictionary *dictionary,
                                  const struct dictionary_rule_key *key,
                                  struct dictionary_name *name);
/* The port of that table, or null. */
const char *dictionary_rule_table(const struct dictionary *dictionary,
                                  const struct dictionary_rule_key *key,
                                  struct dictionary_name *name);
/* The instance behind a stage, "" when it is built in. */
const char *dictionary_stage_extension(const struct dictionary *dictionary, uint16_t id);
/* Place of a stage in the pipeline, STAGE_ORDER_NONE when unknown. */
uint16_t dictionary_stage_order(const struct dictionary *dictionary, uint16_t id);

#endif
