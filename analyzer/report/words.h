/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_WORDS_H
#define XSW_ANALYZER_WORDS_H

/* Numbers and times as people read them. Results lie in the caller's storage. Any thread. */

#include <stddef.h>
#include <stdint.h>

struct words {
    char text[48];
};

/* "1,234,567" */
const char *words_number(uint64_t number, struct words *words);
/* "1 packet", "2 packets": `noun` in the singular, plural by "s". */
const char *words_count(uint64_t number, const char *noun, struct words *words);
/* "12:00:01.123456", local time. */
const char *words_time(uint64_t wall_ns, struct words *words);
/* "2026-08-30 12:00:01.123456 +0200" */
const char *words_date_time(uint64_t wall_ns, struct words *words);
/* "480 ns", "12.3 us", "12.3 s", "3 min 20 s" */
const char *words_duration(uint64_t duration_ns, struct words *words);

#endif
