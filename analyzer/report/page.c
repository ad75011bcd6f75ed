/* SPDX-License-Identifier: Apache-2.0 */
/* See page.h. */
#include "analyzer/report/page.h"

#include <stdarg.h>
#include <string.h>

enum { PARAGRAPH_SIZE = 4096 };

static const char *colour_code(enum page_colour colour)
{
    static const char *const codes[] = {
        [PAGE_PLAIN] = "",          [PAGE_BOLD] = "\033[1m",   [PAGE_GOOD] = "\033[32m",
        [PAGE_WARN] = "\033[1;33m", [PAGE_BAD] = "\033[1;31m", [PAGE_DIM] = "\033[2m"};
    return codes[colour];
}

static void colour_begin(const struct page *page, enum page_colour colour)
{
    if (page->has_colours) {
        fputs(colour_code(colour), page->out);
    }
}

static void colour_end(const struct page *page, enum page_colour colour)
{
    if (page->has_colours && colour != PAGE_PLAIN) {
        fputs("\033[0m", page->out);
    }
}

/* Columns that UTF-8 text takes, counting each character as one. */
static int width_of(const char *text, size_t length)
{
    int width = 0;
    for (size_t i = 0; i < length; i++) {
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return width;
}

/* Writes the words behind column `column`; new lines begin with `rest` blanks. Runs of blanks in
 * the text are kept within a line. */
static void wrap(const struct page *page, int column, int rest, const char *text)
{
    bool at_start = true;
    while (*text != '\0') {
        size_t blanks = strspn(text, " ");
        const char *word = text + blanks;
        size_t length = strcspn(word, " ");
        int width = width_of(word, length);
        if (length == 0) {
            break;
        }
        if (!at_start && column + (int)blanks + width > PAGE_WIDTH) {
            fprintf(page->out, "\n%*s", rest, "");
            column = rest;
        } else {
            fprintf(page->out, "%*s", (int)blanks, "");
            column += (int)blanks;
        }
        fwrite(word, 1, length, page->out);
        column += width;
        at_start = false;
        text = word + length;
    }
}

void page_say(const struct page *page, int first, int rest, enum page_colour colour,
              const char *format, ...)
{
    char text[PARAGRAPH_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fprintf(page->out, "%*s", first, "");
    colour_begin(page, colour);
    wrap(page, first, rest, text);
    colour_end(page, colour);
    fputc('\n', page->out);
}

void page_label(const struct page *page, int indent, const char *label, enum page_colour colour,
                int column, const char *format, ...)
{
    char text[PARAGRAPH_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fprintf(page->out, "%*s", indent, "");
    colour_begin(page, colour);
    fputs(label, page->out);
    colour_end(page, colour);
    int used = indent + width_of(label, strlen(label));
    int gap = used < column ? column - used : 2;
    fprintf(page->out, "%*s", gap, "");
    wrap(page, used + gap, column, text);
    fputc('\n', page->out);
}

void page_heading(const struct page *page, const char *format, ...)
{
    va_list arguments;
    fputc('\n', page->out);
    colour_begin(page, PAGE_BOLD);
    va_start(arguments, format);
    vfprintf(page->out, format, arguments);
    va_end(arguments);
    colour_end(page, PAGE_BOLD);
    fputc('\n', page->out);
}

void page_blank(const struct page *page)
{
    fputc('\n', page->out);
}
