/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FLOW_TABLE_H
#define XSW_FLOW_TABLE_H

/*
 * A bounded table of connections, for extensions that decide by connection and for the switch
 * itself. Header only: it needs nothing of the host.
 *
 * One entry stands for both directions. Its key are the addresses, the protocol and the ports, in
 * an order that does not depend on the direction; which direction a packet has is in the key
 * beside that, and which one the first packet had is in the entry. `scope` is a number of the
 * caller's (a port, a VLAN, a list) that keeps equal connections apart.
 *
 * The caller gives the memory, nothing is allocated later. Each key has sixteen places, in two
 * groups of eight, and takes one in the emptier group. There are two places for each entry that
 * fits, so the groups of a key are full before the table is only when somebody wants it so;
 * `seed` makes that hard. A full table refuses and counts.
 *
 * A place has a state word: status, some bits of the key's hash, and a number that is a new one
 * with each use of the place. Who reads an entry reads the state before and after it, so that it
 * never takes a half-written entry or that of another key for its own. A handle (struct xsw_flow)
 * has the number in it: what is done with an old one has no effect. A place that was given up is
 * used again only after two runs of xsw_flow_expire.
 *
 * Time is in whole seconds of the switch's clock (now_ns / 1,000,000,000). An entry that is older
 * than its time-out counts as absent, whether or not it was swept yet.
 *
 * Threads: any number at once, without locks; xsw_flow_expire by one of them at a time. Pairing:
 * the state is published with release (seq_cst in an insert, see there) and read with acquire; the
 * words of a key are stored with release and read with acquire, so that who sees a newer word sees
 * the newer state behind it.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <xsw/flow_parts.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { XSW_FLOW_WAYS = 8, XSW_FLOW_CAPACITY_MAX = 1 << 22 };

/* Flags of an entry. The lower 14 bits are the caller's. */
enum {
    XSW_FLOW_CLOSING = 0x4000, /* the table's closing_seconds apply in place of the time-out */
    XSW_FLOW_ORIGIN = 0x8000   /* direction of the first packet; the table's own */
};

/* What an entry is made with. */
struct xsw_flow_value {
    uint32_t rule;
    uint32_t timeout_seconds;
    uint32_t user; /* the caller's */
    uint32_t flags;
};

/* A copy of an entry as it was found, and a handle for it. */
struct xsw_flow {
    uint32_t place;
    uint32_t number;
    struct xsw_flow_value value;
    uint32_t made_seconds, seen_seconds;
    uint32_t is_answer; /* the packet goes against the direction of the first one */
    uint32_t reserved;
};

/* For lists: an entry with its key, in the direction of its first packet. */
struct xsw_flow_record {
    struct xsw_flow flow;
    struct xsw_flow_parts parts;
    uint32_t scope;
    uint32_t reserved;
    uint64_t packets[2], bytes[2]; /* 0: in the direction of the first packet; 1: answers */
};

struct xsw_flow_place {
    uint64_t key[5];
    uint64_t live;         /* number << 48 | flags << 32 | second when last seen */
    uint64_t rule_timeout; /* rule << 32 | timeout_seconds */
    uint64_t user_made;    /* user << 32 | second when made */
    uint64_t packets[2], bytes[2];
};

struct xsw_flow_table {
    uint64_t seed;
    uint32_t group_mask; /* groups - 1 */
    uint32_t capacity;
    uint32_t closing_seconds;
    uint32_t reserved1[11];
    /* what workers write, on a line of its own */
    uint64_t count;
    uint64_t refused;
    uint64_t reserved2[6];
    /* behind it: a state word for each place, then the places */
};

/* Status of a place: the lowest 3 bits of its state word; above them 29 bits of the hash, and from
 * bit 32 on the number. */
enum {
    XSW_FLOW_STATUS_FREE = 0,
    XSW_FLOW_STATUS_WRITING = 1,
    XSW_FLOW_STATUS_LIVE = 2,
    XSW_FLOW_STATUS_GONE = 3, /* given up, to become resting */
    XSW_FLOW_STATUS_RESTING = 4
};

/* The table ---------------------------------------------------------------------------------- */

static inline uint32_t xsw_flow_groups(uint32_t capacity)
{
    uint32_t groups = 2;
    while (groups * (XSW_FLOW_WAYS / 2) < capacity) {
        groups *= 2;
    }
    return groups;
}

/* Bytes for a table of `capacity` entries, 1 … XSW_FLOW_CAPACITY_MAX. */
static inline size_t xsw_flow_table_size(uint32_t capacity)
{
    size_t places = (size_t)xsw_flow_groups(capacity) * XSW_FLOW_WAYS;
    return sizeof(struct xsw_flow_table) +
           places * (sizeof(uint64_t) + sizeof(struct xsw_flow_place));
}

/* memory: xsw_flow_table_size(capacity) bytes, all zero, aligned to 64; it stays the caller's.
 * seed: any number that others cannot guess. closing_seconds: see XSW_FLOW_CLOSING. */
static inline struct xsw_flow_table *xsw_flow_table_init(void *memory, uint32_t capacity,
                                                         uint32_t closing_seconds, uint64_t seed)
{
    struct xsw_flow_table *table = (struct xsw_flow_table *)memory;
    table->seed = seed;
    table->group_mask = xsw_flow_groups(capacity) - 1;
    table->capacity = capacity;
    table->closing_seconds = closing_seconds;
    return table;
}

static inline uint32_t xsw_flow_place_count(const struct xsw_flow_table *table)
{
    return (table->group_mask + 1) * XSW_FLOW_WAYS;
}

static inline uint64_t *xsw_flow_states(const struct xsw_flow_table *table)
{
    return (uint64_t *)(uintptr_t)(table + 1);
}

static inline struct xsw_flow_place *xsw_flow_places(const struct xsw_flow_table *table)
{
    return (struct xsw_flow_place *)(xsw_flow_states(table) + xsw_flow_place_count(table));
}

/* Entries that are there, with those that are too old and not swept yet. */
static inline uint64_t xsw_flow_count(const struct xsw_flow_table *table)
{
    return __atomic_load_n(&table->count, __ATOMIC_RELAXED);
}

/* Inserts that the table had no place for. */
static inline uint64_t xsw_flow_refused(const struct xsw_flow_table *table)
{
    return __atomic_load_n(&table->refused, __ATOMIC_RELAXED);
}

struct xsw_flow_hash {
    uint32_t groups[2];
    uint32_t tag; /* in place of bits 3 … 31 */
};

static inline struct xsw_flow_hash xsw_flow_hash(const struct xsw_flow_table *table,
                                                 const struct xsw_flow_key *key)
{
    struct xsw_flow_hash result;
    uint64_t hash = table->seed;
    for (size_t i = 0; i < 5; i++) {
        /* The finaliser of MurmurHash3, a word at a time. */
        hash ^= key->words[i];
        hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
        hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
        hash ^= hash >> 33;
    }
    result.groups[0] = (uint32_t)hash & table->group_mask;
    result.groups[1] = (uint32_t)(hash >> 32) & table->group_mask;
    result.tag = (uint32_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 32) & ~UINT32_C(7);
    return result;
}

static inline uint32_t xsw_flow_status(uint64_t state)
{
    return (uint32_t)state & 7;
}

/* Reads the place under the state that was just seen; false when it changed meanwhile. `words` may
 * be null. */
static inline int xsw_flow_read(const struct xsw_flow_table *table, uint32_t place, uint64_t state,
                                struct xsw_flow *flow, uint64_t *words)
{
    const struct xsw_flow_place *entry = &xsw_flow_places(table)[place];
    for (size_t i = 0; words != NULL && i < 5; i++) {
        words[i] = __atomic_load_n(&entry->key[i], __ATOMIC_ACQUIRE);
    }
    uint64_t live = __atomic_load_n(&entry->live, __ATOMIC_ACQUIRE);
    uint64_t rule_timeout = __atomic_load_n(&entry->rule_timeout, __ATOMIC_ACQUIRE);
    uint64_t user_made = __atomic_load_n(&entry->user_made, __ATOMIC_ACQUIRE);
    flow->place = place;
    flow->number = (uint32_t)(state >> 32);
    flow->value.rule = (uint32_t)(rule_timeout >> 32);
    flow->value.timeout_seconds = (uint32_t)rule_timeout;
    flow->value.user = (uint32_t)(user_made >> 32);
    flow->value.flags = (uint32_t)(live >> 32) & 0xffff;
    flow->made_seconds = (uint32_t)user_made;
    flow->seen_seconds = (uint32_t)live;
    flow->is_answer = 0;
    flow->reserved = 0;
    return __atomic_load_n(&xsw_flow_states(table)[place], __ATOMIC_RELAXED) == state;
}

static inline int xsw_flow_is_old(const struct xsw_flow_table *table, const struct xsw_flow *flow,
                                  uint32_t now_seconds)
{
    uint32_t timeout = (flow->value.flags & XSW_FLOW_CLOSING) != 0 ? table->closing_seconds
                                                                   : flow->value.timeout_seconds;
    /* A clock may be a moment behind that of another worker: that is young, not old. */
    int32_t age = (int32_t)(now_seconds - flow->seen_seconds);
    return age > 0 && (uint32_t)age > timeout;
}

/* Whether the place has this key, and what. */
static inline int xsw_flow_match(const struct xsw_flow_table *table, uint32_t place, uint64_t state,
                                 const struct xsw_flow_key *key, struct xsw_flow *flow)
{
    uint64_t words[5];
    if (!xsw_flow_read(table, place, state, flow, words) ||
        memcmp(words, key->words, sizeof(words)) != 0) {
        return 0;
    }
    flow->is_answer = ((flow->value.flags & XSW_FLOW_ORIGIN) != 0) != (key->direction != 0);
    return 1;
}

/* Gives the entry up. False when somebody else did, or the handle is an old one. */
static inline int xsw_flow_remove(struct xsw_flow_table *table, const struct xsw_flow *flow)
{
    uint64_t *state = &xsw_flow_states(table)[flow->place];
    uint64_t seen = __atomic_load_n(state, __ATOMIC_RELAXED);
    uint64_t gone = (seen & ~UINT64_C(7)) | XSW_FLOW_STATUS_GONE;
    if (xsw_flow_status(seen) != XSW_FLOW_STATUS_LIVE || seen >> 32 != flow->number ||
        !__atomic_compare_exchange_n(state, &seen, gone, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        return 0;
    }
    __atomic_fetch_sub(&table->count, 1, __ATOMIC_RELAXED);
    return 1;
}

/* Fills `flow` and returns true when there is an entry that is not too old. */
static inline int xsw_flow_find(const struct xsw_flow_table *table, const struct xsw_flow_key *key,
                                uint32_t now_seconds, struct xsw_flow *flow)
{
    struct xsw_flow_hash hash = xsw_flow_hash(table, key);
    const uint64_t *states = xsw_flow_states(table);
    for (uint32_t i = 0; i < 2 * XSW_FLOW_WAYS; i++) {
        uint32_t place = hash.groups[i / XSW_FLOW_WAYS] * XSW_FLOW_WAYS + i % XSW_FLOW_WAYS;
        uint64_t state = __atomic_load_n(&states[place], __ATOMIC_ACQUIRE);
        if ((uint32_t)state == (hash.tag | XSW_FLOW_STATUS_LIVE) &&
            xsw_flow_match(table, place, state, key, flow) &&
            !xsw_flow_is_old(table, flow, now_seconds)) {
            return 1;
        }
    }
    return 0;
}

/* Takes a free place of the key's groups, in the emptier one; -1: none is free. The state is then
 * WRITING, and the place the caller's alone. */
static inline int64_t xsw_flow_claim(struct xsw_flow_table *table, const struct xsw_flow_hash *hash,
                                     uint64_t *claimed)
{
    uint64_t *states = xsw_flow_states(table);
    uint32_t used[2] = {0, 0};
    for (uint32_t i = 0; i < 2 * XSW_FLOW_WAYS; i++) {
        uint32_t place = hash->groups[i / XSW_FLOW_WAYS] * XSW_FLOW_WAYS + i % XSW_FLOW_WAYS;
        uint64_t state = __atomic_load_n(&states[place], __ATOMIC_RELAXED);
        used[i / XSW_FLOW_WAYS] += xsw_flow_status(state) != XSW_FLOW_STATUS_FREE;
    }
    uint32_t first = used[1] < used[0];
    for (uint32_t i = 0; i < 2 * XSW_FLOW_WAYS; i++) {
        uint32_t group = hash->groups[(i / XSW_FLOW_WAYS) ^ first];
        uint32_t place = group * XSW_FLOW_WAYS + i % XSW_FLOW_WAYS;
        uint64_t state = __atomic_load_n(&states[place], __ATOMIC_RELAXED);
        *claimed = ((state >> 32) + 1) << 32 | hash->tag | XSW_FLOW_STATUS_WRITING;
        if (xsw_flow_status(state) == XSW_FLOW_STATUS_FREE &&
            __atomic_compare_exchange_n(&states[place], &state, *claimed, 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED)) {
            return place;
        }
    }
    return -1;
}

static inline void xsw_flow_write(struct xsw_flow_place *entry, uint32_t number,
                                  const struct xsw_flow_key *key,
                                  const struct xsw_flow_value *value, uint32_t now_seconds)
{
    uint32_t flags =
        (value->flags & ~(uint32_t)XSW_FLOW_ORIGIN) | (key->direction != 0 ? XSW_FLOW_ORIGIN : 0);
    for (size_t i = 0; i < 5; i++) {
        __atomic_store_n(&entry->key[i], key->words[i], __ATOMIC_RELEASE);
    }
    __atomic_store_n(&entry->live,
                     (uint64_t)number << 48 | (uint64_t)(flags & 0xffff) << 32 | now_seconds,
                     __ATOMIC_RELEASE);
    __atomic_store_n(&entry->rule_timeout, (uint64_t)value->rule << 32 | value->timeout_seconds,
                     __ATOMIC_RELEASE);
    __atomic_store_n(&entry->user_made, (uint64_t)value->user << 32 | now_seconds,
                     __ATOMIC_RELEASE);
    for (size_t i = 0; i < 2; i++) {
        __atomic_store_n(&entry->packets[i], 0, __ATOMIC_RELEASE);
        __atomic_store_n(&entry->bytes[i], 0, __ATOMIC_RELEASE);
    }
}

/* Two workers may have inserted the same key at once. Each publishes its own and then looks for
 * others, all of that sequentially consistent, so that at least one of two sees the other; the one
 * at the lower place stays. One that is too old goes in any case. Fills `flow` with what stays;
 * false when the own one went. */
static inline int xsw_flow_settle(struct xsw_flow_table *table, const struct xsw_flow_key *key,
                                  const struct xsw_flow_hash *hash, uint32_t now_seconds,
                                  struct xsw_flow *flow)
{
    const uint64_t *states = xsw_flow_states(table);
    int is_own = 1;
    for (uint32_t i = 0; i < 2 * XSW_FLOW_WAYS; i++) {
        uint32_t place = hash->groups[i / XSW_FLOW_WAYS] * XSW_FLOW_WAYS + i % XSW_FLOW_WAYS;
        uint64_t state = __atomic_load_n(&states[place], __ATOMIC_SEQ_CST);
        struct xsw_flow other;
        if (place == flow->place || (uint32_t)state != (hash->tag | XSW_FLOW_STATUS_LIVE) ||
            !xsw_flow_match(table, place, state, key, &other)) {
            continue;
        }
        int is_lower = place < flow->place && !xsw_flow_is_old(table, &other, now_seconds);
        xsw_flow_remove(table, is_lower ? flow : &other);
        if (is_lower) {
            *flow = other;
            is_own = 0;
        }
    }
    return is_own;
}

enum xsw_flow_result { XSW_FLOW_FULL = 0, XSW_FLOW_FOUND = 1, XSW_FLOW_MADE = 2 };

/* Finds the entry, or makes one with `value` in the direction of the key. Fills `flow` unless the
 * table is full. */
static inline enum xsw_flow_result xsw_flow_insert(struct xsw_flow_table *table,
                                                   const struct xsw_flow_key *key,
                                                   const struct xsw_flow_value *value,
                                                   uint32_t now_seconds, struct xsw_flow *flow)
{
    if (xsw_flow_find(table, key, now_seconds, flow)) {
        return XSW_FLOW_FOUND;
    }
    struct xsw_flow_hash hash = xsw_flow_hash(table, key);
    uint64_t claimed = 0;
    int64_t place = -1;
    if (__atomic_fetch_add(&table->count, 1, __ATOMIC_RELAXED) < table->capacity) {
        place = xsw_flow_claim(table, &hash, &claimed);
    }
    if (place < 0) {
        __atomic_fetch_sub(&table->count, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&table->refused, 1, __ATOMIC_RELAXED);
        return XSW_FLOW_FULL;
    }
    uint64_t state = (claimed & ~UINT64_C(7)) | XSW_FLOW_STATUS_LIVE;
    xsw_flow_write(&xsw_flow_places(table)[place], (uint32_t)(claimed >> 32), key, value,
                   now_seconds);
    (void)xsw_flow_read(table, (uint32_t)place, state, flow, NULL);
    __atomic_store_n(&xsw_flow_states(table)[place], state, __ATOMIC_SEQ_CST);
    return xsw_flow_settle(table, key, &hash, now_seconds, flow) ? XSW_FLOW_MADE : XSW_FLOW_FOUND;
}

/* A packet of the connection: counts it, adds `flags` and moves the time-out; `bytes` of 0 counts
 * nothing. False when the place has another entry by now, and nothing was done. */
static inline int xsw_flow_touch(struct xsw_flow_table *table, struct xsw_flow *flow,
                                 uint32_t bytes, uint32_t flags, uint32_t now_seconds)
{
    struct xsw_flow_place *entry = &xsw_flow_places(table)[flow->place];
    uint64_t live = __atomic_load_n(&entry->live, __ATOMIC_RELAXED);
    uint64_t wanted;
    do {
        uint32_t seen = (uint32_t)live;
        if (live >> 48 != (flow->number & 0xffff)) {
            return 0;
        }
        if ((int32_t)(now_seconds - seen) > 0) {
            seen = now_seconds;
        }
        wanted = (live & ~UINT64_C(0xffffffff)) | (uint64_t)(flags & 0x7fff) << 32 | seen;
    } while (wanted != live && !__atomic_compare_exchange_n(&entry->live, &live, wanted, 0,
                                                            __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    flow->value.flags = (uint32_t)(wanted >> 32) & 0xffff;
    flow->seen_seconds = (uint32_t)wanted;
    if (bytes != 0) {
        __atomic_fetch_add(&entry->packets[flow->is_answer & 1], 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&entry->bytes[flow->is_answer & 1], bytes, __ATOMIC_RELAXED);
    }
    return 1;
}

/* Sweeps: gives up entries that are too old, and frees places that have rested. Returns how many
 * entries went. To be called about once a second, by one thread. */
static inline uint32_t xsw_flow_expire(struct xsw_flow_table *table, uint32_t now_seconds)
{
    uint64_t *states = xsw_flow_states(table);
    uint32_t count = xsw_flow_place_count(table);
    uint32_t removed = 0;
    for (uint32_t place = 0; place < count; place++) {
        uint64_t state = __atomic_load_n(&states[place], __ATOMIC_ACQUIRE);
        uint64_t bare = state & ~UINT64_C(7);
        struct xsw_flow flow;
        if (xsw_flow_status(state) == XSW_FLOW_STATUS_LIVE) {
            removed += xsw_flow_read(table, place, state, &flow, NULL) &&
                       xsw_flow_is_old(table, &flow, now_seconds) && xsw_flow_remove(table, &flow);
        } else if (xsw_flow_status(state) == XSW_FLOW_STATUS_GONE) {
            __atomic_store_n(&states[place], bare | XSW_FLOW_STATUS_RESTING, __ATOMIC_RELAXED);
        } else if (xsw_flow_status(state) == XSW_FLOW_STATUS_RESTING) {
            __atomic_store_n(&states[place], bare | XSW_FLOW_STATUS_FREE, __ATOMIC_RELEASE);
        }
    }
    return removed;
}

/* The next entry from `cursor` on, which begins with 0, also one that is too old; false behind the
 * last. What comes and goes meanwhile may be there or not, what stays is there once. */
static inline int xsw_flow_next_any(const struct xsw_flow_table *table, uint32_t *cursor,
                                    struct xsw_flow_record *record)
{
    const uint64_t *states = xsw_flow_states(table);
    while (*cursor < xsw_flow_place_count(table)) {
        uint32_t place = (*cursor)++;
        uint64_t state = __atomic_load_n(&states[place], __ATOMIC_ACQUIRE);
        const struct xsw_flow_place *entry = &xsw_flow_places(table)[place];
        uint64_t words[5];
        if (xsw_flow_status(state) != XSW_FLOW_STATUS_LIVE) {
            continue;
        }
        for (size_t i = 0; i < 2; i++) {
            record->packets[i] = __atomic_load_n(&entry->packets[i], __ATOMIC_ACQUIRE);
            record->bytes[i] = __atomic_load_n(&entry->bytes[i], __ATOMIC_ACQUIRE);
        }
        if (xsw_flow_read(table, place, state, &record->flow, words)) {
            uint32_t origin = (record->flow.value.flags & XSW_FLOW_ORIGIN) != 0;
            xsw_flow_key_parts(words, origin, &record->parts);
            record->scope = (uint32_t)(words[0] >> 12) & XSW_FLOW_SCOPE_MAX;
            record->reserved = 0;
            return 1;
        }
    }
    return 0;
}

/* The same without those that are too old. */
static inline int xsw_flow_next(const struct xsw_flow_table *table, uint32_t now_seconds,
                                uint32_t *cursor, struct xsw_flow_record *record)
{
    while (xsw_flow_next_any(table, cursor, record)) {
        if (!xsw_flow_is_old(table, &record->flow, now_seconds)) {
            return 1;
        }
    }
    return 0;
}

#ifdef __cplusplus
}
#endif
#endif
