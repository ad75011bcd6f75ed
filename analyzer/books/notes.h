/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_NOTES_H
#define XSW_ANALYZER_NOTES_H

/*
 * What the analyzer found wrong with its input, one sentence each, for the end of the report. The
 * list is bounded: a file with a million faults gives NOTES_MAX sentences and a count.
 *
 * Threads: one.
 */

#include <stddef.h>
#include <stdint.h>

enum { NOTES_MAX = 32, NOTE_SIZE = 400 };

struct notes {
    char texts[NOTES_MAX][NOTE_SIZE];
    size_t count;    /* of texts */
    uint64_t beyond; /* further ones, not kept */
};

/* What comes from a file is made safe for a terminal; a sentence that is there already is not added
 * again. */
void notes_add(struct notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Copies a text from outside, cut to `size` with its terminator and never inside a UTF-8 character;
 * control characters and broken UTF-8 become '?'. */
void text_make_safe(char *target, size_t size, const char *source);

#endif
