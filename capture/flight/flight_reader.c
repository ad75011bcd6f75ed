/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/flight/flight_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { LOOKS_MAX = 64 }; /* at what changes while one looks */

struct flight_reader {
    int fd;
    struct flight_info info;
    struct flight_layout layout;
    /* As checked when it was opened; what the header says later is not asked. */
    uint32_t worker_count, block_size, block_count;
    char name[];
};

/* Bytes -------------------------------------------------------------------------------------- */

/* Exactly so many, or an error. What the next call reads is not older than this: the kernel takes
 * the page's lock, or the like, between two of them. */
static enum xsw_status bytes_read(struct flight_reader *reader, uint64_t at, void *bytes,
                                  size_t size, struct xsw_error *error)
{
    uint8_t *to = bytes;
    size_t done = 0;
    while (done < size) {
        ssize_t length = pread(reader->fd, to + done, size - done, (off_t)(at + done));
        if (length < 0 && errno == EINTR) {
            continue;
        }
        if (length < 0) {
            return error_errno(error, "%s: cannot be read at %llu", reader->name,
                               (unsigned long long)(at + done));
        }
        if (length == 0) {
            return error_set(error, XSW_CORRUPT, "%s: ends at %llu; expected %llu bytes",
                             reader->name, (unsigned long long)(at + done),
                             (unsigned long long)reader->layout.size);
        }
        done += (size_t)length;
    }
    return XSW_OK;
}

/* Opening ------------------------------------------------------------------------------------ */

static void text_end(char *text, size_t size)
{
    text[size - 1] = '\0';
}

static void texts_end(struct flight_header *header)
{
    text_end(header->switch_name, sizeof(header->switch_name));
    text_end(header->switch_uuid, sizeof(header->switch_uuid));
    text_end(header->name, sizeof(header->name));
    text_end(header->host, sizeof(header->host));
    text_end(header->filter, sizeof(header->filter));
    text_end(header->where, sizeof(header->where));
    for (uint32_t i = 0; i < FLIGHT_TRIGGERS_MAX; i++) {
        text_end(header->triggers[i].name, sizeof(header->triggers[i].name));
        text_end(header->triggers[i].text, sizeof(header->triggers[i].text));
    }
    if (header->trigger_count > FLIGHT_TRIGGERS_MAX) {
        header->trigger_count = FLIGHT_TRIGGERS_MAX;
    }
}

static bool is_locked(int fd)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

enum xsw_status flight_reader_look(struct flight_reader *reader, struct xsw_error *error)
{
    struct flight_header *header = &reader->info.header;
    enum xsw_status status = XSW_OK;
    uint64_t number = 0;
    uint64_t after = 1;
    /* The triggers may be changed while they are read. */
    for (int look = 0; status == XSW_OK && look < LOOKS_MAX && (number != after || number % 2 != 0);
         look++) {
        status = bytes_read(reader, 0, header, sizeof(*header), error);
        number = atomic_load_explicit(&header->trigger_number, memory_order_relaxed);
        if (status == XSW_OK) {
            status = bytes_read(reader, offsetof(struct flight_header, trigger_number), &after,
                                sizeof(after), error);
        }
    }
    texts_end(header);
    reader->info.is_living = is_locked(reader->fd);
    return status;
}

static enum xsw_status header_check(struct flight_reader *reader, uint64_t file_size,
                                    struct xsw_error *error)
{
    const struct flight_header *header = &reader->info.header;
    bool is_new = atomic_load_explicit(&header->state, memory_order_relaxed) == FLIGHT_STATE_NEW;
    if (is_new && reader->info.is_living) {
        return error_set(error, XSW_AGAIN, "%s: is just being made", reader->name);
    }
    if (memcmp(header->magic, "XSWFLGT", 8) != 0) {
        return error_set(error, XSW_CORRUPT,
                         "%s: byte 0: expected the memory of a flight recorder, \"XSWFLGT\"",
                         reader->name);
    }
    if (header->version != FLIGHT_VERSION || header->header_size != sizeof(*header) ||
        header->worker_size != sizeof(struct flight_worker) ||
        header->block_header_size != sizeof(struct flight_block)) {
        return error_set(error, XSW_CORRUPT,
                         "%s: byte 8: was made by another version of xsw: expected %d, with a "
                         "header of %zu bytes; read it with the xsw of that version",
                         reader->name, FLIGHT_VERSION, sizeof(*header));
    }
    if (!flight_geometry_is_sane(header->worker_count, header->block_size, header->block_count)) {
        return error_set(error, XSW_CORRUPT,
                         "%s: byte %zu: %u workers with %u blocks of %u bytes make no sense",
                         reader->name, offsetof(struct flight_header, worker_count),
                         header->worker_count, header->block_count, header->block_size);
    }
    reader->worker_count = header->worker_count;
    reader->block_size = header->block_size;
    reader->block_count = header->block_count;
    reader->layout =
        flight_layout_of(reader->worker_count, reader->block_size, reader->block_count);
    if (file_size != reader->layout.size) {
        return error_set(error, XSW_CORRUPT, "%s: has %llu bytes; expected %llu by its header",
                         reader->name, (unsigned long long)file_size,
                         (unsigned long long)reader->layout.size);
    }
    return XSW_OK;
}

static enum xsw_status reader_begin(struct flight_reader *reader, struct xsw_error *error)
{
    struct stat file;
    if (fstat(reader->fd, &file) != 0) {
        return error_errno(error, "%s: cannot be looked at", reader->name);
    }
    if (!S_ISREG(file.st_mode) || (uint64_t)file.st_size < sizeof(struct flight_header)) {
        return error_set(error, XSW_CORRUPT,
                         "%s: expected the memory of a flight recorder, a file of %zu bytes or "
                         "more",
                         reader->name, sizeof(struct flight_header));
    }
    reader->layout.size = (uint64_t)file.st_size;
    enum xsw_status status = flight_reader_look(reader, error);
    if (status == XSW_OK) {
        status = header_check(reader, (uint64_t)file.st_size, error);
    }
    return status;
}

enum xsw_status flight_reader_open_fd(int fd, const char *name, struct flight_reader **reader,
                                      struct xsw_error *error)
{
    size_t name_size = strlen(name) + 1;
    struct flight_reader *made = calloc(1, sizeof(*made) + name_size);
    if (made == NULL) {
        close(fd);
        return error_set(error, XSW_NO_MEMORY, "no memory to read a flight recorder");
    }
    made->fd = fd;
    memcpy(made->name, name, name_size);
    enum xsw_status status = reader_begin(made, error);
    if (status != XSW_OK) {
        flight_reader_close(made);
        return status;
    }
    *reader = made;
    return XSW_OK;
}

enum xsw_status flight_reader_open(const char *path, struct flight_reader **reader,
                                   struct xsw_error *error)
{
    /* Not to wait for the other side when somebody put a pipe there. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        bool is_missing = errno == ENOENT;
        error_errno(error, "%s: cannot be opened", path);
        if (is_missing && error != NULL) {
            error->status = XSW_NOT_FOUND;
        }
        return is_missing ? XSW_NOT_FOUND : XSW_IO;
    }
    return flight_reader_open_fd(fd, path, reader, error);
}

void flight_reader_close(struct flight_reader *reader)
{
    if (reader != NULL) {
        close(reader->fd);
        free(reader);
    }
}

const struct flight_info *flight_reader_info(const struct flight_reader *reader)
{
    return &reader->info;
}

const char *flight_reader_name(const struct flight_reader *reader)
{
    return reader->name;
}

/* Beside the blocks -------------------------------------------------------------------------- */

static uint64_t slot_number(const struct flight_header *header, unsigned slot)
{
    return atomic_load_explicit(&header->dictionaries[slot].number, memory_order_relaxed);
}

/* XSW_AGAIN: it was changed meanwhile. */
static enum xsw_status slot_read(struct flight_reader *reader, unsigned slot, char **json,
                                 struct xsw_error *error)
{
    const struct flight_header *header = &reader->info.header;
    uint64_t number = slot_number(header, slot);
    uint64_t length =
        atomic_load_explicit(&header->dictionaries[slot].length, memory_order_relaxed);
    if (length > FLIGHT_DICTIONARY_SIZE) {
        return error_set(error, XSW_CORRUPT, "%s: a dictionary of %llu bytes; expected at most %d",
                         reader->name, (unsigned long long)length, FLIGHT_DICTIONARY_SIZE);
    }
    char *text = calloc(1, length + 1);
    if (text == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a dictionary");
    }
    uint64_t at = reader->layout.dictionaries + slot * (uint64_t)FLIGHT_DICTIONARY_SIZE;
    enum xsw_status status = bytes_read(reader, at, text, length, error);
    if (status == XSW_OK) {
        status = flight_reader_look(reader, error);
    }
    if (status == XSW_OK && slot_number(header, slot) != number) {
        status = XSW_AGAIN;
    }
    if (status != XSW_OK) {
        free(text);
        return status;
    }
    *json = text;
    return XSW_OK;
}

enum xsw_status flight_reader_dictionary(struct flight_reader *reader, char **json,
                                         struct xsw_error *error)
{
    enum xsw_status status = flight_reader_look(reader, error);
    for (int look = 0; status == XSW_OK && look < LOOKS_MAX; look++) {
        const struct flight_header *header = &reader->info.header;
        unsigned newer = slot_number(header, 1) > slot_number(header, 0);
        if (slot_number(header, newer) == 0) {
            break;
        }
        status = slot_read(reader, newer, json, error);
        if (status != XSW_AGAIN) {
            return status;
        }
        status = XSW_OK;
    }
    return status != XSW_OK ? status
                            : error_set(error, XSW_NOT_FOUND, "%s: has no dictionary that is whole",
                                        reader->name);
}

enum xsw_status flight_reader_worker(struct flight_reader *reader, uint32_t worker,
                                     struct flight_worker_view *view, struct xsw_error *error)
{
    struct flight_worker shared;
    uint64_t at = reader->layout.workers + worker * sizeof(shared);
    enum xsw_status status = bytes_read(reader, at, &shared, sizeof(shared), error);
    if (status != XSW_OK) {
        return status;
    }
    *view = (struct flight_worker_view){
        .newest = atomic_load_explicit(&shared.newest, memory_order_relaxed)};
    view->is_opening = atomic_load_explicit(&shared.opening, memory_order_relaxed) != view->newest;
    for (uint32_t stage = 0; stage < STAGES_MAX; stage++) {
        struct capture_account one;
        ring_account_read(&shared.stages[stage], &one);
        capture_account_add(&view->account, &one);
    }
    for (uint32_t i = 0; i < FLIGHT_TRIGGERS_MAX; i++) {
        const struct flight_trigger_slot *slot = &shared.triggers[i];
        view->fires[i] = atomic_load_explicit(&slot->fires, memory_order_relaxed);
        view->early[i] = atomic_load_explicit(&slot->early, memory_order_relaxed);
        view->fire_mono_ns[i] = atomic_load_explicit(&slot->fire_mono_ns, memory_order_relaxed);
        view->fire_packet_id[i] = atomic_load_explicit(&slot->fire_packet_id, memory_order_relaxed);
    }
    return XSW_OK;
}

/* Blocks ------------------------------------------------------------------------------------- */

static uint64_t records_max(const struct flight_reader *reader)
{
    return reader->block_size - sizeof(struct flight_block) - RING_SLACK;
}

static uint64_t block_at(const struct flight_reader *reader, uint32_t worker, uint64_t index)
{
    return reader->layout.blocks + worker * reader->layout.worker_bytes +
           index * reader->block_size;
}

static enum xsw_status block_head(struct flight_reader *reader, uint64_t at,
                                  struct flight_block *block, struct xsw_error *error)
{
    return bytes_read(reader, at, block, sizeof(*block), error);
}

static uint64_t sequence_of(const struct flight_block *block)
{
    return atomic_load_explicit(&block->sequence, memory_order_relaxed);
}

static uint64_t committed_of(const struct flight_block *block)
{
    return atomic_load_explicit(&block->committed, memory_order_relaxed);
}

enum xsw_status flight_reader_place(struct flight_reader *reader, uint32_t worker, uint32_t index,
                                    struct flight_place *place, struct xsw_error *error)
{
    struct flight_block block;
    uint64_t at = block_at(reader, worker, index);
    enum xsw_status status = block_head(reader, at, &block, error);
    if (status != XSW_OK) {
        return status;
    }
    *place = (struct flight_place){
        .sequence = sequence_of(&block),
        .committed = committed_of(&block),
        .first_mono_ns = block.first_mono_ns,
        .last_mono_ns = atomic_load_explicit(&block.last_mono_ns, memory_order_relaxed),
        .journeys_before = block.journeys_before};
    uint64_t word = 0;
    if (place->sequence != 0 && place->committed + sizeof(word) <= records_max(reader)) {
        status =
            bytes_read(reader, at + sizeof(block) + place->committed, &word, sizeof(word), error);
    }
    place->has_more = word != 0;
    return status;
}

/* Whether the worker has gone on behind `sequence`. */
static enum xsw_status is_left(struct flight_reader *reader, uint32_t worker, uint64_t sequence,
                               bool *left, struct xsw_error *error)
{
    struct flight_block next;
    uint64_t at = block_at(reader, worker, sequence % reader->block_count);
    enum xsw_status status = block_head(reader, at, &next, error);
    *left = status == XSW_OK && sequence_of(&next) > sequence;
    return status;
}

static enum xsw_status copy_corrupt(const struct flight_copy *copy, uint64_t place,
                                    struct xsw_error *error)
{
    return error_set(error, XSW_CORRUPT,
                     "block %llu of worker %u makes no sense at byte %llu: the rest of it is lost",
                     (unsigned long long)copy->sequence, copy->worker, (unsigned long long)place);
}

static enum xsw_status copy_fill(struct flight_reader *reader, uint64_t at,
                                 const struct flight_block *block, struct flight_copy *copy,
                                 struct xsw_error *error)
{
    uint64_t committed = committed_of(block);
    copy->first_mono_ns = block->first_mono_ns;
    copy->last_mono_ns = atomic_load_explicit(&block->last_mono_ns, memory_order_relaxed);
    copy->journeys_before = block->journeys_before;
    copy->account = block->account;
    if (committed > records_max(reader) || committed % 8 != 0) {
        committed = 0; /* not ours to believe: it is told as a block that holds nothing */
    }
    copy->size = (uint32_t)committed;
    copy->bytes = malloc(committed > 0 ? committed : 1);
    if (copy->bytes == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a block of a flight recorder");
    }
    return bytes_read(reader, at + sizeof(*block), copy->bytes, committed, error);
}

enum xsw_status flight_reader_copy(struct flight_reader *reader, uint32_t worker, uint64_t sequence,
                                   struct flight_copy *copy, struct xsw_error *error)
{
    struct flight_block block;
    bool left = false;
    uint64_t at = block_at(reader, worker, (sequence - 1) % reader->block_count);
    *copy = (struct flight_copy){.worker = worker, .sequence = sequence};
    /* In this order: what is committed in a block that was left before is final. */
    enum xsw_status status = is_left(reader, worker, sequence, &left, error);
    if (status == XSW_OK) {
        status = block_head(reader, at, &block, error);
    }
    if (status != XSW_OK) {
        return status;
    }
    uint64_t there = sequence_of(&block);
    if (there != sequence) {
        return there > sequence || left ? XSW_NOT_FOUND : XSW_AGAIN;
    }
    copy->is_closed = left;
    status = copy_fill(reader, at, &block, copy, error);
    if (status == XSW_OK) {
        status = block_head(reader, at, &block, error);
    }
    if (status == XSW_OK && sequence_of(&block) != sequence) {
        status = XSW_NOT_FOUND;
    }
    if (status != XSW_OK) {
        flight_copy_free(copy);
    }
    return status;
}

enum xsw_status flight_copy_next(struct flight_copy *copy, const struct ring_record **record,
                                 struct xsw_error *error)
{
    if (copy->next == copy->size) {
        return XSW_END;
    }
    uint64_t room = copy->size - copy->next;
    const struct ring_record *next =
        (const struct ring_record *)(const void *)(copy->bytes + copy->next);
    bool is_sane = room >= sizeof(*next) && ring_record_is_sane(next, room) &&
                   next->type != RING_PAD && (next->type != RING_JOURNEY || copy->has_timeline);
    if (!is_sane) {
        enum xsw_status status = copy_corrupt(copy, copy->next, error);
        copy->next = copy->size;
        return status;
    }
    copy->has_timeline = copy->has_timeline || next->type == RING_TIMELINE;
    copy->next += next->size;
    *record = next;
    return XSW_OK;
}

void flight_copy_free(struct flight_copy *copy)
{
    free(copy->bytes);
    copy->bytes = NULL;
}

/* Cursors ------------------------------------------------------------------------------------ */

/* The lowest sequence that is there with anything at or behind a point in time; `from` 0: with
 * anything at all. When all of it was before, the newest. */
static enum xsw_status first_find(struct flight_cursor *cursor, uint64_t from_mono_ns,
                                  uint64_t above, struct xsw_error *error)
{
    struct flight_reader *reader = cursor->reader;
    uint64_t found = 0;
    uint64_t newest = 0;
    for (uint32_t i = 0; i < reader->block_count; i++) {
        struct flight_block block;
        uint64_t at = block_at(reader, cursor->worker, i);
        enum xsw_status status = block_head(reader, at, &block, error);
        if (status != XSW_OK) {
            return status;
        }
        uint64_t sequence = sequence_of(&block);
        /* A number that cannot stand here is not one that a worker wrote. */
        if (sequence <= above || (sequence - 1) % reader->block_count != i) {
            continue;
        }
        newest = sequence > newest ? sequence : newest;
        bool is_late =
            atomic_load_explicit(&block.last_mono_ns, memory_order_relaxed) >= from_mono_ns;
        found = is_late && (found == 0 || sequence < found) ? sequence : found;
    }
    cursor->sequence = found != 0 ? found : newest != 0 ? newest : above + 1;
    return XSW_OK;
}

enum xsw_status flight_cursor_init(struct flight_cursor *cursor, struct flight_reader *reader,
                                   uint32_t worker, uint64_t from_mono_ns, struct xsw_error *error)
{
    *cursor = (struct flight_cursor){.reader = reader, .worker = worker};
    return first_find(cursor, from_mono_ns, 0, error);
}

enum xsw_status flight_cursor_take(struct flight_cursor *cursor, bool takes_open,
                                   struct flight_copy *copy, struct xsw_error *error)
{
    for (int look = 0; look < LOOKS_MAX; look++) {
        enum xsw_status status =
            flight_reader_copy(cursor->reader, cursor->worker, cursor->sequence, copy, error);
        if (status == XSW_NOT_FOUND) {
            status = first_find(cursor, 0, cursor->sequence, error);
            if (status != XSW_OK) {
                return status;
            }
            continue;
        }
        if (status != XSW_OK) {
            return status;
        }
        if (!copy->is_closed && !takes_open) {
            flight_copy_free(copy);
            return XSW_AGAIN;
        }
        cursor->sequence++;
        return XSW_OK;
    }
    return XSW_AGAIN; /* the worker is that much faster; later, then */
}
