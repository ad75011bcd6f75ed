/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to the capture itself while it ran: other rules, a budget that was used up. It says
 * why the recording has less, or other packets, from then on. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "analyzer/explain/explain_parts.h"
#include "analyzer/report/words.h"

enum { EVENTS_TOLD = 4 };

static bool is_of_capture(const struct event *event)
{
    return strcmp(event->name, "capture_changed") == 0 ||
           strcmp(event->name, "capture_over_budget") == 0;
}

void explain_capture(struct explaining *explaining)
{
    const struct events *events = &explaining->analysis->events;
    struct text text = {0};
    struct words time;
    uint64_t count = 0;
    for (size_t i = 0; i < events->count; i++) {
        const struct event *event = &events->list[i];
        if (is_of_capture(event) && count++ < EVENTS_TOLD) {
            text_format(&text, "%sAt %s %s.", count == 1 ? "" : " ",
                        words_time(event->wall_ns, &time), event->message);
        }
    }
    /* Events name no switch: they stand with the first one. */
    bool is_first = explaining->of == explaining->analysis->switches[0];
    struct finding *finding = count == 0 || !is_first
                                  ? NULL
                                  : finding_add(explaining, FINDING_CONFIGURATION, FINDING_NOTICE);
    if (finding == NULL) {
        text_fini(&text);
        return;
    }
    if (count > EVENTS_TOLD) {
        text_format(&text, " %" PRIu64 " more: see the events.", count - EVENTS_TOLD);
    }
    finding_say(finding, &text);
}
