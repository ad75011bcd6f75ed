/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_ANALYZE_OPTIONS_H
#define XSW_CMD_ANALYZE_OPTIONS_H

/* The command line of xsw analyze. Threads: one. */

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/report/report_text.h"

enum { ANALYZE_BASELINES_MAX = 16 };

struct analyze_options {
    struct report_options report;
    bool is_timeline; /* see cmd/analyze/timeline.h */
    bool has_packet, is_json, is_csv, is_strict, has_progress;
    uint64_t packet;
    bool without_index, is_index_forced;
    bool without_pager;
    unsigned threads;        /* 0: as many as there are cores */
    const char *where;       /* null: not given */
    const char *export_path; /* the same */
    const char *baselines[ANALYZE_BASELINES_MAX];
    int baseline_count;
    char **paths;
    int path_count;
};

/* Exit status to return at once, after what had to be said, or -1 to go on. */
int analyze_options_parse(struct analyze_options *options, int argc, char **argv);
/* No file is standard input. */
bool analyze_can_read_again(const struct analyze_options *options);

#endif
