/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"

enum xsw_status capture_user_find(const char *name, struct capture_user *user,
                                  struct xsw_error *error)
{
    *user = (struct capture_user){0};
    errno = 0;
    const struct passwd *entry = strlen(name) < sizeof(user->name) ? getpwnam(name) : NULL;
    if (entry == NULL) {
        return error_set(error, XSW_NOT_FOUND, "-Z %s: expected the name of a user of this machine",
                         name);
    }
    snprintf(user->name, sizeof(user->name), "%s", name);
    user->uid = entry->pw_uid;
    user->gid = entry->pw_gid;
    user->is_given = true;
    return XSW_OK;
}

/* An unprivileged process may not touch its bounding set, and has nothing to take out of it. */
static void bounding_clear(void)
{
    for (unsigned long capability = 0; capability <= CAP_LAST_CAP; capability++) {
        if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1) {
            (void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
        }
    }
}

enum xsw_status capture_user_become(const struct capture_user *user, struct xsw_error *error)
{
    if (!user->is_given || (geteuid() == user->uid && getuid() == user->uid)) {
        return XSW_OK;
    }
    /* Whoever is not root any more may not touch the bounding set, either. */
    bounding_clear();
    /* In this order: the last one takes the right to do the others. All three numbers of each kind
     * change, so that there is no way back. */
    if (initgroups(user->name, user->gid) != 0 || setresgid(user->gid, user->gid, user->gid) != 0 ||
        setresuid(user->uid, user->uid, user->uid) != 0) {
        return error_errno(error, "-Z %s: cannot become that user; only root can", user->name);
    }
    return XSW_OK;
}

/* The capabilities of this thread: what it may use now, and what it may take up again. */
static int effective_set(const struct __user_cap_data_struct have[2], bool is_used)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {have[0], have[1]};
    if (!is_used) {
        data[0].effective = data[1].effective = 0;
    }
    return (int)syscall(SYS_capset, &header, data);
}

enum xsw_status capture_series_check(const char *series, struct xsw_error *error)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct have[2] = {{0}, {0}};
    char path[PATH_MAX];
    if (series == NULL || strcmp(series, "-") == 0) {
        return XSW_OK;
    }
    snprintf(path, sizeof(path), "%s", series);
    const char *folder = dirname(path);
    /* Asked as the process will be asked later. */
    if (syscall(SYS_capget, &header, have) != 0 || effective_set(have, false) != 0) {
        return error_errno(error, "the rights of the recorder cannot be looked at");
    }
    int denied = faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0 && errno == EACCES;
    if (effective_set(have, true) != 0) {
        return error_errno(error, "the rights of the recorder cannot be looked at");
    }
    if (denied) {
        return error_set(error, XSW_DENIED,
                         "%s: the recorder gives up the rights of root and could make no further "
                         "files here; say with -Z whose rights it is to have, or name another "
                         "folder",
                         folder);
    }
    return XSW_OK;
}

enum xsw_status capture_rights_drop(struct xsw_error *error)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}, {0}};
    bounding_clear();
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &header, none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return error_errno(error, "the rights of the recorder cannot be given up");
    }
    return XSW_OK;
}
