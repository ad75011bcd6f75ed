/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_PCAP_WRITE_H
#define XSW_PCAP_WRITE_H

/*
 * Writes classic pcap: Ethernet, nanoseconds, nothing but frames, in the order of their times.
 * Frames may come out of order by PCAP_WINDOW_FRAMES frames or PCAP_WINDOW_BYTES bytes, whichever
 * is less; one that comes later still is written where it comes, and counted.
 *
 * Threads: one.
 */

#include <stdint.h>

#include <xsw/error.h>

enum { PCAP_WINDOW_FRAMES = 65536, PCAP_WINDOW_BYTES = 64 << 20 };

struct pcap_writer;

struct pcap_frame {
    uint64_t time_ns; /* since 1970 */
    uint64_t order;   /* of frames of the same time */
    const uint8_t *bytes;
    uint32_t captured_length;
    uint32_t original_length;
};

/* Creates or replaces the file; "-" is standard output. */
enum xsw_status pcap_writer_open(const char *path, struct pcap_writer **writer,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* The bytes are copied. */
enum xsw_status pcap_writer_put(struct pcap_writer *writer, const struct pcap_frame *frame,
                                struct xsw_error *error) XSW_MUST_CHECK;
/* Frames so far that came too late for their place. */
uint64_t pcap_writer_late(const struct pcap_writer *writer);
/* Writes what is left, closes and frees, whatever it returns. Accepts null. */
enum xsw_status pcap_writer_close(struct pcap_writer *writer, struct xsw_error *error);

#endif
