/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as a capture file. Every byte that an item points to is read, so that a
 * sanitizer sees a pointer or length that is wrong. Build with clang and -fsanitize=fuzzer, or with
 * corpus_runner.c, which needs no fuzzer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats/pcapng/pcapng_read.h"
#include "formats/pcapng/stage_meta.h"
#include "fuzz/target.h"

static volatile unsigned sink; /* so that no reading is optimised away */

static void touch(const void *bytes, size_t length)
{
    const uint8_t *next = bytes;
    unsigned sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum += next[i];
    }
    sink += sum;
}

static void touch_text(const char *text)
{
    if (text != NULL) {
        touch(text, strlen(text));
    }
}

static void touch_json(const struct pcapng_json *json)
{
    if (json->text != NULL) {
        touch(json->text, json->length + 1);
    }
    touch_text(json->problem);
}

static void touch_meta(const struct pcapng_packet *packet)
{
    struct meta_reader reader;
    struct meta_item item;
    struct xsw_error error;
    if (packet->meta == NULL ||
        meta_read(&reader, packet->meta, packet->meta_length, &error) != XSW_OK) {
        return;
    }
    while (meta_next(&reader, &item, &error) == XSW_OK) {
        if (item.type == META_TLV_HOPS) {
            sink += meta_hop_at(&item, item.hop_count - 1).stage;
        }
        if (item.type == META_TLV_CHANGE) {
            touch(item.change.bytes, (size_t)item.change.old_length + item.change.new_length);
        }
    }
}

static void touch_item(const struct pcapng_item *item)
{
    switch (item->kind) {
    case PCAPNG_SECTION:
        touch_text(item->section.hardware);
        touch_text(item->section.os);
        touch_text(item->section.application);
        touch_text(item->section.comment);
        touch_json(&item->section.json);
        break;
    case PCAPNG_INTERFACE:
        touch_text(item->interface.name);
        touch_text(item->interface.description);
        touch_text(item->interface.filter);
        touch(item->interface.mac, item->interface.mac != NULL ? 6 : 0);
        touch_json(&item->interface.json);
        break;
    case PCAPNG_PACKET:
        touch(item->packet.data, item->packet.captured_length);
        touch(item->packet.comment, item->packet.comment_length);
        touch_meta(&item->packet);
        break;
    case PCAPNG_STATISTICS:
        touch_text(item->statistics.comment);
        touch_json(&item->statistics.json);
        break;
    case PCAPNG_EVENT:
        touch_text(item->event.source);
        touch_text(item->event.host);
        touch_text(item->event.boot_id);
        touch_text(item->event.name);
        touch_text(item->event.message);
        for (size_t i = 0; i < item->event.field_count; i++) {
            touch_text(item->event.fields[i].name);
            touch_text(item->event.fields[i].value);
        }
        break;
    case PCAPNG_OTHER:
        break;
    }
}

/* Every item steps over a block of the input: more items than that would be a reader that hangs. A
 * compressed input may hold more, so it is stopped instead. */
static void read_items(struct pcapng_reader *reader, size_t size)
{
    enum { ITEMS_MAX = 1 << 16 };
    struct pcapng_item item;
    struct xsw_error error;
    uint64_t offset = 0;
    for (size_t items = 0; items < size + ITEMS_MAX; items++) {
        if (pcapng_reader_next(reader, &item, &error) != XSW_OK) {
            return;
        }
        if (item.offset < offset) {
            abort();
        }
        offset = item.offset;
        touch_item(&item);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pcapng_reader *reader;
    struct xsw_error error;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || (size > 0 && pwrite(fd, data, size, 0) != (ssize_t)size)) {
        abort();
    }
    if (pcapng_reader_open_fd(fd, "fuzz", &reader, &error) == XSW_OK) {
        read_items(reader, size);
        pcapng_reader_close(reader);
    }
    return 0;
}
