/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/readers/tracedat_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

enum { MAGIC_SIZE = 10, SECTIONS_MAX = 4096, ITEMS_MAX = 1 << 20, WORD_SIZE = 256 };
enum { OPTION_DONE = 0, OPTION_BUFFER = 3, OPTION_CLOCK = 4, OPTION_UNAME = 5, IS_COMPRESSED = 1 };

struct look {
    FILE *stream;
    struct tracedat_file *file;
    uint64_t at; /* the byte that is read next */
    bool is_big; /* byte order of the file */
};

/* Reading: when something is missing, the file is torn, and all that follows is zero. */

static void missing(struct look *look, uint64_t up_to)
{
    if (!look->file->is_torn) {
        look->file->is_torn = true;
        look->file->torn_at = up_to;
    }
}

static bool has(struct look *look, uint64_t length)
{
    uint64_t size = look->file->size;
    if (length > size || look->at > size - length) {
        missing(look, look->at + length);
    }
    return !look->file->is_torn;
}

static void bytes(struct look *look, void *to, size_t length)
{
    memset(to, 0, length);
    if (has(look, length)) {
        if (fread(to, 1, length, look->stream) != length) {
            missing(look, look->at + length);
        }
        look->at += length;
    }
}

static uint64_t number(struct look *look, size_t length)
{
    uint8_t raw[8];
    uint64_t value = 0;
    bytes(look, raw, length);
    for (size_t i = 0; i < length; i++) {
        value = value << 8 | raw[look->is_big ? i : length - 1 - i];
    }
    return value;
}

static void go_to(struct look *look, uint64_t at)
{
    look->at = at;
    if (has(look, 0) && fseeko(look->stream, (off_t)at, SEEK_SET) != 0) {
        missing(look, at);
    }
}

static void skip(struct look *look, uint64_t length)
{
    if (has(look, length)) {
        go_to(look, look->at + length);
    }
}

/* Up to its zero; what does not fit is left out. */
static void word(struct look *look, char *text, size_t capacity)
{
    size_t length = 0;
    char letter;
    do {
        bytes(look, &letter, 1);
        if (length + 1 < capacity && letter != '\0') {
            text[length++] = letter;
        }
    } while (letter != '\0');
    text[length] = '\0';
}

static void buffer_add(struct look *look, const char *name, const char *clock)
{
    struct tracedat_file *file = look->file;
    if (file->is_torn || file->count == TRACEDAT_BUFFERS_MAX) {
        return;
    }
    struct tracedat_buffer *buffer = &file->buffers[file->count++];
    snprintf(buffer->name, sizeof(buffer->name), "%s", name);
    snprintf(buffer->clock, sizeof(buffer->clock), "%s", clock);
}

/* The data of the processors: where, and how much. */
static void data_check(struct look *look, uint32_t processors, bool has_number)
{
    for (uint32_t i = 0; i < processors && !look->file->is_torn; i++) {
        (void)number(look, has_number ? 4 : 0);
        uint64_t offset = number(look, 8);
        uint64_t size = number(look, 8);
        if (offset > look->file->size || size > look->file->size - offset) {
            missing(look, offset + size);
        }
    }
}

/* "Linux here 6.1.0-18-amd64 x86_64": the second word is the host. */
static void uname_take(struct look *look, uint64_t size)
{
    char text[WORD_SIZE] = "";
    char kind[TRACEDAT_NAME_SIZE];
    char host[TRACEDAT_NAME_SIZE];
    char release[TRACEDAT_NAME_SIZE];
    char hardware[TRACEDAT_NAME_SIZE];
    struct tracedat_file *file = look->file;
    bytes(look, text, size < sizeof(text) ? size : sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    if (sscanf(text, "%63s %63s %63s %63s", kind, host, release, hardware) == 4) {
        snprintf(file->host, sizeof(file->host), "%s", host);
        snprintf(file->system, sizeof(file->system), "%.62s %.62s %.62s", kind, release, hardware);
    }
}

/* Version 7 ----------------------------------------------------------------------------------- */

static void buffer_take(struct look *look)
{
    char name[TRACEDAT_NAME_SIZE];
    char clock[TRACEDAT_CLOCK_SIZE];
    skip(look, 8);
    word(look, name, sizeof(name));
    word(look, clock, sizeof(clock));
    buffer_add(look, name, clock);
    skip(look, 4);
    data_check(look, (uint32_t)number(look, 4), true);
}

/* Returns where the next section of options is; 0: there is none. */
static uint64_t options_take(struct look *look)
{
    uint64_t id = number(look, 2);
    uint64_t flags = number(look, 2);
    skip(look, 12);
    if (id != 0 || (flags & IS_COMPRESSED) != 0) {
        return 0; /* not told, then */
    }
    for (int i = 0; i < ITEMS_MAX && !look->file->is_torn; i++) {
        id = number(look, 2);
        uint64_t size = number(look, 4);
        uint64_t next = look->at + size;
        if (id == OPTION_DONE) {
            return number(look, 8);
        }
        if (id == OPTION_BUFFER) {
            buffer_take(look);
        } else if (id == OPTION_UNAME) {
            uname_take(look, size);
        }
        go_to(look, next);
    }
    return 0;
}

static void version_7_take(struct look *look)
{
    char compression[WORD_SIZE];
    word(look, compression, sizeof(compression));
    word(look, compression, sizeof(compression));
    uint64_t next = number(look, 8);
    for (int i = 0; i < SECTIONS_MAX && next != 0 && !look->file->is_torn; i++) {
        go_to(look, next);
        next = options_take(look);
    }
}

/* Version 6 ----------------------------------------------------------------------------------- */

/* "[local] global … mono": the one in brackets. */
static void clock_take(struct look *look, uint64_t size)
{
    char text[WORD_SIZE] = "";
    char clock[TRACEDAT_CLOCK_SIZE] = "";
    bytes(look, text, size < sizeof(text) ? size : sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    const char *open = strchr(text, '[');
    if (open != NULL && sscanf(open, "[%23[^]]", clock) == 1) {
        buffer_add(look, "", clock);
    }
}

static void formats_skip(struct look *look)
{
    char name[WORD_SIZE];
    for (int i = 0; i < 2; i++) {
        word(look, name, sizeof(name)); /* header_page, header_event */
        skip(look, number(look, 8));
    }
    for (uint64_t left = number(look, 4); left > 0 && !look->file->is_torn; left--) {
        skip(look, number(look, 8));
    }
    for (uint64_t systems = number(look, 4); systems > 0 && !look->file->is_torn; systems--) {
        word(look, name, sizeof(name));
        for (uint64_t left = number(look, 4); left > 0 && !look->file->is_torn; left--) {
            skip(look, number(look, 8));
        }
    }
    skip(look, number(look, 4)); /* names of functions */
    skip(look, number(look, 4)); /* formats of trace_printk */
    skip(look, number(look, 8)); /* names of commands */
}

/* What stands before the table of the data of each processor. */
static void table_check(struct look *look, uint32_t processors)
{
    char kind[10];
    bytes(look, kind, sizeof(kind));
    if (memcmp(kind, "flyrecord", sizeof(kind)) == 0) {
        data_check(look, processors, false);
    }
}

/* Of the instances this version tells no clock, but where their data is. */
static void version_6_options(struct look *look, uint32_t processors)
{
    for (int i = 0; i < ITEMS_MAX && !look->file->is_torn; i++) {
        uint64_t id = number(look, 2);
        if (id == OPTION_DONE) {
            return;
        }
        uint64_t size = number(look, 4);
        uint64_t next = look->at + size;
        if (id == OPTION_CLOCK) {
            clock_take(look, size);
        } else if (id == OPTION_UNAME) {
            uname_take(look, size);
        } else if (id == OPTION_BUFFER) {
            go_to(look, number(look, 8));
            table_check(look, processors);
        }
        go_to(look, next);
    }
}

static void version_6_take(struct look *look)
{
    char kind[10];
    formats_skip(look);
    uint32_t processors = (uint32_t)number(look, 4);
    uint64_t table = look->at;
    bytes(look, kind, sizeof(kind));
    if (memcmp(kind, "options  ", sizeof(kind)) == 0) {
        version_6_options(look, processors);
        table = look->at;
    }
    go_to(look, table);
    table_check(look, processors);
}

/* All ----------------------------------------------------------------------------------------- */

static void look_at(struct look *look)
{
    char version[8];
    skip(look, MAGIC_SIZE);
    word(look, version, sizeof(version));
    look->is_big = number(look, 1) != 0;
    skip(look, 1 + 4); /* sizes of a long and of a page */
    switch (atoi(version)) {
    case 6:
        version_6_take(look);
        break;
    case 7:
        version_7_take(look);
        break;
    default:
        break; /* libtracecmd has the word */
    }
}

enum xsw_status tracedat_file_look(const char *path, struct tracedat_file *file,
                                   struct xsw_error *error)
{
    struct stat about;
    *file = (struct tracedat_file){.count = 0};
    struct look look = {.stream = fopen(path, "re"), .file = file};
    if (look.stream == NULL || fstat(fileno(look.stream), &about) != 0) {
        enum xsw_status status = error_errno(error, "%s", path);
        if (look.stream != NULL) {
            fclose(look.stream);
        }
        return status;
    }
    file->size = (uint64_t)about.st_size;
    look_at(&look);
    fclose(look.stream);
    return XSW_OK;
}

const char *tracedat_file_clock(const struct tracedat_file *file, const char *buffer)
{
    size_t i = 0;
    while (i < file->count && strcmp(file->buffers[i].name, buffer) != 0) {
        i++;
    }
    return i < file->count ? file->buffers[i].clock : "";
}
