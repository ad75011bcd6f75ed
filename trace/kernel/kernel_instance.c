/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/kernel/kernel_instance.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

enum { BUFFER_BYTES = 1 << 20 };

enum xsw_status kernel_instance_missing(struct xsw_error *error)
{
    return error_set(
        error, geteuid() != 0 ? XSW_DENIED : XSW_NOT_FOUND,
        geteuid() != 0 ? "events of the kernel need root: tracefs (/sys/kernel/tracing) is not "
                         "open to this user"
                       : "there is no tracefs: this kernel is built without tracing, or it cannot "
                         "be mounted here (mount -t tracefs tracefs /sys/kernel/tracing)");
}

/* When the process began, in ticks since the start of the machine: with its number, who it is. */
static uint64_t process_begun(int pid)
{
    char path[40];
    char text[1024];
    unsigned long long begun = 0;
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    size_t length = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;
    text[length] = '\0';
    if (file != NULL) {
        fclose(file);
    }
    /* The 22nd field; the second is a name in parentheses with anything in it. */
    const char *rest = strrchr(text, ')');
    if (rest == NULL || sscanf(rest + 1,
                               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
                               "%*d %*d %*d %llu",
                               &begun) != 1) {
        begun = 0;
    }
    return begun;
}

/* A reader that was killed leaves its instance behind. One whose reader is there, or whose name is
 * none that we give, is not ours to remove; one that is read from another PID namespace refuses to
 * go. */
static void leftovers_remove(void)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/instances", tracefs_tracing_dir());
    DIR *folder = opendir(path);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        int pid = 0;
        uint64_t begun = 0;
        int length = 0;
        bool is_ours = sscanf(entry->d_name, "xsw-%d-%" SCNu64 "%n", &pid, &begun, &length) == 2 &&
                       entry->d_name[length] == '\0' && pid > 0 && begun != 0;
        if (is_ours && process_begun(pid) != begun) {
            (void)unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
}

enum xsw_status kernel_instance_make(struct tracefs_instance **instance, size_t buffer_bytes,
                                     struct xsw_error *error)
{
    char name[64];
    leftovers_remove();
    snprintf(name, sizeof(name), "xsw-%d-%" PRIu64, (int)getpid(), process_begun((int)getpid()));
    *instance = tracefs_instance_create(name);
    if (*instance == NULL) {
        return errno == EACCES || errno == EPERM
                   ? kernel_instance_missing(error)
                   : error_errno(error, "%s/instances/%s cannot be made", tracefs_tracing_dir(),
                                 name);
    }
    if (tracefs_instance_file_write(*instance, "trace_clock", "mono") < 0) {
        return error_errno(error, "the kernel's events cannot have the clock \"mono\"");
    }
    size_t kib = (buffer_bytes != 0 ? buffer_bytes : BUFFER_BYTES) / 1024;
    if (tracefs_instance_set_buffer_size(*instance, kib, -1) != 0) {
        return error_errno(error, "a ring of %zu KiB for each processor cannot be had", kib);
    }
    return XSW_OK;
}
