/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_SWITCH_EXTENSIONS_H
#define XSW_SWITCH_SWITCH_EXTENSIONS_H

/*
 * What the sources about the extensions of a switch share. Private to them.
 *
 * Threads: control thread.
 */

#include <stdint.h>

#include <xsw/error.h>

struct vswitch;
struct extension_instance;

/* Place in vswitch.extensions; extension_count when there is none. */
uint32_t extension_place_of(const struct vswitch *vswitch, const char *name);
enum xsw_status extension_not_found(const char *name, struct xsw_error *error);

/* Gives it the ids of its stages, the old ones when it comes back, starts it and brings it the
 * values of its features: ready to be published. */
enum xsw_status extension_attach(struct extension_instance *instance,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* Before it leaves the pipeline: no worker calls it any more, it has come to its end, and what it
 * originated last is on its way. Nothing to do for one that originates nothing. */
enum xsw_status extension_leave(struct vswitch *vswitch, struct extension_instance *instance,
                                struct xsw_error *error) XSW_MUST_CHECK;
/* Keeps the name of the forwarder in the stage's description. */
void extension_forward_name(struct vswitch *vswitch);
void extension_log(struct vswitch *vswitch, const char *event,
                   const struct extension_instance *instance);

#endif
