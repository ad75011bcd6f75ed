/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BENCH_RECORD_SINK_H
#define XSW_BENCH_RECORD_SINK_H

/* The recorder's file without the recorder's process: what a benchmark writes its records to. */

#include <stdint.h>

struct record_sink;
struct ring_record;

/* Creates the file; ends the program when it cannot. */
struct record_sink *record_sink_open(const char *path);
void record_sink_put(struct record_sink *sink, const struct ring_record *record);
/* Returns the size of the file. Accepts null. */
uint64_t record_sink_close(struct record_sink *sink);

#endif
