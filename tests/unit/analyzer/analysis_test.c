/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/analysis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/analyzing.h"
#include "support/recording.h"

static const char switch_one[] = "5f0c6f0e-0000-4000-8000-000000000001";

static void demo_is_counted_and_adds_up(void **state)
{
    const char *path = recording_path("demo.pcapng");
    (void)state;
    recording_demo(path, 1);
    struct analysis *analysis = analyze(path);
    const struct account_file *total = &analysis->switches[0]->total;
    assert_int_equal(analysis->switch_count, 1);
    assert_int_equal(total->received, 41);
    assert_int_equal(total->copies_flood, 1);
    assert_int_equal(total->delivered, 32);
    assert_int_equal(total->dropped, 10);
    assert_int_equal(total->changed, 20);
    assert_int_equal(analysis_state(analysis), PROOF_HOLDS);
    assert_int_equal(analysis->notes.count, 0);
    analysis_destroy(analysis);
}

static void drops_are_told_apart_by_stage_reason_rule_and_port(void **state)
{
    const char *path = recording_path("demo.pcapng");
    (void)state;
    recording_demo(path, 1);
    struct analysis *analysis = analyze(path);
    const struct drops *drops = &analysis->switches[0]->drops;
    struct drops_row_key key = {.rule = 10,
                                .stage = STAGE_INGRESS_POLICY,
                                .reason = REASON_ACL_DENIED,
                                .port = {PORT_ALICE, 1}};
    const struct drops_row *row = table_find(&drops->rows, &key);
    assert_int_equal(drops->rows.count, 3);
    assert_non_null(row);
    assert_int_equal(row->packets, 5);
    assert_int_equal(row->flows, 1);
    assert_int_equal(row->bytes, 300);
    assert_int_equal(row->example_packet, 1031);
    analysis_destroy(analysis);
}

static void tap_add(struct recording *recording, const char *port_name)
{
    char json[128];
    uint32_t made;
    snprintf(json, sizeof(json),
             "{\"port\":1,\"port_name\":\"%s\",\"stage\":1,\"stage_name\":\"rx\"}", port_name);
    struct pcapng_interface interface = {.name = port_name,
                                         .json = {.text = json, .length = strlen(json)}};
    assert_int_equal(pcapng_writer_interface(recording->writer, &interface, &made, NULL), XSW_OK);
    recording->interfaces[PORT_ALICE][STAGE_RX] = (int32_t)made + 1;
}

static const char *receiver_of(const struct analysis *analysis, size_t place)
{
    static struct dictionary_name name;
    const struct analysis_switch *of = analysis->switches[0];
    const struct dictionary_label *port = table_key(&of->receive_ports, place);
    assert_int_equal(port->id, PORT_ALICE);
    return dictionary_port(&of->dictionary, *port, &name);
}

static void port_of_a_record_is_named_by_its_interface(void **state)
{
    const char *path = recording_path("reused.pcapng");
    struct recording recording;
    struct trip trip = {.id = 1, .from = PORT_ALICE, .to = PORT_BOB, .drop_at = STAGE_RX + 1};
    (void)state;
    recording_begin(&recording, path, switch_one, 1);
    recording_trip(&recording, &trip);
    tap_add(&recording, "dave");
    trip.id = 2;
    recording_trip(&recording, &trip);
    recording_end_text(&recording, "{\"format\":1,\"ports\":[{\"id\":1,\"name\":\"zoe\"}]}");
    struct analysis *analysis = analyze(path);
    assert_int_equal(analysis->switches[0]->receive_ports.count, 2);
    assert_string_equal(receiver_of(analysis, 0), "alice");
    assert_string_equal(receiver_of(analysis, 1), "dave");
    analysis_destroy(analysis);
}

static void changes_are_decoded_with_old_and_new_values(void **state)
{
    const char *path = recording_path("demo.pcapng");
    (void)state;
    recording_demo(path, 1);
    struct analysis *analysis = analyze(path);
    const struct changes *changes = &analysis->switches[0]->changes;
    struct changes_field_key key = {.stage = STAGE_REWRITE, .name = "ip.dsfield.dscp"};
    const struct changes_field *field = table_find(&changes->fields, &key);
    assert_non_null(field);
    assert_int_equal(field->packets, 20);
    struct changes_pair_key pair_key = {.field = 0, .old_text = "0", .new_text = "46"};
    const struct changes_pair *pair = table_find(&changes->pairs, &pair_key);
    assert_non_null(pair);
    assert_int_equal(pair->packets, 20);
    uint16_t stage = STAGE_REWRITE;
    const struct changes_stage *row = table_find(&changes->stages, &stage);
    assert_int_equal(row->checksums_broken, 0);
    assert_int_equal(row->undeclared, 0);
    analysis_destroy(analysis);
}

static void broken_checksums_and_undeclared_changes_are_noticed(void **state)
{
    const char *path = recording_path("bad.pcapng");
    struct recording recording;
    (void)state;
    recording_begin(&recording, path, switch_one, 1);
    recording_trip(&recording, &(struct trip){.id = 1,
                                              .from = PORT_ALICE,
                                              .to = PORT_BOB,
                                              .dscp = 46,
                                              .keeps_checksum = true,
                                              .change_flags = META_UNDECLARED});
    recording_end(&recording);
    struct analysis *analysis = analyze(path);
    uint16_t stage = STAGE_REWRITE;
    const struct changes_stage *row = table_find(&analysis->switches[0]->changes.stages, &stage);
    assert_int_equal(row->checksums_broken, 1);
    assert_int_equal(row->undeclared, 1);
    analysis_destroy(analysis);
}

static void two_files_of_one_session_are_one_account(void **state)
{
    char one[128];
    char two[128];
    struct recording recording;
    struct recording rest;
    (void)state;
    snprintf(one, sizeof(one), "%s", recording_path("one.pcapng"));
    snprintf(two, sizeof(two), "%s", recording_path("two.pcapng"));
    recording_begin(&recording, one, switch_one, 1);
    recording_trip(&recording, &(struct trip){.id = 1, .from = PORT_ALICE, .to = PORT_BOB});
    recording_end_torn(&recording);
    recording_begin(&rest, two, switch_one, 1);
    memcpy(rest.stages, recording.stages, sizeof(rest.stages));
    rest.offered = rest.written = rest.recorder_written = 1;
    recording_trip(&rest, &(struct trip){.id = 2, .from = PORT_ALICE, .to = PORT_BOB});
    recording_end(&rest);
    const char *paths[] = {one, two};
    struct analysis *analysis = analyze_bounded(1024, paths, 2);
    assert_int_equal(analysis->session_count, 1);
    assert_int_equal(analysis->switches[0]->total.received, 2);
    assert_int_equal(analysis_state(analysis), PROOF_HOLDS);
    analysis_destroy(analysis);
}

static void packet_in_two_sessions_is_counted_once(void **state)
{
    char one[128];
    char two[128];
    (void)state;
    snprintf(one, sizeof(one), "%s", recording_path("one.pcapng"));
    snprintf(two, sizeof(two), "%s", recording_path("two.pcapng"));
    recording_demo(one, 1);
    recording_demo(two, 2);
    const char *paths[] = {one, two};
    struct analysis *analysis = analyze_bounded(1024, paths, 2);
    assert_int_equal(analysis->switch_count, 1);
    assert_int_equal(analysis->session_count, 2);
    assert_int_equal(analysis->switches[0]->total.received, 41);
    assert_int_equal(analysis->switches[0]->drops.packets, 10);
    assert_int_equal(analysis->sessions[1]->account.file.repeats, 42);
    assert_int_equal(analysis_state(analysis), PROOF_HOLDS);
    analysis_destroy(analysis);
}

static void switches_stay_apart(void **state)
{
    char one[128];
    char two[128];
    struct recording recording;
    (void)state;
    snprintf(one, sizeof(one), "%s", recording_path("one.pcapng"));
    snprintf(two, sizeof(two), "%s", recording_path("two.pcapng"));
    recording_demo(one, 1);
    recording_begin(&recording, two, "5f0c6f0e-0000-4000-8000-000000000002", 1);
    recording_demo_trips(&recording);
    recording_end(&recording);
    const char *paths[] = {one, two};
    struct analysis *analysis = analyze_bounded(1024, paths, 2);
    assert_int_equal(analysis->switch_count, 2);
    assert_int_equal(analysis->switches[1]->total.received, 41);
    assert_int_equal(analysis_state(analysis), PROOF_HOLDS);
    analysis_destroy(analysis);
}

static void file_of_another_writer_has_no_journeys(void **state)
{
    const char *path = recording_path("other.pcapng");
    struct pcapng_writer *writer;
    struct pcapng_section section = {.application = "dumpcap 4.0"};
    struct pcapng_interface interface = {.name = "eth0"};
    struct pcapng_packet packet = {
        .captured_length = 4, .original_length = 4, .data = (const uint8_t *)"abcd"};
    (void)state;
    assert_int_equal(pcapng_writer_open(path, &writer, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_section(writer, &section, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_interface(writer, &interface, &packet.interface, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_packet(writer, &packet, NULL), XSW_OK);
    assert_int_equal(pcapng_writer_close(writer, NULL, NULL), XSW_OK);
    struct analysis *analysis = analyze(path);
    assert_int_equal(analysis->switch_count, 0);
    assert_int_equal(analysis->files[0].packets, 1);
    assert_int_equal(analysis->files[0].foreign, 1);
    assert_string_equal(analysis->files[0].writer, "dumpcap 4.0");
    assert_int_equal(analysis->files[0].status, XSW_END);
    analysis_destroy(analysis);
}

static void missing_file_is_told_by_its_status(void **state)
{
    (void)state;
    struct analysis *analysis = analyze(recording_path("is-not-there"));
    assert_int_equal(analysis->files[0].status, XSW_IO);
    assert_non_null(strstr(analysis->files[0].problem, "is-not-there"));
    analysis_destroy(analysis);
}

struct content {
    uint8_t bytes[1 << 17];
    size_t length;
};

static struct content *content_read(const char *path)
{
    struct content *content = calloc(1, sizeof(*content));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    content->length = fread(content->bytes, 1, sizeof(content->bytes), file);
    fclose(file);
    return content;
}

static void content_write(const struct content *content, size_t length, const char *path)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content->bytes, 1, length, file), length);
    fclose(file);
}

static void torn_file_is_never_a_failed_proof(void **state)
{
    enum { STEP = 41 };
    const char *path = recording_path("torn.pcapng");
    (void)state;
    recording_demo(path, 1);
    struct content *content = content_read(path);
    uint64_t records = 0;
    for (size_t length = 0; length < content->length; length += STEP) {
        content_write(content, length, path);
        struct analysis *analysis = analyze(path);
        if (analysis_state(analysis) == PROOF_FAILS)
            fail_msg("fails when cut at byte %zu", length);
        assert_true(analysis->files[0].packets >= records);
        records = analysis->files[0].packets;
        analysis_destroy(analysis);
    }
    free(content);
}

static void flipped_bytes_crash_nothing(void **state)
{
    enum { ROUNDS = 1500 };
    const char *path = recording_path("flipped.pcapng");
    uint32_t random = 1;
    (void)state;
    recording_demo(path, 1);
    struct content *content = content_read(path);
    struct content *spoiled = malloc(sizeof(*spoiled));
    for (int round = 0; round < ROUNDS; round++) {
        memcpy(spoiled, content, sizeof(*spoiled));
        for (int i = 0; i < 1 + round % 4; i++) {
            random = random * 1664525 + 1013904223;
            spoiled->bytes[(random >> 8) % spoiled->length] ^= (uint8_t)(1u << (random & 7));
        }
        content_write(spoiled, spoiled->length, path);
        analysis_destroy(analyze(path));
    }
    free(content);
    free(spoiled);
}

static void hostile_texts_are_noted_and_survived(void **state)
{
    static const char *const texts[] = {
        "",
        "null",
        "[1,2]",
        "{\"format\":99,\"switch\":7,\"capture\":[],\"clock\":{\"mono_ns\":-1}}",
        "{\"format\":1,\"workers\":[{\"worker\":-1},{\"worker\":0,\"offered\":9223372036854775807,"
        "\"written\":9223372036854775807,\"filtered\":9223372036854775807,\"lost\":[]}],"
        "\"recorder\":[],\"stages\":[{\"stage\":1,\"in\":1e300,\"out\":\"7\",\"dropped\":[1,{}]}]}",
        "{\"stages\":{\"a\":1},\"recorder\":{\"written\":\"x\",\"lost\":1},\"why\":[],\"error\":{}"
        "}",
        "{\"stages\":[{\"stage\":65535,\"in\":9223372036854775807,\"clones\":9223372036854775807,"
        "\"injected\":9223372036854775807,\"out\":0,\"dropped\":[{\"reason\":65535,\"packets\":"
        "9223372036854775807},{\"reason\":65535,\"packets\":9223372036854775807}]}]}",
        "{\"format\":1,\"format\":2}",
    };
    const char *path = recording_path("hostile.pcapng");
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct recording recording;
        recording_begin_text(&recording, path, texts[i]);
        recording_demo_trips(&recording);
        recording_end_text(&recording, texts[i]);
        struct analysis *analysis = analyze(path);
        assert_int_equal(analysis->switch_count, 1);
        assert_int_equal(analysis->switches[0]->total.received, 41);
        assert_true(analysis_state(analysis) != PROOF_HOLDS);
        analysis_destroy(analysis);
    }
}

static void broken_metadata_is_counted_and_told(void **state)
{
    const char *path = recording_path("broken.pcapng");
    struct recording recording;
    (void)state;
    recording_begin(&recording, path, switch_one, 1);
    struct meta_fixed no_end = {.kind = META_CHANGED, .flags = META_LAST, .port = 1, .stage = 1};
    recording_raw(&recording, 1, &no_end, NULL, 0);
    struct meta_fixed cut = {.kind = META_PASS, .flags = META_FIRST, .port = 1, .stage = 1};
    recording_raw(&recording, 2, &cut, "\2\x0a\0", 3);
    struct meta_fixed open_drop = {.kind = META_DROP, .port = 1, .stage = 1};
    recording_raw(&recording, 3, &open_drop, NULL, 0);
    recording_end(&recording);
    struct analysis *analysis = analyze(path);
    assert_int_equal(analysis->sessions[0]->account.file.broken, 3);
    assert_int_equal(line_of(analysis, "records")->state, PROOF_FAILS);
    assert_int_equal(analysis->notes.count, 3);
    assert_non_null(strstr(analysis->notes.texts[0], "byte"));
    analysis_destroy(analysis);
}

static void copies_may_stand_before_their_parents(void **state)
{
    enum { COPIES = 70000 }; /* more than the analyzer remembers at once */
    const char *path = recording_path("early.pcapng");
    struct recording recording;
    (void)state;
    recording_begin(&recording, path, switch_one, 1);
    for (uint64_t i = 0; i < COPIES; i++) {
        recording_trip(&recording, &(struct trip){.id = 1000000 + i,
                                                  .parent = 1 + i,
                                                  .copy_flags = META_FLOOD,
                                                  .from = PORT_ALICE,
                                                  .to = PORT_BOB});
        recording_trip(&recording,
                       &(struct trip){.id = 1 + i, .from = PORT_ALICE, .to = PORT_CAROL});
    }
    recording_end(&recording);
    struct analysis *analysis = analyze(path);
    const struct account_file *file = &analysis->sessions[0]->account.file;
    assert_int_equal(file->copies_flood, COPIES);
    assert_int_equal(file->orphans, 0);
    assert_int_equal(file->parents_unchecked, 0);
    assert_int_equal(analysis_state(analysis), PROOF_HOLDS);
    analysis_destroy(analysis);
}

static int folder_remove(void **state)
{
    (void)state;
    recording_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demo_is_counted_and_adds_up),
        cmocka_unit_test(drops_are_told_apart_by_stage_reason_rule_and_port),
        cmocka_unit_test(port_of_a_record_is_named_by_its_interface),
        cmocka_unit_test(changes_are_decoded_with_old_and_new_values),
        cmocka_unit_test(broken_checksums_and_undeclared_changes_are_noticed),
        cmocka_unit_test(two_files_of_one_session_are_one_account),
        cmocka_unit_test(packet_in_two_sessions_is_counted_once),
        cmocka_unit_test(switches_stay_apart),
        cmocka_unit_test(file_of_another_writer_has_no_journeys),
        cmocka_unit_test(missing_file_is_told_by_its_status),
        cmocka_unit_test(torn_file_is_never_a_failed_proof),
        cmocka_unit_test(flipped_bytes_crash_nothing),
        cmocka_unit_test(hostile_texts_are_noted_and_survived),
        cmocka_unit_test(broken_metadata_is_counted_and_told),
        cmocka_unit_test(copies_may_stand_before_their_parents),
    };
    return cmocka_run_group_tests(tests, NULL, folder_remove);
}
