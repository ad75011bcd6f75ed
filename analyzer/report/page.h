/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_PAGE_H
#define XSW_ANALYZER_PAGE_H

/*
 * Lays text out for a terminal of 80 columns: headings, paragraphs that wrap, colours where the
 * caller allows them. Threads: one at a time.
 */

#include <stdbool.h>
#include <stdio.h>

enum { PAGE_WIDTH = 80 };

enum page_colour {
    PAGE_PLAIN,
    PAGE_BOLD,
    PAGE_GOOD, /* green */
    PAGE_WARN, /* yellow */
    PAGE_BAD,  /* red */
    PAGE_DIM
};

struct page {
    FILE *out;
    bool has_colours;
};

/* One paragraph, wrapped at spaces: the first line begins with `first` blanks, the others with
 * `rest`. A word that is longer than a line is not cut. Ends the line. */
void page_say(const struct page *page, int first, int rest, enum page_colour colour,
              const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A label in front, coloured, then a paragraph that hangs behind it. `column`: where the paragraph
 * begins. */
void page_label(const struct page *page, int indent, const char *label, enum page_colour colour,
                int column, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* An empty line, then a heading. */
void page_heading(const struct page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void page_blank(const struct page *page);

#endif
