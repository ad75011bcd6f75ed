/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/kernel/kernel_join.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { PROBES_MAX = 16, PROCESSORS_MAX = 1024 };

/* A packet on its way. Open addressing in a window of PROBES_MAX; when that is full, the oldest one
 * makes room. */
struct passing {
    uint64_t packet; /* 0: free */
    uint64_t mono_ns;
    struct kernel_place place;
};

struct kernel_join {
    struct kernel_raw *pending;
    size_t count;
    uint64_t lost;
    uint32_t order;
    struct passing passing[KERNEL_PACKETS_MAX];
    /* XDP told of the packet that this processor frees next: where. */
    struct kernel_place xdp_told[PROCESSORS_MAX];
    bool xdp_was_exception[PROCESSORS_MAX];
};

enum xsw_status kernel_join_create(struct kernel_join **join, struct xsw_error *error)
{
    struct kernel_join *made = calloc(1, sizeof(*made));
    if (made != NULL) {
        made->pending = calloc(KERNEL_PENDING_MAX, sizeof(*made->pending));
    }
    if (made == NULL || made->pending == NULL) {
        kernel_join_destroy(made);
        return error_set(error, XSW_NO_MEMORY, "no memory for events of the kernel");
    }
    *join = made;
    return XSW_OK;
}

void kernel_join_destroy(struct kernel_join *join)
{
    if (join != NULL) {
        free(join->pending);
        free(join);
    }
}

void kernel_join_add(struct kernel_join *join, const struct kernel_raw *raw)
{
    if (join->count == KERNEL_PENDING_MAX) {
        join->lost++;
        return;
    }
    join->pending[join->count] = *raw;
    join->pending[join->count++].order = join->order++;
}

static size_t first_place(uint64_t packet)
{
    return (size_t)((packet >> 6) * 0x9e3779b97f4a7c15ULL >> 40) % KERNEL_PACKETS_MAX;
}

static struct passing *passing_find(struct kernel_join *join, uint64_t packet)
{
    size_t first = first_place(packet);
    for (size_t i = 0; i < PROBES_MAX; i++) {
        struct passing *entry = &join->passing[(first + i) % KERNEL_PACKETS_MAX];
        if (entry->packet == packet) {
            return entry;
        }
    }
    return NULL;
}

/* The place for a packet: its own, a free one, or that of the oldest. */
static struct passing *passing_place(struct kernel_join *join, uint64_t packet)
{
    struct passing *found = passing_find(join, packet);
    if (found != NULL) {
        return found;
    }
    size_t first = first_place(packet);
    struct passing *oldest = &join->passing[first];
    for (size_t i = 0; i < PROBES_MAX; i++) {
        struct passing *entry = &join->passing[(first + i) % KERNEL_PACKETS_MAX];
        if (entry->packet == 0) {
            return entry;
        }
        oldest = entry->mono_ns < oldest->mono_ns ? entry : oldest;
    }
    return oldest;
}

/* A packet that is freed belongs to the device that saw it last. */
static void freed(struct kernel_join *join, struct kernel_raw *raw)
{
    struct passing *entry = passing_find(join, raw->packet);
    if (entry == NULL) {
        return;
    }
    bool is_fresh = raw->mono_ns - entry->mono_ns <= KERNEL_JOIN_NS;
    if (raw->place.name[0] == '\0' && is_fresh) {
        raw->place = entry->place;
    }
    entry->packet = 0;
}

/* A packet that XDP could not hand over, or for which it had no such action, is freed behind it:
 * that is one loss. Behind an exception kernels give no reason. */
static bool was_told_by_xdp(struct kernel_join *join, const struct kernel_raw *raw)
{
    struct kernel_place *told = &join->xdp_told[raw->cpu % PROCESSORS_MAX];
    bool *is_exception = &join->xdp_was_exception[raw->cpu % PROCESSORS_MAX];
    if (raw->kind == KERNEL_RAW_XDP) {
        *told = raw->place;
        *is_exception = raw->xdp_kind == KERNEL_XDP_EXCEPTION;
        return false;
    }
    bool may_be = raw->is_xdp_freed || (raw->is_freed_unsaid && *is_exception);
    bool is_same = may_be && told->name[0] != '\0' && strcmp(told->name, raw->place.name) == 0 &&
                   (raw->place.netns == 0 || raw->place.netns == told->netns);
    told->name[0] = '\0';
    return is_same;
}

static void take(struct kernel_join *join, struct kernel_raw *raw, kernel_join_observer *observer,
                 void *context)
{
    switch ((enum kernel_raw_kind)raw->kind) {
    case KERNEL_RAW_SEEN: {
        bool is_ours = raw->place.name[0] != '\0';
        struct passing *entry =
            is_ours ? passing_place(join, raw->packet) : passing_find(join, raw->packet);
        if (entry != NULL) {
            /* Another one's device: the packet has left ours. */
            entry->packet = is_ours ? raw->packet : 0;
            entry->mono_ns = raw->mono_ns;
            entry->place = raw->place;
        }
        return;
    }
    case KERNEL_RAW_CONSUMED:
        freed(join, raw);
        return;
    case KERNEL_RAW_FREED:
        freed(join, raw);
        break;
    case KERNEL_RAW_XDP:
        break;
    }
    if (!was_told_by_xdp(join, raw) && raw->place.name[0] != '\0') {
        observer(raw, context);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct kernel_raw *left = a;
    const struct kernel_raw *right = b;
    int order = (left->mono_ns > right->mono_ns) - (left->mono_ns < right->mono_ns);
    return order != 0 ? order : (int32_t)(left->order - right->order);
}

void kernel_join_run(struct kernel_join *join, uint64_t until_ns, kernel_join_observer *observer,
                     void *context)
{
    size_t taken = 0;
    qsort(join->pending, join->count, sizeof(*join->pending), by_time);
    while (taken < join->count && join->pending[taken].mono_ns < until_ns) {
        take(join, &join->pending[taken++], observer, context);
    }
    memmove(join->pending, join->pending + taken, (join->count - taken) * sizeof(*join->pending));
    join->count -= taken;
}

uint64_t kernel_join_lost(const struct kernel_join *join)
{
    return join->lost;
}
