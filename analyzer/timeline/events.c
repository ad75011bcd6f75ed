/* SPDX-License-Identifier: Apache-2.0 */
/* See events.h. Sums are made in events_sum.c. */
#include "analyzer/timeline/events.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/books/notes.h"
#include "analyzer/timeline/events_sum.h"

static const uint64_t PAUSE_NS = 1000000000;
/* Two who see the same note it one behind the other; a time goes through formats that round it. */
static const uint64_t APART_NS = 1000000;
static const uint64_t SAME_NS = 1000;

void events_init(struct events *events)
{
    *events = (struct events){0};
    table_init(&events->recent, sizeof(uint64_t), sizeof(uint32_t), EVENTS_MAX);
    table_init(&events->sums, sizeof(struct event_sum_key), sizeof(struct event_sum),
               EVENTS_SUMS_MAX);
}

void events_fini(struct events *events)
{
    free(events->list);
    table_fini(&events->recent);
    table_fini(&events->sums);
    events->list = NULL;
    events->count = 0;
}

static bool is_one_of(const char *name, const char *const names[], size_t count)
{
    for (size_t i = 0; name != NULL && i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool event_is_frequent(const char *name)
{
    static const char *const names[] = {"kernel_drop", "kernel_xdp_exception",
                                        "kernel_xdp_redirect_err", "silent_drop",
                                        "worker_over_budget"};
    return name != NULL && (strncmp(name, "packet_", 7) == 0 || strncmp(name, "mac_", 4) == 0 ||
                            is_one_of(name, names, sizeof(names) / sizeof(names[0])));
}

bool event_is_change(const char *name)
{
    static const char *const names[] = {"policy_set", "setting_set", "extension_attached",
                                        "extension_detached", "extension_changed"};
    return name != NULL && (strncmp(name, "port_", 5) == 0 || strncmp(name, "nic_", 4) == 0 ||
                            is_one_of(name, names, sizeof(names) / sizeof(names[0])));
}

bool event_is_dull(const char *name)
{
    static const char *const names[] = {"packet_received", "packet_delivered", "packet_passed",
                                        "packet_hop", "clock"};
    return is_one_of(name, names, sizeof(names) / sizeof(names[0]));
}

static void text_keep(char *target, size_t size, const char *source)
{
    text_make_safe(target, size, source == NULL ? "" : source);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * 1099511628211ULL;
    }
    return (hash ^ 0xff) * 1099511628211ULL;
}

uint64_t event_alike_hash(const struct pcapng_event *event)
{
    struct event_sum_key key;
    uint64_t hash = hash_text(1469598103934665603ULL, event->name);
    hash = hash_text(hash, event_port(event));
    hash = hash_text(hash, event_field(event, "extension"));
    if (event_sum_key_make(&key, event)) {
        hash = hash_text(hash_text(hash_text(hash, key.device), key.reason), key.why);
    }
    return hash;
}

uint64_t event_switch_hash(const struct pcapng_event *event)
{
    const char *name = event_switch(event);
    return name[0] != '\0' ? hash_text(1469598103934665603ULL, name) | 1 : 0;
}

/* Goes on with an entry that is there; the place for a new one in `place`, null for none. */
static bool is_repeat(struct events *events, const struct pcapng_event *event, uint16_t from,
                      uint32_t **place)
{
    uint64_t hash = event_alike_hash(event) + event_switch_hash(event) + from;
    *place = NULL;
    if (!event_is_frequent(event->name)) {
        return false;
    }
    *place = table_add(&events->recent, &hash);
    if (*place == NULL || **place == 0) {
        return false;
    }
    struct event *before = &events->list[**place - 1];
    if (event->wall_ns > before->last_ns + PAUSE_NS ||
        event->wall_ns + PAUSE_NS < before->wall_ns) {
        return false;
    }
    before->count++;
    before->last_ns = event->wall_ns > before->last_ns ? event->wall_ns : before->last_ns;
    return true;
}

void events_add_from(struct events *events, const struct pcapng_event *event, uint16_t from,
                     int machine)
{
    uint32_t *place;
    (void)losses_take(&events->losses, event, from, machine);
    bool is_drop = events_sum_take(events, event, from, machine);
    if (event_is_dull(event->name) ||
        (strcmp(event->source != NULL ? event->source : "", "xsw") == 0 && event->name != NULL &&
         strncmp(event->name, "packet_", 7) == 0)) {
        return;
    }
    if (events->list == NULL) {
        events->list = calloc(EVENTS_MAX, sizeof(*events->list));
    }
    if (events->list == NULL || is_repeat(events, event, from, &place)) {
        events->beyond += events->list == NULL;
        return;
    }
    if (events->count == EVENTS_MAX) {
        events->beyond++;
        return;
    }
    struct event *kept = &events->list[events->count++];
    kept->wall_ns = kept->last_ns = event->wall_ns;
    kept->mono_ns = event->mono_ns;
    kept->count = 1;
    kept->alike = event_alike_hash(event);
    kept->of = event_switch_hash(event);
    kept->machine = (int16_t)machine;
    kept->from = from;
    kept->priority = event->priority;
    kept->is_drop = is_drop;
    text_keep(kept->source, sizeof(kept->source), event->source);
    text_keep(kept->name, sizeof(kept->name), event->name);
    text_keep(kept->message, sizeof(kept->message), event->message);
    if (place != NULL) {
        *place = (uint32_t)events->count;
    }
}

/* Both tell of the same: at the same time, or, of what is told as one, without a pause between. */
static bool is_same(const struct event *one, const struct event *other)
{
    uint64_t apart_ns = event_is_frequent(one->name) ? APART_NS : SAME_NS;
    bool is_switch = one->of == 0 || other->of == 0 || one->of == other->of;
    bool is_known = one->machine >= 0 && one->mono_ns != 0 && other->mono_ns != 0;
    return is_known && is_switch && one->from != other->from && one->machine == other->machine &&
           one->alike == other->alike && strcmp(one->name, other->name) == 0 &&
           one->mono_ns <= other->mono_ns + (other->last_ns - other->wall_ns) + apart_ns &&
           other->mono_ns <= one->mono_ns + (one->last_ns - one->wall_ns) + apart_ns;
}

/* Of two the one that tells of more stays, or else the recording's: its words are for people. */
static bool is_better(const struct event *event, const struct event *than)
{
    return event->count != than->count ? event->count > than->count : event->from > than->from;
}

static void repeats_drop(struct events *events)
{
    size_t kept = 0;
    for (size_t i = 0; i < events->count; i++) {
        const struct event *event = &events->list[i];
        size_t same = 0;
        while (same < kept && !is_same(event, &events->list[same])) {
            same++;
        }
        if (same == kept) {
            events->list[kept++] = *event;
        } else if (is_better(event, &events->list[same])) {
            events->list[same] = *event;
        }
    }
    events->count = kept;
}

void events_place(struct events *events, const struct sources *sources)
{
    for (size_t i = 0; i < events->count; i++) {
        struct event *event = &events->list[i];
        if (event->from >= EVENTS_OF_SESSIONS) {
            continue; /* it has the time that its recording's packets have */
        }
        uint64_t lasted_ns = event->last_ns - event->wall_ns;
        int machine =
            event->machine >= 0 ? event->machine : sources_machine_of(sources, event->from);
        event->machine = (int16_t)machine;
        event->wall_ns = sources_place(sources, machine, event->mono_ns, event->wall_ns);
        event->last_ns = event->wall_ns + lasted_ns;
    }
    repeats_drop(events);
    events_sums_place(events, sources);
    losses_place(&events->losses, sources);
}

/* Of two of one moment it is always the same, whatever the order of the sources. */
static bool is_later(const struct event *event, const struct event *than)
{
    if (event->wall_ns != than->wall_ns) {
        return event->wall_ns > than->wall_ns;
    }
    return event->priority != than->priority ? event->priority < than->priority
                                             : strcmp(event->message, than->message) < 0;
}

const struct event *events_find_before(const struct events *events, int machine, uint64_t until_ns,
                                       uint64_t span_ns, uint8_t priority)
{
    const struct event *found = NULL;
    bool is_here_found = false;
    for (size_t i = 0; i < events->count; i++) {
        const struct event *event = &events->list[i];
        bool is_of_capture = strncmp(event->name, "capture_", strlen("capture_")) == 0;
        bool is_here = machine < 0 || event->machine < 0 || event->machine == machine;
        if (is_of_capture || event->is_drop || event->wall_ns > until_ns ||
            until_ns - event->wall_ns > span_ns || event->priority > priority ||
            (is_here_found && !is_here)) {
            continue;
        }
        if (found == NULL || (is_here && !is_here_found) || is_later(event, found)) {
            found = event;
            is_here_found = is_here;
        }
    }
    return found;
}
