/* SPDX-License-Identifier: Apache-2.0 */
#include "packet/fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/packet/frames.h"

static struct field_change changes[FIELD_CHANGES_MAX];

static size_t compare(const struct frame *before, const struct frame *after)
{
    const struct fields_frame a = {before->bytes, before->length, before->length, false};
    const struct fields_frame b = {after->bytes, after->length, after->length, false};
    return fields_compare(&a, &b, changes, FIELD_CHANGES_MAX);
}

static void assert_change(const char *name, const char *old_text, const char *new_text,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(changes[i].name, name) == 0) {
            assert_string_equal(changes[i].old_text, old_text);
            assert_string_equal(changes[i].new_text, new_text);
            return;
        }
    }
    fail_msg("no change of %s", name);
}

static void make_tcp(struct frame *frame, unsigned tags)
{
    frame_ethernet(frame, tags > 0 ? ETHER_TYPE_VLAN : ETHER_TYPE_IPV4);
    for (unsigned left = tags; left > 0; left--) {
        frame_tag(frame, (uint16_t)(10 * left), left > 1 ? ETHER_TYPE_VLAN : ETHER_TYPE_IPV4);
    }
    frame_ipv4(frame, PROTOCOL_TCP);
    frame_tcp(frame, TCP_ACK);
    frame_put(frame, "payload", 7);
    frame_finish(frame);
}

static void equal_frames_have_no_change(void **state)
{
    (void)state;
    struct frame frame;
    make_tcp(&frame, 1);
    assert_int_equal(compare(&frame, &frame), 0);
}

static void rewritten_fields_are_named(void **state)
{
    (void)state;
    struct frame before, after;
    make_tcp(&before, 0);
    after = before;
    after.bytes[5] = 9;
    after.bytes[15] = 46 << 2;
    wire_write16(after.bytes + 36, 8080);
    frame_finish(&after);
    size_t count = compare(&before, &after);
    assert_int_equal(count, 5);
    assert_string_equal(changes[0].name, "eth.dst");
    assert_change("eth.dst", "02:00:00:00:00:02", "02:00:00:00:00:09", count);
    assert_change("ip.dsfield.dscp", "0", "46", count);
    assert_change("ip.checksum", "0x1493", "0x13db", count);
    assert_change("tcp.dstport", "80", "8080", count);
}

static void a_pushed_tag_appears_and_the_rest_stays(void **state)
{
    (void)state;
    struct frame before, after;
    make_tcp(&before, 0);
    make_tcp(&after, 1);
    size_t count = compare(&before, &after);
    assert_int_equal(count, 5);
    assert_change("eth.type", "0x0800", "0x8100", count);
    assert_change("vlan.id", "(none)", "10", count);
    assert_change("vlan.etype", "(none)", "0x0800", count);
    make_tcp(&before, 1);
    make_tcp(&after, 2);
    count = compare(&before, &after);
    assert_int_equal(count, 4);
    assert_change("vlan.id", "(none)", "20", count);
    count = compare(&after, &before);
    assert_change("vlan.id", "20", "(none)", count);
}

static void bytes_of_no_field_are_given_as_ranges(void **state)
{
    (void)state;
    struct frame before, after;
    make_tcp(&before, 0);
    after = before;
    after.bytes[54] = 'P';
    memcpy(after.bytes + 57, "LO", 2);
    size_t count = compare(&before, &after);
    assert_int_equal(count, 2);
    assert_change("byte 54", "70", "50", count);
    assert_change("bytes 57-58", "6c 6f", "4c 4f", count);
    frame_put(&after, "0123456789abcdef", 16);
    count = compare(&before, &after);
    assert_change("bytes 61-76", "(none)", "30 31 32 33 34 35 36 37 38 39 61 62 ... (16 bytes)",
                  count);
}

static void a_cut_frame_claims_no_change_of_what_it_lacks(void **state)
{
    (void)state;
    struct frame before, after;
    make_tcp(&before, 0);
    make_tcp(&after, 1);
    const struct fields_frame whole = {after.bytes, after.length, after.length, false};
    for (size_t kept = 14; kept < before.length; kept++) {
        const struct fields_frame cut = {before.bytes, kept, before.length, false};
        size_t count = fields_compare(&cut, &whole, changes, FIELD_CHANGES_MAX);
        assert_int_equal(count, kept < 34 ? 1 : 5); /* without the IP header: the EtherType alone */
    }
}

/* Each bit that is not part of a length or a type, in every kind of frame, belongs to something. */
static void every_flipped_bit_is_reported(void **state)
{
    (void)state;
    uint64_t random = 11;
    for (unsigned round = 0; round < 40; round++) {
        struct frame before;
        frame_make_random(&before, &random);
        for (size_t bit = 0; bit < before.length * 8; bit++) {
            struct frame after = before;
            after.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_true(compare(&before, &after) > 0);
        }
    }
}

static void no_more_than_the_capacity_is_filled(void **state)
{
    (void)state;
    struct frame before, after;
    make_tcp(&before, 0);
    make_tcp(&after, 1);
    const struct fields_frame a = {before.bytes, before.length, before.length, false};
    const struct fields_frame b = {after.bytes, after.length, after.length, false};
    memset(changes, 0, sizeof changes);
    assert_int_equal(fields_compare(&a, &b, changes, 3), 3);
    assert_int_equal(changes[3].name[0], '\0');
}

static struct fields_checksums judge(const struct frame *frame)
{
    const struct fields_frame whole = {frame->bytes, frame->length, frame->length, false};
    return fields_checksums(&whole);
}

static void checksums_are_judged(void **state)
{
    (void)state;
    uint64_t random = 12;
    for (unsigned round = 0; round < 3000; round++) {
        struct frame frame;
        frame_make_random(&frame, &random);
        struct fields_checksums checksums = judge(&frame);
        assert_int_equal(checksums.network, frame.is_v6 ? CHECKSUM_ABSENT : CHECKSUM_VALID);
        assert_int_equal(checksums.transport, CHECKSUM_VALID);
        frame.bytes[frame.length - 1] ^= 4;
        assert_int_equal(judge(&frame).transport, CHECKSUM_INVALID);
        if (!frame.is_v6) {
            frame.bytes[frame.network + 8]--;
            assert_int_equal(judge(&frame).network, CHECKSUM_INVALID);
        }
    }
}

static void what_cannot_be_judged_is_unknown(void **state)
{
    (void)state;
    struct frame frame;
    make_tcp(&frame, 0);
    struct fields_frame view = {frame.bytes, frame.length - 1, frame.length, false};
    assert_int_equal(fields_checksums(&view).transport, CHECKSUM_UNKNOWN);
    view = (struct fields_frame){frame.bytes, frame.length, frame.length, true};
    assert_int_equal(fields_checksums(&view).transport, CHECKSUM_UNKNOWN);
    assert_int_equal(fields_checksums(&view).network, CHECKSUM_VALID);
    wire_write16(frame.bytes + 20, IPV4_MORE_FRAGMENTS);
    assert_int_equal(judge(&frame).transport, CHECKSUM_UNKNOWN);
    frame_ethernet(&frame, ETHER_TYPE_IPV4);
    frame_ipv4(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    frame_finish(&frame);
    wire_write16(frame.bytes + 40, 0);
    assert_int_equal(judge(&frame).transport, CHECKSUM_ABSENT);
    frame_ethernet(&frame, ETHER_TYPE_IPV6);
    frame_ipv6(&frame, PROTOCOL_ROUTING);
    frame_extension(&frame, PROTOCOL_UDP);
    frame_udp(&frame);
    frame_finish(&frame);
    assert_int_equal(judge(&frame).transport, CHECKSUM_UNKNOWN);
    frame_ethernet(&frame, ETHER_TYPE_ARP);
    assert_int_equal(judge(&frame).transport, CHECKSUM_ABSENT);
    assert_string_equal(judge(&frame).transport_name, "");
    assert_string_equal(checksum_state_name(CHECKSUM_UNKNOWN), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_frames_have_no_change),
        cmocka_unit_test(rewritten_fields_are_named),
        cmocka_unit_test(a_pushed_tag_appears_and_the_rest_stays),
        cmocka_unit_test(bytes_of_no_field_are_given_as_ranges),
        cmocka_unit_test(a_cut_frame_claims_no_change_of_what_it_lacks),
        cmocka_unit_test(every_flipped_bit_is_reported),
        cmocka_unit_test(no_more_than_the_capacity_is_filled),
        cmocka_unit_test(checksums_are_judged),
        cmocka_unit_test(what_cannot_be_judged_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
