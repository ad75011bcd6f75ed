/* SPDX-License-Identifier: Apache-2.0 */
/* See archive.h. */
#include "analyzer/index/archive.h"

#include <stdlib.h>
#include <string.h>

#include <nettle/memops.h>

void archive_begin(struct archive *archive, FILE *file, bool is_reading,
                   const uint8_t key[ARCHIVE_KEY_SIZE])
{
    *archive = (struct archive){.file = file, .is_reading = is_reading};
    hmac_sha256_set_key(&archive->sum, ARCHIVE_KEY_SIZE, key);
}

static bool bytes_move(struct archive *archive, void *bytes, size_t size)
{
    return archive->is_reading ? fread(bytes, 1, size, archive->file) == size
                               : fwrite(bytes, 1, size, archive->file) == size;
}

bool archive_end(struct archive *archive)
{
    uint8_t sum[SHA256_DIGEST_SIZE];
    uint8_t told[SHA256_DIGEST_SIZE];
    hmac_sha256_digest(&archive->sum, sizeof(sum), sum);
    if (archive->has_failed) {
        return false;
    }
    if (!archive->is_reading) {
        return bytes_move(archive, sum, sizeof(sum));
    }
    return bytes_move(archive, told, sizeof(told)) && memeql_sec(sum, told, sizeof(sum)) != 0 &&
           fgetc(archive->file) == EOF;
}

void archive_bytes(struct archive *archive, void *bytes, size_t size)
{
    if (size == 0) {
        return;
    }
    if (archive->has_failed || !bytes_move(archive, bytes, size)) {
        archive->has_failed = true;
        if (archive->is_reading) {
            memset(bytes, 0, size);
        }
        return;
    }
    hmac_sha256_update(&archive->sum, size, bytes);
}

void archive_count(struct archive *archive, size_t *count, size_t maximum)
{
    uint64_t number = *count;
    ARCHIVE(archive, number);
    if (number > maximum) {
        archive->has_failed = true;
        number = 0;
    }
    *count = (size_t)number;
}

static void entries_read(struct archive *archive, struct table *table, size_t count)
{
    size_t size = table->entry_size;
    unsigned char *entry = malloc(size);
    archive->has_failed |= entry == NULL;
    for (size_t i = 0; i < count && !archive->has_failed; i++) {
        archive_bytes(archive, entry, size);
        void *value = archive->has_failed ? NULL : table_add(table, entry);
        if (value == NULL || table->count != i + 1) {
            archive->has_failed = true; /* no room, or a key twice */
            break;
        }
        memcpy(value, entry + table->value_offset, size - table->value_offset);
    }
    free(entry);
}

void archive_table(struct archive *archive, struct table *table)
{
    size_t count = table->count;
    uint64_t size = table->entry_size;
    ARCHIVE(archive, size);
    archive_count(archive, &count, table->limit);
    archive->has_failed |= size != table->entry_size || (archive->is_reading && table->count != 0);
    if (archive->is_reading) {
        entries_read(archive, table, count);
    } else {
        archive_bytes(archive, table->entries, count * table->entry_size);
    }
}

void archive_text(struct archive *archive, char **text)
{
    size_t length = !archive->is_reading && *text != NULL ? strlen(*text) + 1 : 0;
    archive_count(archive, &length, ARCHIVE_TEXT_MAX);
    if (archive->is_reading) {
        *text = length == 0 ? NULL : calloc(1, length + 1);
        archive->has_failed |= length != 0 && *text == NULL;
    }
    if (length != 0 && *text != NULL) {
        archive_bytes(archive, *text, length);
    }
}
