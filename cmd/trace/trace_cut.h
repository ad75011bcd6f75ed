/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TRACE_CUT_H
#define XSW_CMD_TRACE_CUT_H

/*
 * A trace that the disk had no room for ends in the middle of a packet of events, and then readers
 * of CTF refuse all of it. What is whole can be read once the torn end is cut off.
 *
 * Threads: main only.
 */

#include <stdint.h>

/* Cuts the files of LTTng's user space events in the folder, and in those in it, behind their last
 * whole packet. A file that holds anything else is left as it is. Returns the bytes that it took
 * away. Nobody may write to the trace any more. */
uint64_t trace_cut(const char *folder);

#endif
