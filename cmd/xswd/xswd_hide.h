/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_XSWD_HIDE_H
#define XSW_CMD_XSWD_HIDE_H

/*
 * What those are told who are held to pseudonyms by the switch's configuration (switch.observers):
 * of what others record, that they do and how much, and not in which words, which name addresses.
 *
 * Threads: control thread; xswd_hide_event: any.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct rpc_caller;
struct switch_event;
struct vswitch;

#define XSWD_NOBODY UINT32_MAX /* the user of what is no caller's own */

/* Whether the caller may see pseudonyms only. */
bool xswd_is_held_to_pseudonyms(const struct vswitch *vswitch, const struct rpc_caller *caller);
/* In place: the rules and the names of a session or a flight recorder, with the path of its memory,
 * which has the name in it. */
void xswd_hide_words(json_t *session);
/* The same of a session of user `uid`, unless that is the caller, or he may
 * see addresses. */
void xswd_hide_session(json_t *session, const struct vswitch *vswitch,
                       const struct rpc_caller *caller, uint32_t uid);
/* The same of an event, which may be about anybody. `hidden` is for the caller's use: the event
 * that is to be told. */
void xswd_hide_event(const struct switch_event *event, struct switch_event *hidden);

#endif
