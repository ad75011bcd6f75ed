/* SPDX-License-Identifier: Apache-2.0 */
#include "trace/event_story.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "switch/events.h"

static void field(struct event_story *story, const char *name, const char *value)
{
    size_t i = story->event.field_count;
    if (i < EVENT_STORY_FIELDS && value[0] != '\0') {
        story->fields[i] = (struct pcapng_event_field){name, value};
        story->event.field_count++;
    }
}

static void number(struct event_story *story, const char *name, uint64_t value)
{
    size_t i = story->event.field_count;
    if (i < EVENT_STORY_FIELDS) {
        snprintf(story->numbers[i], sizeof(story->numbers[i]), "%" PRIu64, value);
        field(story, name, story->numbers[i]);
    }
}

/* Appends ", what text" to the sentence. */
static void say(struct event_story *story, const char *what, const char *text)
{
    size_t used = strlen(story->message);
    if (text[0] != '\0' && used < sizeof(story->message)) {
        snprintf(story->message + used, sizeof(story->message) - used, "%s%s%s%s",
                 strchr(story->message, ':') == NULL ? ": " : ", ", what,
                 what[0] != '\0' ? " " : "", text);
    }
}

static void say_number(struct event_story *story, const char *what, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, value);
    if (what[0] != '\0') {
        say(story, what, text);
    }
}

/* What has no entries is set as a whole, and not all is about a packet: "entry 0" and "packet 0"
 * would say nothing to people. */
static bool is_number_of_one(const char *what)
{
    return strcmp(what, "entry") == 0 || strcmp(what, "packet") == 0;
}

static void sentence(struct event_story *story, const struct event_record *record,
                     const struct switch_event_info *info)
{
    snprintf(story->message, sizeof(story->message), "%s", info->sentence);
    /* A colon of the sentence itself is not ours to go on behind. */
    char *colon = strchr(story->message, ':');
    if (colon != NULL) {
        *colon = ';';
    }
    say(story, "port", record->port_name);
    say(story, "", record->extension);
    say(story, "", record->subject);
    say(story, "", record->detail);
    if (record->value != 0 || !is_number_of_one(info->value)) {
        say_number(story, info->value, record->value);
    }
    say_number(story, info->before, record->before);
}

void event_story_tell(struct event_story *story, const struct event_record *record,
                      uint64_t wall_offset_ns)
{
    const struct switch_event_info *info = switch_event_info(record->kind);
    story->event =
        (struct pcapng_event){.wall_ns = record->mono_ns + wall_offset_ns,
                              .mono_ns = record->mono_ns,
                              .priority = info != NULL ? info->level : PCAPNG_PRIORITY_INFO,
                              .source = "xsw",
                              .message = story->message,
                              .fields = story->fields};
    if (info != NULL) {
        story->event.name = info->name;
        sentence(story, record, info);
    } else {
        snprintf(story->message, sizeof(story->message), "event_%u", record->kind);
        story->event.name = story->message;
    }
    field(story, "switch", record->switch_name);
    field(story, "port", record->port_name);
    if (record->port != 0) {
        number(story, "port_id", record->port);
    }
    if (record->stage != SWITCH_EVENT_NO_STAGE) {
        field(story, "stage", record->stage_name);
    }
    field(story, "extension", record->extension);
    field(story, "subject", record->subject);
    field(story, "detail", record->detail);
    number(story, "generation", record->generation);
    if (record->packet_id != 0) {
        number(story, "packet_id", record->packet_id);
    }
    if (info != NULL && info->value[0] != '\0') {
        number(story, "value", record->value);
    }
    if (info != NULL && info->before[0] != '\0') {
        number(story, "before", record->before);
    }
    if (record->worker != SWITCH_EVENT_NO_WORKER) {
        number(story, "worker", record->worker);
    }
}
