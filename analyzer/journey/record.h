/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_RECORD_H
#define XSW_ANALYZER_RECORD_H

/*
 * One packet record of a recording, decoded as far as everybody needs it:
 * formats/pcapng/stage_meta.h says what the members mean. Points into the reader's memory; valid
 * until the reader's next item.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "analyzer/journey/dictionary.h"
#include "formats/pcapng/pcapng_items.h"
#include "formats/pcapng/stage_meta.h"

struct record {
    uint64_t packet_id;
    uint64_t time_ns; /* since 1970 */
    uint64_t offset;  /* of the block in the file */
    uint64_t dropcount;
    struct meta_fixed fixed;
    struct dictionary_label port;   /* of `fixed`; record_read() does not know its name */
    struct dictionary_label source; /* by META_TLV_SOURCE; id 0: not told, or the switch itself */
    struct meta_reader items;       /* before the first TLV: record_items() */
    const uint8_t *bytes;
    uint32_t captured_length;
    uint32_t original_length;
    bool has_gap;
    bool has_changes;
    bool checksum_partial; /* the transport checksum was still to be finished */
};

/*
 * XSW_NOT_FOUND: the packet carries no metadata of ours, `record` is not filled. XSW_CORRUPT: it
 * does, and it breaks its format (checked to the last TLV), or has no packet id.
 */
enum xsw_status record_read(struct record *record, const struct pcapng_item *item,
                            struct xsw_error *error) XSW_MUST_CHECK;

static inline bool record_is_first(const struct record *record)
{
    return (record->fixed.flags & META_FIRST) != 0;
}

static inline bool record_is_last(const struct record *record)
{
    return (record->fixed.flags & META_LAST) != 0;
}

/* A reader before the first TLV, for record_next_item(). It has no fixed part: copying what was
 * just written would wait for it. */
static inline struct meta_reader record_items(const struct record *record)
{
    return (struct meta_reader){.next = record->items.next, .end = record->items.end};
}

/* The next TLV of a record that record_read() has checked; false after the last. */
bool record_next_item(struct meta_reader *items, struct meta_item *item);

#endif
