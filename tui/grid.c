/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/grid.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

enum { RUNE_UNKNOWN = '?' };

/* What stands for what where there is only ASCII. */
static const struct {
    uint32_t rune;
    char ascii;
} replacements[] = {
    {0x2500, '-'}, {0x2501, '='}, {0x2502, '|'}, {0x250c, '+'}, {0x2510, '+'}, {0x2514, '`'},
    {0x2518, '+'}, {0x251c, '|'}, {0x2524, '|'}, {0x252c, '+'}, {0x2534, '+'}, {0x253c, '+'},
    {0x2581, '_'}, {0x2582, '.'}, {0x2583, '-'}, {0x2584, '='}, {0x2585, '+'}, {0x2586, '*'},
    {0x2587, '%'}, {0x2588, '#'}, {0x25b2, '^'}, {0x25bc, 'v'}, {0x25b6, '>'}, {0x2192, '>'},
    {0x2190, '<'}, {0x2191, '^'}, {0x2193, 'v'}, {0x25cf, '*'}, {0x2026, '~'}, {0x00b5, 'u'},
    {0x00b7, '.'}, {0x2260, '!'}, {0x25c6, '*'}, {0x2717, 'x'}, {0x2713, 'v'},
};

enum xsw_status grid_resize(struct grid *grid, int width, int height, struct xsw_error *error)
{
    width = width < 1 ? 1 : width > GRID_WIDTH_MAX ? GRID_WIDTH_MAX : width;
    height = height < 1 ? 1 : height > GRID_HEIGHT_MAX ? GRID_HEIGHT_MAX : height;
    struct grid_cell *cells = calloc((size_t)width * (size_t)height, sizeof(*cells));
    if (cells == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a screen of %d x %d", width, height);
    }
    free(grid->cells);
    grid->cells = cells;
    grid->width = width;
    grid->height = height;
    grid_clear(grid);
    return XSW_OK;
}

void grid_fini(struct grid *grid)
{
    free(grid->cells);
    *grid = (struct grid){0};
}

void grid_clear(struct grid *grid)
{
    for (int i = 0; i < grid->width * grid->height; i++) {
        grid->cells[i] = (struct grid_cell){.rune = ' ', .style = GRID_PLAIN};
    }
    grid->cursor_x = grid->cursor_y = -1;
}

/* Characters ------------------------------------------------------------------------------------
 */

/* The length of a sequence by its first byte, 0 when none begins so. */
static int sequence_length(unsigned char first)
{
    return first < 0x80                    ? 1
           : first >= 0xc2 && first < 0xe0 ? 2
           : (first & 0xf0) == 0xe0        ? 3
           : first >= 0xf0 && first < 0xf5 ? 4
                                           : 0;
}

/* Combining characters and those of two columns would move what stands behind them. */
static bool is_one_column(uint32_t rune)
{
    return rune >= 0x20 && rune != 0x7f && !(rune >= 0x80 && rune < 0xa0) &&
           !(rune >= 0x300 && rune < 0x370) && !(rune >= 0x1100 && rune < 0x1160) &&
           !(rune >= 0x200b && rune < 0x2010) && !(rune >= 0x202a && rune < 0x2030) &&
           !(rune >= 0x20d0 && rune < 0x2100) && !(rune >= 0x2e80 && rune < 0xe000) &&
           !(rune >= 0xf900 && rune < 0xfb00) && rune < 0xfe00;
}

/* Takes one character from `*text`, which is not at its end. */
static uint32_t rune_take(const char **text)
{
    const unsigned char *bytes = (const unsigned char *)*text;
    int length = sequence_length(bytes[0]);
    uint32_t rune = length == 1 ? bytes[0] : length == 0 ? 0 : bytes[0] & (0x7fU >> length);
    for (int i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            *text += i;
            return RUNE_UNKNOWN;
        }
        rune = rune << 6 | (bytes[i] & 0x3f);
    }
    *text += length == 0 ? 1 : length;
    return is_one_column(rune) ? rune : RUNE_UNKNOWN;
}

static uint32_t rune_ascii(uint32_t rune)
{
    if (rune < 0x80) {
        return rune;
    }
    for (size_t i = 0; i < sizeof(replacements) / sizeof(replacements[0]); i++) {
        if (replacements[i].rune == rune) {
            return (uint32_t)replacements[i].ascii;
        }
    }
    return RUNE_UNKNOWN;
}

int grid_text_width(const char *text)
{
    int width = 0;
    while (*text != '\0') {
        (void)rune_take(&text);
        width++;
    }
    return width;
}

void grid_rune_text(uint32_t rune, char *text)
{
    int length = 0;
    if (rune < 0x80) {
        text[length++] = (char)rune;
    } else if (rune < 0x800) {
        text[length++] = (char)(0xc0 | rune >> 6);
        text[length++] = (char)(0x80 | (rune & 0x3f));
    } else {
        text[length++] = (char)(0xe0 | rune >> 12);
        text[length++] = (char)(0x80 | (rune >> 6 & 0x3f));
        text[length++] = (char)(0x80 | (rune & 0x3f));
    }
    text[length] = '\0';
}

/* Drawing ---------------------------------------------------------------------------------------
 */

static void cell_set(struct grid *grid, int x, int y, enum grid_style style, uint32_t rune)
{
    if (x >= 0 && y >= 0 && x < grid->width && y < grid->height) {
        grid->cells[y * grid->width + x] = (struct grid_cell){
            .rune = grid->is_ascii ? rune_ascii(rune) : rune, .style = (uint8_t)style};
    }
}

int grid_put(struct grid *grid, int x, int y, int width, enum grid_style style, const char *text)
{
    int end = x + width;
    while (*text != '\0' && x < end) {
        cell_set(grid, x, y, style, rune_take(&text));
        x++;
    }
    return x;
}

void grid_put_right(struct grid *grid, int x, int y, int width, enum grid_style style,
                    const char *text)
{
    int used = grid_text_width(text);
    int indent = used < width ? width - used : 0;
    grid_put(grid, x + indent, y, width - indent, style, text);
}

int grid_print(struct grid *grid, int x, int y, int width, enum grid_style style,
               const char *format, ...)
{
    char text[GRID_WIDTH_MAX * 3 + 1];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return length < 0 ? x : grid_put(grid, x, y, width, style, text);
}

void grid_fill(struct grid *grid, int x, int y, int width, enum grid_style style, uint32_t rune)
{
    for (int i = 0; i < width; i++) {
        cell_set(grid, x + i, y, style, rune);
    }
}

void grid_restyle(struct grid *grid, int x, int y, int width, enum grid_style style)
{
    for (int i = x < 0 ? 0 : x; i < x + width && i < grid->width && y >= 0 && y < grid->height;
         i++) {
        grid->cells[y * grid->width + i].style = (uint8_t)style;
    }
}

const struct grid_cell *grid_at(const struct grid *grid, int x, int y)
{
    return &grid->cells[y * grid->width + x];
}

void grid_to_text(const struct grid *grid, struct text *text)
{
    for (int y = 0; y < grid->height; y++) {
        int end = grid->width;
        while (end > 0 && grid_at(grid, end - 1, y)->rune == ' ') {
            end--;
        }
        for (int x = 0; x < end; x++) {
            char bytes[5];
            grid_rune_text(grid_at(grid, x, y)->rune, bytes);
            text_append_string(text, bytes);
        }
        text_append(text, "\n", 1);
    }
}
