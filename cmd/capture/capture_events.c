/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capture/capture_events.h"

#include <inttypes.h>
#include <stdio.h>

#include "capture/budget.h"
#include "cmd/capture/capture_hide.h"
#include "cmd/capture/capture_rules.h"
#include "cmd/command.h"
#include "formats/pcapng/pcapng_write.h"

enum { FIELDS_MAX = 8, NUMBER_SIZE = 24, TEXT_SIZE = 2048 };

/* An event that is being made: its fields, and room for those that are numbers. */
struct making {
    struct pcapng_event event;
    struct pcapng_event_field fields[FIELDS_MAX];
    char numbers[FIELDS_MAX][NUMBER_SIZE];
    char message[TEXT_SIZE];
};

static void text_add(struct making *making, const char *name, const char *value)
{
    making->fields[making->event.field_count++] = (struct pcapng_event_field){name, value};
}

static void number_add(struct making *making, const char *name, uint64_t value)
{
    char *number = making->numbers[making->event.field_count];
    snprintf(number, NUMBER_SIZE, "%" PRIu64, value);
    text_add(making, name, number);
}

static void percent_add(struct making *making, const char *name, uint64_t millionths)
{
    char *number = making->numbers[making->event.field_count];
    snprintf(number, NUMBER_SIZE, "%.4f", (double)millionths / 10000);
    text_add(making, name, number);
}

static void making_begin(struct making *making, const struct recorder *recorder,
                         const struct ring_event *from, const char *name)
{
    const json_t *clock = json_object_get(recorder->first, "clock");
    long long offset_ns = reply_number(clock, "wall_ns") - reply_number(clock, "mono_ns");
    making->event = (struct pcapng_event){
        .wall_ns = from->mono_ns + (uint64_t)offset_ns,
        .mono_ns = from->mono_ns,
        .priority = PCAPNG_PRIORITY_NOTICE,
        .source = "xsw",
        .host = json_string_value(json_object_get(recorder->first, "host")),
        .boot_id = json_string_value(json_object_get(recorder->first, "boot_id")),
        .name = name,
        .message = making->message,
        .fields = making->fields};
    number_add(making, "session", (uint64_t)reply_number(recorder->attached, "session"));
}

static void making_write(struct making *making, struct recorder *recorder)
{
    struct xsw_error error;
    if (pcapng_writer_event(recorder->writer, &making->event, &error) != XSW_OK) {
        recorder_write_failed(recorder, &error);
    }
}

/* Budget ------------------------------------------------------------------------------------- */

static void budget_take(struct recorder *recorder, uint32_t worker, const struct ring_event *event)
{
    static const char *const does[] = {
        "keeps all that it is to keep", "keeps the first 128 bytes of packets",
        "keeps one flow in 16, and 128 bytes of a packet", "keeps nothing"};
    struct making making = {0};
    uint64_t level = event->values[0] <= BUDGET_DISARMED ? event->values[0] : BUDGET_DISARMED;
    bool is_worse = level > event->values[1];
    making_begin(&making, recorder, event, "capture_over_budget");
    making.event.priority = is_worse ? PCAPNG_PRIORITY_WARNING : PCAPNG_PRIORITY_NOTICE;
    number_add(&making, "worker", worker);
    text_add(&making, "level", budget_level_name((unsigned)level));
    text_add(&making, "level_before", budget_level_name((unsigned)event->values[1]));
    percent_add(&making, "share", event->values[2]);
    percent_add(&making, "budget", event->values[3]);
    snprintf(making.message, sizeof(making.message),
             "capture session %s took %.4g %% of the time of worker %u, of %.4g %% that it may "
             "take: from now on it %s",
             reply_text(recorder->attached, "name"), (double)event->values[2] / 10000, worker,
             (double)event->values[3] / 10000, does[level]);
    making_write(&making, recorder);
}

/* Rules -------------------------------------------------------------------------------------- */

/* The rules of this number, into what we know of the session. False: they have been replaced since,
 * or the daemon does not answer. */
static bool rules_ask(struct recorder *recorder, uint64_t number)
{
    struct client_reply reply;
    size_t place;
    json_t *session;
    bool is_known = false;
    long long own = reply_number(recorder->attached, "session");
    if (client_call(recorder->client, "capture.list", NULL, &reply, NULL) != XSW_OK) {
        return false;
    }
    json_array_foreach(json_object_get(reply.result, "sessions"), place, session)
    {
        if (reply_number(session, "session") == own) {
            if (recorder->names.hides) {
                capture_hide_session(session);
            }
            json_object_update(recorder->attached, session);
            is_known = (uint64_t)reply_number(session, "rules_number") == number;
        }
    }
    client_reply_fini(&reply);
    return is_known;
}

/* Each worker tells of them; the file does once. */
static void rules_take(struct recorder *recorder, uint32_t worker, const struct ring_event *event)
{
    struct making making = {0};
    recorder->stage_sets[worker % CONFIG_WORKERS_MAX] = event->values[1];
    char rules[TEXT_SIZE / 2] = "rules that were replaced again before they could be asked for";
    if (event->values[0] <= recorder->rules_told) {
        return;
    }
    recorder->rules_told = event->values[0];
    making_begin(&making, recorder, event, "capture_changed");
    number_add(&making, "rules_number", event->values[0]);
    number_add(&making, "stage_set", event->values[1]);
    if (rules_ask(recorder, event->values[0])) {
        capture_rules_text(recorder->attached, rules, sizeof(rules));
        text_add(&making, "filter", reply_text(recorder->attached, "filter"));
        text_add(&making, "where", reply_text(recorder->attached, "where"));
        text_add(&making, "ports", reply_text(recorder->attached, "ports"));
        text_add(&making, "stages", reply_text(recorder->attached, "stages"));
    }
    text_add(&making, "rules", rules);
    snprintf(making.message, sizeof(making.message),
             "capture session %s has other rules from now on: %s",
             reply_text(recorder->attached, "name"), rules);
    making_write(&making, recorder);
}

void capture_event_take(struct recorder *recorder, uint32_t worker, const struct ring_event *event)
{
    if (event->record.count == RING_EVENT_BUDGET) {
        budget_take(recorder, worker, event);
    } else if (event->record.count == RING_EVENT_RULES) {
        rules_take(recorder, worker, event);
    }
}
