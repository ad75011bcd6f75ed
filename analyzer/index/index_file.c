/* SPDX-License-Identifier: Apache-2.0 */
/* See index_file.h. */
#include "analyzer/index/index_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nettle/sha2.h>

enum { ENDS_BYTES = 64 << 10, SUFFIX_ROOM = 64 };

/* The user's folder --------------------------------------------------------------------------- */

static bool folder_find(char *folder, size_t size)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int length = -1;
    if (cache != NULL && cache[0] == '/') {
        length = snprintf(folder, size, "%s", cache);
    } else if (home != NULL && home[0] == '/') {
        length = snprintf(folder, size, "%s/.cache", home);
    }
    if (length < 0 || (size_t)length + SUFFIX_ROOM > size) {
        return false;
    }
    (void)mkdir(folder, 0700);
    strcat(folder, "/xsw");
    return mkdir(folder, 0700) == 0 || errno == EEXIST;
}

/* A key that others may read or write, or have made, proves nothing. */
static bool key_read(const char *path, uint8_t *key)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool is_ours = fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
                   about.st_uid == geteuid() && (about.st_mode & 077) == 0 &&
                   read(fd, key, ARCHIVE_KEY_SIZE) == ARCHIVE_KEY_SIZE;
    if (fd >= 0) {
        close(fd);
    }
    return is_ours;
}

/* Of two that make one at once, one is first, and both take that. */
static void key_make(const char *folder, const char *path)
{
    char temporary[INDEX_PATH_SIZE + SUFFIX_ROOM];
    uint8_t key[ARCHIVE_KEY_SIZE];
    snprintf(temporary, sizeof(temporary), "%s/index.key.XXXXXX", folder);
    int fd = mkstemp(temporary);
    if (fd < 0) {
        return;
    }
    bool is_written = getrandom(key, sizeof(key), 0) == (ssize_t)sizeof(key) &&
                      write(fd, key, sizeof(key)) == (ssize_t)sizeof(key);
    close(fd);
    if (is_written) {
        (void)link(temporary, path);
    }
    unlink(temporary);
}

static bool key_find(const char *folder, uint8_t *key)
{
    char path[INDEX_PATH_SIZE + SUFFIX_ROOM];
    snprintf(path, sizeof(path), "%s/index.key", folder);
    if (key_read(path, key)) {
        return true;
    }
    key_make(folder, path);
    return key_read(path, key);
}

/* Files --------------------------------------------------------------------------------------- */

static bool path_in_folder(const char *path, const char *folder, struct index_place *place)
{
    uint8_t sum[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;
    char *whole = realpath(path, NULL);
    if (whole == NULL) {
        return false;
    }
    sha256_init(&context);
    sha256_update(&context, strlen(whole), (const uint8_t *)whole);
    sha256_digest(&context, sizeof(sum), sum);
    free(whole);
    int length = snprintf(place->path, sizeof(place->path),
                          "%s/%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x.xswi", folder, sum[0],
                          sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7], sum[8], sum[9]);
    return length > 0 && (size_t)length < sizeof(place->path);
}

size_t index_places(const char *path, struct index_place *places)
{
    char folder[INDEX_PATH_SIZE];
    size_t count = 0;
    if (strcmp(path, "-") == 0 || !folder_find(folder, sizeof(folder)) ||
        !key_find(folder, places[0].key)) {
        return 0;
    }
    int length = snprintf(places[0].path, sizeof(places[0].path), "%s.xswi", path);
    count += length > 0 && (size_t)length < sizeof(places[0].path);
    memcpy(places[1].key, places[0].key, sizeof(places[0].key));
    count += path_in_folder(path, folder, &places[count]);
    return count;
}

FILE *index_file_open(const char *path)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool is_file = fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    FILE *file = is_file ? fdopen(fd, "rb") : NULL;
    if (file == NULL && fd >= 0) {
        close(fd);
    }
    return file;
}

FILE *index_file_create(const char *path, char *temporary, size_t size)
{
    int length = snprintf(temporary, size, "%s.XXXXXX", path);
    int fd = length > 0 && (size_t)length < size ? mkostemp(temporary, O_CLOEXEC) : -1;
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (file == NULL && fd >= 0) {
        close(fd);
        unlink(temporary);
    }
    return file;
}

bool index_file_finish(const char *path, const char *temporary, bool is_written)
{
    if (is_written && rename(temporary, path) == 0) {
        return true;
    }
    unlink(temporary);
    return false;
}

void index_program_stamp(uint64_t stamp[2])
{
    struct stat about;
    stamp[0] = stamp[1] = 0;
    if (stat("/proc/self/exe", &about) == 0) {
        stamp[0] = (uint64_t)about.st_size;
        stamp[1] = (uint64_t)about.st_mtim.tv_sec * 1000000000U + (uint64_t)about.st_mtim.tv_nsec;
    }
}

/* The recording ------------------------------------------------------------------------------- */

/* The first bytes of the file, and the last before `bound`. */
static bool ends_sum(int fd, uint64_t bound, uint8_t *sum)
{
    uint8_t *bytes = malloc(ENDS_BYTES);
    size_t wanted = bound < ENDS_BYTES ? (size_t)bound : ENDS_BYTES;
    struct sha256_ctx context;
    sha256_init(&context);
    bool is_read = bytes != NULL && pread(fd, bytes, wanted, 0) == (ssize_t)wanted;
    if (is_read) {
        sha256_update(&context, wanted, bytes);
        is_read = pread(fd, bytes, wanted, (off_t)(bound - wanted)) == (ssize_t)wanted;
    }
    if (is_read) {
        sha256_update(&context, wanted, bytes);
        sha256_digest(&context, SHA256_DIGEST_SIZE, sum);
    }
    free(bytes);
    return is_read;
}

static bool source_of(const char *path, uint64_t bound, struct index_source *source)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is_read = fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    if (is_read) {
        source->size = (uint64_t)about.st_size;
        source->changed_ns =
            (uint64_t)about.st_mtim.tv_sec * 1000000000U + (uint64_t)about.st_mtim.tv_nsec;
        source->bound = bound == 0 || bound > source->size ? source->size : bound;
        is_read = ends_sum(fd, source->bound, source->ends);
    }
    if (fd >= 0) {
        close(fd);
    }
    return is_read;
}

bool index_source_read(struct index *index, const char *path)
{
    /* The places of a compressed recording are those of its content. */
    return source_of(path, index->is_plain ? index->place : 0, &index->source);
}

const char *index_source_check(const struct index *index, const char *path)
{
    const struct index_source *then = &index->source;
    struct index_source now = {0};
    if (!source_of(path, then->bound, &now) || now.size < then->size || now.bound != then->bound ||
        memcmp(now.ends, then->ends, sizeof(now.ends)) != 0) {
        return "it is of another recording";
    }
    if (now.size == then->size && now.changed_ns != then->changed_ns) {
        return "the recording was changed since";
    }
    if (now.size != then->size && !index->is_plain) {
        return "the recording has grown since, and is compressed";
    }
    return NULL;
}
