/* SPDX-License-Identifier: Apache-2.0 */
/* CTF of two hosts, put together here as a relay daemon would have written it, with what tracers
 * lose: events, and whole packets of the trace. */
#include "trace/readers/readers.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const uint64_t SECOND = 1000000000;
static const uint64_t OFFSET_S = 1700000000;

static const char metadata[] =
    "/* CTF 1.8 */\n"
    "typealias integer { size = 32; align = 8; signed = false; } := u32;\n"
    "typealias integer { size = 64; align = 8; signed = false; } := u64;\n"
    "trace { major = 1; minor = 8; byte_order = le;\n"
    "  packet.header := struct { u32 magic; u32 stream_id; }; };\n"
    "env { hostname = \"%s\"; xsw_losses = \"%s\"; };\n"
    "clock { name = \"monotonic\"; uuid = \"%s\"; freq = 1000000000; offset_s = 1700000000; };\n"
    "typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; }\n"
    "  := when;\n"
    "stream { id = 0;\n"
    "  packet.context := struct { when timestamp_begin; when timestamp_end; u64 content_size;\n"
    "    u64 packet_size; u64 packet_seq_num; u64 events_discarded; };\n"
    "  event.header := struct { u32 id; when timestamp; }; };\n"
    "event { name = \"xsw:%s\"; id = 0; stream_id = 0; loglevel = 4;\n"
    "  fields := struct { u64 at_mono_ns; u64 events; string reason_name; }; };\n";

struct packet {
    uint64_t begin_ns, end_ns, number, discarded;
    const char *reason; /* null: "why" */
};

static char root[] = "/tmp/xsw-readers-XXXXXX";

static void put(FILE *file, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        fputc((int)(value >> (8 * i) & 0xff), file);
    }
}

/* One event in it, told a microsecond before the packet's end, of half a second before. */
static void packet_write(FILE *file, const struct packet *packet)
{
    const char *reason = packet->reason != NULL ? packet->reason : "why";
    const uint64_t bytes = 4 + 4 + 6 * 8 + 4 + 8 + 8 + 8 + strlen(reason) + 1;
    put(file, 0xc1fc1fc1, 4);
    put(file, 0, 4);
    put(file, packet->begin_ns, 8);
    put(file, packet->end_ns, 8);
    put(file, bytes * 8, 8);
    put(file, bytes * 8, 8);
    put(file, packet->number, 8);
    put(file, packet->discarded, 8);
    put(file, 0, 4);
    put(file, packet->end_ns - 1000, 8);
    put(file, packet->end_ns - SECOND / 2, 8);
    put(file, 17, 8);
    fputs(reason, file);
    fputc(0, file);
}

static void trace_write(const char *host, const char *losses, const char *boot_id,
                        const char *event, const struct packet *packets, size_t count)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", root, host);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/%s/metadata", root, host);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, metadata, host, losses, boot_id, event);
    fclose(file);
    snprintf(path, sizeof(path), "%s/%s/stream", root, host);
    file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) {
        packet_write(file, &packets[i]);
    }
    fclose(file);
}

struct seen {
    char name[40], host[40], boot_id[40];
    uint64_t mono_ns, wall_ns, from_mono_ns, to_mono_ns, to_wall_ns;
    char events[16], packets[16], reason[16];
};

static struct seen seen[32];
static size_t seen_count;

static const char *field_of(const struct pcapng_event *event, const char *name)
{
    for (size_t i = 0; i < event->field_count; i++) {
        if (strcmp(event->fields[i].name, name) == 0) {
            return event->fields[i].value;
        }
    }
    return "";
}

static void take(const struct pcapng_event *event, const struct trace_about *about, void *context)
{
    (void)context;
    assert_true(seen_count < sizeof(seen) / sizeof(seen[0]));
    assert_true(about->has_mono);
    struct seen *one = &seen[seen_count++];
    snprintf(one->name, sizeof(one->name), "%s", event->name);
    snprintf(one->host, sizeof(one->host), "%s", event->host);
    snprintf(one->boot_id, sizeof(one->boot_id), "%s", event->boot_id);
    one->mono_ns = event->mono_ns;
    one->wall_ns = event->wall_ns;
    one->from_mono_ns = strtoull(field_of(event, "from_mono_ns"), NULL, 10);
    one->to_mono_ns = strtoull(field_of(event, "to_mono_ns"), NULL, 10);
    one->to_wall_ns = strtoull(field_of(event, "to_wall_ns"), NULL, 10);
    snprintf(one->events, sizeof(one->events), "%s", field_of(event, "events"));
    snprintf(one->packets, sizeof(one->packets), "%s", field_of(event, "packets_of_trace"));
    snprintf(one->reason, sizeof(one->reason), "%s", field_of(event, "reason_name"));
}

static const struct seen *find(const char *name)
{
    for (size_t i = 0; i < seen_count; i++) {
        if (strcmp(seen[i].name, name) == 0) {
            return &seen[i];
        }
    }
    fail_msg("there is no event %s", name);
    return NULL;
}

static void read_all(void)
{
    struct xsw_error error = {0};
    seen_count = 0;
    assert_int_equal(trace_kind_find(root), TRACE_CTF);
    if (trace_read(root, TRACE_CTF, take, NULL, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
}

static void what_the_tracer_lost_is_told_with_number_and_span(void **state)
{
    (void)state;
    read_all();
    const struct seen *events = find("events_lost");
    assert_string_equal(events->events, "5");
    assert_true(events->from_mono_ns == 2 * SECOND);
    assert_true(events->to_mono_ns == 3 * SECOND);
    assert_true(events->to_wall_ns == (OFFSET_S + 3) * SECOND);
    assert_string_equal(events->host, "host-a");
    const struct seen *packets = find("trace_packets_lost");
    assert_string_equal(packets->packets, "2");
    assert_true(packets->from_mono_ns == 3 * SECOND);
    assert_true(packets->to_mono_ns == 5 * SECOND);
}

static void loss_of_which_events_tell_is_not_told_by_its_message_too(void **state)
{
    (void)state;
    read_all();
    for (size_t i = 0; i < seen_count; i++) {
        bool is_b = strcmp(seen[i].host, "host-b") == 0;
        assert_true(!is_b || strcmp(seen[i].name, "events_lost") != 0);
    }
    (void)find("events_lost"); /* of the host whose events do not tell */
}

static void each_event_names_the_host_and_boot_of_its_own_stream(void **state)
{
    (void)state;
    size_t of_b = 0;
    read_all();
    for (size_t i = 0; i < seen_count; i++) {
        bool is_b = strcmp(seen[i].name, "worker_over_budget") == 0;
        of_b += is_b;
        assert_string_equal(seen[i].host, is_b ? "host-b" : "host-a");
        assert_string_equal(seen[i].boot_id, is_b ? "99999999222243338444555555555555"
                                                  : "11111111222243338444555555555555");
    }
    assert_int_equal(of_b, 1);
    assert_int_equal(seen_count, 6); /* three of a, one of b, and two losses */
}

static void event_has_the_time_when_it_happened_not_when_it_was_told(void **state)
{
    (void)state;
    read_all();
    const struct seen *event = find("kernel_lost");
    assert_true(event->mono_ns == 2 * SECOND - SECOND / 2);
    assert_true(event->wall_ns == OFFSET_S * SECOND + 2 * SECOND - SECOND / 2);
    assert_string_equal(event->reason, "why");
    assert_string_equal(event->events, "17");
}

static void text_that_stands_for_nothing_is_empty(void **state)
{
    (void)state;
    read_all();
    assert_string_equal(find("worker_over_budget")->reason, "");
    assert_string_equal(find("worker_over_budget")->events, "17");
}

static int begin(void **state)
{
    (void)state;
    static const struct packet of_a[] = {{SECOND, 2 * SECOND, 0, 0, NULL},
                                         {2 * SECOND, 3 * SECOND, 1, 5, NULL},
                                         {5 * SECOND, 6 * SECOND, 4, 5, NULL}};
    static const struct packet of_b[] = {
        {SECOND, 4 * SECOND, 0, 9, "-"}}; /* of 9 events tell too */
    if (mkdtemp(root) == NULL) {
        return 1;
    }
    trace_write("host-a", "messages", "11111111-2222-4333-8444-555555555555", "kernel_lost", of_a,
                3);
    trace_write("host-b", "events", "99999999-2222-4333-8444-555555555555", "worker_over_budget",
                of_b, 1);
    return 0;
}

static int end(void **state)
{
    static const char *const names[] = {"host-a/metadata", "host-a/stream", "host-b/metadata",
                                        "host-b/stream",   "host-a",        "host-b"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, names[i]);
        (void)remove(path);
    }
    return remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_tracer_lost_is_told_with_number_and_span),
        cmocka_unit_test(loss_of_which_events_tell_is_not_told_by_its_message_too),
        cmocka_unit_test(each_event_names_the_host_and_boot_of_its_own_stream),
        cmocka_unit_test(text_that_stands_for_nothing_is_empty),
        cmocka_unit_test(event_has_the_time_when_it_happened_not_when_it_was_told),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
