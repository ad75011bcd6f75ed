/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of screens: filling them, and how they read. See screen.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "analyzer/report/words.h"
#include "tui/screens/screen.h"

void cell_text(struct screen_cell *cell, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cell->text, sizeof(cell->text), format, arguments);
    va_end(arguments);
    cell->kind = CELL_TEXT;
}

static void cell_whole(struct screen_cell *cell, enum cell_kind kind, uint64_t number)
{
    cell->kind = kind;
    cell->whole = number;
    cell->number = (double)number;
}

void cell_count(struct screen_cell *cell, uint64_t count)
{
    cell_whole(cell, CELL_COUNT, count);
}

void cell_ns(struct screen_cell *cell, uint64_t ns)
{
    cell_whole(cell, CELL_NS, ns);
}

void cell_time(struct screen_cell *cell, uint64_t wall_ns)
{
    cell_whole(cell, CELL_TIME, wall_ns);
}

void cell_id(struct screen_cell *cell, uint64_t id)
{
    cell_whole(cell, CELL_ID, id);
}

void cell_rate(struct screen_cell *cell, double per_second)
{
    cell->kind = CELL_RATE;
    cell->number = per_second;
}

void cell_bits(struct screen_cell *cell, double per_second)
{
    cell->kind = CELL_BITS;
    cell->number = per_second;
}

/* Trends ----------------------------------------------------------------------------------------
 */

/* The newest point ends at the moment that is shown. Points are of one sample each; where all the
 * time is looked at, they are as long as to cover it. */
void cell_trend(struct screen_cell *cell, const struct scene *scene, cell_counter *counter,
                size_t which)
{
    double highest = 0;
    int count = 0;
    size_t samples = scene->model->sample_count - scene->back;
    size_t stride = scene->window_ns == UINT64_MAX ? samples / SCREEN_TREND_POINTS : 1;
    stride = stride < 1 ? 1 : stride;
    cell->kind = CELL_TREND;
    cell->is_whole = scene->window_ns == UINT64_MAX;
    for (size_t back = scene->back; count < SCREEN_TREND_POINTS; back += stride) {
        const struct model_sample *to = model_sample(scene->model, back);
        const struct model_sample *from = model_sample(scene->model, back + stride);
        if (from == NULL || to->wall_ns <= from->wall_ns) {
            break;
        }
        uint64_t now = counter(to, which);
        uint64_t before = counter(from, which);
        double rate =
            now < before ? 0 : (double)(now - before) / (double)(to->wall_ns - from->wall_ns);
        cell->points[SCREEN_TREND_POINTS - 1 - count] = rate;
        highest = rate > highest ? rate : highest;
        count++;
    }
    memmove(cell->points, cell->points + SCREEN_TREND_POINTS - count,
            (size_t)count * sizeof(cell->points[0]));
    for (int i = 0; i < count && highest > 0; i++) {
        cell->points[i] /= highest;
    }
    cell->point_count = count;
}

/* A line that is all zero is drawn as blanks: what never happens does not look like a little. */
static void trend_format(const struct screen_cell *cell, int width, char *text)
{
    static const char *const levels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    size_t used = 0;
    int beyond = cell->point_count > width && width > 0 ? cell->point_count - width : 0;
    int group = cell->is_whole && beyond > 0 ? (cell->point_count + width - 1) / width : 1;
    text[0] = '\0';
    for (int i = group > 1 ? 0 : beyond; i < cell->point_count; i += group) {
        double highest = 0;
        for (int j = i; j < i + group && j < cell->point_count; j++) {
            highest = cell->points[j] > highest ? cell->points[j] : highest;
        }
        int level = (int)(highest * 7.0 + 0.5);
        used += (size_t)snprintf(text + used, SCREEN_TEXT_SIZE - used, "%s",
                                 highest <= 0 ? " " : levels[level]);
    }
}

/* Numbers ---------------------------------------------------------------------------------------
 */

/* "1.24M": three digits that count, and a letter. */
static void short_format(double number, const char *unit, char *text)
{
    static const char letters[] = {'k', 'M', 'G', 'T', 'P', 'E'};
    if (number > 0 && number < 1) {
        snprintf(text, SCREEN_TEXT_SIZE, "%.1f%s", number, unit);
        return;
    }
    if (number < 999.5) {
        snprintf(text, SCREEN_TEXT_SIZE, "%.0f%s", number, unit);
        return;
    }
    size_t letter = 0;
    for (number /= 1000; number >= 999.5 && letter + 1 < sizeof(letters); number /= 1000) {
        letter++;
    }
    int digits = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
    snprintf(text, SCREEN_TEXT_SIZE, "%.*f%c%s", digits, number, letters[letter], unit);
}

/* Durations line up when they are cut to what matters: "0.48 us", "12.3 ms". */
static void duration_format(uint64_t ns, char *text)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    double number = (double)ns;
    size_t unit = 0;
    while (number >= 999.5 && unit < 3) {
        number /= 1000;
        unit++;
    }
    int digits = unit == 0 || number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2;
    snprintf(text, SCREEN_TEXT_SIZE, "%.*f %s", digits, number, units[unit]);
}

static void count_format_in(uint64_t count, int width, char *text)
{
    struct words words;
    snprintf(text, SCREEN_TEXT_SIZE, "%s", words_number(count, &words));
    if (grid_text_width(text) > width) {
        short_format((double)count, "", text);
    }
}

static void time_format(uint64_t wall_ns, int width, char *text)
{
    struct words words;
    snprintf(text, SCREEN_TEXT_SIZE, "%s", words_time(wall_ns, &words));
    if (width > 0 && (size_t)width < strlen(text)) {
        text[width] = '\0'; /* fewer digits of the second */
    }
}

void cell_format(const struct screen_cell *cell, int width, char *text)
{
    switch (cell->kind) {
    case CELL_TEXT:
        snprintf(text, SCREEN_TEXT_SIZE, "%s", cell->text);
        break;
    case CELL_COUNT:
        count_format_in(cell->whole, width, text);
        break;
    case CELL_RATE:
        short_format(cell->number, "", text);
        break;
    case CELL_BITS:
        short_format(cell->number, "b", text);
        break;
    case CELL_NS:
        duration_format(cell->whole, text);
        break;
    case CELL_TIME:
        time_format(cell->whole, width, text);
        break;
    case CELL_ID:
        snprintf(text, SCREEN_TEXT_SIZE, "%llu", (unsigned long long)cell->whole);
        break;
    case CELL_PERCENT:
        snprintf(text, SCREEN_TEXT_SIZE, "%.1f%%", cell->number);
        break;
    case CELL_TREND:
        trend_format(cell, width, text);
        break;
    default:
        text[0] = '\0';
    }
}

bool expression_add_packet(char *text, uint64_t packet)
{
    enum { NUMBER_SIZE = 24 };
    size_t used = strlen(text);
    if (used + NUMBER_SIZE > SCREEN_EXPRESSION_SIZE) {
        return false;
    }
    used -= used > 0; /* the bracket */
    snprintf(text + used, SCREEN_EXPRESSION_SIZE - used, "%s%llu)", used > 0 ? ", " : "packet in (",
             (unsigned long long)packet);
    return true;
}

void expression_name(char *text, size_t size, const char *name)
{
    size_t used = 0;
    text[used++] = '"';
    for (; *name != '\0' && used + 4 < size; name++) {
        if (*name == '"' || *name == '\\') {
            text[used++] = '\\';
        }
        text[used++] = *name;
    }
    text[used++] = '"';
    text[used] = '\0';
}
