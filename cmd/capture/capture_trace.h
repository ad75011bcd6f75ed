/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_CAPTURE_TRACE_H
#define XSW_CMD_CAPTURE_TRACE_H

/*
 * `xsw capture --trace`: what happens beside the packets, written into the recording as events:
 * what the switch tells (events.attach), and what the kernel drops behind its ports. The latter is
 * read by a process of its own, which keeps the rights that the recorder gives up; it ends with us,
 * and when it dies before, another one goes on, and the recording says what it does not hold.
 *
 * Threads: the recorder's own.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

struct capture_trace;
struct pcapng_writer;

struct capture_trace_options {
    const char *socket, *switch_name; /* null: as for all commands */
};

/* Before rights are given up and threads are made, and before the session is attached: it waits
 * until the kernel is followed, which takes up to some tenths of a second. A kernel whose events
 * cannot be had is no failure: the recording says so. */
enum xsw_status capture_trace_open(const struct capture_trace_options *options,
                                   struct capture_trace **trace,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Of the recording's section: what wall time is more than CLOCK_MONOTONIC, and texts, which are
 * borrowed to the end. Before the first turn. Accepts null. */
void capture_trace_begin(struct capture_trace *trace, uint64_t wall_offset_ns, const char *host,
                         const char *boot_id);
/* The recording is anonymous: no bytes of packets, and no addresses. Accepts null. */
void capture_trace_hide(struct capture_trace *trace);
/* Writes what there is. Never waits; accepts null. */
enum xsw_status capture_trace_turn(struct capture_trace *trace, struct pcapng_writer *writer,
                                   struct xsw_error *error) XSW_MUST_CHECK;
/* Ends the child, and writes what is left and what was lost. Accepts null. */
enum xsw_status capture_trace_finish(struct capture_trace *trace, struct pcapng_writer *writer,
                                     struct xsw_error *error) XSW_MUST_CHECK;
uint64_t capture_trace_events(const struct capture_trace *trace); /* written; accepts null */
uint64_t capture_trace_lost(const struct capture_trace *trace);   /* accepts null */
/* For how long the kernel was not followed after it had been, in ns; accepts null. */
uint64_t capture_trace_untold_ns(const struct capture_trace *trace);
void capture_trace_close(struct capture_trace *trace); /* accepts null */

#endif
