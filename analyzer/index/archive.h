/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_ARCHIVE_H
#define XSW_ANALYZER_ARCHIVE_H

/*
 * Plain values to a file and back: the same calls, in the same order, write and read. All that is
 * written goes into a keyed sum at the end (HMAC-SHA256), so that what was not written by somebody
 * with the key is told from what was. Reading is safe whatever the file holds; what came of it may
 * be used when archive_end() has said that the sum is right, and not before.
 *
 * After the first failure nothing more is read or written, and what would be read becomes zero.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <nettle/hmac.h>

#include "analyzer/books/table.h"

enum { ARCHIVE_KEY_SIZE = 32, ARCHIVE_TEXT_MAX = 16 << 20 };

struct archive {
    FILE *file;
    bool is_reading;
    bool has_failed;
    struct hmac_sha256_ctx sum;
};

void archive_begin(struct archive *archive, FILE *file, bool is_reading,
                   const uint8_t key[ARCHIVE_KEY_SIZE]);
/* Writes the sum, or reads it and compares. False: failed, or it is another. */
bool archive_end(struct archive *archive);

void archive_bytes(struct archive *archive, void *bytes, size_t size);
/* A number that is at most `maximum`; reading a larger one fails. */
void archive_count(struct archive *archive, size_t *count, size_t maximum);
/* All entries of a table, whose keys and values are plain; one that is read is empty before. */
void archive_table(struct archive *archive, struct table *table);
/* A text of any length, or null. One that is read is the caller's to free. */
void archive_text(struct archive *archive, char **text);

/* A plain object. */
#define ARCHIVE(archive, object) archive_bytes((archive), &(object), sizeof(object))

#endif
