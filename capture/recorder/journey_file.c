/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/recorder/journey_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/recorder/journey_parts.h"
#include "capture/recorder/unfold.h"
#include "formats/pcapng/pcapng_write.h"
#include "switch/path/pipeline.h"

enum {
    FLUSH_BYTES = 768 << 10, /* below the writer's piece, so that pieces end between journeys */
    POINTS_OF_JOURNEY_MAX = 2 * STAGES_MAX + 1 /* at two ports, and where its original came in */
};

void journey_gap_add(struct meta_gap *gap, const struct meta_gap *more)
{
    if (more->journeys == 0) {
        return;
    }
    struct meta_gap sum = *more;
    if (gap->journeys > 0) {
        sum.journeys += gap->journeys;
        sum.from_mono_ns =
            gap->from_mono_ns < more->from_mono_ns ? gap->from_mono_ns : more->from_mono_ns;
        sum.to_mono_ns = gap->to_mono_ns > more->to_mono_ns ? gap->to_mono_ns : more->to_mono_ns;
    }
    *gap = sum;
}

/* To be told with the worker's next record. */
static void loss_add(struct worker_place *place, const struct meta_gap *gap)
{
    journey_gap_add(&place->gaps[gap->cause], gap);
    place->untold += gap->journeys;
}

/* The beginning of a file: none of what another file said is known in this one. */
static enum xsw_status section_write(struct journey_file *file, const char *json,
                                     struct xsw_error *error)
{
    const struct journey_file_options *options = &file->options;
    char hardware[256];
    snprintf(hardware, sizeof(hardware), "%s/%s", options->host, options->switch_name);
    struct pcapng_section section = {.hardware = hardware,
                                     .os = options->os,
                                     .application = "xsw capture " XSW_VERSION,
                                     .comment = options->comment,
                                     .json = {.text = json, .length = strlen(json)}};
    journey_rows_forget(file);
    file->interface_count = 0;
    file->lost_told = 0;
    enum xsw_status status = pcapng_writer_section(file->writer, &section, error);
    if (status == XSW_OK) {
        status = pcapng_writer_flush(file->writer, error);
    }
    /* All pieces of the file before have ended. */
    file->notes_settled = file->notes_made;
    *journey_note(file) =
        (struct piece_note){.first_piece = pcapng_writer_pieces(file->writer) + 1};
    return status;
}

enum xsw_status journey_file_open(const struct journey_file_options *options,
                                  struct journey_file **file, struct xsw_error *error)
{
    struct journey_file *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        (void)pcapng_writer_close(options->writer, NULL, NULL);
        return error_set(error, XSW_NO_MEMORY, "no memory for a recording");
    }
    made->options = *options;
    made->writer = options->writer;
    for (uint32_t worker = 0; worker < CONFIG_WORKERS_MAX; worker++) {
        made->workers[worker].stages = options->stages;
    }
    enum xsw_status status = section_write(made, options->section_json, error);
    if (status != XSW_OK) {
        (void)journey_file_close(made, NULL);
        return status;
    }
    *file = made;
    return XSW_OK;
}

struct pcapng_writer *journey_file_next(struct journey_file *file, struct pcapng_writer *writer,
                                        const char *section_json, struct xsw_error *error)
{
    struct pcapng_writer *before = file->writer;
    file->writer = writer;
    error->status = section_write(file, section_json, error);
    return before;
}

/* A piece that could not be written is lost with all that it told. */
static void note_lose(struct journey_file *file, struct piece_note *note)
{
    for (uint16_t worker = 0; worker < CONFIG_WORKERS_MAX; worker++) {
        struct worker_place *place = &file->workers[worker];
        struct worker_note *told = &note->workers[worker];
        for (uint16_t cause = 0; cause < META_LOSS_COUNT; cause++) {
            told->told[cause].cause = cause;
            loss_add(place, &told->told[cause]);
        }
        told->journeys.worker = worker;
        told->journeys.cause = META_LOSS_DISK;
        loss_add(place, &told->journeys);
    }
}

/* The journeys of a note have all been written, or count as lost: what a lost piece held is not
 * told apart further. False: not known yet. */
static bool note_settle(struct journey_file *file, struct piece_note *note)
{
    bool is_lost = false;
    for (uint64_t piece = note->first_piece; piece <= note->last_piece; piece++) {
        enum pcapng_piece state = pcapng_writer_piece(file->writer, piece);
        if (state == PCAPNG_PIECE_ON_ITS_WAY) {
            return false;
        }
        is_lost = is_lost || state == PCAPNG_PIECE_LOST;
    }
    if (is_lost) {
        note_lose(file, note);
    }
    *(is_lost ? &file->account.lost_disk : &file->account.written) += note->journeys;
    file->account.pending -= note->journeys;
    return true;
}

static void notes_settle(struct journey_file *file)
{
    while (file->notes_settled < file->notes_made &&
           note_settle(file, &file->notes[file->notes_settled % JOURNEY_NOTES_MAX])) {
        file->notes_settled++;
    }
}

/* Closes the note of what has just been handed on, and settles those whose pieces have ended. */
static enum xsw_status piece_settle(struct journey_file *file, enum xsw_status status)
{
    struct piece_note *note = journey_note(file);
    note->last_piece = pcapng_writer_pieces(file->writer);
    if (note->last_piece >= note->first_piece) {
        file->notes_made++;
        *journey_note(file) = (struct piece_note){.first_piece = note->last_piece + 1};
        file->unflushed_bytes = 0;
    }
    notes_settle(file);
    return status;
}

/* One of a kind: step by step. An ordinary one is what those behind it are like. */
static enum xsw_status journey_unfold(struct journey_file *file, uint32_t worker,
                                      const struct ring_journey *journey, bool is_ordinary,
                                      struct xsw_error *error)
{
    struct worker_place *place = &file->workers[worker];
    struct journey_pattern *pattern = is_ordinary ? journey_pattern_begin(place, journey) : NULL;
    enum xsw_status status = XSW_OK;
    struct unfold_step step;
    struct pcapng_packet packet;
    while (status == XSW_OK && unfold_next(&file->unfold, &step)) {
        status = journey_record_write(file, worker, journey->id, &step, &packet, error);
        if (pattern != NULL &&
            (status != XSW_OK || !journey_pattern_add(pattern, &step, &packet))) {
            pattern = NULL;
        }
    }
    if (pattern != NULL) {
        journey_pattern_end(place, pattern);
    }
    return status;
}

/* In a file that may not take all tap points of a journey they are made before its first record, so
 * that it is in the file as a whole or not at all. */
static enum xsw_status points_make(struct journey_file *file, uint32_t worker,
                                   const struct ring_journey *journey,
                                   const struct unfold_timeline *timeline, struct xsw_error *error)
{
    struct unfold_step step;
    if (journey_points_left(file) >= POINTS_OF_JOURNEY_MAX) {
        return XSW_OK;
    }
    enum xsw_status status =
        unfold_begin(&file->unfold, journey, timeline, file->options.every_stage, error);
    while (status == XSW_OK && unfold_next(&file->unfold, &step)) {
        status = journey_points_make(file, &file->workers[worker], &step, error);
    }
    return status;
}

/* Nothing of it is in the file: it makes no sense, or there is no room for its tap points. */
static void journey_lose(struct journey_file *file, uint32_t worker)
{
    struct worker_place *place = &file->workers[worker];
    loss_add(place, &(struct meta_gap){.journeys = 1,
                                       .from_mono_ns = place->rx_mono_ns,
                                       .to_mono_ns = place->rx_mono_ns,
                                       .worker = (uint16_t)worker,
                                       .cause = META_LOSS_DISK});
    file->account.lost_disk++;
}

static enum xsw_status journey_write(struct journey_file *file, uint32_t worker,
                                     const struct ring_journey *journey, struct xsw_error *error)
{
    struct worker_place *place = &file->workers[worker];
    enum xsw_status status = XSW_OK;
    bool is_ordinary = journey_is_ordinary(file, place, journey);
    if (!is_ordinary || !journey_repeat(file, worker, journey, &status, error)) {
        const struct unfold_timeline timeline = {
            .hops = place->hops, .hop_count = place->hop_count, .rx_mono_ns = place->rx_mono_ns};
        file->unfold.stages = place->stages;
        status = points_make(file, worker, journey, &timeline, error);
        if (status == XSW_OK) {
            status =
                unfold_begin(&file->unfold, journey, &timeline, file->options.every_stage, error);
        }
        if (status != XSW_OK) {
            journey_lose(file, worker);
            return status;
        }
        status = journey_unfold(file, worker, journey, is_ordinary, error);
    }
    file->account.pending++;
    journey_note(file)->journeys++;
    journey_gap_add(&journey_note(file)->workers[worker].journeys,
                    &(struct meta_gap){.journeys = 1,
                                       .from_mono_ns = place->rx_mono_ns,
                                       .to_mono_ns = place->rx_mono_ns});
    return status;
}

static enum xsw_status journey_put(struct journey_file *file, uint32_t worker,
                                   const struct ring_journey *journey, struct xsw_error *error)
{
    uint64_t unflushed_before = file->unflushed_bytes;
    enum xsw_status status = journey_write(file, worker, journey, error);
    file->content_bytes += file->unflushed_bytes - unflushed_before;
    if (status != XSW_OK || file->unflushed_bytes < FLUSH_BYTES) {
        return status;
    }
    return journey_file_push(file, error);
}

static void timeline_take(struct worker_place *place, const struct ring_timeline *timeline)
{
    uint32_t count = timeline->record.count < STAGES_MAX ? timeline->record.count : STAGES_MAX;
    if (place->generation != timeline->generation) {
        memset(place->rows, 0, sizeof(place->rows)); /* other ports may have come */
    }
    memcpy(place->hops, timeline->hops, count * sizeof(place->hops[0]));
    place->hop_count = count;
    place->rx_mono_ns = timeline->rx_mono_ns;
    place->generation = timeline->generation;
    journey_patterns_forget(place);
}

/* What a ring tells of ports; and when it may have told something that we do not have. */
static void ports_take(struct journey_file *file, const struct ring_record *record)
{
    bool is_port = record->type == RING_EVENT && record->count == RING_EVENT_PORT;
    bool is_hole = record->type == RING_GAP &&
                   (record->count == META_LOSS_OVERWRITTEN || record->count == META_LOSS_READER);
    if (file->options.port_came != NULL && (is_port || is_hole)) {
        file->options.port_came(file->options.context,
                                is_port ? (const struct ring_port *)(const void *)record : NULL);
    }
}

enum xsw_status journey_file_put(struct journey_file *file, uint32_t worker,
                                 const struct ring_record *record, struct xsw_error *error)
{
    struct worker_place *place = &file->workers[worker];
    if (record->type == RING_JOURNEY) {
        return journey_put(file, worker, (const struct ring_journey *)record, error);
    }
    if (record->type == RING_TIMELINE) {
        timeline_take(place, (const struct ring_timeline *)record);
        return XSW_OK;
    }
    if (record->type == RING_EVENT && record->count == RING_EVENT_RULES) {
        place->stages = ((const struct ring_event *)record)->values[1];
        journey_patterns_forget(place);
        return XSW_OK;
    }
    ports_take(file, record);
    const struct ring_gap *gap = (const struct ring_gap *)record;
    if (record->type == RING_GAP && record->count < META_LOSS_COUNT) {
        loss_add(place, &(struct meta_gap){.from_mono_ns = gap->from_mono_ns,
                                           .to_mono_ns = gap->to_mono_ns,
                                           .journeys = gap->journeys,
                                           .worker = (uint16_t)worker,
                                           .cause = record->count});
    }
    return XSW_OK;
}

enum xsw_status journey_file_push(struct journey_file *file, struct xsw_error *error)
{
    return piece_settle(file, pcapng_writer_push(file->writer, error));
}

enum xsw_status journey_file_flush(struct journey_file *file, struct xsw_error *error)
{
    return piece_settle(file, pcapng_writer_flush(file->writer, error));
}

uint64_t journey_file_mark(const struct journey_file *file)
{
    /* The note that is being filled, or, while it is empty, the one before it. Marks begin at 1. */
    const struct piece_note *note = &file->notes[file->notes_made % JOURNEY_NOTES_MAX];
    return file->notes_made + (note->journeys > 0);
}

uint64_t journey_file_settled(const struct journey_file *file)
{
    return file->notes_settled;
}

enum xsw_status journey_file_settle(struct journey_file *file, struct xsw_error *error)
{
    enum xsw_status status = pcapng_writer_settle(file->writer, error);
    notes_settle(file);
    return status;
}

enum xsw_status journey_file_wait(struct journey_file *file, struct xsw_error *error)
{
    pcapng_writer_wait(file->writer);
    return journey_file_settle(file, error);
}

void journey_file_press(struct journey_file *file, unsigned percent)
{
    pcapng_writer_press(file->writer, percent);
}

struct journey_file_account journey_file_account(const struct journey_file *file)
{
    return file->account;
}

uint64_t journey_file_content(const struct journey_file *file)
{
    return file->content_bytes;
}

uint64_t journey_file_bytes(const struct journey_file *file)
{
    struct pcapng_writer_account account = pcapng_writer_account(file->writer);
    /* What waits will be packed about as well as what has been. */
    double share =
        account.content_bytes == 0 ? 1 : (double)account.file_bytes / (double)account.content_bytes;
    return account.file_bytes + (uint64_t)((double)account.waiting_bytes * share);
}

enum xsw_status journey_file_statistics(struct journey_file *file, uint64_t lost,
                                        struct xsw_error *error)
{
    return journey_rows_statistics(file, lost, false, error);
}

enum xsw_status journey_file_summary(struct journey_file *file, const char *summary_json,
                                     uint64_t lost, struct xsw_error *error)
{
    pcapng_writer_end(file->writer);
    enum xsw_status status = journey_rows_statistics(file, lost, true, error);
    /* Interface 0 is there unless not one packet was recorded: the summary needs one to stand at.
     */
    if (status == XSW_OK && file->interface_count == 0) {
        status = journey_interface_make(file, &file->workers[0], XSW_PORT_NONE, STAGE_RX, error);
    }
    struct pcapng_statistics summary = {
        .interface = 0,
        .has = PCAPNG_HAS_DROPPED,
        .timestamp_ns = clock_mono_ns() + file->options.wall_offset_ns,
        .dropped = lost,
        .json = {.text = summary_json, .length = strlen(summary_json)}};
    if (status == XSW_OK) {
        status = pcapng_writer_statistics(file->writer, &summary, error);
    }
    return status == XSW_OK ? pcapng_writer_flush(file->writer, error) : status;
}

enum xsw_status journey_file_close(struct journey_file *file, struct xsw_error *error)
{
    if (file == NULL) {
        return XSW_OK;
    }
    enum xsw_status status = pcapng_writer_close(file->writer, NULL, error);
    journey_rows_forget(file);
    free(file);
    return status;
}
