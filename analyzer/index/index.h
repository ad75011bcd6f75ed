/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_INDEX_H
#define XSW_ANALYZER_INDEX_H

/*
 * What was found out about a recording, kept in a file beside it (FILE.xswi), or where none can be
 * written there, in $XDG_CACHE_HOME/xsw: the books as they stood behind the last whole block, and
 * for each run of packets where it stands and which packets it has. So the next question reads what
 * was recorded since, and of the rest what it asks for. See docs/decisions/analyzer-index.md.
 *
 * An index is used when it was written by this program, by this user (a keyed sum says so), and of
 * this recording, as far as size, time, its first and its last bytes tell; else the recording is
 * read as if there were none, and the index is written anew.
 *
 * Memory: 120 bytes for each run, 8 for each page of ids and 4 for each class of journeys in it.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/analysis_stream.h"
#include "analyzer/books/id_set.h"
#include "analyzer/index/archive.h"
#include "analyzer/index/classes.h"

enum {
    INDEX_FORMAT = 3,
    INDEX_NOTE_SIZE = 300,
    INDEX_FILE_BYTES_MIN = 8 << 20, /* of a recording: smaller ones are read at once */
    INDEX_EXTENTS_MAX = 1 << 22,
    INDEX_PAGES_MAX = 1 << 24,
    INDEX_CLASSES_MAX = 16384,
    INDEX_CLASS_LIST_MAX = 1 << 24
};

enum index_kind {
    INDEX_NAMES,  /* one block that names what follows: a section, an interface, a summary */
    INDEX_WHOLE,  /* packets of journeys that are in no other extent */
    INDEX_TANGLED /* other packets */
};

/* A part of the recording. */
struct index_extent {
    uint64_t offset, length; /* bytes */
    uint64_t journeys;       /* that ended in it; of INDEX_WHOLE */
    uint64_t pages;          /* begin in struct index.pages */
    uint64_t classes;        /* the same of struct index.class_list */
    uint32_t page_count;
    uint32_t class_count; /* INDEX_ANY_CLASS: may have journeys of any class */
    uint32_t kind;        /* enum index_kind */
    uint32_t zero;
    struct class_span span; /* of all its journeys */
};

enum { INDEX_ANY_CLASS = UINT32_MAX };

/* What tells one recording from another. */
struct index_source {
    uint64_t size;
    uint64_t changed_ns;
    uint64_t bound; /* bytes of the file whose ends were looked at */
    uint8_t ends[32];
};

struct index {
    bool is_forced; /* of small recordings, too */
    struct index_extent *extents;
    size_t count, room;
    uint64_t *pages; /* id / ID_SET_PAGE_BITS: of packets, and of parents in other extents */
    size_t page_count, page_room;
    struct table classes; /* struct journey_class -> u32, nothing */
    uint32_t *class_list; /* places there */
    size_t class_count, class_room;
    bool has_failed; /* memory ran out: it is not to be used */
    struct index_source source;
    uint64_t place; /* all blocks before it are in the books */
    bool is_plain;  /* one can go to places of the recording: it is not compressed */
    bool was_loaded;
    uint64_t loaded_place;
    char note[INDEX_NOTE_SIZE]; /* why one that was there was not used, or "" */
};

/* A new one, for analysis_use_index(); null when memory ran out. */
struct index *index_create(bool is_forced);
void index_destroy(struct index *index); /* accepts null */

void index_add(struct index *index, enum index_kind kind, uint64_t offset, uint64_t length);
/* Of the extent that was added last. */
void index_add_ids(struct index *index, const struct id_set *ids, const struct table *orphans,
                   uint64_t journeys);

void index_add_classes(struct index *index, const struct class_gathering *classes);

/* Takes the books of `path` into `stream`, whose analysis is new; false: there are none that fit,
 * and nothing was changed. */
bool index_load(struct index *index, const char *path, struct analysis_stream *stream);
/* Keeps the books; nothing happens when they cannot be kept. */
void index_store(struct index *index, const char *path, struct analysis_stream *stream);

/* Whether extents of the recording can be read by themselves, and have all that a question may be
 * about: no id was used twice, so that no extent depends on another. */
bool index_has_extents(const struct analysis *known);
/* Whether a question is about an extent of INDEX_WHOLE. */
typedef bool index_wanted(const struct index *index, size_t place, void *context);
/* Reads names, what is tangled, and what is wanted, as the first file of an analysis, which is
 * asked by its observers. Who was heard where is known from the last extent on that was left out.
 */
enum xsw_status analysis_read_extents(struct analysis *analysis, const char *path,
                                      const struct index *index, index_wanted *wanted,
                                      void *context, struct xsw_error *error) XSW_MUST_CHECK;

/* What an archive holds, into the analysis of a stream that was just opened; false: it is to be
 * thrown away. For tests, too. */
bool index_read(struct index *index, struct archive *archive, struct analysis_stream *stream);

#endif
