/* SPDX-License-Identifier: Apache-2.0 */
/* One step of a journey as a record of the file: its tap point, its metadata, and a line for
 * people.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "capture/recorder/journey_parts.h"
#include "capture/recorder/unfold_meta.h"
#include "packet/flow_key.h"

enum {
    RECORD_BYTES = 96, /* of a record, beside frame, metadata and comment; about */
    /* epb_flags: pcapng draft, 4.3.1 */
    FLAGS_INBOUND = 1,
    FLAGS_OUTBOUND = 2,
    FLAGS_CHECKSUM_PARTIAL = 1 << 9,
    FLAGS_SEGMENT = 1 << 11
};

/* Tap points --------------------------------------------------------------------------------- */

/* The port's are copies: what is asked next may let go of the names that were there. */
struct point_names {
    struct tap_names tap;
    char port[CONFIG_NAME_SIZE], port_kind[16];
};

/* `place`: of the worker in whose journeys the port stands. */
static void names_get(const struct journey_file *file, const struct worker_place *place,
                      uint16_t port, uint16_t stage, struct point_names *names)
{
    struct tap_port meant = {0};
    struct tap_names *tap = &names->tap;
    *names = (struct point_names){.tap = {.order = UINT16_MAX}};
    /* First, since it may take a newer dictionary, and names are those of the one that is there. */
    if (file->options.port != NULL) {
        file->options.port(file->options.context, port, place->generation, &meant);
    }
    if (meant.name != NULL) {
        snprintf(names->port, sizeof(names->port), "%s", meant.name);
        snprintf(names->port_kind, sizeof(names->port_kind), "%s", meant.kind);
    }
    file->options.names(file->options.context, port, stage, tap);
    if (meant.name == NULL) {
        snprintf(names->port, sizeof(names->port), "%s", tap->port);
        snprintf(names->port_kind, sizeof(names->port_kind), "%s", tap->port_kind);
    }
    tap->port = names->port;
    tap->port_kind = names->port_kind;
}

enum xsw_status journey_interface_make(struct journey_file *file, struct worker_place *place,
                                       uint16_t port, uint16_t stage, struct xsw_error *error)
{
    struct point_names names;
    if (journey_points_left(file) == 0) {
        return error_set(
            error, XSW_LIMIT,
            "the file has %u tap points and takes no more: journeys at ports that came "
            "since are lost; a series of files (-C, -G) begins anew with each",
            file->interface_count);
    }
    struct journey_row *row = journey_row_get(file, place, port);
    if (row == NULL) {
        return error_set(error, XSW_NO_MEMORY, "no memory for a port in a recording");
    }
    enum xsw_status status = journey_rows_cut(file, port, row, error);
    if (status != XSW_OK) {
        return status;
    }
    names_get(file, place, port, stage, &names);
    char name[160], description[224], json[640];
    snprintf(name, sizeof(name), "%s/%s.%s", file->options.host, names.tap.port, names.tap.stage);
    snprintf(description, sizeof(description), "port %u (%s) stage %u %s%s%s", port, names.tap.port,
             stage, names.tap.stage, names.tap.extension[0] != '\0' ? " extension " : "",
             names.tap.extension);
    /* Names of ports, stages and extensions hold nothing that JSON would need escaped. */
    snprintf(json, sizeof(json),
             "{\"format\":%d,\"port\":%u,\"port_name\":\"%s\",\"stage\":%u,\"stage_name\":\"%s\","
             "\"order\":%u,\"egress\":%s,\"extension\":\"%s\",\"snap_length\":%u}",
             META_FORMAT, port, names.tap.port, stage, names.tap.stage, names.tap.order,
             names.tap.is_egress ? "true" : "false", names.tap.extension,
             file->options.snap_length);
    struct pcapng_interface interface = {.name = name,
                                         .description = description,
                                         .hardware = names.tap.port_kind,
                                         .json = {.text = json, .length = strlen(json)}};
    if (file->options.filter != NULL && file->options.filter[0] != '\0') {
        interface.filter = file->options.filter;
    }
    file->interface_count++;
    return pcapng_writer_interface(file->writer, &interface, &row->interfaces[stage], error);
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
static void comment_rule(struct journey_file *file, const struct worker_place *place, size_t *used,
                         const struct unfold_step *step)
{
    uint16_t table = meta_rule_table(step->fixed.stage, step->fixed.rule);
    comment_add(file, used, " rule=%u", meta_rule_number(step->fixed.stage, step->fixed.rule));
    if (table != 0) {
        struct point_names names;
        names_get(file, place, table, step->fixed.stage, &names);
        comment_add(file, used, " table=%s", names.tap.port);
    }
}

static size_t comment_make(struct journey_file *file, const struct worker_place *place,
                           const struct unfold_step *step)
{
    static const char *const verdicts[] = {"pass",  "drop",     "changed", "punt",
                                           "clone", "replaced", "injected"};
    struct point_names names;
    names_get(file, place, step->fixed.port, step->fixed.stage, &names);
    size_t used = 0;
    comment_add(file, &used, "xsw stage=%s verdict=%s", names.tap.stage,
                verdicts[step->fixed.kind]);
    if (step->fixed.kind == META_DROP) {
        const char *reason = file->options.reason_name(file->options.context, step->fixed.reason);
        comment_add(file, &used, " reason=%s", reason != NULL ? reason : "unknown");
    }
    if (step->fixed.rule != 0) {
        comment_rule(file, place, &used, step);
    }
    if (step->fixed.kind == META_CHANGED) {
        comment_changes(file, &used, step);
    }
    for (size_t i = 0; i < step->hold_count; i++) {
        names_get(file, place, step->fixed.port, step->holds[i].stage, &names);
        comment_add(file, &used, " held_at=%s held_ns=%llu", names.tap.stage,
                    (unsigned long long)step->holds[i].held_ns);
    }
    if (step->fixed.parent_id != 0) {
        comment_add(file, &used, " parent=%llu", (unsigned long long)step->fixed.parent_id);
    }
    comment_add(file, &used, " port=%s", names.tap.port);
    return used;
}

static size_t meta_make(struct journey_file *file, uint32_t worker, const struct unfold_step *step)
{
    struct worker_place *place = &file->workers[worker];
    struct worker_note *note = &journey_note(file)->workers[worker];
    struct meta_builder builder;
    meta_build(&builder, file->meta, sizeof(file->meta), &step->fixed);
    for (uint16_t cause = 0; cause < META_LOSS_COUNT; cause++) {
        if (place->gaps[cause].journeys > 0) {
            meta_add_gap(&builder, &place->gaps[cause]);
            journey_gap_add(&note->told[cause], &place->gaps[cause]);
            place->gaps[cause].journeys = 0;
        }
    }
    place->untold = 0;
    struct point_names source = {0};
    if (step->has_source && step->source_port != XSW_PORT_NONE) {
        names_get(file, place, step->source_port, step->fixed.stage, &source);
    }
    unfold_meta_add(&builder, step, place->generation, source.tap.port);
    return builder.length;
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

/* The tap point where the original of a copy came in, before the copy's record, in which it has
 * only an id and a name: readers know what they mean by the tap points that they have met. */
static enum xsw_status source_make(struct journey_file *file, struct worker_place *place,
                                   uint16_t port, struct xsw_error *error)
{
    const struct journey_row *row = journey_row_get(file, place, port);
    bool is_there = row != NULL && row->interfaces[STAGE_RX] != JOURNEY_NO_INTERFACE;
    return is_there ? XSW_OK : journey_interface_make(file, place, port, STAGE_RX, error);
}

enum xsw_status journey_points_make(struct journey_file *file, struct worker_place *place,
                                    const struct unfold_step *step, struct xsw_error *error)
{
    uint16_t port = step->fixed.port % XSW_PORTS_MAX;
    uint16_t stage = step->fixed.stage % STAGES_MAX;
    const struct journey_row *row = journey_row_get(file, place, port);
    enum xsw_status status = XSW_OK;
    if (row == NULL || row->interfaces[stage] == JOURNEY_NO_INTERFACE) {
        status = journey_interface_make(file, place, port, stage, error);
    }
    if (status == XSW_OK && step->has_source && step->source_port != XSW_PORT_NONE) {
        status = source_make(file, place, step->source_port, error);
    }
    return status;
}

enum xsw_status journey_record_write(struct journey_file *file, uint32_t worker, uint64_t id,
                                     const struct unfold_step *step, struct pcapng_packet *packet,
                                     struct xsw_error *error)
{
    struct worker_place *place = &file->workers[worker];
    uint16_t stage = step->fixed.stage % STAGES_MAX;
    enum xsw_status status = journey_points_make(file, place, step, error);
    if (status != XSW_OK) {
        return status;
    }
    struct journey_row *row = place->rows[step->fixed.port % XSW_PORTS_MAX];
    uint64_t lost_before = place->untold;
    *packet = (struct pcapng_packet){
        .interface = row->interfaces[stage],
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
        packet->comment = file->comment;
        packet->comment_length = comment_make(file, place, step);
    }
    row->records[stage]++;
    file->unflushed_bytes +=
        step->captured_length + packet->meta_length + packet->comment_length + RECORD_BYTES;
    return pcapng_writer_packet(file->writer, packet, error);
}
