/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TRACE_VIEW_H
#define XSW_CMD_TRACE_VIEW_H

/*
 * Events of a trace as lines: for people, with colours on a terminal, or one JSON object a line.
 * Fields are shown as they come, so that events of other programs, and those of later versions, are
 * shown too.
 *
 * Threads: main only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <babeltrace2/babeltrace.h>

enum { VIEW_MATCHES_MAX = 16 };

/* What an event must have to be shown: a field with one of the texts. */
struct view_match {
    const char *word;  /* "port", "reason": see view_word_is_known */
    const char *value; /* texts with commas between them */
};

struct view {
    bool json;
    bool has_colour;
    bool shows_host;
    const struct view_match *matches;
    size_t match_count;
    uint64_t shown, lost; /* events; `lost` as far as the trace knows */
    uint64_t torn_bytes;  /* at the ends of the files, which no reader can take */
    bool failed;          /* the output cannot be written */
};

/* Whether the word can stand in a match. */
bool view_word_is_known(const char *word);
/* Shows what the message says: an event, or that some were lost. */
void view_message(struct view *view, const bt_message *message);

#endif
