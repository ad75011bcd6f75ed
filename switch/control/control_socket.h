/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_CONTROL_SOCKET_H
#define XSW_SWITCH_CONTROL_SOCKET_H

/*
 * Where the control socket is, who has it, and who is at the other end of a connection. Daemon and
 * commands find the path in the same way.
 *
 * Threads: any; a struct control_socket belongs to the control thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xsw/error.h>

enum {
    CONTROL_PATH_SIZE = 108 /* sun_path, unix(7) */
};

/* `given`, or $XSW_SOCKET, or the place of this user: /run/xsw for root, else $XDG_RUNTIME_DIR/xsw,
 * else /tmp/xsw-UID, which must be the user's own. `given` may be null. */
enum xsw_status control_socket_path(const char *given, char path[CONTROL_PATH_SIZE],
                                    struct xsw_error *error) XSW_MUST_CHECK;

struct control_socket {
    int fd;      /* listening, non-blocking */
    int lock_fd; /* PATH.lock, held as long as the socket is ours */
    dev_t device;
    ino_t inode;
    char path[CONTROL_PATH_SIZE];
};

/* Makes the folder if need be, takes the lock and listens. XSW_BUSY when another has the path.
 * Members of `group` may connect when it is not -1 and the file may be given to it. */
enum xsw_status control_socket_listen(const char *path, gid_t group, struct control_socket *sock,
                                      struct xsw_error *error) XSW_MUST_CHECK;
/* Removes socket and lock. Nothing to do for a zeroed struct. */
void control_socket_close(struct control_socket *sock);

enum control_right { CONTROL_RIGHT_NONE, CONTROL_RIGHT_OBSERVE, CONTROL_RIGHT_MANAGE };

/* The id of group xsw, or -1. */
gid_t control_group(void);
/* What the peer of a connection may do: our own user and root manage, members of `group` observe.
 */
enum control_right control_peer_right(int fd, gid_t group, uid_t *uid);
/* The process that opened the connection; 0: not known. */
uint32_t control_peer_pid(int fd);

#endif
