/* SPDX-License-Identifier: Apache-2.0 */
/* Linear probing over indices, at most half full. The entries themselves lie in one growing array,
 * so that walking them in order of addition costs nothing. */
#include "analyzer/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { TABLE_FIRST_CAPACITY = 16 };

static uint64_t mix(uint64_t value)
{
    value ^= value >> 32;
    value *= 0xd6e8feb86659fd93u;
    value ^= value >> 32;
    value *= 0xd6e8feb86659fd93u;
    return value ^ (value >> 32);
}

static uint64_t hash_key(const struct table *table, const void *key)
{
    const unsigned char *bytes = key;
    uint64_t hash = table->seed;
    for (size_t done = 0; done < table->key_size; done += 8) {
        uint64_t word = 0;
        size_t rest = table->key_size - done;
        memcpy(&word, bytes + done, rest < 8 ? rest : 8);
        hash = mix(hash ^ word) + 0x9e3779b97f4a7c15u;
    }
    return hash;
}

void table_init(struct table *table, size_t key_size, size_t value_size, size_t limit)
{
    assert(limit < INT32_MAX);
    *table = (struct table){.key_size = key_size, .limit = limit};
    table->value_offset = (key_size + 7) / 8 * 8;
    table->entry_size = table->value_offset + (value_size + 7) / 8 * 8;
    /* Without randomness the table still works; it is only easier to slow down on purpose. */
    if (getrandom(&table->seed, sizeof(table->seed), GRND_NONBLOCK) < 0) {
        table->seed = (uint64_t)(uintptr_t)table;
    }
}

void table_fini(struct table *table)
{
    free(table->entries);
    free(table->slots);
    table->entries = NULL;
    table->slots = NULL;
    table->count = table->capacity = table->slot_count = 0;
}

const void *table_key(const struct table *table, size_t place)
{
    assert(place < table->count);
    return table->entries + place * table->entry_size;
}

void *table_value(const struct table *table, size_t place)
{
    assert(place < table->count);
    return table->entries + place * table->entry_size + table->value_offset;
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t slot_find(const struct table *table, const void *key)
{
    size_t mask = table->slot_count - 1;
    size_t slot = hash_key(table, key) & mask;
    while (table->slots[slot] != 0 &&
           memcmp(table_key(table, table->slots[slot] - 1), key, table->key_size) != 0) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

static bool table_grow(struct table *table)
{
    size_t capacity = table->capacity == 0 ? TABLE_FIRST_CAPACITY : table->capacity * 2;
    uint32_t *slots = calloc(capacity * 2, sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    unsigned char *entries = realloc(table->entries, capacity * table->entry_size);
    if (entries == NULL) {
        free(slots);
        return false;
    }
    free(table->slots);
    table->slots = slots;
    table->slot_count = capacity * 2;
    table->entries = entries;
    table->capacity = capacity;
    for (size_t place = 0; place < table->count; place++) {
        slots[slot_find(table, table_key(table, place))] = (uint32_t)place + 1;
    }
    return true;
}

void *table_find(const struct table *table, const void *key)
{
    if (table->count == 0) {
        return NULL;
    }
    uint32_t place = table->slots[slot_find(table, key)];
    return place == 0 ? NULL : table_value(table, place - 1);
}

void *table_add(struct table *table, const void *key)
{
    void *value = table_find(table, key);
    if (value != NULL) {
        return value;
    }
    if (table->count >= table->limit) {
        return NULL;
    }
    if (table->count == table->capacity && !table_grow(table)) {
        return NULL;
    }
    size_t slot = slot_find(table, key);
    unsigned char *entry = table->entries + table->count * table->entry_size;
    memset(entry, 0, table->entry_size);
    memcpy(entry, key, table->key_size);
    table->slots[slot] = (uint32_t)++table->count;
    return entry + table->value_offset;
}

struct sorting {
    const struct table *table;
    table_compare *compare;
};

static int place_compare(const void *left, const void *right, void *context)
{
    const struct sorting *sorting = context;
    size_t a = *(const size_t *)left;
    size_t b = *(const size_t *)right;
    const struct table *table = sorting->table;
    int order = sorting->compare == NULL
                    ? 0
                    : sorting->compare(table_key(table, a), table_value(table, a),
                                       table_key(table, b), table_value(table, b));
    if (order != 0) {
        return order;
    }
    return a < b ? -1 : a > b;
}

size_t *table_sorted(const struct table *table, table_compare *compare)
{
    if (table->count == 0) {
        return NULL;
    }
    size_t *places = calloc(table->count, sizeof(*places));
    if (places == NULL) {
        return NULL;
    }
    for (size_t place = 0; place < table->count; place++) {
        places[place] = place;
    }
    struct sorting sorting = {table, compare};
    qsort_r(places, table->count, sizeof(*places), place_compare, &sorting);
    return places;
}
