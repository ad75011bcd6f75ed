/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/top/top_rings.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "capture/filter_program.h"
#include "cmd/command.h"
#include "formats/stage_meta.h"

/* BUDGET: of a worker's time, in millionths. */
enum { BUDGET = 10000, RING_BYTES = 256 << 10, BURST = 400, WHERE_SIZE = 4200 };

/* Sessions --------------------------------------------------------------------------------------
 */

static void where_of(enum top_session session, const char *where, char *text)
{
    if (session == TOP_SAMPLE) {
        snprintf(text, WHERE_SIZE, "%s", where);
    } else {
        snprintf(text, WHERE_SIZE, where[0] != '\0' ? "dropped and (%s)" : "dropped", where);
    }
}

static enum xsw_status session_open(struct top_rings *rings, enum top_session session,
                                    const struct top_rings_options *options,
                                    struct xsw_error *error)
{
    char where[WHERE_SIZE];
    where_of(session, options->where, where);
    json_t *params =
        json_pack("{s:s,s:s,s:s,s:I,s:I,s:I}", "name", session == TOP_SAMPLE ? "top" : "top-drops",
                  "filter", options->filter, "where", where, "snap_length",
                  (json_int_t)options->snap_length, "ring_bytes", (json_int_t)RING_BYTES, "rate",
                  (json_int_t)options->rate, "budget", (json_int_t)BUDGET);
    struct client_reply reply;
    enum xsw_status status = filter_program_add(params, error);
    if (status != XSW_OK) {
        json_decref(params);
        return status;
    }
    status = client_call(rings->client, "capture.attach", params, &reply, error);
    if (status != XSW_OK) {
        return status;
    }
    rings->sessions[session] = reply_number(reply.result, "session");
    for (size_t i = 0; status == XSW_OK && i < reply.fd_count; i++) {
        struct top_ring *ring = &rings->rings[session][i];
        *ring = (struct top_ring){.is_broken = false};
        status = ring_attach(&ring->ring, reply.fds[i], error);
        rings->ring_counts[session] += status == XSW_OK;
    }
    client_reply_fini(&reply);
    return status;
}

enum xsw_status top_rings_open(struct top_rings *rings, struct client *client,
                               const struct top_rings_options *options, struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    rings->client = client;
    memset(rings->ring_counts, 0, sizeof(rings->ring_counts));
    for (int i = 0; status == XSW_OK && i < TOP_SESSIONS; i++) {
        status = session_open(rings, (enum top_session)i, options, error);
    }
    if (status != XSW_OK) {
        top_rings_close(rings);
    }
    return status;
}

void top_rings_close(struct top_rings *rings)
{
    for (int session = 0; session < TOP_SESSIONS; session++) {
        for (uint32_t i = 0; i < rings->ring_counts[session]; i++) {
            ring_detach(&rings->rings[session][i].ring);
        }
        rings->ring_counts[session] = 0;
        rings->sessions[session] = -1;
    }
}

enum xsw_status top_rings_filter(struct top_rings *rings, const char *where,
                                 struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    for (int i = 0; status == XSW_OK && i < TOP_SESSIONS; i++) {
        char text[WHERE_SIZE];
        where_of((enum top_session)i, where, text);
        struct client_reply reply;
        json_t *params =
            json_pack("{s:I,s:s}", "session", (json_int_t)rings->sessions[i], "where", text);
        if (rings->ring_counts[i] == 0) {
            json_decref(params);
            continue;
        }
        status = client_call(rings->client, "capture.set", params, &reply, error);
        if (status == XSW_OK) {
            client_reply_fini(&reply);
        }
    }
    return status;
}

bool top_rings_is_own(const struct top_rings *rings, int64_t session)
{
    return (rings->ring_counts[TOP_SAMPLE] > 0 && session == rings->sessions[TOP_SAMPLE]) ||
           (rings->ring_counts[TOP_DROPS] > 0 && session == rings->sessions[TOP_DROPS]);
}

struct model_account top_rings_account(const struct top_rings *rings)
{
    struct capture_account sum = {0};
    for (uint32_t i = 0; i < rings->ring_counts[TOP_SAMPLE]; i++) {
        struct capture_account one = ring_header_account(rings->rings[TOP_SAMPLE][i].ring.header);
        capture_account_add(&sum, &one);
    }
    /* What we asked for not to get is no loss: it is a sample. */
    uint64_t left_out = sum.lost[META_LOSS_RATE] + sum.lost[META_LOSS_BUDGET];
    return (struct model_account){.offered = sum.offered,
                                  .filtered = sum.filtered,
                                  .sampled = sum.sampled + left_out,
                                  .written = sum.written,
                                  .lost = capture_account_lost(&sum) - left_out};
}

/* Records ---------------------------------------------------------------------------------------
 */

static size_t meta_make(struct top_rings *rings, struct top_ring *ring,
                        const struct unfold_step *step)
{
    struct meta_builder builder;
    meta_build(&builder, rings->meta, sizeof(rings->meta), &step->fixed);
    if (ring->gap.journeys > 0) {
        meta_add_gap(&builder, &ring->gap);
        ring->gap.journeys = 0;
    }
    if (step->hop_count > 0) {
        meta_add_hops(&builder, step->hops, step->hop_count);
    }
    meta_add_stage_time(&builder, step->since_rx_ns);
    for (size_t i = 0; i < step->decision_count; i++) {
        meta_add_decision(&builder, &step->decisions[i]);
    }
    meta_add_generation(&builder, ring->generation);
    for (size_t i = 0; i < step->hold_count; i++) {
        meta_add_held(&builder, &step->holds[i]);
    }
    if (step->has_offload) {
        meta_add_offload(&builder, &step->offload);
    }
    if (step->vlan != 0) {
        meta_add_vlan(&builder, step->vlan);
    }
    if (step->has_source) {
        meta_add_source(&builder, step->source_port);
    }
    for (size_t i = 0; i < step->change_count; i++) {
        meta_add_change(&builder, &step->changes[i]);
    }
    return builder.overflow ? 0 : builder.length;
}

static void journey_take(struct top_rings *rings, struct top_ring *ring,
                         const struct ring_journey *journey, struct evidence *evidence,
                         const struct dictionary *dictionary)
{
    struct unfold_timeline timeline = {
        .hops = ring->hops, .hop_count = ring->hop_count, .rx_mono_ns = ring->rx_mono_ns};
    struct unfold_step step;
    struct record record;
    if (unfold_begin(&rings->unfold, journey, &timeline, false, NULL) != XSW_OK) {
        return;
    }
    while (unfold_next(&rings->unfold, &step)) {
        size_t meta_length = meta_make(rings, ring, &step);
        struct pcapng_item item = {
            .kind = PCAPNG_PACKET,
            .packet = {.has = PCAPNG_HAS_TIMESTAMP | PCAPNG_HAS_ID,
                       .timestamp_ns =
                           rings->unfold.rx_mono_ns + step.since_rx_ns + rings->wall_offset_ns,
                       .captured_length = step.captured_length,
                       .original_length = step.length,
                       .data = step.bytes,
                       .id = journey->id,
                       .meta = rings->meta,
                       .meta_length = meta_length}};
        if (record_read(&record, &item, NULL) == XSW_OK) {
            evidence_add(evidence, 0, &record, dictionary);
        }
    }
}

static void timeline_take(struct top_ring *ring, const struct ring_timeline *timeline)
{
    uint32_t count = timeline->record.count;
    ring->hop_count = count < STAGES_MAX ? count : STAGES_MAX;
    memcpy(ring->hops, timeline->hops, ring->hop_count * sizeof(*ring->hops));
    ring->rx_mono_ns = timeline->rx_mono_ns;
    ring->generation = timeline->generation;
}

static void gap_take(struct top_ring *ring, const struct ring_gap *gap)
{
    if (gap->record.count == META_LOSS_RATE || gap->record.count == META_LOSS_BUDGET) {
        return; /* what a sample leaves out is no gap in it */
    }
    ring->gap.from_mono_ns = ring->gap.journeys == 0 ? gap->from_mono_ns : ring->gap.from_mono_ns;
    ring->gap.to_mono_ns = gap->to_mono_ns;
    ring->gap.cause = gap->record.count;
    ring->gap.journeys += gap->journeys;
}

static void ring_drain(struct top_rings *rings, struct top_ring *ring, struct evidence *evidence,
                       const struct dictionary *dictionary)
{
    const struct ring_record *record = NULL;
    enum xsw_status status = XSW_OK;
    uint32_t count = 0;
    while (!ring->is_broken && count < BURST &&
           (status = ring_next(&ring->ring, &record, NULL)) == XSW_OK) {
        if (record->type == RING_TIMELINE) {
            timeline_take(ring, (const struct ring_timeline *)(const void *)record);
        } else if (record->type == RING_JOURNEY) {
            journey_take(rings, ring, (const struct ring_journey *)(const void *)record, evidence,
                         dictionary);
            count++;
        } else if (record->type == RING_GAP) {
            gap_take(ring, (const struct ring_gap *)(const void *)record);
        }
    }
    ring->is_broken |= status == XSW_CORRUPT;
    if (!ring->is_broken) {
        ring_release(&ring->ring);
    }
}

void top_rings_drain(struct top_rings *rings, struct evidence *evidence,
                     const struct dictionary *dictionary)
{
    for (int session = 0; session < TOP_SESSIONS; session++) {
        for (uint32_t i = 0; i < rings->ring_counts[session]; i++) {
            ring_drain(rings, &rings->rings[session][i], evidence, dictionary);
        }
    }
}
