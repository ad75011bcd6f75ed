/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/flight/flight_folder.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"

static bool is_memory(const char *folder)
{
    struct statfs about;
    return statfs(folder, &about) == 0 &&
           (about.f_type == TMPFS_MAGIC || about.f_type == RAMFS_MAGIC);
}

static enum xsw_status too_long(const char *path, struct xsw_error *error)
{
    return error_set(error, XSW_INVALID, "%.200s: the path for flight recorders gets too long",
                     path);
}

/* "/tmp/a/xswd.sock" is "/dev/shm/xsw-tmp-a-xswd.sock". */
static enum xsw_status path_make(const char *socket_path, char path[PATH_MAX],
                                 struct xsw_error *error)
{
    int length =
        snprintf(path, PATH_MAX, "/dev/shm/xsw%s%s", socket_path[0] == '/' ? "" : "-", socket_path);
    if (length >= NAME_MAX) {
        return too_long(socket_path, error);
    }
    for (char *at = path + strlen("/dev/shm/"); *at != '\0'; at++) {
        *at = *at == '/' ? '-' : *at;
    }
    return XSW_OK;
}

enum xsw_status flight_folder_path(const char *socket_path, char path[PATH_MAX],
                                   struct xsw_error *error)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(socket_path, '/');
    int length = slash == NULL ? snprintf(folder, sizeof(folder), ".")
                               : snprintf(folder, sizeof(folder), "%.*s/",
                                          (int)(slash - socket_path), socket_path);
    if (length >= (int)sizeof(folder)) {
        return too_long(socket_path, error);
    }
    if (!is_memory(folder)) {
        return path_make(socket_path, path, error);
    }
    length = snprintf(path, PATH_MAX, "%s%sflight", folder, slash == NULL ? "/" : "");
    return length < PATH_MAX ? XSW_OK : too_long(socket_path, error);
}

enum xsw_status flight_folder_make(const char *path, gid_t group, struct xsw_error *error)
{
    struct stat about;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return error_errno(error, "%s: cannot be made", path);
    }
    /* In /dev/shm anybody may have made it before. */
    if (lstat(path, &about) != 0 || !S_ISDIR(about.st_mode) || about.st_uid != geteuid() ||
        (about.st_mode & 0022) != 0) {
        return error_set(error, XSW_DENIED,
                         "%s: expected a folder that is ours alone to write to; remove it", path);
    }
    if (!is_memory(path)) {
        return error_set(
            error, XSW_UNSUPPORTED,
            "%s: is not on tmpfs: a flight recorder there would let packets wait for a "
            "disk",
            path);
    }
    if (group != (gid_t)-1 && chown(path, (uid_t)-1, group) == 0 && chmod(path, 02750) != 0) {
        return error_errno(error, "%s: cannot be opened to group xsw", path);
    }
    return XSW_OK;
}

enum xsw_status flight_folder_file(const char *folder, const char *switch_name, const char *name,
                                   bool is_dead, char path[PATH_MAX], struct xsw_error *error)
{
    int length = snprintf(path, PATH_MAX, "%s/%s%s%s%s.ring", folder, switch_name,
                          name[0] != '\0' ? "-" : "", name, is_dead ? ".dead" : "");
    return length < PATH_MAX ? XSW_OK : too_long(folder, error);
}

bool flight_folder_is_ring(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && name[0] != '.' && strcmp(name + length - 5, ".ring") == 0;
}
