/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_MAC_TABLE_H
#define XSW_SWITCH_MAC_TABLE_H

/*
 * Learned addresses: (VLAN, MAC) → port. Bounded, shared by the workers, without locks.
 *
 * Open addressing over slots of two 64-bit words. A slot's key is claimed once, by compare and
 * exchange, and then stays for the life of the table; its value (port, last seen) is one word and
 * is replaced whole. Forgetting an entry sets the value to zero and leaves the key, so that a probe
 * never breaks. When too many keys are dead, the control thread copies the live ones into a new
 * table and publishes that with the next snapshot; what is learned into the old one meanwhile is
 * learned again with the next packet.
 *
 * Time is the switch's clock in whole seconds. An entry older than the ageing time counts as
 * absent, whether or not it was swept yet, so that forwarding depends on the clock and not on the
 * sweep.
 *
 * Threads: mac_table_learn and mac_table_find by workers; the rest by the control thread. Pairing:
 * the key is published with release by the exchange and read with acquire; the value is relaxed.
 */

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include <xsw/error.h>
#include <xsw/packet.h>

#include "switch/config/config.h"
#include "switch/switch.h"

struct mac_slot {
    _Atomic uint64_t key;   /* bit 63 set, VLAN << 48, mac_load(); 0: free */
    _Atomic uint64_t value; /* port << 32 | seen second; 0: forgotten */
};

struct mac_table {
    uint64_t mask; /* slots - 1 */
    uint32_t limit;
    uint32_t ageing_seconds; /* 0: never */
    _Atomic uint32_t keys;   /* slots with a key, live or dead */
    _Atomic uint32_t live;   /* slots with a value: at most `limit` */
    struct mac_slot slots[];
};

enum mac_learn_result {
    MAC_KNOWN,
    MAC_LEARNED,
    MAC_MOVED,
    MAC_REFUSED /* the table is full */
};

enum xsw_status mac_table_create(uint32_t limit, uint32_t ageing_seconds, struct mac_table **table,
                                 struct xsw_error *error) XSW_MUST_CHECK;
void mac_table_destroy(struct mac_table *table); /* accepts null */

/* The control thread's view. */
size_t mac_table_list(const struct mac_table *table, uint32_t now_seconds,
                      struct mac_entry *entries, size_t capacity);
/* Forgets the entries that are too old; returns how many. `each` is told of them; may be null. */
uint32_t mac_table_age(struct mac_table *table, uint32_t now_seconds,
                       void (*each)(void *context, uint64_t key, uint16_t port), void *context);
void mac_table_flush(struct mac_table *table, uint16_t port); /* 0: all */
/* Whether so many keys are dead that a new table should take over; and the copy into that one. */
int mac_table_is_worn(const struct mac_table *table);
void mac_table_copy(struct mac_table *to, const struct mac_table *from);

/* The six bytes of an address as a number. Two loads and a shift: a copy of six bytes into eight
 * would be read back before it was stored. */
static inline uint64_t mac_load(const uint8_t *mac)
{
    uint32_t low;
    uint16_t high;
    memcpy(&low, mac, sizeof(low));
    memcpy(&high, mac + sizeof(low), sizeof(high));
    return low | (uint64_t)high << 32;
}

static inline uint64_t mac_key(const uint8_t *mac, uint16_t vlan)
{
    return mac_load(mac) | (uint64_t)vlan << 48 | (uint64_t)1 << 63;
}

static inline uint64_t mac_hash(uint64_t key)
{
    key *= UINT64_C(0x9e3779b97f4a7c15);
    return key ^ key >> 32;
}

static inline int mac_value_is_old(const struct mac_table *table, uint64_t value,
                                   uint32_t now_seconds)
{
    /* A worker's clock may be a moment ahead of the one who asks: that is young, not old. */
    int32_t age = (int32_t)(now_seconds - (uint32_t)value);
    return table->ageing_seconds != 0 && age > (int32_t)table->ageing_seconds;
}

/* The port that the address was last seen on, XSW_PORT_NONE when unknown or too old. */
static inline uint16_t mac_table_find(const struct mac_table *table, uint64_t key,
                                      uint32_t now_seconds)
{
    for (uint64_t i = mac_hash(key);; i++) {
        const struct mac_slot *slot = &table->slots[i & table->mask];
        uint64_t found = atomic_load_explicit(&slot->key, memory_order_acquire);
        if (found == key) {
            uint64_t value = atomic_load_explicit(&slot->value, memory_order_relaxed);
            return mac_value_is_old(table, value, now_seconds) ? XSW_PORT_NONE
                                                               : (uint16_t)(value >> 32);
        }
        if (found == 0) {
            return XSW_PORT_NONE;
        }
    }
}

/* The rare part of learning: a new address, a moved one, a new second. `from`: where an address
 * that has moved was. */
enum mac_learn_result mac_table_learn_slow(struct mac_table *table, uint64_t key, uint16_t port,
                                           uint32_t now_seconds, uint16_t *from);

static inline enum mac_learn_result mac_table_learn_from(struct mac_table *table, uint64_t key,
                                                         uint16_t port, uint32_t now_seconds,
                                                         uint16_t *from)
{
    const struct mac_slot *slot = &table->slots[mac_hash(key) & table->mask];
    uint64_t value = (uint64_t)port << 32 | now_seconds;
    if (__builtin_expect(atomic_load_explicit(&slot->key, memory_order_acquire) == key &&
                             atomic_load_explicit(&slot->value, memory_order_relaxed) == value,
                         1)) {
        return MAC_KNOWN;
    }
    return mac_table_learn_slow(table, key, port, now_seconds, from);
}

static inline enum mac_learn_result mac_table_learn(struct mac_table *table, uint64_t key,
                                                    uint16_t port, uint32_t now_seconds)
{
    uint16_t from;
    return mac_table_learn_from(table, key, port, now_seconds, &from);
}

#endif
