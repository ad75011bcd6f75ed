/* SPDX-License-Identifier: Apache-2.0 */
/* File ports: what is played comes in, what is sent is written, and a bad file is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/pcapng/pcapng_read.h"
#include "support/switch_rig.h"
#include "switch/path/reasons.h"

static struct rig rig;
static char folder[64];
static char path[128];

static int setup(void **state)
{
    (void)state;
    rig_init(&rig, NULL);
    snprintf(folder, sizeof(folder), "/tmp/xsw-file-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const names[] = {"a.pcapng", "a.pcap", "a.pcapng.zst"};
    rig_fini(&rig);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
    return 0;
}

static enum xsw_status file_port(const char *name, int is_input, struct xsw_error *error)
{
    struct port_config config;
    port_config_init(&config);
    config.kind = PORT_KIND_FILE;
    snprintf(config.name, sizeof(config.name), "file");
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    snprintf(is_input ? config.input_path : config.output_path, CONFIG_PATH_SIZE, "%s", path);
    return vswitch_port_add(rig.vswitch, &config, NULL, error);
}

/* Frames of all lengths are sent to the file, and played from it again. */
static void there_and_back(const char *name)
{
    enum { FRAMES = 200 };
    struct xsw_error error;
    struct frame frame;
    rig_port(&rig, NULL);
    if (file_port(name, 0, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    for (unsigned i = 0; i < FRAMES; i++) {
        rig_frame(&frame, 1, 9, i * 7);
        rig_send(&rig, 1, &frame);
    }
    assert_int_equal(vswitch_stage_counters(rig.vswitch, STAGE_TX).out, FRAMES);
    assert_int_equal(vswitch_port_remove(rig.vswitch, "file", &error), XSW_OK);
    if (file_port(name, 1, &error) != XSW_OK) {
        fail_msg("%s", error.text);
    }
    rig_run(&rig);
    for (unsigned i = 0; i < FRAMES; i++) {
        rig_frame(&frame, 1, 9, i * 7);
        rig_expect_frame(&rig, 1, &frame);
    }
    rig_expect_nothing(&rig, 1);
}

static void pcapng_takes_and_gives_every_frame(void **state)
{
    (void)state;
    there_and_back("a.pcapng");
}

static void classic_pcap_takes_and_gives_every_frame(void **state)
{
    (void)state;
    there_and_back("a.pcap");
}

static void compressed_pcapng_takes_and_gives_every_frame(void **state)
{
    (void)state;
    there_and_back("a.pcapng.zst");
}

static void an_unfinished_checksum_is_finished_in_the_file_alone(void **state)
{
    (void)state;
    struct xsw_error error;
    struct frame whole, partial;
    rig_port(&rig, NULL);
    uint16_t beside = rig_port(&rig, NULL);
    assert_int_equal(file_port("a.pcapng", 0, &error), XSW_OK);
    rig_frame(&whole, 1, 9, 100);
    partial = whole;
    /* What a kernel leaves: the sum of the pseudo header at the checksum's place. */
    uint16_t pseudo = slow_transport_sum(&whole);
    wire_write16(partial.bytes + frame_checksum_place(&whole), pseudo);
    const struct xsw_offload offload = {.flags = XSW_OFFLOAD_NEEDS_CHECKSUM,
                                        .csum_start = (uint16_t)whole.transport,
                                        .csum_offset = 6};
    rig_feed_bytes(&rig, 1, partial.bytes, (uint32_t)partial.length, &offload);
    rig_run(&rig);
    rig_expect_frame(&rig, beside, &partial);
    assert_int_equal(vswitch_port_remove(rig.vswitch, "file", &error), XSW_OK);
    struct pcapng_reader *reader = NULL;
    struct pcapng_item item;
    assert_int_equal(pcapng_reader_open(path, &reader, NULL), XSW_OK);
    do {
        assert_int_equal(pcapng_reader_next(reader, &item, NULL), XSW_OK);
    } while (item.kind != PCAPNG_PACKET);
    assert_int_equal(item.packet.captured_length, whole.length);
    assert_memory_equal(item.packet.data, whole.bytes, whole.length);
    pcapng_reader_close(reader);
}

static void file_refused(const char *name, const char *words)
{
    struct xsw_error error;
    assert_true(file_port(name, 1, &error) < 0);
    if (strstr(error.text, words) == NULL || strstr(error.text, "port file: ") != error.text) {
        fail_msg("\"%s\" is not in: %s", words, error.text);
    }
}

static void file_write(const char *name, const void *bytes, size_t length)
{
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

static void a_file_that_is_missing_empty_or_none_is_refused(void **state)
{
    (void)state;
    file_refused("a.pcapng", "No such file");
    file_write("a.pcapng", "", 0);
    file_refused("a.pcapng", "a.pcapng");
    file_write("a.pcapng", "this is no capture file, is it?", 31);
    file_refused("a.pcapng", "a.pcapng");
}

static void a_file_of_another_link_type_is_refused(void **state)
{
    (void)state;
    const uint32_t raw_ip[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 101};
    file_write("a.pcap", raw_ip, sizeof(raw_ip));
    file_refused("a.pcap", "link type 101");
}

static void a_file_with_an_output_needs_one_worker(void **state)
{
    (void)state;
    rig_fini(&rig);
    struct switch_config config;
    switch_config_init(&config);
    config.workers = 2;
    rig_init(&rig, &config);
    struct xsw_error error;
    assert_int_equal(file_port("a.pcapng", 0, &error), XSW_UNSUPPORTED);
    assert_non_null(strstr(error.text, "1 worker"));
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(pcapng_takes_and_gives_every_frame),
        CLAIM(classic_pcap_takes_and_gives_every_frame),
        CLAIM(compressed_pcapng_takes_and_gives_every_frame),
        CLAIM(an_unfinished_checksum_is_finished_in_the_file_alone),
        CLAIM(a_file_that_is_missing_empty_or_none_is_refused),
        CLAIM(a_file_of_another_link_type_is_refused),
        CLAIM(a_file_with_an_output_needs_one_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
