/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_FLIGHT_WRITER_H
#define XSW_TEST_FLIGHT_WRITER_H

/* Journeys in a flight recorder as a worker writes them: packet ids 1, 2, 3 …, a timeline now and
 * then, bytes that follow from the id. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "capture/flight/flight_ring.h"

enum { FLIGHT_STEP_NS = 1000 }; /* between two timelines */

/* Bytes of the frame of a journey: from 0 to about 300. */
static inline uint32_t flight_frame_length(uint64_t id)
{
    return (uint32_t)(id * 2654435761U >> 7) % 300;
}

static inline uint8_t flight_frame_byte(uint64_t id, uint32_t place)
{
    return (uint8_t)(id * 31 + place);
}

static inline bool flight_write_timeline(struct flight_producer *producer, uint64_t rx_mono_ns)
{
    enum { HOPS = 3 };
    uint32_t size = sizeof(struct ring_timeline) + HOPS * sizeof(struct ring_hop);
    struct ring_timeline *timeline = flight_reserve(producer, size, RING_TIMELINE);
    if (timeline == NULL) {
        return false;
    }
    timeline->record = (struct ring_record){.size = size, .type = RING_TIMELINE, .count = HOPS};
    timeline->rx_mono_ns = rx_mono_ns;
    timeline->generation = 1;
    for (uint16_t i = 0; i < HOPS; i++) {
        timeline->hops[i] = (struct ring_hop){.stage = i, .since_rx_ns = 100U * i};
    }
    flight_keep_timeline(producer, timeline);
    return true;
}

static inline bool flight_write_journey(struct flight_producer *producer, uint64_t id)
{
    uint32_t length = flight_frame_length(id);
    uint32_t size = (uint32_t)sizeof(struct ring_journey) + ((length + 7) & ~7U);
    struct ring_journey *journey = flight_reserve(producer, size, RING_JOURNEY);
    if (journey == NULL) {
        return false;
    }
    memset(journey, 0, sizeof(*journey));
    journey->record = (struct ring_record){.size = size, .type = RING_JOURNEY};
    journey->id = id;
    journey->length = journey->captured_length = journey->rx_length = length;
    for (uint32_t i = 0; i < length; i++) {
        journey->data[i] = flight_frame_byte(id, i);
    }
    return true;
}

/* What was read is what was written. */
static inline bool flight_journey_is_true(const struct ring_journey *journey)
{
    if (journey->captured_length != flight_frame_length(journey->id)) {
        return false;
    }
    for (uint32_t i = 0; i < journey->captured_length; i++) {
        if (journey->data[i] != flight_frame_byte(journey->id, i)) {
            return false;
        }
    }
    return true;
}

#endif
