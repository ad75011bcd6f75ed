/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/journey_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "capture/unfold.h"
#include "formats/pcapng_write.h"
#include "packet/flow_key.h"
#include "switch/pipeline.h"

enum {
    FLUSH_BYTES = 768 << 10, /* below the writer's piece, so that pieces end between journeys */
    META_BYTES = 16 << 10,
    NO_INTERFACE = UINT32_MAX,
    NOTES_MAX = 64, /* more than the writer has places for pieces */
    /* epb_flags: pcapng draft, 4.3.1 */
    FLAGS_INBOUND = 1,
    FLAGS_OUTBOUND = 2,
    FLAGS_CHECKSUM_PARTIAL = 1 << 9,
    FLAGS_SEGMENT = 1 << 11
};

struct worker_place { /* where a worker's ring stands */
    struct ring_hop hops[STAGES_MAX];
    uint32_t hop_count;
    uint64_t rx_mono_ns, generation;
    struct meta_gap gaps[META_LOSS_COUNT]; /* to be told with the next journey */
};

/* What a worker's records in a piece tell, in case that it cannot be written. */
struct worker_note {
    struct meta_gap told[META_LOSS_COUNT]; /* the losses */
    struct meta_gap journeys;
};

struct piece_note {
    uint64_t first_piece, last_piece; /* of the writer; nearly always one */
    uint64_t journeys;
    struct worker_note workers[CONFIG_WORKERS_MAX];
};

struct tap_count {
    uint64_t records;
};

struct journey_file {
    struct journey_file_options options;
    struct pcapng_writer *writer;
    uint32_t interfaces[XSW_PORTS_MAX][STAGES_MAX]; /* the writer's ids; NO_INTERFACE: none yet */
    uint32_t interface_count;
    struct tap_count counts[XSW_PORTS_MAX][STAGES_MAX];
    struct worker_place workers[CONFIG_WORKERS_MAX];
    struct journey_file_account account;
    /* Of the pieces that are on their way, in order, and of the one that is being filled. */
    struct piece_note notes[NOTES_MAX];
    uint64_t notes_made, notes_settled;
    uint64_t unflushed_bytes;
    uint64_t content_bytes;
    struct unfold unfold; /* the journey that is being written */
    uint8_t meta[META_BYTES];
    char comment[512];
};

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
    memset(file->interfaces, 0xff, sizeof(file->interfaces));
    memset(file->counts, 0, sizeof(file->counts));
    file->interface_count = 0;
    enum xsw_status status = pcapng_writer_section(file->writer, &section, error);
    if (status == XSW_OK) {
        status = pcapng_writer_flush(file->writer, error);
    }
    file->notes_made = file->notes_settled = 0;
    file->notes[0] = (struct piece_note){.first_piece = pcapng_writer_pieces(file->writer) + 1};
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

/* Tap points --------------------------------------------------------------------------------- */

static void names_get(const struct journey_file *file, uint16_t port, uint16_t stage,
                      struct tap_names *names)
{
    *names = (struct tap_names){.order = UINT16_MAX};
    file->options.names(file->options.context, port, stage, names);
}

static enum xsw_status interface_make(struct journey_file *file, uint16_t port, uint16_t stage,
                                      struct xsw_error *error)
{
    struct tap_names names;
    names_get(file, port, stage, &names);
    char name[160], description[224], json[640];
    snprintf(name, sizeof(name), "%s/%s.%s", file->options.host, names.port, names.stage);
    snprintf(description, sizeof(description), "port %u (%s) stage %u %s%s%s", port, names.port,
             stage, names.stage, names.extension[0] != '\0' ? " extension " : "", names.extension);
    /* Names of ports, stages and extensions hold nothing that JSON would need escaped. */
    snprintf(json, sizeof(json),
             "{\"format\":%d,\"port\":%u,\"port_name\":\"%s\",\"stage\":%u,\"stage_name\":\"%s\","
             "\"order\":%u,\"egress\":%s,\"extension\":\"%s\",\"snap_length\":%u}",
             META_FORMAT, port, names.port, stage, names.stage, names.order,
             names.is_egress ? "true" : "false", names.extension, file->options.snap_length);
    struct pcapng_interface interface = {.name = name,
                                         .description = description,
                                         .hardware = names.port_kind,
                                         .json = {.text = json, .length = strlen(json)}};
    if (file->options.filter != NULL && file->options.filter[0] != '\0') {
        interface.filter = file->options.filter;
    }
    file->interface_count++;
    return pcapng_writer_interface(file->writer, &interface, &file->interfaces[port][stage], error);
}

/* Records ------------------------------------------------------------------------------------ */

/* Appends as far as there is room. */
__attribute__((format(printf, 3, 4))) static void comment_add(struct journey_file *file,
                                                              size_t *used, const char *format, ...)
{
    size_t room = sizeof(file->comment) - *used;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(file->comment + *used, room, format, arguments);
    va_end(arguments);
    *used += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

static void comment_changes(struct journey_file *file, size_t *used, const struct unfold_step *step)
{
    enum { LEFT_FOR_THE_REST = 96 }; /* the parent's id and the port's name */
    comment_add(file, used, " bytes=");
    for (size_t i = 0; i < step->change_count; i++) {
        if (*used + LEFT_FOR_THE_REST > sizeof(file->comment)) {
            comment_add(file, used, ",...");
            return;
        }
        const struct meta_change *change = &step->changes[i];
        unsigned length = change->new_length > 0 ? change->new_length : 1;
        comment_add(file, used, "%s%u-%u", i > 0 ? "," : "", change->offset,
                    change->offset + length - 1);
    }
}

/* One line of key=value for people and for frame.comment; only where something happened. */
static void comment_rule(struct journey_file *file, size_t *used, const struct unfold_step *step)
{
    uint16_t table = meta_rule_table(step->fixed.stage, step->fixed.rule);
    comment_add(file, used, " rule=%u", meta_rule_number(step->fixed.stage, step->fixed.rule));
    if (table != 0) {
        struct tap_names names;
        names_get(file, table, step->fixed.stage, &names);
        comment_add(file, used, " table=%s", names.port);
    }
}

static size_t comment_make(struct journey_file *file, const struct unfold_step *step)
{
    static const char *const verdicts[] = {"pass",  "drop",     "changed", "punt",
                                           "clone", "replaced", "injected"};
    struct tap_names names;
    names_get(file, step->fixed.port, step->fixed.stage, &names);
    size_t used = 0;
    comment_add(file, &used, "xsw stage=%s verdict=%s", names.stage, verdicts[step->fixed.kind]);
    if (step->fixed.kind == META_DROP) {
        const char *reason = file->options.reason_name(file->options.context, step->fixed.reason);
        comment_add(file, &used, " reason=%s", reason != NULL ? reason : "unknown");
    }
    if (step->fixed.rule != 0) {
        comment_rule(file, &used, step);
    }
    if (step->fixed.kind == META_CHANGED) {
        comment_changes(file, &used, step);
    }
    for (size_t i = 0; i < step->hold_count; i++) {
        names_get(file, step->fixed.port, step->holds[i].stage, &names);
        comment_add(file, &used, " held_at=%s held_ns=%llu", names.stage,
                    (unsigned long long)step->holds[i].held_ns);
    }
    if (step->fixed.parent_id != 0) {
        comment_add(file, &used, " parent=%llu", (unsigned long long)step->fixed.parent_id);
    }
    comment_add(file, &used, " port=%s", names.port);
    return used;
}

/* Both as one: more journeys over a longer time. */
static void gap_add(struct meta_gap *gap, const struct meta_gap *more)
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

static struct piece_note *note_now(struct journey_file *file)
{
    return &file->notes[file->notes_made % NOTES_MAX];
}

static size_t meta_make(struct journey_file *file, uint32_t worker, const struct unfold_step *step)
{
    struct worker_place *place = &file->workers[worker];
    struct worker_note *note = &note_now(file)->workers[worker];
    struct meta_builder builder;
    meta_build(&builder, file->meta, sizeof(file->meta), &step->fixed);
    for (uint16_t cause = 0; cause < META_LOSS_COUNT; cause++) {
        if (place->gaps[cause].journeys > 0) {
            meta_add_gap(&builder, &place->gaps[cause]);
            gap_add(&note->told[cause], &place->gaps[cause]);
            place->gaps[cause].journeys = 0;
        }
    }
    if (step->hop_count > 0) {
        meta_add_hops(&builder, step->hops, step->hop_count);
    }
    meta_add_stage_time(&builder, step->since_rx_ns);
    for (size_t i = 0; i < step->decision_count; i++) {
        meta_add_decision(&builder, &step->decisions[i]);
    }
    if (step->fixed.kind != META_PASS || step->decision_count > 0) {
        meta_add_generation(&builder, place->generation);
    }
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
    return builder.length;
}

static uint64_t gaps_sum(const struct worker_place *place)
{
    uint64_t sum = 0;
    for (uint16_t cause = 0; cause < META_LOSS_COUNT; cause++) {
        sum += place->gaps[cause].journeys;
    }
    return sum;
}

static uint32_t packet_flags(const struct unfold_step *step)
{
    uint32_t flags = step->fixed.stage == STAGE_RX   ? FLAGS_INBOUND
                     : step->fixed.stage == STAGE_TX ? FLAGS_OUTBOUND
                                                     : 0;
    if (step->has_offload && (step->offload.flags & XSW_OFFLOAD_NEEDS_CHECKSUM) != 0) {
        flags |= FLAGS_CHECKSUM_PARTIAL;
    }
    if (step->has_offload && step->offload.gso_type != XSW_GSO_NONE) {
        flags |= FLAGS_SEGMENT;
    }
    return flags;
}

static enum xsw_status step_write(struct journey_file *file, uint32_t worker, uint64_t id,
                                  const struct unfold_step *step, struct xsw_error *error)
{
    struct worker_place *place = &file->workers[worker];
    uint16_t port = step->fixed.port % XSW_PORTS_MAX;
    uint16_t stage = step->fixed.stage % STAGES_MAX;
    if (file->interfaces[port][stage] == NO_INTERFACE) {
        enum xsw_status status = interface_make(file, port, stage, error);
        if (status != XSW_OK) {
            return status;
        }
    }
    uint64_t lost_before = gaps_sum(place);
    struct pcapng_packet packet = {
        .interface = file->interfaces[port][stage],
        .has = PCAPNG_HAS_TIMESTAMP | PCAPNG_HAS_FLAGS | PCAPNG_HAS_ID | PCAPNG_HAS_QUEUE |
               (lost_before > 0 ? PCAPNG_HAS_DROPCOUNT : 0),
        .timestamp_ns = file->unfold.rx_mono_ns + step->since_rx_ns + file->options.wall_offset_ns,
        .captured_length = step->captured_length,
        .original_length = step->length,
        .data = step->bytes,
        .flags = packet_flags(step),
        .queue = worker,
        .id = id,
        .dropcount = lost_before,
        .meta = file->meta,
        .meta_length = meta_make(file, worker, step)};
    if (step->fixed.kind != META_PASS || step->hold_count > 0) {
        packet.comment = file->comment;
        packet.comment_length = comment_make(file, step);
    }
    file->counts[port][stage].records++;
    file->unflushed_bytes +=
        step->captured_length + packet.meta_length + packet.comment_length + 96;
    return pcapng_writer_packet(file->writer, &packet, error);
}

/* A piece that could not be written is lost with all that it told. */
static void note_lose(struct journey_file *file, struct piece_note *note)
{
    for (uint16_t worker = 0; worker < CONFIG_WORKERS_MAX; worker++) {
        struct worker_place *place = &file->workers[worker];
        struct worker_note *told = &note->workers[worker];
        for (uint16_t cause = 0; cause < META_LOSS_COUNT; cause++) {
            gap_add(&place->gaps[cause], &told->told[cause]);
        }
        told->journeys.worker = worker;
        told->journeys.cause = META_LOSS_DISK;
        gap_add(&place->gaps[META_LOSS_DISK], &told->journeys);
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

/* Closes the note of what has just been handed on, and settles those whose pieces have ended. */
static enum xsw_status piece_settle(struct journey_file *file, enum xsw_status status)
{
    struct piece_note *note = note_now(file);
    note->last_piece = pcapng_writer_pieces(file->writer);
    if (note->last_piece >= note->first_piece) {
        file->notes_made++;
        *note_now(file) = (struct piece_note){.first_piece = note->last_piece + 1};
        file->unflushed_bytes = 0;
    }
    while (file->notes_settled < file->notes_made &&
           note_settle(file, &file->notes[file->notes_settled % NOTES_MAX])) {
        file->notes_settled++;
    }
    return status;
}

static enum xsw_status journey_put(struct journey_file *file, uint32_t worker,
                                   const struct ring_journey *journey, struct xsw_error *error)
{
    struct worker_place *place = &file->workers[worker];
    struct unfold *unfold = &file->unfold;
    const struct unfold_timeline timeline = {
        .hops = place->hops, .hop_count = place->hop_count, .rx_mono_ns = place->rx_mono_ns};
    enum xsw_status status =
        unfold_begin(unfold, journey, &timeline, file->options.every_stage, error);
    uint64_t unflushed_before = file->unflushed_bytes;
    uint64_t now = place->rx_mono_ns;
    struct meta_gap one = {.journeys = 1, .from_mono_ns = now, .to_mono_ns = now};
    if (status != XSW_OK) { /* it makes no sense, and nothing of it is in the file */
        one.worker = (uint16_t)worker;
        one.cause = META_LOSS_DISK;
        gap_add(&place->gaps[META_LOSS_DISK], &one);
        file->account.lost_disk++;
        return status;
    }
    struct unfold_step step;
    while (status == XSW_OK && unfold_next(unfold, &step)) {
        status = step_write(file, worker, journey->id, &step, error);
    }
    file->account.pending++;
    note_now(file)->journeys++;
    gap_add(&note_now(file)->workers[worker].journeys, &one);
    file->content_bytes += file->unflushed_bytes - unflushed_before;
    if (status != XSW_OK || file->unflushed_bytes < FLUSH_BYTES) {
        return status;
    }
    return journey_file_push(file, error);
}

static void timeline_take(struct worker_place *place, const struct ring_timeline *timeline)
{
    uint32_t count = timeline->record.count < STAGES_MAX ? timeline->record.count : STAGES_MAX;
    memcpy(place->hops, timeline->hops, count * sizeof(place->hops[0]));
    place->hop_count = count;
    place->rx_mono_ns = timeline->rx_mono_ns;
    place->generation = timeline->generation;
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
    const struct ring_gap *gap = (const struct ring_gap *)record;
    if (record->type == RING_GAP && record->count < META_LOSS_COUNT) {
        gap_add(&place->gaps[record->count], &(struct meta_gap){.from_mono_ns = gap->from_mono_ns,
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
    enum xsw_status status = XSW_OK;
    for (uint16_t port = 0; status == XSW_OK && port < XSW_PORTS_MAX; port++) {
        for (uint16_t stage = 0; status == XSW_OK && stage < STAGES_MAX; stage++) {
            if (file->interfaces[port][stage] == NO_INTERFACE) {
                continue;
            }
            struct pcapng_statistics statistics = {.interface = file->interfaces[port][stage],
                                                   .has = PCAPNG_HAS_DELIVERED | PCAPNG_HAS_DROPPED,
                                                   .timestamp_ns = clock_mono_ns() +
                                                                   file->options.wall_offset_ns,
                                                   .delivered = file->counts[port][stage].records,
                                                   .dropped = lost};
            status = pcapng_writer_statistics(file->writer, &statistics, error);
        }
    }
    return status;
}

enum xsw_status journey_file_summary(struct journey_file *file, const char *summary_json,
                                     uint64_t lost, struct xsw_error *error)
{
    pcapng_writer_end(file->writer);
    enum xsw_status status = journey_file_statistics(file, lost, error);
    /* Interface 0 is there unless not one packet was recorded: the summary needs one to stand at.
     */
    if (status == XSW_OK && file->interface_count == 0) {
        status = interface_make(file, XSW_PORT_NONE, STAGE_RX, error);
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
    free(file);
    return status;
}
