/* SPDX-License-Identifier: Apache-2.0 */
/* See notes.h. */
#include "analyzer/books/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Length of the printable UTF-8 character at `text`, 0 when it is broken or a control character.
 * C1 controls (U+0080 … U+009F) steer terminals as well, and so are refused. */
static size_t character_length(const unsigned char *text)
{
    if (text[0] < 0x80) {
        return text[0] >= 0x20 && text[0] != 0x7f;
    }
    size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4 || (text[0] == 0xc2 && text[1] < 0xa0)) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] >= 0xa0) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] >= 0x90)) {
        return 0;
    }
    return length;
}

void text_make_safe(char *target, size_t size, const char *source)
{
    const unsigned char *from = (const unsigned char *)source;
    size_t done = 0;
    while (*from != 0) {
        size_t length = character_length(from);
        size_t needed = length == 0 ? 1 : length;
        if (done + needed >= size) {
            break;
        }
        if (length == 0) {
            target[done] = '?';
        } else {
            memcpy(target + done, from, length);
        }
        done += needed;
        from += needed;
    }
    target[done] = '\0';
}

void notes_add(struct notes *notes, const char *format, ...)
{
    char raw[NOTE_SIZE];
    char text[NOTE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof(raw), format, arguments);
    va_end(arguments);
    text_make_safe(text, sizeof(text), raw);
    for (size_t i = 0; i < notes->count; i++) {
        if (strcmp(notes->texts[i], text) == 0) {
            return;
        }
    }
    if (notes->count == NOTES_MAX) {
        notes->beyond++;
    } else {
        memcpy(notes->texts[notes->count++], text, sizeof(text));
    }
}
