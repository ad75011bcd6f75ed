/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker keeps for its observers: the timeline of the running batch, notes of packets that
 * something happened to, and the bytes from before a stage that may change them. All of it is made
 * at the start, and there is enough of it for all the packets that a worker can have at a time. */
#include "switch/path/observe.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "formats/pcapng/stage_meta.h"
#include "switch/path/byte_diff.h"

/* Room for a whole batch of the largest frames, also when an extension has made them larger. */
enum { MEMORY_BYTES = XSW_BATCH_MAX * (PACKET_HEADROOM + PACKET_LARGE_BYTES) };

struct watcher {
    struct timeline timeline;
    struct remembered remembered[XSW_BATCH_MAX];
    struct packet_notes *free[NOTES_COUNT];
    uint32_t free_count;
    struct packet_notes *notes; /* NOTES_OF_BATCH */
    /* NOTES_OF_HELD: address space only, until so many packets are held while somebody looks on. */
    struct packet_notes *held_notes;
    uint8_t *memory; /* MEMORY_BYTES for the remembered bytes */
};

enum xsw_status watcher_create(struct watcher **watcher, struct xsw_error *error)
{
    struct watcher *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a worker's observers");
    }
    void *notes = NULL;
    void *memory = NULL;
    enum xsw_status status =
        memory_map(NOTES_OF_BATCH * sizeof(struct packet_notes), &notes, error);
    if (status == XSW_OK) {
        made->notes = notes;
        status = memory_map(MEMORY_BYTES, &memory, error);
        made->memory = memory;
    }
    made->held_notes = calloc(NOTES_OF_HELD, sizeof(struct packet_notes));
    if (status == XSW_OK && made->held_notes == NULL) {
        status = error_set(error, XSW_NO_MEMORY, "no memory for a worker's observers");
    }
    if (status != XSW_OK) {
        watcher_destroy(made);
        return status;
    }
    /* The last ones are taken first. */
    for (uint32_t i = 0; i < NOTES_COUNT; i++) {
        made->free[i] = i < NOTES_OF_HELD ? &made->held_notes[i] : &made->notes[i - NOTES_OF_HELD];
    }
    made->free_count = NOTES_COUNT;
    *watcher = made;
    return XSW_OK;
}

void watcher_destroy(struct watcher *watcher)
{
    if (watcher == NULL) {
        return;
    }
    memory_unmap(watcher->notes, NOTES_OF_BATCH * sizeof(struct packet_notes));
    free(watcher->held_notes);
    memory_unmap(watcher->memory, MEMORY_BYTES);
    free(watcher);
}

struct timeline *watcher_timeline(struct watcher *watcher)
{
    return &watcher->timeline;
}

static struct packet_notes *notes_of(struct watcher *watcher, struct packet *packet)
{
    if (packet->notes == NULL) {
        packet->notes = watcher->free[--watcher->free_count];
        packet->notes->length = 0;
        packet->notes->flags = 0;
    }
    return packet->notes;
}

static struct meta_builder builder_of(struct packet_notes *notes)
{
    return (struct meta_builder){
        .bytes = notes->bytes, .size = NOTES_BYTES, .length = notes->length};
}

static void notes_store(struct packet_notes *notes, const struct meta_builder *builder)
{
    if (builder->overflow) {
        notes->flags |= NOTES_INCOMPLETE;
    } else {
        notes->length = (uint16_t)builder->length;
    }
}

void watcher_note_decision(struct watcher *watcher, struct packet *packet, uint16_t stage,
                           uint32_t rule)
{
    struct packet_notes *notes = notes_of(watcher, packet);
    struct meta_builder builder = builder_of(notes);
    meta_add_decision(&builder, &(struct meta_decision){.stage = stage, .rule = rule});
    notes_store(notes, &builder);
}

static void note_change(struct packet_notes *notes, uint16_t stage,
                        const struct byte_change *change)
{
    uint8_t bytes[META_CHANGE_BYTES_MAX];
    memcpy(bytes, change->old_bytes, change->old_length);
    memcpy(bytes + change->old_length, change->new_bytes, change->new_length);
    struct meta_change meta = {.stage = stage,
                               .offset = change->offset,
                               .old_length = change->old_length,
                               .new_length = change->new_length,
                               .bytes = bytes};
    struct meta_builder builder = builder_of(notes);
    meta_add_change(&builder, &meta);
    notes_store(notes, &builder);
}

void watcher_note_change(struct watcher *watcher, struct packet *packet, uint16_t stage,
                         const struct byte_change *change)
{
    note_change(notes_of(watcher, packet), stage, change);
}

void watcher_forget(struct watcher *watcher, struct packet *const *packets, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (packets[i]->notes != NULL) {
            watcher->free[watcher->free_count++] = packets[i]->notes;
            packets[i]->notes = NULL;
        }
    }
}

void watcher_remember(struct watcher *watcher, struct packet *const *packets, uint32_t count,
                      uint32_t snap_length)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct xsw_packet *seen = &packets[i]->seen;
        struct remembered *entry = &watcher->remembered[i];
        /* A frame that has grown is captured as much longer: see capture/tap.c. */
        uint32_t rx_length = packets[i]->rx_length;
        uint32_t grown = seen->length > rx_length ? seen->length - rx_length : 0;
        uint32_t wanted = seen->length - grown < snap_length ? seen->length : snap_length + grown;
        entry->length = seen->length;
        entry->kept_length = packets[i]->watch == 0 ? 0 : wanted;
        entry->bytes = watcher->memory + used;
        memcpy(watcher->memory + used, seen->data, entry->kept_length);
        used += entry->kept_length;
    }
}

static void compare(struct watcher *watcher, struct packet *packet, const struct remembered *before,
                    uint16_t stage, int is_declared)
{
    const struct xsw_packet *seen = &packet->seen;
    struct byte_diff diff;
    byte_diff_begin(&diff, before->bytes, before->length, before->kept_length, seen->data,
                    seen->length);
    struct byte_change change;
    struct packet_notes *notes = NULL;
    while (byte_diff_next(&diff, &change)) {
        notes = notes_of(watcher, packet);
        note_change(notes, stage, &change);
    }
    if (diff.is_cut) {
        notes = notes_of(watcher, packet);
        notes->flags |= NOTES_INCOMPLETE;
    }
    if (notes != NULL && !is_declared) {
        struct meta_builder builder = builder_of(notes);
        meta_add_undeclared(&builder, stage);
        notes_store(notes, &builder);
    }
}

void watcher_compare_one(struct watcher *watcher, struct packet *packet,
                         const struct remembered *before, uint16_t stage, int is_declared)
{
    if (packet->watch != 0 && packet_is_sane(packet)) {
        compare(watcher, packet, before, stage, is_declared);
    }
}

void watcher_note_incomplete(struct watcher *watcher, struct packet *packet)
{
    notes_of(watcher, packet)->flags |= NOTES_INCOMPLETE;
}

void watcher_compare(struct watcher *watcher, struct packet *const *packets, uint32_t count,
                     uint16_t stage, int is_declared)
{
    for (uint32_t i = 0; i < count; i++) {
        watcher_compare_one(watcher, packets[i], &watcher->remembered[i], stage, is_declared);
    }
}
