/* SPDX-License-Identifier: Apache-2.0 */
/* What happened beside the packets, for programs: events, drops of which they tell, what is
 * missing.
 */
#include "analyzer/report/report_json.h"

static void host_write(struct json_writer *json, const struct sources *sources, int machine)
{
    json_text(json, "host", machine < 0 ? NULL : sources_machine_name(sources, machine));
}

static void event_write(struct json_writer *json, const struct event *event,
                        const struct sources *sources)
{
    json_object_open(json, NULL);
    json_u64(json, "time_ns", event->wall_ns);
    json_u64(json, "last_ns", event->last_ns);
    json_u64(json, "count", event->count);
    host_write(json, sources, event->machine);
    json_u64(json, "priority", event->priority);
    json_text(json, "source", event->source[0] == '\0' ? NULL : event->source);
    json_text(json, "name", event->name[0] == '\0' ? NULL : event->name);
    json_text(json, "message", event->message);
    json_object_close(json);
}

/* Each kind of drop once, whoever tells it. */
static void sums_write(struct json_writer *json, const struct events *events,
                       const struct sources *sources)
{
    json_array_open(json, "event_drops");
    for (size_t i = 0; i < events->sums.count; i++) {
        const struct event_sum_key *key = table_key(&events->sums, i);
        struct event_sum sum;
        if (!events_sum_whole(events, i, &sum)) {
            continue;
        }
        json_object_open(json, NULL);
        json_text(json, "name", key->kind);
        host_write(json, sources, key->machine);
        json_text(json, "switch", key->switch_name[0] == '\0' ? NULL : key->switch_name);
        json_text(json, "port", key->port[0] == '\0' ? NULL : key->port);
        json_text(json, "device", key->device[0] == '\0' ? NULL : key->device);
        json_text(json, "stage", key->stage[0] == '\0' ? NULL : key->stage);
        json_text(json, "reason", key->reason);
        json_text(json, "why", key->why[0] == '\0' ? NULL : key->why);
        json_u64(json, "packets", sum.packets);
        json_u64(json, "first_ns", sum.first_ns);
        json_u64(json, "last_ns", sum.last_ns);
        json_object_close(json);
    }
    json_array_close(json);
}

static void losses_write(struct json_writer *json, const struct losses *losses,
                         const struct sources *sources)
{
    json_array_open(json, "unknown");
    for (size_t i = 0; i < losses->count; i++) {
        const struct loss *loss = &losses->list[i];
        if (loss->is_repeat) {
            continue;
        }
        json_object_open(json, NULL);
        json_text(json, "what", loss_kind_name(loss->kind));
        host_write(json, sources, loss->machine);
        json_u64(json, "from_ns", loss->from_ns);
        json_u64(json, "to_ns", loss->until_ns);
        json_bool(json, "begin_is_known", loss->from_ns != 0);
        json_bool(json, "end_is_known", loss->until_ns != 0 && !loss->is_open);
        json_u64(json, "count", loss->count);
        json_bool(json, "count_is_known", !loss->is_more && loss->kind != LOSS_UNTOLD);
        json_object_close(json);
    }
    json_array_close(json);
    json_u64(json, "unknown_beyond_limit", losses->beyond);
}

void report_json_events(struct json_writer *json, const struct events *events,
                        const struct sources *sources)
{
    json_array_open(json, "events");
    for (size_t i = 0; i < events->count; i++) {
        event_write(json, &events->list[i], sources);
    }
    json_array_close(json);
    json_u64(json, "events_beyond_limit", events->beyond);
    sums_write(json, events, sources);
    losses_write(json, &events->losses, sources);
}
