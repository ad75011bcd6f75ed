/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FIELDS_H
#define XSW_FIELDS_H

/*
 * What changed between two states of one frame, in decoded fields. Headers of the one are paired
 * with those of the other: tags from the inside out, so that a pushed tag is new and the ones
 * within stay what they are. Names are Wireshark's, so that they can be typed into a display
 * filter.
 *
 * Threads: any.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A frame as it was at one place. */
struct fields_frame {
    const uint8_t *bytes;
    size_t length;      /* bytes that are there */
    size_t wire_length; /* bytes that the frame had */
    bool
        checksum_partial; /* the transport checksum was still to be finished: it cannot be judged */
};

enum {
    FIELD_NAME_SIZE = 40,
    FIELD_TEXT_SIZE = 64,
    FIELD_CHANGES_MAX = 64 /* more changes than that are not told apart; see fields_compare() */
};

/* "vlan.id", "(none)", "10" when a header appeared; "bytes 54-57" or "byte 54" (counted in the
 * frame that has them, in the later one when both have) for bytes that belong to no field. */
struct field_change {
    char name[FIELD_NAME_SIZE];
    char old_text[FIELD_TEXT_SIZE];
    char new_text[FIELD_TEXT_SIZE];
};

/* Fills at most `capacity` of `changes`, in the order of the frame, and returns how many it filled.
 * Bytes that one of the two does not have because it was cut are not compared. */
size_t fields_compare(const struct fields_frame *before, const struct fields_frame *after,
                      struct field_change *changes, size_t capacity);

enum checksum_state {
    CHECKSUM_ABSENT,  /* no such header, or UDP over IPv4 without a checksum */
    CHECKSUM_UNKNOWN, /* cut, a fragment, to be finished by somebody else, or lengths that lie */
    CHECKSUM_VALID,
    CHECKSUM_INVALID
};

struct fields_checksums {
    enum checksum_state network;   /* IPv4 header */
    enum checksum_state transport; /* TCP, UDP, ICMP, ICMPv6 */
    const char *transport_name;    /* "tcp", "udp", "icmp", "icmpv6", or "" */
};

struct fields_checksums fields_checksums(const struct fields_frame *frame);

/* "absent", "unknown", "valid", "invalid" */
const char *checksum_state_name(enum checksum_state state);

#endif
