/* SPDX-License-Identifier: Apache-2.0 */
/* Linear probing over indices, at most half full. The entries themselves lie in one growing array,
 * so that walking them in order of addition costs nothing. */
#include "analyzer/books/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { TABLE_FIRST_CAPACITY = 16 };

static uint64_t word_at(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* The last word of a key. One of 8 bytes and more overlaps those before it. */
static uint64_t last_word(const unsigned char *bytes, size_t size)
{
    uint32_t first;
    uint32_t last;
    if (size >= sizeof(uint64_t)) {
        return word_at(bytes + size - sizeof(uint64_t));
    }
    if (size >= sizeof(first)) {
        memcpy(&first, bytes, sizeof(first));
        memcpy(&last, bytes + size - sizeof(last), sizeof(last));
        return (uint64_t)first << 32 | last;
    }
    return (uint64_t)bytes[0] << 16 | (uint64_t)bytes[size / 2] << 8 | bytes[size - 1];
}

/* Both halves of a product, so that each bit of both factors tells. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Two words of the key go into each product. Nobody who does not know the seed can make a factor
 * zero. */
static inline uint32_t bytes_hash(uint64_t seed, const unsigned char *bytes, size_t size)
{
    uint64_t hash = seed * 0x9e3779b97f4a7c15u;
    for (; size > 2 * sizeof(uint64_t); size -= 2 * sizeof(uint64_t)) {
        hash = fold(word_at(bytes) ^ seed, word_at(bytes + sizeof(uint64_t)) ^ hash);
        bytes += 2 * sizeof(uint64_t);
    }
    uint64_t first = size > sizeof(uint64_t) ? word_at(bytes) : size;
    hash = fold(first ^ seed, last_word(bytes, size) ^ hash);
    return (uint32_t)(hash ^ (hash >> 32));
}

static inline bool bytes_equal(const unsigned char *a, const unsigned char *b, size_t size)
{
    for (; size > sizeof(uint64_t); size -= sizeof(uint64_t)) {
        if (word_at(a) != word_at(b)) {
            return false;
        }
        a += sizeof(uint64_t);
        b += sizeof(uint64_t);
    }
    return last_word(a, size) == last_word(b, size);
}

/* Of the sizes that are looked up for each packet the compiler makes straight code: numbers of
 * stages, of ports and interfaces, addresses of stations, flows. */
static uint32_t hash_key(const struct table *table, const void *key)
{
    switch (table->key_size) {
    case 2:
        return bytes_hash(table->seed, key, 2);
    case 4:
        return bytes_hash(table->seed, key, 4);
    case 8:
        return bytes_hash(table->seed, key, 8);
    case 40:
        return bytes_hash(table->seed, key, 40);
    default:
        return bytes_hash(table->seed, key, table->key_size);
    }
}

static bool is_key(const struct table *table, uint32_t place, const void *key)
{
    const unsigned char *entry = table->entries + place * table->entry_size;
    switch (table->key_size) {
    case 2:
        return bytes_equal(entry, key, 2);
    case 4:
        return bytes_equal(entry, key, 4);
    case 8:
        return bytes_equal(entry, key, 8);
    case 40:
        return bytes_equal(entry, key, 40);
    default:
        return bytes_equal(entry, key, table->key_size);
    }
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
static inline size_t slot_find(const struct table *table, const void *key, uint32_t hash)
{
    size_t mask = table->slot_count - 1;
    size_t slot = hash & mask;
    const struct table_slot *slots = table->slots;
    while (slots[slot].place != 0 &&
           (slots[slot].hash != hash || !is_key(table, slots[slot].place - 1, key))) {
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

void table_expect(const struct table *table, const void *key)
{
    enum { CACHE_LINE = 64 };
    uint32_t place = 0;
    if (table->count != 0) {
        place = table->slots[hash_key(table, key) & (table->slot_count - 1)].place;
    }
    for (size_t at = 0; place != 0 && at < table->entry_size; at += CACHE_LINE) {
        __builtin_prefetch(table->entries + (place - 1) * table->entry_size + at, 1);
    }
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
