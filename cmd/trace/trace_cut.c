/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/trace/trace_cut.h"

#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How LTTng-UST begins a packet, in the byte order of the machine: a magic number (CTF 1.8.3, 5.1),
 * the trace's UUID, the number of the channel and of the stream, then the times of its begin and
 * end, the bits that are filled, and the bits that it takes. */
enum { MAGIC = 0xc1fc1fc1, UUID_AT = 4, UUID_SIZE = 16, SIZE_AT = 56, HEADER_SIZE = 64 };

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

/* Where the whole packets end. All of the file when what stands there is no packet: then it is
 * damaged in another way, or no such file. */
static uint64_t whole_bytes(int fd, uint64_t size)
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

static uint64_t file_cut(const char *path)
{
    struct stat info;
    uint64_t cut = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        uint64_t size = (uint64_t)info.st_size;
        uint64_t whole = whole_bytes(fd, size);
        cut = whole < size && ftruncate(fd, (off_t)whole) == 0 ? size - whole : 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    return cut;
}

uint64_t trace_cut(const char *folder)
{
    char place[4096];
    char *const places[] = {place, NULL};
    uint64_t cut = 0;
    if (strlen(folder) >= sizeof(place)) {
        return 0;
    }
    memcpy(place, folder, strlen(folder) + 1);
    FTS *tree = fts_open(places, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    const FTSENT *entry;
    while (tree != NULL && (entry = fts_read(tree)) != NULL) {
        bool is_stream = entry->fts_info == FTS_F && strcmp(entry->fts_name, "metadata") != 0;
        cut += is_stream ? file_cut(entry->fts_path) : 0;
    }
    if (tree != NULL) {
        fts_close(tree);
    }
    return cut;
}
