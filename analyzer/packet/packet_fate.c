/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/packet/packet_fate.h"

#include <inttypes.h>
#include <stdio.h>

#include "analyzer/report/words.h"

static const char *text_of(const struct timeline *timeline, int32_t episode)
{
    const struct timeline_entry *entries;
    size_t count = timeline_entries(timeline, &entries);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].kind == TIMELINE_BEGIN && entries[i].episode == episode) {
            return entries[i].text;
        }
    }
    return "The kernel dropped it"; /* another source tells of the episode */
}

void packet_fates_find(struct packet_fates *fates, const struct timeline *timeline,
                       const struct packet_view *view)
{
    const struct timeline_join *joins;
    size_t count = timeline_joins(timeline, &joins);
    for (size_t i = 0; i < count && fates->count < PACKET_FATES_MAX; i++) {
        const struct packet_fate *last = fates->count > 0 ? &fates->list[fates->count - 1] : NULL;
        if (joins[i].packet_id == 0 ||
            !packet_view_has(view, joins[i].session, joins[i].packet_id) ||
            (last != NULL && last->packet_id == joins[i].packet_id)) {
            continue; /* two sources may tell of the same drop */
        }
        struct packet_fate *fate = &fates->list[fates->count++];
        fate->packet_id = joins[i].packet_id;
        fate->time_ns = joins[i].place_ns;
        fate->by = joins[i].by;
        fate->alike = joins[i].alike;
        snprintf(fate->text, sizeof(fate->text), "%s", text_of(timeline, joins[i].episode));
    }
}

void packet_fates_text(const struct page *page, const struct packet_fates *fates)
{
    struct words time;
    for (size_t i = 0; i < fates->count; i++) {
        const struct packet_fate *fate = &fates->list[i];
        char alike[64] = "";
        if (fate->alike != 0) {
            snprintf(alike, sizeof(alike), ", or one of %" PRIu32 " alike", fate->alike);
        }
        page_label(page, 0, "KERNEL", PAGE_BAD, 2,
                   "packet %" PRIu64 "%s, outside of the switch, at %s: %s. Known by its %s.",
                   fate->packet_id, alike, words_time(fate->time_ns, &time), fate->text,
                   fate->by == TIMELINE_JOIN_BYTES ? "first bytes" : "port and time alone");
    }
}

void packet_fates_json(struct json_writer *json, const struct packet_fates *fates)
{
    json_array_open(json, "kernel_drops");
    for (size_t i = 0; i < fates->count; i++) {
        const struct packet_fate *fate = &fates->list[i];
        json_object_open(json, NULL);
        json_u64(json, "packet", fate->packet_id);
        json_u64(json, "time_ns", fate->time_ns);
        json_text(json, "text", fate->text);
        json_text(json, "known_by", fate->by == TIMELINE_JOIN_BYTES ? "bytes" : "port and time");
        if (fate->alike != 0) {
            json_u64(json, "alike", fate->alike);
        }
        json_object_close(json);
    }
    json_array_close(json);
}
