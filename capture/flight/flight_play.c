/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/flight/flight_play.h"

#include "capture/recorder/journey_file.h"

void flight_play_init(struct flight_play *play, struct journey_file *file, bool is_whole)
{
    *play = (struct flight_play){.file = file, .to_mono_ns = UINT64_MAX};
    for (uint32_t i = 0; i < CONFIG_WORKERS_MAX; i++) {
        play->workers[i].has_begun = is_whole;
    }
}

/* The first failure to write counts; what comes behind it is tried all the same. */
static void put(struct flight_play *play, uint32_t worker, const struct ring_record *record,
                struct xsw_error *error)
{
    struct xsw_error failure;
    if (journey_file_put(play->file, worker, record, &failure) != XSW_OK &&
        error->status == XSW_OK) {
        *error = failure;
    }
}

/* The journeys between the block before and this one. */
static void missed_tell(struct flight_play *play, const struct flight_copy *copy,
                        struct xsw_error *error)
{
    struct flight_played *played = &play->workers[copy->worker];
    uint64_t missed =
        copy->journeys_before > played->next ? copy->journeys_before - played->next : 0;
    bool is_unreadable = played->is_unreadable;
    played->is_unreadable = false;
    played->next += missed;
    if (missed == 0) {
        return;
    }
    *(is_unreadable ? &played->unreadable : &played->overwritten) += missed;
    struct ring_gap gap = {
        .record = {.size = sizeof(gap),
                   .type = RING_GAP,
                   .count = is_unreadable ? META_LOSS_READER : META_LOSS_OVERWRITTEN},
        .journeys = missed,
        .from_mono_ns = played->last_mono_ns != 0 ? played->last_mono_ns : copy->first_mono_ns,
        .to_mono_ns = copy->first_mono_ns};
    put(play, copy->worker, &gap.record, error);
}

static void journey_play(struct flight_play *play, uint32_t worker,
                         const struct ring_journey *journey, struct xsw_error *error)
{
    struct flight_played *played = &play->workers[worker];
    played->next++;
    if (play->is_outside[worker]) {
        played->outside++;
        return;
    }
    if (played->put++ == 0) {
        played->first_mono_ns = played->last_mono_ns;
    }
    played->last_packet_id = journey->id;
    put(play, worker, &journey->record, error);
}

static void timeline_play(struct flight_play *play, uint32_t worker,
                          const struct ring_timeline *timeline, struct xsw_error *error)
{
    uint32_t count = timeline->record.count;
    uint64_t begin = timeline->rx_mono_ns;
    uint64_t end = begin + (count > 0 ? timeline->hops[count - 1].since_rx_ns : 0);
    play->workers[worker].last_mono_ns = end;
    play->is_outside[worker] = end < play->from_mono_ns || begin > play->to_mono_ns;
    put(play, worker, &timeline->record, error);
}

static void record_play(struct flight_play *play, uint32_t worker, const struct ring_record *record,
                        struct xsw_error *error)
{
    if (record->type == RING_JOURNEY) {
        journey_play(play, worker, (const struct ring_journey *)record, error);
    } else if (record->type == RING_TIMELINE) {
        timeline_play(play, worker, (const struct ring_timeline *)record, error);
    } else if (record->type == RING_GAP && record->count < META_LOSS_COUNT) {
        const struct ring_gap *gap = (const struct ring_gap *)record;
        play->workers[worker].told[record->count] += gap->journeys;
        put(play, worker, record, error);
    } else {
        put(play, worker, record, error);
    }
}

enum xsw_status flight_play_block(struct flight_play *play, struct flight_copy *copy,
                                  struct xsw_error *problem, struct xsw_error *error)
{
    uint32_t worker = copy->worker;
    struct flight_played *played = &play->workers[worker];
    struct xsw_error failure = {.status = XSW_OK};
    if (!played->has_begun) {
        played->has_begun = true;
        played->account = copy->account;
        played->first = played->next = copy->journeys_before;
    }
    missed_tell(play, copy, &failure);
    played->blocks++;
    const struct ring_record *record = NULL;
    enum xsw_status status = XSW_OK;
    while ((status = flight_copy_next(copy, &record, problem)) == XSW_OK) {
        record_play(play, worker, record, &failure);
    }
    if (status == XSW_CORRUPT) {
        played->torn_blocks++;
        played->is_unreadable = true;
    }
    if (failure.status != XSW_OK && error != NULL) {
        *error = failure;
    }
    return failure.status;
}

static uint64_t since(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

struct capture_account flight_play_account(const struct flight_play *play, uint32_t worker,
                                           const struct capture_account *now)
{
    const struct flight_played *played = &play->workers[worker];
    struct capture_account account = {
        .filtered = since(now->filtered, played->account.filtered),
        .unwanted = since(now->unwanted, played->account.unwanted),
        .sampled = since(now->sampled, played->account.sampled),
        .written = since(since(played->next, played->first), played->overwritten)};
    for (uint32_t cause = 0; cause < META_LOSS_COUNT; cause++) {
        /* A gap is told with the next journey, which may be in a later block. */
        uint64_t lost = since(now->lost[cause], played->account.lost[cause]);
        account.lost[cause] = lost > played->told[cause] ? lost : played->told[cause];
    }
    account.lost[META_LOSS_OVERWRITTEN] += played->overwritten;
    account.offered =
        account.filtered + account.sampled + account.written + capture_account_lost(&account);
    return account;
}
