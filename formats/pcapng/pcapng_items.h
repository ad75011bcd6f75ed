/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAPNG_ITEMS_H
#define XSW_PCAPNG_ITEMS_H

/*
 * What stands in a capture file, as plain values: the reader (pcapng_read.h) fills these, the
 * writer (pcapng_write.h) takes them. Host byte order; times are ns since 1970.
 *
 * Texts end with a zero byte and are null when the file has none, except the packet's comment,
 * which points into the block and has a length. Nothing here owns memory: what the reader gives is
 * valid until its next call; what the writer is given is copied before its call returns.
 *
 * `json` is the text that our own files carry in custom options (formats/pcapng/stage_meta.h):
 * META_SECTION in a section, META_TAP in an interface, META_SUMMARY in statistics. It is null in
 * files of others. When pieces of it are there but do not make a whole, json is null and
 * json_problem says why.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PCAPNG_SNAP_LENGTH = 262144,     /* of each interface that we write: libpcap wants them equal */
    PCAPNG_JSON_MAX = 8 << 20,       /* bytes of one JSON text */
    PCAPNG_INTERFACES_MAX = 1 << 20, /* of one file */
    PCAPNG_EVENT_FIELDS_MAX = 48,    /* of one event, beside the members of the struct */
    PCAPNG_EVENT_LENGTH_MAX = 65536  /* bytes of an event that we write */
};

struct pcapng_json {
    const char *text;    /* null for none; ends with a zero byte when read */
    size_t length;       /* bytes, without the zero */
    const char *problem; /* reading: null, or a sentence on what is wrong with the pieces */
};

enum pcapng_format {
    PCAPNG_FORMAT_PCAPNG,
    PCAPNG_FORMAT_PCAP /* classic: one section and one interface are made up for it */
};

struct pcapng_section {
    enum pcapng_format format; /* read only */
    bool big_endian;           /* read only: we write little-endian */
    const char *hardware;
    const char *os;
    const char *application;
    const char *comment;
    struct pcapng_json json;
};

struct pcapng_interface {
    uint32_t index;       /* read only: running number over the whole file, from 0 */
    uint16_t linktype;    /* read only: we write PCAPNG_LINKTYPE_ETHERNET */
    uint32_t snap_length; /* read only: 0 is no limit; we write PCAPNG_SNAP_LENGTH */
    uint8_t tsresol;      /* read only: as in the file, 6 by default; we write 9 */
    int64_t tsoffset_s;   /* read only: already in the times; we write none */
    const char *name;
    const char *description;
    const char *hardware;
    const char *filter; /* pcap-filter expression */
    const char *comment;
    uint64_t speed_bits_per_second; /* 0: unknown */
    const uint8_t *mac;             /* 6 bytes, or null */
    struct pcapng_json json;
    struct pcapng_json section; /* in a stream the section's: see pcapng_writer_section */
};

/* struct pcapng_packet.has */
enum {
    PCAPNG_HAS_TIMESTAMP = 0x01, /* a simple packet block has none */
    PCAPNG_HAS_FLAGS = 0x02,
    PCAPNG_HAS_ID = 0x04,
    PCAPNG_HAS_QUEUE = 0x08,
    PCAPNG_HAS_DROPCOUNT = 0x10
};

struct pcapng_packet {
    uint32_t
        interface; /* struct pcapng_interface.index; writing: what pcapng_writer_interface gave */
    uint32_t has;  /* PCAPNG_HAS_*: which of the following are there; the others are 0 */
    uint64_t timestamp_ns;    /* times outside of 1970 … 2554 are moved to the nearer end */
    uint32_t captured_length; /* bytes at data */
    uint32_t original_length; /* bytes on the wire */
    const uint8_t *data;
    uint32_t flags; /* enum pcapng_packet_flag */
    uint32_t queue;
    uint64_t id;
    uint64_t dropcount;
    const uint8_t *meta; /* custom option 2989 with our number and magic: for meta_read; or null */
    size_t meta_length;
    const char *comment; /* the first one; not terminated; null when there is none */
    size_t comment_length;
};

/* struct pcapng_statistics.has */
enum {
    PCAPNG_HAS_START = 0x01,
    PCAPNG_HAS_END = 0x02,
    PCAPNG_HAS_RECEIVED = 0x04,
    PCAPNG_HAS_DROPPED = 0x08,
    PCAPNG_HAS_ACCEPTED = 0x10,
    PCAPNG_HAS_OS_DROPPED = 0x20,
    PCAPNG_HAS_DELIVERED = 0x40
};

struct pcapng_statistics {
    uint32_t interface;
    uint32_t has; /* which of the times and counts are there */
    uint64_t timestamp_ns;
    uint64_t start_ns, end_ns;
    uint64_t received;   /* isb_ifrecv: seen at the interface */
    uint64_t dropped;    /* isb_ifdrop: lost by the capture's rings */
    uint64_t accepted;   /* isb_filteraccept */
    uint64_t os_dropped; /* isb_osdrop */
    uint64_t delivered;  /* isb_usrdeliv: written to the file */
    const char *comment;
    struct pcapng_json json;
};

/* A name and what it says. Names of ours have lower-case letters, digits and '_', begin with a
 * letter, and stand in the file as XSW_NAME. Those of other writers are given as they are. */
struct pcapng_event_field {
    const char *name;
    const char *value; /* UTF-8 of any length, also of several lines */
};

/* As in syslog(3). */
enum pcapng_priority {
    PCAPNG_PRIORITY_ERROR = 3,
    PCAPNG_PRIORITY_WARNING = 4,
    PCAPNG_PRIORITY_NOTICE = 5,
    PCAPNG_PRIORITY_INFO = 6,
    PCAPNG_PRIORITY_DEBUG = 7
};

/*
 * Something that happened and is no packet: a systemd Journal Export Block, which Wireshark shows
 * as a row of its own. Of other writers' blocks, what has a member here is given in it, and the
 * rest in the fields.
 */
struct pcapng_event {
    uint64_t wall_ns;    /* ns since 1970; a block without it is no event */
    uint64_t mono_ns;    /* CLOCK_MONOTONIC of the machine with that boot id; 0: not known */
    uint8_t priority;    /* enum pcapng_priority; PCAPNG_PRIORITY_INFO when the file has none */
    const char *source;  /* who tells it: "xsw", "kernel", …; null for none */
    const char *host;    /* name of the machine, or null */
    const char *boot_id; /* of the machine, in either spelling of a UUID; or null */
    const char *name;    /* "port-down"; null in blocks of other writers */
    const char *message; /* a sentence for people; never null when read */
    size_t field_count;  /* read: at most PCAPNG_EVENT_FIELDS_MAX, further ones are left out */
    const struct pcapng_event_field *fields;
};

/* A block that carries nothing for us: names, secrets, custom blocks, types that nobody knows. */
struct pcapng_other {
    uint32_t block_type;
    uint32_t length; /* of the whole block */
};

enum pcapng_kind {
    PCAPNG_SECTION,
    PCAPNG_INTERFACE,
    PCAPNG_PACKET,
    PCAPNG_STATISTICS,
    PCAPNG_OTHER,
    PCAPNG_EVENT
};

struct pcapng_item {
    enum pcapng_kind kind;
    uint64_t offset; /* of the block in the file; of a compressed file, in its content */
    union {
        struct pcapng_section section;
        struct pcapng_interface interface;
        struct pcapng_packet packet;
        struct pcapng_statistics statistics;
        struct pcapng_other other;
        struct pcapng_event event;
    };
};

#endif
