/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_BENCH_RECORD_SINK_H
#define XSW_BENCH_RECORD_SINK_H

/*
 * A recording as the recorder makes it, for benchmarks. Ends the program when something fails.
 *
 * Threads: one at a time.
 */

#include <stdint.h>

#include "capture/recorder/journey_file.h"
#include "capture/ring.h"

struct record_sink;

/* `packers`: how many threads compress a path that ends in ".zst". */
struct record_sink *record_sink_open(const char *path, unsigned packers);
void record_sink_put(struct record_sink *sink, const struct ring_record *record);
struct journey_file *record_sink_file(struct record_sink *sink);
/* Returns the size of the file; `account` may be null. */
uint64_t record_sink_close(struct record_sink *sink, struct journey_file_account *account);

#endif
