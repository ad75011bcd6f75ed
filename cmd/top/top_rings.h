/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XSW_CMD_TOP_RINGS_H
#define XSW_CMD_TOP_RINGS_H

/*
 * The viewer's capture sessions: from rings to the records that the evidence takes.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <xsw/error.h>

#include "capture/ring.h"
#include "capture/unfold.h"
#include "cmd/client.h"
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

struct top_rings {
    struct client *client; /* borrowed */
    int64_t sessions[TOP_SESSIONS];
    uint32_t ring_counts[TOP_SESSIONS];
    struct top_ring rings[TOP_SESSIONS][CLIENT_FDS_MAX];
    uint64_t wall_offset_ns;
    struct unfold unfold;
    uint8_t meta[16 << 10];
};

struct top_rings_options {
    const char *filter, *where;
    uint32_t rate, snap_length;
};

enum xsw_status top_rings_open(struct top_rings *rings, struct client *client,
                               const struct top_rings_options *options,
                               struct xsw_error *error) XSW_MUST_CHECK;
void top_rings_close(struct top_rings *rings);
enum xsw_status top_rings_filter(struct top_rings *rings, const char *where,
                                 struct xsw_error *error) XSW_MUST_CHECK;
/* Takes what is there, up to a limit that keeps a frame short. */
void top_rings_drain(struct top_rings *rings, struct evidence *evidence,
                     const struct dictionary *dictionary);
/* Of the sample, as the switch has counted it so far. */
struct model_account top_rings_account(const struct top_rings *rings);
bool top_rings_is_own(const struct top_rings *rings, int64_t session);

#endif
