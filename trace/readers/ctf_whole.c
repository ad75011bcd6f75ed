/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The view is a folder of links: to the files themselves, and in place of those that are torn to
 * copies that have no name, so that they go with the process whatever ends it.
 */
#include "trace/readers/ctf_whole.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* How LTTng-UST begins a packet, in the byte order of the machine: a magic number (CTF 1.8.3, 5.1),
 * the trace's UUID, the number of the channel and of the stream, then the times of its begin and
 * end, the bits that are filled, and the bits that it takes. */
enum {
    MAGIC = 0xc1fc1fc1,
    UUID_AT = 4,
    UUID_SIZE = 16,
    SIZE_AT = 56,
    HEADER_SIZE = 64,
    METADATA_LOOKED_AT = 16384
};

static bool header_read(int fd, uint64_t at, uint8_t header[HEADER_SIZE])
{
    return pread(fd, header, HEADER_SIZE, (off_t)at) == HEADER_SIZE;
}

static bool is_header(const uint8_t header[HEADER_SIZE], const uint8_t first[HEADER_SIZE])
{
    uint32_t magic;
    memcpy(&magic, header, sizeof(magic));
    return magic == MAGIC && memcmp(header + UUID_AT, first + UUID_AT, UUID_SIZE) == 0;
}

static uint64_t packet_bytes(const uint8_t header[HEADER_SIZE])
{
    uint64_t bits;
    memcpy(&bits, header + SIZE_AT, sizeof(bits));
    return bits / 8;
}

uint64_t ctf_whole_bytes(int fd, uint64_t size)
{
    uint8_t first[HEADER_SIZE] = {0};
    uint8_t header[HEADER_SIZE];
    uint64_t at = 0;
    bool has_first = header_read(fd, 0, first);
    while (at < size) {
        bool is_there = header_read(fd, at, header);
        if ((is_there && !is_header(header, first)) || !has_first) {
            return size;
        }
        uint64_t bytes = is_there ? packet_bytes(header) : 0;
        if (is_there && bytes < HEADER_SIZE) {
            return size;
        }
        if (!is_there || bytes > size - at) {
            return at;
        }
        at += bytes;
    }
    return size;
}

/* By the metadata beside it, which names the tracer near its begin (CTF 1.8.3, 8): packets of
 * others begin in another way, though with the same number. */
static bool is_of_lttng(const char *path)
{
    char text[METADATA_LOOKED_AT];
    const char *slash = strrchr(path, '/');
    snprintf(text, sizeof(text), "%.*smetadata", slash != NULL ? (int)(slash + 1 - path) : 0, path);
    int fd = open(text, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof(text)) : 0;
    if (fd >= 0) {
        close(fd);
    }
    return length > 0 && memmem(text, (size_t)length, "lttng-ust", strlen("lttng-ust")) != NULL;
}

/* Opens it; -1: there is none such. */
static int stream_open(const char *path, uint64_t *whole, uint64_t *size)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))) {
        close(fd);
        fd = -1;
    }
    *size = fd >= 0 ? (uint64_t)info.st_size : 0;
    *whole = fd >= 0 && is_of_lttng(path) ? ctf_whole_bytes(fd, *size) : *size;
    return fd;
}

/* Links are what they lead to when a person names them, and otherwise not followed. */
static FTS *tree_open(const char *path)
{
    char *const places[] = {(char *)(uintptr_t)path, NULL};
    return fts_open(places, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
}

static uint64_t torn_find(const char *path)
{
    uint64_t torn = 0;
    FTS *tree = tree_open(path);
    const FTSENT *entry;
    while (tree != NULL && (entry = fts_read(tree)) != NULL) {
        uint64_t whole = 0;
        uint64_t size = 0;
        int fd = entry->fts_info == FTS_F ? stream_open(entry->fts_path, &whole, &size) : -1;
        torn += size - whole;
        if (fd >= 0) {
            close(fd);
        }
    }
    if (tree != NULL) {
        fts_close(tree);
    }
    return torn;
}

/* The view ------------------------------------------------------------------------------------ */

static const char *copies_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder != NULL && folder[0] == '/' ? folder : "/var/tmp";
}

static bool part_copy(int from, uint64_t bytes, int to)
{
    off_t at = 0;
    while (at < (off_t)bytes) {
        ssize_t copied = sendfile(to, from, &at, bytes - (uint64_t)at);
        if (copied <= 0 && !(copied < 0 && errno == EINTR)) {
            return false;
        }
    }
    return true;
}

/* A link at `place` to a copy of the first bytes of the file. */
static enum xsw_status copy_link(struct ctf_whole *whole, int from, uint64_t bytes,
                                 const char *place, struct xsw_error *error)
{
    char target[40];
    int *more = realloc(whole->copies, (whole->copy_count + 1) * sizeof(*more));
    if (more == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a copy of a trace");
    }
    whole->copies = more;
    int fd = open(copies_folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 || !part_copy(from, bytes, fd)) {
        enum xsw_status status =
            error_errno(error,
                        "%s: no room for %llu bytes, the whole part of a stream whose end is torn; "
                        "TMPDIR can name a folder that has it",
                        copies_folder(), (unsigned long long)bytes);
        if (fd >= 0) {
            close(fd);
        }
        return status;
    }
    whole->copies[whole->copy_count++] = fd;
    snprintf(target, sizeof(target), "/proc/self/fd/%d", fd);
    return symlink(target, place) == 0 ? XSW_OK : error_errno(error, "%s", place);
}

static enum xsw_status file_link(struct ctf_whole *whole, const char *path, const char *place,
                                 struct xsw_error *error)
{
    uint64_t whole_bytes;
    uint64_t size;
    char *absolute = realpath(path, NULL);
    int fd = stream_open(path, &whole_bytes, &size);
    enum xsw_status status = XSW_OK;
    if (fd >= 0 && whole_bytes < size) {
        status = copy_link(whole, fd, whole_bytes, place, error);
    } else if (absolute == NULL || symlink(absolute, place) != 0) {
        status = error_errno(error, "%s", path);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(absolute);
    return status;
}

static enum xsw_status view_fill(struct ctf_whole *whole, const char *path, struct xsw_error *error)
{
    FTS *tree = tree_open(path);
    size_t root = strlen(path);
    enum xsw_status status = XSW_OK;
    const FTSENT *entry;
    while (tree != NULL && status == XSW_OK && (entry = fts_read(tree)) != NULL) {
        char place[2 * CTF_WHOLE_PATH_SIZE];
        snprintf(place, sizeof(place), "%s/%s", whole->path, entry->fts_path + root);
        if (entry->fts_info == FTS_D && entry->fts_level > 0 && mkdir(place, 0700) != 0) {
            status = error_errno(error, "%s", place);
        } else if (entry->fts_info == FTS_F) {
            status = file_link(whole, entry->fts_path, place, error);
        }
    }
    if (tree != NULL) {
        fts_close(tree);
    }
    return status;
}

enum xsw_status ctf_whole_open(const char *path, struct ctf_whole *whole, struct xsw_error *error)
{
    *whole = (struct ctf_whole){.torn_bytes = torn_find(path)};
    if (whole->torn_bytes == 0) {
        snprintf(whole->path, sizeof(whole->path), "%s", path);
        return XSW_OK;
    }
    snprintf(whole->path, sizeof(whole->path), "%.4000s/xsw-trace-XXXXXX", copies_folder());
    if (mkdtemp(whole->path) == NULL) {
        enum xsw_status status = error_errno(error, "%s", whole->path);
        whole->torn_bytes = 0; /* there is nothing to take away */
        return status;
    }
    enum xsw_status status = view_fill(whole, path, error);
    if (status != XSW_OK) {
        ctf_whole_close(whole);
    }
    return status;
}

static void view_remove(const char *path)
{
    FTS *tree = tree_open(path);
    const FTSENT *entry;
    while (tree != NULL && (entry = fts_read(tree)) != NULL) {
        if (entry->fts_info == FTS_DP) {
            (void)rmdir(entry->fts_path);
        } else if (entry->fts_info != FTS_D) {
            (void)unlink(entry->fts_path);
        }
    }
    if (tree != NULL) {
        fts_close(tree);
    }
}

void ctf_whole_close(struct ctf_whole *whole)
{
    if (whole->torn_bytes > 0) {
        view_remove(whole->path);
    }
    for (size_t i = 0; i < whole->copy_count; i++) {
        close(whole->copies[i]);
    }
    free(whole->copies);
    *whole = (struct ctf_whole){.torn_bytes = 0};
}
