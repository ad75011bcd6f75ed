/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/trace/trace_cut.h"

#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/readers/ctf_whole.h"

static uint64_t file_cut(const char *path)
{
    struct stat info;
    uint64_t cut = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        uint64_t size = (uint64_t)info.st_size;
        uint64_t whole = ctf_whole_bytes(fd, size);
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
