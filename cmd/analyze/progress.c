/* SPDX-License-Identifier: Apache-2.0 */
/* See progress.h. */
#include "cmd/analyze/progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

/* From what was read so far to the rest. */
static uint64_t left_ns(const struct progress *progress, uint64_t now_ns, uint64_t read_bytes,
                        uint64_t file_bytes)
{
    uint64_t done = read_bytes - progress->first_bytes;
    uint64_t left = file_bytes > read_bytes ? file_bytes - read_bytes : 0;
    uint64_t passed_ns = now_ns - progress->since_ns;
    return done == 0 ? 0 : (uint64_t)((double)passed_ns * (double)left / (double)done);
}

bool progress_tell(struct progress *progress, const char *path, uint64_t read_bytes,
                   uint64_t file_bytes, uint64_t now_ns, struct progress_line *line)
{
    if (file_bytes < PROGRESS_FILE_BYTES_MIN) {
        return false;
    }
    if (progress->since_ns == 0) {
        *progress =
            (struct progress){.since_ns = now_ns, .told_ns = now_ns, .first_bytes = read_bytes};
        return false;
    }
    if (now_ns - progress->told_ns < PROGRESS_PAUSE_NS) {
        return false;
    }
    progress->told_ns = now_ns;
    progress->is_shown = true;
    unsigned percent = (unsigned)(read_bytes / (file_bytes / 100 + 1));
    uint64_t seconds =
        (left_ns(progress, now_ns, read_bytes, file_bytes) + NS_PER_SECOND - 1) / NS_PER_SECOND;
    snprintf(line->text, sizeof(line->text), "\r\033[K%.50s: %u %%, %" PRIu64 " s left", path,
             percent, seconds);
    return true;
}
