/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd/capture/capture_privileges.h"
#include "formats/pcapng/pcapng_write.h"

enum {
    FLOOR_DEFAULT = 256 << 20,
    FLOOR_SHARE = 20,      /* or one part in so many of the file system, if that is less */
    ROOM_AHEAD = 32 << 20, /* what may be on its way to the disk when there is still room */
    READER_WAIT_MS = 100
};

static bool is_stdout(const struct capture_files *files)
{
    return files->options->path != NULL && strcmp(files->options->path, "-") == 0;
}

bool capture_files_is_series(const struct capture_files *files)
{
    return files->options->rotate_bytes != 0 || files->options->rotate_ns != 0;
}

/* Pipes -------------------------------------------------------------------------------------- */

/* Opens a named pipe as soon as somebody reads it, so that no session fills up meanwhile. */
static enum xsw_status fifo_open(struct capture_files *files, struct xsw_error *error)
{
    const char *path = files->options->path;
    bool was_told = files->options->quiet;
    for (;;) {
        files->fifo_fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (files->fifo_fd >= 0) {
            break;
        }
        if (errno != ENXIO) {
            return error_errno(error, "%s: cannot be opened for writing", path);
        }
        if (!was_told) {
            fprintf(stderr, "waiting for a reader of the pipe %s; Ctrl-C gives up\n", path);
            was_told = true;
        }
        poll(NULL, 0, READER_WAIT_MS);
    }
    if (fcntl(files->fifo_fd, F_SETFL, O_WRONLY) != 0) {
        return error_errno(error, "%s: cannot be written to", path);
    }
    return XSW_OK;
}

enum xsw_status capture_files_init(struct capture_files *files,
                                   const struct capture_run_options *options,
                                   struct xsw_error *error)
{
    *files = (struct capture_files){.options = options, .stop_fd = -1, .fifo_fd = -1};
    struct stat about;
    files->is_fifo =
        options->path != NULL && stat(options->path, &about) == 0 && S_ISFIFO(about.st_mode);
    if (capture_files_is_series(files) && (files->is_fifo || is_stdout(files))) {
        return error_set(error, XSW_INVALID, "%s: a pipe cannot be rotated; leave out -C and -G",
                         options->path);
    }
    if (options->rotate_count != 0) {
        files->kept = calloc(options->rotate_count, sizeof(*files->kept));
        if (files->kept == NULL) {
            return error_set(error, XSW_NO_MEMORY, "no memory for the names of files");
        }
    }
    return files->is_fifo ? fifo_open(files, error) : XSW_OK;
}

/* Names -------------------------------------------------------------------------------------- */

static void stamp_make(char *stamp, size_t size, const char *format)
{
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(stamp, size, format, &local);
}

/* "cap/name.pcapng.zst" is "cap/name" and ".pcapng.zst". */
static void base_split(struct capture_files *files, const char *path)
{
    size_t length = strlen(path);
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *end = path + length;
    for (int words = 0; words < 2; words++) {
        const char *dot = memrchr(name, '.', (size_t)(end - name));
        bool is_last = dot == NULL || dot == name;
        if (is_last || (words == 1 && strcmp(end, ".zst") != 0)) {
            break;
        }
        end = dot;
    }
    if (strlen(end) >= sizeof(files->suffix)) {
        end = path + length;
    }
    snprintf(files->suffix, sizeof(files->suffix), "%s", end);
    snprintf(files->base, sizeof(files->base), "%.*s", (int)(end - path), path);
}

static enum xsw_status path_choose(struct capture_files *files, const char *switch_name, char *path,
                                   struct xsw_error *error)
{
    const char *given = files->options->path;
    char stamp[32];
    int length;
    if (!capture_files_is_series(files)) {
        stamp_make(stamp, sizeof(stamp), "%Y%m%d-%H%M%S");
        length = given != NULL ? snprintf(path, PATH_MAX, "%s", given)
                               : snprintf(path, PATH_MAX, "%.64s-%s.pcapng", switch_name, stamp);
    } else {
        if (files->number == 0) {
            char whole[PATH_MAX];
            snprintf(whole, sizeof(whole), given != NULL ? "%s" : "%.64s.pcapng",
                     given != NULL ? given : switch_name);
            base_split(files, whole);
        }
        stamp_make(stamp, sizeof(stamp), "%Y%m%d%H%M%S");
        length = snprintf(path, PATH_MAX, "%s_%05u_%s%s", files->base, files->number + 1, stamp,
                          files->suffix);
    }
    return length < PATH_MAX ? XSW_OK
                             : error_set(error, XSW_INVALID, "the name of the file is too long");
}

/* Opening ------------------------------------------------------------------------------------ */

uint64_t capture_files_floor(const char *path)
{
    struct statvfs about;
    if (statvfs(path, &about) != 0) {
        return 0;
    }
    uint64_t share = (uint64_t)about.f_blocks * about.f_frsize / FLOOR_SHARE;
    return share < FLOOR_DEFAULT ? share : FLOOR_DEFAULT;
}

static bool is_regular(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

/* Regular files, and all that is compressed, by threads of their own. What goes to a pipe is to be
 * there at once, and its failure is to be seen at once. */
static enum xsw_status writer_start(struct capture_files *files, const char *path,
                                    struct pcapng_writer *writer, struct xsw_error *error)
{
    const char *dot = strrchr(path, '.');
    bool packs = dot != NULL && strcmp(dot, ".zst") == 0;
    if (is_stdout(files) || (!packs && !is_regular(path))) {
        return XSW_OK;
    }
    files->floor_bytes =
        files->options->has_min_free ? files->options->min_free_bytes : capture_files_floor(path);
    pcapng_writer_reserve(writer, files->floor_bytes);
    return pcapng_writer_start(writer, files->options->pack_threads, error);
}

static void current_keep(struct capture_files *files)
{
    if (files->number == 0 || files->options->rotate_count == 0) {
        return;
    }
    uint32_t room = files->options->rotate_count;
    files->kept[(files->kept_first + files->kept_count) % room] = strdup(files->path);
    files->kept_count++;
}

static void oldest_delete(struct capture_files *files)
{
    char **oldest = &files->kept[files->kept_first];
    if (*oldest != NULL && unlink(*oldest) != 0 && errno != ENOENT) {
        fprintf(stderr, "\nxsw capture: %s: cannot be deleted: %s\n", *oldest, strerror(errno));
    }
    free(*oldest);
    *oldest = NULL;
    files->kept_first = (files->kept_first + 1) % files->options->rotate_count;
    files->kept_count--;
    files->deleted++;
}

enum xsw_status capture_files_open(struct capture_files *files, const char *switch_name,
                                   struct pcapng_writer **writer, struct xsw_error *error)
{
    char path[PATH_MAX];
    enum xsw_status status = path_choose(files, switch_name, path, error);
    if (status != XSW_OK) {
        return status;
    }
    if (files->fifo_fd >= 0) {
        int fd = files->fifo_fd;
        files->fifo_fd = -1;
        size_t length = strlen(path);
        bool packs = length > 4 && strcmp(path + length - 4, ".zst") == 0;
        status = pcapng_writer_open_fd(fd, path, packs ? PCAPNG_ZSTD : PCAPNG_PLAIN, writer, error);
    } else {
        status = pcapng_writer_open(path, writer, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    pcapng_writer_interrupt(*writer, files->stop_fd);
    /* Behind the opening of the first file, which may take rights, and before there are threads. */
    if (files->opened_ns == 0) {
        status = capture_rights_drop(error);
    }
    if (status == XSW_OK) {
        status = writer_start(files, path, *writer, error);
    }
    if (status != XSW_OK) {
        (void)pcapng_writer_close(*writer, NULL, NULL);
        return status;
    }
    current_keep(files);
    while (files->kept_count > 0 && files->kept_count >= files->options->rotate_count) {
        oldest_delete(files);
    }
    memcpy(files->path, path, sizeof(path));
    files->number += capture_files_is_series(files);
    files->opened_ns = clock_mono_ns();
    return XSW_OK;
}

bool capture_files_is_late(const struct capture_files *files, uint64_t now)
{
    uint64_t limit = files->options->rotate_ns;
    return limit != 0 && now - files->opened_ns >= limit;
}

/* Closing and deleting ----------------------------------------------------------------------- */

static void *close_one(void *context)
{
    struct capture_files *files = context;
    struct xsw_error error;
    if (pcapng_writer_close(files->closing, NULL, &error) != XSW_OK && files->closed == XSW_OK) {
        files->closed = error.status;
        files->close_error = error;
    }
    return NULL;
}

static void closer_join(struct capture_files *files)
{
    if (files->closing != NULL) {
        pthread_join(files->closer, NULL);
        files->closing = NULL;
    }
}

void capture_files_retire(struct capture_files *files, struct pcapng_writer *writer)
{
    closer_join(files);
    files->closing = writer;
    if (pthread_create(&files->closer, NULL, close_one, files) != 0) {
        (void)close_one(files);
        files->closing = NULL;
    }
}

void capture_files_make_room(struct capture_files *files)
{
    struct statvfs about;
    if (files->kept_count == 0 || files->floor_bytes == 0 || statvfs(files->path, &about) != 0) {
        return;
    }
    uint64_t free_bytes = (uint64_t)about.f_bavail * about.f_frsize;
    if (free_bytes < files->floor_bytes + ROOM_AHEAD) {
        closer_join(files); /* the oldest may still be open, and then deleting makes no room */
        oldest_delete(files);
    }
}

enum xsw_status capture_files_fini(struct capture_files *files, struct xsw_error *error)
{
    closer_join(files);
    if (files->fifo_fd >= 0) {
        close(files->fifo_fd);
        files->fifo_fd = -1;
    }
    for (uint32_t i = 0; files->kept != NULL && i < files->options->rotate_count; i++) {
        free(files->kept[i]);
    }
    free(files->kept);
    files->kept = NULL;
    if (files->closed != XSW_OK) {
        *error = files->close_error;
    }
    return files->closed;
}
