/* SPDX-License-Identifier: Apache-2.0 */
#include "babeltrace/stories.h"

#include <inttypes.h>

#include "analyzer/journey/record.h"

static void flags_tell(struct text *text, uint8_t flags)
{
    static const char *const names[] = {"first",  "last",       "flood",
                                        "mirror", "undeclared", "changes-incomplete"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((flags >> i & 1) != 0) {
            text_format(text, "%s%s", text->length > 0 ? "," : "", names[i]);
        }
    }
}

static void bytes_tell(struct text *text, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        text_format(text, "%02x", bytes[i]);
    }
}

/* A blank in front of all but the first. */
static const char *between(const struct text *text)
{
    return text->length > 0 ? " " : "";
}

static void hops_tell(struct text *text, const struct dictionary *names,
                      const struct meta_item *item)
{
    for (size_t i = 0; i < item->hop_count; i++) {
        struct dictionary_name name;
        struct meta_hop hop = meta_hop_at(item, i);
        text_format(text, "%s%s@%" PRIu32, between(text), dictionary_stage(names, hop.stage, &name),
                    hop.since_rx_ns);
    }
}

static void change_tell(struct text *text, const struct dictionary *names,
                        const struct meta_change *change)
{
    struct dictionary_name name;
    text_format(text, "%s%s@%u:", between(text), dictionary_stage(names, change->stage, &name),
                change->offset);
    bytes_tell(text, change->bytes, change->old_length);
    text_append_string(text, ">");
    bytes_tell(text, change->bytes + change->old_length, change->new_length);
}

static void item_tell(struct story *story, const struct dictionary *names,
                      const struct meta_item *item)
{
    struct dictionary_name name;
    struct text *text;
    switch (item->type) {
    case META_TLV_HOPS:
        hops_tell(&story->texts[STORY_HOPS], names, item);
        break;
    case META_TLV_CHANGE:
        change_tell(&story->texts[STORY_CHANGES], names, &item->change);
        break;
    case META_TLV_DECISION:
        text = &story->texts[STORY_DECISIONS];
        text_format(text, "%s%s:%" PRIu32, between(text),
                    dictionary_stage(names, item->decision.stage, &name), item->decision.rule);
        break;
    case META_TLV_OFFLOAD:
        text_format(&story->texts[STORY_OFFLOAD],
                    "flags=%u gso_type=%u header=%u gso_size=%u csum_start=%u csum_offset=%u",
                    item->offload.flags, item->offload.gso_type, item->offload.header_length,
                    item->offload.gso_size, item->offload.csum_start, item->offload.csum_offset);
        break;
    case META_TLV_HELD:
        text = &story->texts[STORY_HELD];
        text_format(text, "%s%s:%" PRIu64 "@%" PRIu64, between(text),
                    dictionary_stage(names, item->held.stage, &name), item->held.held_ns,
                    item->held.rx_mono_ns);
        break;
    case META_TLV_VLAN:
        story->vlan = item->vlan;
        break;
    case META_TLV_GENERATION:
        story->generation = item->generation;
        break;
    case META_TLV_STAGE_TIME:
        story->since_rx_ns = item->since_rx_ns;
        break;
    case META_TLV_SOURCE:
        story->source = item->source.port;
        story->has_source = true;
        if (item->source.name_length > 0) {
            text_append(&story->source_name, item->source.name, item->source.name_length);
        }
        break;
    case META_TLV_GAP:        /* events of their own */
    case META_TLV_UNDECLARED: /* in a file, a flag */
        break;
    }
}

bool story_tell(struct story *story, const struct rows *rows, const struct row *row)
{
    struct meta_reader items = row_meta(rows, row);
    struct meta_item item;
    *story = (struct story){.generation = 0};
    flags_tell(&story->texts[STORY_FLAGS], row->flags);
    while (record_next_item(&items, &item)) {
        item_tell(story, &row->session->of->dictionary, &item);
    }
    bytes_tell(&story->texts[STORY_HEAD], row_head(rows, row), row->head_length);
    bool has_failed = story->source_name.failed;
    for (unsigned i = 0; i < STORY_TEXTS; i++) {
        has_failed |= story->texts[i].failed;
    }
    return !has_failed;
}

void story_fini(struct story *story)
{
    text_fini(&story->source_name);
    for (unsigned i = 0; i < STORY_TEXTS; i++) {
        text_fini(&story->texts[i]);
    }
}
