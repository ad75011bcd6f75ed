/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_ID_SET_H
#define XSW_ANALYZER_ID_SET_H

/*
 * A set of packet ids in bounded memory: a bitmap in pages. Ids of a switch are handed out in runs,
 * so a page is nearly full before the next is begun: one bit a packet. Bound: ID_SET_PAGES_MAX
 * pages of 512 bytes, 32 MiB, which hold 268 million neighbouring ids. Sets of several owners
 * (capture sessions) share that memory. What does not fit is counted in `refused`; from then on the
 * set can no longer deny that it has an id.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/books/table.h"

enum { ID_SET_PAGE_BITS = 4096, ID_SET_PAGES_MAX = 65536 };

struct id_set_key {
    uint64_t page; /* id / ID_SET_PAGE_BITS */
    uint64_t owner;
};

struct id_set {
    struct table pages;          /* struct id_set_key -> bits */
    struct id_set_key last_page; /* most ids hit the page of the one before */
    uint64_t *last_words;
    uint64_t refused;
};

void id_set_init(struct id_set *set, uint32_t pages_max);
void id_set_fini(struct id_set *set);
bool id_set_has(const struct id_set *set, uint64_t owner, uint64_t id);
/* Whether any id of `owner` is among those that `other` has of `other_owner`. */
bool id_set_meets(const struct id_set *set, uint64_t owner, const struct id_set *other,
                  uint64_t other_owner);
/* Adds all ids that `other` has, of any owner, to those of `owner`. False when there was no room
 * for all: then some of them were added. */
bool id_set_merge(struct id_set *set, uint64_t owner, const struct id_set *other);
void id_set_clear(struct id_set *set);
/* True when the id was not in the owner's set before, or when that is unknown. */
bool id_set_add(struct id_set *set, uint64_t owner, uint64_t id);

#endif
