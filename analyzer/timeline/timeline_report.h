/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_TIMELINE_REPORT_H
#define XSW_ANALYZER_TIMELINE_REPORT_H

/* The timeline for people, as a log, and for programs. Threads: one. */

#include <stdio.h>

#include <xsw/error.h>

#include "analyzer/report/page.h"
#include "analyzer/timeline/timeline.h"

void timeline_text(const struct page *page, const struct timeline *timeline);
/* {"format":1,"timeline":{"machines":[…],"sources":[…],"entries":[…]}} and a line end. */
enum xsw_status timeline_json(FILE *out, const struct timeline *timeline,
                              struct xsw_error *error) XSW_MUST_CHECK;

#endif
