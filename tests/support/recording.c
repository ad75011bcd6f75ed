/* SPDX-License-Identifier: Apache-2.0 */
/* See recording.h. */
#include "support/recording.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum { MONO_START_NS = 1000000000, FRAME_LENGTH = 60, IP_OFFSET = 14 };

/* 2026-01-02 03:04:05 UTC at MONO_START_NS */
static const uint64_t wall_offset_ns = 1767323045000000000u - MONO_START_NS;

static const char *const stage_names[] = {[STAGE_RX] = "rx",
                                          [STAGE_REWRITE] = "ingress-filter.rewrite",
                                          [STAGE_INGRESS_POLICY] = "ingress-policy",
                                          [STAGE_FORWARD] = "forward",
                                          [STAGE_EGRESS_POLICY] = "egress-policy",
                                          [STAGE_FLOWFILTER] = "egress-filter.flowfilter",
                                          [STAGE_TX] = "tx"};
static const char *const port_names[] = {"", "alice", "bob", "carol"};

static void check(enum xsw_status status, const struct xsw_error *error)
{
    if (status >= 0)
        return;
    fprintf(stderr, "recording: %s\n", error->text);
    abort();
}

static void stages_json(struct text *text)
{
    for (int i = STAGE_RX; i < STAGE_COUNT; i++)
        text_format(text,
                    "%s{\"id\":%d,\"name\":\"%s\",\"order\":%d,\"egress\":%s,\"extension\":\"%s\"}",
                    i == STAGE_RX ? "" : ",", i, stage_names[i], i - 1,
                    i > STAGE_FORWARD ? "true" : "false",
                    i == STAGE_REWRITE      ? "rewrite"
                    : i == STAGE_FLOWFILTER ? "flowfilter"
                                            : "");
}

static const char dictionary_json[] =
    "\"ports\":[{\"id\":1,\"name\":\"alice\",\"kind\":\"tap\"},"
    "{\"id\":2,\"name\":\"bob\",\"kind\":\"tap\"},{\"id\":3,\"name\":\"carol\",\"kind\":\"tap\"}],"
    "\"reasons\":[{\"id\":4,\"name\":\"acl-denied\",\"sentence\":\"a rule of the port denies it\","
    "\"owner\":\"xsw\"},{\"id\":5,\"name\":\"mac-spoofed\",\"sentence\":\"the source address is "
    "not one of the port\",\"owner\":\"xsw\"},{\"id\":40,\"name\":\"flow-denied\",\"sentence\":"
    "\"a rule of flowfilter denies it\",\"owner\":\"flowfilter\"}],"
    "\"rules\":[{\"port\":1,\"stage\":3,\"rule\":10,\"text\":\"deny in udp dst port 23\"},"
    "{\"port\":0,\"stage\":6,\"rule\":7,\"text\":\"7 deny out udp dst port 99\"}],"
    "\"extensions\":[{\"name\":\"rewrite\",\"extension\":\"rewrite\",\"version\":\"0.1.0\","
    "\"kind\":\"filter\"},{\"name\":\"flowfilter\",\"extension\":\"flowfilter\",\"version\":"
    "\"0.1.0\",\"kind\":\"filter\"}]";

void recording_begin_text(struct recording *recording, const char *path, const char *json)
{
    struct xsw_error error = {0};
    *recording = (struct recording){.now_ns = MONO_START_NS, .why = "signal"};
    check(pcapng_writer_open(path, &recording->writer, &error), &error);
    struct pcapng_section section = {.hardware = "box",
                                     .application = "xsw 0.1.0",
                                     .json = {.text = json, .length = strlen(json)}};
    check(pcapng_writer_section(recording->writer, &section, &error), &error);
}

void recording_begin(struct recording *recording, const char *path, const char *switch_id,
                     uint64_t session)
{
    struct text text = {0};
    text_format(&text,
                "{\"format\":1,\"host\":\"box\",\"switch\":{\"name\":\"demo\",\"id\":\"%s\"},"
                "\"clock\":{\"mono_ns\":%" PRIu64 ",\"wall_ns\":%" PRIu64 "},"
                "\"capture\":{\"filter\":\"\",\"snap_length\":262144,\"session\":%" PRIu64 "},"
                "\"workers\":1,\"generation\":3,\"stages\":[",
                switch_id, (uint64_t)MONO_START_NS, MONO_START_NS + wall_offset_ns, session);
    stages_json(&text);
    text_format(&text, "],%s}", dictionary_json);
    recording_begin_text(recording, path, text_string(&text));
    text_fini(&text);
}

static uint32_t interface_of(struct recording *recording, uint16_t port, uint16_t stage)
{
    int32_t *id = &recording->interfaces[port & 3][stage % STAGE_COUNT];
    struct xsw_error error = {0};
    char name[64];
    char json[256];
    uint32_t made;
    if (*id != 0)
        return (uint32_t)*id - 1;
    snprintf(name, sizeof(name), "box/%s.%s", port_names[port & 3], stage_names[stage]);
    snprintf(json, sizeof(json),
             "{\"format\":1,\"port\":%u,\"port_name\":\"%s\",\"stage\":%u,\"stage_name\":\"%s\","
             "\"order\":%u,\"egress\":%s,\"extension\":\"%s\"}",
             port, port_names[port & 3], stage, stage_names[stage], stage - 1u,
             stage > STAGE_FORWARD ? "true" : "false",
             stage == STAGE_REWRITE      ? "rewrite"
             : stage == STAGE_FLOWFILTER ? "flowfilter"
                                         : "");
    struct pcapng_interface interface = {.name = name,
                                         .json = {.text = json, .length = strlen(json)}};
    check(pcapng_writer_interface(recording->writer, &interface, &made, &error), &error);
    *id = (int32_t)made + 1;
    return made;
}

static void put16(uint8_t *bytes, unsigned value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static void ip_checksum(uint8_t *frame)
{
    uint32_t sum = 0;
    put16(frame + IP_OFFSET + 10, 0);
    for (int i = 0; i < 20; i += 2)
        sum += (uint32_t)frame[IP_OFFSET + i] << 8 | frame[IP_OFFSET + i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    put16(frame + IP_OFFSET + 10, ~sum & 0xffff);
}

static void frame_make(uint8_t *frame, const struct trip *trip)
{
    memset(frame, 0, FRAME_LENGTH);
    frame[0] = frame[6] = 2;
    frame[5] = (uint8_t)trip->to;
    frame[11] = (uint8_t)trip->from;
    put16(frame + 12, 0x0800);
    uint8_t *ip = frame + IP_OFFSET;
    ip[0] = 0x45;
    put16(ip + 2, FRAME_LENGTH - IP_OFFSET);
    ip[8] = 64;
    ip[9] = 17;
    ip[12] = ip[16] = 10;
    ip[15] = (uint8_t)trip->from;
    ip[19] = (uint8_t)trip->to;
    put16(ip + 20, 4000);
    put16(ip + 22, trip->udp_destination == 0 ? 80 : trip->udp_destination);
    put16(ip + 24, FRAME_LENGTH - IP_OFFSET - 20);
    ip_checksum(frame);
}

/* A record of a trip with the hops that were passed since the record before it. */
struct step {
    struct meta_fixed fixed;
    struct meta_hop hops[STAGE_COUNT];
    size_t hop_count;
    uint8_t old_frame[FRAME_LENGTH]; /* META_CHANGED */
};

static void packet_write(struct recording *recording, uint64_t id, const struct meta_fixed *fixed,
                         const uint8_t *frame, const void *meta, size_t meta_length)
{
    struct xsw_error error = {0};
    struct pcapng_packet packet = {.interface = interface_of(recording, fixed->port, fixed->stage),
                                   .has =
                                       PCAPNG_HAS_TIMESTAMP | PCAPNG_HAS_ID | PCAPNG_HAS_DROPCOUNT,
                                   .timestamp_ns = recording->now_ns + wall_offset_ns,
                                   .captured_length = FRAME_LENGTH,
                                   .original_length = FRAME_LENGTH,
                                   .data = frame,
                                   .id = id,
                                   .dropcount = recording->gap.journeys,
                                   .meta = meta,
                                   .meta_length = meta_length};
    check(pcapng_writer_packet(recording->writer, &packet, &error), &error);
    recording->gap.journeys = 0;
}

static void step_write(struct recording *recording, uint64_t id, struct step *step,
                       const uint8_t *frame)
{
    uint8_t bytes[1024];
    struct meta_builder builder;
    meta_build(&builder, bytes, sizeof(bytes), &step->fixed);
    if (step->hop_count != 0)
        meta_add_hops(&builder, step->hops, step->hop_count);
    for (uint16_t i = 0; step->fixed.kind == META_CHANGED && i < FRAME_LENGTH; i++) {
        uint8_t pair[2] = {step->old_frame[i], frame[i]};
        struct meta_change change = {step->fixed.stage, i, 1, 1, pair};
        if (pair[0] != pair[1])
            meta_add_change(&builder, &change);
    }
    if (recording->gap.journeys != 0)
        meta_add_gap(&builder, &recording->gap);
    packet_write(recording, id, &step->fixed, frame, bytes, builder.length);
    step->hop_count = 0;
}

void recording_raw(struct recording *recording, uint64_t id, const struct meta_fixed *fixed,
                   const void *meta, size_t meta_length)
{
    uint8_t frame[FRAME_LENGTH] = {0};
    uint8_t bytes[1024];
    struct meta_builder builder;
    meta_build(&builder, bytes, sizeof(bytes), fixed);
    if (meta_length != 0)
        memcpy(bytes + builder.length, meta, meta_length);
    packet_write(recording, id, fixed, frame, bytes, builder.length + meta_length);
}

static void frame_change(struct step *step, uint8_t *frame, const struct trip *trip)
{
    memcpy(step->old_frame, frame, FRAME_LENGTH);
    frame[IP_OFFSET + 1] = (uint8_t)(trip->dscp << 2);
    if (!trip->keeps_checksum)
        ip_checksum(frame);
}

/* Where the trip stands on its way through the stages. */
struct walk {
    const struct trip *trip;
    uint16_t begin, end, stage;
    uint64_t begin_ns;
    struct step step;
    uint8_t frame[FRAME_LENGTH];
};

static void stage_count(struct recording *recording, const struct walk *walk)
{
    struct recording_stage *books = &recording->stages[walk->stage];
    bool is_made = walk->stage == walk->begin && walk->trip->parent != 0;
    books->in += !is_made;
    books->clones += is_made;
    books->journeys.offered += walk->stage == walk->end;
    books->journeys.written += walk->stage == walk->end;
    if (walk->stage == walk->end && walk->trip->drop_at != 0)
        books->dropped[walk->trip->reason]++;
    else
        books->out++;
}

static void record_make(struct walk *walk)
{
    const struct trip *trip = walk->trip;
    struct meta_fixed *fixed = &walk->step.fixed;
    bool is_behind_forward = walk->stage > STAGE_FORWARD || walk->begin == STAGE_FORWARD;
    *fixed = (struct meta_fixed){.port = is_behind_forward ? trip->to : trip->from,
                                 .stage = walk->stage};
    if (walk->stage == walk->begin) {
        fixed->kind = trip->parent != 0 ? META_CLONE : META_PASS;
        fixed->flags = (uint8_t)(META_FIRST | trip->copy_flags);
        fixed->parent_id = trip->parent;
    } else if (walk->stage == walk->end) {
        fixed->kind = trip->drop_at != 0 ? META_DROP : META_PASS;
        fixed->flags = META_LAST;
        fixed->reason = trip->reason;
        fixed->rule = trip->rule;
    } else {
        fixed->kind = META_CHANGED;
        fixed->flags = trip->change_flags;
        frame_change(&walk->step, walk->frame, trip);
    }
}

static void stage_pass(struct recording *recording, struct walk *walk)
{
    const struct trip *trip = walk->trip;
    bool is_begin = walk->stage == walk->begin;
    bool is_end = walk->stage == walk->end;
    bool is_change = walk->stage == STAGE_REWRITE && trip->dscp != 0;
    stage_count(recording, walk);
    recording->now_ns += is_begin ? 0 : 100;
    if (!is_begin && !is_end && !is_change) {
        walk->step.hops[walk->step.hop_count++] =
            (struct meta_hop){walk->stage, (uint32_t)(recording->now_ns - walk->begin_ns)};
        return;
    }
    record_make(walk);
    if (!(is_begin && trip->without_first) && !(is_end && trip->without_last))
        step_write(recording, trip->id, &walk->step, walk->frame);
}

void recording_trip(struct recording *recording, const struct trip *trip)
{
    struct walk walk = {.trip = trip,
                        .begin = trip->parent != 0 ? STAGE_FORWARD : STAGE_RX,
                        .end = trip->drop_at != 0 ? trip->drop_at : STAGE_TX,
                        .begin_ns = recording->now_ns};
    frame_make(walk.frame, trip);
    recording->offered++;
    recording->written++;
    recording->recorder_written++;
    for (walk.stage = walk.begin; walk.stage <= walk.end; walk.stage++)
        stage_pass(recording, &walk);
    recording->now_ns += 1000000;
}

static void journeys_json(const struct recording_journeys *journeys, struct text *text)
{
    text_format(text,
                ",\"journeys\":{\"offered\":%" PRIu64 ",\"filtered\":%" PRIu64
                ",\"unwanted\":0,\"sampled\":%" PRIu64 ",\"written\":%" PRIu64
                ",\"lost\":{\"ring-full\":%" PRIu64 ",\"budget\":%" PRIu64 "}}",
                journeys->offered, journeys->filtered, journeys->sampled, journeys->written,
                journeys->lost_ring_full, journeys->lost_budget);
}

static void summary_json(const struct recording *recording, struct text *text)
{
    text_format(text,
                "{\"format\":1,\"ended_mono_ns\":%" PRIu64 ",\"why\":\"%s\",\"error\":\"\","
                "\"workers\":[{\"worker\":0,\"offered\":%" PRIu64 ",\"filtered\":%" PRIu64
                ",\"sampled\":%" PRIu64 ",\"written\":%" PRIu64 ",\"lost\":{\"ring-full\":%" PRIu64
                ",\"record-too-big\":0,\"budget\":%" PRIu64 "}}],"
                "\"recorder\":{\"written\":%" PRIu64 ",\"lost\":{\"disk\":%" PRIu64
                ",\"past-limit\":%" PRIu64 "}},\"stages\":[",
                recording->now_ns, recording->why, recording->offered, recording->filtered,
                recording->sampled, recording->written, recording->lost_ring_full,
                recording->lost_budget, recording->recorder_written, recording->lost_disk,
                recording->past_limit);
    for (int i = STAGE_RX; i < STAGE_COUNT; i++) {
        const struct recording_stage *stage = &recording->stages[i];
        text_format(text,
                    "%s{\"stage\":%d,\"in\":%" PRIu64 ",\"clones\":%" PRIu64
                    ",\"injected\":%" PRIu64 ",\"out\":%" PRIu64 ",\"held\":%" PRIu64
                    ",\"dropped\":[",
                    i == STAGE_RX ? "" : ",", i, stage->in, stage->clones, stage->injected,
                    stage->out, stage->held);
        const char *comma = "";
        for (int reason = 0; reason < REASON_COUNT; reason++) {
            if (stage->dropped[reason] == 0)
                continue;
            text_format(text, "%s{\"reason\":%d,\"packets\":%" PRIu64 "}", comma, reason,
                        stage->dropped[reason]);
            comma = ",";
        }
        text_append_string(text, "]");
        if (recording->tells_journeys && stage->journeys.offered != 0)
            journeys_json(&stage->journeys, text);
        text_append_string(text, "}");
    }
    text_append_string(text, "]");
    if (recording->stages_at_end != NULL)
        text_format(text, ",\"stages_info\":%s", recording->stages_at_end);
    text_append_string(text, "}");
}

void recording_end_torn(struct recording *recording)
{
    struct xsw_error error = {0};
    check(pcapng_writer_close(recording->writer, NULL, &error), &error);
}

void recording_end_text(struct recording *recording, const char *json)
{
    struct xsw_error error = {0};
    struct pcapng_statistics statistics = {.interface =
                                               interface_of(recording, PORT_ALICE, STAGE_RX),
                                           .has = PCAPNG_HAS_RECEIVED,
                                           .received = recording->offered,
                                           .json = {.text = json, .length = strlen(json)}};
    check(pcapng_writer_statistics(recording->writer, &statistics, &error), &error);
    recording_end_torn(recording);
}

void recording_end(struct recording *recording)
{
    struct text text = {0};
    summary_json(recording, &text);
    recording_end_text(recording, text_string(&text));
    text_fini(&text);
}

void recording_demo_trips(struct recording *recording)
{
    uint64_t id = 1000;
    for (int i = 0; i < 20; i++)
        recording_trip(recording,
                       &(struct trip){.id = ++id, .from = PORT_ALICE, .to = PORT_BOB, .dscp = 46});
    for (int i = 0; i < 10; i++)
        recording_trip(recording, &(struct trip){.id = ++id, .from = PORT_BOB, .to = PORT_ALICE});
    for (int i = 0; i < 5; i++)
        recording_trip(recording, &(struct trip){.id = ++id,
                                                 .from = PORT_ALICE,
                                                 .to = PORT_BOB,
                                                 .udp_destination = 23,
                                                 .rule = 10,
                                                 .drop_at = STAGE_INGRESS_POLICY,
                                                 .reason = REASON_ACL_DENIED});
    for (int i = 0; i < 3; i++)
        recording_trip(recording, &(struct trip){.id = ++id,
                                                 .from = PORT_CAROL,
                                                 .to = PORT_BOB,
                                                 .drop_at = STAGE_INGRESS_POLICY,
                                                 .reason = REASON_SPOOFED});
    for (int i = 0; i < 2; i++)
        recording_trip(recording, &(struct trip){.id = ++id,
                                                 .from = PORT_BOB,
                                                 .to = PORT_CAROL,
                                                 .udp_destination = 99,
                                                 .rule = 7,
                                                 .drop_at = STAGE_FLOWFILTER,
                                                 .reason = REASON_FLOW_DENIED});
    recording_trip(recording, &(struct trip){.id = 2001, .from = PORT_CAROL, .to = PORT_ALICE});
    recording_trip(recording, &(struct trip){.id = 2002,
                                             .parent = 2001,
                                             .from = PORT_CAROL,
                                             .to = PORT_BOB,
                                             .copy_flags = META_FLOOD});
}

void recording_demo(const char *path, uint64_t session)
{
    struct recording recording;
    recording_begin(&recording, path, "5f0c6f0e-0000-4000-8000-000000000001", session);
    recording_demo_trips(&recording);
    recording_end(&recording);
}

static char *folder_path(void)
{
    static char folder[64];
    if (folder[0] == '\0') {
        snprintf(folder, sizeof(folder), "/tmp/xsw-recording-XXXXXX");
        if (mkdtemp(folder) == NULL)
            abort();
    }
    return folder;
}

const char *recording_path(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder_path(), name);
    return path;
}

void recording_cleanup(void)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder_path());
    if (system(command) != 0)
        fputs("recording: the folder of the test stays behind\n", stderr);
    folder_path()[0] = '\0';
}
