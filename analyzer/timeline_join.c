/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packet that the kernel dropped behind a port is one that the switch has sent there, or could
 * not. Where the kernel tells its first bytes, it is the recorded packet of that machine that ended
 * with these bytes, less than a second away; of equal ones it is the nearest. Where it does not, it
 * is the only packet that ended at that port in the moment before, if there is only one.
 */
#include <stdlib.h>
#include <string.h>

#include "analyzer/timeline_parts.h"

enum { HEAD_SIZE = 64 };

static const uint64_t APART_NS = 1000000000; /* equal bytes */
static const uint64_t BEFORE_NS = 5000000;   /* the same port, without bytes */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
    return hash ^ hash >> 29;
}

static uint64_t hash_bytes(const uint8_t *bytes, size_t length)
{
    uint64_t hash = 1469598103934665603ULL ^ length;
    for (size_t i = 0; i < length; i += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, length - i < sizeof(word) ? length - i : sizeof(word));
        hash = mix(hash, word);
    }
    return hash | 1;
}

/* Other hashes than those of bytes: even ones. */
static uint64_t hash_port(const char *port)
{
    return timeline_hash(1469598103934665603ULL, port) & ~1ULL;
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

/* How many bytes; 0: it is no such text. */
static size_t head_read(uint8_t bytes[HEAD_SIZE], const char *head)
{
    size_t length = 0;
    while (length < HEAD_SIZE && head[2 * length] != '\0') {
        int high = digit_of(head[2 * length]);
        int low = digit_of(head[2 * length + 1]);
        if (high < 0 || low < 0) {
            return 0;
        }
        bytes[length++] = (uint8_t)(high << 4 | low);
    }
    return length;
}

/* What the kernel drops there has not come to the switch yet. */
static bool is_before_switch(const struct pcapng_event *event)
{
    const char *location = event_field(event, "location");
    return location != NULL && strcmp(location, "tun_net_xmit") == 0;
}

void wanted_add(struct timeline *timeline, const struct pcapng_event *event,
                const struct timeline_entry *entry, int32_t episode)
{
    uint8_t bytes[HEAD_SIZE];
    const char *head = event_field(event, "head");
    const char *port = event_field(event, "port_name");
    size_t length = head != NULL ? head_read(bytes, head) : 0;
    bool has_bytes = length > 0;
    port = port != NULL ? port : event_field(event, "port");
    if ((!has_bytes && (port == NULL || entry->count != 1 || is_before_switch(event)))) {
        return; /* of several packets that the kernel does not tell apart none can be named */
    }
    if (timeline->wanted_count == TIMELINE_JOINS_MAX) {
        timeline->beyond++;
        return;
    }
    uint64_t hash = has_bytes ? hash_bytes(bytes, length) : hash_port(port);
    uint32_t *first = table_add(&timeline->wanted_by, &hash);
    if (first == NULL) {
        timeline->beyond++;
        return;
    }
    timeline->wanted[timeline->wanted_count++] =
        (struct wanted){.join = {.packets = entry->count, .episode = episode},
                        .hash = hash,
                        .wall_ns = entry->wall_ns,
                        .mono_ns = entry->mono_ns,
                        .next = *first,
                        .length = (uint32_t)event_number(event, "length", 0),
                        .machine = entry->machine,
                        .has_bytes = has_bytes};
    timeline->wanted_ports += !has_bytes;
    *first = (uint32_t)timeline->wanted_count;
}

bool timeline_join_is_wanted(const struct timeline *timeline)
{
    return timeline->wanted_count != 0;
}

/* How far the packet's end is from the drop; and whether it was before that. */
static uint64_t apart_of(const struct timeline *timeline, const struct wanted *wanted,
                         const struct analysis_session *session, const struct record *record,
                         bool *is_before)
{
    const struct timeline_session *known = &timeline->sessions[session->number];
    bool has_mono = wanted->mono_ns != 0 && known->is_known;
    uint64_t drop_ns = has_mono ? wanted->mono_ns : wanted->wall_ns;
    uint64_t end_ns = has_mono ? record->time_ns - known->offset_ns : record->time_ns;
    *is_before = end_ns <= drop_ns;
    return *is_before ? drop_ns - end_ns : end_ns - drop_ns;
}

static void offer(struct timeline *timeline, uint64_t hash, const struct analysis_session *session,
                  const struct record *record)
{
    const uint32_t *first = table_find(&timeline->wanted_by, &hash);
    int machine = timeline->sessions[session->number].machine;
    for (uint32_t at = first != NULL ? *first : 0; at != 0; at = timeline->wanted[at - 1].next) {
        struct wanted *wanted = &timeline->wanted[at - 1];
        bool is_before;
        uint64_t apart_ns = apart_of(timeline, wanted, session, record, &is_before);
        bool is_here = machine < 0 || wanted->machine < 0 || wanted->machine == machine;
        bool is_near = wanted->has_bytes
                           ? apart_ns < APART_NS
                           : is_before && apart_ns < BEFORE_NS &&
                                 (wanted->length == 0 || wanted->length == record->original_length);
        if (!is_here || !is_near) {
            continue;
        }
        /* The same packet may be in two recordings. */
        wanted->fits += wanted->join.packet_id != record->packet_id;
        if (wanted->join.packet_id == 0 || apart_ns < wanted->apart_ns ||
            (apart_ns == wanted->apart_ns && record->packet_id < wanted->join.packet_id)) {
            wanted->join.packet_id = record->packet_id;
            wanted->join.session = session->number;
            wanted->apart_ns = apart_ns;
        }
    }
}

void timeline_join_record(struct timeline *timeline, const struct analysis_session *session,
                          const struct record *record)
{
    size_t whole = record->original_length < HEAD_SIZE ? record->original_length : HEAD_SIZE;
    if (!record_is_last(record) || timeline->wanted_count == 0) {
        return;
    }
    if (record->captured_length >= whole && whole != 0) {
        offer(timeline, hash_bytes(record->bytes, whole), session, record);
    }
    if (timeline->wanted_ports != 0) {
        struct dictionary_name name;
        const char *port = dictionary_port(&session->of->dictionary, record->port, &name);
        offer(timeline, hash_port(port), session, record);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct timeline_join *one = a;
    const struct timeline_join *other = b;
    if (one->place_ns != other->place_ns) {
        return one->place_ns < other->place_ns ? -1 : 1;
    }
    return (one->packet_id > other->packet_id) - (one->packet_id < other->packet_id);
}

static void wanted_settle(struct timeline *timeline, struct wanted *wanted)
{
    struct timeline_join *join = &wanted->join;
    if (!wanted->has_bytes && wanted->fits > 1) {
        join->packet_id = 0;
    }
    join->by = join->packet_id == 0 ? TIMELINE_JOIN_NONE
               : wanted->has_bytes  ? TIMELINE_JOIN_BYTES
                                    : TIMELINE_JOIN_TIME;
    if (join->episode < 0) {
        return;
    }
    struct episode *episode = &timeline->episodes[join->episode];
    struct timeline_entry *begin = &timeline->entries[episode->begin];
    join->place_ns =
        sources_place(&timeline->sources, begin->machine, wanted->mono_ns, wanted->wall_ns);
    episode->joined += join->packet_id != 0 ? join->packets : 0;
    if (begin->packet_id == 0 && wanted->wall_ns == begin->wall_ns) {
        begin->packet_id = join->packet_id;
    }
}

void wanted_close(struct timeline *timeline)
{
    if (timeline->wanted_count == 0) {
        return;
    }
    timeline->joins = calloc(timeline->wanted_count, sizeof(*timeline->joins));
    for (size_t i = 0; i < timeline->wanted_count; i++) {
        wanted_settle(timeline, &timeline->wanted[i]);
        if (timeline->joins != NULL) {
            timeline->joins[i] = timeline->wanted[i].join;
        }
    }
    if (timeline->joins == NULL) {
        timeline->has_failed = true;
        return;
    }
    qsort(timeline->joins, timeline->wanted_count, sizeof(*timeline->joins), by_time);
}
