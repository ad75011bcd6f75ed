/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_STAGE_META_H
#define XSW_STAGE_META_H

/*
 * The metadata that xsw puts into pcapng: binary custom options (code 2989, copyable, so that
 * editcap and mergecap keep them) under our enterprise number. docs: xsw-pcapng(5).
 *
 * How a journey looks in the file. A journey is one packet id from its first record to its last. A
 * packet received at a port starts one; so does a copy (flood, mirror, clone), whose first record
 * has kind META_CLONE and names its parent. Records of a journey, in time order:
 *
 *   first    at <source port>.rx, the bytes as they came in, META_FIRST; or, for a copy, kind
 *            META_CLONE at <destination port>.<stage that made it>, the bytes as copied, META_FIRST
 *   changed  kind META_CHANGED at <port>.<stage that changed it>, the bytes after the change, and
 *            one META_TLV_CHANGE for each range
 *   last     META_LAST: kind META_DROP at <port>.<stage that dropped it> with reason and rule; or
 *            kind META_PASS at <destination port>.tx, the packet was given to the port
 *
 * Stages that let the packet pass unchanged write no record: they are folded, in order, into the
 * META_TLV_HOPS of the next record, so that every stage between first and last is named once. A
 * record's own stage is not among its hops. A rule that decided without dropping is a
 * META_TLV_DECISION of the next record (or of the record of that stage).
 *
 * Ports: before forwarding (no destination yet) a record's port is the source port; behind it, the
 * destination port. Loss: the first record after a gap carries epb_dropcount = the journeys lost
 * and a META_TLV_GAP with the time span and the cause.
 *
 * Times in the packet records are CLOCK_MONOTONIC ns + the fixed offset (wall_ns - mono_ns) of the
 * section info.
 *
 * Layout of the option's data behind the enterprise number, all little-endian whatever the byte
 * order of the section:
 *   char magic[4] "XSW1"; u8 kind; …
 *   kind <  0x40 (on packets): u8 flags, u16 reason, u16 port, u16 stage, u32 rule, u32 flow_hash,
 *                u64 parent_id: 28 bytes; then TLVs: u8 type, u8 length, data
 *   kind >= 0x40 (on SHB, IDB, ISB): u8 last_chunk, u16 chunk_index, then a piece of a JSON text;
 *                the pieces of all options of that kind in that block, in order, make the text
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

enum {
    META_ENTERPRISE =
        32473, /* reserved for documentation by RFC 5612 until an own number is here */
    META_OPTION_CODE = 2989,
    META_FIXED_SIZE = 28,
    META_FORMAT = 1 /* the "format" member of every JSON text */
};

enum meta_kind {
    META_PASS = 0,
    META_DROP = 1,
    META_CHANGED = 2,
    META_PUNT = 3,
    META_CLONE = 4,
    META_CONSUMED = 5,   /* the end: a clone goes on in its place, whose parent it is */
    META_INJECTED = 6,   /* the beginning: the extension of that stage made it */
    META_SECTION = 0x40, /* SHB: who wrote this, dictionaries, configuration */
    META_TAP = 0x41,     /* IDB: one tap point, that is port × stage */
    META_SUMMARY = 0x42  /* last ISB: the account of losses and the switch's own counters */
};

enum meta_flag {
    META_FIRST = 0x01,
    META_LAST = 0x02,
    META_FLOOD = 0x04,             /* a copy made because there were several destinations */
    META_MIRROR = 0x08,            /* a copy made for a mirror port */
    META_UNDECLARED = 0x10,        /* changed by an extension that did not declare it */
    META_CHANGES_INCOMPLETE = 0x20 /* more changed than was kept; old bytes are as at the end */
};

enum meta_tlv {
    META_TLV_HOPS = 1,     /* n × { u16 stage, u16 zero, u32 ns since rx }, at most 31 a TLV */
    META_TLV_CHANGE = 2,   /* u16 stage, u16 offset, u8 old_length, u8 new_length, old…, new… */
    META_TLV_DECISION = 3, /* u16 stage, u16 zero, u32 rule */
    META_TLV_OFFLOAD =
        4, /* u8 flags, u8 gso_type, u16 header_length, gso_size, csum_start, csum_offset */
    META_TLV_VLAN = 5, /* u16 VLAN id that the ingress policy assigned */
    META_TLV_GAP =
        6, /* u64 from_mono_ns, u64 to_mono_ns, u64 journeys, u16 worker, u16 meta_loss */
    META_TLV_GENERATION = 7, /* u64 configuration generation that decided */
    META_TLV_STAGE_TIME = 8, /* u32 ns since rx at which this record's own stage was done */
    META_TLV_HELD = 10, /* u16 stage, u16 zero, u64 ns that it was kept there, u64 ns since boot
                           when     the packet came in */
    META_TLV_UNDECLARED = 9, /* u16 stage: its extension changed bytes without declaring it. In
                               rings only: on a record of a file it is the flag META_UNDECLARED */
    META_TLV_SOURCE = 11 /* u16 port, and its name: on the first record of what was copied or made,
                            whose own port may be another: where it came from */
};

/* Why capture lost a journey. Names are in meta_loss_name(). */
enum meta_loss {
    META_LOSS_RING_FULL = 1,   /* the recorder did not keep up */
    META_LOSS_TOO_BIG = 2,     /* one journey larger than half of the ring */
    META_LOSS_DISK = 3,        /* the file could not be written */
    META_LOSS_PAST_LIMIT = 4,  /* arrived after the count or time limit was reached */
    META_LOSS_READER = 5,      /* in a ring that made no sense to the recorder */
    META_LOSS_BUDGET = 6,      /* the session had used up its share of the worker's time */
    META_LOSS_RATE = 7,        /* more a second than the session wants */
    META_LOSS_OVERWRITTEN = 8, /* in a flight recorder, before it was read */
    META_LOSS_COUNT
};

/* Stages of extensions have ids from here on. Their rules have numbers of 24 bits and, above them,
 * the port whose table the rule stands in; 0: the extension's own. */
enum { META_STAGE_EXTENSIONS = 8 };

static inline uint32_t meta_rule_number(uint16_t stage, uint32_t rule)
{
    return stage >= META_STAGE_EXTENSIONS ? rule & 0xffffff : rule;
}

static inline uint16_t meta_rule_table(uint16_t stage, uint32_t rule)
{
    return stage >= META_STAGE_EXTENSIONS ? (uint16_t)(rule >> 24) : 0;
}

struct meta_fixed {
    uint8_t kind;
    uint8_t flags;
    uint16_t reason;
    uint16_t port;
    uint16_t stage;
    uint32_t rule;
    uint32_t flow_hash;
    uint64_t parent_id;
};

struct meta_hop {
    uint16_t stage;
    uint32_t since_rx_ns;
};

/* One changed range: old_length bytes at offset became new_length bytes. A pure insertion has
 * old_length 0, a pure removal new_length 0. `bytes` holds the old ones, then the new ones. Ranges
 * of one stage are in ascending offset; offsets count in the frame as it is after the ranges before
 * it of that stage have been applied. */
struct meta_change {
    uint16_t stage;
    uint16_t offset;
    uint8_t old_length;
    uint8_t new_length;
    const uint8_t *bytes;
};

enum {
    META_CHANGE_BYTES_MAX = 240
}; /* old_length + new_length of one TLV; longer ranges are split */

struct meta_decision {
    uint16_t stage;
    uint32_t rule;
};

struct meta_offload {
    uint8_t flags, gso_type;
    uint16_t header_length, gso_size, csum_start, csum_offset;
};

struct meta_held {
    uint16_t stage;
    uint64_t held_ns, rx_mono_ns;
};

struct meta_gap {
    uint64_t from_mono_ns, to_mono_ns, journeys;
    uint16_t worker, cause;
};

/*
 * Encoding: a bounded builder over the caller's buffer. When something does not fit, `overflow` is
 * set and nothing more is written; the caller checks once at the end.
 */
struct meta_builder {
    uint8_t *bytes; /* starts with the enterprise number, as the option's data does */
    size_t size;
    size_t length;
    int overflow;
};

void meta_build(struct meta_builder *builder, void *buffer, size_t size,
                const struct meta_fixed *fixed);
void meta_add_hops(struct meta_builder *builder, const struct meta_hop *hops, size_t count);
void meta_add_change(struct meta_builder *builder, const struct meta_change *change);
void meta_add_decision(struct meta_builder *builder, const struct meta_decision *decision);
void meta_add_offload(struct meta_builder *builder, const struct meta_offload *offload);
void meta_add_gap(struct meta_builder *builder, const struct meta_gap *gap);
void meta_add_held(struct meta_builder *builder, const struct meta_held *held);
void meta_add_vlan(struct meta_builder *builder, uint16_t vlan);
void meta_add_generation(struct meta_builder *builder, uint64_t generation);
/* `name`: null or "", or what the port is called; at most 64 bytes of it. */
void meta_add_source(struct meta_builder *builder, uint16_t port, const char *name);
void meta_add_undeclared(struct meta_builder *builder, uint16_t stage);
void meta_add_stage_time(struct meta_builder *builder, uint32_t since_rx_ns);

/*
 * Decoding. `bytes` is the option's data, enterprise number first; XSW_NOT_FOUND when the number or
 * the magic is not ours, XSW_CORRUPT when it is ours and broken. Results point into `bytes`.
 */
struct meta_reader {
    struct meta_fixed fixed;
    const uint8_t *next;
    const uint8_t *end;
};

struct meta_item {
    enum meta_tlv type;
    size_t hop_count; /* META_TLV_HOPS: use meta_hop_at() */
    const uint8_t *data;
    union {
        struct meta_change change;
        struct meta_decision decision;
        struct meta_offload offload;
        struct meta_gap gap;
        struct meta_held held;
        uint16_t vlan;
        uint64_t generation;
        uint32_t since_rx_ns;
        uint16_t stage; /* META_TLV_UNDECLARED */
        struct {
            uint16_t port;
            uint16_t name_length; /* 0: not told */
            const char *name;     /* without an end of its own */
        } source;                 /* META_TLV_SOURCE */
    };
};

enum xsw_status meta_read(struct meta_reader *reader, const void *bytes, size_t size,
                          struct xsw_error *error) XSW_MUST_CHECK;
/* The next TLV; unknown types are stepped over. XSW_END after the last. */
enum xsw_status meta_next(struct meta_reader *reader, struct meta_item *item,
                          struct xsw_error *error) XSW_MUST_CHECK;
struct meta_hop meta_hop_at(const struct meta_item *item, size_t index);

/* "ring-full" …; "unknown" for anything else. */
const char *meta_loss_name(unsigned cause);

#endif
