/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_PATHS_H
#define XSW_ANALYZER_PATHS_H

/*
 * Path classes: journeys that passed the same stages, ended alike and had the same fields changed
 * by the same stages are of one class. A switch has few of them, and one that was not there before
 * is worth a look: paths_compare() says which are new against a baseline. Classes are told apart
 * by numbers here, and compared by names there, since another run of a switch may number anew.
 *
 * Bound: PATHS_MAX classes; journeys of further ones are counted in `beyond`.
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/books/changes.h"
#include "analyzer/books/table.h"
#include "analyzer/journey/dictionary.h"
#include "analyzer/journey/trail.h"
#include "base/text.h"

enum { PATHS_MAX = 4096, PATH_EXAMPLES = 4 };

/* No padding: compared byte by byte. */
struct path_key {
    uint16_t stages[TRAIL_STEPS_MAX];
    uint16_t fields[TRAIL_FIELDS_MAX]; /* places in changes.fields */
    uint32_t changed;                  /* bit n: stages[n] changed the frame */
    uint16_t reason;
    uint8_t stage_count, field_count;
    uint8_t outcome, origin; /* as in struct trail */
    uint8_t flags;           /* FACTS_UNDECLARED, TRAIL_*_BEYOND */
    uint8_t zero;
};

struct path {
    uint64_t packets;
    uint64_t first_ns, last_ns; /* of the journeys' first records */
    uint64_t latency_sum_ns, latency_max_ns;
    uint64_t examples[PATH_EXAMPLES]; /* packets: the first ones */
    bool is_new;                      /* paths_compare() */
};

struct paths {
    struct table rows; /* struct path_key -> struct path */
    uint64_t beyond;
    struct path_key last; /* of the last journey: most are of the class of the one before */
    size_t last_place;    /* and its place, valid when there are rows */
    bool has_baseline;
    uint64_t gone;       /* classes of the baseline that are not here */
    char gone_text[400]; /* the commonest of them */
    uint64_t gone_packets;
};

void paths_init(struct paths *paths);
void paths_fini(struct paths *paths);
void paths_add(struct paths *paths, const struct trail *trail);

/* Adds journeys that ended behind all those in `paths`. `behind` has none without a place; `fields`
 * gives the places in changes.fields here for those there. */
void paths_merge(struct paths *paths, const struct paths *behind, const uint16_t *fields);
void paths_clear(struct paths *paths);

/* "rx > ingress-policy > forward", with " CHANGED" behind a stage that changed the frame; then the
 * end: "delivered", "DROPPED acl-denied", "replaced", "end not recorded". */
void path_stages_text(struct text *text, const struct dictionary *dictionary,
                      const struct path_key *key);
void path_end_text(struct text *text, const struct dictionary *dictionary,
                   const struct path_key *key);
/* "ip.dsfield.dscp, ip.checksum", "" when nothing was changed. */
void path_fields_text(struct text *text, const struct changes *changes, const struct path_key *key);
/* "received", "flood", "mirror", "clone", "injected" */
const char *path_origin_name(uint8_t origin);

/* Places in `rows`: new ones first, then most packets. The caller frees. */
size_t *paths_sorted(const struct paths *paths);

struct paths_names { /* paths with what names their numbers */
    struct paths *paths;
    const struct changes *changes;
    const struct dictionary *dictionary;
};

/* Marks those that are not in the baseline. May be called for several baselines, one after the
 * other: a class that is in any of them is not new. False when memory ran out. */
bool paths_compare(const struct paths_names *here, const struct paths_names *baseline);

#endif
