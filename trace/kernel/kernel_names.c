/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/kernel/kernel_names.h"

#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { SPACES_MAX = 1024 };

struct names {
    struct kernel_device *devices;
    size_t count;
    int here;                  /* our own namespace */
    uint64_t seen[SPACES_MAX]; /* inodes of those that were looked into */
    size_t seen_count;
    bool is_lost; /* there was no way back */
};

static void all_shared(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        names->devices[i].is_name_shared = true;
    }
}

static bool is_new(struct names *names, uint64_t inode)
{
    for (size_t i = 0; i < names->seen_count; i++) {
        if (names->seen[i] == inode) {
            return false;
        }
    }
    if (names->seen_count == SPACES_MAX) {
        all_shared(names); /* who knows what is in the others */
        return false;
    }
    names->seen[names->seen_count++] = inode;
    return true;
}

/* A socket belongs to the namespace in which it was made. -1: that one cannot be entered. */
static int socket_in(struct names *names, int space)
{
    if (setns(space, CLONE_NEWNET) != 0) {
        return -1;
    }
    int made = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    names->is_lost = setns(names->here, CLONE_NEWNET) != 0;
    return made;
}

static void space_look(struct names *names, int space, uint64_t inode)
{
    int socket = socket_in(names, space);
    if (socket < 0) {
        all_shared(names);
        return;
    }
    for (size_t i = 0; i < names->count; i++) {
        struct kernel_device *device = &names->devices[i];
        struct ifreq request = {0};
        memcpy(request.ifr_name, device->name, sizeof(request.ifr_name) - 1);
        if (device->netns != inode && ioctl(socket, SIOCGIFINDEX, &request) == 0) {
            device->is_name_shared = true;
        }
    }
    close(socket);
}

static bool is_own_only(const struct names *names, uint64_t inode)
{
    for (size_t i = 0; i < names->count; i++) {
        if (names->devices[i].netns != inode) {
            return false;
        }
    }
    return true;
}

static void path_look(struct names *names, const char *path)
{
    struct stat about;
    int space = open(path, O_RDONLY | O_CLOEXEC);
    /* What holds none but devices of ours needs no look; mostly that is the only one. */
    if (space >= 0 && fstat(space, &about) == 0 && is_new(names, about.st_ino) &&
        !is_own_only(names, about.st_ino)) {
        space_look(names, space, about.st_ino);
    }
    if (space >= 0) {
        close(space);
    }
}

static void folder_look(struct names *names, const char *folder, const char *below)
{
    DIR *open_folder = opendir(folder);
    const struct dirent *entry;
    while (open_folder != NULL && !names->is_lost && (entry = readdir(open_folder)) != NULL) {
        char path[320];
        bool is_wanted = below[0] == '\0' ? entry->d_name[0] != '.'
                                          : entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
        snprintf(path, sizeof(path), "%s/%s%s", folder, entry->d_name, below);
        if (is_wanted) {
            path_look(names, path);
        }
    }
    if (open_folder != NULL) {
        closedir(open_folder);
    }
}

enum xsw_status kernel_names_check(struct kernel_device *devices, size_t count,
                                   struct xsw_error *error)
{
    struct names names = {.devices = devices, .count = count};
    names.here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (names.here < 0) {
        all_shared(&names);
        return XSW_OK;
    }
    folder_look(&names, "/proc", "/ns/net");
    folder_look(&names, "/run/netns", "");
    close(names.here);
    return names.is_lost
               ? error_set(error, XSW_IO, "there is no way back to our own network namespace")
               : XSW_OK;
}
