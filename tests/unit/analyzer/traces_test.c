/* SPDX-License-Identifier: Apache-2.0 */
/* One report on recordings and traces: causes and drops from any source, what is missing, and how
 * sure the order is. Traces of real traffic are in tests/system/timeline.sh. */
#include "analyzer/explain/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "analyzer/report/report_json.h"
#include "analyzer/report/report_text.h"
#include "support/analyzing.h"
#include "support/recording.h"

#define BOOT_A "11111111-2222-4333-8444-555555555555"
#define BOOT_B "99999999-2222-4333-8444-555555555555"

/* The recording's clock pair: wall 1767323045 s is 1 s of CLOCK_MONOTONIC. */
static const uint64_t SECOND = 1000000000;
static const uint64_t WALL = 1767323044ULL * 1000000000;
static const char section[] =
    "{\"format\":1,\"host\":\"a\",\"boot_id\":\"" BOOT_A "\",\"switch\":{\"id\":\"one\","
    "\"name\":\"red\"},\"clock\":{\"mono_ns\":1000000000,\"wall_ns\":1767323045000000000},"
    "\"capture\":{\"session\":1},\"ports\":[{\"id\":1,\"name\":\"alice\"},{\"id\":2,\"name\":"
    "\"bob\"}],\"reasons\":[{\"id\":4,\"name\":\"acl-denied\",\"text\":\"A rule denies it\"}]}";

static struct analysis *analysis;
static struct explain *explain;

/* A recording of switch red on host a; with drops of alice's packets. */
static void record(const char *path, unsigned drops)
{
    struct recording recording;
    recording_begin_text(&recording, path, section);
    recording_trip(&recording, &(struct trip){.id = 1, .from = PORT_ALICE, .to = PORT_BOB});
    for (unsigned i = 0; i < drops; i++) {
        recording_trip(&recording, &(struct trip){.id = 2 + i,
                                                  .from = PORT_ALICE,
                                                  .to = PORT_BOB,
                                                  .rule = 7,
                                                  .drop_at = STAGE_INGRESS_POLICY,
                                                  .reason = REASON_ACL_DENIED});
    }
    recording_end(&recording);
}

static void read_one(const char *path)
{
    if (path != NULL) {
        assert_int_equal(analysis_read(analysis, path, NULL, NULL, NULL), XSW_OK);
    }
}

struct told {
    const char *name, *host, *boot_id;
    uint64_t mono_ns;
    uint64_t offset_ns; /* wall_ns - mono_ns, by the trace */
    const struct pcapng_event_field *fields;
    size_t field_count;
};

#define FIELDS(...)                                                                                \
    (const struct pcapng_event_field[]){__VA_ARGS__},                                              \
        sizeof((const struct pcapng_event_field[]){__VA_ARGS__}) /                                 \
            sizeof(struct pcapng_event_field)

static void trace(const char *path, const struct told *told, size_t count)
{
    struct analysis_stream *stream;
    uint16_t source;
    assert_int_equal(analysis_trace_open(analysis, path, "ctf", &stream, &source, NULL), XSW_OK);
    for (size_t i = 0; i < count; i++) {
        const struct pcapng_event event = {.name = told[i].name,
                                           .source = "xsw",
                                           .message = told[i].name,
                                           .host = told[i].host,
                                           .boot_id = told[i].boot_id,
                                           .mono_ns = told[i].mono_ns,
                                           .wall_ns = told[i].offset_ns + told[i].mono_ns,
                                           .priority = PCAPNG_PRIORITY_NOTICE,
                                           .fields = told[i].fields,
                                           .field_count = told[i].field_count};
        analysis_trace_event(analysis, source, &event, true);
    }
    analysis_stream_close(stream, XSW_END, "");
}

static void explain_first(void)
{
    assert_int_equal(analysis_finish(analysis, NULL), XSW_OK);
    assert_true(analysis->switch_count > 0);
    assert_int_equal(explain_create(analysis, analysis->switches[0], &explain, NULL), XSW_OK);
}

static const struct finding *find(enum finding_kind kind)
{
    for (size_t i = 0; i < explain->count; i++) {
        if (explain->findings[i].kind == kind) {
            return &explain->findings[i];
        }
    }
    return NULL;
}

static void assert_says(const struct finding *finding, const char *part)
{
    assert_non_null(finding);
    if (strstr(finding->text, part) == NULL) {
        fail_msg("\"%s\" is not in: %s", part, finding->text);
    }
}

static void drop_of_a_recording_has_its_cause_from_a_trace_in_any_order(void **state)
{
    (void)state;
    record("cause.pcapng", 3);
    for (int order = 0; order < 2; order++) {
        /* The trace's own wall clock is two minutes off: it is of the same boot. */
        const struct told told = {"policy_set",        "a",  BOOT_A, SECOND / 2,
                                  WALL + 120 * SECOND, NULL, 0};
        read_one(order == 0 ? "cause.pcapng" : NULL);
        trace("trace", &told, 1);
        read_one(order == 1 ? "cause.pcapng" : NULL);
        explain_first();
        assert_says(find(FINDING_DROPS), "Just before, at 03:04:04.500000: xsw: policy_set.");
        explain_destroy(explain);
        analysis_destroy(analysis);
        assert_int_equal(analysis_create(0, &analysis, NULL), XSW_OK);
        explain = NULL;
    }
}

static void cause_on_another_host_is_told_with_the_doubt_about_its_clock(void **state)
{
    (void)state;
    record("other.pcapng", 3);
    const struct told told = {
        "port_state", "b", BOOT_B, 500 * SECOND, WALL - 499 * SECOND - SECOND / 2, NULL, 0};
    read_one("other.pcapng");
    trace("trace", &told, 1);
    explain_first();
    assert_says(find(FINDING_DROPS),
                "on b (how far the clocks are apart is unknown): xsw: port_state.");
}

static void drops_of_the_kernel_from_two_traces_are_one_finding(void **state)
{
    (void)state;
    record("kernel.pcapng", 0);
    const struct told told[] = {
        {"kernel_drop", "a", BOOT_A, 2 * SECOND, WALL,
         FIELDS({"switch_name", "red"}, {"port_name", "alice"}, {"reason", "FULL_RING"},
                {"packets", "30"}, {"last_mono_ns", "2500000000"})},
        {"kernel_xdp_redirect_err", "a", BOOT_A, 3 * SECOND, WALL,
         FIELDS({"switch_name", "red"}, {"port_name", "bob"}, {"reason", "REDIRECT"},
                {"error", "-12"}, {"packets", "4"})},
        {"kernel_xdp_exception", "a", BOOT_A, 3 * SECOND, WALL,
         FIELDS({"switch_name", "red"}, {"port_name", "bob"}, {"reason", "XDP_TX"})}};
    read_one("kernel.pcapng");
    trace("one", told, 1);
    trace("two", told, 3);
    explain_first();
    size_t findings = 0;
    for (size_t i = 0; i < explain->count; i++) {
        findings += explain->findings[i].kind == FINDING_KERNEL;
    }
    assert_int_equal(findings, 3);
    assert_int_equal(find(FINDING_KERNEL)->packets, 30);
    assert_says(find(FINDING_KERNEL), "30 packets behind port alice, by the kernel of the host: "
                                      "FULL_RING (the queue of the port's device was full");
    assert_says(&explain->findings[1],
                "XDP REDIRECT (the fill ring of the port's socket was empty)");
    assert_says(&explain->findings[2], "XDP XDP_TX (the program's action could not be done)");
}

static void recordings_that_follow_each_other_add_their_drops_up(void **state)
{
    struct events events;
    struct event_sum sum;
    (void)state;
    events_init(&events);
    for (uint64_t i = 0; i < 3; i++) {
        const struct pcapng_event_field fields[] = {{"port", "p"}, {"packets", "10"}};
        const struct pcapng_event event = {.name = "kernel_drop",
                                           .message = "m",
                                           .wall_ns = WALL + i * SECOND,
                                           .fields = fields,
                                           .field_count = 2};
        /* Three sessions behind each other; a trace tells of the time of the second one. */
        events_add_from(&events, &event, (uint16_t)(EVENTS_OF_SESSIONS + i), 0);
        if (i == 1) {
            events_add_from(&events, &event, 3, 0);
        }
    }
    uint64_t packets = 0;
    for (size_t i = 0; i < events.sums.count; i++) {
        packets += events_sum_whole(&events, i, &sum) ? sum.packets : 0;
    }
    assert_int_equal(events.sums.count, 4);
    assert_int_equal(packets, 30);
    events_fini(&events);
}

static void event_of_which_two_sources_tell_is_kept_once(void **state)
{
    (void)state;
    const struct told told[] = {
        {"policy_set", "a", BOOT_A, 2 * SECOND, WALL,
         FIELDS({"switch_name", "red"}, {"port", "1"}, {"port_name", "alice"})},
        {"policy_set", "a", BOOT_A, 2 * SECOND, WALL,
         FIELDS({"switch_name", "red"}, {"port", "2"}, {"port_name", "bob"})},
        {"mac_learned", "a", BOOT_A, 3 * SECOND, WALL,
         FIELDS({"switch_name", "red"}, {"port_name", "bob"}, {"extension", ""})},
        {"kernel_xdp_exception", "a", BOOT_A, 3 * SECOND, WALL,
         FIELDS({"switch_name", "red"}, {"port_name", "bob"}, {"reason", "XDP_TX"}, {"error", "0"},
                {"packets", "4"})}};
    const struct told again[] = {
        {"policy_set", "a", BOOT_A, 2 * SECOND, WALL, FIELDS({"switch", "red"}, {"port", "alice"})},
        {"policy_set", "a", BOOT_A, 5 * SECOND, WALL, FIELDS({"switch", "red"}, {"port", "bob"})},
        {"mac_learned", "a", BOOT_A, 3 * SECOND, WALL,
         FIELDS({"switch", "red"}, {"port", "bob"}, {"worker", "0"})},
        {"kernel_xdp_exception", "a", BOOT_A, 3 * SECOND, WALL,
         FIELDS({"port", "bob"}, {"action", "XDP_TX"}, {"packets", "4"})}};
    record("kept.pcapng", 0);
    read_one("kept.pcapng");
    trace("one", told, 4);
    trace("two", again, 4);
    explain_first();
    assert_int_equal(analysis->events.count, 5); /* bob's policy was set twice */
    struct event_sum sum;
    assert_int_equal(analysis->events.sums.count, 2);
    assert_true(events_sum_whole(&analysis->events, 0, &sum));
    assert_int_equal(sum.packets, 4);
    assert_false(events_sum_whole(&analysis->events, 1, &sum));
}

static void switch_of_which_only_a_trace_tells_has_a_verdict_of_its_own(void **state)
{
    (void)state;
    const struct told told = {"packet_dropped",
                              "a",
                              BOOT_A,
                              2 * SECOND,
                              WALL,
                              FIELDS({"switch_name", "blue"}, {"port_name", "carol"},
                                     {"stage", "ingress-policy"}, {"reason", "extension"},
                                     {"reason_name", "acl-denied"}, {"rule", "9"},
                                     {"packet_id", "77"})};
    record("only.pcapng", 0);
    read_one("only.pcapng");
    trace("trace", &told, 1);
    assert_int_equal(analysis_finish(analysis, NULL), XSW_OK);
    assert_int_equal(analysis->switch_count, 2);
    assert_int_equal(explain_create(analysis, analysis->switches[1], &explain, NULL), XSW_OK);
    assert_string_equal(explain->headline,
                        "blue: no recording of it; traces tell of 1 packet DROPPED.");
    assert_says(find(FINDING_DROPS),
                "1 packet at ingress-policy, port carol, by rule 9: acl-denied.");
    assert_int_equal(find(FINDING_DROPS)->examples[0], 77);
}

static void drops_that_are_recorded_are_not_told_again_from_a_trace(void **state)
{
    (void)state;
    const struct told told = {
        "packet_dropped",
        "a",
        BOOT_A,
        2 * SECOND,
        WALL,
        FIELDS({"switch_name", "red"}, {"port_name", "alice"}, {"reason_name", "acl-denied"})};
    record("both.pcapng", 3);
    read_one("both.pcapng");
    trace("trace", &told, 1);
    explain_first();
    assert_int_equal(analysis->switch_count, 1);
    assert_int_equal(find(FINDING_DROPS)->packets, 3);
    assert_string_equal(explain->headline,
                        "red: 3 of 4 packets DROPPED, 0 changed. The numbers add up.");
}

static void findings_within_a_loss_of_events_say_so(void **state)
{
    (void)state;
    const struct told told[] = {
        {"kernel_drop", "a", BOOT_A, 2 * SECOND, WALL,
         FIELDS({"port_name", "alice"}, {"reason", "FULL_RING"})},
        {"kernel_lost", "a", BOOT_A, 3 * SECOND, WALL,
         FIELDS({"events", "17"}, {"from_mono_ns", "1500000000"}, {"to_mono_ns", "3000000000"})},
        {"kernel_drop", "a", BOOT_A, 900 * SECOND, WALL,
         FIELDS({"port_name", "bob"}, {"reason", "DEV_READY"})}};
    record("loss.pcapng", 0);
    read_one("loss.pcapng");
    trace("trace", told, 3);
    explain_first();
    const struct finding *lost = find(FINDING_LOST);
    assert_says(lost, "17 events of the kernel were lost from 03:04:05.500000 to 03:04:07.000000");
    assert_int_equal(lost->weight, FINDING_UNKNOWN);
    assert_false(explain->is_clean);
    assert_non_null(strstr(explain->headline, "EVENTS ARE MISSING"));
    for (size_t i = 0; i < explain->count; i++) {
        const struct finding *finding = &explain->findings[i];
        bool is_doubted = strstr(finding->text, "There may be more: 17 events") != NULL;
        bool is_within = strstr(finding->text, "FULL_RING") != NULL;
        assert_true(finding->kind != FINDING_KERNEL || is_doubted == is_within);
    }
}

static void report_names_hosts_sources_and_what_is_not_sure(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    const struct told told[] = {{"port_state", "a", BOOT_A, 2 * SECOND, WALL, NULL, 0},
                                {"port_state", "b", BOOT_B, 2 * SECOND, WALL, NULL, 0}};
    record("hosts.pcapng", 0);
    read_one("hosts.pcapng");
    trace("relayd-folder", told, 2);
    assert_int_equal(analysis_finish(analysis, NULL), XSW_OK);
    FILE *out = open_memstream(&text, &size);
    report_text(out, analysis, &(struct report_options){.only = REPORT_WHOLE});
    fclose(out);
    const char *sources = strstr(text, "SOURCES");
    assert_non_null(sources);
    assert_non_null(strstr(sources, "a, boot 11111111"));
    assert_non_null(strstr(sources, "hosts.pcapng (pcapng)"));
    assert_non_null(strstr(sources, "b, boot 99999999"));
    assert_non_null(strstr(strstr(sources, "b, boot"), "relayd-folder (ctf)"));
    assert_non_null(strstr(sources, "how far these are apart is unknown"));
    free(text);
    out = open_memstream(&text, &size);
    assert_int_equal(report_json(out, analysis, NULL, NULL, NULL), XSW_OK);
    fclose(out);
    assert_non_null(strstr(text, "\"is_reference\": true"));
    assert_non_null(strstr(text, "\"uncertainty_ns\": null"));
    free(text);
}

static int begin(void **state)
{
    (void)state;
    explain = NULL;
    return analysis_create(0, &analysis, NULL) == XSW_OK ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    explain_destroy(explain);
    analysis_destroy(analysis);
    analysis = NULL;
    return 0;
}

static int enter(void **state)
{
    static char folder[128];
    (void)state;
    setenv("TZ", "UTC", 1);
    snprintf(folder, sizeof(folder), "%s", recording_path(""));
    return chdir(folder);
}

static int cleanup(void **state)
{
    (void)state;
    recording_cleanup();
    return 0;
}

int main(void)
{
#define CLAIM(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        CLAIM(drop_of_a_recording_has_its_cause_from_a_trace_in_any_order),
        CLAIM(cause_on_another_host_is_told_with_the_doubt_about_its_clock),
        CLAIM(drops_of_the_kernel_from_two_traces_are_one_finding),
        CLAIM(recordings_that_follow_each_other_add_their_drops_up),
        CLAIM(event_of_which_two_sources_tell_is_kept_once),
        CLAIM(switch_of_which_only_a_trace_tells_has_a_verdict_of_its_own),
        CLAIM(drops_that_are_recorded_are_not_told_again_from_a_trace),
        CLAIM(findings_within_a_loss_of_events_say_so),
        CLAIM(report_names_hosts_sources_and_what_is_not_sure),
    };
    return cmocka_run_group_tests(tests, enter, cleanup);
}
