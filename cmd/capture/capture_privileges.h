/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_PRIVILEGES_H
#define XSW_CMD_CAPTURE_PRIVILEGES_H

/*
 * The recorder without the rights of who started it. Attaching may need root; writing what comes
 * out of the rings does not. So once it is attached, and before it opens the first file, it becomes
 * the user of -Z, if one was given; and once the first file is open it gives up all capabilities
 * for good.
 *
 * Threads: before any other thread is made, since rights belong to threads, which inherit them.
 */

#include <stdbool.h>
#include <sys/types.h>

#include <xsw/error.h>

struct capture_user {
    char name[64];
    uid_t uid;
    gid_t gid;
    bool is_given;
};

/* For the option -Z: looks the user up. XSW_NOT_FOUND says so in a sentence. */
enum xsw_status capture_user_find(const char *name, struct capture_user *user,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* Becomes that user, with its groups; nothing happens when none is given. Behind
 * capture.attach, before the first file is opened. */
enum xsw_status capture_user_become(const struct capture_user *user,
                                    struct xsw_error *error) XSW_MUST_CHECK;
/* Whether files beside that of the name `series` can still be made when all capabilities are given
 * up; XSW_DENIED says what to do. Null: there will be none. */
enum xsw_status capture_series_check(const char *series, struct xsw_error *error) XSW_MUST_CHECK;
/* Gives up all capabilities, from the bounding set too, and sets no_new_privs. Behind the opening
 * of the first file, whose folder may be anybody's. */
enum xsw_status capture_rights_drop(struct xsw_error *error) XSW_MUST_CHECK;

#endif
