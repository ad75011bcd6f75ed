/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TOP_RINGS_H
#define XSW_CMD_TOP_RINGS_H

/*
 * The viewer's capture sessions: from rings to the records that the evidence takes.
 *
 * A switch that forwards millions of packets a second would notice to be looked at all the time. So
 * the viewer asks what its sessions take of the busiest worker's time, and when that is more than
 * one hundredth it looks for a moment only, and then rests without any session for as long as to
 * make it one hundredth in all.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

#include "capture/recorder/unfold.h"
#include "capture/ring.h"
#include "cmd/client.h"
#include "cmd/top/top_names.h"
#include "tui/evidence.h"
#include "tui/model.h"

enum top_session { TOP_SAMPLE, TOP_DROPS, TOP_SESSIONS };

struct top_ring {
    struct ring_consumer ring;
    struct ring_hop hops[STAGES_MAX]; /* of the timeline that holds */
    uint32_t hop_count;
    uint64_t rx_mono_ns, generation;
    struct meta_gap gap; /* to be told with the next journey */
    bool is_broken;
};

struct top_rings_options {
    const char *filter, *where; /* borrowed until the rings are closed */
    uint32_t rate, snap_length;
};

struct top_rings {
    struct client *client; /* borrowed */
    struct top_rings_options options;
    bool is_resting;
    uint64_t looks_since_ns, next_ns; /* monotonic: of this look; when to ask, or to look again */
    struct model_account before;      /* of the looks before this one */
    int64_t sessions[TOP_SESSIONS];
    uint32_t ring_counts[TOP_SESSIONS];
    struct top_ring rings[TOP_SESSIONS][CLIENT_FDS_MAX];
    struct top_names names; /* its dictionary and whom it asks are the caller's to set */
    uint64_t wall_offset_ns;
    struct unfold unfold;
    uint8_t meta[16 << 10];
};

enum xsw_status top_rings_open(struct top_rings *rings, struct client *client,
                               const struct top_rings_options *options,
                               struct xsw_error *error) XSW_MUST_CHECK;
/* `is_over`: the connection is lost, and with it the sessions are. */
void top_rings_close(struct top_rings *rings, bool is_over);
/* What options.where points to has changed. */
enum xsw_status top_rings_filter(struct top_rings *rings, struct xsw_error *error) XSW_MUST_CHECK;
/* Takes what is there, up to a limit that keeps a frame short; looks on, or rests. `evidence`: null
 * while the screens stand still, then nothing is taken. */
enum xsw_status top_rings_turn(struct top_rings *rings, uint64_t mono_ns, struct evidence *evidence,
                               struct xsw_error *error) XSW_MUST_CHECK;
/* Of the sample, as the switch has counted it so far. */
struct model_account top_rings_account(const struct top_rings *rings);
bool top_rings_is_own(const struct top_rings *rings, int64_t session);

#endif
