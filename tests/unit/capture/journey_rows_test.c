/* SPDX-License-Identifier: Apache-2.0 */
/* A recording that is never rotated, while ports come and go by the thousand: what it remembers of
 * them is bounded, each record is at the tap point of its port, and the statistics of the tap
 * points that are forgotten are in the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/recorder/journey_file.h"
#include "capture/recorder/journey_parts.h"
#include "formats/pcapng/pcapng_read.h"
#include "formats/pcapng/pcapng_write.h"

enum { PORTS = 10000, IDS = 7, JOURNEYS_OF_PORT = 3, LENGTH = 64, NUMBER_AT = 20 };

static char path[] = "/tmp/xsw-journey-rows-XXXXXX";
static uint32_t points_max = PCAPNG_INTERFACES_MAX;

/* In the place of the limit of files, which nobody wants to wait for. */
uint32_t __wrap_journey_points_left(const struct journey_file *file);
uint32_t __wrap_journey_points_left(const struct journey_file *file)
{
    return points_max - file->interface_count;
}

static void names_give(void *context, uint16_t port, uint16_t stage, struct tap_names *names)
{
    (void)context;
    (void)port;
    *names = (struct tap_names){.port = "nobody",
                                .port_kind = "",
                                .stage = stage == STAGE_RX ? "rx" : "tx",
                                .extension = ""};
}

/* Port number n came with generation n + 1, at the id that is next in turn. */
static uint16_t id_of(uint32_t number)
{
    return (uint16_t)(1 + number % IDS);
}

static void port_give(void *context, uint16_t id, uint64_t generation, struct tap_port *port)
{
    static char name[32];
    (void)context;
    uint32_t number = (uint32_t)generation - 1;
    while (id_of(number) != id) {
        number--;
    }
    snprintf(name, sizeof(name), "q%u", number);
    *port = (struct tap_port){.name = name, .kind = "memory", .since = number + 1};
}

static const char *reason_give(void *context, uint16_t reason)
{
    (void)context;
    (void)reason;
    return NULL;
}

static struct journey_file *file_begin(void)
{
    struct journey_file *file = NULL;
    struct journey_file_options options = {.section_json = "{\"format\":1}",
                                           .host = "h",
                                           .switch_name = "s",
                                           .os = "",
                                           .comment = "",
                                           .snap_length = 262144,
                                           .names = names_give,
                                           .port = port_give,
                                           .reason_name = reason_give};
    assert_int_equal(pcapng_writer_open(path, &options.writer, NULL), XSW_OK);
    assert_int_equal(journey_file_open(&options, &file, NULL), XSW_OK);
    return file;
}

static void generation_put(struct journey_file *file, uint32_t worker, uint32_t number)
{
    static union {
        struct ring_timeline timeline;
        uint8_t bytes[sizeof(struct ring_timeline) + 2 * sizeof(struct ring_hop)];
    } room;
    room.timeline =
        (struct ring_timeline){.record = {.size = sizeof(room), .type = RING_TIMELINE, .count = 2},
                               .rx_mono_ns = 1000000 + number,
                               .generation = number + 1};
    room.timeline.hops[0] = (struct ring_hop){.stage = STAGE_RX};
    room.timeline.hops[1] = (struct ring_hop){.stage = STAGE_TX, .since_rx_ns = 9};
    assert_int_equal(journey_file_put(file, worker, &room.timeline.record, NULL), XSW_OK);
}

/* A frame that says from which port it came. */
static enum xsw_status journey_try_from(struct journey_file *file, uint32_t worker, uint32_t number,
                                        struct xsw_error *error)
{
    static union {
        struct ring_journey journey;
        uint8_t bytes[sizeof(struct ring_journey) + LENGTH];
    } room;
    static uint64_t id;
    room.journey = (struct ring_journey){.record = {.size = sizeof(room), .type = RING_JOURNEY},
                                         .id = ++id,
                                         .length = LENGTH,
                                         .captured_length = LENGTH,
                                         .rx_length = LENGTH,
                                         .source_port = id_of(number),
                                         .destination_port = id_of(number)};
    memset(room.journey.data, 0, LENGTH);
    memcpy(room.journey.data + NUMBER_AT, &number, sizeof(number));
    return journey_file_put(file, worker, &room.journey.record, error);
}

static void journey_put_from(struct journey_file *file, uint32_t worker, uint32_t number)
{
    assert_int_equal(journey_try_from(file, worker, number, NULL), XSW_OK);
}

static uint32_t rows_of(const struct journey_file *file)
{
    uint32_t count = 0;
    for (uint32_t port = 0; port < XSW_PORTS_MAX; port++) {
        for (const struct journey_row *row = file->rows[port]; row != NULL; row = row->older) {
            count++;
        }
    }
    return count;
}

/* What the file says of each tap point. */
struct tap {
    char name[32];
    uint64_t records, told;
};

struct taps {
    struct tap *taps;
    uint32_t count, room;
    uint64_t records;
};

static void tap_check(struct taps *all, const struct pcapng_packet *packet)
{
    char expected[32];
    uint32_t number;
    memcpy(&number, packet->data + NUMBER_AT, sizeof(number));
    assert_true(packet->interface < all->count);
    struct tap *tap = &all->taps[packet->interface];
    snprintf(expected, sizeof(expected), "h/q%u.%s", number,
             strstr(tap->name, ".rx") != NULL ? "rx" : "tx");
    assert_string_equal(tap->name, expected);
    tap->records++;
    all->records++;
}

static void file_read(struct taps *all)
{
    struct pcapng_reader *reader = NULL;
    struct pcapng_item item;
    assert_int_equal(pcapng_reader_open(path, &reader, NULL), XSW_OK);
    while (pcapng_reader_next(reader, &item, NULL) == XSW_OK) {
        if (item.kind == PCAPNG_INTERFACE) {
            assert_true(all->count < all->room);
            snprintf(all->taps[all->count++].name, sizeof(all->taps[0].name), "%s",
                     item.interface.name);
        } else if (item.kind == PCAPNG_PACKET) {
            tap_check(all, &item.packet);
        } else if (item.kind == PCAPNG_STATISTICS &&
                   (item.statistics.has & PCAPNG_HAS_DELIVERED) != 0) {
            all->taps[item.statistics.interface].told = item.statistics.delivered;
        }
    }
    pcapng_reader_close(reader);
}

/* Each record is at the tap point of its port, and the last statistics of each tap point tell all
 * of its records. Returns how many tap points there are. */
static uint32_t file_check(uint64_t records)
{
    struct taps all = {.room = 4 * PORTS};
    all.taps = calloc(all.room, sizeof(*all.taps));
    assert_non_null(all.taps);
    file_read(&all);
    assert_int_equal(all.records, records);
    for (uint32_t i = 0; i < all.count; i++) {
        assert_int_equal(all.taps[i].told, all.taps[i].records);
    }
    free(all.taps);
    return all.count;
}

static void file_end(struct journey_file *file)
{
    assert_int_equal(journey_file_summary(file, "{\"format\":1}", 0, NULL), XSW_OK);
    assert_int_equal(journey_file_close(file, NULL), XSW_OK);
}

static void ports_by_the_thousand_take_bounded_memory_and_keep_their_names(void **state)
{
    (void)state;
    struct journey_file *file = file_begin();
    uint32_t most = 0;
    for (uint32_t number = IDS; number < IDS + PORTS; number++) {
        generation_put(file, 0, number);
        for (int i = 0; i < JOURNEYS_OF_PORT; i++) {
            journey_put_from(file, 0, number);
        }
        most = rows_of(file) > most ? rows_of(file) : most;
    }
    assert_true(most <= IDS * JOURNEY_ROWS_OF_ID_MAX);
    file_end(file);
    assert_int_equal(file_check(UINT64_C(2) * PORTS * JOURNEYS_OF_PORT), 2 * PORTS);
}

static void a_worker_that_stays_behind_still_names_its_ports(void **state)
{
    (void)state;
    enum { BEHIND = 3 * IDS, TURNS = 200 };
    struct journey_file *file = file_begin();
    generation_put(file, 1, BEHIND);
    for (uint32_t number = BEHIND + 1; number < BEHIND + 1 + TURNS; number++) {
        generation_put(file, 0, number);
        journey_put_from(file, 0, number);
        journey_put_from(file, 1, BEHIND);
        assert_true(rows_of(file) <= IDS * JOURNEY_ROWS_OF_ID_MAX);
    }
    file_end(file);
    /* Not one for each journey of the worker that is behind. */
    assert_true(file_check(UINT64_C(2) * 2 * TURNS) <= 2 * TURNS + 2 + 2 * TURNS / IDS);
}

/* A journey needs two tap points, and there are an odd number: of none only a half is in the file.
 */
static void journeys_whose_tap_points_find_no_room_are_lost_as_a_whole(void **state)
{
    (void)state;
    enum { TAKEN = 4, REFUSED = 3 };
    struct journey_file *file = file_begin();
    struct xsw_error error = {0};
    points_max = 2 * TAKEN + 1;
    for (uint32_t number = IDS; number < IDS + TAKEN; number++) {
        generation_put(file, 0, number);
        journey_put_from(file, 0, number);
    }
    for (uint32_t number = IDS + TAKEN; number < IDS + TAKEN + REFUSED; number++) {
        generation_put(file, 0, number);
        assert_int_equal(journey_try_from(file, 0, number, &error), XSW_LIMIT);
        assert_non_null(strstr(error.text, "the file has 9 tap points and takes no more"));
    }
    /* At those that it has, journeys go on. */
    generation_put(file, 1, IDS);
    journey_put_from(file, 1, IDS);
    journey_put_from(file, 1, IDS);
    assert_int_equal(journey_file_flush(file, NULL), XSW_OK);
    struct journey_file_account account = journey_file_account(file);
    assert_int_equal(account.written, TAKEN + 2);
    assert_int_equal(account.lost_disk, REFUSED);
    file_end(file);
    points_max = PCAPNG_INTERFACES_MAX;
    assert_int_equal(file_check(UINT64_C(2) * (TAKEN + 2)), 2 * TAKEN + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_by_the_thousand_take_bounded_memory_and_keep_their_names),
        cmocka_unit_test(a_worker_that_stays_behind_still_names_its_ports),
        cmocka_unit_test(journeys_whose_tap_points_find_no_room_are_lost_as_a_whole),
    };
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
