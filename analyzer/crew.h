/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_CREW_H
#define XSW_ANALYZER_CREW_H

/*
 * Threads that read parts (part.h), in a ring: the caller fills parts and gets them back in the
 * same order, read.
 *
 * Threads: all calls on one, the caller's. A part belongs to the crew from crew_start() until
 * crew_oldest() has given it back.
 */

#include <stdbool.h>

#include "analyzer/part.h"

struct crew;

/* `threads`: 0 has crew_oldest() read. */
enum xsw_status crew_create(unsigned threads, struct crew **crew,
                            struct xsw_error *error) XSW_MUST_CHECK;
/* Waits for what is being read; accepts null. */
void crew_destroy(struct crew *crew);

/* A part to be filled, or null: all are being read, or wait to be taken. */
struct part *crew_spare(struct crew *crew);
/* Has the spare part read. */
void crew_start(struct crew *crew);
/* The oldest of those that were started, as soon as it is read; null when there is none. */
struct part *crew_oldest(struct crew *crew);
/* The oldest is a spare part again. */
void crew_release(struct crew *crew);
bool crew_is_idle(const struct crew *crew);

#endif
