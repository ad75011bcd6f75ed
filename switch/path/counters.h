/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_SWITCH_COUNTERS_H
#define XSW_SWITCH_COUNTERS_H

/*
 * The account of one worker. One writer, the worker; any thread may read: each value is 64 bits,
 * relaxed, only ever grows. Sums over workers are made by the reader (switch/switch_accounts.c).
 */

#include <stdatomic.h>
#include <stdint.h>

#include <xsw/packet.h>

#include "switch/switch.h"

enum { RULES_MAX = 4096 }; /* ACL rules of a switch that are counted */

typedef _Atomic uint64_t counter;

/* What an extension can do wrong and the host notices. */
enum violation {
#define VIOLATION(symbol, name, sentence) VIOLATION_##symbol,
#include "switch/extension/violations.def"
#undef VIOLATION
    VIOLATION_COUNT
};

/* in + clones + injected + released = out + dropped + consumed + held */
struct stage_account {
    counter in, out, clones, injected, consumed, held, released;
};

struct port_account {
    counter rx_packets, rx_bytes, tx_packets, tx_bytes, dropped_in, dropped_out;
};

struct worker_counters {
    struct stage_account stages[STAGES_MAX];
    counter drops[STAGES_MAX][REASONS_MAX];
    struct port_account ports[XSW_PORTS_MAX];
    counter rules[RULES_MAX];
    counter violations[STAGES_MAX][VIOLATION_COUNT];
    counter macs_learned, macs_moved, macs_refused;
};

/* The owner's addition: no locked instruction, as there is one writer. */
static inline void counter_add(counter *value, uint64_t amount)
{
    uint64_t old = atomic_load_explicit(value, memory_order_relaxed);
    atomic_store_explicit(value, old + amount, memory_order_relaxed);
}

static inline uint64_t counter_read(const counter *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

#endif
