/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/flight/blackbox_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* Looking ------------------------------------------------------------------------------------ */

struct scan {
    struct blackbox_worker *worker;
    uint64_t next; /* how many journeys were written before the next record */
    bool is_unreadable;
};

static void record_look(struct scan *scan, const struct ring_record *record)
{
    struct blackbox_worker *worker = scan->worker;
    if (record->type == RING_TIMELINE) {
        const struct ring_timeline *timeline = (const struct ring_timeline *)record;
        uint32_t count = record->count;
        uint64_t last = count > 0 ? timeline->hops[count - 1].since_rx_ns : 0;
        worker->first_mono_ns =
            worker->first_mono_ns == 0 ? timeline->rx_mono_ns : worker->first_mono_ns;
        worker->last_mono_ns = timeline->rx_mono_ns + last;
    } else if (record->type == RING_JOURNEY) {
        worker->journeys++;
        worker->last_packet_id = ((const struct ring_journey *)record)->id;
        scan->next++;
    }
}

static void block_look(struct scan *scan, struct flight_copy *copy)
{
    struct blackbox_worker *worker = scan->worker;
    const struct ring_record *record = NULL;
    struct xsw_error problem;
    enum xsw_status status;
    if (copy->journeys_before > scan->next) {
        *(scan->is_unreadable ? &worker->unreadable : &worker->overwritten) +=
            copy->journeys_before - scan->next;
        scan->next = copy->journeys_before;
    }
    scan->is_unreadable = false;
    while ((status = flight_copy_next(copy, &record, &problem)) == XSW_OK) {
        record_look(scan, record);
    }
    worker->blocks += copy->size > 0;
    worker->open_bytes = copy->size;
    if (status == XSW_CORRUPT) {
        worker->torn_blocks++;
        scan->is_unreadable = true;
        if (worker->problem[0] == '\0') {
            snprintf(worker->problem, sizeof(worker->problem), "%s", problem.text);
        }
    }
}

static enum xsw_status worker_scan(struct flight_reader *reader, uint32_t number,
                                   struct blackbox_worker *worker, struct xsw_error *error)
{
    struct flight_worker_view view;
    struct flight_cursor cursor;
    struct flight_copy copy;
    struct scan scan = {.worker = worker};
    uint64_t newest = 0;
    enum xsw_status status = flight_reader_worker(reader, number, &view, error);
    if (status == XSW_OK) {
        status = flight_cursor_init(&cursor, reader, number, 0, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    while (cursor.sequence <= view.newest + 1 &&
           (status = flight_cursor_take(&cursor, true, &copy, error)) == XSW_OK) {
        newest = copy.sequence;
        block_look(&scan, &copy);
        flight_copy_free(&copy);
    }
    if (status != XSW_OK && status != XSW_AGAIN) {
        return status;
    }
    struct flight_place place = {0};
    uint32_t block_count = flight_reader_info(reader)->header.block_count;
    uint32_t index = newest > 0 ? (uint32_t)((newest - 1) % block_count) : 0;
    status = flight_reader_place(reader, number, index, &place, error);
    worker->was_writing = place.sequence == newest && newest != 0 && place.has_more;
    worker->was_opening = view.is_opening && newest <= view.newest;
    return status;
}

enum xsw_status blackbox_scan(struct flight_reader *reader, struct blackbox_ring *ring,
                              struct xsw_error *error)
{
    const struct flight_info *info = flight_reader_info(reader);
    *ring = (struct blackbox_ring){
        .is_living = info->is_living,
        .state = atomic_load_explicit(&info->header.state, memory_order_relaxed),
        .worker_count = info->header.worker_count};
    for (uint32_t i = 0; i < ring->worker_count; i++) {
        struct blackbox_worker *worker = &ring->workers[i];
        enum xsw_status status = worker_scan(reader, i, worker, error);
        if (status != XSW_OK) {
            return status;
        }
        bool is_cut = worker->was_writing || worker->was_opening;
        ring->is_torn = ring->is_torn || worker->torn_blocks > 0 || (is_cut && !ring->is_living);
    }
    return XSW_OK;
}

/* Telling ------------------------------------------------------------------------------------ */

const char *blackbox_state(const struct blackbox_ring *ring)
{
    return ring->is_living ? "living" : ring->state == FLIGHT_STATE_STOPPED ? "stopped" : "killed";
}

static void time_print(uint64_t wall_ns)
{
    char text[40];
    time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
    struct tm local;
    localtime_r(&seconds, &local);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
    printf("%s.%06u", text, (unsigned)(wall_ns % NS_PER_SECOND / 1000));
}

static void worker_print(const struct flight_reader *reader, uint32_t number,
                         const struct blackbox_ring *ring)
{
    const struct blackbox_worker *worker = &ring->workers[number];
    uint64_t offset = flight_reader_info(reader)->header.wall_offset_ns;
    printf("  worker %u: %" PRIu64 " blocks, %" PRIu64 " journeys, %" PRIu64
           " before them overwritten\n",
           number, worker->blocks, worker->journeys, worker->overwritten);
    if (worker->last_mono_ns != 0) {
        fputs("    from ", stdout);
        time_print(worker->first_mono_ns + offset);
        fputs(" to ", stdout);
        time_print(worker->last_mono_ns + offset);
        printf(", the last packet is %" PRIu64 "\n", worker->last_packet_id);
    }
    if (worker->was_writing && !ring->is_living) {
        puts("    torn: journeys were being written that were not committed; they are left out");
    }
    if (worker->was_opening && !ring->is_living) {
        puts("    torn: the oldest block was just being taken again; what was in it is "
             "overwritten");
    }
    if (worker->torn_blocks > 0) {
        printf("    torn: %" PRIu64 " blocks end before their end, %" PRIu64
               " journeys cannot be read; %s\n",
               worker->torn_blocks, worker->unreadable, worker->problem);
    }
}

void blackbox_print(const struct flight_reader *reader, const struct blackbox_ring *ring)
{
    const struct flight_header *header = &flight_reader_info(reader)->header;
    printf("%s: switch %s on %s, process %u, %s%s\n", flight_reader_name(reader),
           header->switch_name, header->host, header->pid, blackbox_state(ring),
           ring->is_torn ? ": torn where it ended, whole before" : ": whole");
    for (uint32_t i = 0; i < ring->worker_count; i++) {
        worker_print(reader, i, ring);
    }
}

static json_t *worker_json(const struct blackbox_worker *worker, uint32_t number)
{
    json_t *object = json_pack(
        "{s:I,s:I,s:I,s:b,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "worker", (json_int_t)number, "blocks",
        (json_int_t)worker->blocks, "torn_blocks", (json_int_t)worker->torn_blocks, "was_writing",
        (int)worker->was_writing, "was_opening", (int)worker->was_opening, "open_bytes",
        (json_int_t)worker->open_bytes, "journeys", (json_int_t)worker->journeys, "overwritten",
        (json_int_t)worker->overwritten, "unreadable", (json_int_t)worker->unreadable,
        "first_mono_ns", (json_int_t)worker->first_mono_ns, "last_mono_ns",
        (json_int_t)worker->last_mono_ns, "last_packet", (json_int_t)worker->last_packet_id);
    if (worker->problem[0] != '\0') {
        json_object_set_new(object, "problem", json_string(worker->problem));
    }
    return object;
}

json_t *blackbox_json(const struct flight_reader *reader, const struct blackbox_ring *ring)
{
    const struct flight_header *header = &flight_reader_info(reader)->header;
    json_t *workers = json_array();
    for (uint32_t i = 0; i < ring->worker_count; i++) {
        json_array_append_new(workers, worker_json(&ring->workers[i], i));
    }
    return json_pack("{s:s,s:s,s:s,s:s,s:I,s:s,s:b,s:o}", "ring", flight_reader_name(reader),
                     "switch", header->switch_name, "recorder", header->name, "host", header->host,
                     "pid", (json_int_t)header->pid, "state", blackbox_state(ring), "torn",
                     (int)ring->is_torn, "workers", workers);
}
