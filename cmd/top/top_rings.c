/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/top/top_rings.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/filter_program.h"
#include "capture/recorder/unfold_meta.h"
#include "cmd/command.h"
#include "formats/pcapng/stage_meta.h"

enum {
    RING_BYTES = 256 << 10,
    BURST = 400,
    WHERE_SIZE = 4200,
    ALLOWED = 10000, /* of a worker's time, in millionths */
    ASK_NS = 500000000,
    FIRST_ASK_NS = 50000000,
    REST_MAX_S = 5
};

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
    json_t *params = json_pack(
        "{s:s,s:s,s:s,s:I,s:I,s:I}", "name", session == TOP_SAMPLE ? "top" : "top-drops", "filter",
        options->filter, "where", where, "snap_length", (json_int_t)options->snap_length,
        "ring_bytes", (json_int_t)RING_BYTES, "rate", (json_int_t)options->rate);
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

static void rings_unmap(struct top_rings *rings)
{
    for (int session = 0; session < TOP_SESSIONS; session++) {
        for (uint32_t i = 0; i < rings->ring_counts[session]; i++) {
            ring_detach(&rings->rings[session][i].ring);
        }
        rings->ring_counts[session] = 0;
        rings->sessions[session] = -1;
    }
}

/* Said to the switch, so that it keeps nothing for who might come back. */
static void sessions_end(struct top_rings *rings)
{
    for (int i = 0; i < TOP_SESSIONS; i++) {
        struct client_reply reply;
        json_t *params = json_pack("{s:I}", "session", (json_int_t)rings->sessions[i]);
        if (rings->ring_counts[i] == 0) {
            json_decref(params);
        } else if (client_call(rings->client, "capture.detach", params, &reply, NULL) == XSW_OK) {
            client_reply_fini(&reply);
        }
    }
}

static enum xsw_status sessions_open(struct top_rings *rings, struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    for (int i = 0; status == XSW_OK && i < TOP_SESSIONS; i++) {
        status = session_open(rings, (enum top_session)i, &rings->options, error);
    }
    top_names_port_came(&rings->names, NULL); /* while nobody looked, nobody was told of ports */
    rings->is_resting = false;
    rings->looks_since_ns = clock_mono_ns();
    rings->next_ns = rings->looks_since_ns + FIRST_ASK_NS;
    return status;
}

enum xsw_status top_rings_open(struct top_rings *rings, struct client *client,
                               const struct top_rings_options *options, struct xsw_error *error)
{
    rings->client = client;
    rings->options = *options;
    rings->before = (struct model_account){.offered = 0};
    memset(rings->ring_counts, 0, sizeof(rings->ring_counts));
    enum xsw_status status = sessions_open(rings, error);
    if (status != XSW_OK) {
        top_rings_close(rings, false);
    }
    return status;
}

void top_rings_close(struct top_rings *rings, bool is_over)
{
    if (!is_over) {
        sessions_end(rings);
    }
    rings_unmap(rings);
    rings->client = NULL;
}

enum xsw_status top_rings_filter(struct top_rings *rings, struct xsw_error *error)
{
    enum xsw_status status = XSW_OK;
    for (int i = 0; status == XSW_OK && i < TOP_SESSIONS; i++) {
        char text[WHERE_SIZE];
        where_of((enum top_session)i, rings->options.where, text);
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

static struct capture_account session_account(const struct top_rings *rings,
                                              enum top_session session)
{
    struct capture_account sum = {0};
    for (uint32_t i = 0; i < rings->ring_counts[session]; i++) {
        struct capture_account one = ring_header_account(rings->rings[session][i].ring.header);
        capture_account_add(&sum, &one);
    }
    return sum;
}

/* What we asked for not to get is no loss: it is a sample. */
static uint64_t left_out_of(const struct capture_account *account)
{
    return account->lost[META_LOSS_RATE] + account->lost[META_LOSS_BUDGET];
}

struct model_account top_rings_account(const struct top_rings *rings)
{
    struct model_account account = rings->before;
    const struct capture_account sample = session_account(rings, TOP_SAMPLE);
    const struct capture_account drops = session_account(rings, TOP_DROPS);
    account.offered += sample.offered;
    account.filtered += sample.filtered;
    account.sampled += sample.sampled + left_out_of(&sample);
    account.written += sample.written;
    account.lost += capture_account_lost(&sample) - left_out_of(&sample);
    account.lost_drops += capture_account_lost(&drops) - left_out_of(&drops);
    return account;
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
    unfold_meta_add(&builder, step, ring->generation, NULL);
    return builder.overflow ? 0 : builder.length;
}

static void journey_take(struct top_rings *rings, struct top_ring *ring,
                         const struct ring_journey *journey, struct evidence *evidence)
{
    struct unfold_timeline timeline = {
        .hops = ring->hops, .hop_count = ring->hop_count, .rx_mono_ns = ring->rx_mono_ns};
    const uint64_t wall_offset_ns = rings->wall_offset_ns; /* who asks for names sets it anew */
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
                       .timestamp_ns = rings->unfold.rx_mono_ns + step.since_rx_ns + wall_offset_ns,
                       .captured_length = step.captured_length,
                       .original_length = step.length,
                       .data = step.bytes,
                       .id = journey->id,
                       .meta = rings->meta,
                       .meta_length = meta_length}};
        if (record_read(&record, &item, NULL) == XSW_OK) {
            record.port = top_names_label(&rings->names, record.port.id, ring->generation);
            if (step.has_source) {
                record.source = top_names_label(&rings->names, step.source_port, ring->generation);
            }
            evidence_add(evidence, 0, &record, rings->names.dictionary);
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

static void gap_take(struct top_rings *rings, struct top_ring *ring, const struct ring_gap *gap)
{
    if (gap->record.count == META_LOSS_OVERWRITTEN || gap->record.count == META_LOSS_READER) {
        top_names_port_came(&rings->names, NULL);
    }
    if (gap->record.count == META_LOSS_RATE || gap->record.count == META_LOSS_BUDGET) {
        return; /* what a sample leaves out is no gap in it */
    }
    ring->gap.from_mono_ns = ring->gap.journeys == 0 ? gap->from_mono_ns : ring->gap.from_mono_ns;
    ring->gap.to_mono_ns = gap->to_mono_ns;
    ring->gap.cause = gap->record.count;
    ring->gap.journeys += gap->journeys;
}

/* False: there may be more. */
static bool ring_drain(struct top_rings *rings, struct top_ring *ring, struct evidence *evidence)
{
    const struct ring_record *record = NULL;
    enum xsw_status status = XSW_OK;
    uint32_t count = 0;
    while (!ring->is_broken && count < BURST &&
           (status = ring_next(&ring->ring, &record, NULL)) == XSW_OK) {
        if (record->type == RING_TIMELINE) {
            timeline_take(ring, (const struct ring_timeline *)(const void *)record);
        } else if (record->type == RING_JOURNEY) {
            journey_take(rings, ring, (const struct ring_journey *)(const void *)record, evidence);
            count++;
        } else if (record->type == RING_GAP) {
            gap_take(rings, ring, (const struct ring_gap *)(const void *)record);
        } else if (record->type == RING_EVENT && record->count == RING_EVENT_PORT) {
            top_names_port_came(&rings->names, (const struct ring_port *)(const void *)record);
        }
    }
    ring->is_broken |= status == XSW_CORRUPT;
    if (!ring->is_broken) {
        ring_release(&ring->ring);
    }
    return count < BURST;
}

static bool rings_drain(struct top_rings *rings, struct evidence *evidence)
{
    bool is_empty = true;
    for (int session = 0; session < TOP_SESSIONS; session++) {
        for (uint32_t i = 0; i < rings->ring_counts[session]; i++) {
            is_empty &= ring_drain(rings, &rings->rings[session][i], evidence);
        }
    }
    return is_empty;
}

/* Looking and resting ---------------------------------------------------------------------------
 */

/* What ours take of the busiest worker's time, in millionths; what is done for all sessions
 * together, such as asking the clock at each stage, is about half as much again. */
static enum xsw_status cost_ask(struct top_rings *rings, uint64_t *cost, struct xsw_error *error)
{
    uint64_t shares[CLIENT_FDS_MAX] = {0};
    struct client_reply reply;
    size_t i;
    json_t *session;
    enum xsw_status status = client_call(rings->client, "capture.list", NULL, &reply, error);
    if (status != XSW_OK) {
        return status;
    }
    *cost = 0;
    json_array_foreach(json_object_get(reply.result, "sessions"), i, session)
    {
        const json_t *workers = json_object_get(session, "by_worker");
        bool is_own = top_rings_is_own(rings, reply_number(session, "session"));
        for (size_t j = 0; is_own && j < json_array_size(workers) && j < CLIENT_FDS_MAX; j++) {
            shares[j] += (uint64_t)reply_number(json_array_get(workers, j), "share");
            *cost = shares[j] * 3 / 2 > *cost ? shares[j] * 3 / 2 : *cost;
        }
    }
    client_reply_fini(&reply);
    return XSW_OK;
}

/* What is in the rings is taken before they go, unless the screens stand still. */
static void rest(struct top_rings *rings, uint64_t cost, struct evidence *evidence)
{
    sessions_end(rings);
    while (evidence != NULL && !rings_drain(rings, evidence)) {
    }
    rings->before = top_rings_account(rings);
    rings_unmap(rings);
    uint64_t now = clock_mono_ns();
    uint64_t rest_ns = (now - rings->looks_since_ns) / ALLOWED * (cost - ALLOWED);
    uint64_t most = (uint64_t)REST_MAX_S * NS_PER_SECOND;
    rings->is_resting = true;
    rings->next_ns = now + (rest_ns < most ? rest_ns : most);
}

/* Where others have taken all sessions meanwhile, it is tried again later. */
static enum xsw_status look_again(struct top_rings *rings, struct xsw_error *error)
{
    enum xsw_status status = sessions_open(rings, error);
    if (status == XSW_OK || status == XSW_IO) {
        return status;
    }
    sessions_end(rings);
    rings_unmap(rings);
    rings->is_resting = true;
    rings->next_ns = clock_mono_ns() + (uint64_t)REST_MAX_S * NS_PER_SECOND;
    return XSW_OK;
}

enum xsw_status top_rings_turn(struct top_rings *rings, uint64_t mono_ns, struct evidence *evidence,
                               struct xsw_error *error)
{
    uint64_t cost = 0;
    enum xsw_status status = XSW_OK;
    if (rings->client == NULL) {
        return XSW_OK;
    }
    if (rings->is_resting) {
        return mono_ns < rings->next_ns || evidence == NULL ? XSW_OK : look_again(rings, error);
    }
    if (evidence != NULL) {
        (void)rings_drain(rings, evidence);
    }
    if (mono_ns >= rings->next_ns) {
        rings->next_ns = mono_ns + ASK_NS;
        status = cost_ask(rings, &cost, error);
    }
    if (status == XSW_OK && cost > ALLOWED) {
        rest(rings, cost, evidence);
    }
    return status;
}
