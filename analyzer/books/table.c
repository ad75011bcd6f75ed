/* SPDX-License-Identifier: Apache-2.0 */
/* Linear probing over indices, at most half full. The entries themselves lie in one growing array,
 * so that walking them in order of addition costs nothing. */
#include "analyzer/books/table.h"

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

static uint32_t hash_key(const struct table *table, const void *key)
{
    const unsigned char *bytes = key;
    uint64_t hash = table->seed;
    for (size_t done = 0; done < table->key_size; done += 8) {
        uint64_t word = 0;
        size_t rest = table->key_size - done;
        memcpy(&word, bytes + done, rest < 8 ? rest : 8);
        hash = mix(hash ^ word) + 0x9e3779b97f4a7c15u;
    }
    return (uint32_t)(hash ^ (hash >> 32));
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

void table_clear(struct table *table)
{
    table->count = 0;
    if (table->slots != NULL) {
        memset(table->slots, 0, table->slot_count * sizeof(*table->slots));
    }
}

size_t table_place(const struct table *table, const void *value)
{
    return (size_t)((const unsigned char *)value - table->entries) / table->entry_size;
}

bool table_has_room(const struct table *table, size_t more)
{
    return more <= table->limit - table->count;
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
static size_t slot_find(const struct table *table, const void *key, uint32_t hash)
{
    size_t mask = table->slot_count - 1;
    size_t slot = hash & mask;
    const struct table_slot *slots = table->slots;
    while (slots[slot].place != 0 &&
           (slots[slot].hash != hash ||
            memcmp(table->entries + (slots[slot].place - 1) * table->entry_size, key,
                   table->key_size) != 0)) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

/* All entries are of different keys. */
static void slots_fill(struct table_slot *slots, size_t count, const struct table *from)
{
    for (size_t i = 0; i < from->slot_count; i++) {
        if (from->slots[i].place != 0) {
            size_t slot = from->slots[i].hash & (count - 1);
            while (slots[slot].place != 0) {
                slot = (slot + 1) & (count - 1);
            }
            slots[slot] = from->slots[i];
        }
    }
}

static bool table_grow(struct table *table)
{
    size_t capacity = table->capacity == 0 ? TABLE_FIRST_CAPACITY : table->capacity * 2;
    struct table_slot *slots = calloc(capacity * 2, sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    unsigned char *entries = realloc(table->entries, capacity * table->entry_size);
    if (entries == NULL) {
        free(slots);
        return false;
    }
    slots_fill(slots, capacity * 2, table);
    free(table->slots);
    table->slots = slots;
    table->slot_count = capacity * 2;
    table->entries = entries;
    table->capacity = capacity;
    return true;
}

void *table_find(const struct table *table, const void *key)
{
    if (table->count == 0) {
        return NULL;
    }
    uint32_t place = table->slots[slot_find(table, key, hash_key(table, key))].place;
    return place == 0 ? NULL : table_value(table, place - 1);
}

void *table_add(struct table *table, const void *key)
{
    uint32_t hash = hash_key(table, key);
    size_t slot = 0;
    if (table->slot_count != 0) {
        slot = slot_find(table, key, hash);
        if (table->slots[slot].place != 0) {
            return table_value(table, table->slots[slot].place - 1);
        }
    }
    if (table->count >= table->limit) {
        return NULL;
    }
    if (table->count == table->capacity) {
        if (!table_grow(table)) {
            return NULL;
        }
        slot = slot_find(table, key, hash);
    }
    unsigned char *entry = table->entries + table->count * table->entry_size;
    memset(entry, 0, table->entry_size);
    memcpy(entry, key, table->key_size);
    table->slots[slot] = (struct table_slot){(uint32_t)++table->count, hash};
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
