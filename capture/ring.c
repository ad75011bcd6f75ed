/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static const char ring_magic[8] = "XSWRING";

_Static_assert(sizeof(struct ring_header) <= RING_HEADER_SIZE, "the header fits its page");
_Static_assert(sizeof(struct ring_journey) % 8 == 0, "bytes behind a journey are aligned");

/* All of the memory is taken now, so that too little of it is an error here, and not the end of the
 * switch at a page that a worker touches later. */
static enum xsw_status memory_open(struct ring_producer *ring, struct xsw_error *error)
{
    ring->fd = memfd_create("xsw-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (ring->fd < 0) {
        return error_errno(error, "cannot make a ring of %zu bytes", ring->map_size);
    }
    int failure;
    do {
        failure = posix_fallocate(ring->fd, 0, (off_t)ring->map_size);
    } while (failure == EINTR);
    if (failure != 0) {
        return error_set(error, XSW_NO_MEMORY,
                         "no memory for a ring of %zu KiB: %s; try smaller rings",
                         ring->map_size >> 10, strerror(failure));
    }
    if (fcntl(ring->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        return error_errno(error, "cannot seal a ring of %zu bytes", ring->map_size);
    }
    void *memory =
        mmap(NULL, ring->map_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, 0);
    if (memory == MAP_FAILED) {
        return error_errno(error, "cannot map a ring of %zu bytes", ring->map_size);
    }
    ring->header = memory;
    return XSW_OK;
}

_Static_assert(sizeof(struct ring_header) <= RING_HEADER_SIZE, "the header has its room");

enum xsw_status ring_create(struct ring_producer *ring, uint32_t worker, uint64_t data_size,
                            uint32_t snap_length, struct xsw_error *error)
{
    *ring = (struct ring_producer){.map_size = RING_HEADER_SIZE + data_size + RING_HEADER_SIZE,
                                   .mask = data_size - 1,
                                   .fd = -1};
    enum xsw_status status = memory_open(ring, error);
    if (status != XSW_OK) {
        ring_destroy(ring);
        return status;
    }
    ring->data = (uint8_t *)ring->header + RING_HEADER_SIZE;
    ring->header->version = RING_VERSION;
    ring->header->worker = worker;
    ring->header->data_size = data_size;
    ring->header->snap_length = snap_length;
    memcpy(ring->header->magic, ring_magic, sizeof(ring_magic));
    return XSW_OK;
}

void ring_punch(int fd)
{
    struct stat status;
    if (fstat(fd, &status) == 0 && status.st_size > RING_HEADER_SIZE) {
        (void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, RING_HEADER_SIZE,
                        status.st_size - RING_HEADER_SIZE);
    }
}

void ring_destroy(struct ring_producer *ring)
{
    if (ring->header != NULL) {
        munmap(ring->header, ring->map_size);
        ring->header = NULL;
    }
    if (ring->fd >= 0) {
        close(ring->fd);
        ring->fd = -1;
    }
}

enum xsw_status ring_attach(struct ring_consumer *ring, int fd, struct xsw_error *error)
{
    *ring = (struct ring_consumer){0};
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return error_errno(error, "cannot look at the ring");
    }
    size_t size = (size_t)status.st_size;
    if (size < 3 * RING_HEADER_SIZE) {
        return error_set(error, XSW_CORRUPT, "the ring has %zu bytes; expected at least %d", size,
                         3 * RING_HEADER_SIZE);
    }
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        return error_errno(error, "cannot map a ring of %zu bytes", size);
    }
    struct ring_header *header = memory;
    uint64_t data_size = header->data_size;
    if (memcmp(header->magic, ring_magic, sizeof(ring_magic)) != 0 ||
        header->version != RING_VERSION || (data_size & (data_size - 1)) != 0 ||
        data_size != size - 2 * RING_HEADER_SIZE) {
        munmap(memory, size);
        return error_set(error, XSW_CORRUPT, "the ring is not one of version %d", RING_VERSION);
    }
    ring->header = header;
    ring->data = (const uint8_t *)memory + RING_HEADER_SIZE;
    ring->mask = data_size - 1;
    ring->map_size = size;
    ring->next = atomic_load_explicit(&header->tail, memory_order_relaxed);
    ring->head = ring->next;
    return XSW_OK;
}

void ring_detach(struct ring_consumer *ring)
{
    if (ring->header != NULL) {
        munmap(ring->header, ring->map_size);
        ring->header = NULL;
    }
}

/* Accounts ----------------------------------------------------------------------------------- */

void ring_account_read(const struct ring_account *account, struct capture_account *read)
{
    *read = (struct capture_account){
        .offered = atomic_load_explicit(&account->offered, memory_order_relaxed),
        .filtered = atomic_load_explicit(&account->filtered, memory_order_relaxed),
        .unwanted = atomic_load_explicit(&account->unwanted, memory_order_relaxed),
        .sampled = atomic_load_explicit(&account->sampled, memory_order_relaxed),
        .written = atomic_load_explicit(&account->written, memory_order_relaxed)};
    for (uint32_t cause = 0; cause < META_LOSS_COUNT; cause++) {
        read->lost[cause] = atomic_load_explicit(&account->lost[cause], memory_order_relaxed);
    }
}

void capture_account_add(struct capture_account *sum, const struct capture_account *account)
{
    sum->offered += account->offered;
    sum->filtered += account->filtered;
    sum->unwanted += account->unwanted;
    sum->sampled += account->sampled;
    sum->written += account->written;
    for (uint32_t cause = 0; cause < META_LOSS_COUNT; cause++) {
        sum->lost[cause] += account->lost[cause];
    }
}

uint64_t capture_account_lost(const struct capture_account *account)
{
    uint64_t sum = 0;
    for (uint32_t cause = 0; cause < META_LOSS_COUNT; cause++) {
        sum += account->lost[cause];
    }
    return sum;
}

struct capture_account ring_header_account(const struct ring_header *header)
{
    struct capture_account sum = {0};
    for (uint32_t stage = 0; stage < STAGES_MAX; stage++) {
        struct capture_account one;
        ring_account_read(&header->stages[stage], &one);
        capture_account_add(&sum, &one);
    }
    return sum;
}

/* Records ------------------------------------------------------------------------------------ */

static int journey_is_sane(const struct ring_journey *journey)
{
    uint64_t size = journey->record.size;
    uint64_t padded = ((uint64_t)journey->captured_length + 7) & ~(uint64_t)7;
    return size >= sizeof(*journey) && padded <= size - sizeof(*journey) &&
           journey->record.count <= size - sizeof(*journey) - padded;
}

int ring_record_is_sane(const struct ring_record *record, uint64_t room)
{
    if (record->size < sizeof(*record) || record->size > room || record->size % 8 != 0) {
        return 0;
    }
    switch (record->type) {
    case RING_PAD:
        return 1;
    case RING_TIMELINE:
        return record->size >=
               sizeof(struct ring_timeline) + record->count * sizeof(struct ring_hop);
    case RING_JOURNEY:
        return journey_is_sane((const struct ring_journey *)record);
    case RING_GAP:
        return record->size >= sizeof(struct ring_gap);
    case RING_EVENT:
        return record->size >= (record->count == RING_EVENT_PORT ? sizeof(struct ring_port)
                                                                 : sizeof(struct ring_event));
    default:
        return 0;
    }
}

enum xsw_status ring_next(struct ring_consumer *ring, const struct ring_record **record,
                          struct xsw_error *error)
{
    for (;;) {
        if (ring->next == ring->head) {
            ring->head = atomic_load_explicit(&ring->header->head, memory_order_acquire);
            if (ring->next == ring->head) {
                return XSW_AGAIN;
            }
        }
        uint64_t at = ring->next & ring->mask;
        uint64_t to_end = ring->mask + 1 - at;
        uint64_t available = ring->head - ring->next;
        const struct ring_record *next =
            (const struct ring_record *)(const void *)(ring->data + at);
        if (available > ring->mask + 1 ||
            !ring_record_is_sane(next, available < to_end ? available : to_end)) {
            return error_set(error, XSW_CORRUPT,
                             "the ring of worker %u makes no sense at %llu: the rest of it is lost",
                             ring->header->worker, (unsigned long long)ring->next);
        }
        ring->next += next->size;
        if (next->type != RING_PAD) {
            *record = next;
            return XSW_OK;
        }
    }
}

void ring_release(struct ring_consumer *ring)
{
    atomic_store_explicit(&ring->header->tail, ring->next, memory_order_release);
}

void ring_release_to(struct ring_consumer *ring, const struct ring_resume *resume)
{
    struct ring_header *header = ring->header;
    uint64_t tail = atomic_load_explicit(&header->tail, memory_order_relaxed);
    if (tail == resume->place) {
        return;
    }
    /* The one that holds now stays until the tail has moved. */
    header->resumes[header->resumes[0].place == tail] = *resume;
    atomic_store_explicit(&header->tail, resume->place, memory_order_release);
}

bool ring_resume_read(const struct ring_consumer *ring, struct ring_resume *resume)
{
    for (int i = 0; i < 2; i++) {
        *resume = ring->header->resumes[i];
        if (resume->place == ring->next && resume->hop_count > 0 &&
            resume->hop_count <= STAGES_MAX) {
            return true;
        }
    }
    return false;
}
