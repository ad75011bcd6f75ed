/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TUI_BEHIND_H
#define XSW_TUI_BEHIND_H

/*
 * Expressions of xsw-filter(7) for the packets behind numbers that belong to stages. A set of
 * stages is a bit for each place in model->stages.
 *
 * Threads: one.
 */

#include "tui/screens/screen.h"

enum { BEHIND_STAGES_SIZE = 400 /* of the part that names a set of stages */ };

uint64_t behind_places_of(const struct scene *scene, const char *extension);
uint64_t behind_places_at(const struct scene *scene, bool is_egress);

/* "stage == forward", "stage in (rx, forward)": by their names, or where these are too long by
 * their numbers. False, and an empty text: not even these have room, or there is no stage. */
bool behind_stages(const struct scene *scene, const char *term, uint64_t places, char *text,
                   size_t size);
/* The packets that came to one of the stages, as their counters of what comes in count them: which
 * ended there or behind it, and were not made there or behind it. */
void behind_coming_to(const struct scene *scene, uint64_t places, char *text);
/* Those that such a port lost: at an ingress stage the one where they came in, else the one for
 * which they were, as copies are from the beginning. "" when the list is too long. */
void behind_dropped_at(const struct scene *scene, const char *port, bool is_outgoing, char *text);

#endif
