/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_TEST_TELLING_H
#define XSW_TEST_TELLING_H

/* All that can be said of an analysis, as one text. Include behind cmocka.h. */

#include <stdio.h>

#include "analyzer/analysis.h"
#include "analyzer/report/report_csv.h"
#include "analyzer/report/report_json.h"
#include "analyzer/report/report_text.h"

/* The caller frees. */
static inline char *analysis_told(const struct analysis *analysis)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    const struct report_options options = {.is_full = true};
    report_text(out, analysis, &options);
    assert_int_equal(report_json(out, analysis, NULL, NULL, NULL), XSW_OK);
    for (int table = REPORT_FINDINGS; table < REPORT_TABLES; table++) {
        report_csv(out, analysis, (enum report_table)table);
    }
    fclose(out);
    return text;
}

#endif
