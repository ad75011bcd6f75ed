/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_ANALYZER_TIMELINE_PARTS_H
#define XSW_ANALYZER_TIMELINE_PARTS_H

/* What timeline.c and timeline_episode.c share. Threads: one. */

#include "analyzer/table.h"
#include "analyzer/timeline.h"

enum { FLOWS_FOLLOWED = 1 << 14, EPISODE_WHAT_SIZE = 200, PACKET_ENDS = 1 << 16 };

struct episode_key {
    uint64_t hash; /* of all that makes it the same again and again */
    uint32_t source;
    uint32_t reserved;
};

struct episode {
    size_t begin; /* its first entry */
    struct timeline_entry last;
    uint64_t first_ns, last_ns; /* wall time of its machine */
    uint64_t count;
    uint64_t recovered_ns, recovered_id; /* 0: not seen */
    char what[EPISODE_WHAT_SIZE];
};

struct followed_flow {
    uint64_t key; /* session and hash; 0: free */
    int32_t episode;
};

/* A packet as it was at its end, to be found by its first bytes when the kernel dropped it after
 * that. */
struct packet_end {
    uint64_t hash; /* 0: free */
    uint64_t packet_id;
    uint64_t time_ns;
};

struct timeline_session {
    bool is_known;
    int machine;
    uint64_t offset_ns; /* wall_ns - mono_ns of its file */
    uint64_t generation;
};

struct timeline {
    struct timeline_source sources[TIMELINE_SOURCES_MAX];
    size_t source_count;
    struct timeline_machine machines[TIMELINE_MACHINES_MAX];
    size_t machine_count;
    struct timeline_session sessions[ANALYSIS_SESSIONS_MAX];
    struct timeline_entry *entries;
    size_t count, room;
    struct episode *episodes;
    size_t episode_count;
    struct table open; /* struct episode_key -> u32 place of the episode + 1 */
    struct followed_flow *flows;
    struct packet_end *ends; /* PACKET_ENDS, by hash */
    uint64_t beyond;
    bool has_failed; /* no memory */
};

/* Adds an entry of the newest source; null: there is no room. */
struct timeline_entry *timeline_add(struct timeline *timeline, const struct timeline_entry *entry);

/* The machine, found or made; -1: nothing is told of it, or there are too many. */
int timeline_machine(struct timeline *timeline, const char *host, const char *boot_id);
/* The same moment by both clocks of a machine. */
void timeline_machine_clock(struct timeline *timeline, int machine, uint64_t mono_ns,
                            uint64_t wall_ns);
struct timeline_source *timeline_source_now(struct timeline *timeline); /* that is being read */

/* One more of the same. `entry` is how it began, should it begin an episode; `what` is told of the
 * whole episode. Returns the episode, or -1. */
int32_t episode_take(struct timeline *timeline, const struct episode_key *key,
                     const struct timeline_entry *entry, uint64_t last_ns, const char *what);
/* A packet of this flow was dropped in the episode; or was delivered. */
void episode_flow_dropped(struct timeline *timeline, uint64_t flow, int32_t episode);
void episode_flow_delivered(struct timeline *timeline, uint64_t flow, uint64_t time_ns,
                            uint64_t packet_id);
/* The packet has ended with these bytes. */
void packet_end_put(struct timeline *timeline, const struct record *record);
/* Which packet ended with the bytes that `head` tells in hexadecimal, less than a second away from
 * that time; 0: none that is known. */
uint64_t packet_end_find(const struct timeline *timeline, const char *head, uint64_t time_ns);
/* Entries for the end of each episode, and for its recovery. */
void episodes_close(struct timeline *timeline);

#endif
