/* SPDX-License-Identifier: Apache-2.0 */
/* See words.h. */
#include "analyzer/report/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

const char *words_number(uint64_t number, struct words *words)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);
    char *to = words->text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            *to++ = ',';
        }
        *to++ = digits[i];
    }
    *to = '\0';
    return words->text;
}

const char *words_count(uint64_t number, const char *noun, struct words *words)
{
    struct words digits;
    snprintf(words->text, sizeof(words->text), "%s %.16s%s", words_number(number, &digits), noun,
             number == 1 ? "" : "s");
    return words->text;
}

static size_t local_time(uint64_t wall_ns, const char *format, struct words *words)
{
    time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
    struct tm parts;
    words->text[0] = '\0';
    if (localtime_r(&seconds, &parts) == NULL) {
        return 0;
    }
    return strftime(words->text, sizeof(words->text), format, &parts);
}

const char *words_time(uint64_t wall_ns, struct words *words)
{
    size_t length = local_time(wall_ns, "%H:%M:%S", words);
    snprintf(words->text + length, sizeof(words->text) - length, ".%06u",
             (unsigned)(wall_ns % NS_PER_SECOND / 1000));
    return words->text;
}

const char *words_date_time(uint64_t wall_ns, struct words *words)
{
    struct words zone;
    local_time(wall_ns, "%z", &zone);
    size_t length = local_time(wall_ns, "%Y-%m-%d %H:%M:%S", words);
    snprintf(words->text + length, sizeof(words->text) - length, ".%06u %.8s",
             (unsigned)(wall_ns % NS_PER_SECOND / 1000), zone.text);
    return words->text;
}

const char *words_duration(uint64_t duration_ns, struct words *words)
{
    static const struct {
        uint64_t unit_ns;
        const char *name;
    } units[] = {{NS_PER_SECOND, "s"}, {1000000, "ms"}, {1000, "us"}};
    if (duration_ns >= 120ull * NS_PER_SECOND) {
        uint64_t seconds = duration_ns / NS_PER_SECOND;
        snprintf(words->text, sizeof(words->text), "%" PRIu64 " min %u s", seconds / 60,
                 (unsigned)(seconds % 60));
        return words->text;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (duration_ns < units[i].unit_ns) {
            continue;
        }
        uint64_t tenths = duration_ns * 10 / units[i].unit_ns;
        snprintf(words->text, sizeof(words->text), "%u.%u %s", (unsigned)(tenths / 10),
                 (unsigned)(tenths % 10), units[i].name);
        return words->text;
    }
    snprintf(words->text, sizeof(words->text), "%u ns", (unsigned)duration_ns);
    return words->text;
}
