/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/timeline/events_sum.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/books/notes.h"

/* Two who see the same drop note it one behind the other. */
static const uint64_t APART_NS = 1000000;

static void key_text(char *part, size_t size, const char *text)
{
    text_make_safe(part, size, text != NULL ? text : "");
    /* The key is compared to its end, and what was cut may have left something behind it. */
    memset(part + strlen(part), 0, size - strlen(part));
}

static void part_take(char *part, size_t size, const struct pcapng_event *event, const char *name,
                      const char *otherwise)
{
    const char *value = event_field(event, name);
    key_text(part, size, value != NULL && value[0] != '\0' ? value : event_field(event, otherwise));
}

/* A drop in a trace of the kernel alone, as trace-cmd makes it: of which port is not told. */
static bool is_bare(const char *name)
{
    return strcmp(name, "skb:kfree_skb") == 0;
}

/* With these a healthy host frees packets all the time: they tell of no port's drops. */
static bool is_peaceful(const struct pcapng_event *event)
{
    static const char *const names[] = {"NO_SOCKET", "OTHERHOST", "NOT_DROPPED_YET", "CONSUMED",
                                        "NOT_SPECIFIED"};
    const char *reason = event_field(event, "reason");
    for (size_t i = 0; reason != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(reason, names[i]) == 0) {
            return true;
        }
    }
    return reason == NULL;
}

static void rule_take(struct event_sum_key *key, const struct pcapng_event *event)
{
    uint64_t rule = event_number(event, "rule", 0);
    if (rule != 0) {
        snprintf(key->why, sizeof(key->why), "rule %" PRIu64, rule);
    }
}

/* LTTng tells an error of everything, which is 0 where there was none. */
static void error_take(struct event_sum_key *key, const struct pcapng_event *event)
{
    const char *error = event_field(event, "error");
    key_text(key->why, sizeof(key->why), error != NULL && strcmp(error, "0") != 0 ? error : NULL);
}

bool event_sum_key_make(struct event_sum_key *key, const struct pcapng_event *event)
{
    const char *name = event->name != NULL ? event->name : "";
    bool is_kernel = strcmp(name, "kernel_drop") == 0;
    bool is_xdp = strncmp(name, "kernel_xdp_", strlen("kernel_xdp_")) == 0;
    bool is_dropped = strcmp(name, "packet_dropped") == 0;
    memset(key, 0, sizeof(*key));
    if (!is_kernel && !is_xdp && !is_dropped && (!is_bare(name) || is_peaceful(event))) {
        return false;
    }
    snprintf(key->kind, sizeof(key->kind), "%s", name);
    key_text(key->switch_name, sizeof(key->switch_name), event_switch(event));
    key_text(key->port, sizeof(key->port), event_port(event));
    part_take(key->stage, sizeof(key->stage), event, "stage_name", "stage");
    part_take(key->reason, sizeof(key->reason), event, is_dropped ? "reason_name" : "reason",
              is_dropped ? "reason" : "action");
    if (is_xdp) {
        error_take(key, event);
    } else if (is_dropped) {
        rule_take(key, event);
    }
    if ((is_kernel || is_xdp) && key->port[0] == '\0') {
        key_text(key->device, sizeof(key->device), event_field(event, "device"));
    }
    return true;
}

bool events_sum_take(struct events *events, const struct pcapng_event *event, uint16_t source,
                     int machine)
{
    struct event_sum_key key;
    if (!event_sum_key_make(&key, event)) {
        return false;
    }
    key.machine = (int16_t)machine;
    key.from = source;
    struct event_sum *sum = table_add(&events->sums, &key);
    if (sum == NULL) {
        events->beyond++;
        return true;
    }
    uint64_t packets = event_number(event, "packets", 1);
    uint64_t last_mono_ns = event_number(event, "last_mono_ns", event->mono_ns);
    uint64_t lasted_ns =
        event->mono_ns != 0 && last_mono_ns > event->mono_ns ? last_mono_ns - event->mono_ns : 0;
    if (sum->packets == 0 || event->wall_ns < sum->first_ns) {
        sum->first_ns = event->wall_ns;
        sum->first_mono_ns = event->mono_ns;
    }
    if (sum->packets == 0 || event->wall_ns + lasted_ns >= sum->last_ns) {
        sum->last_ns = event->wall_ns + lasted_ns;
        sum->last_mono_ns = event->mono_ns + lasted_ns;
    }
    /* Drops that are alike and close together are one event. */
    sum->packets += packets == 0 ? 1 : packets;
    sum->packet_id = sum->packet_id == 0 ? event_number(event, "packet_id", 0) : sum->packet_id;
    return true;
}

/* The machine of a source that does not tell it is known only now, so that the keys change. */
void events_sums_place(struct events *events, const struct sources *sources)
{
    struct table placed;
    table_init(&placed, sizeof(struct event_sum_key), sizeof(struct event_sum), EVENTS_SUMS_MAX);
    for (size_t i = 0; i < events->sums.count; i++) {
        struct event_sum_key key = *(const struct event_sum_key *)table_key(&events->sums, i);
        struct event_sum sum = *(const struct event_sum *)table_value(&events->sums, i);
        if (key.from < EVENTS_OF_SESSIONS) {
            int machine = key.machine >= 0 ? key.machine : sources_machine_of(sources, key.from);
            key.machine = (int16_t)machine;
            sum.first_ns = sources_place(sources, machine, sum.first_mono_ns, sum.first_ns);
            sum.last_ns = sources_place(sources, machine, sum.last_mono_ns, sum.last_ns);
        }
        struct event_sum *entry = table_add(&placed, &key);
        if (entry == NULL) {
            events->beyond++;
        } else {
            *entry = sum;
        }
    }
    table_fini(&events->sums);
    events->sums = placed;
}

/* The same drops but for who tells of them. A source that does not name the switch may mean any. */
static bool is_same(const struct event_sum_key *a, const struct event_sum_key *b)
{
    bool is_switch = a->switch_name[0] == '\0' || b->switch_name[0] == '\0' ||
                     strcmp(a->switch_name, b->switch_name) == 0;
    return is_switch && a->machine == b->machine && strcmp(a->kind, b->kind) == 0 &&
           strcmp(a->port, b->port) == 0 && strcmp(a->device, b->device) == 0 &&
           strcmp(a->stage, b->stage) == 0 && strcmp(a->reason, b->reason) == 0 &&
           strcmp(a->why, b->why) == 0;
}

/* The sums of one drop, by time; SAME_MAX is more than there are tellers that matter. */
enum { SAME_MAX = 64 };

static size_t same_gather(const struct events *events, size_t place,
                          const struct event_sum *same[SAME_MAX])
{
    const struct event_sum_key *key = table_key(&events->sums, place);
    size_t count = 0;
    for (size_t i = place; i < events->sums.count && count < SAME_MAX; i++) {
        const struct event_sum *sum = table_value(&events->sums, i);
        if (!is_same(table_key(&events->sums, i), key)) {
            continue;
        }
        size_t at = count++;
        while (at > 0 && same[at - 1]->first_ns > sum->first_ns) {
            same[at] = same[at - 1];
            at--;
        }
        same[at] = sum;
    }
    return count;
}

bool events_sum_whole(const struct events *events, size_t place, struct event_sum *whole)
{
    const struct event_sum_key *key = table_key(&events->sums, place);
    const struct event_sum *same[SAME_MAX];
    uint64_t most = 0; /* that one of them tells of the time they share */
    for (size_t i = 0; i < place; i++) {
        if (is_same(table_key(&events->sums, i), key)) {
            return false;
        }
    }
    size_t count = same_gather(events, place, same);
    *whole = *same[0];
    whole->packets = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && same[i]->first_ns > whole->last_ns + APART_NS) {
            whole->packets += most;
            most = 0;
        }
        most = same[i]->packets > most ? same[i]->packets : most;
        whole->last_ns = same[i]->last_ns > whole->last_ns ? same[i]->last_ns : whole->last_ns;
        whole->packet_id = whole->packet_id == 0 ? same[i]->packet_id : whole->packet_id;
    }
    whole->packets += most;
    return true;
}
