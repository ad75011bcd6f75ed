/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/flight/flight_ring.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

_Static_assert(offsetof(struct flight_block, records) % 64 == 0, "records begin on a cache line");
_Static_assert(FLIGHT_BLOCK_SIZE_MIN > sizeof(struct flight_block) + 2 * FLIGHT_TIMELINE_MAX,
               "every block takes its timeline and more");

static const char flight_magic[8] = "XSWFLGT";

struct flight_ring {
    int fd;
    struct flight_header *header;
    uint8_t *memory; /* the whole file; the header is its beginning */
    struct flight_layout layout;
    uint64_t dictionary_number;
    struct flight_producer *producers;
    char path[];
};

/* Layout ------------------------------------------------------------------------------------- */

bool flight_geometry_is_sane(uint32_t workers, uint64_t block_size, uint64_t block_count)
{
    return workers >= 1 && workers <= CONFIG_WORKERS_MAX && block_size >= FLIGHT_BLOCK_SIZE_MIN &&
           block_size <= FLIGHT_BLOCK_SIZE_MAX && (block_size & (block_size - 1)) == 0 &&
           block_count >= FLIGHT_BLOCKS_MIN && block_count <= FLIGHT_BLOCKS_MAX;
}

static uint64_t pages(uint64_t size)
{
    return (size + FLIGHT_PAGE - 1) / FLIGHT_PAGE * FLIGHT_PAGE;
}

struct flight_layout flight_layout_of(uint32_t workers, uint64_t block_size, uint64_t block_count)
{
    struct flight_layout layout = {.dictionaries = pages(sizeof(struct flight_header)),
                                   .worker_bytes = block_size * block_count};
    layout.workers = layout.dictionaries + 2 * (uint64_t)FLIGHT_DICTIONARY_SIZE;
    layout.blocks = layout.workers + pages(workers * sizeof(struct flight_worker));
    layout.size = layout.blocks + workers * layout.worker_bytes;
    return layout;
}

/* The producer ------------------------------------------------------------------------------- */

static struct capture_account account_sum(const struct flight_worker *worker)
{
    struct capture_account sum = {0};
    for (uint32_t stage = 0; stage < STAGES_MAX; stage++) {
        struct capture_account one;
        ring_account_read(&worker->stages[stage], &one);
        capture_account_add(&sum, &one);
    }
    return sum;
}

/* 0: there was none yet. */
static uint64_t timeline_generation(const struct flight_producer *producer)
{
    const struct ring_timeline *kept =
        (const struct ring_timeline *)(const void *)producer->timeline;
    return producer->timeline_size > 0 ? kept->generation : 0;
}

/* The next block of the worker, which is the oldest one, with the kept timeline when that is
 * wanted. From the first store to the last one its sequence is 0. */
static void block_open(struct flight_producer *producer, uint32_t timeline_size)
{
    uint64_t sequence = producer->sequence + 1;
    uint64_t place = (sequence - 1) % producer->block_count;
    struct flight_block *block =
        (struct flight_block *)(void *)(producer->blocks + place * producer->block_size);
    /* An exchange, so that no store behind it comes before it. */
    (void)atomic_exchange_explicit(&block->sequence, 0, memory_order_acq_rel);
    atomic_store_explicit(&block->committed, 0, memory_order_relaxed);
    atomic_store_explicit(&block->last_mono_ns, producer->last_mono_ns, memory_order_relaxed);
    block->first_mono_ns = producer->first_mono_ns;
    block->journeys_before = producer->journeys;
    block->worker = producer->worker;
    atomic_store_explicit(&block->generation, timeline_generation(producer), memory_order_relaxed);
    block->account = account_sum(producer->shared);
    memset(block->records, 0, sizeof(uint64_t));
    memcpy(block->records, producer->timeline, timeline_size);
    producer->sequence = sequence;
    producer->block = block;
    producer->next = block->records + timeline_size;
    producer->end = (uint8_t *)block + producer->block_size - RING_SLACK;
    atomic_store_explicit(&block->sequence, sequence, memory_order_release);
    atomic_store_explicit(&producer->shared->newest, sequence, memory_order_release);
}

bool flight_block_begin(struct flight_producer *producer, uint32_t size, enum ring_type type)
{
    size_t room = producer->block_size - sizeof(struct flight_block) - RING_SLACK;
    uint32_t timeline_size = type == RING_JOURNEY ? producer->timeline_size : 0;
    if (size > room - timeline_size) {
        return false;
    }
    /* In this order: who is killed between the two was in the middle of something. */
    atomic_store_explicit(&producer->shared->opening, producer->sequence + 1, memory_order_relaxed);
    flight_publish(producer); /* what is in the block before is whole */
    block_open(producer, timeline_size);
    return true;
}

/* The file ----------------------------------------------------------------------------------- */

static void text_copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from != NULL ? from : "");
}

static void header_fill(struct flight_ring *ring, const struct flight_ring_options *options,
                        uint32_t block_size, uint32_t block_count)
{
    struct flight_header *header = ring->header;
    header->version = FLIGHT_VERSION;
    header->header_size = sizeof(struct flight_header);
    header->worker_size = sizeof(struct flight_worker);
    header->block_header_size = sizeof(struct flight_block);
    header->worker_count = options->worker_count;
    header->block_size = block_size;
    header->block_count = block_count;
    header->snap_length = options->snap_length;
    header->privacy = options->privacy;
    header->pid = (uint32_t)getpid();
    header->wall_offset_ns = options->wall_offset_ns;
    header->started_mono_ns = options->started_mono_ns;
    text_copy(header->switch_name, sizeof(header->switch_name), options->switch_name);
    text_copy(header->switch_uuid, sizeof(header->switch_uuid), options->switch_uuid);
    text_copy(header->name, sizeof(header->name), options->name);
    text_copy(header->host, sizeof(header->host), options->host);
    text_copy(header->filter, sizeof(header->filter), options->filter);
    text_copy(header->where, sizeof(header->where), options->where);
}

/* All of the memory is taken now, so that a full file system is an error here and not the end of
 * the switch later. */
static enum xsw_status memory_open(struct flight_ring *ring, struct xsw_error *error)
{
    size_t size = ring->layout.size;
    ring->fd = open(ring->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (ring->fd < 0) {
        return error_errno(error, "%s: cannot be made", ring->path);
    }
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fchmod(ring->fd, 0640) != 0 || fcntl(ring->fd, F_OFD_SETLK, &lock) != 0) {
        return error_errno(error, "%s: cannot be locked", ring->path);
    }
    int failure = posix_fallocate(ring->fd, 0, (off_t)size);
    if (failure != 0) {
        return error_set(error, XSW_IO, "%s: no room for %zu MiB: %s; try less memory", ring->path,
                         size >> 20, strerror(failure));
    }
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, 0);
    if (memory == MAP_FAILED) {
        return error_errno(error, "%s: cannot map %zu bytes", ring->path, size);
    }
    (void)madvise(memory, size, MADV_DONTFORK);
    ring->memory = memory;
    ring->header = memory;
    return XSW_OK;
}

static void producers_init(struct flight_ring *ring)
{
    const struct flight_header *header = ring->header;
    struct flight_worker *workers =
        (struct flight_worker *)(void *)(ring->memory + ring->layout.workers);
    for (uint32_t i = 0; i < header->worker_count; i++) {
        struct flight_producer *producer = &ring->producers[i];
        *producer = (struct flight_producer){.shared = &workers[i],
                                             .blocks = ring->memory + ring->layout.blocks +
                                                       i * ring->layout.worker_bytes,
                                             .block_size = header->block_size,
                                             .block_count = header->block_count,
                                             .worker = i,
                                             .first_mono_ns = header->started_mono_ns,
                                             .last_mono_ns = header->started_mono_ns};
        atomic_store_explicit(&producer->shared->opening, 1, memory_order_relaxed);
        block_open(producer, 0);
    }
}

static enum xsw_status ring_fill(struct flight_ring *ring,
                                 const struct flight_ring_options *options, uint32_t block_size,
                                 uint32_t block_count, struct xsw_error *error)
{
    size_t size = options->worker_count * sizeof(*ring->producers);
    ring->producers = aligned_alloc(_Alignof(struct flight_producer), size);
    if (ring->producers == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a flight recorder");
    }
    enum xsw_status status = memory_open(ring, error);
    if (status == XSW_OK) {
        header_fill(ring, options, block_size, block_count);
        producers_init(ring);
        memcpy(ring->header->magic, flight_magic, sizeof(flight_magic));
        atomic_store_explicit(&ring->header->state, FLIGHT_STATE_RUNNING, memory_order_release);
    }
    return status;
}

enum xsw_status flight_ring_create(const struct flight_ring_options *options,
                                   struct flight_ring **ring, struct xsw_error *error)
{
    uint64_t memory = options->memory_bytes != 0 ? options->memory_bytes : FLIGHT_MEMORY_DEFAULT;
    uint32_t block_size = options->block_size != 0 ? options->block_size : FLIGHT_BLOCK_SIZE;
    uint64_t block_count = (memory + block_size - 1) / block_size;
    if (!flight_geometry_is_sane(options->worker_count, block_size, block_count)) {
        return error_set(
            error, XSW_INVALID, "memory: %llu bytes in blocks of %u; expected %d to %d blocks",
            (unsigned long long)memory, block_size, FLIGHT_BLOCKS_MIN, FLIGHT_BLOCKS_MAX);
    }
    size_t path_size = strlen(options->path) + 1;
    struct flight_ring *made = calloc(1, sizeof(*made) + path_size);
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a flight recorder");
    }
    memcpy(made->path, options->path, path_size);
    made->fd = -1;
    made->layout = flight_layout_of(options->worker_count, block_size, block_count);
    enum xsw_status status = ring_fill(made, options, block_size, (uint32_t)block_count, error);
    if (status != XSW_OK) {
        flight_ring_destroy(made);
        return status;
    }
    *ring = made;
    return XSW_OK;
}

void flight_ring_destroy(struct flight_ring *ring)
{
    if (ring == NULL) {
        return;
    }
    if (ring->memory != NULL) {
        atomic_store_explicit(&ring->header->state, FLIGHT_STATE_STOPPED, memory_order_release);
        munmap(ring->memory, ring->layout.size);
    }
    if (ring->fd >= 0) {
        unlink(ring->path);
        close(ring->fd);
    }
    free(ring->producers);
    free(ring);
}

struct flight_producer *flight_ring_producer(struct flight_ring *ring, uint32_t worker)
{
    return &ring->producers[worker];
}

struct flight_header *flight_ring_header(struct flight_ring *ring)
{
    return ring->header;
}

const char *flight_ring_path(const struct flight_ring *ring)
{
    return ring->path;
}

uint64_t flight_ring_memory(const struct flight_ring *ring)
{
    return ring->layout.worker_bytes;
}

uint64_t flight_ring_oldest_generation(const struct flight_ring *ring)
{
    uint64_t oldest = UINT64_MAX;
    for (uint32_t i = 0; i < ring->header->worker_count; i++) {
        const struct flight_producer *producer = &ring->producers[i];
        uint64_t newest = atomic_load_explicit(&producer->shared->newest, memory_order_acquire);
        uint64_t count = producer->block_count;
        uint64_t place = newest > count ? newest % count : 0; /* behind the newest is the oldest */
        const struct flight_block *block =
            (const struct flight_block *)(const void *)(producer->blocks +
                                                        place * producer->block_size);
        uint64_t generation = atomic_load_explicit(&block->generation, memory_order_relaxed);
        oldest = generation < oldest ? generation : oldest;
    }
    return oldest;
}

enum xsw_status flight_ring_set_dictionary(struct flight_ring *ring, const char *json,
                                           size_t length, struct xsw_error *error)
{
    if (length > FLIGHT_DICTIONARY_SIZE) {
        return error_set(error, XSW_LIMIT, "the dictionary has %zu bytes; expected at most %d",
                         length, FLIGHT_DICTIONARY_SIZE);
    }
    uint64_t number = ++ring->dictionary_number;
    struct flight_dictionary_slot *slot = &ring->header->dictionaries[number % 2];
    uint8_t *text =
        ring->memory + ring->layout.dictionaries + number % 2 * (uint64_t)FLIGHT_DICTIONARY_SIZE;
    (void)atomic_exchange_explicit(&slot->number, 0, memory_order_acq_rel);
    memcpy(text, json, length);
    atomic_store_explicit(&slot->length, length, memory_order_relaxed);
    atomic_store_explicit(&slot->number, number, memory_order_release);
    return XSW_OK;
}

static void slots_clear(struct flight_trigger_slot *slots)
{
    for (uint32_t i = 0; i < FLIGHT_TRIGGERS_MAX; i++) {
        atomic_store_explicit(&slots[i].matches, 0, memory_order_relaxed);
        atomic_store_explicit(&slots[i].early, 0, memory_order_relaxed);
        atomic_store_explicit(&slots[i].fires, 0, memory_order_relaxed);
        atomic_store_explicit(&slots[i].fire_mono_ns, 0, memory_order_relaxed);
        atomic_store_explicit(&slots[i].fire_packet_id, 0, memory_order_relaxed);
    }
}

void flight_ring_set_triggers(struct flight_ring *ring, const struct flight_trigger_info *triggers,
                              uint32_t count)
{
    struct flight_header *header = ring->header;
    uint64_t number = atomic_fetch_add_explicit(&header->trigger_number, 1, memory_order_acq_rel);
    slots_clear(header->control);
    for (uint32_t i = 0; i < header->worker_count; i++) {
        slots_clear(ring->producers[i].shared->triggers);
    }
    header->trigger_count = count < FLIGHT_TRIGGERS_MAX ? count : FLIGHT_TRIGGERS_MAX;
    memset(header->triggers, 0, sizeof(header->triggers));
    if (header->trigger_count > 0) {
        memcpy(header->triggers, triggers, header->trigger_count * sizeof(*triggers));
    }
    atomic_store_explicit(&header->trigger_number, number + 2, memory_order_release);
}
