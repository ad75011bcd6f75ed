/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/top/top_recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/top/top_findings.h"

enum { STAGING_JOURNEYS = 1024, STAGING_BYTES = 4 << 20, FIRST_STEP_NS = 1000000 };

/* Counts the records of a pass. */
struct counting {
    struct model *model;
    struct model_sample sample; /* up to here */
    struct model_port beyond;
    uint64_t next_ns; /* when the next sample is due */
    bool has_begun;
    /* The record before: a second one of a packet at a stage is not a second visit. */
    uint64_t packet_id;
    uint16_t stage;
    bool has_passed; /* it was counted as going out there */
};

struct top_recording {
    char *const *paths;
    int count;
    struct model *model;
    struct evidence *evidence;
    struct analysis *analysis; /* of the first pass */
    struct counting counting;
    bool is_partial;
    bool tells_progress;
    /* of a pass that fills the evidence */
    struct evidence *staging;
    const struct journey_filter *filter;
    uint64_t from_ns, to_ns;
    /* of a pass for somebody else */
    analysis_observer *take;
    void *context;
};

/* Counting --------------------------------------------------------------------------------------
 */

/* The end of time stays where it is. */
static uint64_t time_after(uint64_t time_ns, uint64_t step_ns)
{
    return UINT64_MAX - time_ns < step_ns ? UINT64_MAX : time_ns + step_ns;
}

/* Samples up to the time of a record: each has all that came before it. */
static void time_count(struct counting *counting, uint64_t time_ns)
{
    struct model *model = counting->model;
    if (!counting->has_begun) {
        counting->has_begun = true;
        counting->sample.wall_ns = time_ns > 0 ? time_ns - 1 : 0;
        counting->next_ns = time_after(time_ns, model->step_ns);
        model->started_ns = time_ns;
        model_push(model, &counting->sample);
    }
    while (time_ns >= counting->next_ns) {
        counting->sample.wall_ns = counting->next_ns - 1;
        model_push(model, &counting->sample);
        counting->next_ns = time_after(counting->next_ns, model->step_ns);
        if (counting->next_ns == UINT64_MAX) {
            break; /* a file may claim any time */
        }
    }
}

static void visit_count(struct counting *counting, uint16_t stage)
{
    if (stage < MODEL_STAGES_MAX) {
        counting->sample.stages[stage].in++;
        counting->sample.stages[stage].out++;
    }
}

/* Several ranges of one change are one. */
static void changes_count(struct counting *counting, const struct record *record)
{
    struct meta_reader items = record->items;
    struct meta_item item;
    uint64_t changed = 0;
    if (record->fixed.kind == META_CHANGED) {
        changed |= (uint64_t)1 << record->fixed.stage % MODEL_STAGES_MAX;
    }
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_CHANGE) {
            changed |= (uint64_t)1 << item.change.stage % MODEL_STAGES_MAX;
        }
    }
    for (size_t stage = 0; changed != 0; stage++, changed >>= 1) {
        counting->sample.stages[stage].changed += changed & 1;
    }
}

static void items_count(struct counting *counting, const struct record *record)
{
    struct meta_reader items = record->items;
    struct meta_item item;
    while (record_next_item(&items, &item)) {
        if (item.type == META_TLV_HOPS) {
            for (size_t i = 0; i < item.hop_count; i++) {
                visit_count(counting, meta_hop_at(&item, i).stage);
            }
        } else if (item.type == META_TLV_GENERATION) {
            counting->sample.generation = item.generation;
        } else if (item.type == META_TLV_GAP) {
            counting->sample.account.lost += item.gap.journeys;
            counting->sample.account.offered += item.gap.journeys;
        }
    }
}

/* What has no place is counted there, and told by nobody. */
static struct model_port *port_of(struct counting *counting, const struct record *record)
{
    size_t place = model_port_place(counting->model, record->port);
    return place != SIZE_MAX ? &counting->sample.ports[place] : &counting->beyond;
}

static void drop_count(struct counting *counting, const struct analysis_session *session,
                       const struct record *record)
{
    uint16_t stage = record->fixed.stage % MODEL_STAGES_MAX;
    const struct dictionary_stage *known = dictionary_find_stage(&session->of->dictionary, stage);
    struct model_port *port = port_of(counting, record);
    size_t place = model_drop_place(counting->model, stage, record->fixed.reason);
    counting->sample.stages[stage].dropped++;
    /* A copy is for its port from the beginning. */
    bool is_copy = (record->fixed.flags & (META_FLOOD | META_MIRROR)) != 0;
    if (is_copy || (known != NULL && known->egress)) {
        port->dropped_out++;
    } else {
        port->dropped_in++;
    }
    if (place != SIZE_MAX) {
        counting->sample.drops[place]++;
    }
}

/* What happened at the stage of the record itself. */
static void own_count(struct counting *counting, const struct analysis_session *session,
                      const struct record *record)
{
    struct model_stage *stage = &counting->sample.stages[record->fixed.stage % MODEL_STAGES_MAX];
    struct model_port *port = port_of(counting, record);
    bool is_again = counting->packet_id == record->packet_id &&
                    counting->stage == record->fixed.stage && counting->has_passed;
    stage->in += !is_again;
    stage->out -= is_again;
    bool passes = false;
    switch (record->fixed.kind) {
    case META_DROP:
        drop_count(counting, session, record);
        break;
    case META_CONSUMED:
    case META_PUNT:
        stage->replaced++;
        break;
    case META_CLONE:
    case META_INJECTED:
        stage->in--;
        stage->made++;
        stage->out++;
        break;
    default:
        passes = true;
        stage->out++;
        if (record_is_last(record)) {
            port->tx_packets++;
            port->tx_bytes += record->original_length;
        } else if (record_is_first(record)) {
            port->rx_packets++;
            port->rx_bytes += record->original_length;
        }
    }
    counting->packet_id = record->packet_id;
    counting->stage = record->fixed.stage;
    counting->has_passed = passes;
}

static void record_take(const struct analysis_session *session, const struct record *record,
                        void *context)
{
    struct top_recording *recording = context;
    struct counting *counting = &recording->counting;
    if (recording->model->of == NULL) {
        recording->model->of = session->of;
    }
    if (session->of != recording->model->of) {
        return; /* the viewer shows one switch */
    }
    time_count(counting, record->time_ns);
    items_count(counting, record);
    changes_count(counting, record);
    own_count(counting, session, record);
    if (record_is_first(record)) {
        counting->sample.account.offered++;
        counting->sample.account.written++;
    }
    evidence_add(recording->evidence, session->number, record, &session->of->dictionary);
}

/* Filling ---------------------------------------------------------------------------------------
 */

/* A journey is judged when it has ended, and then moves from the staging to the evidence. */
static void record_stage(const struct analysis_session *session, const struct record *record,
                         void *context)
{
    struct top_recording *recording = context;
    if (strcmp(session->of->id, recording->model->of->id) != 0) {
        return;
    }
    evidence_add(recording->staging, session->number, record, &session->of->dictionary);
    const struct evidence_journey *journey =
        evidence_find(recording->staging, session->number, record->packet_id);
    if (journey == NULL || !journey->has_end || journey->first_ns < recording->from_ns ||
        journey->first_ns > recording->to_ns ||
        !derived_matches(recording->filter, recording->staging, journey)) {
        return;
    }
    uint64_t position = journey->first_record;
    struct record kept;
    while (evidence_record(recording->staging, &position, &kept)) {
        evidence_add(recording->evidence, session->number, &kept, &session->of->dictionary);
    }
}

/* A large file takes a while. Only before there is a screen. */
static void progress_show(const char *path, uint64_t read_bytes, uint64_t file_bytes, void *context)
{
    enum { LARGE_BYTES = 64 << 20 };
    unsigned *shown = context;
    unsigned percent = (unsigned)(read_bytes / (file_bytes / 100 + 1));
    if (file_bytes >= LARGE_BYTES && percent != *shown) {
        *shown = percent;
        fprintf(stderr, "\r\033[K%.60s: %u %%", path, percent);
    }
}

static enum xsw_status pass_run(struct top_recording *recording, analysis_observer *observer,
                                struct analysis **analysis, struct xsw_error *error)
{
    unsigned shown = 0;
    enum xsw_status status = analysis_create(0, analysis, error);
    if (status == XSW_OK) {
        analysis_observe(*analysis, observer, recording);
    }
    for (int i = 0; status == XSW_OK && i < recording->count; i++) {
        status = analysis_read(*analysis, recording->paths[i],
                               recording->tells_progress ? progress_show : NULL, &shown, error);
    }
    if (shown != 0) {
        fputs("\r\033[K", stderr);
    }
    return status == XSW_OK ? analysis_finish(*analysis, error) : status;
}

enum xsw_status top_recording_fill(struct top_recording *recording, uint64_t from_ns,
                                   uint64_t to_ns, const struct journey_filter *filter,
                                   struct xsw_error *error)
{
    struct analysis *analysis = NULL;
    enum xsw_status status =
        evidence_create(STAGING_JOURNEYS, STAGING_BYTES, &recording->staging, error);
    if (status == XSW_OK) {
        evidence_clear(recording->evidence);
        recording->from_ns = from_ns;
        recording->to_ns = to_ns;
        recording->filter = filter;
        status = pass_run(recording, record_stage, &analysis, error);
    }
    analysis_destroy(analysis);
    evidence_destroy(recording->staging);
    recording->staging = NULL;
    return status;
}

static void record_hand_on(const struct analysis_session *session, const struct record *record,
                           void *context)
{
    struct top_recording *recording = context;
    if (strcmp(session->of->id, recording->model->of->id) == 0) {
        recording->take(session, record, recording->context);
    }
}

/* A model_records: reads the files. */
static enum xsw_status records_read(void *of, analysis_observer *take, void *context,
                                    struct xsw_error *error)
{
    struct top_recording *recording = of;
    struct analysis *analysis = NULL;
    recording->take = take;
    recording->context = context;
    enum xsw_status status = pass_run(recording, record_hand_on, &analysis, error);
    analysis_destroy(analysis);
    return status;
}

bool top_recording_is_partial(const struct top_recording *recording)
{
    return recording->is_partial;
}

/* Opening ---------------------------------------------------------------------------------------
 */

/* The last moment, with what the summary says at the end. */
static void end_count(struct top_recording *recording)
{
    struct counting *counting = &recording->counting;
    struct model_account *account = &counting->sample.account;
    for (size_t i = 0; i < recording->analysis->session_count; i++) {
        const struct analysis_session *session = recording->analysis->sessions[i];
        if (session->of == recording->model->of) {
            uint64_t filtered = account_workers_sum(&session->account).filtered;
            uint64_t lost = account_lost(&session->account);
            account->filtered += filtered;
            account->offered += filtered + (lost > account->lost ? lost - account->lost : 0);
            account->lost = lost > account->lost ? lost : account->lost;
        }
    }
    counting->sample.wall_ns = counting->sample.wall_ns < recording->model->of->total.last_ns
                                   ? recording->model->of->total.last_ns
                                   : counting->next_ns;
    model_push(recording->model, &counting->sample);
}

/* Why there is nothing to show: what is wrong with the first file, if it is known. */
static enum xsw_status nothing_found(const struct top_recording *recording, struct xsw_error *error)
{
    const struct analysis_file *file = &recording->analysis->files[0];
    if (file->problem[0] != '\0') { /* it names the file */
        return error_set(error, XSW_NOT_FOUND, "%s", file->problem);
    }
    return error_set(error, XSW_NOT_FOUND,
                     "%s: no packet in it was recorded by xsw; expected a file of xsw capture",
                     recording->paths[0]);
}

enum xsw_status top_recording_open(char *const *paths, int count, struct model *model,
                                   struct evidence *evidence, struct top_recording **recording,
                                   struct xsw_error *error)
{
    struct top_recording *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a recording");
    }
    made->paths = paths;
    made->count = count;
    made->model = model;
    made->evidence = evidence;
    made->counting.model = model;
    model->is_recording = true;
    model->is_connected = true;
    model->changes_are_counted = true;
    model->step_ns = FIRST_STEP_NS;
    snprintf(model->source, sizeof(model->source), "%s%s", paths[0], count > 1 ? " and more" : "");
    made->tells_progress = isatty(STDERR_FILENO);
    enum xsw_status status = pass_run(made, record_take, &made->analysis, error);
    made->tells_progress = false;
    if (status == XSW_OK && model->of == NULL) {
        status = nothing_found(made, error);
    }
    if (status != XSW_OK) {
        top_recording_close(made);
        return status;
    }
    end_count(made);
    made->is_partial = evidence->evicted > 0 || evidence->too_big > 0;
    if (made->is_partial) {
        model->records = records_read;
        model->records_of = made;
    }
    model_order_stages(model);
    top_findings_fill(model, made->analysis);
    *recording = made;
    return XSW_OK;
}

void top_recording_close(struct top_recording *recording)
{
    if (recording == NULL) {
        return;
    }
    analysis_destroy(recording->analysis);
    free(recording);
}
