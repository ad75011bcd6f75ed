/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TRACE_EVENT_RING_H
#define XSW_TRACE_EVENT_RING_H

/*
 * Events of a switch (switch/events.h) on their way to another process: shared memory (a sealed
 * memfd) with a ring for each worker and one for the control thread, records of one size, never
 * waited for. A full ring counts what it loses.
 *
 * Trust: the two sides map the same memory and believe nothing in it that they could be harmed by.
 * The producer keeps its own head, and a tail that makes no sense is a full ring; the consumer
 * checks numbers and ends texts itself.
 *
 * Pairing: head is published with release and read with acquire by the consumer; tail the other way
 * round.
 *
 * Threads: one producer a ring; one consumer of all.
 */

#include <stdint.h>

#include <xsw/error.h>

struct switch_event;

enum { EVENT_RINGS_MAX = 17, EVENT_RING_RECORDS = 1024 };

/* As it stands in the memory; texts are cut to fit. */
struct event_record {
    uint16_t kind, port, stage, worker;
    uint64_t mono_ns, generation, packet_id, value, before;
    char switch_name[32];
    char port_name[64], stage_name[64], extension[64];
    char subject[96], detail[128];
    uint8_t reserved[16];
};

struct event_rings; /* the producers' side */

enum xsw_status event_rings_create(uint32_t workers, struct event_rings **rings,
                                   struct xsw_error *error) XSW_MUST_CHECK;
int event_rings_fd(const struct event_rings *rings); /* borrowed */
/* On the thread that event->worker names. No lock, allocation or system call. */
void event_rings_put(struct event_rings *rings, const struct switch_event *event);
void event_rings_destroy(struct event_rings *rings); /* the mapping; accepts null */

struct event_reader;

/* Maps the memory after checking it. The descriptor may be closed. */
enum xsw_status event_reader_open(int fd, struct event_reader **reader,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* The oldest record that is there, copied. XSW_AGAIN: none now. */
enum xsw_status event_reader_next(struct event_reader *reader,
                                  struct event_record *record) XSW_MUST_CHECK;
uint64_t event_reader_lost(const struct event_reader *reader);
void event_reader_close(struct event_reader *reader); /* accepts null */

#endif
