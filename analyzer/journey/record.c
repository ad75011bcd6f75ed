/* SPDX-License-Identifier: Apache-2.0 */
/* See record.h. */
#include "analyzer/journey/record.h"

#include <inttypes.h>

#include "base/error.h"
#include "formats/pcapng/pcapng_wire.h"
#include "packet/packet.h"

bool record_next_item(struct meta_reader *items, struct meta_item *item)
{
    return meta_next(items, item, NULL) == XSW_OK;
}

/* Walks all TLVs once, so that nobody behind this has to fear them. */
static enum xsw_status items_check(struct record *record, struct xsw_error *error)
{
    struct meta_reader items = record_items(record);
    struct meta_item item;
    enum xsw_status status;
    while ((status = meta_next(&items, &item, error)) == XSW_OK) {
        if (item.type == META_TLV_GAP) {
            record->has_gap = true;
        } else if (item.type == META_TLV_CHANGE) {
            record->has_changes = true;
        } else if (item.type == META_TLV_OFFLOAD) {
            record->checksum_partial = (item.offload.flags & XSW_OFFLOAD_NEEDS_CHECKSUM) != 0;
        }
    }
    return status == XSW_END ? XSW_OK : status;
}

/* Member by member: to clear all of it first takes longer than to write it. */
static void packet_take(struct record *record, const struct pcapng_item *item)
{
    const struct pcapng_packet *packet = &item->packet;
    record->packet_id = packet->id;
    record->time_ns = packet->timestamp_ns;
    record->offset = item->offset;
    record->dropcount = packet->dropcount;
    record->port = (struct dictionary_label){.id = record->fixed.port};
    record->source = (struct dictionary_label){0};
    record->bytes = packet->data;
    record->captured_length = packet->captured_length;
    record->original_length = packet->original_length;
    record->has_gap = false;
    record->has_changes = false;
    record->checksum_partial = (packet->flags & PCAPNG_FLAG_CHECKSUM_NOT_READY) != 0;
}

enum xsw_status record_read(struct record *record, const struct pcapng_item *item,
                            struct xsw_error *error)
{
    const struct pcapng_packet *packet = &item->packet;
    if (packet->meta == NULL) {
        return XSW_NOT_FOUND;
    }
    enum xsw_status status = meta_read(&record->items, packet->meta, packet->meta_length, error);
    if (status < 0) {
        return status;
    }
    record->fixed = record->items.fixed;
    packet_take(record, item);
    if ((packet->has & PCAPNG_HAS_ID) == 0) {
        return error_set(error, XSW_CORRUPT,
                         "the record at byte %" PRIu64 " has no epb_packetid, expected the id of "
                         "its journey",
                         item->offset);
    }
    if (record->fixed.kind > META_INJECTED) {
        return error_set(error, XSW_CORRUPT,
                         "the record at byte %" PRIu64 " is of kind %u, expected 0 to %d",
                         item->offset, record->fixed.kind, META_INJECTED);
    }
    if (record->fixed.kind == META_DROP && !record_is_last(record)) {
        return error_set(error, XSW_CORRUPT,
                         "the record at byte %" PRIu64 " is a drop and not the last of its journey",
                         item->offset);
    }
    if (record_is_last(record) &&
        (record->fixed.kind == META_CHANGED || record->fixed.kind == META_CLONE)) {
        return error_set(error, XSW_CORRUPT,
                         "the record at byte %" PRIu64 " is the last of its journey and tells no "
                         "end, expected a drop or a delivery",
                         item->offset);
    }
    return items_check(record, error);
}
