/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_ANALYZING_H
#define XSW_TEST_ANALYZING_H

/* Short ways to an analysis, for tests. Include behind cmocka.h. */

#include <stdio.h>
#include <string.h>

#include "analyzer/analysis.h"

static inline struct analysis *analyze_bounded(uint32_t open_max, const char *const *paths,
                                               size_t count)
{
    struct analysis *analysis = NULL;
    assert_int_equal(analysis_create(open_max, &analysis, NULL), XSW_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(analysis_read(analysis, paths[i], NULL, NULL, NULL), XSW_OK);
    assert_int_equal(analysis_finish(analysis, NULL), XSW_OK);
    return analysis;
}

static inline struct analysis *analyze(const char *path)
{
    return analyze_bounded(1024, &path, 1);
}

/* The first line of the first session whose subject is or begins with `subject`. */
static inline const struct proof_line *line_of(const struct analysis *analysis, const char *subject)
{
    const struct proof *proof = &analysis->sessions[0]->proof;
    for (size_t i = 0; i < proof->count; i++)
        if (strncmp(proof->lines[i].subject, subject, strlen(subject)) == 0)
            return &proof->lines[i];
    fail_msg("the proof has no line \"%s\"", subject);
    return NULL;
}

#endif
