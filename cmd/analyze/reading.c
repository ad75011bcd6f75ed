/* SPDX-License-Identifier: Apache-2.0 */
/* See reading.h. */
#include "cmd/analyze/reading.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

#include "analyzer/index/index.h"
#include "base/clock.h"
#include "base/error.h"
#include "cmd/analyze/traces.h"

/* Progress ------------------------------------------------------------------------------------ */

struct progress {
    bool is_shown;
    uint64_t since_ns; /* when the file was begun */
    uint64_t told_ns;
    uint64_t first_bytes; /* read when it was told first: an index has spared these */
};

/* From what was read so far to the rest. */
static uint64_t left_ns(const struct progress *progress, uint64_t now_ns, uint64_t read_bytes,
                        uint64_t file_bytes)
{
    uint64_t done = read_bytes - progress->first_bytes;
    uint64_t left = file_bytes > read_bytes ? file_bytes - read_bytes : 0;
    uint64_t passed_ns = now_ns - progress->since_ns;
    return done == 0 ? 0 : (uint64_t)((double)passed_ns * (double)left / (double)done);
}

static void progress_show(const char *path, uint64_t read_bytes, uint64_t file_bytes, void *context)
{
    enum { LARGE_BYTES = 64 << 20, PAUSE_NS = 200 * 1000000 };
    struct progress *progress = context;
    uint64_t now_ns = clock_mono_ns();
    if (file_bytes < LARGE_BYTES) {
        return;
    }
    if (progress->since_ns == 0) {
        *progress =
            (struct progress){.since_ns = now_ns, .told_ns = now_ns, .first_bytes = read_bytes};
        return;
    }
    if (now_ns - progress->told_ns < PAUSE_NS) {
        return;
    }
    progress->told_ns = now_ns;
    progress->is_shown = true;
    unsigned percent = (unsigned)(read_bytes / (file_bytes / 100 + 1));
    uint64_t seconds =
        (left_ns(progress, now_ns, read_bytes, file_bytes) + NS_PER_SECOND - 1) / NS_PER_SECOND;
    fprintf(stderr, "\r\033[K%.50s: %u %%, %" PRIu64 " s left", path, percent, seconds);
}

static void progress_clear(const struct progress *progress)
{
    if (progress->is_shown) {
        fputs("\r\033[K", stderr);
    }
}

/* Reading ------------------------------------------------------------------------------------- */

static unsigned threads_of(const struct analyze_options *options)
{
    cpu_set_t cores;
    if (options->threads != 0) {
        return options->threads;
    }
    int count = sched_getaffinity(0, sizeof(cores), &cores) == 0 ? CPU_COUNT(&cores) : 1;
    return count < ANALYSIS_THREADS_MAX ? (unsigned)count : ANALYSIS_THREADS_MAX;
}

bool reading_may_index(const struct analyze_options *options)
{
    struct stat about;
    return !options->without_index && options->path_count == 1 &&
           stat(options->paths[0], &about) == 0 && S_ISREG(about.st_mode) &&
           (options->is_index_forced || about.st_size >= INDEX_FILE_BYTES_MIN);
}

static enum xsw_status prepare(struct analysis *analysis, const struct analyze_options *options,
                               int path_count, struct xsw_error *error)
{
    unsigned threads = threads_of(options);
    /* With one, this one counts as well. */
    analysis_use_threads(analysis, threads == 1 ? 0 : threads, 0);
    bool has_index = !options->without_index && path_count == 1;
    if (has_index && !analysis_use_index(analysis, options->is_index_forced)) {
        return error_set(error, XSW_NO_MEMORY, "no memory for an index");
    }
    return XSW_OK;
}

static void index_tell(const struct analysis *analysis)
{
    if (analysis->index != NULL && analysis->index->note[0] != '\0') {
        fprintf(stderr, "xsw analyze: %s\n", analysis->index->note);
    }
}

enum xsw_status reading_run(struct analysis *analysis, const struct analyze_options *options,
                            struct xsw_error *error)
{
    enum xsw_status status = prepare(analysis, options, options->path_count, error);
    for (int i = 0; i < options->path_count && status >= 0; i++) {
        struct progress progress = {0};
        status = traces_take(analysis, options->paths[i], error);
        if (status == XSW_NOT_FOUND) {
            status = analysis_read(analysis, options->paths[i],
                                   options->has_progress ? progress_show : NULL, &progress, error);
        }
        progress_clear(&progress);
    }
    index_tell(analysis);
    return status < 0 ? status : analysis_finish(analysis, error);
}

enum xsw_status reading_run_baseline(struct analysis *analysis, const char *path,
                                     const struct analyze_options *options, struct xsw_error *error)
{
    struct progress progress = {0};
    enum xsw_status status = prepare(analysis, options, 1, error);
    if (status == XSW_OK) {
        status = analysis_read(analysis, path, options->has_progress ? progress_show : NULL,
                               &progress, error);
    }
    progress_clear(&progress);
    index_tell(analysis);
    return status < 0 ? status : analysis_finish(analysis, error);
}
