/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/xswd/xswd_flight_events.h"

#include <string.h>

#include "cmd/xswd/xswd_capture_events.h"

/* Adds what a slot has counted, and keeps the packet of the newest hit. */
static void slot_add(const struct flight_trigger_slot *slot, uint64_t *fires, uint64_t *newest_ns,
                     uint64_t *packet_id)
{
    /* Pairs with the release behind the two that follow: see struct flight_trigger_slot. */
    uint64_t count = atomic_load_explicit(&slot->fires, memory_order_acquire);
    uint64_t at_ns = atomic_load_explicit(&slot->fire_mono_ns, memory_order_relaxed);
    *fires += count;
    if (count > 0 && at_ns >= *newest_ns) {
        *newest_ns = at_ns;
        *packet_id = atomic_load_explicit(&slot->fire_packet_id, memory_order_relaxed);
    }
}

void flight_events_tick(const struct vswitch *vswitch, const struct capture_session *session,
                        struct flight_ring *ring, struct flight_told *told)
{
    const struct flight_header *header = flight_ring_header(ring);
    uint64_t number = atomic_load_explicit(&header->trigger_number, memory_order_relaxed);
    if (number != told->trigger_number) {
        memset(told, 0, sizeof(*told));
        told->trigger_number = number;
    }
    for (uint32_t i = 0; i < header->trigger_count; i++) {
        uint64_t fires = 0;
        uint64_t newest_ns = 0;
        uint64_t packet_id = 0;
        slot_add(&header->control[i], &fires, &newest_ns, &packet_id);
        for (uint32_t worker = 0; worker < header->worker_count; worker++) {
            slot_add(&flight_ring_producer(ring, worker)->shared->triggers[i], &fires, &newest_ns,
                     &packet_id);
        }
        if (fires > told->fires[i]) {
            told->fires[i] = fires;
            capture_events_trigger(vswitch, session, header->triggers[i].text, packet_id);
        }
    }
}
