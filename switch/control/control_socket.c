/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket in the file system. The lock beside it, and not the socket, says whether a
 * daemon is alive: a socket without a holder of the lock is a remnant and is replaced.
 */
#include "switch/control/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

enum {
    BACKLOG = 64,
    LOCK_TRIES = 16,
    OWN_FOLDER_SIZE = 32,
    GROUPS_MAX = 65536 /* NGROUPS_MAX of Linux */
};

/* A folder in /tmp could have been made by anybody: it counts only when it is ours alone. */
static enum xsw_status folder_check(const char *folder, struct xsw_error *error)
{
    struct stat info;
    if (lstat(folder, &info) != 0) {
        return errno == ENOENT ? XSW_OK : error_errno(error, "%s: cannot be looked at", folder);
    }
    if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 0077) != 0) {
        return error_set(error, XSW_DENIED,
                         "%s: expected a folder of user %u with mode 0700; remove it, or name the "
                         "socket with --socket",
                         folder, (unsigned)geteuid());
    }
    return XSW_OK;
}

static void own_folder(char folder[OWN_FOLDER_SIZE])
{
    snprintf(folder, OWN_FOLDER_SIZE, "/tmp/xsw-%u", (unsigned)geteuid());
}

static enum xsw_status default_path(char *path, size_t size, int *length, struct xsw_error *error)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (geteuid() == 0) {
        *length = snprintf(path, size, "/run/xsw/xswd.sock");
    } else if (runtime != NULL && runtime[0] == '/') {
        *length = snprintf(path, size, "%s/xsw/xswd.sock", runtime);
    } else {
        char folder[OWN_FOLDER_SIZE];
        own_folder(folder);
        *length = snprintf(path, size, "%s/xswd.sock", folder);
        return folder_check(folder, error);
    }
    return XSW_OK;
}

enum xsw_status control_socket_path(const char *given, char path[CONTROL_PATH_SIZE],
                                    struct xsw_error *error)
{
    const char *variable = getenv("XSW_SOCKET");
    const char *chosen = given != NULL ? given : variable;
    enum xsw_status status = XSW_OK;
    int length;

    if (chosen != NULL && chosen[0] != '\0') {
        length = snprintf(path, CONTROL_PATH_SIZE, "%s", chosen);
    } else if (given != NULL) {
        return error_set(error, XSW_INVALID, "--socket: expected a path, found an empty text");
    } else {
        status = default_path(path, CONTROL_PATH_SIZE, &length, error);
    }
    if (status == XSW_OK && length >= CONTROL_PATH_SIZE) {
        return error_set(error, XSW_INVALID, "%s…: expected a socket path of at most %d bytes",
                         path, CONTROL_PATH_SIZE - 1);
    }
    return status;
}

static enum xsw_status folder_make(const char *path, struct xsw_error *error)
{
    char folder[CONTROL_PATH_SIZE];
    char own[OWN_FOLDER_SIZE];
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) {
        return XSW_OK;
    }
    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    /* Root's folder is passed through by members of the group; the socket's mode keeps others out.
     */
    if (mkdir(folder, geteuid() == 0 ? 0755 : 0700) != 0 && errno != EEXIST) {
        return error_errno(error, "%s: the folder of the socket cannot be made", folder);
    }
    own_folder(own);
    return strcmp(folder, own) == 0 ? folder_check(folder, error) : XSW_OK;
}

static bool is_same_file(int fd, const char *path)
{
    struct stat open_info;
    struct stat path_info;
    return fstat(fd, &open_info) == 0 && stat(path, &path_info) == 0 &&
           open_info.st_ino == path_info.st_ino && open_info.st_dev == path_info.st_dev;
}

static enum xsw_status lock_busy(int fd, const char *path, struct xsw_error *error)
{
    char holder[16] = "";
    ssize_t length = pread(fd, holder, sizeof(holder) - 1, 0);
    long pid = length > 0 ? strtol(holder, NULL, 10) : 0;
    close(fd);
    return error_set(error, XSW_BUSY,
                     "%s: xswd with pid %ld is listening there; stop it, or choose another socket "
                     "with --socket",
                     path, pid);
}

/* The holder removes the file before it lets go, so a lock just got may be on a removed file: then
 * try again with the one that is there now. */
static enum xsw_status lock_take(const char *path, int *lock_fd, struct xsw_error *error)
{
    char lock_path[CONTROL_PATH_SIZE + 8];
    char pid[16];
    snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) {
            return error_errno(error, "%s: cannot be made", lock_path);
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            return lock_busy(fd, path, error);
        }
        if (is_same_file(fd, lock_path)) {
            int length = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
            if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)length, 0) == length) {
                *lock_fd = fd;
                return XSW_OK;
            }
            close(fd);
            return error_errno(error, "%s: cannot be written", lock_path);
        }
        close(fd);
    }
    return error_set(error, XSW_BUSY, "%s: others keep taking and removing it", lock_path);
}

/* With the lock held, removes what an earlier daemon left; refuses anything else. */
static enum xsw_status remnant_remove(const char *path, const struct sockaddr_un *address,
                                      struct xsw_error *error)
{
    struct stat info;
    if (lstat(path, &info) != 0) {
        return errno == ENOENT ? XSW_OK : error_errno(error, "%s: cannot be looked at", path);
    }
    if (!S_ISSOCK(info.st_mode)) {
        return error_set(error, XSW_EXISTS, "%s: expected a socket or nothing, found another file",
                         path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool answers = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    if (answers) {
        return error_set(error, XSW_BUSY, "%s: another program is listening there", path);
    }
    if (unlink(path) != 0) {
        return error_errno(error, "%s: the left-over socket cannot be removed", path);
    }
    return XSW_OK;
}

/* Linux takes the mode of the file from the socket, so that it is closed to others from the start;
 * afterwards the group may be let in. */
static enum xsw_status socket_bind(const struct sockaddr_un *address, gid_t group, int *listen_fd,
                                   struct xsw_error *error)
{
    const char *path = address->sun_path;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return error_errno(error, "%s: no socket to be had", path);
    }
    if (fchmod(fd, 0600) != 0 ||
        bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 ||
        listen(fd, BACKLOG) != 0) {
        error_errno(error, "%s: cannot listen", path);
        close(fd);
        return XSW_IO;
    }
    if (group != (gid_t)-1 && chown(path, (uid_t)-1, group) == 0 && chmod(path, 0660) != 0) {
        error_errno(error, "%s: cannot be opened to group xsw", path);
        close(fd);
        return XSW_IO;
    }
    *listen_fd = fd;
    return XSW_OK;
}

enum xsw_status control_socket_listen(const char *path, gid_t group, struct control_socket *sock,
                                      struct xsw_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat info = {0};
    *sock = (struct control_socket){.fd = -1, .lock_fd = -1};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);

    enum xsw_status status = folder_make(path, error);
    if (status == XSW_OK) {
        status = lock_take(path, &sock->lock_fd, error);
    }
    if (status != XSW_OK) {
        *sock = (struct control_socket){0};
        return status;
    }
    snprintf(sock->path, sizeof(sock->path), "%s", path);
    status = remnant_remove(path, &address, error);
    if (status == XSW_OK) {
        status = socket_bind(&address, group, &sock->fd, error);
    }
    if (status != XSW_OK) {
        control_socket_close(sock);
        return status;
    }
    if (stat(path, &info) == 0) {
        sock->device = info.st_dev;
        sock->inode = info.st_ino;
    }
    return XSW_OK;
}

void control_socket_close(struct control_socket *sock)
{
    char lock_path[CONTROL_PATH_SIZE + 8];
    struct stat info;
    if (sock->path[0] == '\0') {
        return;
    }
    if (sock->fd >= 0) {
        if (stat(sock->path, &info) == 0 && info.st_dev == sock->device &&
            info.st_ino == sock->inode) {
            unlink(sock->path);
        }
        close(sock->fd);
    }
    snprintf(lock_path, sizeof(lock_path), "%s.lock", sock->path);
    unlink(lock_path);
    close(sock->lock_fd);
    *sock = (struct control_socket){0};
}

gid_t control_group(void)
{
    const struct group *group = getgrnam("xsw");
    return group != NULL ? group->gr_gid : (gid_t)-1;
}

static bool peer_has_group(int fd, gid_t group)
{
    socklen_t size = 0;
    bool found = false;
    /* With no room the kernel says how much it wants (ERANGE). */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE ||
        size > GROUPS_MAX * sizeof(gid_t)) {
        return false;
    }
    gid_t *groups = malloc(size);
    if (groups != NULL && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0) {
        for (size_t i = 0; i < size / sizeof(gid_t) && !found; i++) {
            found = groups[i] == group;
        }
    }
    free(groups);
    return found;
}

uint32_t control_peer_pid(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? (uint32_t)peer.pid : 0;
}

enum control_right control_peer_right(int fd, gid_t group, uid_t *uid)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    *uid = (uid_t)-1;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return CONTROL_RIGHT_NONE;
    }
    *uid = peer.uid;
    if (peer.uid == 0 || peer.uid == geteuid()) {
        return CONTROL_RIGHT_MANAGE;
    }
    if (group != (gid_t)-1 && (peer.gid == group || peer_has_group(fd, group))) {
        return CONTROL_RIGHT_OBSERVE;
    }
    return CONTROL_RIGHT_NONE;
}
