/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packet that the kernel dropped behind a port is one that the switch has sent there, or could
 * not. Where the kernel tells its first bytes, it is a recorded packet of that machine that ended
 * with these bytes, less than a second away: at the port of which the kernel tells, if there is
 * one, and the nearest of them. When several fit equally well, none of them is certain, and their
 * number is told. Where the kernel tells no bytes, it is the only packet that ended at that port in
 * the moment before, if there is only one.
 *
 * Drops are kept by hash and time, and a record is held against the nearest of its own: however
 * many frames have the same bytes, a record costs as much.
 */
#include <stdlib.h>
#include <string.h>

#include "analyzer/timeline/timeline_parts.h"

enum { HEAD_SIZE = 64, LOOKED_AT_MAX = 64 };

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

/* Of a port, of all switches when `of` is null. Other hashes than those of bytes: even ones. */
static uint64_t hash_port(const char *of, const char *port)
{
    return timeline_hash(timeline_hash(1469598103934665603ULL, of), port) & ~1ULL;
}

/* 0: it is not told. */
static uint64_t hash_name(const char *name)
{
    return name != NULL && name[0] != '\0' ? timeline_hash(1469598103934665603ULL, name) | 1 : 0;
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
    const char *port = event_port(event);
    const char *of = event_switch(event);
    size_t length = head != NULL ? head_read(bytes, head) : 0;
    bool has_bytes = length > 0;
    bool is_nameless = !has_bytes && (port[0] == '\0' || entry->count != 1);
    if (is_before_switch(event) || is_nameless) {
        return; /* of several packets that the kernel does not tell apart none can be named */
    }
    if (timeline->wanted_count == TIMELINE_JOINS_MAX) {
        timeline->beyond++;
        return;
    }
    timeline->wanted[timeline->wanted_count++] = (struct wanted){
        .join = {.packets = entry->count, .episode = episode},
        .hash = has_bytes ? hash_bytes(bytes, length) : hash_port(of[0] != '\0' ? of : NULL, port),
        .wall_ns = entry->wall_ns,
        .mono_ns = entry->mono_ns,
        .port = hash_name(port),
        .switch_name = hash_name(of),
        .length = (uint32_t)event_number(event, "length", 0),
        .machine = entry->machine,
        .source = entry->source,
        .has_bytes = has_bytes};
    timeline->wanted_ports += !has_bytes;
    timeline->wanted_in_order = false;
}

bool timeline_join_is_wanted(const struct timeline *timeline)
{
    return timeline->wanted_count != 0;
}

static int by_hash_and_place(const void *a, const void *b)
{
    const struct wanted *one = a;
    const struct wanted *other = b;
    if (one->hash != other->hash) {
        return one->hash < other->hash ? -1 : 1;
    }
    if (one->place_ns != other->place_ns) {
        return one->place_ns < other->place_ns ? -1 : 1;
    }
    return (one->source > other->source) - (one->source < other->source);
}

static void wanted_order(struct timeline *timeline)
{
    sources_guess(&timeline->sources);
    for (size_t i = 0; i < timeline->wanted_count; i++) {
        struct wanted *wanted = &timeline->wanted[i];
        if (wanted->machine < 0) {
            wanted->machine = (int16_t)sources_machine_of(&timeline->sources, wanted->source);
        }
        wanted->place_ns =
            sources_place(&timeline->sources, wanted->machine, wanted->mono_ns, wanted->wall_ns);
    }
    qsort(timeline->wanted, timeline->wanted_count, sizeof(*timeline->wanted), by_hash_and_place);
    timeline->wanted_in_order = true;
}

/* The first with this hash that is not before that time, or else the one behind them. */
static size_t wanted_find(const struct timeline *timeline, uint64_t hash, uint64_t place_ns)
{
    size_t from = 0;
    size_t until = timeline->wanted_count;
    while (from < until) {
        size_t middle = from + (until - from) / 2;
        const struct wanted *wanted = &timeline->wanted[middle];
        if (wanted->hash < hash || (wanted->hash == hash && wanted->place_ns < place_ns)) {
            from = middle + 1;
        } else {
            until = middle;
        }
    }
    return from;
}

/* A packet that may be a drop of the kernel. */
struct offer {
    const struct analysis_session *session;
    uint64_t packet_id;
    uint64_t name; /* of the packet, of all switches */
    uint64_t hash, place_ns;
    uint64_t port, switch_name; /* hashes; 0: not told */
    uint32_t length;
    int machine;
};

static bool does_fit(const struct wanted *wanted, const struct offer *offer)
{
    uint64_t place_ns = wanted->place_ns;
    bool is_here = offer->machine < 0 || wanted->machine < 0 || wanted->machine == offer->machine;
    if (!is_here || wanted->has_bytes) {
        return is_here;
    }
    return offer->place_ns <= place_ns && place_ns - offer->place_ns < BEFORE_NS &&
           (wanted->length == 0 || wanted->length == offer->length);
}

/* One more for the port of which the kernel tells, and for its switch. */
static uint8_t rank_of(const struct wanted *wanted, const struct offer *offer)
{
    bool is_switch = wanted->switch_name == 0 || offer->switch_name == 0 ||
                     wanted->switch_name == offer->switch_name;
    bool is_port = wanted->port != 0 && wanted->port == offer->port;
    return (uint8_t)((is_switch ? 1 : 0) + (is_switch && is_port ? 1 : 0));
}

/* The same packet may be in two recordings. */
static void alike_add(struct wanted *wanted, uint64_t name)
{
    for (size_t i = 0; i < wanted->alike_count; i++) {
        if (wanted->alike[i] == name) {
            return;
        }
    }
    if (wanted->alike_count < WANTED_ALIKE_MAX) {
        wanted->alike[wanted->alike_count++] = name;
    }
}

static void wanted_offer(struct wanted *wanted, const struct offer *offer, uint64_t apart_ns)
{
    uint8_t rank = rank_of(wanted, offer);
    bool is_first = wanted->alike_count == 0 || rank > wanted->rank;
    if (!does_fit(wanted, offer) || (!is_first && rank < wanted->rank)) {
        return;
    }
    if (is_first) {
        wanted->alike_count = 0;
        wanted->rank = rank;
    }
    alike_add(wanted, offer->name);
    if (is_first || apart_ns < wanted->apart_ns ||
        (apart_ns == wanted->apart_ns && offer->packet_id < wanted->join.packet_id)) {
        wanted->join.packet_id = offer->packet_id;
        wanted->join.session = offer->session->number;
        wanted->apart_ns = apart_ns;
    }
}

/* To the nearest drops of its hash, behind it and before it. */
static void offer_make(struct timeline *timeline, const struct offer *offer)
{
    size_t middle = wanted_find(timeline, offer->hash, offer->place_ns);
    for (size_t i = 0; i < LOOKED_AT_MAX && middle + i < timeline->wanted_count; i++) {
        struct wanted *wanted = &timeline->wanted[middle + i];
        if (wanted->hash != offer->hash || wanted->place_ns - offer->place_ns >= APART_NS) {
            break;
        }
        wanted_offer(wanted, offer, wanted->place_ns - offer->place_ns);
    }
    for (size_t i = 1; i <= LOOKED_AT_MAX && i <= middle; i++) {
        struct wanted *wanted = &timeline->wanted[middle - i];
        if (wanted->hash != offer->hash || offer->place_ns - wanted->place_ns >= APART_NS) {
            break;
        }
        wanted_offer(wanted, offer, offer->place_ns - wanted->place_ns);
    }
}

static struct offer offer_of(const struct timeline *timeline,
                             const struct analysis_session *session, const struct record *record,
                             const char *port)
{
    const struct timeline_session *known = &timeline->sessions[session->number];
    uint64_t mono_ns = known->is_known ? record->time_ns - known->offset_ns : 0;
    return (struct offer){
        .session = session,
        .packet_id = record->packet_id,
        .name = mix(record->packet_id, timeline_hash(1469598103934665603ULL, session->of->id)),
        .place_ns = sources_place(&timeline->sources, known->is_known ? known->machine : -1,
                                  mono_ns, record->time_ns),
        .port = hash_name(port),
        .switch_name = hash_name(session->of->name),
        .length = record->original_length,
        .machine = known->machine};
}

void timeline_join_record(struct timeline *timeline, const struct analysis_session *session,
                          const struct record *record)
{
    size_t whole = record->original_length < HEAD_SIZE ? record->original_length : HEAD_SIZE;
    struct dictionary_name name;
    if (!record_is_last(record) || timeline->wanted_count == 0) {
        return;
    }
    if (!timeline->wanted_in_order) {
        wanted_order(timeline);
    }
    const char *port = dictionary_port(&session->of->dictionary, record->port, &name);
    struct offer offer = offer_of(timeline, session, record, port);
    if (record->captured_length >= whole && whole != 0) {
        offer.hash = hash_bytes(record->bytes, whole);
        offer_make(timeline, &offer);
    }
    if (timeline->wanted_ports != 0) {
        offer.hash = hash_port(NULL, port);
        offer_make(timeline, &offer);
        offer.hash = hash_port(session->of->name, port);
        offer_make(timeline, &offer);
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
    bool is_certain = wanted->alike_count < 2;
    if (!wanted->has_bytes && !is_certain) {
        join->packet_id = 0;
    }
    join->alike = join->packet_id != 0 && !is_certain ? wanted->alike_count : 0;
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
        begin->alike = join->alike;
    }
}

void wanted_close(struct timeline *timeline)
{
    for (size_t i = 0; i < timeline->wanted_count; i++) {
        wanted_settle(timeline, &timeline->wanted[i]);
    }
}

void wanted_list(struct timeline *timeline)
{
    if (timeline->wanted_count == 0) {
        return;
    }
    timeline->joins = calloc(timeline->wanted_count, sizeof(*timeline->joins));
    if (timeline->joins == NULL) {
        timeline->has_failed = true;
        return;
    }
    for (size_t i = 0; i < timeline->wanted_count; i++) {
        const struct timeline_join *join = &timeline->wanted[i].join;
        if (join->episode < 0 || !timeline->episodes[join->episode].is_unlisted) {
            timeline->joins[timeline->join_count++] = *join;
        }
    }
    qsort(timeline->joins, timeline->join_count, sizeof(*timeline->joins), by_time);
}
