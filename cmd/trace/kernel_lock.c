/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/trace/kernel_lock.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "switch/control/control_socket.h"

enum { PATH_SIZE = CONTROL_PATH_SIZE + 16 };

int kernel_lock_open(const char *socket, int flags, struct xsw_error *error)
{
    char path[CONTROL_PATH_SIZE];
    char place[PATH_SIZE];
    struct stat info;
    if (control_socket_path(socket, path, error) != XSW_OK) {
        return -1;
    }
    snprintf(place, sizeof(place), "%s.kernel", path);
    int fd = open(place, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0600);
    if (fd < 0) {
        (void)error_errno(error, "%s cannot be opened", place);
        return -1;
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        (void)error_set(error, XSW_INVALID, "%s: expected a file of xsw", place);
        close(fd);
        return -1;
    }
    return fd;
}

bool kernel_lock_take(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

void kernel_lock_give(int fd)
{
    struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    (void)fcntl(fd, F_OFD_SETLK, &lock);
}

bool kernel_lock_is_held(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
