/* SPDX-License-Identifier: Apache-2.0 */
/* See reading.h. */
#include "cmd/analyze/reading.h"

#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

#include "analyzer/index/index.h"
#include "base/clock.h"
#include "base/error.h"
#include "cmd/analyze/progress.h"
#include "cmd/analyze/traces.h"

static void progress_show(const char *path, uint64_t read_bytes, uint64_t file_bytes, void *context)
{
    struct progress_line line;
    if (progress_tell(context, path, read_bytes, file_bytes, clock_mono_ns(), &line)) {
        fputs(line.text, stderr);
    }
}

static void progress_clear(const struct progress *progress)
{
    if (progress->is_shown) {
        fputs("\r\033[K", stderr);
    }
}

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
