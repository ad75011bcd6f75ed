/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: the index of a recording in which anything may have been changed. The input is a
 * list of changes to a good one: 24 bits of an offset, how many bytes, the bytes; what is left of
 * it in the end cuts the file short. All is read with the right key, so that it gets as far as the
 * changes let it; nothing that was changed may be taken for whole.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/index/index.h"
#include "fuzz/target.h"
#include "support/recording.h"

enum { CHANGE_HEAD = 4, SIZE_MAX_GOOD = 16 << 20, OPEN_MAX = 8 };

static uint8_t *good;
static size_t good_size;
static uint8_t key[ARCHIVE_KEY_SIZE];

static uint8_t *file_take(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(SIZE_MAX_GOOD);
    if (file == NULL || bytes == NULL) {
        abort();
    }
    *size = fread(bytes, 1, SIZE_MAX_GOOD, file);
    fclose(file);
    return bytes;
}

/* Of the standard recording, in runs of a few journeys; made once. */
static void good_make(void)
{
    char path[200];
    struct analysis *analysis = NULL;
    size_t size;
    snprintf(path, sizeof(path), "%s", recording_path("fuzz.pcapng"));
    if (setenv("XDG_CACHE_HOME", recording_path("cache"), 1) != 0) {
        abort();
    }
    recording_demo(path, 1);
    if (analysis_create(OPEN_MAX, &analysis, NULL) != XSW_OK ||
        !analysis_use_index(analysis, true)) {
        abort();
    }
    analysis_use_threads(analysis, 0, 1000);
    if (analysis_read(analysis, path, NULL, NULL, NULL) != XSW_OK) {
        abort();
    }
    analysis_destroy(analysis);
    strcat(path, ".xswi");
    good = file_take(path, &good_size);
    uint8_t *bytes = file_take(recording_path("cache/xsw/index.key"), &size);
    memcpy(key, bytes, sizeof(key));
    free(bytes);
    recording_cleanup();
}

static size_t change(uint8_t *bytes, const uint8_t *data, size_t size)
{
    size_t length = good_size;
    while (size >= CHANGE_HEAD) {
        size_t at = ((size_t)data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16) % good_size;
        size_t count = data[3];
        count = count < size - CHANGE_HEAD ? count : size - CHANGE_HEAD;
        count = count < good_size - at ? count : good_size - at;
        memcpy(bytes + at, data + CHANGE_HEAD, count);
        data += CHANGE_HEAD + count;
        size -= CHANGE_HEAD + count;
    }
    for (size_t i = 0; i < size; i++) {
        length = length * data[i] / 256;
    }
    return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (good == NULL) {
        good_make();
    }
    uint8_t *bytes = malloc(good_size);
    struct index *index = index_create(true);
    struct analysis *analysis = NULL;
    struct analysis_stream *stream = NULL;
    if (bytes == NULL || index == NULL || analysis_create(OPEN_MAX, &analysis, NULL) != XSW_OK ||
        analysis_stream_open(analysis, "fuzz", &stream, NULL) != XSW_OK) {
        abort();
    }
    memcpy(bytes, good, good_size);
    size_t length = change(bytes, data, size);
    bool is_good = length == good_size && memcmp(bytes, good, good_size) == 0;
    FILE *file = fmemopen(bytes, length > 0 ? length : 1, "rb");
    struct archive archive;
    archive_begin(&archive, file, true, key);
    if (index_read(index, &archive, stream) != is_good) {
        abort();
    }
    fclose(file);
    analysis_stream_close(stream, XSW_END, "");
    analysis_destroy(analysis);
    index_destroy(index);
    free(bytes);
    return 0;
}
