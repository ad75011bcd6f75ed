/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_FLIGHT_FOLDER_H
#define XSW_CMD_FLIGHT_FOLDER_H

/*
 * Where flight recorders have their memory: the folder "flight" beside the control socket, when
 * that is on tmpfs, as /run is; else a folder in /dev/shm whose name is made of the socket's path.
 * Daemon and commands find it in the same way. A file on a disk would let the workers wait for it.
 *
 * Threads: control thread; or main of a command.
 */

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include <xsw/error.h>

/* The path, whether it is there or not. */
enum xsw_status flight_folder_path(const char *socket_path, char path[PATH_MAX],
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Makes it for us, and for members of `group` to pass, unless that is -1: files in it get the
 * group. Before rights are given up, for that takes some. */
enum xsw_status flight_folder_make(const char *path, gid_t group,
                                   struct xsw_error *error) XSW_MUST_CHECK;

/* "FOLDER/SWITCH.ring" or "FOLDER/SWITCH-NAME.ring"; of one whose switch was killed, once another
 * one has begun, ".dead.ring". */
enum xsw_status flight_folder_file(const char *folder, const char *switch_name, const char *name,
                                   bool is_dead, char path[PATH_MAX],
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Whether a name of the folder is one of these. */
bool flight_folder_is_ring(const char *name);

#endif
