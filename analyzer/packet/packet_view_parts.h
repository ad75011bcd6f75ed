/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_PACKET_VIEW_PARTS_H
#define XSW_ANALYZER_PACKET_VIEW_PARTS_H

/* What packet_view.c, which knows the packets of a view, and packet_steps.c, which knows what
 * happened to each, share. Private to them. Threads: one. */

#include "analyzer/packet/packet_view.h"

/* Null when it does not belong to the view. */
struct view_packet *packet_view_find(const struct packet_view *view, uint64_t session, uint64_t id);
/* The steps that a record of this packet of the view tells of. */
void packet_steps_take(struct packet_view *view, const struct analysis_session *session,
                       struct view_packet *packet, const struct record *record);

#endif
