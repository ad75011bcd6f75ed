/* SPDX-License-Identifier: Apache-2.0 */
#include "switch/path/mac_table.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

/* Slots for each address that may live: dead keys take up to half before a new table takes over,
 * and a quarter is always free, so that probes end and stay short. */
enum { SLOTS_PER_ENTRY = 4 };

static size_t table_size(uint64_t slots)
{
    return sizeof(struct mac_table) + slots * sizeof(struct mac_slot);
}

enum xsw_status mac_table_create(uint32_t limit, uint32_t ageing_seconds, struct mac_table **table,
                                 struct xsw_error *error)
{
    uint64_t slots = 64;
    while (slots < (uint64_t)limit * SLOTS_PER_ENTRY) {
        slots *= 2;
    }
    void *memory = NULL;
    enum xsw_status status = memory_map(table_size(slots), &memory, error);
    if (status != XSW_OK) {
        error_prefix(error, "MAC table of %u entries", limit);
        return status;
    }
    struct mac_table *made = memory;
    made->mask = slots - 1;
    made->limit = limit;
    made->ageing_seconds = ageing_seconds;
    *table = made;
    return XSW_OK;
}

void mac_table_destroy(struct mac_table *table)
{
    if (table != NULL) {
        memory_unmap(table, table_size(table->mask + 1));
    }
}

/* The slot of a key, claimed when nobody has it; null when too many keys are dead. */
static struct mac_slot *slot_for(struct mac_table *table, uint64_t key)
{
    for (uint64_t i = mac_hash(key);; i++) {
        struct mac_slot *slot = &table->slots[i & table->mask];
        uint64_t found = atomic_load_explicit(&slot->key, memory_order_acquire);
        if (found == 0) {
            if (atomic_load_explicit(&table->keys, memory_order_relaxed) >= 3 * table->limit) {
                return NULL;
            }
            /* On failure another worker was faster: `found` is then its key. */
            if (atomic_compare_exchange_strong_explicit(
                    &slot->key, &found, key, memory_order_release, memory_order_acquire)) {
                atomic_fetch_add_explicit(&table->keys, 1, memory_order_relaxed);
                return slot;
            }
        }
        if (found == key) {
            return slot;
        }
    }
}

/* Takes one of the places for live entries; they are counted before the value is set. */
static int entry_reserve(struct mac_table *table)
{
    if (atomic_fetch_add_explicit(&table->live, 1, memory_order_relaxed) < table->limit) {
        return 1;
    }
    atomic_fetch_sub_explicit(&table->live, 1, memory_order_relaxed);
    return 0;
}

static void entry_forget(struct mac_table *table, struct mac_slot *slot, uint64_t value)
{
    /* Only if no worker has seen the address again meanwhile. */
    if (value != 0 && atomic_compare_exchange_strong_explicit(
                          &slot->value, &value, 0, memory_order_relaxed, memory_order_relaxed)) {
        atomic_fetch_sub_explicit(&table->live, 1, memory_order_relaxed);
    }
}

enum mac_learn_result mac_table_learn_slow(struct mac_table *table, uint64_t key, uint16_t port,
                                           uint32_t now_seconds, uint16_t *from)
{
    struct mac_slot *slot = slot_for(table, key);
    if (slot == NULL) {
        return MAC_REFUSED;
    }
    uint64_t value = (uint64_t)port << 32 | now_seconds;
    uint64_t before = atomic_load_explicit(&slot->value, memory_order_relaxed);
    if (before == 0) {
        if (!entry_reserve(table)) {
            return MAC_REFUSED;
        }
        if (atomic_compare_exchange_strong_explicit(&slot->value, &before, value,
                                                    memory_order_relaxed, memory_order_relaxed)) {
            return MAC_LEARNED;
        }
        /* Another worker learned the same address in this moment. */
        atomic_fetch_sub_explicit(&table->live, 1, memory_order_relaxed);
    }
    /* The sweep may forget the entry between load and exchange; the next packet learns it again. */
    int is_stored = atomic_compare_exchange_strong_explicit(
        &slot->value, &before, value, memory_order_relaxed, memory_order_relaxed);
    if (!is_stored || before >> 32 == port) {
        return MAC_KNOWN;
    }
    *from = (uint16_t)(before >> 32);
    return mac_value_is_old(table, before, now_seconds) ? MAC_LEARNED : MAC_MOVED;
}

size_t mac_table_list(const struct mac_table *table, uint32_t now_seconds,
                      struct mac_entry *entries, size_t capacity)
{
    size_t count = 0;
    for (uint64_t i = 0; i <= table->mask; i++) {
        const struct mac_slot *slot = &table->slots[i];
        uint64_t key = atomic_load_explicit(&slot->key, memory_order_acquire);
        uint64_t value = atomic_load_explicit(&slot->value, memory_order_relaxed);
        if (key == 0 || value == 0 || mac_value_is_old(table, value, now_seconds)) {
            continue;
        }
        if (count < capacity) {
            struct mac_entry *entry = &entries[count];
            uint32_t low = (uint32_t)key;
            uint16_t high = (uint16_t)(key >> 32);
            memcpy(entry->mac.bytes, &low, sizeof(low));
            memcpy(entry->mac.bytes + sizeof(low), &high, sizeof(high));
            entry->vlan = (key >> 48) & 0xfff;
            entry->port = (uint16_t)(value >> 32);
            entry->age_seconds = now_seconds - (uint32_t)value;
        }
        count++;
    }
    return count;
}

uint32_t mac_table_age(struct mac_table *table, uint32_t now_seconds,
                       void (*each)(void *context, uint64_t key, uint16_t port), void *context)
{
    uint32_t aged = 0;
    for (uint64_t i = 0; i <= table->mask; i++) {
        struct mac_slot *slot = &table->slots[i];
        uint64_t value = atomic_load_explicit(&slot->value, memory_order_relaxed);
        if (value != 0 && mac_value_is_old(table, value, now_seconds)) {
            entry_forget(table, slot, value);
            aged++;
            if (each != NULL) {
                each(context, atomic_load_explicit(&slot->key, memory_order_acquire),
                     (uint16_t)(value >> 32));
            }
        }
    }
    return aged;
}

void mac_table_flush(struct mac_table *table, uint16_t port)
{
    for (uint64_t i = 0; i <= table->mask; i++) {
        struct mac_slot *slot = &table->slots[i];
        uint64_t value = atomic_load_explicit(&slot->value, memory_order_relaxed);
        if (port == XSW_PORT_NONE || value >> 32 == port) {
            entry_forget(table, slot, value);
        }
    }
}

int mac_table_is_worn(const struct mac_table *table)
{
    return atomic_load_explicit(&table->keys, memory_order_relaxed) > 2 * table->limit;
}

void mac_table_copy(struct mac_table *to, const struct mac_table *from)
{
    for (uint64_t i = 0; i <= from->mask; i++) {
        uint64_t key = atomic_load_explicit(&from->slots[i].key, memory_order_acquire);
        uint64_t value = atomic_load_explicit(&from->slots[i].value, memory_order_relaxed);
        if (key != 0 && value != 0) {
            (void)mac_table_learn(to, key, (uint16_t)(value >> 32), (uint32_t)value);
        }
    }
}
