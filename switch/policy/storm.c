/* SPDX-License-Identifier: Apache-2.0 */
/* The windows of the storm limit: one compare-and-swap for each packet that is let pass, none for
 * one that is not, so that a storm does not make the workers fight for a cache line. */
#include "switch/policy/storm.h"

int storm_admit(struct storm_window *window, uint32_t now_seconds, uint32_t packets, uint32_t limit)
{
    uint64_t seen = atomic_load_explicit(&window->spent, memory_order_relaxed);
    uint64_t wanted;
    do {
        uint32_t second = (uint32_t)(seen >> 32);
        uint32_t spent = (uint32_t)seen;
        if ((int32_t)(now_seconds - second) > 0) {
            second = now_seconds;
            spent = 0;
        }
        if (spent >= limit || packets > limit - spent) {
            return 0;
        }
        wanted = (uint64_t)second << 32 | (spent + packets);
    } while (!atomic_compare_exchange_weak_explicit(&window->spent, &seen, wanted,
                                                    memory_order_relaxed, memory_order_relaxed));
    return 1;
}

uint32_t storm_packets(const struct xsw_packet *packet)
{
    const struct xsw_offload *offload = &packet->offload;
    if (offload->gso_type == XSW_GSO_NONE || offload->gso_size == 0 ||
        packet->length <= offload->header_length) {
        return 1;
    }
    uint32_t payload = packet->length - offload->header_length;
    return (payload + offload->gso_size - 1) / offload->gso_size;
}
