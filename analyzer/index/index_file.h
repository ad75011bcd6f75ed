/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_INDEX_FILE_H
#define XSW_ANALYZER_INDEX_FILE_H

/* The files of an index: where they stand, the user's key that seals them, and whether a recording
 * is the one that they are of. Part of index.c, apart for its size. Threads: one. */

#include "analyzer/index/index.h"

enum { INDEX_PLACES = 2, INDEX_PATH_SIZE = 4096 };

struct index_place {
    char path[INDEX_PATH_SIZE];
    uint8_t key[ARCHIVE_KEY_SIZE];
};

/* Where the index of a recording may stand, the best first: beside it, and in the user's folder.
 * Returns how many; 0: there is no folder for the key. */
size_t index_places(const char *path, struct index_place *places);

/* Null when there is no regular file. */
FILE *index_file_open(const char *path);
/* A new file beside `path`, whose name becomes `temporary`; null when there can be none. */
FILE *index_file_create(const char *path, char *temporary, size_t size);
/* Puts it in its place, or removes it. */
bool index_file_finish(const char *path, const char *temporary, bool is_written);

/* Two numbers that are others in another build of the program. */
void index_program_stamp(uint64_t stamp[2]);

/* Fills index->source from the recording, for index->place. */
bool index_source_read(struct index *index, const char *path);
/* Whether the recording is the one of index->source, or has grown since. Null, or why not. */
const char *index_source_check(const struct index *index, const char *path);

#endif
