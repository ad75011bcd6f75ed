/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_FUZZ_REPORT_CHECK_H
#define XSW_FUZZ_REPORT_CHECK_H

/*
 * What holds of the words of xsw analyze whatever the file was: a terminal is not driven by what
 * stands in a file, and what a report sums up is what it lists. A breach is told and aborts.
 */

#include <stddef.h>

/* No control character but the line's end, whole UTF-8, and no line beyond 80 columns. */
void check_text(const char *what, const char *text, size_t length);
/* As check_text(), of what may have lines of any length. */
void check_characters(const char *what, const char *text, size_t length);
/* xsw analyze --json: it is JSON, and the tables of each switch come to what its summary says. */
void check_json(const char *text, size_t length);

#endif
