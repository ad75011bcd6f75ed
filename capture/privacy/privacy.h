/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_PRIVACY_H
#define XSW_CAPTURE_PRIVACY_H

/*
 * What a capture session is not to see of a frame, taken away on the worker, before bytes reach the
 * ring: whoever has the ring never had them.
 *
 *   headers_only  what is behind the headers is cut off; the length stays what it was
 *   mask_payload  what is behind the headers becomes zeros
 *   pseudonyms    addresses become pseudonyms (capture/privacy/pseudonym.h), and what is behind the
 * headers becomes zeros, unless it is cut off: what applications say there names addresses too, and
 * nobody can find them all
 *
 * Headers are Ethernet with its tags, ARP, IPv4 with options, IPv6 with extension headers, TCP with
 * options, UDP, UDP-Lite, SCTP, DCCP; of ICMP the first 8 bytes, of neighbour discovery the whole
 * message, of an ICMP error the headers of the packet that it is about. Of a tunnel these are the
 * outer headers, of what is not understood the Ethernet header. Checksums that were right stay
 * right, wrong ones wrong.
 *
 * A journey is more than the frame at its end: its notes have the old and new bytes of every
 * change. So each version of the frame is made again from the notes, treated by itself, and the
 * differences of the treated versions are noted in place of the real ones.
 *
 * Threads: create and destroy on the control thread; apply on worker `worker`, whose scratch memory
 * it uses. It allocates nothing, takes no lock and reads no clock.
 */

#include <stddef.h>
#include <stdint.h>

#include <xsw/error.h>

#include "capture/privacy/pseudonym.h"

struct privacy;

struct privacy_options {
    uint8_t headers_only, mask_payload, pseudonyms;
    uint8_t key[PSEUDONYM_KEY_SIZE]; /* with pseudonyms */
};

/* A journey's bytes, on the way in and on the way out. */
struct privacy_frame {
    const uint8_t *bytes;     /* at the end of the journey. In: all of `length` can be read; out:
                                 captured_length of them */
    uint32_t length;          /* of the frame; never changed */
    uint32_t captured_length; /* bytes to keep; out: perhaps less */
    uint32_t rx_length;       /* of the frame at the beginning */
    uint32_t notes_length;
    const uint8_t *notes;  /* TLVs of struct packet_notes (switch/path/observe.h); null when there
                              are  none. Out: at most NOTES_BYTES */
    uint16_t csum_start;   /* as in the packet's offload fields, at the end of the journey */
    uint8_t offload_flags; /* XSW_OFFLOAD_* */
    uint8_t notes_incomplete; /* NOTES_INCOMPLETE: the notes do not lead back to the beginning */
};

/* Whether anything is to be taken away. */
static inline int privacy_is_wanted(const struct privacy_options *options)
{
    return options->headers_only | options->mask_payload | options->pseudonyms;
}

/* The memory is touched here. The key is not kept. */
enum xsw_status privacy_create(const struct privacy_options *options, uint32_t worker_count,
                               struct privacy **privacy, struct xsw_error *error) XSW_MUST_CHECK;
void privacy_destroy(struct privacy *privacy); /* forgets the key first; accepts null */

/* `out` points into the worker's scratch memory, behind whose bytes there are 64 more that may be
 * read; it is valid until the next call for this worker. */
void privacy_apply(struct privacy *privacy, uint32_t worker, const struct privacy_frame *in,
                   struct privacy_frame *out);

#endif
