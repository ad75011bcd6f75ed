/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_CHANGES_H
#define XSW_ANALYZER_CHANGES_H

/*
 * Who changed what: for each stage the packets that it changed; for each field of them how often,
 * and the commonest old and new values.
 *
 * Bounds: CHANGES_STAGES_MAX stages, CHANGES_FIELDS_MAX fields, CHANGES_PAIRS_MAX pairs of values,
 * of which a field keeps the first CHANGES_FIELD_PAIRS; the rest is counted as others.
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/books/table.h"
#include "analyzer/journey/change_walk.h"
#include "analyzer/journey/record.h"
#include "analyzer/journey/trail.h"
#include "packet/fields.h"

enum {
    CHANGES_STAGES_MAX = 1024,
    CHANGES_FIELDS_MAX = 8192,
    CHANGES_PAIRS_MAX = 32768,
    CHANGES_FIELD_PAIRS = 16
};

struct changes_stage { /* key: u16 stage */
    uint64_t packets;
    uint64_t undeclared;       /* by an extension that did not say that it changes bytes */
    uint64_t incomplete;       /* more was changed than the recording kept */
    uint64_t checksums_broken; /* a checksum was not wrong before, and is behind the stage */
    uint64_t first_ns, last_ns;
    uint64_t example_packet;
    uint64_t broken_packet; /* an example of a broken checksum */
};

struct changes_field_key {
    uint16_t stage;
    char name[FIELD_NAME_SIZE];
};

struct changes_field {
    uint64_t packets;
    uint64_t other_packets; /* with values that are not among the kept pairs */
    uint32_t pairs;         /* kept */
    bool is_seed;           /* changes_seed(): no further pairs are kept */
};

struct changes_pair_key {
    uint32_t field; /* place in `fields` */
    char old_text[FIELD_TEXT_SIZE];
    char new_text[FIELD_TEXT_SIZE];
};

struct changes_pair {
    uint64_t packets;
    uint64_t example_packet;
};

struct changes {
    struct table stages;
    struct table fields;
    struct table pairs;
    uint64_t beyond; /* changes for which there was no place */
    struct change_walk walk;
    bool is_part;    /* to be merged: keeps the pairs of a field beyond CHANGES_FIELD_PAIRS */
    bool is_crowded; /* and a pair found no place all the same */
};

void changes_init(struct changes *changes);
void changes_fini(struct changes *changes);
/* A record with changed ranges. The fields are noted in `trail`, of its journey; null: nowhere. */
void changes_add(struct changes *changes, const struct record *record, struct trail *trail);

/*
 * Merging: what came behind all that is in `changes` is counted in a part, and added as if it had
 * been counted here. So that a part need not keep all pairs of values, it is told before which
 * fields have theirs: any `seeds` that is before it will do.
 */
void changes_seed(struct changes *part, const struct changes *seeds);
/* Whether the part kept all that the merge needs, and there is room for it. */
bool changes_can_merge(const struct changes *changes, const struct changes *part);
/* `fields` becomes the place here of each field of the part; null: memory ran out. The caller
 * frees.
 */
void changes_merge(struct changes *changes, const struct changes *part, uint16_t **fields);
void changes_clear(struct changes *part);

/* Places in `stages`, most packets first; in `fields`, by stage, then most packets first; in
 * `pairs`, by field, then most packets first: those of a field begin at changes_pairs_begin() and
 * are field->pairs. The caller frees. */
size_t *changes_stages_sorted(const struct changes *changes);
size_t *changes_fields_sorted(const struct changes *changes);
size_t *changes_pairs_sorted(const struct changes *changes);
size_t changes_pairs_begin(const struct changes *changes, size_t field);

#endif
