/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_WHERE_H
#define XSW_CAPTURE_WHERE_H

/*
 * The metadata expression of a capture session (xsw-filter(7)): asked at the end of a packet's
 * journey, when all is known of it and nothing of it has been copied yet.
 *
 * Names of ports, stages, reasons and extensions mean what they name when the session begins.
 *
 * Threads: made and destroyed on the control thread. where_matches: on workers, each with its own
 * number; it neither allocates nor locks.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

struct vswitch;
struct packet;
struct timeline;
struct where;

/* An error's text is the one of journey_filter_compile, with "where: " before it. */
enum xsw_status where_create(struct vswitch *vswitch, const char *text, struct where **where,
                             struct xsw_error *error) XSW_MUST_CHECK;
void where_destroy(struct where *where); /* accepts null */

/* Whether the journey of a packet that has just ended, at the last hop of the timeline, is one of
 * those that are wanted. */
bool where_matches(struct where *where, uint32_t worker, const struct packet *packet,
                   const struct timeline *timeline);

#endif
