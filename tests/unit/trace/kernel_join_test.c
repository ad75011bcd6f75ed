/* SPDX-License-Identifier: Apache-2.0 */
/* Which device a freed packet was at, from events that come out of order and from several
 * processors; and what of it is told. */
#include "trace/kernel/kernel_join.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace/kernel/kernel_story.h"

enum { TOLD_MAX = 64 };

static struct kernel_join *join;
static struct kernel_raw told[TOLD_MAX];
static size_t told_count;

static int begin(void **state)
{
    (void)state;
    told_count = 0;
    return kernel_join_create(&join, NULL) == XSW_OK ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    kernel_join_destroy(join);
    return 0;
}

static void take(const struct kernel_raw *raw, void *context)
{
    (void)context;
    assert_true(told_count < TOLD_MAX);
    told[told_count++] = *raw;
}

/* "dev1" for 1; none of ours for 0. */
static struct kernel_place place(uint32_t device)
{
    struct kernel_place place = {.name = ""};
    if (device != 0) {
        snprintf(place.name, sizeof(place.name), "dev%u", (unsigned)device);
    }
    return place;
}

static void add(uint64_t time, uint8_t kind, uint64_t packet, uint32_t device)
{
    const struct kernel_raw raw = {
        .mono_ns = time, .kind = kind, .packet = packet, .place = place(device), .number = 70};
    kernel_join_add(join, &raw);
}

static void freed_packet_is_at_the_device_that_saw_it_last(void **state)
{
    (void)state;
    /* As the rings of two processors give them: each in its order. */
    add(10, KERNEL_RAW_SEEN, 0x1000, 1);
    add(30, KERNEL_RAW_FREED, 0x1000, 0);
    add(5, KERNEL_RAW_SEEN, 0x1000, 2);
    add(40, KERNEL_RAW_FREED, 0x2000, 0);
    kernel_join_run(join, 100, take, NULL);
    assert_int_equal(told_count, 1);
    assert_string_equal(told[0].place.name, "dev1");
    assert_int_equal(told[0].mono_ns, 30);
}

static void address_that_is_used_again_is_not_told_for_the_packet_before(void **state)
{
    (void)state;
    add(10, KERNEL_RAW_SEEN, 0x1000, 1);
    add(20, KERNEL_RAW_CONSUMED, 0x1000, 0);
    add(30, KERNEL_RAW_FREED, 0x1000, 0);
    add(40, KERNEL_RAW_SEEN, 0x2000, 1);
    add(50, KERNEL_RAW_FREED, 0x2000, 0);
    add(60, KERNEL_RAW_FREED, 0x2000, 0);
    add(70, KERNEL_RAW_SEEN, 0x3000, 1);
    add(80, KERNEL_RAW_SEEN, 0x3000, 0); /* at somebody else's device now */
    add(90, KERNEL_RAW_FREED, 0x3000, 0);
    kernel_join_run(join, 100, take, NULL);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0].mono_ns, 50);
}

static void packet_that_was_silent_for_long_is_forgotten(void **state)
{
    (void)state;
    add(10, KERNEL_RAW_SEEN, 0x1000, 1);
    add(10, KERNEL_RAW_SEEN, 0x2000, 1);
    add(10 + KERNEL_JOIN_NS, KERNEL_RAW_FREED, 0x1000, 0);
    add(11 + KERNEL_JOIN_NS, KERNEL_RAW_FREED, 0x2000, 0);
    kernel_join_run(join, UINT64_MAX, take, NULL);
    assert_int_equal(told_count, 1);
    assert_true(told[0].packet == 0x1000);
}

static void events_that_may_still_be_overtaken_wait(void **state)
{
    (void)state;
    add(30, KERNEL_RAW_FREED, 0x1000, 0);
    kernel_join_run(join, 30, take, NULL);
    assert_int_equal(told_count, 0);
    add(20, KERNEL_RAW_SEEN, 0x1000, 3);
    kernel_join_run(join, 31, take, NULL);
    assert_int_equal(told_count, 1);
    assert_string_equal(told[0].place.name, "dev3");
}

static void events_of_one_moment_stay_in_their_order(void **state)
{
    (void)state;
    for (uint64_t packet = 0x1000; packet < 0x2000; packet += 0x40) {
        add(10, KERNEL_RAW_SEEN, packet, 1);
        add(10, KERNEL_RAW_CONSUMED, packet, 0);
        add(10, KERNEL_RAW_FREED, packet, 0);
    }
    add(10, KERNEL_RAW_SEEN, 0x9000, 1);
    add(10, KERNEL_RAW_FREED, 0x9000, 0);
    kernel_join_run(join, 11, take, NULL);
    assert_int_equal(told_count, 1);
    assert_true(told[0].packet == 0x9000);
}

static void packet_that_xdp_told_of_is_told_once(void **state)
{
    (void)state;
    struct kernel_raw raw = {.mono_ns = 10, .kind = KERNEL_RAW_XDP, .place = place(1), .cpu = 3};
    kernel_join_add(join, &raw);
    raw = (struct kernel_raw){
        .mono_ns = 11, .kind = KERNEL_RAW_FREED, .place = place(1), .cpu = 3, .is_xdp_freed = 1};
    kernel_join_add(join, &raw);
    raw.mono_ns = 12; /* without a word from XDP before: a loss of its own */
    kernel_join_add(join, &raw);
    kernel_join_run(join, 100, take, NULL);
    assert_int_equal(told_count, 2);
    assert_int_equal(told[0].kind, KERNEL_RAW_XDP);
    assert_int_equal(told[1].mono_ns, 12);
}

/* Behind an exception no reason is given; behind a packet that could not be handed over, XDP's is.
 */
static void packet_of_an_exception_is_freed_without_a_reason(void **state)
{
    (void)state;
    struct kernel_raw raw = {.mono_ns = 10,
                             .kind = KERNEL_RAW_XDP,
                             .xdp_kind = KERNEL_XDP_EXCEPTION,
                             .place = place(1),
                             .cpu = 3};
    const struct kernel_raw freed = {
        .mono_ns = 11, .kind = KERNEL_RAW_FREED, .place = place(1), .cpu = 3, .is_freed_unsaid = 1};
    kernel_join_add(join, &raw);
    kernel_join_add(join, &freed);
    raw.mono_ns = 12;
    raw.xdp_kind = KERNEL_XDP_REDIRECT;
    kernel_join_add(join, &raw);
    struct kernel_raw another = freed;
    another.mono_ns = 13;
    kernel_join_add(join, &another);
    kernel_join_run(join, 100, take, NULL);
    assert_int_equal(told_count, 3);
    assert_int_equal(told[0].mono_ns, 10);
    assert_int_equal(told[1].mono_ns, 12);
    assert_int_equal(told[2].mono_ns, 13);
}

static void what_does_not_fit_is_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNEL_PENDING_MAX + 7; i++) {
        add(i, KERNEL_RAW_CONSUMED, 0x1000, 0);
    }
    assert_int_equal(kernel_join_lost(join), 7);
}

/* Groups and stories -------------------------------------------------------------------------- */

static const struct kernel_device alice = {.port = "alice", .name = "eth0", .netns = 1, .id = 3};
static const struct kernel_device bob = {.port = "bob", .name = "eth0", .netns = 2, .id = 4};

static struct kernel_event drop_at(const struct kernel_device *device, uint64_t time)
{
    return (struct kernel_event){.kind = KERNEL_DROP,
                                 .mono_ns = time,
                                 .count = 1,
                                 .device = *device,
                                 .number = 70,
                                 .reason = "FULL_RING",
                                 .location = "tun_net_xmit"};
}

static const char *field_of(const struct kernel_story *story, const char *name)
{
    for (size_t i = 0; i < story->event.field_count; i++) {
        if (strcmp(story->fields[i].name, name) == 0) {
            return story->fields[i].value;
        }
    }
    return NULL;
}

static void equal_drops_become_one_with_their_number(void **state)
{
    (void)state;
    struct kernel_groups *groups = calloc(1, sizeof(*groups));
    struct kernel_story story;
    assert_non_null(groups);
    for (uint64_t time = 100; time < 113; time++) {
        const struct kernel_event event = drop_at(&alice, time);
        assert_true(kernel_groups_add(groups, &event));
    }
    const struct kernel_event other = drop_at(&bob, 107);
    assert_true(kernel_groups_add(groups, &other));
    assert_int_equal(groups->count, 2);
    kernel_story_tell(&story, &groups->list[0], 1000000);
    assert_string_equal(story.event.name, "kernel_drop");
    assert_string_equal(story.message,
                        "Kernel drops behind port alice: FULL_RING in tun_net_xmit, 13 packets");
    assert_int_equal(story.event.mono_ns, 100);
    assert_int_equal(story.event.wall_ns, 1000100);
    assert_string_equal(field_of(&story, "packets"), "13");
    assert_string_equal(field_of(&story, "last_mono_ns"), "112");
    assert_string_equal(field_of(&story, "port_id"), "3");
    kernel_story_tell(&story, &groups->list[1], 0);
    assert_string_equal(field_of(&story, "packets"), "1");
    free(groups);
}

static struct kernel_event drop_of(uint8_t first_byte, uint64_t mono_ns)
{
    struct kernel_event event = drop_at(&alice, mono_ns);
    event.length = event.head_length = 1;
    event.head[0] = first_byte;
    return event;
}

static void recorder_is_told_each_packet_and_the_rest_of_a_storm_as_one(void **state)
{
    (void)state;
    struct kernel_groups *groups = calloc(1, sizeof(*groups));
    uint64_t packets = 0;
    assert_non_null(groups);
    groups->by_packet = true;
    for (uint64_t i = 0; i < 200; i++) {
        const struct kernel_event event = drop_of((uint8_t)i, 100 + i);
        assert_true(kernel_groups_add(groups, &event));
    }
    const struct kernel_event again = drop_of(7, 300);
    assert_true(kernel_groups_add(groups, &again)); /* the very bytes of one that is there */
    assert_int_equal(groups->count, KERNEL_PACKETS_ALIKE + 1);
    for (size_t i = 0; i < groups->count; i++) {
        packets += groups->list[i].first.count;
    }
    assert_int_equal(packets, 201);
    assert_int_equal(groups->list[7].first.count, 2);
    assert_int_equal(groups->list[8].first.count, 1);
    assert_int_equal(groups->list[8].first.head[0], 8);
    assert_int_equal(groups->list[KERNEL_PACKETS_ALIKE].first.head_length, 0);
    assert_int_equal(groups->list[KERNEL_PACKETS_ALIKE].last_ns, 299);
    free(groups);
}

static void groups_that_find_no_room_are_refused(void **state)
{
    (void)state;
    struct kernel_groups *groups = calloc(1, sizeof(*groups));
    assert_non_null(groups);
    struct kernel_event event = drop_at(&alice, 1);
    for (uint32_t i = 0; i < KERNEL_GROUPS_MAX; i++) {
        event.number = i;
        assert_true(kernel_groups_add(groups, &event));
    }
    event.number = KERNEL_GROUPS_MAX;
    assert_false(kernel_groups_add(groups, &event));
    event.number = 5;
    assert_true(kernel_groups_add(groups, &event));
    free(groups);
}

static void loss_and_empty_fill_ring_are_told_in_words(void **state)
{
    (void)state;
    struct kernel_story story;
    const struct kernel_group lost = {
        .first = {.kind = KERNEL_LOST, .mono_ns = 3000000000, .from_ns = 1000000000, .count = 17}};
    kernel_story_tell(&story, &lost, 0);
    assert_string_equal(story.event.name, "kernel_lost");
    assert_string_equal(field_of(&story, "events"), "17");
    assert_non_null(strstr(story.message, "in the 2.0 s before"));
    const struct kernel_group dry = {.first = {.kind = KERNEL_XDP_REDIRECT,
                                               .count = 1,
                                               .device = bob,
                                               .error = -12,
                                               .reason = "REDIRECT"}};
    kernel_story_tell(&story, &dry, 0);
    assert_string_equal(story.message,
                        "Kernel drops behind port bob: XDP REDIRECT failed, its fill "
                        "ring is empty, 1 packet");
}

static void head_of_the_packet_is_told_as_hex(void **state)
{
    (void)state;
    struct kernel_story story;
    struct kernel_group group = {.first = drop_at(&alice, 1)};
    group.first.head_length = 3;
    memcpy(group.first.head, "\x02\x00\xff", 3);
    kernel_story_tell(&story, &group, 0);
    assert_string_equal(field_of(&story, "head"), "0200ff");
    group.first.head_length = KERNEL_HEAD_SIZE;
    kernel_story_tell(&story, &group, 0);
    assert_int_equal(strlen(field_of(&story, "head")), 2 * KERNEL_HEAD_SIZE);
}

int main(void)
{
#define CLAIM(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        CLAIM(freed_packet_is_at_the_device_that_saw_it_last),
        CLAIM(address_that_is_used_again_is_not_told_for_the_packet_before),
        CLAIM(packet_that_was_silent_for_long_is_forgotten),
        CLAIM(events_that_may_still_be_overtaken_wait),
        CLAIM(events_of_one_moment_stay_in_their_order),
        CLAIM(packet_that_xdp_told_of_is_told_once),
        CLAIM(packet_of_an_exception_is_freed_without_a_reason),
        CLAIM(what_does_not_fit_is_counted),
        CLAIM(equal_drops_become_one_with_their_number),
        CLAIM(recorder_is_told_each_packet_and_the_rest_of_a_storm_as_one),
        CLAIM(groups_that_find_no_room_are_refused),
        CLAIM(loss_and_empty_fill_ring_are_told_in_words),
        CLAIM(head_of_the_packet_is_told_as_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
