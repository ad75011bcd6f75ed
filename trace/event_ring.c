/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/event_ring.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "switch/events.h"

enum { EVENT_RING_VERSION = 1 };
static const char event_ring_magic[8] = "XSWEVNT";

_Static_assert(sizeof(struct event_record) == 512, "the record of the shared memory");

struct shared_ring {
    _Alignas(64) _Atomic uint64_t head; /* records ever written; the producer's line */
    _Atomic uint64_t lost;
    _Alignas(64) _Atomic uint64_t tail; /* records ever read; the consumer's line */
    struct event_record records[EVENT_RING_RECORDS];
};

struct shared {
    char magic[8];
    uint32_t version;
    uint32_t ring_count;
    struct shared_ring rings[];
};

struct event_rings {
    struct shared *shared;
    size_t size;
    uint32_t count; /* rings; the last one is the control thread's */
    int fd;
    /* Ours, each written by its thread: the shared ones are not to be believed. */
    struct {
        _Alignas(64) uint64_t head;
        uint64_t lost;
    } own[EVENT_RINGS_MAX];
};

static size_t shared_size(uint32_t rings)
{
    return sizeof(struct shared) + rings * sizeof(struct shared_ring);
}

enum xsw_status event_rings_create(uint32_t workers, struct event_rings **rings,
                                   struct xsw_error *error)
{
    struct event_rings *made = aligned_alloc(64, sizeof(*made));
    if (made == NULL || workers + 1 > EVENT_RINGS_MAX) {
        free(made);
        return error_set(error, made == NULL ? XSW_NO_MEMORY : XSW_LIMIT,
                         "no rings for the events of %u workers", workers);
    }
    memset(made, 0, sizeof(*made));
    made->count = workers + 1;
    made->size = shared_size(made->count);
    made->fd = memfd_create("xsw-events", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *memory = MAP_FAILED;
    if (made->fd >= 0 && ftruncate(made->fd, (off_t)made->size) == 0 &&
        fcntl(made->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
        memory =
            mmap(NULL, made->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, made->fd, 0);
    }
    if (memory == MAP_FAILED) {
        enum xsw_status status = error_errno(error, "no shared memory for events");
        event_rings_destroy(made);
        return status;
    }
    made->shared = memory;
    made->shared->version = EVENT_RING_VERSION;
    made->shared->ring_count = made->count;
    memcpy(made->shared->magic, event_ring_magic, sizeof(event_ring_magic));
    *rings = made;
    return XSW_OK;
}

int event_rings_fd(const struct event_rings *rings)
{
    return rings->fd;
}

static void text_put(char *to, size_t size, const char *text)
{
    size_t length = text != NULL ? strnlen(text, size - 1) : 0;
    if (length > 0) {
        memcpy(to, text, length);
    }
    to[length] = '\0';
}

static void record_fill(struct event_record *record, const struct switch_event *event)
{
    record->kind = event->kind;
    record->port = event->port;
    record->stage = event->stage;
    record->worker = event->worker;
    record->mono_ns = event->mono_ns;
    record->generation = event->generation;
    record->packet_id = event->packet_id;
    record->value = event->value;
    record->before = event->before;
    text_put(record->switch_name, sizeof(record->switch_name), event->switch_name);
    text_put(record->port_name, sizeof(record->port_name), event->port_name);
    text_put(record->stage_name, sizeof(record->stage_name), event->stage_name);
    text_put(record->extension, sizeof(record->extension), event->extension);
    text_put(record->subject, sizeof(record->subject), event->subject);
    text_put(record->detail, sizeof(record->detail), event->detail);
}

void event_rings_put(struct event_rings *rings, const struct switch_event *event)
{
    uint32_t number = event->worker < rings->count - 1 ? event->worker : rings->count - 1;
    struct shared_ring *ring = &rings->shared->rings[number];
    uint64_t head = rings->own[number].head;
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    if (head - tail >= EVENT_RING_RECORDS) {
        atomic_store_explicit(&ring->lost, ++rings->own[number].lost, memory_order_relaxed);
        return;
    }
    record_fill(&ring->records[head % EVENT_RING_RECORDS], event);
    rings->own[number].head = head + 1;
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

void event_rings_destroy(struct event_rings *rings)
{
    if (rings == NULL) {
        return;
    }
    if (rings->shared != NULL) {
        munmap(rings->shared, rings->size);
    }
    if (rings->fd >= 0) {
        close(rings->fd);
    }
    free(rings);
}

/* The consumer ------------------------------------------------------------------------------- */

struct event_reader {
    struct shared *shared;
    size_t size;
    uint32_t count;
    uint64_t tails[EVENT_RINGS_MAX];
};

enum xsw_status event_reader_open(int fd, struct event_reader **reader, struct xsw_error *error)
{
    enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW };
    struct stat about;
    int seals = fcntl(fd, F_GET_SEALS);
    if (fstat(fd, &about) != 0 || seals < 0 || (seals & SEALS) != SEALS ||
        (size_t)about.st_size < shared_size(1) ||
        (size_t)about.st_size > shared_size(EVENT_RINGS_MAX)) {
        return error_set(error, XSW_CORRUPT, "xswd sent no memory with events");
    }
    struct event_reader *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory to read events");
    }
    made->size = (size_t)about.st_size;
    void *memory = mmap(NULL, made->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        free(made);
        return error_errno(error, "the memory with events cannot be mapped");
    }
    made->shared = memory;
    made->count = made->shared->ring_count;
    if (memcmp(made->shared->magic, event_ring_magic, sizeof(event_ring_magic)) != 0 ||
        made->shared->version != EVENT_RING_VERSION || made->count == 0 ||
        made->count > EVENT_RINGS_MAX || shared_size(made->count) != made->size) {
        event_reader_close(made);
        return error_set(error, XSW_CORRUPT,
                         "the memory with events is of another version, expected %d",
                         EVENT_RING_VERSION);
    }
    *reader = made;
    return XSW_OK;
}

static void texts_end(struct event_record *record)
{
    record->switch_name[sizeof(record->switch_name) - 1] = '\0';
    record->port_name[sizeof(record->port_name) - 1] = '\0';
    record->stage_name[sizeof(record->stage_name) - 1] = '\0';
    record->extension[sizeof(record->extension) - 1] = '\0';
    record->subject[sizeof(record->subject) - 1] = '\0';
    record->detail[sizeof(record->detail) - 1] = '\0';
}

enum xsw_status event_reader_next(struct event_reader *reader, struct event_record *record)
{
    const struct event_record *oldest = NULL;
    uint32_t from = 0;
    for (uint32_t i = 0; i < reader->count; i++) {
        struct shared_ring *ring = &reader->shared->rings[i];
        uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
        if (head - reader->tails[i] - 1 >= EVENT_RING_RECORDS) {
            continue; /* empty, or a head that makes no sense */
        }
        const struct event_record *first = &ring->records[reader->tails[i] % EVENT_RING_RECORDS];
        if (oldest == NULL || first->mono_ns < oldest->mono_ns) {
            oldest = first;
            from = i;
        }
    }
    if (oldest == NULL) {
        return XSW_AGAIN;
    }
    *record = *oldest;
    texts_end(record);
    atomic_store_explicit(&reader->shared->rings[from].tail, ++reader->tails[from],
                          memory_order_release);
    return XSW_OK;
}

uint64_t event_reader_lost(const struct event_reader *reader)
{
    uint64_t lost = 0;
    for (uint32_t i = 0; i < reader->count; i++) {
        lost += atomic_load_explicit(&reader->shared->rings[i].lost, memory_order_relaxed);
    }
    return lost;
}

void event_reader_close(struct event_reader *reader)
{
    if (reader != NULL) {
        munmap(reader->shared, reader->size);
        free(reader);
    }
}
