/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CAPTURE_FLIGHT_PLAY_H
#define XSW_CAPTURE_FLIGHT_PLAY_H

/*
 * From the blocks of a flight recorder to a file: the journeys of a span of time, and an account
 * that adds up. Of the blocks that were read, each journey is in the file, outside of the span,
 * overwritten before it was read, or unreadable; how many were overwritten is exact, since each
 * block tells how many were written before it.
 *
 * Threads: one at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include <xsw/error.h>

#include "capture/flight/flight_reader.h"
#include "switch/config/config.h"

struct journey_file;

struct flight_played { /* of one worker; journeys */
    bool has_begun;
    bool is_unreadable;             /* the rest of the block before this one */
    uint64_t first;                 /* how many were written before the first block */
    uint64_t next;                  /* and before the next record */
    uint64_t last_mono_ns;          /* of the last record */
    struct capture_account account; /* as of the first block */
    uint64_t told[META_LOSS_COUNT]; /* by gaps that the worker wrote */
    uint64_t put;                   /* given to the file */
    uint64_t outside;               /* of the span */
    uint64_t overwritten, unreadable;
    uint64_t blocks, torn_blocks;
    uint64_t first_mono_ns, last_packet_id; /* of what was put; 0: nothing was */
};

struct flight_play {
    struct journey_file *file;
    uint64_t from_mono_ns, to_mono_ns;   /* what ended before or came in after is outside */
    bool is_outside[CONFIG_WORKERS_MAX]; /* the journeys of the timeline in force */
    struct flight_played workers[CONFIG_WORKERS_MAX];
};

/* `file` is borrowed. `is_whole`: the account begins with the session, and not with the first block
 * that is there. */
void flight_play_init(struct flight_play *play, struct journey_file *file, bool is_whole);
/* All records of a copy. Returns the first error of writing; the play goes on behind it. What makes
 * no sense is counted, and no error; `problem` then says where, and is else left alone. */
enum xsw_status flight_play_block(struct flight_play *play, struct flight_copy *copy,
                                  struct xsw_error *problem,
                                  struct xsw_error *error) XSW_MUST_CHECK;
/* Of one worker, up to `now`, its account when the last block had been copied:
 * offered = filtered + sampled + written + lost, where `lost` has what was overwritten. Written
 * are: put + outside + unreadable. */
struct capture_account flight_play_account(const struct flight_play *play, uint32_t worker,
                                           const struct capture_account *now);

#endif
