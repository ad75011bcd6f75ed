/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_TABLE_H
#define XSW_ANALYZER_TABLE_H

/*
 * A hash table of fixed-size keys and values that only grows, up to a limit: what the analyzer
 * counts by (stages, rules, flows). Entries keep the order in which they were added, so that
 * reports do not depend on the hash, which is seeded afresh for each table.
 *
 * Threads: one. Keys are compared byte by byte: zero the padding.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The hash beside the place, so that entries of other keys need not be looked at. */
struct table_slot {
    uint32_t place; /* of an entry + 1, or 0 */
    uint32_t hash;
};

struct table {
    size_t key_size;
    size_t value_offset; /* of the value in an entry */
    size_t entry_size;
    size_t limit;
    size_t count;
    size_t capacity; /* entries that there is room for */
    unsigned char *entries;
    struct table_slot *slots;
    size_t slot_count;
    uint64_t seed;
};

/* limit: most entries that it will ever hold, at most 2^31 - 1. Takes no memory before the first
 * entry. */
void table_init(struct table *table, size_t key_size, size_t value_size, size_t limit);
void table_fini(struct table *table);

/* Forgets the entries and keeps their memory. */
void table_clear(struct table *table);

/* The value of a key, or null. Valid until the next table_add. */
void *table_find(const struct table *table, const void *key);
/* The same; a key that is not there is added with a zeroed value. Null when the limit is reached or
 * memory could not be had. */
void *table_add(struct table *table, const void *key);

/* Begins to fetch the entry that table_add() of the key will give: for walks over many keys in a
 * table that is larger than the cache, a few keys ahead. */
void table_expect(const struct table *table, const void *key);

/* Entries by place, 0 … count - 1, in the order of their addition. */
const void *table_key(const struct table *table, size_t place);
void *table_value(const struct table *table, size_t place);

/* The place of a value that table_find() or table_add() gave. */
size_t table_place(const struct table *table, const void *value);
/* Whether `more` further entries fit below the limit. */
bool table_has_room(const struct table *table, size_t more);

/* Places in the order that `compare` gives, ties in the order of addition, and null gives that
 * order. The caller frees the array; null when there are none or memory could not be had. */
typedef int table_compare(const void *key_a, const void *value_a, const void *key_b,
                          const void *value_b);
size_t *table_sorted(const struct table *table, table_compare *compare);

#endif
