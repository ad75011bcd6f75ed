/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_WHERE_H
#define XSW_CAPTURE_WHERE_H

/*
 * The metadata expression of a capture session (xsw-filter(7)): asked at the end of a packet's
 * journey, when all is known of it and nothing of it has been copied yet.
 *
 * Names of stages, reasons and extensions mean what they name when the session begins; those of
 * ports too, until it is compiled once more: see where_again.
 *
 * Threads: made and destroyed on the control thread. where_matches: on workers, each with its own
 * number; it neither allocates nor locks.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "packet/packet.h"

struct vswitch;
struct timeline;
struct where;

/* An error's text is the one of journey_filter_compile, with "where: " before it. `is_bounded`: as
 * in struct journey_names. */
enum xsw_status where_create(struct vswitch *vswitch, const char *text, bool is_bounded,
                             struct where **where, struct xsw_error *error) XSW_MUST_CHECK;
/* The same expression once more, as names are now; those that nothing has any longer match nothing.
 */
enum xsw_status where_again(struct vswitch *vswitch, const struct where *before,
                            struct where **where, struct xsw_error *error) XSW_MUST_CHECK;
/* Whether it may mean something else when there are other ports. */
bool where_names_ports(const struct where *where);
/* `where` takes the place of `before`, which a worker may still use: it is kept until it is
 * forgotten, or `where` is destroyed. */
void where_replace(struct where *where, struct where *before);
void where_forget(struct where *where);  /* what it replaced */
void where_destroy(struct where *where); /* accepts null */
/* Whether both want the same journeys; null wants all. */
bool where_is_same(const struct where *where, const struct where *other);

/* Whether the journey of a packet that has just ended, at the last hop of the timeline, is one of
 * those that are wanted. */
bool where_matches(struct where *where, uint32_t worker, const struct packet *packet,
                   const struct timeline *timeline);

/* Whether it may be so for any packet that ended there, was delivered, and to which nothing
 * happened on its way: no note, not held, as long as it was. */
bool where_may_match_plain(const struct where *where, const struct timeline *timeline);
static inline bool where_packet_is_plain(const struct packet *packet)
{
    return packet->drop_reason == 0 && packet->notes == NULL && packet->held == NULL &&
           packet->rx_length == packet->seen.length;
}

#endif
