/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CERTIFY_HOOKS_H
#define XSW_CERTIFY_HOOKS_H

/*
 * What an extension calls of the C library. The slots through which a loaded object calls malloc,
 * pthread_mutex_lock, clock_gettime and their like are pointed at functions of the kit: for the
 * extension itself and for the libraries that it brought, but for the C library's own. Nobody else
 * is disturbed, and the kit needs no preloaded library for it.
 *
 * A hooked function passes the call on. Meanwhile it counts the call when that has no place in the
 * path of a packet, lets an allocation fail when it is its turn, and remembers the blocks that are
 * allocated, so that a leak is told with the place where the memory came from.
 *
 * Threads: what is counted is counted for the thread that said so; blocks are remembered for all.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

enum hooks_mode {
    HOOKS_OFF,    /* the kit or the host is running */
    HOOKS_PACKET, /* an operation of a worker: nothing of this is allowed */
    HOOKS_CONTROL /* an operation of the control thread: all of it is */
};

/* Hooks the object that dlopen returned, and what it needs. `file` is borrowed: its name for
 * people, as the loader may know it by another one. */
enum xsw_status hooks_install(void *library, const char *file,
                              struct xsw_error *error) XSW_MUST_CHECK;

/* For the calling thread; returns what it was. */
enum hooks_mode hooks_enter(enum hooks_mode mode);

/* The first forbidden call since the last question, as "malloc, called from NAME+0x1234"; null when
 * there was none. The text lives until the next call. */
const char *hooks_forbidden(void);

/* The allocation number `number`, counted from 1 and from now, that the extension's own code makes
 * in control operations fails; 0: none does. Returns how many there have been since the last call.
 */
uint64_t hooks_fail(uint64_t number);

struct hooks_blocks {
    uint64_t count, bytes;
};

/* What was allocated in calls of the extension and is not freed. */
struct hooks_blocks hooks_blocks(void);
/* Forgets all of them. */
void hooks_blocks_forget(void);
/* Where the newest of them was allocated: "NAME+0x1234", for addr2line. */
void hooks_blocks_origin(char *text, size_t size);

#endif
