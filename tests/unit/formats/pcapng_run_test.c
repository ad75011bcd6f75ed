/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of packet blocks: what they hold, and what ends them. */
#include "formats/pcapng/pcapng_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/pcapng/pcapng_wire.h"
#include "unit/formats/sample.h"

static struct sample sample;
static struct pcapng_run run;

static void packet_add(uint64_t time)
{
    sample_packet(&sample, 0, time, "data");
    sample_block_end(&sample);
}

static void padding_add(unsigned words)
{
    sample_block(&sample, PCAPNG_BLOCK_PADDING);
    for (unsigned i = 0; i < words; i++) {
        sample_u32(&sample, PCAPNG_BLOCK_ENHANCED_PACKET); /* is not looked at */
    }
    sample_block_end(&sample);
}

static void file_begin(bool big_endian)
{
    sample_init(&sample, big_endian);
    sample_section(&sample);
    sample_interface(&sample, "host/p1.rx");
}

static struct pcapng_reader *reader_at_packets(void)
{
    struct pcapng_reader *reader = sample_reader(&sample);
    struct pcapng_item item;
    sample_next(reader, PCAPNG_SECTION, &item);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    return reader;
}

/* Packets of the next run, whose times go on from `time`. */
static unsigned run_take(struct pcapng_reader *reader, uint64_t time)
{
    struct pcapng_item item;
    unsigned packets = 0;
    assert_int_equal(pcapng_reader_take_run(reader, PCAPNG_RUN_BYTES, &run, NULL), XSW_OK);
    while (pcapng_run_next(&run, "sample", &item, NULL) == XSW_OK) {
        assert_int_equal(item.kind, PCAPNG_PACKET);
        assert_int_equal(item.packet.timestamp_ns, time + packets);
        packets++;
    }
    return packets;
}

static void run_goes_on_behind_padding(void **state)
{
    (void)state;
    for (int big_endian = 0; big_endian <= 1; big_endian++) {
        file_begin(big_endian != 0);
        padding_add(0);
        packet_add(0);
        padding_add(3);
        padding_add(1);
        packet_add(1);
        packet_add(2);
        padding_add(200);
        struct pcapng_reader *reader = reader_at_packets();
        assert_int_equal(run_take(reader, 0), 3);
        pcapng_run_rewind(&run);
        struct pcapng_item item;
        assert_int_equal(pcapng_run_next(&run, "sample", &item, NULL), XSW_OK);
        assert_int_equal(item.packet.timestamp_ns, 0);
        assert_int_equal(pcapng_reader_take_run(reader, PCAPNG_RUN_BYTES, &run, NULL), XSW_AGAIN);
        pcapng_reader_close(reader);
    }
}

static void block_that_is_no_packet_ends_a_run(void **state)
{
    (void)state;
    struct pcapng_item item;
    file_begin(false);
    packet_add(0);
    packet_add(1);
    sample_interface(&sample, "host/p2.rx");
    packet_add(2);
    struct pcapng_reader *reader = reader_at_packets();
    assert_int_equal(run_take(reader, 0), 2);
    assert_int_equal(pcapng_reader_take_run(reader, PCAPNG_RUN_BYTES, &run, NULL), XSW_AGAIN);
    sample_next(reader, PCAPNG_INTERFACE, &item);
    assert_int_equal(run_take(reader, 2), 1);
    pcapng_reader_close(reader);
}

static int teardown(void **state)
{
    (void)state;
    pcapng_run_fini(&run);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(run_goes_on_behind_padding, teardown),
        cmocka_unit_test_teardown(block_that_is_no_packet_ends_a_run, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
