/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_TIMELINE_PARTS_H
#define XSW_ANALYZER_TIMELINE_PARTS_H

/* What the sources of the timeline share. Threads: one. */

#include "analyzer/books/table.h"
#include "analyzer/timeline/events.h"
#include "analyzer/timeline/timeline.h"

enum {
    FLOWS_FOLLOWED = 1 << 14,
    PORTS_FOLLOWED = 256,
    SWITCHES_FOLLOWED = 1024,
    EPISODE_WHAT_SIZE = 240,
    WANTED_ALIKE_MAX = 8 /* packets that fit a drop equally well: more are not told apart */
};

/* What happens again and again, whoever tells it. */
struct episode_key {
    uint64_t hash;
    int16_t machine;
    uint16_t source;
    uint32_t reserved;
};

struct episode {
    uint64_t hash;        /* of the key */
    uint64_t plain_hash;  /* of a drop: of all of that but its switch; 0: of no drop */
    uint64_t switch_hash; /* 0: which switch is not told */
    size_t begin;         /* its first entry */
    struct timeline_entry last;
    uint64_t first_ns, last_ns; /* wall time of its machine */
    uint64_t count;
    uint64_t joined;                     /* of these, put to packets */
    int32_t teller;                      /* the episode whose joins are those of this one */
    uint64_t recovered_ns, recovered_id; /* 0: not seen */
    const char *noun;                    /* "packet", "time" */
    uint16_t others;                     /* sources that tell of it too */
    bool is_hidden;                      /* another source tells of it */
    bool is_unlisted;                    /* and of which packets these were */
    bool is_of_kernel;
    char what[EPISODE_WHAT_SIZE];
};

struct followed_flow {
    uint64_t key; /* session and hash; 0: free */
    int32_t episode;
};

/* A port that is down. */
struct followed_port {
    uint64_t hash; /* of machine, switch and port; 0: free */
    uint64_t wall_ns;
};

struct timeline_session {
    bool is_known;
    uint16_t source; /* the last file of it */
    int machine;
    uint64_t offset_ns; /* wall_ns - mono_ns of its file */
    uint64_t generation;
};

/* Events tell of a switch's changes: from which generation of its configuration to which. */
struct changes_key {
    uint64_t switch_hash; /* 0: which one is not told */
    int64_t machine;      /* -1: the same */
};

struct changes_told {
    uint64_t least, most;
};

/* A drop of the kernel whose packet is looked for. */
struct wanted {
    struct timeline_join join;
    uint64_t hash;                    /* of its first bytes, or of its port and switch */
    uint64_t wall_ns, mono_ns;        /* mono_ns 0: not known */
    uint64_t place_ns;                /* on the clock of its machine; made with the order */
    uint64_t port, switch_name;       /* hashes; 0: not told */
    uint64_t apart_ns;                /* of the packet that fits best so far */
    uint64_t alike[WANTED_ALIKE_MAX]; /* packets that fit as well as it, which is one of them */
    uint8_t alike_count;
    uint8_t rank;    /* how well these fit */
    uint32_t length; /* 0: not told */
    int16_t machine;
    uint16_t source;
    bool has_bytes;
};

struct timeline {
    struct sources sources;
    uint16_t source_now; /* that is being read */
    struct losses losses;
    struct timeline_session sessions[ANALYSIS_SESSIONS_MAX];
    struct timeline_entry *entries;
    size_t count, room;
    struct episode *episodes;
    size_t episode_count;
    struct table open; /* struct episode_key -> u32 place of the episode + 1 */
    struct followed_flow *flows;
    struct followed_port ports[PORTS_FOLLOWED];
    struct table changes;  /* struct changes_key -> struct changes_told */
    struct wanted *wanted; /* TIMELINE_JOINS_MAX */
    size_t wanted_count, wanted_ports;
    bool wanted_in_order; /* by hash and place */
    struct timeline_join *joins;
    size_t join_count;
    uint64_t beyond;
    bool has_failed; /* no memory */
};

/* Adds an entry; null: there is no room. */
struct timeline_entry *timeline_add(struct timeline *timeline, const struct timeline_entry *entry);

uint64_t timeline_hash(uint64_t hash, const char *text);
/* What all sources call the same drop; nothing of who tells it, nor of the switch, of which some do
 * not tell. */
uint64_t timeline_sum_hash(const struct event_sum_key *key);
/* 0: it is not told. */
uint64_t timeline_switch_hash(const struct event_sum_key *key);

/* One more of the same. `entry` is how it began, should it begin an episode; `what` is told of the
 * whole episode. Returns the episode, or -1. */
int32_t episode_take(struct timeline *timeline, uint64_t hash, const struct timeline_entry *entry,
                     uint64_t last_ns, const char *what);
/* A packet of this flow was dropped in the episode; or was delivered. */
void episode_flow_dropped(struct timeline *timeline, uint64_t flow, int32_t episode);
void episode_flow_delivered(struct timeline *timeline, uint64_t flow, uint64_t time_ns,
                            uint64_t packet_id);
/* The episode is of this drop. */
void episode_drop(struct timeline *timeline, int32_t episode, const struct event_sum_key *key);
/* Those of which two sources tell become one; then entries for the end of each, and for its
 * recovery. */
void episodes_close(struct timeline *timeline);

/* The event is a drop of the kernel, in this episode: its packet is to be looked for. */
void wanted_add(struct timeline *timeline, const struct pcapng_event *event,
                const struct timeline_entry *entry, int32_t episode);
/* What came of it: the packets of episodes, and the list of joins. */
void wanted_close(struct timeline *timeline);
/* Behind episodes_close: joins that two sources tell of are listed once. */
void wanted_list(struct timeline *timeline);

/* A sentence for people from an event whose own message is a list of fields. */
void timeline_say_event(char *text, size_t size, const struct pcapng_event *event);
/* What all events of an episode have in common: "mac learned, port alice, switch demo". */
void timeline_say_alike(char *text, size_t size, const struct pcapng_event *event);
/* What a drop is: "acl-denied at ingress-policy rule 7, port alice". */
void timeline_say_drop(char *text, size_t size, const struct event_sum_key *key,
                       const struct pcapng_event *event);

#endif
