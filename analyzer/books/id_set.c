/* SPDX-License-Identifier: Apache-2.0 */
/* See id_set.h. The pages are values of a table, found by the id's upper bits. */
#include "analyzer/books/id_set.h"

enum { PAGE_WORDS = ID_SET_PAGE_BITS / 64 };

void id_set_init(struct id_set *set, uint32_t pages_max)
{
    *set = (struct id_set){0};
    table_init(&set->pages, sizeof(struct id_set_key), PAGE_WORDS * sizeof(uint64_t), pages_max);
}

void id_set_fini(struct id_set *set)
{
    table_fini(&set->pages);
    set->last_words = NULL;
}

static bool is_last_page(const struct id_set *set, const struct id_set_key *key)
{
    return set->last_words != NULL && key->page == set->last_page.page &&
           key->owner == set->last_page.owner;
}

bool id_set_has(const struct id_set *set, uint64_t owner, uint64_t id)
{
    struct id_set_key key = {.page = id / ID_SET_PAGE_BITS, .owner = owner};
    const uint64_t *words =
        is_last_page(set, &key) ? set->last_words : table_find(&set->pages, &key);
    if (words == NULL) {
        return false;
    }
    return (words[id % ID_SET_PAGE_BITS / 64] >> (id % 64)) & 1;
}

bool id_set_add(struct id_set *set, uint64_t owner, uint64_t id)
{
    struct id_set_key key = {.page = id / ID_SET_PAGE_BITS, .owner = owner};
    if (!is_last_page(set, &key)) {
        set->last_words = table_add(&set->pages, &key);
        set->last_page = key;
    }
    if (set->last_words == NULL) {
        set->refused++;
        return true;
    }
    uint64_t *word = &set->last_words[id % ID_SET_PAGE_BITS / 64];
    uint64_t bit = (uint64_t)1 << (id % 64);
    bool added = (*word & bit) == 0;
    *word |= bit;
    return added;
}

bool id_set_meets(const struct id_set *set, uint64_t owner, const struct id_set *other,
                  uint64_t other_owner)
{
    for (size_t i = 0; i < other->pages.count; i++) {
        const struct id_set_key *page = table_key(&other->pages, i);
        struct id_set_key key = {.page = page->page, .owner = owner};
        const uint64_t *words = page->owner == other_owner ? table_find(&set->pages, &key) : NULL;
        const uint64_t *more = table_value(&other->pages, i);
        for (size_t j = 0; words != NULL && j < PAGE_WORDS; j++) {
            if ((words[j] & more[j]) != 0) {
                return true;
            }
        }
    }
    return false;
}

bool id_set_merge(struct id_set *set, uint64_t owner, const struct id_set *other)
{
    set->last_words = NULL; /* adding may move the pages */
    for (size_t i = 0; i < other->pages.count; i++) {
        const struct id_set_key *page = table_key(&other->pages, i);
        struct id_set_key key = {.page = page->page, .owner = owner};
        uint64_t *words = table_add(&set->pages, &key);
        const uint64_t *more = table_value(&other->pages, i);
        if (words == NULL) {
            return false;
        }
        for (size_t j = 0; j < PAGE_WORDS; j++) {
            words[j] |= more[j];
        }
    }
    return true;
}

void id_set_clear(struct id_set *set)
{
    table_clear(&set->pages);
    set->last_words = NULL;
    set->refused = 0;
}
