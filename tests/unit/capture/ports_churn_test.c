/* SPDX-License-Identifier: Apache-2.0 */
/* Ports that come and go under a session, more often than there are ids: every journey is of one
 * port, which its ring names, and so does the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/recorder/journey_file.h"
#include "formats/pcapng/pcapng_read.h"
#include "formats/pcapng/pcapng_write.h"
#include "support/session_rig.h"
#include "switch/path/held.h"
#include "switch/state.h"

enum { CHURN = 300, SOURCE_AT = 6, NUMBER_AT = 10 };

static const struct capture_rules all = {0};

/* Which port an id meant, from which generation on: as the ring tells it. */
struct told {
    uint64_t since;
    char name[CONFIG_NAME_SIZE];
};
static struct told told[XSW_PORTS_MAX][2 * CHURN / XSW_PORTS_MAX + 2];
static uint32_t told_count[XSW_PORTS_MAX];
static char path[] = "/tmp/xsw-ports-churn-XXXXXX";

/* Not all ports are the rig's, so its sums are not all. */
static int churn_teardown(void **state)
{
    (void)state;
    for (int i = 0; i < SESSIONS_MAX && seen[i].session != NULL; i++) {
        (void)account_of(i);
        ring_detach(&seen[i].ring);
        capture_session_close(seen[i].session);
    }
    assert_int_equal(packet_pool_in_use(rig.worker->pool), held_pool_count(rig.worker->held));
    rig_fini(&rig);
    return 0;
}

static enum xsw_status try_port(const char *name, uint16_t *id, struct xsw_error *error)
{
    struct port_config config;
    port_config_init(&config);
    config.kind = PORT_KIND_MEMORY;
    snprintf(config.name, sizeof(config.name), "%s", name);
    return vswitch_port_add(rig.vswitch, &config, id, error);
}

static uint16_t port_make(const char *name)
{
    uint16_t id = 0;
    struct xsw_error error;
    if (try_port(name, &id, &error) != XSW_OK) {
        fail_msg("%s: %s", name, error.text);
    }
    return id;
}

static void port_remove(const char *name)
{
    assert_int_equal(vswitch_port_remove(rig.vswitch, name, NULL), XSW_OK);
    rig_run(&rig);
}

/* A frame that says in its source address from which of the ports it is. */
static void frame_of(struct frame *frame, unsigned number)
{
    rig_frame(frame, 1, 2, 20);
    frame->bytes[NUMBER_AT] = (uint8_t)(number >> 8);
    frame->bytes[NUMBER_AT + 1] = (uint8_t)number;
}

static void send_from(const char *name, unsigned number)
{
    struct frame frame;
    frame_of(&frame, number);
    struct port *port = vswitch_port_object(rig.vswitch, name);
    assert_true(port_memory_feed(port, frame.bytes, frame.length, NULL));
    rig_run(&rig);
    sent_away();
}

/* Each port of the churn sends one frame. */
static void churn(unsigned from, unsigned to)
{
    for (unsigned number = from; number < to; number++) {
        char name[CONFIG_NAME_SIZE];
        snprintf(name, sizeof(name), "q%u", number);
        (void)port_make(name);
        send_from(name, number);
        port_remove(name);
    }
}

static const char *meant(uint16_t id, uint64_t generation)
{
    const char *name = NULL;
    for (uint32_t i = 0; i < told_count[id]; i++) {
        name = told[id][i].since <= generation ? told[id][i].name : name;
    }
    return name;
}

static void port_hear(const struct ring_port *came)
{
    uint16_t id = (uint16_t)came->event.values[0];
    struct told *place = &told[id][told_count[id]++];
    assert_true(told_count[id] <= sizeof(told[0]) / sizeof(told[0][0]));
    place->since = came->event.values[1];
    snprintf(place->name, sizeof(place->name), "%s", came->name);
}

static void every_journey_is_of_the_port_that_its_ring_told(void **state)
{
    (void)state;
    ports_make(2);
    begin(0, &all);
    churn(0, CHURN);
    const struct ring_record *record = NULL;
    uint64_t generation = 0;
    unsigned number = 0;
    memset(told_count, 0, sizeof(told_count));
    while (ring_next(&seen[0].ring, &record, NULL) == XSW_OK) {
        if (record->type == RING_EVENT) {
            port_hear((const struct ring_port *)(const void *)record);
        } else if (record->type == RING_TIMELINE) {
            generation = ((const struct ring_timeline *)(const void *)record)->generation;
        } else if (record->type == RING_JOURNEY) {
            const struct ring_journey *journey = (const struct ring_journey *)(const void *)record;
            char name[CONFIG_NAME_SIZE];
            /* To two ports: the one that was flooded is a journey of its own. */
            unsigned said = journey->data[NUMBER_AT] << 8U | journey->data[NUMBER_AT + 1];
            snprintf(name, sizeof(name), "q%u", said);
            assert_non_null(meant(journey->source_port, generation));
            assert_string_equal(meant(journey->source_port, generation), name);
            assert_true(said >= number);
            number = said;
        }
    }
    assert_int_equal(number, CHURN - 1);
}

/* The file --------------------------------------------------------------------------------------
 */

static char *stage_rx; /* the name of the stage, in the newest dictionary */

static void names_give(void *context, uint16_t port, uint16_t stage, struct tap_names *names)
{
    (void)context;
    (void)port;
    *names = (struct tap_names){.port = "nobody",
                                .port_kind = "",
                                .stage = stage == STAGE_RX ? stage_rx : "x",
                                .extension = ""};
}

/* As the recorder does it, which may take a newer dictionary for a port: those of before are no
 * names any more. */
static void port_give(void *context, uint16_t id, uint64_t generation, struct tap_port *port)
{
    (void)context;
    char *newer = strdup("rx");
    assert_non_null(newer);
    memset(stage_rx, '?', strlen(stage_rx));
    free(stage_rx);
    stage_rx = newer;
    *port = (struct tap_port){0};
    for (uint32_t i = 0; i < told_count[id]; i++) {
        if (told[id][i].since <= generation) {
            *port = (struct tap_port){
                .name = told[id][i].name, .kind = "memory", .since = told[id][i].since};
        }
    }
}

static void port_came(void *context, const struct ring_port *came)
{
    (void)context;
    port_hear(came);
}

static const char *reason_give(void *context, uint16_t reason)
{
    (void)context;
    (void)reason;
    return NULL;
}

static struct journey_file *file_begin(void)
{
    struct pcapng_writer *writer = NULL;
    struct journey_file *file = NULL;
    assert_int_equal(pcapng_writer_open(path, &writer, NULL), XSW_OK);
    const struct journey_file_options options = {.writer = writer,
                                                 .section_json = "{\"format\":1}",
                                                 .host = "h",
                                                 .switch_name = "s",
                                                 .os = "",
                                                 .comment = "",
                                                 .snap_length = 262144,
                                                 .names = names_give,
                                                 .port = port_give,
                                                 .port_came = port_came,
                                                 .reason_name = reason_give};
    assert_int_equal(journey_file_open(&options, &file, NULL), XSW_OK);
    return file;
}

/* The records at rx say of their port what their frames say; returns how many there are. */
static unsigned file_check(void)
{
    static char names[8 * CHURN][80];
    struct pcapng_reader *reader = NULL;
    struct pcapng_item item;
    uint32_t interfaces = 0;
    unsigned records = 0;
    assert_int_equal(pcapng_reader_open(path, &reader, NULL), XSW_OK);
    while (pcapng_reader_next(reader, &item, NULL) == XSW_OK) {
        if (item.kind == PCAPNG_INTERFACE) {
            assert_true(interfaces < sizeof(names) / sizeof(names[0]));
            snprintf(names[interfaces++], sizeof(names[0]), "%s", item.interface.name);
        } else if (item.kind == PCAPNG_PACKET) {
            const struct pcapng_packet *packet = &item.packet;
            char expected[80];
            unsigned said = packet->data[NUMBER_AT] << 8U | packet->data[NUMBER_AT + 1];
            snprintf(expected, sizeof(expected), "h/q%u.rx", said);
            if (strstr(names[packet->interface], ".rx") != NULL) {
                assert_string_equal(names[packet->interface], expected);
                records++;
            }
        }
    }
    pcapng_reader_close(reader);
    return records;
}

static void a_record_is_at_the_tap_point_of_its_port(void **state)
{
    (void)state;
    ports_make(2);
    begin(0, &all);
    memset(told_count, 0, sizeof(told_count));
    stage_rx = strdup("rx");
    struct journey_file *file = file_begin();
    churn(0, CHURN);
    const struct ring_record *record = NULL;
    while (ring_next(&seen[0].ring, &record, NULL) == XSW_OK) {
        assert_int_equal(journey_file_put(file, 0, record, NULL), XSW_OK);
    }
    assert_int_equal(journey_file_summary(file, "{\"format\":1}", 0, NULL), XSW_OK);
    assert_int_equal(journey_file_close(file, NULL), XSW_OK);
    assert_int_equal(file_check(), CHURN);
    free(stage_rx);
}

/* Names -----------------------------------------------------------------------------------------
 */

static void rules_follow_the_name(const struct capture_rules *rules)
{
    ports_make(2);
    uint16_t first = port_make("wanted");
    begin(0, rules);
    send_from("wanted", 101);
    assert_int_equal(written(0), 2); /* to p1, and to p2 */
    port_remove("wanted");
    /* Another port gets its id, and is not meant; another one its name. */
    rig.vswitch->next_port = first;
    assert_int_equal(port_make("other"), first);
    send_from("other", 102);
    assert_int_equal(written(0), 0);
    assert_int_not_equal(port_make("wanted"), first);
    send_from("wanted", 103);
    send_from("other", 104);
    assert_int_equal(written(0), 3); /* to the two, and to the other one */
    assert_int_equal(seen[0].last.source_port, vswitch_port_id(rig.vswitch, "wanted"));
    assert_int_equal(seen[0].events[RING_EVENT_RULES], 0);
}

static void a_port_in_the_rules_is_the_one_of_that_name(void **state)
{
    (void)state;
    rules_follow_the_name(&(struct capture_rules){.ports = "wanted", .direction = CAPTURE_IN});
}

static void a_port_in_the_expression_is_the_one_of_that_name(void **state)
{
    (void)state;
    rules_follow_the_name(&(struct capture_rules){.where = "source == wanted"});
}

static void rules_can_be_changed_while_their_port_is_gone(void **state)
{
    (void)state;
    ports_make(2);
    uint16_t id = port_make("wanted");
    struct capture_rules rules = {.ports = "wanted", .where = "port == wanted"};
    begin(0, &rules);
    port_remove("wanted");
    rig.vswitch->next_port = id;
    assert_int_equal(port_make("other"), id); /* now nobody has the name any more */
    rules.snap_length = 64;
    set_with(0, &rules);
    send_from("p1", 101);
    assert_int_equal(written(0), 0);
    (void)port_make("wanted");
    send_from("wanted", 102);
    assert_int_not_equal(written(0), 0);
    rules.ports = "wanted,never";
    struct xsw_error error;
    assert_int_equal(capture_session_set(seen[0].session, &rules, &error), XSW_INVALID);
    assert_non_null(strstr(error.text, "\"never\""));
}

/* What is held ----------------------------------------------------------------------------------
 */

static void an_id_waits_for_what_is_held_of_its_port(void **state)
{
    (void)state;
    ports_make(2);
    uint16_t held = port_make("held");
    struct xsw_error error;
    assert_int_equal(
        rig_extension(&rig, EXTENSION_DIR "/test/workshop.so", "", "how", "hold-for-ever", &error),
        XSW_OK);
    rig_run(&rig);
    begin(0, &all);
    send_from("held", 7);
    assert_int_equal(held_pool_count(rig.worker->held), 1);
    port_remove("held");
    rig.vswitch->next_port = held;
    assert_int_not_equal(port_make("passing"), held);
    port_remove("passing");
    /* All others are taken: it is said why there is none. */
    unsigned taken = 0;
    char name[CONFIG_NAME_SIZE];
    uint16_t id = 0;
    enum xsw_status status = XSW_OK;
    for (; status == XSW_OK; taken += status == XSW_OK) {
        snprintf(name, sizeof(name), "t%u", taken);
        status = try_port(name, &id, &error);
        assert_int_not_equal(id, held);
    }
    assert_int_equal(status, XSW_LIMIT);
    assert_non_null(strstr(error.text, "still holds"));
    assert_int_equal(taken, XSW_PORTS_MAX - 1 - 3);
    /* It goes on as one of the port that is gone; then the id is free. */
    assert_int_equal(vswitch_extension_remove(rig.vswitch, "workshop", NULL), XSW_OK);
    rig_run(&rig);
    assert_int_equal(held_pool_count(rig.worker->held), 0);
    assert_int_equal(port_make("again"), held);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, churn_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(every_journey_is_of_the_port_that_its_ring_told),
        CLAIM(a_record_is_at_the_tap_point_of_its_port),
        CLAIM(a_port_in_the_rules_is_the_one_of_that_name),
        CLAIM(a_port_in_the_expression_is_the_one_of_that_name),
        CLAIM(rules_can_be_changed_while_their_port_is_gone),
        CLAIM(an_id_waits_for_what_is_held_of_its_port),
    };
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
