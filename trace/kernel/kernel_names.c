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

struct names;

/* What is looked for: in which namespaces, and what with a socket of one; -1: it cannot be entered.
 */
struct search {
    bool (*is_wanted)(const struct names *names, uint64_t inode);
    void (*look)(struct names *names, int socket, uint64_t inode);
};

struct names {
    const struct search *search;
    struct kernel_device *devices;
    size_t count;
    int here;                  /* our own namespace */
    uint64_t seen[SPACES_MAX]; /* inodes of those that were looked into */
    size_t seen_count;
    bool is_lost; /* there was no way back */
};

/* Whether the namespace has not been looked into. */
static bool is_new(struct names *names, uint64_t inode)
{
    for (size_t i = 0; i < names->seen_count; i++) {
        if (names->seen[i] == inode) {
            return false;
        }
    }
    if (names->seen_count == SPACES_MAX) {
        names->search->look(names, -1, inode); /* who knows what is in the others */
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

static bool request_index(int socket, const struct kernel_device *device, uint32_t *index)
{
    struct ifreq request = {0};
    memcpy(request.ifr_name, device->name, sizeof(request.ifr_name) - 1);
    if (ioctl(socket, SIOCGIFINDEX, &request) != 0) {
        return false;
    }
    *index = (uint32_t)request.ifr_ifindex;
    return true;
}

static void path_look(struct names *names, const char *path)
{
    struct stat about;
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space >= 0 && fstat(space, &about) == 0 && names->search->is_wanted(names, about.st_ino) &&
        is_new(names, about.st_ino)) {
        int socket = socket_in(names, space);
        names->search->look(names, socket, about.st_ino);
        if (socket >= 0) {
            close(socket);
        }
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

static enum xsw_status search_run(struct names *names, struct xsw_error *error)
{
    names->here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (names->here < 0) {
        names->search->look(names, -1, 0);
        return XSW_OK;
    }
    folder_look(names, "/proc", "/ns/net");
    folder_look(names, "/run/netns", "");
    close(names->here);
    return names->is_lost
               ? error_set(error, XSW_IO, "there is no way back to our own network namespace")
               : XSW_OK;
}

/* Names that others have too ------------------------------------------------------------------- */

/* What holds none but devices of ours needs no look; mostly that is the only one. */
static bool may_share(const struct names *names, uint64_t inode)
{
    for (size_t i = 0; i < names->count; i++) {
        if (names->devices[i].netns != inode) {
            return true;
        }
    }
    return false;
}

static void shared_look(struct names *names, int socket, uint64_t inode)
{
    for (size_t i = 0; i < names->count; i++) {
        struct kernel_device *device = &names->devices[i];
        uint32_t index;
        device->is_name_shared |=
            socket < 0 || (device->netns != inode && request_index(socket, device, &index));
    }
}

enum xsw_status kernel_names_check(struct kernel_device *devices, size_t count,
                                   struct xsw_error *error)
{
    static const struct search search = {may_share, shared_look};
    struct names names = {.search = &search, .devices = devices, .count = count};
    return search_run(&names, error);
}

/* Numbers of interfaces ------------------------------------------------------------------------ */

static bool lacks_index(const struct names *names, uint64_t inode)
{
    for (size_t i = 0; i < names->count; i++) {
        if (names->devices[i].netns == inode && names->devices[i].index == 0) {
            return true;
        }
    }
    return false;
}

static void index_look(struct names *names, int socket, uint64_t inode)
{
    for (size_t i = 0; i < names->count && socket >= 0; i++) {
        struct kernel_device *device = &names->devices[i];
        if (device->netns == inode && device->index == 0) {
            (void)request_index(socket, device, &device->index);
        }
    }
}

enum xsw_status kernel_names_index(struct kernel_device *devices, size_t count,
                                   struct xsw_error *error)
{
    static const struct search search = {lacks_index, index_look};
    struct names names = {.search = &search, .devices = devices, .count = count};
    for (size_t i = 0; i < count; i++) {
        if (devices[i].index == 0) {
            return search_run(&names, error);
        }
    }
    return XSW_OK;
}
