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
    struct meta_reader items = record->items;
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

enum xsw_status record_read(struct record *record, const struct pcapng_item *item,
                            struct xsw_error *error)
{
    const struct pcapng_packet *packet = &item->packet;
    if (packet->meta == NULL) {
        return XSW_NOT_FOUND;
    }
    *record =
        (struct record){.packet_id = packet->id,
                        .time_ns = packet->timestamp_ns,
                        .offset = item->offset,
                        .dropcount = packet->dropcount,
                        .bytes = packet->data,
                        .captured_length = packet->captured_length,
                        .original_length = packet->original_length,
                        .checksum_partial = (packet->flags & PCAPNG_FLAG_CHECKSUM_NOT_READY) != 0};
    enum xsw_status status = meta_read(&record->items, packet->meta, packet->meta_length, error);
    if (status < 0) {
        return status;
    }
    record->fixed = record->items.fixed;
    record->port.id = record->fixed.port;
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
