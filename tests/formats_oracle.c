/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helper of formats_oracle_test.sh.
 *   formats_oracle write FILE   writes a small journey the way that xsw does
 *   formats_oracle events FILE  the same with events before, between and behind the packets
 *   formats_oracle show FILE    prints all that our reader sees and that rewriting tools must keep
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/json_write.h"
#include "formats/pcapng/pcapng_read.h"
#include "formats/pcapng/pcapng_write.h"
#include "formats/pcapng/stage_meta.h"

enum {
    FRAME_LENGTH = 60,
    LONG_FRAME_LENGTH = 114,
    JSON_NAMES = 8000, /* makes the section's JSON longer than two options hold */
    TEST_FAILED = 1
};

static void check(enum xsw_status status, const struct xsw_error *error)
{
    if (status != XSW_OK) {
        fprintf(stderr, "formats_oracle: %s\n", error->text);
        exit(TEST_FAILED);
    }
}

/* Ethernet, IPv4, UDP from 10.0.0.1:5000 to 10.0.0.2:7; checksums are left empty. */
static void make_frame(uint8_t *frame, size_t length)
{
    static const uint8_t head[] = {
        0x02, 0,  0,  0, 0, 2,  0x02, 0, 0, 0,  0, 1, 0x08, 0x00, 0x45, 0, 0, 46, 0,  1, 0,
        0,    64, 17, 0, 0, 10, 0,    0, 1, 10, 0, 0, 2,    0x13, 0x88, 0, 7, 0,  26, 0, 0,
    };
    memset(frame, 'x', length);
    memcpy(frame, head, sizeof(head));
}

static void write_section(struct pcapng_writer *writer)
{
    struct text text = {0};
    struct json_writer json;
    struct xsw_error error;
    json_init_text(&json, &text);
    json_object_open(&json, NULL);
    json_u64(&json, "format", META_FORMAT);
    json_array_open(&json, "reasons");
    for (unsigned i = 0; i < JSON_NAMES; i++) {
        char name[32];
        snprintf(name, sizeof(name), "reason-number-%u", i);
        json_text(&json, NULL, name);
    }
    json_array_close(&json);
    json_object_close(&json);
    check(json_finish(&json, &error), &error);
    const struct pcapng_section section = {.hardware = "host1",
                                           .os = "Linux",
                                           .application = "xsw oracle",
                                           .comment = "a test",
                                           .json = {text.bytes, text.length, NULL}};
    check(pcapng_writer_section(writer, &section, &error), &error);
    text_fini(&text);
}

static uint32_t write_interface(struct pcapng_writer *writer, const char *name, const char *tap)
{
    struct xsw_error error;
    uint32_t id = 0;
    const struct pcapng_interface interface = {.name = name,
                                               .description = "a tap point",
                                               .hardware = "tap",
                                               .filter = "udp",
                                               .speed_bits_per_second = 10000000000,
                                               .mac = (const uint8_t *)"\2\0\0\0\0\1",
                                               .json = {tap, strlen(tap), NULL}};
    check(pcapng_writer_interface(writer, &interface, &id, &error), &error);
    return id;
}

struct step {
    uint32_t interface;
    uint64_t id;
    uint32_t length;
    struct meta_fixed fixed;
    uint64_t dropcount;
    const char *comment;
};

static void write_step(struct pcapng_writer *writer, const struct step *step, uint64_t time)
{
    uint8_t frame[LONG_FRAME_LENGTH];
    uint8_t meta[128];
    struct meta_builder builder;
    struct xsw_error error;
    make_frame(frame, sizeof(frame));
    meta_build(&builder, meta, sizeof(meta), &step->fixed);
    meta_add_hops(&builder, (struct meta_hop[]){{1, 100}, {2, 250}}, 2);
    const struct pcapng_packet packet = {
        .interface = step->interface,
        .has = PCAPNG_HAS_TIMESTAMP | PCAPNG_HAS_FLAGS | PCAPNG_HAS_ID | PCAPNG_HAS_QUEUE |
               PCAPNG_HAS_DROPCOUNT,
        .timestamp_ns = time,
        .captured_length = step->length,
        .original_length = LONG_FRAME_LENGTH,
        .data = frame,
        .flags = step->interface == 0 ? 1 : 2,
        .queue = 3,
        .id = step->id,
        .dropcount = step->dropcount,
        .meta = meta,
        .meta_length = builder.length,
        .comment = step->comment,
        .comment_length = step->comment == NULL ? 0 : strlen(step->comment),
    };
    check(pcapng_writer_packet(writer, &packet, &error), &error);
}

static void write_event(struct pcapng_writer *writer, bool with_events, uint64_t time)
{
    static const struct pcapng_event_field fields[] = {{"port", "p1"}, {"text", "two\nlines"}};
    const struct pcapng_event event = {.wall_ns = time,
                                       .mono_ns = 5000000001,
                                       .priority = PCAPNG_PRIORITY_WARNING,
                                       .source = "xsw",
                                       .host = "host1",
                                       .boot_id = "403787e6-036e-45a8-b6ea-a9be03ad678a",
                                       .name = "port-down",
                                       .message = "Port p1 is down",
                                       .field_count = 2,
                                       .fields = fields};
    struct xsw_error error;
    if (with_events) {
        check(pcapng_writer_event(writer, &event, &error), &error);
    }
}

static void write_file(const char *path, bool with_events)
{
    static const struct step steps[] = {
        {0, 1001, LONG_FRAME_LENGTH, {.kind = META_PASS, .flags = META_FIRST, .port = 1}, 0, NULL},
        {0, UINT64_MAX, FRAME_LENGTH, {.kind = META_PASS, .flags = META_FIRST, .port = 1}, 5, NULL},
        {1,
         1001,
         LONG_FRAME_LENGTH,
         {.kind = META_DROP, .flags = META_LAST, .reason = 4, .port = 2, .stage = 7, .rule = 17},
         0,
         "xsw stage=acl verdict=drop reason=acl-denied rule=17 port=2"},
    };
    struct pcapng_writer *writer;
    struct xsw_error error;
    check(pcapng_writer_open(path, &writer, &error), &error);
    write_section(writer);
    write_event(writer, with_events, 1700000000000000000);
    write_interface(writer, "host1/p1.rx", "{\"format\":1,\"port\":1,\"stage\":0}");
    write_step(writer, &steps[0], 1700000000000000001);
    write_event(writer, with_events, 1700000000000001999);
    write_step(writer, &steps[1], 1700000000000000002);
    write_interface(writer, "host1/p2.acl", "{\"format\":1,\"port\":2,\"stage\":7}");
    write_step(writer, &steps[2], 1700000000000000003);
    const struct pcapng_statistics statistics = {.interface = 1,
                                                 .has = PCAPNG_HAS_RECEIVED,
                                                 .timestamp_ns = 1700000000000000004,
                                                 .received = 3,
                                                 .json = {"{\"format\":1}", 12, NULL}};
    check(pcapng_writer_statistics(writer, &statistics, &error), &error);
    write_event(writer, with_events, 1700000000000003000);
    check(pcapng_writer_close(writer, NULL, &error), &error);
}

static void show_hex(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        printf("%02x", bytes[i]);
    }
}

/* FNV-1a: enough to see that a long text is the same. */
static void show_json(const struct pcapng_json *json)
{
    uint32_t sum = 2166136261;
    for (size_t i = 0; i < json->length; i++) {
        sum = (sum ^ (uint8_t)json->text[i]) * 16777619;
    }
    printf(" json %zu bytes %08" PRIx32 " %s\n", json->length, sum,
           json->problem == NULL ? "" : json->problem);
}

static void show_item(const struct pcapng_item *item)
{
    switch (item->kind) {
    case PCAPNG_SECTION:
        printf("section %s", item->section.comment == NULL ? "" : item->section.comment);
        show_json(&item->section.json);
        break;
    case PCAPNG_INTERFACE:
        printf("interface %" PRIu32 " %s", item->interface.index,
               item->interface.name == NULL ? "" : item->interface.name);
        show_json(&item->interface.json);
        break;
    case PCAPNG_PACKET:
        printf("packet %" PRIu64 " interface %" PRIu32 " time %" PRIu64 " has %#" PRIx32
               " flags %" PRIu32 " queue %" PRIu32 " dropcount %" PRIu64 " length %" PRIu32
               "/%" PRIu32 " comment %.*s meta ",
               item->packet.id, item->packet.interface, item->packet.timestamp_ns, item->packet.has,
               item->packet.flags, item->packet.queue, item->packet.dropcount,
               item->packet.captured_length, item->packet.original_length,
               (int)item->packet.comment_length, item->packet.comment);
        show_hex(item->packet.meta, item->packet.meta_length);
        printf(" data ");
        show_hex(item->packet.data, item->packet.captured_length);
        printf("\n");
        break;
    case PCAPNG_EVENT:
        printf("event %s time %" PRIu64 " fields %zu message %s\n",
               item->event.name == NULL ? "" : item->event.name, item->event.wall_ns,
               item->event.field_count, item->event.message);
        break;
    case PCAPNG_STATISTICS: /* every rewriting tool leaves them out */
    case PCAPNG_OTHER:
        break;
    }
}

static void show_file(const char *path)
{
    struct pcapng_reader *reader;
    struct pcapng_item item;
    struct xsw_error error;
    check(pcapng_reader_open(path, &reader, &error), &error);
    enum xsw_status status;
    while ((status = pcapng_reader_next(reader, &item, &error)) == XSW_OK) {
        show_item(&item);
    }
    check(status == XSW_END ? XSW_OK : status, &error);
    pcapng_reader_close(reader);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "write") == 0) {
        write_file(argv[2], false);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "events") == 0) {
        write_file(argv[2], true);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "show") == 0) {
        show_file(argv[2]);
        return 0;
    }
    fprintf(stderr, "usage: formats_oracle write|events|show FILE\n");
    return 2;
}
